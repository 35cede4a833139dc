"""Requests as they are read: from their rows, with what is sealed, the clock, and what each waits for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from worker.core.errors import Invalid, NotFound
from worker.core.log.entry import EntryKind
from worker.core.requests.clock import Calendar, Clock, due
from worker.core.requests.rules import Standing, blocks
from worker.core.requests.values import CameBy, Ground, RequestKind, RequestState
from worker.record.database import Database
from worker.record.events import Events
from worker.record.ids import as_meant
from worker.record.log import Log
from worker.record.people import People
from worker.record.requests.sealing import Sealer
from worker.record.requests.values import Request
from worker.record.tables.log import entries
from worker.record.tables.requests import request_calls, requests

IsHeld = Callable[[sa.Connection, Collection[str]], frozenset[str]]
"""Which of these calls are on legal hold."""


def held_by_nobody(_connection: sa.Connection, _call_ids: Collection[str]) -> frozenset[str]:
    """No call is on hold."""
    return frozenset()


class Reading:
    """What is read of requests."""

    def __init__(
        self, database: Database, log: Log, people: People, events: Events, master: bytes, calendar: Calendar
    ) -> None:
        self._database, self._log, self._people, self._events = database, log, people, events
        self._sealer = Sealer(master)
        self.calendar = calendar
        self.is_held: IsHeld = held_by_nobody

    def get(self, request_id: str, *, now: datetime) -> Request:
        """The request with this id. Raises NotFound."""
        found = self._found(requests.c.id == request_id, now)
        if not found:
            raise no_such()
        return found[0]

    def find(self, request_id: str, *, now: datetime) -> Request:
        """The same for who types as much of the id as is unique. Raises Invalid where several begin with it."""
        beginning = as_meant(request_id)
        found = self._found(requests.c.id.startswith(beginning, autoescape=True), now) if beginning else ()
        if len(found) > 1:
            raise Invalid("Several requests begin with this id. Give more of its letters.")
        if not found:
            raise no_such()
        return found[0]

    def _found(self, which: sa.ColumnElement[bool], now: datetime) -> tuple[Request, ...]:
        with self._database.reading() as connection:
            return self._read(connection, sa.select(requests).where(which).limit(2), now)

    def _read(self, connection: sa.Connection, select: sa.Select[Any], now: datetime) -> tuple[Request, ...]:
        """Requests with what each waits for, in the order of the rows."""
        rows = connection.execute(select).all()
        of_request: dict[str, list[str]] = defaultdict(list)
        which = request_calls.c.request_id.in_([row.id for row in rows])
        for row in connection.execute(
            sa.select(request_calls).where(which).order_by(request_calls.c.request_id, request_calls.c.call_id)
        ):
            of_request[row.request_id].append(row.call_id)
        concerned = {call_id for call_ids in of_request.values() for call_id in call_ids}
        ready, held = _ready(connection, concerned), self.is_held(connection, concerned)
        return tuple(self._request(row, tuple(of_request[row.id]), ready, held, now) for row in rows)

    def _request(
        self, row: sa.Row[Any], calls: tuple[str, ...], ready: Collection[str], held: Collection[str], now: datetime
    ) -> Request:
        clock = Clock(row.received_at, row.proof_asked_at, row.proved_at, row.more_months, row.extended_at)
        details = self._sealer.details(row.id, row.sealed)
        standing = Standing(
            kind=RequestKind(row.kind),
            is_paused=clock.is_paused,
            calls=len(calls),
            is_ready=all(one in ready for one in calls),
            has_places=bool(details.places),
            is_reviewed=row.reviewed_at is not None,
            has_package=row.package is not None,
            has_failed=row.failure is not None,
            is_held=any(one in held for one in calls),
        )
        state = RequestState(row.state)
        return Request(
            id=row.id,
            kind=standing.kind,
            came_by=CameBy(row.came_by),
            state=state,
            person=row.person_id,
            call_id=row.call_id,
            calls=calls,
            received_at=row.received_at,
            clock=clock,
            due=due(clock, self.calendar, now=row.ended_at or now),
            blocks=blocks(standing) if state is RequestState.OPEN else (),
            is_reviewed=standing.is_reviewed,
            package=row.package,
            failure=row.failure,
            ground=None if row.ground is None else Ground(row.ground),
            ended_at=row.ended_at,
            details=details,
            is_looked_through=row.looked_at is not None,
        )


def _ready(connection: sa.Connection, call_ids: Collection[str]) -> frozenset[str]:
    made = sa.select(entries.c.call_id).where(entries.c.call_id.in_(call_ids), entries.c.kind == EntryKind.MADE)
    return frozenset(connection.execute(made.distinct()).scalars())


def no_such() -> NotFound:
    """What is raised where there is none."""
    return NotFound("There is no such request. `onrecord requests list` shows which there are.")
