"""The transcript as plain text, to be read in any program, printed, or read aloud by a machine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from worker.core.record import CallRecord
from worker.core.sound import clock
from worker.core.transcript import CallWarning
from worker.exchange.script import (
    PARTIES_IN_WORDS,
    UNSURE,
    Line,
    Remark,
    ScriptWord,
    Speech,
    length_in_words,
    voices_of,
)

MEDIA_TYPE = "text/plain; charset=utf-8"

MADE_BY_MACHINE = (
    "This transcript was written by machine from the recording, which is the evidence. A machine can mishear."
)
MARKS = (
    f"{UNSURE} after a word: it was heard with little confidence.",
    "[…, cut] or [… ending in …]: something was said there that must not be shown.",
    "{…}: words on which both sides agreed, in place of what the machine heard; that follows below them.",
)


def plain_text_of(record: CallRecord, script: Sequence[Line]) -> str:
    """The transcript with a head that says of which call it is and what its marks mean."""
    return "\n".join([*_head(record), "", *_body(script), "", *_foot(record)]) + "\n"


def _head(record: CallRecord) -> Iterator[str]:
    yield "Transcript of a call"
    yield f"Began: {_instant(record)}" if record.started_at else "When it began was not said."
    yield f"Length: {length_in_words(record.recording.duration_s)}"
    if record.language is not None:
        yield f"Language: {record.language}"
    names = voices_of(record)
    for one in record.parties:
        yield f"{PARTIES_IN_WORDS[one.party]}: {names[one.speaker, one.channel]} ({one.reason.rstrip('.')})"
    yield ""
    yield MADE_BY_MACHINE
    yield from MARKS


def _instant(record: CallRecord) -> str:
    began = record.started_at or datetime.min
    if record.local_zone is not None:
        began = began.astimezone(record.local_zone)
    return f"{began:%Y-%m-%d %H:%M:%S} {began.tzname()}"


def _body(script: Sequence[Line]) -> Iterator[str]:
    if not any(isinstance(line, Speech) for line in script):
        yield "Nobody was heard to speak."
    for line in script:
        if isinstance(line, Remark):
            yield f"[{clock(line.start_s)}] -- {line.text} --"
        else:
            yield from _speech(line)


def _speech(speech: Speech) -> Iterator[str]:
    role = PARTIES_IN_WORDS[speech.party].lower()
    name = speech.name if speech.name.lower().startswith(role) else f"{speech.name} ({role})"
    together = ", while somebody else speaks" if speech.overlaps else ""
    yield f"[{clock(speech.start_s)}] {name}{together}: {_text(speech.words)}"
    if speech.heard is not None:
        yield f"        The machine heard: {speech.heard}"
    if speech.heard_from is not None:
        yield f"        The machine took this for: {speech.heard_from}"


def _text(words: Iterable[ScriptWord]) -> str:
    """The words; those agreed on that stand in a row are within one pair of brackets."""
    said: list[str] = []
    is_within = False
    for word in words:
        if word.is_agreed != is_within:
            if is_within:
                said[-1] += "}"
            is_within = word.is_agreed
            said.append(f"{{{word.text}" if is_within else word.text)
        else:
            said.append(word.text)
        if word.is_unsure:
            said[-1] += UNSURE
    return " ".join(said) + ("}" if is_within else "")


def _foot(record: CallRecord) -> Iterator[str]:
    warnings = [_warning(one) for one in record.warnings]
    if warnings:
        yield "What is not certain"
        yield from warnings
        yield ""
    yield "Made by"
    for made in record.made_by:
        yield f"- {made.stage}: {made.model or 'rules of this program'}, {made.revision}"
    yield f"SHA-256 of the recording: {record.recording.sha256}"


def _warning(warning: CallWarning) -> str:
    where = f" [{clock(warning.start_s)}]" if warning.start_s is not None else ""
    return f"-{where} {warning.message}"
