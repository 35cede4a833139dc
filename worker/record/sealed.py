"""Bytes of any length, sealed in chunks under a key of their own: recordings, what is made of them, added files.

Chunks of 256 KiB are each sealed with AES-256-GCM. The nonce of a chunk is its number and whether it is the last, so
that chunks cannot change places, be left out or be added without being found out (as in the STREAM construction of
Hoang, Reyhanitabar, Rogaway and Vizár, 2015). With each, a line is authenticated that says what the bytes are. A part
can be read without the rest: where a chunk lies follows from its number.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from worker.core.errors import BrokenRecord
from worker.record.keys import KEY_BYTES
from worker.record.vault import NONCE_BYTES

TAG_BYTES = 16
CHUNK_BYTES = 256 * 1024
SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES


@dataclass(frozen=True)
class Hashed:
    """Bytes as they are in the clear: their SHA-256 as 64 hexadecimal digits, and how many they are."""

    sha256: str
    size_bytes: int


@dataclass(frozen=True)
class Lock:
    """What opens sealed bytes: their key, what they are (``about``), and what to tell where they were altered."""

    key: bytes
    about: str
    is_not_whole: str

    @classmethod
    def new(cls, about: str, is_not_whole: str) -> Lock:
        """With a key that was never used before."""
        return cls(secrets.token_bytes(KEY_BYTES), about, is_not_whole)

    def __repr__(self) -> str:
        return f"Lock({self.about})"


class Sealing:
    """Seals what is written to it, into a file that lies open; hashed and counted on the way.

    ``size_bytes`` is how much was written so far. Nothing is whole before ``end``.
    """

    def __init__(self, to: IO[bytes], lock: Lock) -> None:
        self.size_bytes = 0
        self._to, self._key, self._about = to, AESGCM(lock.key), lock.about.encode()
        self._hashed = hashlib.sha256()
        self._held = bytearray()
        self._number = 0

    def write(self, block: bytes) -> None:
        """Seals the bytes that follow. Raises what writing the file raises."""
        self._hashed.update(block)
        self.size_bytes += len(block)
        self._held += block
        whole = max(0, (len(self._held) - 1) // CHUNK_BYTES)  # the last chunk is known as such at the end alone
        for first in range(0, whole * CHUNK_BYTES, CHUNK_BYTES):
            self._seal(bytes(self._held[first : first + CHUNK_BYTES]), is_last=False)
        del self._held[: whole * CHUNK_BYTES]

    def end(self) -> None:
        """Seals what is left. Nothing may be written after."""
        self._seal(bytes(self._held), is_last=True)
        self._held.clear()

    @property
    def hashed(self) -> Hashed:
        """What was written so far."""
        return Hashed(self._hashed.hexdigest(), self.size_bytes)

    def _seal(self, chunk: bytes, *, is_last: bool) -> None:
        self._to.write(self._key.encrypt(_nonce(self._number, is_last=is_last), chunk, self._about))
        self._number += 1


def open_all(blocks: Iterator[bytes], lock: Lock) -> Iterator[bytes]:
    """The bytes that were sealed, a chunk at a time, from all sealed blocks in their order; each is as it was sealed.

    Raises BrokenRecord where they were altered or cut: that may come after the first chunks were given.
    """
    pieces, key = Pieces(blocks), AESGCM(lock.key)
    number, is_last = 0, False
    while not is_last:
        sealed = pieces.take(SEALED_CHUNK_BYTES)
        is_last = pieces.is_at_end()
        yield _opened(key, sealed, lock, number, is_last=is_last)
        number += 1


def open_part(
    read: Callable[[int, int], Iterator[bytes]], sealed_bytes: int, lock: Lock, part: tuple[int, int]
) -> Iterator[bytes]:
    """Bytes ``[start, end)`` of what was sealed, from no more than the chunks that hold them.

    ``read`` gives ``[start, end)`` of the ``sealed_bytes`` that lie there. Raises BrokenRecord as ``open_all`` does.
    """
    start, end = part
    if start >= end:
        return
    key, last = AESGCM(lock.key), max(0, -(-sealed_bytes // SEALED_CHUNK_BYTES) - 1)
    first, after = start // CHUNK_BYTES, -(-end // CHUNK_BYTES)
    pieces = Pieces(read(first * SEALED_CHUNK_BYTES, min(after * SEALED_CHUNK_BYTES, sealed_bytes)))
    for number in range(first, after):
        chunk = _opened(key, pieces.take(SEALED_CHUNK_BYTES), lock, number, is_last=number == last)
        begins = number * CHUNK_BYTES
        yield chunk[max(0, start - begins) : end - begins]


def sealed_size(size_bytes: int) -> int:
    """How many bytes come of so many when they are sealed."""
    return size_bytes + TAG_BYTES * max(1, -(-size_bytes // CHUNK_BYTES))


def _opened(key: AESGCM, sealed: bytes, lock: Lock, number: int, *, is_last: bool) -> bytes:
    try:
        return key.decrypt(_nonce(number, is_last=is_last), sealed, lock.about.encode())
    except (InvalidTag, ValueError) as error:
        raise BrokenRecord(lock.is_not_whole) from error


def _nonce(number: int, *, is_last: bool) -> bytes:
    """One for each chunk under the key of its bytes: its number in 11 bytes, and a byte that says whether it ends."""
    return number.to_bytes(NONCE_BYTES - 1, "big") + bytes([is_last])


class Pieces:
    """Blocks of any length, read as pieces of the length that is asked for."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._held = bytearray()

    def take(self, length: int) -> bytes:
        """The next so many bytes; fewer at the end."""
        self._fill(length)
        taken = bytes(self._held[:length])
        del self._held[:length]
        return taken

    def is_at_end(self) -> bool:
        """Nothing follows."""
        self._fill(1)
        return not self._held

    def rest(self) -> Iterator[bytes]:
        """All that follows, in blocks of any length."""
        if self._held:
            yield self.take(len(self._held))
        yield from self._blocks

    def _fill(self, length: int) -> None:
        while len(self._held) < length and (block := next(self._blocks, None)) is not None:
            self._held += block
