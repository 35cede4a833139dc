"""Words brought to one form, so that a rule about times need not know how they were written.

"By the twenty-first, 9.30 a.m." becomes "by the 21th 9:30 am": lower case, numbers as digits, single spaces. Every
stretch of that form can be led back to the words as they were said.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from worker.core.numbers import find_numbers
from worker.core.wording import Token

_PIECE = re.compile(
    r"[$€£]\d[\d.,]*|\d+(?:[.,]\d+)?%|\d{1,2}[:.]\d{2}(?!\d)|\d+\.\d+|\d+(?:st|nd|rd|th)\b|\d+|[ap]\.\s?m\b\.?|"
    r"(?<=\d)\s*[-–]\s*(?=\d)|[^\W\d_]+(?:['’][^\W\d_]+)*|[.!?;]"
)
_STAY_WORDS = frozenset({"a", "an", "half", "once", "twice", "dozen"})


@dataclass(frozen=True)
class Spoken:
    """The one form of some words. ``places``: where each word lies in it, and where in the words as they were said."""

    text: str
    places: tuple[tuple[int, int, int, int], ...]

    def said(self, start: int, end: int) -> tuple[int, int]:
        """A stretch of the one form as a stretch of the words as they were said."""
        inside = [place for place in self.places if place[0] < end and place[1] > start]
        return inside[0][2], inside[-1][3]

    def words_before(self, at: int) -> list[str]:
        """The words of the same sentence in front of a place, the nearest last."""
        return self.text[:at].rsplit(".", 1)[-1].split()

    def word_after(self, at: int) -> str:
        """The word behind a place; empty at the end."""
        return next(iter(self.text[at:].split(None, 1)), "")


def speak(words: str) -> Spoken:
    """The one form of these words. Marks of punctuation within a sentence are left out, its end is a full stop."""
    pieces = [(_plain(match.group()), match.start(), match.end()) for match in _PIECE.finditer(words)]
    tokens = [Token(piece, 0, 0) for piece, _, _ in pieces]
    numbers = {number.first: number for number in find_numbers(tokens)}
    text = ""
    places = []
    at = 0
    while at < len(pieces):
        piece, start, end = pieces[at]
        number = numbers.get(at)
        at += 1
        if number is not None and not piece[0].isdigit() and piece not in _STAY_WORDS:
            at = number.end
            last, _, end = pieces[at - 1]
            piece = _digits(number.readings, last)
        text += " " if text else ""
        places.append((len(text), len(text) + len(piece), start, end))
        text += piece
    return Spoken(text, tuple(places))


def _plain(piece: str) -> str:
    piece = piece.lower().replace("’", "'").strip()
    if piece in ("-", "–"):
        return "to"
    if piece in "!?;":
        return "."
    if re.fullmatch(r"\d{1,2}\.\d{2}", piece):  # "at 9.30", as the British write it
        return piece.replace(".", ":")
    return re.sub(r"[.\s]", "", piece) if re.match(r"[ap]\.", piece) else piece


def _digits(readings: frozenset[str], last: str) -> str:
    """One reading of a number: as a time where it has one ("three thirty"), ordinal where it is spoken so."""
    number = next((reading for reading in readings if ":" in reading), min(readings, key=len))
    return f"{number}th" if last.endswith(("st", "nd", "rd", "th")) and last != "thousand" else number
