"""Sealing: AES-256-GCM, a key of its own for each call, and each call's key sealed under the installation's master key.

What is sealed is bound to its place: moved to another call or number, it does not open.
"""

from __future__ import annotations

import hmac
import os
import secrets
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from worker.core.errors import BrokenRecord
from worker.record.keys import KEY_BYTES

NONCE_BYTES = 12
KEYS_AT_HAND = 1024


def seal(key: AESGCM, plain: bytes, *, about: str) -> bytes:
    """A random nonce of 12 bytes and the sealed bytes with their tag; it opens with the same ``about`` alone."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + key.encrypt(nonce, plain, about.encode())


def unseal(key: AESGCM, sealed: bytes, *, about: str) -> bytes:
    """What was sealed. Raises InvalidTag if it was sealed under another key, for another place, or was changed."""
    return key.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], about.encode())


class Vault:
    """Keys of calls, made and opened with the master key. Safe to share between threads.

    Opened keys are at hand by the sealed bytes from which they were opened: whoever asks has just read those from the
    database, so a key that was erased there is not found here either.
    """

    def __init__(self, master: bytes) -> None:
        self._master = AESGCM(master)
        self._naming = hmac.digest(master, b"names of files", "sha256")
        self._open = lru_cache(KEYS_AT_HAND)(self._open_anew)

    def make_key(self, about: str) -> bytes:
        """A new key, sealed."""
        return seal(self._master, secrets.token_bytes(KEY_BYTES), about=about)

    def open_key(self, sealed: bytes, about: str) -> AESGCM:
        """The key that ``make_key`` sealed. Raises BrokenRecord if the master key is not the one of then."""
        return self._open(sealed, about)

    def hidden_name(self, of: str) -> str:
        """A name under which sealed bytes lie: it tells nothing, and is found again with the master key alone."""
        return hmac.digest(self._naming, of.encode(), "sha256").hex()

    def _open_anew(self, sealed: bytes, about: str) -> AESGCM:
        try:
            return AESGCM(unseal(self._master, sealed, about=about))
        except (InvalidTag, ValueError) as error:
            raise BrokenRecord(
                "The key of this call does not open. Restore the master key under which it was sealed: "
                "ONRECORD_MASTER_KEY, or the file master.key in the data folder's keys."
            ) from error
