"""Corrections of the transcript that both sides hold: what is shown of a turn, and what rested on the words before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from worker.core.call import Party
from worker.core.dialogue.selecting import words_between
from worker.core.dialogue.state import ShownWords, TurnReading
from worker.core.dialogue.values import NewSpeaker, NewWords, OnWords
from worker.core.summary import Evidence
from worker.core.transcript import Turn


@dataclass(frozen=True)
class Accepted:
    """A correction that the other side accepted: the entry that proposed it, and the one that accepted it."""

    number: int
    accepted_in: int
    chosen: OnWords
    correction: NewWords | NewSpeaker


def shown_readings(accepted: Iterable[Accepted]) -> tuple[dict[str, TurnReading], list[Accepted]]:
    """What is shown of each corrected turn, and the corrections that it comes from, in the order of acceptance.

    Of corrections of overlapping words the one accepted last is shown: two texts cannot stand for the same word.
    """
    shown: list[Accepted] = []
    for one in sorted(accepted, key=lambda one: one.accepted_in):
        shown = [before for before in shown if not _replaces(one, before)]
        shown.append(one)
    turns = dict.fromkeys(one.chosen.turn for one in shown)
    return {turn: _reading([one for one in shown if one.chosen.turn == turn]) for turn in turns}, shown


def last_touch(evidence: Iterable[Evidence], shown: Sequence[Accepted], turns: Mapping[str, Turn]) -> int | None:
    """The entry that last changed words of this evidence, or who said them; None where they stand as they were heard.

    Who spoke changes what a sentence says as much as the words do, so it touches all evidence in that turn.
    """
    if not shown:
        return None
    rests_on = [
        (piece.turn, words_between(turns[piece.turn], piece.start_s, piece.end_s))
        for piece in evidence
        if piece.turn in turns
    ]
    touched = [
        one.accepted_in
        for one in shown
        for turn, words in rests_on
        if turn == one.chosen.turn
        and (isinstance(one.correction, NewSpeaker) or (one.chosen.first < words.stop and words.start < one.chosen.end))
    ]
    return max(touched, default=None)


def _replaces(later: Accepted, before: Accepted) -> bool:
    if later.chosen.turn != before.chosen.turn or type(later.correction) is not type(before.correction):
        return False
    if isinstance(later.correction, NewSpeaker):
        return True
    return later.chosen.first < before.chosen.end and before.chosen.first < later.chosen.end


def _reading(shown: Iterable[Accepted]) -> TurnReading:
    words: list[ShownWords] = []
    party: Party | None = None
    party_by: int | None = None
    for one in shown:
        if isinstance(one.correction, NewSpeaker):
            party, party_by = one.correction.party, one.number
        else:
            text = " ".join(one.correction.text.split())
            words.append(ShownWords(one.chosen.first, one.chosen.end, text, one.number))
    return TurnReading(tuple(sorted(words, key=lambda one: one.first)), party, party_by)
