"""One entry of a call's record: who did what and when, bound to its content and to the entry before it.

An entry carries no word of anybody: its content lies beside the log, sealed, and the entry holds no more than a salted
hash of it. So the content can be erased, and the entry still proves that something stood there.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from worker.core.errors import BrokenRecord, Invalid

HASH_BYTES = 32
SALT_BYTES = 32
BEFORE_THE_FIRST = bytes(HASH_BYTES)
"""What the first entry of a call has in place of the hash of the one before."""

VERSION = 1


class Role(StrEnum):
    """As what somebody acts on the record of a call."""

    AGENT = "agent"
    CUSTOMER = "customer"
    NEXT_AGENT = "next_agent"  # takes the customer's next call while a matter is open
    REVIEWER = "reviewer"
    DESK = "desk"  # answers what customers ask for, and reads what that is about
    OPERATOR = "operator"
    SYSTEM = "system"  # a machine: intake, stages


SIDES = (Role.AGENT, Role.CUSTOMER)
"""The two whose record it is."""


class EntryKind(StrEnum):
    """What an entry says was done. The content says the rest."""

    RECEIVED = "received"  # the recording was handed over
    MADE = "made"  # the stages gave this record
    LOOKED = "looked"  # somebody opened, heard or copied it
    ANNOTATED = "annotated"  # agreed, disputed, corrected, asked, answered, withdrew …
    ADDED = "added"  # what happened off the phone: text, a file, a recording of one's own
    LET_IN = "let_in"  # somebody was given a way in: vouched for, assigned, taking the next call
    PROTECTED = "protected"  # the kept recording was overwritten where the law forbids to keep it
    REQUESTED = "requested"  # somebody asks for what the law owes them, and how it went on
    RESTRICTED = "restricted"  # the record is kept and not used while it is contested, or no longer so
    HELD = "held"  # it must not be erased: a legal hold was put on it, or taken from it
    ERASED = "erased"  # what it said was destroyed


@dataclass(frozen=True)
class Actor:
    """Who acts: a role, and the opaque id of a person of this installation; a machine has none."""

    role: Role
    person: str = ""

    def __post_init__(self) -> None:
        if (self.role is Role.SYSTEM) != (self.person == ""):
            raise Invalid("A person acts under an id, a machine without one.")


SYSTEM = Actor(Role.SYSTEM)


@dataclass(frozen=True)
class Entry:
    """One item of the record. ``at`` is UTC to the microsecond; both hashes have 32 bytes.

    ``content_hash`` is that of ``hash_of_content``; ``before`` is the hash of this call's entry before.
    Raises Invalid for what is no entry.
    """

    call_id: str
    number: int
    actor: Actor
    at: datetime
    kind: EntryKind
    content_hash: bytes
    before: bytes

    def __post_init__(self) -> None:
        if self.at.tzinfo is not UTC:
            raise Invalid("The instant of an entry is in UTC.")
        if self.number < 0 or len(self.content_hash) != HASH_BYTES or len(self.before) != HASH_BYTES:
            raise Invalid("An entry has a number from 0 and two hashes of 32 bytes.")

    def encode(self) -> bytes:
        """The bytes that are hashed: JSON in ASCII, keys sorted, no spaces. Never changes for a version."""
        fields = {
            "actor": self.actor.person,
            "at": self.at.isoformat(timespec="microseconds"),
            "before": self.before.hex(),
            "call": self.call_id,
            "content": self.content_hash.hex(),
            "kind": self.kind.value,
            "number": self.number,
            "role": self.actor.role.value,
            "version": VERSION,
        }
        return json.dumps(fields, ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode("ascii")

    @property
    def hash(self) -> bytes:
        """The entry as a leaf of the tree (RFC 9162, section 2.1.1): SHA-256 of a zero byte and what is encoded."""
        return hashlib.sha256(b"\x00" + self.encode()).digest()


def decode(encoded: bytes) -> Entry:
    """The entry that ``encode`` wrote. Raises BrokenRecord for any other bytes, be it only another spelling of it."""
    try:
        fields = json.loads(encoded)
        entry = Entry(
            call_id=fields["call"],
            number=fields["number"],
            actor=Actor(Role(fields["role"]), fields["actor"]),
            at=datetime.fromisoformat(fields["at"]).replace(tzinfo=UTC),
            kind=EntryKind(fields["kind"]),
            content_hash=bytes.fromhex(fields["content"]),
            before=bytes.fromhex(fields["before"]),
        )
        is_same = entry.encode() == encoded
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, Invalid) as error:
        raise BrokenRecord("These bytes are no entry of a record.") from error
    if not is_same:
        raise BrokenRecord("These bytes are an entry spelt otherwise than On Record spells it.")
    return entry


def hash_of_content(salt: bytes, body: bytes) -> bytes:
    """What an entry holds of its content. The salt keeps an erased "yes" from being found by trying words."""
    return hashlib.sha256(salt + body).digest()
