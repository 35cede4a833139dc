"""Who is signed in, and the links and codes that sign somebody in once.

Whoever reads the database finds no token in it: only its SHA-256, which is enough because a token cannot be guessed.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from worker.record.database import Database
from worker.record.ids import as_meant, new_id
from worker.record.tables.people import one_time_tokens, sessions
from worker.record.upsert import insert_once

SPOKEN_LETTERS = 12  # 60 bits: short enough to be read out, and still not to be guessed within its day
SEEN_EVERY = timedelta(minutes=1)  # how exactly it is known when a session was last used


@dataclass(frozen=True)
class Session:
    """Somebody who is signed in; to one call alone where only that call's way in was used."""

    person_id: str
    only_call: str | None
    ends_at: datetime


class Sessions:
    """The sessions and the one-time tokens of one installation."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, person_id: str, *, only_call: str | None, lasts: timedelta, now: datetime) -> str:
        """A new session; its token, of 256 bits, which nobody can find again. Those that have ended are cleared."""
        token = secrets.token_urlsafe(32)
        row = {
            "token_hash": _hash(token),
            "person_id": person_id,
            "only_call": only_call,
            "seen_at": now,
            "ends_at": now + lasts,
        }
        with self._database.writing() as connection:
            connection.execute(sa.delete(sessions).where(sessions.c.ends_at <= now))
            connection.execute(sa.insert(sessions).values(row))
        return token

    def find(self, token: str) -> tuple[Session, datetime] | None:
        """The session of this token, and when it was last used; None if there is none."""
        with self._database.reading() as connection:
            row = connection.execute(sa.select(sessions).where(sessions.c.token_hash == _hash(token))).one_or_none()
        return None if row is None else (Session(row.person_id, row.only_call, row.ends_at), row.seen_at)

    def see(self, token: str, *, seen_at: datetime, now: datetime) -> None:
        """Notes that the session is used, unless that was noted a moment ago."""
        if now - seen_at < SEEN_EVERY:
            return
        used = sa.update(sessions).where(sessions.c.token_hash == _hash(token)).values(seen_at=now)
        with self._database.writing() as connection:
            connection.execute(used)

    def end(self, token: str) -> None:
        """Ends the session; the token opens nothing any more."""
        with self._database.writing() as connection:
            connection.execute(sa.delete(sessions).where(sessions.c.token_hash == _hash(token)))

    # What signs somebody in once

    def one_time_token(self, person_id: str, *, only_call: str | None, lasts: timedelta, now: datetime) -> str:
        """A token that signs this person in once. It goes into a link."""
        return self._keep(secrets.token_urlsafe(32), person_id, only_call, now + lasts)

    def spoken_token(self, person_id: str, *, only_call: str | None, lasts: timedelta, now: datetime) -> str:
        """The same as twelve letters in groups of four, which can be read out."""
        token = self._keep(new_id(SPOKEN_LETTERS), person_id, only_call, now + lasts)
        return "-".join(token[at : at + 4] for at in range(0, len(token), 4))

    def _keep(self, token: str, person_id: str, only_call: str | None, ends_at: datetime) -> str:
        row = {"token_hash": _hash(token), "person_id": person_id, "only_call": only_call, "ends_at": ends_at}
        with self._database.writing() as connection:
            connection.execute(sa.insert(one_time_tokens).values(row))
        return token

    def use(self, token: str, *, now: datetime) -> Session | None:
        """Uses a one-time token up: whom it signs in, None if it is none, was used, or has ended. One asker gets it."""
        as_typed = as_meant(token.strip())
        spelt = as_typed if len(as_typed) == SPOKEN_LETTERS else token.strip()
        taking = (
            sa.update(one_time_tokens)
            .where(
                one_time_tokens.c.token_hash == _hash(spelt),
                one_time_tokens.c.used_at.is_(None),
                one_time_tokens.c.ends_at > now,
            )
            .values(used_at=now)
            .returning(one_time_tokens.c.person_id, one_time_tokens.c.only_call, one_time_tokens.c.ends_at)
        )
        with self._database.writing() as connection:
            row = connection.execute(taking).one_or_none()
        return None if row is None or row.person_id is None else Session(*row)

    def is_first_use(self, name: str, *, ends_at: datetime, now: datetime) -> bool:
        """Whether something made elsewhere, such as a hand-over, is used for the first time; it is noted until then."""
        row = {"token_hash": _hash(f"elsewhere {name}"), "ends_at": ends_at, "used_at": now}
        with self._database.writing() as connection:
            connection.execute(sa.delete(one_time_tokens).where(one_time_tokens.c.ends_at <= now))
            return insert_once(connection, one_time_tokens, row)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
