"""Addresses of recordings that were announced: sealed while they wait to be fetched, for they may carry a token.

The same address is known again by a hash under a key: from that alone nobody can find out whether they guessed one.
"""

from __future__ import annotations

import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from worker.core.errors import BrokenRecord
from worker.record.vault import seal, unseal


class Addresses:
    """Seals and opens addresses under keys that are made from the master key. Safe to share between threads."""

    def __init__(self, master: bytes) -> None:
        self._key = AESGCM(hmac.digest(master, b"addresses of recordings", "sha256"))
        self._naming = hmac.digest(master, b"names of addresses", "sha256")

    def name(self, address: str) -> str:
        """The name under which this address is known again: 64 hexadecimal digits."""
        return hmac.digest(self._naming, address.encode(), "sha256").hex()

    def seal(self, address: str, call_id: str, leg: int) -> bytes:
        """The address sealed for its place."""
        return seal(self._key, address.encode(), about=_place(call_id, leg))

    def unseal(self, sealed: bytes, call_id: str, leg: int) -> str:
        """The address that was sealed for this place. Raises BrokenRecord if the master key is not the one of then."""
        try:
            return unseal(self._key, sealed, about=_place(call_id, leg)).decode()
        except (InvalidTag, ValueError) as error:
            raise BrokenRecord(
                "The address of this recording does not open. Restore the master key under which it was sealed."
            ) from error


def _place(call_id: str, leg: int) -> str:
    return f"address {call_id}/{leg}"
