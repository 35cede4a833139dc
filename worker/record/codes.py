"""Codes that are sent to the address of a call, and code words that were given in it.

A try is counted, under a lock, before its outcome is known: many at once are no more than the limit. Where there is no
code at all, checking takes as long and says the same.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import sqlalchemy as sa

from worker.core.people import SENDINGS, TRIES, Count, after_try, as_it_sounds, check_word, may_try
from worker.record.database import Database
from worker.record.tables.people import codes
from worker.record.upsert import insert_once

DIGITS = 6
VALID_FOR = timedelta(minutes=10)
NO_SALT = bytes(32)

Hash: TypeAlias = Callable[[str, bytes], bytes]


class Codes:
    """The codes and the code words of one installation."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def new_code(self, person_id: str, *, now: datetime) -> str | None:
        """Six digits to be sent to this person, in place of those sent before; None if too many were sent of late."""
        of, code, salt = f"sent {person_id}", f"{secrets.randbelow(10**DIGITS):0{DIGITS}}", secrets.token_bytes(32)
        with self._database.writing() as connection:
            row = self._held(connection, of)
            count = Count(row.sent, row.send_again_at)
            if not may_try(count, now) or not may_try(Count(row.tried, row.wait_until), now):
                return None
            sent = after_try(count, SENDINGS, now)
            fresh = {
                "salt": salt,
                "code_hash": _quick(code, salt),
                "ends_at": now + VALID_FOR,
                "sent": sent.tried,
                "send_again_at": sent.wait_until,
            }
            connection.execute(sa.update(codes).where(codes.c.of == of).values(fresh))
        return code

    def set_word(self, call_id: str, word: str) -> None:
        """The code word that was given in a call. Raises Invalid if it is too short to be one."""
        check_word(word)
        salt = secrets.token_bytes(32)
        with self._database.writing() as connection:
            self._held(connection, f"word {call_id}")
            values = {"salt": salt, "code_hash": _slow(as_it_sounds(word), salt)}
            connection.execute(sa.update(codes).where(codes.c.of == f"word {call_id}").values(values))

    def is_code(self, person_id: str, typed: str, *, now: datetime) -> bool:
        """Whether this is the code that was sent to this person; used up by that. False too while they have to wait."""
        digits = "".join(typed.split())
        return self._is_right(f"sent {person_id}", digits, _quick, now=now, is_used_up=True)

    def is_word(self, call_id: str, typed: str, *, now: datetime) -> bool:
        """Whether this is the code word that was given in this call. False too while they have to wait."""
        return self._is_right(f"word {call_id}", as_it_sounds(typed), _slow, now=now, is_used_up=False)

    def _is_right(self, of: str, typed: str, hash_of: Hash, *, now: datetime, is_used_up: bool) -> bool:
        with self._database.writing() as connection:
            row = self._held(connection, of)
            count = Count(row.tried, row.wait_until)
            is_free = may_try(count, now)
            if is_free:
                tried = after_try(count, TRIES, now)
                changed = {"tried": tried.tried, "wait_until": tried.wait_until}
                if tried.wait_until is not None and is_used_up:
                    changed |= {"code_hash": None}  # what was tried too often is never right again
                connection.execute(sa.update(codes).where(codes.c.of == of).values(changed))
        # Hashed in any case, and outside the transaction: a code word takes a while.
        is_same = hmac.compare_digest(hash_of(typed, row.salt or NO_SALT), row.code_hash or bytes(32))
        is_over = row.ends_at is not None and row.ends_at <= now
        if not (is_same and is_free and row.code_hash and not is_over):
            return False
        right: dict[str, object] = {"tried": 0, "wait_until": None, "sent": 0, "send_again_at": None}
        # The salt goes with the code, and is still there when the last try of a row has ended it: one of many gets in.
        right |= {"code_hash": None, "salt": None} if is_used_up else {}
        mine = (codes.c.of == of) & (codes.c.salt == row.salt)
        with self._database.writing() as connection:
            return connection.execute(sa.update(codes).where(mine).values(right)).rowcount == 1

    def _held(self, connection: sa.Connection, of: str) -> sa.Row[Any]:
        """The row of a code, made where there is none, and held to the end of the transaction."""
        insert_once(connection, codes, {"of": of})
        return connection.execute(sa.select(codes).where(codes.c.of == of).with_for_update()).one()


def _quick(code: str, salt: bytes) -> bytes:
    """For what lives ten minutes."""
    return hmac.digest(salt, code.encode(), "sha256")


def _slow(word: str, salt: bytes) -> bytes:
    """For what people think up and keep."""
    return hashlib.scrypt(word.encode(), salt=salt, n=2**14, r=8, p=1, dklen=32)
