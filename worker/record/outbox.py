"""What is sent to people: written here first, then handed to whatever sends it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from worker.record.database import Database
from worker.record.tables.people import outbox


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


class Outbox:
    """The letters of one installation."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, address: str, *, subject: str, text: str, now: datetime) -> int:
        """Keeps a letter that is to be sent; its number."""
        row = {"address": address, "subject": subject, "text": text, "made_at": now}
        with self._database.writing() as connection:
            (number,) = connection.execute(sa.insert(outbox).values(row)).inserted_primary_key or (0,)
            return int(number)

    def sent(self, number: int, *, now: datetime) -> None:
        """Notes that a letter was sent. What it said is not kept: it may have been a code."""
        self._change(number, sent_at=now, text="", failure=None)

    def failed(self, number: int, error: BaseException) -> None:
        """Notes why a letter was not sent, by the type of the error, and forgets what it said."""
        self._change(number, failure=type(error).__name__, text="")

    def _change(self, number: int, **values: object) -> None:
        with self._database.writing() as connection:
            connection.execute(sa.update(outbox).where(outbox.c.id == number).values(values))

    def letters(self, *, limit: int = 50) -> tuple[Letter, ...]:
        """The letters, the newest first."""
        select = sa.select(outbox).order_by(outbox.c.id.desc()).limit(limit)
        with self._database.reading() as connection:
            return tuple(Letter(*row) for row in connection.execute(select))
