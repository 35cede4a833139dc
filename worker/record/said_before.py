"""What senders handed over under which key of idempotency (the header Idempotency-Key), for as long as they may repeat
it.

Handing over the same recording again is safe without it. A key adds that the same answer comes even where neither an
external id nor the bytes say that it is the same, and that a key used for something else is found out.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from worker.record.database import Database
from worker.record.tables.senders import said_before
from worker.record.upsert import insert_once

KEPT_FOR = timedelta(days=7)
IN_HAND_FOR = timedelta(seconds=60)
"""After which whoever began is taken for dead. A twin who was only slow gives the same call."""


@dataclass(frozen=True)
class Said:
    """What was handed over under a key: a hash of it, and its call and leg. Without a call it is in hand just now."""

    content_hash: bytes | None
    call_id: str | None
    leg: int | None


class SaidBefore:
    """The keys of idempotency of one installation."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, sender: str, key: str, *, now: datetime) -> Said | None:
        """Takes the key for a first use. None: it is yours, end with ``note`` or ``forget``; else what it is for."""
        mine = said_before.c.key_hash == _hash(sender, key)
        row = {"key_hash": _hash(sender, key), "begun_at": now}
        is_abandoned = mine & said_before.c.call_id.is_(None) & (said_before.c.begun_at <= now - IN_HAND_FOR)
        with self._database.writing() as connection:
            connection.execute(sa.delete(said_before).where(said_before.c.begun_at <= now - KEPT_FOR))
            if insert_once(connection, said_before, row):
                return None
            if connection.execute(sa.update(said_before).where(is_abandoned).values(begun_at=now)).rowcount == 1:
                return None
            found = connection.execute(sa.select(said_before).where(mine)).one()
        return Said(found.content_hash, found.call_id, found.leg)

    def note(self, sender: str, key: str, said: Said) -> None:
        """What the key stands for from now on."""
        values = {"content_hash": said.content_hash, "call_id": said.call_id, "leg": said.leg}
        mine = said_before.c.key_hash == _hash(sender, key)
        with self._database.writing() as connection:
            connection.execute(sa.update(said_before).where(mine).values(values))

    def forget(self, sender: str, key: str) -> None:
        """Nothing was accepted under this key: it is free again."""
        mine = (said_before.c.key_hash == _hash(sender, key)) & said_before.c.call_id.is_(None)
        with self._database.writing() as connection:
            connection.execute(sa.delete(said_before).where(mine))


def _hash(sender: str, key: str) -> bytes:
    return hashlib.sha256(f"{len(sender)} {sender} {key}".encode()).digest()
