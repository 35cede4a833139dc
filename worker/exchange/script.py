"""The call as it is read from top to bottom: who says what and when, with holds and what was not heard between.

What captions and the plain transcript are made from. What stands here is the reading that both sides hold: a correction
that the other side accepted stands in the text, and what the machine heard is beside it. Tokens are written out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from worker.core.call import CONTROL_SIGNS, Party
from worker.core.dialogue.state import Dialogue, ShownWords, TurnReading
from worker.core.record import CallRecord
from worker.core.transcript import Code, Hold, SoundKind, Turn
from worker.exchange.tokens import written_out

UNSURE_WORD = 0.5
"""A word heard with less confidence than this is marked as unsure, as on the page."""

UNSURE = "(?)"
"""The mark behind such a word, where a text has no other letters to show it."""

PARTIES_IN_WORDS = {
    Party.AGENT: "Agent",
    Party.CUSTOMER: "Customer",
    Party.OTHER: "Another voice",
    Party.UNKNOWN: "Unknown voice",
}

NOBODY = "Not known who"
NOTHING_SAID = "[nothing was said]"
"""In place of words that both sides agree were never spoken."""


@dataclass(frozen=True)
class ScriptWord:
    """One word as it is shown, with the seconds in which it is heard; it may be of several words where it is a token.

    ``is_agreed``: both sides hold it, in place of what the machine heard.
    """

    text: str
    start_s: float
    end_s: float
    is_unsure: bool = False
    is_agreed: bool = False


@dataclass(frozen=True)
class Speech:
    """One turn. ``heard`` is what the machine heard, where something else is shown; ``heard_from`` whom it took for the
    speaker, where both sides hold that it was somebody else."""

    turn: str
    start_s: float
    end_s: float
    name: str
    party: Party
    words: tuple[ScriptWord, ...]
    overlaps: bool
    heard: str | None = None
    heard_from: str | None = None


@dataclass(frozen=True)
class Remark:
    """What is not speech: a hold, a stretch that could not be heard, the next recording of the call."""

    start_s: float
    end_s: float
    text: str


Line: TypeAlias = Speech | Remark
Voice: TypeAlias = "tuple[str | None, int | None]"
"""A speaker and the channel on which it is heard."""


def script_of(record: CallRecord, dialogue: Dialogue) -> tuple[Line, ...]:
    """Every turn and remark, in the order of their beginnings."""
    names = voices_of(record)
    lines: list[Line] = [
        *(Remark(leg.start_s, leg.start_s, "The call goes on here, in a new recording") for leg in record.legs[1:]),
        *(_hold(one) for one in record.holds),
        *_not_heard(record),
        *(_speech(turn, dialogue.readings.get(turn.id), names, record) for turn in record.turns),
    ]
    return tuple(sorted(lines, key=lambda line: (line.start_s, line.end_s)))


def voices_of(record: CallRecord) -> dict[Voice, str]:
    """What each voice is called, by its speaker and channel: its name, else its party, numbered where several are
    called alike."""
    unnamed = Counter(one.party for one in record.parties if not _plain(one.name))
    numbers: Counter[Party] = Counter()
    names: dict[Voice, str] = {}
    for one in record.parties:
        name = _plain(one.name)
        if not name:
            name = PARTIES_IN_WORDS[one.party]
            if unnamed[one.party] > 1:
                numbers[one.party] += 1
                name = f"{name} {numbers[one.party]}"
        names[one.speaker, one.channel] = name
    return names


def length_in_words(seconds: float) -> str:
    """A length as it is said: "16 seconds", "9 minutes 5 seconds"."""
    whole_s = max(1, round(seconds))
    parts = ((whole_s // 3600, "hour"), (whole_s // 60 % 60, "minute"), (whole_s % 60, "second"))
    return " ".join(f"{count} {unit}{'' if count == 1 else 's'}" for count, unit in parts if count)


def _speech(turn: Turn, shown: TurnReading | None, names: Mapping[Voice, str], record: CallRecord) -> Speech:
    heard_from = names.get((turn.speaker, turn.channel)) or (
        NOBODY if turn.party is Party.UNKNOWN else PARTIES_IN_WORDS[turn.party]
    )
    party, name = turn.party, heard_from
    if shown is not None and shown.party is not None and shown.party is not turn.party:
        named = [names[one.speaker, one.channel] for one in record.parties if one.party is shown.party]
        party, name = shown.party, named[0] if len(named) == 1 else PARTIES_IN_WORDS[shown.party]
    return Speech(
        turn=turn.id,
        start_s=turn.start_s,
        end_s=turn.end_s,
        name=name,
        party=party,
        words=tuple(_words(turn, shown.words if shown else ())),
        overlaps=turn.overlaps,
        heard=written_out(_plain(turn.text)) if shown is not None and shown.words else None,
        heard_from=heard_from if name != heard_from else None,
    )


def _words(turn: Turn, corrections: Iterable[ShownWords]) -> Iterator[ScriptWord]:
    if not turn.words:
        for text, start_s, end_s in _shared(_plain(turn.text).split(), turn.start_s, turn.end_s):
            yield ScriptWord(written_out(text), start_s, end_s)
    changed = {one.first: one for one in corrections}
    until = 0
    for at, word in enumerate(turn.words):
        if at < until:
            continue
        if (new := changed.get(at)) is not None:
            until = new.end
            yield from _in_place_of(turn, new)
        elif text := _plain(word.text):
            yield ScriptWord(written_out(text), word.start_s, word.end_s, is_unsure=word.confidence < UNSURE_WORD)


def _in_place_of(turn: Turn, new: ShownWords) -> Iterator[ScriptWord]:
    """The words of a correction, which share the time of those for which they stand."""
    texts = _plain(new.text).split() or [NOTHING_SAID]
    for text, start_s, end_s in _shared(texts, turn.words[new.first].start_s, turn.words[new.end - 1].end_s):
        yield ScriptWord(written_out(text), start_s, end_s, is_agreed=True)


def _shared(texts: Sequence[str], start_s: float, end_s: float) -> Iterator[tuple[str, float, float]]:
    """The texts, each with an even share of the time."""
    for at, text in enumerate(texts):
        step_s = (end_s - start_s) / len(texts)
        yield text, start_s + at * step_s, start_s + (at + 1) * step_s


def _hold(hold: Hold) -> Remark:
    what = "music or another lasting sound" if hold.kind is SoundKind.MUSIC else "silence"
    return Remark(hold.start_s, hold.end_s, f"On hold for {length_in_words(hold.end_s - hold.start_s)}: {what}")


def _not_heard(record: CallRecord) -> Iterator[Remark]:
    for one in record.warnings:
        if one.code is Code.NOT_HEARD and one.start_s is not None and one.end_s is not None:
            length = length_in_words(one.end_s - one.start_s)
            yield Remark(one.start_s, one.end_s, f"Somebody speaks here and could not be understood, for {length}")


def _plain(text: str | None) -> str:
    """On one line, without the signs that no text has."""
    return " ".join(CONTROL_SIGNS.sub(" ", text or "").split())
