"""What happened to calls, kept for the systems that want to be told: the outbox of events.

An event is written in the transaction of what it tells of, with one delivery for each endpoint that wants it: it is
there if and only if that happened. Who tells them is ``worker.courier``, by ``worker.record.deliveries``. An event's id
never changes: receivers know by it what they have seen, at each try and each replay.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from worker.core.errors import NotFound
from worker.core.events import Event, EventType
from worker.record.database import Database
from worker.record.endpoints import WANTS, Endpoints
from worker.record.ids import new_id
from worker.record.tables.base import Instant
from worker.record.tables.calls import calls
from worker.record.tables.events import deliveries, endpoints, events, rounds
from worker.record.upsert import insert_of, insert_once

RANDOM_LETTERS = 10
TOLD_AT_ONCE = 1000  # parameters of one statement
FORGOTTEN_AT_ONCE = 1000  # rows in one transaction, for which others wait


@dataclass(frozen=True)
class StoredEvent:
    """One event. ``type`` may be of a newer version; ``external_id`` is the sender's own id of the call, ``sender``
    whose call it is: empty where it happened to no one call."""

    id: str
    type: str
    at: datetime
    call_id: str | None
    external_id: str | None
    sender: str
    says: Mapping[str, str]


@dataclass(frozen=True)
class Told:
    """An event with how many endpoints have it, how many it waits for, and for how many it was given up."""

    event: StoredEvent
    delivered: int
    waiting: int
    given_up: int


class Events:
    """The events of one installation. Safe to share between threads, as the database under it is."""

    def __init__(self, database: Database, known: Endpoints) -> None:
        self._database = database
        self.endpoints = known

    def tell_in(self, connection: sa.Connection, happened: Sequence[Event]) -> None:
        """Keeps events within the transaction of what they tell of. Own recordings of calls have none."""
        for start in range(0, len(happened), TOLD_AT_ONCE):
            rows = [
                {
                    "event_id": _new_id(one.at),
                    "event_type": one.type.value,
                    "event_at": one.at,
                    "event_call": one.call_id,
                    "event_says": json.dumps(dict(one.says), ensure_ascii=False),
                }
                for one in happened[start : start + TOLD_AT_ONCE]
            ]
            for keep, some in (
                (_KEEP, [row for row in rows if row["event_call"] is not None]),
                (_KEEP_WITHOUT_CALL, [row for row in rows if row["event_call"] is None]),
            ):
                if some:
                    connection.execute(keep, some)
            connection.execute(_TELL, {"ids": [row["event_id"] for row in rows]})

    def list(self, *, call_id: str | None = None, kind: EventType | None = None, limit: int = 50) -> tuple[Told, ...]:
        """The events kept, the newest first; of one call or one type only, where it is given."""
        of_it = sa.select(sa.func.count()).select_from(deliveries).where(deliveries.c.event_id == events.c.id)
        is_over, is_delivered = deliveries.c.ended_at.is_not(None), deliveries.c.is_delivered
        counts = (
            of_it.where(is_over, is_delivered).scalar_subquery().label("delivered"),
            of_it.where(~is_over).scalar_subquery().label("waiting"),
            of_it.where(is_over, ~is_delivered).scalar_subquery().label("given_up"),
        )
        select: sa.Select[Any] = sa.select(*event_columns(), *counts).outerjoin_from(
            events, calls, calls.c.id == events.c.call_id
        )
        if call_id is not None:
            select = select.where(events.c.call_id == call_id)
        if kind is not None:
            select = select.where(events.c.type == kind.value)
        with self._database.reading() as connection:
            rows = connection.execute(select.order_by(events.c.id.desc()).limit(limit)).all()
        return tuple(Told(stored_event(row), row.delivered, row.waiting, row.given_up) for row in rows)

    def replay(
        self,
        *,
        now: datetime,
        since: datetime | None = None,
        event_ids: Collection[str] | None = None,
        endpoint: str | None = None,
        kind: EventType | None = None,
    ) -> int:
        """Lets events be told again, under their own ids, to the endpoints that want them; how many tellings that is.

        Events since an instant, or those with these ids; to one endpoint alone or of one type, where it is given. What
        is being sent just now is left alone. Raises NotFound for an id that is not kept, and for no such endpoint.
        """
        which = WANTS
        if since is not None:
            which &= events.c.id >= _first_id(since)
        if event_ids is not None:
            self._check_kept(event_ids)
            which &= events.c.id.in_(event_ids)
        if endpoint is not None:
            which &= endpoints.c.id == self.endpoints.find(endpoint).id
        if kind is not None:
            which &= events.c.type == kind.value
        wanted = _wanted(due_at=sa.literal(now, Instant)).where(which)
        with self._database.writing() as connection:
            again = insert_of(connection, deliveries).from_select(_DELIVERY, wanted)
            again = again.on_conflict_do_update(
                index_elements=["endpoint_id", "event_id"],
                set_={"due_at": now, "tries": 0, "ended_at": None, "is_delivered": sa.false()},
                where=deliveries.c.held_by.is_(None),
            )
            # Not asked for, the number of rows inserted is told by SQLite alone.
            return connection.execute(again.execution_options(preserve_rowcount=True)).rowcount

    def _check_kept(self, event_ids: Collection[str]) -> None:
        with self._database.reading() as connection:
            kept = set(connection.execute(sa.select(events.c.id).where(events.c.id.in_(event_ids))).scalars())
        if set(event_ids) - kept:
            raise NotFound("There is no such event, or it is not kept any more. `onrecord events list` shows them.")

    def changed_since(self, since: datetime | None, kinds: Collection[EventType]) -> tuple[str, ...]:
        """The calls to which any of this happened since then; since ever, as far as it is kept, for None."""
        select = sa.select(calls.c.id).join_from(calls, events, events.c.call_id == calls.c.id).distinct()
        select = select.where(events.c.type.in_([one.value for one in kinds]))
        if since is not None:
            select = select.where(events.c.id >= _first_id(since))
        with self._database.reading() as connection:
            return tuple(connection.execute(select).scalars())

    def forget(self, *, before: datetime) -> int:
        """Removes events of before this instant that wait for nobody, with how they were told; how many."""
        is_waiting = sa.exists().where(deliveries.c.event_id == events.c.id, deliveries.c.ended_at.is_(None))
        select = sa.select(events.c.id).where(events.c.id < _first_id(before), ~is_waiting).limit(FORGOTTEN_AT_ONCE)
        forgotten = 0
        while True:
            with self._database.writing() as connection:
                old = connection.execute(select.with_for_update()).scalars().all()
                connection.execute(sa.delete(deliveries).where(deliveries.c.event_id.in_(old)))
                connection.execute(sa.delete(events).where(events.c.id.in_(old)))
            forgotten += len(old)
            if len(old) < FORGOTTEN_AT_ONCE:
                return forgotten

    # Rounds: what one process at a time does every now and then

    def begin_round(self, name: str, *, every: timedelta, now: datetime) -> bool:
        """Whether this round is due and this caller's to make; of all who ask at once, one is told so."""
        # One that is due later than the next can be was put there by a clock that was ahead.
        is_due = (rounds.c.due_at <= now) | (rounds.c.due_at > now + 2 * every)
        with self._database.reading() as connection:
            known = connection.execute(sa.select(is_due).where(rounds.c.name == name)).scalar()
        if known is not None and not known:
            return False
        with self._database.writing() as connection:
            insert_once(connection, rounds, {"name": name, "due_at": now})
            mine = sa.update(rounds).where(rounds.c.name == name, is_due).values(due_at=now + every)
            return connection.execute(mine).rowcount == 1

    def seen_until(self, name: str) -> datetime | None:
        """What the last such round had looked at; None where there was none that ended well."""
        with self._database.reading() as connection:
            return connection.execute(sa.select(rounds.c.seen_until).where(rounds.c.name == name)).scalar()

    def round_again(self, name: str, *, at: datetime) -> None:
        """Lets a round that did not end well be made again at an instant."""
        with self._database.writing() as connection:
            connection.execute(sa.update(rounds).where(rounds.c.name == name).values(due_at=at))

    def end_round(self, name: str, *, seen_until: datetime) -> None:
        """Notes that a round ended well."""
        with self._database.writing() as connection:
            connection.execute(sa.update(rounds).where(rounds.c.name == name).values(seen_until=seen_until))


def event_columns() -> tuple[sa.ColumnElement[Any], ...]:
    """What ``stored_event`` reads of events and their calls."""
    return (*events.c, calls.c.external_id, calls.c.sender)


def stored_event(row: sa.Row[Any]) -> StoredEvent:
    """An event from its row."""
    sender, says = row.sender or "", json.loads(row.says)
    return StoredEvent(row.id, row.type, row.at, row.call_id, row.external_id or None, sender, says)


def _first_id(at: datetime) -> str:
    """Where the ids of this instant begin: its microseconds since 1970, in as many digits until the year 2112."""
    return f"evt_{int(at.astimezone(UTC).timestamp() * 1_000_000):013x}"


def _new_id(at: datetime) -> str:
    return _first_id(at) + new_id(RANDOM_LETTERS)


_DELIVERY = ("endpoint_id", "event_id", "call_id", "due_at", "tries", "is_delivered")


_CALL_OR_NONE = sa.func.coalesce(events.c.call_id, "")


def _wanted(*, due_at: sa.ColumnElement[datetime]) -> sa.Select[Any]:
    """A delivery for each endpoint and each event."""
    return (
        sa.select(endpoints.c.id, events.c.id, _CALL_OR_NONE, due_at, sa.literal(0), sa.false())
        .select_from(events)
        .outerjoin(calls, calls.c.id == events.c.call_id)
        .join(endpoints, sa.true())
    )


_KEEP = sa.insert(events).from_select(
    ["id", "type", "at", "call_id", "says"],
    sa.select(
        sa.bindparam("event_id", type_=events.c.id.type),
        sa.bindparam("event_type", type_=events.c.type.type),
        sa.bindparam("event_at", type_=Instant),
        calls.c.id,
        sa.bindparam("event_says", type_=sa.Text),
    ).where(calls.c.id == sa.bindparam("event_call"), calls.c.own_recording_of.is_(None)),
)
_KEEP_WITHOUT_CALL = sa.insert(events).values(
    id=sa.bindparam("event_id"),
    type=sa.bindparam("event_type"),
    at=sa.bindparam("event_at"),
    call_id=sa.null(),
    says=sa.bindparam("event_says"),
)
_TELL = sa.insert(deliveries).from_select(
    _DELIVERY, _wanted(due_at=events.c.at).where(WANTS, events.c.id.in_(sa.bindparam("ids", expanding=True)))
)
