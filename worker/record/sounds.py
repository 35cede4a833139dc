"""The bytes of recordings, unaltered under their SHA-256, and the copies made for listening.

What is kept is whole and durable before ``keep`` returns; what is fetched is hashed again on the way.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

from worker.core.errors import BrokenRecord, Invalid, NotFound
from worker.record.blobs import BLOCK_BYTES, Blobs, our_errors

SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Kept:
    """What was kept: the hash that names it and its size."""

    sha256: str
    size_bytes: int


class Incoming:
    """A recording that is written here as it comes, and hashed on the way: a file of ``SoundStore.incoming``."""

    def __init__(self, file: IO[bytes], path: Path) -> None:
        self.file, self.path = file, path
        self.size_bytes = 0
        self._hashed = hashlib.sha256()

    def write(self, block: bytes) -> None:
        """Writes the bytes that follow. Raises Unavailable where there is no room for them."""
        with our_errors():
            self.file.write(block)
        self._hashed.update(block)
        self.size_bytes += len(block)

    @property
    def kept(self) -> Kept:
        """What was written so far."""
        return Kept(self._hashed.hexdigest(), self.size_bytes)


class SoundStore:
    """Recordings by their hash, in a folder or at an address (``file://``, ``s3://``, ``gs://``, ``az://``).

    Every method raises Unavailable if the store cannot be reached or cannot do it now, and Invalid for a hash that is
    none. Raises Invalid for an address of no known kind. ``blobs`` is the place itself, for what is kept beside them.
    """

    def __init__(self, location: str | Path) -> None:
        self.blobs = Blobs(location)

    @contextmanager
    def incoming(self) -> Iterator[Incoming]:
        """A recording to be written as it comes and then kept; where it is not, it is gone when the block ends."""
        with self.blobs.incoming() as (file, path):
            yield Incoming(file, path)

    def keep(self, recording: Path | BinaryIO | Incoming) -> Kept:
        """Keeps the bytes of a file, of a stream up to its end, or what was written. They are safe when this returns.

        The same bytes again are kept once, and put right what was altered here in the meantime. A failure leaves
        nothing behind.
        """
        if isinstance(recording, Incoming):
            self.blobs.place(recording.file, recording.path, _recording(recording.kept.sha256))
            return recording.kept
        with our_errors(), opened(recording) as source, self.blobs.incoming() as (file, path):
            kept = _copy(source, file)
            self.blobs.place(file, path, _recording(kept.sha256))
        return kept

    def exists(self, sha256: str) -> bool:
        """A recording with this hash is kept."""
        return self.blobs.size(_recording(sha256)) is not None

    def fetch(self, sha256: str, to: Path) -> None:
        """Writes a recording into a file. Nobody sees the file before it is whole and its hash is right.

        Raises NotFound if there is no such recording, BrokenRecord if its bytes were altered.
        """
        found = hashlib.sha256()
        with our_errors(), _file_beside(to) as (file, path):
            for block in self.blobs.read(_recording(sha256)):
                found.update(block)
                file.write(block)
            file.close()
            if found.hexdigest() != sha256:
                raise BrokenRecord("The kept recording is not what arrived. Restore it from a copy, or send it again.")
            path.replace(to)

    def read(self, sha256: str) -> Iterator[bytes]:
        """The bytes of a recording in blocks, unchecked: whoever takes them hashes them. Raises NotFound if none is."""
        return self.blobs.read(_recording(sha256))

    def put_copy(self, sha256: str, copy: Path) -> None:
        """Keeps the copy for listening (FLAC) of a recording, in place of an earlier one."""
        with our_errors(), copy.open("rb") as source, self.blobs.incoming() as (file, path):
            _copy(source, file)
            self.blobs.place(file, path, _listening_copy(sha256))

    def copy_size(self, sha256: str) -> int:
        """Bytes of the copy for listening. Raises NotFound if there is none."""
        size = self.blobs.size(_listening_copy(sha256))
        if size is None:
            raise NotFound("There is no sound to listen to for this call yet.")
        return size

    def put_peaks(self, sha256: str, peaks: bytes) -> None:
        """Keeps how loud the copy for listening is from end to end (``worker.exchange.peaks``)."""
        with our_errors(), self.blobs.incoming() as (file, path):
            file.write(peaks)
            self.blobs.place(file, path, _peaks(sha256))

    def read_peaks(self, sha256: str) -> bytes:
        """What ``put_peaks`` kept. Raises NotFound where nothing was."""
        return b"".join(self.blobs.read(_peaks(sha256)))

    def read_copy(self, sha256: str, *, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Bytes ``[start, end)`` of the copy for listening in blocks; up to its end if ``end`` is None.

        Raises Invalid if that is not a stretch of the copy, NotFound if there is none.
        """
        size = self.copy_size(sha256)
        end = size if end is None else end
        if not 0 <= start <= end <= size:
            raise Invalid(f"The sound has {size} bytes; {start} to {end} is no part of it.")
        return self.blobs.read(_listening_copy(sha256), (start, end)) if start < end else iter(())


def opened(recording: Path | BinaryIO) -> AbstractContextManager[BinaryIO]:
    """A file opened for reading, or the stream itself, which stays open."""
    return recording.open("rb") if isinstance(recording, Path) else nullcontext(recording)


def _copy(source: BinaryIO, to: IO[bytes]) -> Kept:
    """Copies a stream to its end, hashing it on the way."""
    hashed, size = hashlib.sha256(), 0
    while block := source.read(BLOCK_BYTES):
        hashed.update(block)
        size += len(block)
        to.write(block)
    return Kept(hashed.hexdigest(), size)


def _recording(sha256: str) -> str:
    return f"recordings/{_checked(sha256)}"


def _listening_copy(sha256: str) -> str:
    return f"listening/{_checked(sha256)}.flac"


def _peaks(sha256: str) -> str:
    return f"listening/{_checked(sha256)}.peaks.json"


def _checked(sha256: str) -> str:
    """A hash becomes part of a path, so nothing else may pass for one."""
    if not SHA256.fullmatch(sha256):
        raise Invalid("A recording is named by its SHA-256, 64 hexadecimal digits in lower case.")
    return sha256


@contextmanager
def _file_beside(to: Path) -> Iterator[tuple[IO[bytes], Path]]:
    """A file in the same folder, to be renamed once it is right; gone if it was not."""
    to.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=to.parent, prefix=f".{to.name}.", delete=False) as file:
        path = Path(file.name)
        try:
            yield file, path
        finally:
            path.unlink(missing_ok=True)
