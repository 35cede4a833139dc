"""Packages in the hands of those who make them: taken under a lease, renewed, and given back made or not.

Each is one worker's at a time over all hosts, by the database's own clock. A worker that was killed loses its lease,
and the next one begins anew; nothing that it made is used, because a package is ready with one change of one row.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from worker.core.errors import NotFound
from worker.core.events import Event, EventType
from worker.core.packages import MOST_TRIES, TRY_AGAIN, PackageState, Protection, Step
from worker.core.requests.values import LeftOut
from worker.record import package_keys
from worker.record.database import Database, now_in
from worker.record.events import Events
from worker.record.ids import new_id
from worker.record.log import Log
from worker.record.tables.packages import package_calls, packages

BROKEN_OFF = "It was broken off each time it was tried. Look at the logs of the workers, then try it again."


@dataclass(frozen=True)
class PackageJob:
    """A package to be made now. ``code`` is what its zip is encrypted with; None where it is not. ``held_by`` names
    this try."""

    id: str
    held_by: str
    call_ids: tuple[str, ...]
    person: str | None
    request: str | None
    language: str
    leave_out: tuple[LeftOut, ...]
    code: str | None
    tries: int


@dataclass(frozen=True)
class Made:
    """The bytes of a package as they lie: their own key, how many they are in the clear, and their SHA-256."""

    key: bytes
    size_bytes: int
    sha256: str


class PackageJobs:
    """What makes packages asks of the database. Every method raises Unavailable."""

    def __init__(self, database: Database, log: Log, events: Events) -> None:
        self._database, self._log, self._events = database, log, events

    def take(self, *, lease_s: float) -> PackageJob | None:
        """The package that waits longest, for this caller alone until the lease ends; None where none is due.

        One whose makers were killed too often is given up here.
        """
        while True:
            with self._database.writing() as connection:
                now = now_in(connection)
                due = sa.select(packages).where(packages.c.due_at <= now).order_by(packages.c.due_at).limit(1)
                row = connection.execute(due.with_for_update(skip_locked=True)).one_or_none()
                if row is None:
                    return None
                mine = sa.update(packages).where(packages.c.id == row.id)
                if row.tries >= MOST_TRIES:
                    self._give_up(connection, row.id, row.request_id, BROKEN_OFF)
                    continue
                held_by = new_id()
                held = {"held_by": held_by, "due_at": now + timedelta(seconds=lease_s), "tries": row.tries + 1}
                begun = {"state": PackageState.MAKING.value, "done": 0, "step": None, "failure": None}
                connection.execute(mine.values(**held, **begun))
                try:
                    return self._job(connection, row, held_by)
                except NotFound:  # one of its calls was erased, and who erased it ends it
                    self._give_up(connection, row.id, row.request_id, "A call that was to be in it was erased.")

    def beat(self, job: PackageJob, step: Step, done: int, *, lease_s: float) -> bool:
        """Notes how far it is, and holds it longer. False where it is not this try's any more: stop then."""
        with self._database.writing() as connection:
            ends = now_in(connection) + timedelta(seconds=lease_s)
            mine = self._mine(job).values(step=step.value, done=done, due_at=ends)
            return connection.execute(mine).rowcount == 1

    def ready(self, job: PackageJob, made: Made, *, kept_for: timedelta) -> bool:
        """It is made, and its bytes lie in their place. False where it is not this try's any more."""
        with self._database.writing() as connection:
            now = now_in(connection)
            row = connection.execute(sa.select(packages).where(packages.c.id == job.id).with_for_update()).one()
            if row.held_by != job.held_by:
                return False
            key = package_keys.open_in(connection, self._log, job.id)
            sealed = package_keys.sealed_in(key, made.key, job.id, package_keys.BYTES)
            is_code_over = row.protection == Protection.CODE and row.is_code_shown
            values = {
                "state": PackageState.READY.value,
                "step": None,
                "done": row.total,
                "due_at": None,
                "held_by": None,
                "ready_at": now,
                "ends_at": now + kept_for,
                "bytes_key": sealed,
                "size_bytes": made.size_bytes,
                "sha256": made.sha256,
                **({"code": None} if is_code_over else {}),
            }
            connection.execute(self._mine(job).values(values))
            self._tell(connection, EventType.PACKAGE_READY, job.id, job.request)
        return True

    def failed(self, job: PackageJob, why: str, *, is_final: bool) -> None:
        """It could not be made: it is tried again later, and given up after the last try, or where that cannot help.

        ``why`` is one of our errors' messages, which names nobody.
        """
        with self._database.writing() as connection:
            waits = TRY_AGAIN[min(job.tries, len(TRY_AGAIN)) - 1]
            if is_final or job.tries >= MOST_TRIES:
                held = sa.select(packages.c.held_by).where(packages.c.id == job.id).with_for_update()
                if connection.execute(held).scalar_one() == job.held_by:
                    self._give_up(connection, job.id, job.request, why)
                return
            again = {"state": PackageState.WAITING.value, "due_at": now_in(connection) + waits, "held_by": None}
            connection.execute(self._mine(job).values(step=None, failure=why, **again))

    def bytes_key(self, package_id: str) -> bytes:
        """What opens the bytes of a package that is ready. Raises NotFound for any other."""
        with self._database.reading() as connection:
            select = sa.select(packages.c.bytes_key).where(packages.c.id == package_id)
            sealed = connection.execute(select).scalar_one_or_none()
            if sealed is None:
                raise NotFound(package_keys.GONE)
            key = package_keys.open_in(connection, self._log, package_id)
        return package_keys.unsealed_from(key, bytes(sealed), package_id, package_keys.BYTES)

    def _mine(self, job: PackageJob) -> sa.Update:
        return sa.update(packages).where(packages.c.id == job.id, packages.c.held_by == job.held_by)

    def _job(self, connection: sa.Connection, row: sa.Row[tuple[object, ...]], held_by: str) -> PackageJob:
        key = package_keys.open_in(connection, self._log, row.id)
        code = None
        if row.protection == Protection.CODE:
            code = package_keys.unsealed_from(key, bytes(row.code), row.id, package_keys.CODE).decode()
        leave_out = tuple(LeftOut(**one) for one in json.loads(row.leave_out))
        call_ids = _calls_of(connection, row.id)
        return PackageJob(
            row.id, held_by, call_ids, row.person_id, row.request_id, row.language, leave_out, code, row.tries + 1
        )

    def _give_up(self, connection: sa.Connection, package_id: str, request: str | None, why: str) -> None:
        failed = {"state": PackageState.FAILED.value, "due_at": None, "held_by": None, "step": None, "failure": why}
        connection.execute(sa.update(packages).where(packages.c.id == package_id).values(failed))
        self._tell(connection, EventType.PACKAGE_FAILED, package_id, request)

    def _tell(self, connection: sa.Connection, kind: EventType, package_id: str, request: str | None) -> None:
        """An event is one of a call: of the first that is in it."""
        says = {"package": package_id, **({"request": request} if request else {})}
        first = _calls_of(connection, package_id)[0]
        self._events.tell_in(connection, [Event(kind, first, now_in(connection), says)])


def _calls_of(connection: sa.Connection, package_id: str) -> tuple[str, ...]:
    select = sa.select(package_calls.c.call_id).where(package_calls.c.package_id == package_id)
    return tuple(connection.execute(select.order_by(package_calls.c.place)).scalars())
