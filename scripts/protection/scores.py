"""How much of what is marked was found, and what else was found: counts by kind, and the figures they give.

A marked stretch is found if each of its words that gives something away is in something found of that kind. What is
found is right if it touches a mark of its kind; what touches only marks that leave it open counts for nothing. A
look-alike is cut if any of its words is found as a kind that is cut or masked by default.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from scripts.protection.reading import Example, Marked
from worker.core.protection import DEFAULT_ACTIONS, Action, Found, Kind
from worker.stages.protecting.finding import find_all
from worker.stages.protecting.spoken import Form, read_talk

_SAYS_NOTHING = frozenset(("end", "of", "in", "the", "no", "then", "de", "en", "ende", "is", "it's"))


@dataclass
class Score:
    """Counts over examples, and what went wrong in words: by the example's id, for whoever mends the finders."""

    marked: Counter[Kind] = field(default_factory=Counter)
    found: Counter[Kind] = field(default_factory=Counter)  # of those marked
    said: Counter[Kind] = field(default_factory=Counter)  # what the finders said
    right: Counter[Kind] = field(default_factory=Counter)  # of that
    lookalikes: int = 0
    lookalikes_cut: int = 0
    misses: list[str] = field(default_factory=list)

    def add(self, other: Score) -> None:
        """Joins what was counted elsewhere."""
        for mine, theirs in ((self.marked, other.marked), (self.found, other.found), (self.said, other.said)):
            mine.update(theirs)
        self.right.update(other.right)
        self.lookalikes += other.lookalikes
        self.lookalikes_cut += other.lookalikes_cut
        self.misses += other.misses

    def figures(self) -> dict[str, dict[str, float | int | None]]:
        """Precision and recall of each kind that was marked or found; None where there is nothing to divide by."""
        return {
            kind.value: {
                "precision": _share(self.right[kind], self.said[kind]),
                "recall": _share(self.found[kind], self.marked[kind]),
                "marked": self.marked[kind],
            }
            for kind in Kind
            if self.marked[kind] or self.said[kind]
        }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def score_text(examples: Iterable[Example]) -> Score:
    """What the finders find in the examples as they are written."""
    score = Score()
    for example in examples:
        score.add(_score_one(example))
    return score


def _score_one(example: Example) -> Score:
    score = Score()
    turns = example.as_turns()
    found = find_all(turns, example.language)
    weighty = _words_that_matter(example)
    for mark in example.marks:
        words = {(mark.turn, at) for at in range(mark.first, mark.end)}
        text = " ".join(example.turns[mark.turn].words[mark.first : mark.end])
        for kind in mark.kinds:
            score.marked[kind] += 1
            missed = (words & weighty) - _words(found, {kind})
            score.found[kind] += not missed
            if missed:
                score.misses.append(f"{example.id}: {kind} not found: {text}")
        if mark.is_lookalike:
            cut = words & _words(found, {kind for kind in Kind if DEFAULT_ACTIONS[kind] is not Action.KEEP})
            score.lookalikes += 1
            score.lookalikes_cut += bool(cut)
            if cut:
                kinds = {str(one.kind) for one in found if words & _words([one], {one.kind})}
                score.misses.append(f"{example.id}: look-alike cut as {', '.join(sorted(kinds))}: {text}")
    for one in found:
        words = _words([one], {one.kind})
        touched = [mark for mark in example.marks if words & {(mark.turn, at) for at in range(mark.first, mark.end)}]
        if any(one.kind in mark.kinds for mark in touched):
            score.right[one.kind] += 1
        elif touched and all(mark.is_open for mark in touched):
            continue
        else:
            text = " ".join(example.turns[one.turn].words[one.first : one.end])
            score.misses.append(f"{example.id}: no {one.kind}: {text}")
        score.said[one.kind] += 1
    return score


def _words(found: Sequence[Found], kinds: set[Kind]) -> set[tuple[int, int]]:
    return {(one.turn, at) for one in found if one.kind in kinds for at in range(one.first, one.end)}


def _words_that_matter(example: Example) -> set[tuple[int, int]]:
    """All words but those that mean nothing in the middle of a number."""
    talk = read_talk(example.as_turns(), example.language)
    return {
        (piece.turn, at)
        for piece in talk.pieces
        if piece.form in (Form.DIGITS, Form.ORDINAL)
        or not (piece.form is Form.SIGN or talk.is_filler(piece) or piece.said in _SAYS_NOTHING)
        for at in range(piece.first, piece.end)
    }


def marks_of(example: Example, kind: Kind) -> list[Marked]:
    """The marks of a kind."""
    return [mark for mark in example.marks if kind in mark.kinds]
