"""What has been found of cards in one talk so far, and what was asked for where."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator, Sequence

from worker.core.protection import Found, Kind
from worker.stages.protecting.card_cues import Cue, Topic, read_cues
from worker.stages.protecting.card_numbers import LENGTHS, looks_like_one
from worker.stages.protecting.card_rows import Row, Script
from worker.stages.protecting.measures import measured
from worker.stages.protecting.spoken import Talk

CARD_BEFORE, CARD_AFTER = 400, 60
"""So many pieces before or behind, a card is still spoken of."""

OTHER_BEFORE, OTHER_AFTER = 40, 8
"""So many pieces before or behind, an order or a parcel that is named is what the digits are of."""

MOST_BRIDGED = 3
"""So many words between two finds of one kind go with them: "uh", "wait"."""


class Finds:
    """The places of a talk and what each was found to be: ``kinds``, by the number of the piece."""

    def __init__(self, talk: Talk) -> None:
        self.talk = talk
        self.script = Script(talk)
        self.cues = read_cues(talk)
        self._cue_firsts = [cue.first for cue in self.cues]
        self._cue_ends = [cue.end for cue in self.cues]
        self.kinds: dict[int, Kind] = {}
        self.numbers: list[tuple[int, str]] = []  # where each number begins, and its digits; in order
        self.wholes: list[Sequence[int]] = []  # the places of each that was checked or is as long as one; in order
        self.codes: list[tuple[int, str]] = []
        self._left: dict[int, str] = {}  # by the last place of a number: its last four digits
        asked = {at for cue in self.cues for at in range(cue.first, cue.end)}
        counted = measured(talk.pieces, decimals=False)
        self.rows = list(self.script.rows(asked | counted))
        self.decimals = measured(talk.pieces) - counted
        self.alone = frozenset(row.first for row in self.rows if self._is_card_by_itself(row))
        self._cards = sorted([*(cue.first for cue in self.cues if cue.names_card), *self.alone])

    def _is_card_by_itself(self, row: Row) -> bool:
        """Whether a long row is a card's number, heard right or not, though no card is named.

        That is so where an expiry or a code follows; or where it begins as one, is as long, and nothing else is named.
        """
        after = self.cues[bisect_right(self._cue_firsts, row.last) :][:1]
        follows = any(
            cue.topic in (Topic.EXPIRY, Topic.CODE)
            and self.script.words_between(row.last + 1, cue.first) <= MOST_BRIDGED
            for cue in after
        )
        around = self.cues_between(row.first - OTHER_BEFORE, row.first + OTHER_AFTER + len(row.places) + 1)
        named = any(cue.topic is Topic.OTHER for cue in around)
        return (follows and len(row.digits) >= min(LENGTHS) - 1) or (not named and looks_like_one(row.digits))

    def cues_between(self, first: int, end: int) -> Sequence[Cue]:
        """The cues that begin in ``[first, end)``."""
        return self.cues[bisect_left(self._cue_firsts, first) : bisect_left(self._cue_firsts, end)]

    def cues_before(self, place: int, within: int) -> Sequence[Cue]:
        """The cues that begin before a place, and end no further before it than that."""
        return self.cues[bisect_left(self._cue_ends, place - within) : bisect_left(self._cue_firsts, place)]

    def digits(self, places: Sequence[int]) -> str:
        """What these places say."""
        return "".join(self.talk.pieces[at].text for at in places)

    def add(self, kind: Kind, places: Sequence[int]) -> None:
        """These places are of a kind. What they were found to be before, they stay."""
        for at in places:
            self.kinds.setdefault(at, kind)

    def add_number(self, places: Sequence[int], others: Sequence[int] = (), *, is_whole: bool = True) -> None:
        """These places say a card's number, and others go with them. Of a whole one the last digits can be left."""
        digits = self.digits(places)
        insort(self.numbers, (places[0], digits))
        insort(self._cards, places[0])
        self.add(Kind.CARD_NUMBER, [*places, *others])
        if is_whole and len(digits) >= min(LENGTHS):
            insort(self.wholes, places, key=lambda one: one[-1])
            self._left[places[-1]] = digits[-4:]

    def is_card_near(self, place: int) -> bool:
        """Whether a card is spoken of around here, or a number was found."""
        nearest = bisect_left(self._cards, place - CARD_BEFORE)
        return nearest < len(self._cards) and self._cards[nearest] <= place + CARD_AFTER

    def rest(self, within: range | None = None) -> Iterator[Row]:
        """The rows without what was found in them; ``within``: only those that begin at one of these places."""
        first, end = (within.start, within.stop) if within is not None else (0, len(self.talk.pieces))
        beginning, ending = (bisect_left(self.rows, at, key=lambda row: row.first) for at in (first, end))
        for row in self.rows[beginning:ending]:
            free: list[int] = []
            for at in (*row.places, None):
                if at is not None and at not in self.kinds:
                    free.append(at)
                elif free:
                    yield self.script.row(free)
                    free = []

    def found(self) -> Iterator[Found]:
        """The stretches in words: what lies between two finds of one kind in a turn, and is short, goes with them."""
        stretch: list[int] = []
        for at in sorted(self.kinds):
            if stretch and not self._goes_with(stretch[-1], at):
                yield from self._as_found(stretch)
                stretch = []
            stretch.append(at)
        if stretch:
            yield from self._as_found(stretch)

    def _goes_with(self, before: int, at: int) -> bool:
        return (
            self.kinds[before] is self.kinds[at]
            and self.talk.pieces[before].turn == self.talk.pieces[at].turn
            and self.script.words_between(before + 1, at) <= MOST_BRIDGED
            and not self.cues_between(before + 1, at)
        )

    def _as_found(self, places: Sequence[int]) -> Iterator[Found]:
        left = next((self._left[at] for at in reversed(places) if at in self._left), None)
        yield from self.talk.found(self.kinds[places[0]], [self.talk.pieces[at] for at in places], left)
