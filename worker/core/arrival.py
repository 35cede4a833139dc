"""How a recording arrives: handed over as bytes, or announced by an address at which it can be fetched.

Values alone. What is done with them is in ``worker.intake``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from worker.core.call import CallDetails
from worker.core.errors import Invalid

LONGEST_SENDER = 64
MOST_LEGS = 50

FETCH = "fetch"
"""The stage before the first one, of a call with recordings that were announced and are not here yet."""


class Priority(StrEnum):
    """How soon a call is worked beside others. Within one priority, lines take turns (``worker.record.turns``)."""

    NORMAL = "normal"
    BULK = "bulk"  # an import of old calls: gets a small share while others wait, and everything when nobody does


@dataclass(frozen=True)
class Sealed:
    """Under which name sealed bytes lie, and the key of their own that opens them. Whoever forgets it, erases them."""

    name: str
    key: bytes = field(repr=False)


@dataclass(frozen=True)
class Arrived:
    """A recording whose bytes are kept already. ``sha256`` is that of its bytes, as 64 hexadecimal digits.

    ``sealed`` is how they lie; None where they lie under their hash, as those of earlier versions do.
    """

    sha256: str
    file_name: str
    size_bytes: int
    sealed: Sealed | None = None


@dataclass(frozen=True)
class Announced:
    """A recording that lies elsewhere and is fetched after it was accepted.

    ``address`` is https://…, or that of a bucket's object (s3://, gs://, az://); it may carry a token, so it is sealed
    where it is kept and never logged. ``access`` names which of the installation's own credentials open it, such as
    ``twilio``; None for an address that opens by itself. ``content_hash`` is what the sender says of the bytes, as
    ``sha512-`` or ``sha256-`` and their base64url. Raises Invalid for what cannot be read as an address.
    """

    address: str = field(repr=False)
    file_name: str
    access: str | None = None
    content_hash: str | None = None

    def __post_init__(self) -> None:
        name_at(self.address)


def name_at(address: str) -> str:
    """The last part of an address's path, empty if there is none: it says nothing of its host and of what signs it.

    Raises Invalid for what cannot be read as an address.
    """
    try:
        path = urlsplit(address).path
    except ValueError:
        raise Invalid("The address of the recording is none. Give one such as https://host/path.") from None
    return PurePosixPath(unquote(path)).name


@dataclass(frozen=True)
class Handover:
    """One handing-over of a recording: what its sender said besides.

    The same external id of one ``sender`` is one call. A sender is a telephony system or a customer of the service, by
    the name that the operator gave it; the empty name is the installation itself, and whatever names no other. Each
    handing-over of another recording under the same external id is a further leg of the call (it was held or
    transferred). ``legs`` is how many there are in all, where the sender knows: then the call waits for them.
    """

    details: CallDetails = field(default_factory=CallDetails)
    sender: str = ""
    legs: int | None = None
    priority: Priority = Priority.NORMAL

    def __post_init__(self) -> None:
        if self.legs is not None and not 1 <= self.legs <= MOST_LEGS:
            raise Invalid(f"A call has 1 to {MOST_LEGS} legs.")
        if len(self.sender) > LONGEST_SENDER or not self.sender.isprintable():
            raise Invalid(f"The name of a sender is up to {LONGEST_SENDER} letters and digits.")
