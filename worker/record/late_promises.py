"""Finding promises whose time has passed, and telling of each once: the events ``promise.late``.

What is late is read from the log as it is then, not from a list that may be behind: between the reading and the telling
the call is held, and if anything was said of it meanwhile, it is read again at the next look.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

import sqlalchemy as sa

from worker.core.errors import NotFound
from worker.core.events import Event, EventType
from worker.core.matters import Gist, Matter, MatterKind
from worker.record.database import Database
from worker.record.events import Events
from worker.record.log.append import lock
from worker.record.matters import THAT_MATTER, Matters
from worker.record.tables.events import promises_told
from worker.record.tables.log import entries
from worker.record.tables.matters import HAS_TIME, open_matters
from worker.record.upsert import insert_once

LOOKED_BACK = timedelta(hours=1)
"""How far before the last look what happened is looked at again: transactions that ended late, clocks that differ."""

READ_AT_ONCE = 200  # calls

_THAT_MATTER = (EventType.RECORD_READY, EventType.RECORD_DISPUTED, EventType.RECORD_ANNOTATED)
"""What may make a promise of a call late, or later: the record itself, another day, a "kept" that was withdrawn."""


class LatePromises:
    """Tells of the late promises of one installation."""

    def __init__(self, database: Database, matters: Matters, events: Events) -> None:
        self._database, self._matters, self._events = database, matters, events

    def tell(self, *, since: datetime | None, now: datetime) -> int:
        """Tells of promises that are late now and were not told of; how many they are.

        ``since`` is when this was done last; None looks at all of them. Any number of processes may do it at once.
        """
        since = None if since is None else min(since, now) - LOOKED_BACK
        told = 0
        found = sorted({*self._now_late(since, now), *self._events.changed_since(since, _THAT_MATTER)})
        for start in range(0, len(found), READ_AT_ONCE):
            some = found[start : start + READ_AT_ONCE]
            sizes = self._sizes(some)
            for call_id, gist in self._matters.gists(some).items():
                if any(_is_late_promise(one, now) for one in gist.matters):
                    told += self._tell(call_id, gist, sizes.get(call_id), now)
        return told

    def _now_late(self, since: datetime | None, now: datetime) -> tuple[str, ...]:
        row = open_matters.c
        select = sa.select(row.call_id).distinct().where(row.kind == MatterKind.PROMISE, HAS_TIME, row.late_from <= now)
        if since is not None:
            select = select.where(row.late_from > since)
        with self._database.reading() as connection:
            return tuple(connection.execute(select).scalars())

    def _sizes(self, call_ids: Collection[str]) -> dict[str, int]:
        """By call, the number of its last entry that could matter."""
        with self._database.reading() as connection:
            return {row.call_id: row.last for row in connection.execute(_last_of(call_ids))}

    def _tell(self, call_id: str, gist: Gist, read_to: int | None, now: datetime) -> int:
        """Tells of the late promises of a call, unless the log has said more of it than was read."""
        with self._database.writing() as connection:
            try:
                lock(connection, [call_id])
            except NotFound:
                return 0
            if connection.execute(_last_of([call_id])).one().last != read_to:
                return 0
            late = [
                one for one in gist.matters if _is_late_promise(one, now) and self._is_new(connection, call_id, one)
            ]
            self._events.tell_in(connection, [_event(call_id, one, now) for one in late])
        return len(late)

    def _is_new(self, connection: sa.Connection, call_id: str, promise: Matter) -> bool:
        row = {"call_id": call_id, "promise": promise.place, "late_from": promise.late_from}
        return insert_once(connection, promises_told, row)


def _is_late_promise(matter: Matter, now: datetime) -> bool:
    return matter.kind is MatterKind.PROMISE and matter.is_late(now)


def _last_of(call_ids: Collection[str]) -> sa.Select[tuple[str, int]]:
    last = sa.func.max(entries.c.number).label("last")
    which = entries.c.call_id.in_(call_ids) & entries.c.kind.in_(THAT_MATTER)
    return sa.select(entries.c.call_id, last).where(which).group_by(entries.c.call_id)


def _event(call_id: str, promise: Matter, now: datetime) -> Event:
    says = {"promise": promise.place}
    says |= {"by": promise.by.value} if promise.by else {}
    says |= {"to": promise.to.value} if promise.to else {}
    says |= {"late_from": promise.late_from.isoformat()} if promise.late_from else {}
    return Event(EventType.PROMISE_LATE, call_id, now, says)
