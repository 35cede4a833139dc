"""Leaves words of other persons out of a record that is handed over: their words, and what rests on them.

In place of each stretch one word stands that says so. The numbers of the words after it change, and everything that
points at words is made to fit. The record in the log stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from worker.core.dialogue.reading import promises_by_id, statements_of
from worker.core.dialogue.selecting import CLOSE_S, words_target
from worker.core.dialogue.values import Annotation, Item, OnEntry, OnPromise, OnStatement, OnWords
from worker.core.errors import Invalid
from worker.core.protection import Cut
from worker.core.record import CallRecord
from worker.core.requests.values import LeftOut
from worker.core.summary import Commitment, Evidence, Statement
from worker.core.transcript import Participant, Turn, Word

MADE_ANEW = "The record was made anew since it was decided what stays out. Decide it again, and ask for it anew."


@dataclass(frozen=True)
class Left:
    """What is left of a record and its entries, and the numbers of the entries whose contents stay out as they are."""

    record: CallRecord
    items: tuple[Item, ...]
    withheld: frozenset[int]


def leave_out(record: CallRecord, items: Sequence[Item], stretches: Iterable[LeftOut], *, says: str) -> Left:
    """The record and its entries without these stretches. ``says`` stands in place of each, as one word.

    Raises Invalid for a stretch whose words are not where it says: the record was made anew since.
    """
    stretches = tuple(stretches)
    if not stretches:
        return Left(record, tuple(items), frozenset())
    leaver = _Leaver(record, stretches, "\N{NO-BREAK SPACE}".join(says.split()))
    less = leaver.record()
    numbers = [item.number for item in items if isinstance(item.content, CallRecord)]
    kept: list[Item] = []
    withheld: set[int] = set()
    for item in items:
        content = item.content
        if isinstance(content, CallRecord):
            content = less if item.number == numbers[-1] else None
        elif isinstance(content, Annotation):
            content = leaver.annotation(content, less, withheld)
        if content is not item.content:
            withheld.add(item.number)
        kept.append(item if content is item.content else replace(item, content=content))
    return Left(less, tuple(kept), frozenset(withheld))


class _Leaver:
    def __init__(self, record: CallRecord, stretches: Sequence[LeftOut], says: str) -> None:
        self._record, self._says = record, says
        self._of_turn = _by_turn(record, stretches)
        rests_on = {one.id: one.evidence for one in statements_of(record).values()}
        rests_on |= {one.id: one.evidence for one in promises_by_id(record).values()}
        self._touched = {name for name, evidence in rests_on.items() if self._rests(evidence)}

    def record(self) -> CallRecord:
        record, summary = self._record, self._record.summary
        headline = summary.headline and self._statement(summary.headline)
        ending = replace(summary.ending, evidence=tuple(map(self._evidence, summary.ending.evidence)))
        return replace(
            record,
            turns=tuple(map(self._turn, record.turns)),
            parties=tuple(map(self._party, record.parties)),
            cuts=tuple(one for cut in record.cuts if (one := self._cut(cut)) is not None),
            summary=replace(
                summary,
                statements=tuple(map(self._statement, summary.statements)),
                headline=headline,
                ending=ending,
                commitments=tuple(map(self._promise, summary.commitments)),
            ),
        )

    def annotation(self, annotation: Annotation, less: CallRecord, withheld: set[int]) -> Annotation | None:
        """The same about words by their new numbers; None for what is about what stays out, and for answers to it."""
        target = annotation.target
        match target:
            case OnWords() if target.turn in self._of_turn:
                if any(first < target.end and target.first < end for first, end in self._of_turn[target.turn]):
                    return None
                first, end = self._number(target.turn, target.first), self._number(target.turn, target.end)
                return replace(annotation, target=words_target(less, target.turn, first, end))
            case OnStatement(id=name) | OnPromise(id=name) if name in self._touched:
                return None
            case OnEntry(number=number) if number in withheld:
                return None
        return annotation

    def _turn(self, turn: Turn) -> Turn:
        if turn.id not in self._of_turn:
            return turn
        words: list[Word] = []
        at = 0
        for first, end in self._of_turn[turn.id]:
            words += turn.words[at:first]
            words.append(Word(self._says, turn.words[first].start_s, turn.words[end - 1].end_s, 1.0))
            at = end
        words += turn.words[at:]
        return replace(turn, words=tuple(words), text=" ".join(word.text for word in words))

    def _party(self, party: Participant) -> Participant:
        """A voice of which nothing is left has no name, and nothing tells how it was found."""
        mine = [turn for turn in self._record.turns if (turn.speaker, turn.channel) == (party.speaker, party.channel)]
        is_left = any(sum(end - first for first, end in self._of_turn.get(t.id, ())) < len(t.words) for t in mine)
        return party if is_left or not mine else replace(party, name=None, reason=self._says)

    def _cut(self, cut: Cut) -> Cut | None:
        if any(first <= cut.word < end for first, end in self._of_turn.get(cut.turn, ())):
            return None
        return replace(cut, word=self._number(cut.turn, cut.word))

    def _statement(self, one: Statement) -> Statement:
        if one.id not in self._touched:
            return one
        return replace(
            one,
            text=self._says,
            quoted=True,
            written_by=None,
            evidence=tuple(map(self._evidence, one.evidence)),
            support=1.0,
        )

    def _promise(self, one: Commitment) -> Commitment:
        if one.id not in self._touched:
            return one
        return replace(one, what=self._says, evidence=tuple(map(self._evidence, one.evidence)))

    def _evidence(self, one: Evidence) -> Evidence:
        return replace(one, quote=self._says) if self._rests((one,)) else one

    def _rests(self, evidence: Iterable[Evidence]) -> bool:
        """Whether any of it are words that stay out."""
        return any(
            turn.words[first].start_s < one.end_s and one.start_s < turn.words[end - 1].end_s
            for one in evidence
            for turn in self._record.turns
            if turn.id == one.turn
            for first, end in self._of_turn.get(one.turn, ())
        )

    def _number(self, turn: str, number: int) -> int:
        """The number that a word which stays has afterwards."""
        return number - sum(end - first - 1 for first, end in self._of_turn.get(turn, ()) if end <= number)


def _by_turn(record: CallRecord, stretches: Sequence[LeftOut]) -> Mapping[str, list[tuple[int, int]]]:
    """The words that stay out, by turn: in order, and those that touch each other as one."""
    turns = {turn.id: turn for turn in record.turns}
    found: dict[str, list[tuple[int, int]]] = {}
    for one in sorted(stretches, key=lambda one: (one.turn, one.first)):
        words = turns[one.turn].words if one.turn in turns else ()
        if one.end > len(words) or abs(words[one.first].start_s - one.start_s) > CLOSE_S:
            raise Invalid(MADE_ANEW)
        of_turn = found.setdefault(one.turn, [])
        if of_turn and one.first <= of_turn[-1][1]:
            of_turn[-1] = of_turn[-1][0], max(of_turn[-1][1], one.end)
        else:
            of_turn.append((one.first, one.end))
    return found
