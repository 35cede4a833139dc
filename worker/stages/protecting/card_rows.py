"""Digits said in a row by one side: no measures, no dates, and not the "sixteen digits" of a question."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from worker.stages.protecting.spoken import Form, Piece, Talk

MOST_FILLERS = 2  # between two digits of a row
_JOINS = frozenset("-.,/_")
_SOUND_ALIKE = frozenset(("to", "too", "for", "fore", "won", "ate", "tree", "free"))  # two, four, one, eight, three


@dataclass(frozen=True)
class Row:
    """The places of pieces of the talk, digits all of them, said by one side in one sentence."""

    places: tuple[int, ...]
    digits: str
    turn: int
    side: str

    @property
    def first(self) -> int:
        return self.places[0]

    @property
    def last(self) -> int:
        return self.places[-1]


class Script:
    """The pieces of a talk with what finders ask of them: rows, distances, whether a turn is short."""

    def __init__(self, talk: Talk) -> None:
        self.talk = talk
        self.pieces = talk.pieces
        content = [not (piece.is_digits or piece.form is Form.SIGN or talk.is_filler(piece)) for piece in self.pieces]
        self._content = [0, *accumulate(content)]

    def words_between(self, first: int, end: int) -> int:
        """How many words that say something stand in the pieces ``[first, end)``."""
        return self._content[max(first, end)] - self._content[first]

    def turn_places(self, turn: int) -> range:
        """The places of all pieces of a turn."""
        first, end = (bisect_left(self.pieces, number, key=lambda piece: piece.turn) for number in (turn, turn + 1))
        return range(first, end)

    def ends_sentence(self, first: int, end: int) -> bool:
        """Whether one of the pieces ``[first, end)`` ends a sentence."""
        return any(self._ends(at) for at in range(first, end))

    def is_bridge(self, place: int) -> bool:
        """Whether a row goes on over this piece: a sign between digits, or a word that means nothing."""
        return self._joins(self.pieces[place])

    def row(self, places: Sequence[int]) -> Row:
        turn = self.pieces[places[0]].turn
        digits = "".join(self.pieces[at].text for at in places)
        return Row(tuple(places), digits, turn, self.talk.side(turn))

    def rows(self, excluded: Collection[int]) -> Iterator[Row]:
        """Every row, in order. Pieces whose places are excluded end one."""
        places: list[int] = []
        fillers = 0
        for at, piece in enumerate(self.pieces):
            if places and (piece.turn != self.pieces[places[-1]].turn or self._ends(at - 1)):
                yield self.row(places)
                places, fillers = [], 0
            if piece.is_digits and at not in excluded:
                places.append(at)
                fillers = 0
            elif not self._joins(piece) or at in excluded:
                fillers = MOST_FILLERS + 1
            elif piece.form is not Form.SIGN:
                fillers += 1
            if places and fillers > MOST_FILLERS:
                yield self.row(places)
                places, fillers = [], 0
        if places:
            yield self.row(places)

    def _ends(self, at: int) -> bool:
        return self.pieces[at].after in (".", "?", "!") and self.pieces[at].after != ""

    def _joins(self, piece: Piece) -> bool:
        if piece.form is Form.SIGN:
            return piece.text in _JOINS
        return self.talk.is_filler(piece) or piece.said in _SOUND_ALIKE
