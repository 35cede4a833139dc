"""What a vCon of a call is made from, and what all its parts write alike."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from worker.core.call import CallDetails
from worker.core.dialogue.state import Dialogue
from worker.core.record import CallRecord
from worker.exchange.web_annotation import Addresses

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"
Object: TypeAlias = "dict[str, Json]"

MEDIA_TYPE = "application/vcon+json"
VERSION = "0.4.0"
VENDOR = "onrecord"
KEEPER = "On Record"
"""The name of the party that keeps the record: attachments that neither side made come from it."""

CALL_PURPOSE = "onrecord_call"
"""The attachment with what is known of the call and has no place in the drafts (``attachments.call_attachment``)."""

CAME_WITH_PURPOSE = "onrecord_came_with"
"""The attachment with what else was in the vCon in which the call came: all but its sound, protected."""

CAME_WITH_FILE = "came-with-the-recording.vcon.json"
"""Under which name that is kept among the files that were added to the record."""


@dataclass(frozen=True)
class InlineSound:
    """The protected sound of the call, within the vCon."""

    data: bytes
    media_type: str
    file_name: str


@dataclass(frozen=True)
class SoundAt:
    """The protected sound at an https address, with the SHA-512 of its bytes."""

    address: str
    sha512: bytes
    media_type: str
    file_name: str


@dataclass(frozen=True)
class ProvenEntry:
    """An entry of the record as it is hashed, and that it is in the tree: its position, and the hashes to its head."""

    encoded: bytes
    position: int
    hashes: tuple[bytes, ...]


@dataclass(frozen=True)
class Proof:
    """That this call's entries are in the log: its public key, a signed checkpoint, and the entries.

    ``made`` is the number of the entry that holds the record, ``salt`` and ``body`` its content as it was hashed.
    """

    key: str
    checkpoint: str
    entries: tuple[ProvenEntry, ...]
    made: int
    salt: bytes
    body: bytes


@dataclass(frozen=True)
class Material:
    """One call as it is known. ``host`` is the domain name of whoever keeps it, ``now`` (UTC) when the vCon is made.

    ``record_at`` is when the record was made. ``came_with`` is the rest of the vCon in which the call came in. Without
    a sound, its dialog says that there is one, and has none.
    """

    call_id: str
    details: CallDetails
    received_at: datetime
    record: CallRecord
    record_at: datetime
    dialogue: Dialogue
    addresses: Addresses
    host: str
    now: datetime
    sound: InlineSound | SoundAt | None = None
    proof: Proof | None = None
    came_with: Object | None = None

    @property
    def came_as(self) -> str | None:
        """The uuid of the vCon in which the call came in."""
        uuid = (self.came_with or {}).get("uuid")
        return uuid if isinstance(uuid, str) else None

    @property
    def start(self) -> datetime:
        """When the call began; where nobody said it, when it was received, since a dialog must have a start.

        The call's own attachment then says that it is not known.
        """
        return self.details.started_at or self.received_at

    def at(self, seconds: float) -> str:
        """A point in the call as an instant."""
        return instant(self.start.astimezone(UTC) + timedelta(seconds=seconds))


def instant(at: datetime) -> str:
    """An instant as RFC 3339 has it, in its own offset where that is one of whole minutes, as old ones are not."""
    offset = at.utcoffset()
    if offset is None or offset.total_seconds() % 60:
        at = at.astimezone(UTC)
    return at.isoformat().replace("+00:00", "Z")


def b64url(data: bytes) -> str:
    """Base64url without padding (RFC 7515, section 2)."""
    return urlsafe_b64encode(data).decode().rstrip("=")
