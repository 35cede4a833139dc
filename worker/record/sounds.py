"""The bytes of recordings, unaltered under their SHA-256, and the copies made for listening.

They lie in a folder, or in a bucket (``s3://``, ``gs://``, ``az://``) that obstore reaches with the credentials of its
environment. What is kept is whole and durable before ``keep`` returns; what is fetched is hashed again on the way.

A folder is written by our own code and not through obstore, because obstore's local writer does not wait for the disk.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, from_url

from worker.core.errors import BrokenRecord, Invalid, NotFound, Unavailable

if TYPE_CHECKING:
    from obstore.store import ObjectStore, RetryConfig  # obstore has these names for type checkers only

BLOCK_BYTES = 1024 * 1024
RETRY: RetryConfig = {"max_retries": 4, "retry_timeout": timedelta(seconds=30)}  # then a job's own retries go on
UPLOADS_AT_ONCE = 4  # blocks of 5 MiB
ABANDONED_S = 24 * 3600.0
SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Kept:
    """What was kept: the hash that names it and its size."""

    sha256: str
    size_bytes: int


class SoundStore:
    """Recordings by their hash, in a folder or at an address (``file://``, ``s3://``, ``gs://``, ``az://``).

    Every method raises Unavailable if the store cannot be reached or cannot do it now, and Invalid for a hash that is
    none. Raises Invalid for an address of no known kind.
    """

    def __init__(self, location: str | Path) -> None:
        self._folder = _folder(location)
        with _our_errors():
            if self._folder is None:
                self._store = _bucket(str(location))
                self._incoming = None
            else:
                self._incoming = self._folder / "incoming"
                _make_folder(self._incoming)
                _clear_abandoned(self._incoming)
                self._store = LocalStore(self._folder)

    def keep(self, recording: Path | BinaryIO) -> Kept:
        """Keeps the bytes of a file, or of a stream up to its end. They are safe when this returns.

        The same bytes again are kept once, and put right what was altered here in the meantime. A failure leaves
        nothing behind.
        """
        with _our_errors(), _opened(recording) as source, self._private_copy(source) as (copy, kept):
            self._place(copy, _recording(kept.sha256))
        return kept

    def exists(self, sha256: str) -> bool:
        """A recording with this hash is kept."""
        return self._size(_recording(sha256)) is not None

    def fetch(self, sha256: str, to: Path) -> None:
        """Writes a recording into a file. Nobody sees the file before it is whole and its hash is right.

        Raises NotFound if there is no such recording, BrokenRecord if its bytes were altered.
        """
        found = hashlib.sha256()
        with _our_errors(), _file_beside(to) as (file, path):
            for block in self._read(_recording(sha256)):
                found.update(block)
                file.write(block)
            file.close()
            if found.hexdigest() != sha256:
                raise BrokenRecord("The kept recording is not what arrived. Restore it from a copy, or send it again.")
            path.replace(to)

    def put_copy(self, sha256: str, copy: Path) -> None:
        """Keeps the copy for listening (FLAC) of a recording, in place of an earlier one."""
        with _our_errors(), copy.open("rb") as source, self._private_copy(source) as (path, _):
            self._place(path, _listening_copy(sha256))

    def copy_size(self, sha256: str) -> int:
        """Bytes of the copy for listening. Raises NotFound if there is none."""
        size = self._size(_listening_copy(sha256))
        if size is None:
            raise NotFound("There is no sound to listen to for this call yet.")
        return size

    def read_copy(self, sha256: str, *, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Bytes ``[start, end)`` of the copy for listening in blocks; up to its end if ``end`` is None.

        Raises Invalid if that is not a stretch of the copy, NotFound if there is none.
        """
        size = self.copy_size(sha256)
        end = size if end is None else end
        if not 0 <= start <= end <= size:
            raise Invalid(f"The sound has {size} bytes; {start} to {end} is no part of it.")
        return self._read(_listening_copy(sha256), (start, end)) if start < end else iter(())

    def _size(self, name: str) -> int | None:
        with _our_errors():
            try:
                return obstore.head(self._store, name)["size"]
            except FileNotFoundError:
                return None

    def _read(self, name: str, part: tuple[int, int] | None = None) -> Iterator[bytes]:
        with _our_errors():
            try:
                found = obstore.get(self._store, name, options={"range": part} if part else {})
            except FileNotFoundError:
                raise NotFound("The store of recordings has no such sound.") from None
            for block in found.stream(min_chunk_size=BLOCK_BYTES):
                yield bytes(block)

    @contextmanager
    def _private_copy(self, source: BinaryIO) -> Iterator[tuple[Path, Kept]]:
        """A copy that nobody else changes, on the disk for certain, with its hash; it is gone when the block ends.

        A bucket gets its copy through here too: the name is not known before the last byte was read.
        """
        hashed, size = hashlib.sha256(), 0
        with tempfile.NamedTemporaryFile(dir=self._incoming, prefix="onrecord-", delete=False) as file:
            path = Path(file.name)
            try:
                while block := source.read(BLOCK_BYTES):
                    hashed.update(block)
                    size += len(block)
                    file.write(block)
                file.flush()
                os.fsync(file.fileno())
                yield path, Kept(hashed.hexdigest(), size)
            finally:
                path.unlink(missing_ok=True)

    def _place(self, copy: Path, name: str) -> None:
        if self._folder is None:
            obstore.put(self._store, name, copy, max_concurrency=UPLOADS_AT_ONCE)
            return
        place = self._folder / name
        _make_folder(place.parent)
        copy.replace(place)
        _sync_folder(place.parent)


def _folder(location: str | Path) -> Path | None:
    """The folder, if the location is one and no bucket."""
    if isinstance(location, Path) or "://" not in location:
        return Path(location).absolute()
    if location.startswith("file://"):
        return Path(unquote(urlsplit(location).path))
    return None


def _bucket(address: str) -> ObjectStore:
    try:
        return from_url(address, retry_config=RETRY)
    except (BaseError, ValueError) as error:
        raise Invalid(
            "Recordings are kept in a folder or at s3://…, gs://… or az://…; this address is none."
        ) from error


def _recording(sha256: str) -> str:
    return f"recordings/{_checked(sha256)}"


def _listening_copy(sha256: str) -> str:
    return f"listening/{_checked(sha256)}.flac"


def _checked(sha256: str) -> str:
    """A hash becomes part of a path, so nothing else may pass for one."""
    if not SHA256.fullmatch(sha256):
        raise Invalid("A recording is named by its SHA-256, 64 hexadecimal digits in lower case.")
    return sha256


def _opened(recording: Path | BinaryIO) -> AbstractContextManager[BinaryIO]:
    return recording.open("rb") if isinstance(recording, Path) else nullcontext(recording)


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


def _clear_abandoned(incoming: Path) -> None:
    """Removes what a killed process left half-written. A day old, nobody is writing it any more."""
    for path in incoming.iterdir():
        with suppress(FileNotFoundError):  # another process was first
            if time.time() - path.stat().st_mtime > ABANDONED_S:
                path.unlink()


def _make_folder(folder: Path) -> None:
    """A folder for its owner alone, and those above it where they are missing, each durable before the next."""
    if not folder.exists():
        _make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    """A new name is durable only once its folder is."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


@contextmanager
def _our_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Unavailable("The disk for recordings is full. Make room; nothing was kept in part.") from error
        why = error.strerror or "there is no such bucket"  # obstore raises FileNotFoundError without a number
        raise Unavailable(f"A recording cannot be kept or read now: {why}.") from error
    except BaseError as error:
        raise Unavailable(f"The store of recordings cannot be reached ({type(error).__name__}).") from error
