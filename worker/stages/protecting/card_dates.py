"""Until when a card is valid, as it is spoken: "oh four twenty seven", "4/27", "the end of April 2027"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from worker.stages.protecting.measures import MONTHS
from worker.stages.protecting.spoken import Form, Piece, Talk

_EXPIRY = re.compile(r"(?:0?[1-9]|1[0-2])(?:20)?(?:2[3-9]|3\d)")
_LINKS = frozenset(("of", "the", "de", "du", "del", "el", "le"))
_BEFORE = frozenset(("end", "of", "the", "ende", "fin", "de", "beginning"))


@dataclass(frozen=True)
class Dated:
    """Pieces ``[first, end)`` of one turn that name a month, and mostly a year."""

    first: int
    end: int
    names_day: bool  # "the 4th of June": no card ends in the middle of a month


def is_expiry(digits: str) -> bool:
    """Whether digits are a month and a year in which a card may end."""
    return _EXPIRY.fullmatch(digits) is not None


def read_dates(talk: Talk) -> list[Dated]:
    """Every month that is named, with the digits beside it."""
    pieces = talk.pieces
    found: list[Dated] = []
    for at, piece in enumerate(pieces):
        if piece.form is Form.WORD and piece.text in MONTHS and _is_month(pieces, at):
            first, end = at, at + 1
            while first and pieces[first - 1].turn == piece.turn and _is_before(pieces, first - 1):
                first -= 1
            digits = 0
            while end < len(pieces) and pieces[end].turn == piece.turn and _is_behind(pieces, end, digits):
                digits += len(pieces[end].text) if pieces[end].is_digits else 0
                end += 1
            days = any(pieces[near].form in (Form.DIGITS, Form.ORDINAL) for near in range(first, at))
            ordinal = any(pieces[near].form is Form.ORDINAL for near in range(at, end))
            found.append(Dated(first, end, days or ordinal))
    return found


def _is_month(pieces: tuple[Piece, ...], at: int) -> bool:
    """ "May" is a month beside a number or "of", or alone in an answer."""
    if pieces[at].text not in ("may", "mar", "mai", "march"):
        return True
    beside = [near for near in (at - 1, at + 1) if 0 <= near < len(pieces) and pieces[near].turn == pieces[at].turn]
    return not beside or any(
        pieces[near].form in (Form.DIGITS, Form.ORDINAL)
        or pieces[near].said in ("of", "in", "until", "till", "bis", "de")
        for near in beside
    )


def _is_before(pieces: tuple[Piece, ...], at: int) -> bool:
    piece = pieces[at]
    if piece.form is Form.ORDINAL or (piece.is_digits and len(piece.text) <= 2 and not piece.after.strip(".")):
        return True
    return piece.said in _BEFORE and not piece.after


def _is_behind(pieces: tuple[Piece, ...], at: int, digits: int) -> bool:
    """A year, in one piece or two ("twenty twenty seven")."""
    piece, before = pieces[at], pieces[at - 1]
    if before.after in (".", "?", "!"):
        return False
    if piece.is_digits or piece.form is Form.ORDINAL:
        return digits + len(piece.text) <= 4 and not (digits == 2 and pieces[at - 1].text != "20")
    return piece.said in _LINKS and not digits
