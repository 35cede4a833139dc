"""What is still open in a call, and the few lines that a list shows of it.

A promise that was not kept, or not yet, a sentence that is disputed, a question without an answer, a proposal that
waits for the other side, an ending that left the matter open. Homes, the agent's desk and the look before the next call
all read it here. Nothing here depends on what time it is: whether a promise is late is asked when it is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from worker.core.call import Party
from worker.core.dialogue.lateness import late_from
from worker.core.dialogue.state import Agreement, Dialogue, PromiseStanding, PromiseState, Said, SaidState
from worker.core.dialogue.values import ROLES, Act, Correction, NewSentence, OnPromise, OnWords, WholeCall
from worker.core.log.entry import Role
from worker.core.record import CallRecord
from worker.core.summary import Commitment, Due, EndState

OTHER_SIDE = {Role.AGENT: Role.CUSTOMER, Role.CUSTOMER: Role.AGENT}


class MatterKind(StrEnum):
    """What kind of thing is open."""

    PROMISE = "promise"
    DISPUTE = "dispute"
    QUESTION = "question"
    PROPOSAL = "proposal"  # a correction, or another day for a promise
    ENDING = "ending"  # the call itself ended without its matter being settled


SPOKEN = (MatterKind.DISPUTE, MatterKind.QUESTION, MatterKind.PROPOSAL)
"""What waits for a side to say something, and not for something to be done."""


@dataclass(frozen=True)
class Matter:
    """One thing that is open in a call.

    ``by`` is who promised, disputed, asked or proposed, and ``to`` whom it is about or waits for: None where that is
    not known, or both sides. ``place`` is where it stands on the record's page: the id of a promise or statement,
    "entry-7", or nothing for the whole call. ``text`` is what was promised, disputed, asked or proposed, and empty
    where there are no words to it. ``late_from`` is the instant from which a promise is late, in UTC; None where no
    time was said, and for everything else. ``due`` is of a promise, ``day`` of a proposal of another one.
    ``is_broken``: the one it was promised to says that it was not kept.
    """

    kind: MatterKind
    place: str
    text: str
    by: Role | None
    by_name: str | None
    to: Role | None
    since: datetime | None
    due: Due | None = None
    late_from: datetime | None = None
    correction: Correction | None = None
    day: date | None = None
    is_broken: bool = False

    @property
    def is_disputed(self) -> bool:
        """Whether two versions of something stand against each other."""
        return self.kind is MatterKind.DISPUTE or isinstance(self.correction, NewSentence)

    def is_late(self, now: datetime) -> bool:
        """Whether its time has passed."""
        return self.late_from is not None and now >= self.late_from

    def waits_for(self, side: Role) -> bool:
        """Whether this side is the one to speak: to answer, to decide, to agree on a version."""
        return self.kind in SPOKEN and self.by is not side and self.to in (side, None)


@dataclass(frozen=True)
class Gist:
    """What a list shows of a call, so that it need not open the whole record.

    ``headline`` None: nothing was said that could be one. ``zone`` is the name of the call's own, where it is known.
    ``matters`` are in the order of ``by_due``.
    """

    headline: str | None
    started_at: datetime | None
    zone: str | None
    duration_s: float
    agent: str | None
    customer: str | None
    ending: EndState
    matters: tuple[Matter, ...]

    def in_its_zone(self, instant: datetime) -> datetime:
        """An instant as the clocks showed it where the call took place."""
        if self.zone is not None:
            return instant.astimezone(ZoneInfo(self.zone))
        return instant.astimezone(self.started_at.tzinfo) if self.started_at is not None else instant


def gist_of(record: CallRecord, dialogue: Dialogue) -> Gist:
    """The gist of a call whose record is made."""
    headline = record.summary.headline
    shown = dialogue.statements.get(headline.id) if headline is not None else None
    return Gist(
        headline=shown.shown if shown is not None else None,
        started_at=record.started_at,
        zone=record.zone,
        duration_s=record.recording.duration_s,
        agent=_name(record, Party.AGENT),
        customer=_name(record, Party.CUSTOMER),
        ending=record.summary.ending.state,
        matters=open_matters(record, dialogue),
    )


def open_matters(record: CallRecord, dialogue: Dialogue) -> tuple[Matter, ...]:
    """Everything that is open in a call, in the order of ``by_due``."""
    by_number = {said.number: said for said in dialogue.said}
    return by_due(
        (
            *_promises(record, dialogue),
            *_disputes(dialogue),
            *(_question(by_number[number]) for number in dialogue.open_questions),
            *(_proposal(by_number[number], record) for number in dialogue.open_proposals),
            *_ending(record, dialogue),
        )
    )


def by_due(matters: Iterable[Matter]) -> tuple[Matter, ...]:
    """What is due first comes first; what has no time comes last, what is open longest before the rest."""
    never = datetime.max.replace(tzinfo=UTC)
    return tuple(sorted(matters, key=lambda one: (one.late_from or never, one.since or never)))


def _promises(record: CallRecord, dialogue: Dialogue) -> Iterator[Matter]:
    for one in record.summary.commitments:
        standing = dialogue.promises[one.id]
        if standing.state is PromiseState.KEPT:
            continue
        due = _due_now(one, standing)
        yield Matter(
            kind=MatterKind.PROMISE,
            place=one.id,
            text=one.what,
            by=ROLES.get(one.promisor),
            by_name=_name(record, one.promisor),
            to=ROLES.get(one.beneficiary),
            since=record.started_at,
            due=due,
            late_from=late_from(due, record.local_zone),
            is_broken=standing.state is PromiseState.NOT_KEPT,
        )


def _due_now(promise: Commitment, standing: PromiseStanding) -> Due | None:
    """Until when it is promised now: another day that both sides agreed on takes the place of the first one."""
    if standing.day is None:
        return promise.due
    return Due(promise.due.words if promise.due else "", standing.day)


def _disputes(dialogue: Dialogue) -> Iterator[Matter]:
    for place, state in dialogue.statements.items():
        put = [version for version in state.versions if version.role in OTHER_SIDE]
        # Another version that waits for an answer stands among the proposals, with its words.
        is_proposed = bool(put) and all(version.number in dialogue.open_proposals for version in put)
        if state.agreement is Agreement.DISPUTED and not is_proposed:
            yield _dispute(place, state.shown, [(one.role, one.by, one.at) for one in put])
    if dialogue.call is Agreement.DISPUTED:
        of_call = [one for one in dialogue.said if isinstance(one.annotation.target, WholeCall)]
        yield _dispute("", "", [(one.actor.role, one.by, one.at) for one in of_call if _is_standing_dispute(one)])
    for said in dialogue.said:
        if _is_standing_dispute(said) and isinstance(said.annotation.target, OnWords):
            yield _dispute(f"entry-{said.number}", said.annotation.target.quote, [(said.actor.role, said.by, said.at)])


def _is_standing_dispute(said: Said) -> bool:
    return said.annotation.act is Act.DISPUTE and said.state is SaidState.STANDS


def _dispute(place: str, text: str, put: list[tuple[Role | None, str | None, datetime | None]]) -> Matter:
    """A dispute is brought by the side that put another version; where both did, or none is left, by neither alone."""
    sides = {role for role, _, _ in put}
    by = sides.pop() if len(sides) == 1 else None
    return Matter(
        kind=MatterKind.DISPUTE,
        place=place,
        text=text,
        by=by,
        by_name=put[0][1] if by is not None else None,
        to=OTHER_SIDE.get(by) if by is not None else None,
        since=min((at for _, _, at in put if at is not None), default=None),
    )


def _question(said: Said) -> Matter:
    return _waiting(MatterKind.QUESTION, said, said.annotation.text or "")


def _proposal(said: Said, record: CallRecord) -> Matter:
    """What is proposed; of another day for a promise, ``text`` is what was promised."""
    target = said.annotation.target
    promised = [one.what for one in record.summary.commitments if isinstance(target, OnPromise) and one.id == target.id]
    if isinstance(target, OnWords):
        return _waiting(MatterKind.PROPOSAL, said, target.quote)
    return _waiting(MatterKind.PROPOSAL, said, promised[0] if promised else "")


def _waiting(kind: MatterKind, said: Said, text: str) -> Matter:
    return Matter(
        kind=kind,
        place=f"entry-{said.number}",
        text=text,
        by=said.actor.role,
        by_name=said.by,
        to=OTHER_SIDE.get(said.actor.role),
        since=said.at,
        correction=said.annotation.correction,
        day=said.annotation.day,
    )


def _ending(record: CallRecord, dialogue: Dialogue) -> Iterator[Matter]:
    """A call that ended open stays so until everything that was promised in it was kept."""
    ending = record.summary.ending
    standings = [dialogue.promises[one.id].state for one in record.summary.commitments]
    is_settled = bool(standings) and all(state is PromiseState.KEPT for state in standings)
    if ending.state is EndState.OPEN and not is_settled:
        yield Matter(
            kind=MatterKind.ENDING,
            place="",
            text=ending.evidence[0].quote,
            by=None,
            by_name=None,
            to=None,
            since=record.started_at,
        )


def _name(record: CallRecord, party: Party) -> str | None:
    """The name of a side, where there is just one of it and it has one."""
    names = {part.name for part in record.parties if part.party is party}
    return names.pop() if len(names) == 1 else None
