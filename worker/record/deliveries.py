"""Telling endpoints of events, as the couriers of all processes do it: each telling by one of them at a time.

Who takes a delivery holds it by putting off when it is due. So one that a killed courier held is due again by itself a
minute later, and is told again under the same id: at least once, never not at all. Of one call and to one endpoint, an
event that was not tried yet goes before those after it; one that waits to be tried again holds nobody up.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from worker.core.events import LONGEST_WAIT
from worker.record.database import Database
from worker.record.endpoints import Destination, Disabled, Endpoints, disable_in
from worker.record.events import StoredEvent, event_columns, stored_event
from worker.record.ids import new_id
from worker.record.tables.calls import calls
from worker.record.tables.events import IS_OPEN, deliveries, endpoints, events


@dataclass(frozen=True)
class Delivery:
    """One event that is to be told to one endpoint now. ``tries`` have failed before; ``held_by`` names this try."""

    endpoint: str
    destination: Destination
    event: StoredEvent
    tries: int
    held_by: str


class Deliveries:
    """What is still to be told, of one installation. Every method raises Unavailable if the database is away."""

    def __init__(self, database: Database, known: Endpoints) -> None:
        self._database, self._endpoints = database, known

    def due(self, *, now: datetime) -> tuple[str, ...]:
        """The ids of the endpoints for which something is due."""
        mine = (deliveries.c.endpoint_id == endpoints.c.id) & IS_OPEN & (deliveries.c.due_at <= now)
        select = sa.select(endpoints.c.id).where(endpoints.c.disabled_at.is_(None), sa.exists().where(mine))
        with self._database.reading() as connection:
            return tuple(connection.execute(select).scalars())

    def take(self, endpoint: str, *, lease_s: float, now: datetime) -> Delivery | None:
        """What is to be told to an endpoint next, which is then this caller's for so long; None if nothing is due."""
        earlier = deliveries.alias()
        is_held_up = sa.exists().where(
            earlier.c.endpoint_id == deliveries.c.endpoint_id,
            earlier.c.call_id == deliveries.c.call_id,
            earlier.c.event_id < deliveries.c.event_id,
            earlier.c.ended_at.is_(None),
            earlier.c.tries == 0,
        )
        select: sa.Select[Any] = (
            sa.select(*event_columns(), deliveries.c.tries, endpoints.c.sealed_key, endpoints.c.sealed)
            .select_from(deliveries)
            .join(endpoints, endpoints.c.id == deliveries.c.endpoint_id)
            .join(events, events.c.id == deliveries.c.event_id)
            .outerjoin(calls, calls.c.id == events.c.call_id)
            .where(deliveries.c.endpoint_id == endpoint, IS_OPEN, deliveries.c.due_at <= now)
            .where(endpoints.c.disabled_at.is_(None), ~is_held_up)
            .order_by(deliveries.c.due_at, deliveries.c.event_id)
            .limit(1)
            .with_for_update(of=deliveries, skip_locked=True)
        )
        held_by = new_id()
        with self._database.writing() as connection:
            row = connection.execute(select).one_or_none()
            if row is None:
                return None
            taking = {"due_at": now + timedelta(seconds=lease_s), "held_by": held_by}
            connection.execute(sa.update(deliveries).where(_is(endpoint, row.id)).values(taking))
        destination = self._endpoints.open(endpoint, row.sealed_key, row.sealed)
        return Delivery(endpoint, destination, stored_event(row), row.tries, held_by)

    def delivered(self, one: Delivery, *, now: datetime) -> None:
        """The endpoint has it; true also where another courier has taken it over meanwhile."""
        ended = {"ended_at": now, "is_delivered": True, "held_by": None}
        well = {"failing_since": None, "last_failure": None}
        with self._database.writing() as connection:
            # The endpoint first, as whoever disables it does: none wait in a ring.
            was_failing = (endpoints.c.id == one.endpoint) & endpoints.c.failing_since.is_not(None)
            connection.execute(sa.update(endpoints).where(was_failing).values(well))
            connection.execute(sa.update(deliveries).where(_is(one.endpoint, one.event.id)).values(ended))

    def failed(self, one: Delivery, why: str, *, again_at: datetime | None, now: datetime) -> None:
        """The endpoint does not have it: it is tried again at this instant, or given up where there is none.

        ``why`` is shown to operators and says nothing of the address: the status of the answer, the type of an error.
        """
        changed: dict[str, object] = {"tries": one.tries + 1, "held_by": None}
        changed |= {"ended_at": now} if again_at is None else {"due_at": again_at}
        with self._database.writing() as connection:
            failing = {"failing_since": sa.func.coalesce(endpoints.c.failing_since, now), "last_failure": why}
            connection.execute(sa.update(endpoints).where(endpoints.c.id == one.endpoint).values(failing))
            connection.execute(sa.update(deliveries).where(_is_mine(one)).values(changed))

    def gone(self, one: Delivery, *, now: datetime) -> None:
        """The endpoint wants nothing more: it is disabled, and what waits for it is given up."""
        with self._database.writing() as connection:
            disable_in(connection, one.endpoint, Disabled.GONE, now=now)

    def mend_clocks(self, *, now: datetime) -> None:
        """Makes due what a courier whose clock was far ahead has put off further than anything ever is."""
        too_far = sa.update(deliveries).where(IS_OPEN, deliveries.c.due_at > now + LONGEST_WAIT * 2)
        with self._database.writing() as connection:
            connection.execute(too_far.values(due_at=now, held_by=None))


def _is(endpoint: str, event: str) -> sa.ColumnElement[bool]:
    return (deliveries.c.endpoint_id == endpoint) & (deliveries.c.event_id == event)


def _is_mine(one: Delivery) -> sa.ColumnElement[bool]:
    return _is(one.endpoint, one.event.id) & (deliveries.c.held_by == one.held_by)
