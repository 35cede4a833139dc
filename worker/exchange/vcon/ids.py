"""UUIDs of version 8 as the draft has them (section 4.1.2): a time as in version 7, and the hash of a domain name."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from uuid import UUID

TIME_BITS, OTHER_BITS, NAME_BITS = 48, 12, 62


def new_uuid(host: str, now: datetime) -> str:
    """A new id of a vCon that ``host`` makes."""
    return _uuid8(host, now, secrets.randbits(OTHER_BITS))


def uuid_of_call(host: str, call_id: str, received_at: datetime) -> str:
    """The id of the call before anything was cut from it: always the same. That one is handed out by nobody."""
    hashed = hashlib.sha256(call_id.encode()).digest()
    return _uuid8(host, received_at, int.from_bytes(hashed[:2]) >> (16 - OTHER_BITS))


def _uuid8(host: str, at: datetime, other: int) -> str:
    milliseconds = int(at.timestamp() * 1000)
    name = int.from_bytes(hashlib.sha1(host.encode(), usedforsecurity=False).digest()[:8]) >> (64 - NAME_BITS)
    value = (milliseconds % (1 << TIME_BITS)) << 80 | 0x8 << 76 | other << 64 | 0b10 << 62 | name
    return str(UUID(int=value))
