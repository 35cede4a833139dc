"""Reads the log of one call: from its entries, in their order, what both sides have said and what follows from it.

Every log can be read. What makes no sense, such as a second answer to one proposal, or words about a part that this
record does not have, changes nothing that follows; it is never an error, because what stands in a log stays there. Of
two that cannot both count, the first does. Whatever somebody wrote is shown all the same, among ``Dialogue.said``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from worker.core.dialogue.corrections import Accepted, last_touch, shown_readings
from worker.core.dialogue.keeping import AgreedDay, Verdict, beneficiary_role, promise_standing
from worker.core.dialogue.selecting import stands_there
from worker.core.dialogue.stances import Put, Stances
from worker.core.dialogue.state import (
    AddedThing,
    Dialogue,
    Entrance,
    Look,
    PromiseStanding,
    Said,
    SaidState,
    StatementState,
)
from worker.core.dialogue.values import (
    CONTENT_OF,
    Act,
    Added,
    Annotation,
    Item,
    LetIn,
    Looked,
    NewSentence,
    NewSpeaker,
    NewWords,
    OnEntry,
    OnPromise,
    OnStatement,
    OnWords,
    Way,
    WholeCall,
)
from worker.core.log.entry import SIDES, Actor, Role
from worker.core.record import CallRecord
from worker.core.summary import Commitment, Statement

WRITERS = (*SIDES, Role.REVIEWER)
"""Who may write in a record. A reviewer's words are shown, and count for nobody's standing."""

DECISIONS = (Act.ACCEPT, Act.DECLINE)


def newest_record(items: Sequence[Item]) -> tuple[Item, CallRecord] | None:
    """The last record that the stages made of a call, with its entry; None before there is one, and once it was
    erased."""
    made = ((item, item.content) for item in reversed(items) if isinstance(item.content, CallRecord))
    return next(made, None)


def read_dialogue(record: CallRecord, items: Sequence[Item], *, now: datetime) -> Dialogue:
    """What was said about this record, and where everything stands at ``now``, an aware instant.

    ``items`` are the entries of the call from the first on. Pure, and for any items it raises nothing.
    """
    reader = _Reader(record)
    for item in items:
        reader.read(item)
    return reader.dialogue(now)


def statements_of(record: CallRecord) -> dict[str, Statement]:
    """Every statement of the record by its id, the headline first."""
    headline = (record.summary.headline,) if record.summary.headline else ()
    return {one.id: one for one in (*headline, *record.summary.statements)}


def promises_by_id(record: CallRecord) -> dict[str, Commitment]:
    """Every promise of the record by its id."""
    return {one.id: one for one in record.summary.commitments}


@dataclass(frozen=True)
class _Spoken:
    """An annotation in the log. ``counts``: it is about a part that this record has."""

    item: Item
    annotation: Annotation
    counts: bool


class _Reader:
    """Takes the entries one by one. What was withdrawn is never removed, only left out wherever it would count."""

    def __init__(self, record: CallRecord) -> None:
        self._record = record
        self._turns = {turn.id: turn for turn in record.turns}
        self._statements = statements_of(record)
        self._promises = promises_by_id(record)
        # The record as it was when an entry was written: a call may be worked again, and a later summary may say
        # something else under the same id, with which nobody has agreed.
        self._then_statements, self._then_promises = self._statements, self._promises
        self._stances = {name: Stances(one.text) for name, one in self._statements.items()}
        self._whole_call = Stances("")
        self._spoken: dict[int, _Spoken] = {}
        self._replies: dict[int, list[int]] = {}
        self._said_kept: dict[str, list[_Spoken]] = {name: [] for name in self._promises}
        self._days: dict[str, list[_Spoken]] = {name: [] for name in self._promises}
        self._withdrawn: set[int] = set()
        self._looks: dict[tuple[Actor, Way], Look] = {}
        self._added: dict[int, AddedThing] = {}
        self._entrances: list[Entrance] = []

    def read(self, item: Item) -> None:
        """Takes the next entry; one that was erased says nothing any more."""
        content = item.content
        if not isinstance(content, CONTENT_OF[item.kind]):
            return
        match content:
            case CallRecord():
                self._then_statements, self._then_promises = statements_of(content), promises_by_id(content)
            case Looked():
                self._look(item, content)
            case Added():
                added = AddedThing(item.number, item.actor, item.by, item.at, content, is_withdrawn=False)
                self._added.setdefault(item.number, added)
            case LetIn():
                entrance = Entrance(item.number, item.actor, item.by, item.at, content.name, content.reason)
                self._entrances.append(entrance)
            case Annotation():
                if item.actor.role in WRITERS and item.number not in self._spoken:
                    self._annotate(item, content)
            case _:
                pass  # how the recording came in is no part of what was said about it

    def dialogue(self, now: datetime) -> Dialogue:
        """What all entries so far add up to."""
        readings, shown = shown_readings(self._accepted_corrections())
        proposals = tuple(number for number in self._spoken if self._waits(number))
        said = [self._said(number, one) for number, one in self._spoken.items() if one.annotation.act != Act.WITHDRAW]
        return Dialogue(
            said=tuple(one for one in said if one.annotation.act not in DECISIONS),
            statements={name: self._statement(name, shown) for name in self._statements},
            promises={name: self._promise(name, shown, proposals, now) for name in self._promises},
            readings=readings,
            call=self._whole_call.agreement(self._withdrawn),
            looks=tuple(self._looks.values()),
            added=tuple(replace(one, is_withdrawn=number in self._withdrawn) for number, one in self._added.items()),
            entrances=tuple(self._entrances),
            open_questions=tuple(
                one.number for one in said if one.annotation.act is Act.ASK and one.state is SaidState.STANDS
            ),
            open_proposals=proposals,
            decisions=tuple(one for one in said if one.annotation.act in DECISIONS),
        )

    def _look(self, item: Item, looked: Looked) -> None:
        key = (item.actor, looked.way)
        before = self._looks.get(key)
        if before is None:
            self._looks[key] = Look(item.actor, item.by, looked.way, 1, item.at, item.at)
        else:
            self._looks[key] = replace(before, by=item.by, times=before.times + 1, last_at=item.at)

    def _annotate(self, item: Item, annotation: Annotation) -> None:
        spoken = _Spoken(item, annotation, self._is_there(annotation))
        match annotation.act, annotation.target:
            case Act.WITHDRAW, OnEntry(number=number):
                self._withdraw(item, number)
            case ((Act.ACCEPT | Act.DECLINE), OnEntry(number=number)):
                if not self._decide(item, annotation.act, number):
                    return
            case Act.ANSWER, OnEntry(number=number):
                self._answer(item, number)
            case ((Act.AGREE | Act.DISPUTE | Act.CORRECT), _):
                if spoken.counts:
                    self._take_a_stance(item, annotation)
            case ((Act.KEPT | Act.NOT_KEPT), OnPromise(id=name)):
                if spoken.counts and item.actor.role is beneficiary_role(self._promises[name]):
                    self._said_kept[name].append(spoken)
            case Act.NEW_DAY, OnPromise(id=name):
                if spoken.counts:
                    self._days[name].append(spoken)
            case _:
                pass  # says something, and changes nothing by itself
        self._spoken[item.number] = spoken

    def _is_there(self, annotation: Annotation) -> bool:
        """Whether the part that this is about was then what it is in this record."""
        match annotation.target:
            case OnStatement(id=name):
                statement, then = self._statements.get(name), self._then_statements.get(name)
                return statement is not None and then is not None and statement.text == then.text
            case OnPromise(id=name):
                promise = self._promises.get(name)
                return promise is not None and promise == self._then_promises.get(name)
            case OnWords(turn=turn):
                return stands_there(annotation.target, self._turns.get(turn))
            case _:
                return True

    def _withdraw(self, item: Item, number: int) -> None:
        spoken, added = self._spoken.get(number), self._added.get(number)
        actor = spoken.item.actor if spoken else added.actor if added else None
        is_own = actor is not None and actor.person == item.actor.person
        # A withdrawal is not taken back: what was withdrawn is said again.
        if is_own and not (spoken and spoken.annotation.act is Act.WITHDRAW):
            self._withdrawn.add(number)

    def _decide(self, item: Item, act: Act, number: int) -> bool:
        """Takes the other side's answer to a proposal; false where there is nothing that it could answer."""
        proposal = self._spoken.get(number)
        if proposal is None or not self._may_decide(item.actor, proposal, act):
            return False
        self._replies.setdefault(number, []).append(item.number)
        target = proposal.annotation.target
        if act is Act.ACCEPT and isinstance(target, OnStatement):
            self._stances[target.id].accept(item.number, item.actor.role, number)
        return True

    def _may_decide(self, actor: Actor, proposal: _Spoken, act: Act) -> bool:
        proposer = proposal.item.actor
        if actor.role not in SIDES or actor.role is proposer.role or actor.person == proposer.person:
            return False
        return self._waits(proposal.item.number) or (act is Act.ACCEPT and self._is_held_dispute(proposal))

    def _waits(self, number: int) -> bool:
        """Whether this entry is a proposal that the other side may still accept or decline."""
        spoken = self._spoken[number]
        if number in self._withdrawn or not spoken.counts or spoken.item.actor.role not in SIDES:
            return False
        if self._decision(number) is not None:
            return False
        target = spoken.annotation.target
        if spoken.annotation.act is Act.CORRECT:
            # Whoever has taken another stance since proposes the sentence no longer.
            return not isinstance(target, OnStatement) or self._stances[target.id].waits(number, self._withdrawn)
        if spoken.annotation.act is Act.NEW_DAY and isinstance(target, OnPromise):
            return not self._is_kept(target.id)
        return False

    def _is_held_dispute(self, spoken: _Spoken) -> bool:
        """A dispute that says what happened instead is no proposal, but the other side may agree with it."""
        target, number = spoken.annotation.target, spoken.item.number
        return (
            spoken.annotation.act is Act.DISPUTE
            and spoken.annotation.text is not None
            and spoken.counts
            and isinstance(target, OnStatement)
            and number not in self._withdrawn
            and self._decision(number) is None
            and self._stances[target.id].waits(number, self._withdrawn)
        )

    def _decision(self, number: int) -> _Spoken | None:
        """The entry that accepted or declined this one and was not withdrawn."""
        standing = (reply for reply in self._replies.get(number, ()) if reply not in self._withdrawn)
        replies = (self._spoken[reply] for reply in standing)
        return next((one for one in replies if one.annotation.act in DECISIONS), None)

    def _answer(self, item: Item, number: int) -> None:
        asked = self._spoken.get(number)
        if (
            asked is not None
            and asked.annotation.act is Act.ASK
            and asked.item.actor.person != item.actor.person
            and number not in self._withdrawn
        ):
            self._replies.setdefault(number, []).append(item.number)

    def _take_a_stance(self, item: Item, annotation: Annotation) -> None:
        stances = self._stances_on(annotation)
        role = item.actor.role
        if stances is None or role not in SIDES:
            return
        if annotation.act is Act.AGREE:
            stances.agree(item.number, role, self._withdrawn)
        else:
            stances.differ(item.number, Put(role, item.by, item.at, _version_text(annotation)))

    def _stances_on(self, annotation: Annotation) -> Stances | None:
        """Where what is said of words shows nowhere but beside them, statements and the call have a standing."""
        match annotation.target:
            case OnStatement(id=name):
                return self._stances[name]
            case WholeCall():
                return self._whole_call
            case _:
                return None

    def _said(self, number: int, spoken: _Spoken) -> Said:
        item = spoken.item
        replies = tuple(one for one in self._replies.get(number, ()) if one not in self._withdrawn)
        return Said(number, item.actor, item.by, item.at, spoken.annotation, self._state(number, replies), replies)

    def _state(self, number: int, replies: tuple[int, ...]) -> SaidState:
        if number in self._withdrawn:
            return SaidState.WITHDRAWN
        acts = [self._spoken[one].annotation.act for one in replies]
        if Act.ACCEPT in acts:
            return SaidState.ACCEPTED
        if Act.DECLINE in acts:
            return SaidState.DECLINED
        return SaidState.ANSWERED if acts else SaidState.STANDS

    def _accepted_in(self, number: int) -> int | None:
        """The entry in which the other side accepted this one; None where none stands that did."""
        decision = self._decision(number)
        return decision.item.number if decision and decision.annotation.act is Act.ACCEPT else None

    def _accepted_corrections(self) -> list[Accepted]:
        found = []
        for number, spoken in self._spoken.items():
            target, correction = spoken.annotation.target, spoken.annotation.correction
            if isinstance(target, OnWords) and isinstance(correction, NewWords | NewSpeaker):
                accepted_in = self._accepted_in(number)
                if accepted_in is not None and number not in self._withdrawn:
                    found.append(Accepted(number, accepted_in, target, correction))
        return found

    def _statement(self, name: str, shown: Sequence[Accepted]) -> StatementState:
        stances = self._stances[name]
        agreed = stances.agreed(self._withdrawn)
        # It rests on other words now than those that were read before. Only reading it again settles that, and it has
        # to be both: one side alone would decide for the other that nothing changed.
        touched = last_touch(self._statements[name].evidence, shown, self._turns)
        looked_again = tuple(role for role, number in agreed.items() if touched is not None and number > touched)
        return StatementState(
            agreement=stances.agreement(self._withdrawn),
            shown=stances.shown(self._withdrawn),
            agreed=tuple(agreed),
            versions=stances.versions(self._withdrawn),
            look_again=touched is not None and len(looked_again) < len(SIDES),
            looked_again=looked_again,
        )

    def _promise(
        self, name: str, shown: Sequence[Accepted], proposals: tuple[int, ...], now: datetime
    ) -> PromiseStanding:
        promise = self._promises[name]
        return promise_standing(
            promise,
            self._verdicts(name),
            self._agreed_days(name),
            proposals=tuple(one for one in proposals if self._spoken[one].annotation.target == OnPromise(name)),
            touched_in=last_touch(promise.evidence, shown, self._turns),
            zone=self._record.local_zone,
            now=now,
        )

    def _is_kept(self, name: str) -> bool:
        said = (one for one in reversed(self._said_kept[name]) if one.item.number not in self._withdrawn)
        last = next(said, None)
        return last is not None and last.annotation.act is Act.KEPT

    def _verdicts(self, name: str) -> list[Verdict]:
        return [
            Verdict(one.item.number, one.annotation.act is Act.KEPT)
            for one in self._said_kept[name]
            if one.item.number not in self._withdrawn
        ]

    def _agreed_days(self, name: str) -> list[AgreedDay]:
        days = []
        for one in self._days[name]:
            accepted_in = self._accepted_in(one.item.number)
            if one.annotation.day is not None and accepted_in is not None and one.item.number not in self._withdrawn:
                days.append(AgreedDay(accepted_in, one.annotation.day))
        return days


def _version_text(annotation: Annotation) -> str | None:
    """The words of a version; None where a side says only that it was otherwise, or of no statement."""
    if not isinstance(annotation.target, OnStatement):
        return None
    if isinstance(annotation.correction, NewSentence):
        return annotation.correction.text.strip()
    return annotation.text
