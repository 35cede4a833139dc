"""Sound sealed as it is kept, under a random name and a random key of its own that nobody has but whoever kept it.

Nothing here knows of calls: which bytes are the sound of which is in the database (``sound_keys``), and what is done
with them there in ``sounds``.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO

from worker.core.arrival import Sealed
from worker.record.blobs import BLOCK_BYTES, Blobs, opened, our_errors
from worker.record.sealed import Lock, Sealing
from worker.record.sound_keys import Kept, place
from worker.record.tables.sounds import NAME_LENGTH

IS_NOT_WHOLE = "The kept recording is not what arrived. Restore it from a copy, or send it again."


class Incoming:
    """A recording that is sealed here as it comes, and hashed on the way: a file of ``SealedSounds.incoming``."""

    def __init__(self, file: IO[bytes], path: Path) -> None:
        self.file, self.path = file, path
        self._name = secrets.token_hex(NAME_LENGTH // 2)
        self._lock = opening(Sealed(self._name, Lock.new("", "").key))
        self._sealing = Sealing(file, self._lock)

    @property
    def size_bytes(self) -> int:
        """How much was written so far."""
        return self._sealing.size_bytes

    def write(self, block: bytes) -> None:
        """Writes the bytes that follow. Raises Unavailable where there is no room for them."""
        with our_errors():
            self._sealing.write(block)

    def end(self) -> None:
        """All is written."""
        with our_errors():
            self._sealing.end()

    @property
    def kept(self) -> Kept:
        """What was written so far."""
        hashed = self._sealing.hashed
        return Kept(hashed.sha256, hashed.size_bytes, Sealed(self._name, self._lock.key))


class SealedSounds:
    """Keeps bytes sealed, in a folder or at an address. Every method raises Unavailable."""

    def __init__(self, blobs: Blobs) -> None:
        self.blobs = blobs

    @contextmanager
    def incoming(self) -> Iterator[Incoming]:
        """A recording to be written as it comes and then kept; where it is not, it is gone when the block ends."""
        with self.blobs.incoming() as (file, path):
            yield Incoming(file, path)

    def keep(self, recording: Path | BinaryIO | Incoming) -> Kept:
        """Seals and keeps the bytes of a file, of a stream up to its end, or what was written. They are safe when this
        returns, and open for nobody until ``Store.accept`` or ``Store.fetched`` has taken in what is given here.

        A failure leaves nothing behind.
        """
        if isinstance(recording, Incoming):
            recording.end()
            self.blobs.place(recording.file, recording.path, place(recording.kept.sealed.name))
            return recording.kept
        with our_errors(), opened(recording) as source, self.incoming() as incoming:
            while block := source.read(BLOCK_BYTES):
                incoming.write(block)
            return self.keep(incoming)

    def discard(self, kept: Kept) -> None:
        """Removes what was kept and became no recording of any call."""
        self.blobs.remove(place(kept.sealed.name))


def opening(sealed: Sealed) -> Lock:
    """What opens sealed sound."""
    return Lock(sealed.key, sealed.name, IS_NOT_WHOLE)
