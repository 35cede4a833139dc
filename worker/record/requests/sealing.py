"""What is sealed of requests, and the names by which addresses and networks are known again.

All under keys that are made from the master key, as the addresses of recordings are: a request may be about no call, so
that there is no key of a call to seal it under.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from worker.core.errors import BrokenModel, BrokenRecord, Invalid
from worker.record.requests.values import Details
from worker.record.values import from_json, to_json
from worker.record.vault import seal, unseal

T = TypeVar("T")


@dataclass(frozen=True)
class Said:
    """What is sealed of one step: the name of who did it, the words, the due day as it was then."""

    by: str | None
    text: str | None
    due: date | None


class Sealer:
    """Seals and names. Safe to share between threads."""

    def __init__(self, master: bytes) -> None:
        self._key = AESGCM(hmac.digest(master, b"requests", "sha256"))
        self._naming = hmac.digest(master, b"names in requests", "sha256")

    def name(self, *what: str) -> str:
        """The name under which this is known again: 64 hexadecimal digits, from which nobody finds out what it was."""
        return hmac.digest(self._naming, "\0".join(what).encode(), "sha256").hex()

    def seal_details(self, request_id: str, details: Details) -> bytes:
        """Raises Invalid for signs that are no text."""
        return self._seal(details, f"request {request_id}")

    def details(self, request_id: str, sealed: bytes) -> Details:
        """Raises BrokenRecord under another master key."""
        return self._unseal(sealed, Details, f"request {request_id}")

    def seal_said(self, request_id: str, number: int, said: Said) -> bytes:
        """Raises Invalid for signs that are no text."""
        return self._seal(said, f"request {request_id}/{number}")

    def said(self, request_id: str, number: int, sealed: bytes) -> Said:
        """Raises BrokenRecord under another master key."""
        return self._unseal(sealed, Said, f"request {request_id}/{number}")

    def _seal(self, value: object, about: str) -> bytes:
        try:
            return seal(self._key, to_json(value).encode(), about=about)
        except (BrokenModel, UnicodeEncodeError):
            raise Invalid("This has signs in it that are no text. Write it without them, and send it again.") from None

    def _unseal(self, sealed: bytes, kind: type[T], about: str) -> T:
        try:
            return from_json(unseal(self._key, bytes(sealed), about=about).decode(), kind)
        except (InvalidTag, ValueError) as error:
            raise BrokenRecord("A request does not open. Restore the master key under which it was sealed.") from error
