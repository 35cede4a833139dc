"""The API keys by which senders and operators' programs are known: shown once, kept as a hash, revocable.

A key is ``onr_ID_SECRET``. Its secret has 256 bits, so that its plain SHA-256 is enough: it cannot be guessed.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from worker.core.arrival import Handover
from worker.core.errors import Invalid, NotFound
from worker.record.database import Database
from worker.record.ids import new_id
from worker.record.tables.senders import KEY_ID_LENGTH, api_keys

PREFIX = "onr"
FORM = re.compile(rf"{PREFIX}_([0-9a-z]{{{KEY_ID_LENGTH}}})_([A-Za-z0-9_-]{{43}})")
USED_EVERY = timedelta(minutes=1)  # how exactly it is known when a key was last used


class Scope(StrEnum):
    """What a key opens. None opens the content of any call."""

    WRITE = "calls:write"  # hand recordings over
    READ = "calls:read"  # where the calls of its sender stand
    OPERATE = "operate"  # what waits, what failed and why, retrying it
    METRICS = "metrics"
    REQUESTS = "requests"  # what customers ask for: when it is due and what it waits for; entering letters


@dataclass(frozen=True)
class ApiKey:
    """One key, without its secret. ``sender`` is under whose name recordings are handed over with it."""

    id: str
    sender: str
    scopes: frozenset[Scope]
    made_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


class Senders:
    """The API keys of one installation."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, sender: str, scopes: Iterable[Scope], *, now: datetime) -> str:
        """A new key for this sender: the whole of it, which nobody can find again. Raises Invalid for no scope."""
        given = sorted({Scope(scope) for scope in scopes})
        if not given:
            raise Invalid("A key opens something: give it at least one scope.")
        key_id, secret = new_id(KEY_ID_LENGTH), secrets.token_urlsafe(32)
        row = {
            "id": key_id,
            "sender": Handover(sender=sender).sender,  # where the form of a sender's name is checked
            "scopes": " ".join(given),
            "secret_hash": _hash(secret),
            "made_at": now,
        }
        with self._database.writing() as connection:
            connection.execute(sa.insert(api_keys).values(row))
        return f"{PREFIX}_{key_id}_{secret}"

    def find(self, key: str, *, now: datetime) -> ApiKey | None:
        """The key that somebody shows; None if it is none, or is revoked. That it is used is noted."""
        parts = FORM.fullmatch(key)
        if parts is None:
            return None
        with self._database.reading() as connection:
            row = connection.execute(sa.select(api_keys).where(api_keys.c.id == parts[1])).one_or_none()
        if row is None or not hmac.compare_digest(row.secret_hash, _hash(parts[2])) or row.revoked_at is not None:
            return None
        if row.last_used_at is None or now - row.last_used_at >= USED_EVERY:
            with self._database.writing() as connection:
                connection.execute(sa.update(api_keys).where(api_keys.c.id == row.id).values(last_used_at=now))
        return _api_key(row)

    def all(self) -> tuple[ApiKey, ...]:
        """Every key that was made, the revoked ones too, by sender and age."""
        select = sa.select(api_keys).order_by(api_keys.c.sender, api_keys.c.made_at, api_keys.c.id)
        with self._database.reading() as connection:
            return tuple(_api_key(row) for row in connection.execute(select))

    def revoke(self, key_id: str, *, now: datetime) -> None:
        """Closes a key for good, named by its id or by the whole of it. Raises NotFound if there is none that opens."""
        parts = FORM.fullmatch(key_id)
        is_it = api_keys.c.id == (parts[1] if parts else key_id.removeprefix(f"{PREFIX}_"))
        closing = sa.update(api_keys).where(is_it, api_keys.c.revoked_at.is_(None)).values(revoked_at=now)
        with self._database.writing() as connection:
            if connection.execute(closing).rowcount == 0:
                raise NotFound("There is no such key, or it is revoked already. `onrecord keys list` shows them.")


def _api_key(row: sa.Row[Any]) -> ApiKey:
    scopes = frozenset(Scope(scope) for scope in row.scopes.split())
    return ApiKey(row.id, row.sender, scopes, row.made_at, row.last_used_at, row.revoked_at)


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
