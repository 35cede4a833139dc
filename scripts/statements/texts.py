"""The texts of a folder: summaries that people judged, and dialogues that people summarised.

``faithfulness_*.jsonl`` hold rows of {"id", "dialogue", "summary", "faithful"}, the dialogue as lines "Name: text".
Every other ``*.jsonl`` with "turns" of {"speaker", "text"} and "references" holds dialogues with summaries by people;
each reference has a text for the "customer" and one for the "agent", or one for the "overall" dialogue. A set is known
by the name of its file.
"""

from __future__ import annotations

import html
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from worker.core.call import CallDetails, Party
from worker.core.roles import Utterance, find_roles
from worker.core.transcript import Conversation, Participant, Turn, Word

SIDES = ("customer", "agent", "overall")

WORD_S = 0.35
PAUSE_S = 0.6
"""Written words get times as if they were spoken: so long a word lasts, so long it is quiet between two turns."""

SURE = 0.95

_JUDGED = re.compile(r"^faithfulness_(?:summedits_)?(?P<set>.+?)(?:_NC)?(?:_\d+)?(?:_NC)?$")
_TALKS = re.compile(r"^(?P<set>.+?)(?:_NC)?(?:_\d+)?(?:_NC)?$")
_LABEL = re.compile(r"^\s*(?P<name>[^\s:][^:]{0,39}?)\s?:(?:\s+(?P<text>.*)|$)")
_NOT_SPOKEN = re.compile(r"(?:https?://|www\.)\S+|(?<![\w.])@\w+|(?<!\w)\^[A-Za-z]{1,3}\b|#(?=\w)")
_SIGNED = re.compile(r"(?:\s*\b\d/\d|\s+[-–/]\s?[A-Z][A-Za-z]{1,11}|\s+\^\w+)+\s*$")
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’)]*\s+")


@dataclass(frozen=True)
class Said:
    """One turn of a written dialogue."""

    speaker: str
    text: str


@dataclass(frozen=True)
class Judged:
    """A summary of a dialogue, and whether people found it faithful."""

    id: str
    turns: tuple[Said, ...]
    summary: str
    is_faithful: bool


@dataclass(frozen=True)
class Talk:
    """A dialogue with the summaries that people wrote of it: for each side of ``SIDES`` those there are."""

    id: str
    set_name: str
    turns: tuple[Said, ...]
    references: Mapping[str, tuple[str, ...]]


def read_judged(folder: Path) -> dict[str, list[Judged]]:
    """Judged summaries by the name of their set, in the order of the files."""
    found: dict[str, list[Judged]] = {}
    for path in sorted(folder.glob("faithfulness_*.jsonl")):
        found.setdefault(set_name(path), []).extend(
            Judged(row["id"], split_turns(row["dialogue"]), row["summary"], bool(row["faithful"]))
            for row in _read_rows(path)
        )
    return found


def read_talks(folder: Path) -> list[Talk]:
    """Dialogues with summaries, cleaned of what nobody would have said aloud, in the order of the files."""
    talks = []
    for path in sorted(folder.glob("*.jsonl")):
        for row in _read_rows(path):
            if "turns" in row and "references" in row:
                turns = [Said(turn["speaker"], clean(turn["text"])) for turn in row["turns"]]
                references = {side: tuple(told[side] for told in row["references"] if told.get(side)) for side in SIDES}
                talks.append(
                    Talk(
                        row["id"],
                        set_name(path),
                        tuple(turn for turn in turns if turn.text),
                        {side: texts for side, texts in references.items() if texts},
                    )
                )
    return talks


def set_name(path: Path) -> str:
    """The name of a set, from its file: without what it is for, where it is from and how many rows it has."""
    match = _JUDGED.match(path.stem) or _TALKS.match(path.stem)
    return match["set"] if match else path.stem


def _read_rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def split_turns(dialogue: str) -> tuple[Said, ...]:
    """The turns of a dialogue; a line without a name goes on with the turn before, or is said by nobody."""
    turns: list[Said] = []
    for line in dialogue.splitlines():
        match = _LABEL.match(line)
        if match and len(match["name"].split()) <= 4 and not match["name"][0].islower():
            turns.append(Said(match["name"], (match["text"] or "").strip()))
        elif line.strip() and turns:
            turns[-1] = Said(turns[-1].speaker, f"{turns[-1].text} {line.strip()}".strip())
        elif line.strip():
            turns.append(Said("", line.strip()))
    return tuple(turns)


def clean(text: str) -> str:
    """A message as a transcript might have it: no addresses, handles, marks of tags, signatures or pictures."""
    plain = _SIGNED.sub("", _NOT_SPOKEN.sub(" ", html.unescape(text)))
    return " ".join("".join(c for c in plain if unicodedata.category(c) not in ("So", "Sk", "Cf", "Mn")).split())


def split_sentences(text: str) -> list[str]:
    """The sentences of a written text, plainly: at every full stop with a space behind it."""
    return [part.strip() for part in _SENTENCE_END.split(text) if part.strip()]


def lead(turns: Sequence[Said], count: int) -> str:
    """The first few sentences of these turns, however they are spread over them."""
    return " ".join([sentence for turn in turns for sentence in split_sentences(turn.text)][:count])


def parties_of(turns: Sequence[Said]) -> dict[str, Party]:
    """The party of every speaker: as the text names it, else as its words tell (``worker.core.roles``)."""
    speakers = list(dict.fromkeys(turn.speaker for turn in turns))
    named = {speaker: Party(speaker) for speaker in speakers if speaker in (Party.AGENT, Party.CUSTOMER)}
    if named:
        return {speaker: named.get(speaker, Party.UNKNOWN) for speaker in speakers}
    utterances = [Utterance(turn.speaker, _say(turn.text, 0.0)) for turn in turns]
    roles = find_roles(utterances, details=CallDetails(), told={}, own_tracks=True, language="en")
    return {speaker: roles[speaker].party for speaker in speakers}


def speak(turns: Sequence[Said]) -> Conversation:
    """A dialogue as the stages before the statements would give it, had it been spoken and heard without a mistake."""
    parties = parties_of(turns)
    spoken: list[Turn] = []
    at_s = 0.0
    for number, turn in enumerate(turns, start=1):
        words = _say(turn.text, at_s)
        if not words:
            continue
        text = " ".join(word.text for word in words)
        end_s = words[-1].end_s
        spoken.append(Turn(f"t{number}", parties[turn.speaker], turn.speaker, None, at_s, end_s, text, words))
        at_s = end_s + PAUSE_S
    participants = tuple(
        Participant(party, None, speaker, None, "as the text has it") for speaker, party in parties.items()
    )
    return Conversation(participants, tuple(spoken), language="en", language_confidence=1.0)


def _say(text: str, start_s: float) -> tuple[Word, ...]:
    return tuple(
        Word(word, start_s + place * WORD_S, start_s + (place + 1) * WORD_S, SURE)
        for place, word in enumerate(text.split())
    )
