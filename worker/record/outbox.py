"""What is sent to people: written here first, then handed to whatever sends it, and again a little later if need be.

A letter may hold a code. So it has an end: what it said is forgotten when it was sent, when that end has come, and when
another letter to the same address takes its place.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from worker.record.database import Database
from worker.record.tables.people import IS_TO_SEND, outbox

LEASE = timedelta(seconds=60)
"""For so long whoever has a letter in hand may take to send it; then anybody may."""

FIRST_WAIT_S, GROWTH, LONGEST_WAIT_S = 5.0, 3.0, 60.0


def wait_after(tries: int) -> timedelta:
    """How long a letter waits after so many tries that failed: 5 s, 15 s, 45 s, then a minute."""
    return timedelta(seconds=min(LONGEST_WAIT_S, FIRST_WAIT_S * GROWTH ** (min(tries, 9) - 1)))


@dataclass(frozen=True)
class Letter:
    """One message to one address. ``failure`` is the type of the error that kept it from being sent."""

    id: int
    address: str
    subject: str
    text: str
    made_at: datetime
    sent_at: datetime | None
    failure: str | None


_LETTER = tuple(outbox.c[name] for name in Letter.__dataclass_fields__)


class Outbox:
    """The letters of one installation."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, address: str, *, subject: str, text: str, now: datetime, until: datetime | None = None) -> int:
        """Keeps a letter that is to be sent until then, by the caller first; its number. None: it is shown, not sent.

        It takes the place of those that still wait to be sent there, save of those that stay.
        """
        with self._database.writing() as connection:
            before = sa.update(outbox).where(outbox.c.address == address, IS_TO_SEND, ~outbox.c.stays)
            connection.execute(before.values(due_at=None, text=""))
            due_at = None if until is None else now + LEASE
            return _insert(connection, address, subject, text, made_at=now, until=until, due_at=due_at, stays=False)

    def put_to_stay(
        self,
        connection: sa.Connection,
        address: str,
        *,
        subject: str,
        text: str,
        now: datetime,
        until: datetime | None = None,
    ) -> int:
        """Keeps a letter, within a transaction, that couriers send; no other letter takes its place. As ``put``."""
        due_at = None if until is None else now
        return _insert(connection, address, subject, text, made_at=now, until=until, due_at=due_at, stays=True)

    def is_due(self, *, now: datetime) -> bool:
        """Whether a letter waits for whoever may send it."""
        with self._database.reading() as connection:
            return bool(connection.execute(sa.select(sa.exists().where(IS_TO_SEND, outbox.c.due_at <= now))).scalar())

    def take(self, *, now: datetime) -> Letter | None:
        """A letter that is due, which is then this caller's to send; None if there is none. Those at their end go."""
        due = IS_TO_SEND & (outbox.c.due_at <= now)
        select = sa.select(*_LETTER).where(due).order_by(outbox.c.id).limit(1).with_for_update(skip_locked=True)
        with self._database.writing() as connection:
            connection.execute(sa.update(outbox).where(due, outbox.c.until <= now).values(due_at=None, text=""))
            row = connection.execute(select).one_or_none()
            if row is None:
                return None
            connection.execute(sa.update(outbox).where(outbox.c.id == row.id).values(due_at=now + LEASE))
            return Letter(*row)

    def sent(self, number: int, *, now: datetime) -> None:
        """Notes that a letter was sent. What it said is not kept: it may have been a code."""
        self._change(number, sent_at=now, text="", failure=None, due_at=None)

    def failed(self, number: int, error: BaseException, *, now: datetime) -> None:
        """Notes why a letter was not sent, by the type of the error. It is tried again if there is time for it; else
        what it said is forgotten."""
        failure = type(error).__name__
        with self._database.writing() as connection:
            this = outbox.c.id == number
            row = connection.execute(sa.select(outbox).where(this, IS_TO_SEND).with_for_update()).one_or_none()
            again_at = None if row is None else now + wait_after(row.tries + 1)
            if row is None or again_at is None or again_at >= row.until:
                values: dict[str, object] = {"failure": failure, "text": "", "due_at": None}
            else:
                values = {"failure": failure, "tries": row.tries + 1, "due_at": again_at}
            connection.execute(sa.update(outbox).where(this).values(values))

    def _change(self, number: int, **values: object) -> None:
        with self._database.writing() as connection:
            connection.execute(sa.update(outbox).where(outbox.c.id == number).values(values))

    def letters(self, *, limit: int = 50) -> tuple[Letter, ...]:
        """The letters, the newest first."""
        select = sa.select(*_LETTER).order_by(outbox.c.id.desc()).limit(limit)
        with self._database.reading() as connection:
            return tuple(Letter(*row) for row in connection.execute(select))


def _insert(connection: sa.Connection, address: str, subject: str, text: str, **rest: object) -> int:
    row = {"address": address, "subject": subject, "text": text, **rest}
    (number,) = connection.execute(sa.insert(outbox).values(row)).inserted_primary_key or (0,)
    return int(number)
