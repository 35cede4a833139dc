"""The examples of the protection benchmark: short dialogues in which what has to be protected is marked.

They lie in ``scripts/protection/examples/<subject>_dev.jsonl`` and ``<subject>_test.jsonl``: finders are tuned on the
first alone. One line is one dialogue::

    {"id": "cards-en-07", "language": "en", "turns": [
        ["agent", "And the long number?"],
        ["customer", "It's {{card_number: 4242 4242}}, uh, {{card_number: 4242 4242}}. Order {{keep: 1234 5678}}."]]}

A mark names one Kind of ``worker/core/protection.py``, and holds whole words (their closing mark may stand outside).
``keep`` marks a look-alike: something that no finder may cut. A look-alike that is of a kind which is found, and kept
by default, has both: ``{{phone,keep: 020 7946 0018}}``. What is not marked may not be found either, save what is
marked ``any``: a single group that is read back, say.

The text is as a transcript would have it: digits, words, whatever. Spoken aloud, digits are read one by one where three
or more stand together or the first is a zero ("4242", "04"), and a pause is made between such groups; other numbers are
read as a number is ("27", "£45.99", "1,299"). What should sound otherwise is written in words, or the row has "spoken":
the turns once more, with the same marks, as they are said. A row with "spoken": null is not spoken.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from worker.core.call import Party
from worker.core.protection import Kind
from worker.core.transcript import Turn, Word

EXAMPLES = Path(__file__).parent / "examples"
KEEP = "keep"
ANY = "any"
SETS = ("dev", "test")

_MARK = re.compile(r"\{\{([a-z_,]+):\s*([^{}]*?)\s*\}\}")
WORD_S = 0.4
"""A word of a written example lasts so long."""


@dataclass(frozen=True)
class Marked:
    """Words ``[first, end)`` of one turn that are of these kinds, or a look-alike."""

    kinds: frozenset[Kind]
    is_lookalike: bool
    is_open: bool  # it may be found or not
    turn: int
    first: int
    end: int


@dataclass(frozen=True)
class Said:
    """One turn of an example: who says what, in words without spaces."""

    party: Party
    words: tuple[str, ...]


@dataclass(frozen=True)
class Example:
    """One dialogue. ``spoken`` is how it is said aloud, in its own words; None where it is not."""

    id: str
    language: str
    turns: tuple[Said, ...]
    marks: tuple[Marked, ...]
    spoken: Example | None = None

    def as_turns(self) -> tuple[Turn, ...]:
        """Turns as the ``attribute`` stage gives them, each word of one length."""
        made = []
        start_s = 0.0
        for number, said in enumerate(self.turns):
            words = tuple(
                Word(text, start_s + at * WORD_S, start_s + (at + 1) * WORD_S, 0.9)
                for at, text in enumerate(said.words)
            )
            end_s = start_s + len(words) * WORD_S
            channel = 0 if said.party is Party.AGENT else 1
            text = " ".join(said.words)
            made.append(Turn(f"t{number}", said.party, f"track {channel}", channel, start_s, end_s, text, words))
            start_s = end_s + WORD_S
        return tuple(made)


def read_examples(folder: Path = EXAMPLES, set_name: str = "*") -> list[Example]:
    """The examples of ``dev``, ``test`` or both. Raises: ValueError, naming the line that is not as it should be."""
    found = []
    for path in sorted(folder.glob(f"*_{set_name}.jsonl")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if line.strip():
                try:
                    found.append(_read(json.loads(line)))
                except (KeyError, TypeError, ValueError) as error:
                    raise ValueError(f"{path.name}, line {number}: {error!r}") from error
    twice = {one.id for one in found if sum(other.id == one.id for other in found) > 1}
    if twice:
        raise ValueError(f"Two examples have the id {', '.join(sorted(twice))}.")
    return found


def _read(row: dict[str, Any]) -> Example:
    turns, marks = _read_turns(row["turns"])
    spoken = None
    if row.get("spoken", ()) is not None:
        aloud, aloud_marks = _read_turns(row["spoken"]) if "spoken" in row else _read_turns(_aloud(row["turns"]))
        spoken = Example(row["id"], row["language"], aloud, aloud_marks)
    return Example(row["id"], row["language"], turns, marks, spoken)


def _read_turns(rows: Iterable[list[str]]) -> tuple[tuple[Said, ...], tuple[Marked, ...]]:
    turns: list[Said] = []
    marks: list[Marked] = []
    for number, (party, text) in enumerate(rows):
        words: list[str] = []
        done = 0
        for mark in _MARK.finditer(text):
            words.extend(text[done : mark.start()].split())
            names = mark.group(1).split(",")
            held = mark.group(2).split()
            kinds = frozenset(Kind(name) for name in names if name not in (KEEP, ANY))
            marks.append(Marked(kinds, KEEP in names, ANY in names, number, len(words), len(words) + len(held)))
            closing = re.match(r"[^\s{]*", text[mark.end() :])
            tail = closing.group() if closing else ""
            words.extend([*held[:-1], held[-1] + tail])
            done = mark.end() + len(tail)
        words.extend(text[done:].split())
        if "{{" in " ".join(words) or not words:
            raise ValueError(f"turn {number} has an open mark or no words")
        turns.append(Said(Party(party), tuple(words)))
    return tuple(turns), tuple(marks)


# Not a year after a word, and not what is counted.
_GROUP = re.compile(
    r"(?<![\d.,/£$€:])(?<![^\W\d] (?=(?:19|20)\d\d(?! ?[\d,])))"
    r"(0\d+|\d{3,})(?!\d|[.,:]\d|(?:}})? (?:pound|dollar|euro|kilowatt|Euro))"
)
_PAUSE = re.compile(r"(\d{2,})[ -](?=\d{2,})")
_UNSAID = re.compile(r"(?<=\d)/(?=\d)|(?<=\b\d)-(?=\d\b)")


def _aloud(rows: Iterable[list[str]]) -> list[list[str]]:
    """The turns as they are read out: longer numbers digit by digit, with a pause between groups."""
    return [[party, _say(text)] for party, text in rows]


def _say(text: str) -> str:
    """ "4242-4242" is two groups, "04/27" is "0 4 27", "1,299" one number."""
    text = _PAUSE.sub(r"\1, ", _UNSAID.sub(" ", text))
    text = _GROUP.sub(lambda found: " ".join(found.group()), text)
    return re.sub(r"(?<=\d),(?=\d{3}\b)", "", text)
