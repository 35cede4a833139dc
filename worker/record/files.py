"""Files that people add to a record, each sealed under the key of its call, beside the recordings.

Where a file lies tells nothing of what is in it, and erasing the key of the call erases its files.

How a file is sealed: four bytes that name the form, the number of the call's key in four bytes, a key of the file's own
sealed under that, then the bytes as ``worker.record.sealed`` has them. With each chunk, the call and the hash of the
file are authenticated.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag

from worker.core.dialogue.values import KeptFile
from worker.core.errors import BrokenRecord
from worker.record.blobs import BLOCK_BYTES, Blobs, opened, our_errors
from worker.record.keys import KEY_BYTES
from worker.record.log import Log
from worker.record.sealed import TAG_BYTES, Hashed, Lock, Pieces, Sealing, open_all
from worker.record.vault import NONCE_BYTES, seal, unseal

FORM = b"ORF1"
NUMBER_BYTES = 4
HEAD_BYTES = len(FORM) + NUMBER_BYTES + NONCE_BYTES + KEY_BYTES + TAG_BYTES
IS_NOT_WHOLE = "An added file is not what was added. Restore it from a copy."


class FileStore:
    """Added files of all calls, sealed under the keys of the log, in the place where the recordings are.

    Every method raises Unavailable if the store or the database cannot be reached or cannot do it now.
    """

    def __init__(self, blobs: Blobs, log: Log) -> None:
        self._blobs, self._log = blobs, log

    def keep(self, call_id: str, file: Path | BinaryIO) -> Hashed:
        """Seals and keeps a file, or a stream that can be read twice. It is safe when this returns.

        The same bytes again for the same call are kept once, and put right what was altered here in the meantime.
        Raises NotFound for a call that is not there.
        """
        number, key = self._log.newest_key(call_id)
        with our_errors(), opened(file) as source:
            source.seek(0)
            sha256 = hashlib.file_digest(source, "sha256").hexdigest()  # type: ignore[arg-type]  # asks for readinto
            lock = Lock.new(_about(call_id, sha256), IS_NOT_WHOLE)
            source.seek(0)
            with self._blobs.incoming() as (to, path):
                to.write(FORM + number.to_bytes(NUMBER_BYTES, "big") + seal(key, lock.key, about=lock.about))
                sealing = Sealing(to, lock)
                while block := source.read(BLOCK_BYTES):
                    sealing.write(block)
                sealing.end()
                if sealing.hashed.sha256 != sha256:
                    raise BrokenRecord("A file changed while it was being kept. Nothing was changed. Send it again.")
                self._blobs.place(to, path, self._name(call_id, sha256))
        return sealing.hashed

    def read(self, call_id: str, file: KeptFile) -> Iterator[bytes]:
        """The bytes of a file in blocks; each block that is given is as it was added.

        Raises NotFound if there is no such file or it was erased, BrokenRecord where it was altered or cut. Altered
        further on, it is found out after the first blocks were given: what was given then is no whole file.
        """
        pieces = Pieces(self._blobs.read(self._name(call_id, file.sha256)))
        head = pieces.take(HEAD_BYTES)
        if head[: len(FORM)] != FORM or len(head) != HEAD_BYTES:
            raise BrokenRecord(IS_NOT_WHOLE)
        number, sealed = head[len(FORM) :][:NUMBER_BYTES], head[len(FORM) + NUMBER_BYTES :]
        key = self._log.key(call_id, int.from_bytes(number, "big"))
        about = _about(call_id, file.sha256)
        try:
            lock = Lock(unseal(key, sealed, about=about), about, IS_NOT_WHOLE)
        except InvalidTag as error:
            raise BrokenRecord(IS_NOT_WHOLE) from error
        return _as_added(open_all(pieces.rest(), lock), file.sha256)

    def erase(self, call_id: str) -> int:
        """Takes away every file of a call; how many."""
        number = sum(1 for _ in self._blobs.names(f"files/{call_id}"))
        self._blobs.remove_below(f"files/{call_id}")
        return number

    def _name(self, call_id: str, sha256: str) -> str:
        return f"files/{call_id}/{self._log.hidden_name(_about(call_id, sha256))}"


def _about(call_id: str, sha256: str) -> str:
    """What the seals of a file are bound to."""
    return f"file {call_id}/{sha256}"


def _as_added(chunks: Iterator[bytes], sha256: str) -> Iterator[bytes]:
    """The chunks; the last alone if the whole has the hash of the file."""
    hashed, held = hashlib.sha256(), b""
    for number, chunk in enumerate(chunks):
        if number:
            yield held
        hashed.update(chunk)
        held = chunk
    if hashed.hexdigest() != sha256:
        raise BrokenRecord(IS_NOT_WHOLE)
    yield held
