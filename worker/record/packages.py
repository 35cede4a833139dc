"""Packages: asked for, shown how far they are, opened with a code, and ended. ``worker.owed.packing`` makes them.

The bytes of a package lie sealed beside the recordings (``worker.record.package_files``). When it ends, what opens them
is removed in the same transaction that says so, and the bytes are noted to be removed.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from worker.core.errors import Invalid, NotFound
from worker.core.packages import MOST_CALLS, Ended, Package, PackageState, Progress, Protection, Step
from worker.core.people import TRIES, Count, after_try, may_try
from worker.core.requests.values import LeftOut
from worker.record import package_keys
from worker.record.database import Database, now_in
from worker.record.events import Events
from worker.record.ids import as_meant, new_id
from worker.record.log import Log
from worker.record.package_jobs import PackageJobs
from worker.record.sound_keys import note_to_remove_in
from worker.record.tables.packages import package_calls, packages

CODE_LETTERS = {Protection.CODE: 20, Protection.LINK: 8}
"""Of 5 bits each. An encrypted zip can be tried for years by whoever has it; a link a few times in an hour."""

FREE = {"sealed_key": None, "bytes_key": None, "code": None, "code_salt": None, "code_hash": None, "due_at": None}
"""What a package has no more when it ended: nothing opens it."""

OPEN_STATES = (PackageState.WAITING, PackageState.MAKING, PackageState.READY, PackageState.FAILED)


class Packages:
    """The packages of one installation. Every method raises Unavailable; ``jobs`` is for who makes them."""

    def __init__(self, database: Database, log: Log, events: Events) -> None:
        self._database, self._log = database, log
        self.jobs = PackageJobs(database, log, events)

    def ask(
        self,
        call_ids: Sequence[str],
        *,
        for_person: str | None = None,
        request_id: str | None = None,
        leave_out: Sequence[LeftOut] = (),
        protection: Protection = Protection.NONE,
        language: str = "en",
    ) -> Package:
        """Asks for a package of one call, or of several in this order. A worker makes it; see ``of`` for how far it is.

        ``for_person`` may take it when signed in; ``leave_out`` are stretches of other persons, whose words and sound
        stay out. Asked again for the same request while that package is under way or ready, it gives that one.
        Raises Invalid for no calls or too many, NotFound for a call that is not there or whose sound was erased.
        """
        if not 0 < len(call_ids) <= MOST_CALLS or len(set(call_ids)) != len(call_ids):
            raise Invalid(f"A package has at least one call and at most {MOST_CALLS}, each of them once.")
        if for_person is None and protection is Protection.NONE:
            raise Invalid("A package that nobody can be signed in for needs a code.")
        package_id = new_id()
        with self._database.writing() as connection:
            if request_id is not None and (known := _of_request(connection, request_id)) is not None:
                return _packages(connection, packages.c.id == known)[0]
            now = now_in(connection)
            row = {
                "id": package_id,
                "person_id": for_person,
                "request_id": request_id,
                "protection": protection.value,
                "language": language,
                "leave_out": json.dumps([asdict(one) for one in leave_out]),
                "state": PackageState.WAITING.value,
                "done": 0,
                "total": len(call_ids) * (len(Step) - 1) + 1,
                "asked_at": now,
                "due_at": now,
                "tries": 0,
                "is_code_shown": False,
                "tried": 0,
                "taken": 0,
            }
            connection.execute(sa.insert(packages).values(row))
            key, sealed = package_keys.make_in(connection, self._log, package_id, call_ids)
            keys = {"sealed_key": sealed, **_new_code(protection, key, package_id)}
            connection.execute(sa.update(packages).where(packages.c.id == package_id).values(keys))
            return _packages(connection, packages.c.id == package_id)[0]

    # Where they stand

    def of(self, package_id: str) -> Package:
        """One package. Raises NotFound if there is none of this id."""
        with self._database.reading() as connection:
            found = _packages(connection, packages.c.id == package_id)
        if not found:
            raise NotFound("There is no such package. Look at the link again.")
        return found[0]

    def of_request(self, request_id: str) -> Package | None:
        """The newest package that answers a request; None before one was asked for."""
        with self._database.reading() as connection:
            found = _packages(connection, packages.c.request_id == request_id)
        return found[0] if found else None

    def of_person(self, person_id: str) -> tuple[Package, ...]:
        """What was made for somebody, the newest first."""
        with self._database.reading() as connection:
            return _packages(connection, packages.c.person_id == person_id)

    def of_call(self, call_id: str) -> tuple[Package, ...]:
        """What a call is in, the newest first."""
        its = sa.select(package_calls.c.package_id).where(package_calls.c.call_id == call_id)
        with self._database.reading() as connection:
            return _packages(connection, packages.c.id.in_(its))

    # Their codes

    def show_code(self, package_id: str) -> str:
        """The code of a package, once: whoever is shown it tells it to the one it is for. Raises NotFound after that.

        A zip that is still to be encrypted keeps it, sealed, until it is made.
        """
        with self._database.writing() as connection:
            mine = packages.c.id == package_id
            row = connection.execute(sa.select(packages).where(mine).with_for_update()).one_or_none()
            if row is None or row.code is None or row.is_code_shown:
                raise NotFound("The code of this package was shown before, or it has none. Ask for another package.")
            key = package_keys.open_in(connection, self._log, package_id)
            code = package_keys.unsealed_from(key, bytes(row.code), package_id, package_keys.CODE).decode()
            is_needed = row.protection == Protection.CODE and row.state != PackageState.READY
            kept = {} if is_needed else {"code": None}
            connection.execute(sa.update(packages).where(mine).values(is_code_shown=True, **kept))
        return code

    def is_code(self, package_id: str, typed: str, *, now: datetime) -> bool:
        """Whether this is the code of a package that is opened by a link. False too while they have to wait, which they
        must after a few that were wrong, and of any package that has no such code."""
        with self._database.writing() as connection:
            mine = packages.c.id == package_id
            row = connection.execute(sa.select(packages).where(mine).with_for_update()).one_or_none()
            if row is None or row.code_hash is None:
                return False
            count = Count(row.tried, row.wait_until)
            if not may_try(count, now):
                return False
            is_right = hmac.compare_digest(_hash(typed, bytes(row.code_salt)), bytes(row.code_hash))
            tried = Count() if is_right else after_try(count, TRIES, now)
            changed = {"tried": tried.tried, "wait_until": tried.wait_until}
            connection.execute(sa.update(packages).where(mine).values(changed))
        return is_right

    def note_taken(self, package_id: str) -> None:
        """Somebody took it."""
        with self._database.writing() as connection:
            one_more = sa.update(packages).where(packages.c.id == package_id).values(taken=packages.c.taken + 1)
            connection.execute(one_more)

    # Their end

    def cancel(self, package_id: str) -> None:
        """Ends a package that is not wanted any more. Raises NotFound if there is none; one that ended stays so."""
        self.of(package_id)
        self._end(packages.c.id == package_id, Ended.CANCELLED)

    def expire(self, now: datetime) -> int:
        """Ends every package whose time is over; how many. Part of the daily run."""
        return self._end(packages.c.ends_at <= now, Ended.EXPIRED)

    def erase(self, call_id: str) -> int:
        """Ends every package that this call is in, made or not; how many. Their bytes are noted to be removed."""
        its = sa.select(package_calls.c.package_id).where(package_calls.c.call_id == call_id)
        return self._end(packages.c.id.in_(its), Ended.ERASED)

    def again(self, package_id: str) -> None:
        """Lets one that was given up be tried again. Raises Invalid for any other."""
        with self._database.writing() as connection:
            mine = (packages.c.id == package_id) & (packages.c.state == PackageState.FAILED.value)
            waits = {"state": PackageState.WAITING.value, "due_at": now_in(connection), "tries": 0, "failure": None}
            if connection.execute(sa.update(packages).where(mine).values(waits)).rowcount != 1:
                raise Invalid("Only a package that could not be made is tried again.")

    def _end(self, which: sa.ColumnElement[bool], why: Ended) -> int:
        states = [one.value for one in OPEN_STATES]
        open_ones = sa.select(packages.c.id).where(which, packages.c.state.in_(states))
        with self._database.writing() as connection:
            ids = connection.execute(open_ones.order_by(packages.c.id).with_for_update()).scalars().all()
            ended = {
                "state": PackageState.ENDED.value,
                "ended_because": why.value,
                "held_by": None,
                "step": None,
                **FREE,
            }
            connection.execute(sa.update(packages).where(packages.c.id.in_(ids)).values(ended))
            for package_id in ids:
                first = sa.select(package_calls.c.call_id).where(package_calls.c.package_id == package_id)
                call_id = connection.execute(first.order_by(package_calls.c.place).limit(1)).scalar_one()
                note_to_remove_in(connection, call_id, package_name(package_id))
        if ids:
            self._database.forget_removed()
        return len(ids)


def package_name(package_id: str) -> str:
    """Under which name the sealed bytes of a package lie."""
    return f"packages/{package_id}"


def _new_code(protection: Protection, key: Any, package_id: str) -> dict[str, object]:
    if protection is Protection.NONE:
        return {}
    letters = new_id(CODE_LETTERS[protection])
    code = "-".join(letters[at : at + 4] for at in range(0, len(letters), 4))
    sealed: dict[str, object] = {"code": package_keys.sealed_in(key, code.encode(), package_id, package_keys.CODE)}
    if protection is Protection.LINK:
        salt = secrets.token_bytes(32)
        sealed |= {"code_salt": salt, "code_hash": _hash(code, salt)}
    return sealed


def _hash(code: str, salt: bytes) -> bytes:
    return hashlib.scrypt(as_meant(code).encode("utf-8", "replace"), salt=salt, n=2**14, r=8, p=1, dklen=32)


def _of_request(connection: sa.Connection, request_id: str) -> str | None:
    """The package of a request that need not be asked for again."""
    states = [one.value for one in (PackageState.WAITING, PackageState.MAKING, PackageState.READY)]
    select = sa.select(packages.c.id).where(packages.c.request_id == request_id, packages.c.state.in_(states))
    return connection.execute(select.order_by(packages.c.asked_at.desc()).limit(1)).scalar_one_or_none()


def _packages(connection: sa.Connection, which: sa.ColumnElement[bool]) -> tuple[Package, ...]:
    rows = connection.execute(
        sa.select(packages).where(which).order_by(packages.c.asked_at.desc(), packages.c.id)
    ).all()
    its = sa.select(package_calls).where(package_calls.c.package_id.in_([row.id for row in rows]))
    calls: dict[str, list[str]] = {}
    for one in connection.execute(its.order_by(package_calls.c.place)):
        calls.setdefault(one.package_id, []).append(one.call_id)
    return tuple(_package(row, tuple(calls.get(row.id, ()))) for row in rows)


def _package(row: sa.Row[Any], call_ids: tuple[str, ...]) -> Package:
    return Package(
        id=row.id,
        call_ids=call_ids,
        person=row.person_id,
        request=row.request_id,
        protection=Protection(row.protection),
        language=row.language,
        state=PackageState(row.state),
        progress=Progress(row.done, row.total, Step(row.step) if row.step else None),
        asked_at=row.asked_at,
        ready_at=row.ready_at,
        ends_at=row.ends_at,
        ended_because=Ended(row.ended_because) if row.ended_because else None,
        failure=row.failure,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        has_code=row.code is not None and not row.is_code_shown,
        taken=row.taken,
    )
