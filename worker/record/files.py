"""Files that people add to a record, each sealed under the key of its call, beside the recordings.

Where a file lies tells nothing of what is in it, and erasing the key of the call erases its files.

How a file is sealed: four bytes that name the form, the number of the call's key in four bytes, a key of the file's own
sealed under that, then the bytes in chunks of 256 KiB, each with AES-256-GCM. The nonce of a chunk is its number and
whether it is the last, so that chunks cannot change places, be left out or be added without being found out (as in the
STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár, 2015). With each, the call and the hash of the file are
authenticated.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import IO, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from worker.core.dialogue.values import KeptFile
from worker.core.errors import BrokenRecord
from worker.record.blobs import Blobs, our_errors
from worker.record.keys import KEY_BYTES
from worker.record.log import Log
from worker.record.sounds import Kept, opened
from worker.record.vault import NONCE_BYTES, seal, unseal

FORM = b"ORF1"
NUMBER_BYTES = 4
TAG_BYTES = 16
HEAD_BYTES = len(FORM) + NUMBER_BYTES + NONCE_BYTES + KEY_BYTES + TAG_BYTES
CHUNK_BYTES = 256 * 1024
IS_NOT_WHOLE = "An added file is not what was added. Restore it from a copy."


class FileStore:
    """Added files of all calls, sealed under the keys of the log, in the place where the recordings are.

    Every method raises Unavailable if the store or the database cannot be reached or cannot do it now.
    """

    def __init__(self, blobs: Blobs, log: Log) -> None:
        self._blobs, self._log = blobs, log

    def keep(self, call_id: str, file: Path | BinaryIO) -> Kept:
        """Seals and keeps a file, or a stream that can be read twice. It is safe when this returns.

        The same bytes again for the same call are kept once, and put right what was altered here in the meantime.
        Raises NotFound for a call that is not there.
        """
        number, key = self._log.newest_key(call_id)
        with our_errors(), opened(file) as source:
            source.seek(0)
            sha256 = hashlib.file_digest(source, "sha256").hexdigest()  # type: ignore[arg-type]  # asks for readinto
            about = _about(call_id, sha256)
            own_key = secrets.token_bytes(KEY_BYTES)
            source.seek(0)
            with self._blobs.incoming() as (to, path):
                to.write(FORM + number.to_bytes(NUMBER_BYTES, "big") + seal(key, own_key, about=about))
                kept = _seal_chunks(source, to, AESGCM(own_key), about)
                if kept.sha256 != sha256:
                    raise BrokenRecord("A file changed while it was being kept. Nothing was changed. Send it again.")
                self._blobs.place(to, path, self._name(call_id, sha256))
        return kept

    def read(self, call_id: str, file: KeptFile) -> Iterator[bytes]:
        """The bytes of a file in blocks; each block that is given is as it was added.

        Raises NotFound if there is no such file or it was erased, BrokenRecord where it was altered or cut. Altered
        further on, it is found out after the first blocks were given: what was given then is no whole file.
        """
        pieces = _Pieces(self._blobs.read(self._name(call_id, file.sha256)))
        head = pieces.take(HEAD_BYTES)
        if head[: len(FORM)] != FORM or len(head) != HEAD_BYTES:
            raise BrokenRecord(IS_NOT_WHOLE)
        number, sealed = head[len(FORM) :][:NUMBER_BYTES], head[len(FORM) + NUMBER_BYTES :]
        key = self._log.key(call_id, int.from_bytes(number, "big"))
        about = _about(call_id, file.sha256)
        try:
            own_key = AESGCM(unseal(key, sealed, about=about))
        except InvalidTag as error:
            raise BrokenRecord(IS_NOT_WHOLE) from error
        return _open_chunks(pieces, own_key, about, file.sha256)

    def _name(self, call_id: str, sha256: str) -> str:
        return f"files/{call_id}/{self._log.hidden_name(_about(call_id, sha256))}"


def _about(call_id: str, sha256: str) -> str:
    """What the seals of a file are bound to."""
    return f"file {call_id}/{sha256}"


def _seal_chunks(source: BinaryIO, to: IO[bytes], key: AESGCM, about: str) -> Kept:
    hashed, size = hashlib.sha256(), 0
    chunk, number, is_last = source.read(CHUNK_BYTES), 0, False
    while not is_last:
        after = source.read(CHUNK_BYTES)
        is_last = not after
        hashed.update(chunk)
        size += len(chunk)
        to.write(key.encrypt(_nonce(number, is_last=is_last), chunk, about.encode()))
        chunk, number = after, number + 1
    return Kept(hashed.hexdigest(), size)


def _open_chunks(pieces: _Pieces, key: AESGCM, about: str, sha256: str) -> Iterator[bytes]:
    hashed = hashlib.sha256()
    number, is_last = 0, False
    while not is_last:
        sealed = pieces.take(CHUNK_BYTES + TAG_BYTES)
        is_last = pieces.is_at_end()
        try:
            chunk = key.decrypt(_nonce(number, is_last=is_last), sealed, about.encode())
        except (InvalidTag, ValueError) as error:
            raise BrokenRecord(IS_NOT_WHOLE) from error
        hashed.update(chunk)
        if is_last and hashed.hexdigest() != sha256:
            raise BrokenRecord(IS_NOT_WHOLE)
        yield chunk
        number += 1


def _nonce(number: int, *, is_last: bool) -> bytes:
    """One for each chunk under the key of its file: its number in 11 bytes, and a byte that says whether it ends."""
    return number.to_bytes(NONCE_BYTES - 1, "big") + bytes([is_last])


class _Pieces:
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
        self._fill(1)
        return not self._held

    def _fill(self, length: int) -> None:
        while len(self._held) < length and (block := next(self._blocks, None)) is not None:
            self._held += block
