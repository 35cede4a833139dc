"""What the parts of ``store.requests`` share: how a request is held, changed, and told of."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from worker.core.events import Event, EventType
from worker.core.log.entry import SYSTEM
from worker.core.requests.clock import Clock, due
from worker.core.requests.rules import check_may, check_open, is_told
from worker.core.requests.values import (
    HANDED_OVER,
    By,
    CameBy,
    Ground,
    Requested,
    RequestState,
    Step,
)
from worker.record.log.append import draft
from worker.record.requests.reading import Reading, no_such
from worker.record.requests.sealing import Said
from worker.record.requests.values import Details, Request
from worker.record.tables.calls import calls
from worker.record.tables.requests import IS_OPEN, request_calls, request_steps, requests

MACHINE = By(SYSTEM)

LETTERS = frozenset(
    {
        Step.ASKED,
        Step.PROOF_ASKED,
        Step.PROVED,
        Step.EXTENDED,
        Step.ANSWERED,
        Step.REFUSED,
        Step.LIFTING_TOLD,
        Step.WITHDRAWN,
    }
)
"""Of what the asker is written."""

NOT_FOR_RECORDS = frozenset({Step.ASKED_AGAIN, Step.FAILED, Step.DUE_TOLD, Step.PACKAGE_ASKED, Step.STATEMENT_ADDED})
"""What the records of the calls are not told: it changes nothing for their readers, or stands there already."""

SHOWN_WHY = frozenset({Step.EXTENDED, Step.REFUSED, Step.LIFTING_TOLD})
"""Where the desk's reason stands in the records, which both sides read; what the asker wrote does not."""


@dataclass
class Change:
    """One request in somebody's hands, held to the end of the transaction. What is in ``values`` is written then."""

    connection: sa.Connection
    request: Request
    values: dict[str, object]
    now: datetime

    def of(self, **values: object) -> None:
        """Writes these columns at the end."""
        self.values |= values


class Kept(Reading):
    """How a request is changed, and who is told of what happens to it."""

    @contextmanager
    def _changing(
        self, request_id: str, *, now: datetime, step: Step | None = None, by: By = MACHINE
    ) -> Iterator[Change]:
        """An open request, held until the block ends, and written then. Raises NotFound, Invalid once it has ended, and
        NotAllowed for who may not take the step."""
        with self._database.writing() as connection:
            select = sa.select(requests).where(requests.c.id == request_id).with_for_update()
            found = self._read(connection, select, now)
            if not found:
                raise no_such()
            if step is not None:
                check_may(step, by.actor.role)
            check_open(found[0].state)
            change = Change(connection, found[0], {}, now)
            yield change
            self._write(change)

    def _write(self, change: Change) -> None:
        if change.values:
            this = sa.update(requests).where(requests.c.id == change.request.id)
            change.connection.execute(this.values(change.values))

    def _details(self, change: Change, **told: object) -> None:
        """Changes what is sealed."""
        details: Details = replace(change.request.details, **told)  # type: ignore[arg-type]  # by the names of its fields
        change.request = replace(change.request, details=details)
        change.of(sealed=self._sealer.seal_details(change.request.id, details))

    def _clock(self, change: Change, clock: Clock) -> None:
        """Changes what the clock has seen, and with it the due day, of which everything is told anew."""
        found = due(clock, self.calendar, now=change.now)
        change.request = replace(change.request, clock=clock, due=found)
        change.of(
            proof_asked_at=clock.proof_asked_at,
            proved_at=clock.proved_at,
            more_months=clock.more_months,
            extended_at=clock.extended_at,
            due_at=None if found.is_paused else found.ends_at,
            told=None,
        )

    def _end(self, change: Change, state: RequestState, **told: object) -> None:
        change.request = replace(change.request, state=state, ended_at=change.now)
        change.of(state=state, ended_at=change.now, failure=None, **told)

    def _step(self, change: Change, step: Step, by: By, text: str | None = None, ground: Ground | None = None) -> None:
        """Notes what happened: in the history, in the records of the calls concerned, for the asker and for others."""
        one, connection = change.request, change.connection
        number = self._next_number(connection, one.id)
        due_day = None if one.due.is_paused else one.due.day
        row = {
            "request_id": one.id,
            "number": number,
            "at": change.now,
            "step": step,
            "role": by.actor.role,
            "person": by.actor.person,
            "is_to_write": self._is_to_write(one, step),
            "sealed": self._sealer.seal_said(one.id, number, Said(by.name, text, due_day)),
        }
        connection.execute(sa.insert(request_steps).values(row))
        if not is_told(one.came_by, is_proved=one.clock.proved_at is not None):
            return
        if step not in NOT_FOR_RECORDS:
            shown = text if step in SHOWN_WHY else None
            content = Requested(one.id, one.kind, step, one.came_by, due_day, shown, ground)
            drafts = [draft(call_id, by.actor, content, by.name) for call_id in _not_erased(connection, one.calls)]
            if drafts:
                self._log.append_in(connection, *drafts)
        self._tell(change, step)

    def _is_to_write(self, one: Request, step: Step) -> bool:
        if one.details.address is None or step not in LETTERS:
            return False
        # By the page for everybody a code goes there first, and nothing more until it came back.
        return is_told(one.came_by, is_proved=one.clock.proved_at is not None)

    def _tell(self, change: Change, step: Step) -> None:
        one = change.request
        received = step is Step.ASKED or (step is Step.PROVED and one.came_by is CameBy.PUBLIC)
        ended = step in (Step.ANSWERED, Step.REFUSED)
        if received or ended:
            kind = EventType.REQUEST_RECEIVED if received else EventType.REQUEST_ANSWERED
            self._events.tell_in(change.connection, [event_of(one, kind, change.now)])

    def _next_number(self, connection: sa.Connection, request_id: str) -> int:
        last = sa.select(sa.func.max(request_steps.c.number)).where(request_steps.c.request_id == request_id)
        number = connection.execute(last).scalar()
        return 0 if number is None else number + 1

    def _concern(self, change: Change, call_ids: Sequence[str]) -> None:
        """The request concerns these calls, and no others."""
        one = change.request
        this = request_calls.c.request_id == one.id
        change.connection.execute(sa.delete(request_calls).where(this))
        calls = tuple(sorted(set(call_ids)))
        if calls:
            rows = [{"request_id": one.id, "call_id": call_id} for call_id in calls]
            change.connection.execute(sa.insert(request_calls), rows)
        change.request = replace(one, calls=calls)


def event_of(one: Request, kind: EventType, now: datetime, **more: str) -> Event:
    """What other systems are told of a request: nothing that anybody wrote."""
    says = {"request": one.id, "kind": one.kind.value, "came_by": one.came_by.value, "state": one.state.value}
    says |= {} if one.due.is_paused else {"due": one.due.day.isoformat()}
    return Event(kind, one.call_id, now, says | more)


def is_handed_over(one: Request) -> bool:
    """Whether it is answered by handing something over."""
    return one.kind in HANDED_OVER


def open_of_call(call_id: str) -> sa.ColumnElement[bool]:
    """Open requests that concern a call, and of which records are told."""
    concerns = sa.exists().where(request_calls.c.request_id == requests.c.id, request_calls.c.call_id == call_id)
    return IS_OPEN & concerns & ((requests.c.came_by != CameBy.PUBLIC) | requests.c.proved_at.is_not(None))


def _not_erased(connection: sa.Connection, call_ids: Collection[str]) -> tuple[str, ...]:
    """Of a call that was erased the record says that, and nothing more comes after it."""
    which = calls.c.id.in_(call_ids) & calls.c.erased_at.is_(None)
    return tuple(connection.execute(sa.select(calls.c.id).where(which).order_by(calls.c.id)).scalars())
