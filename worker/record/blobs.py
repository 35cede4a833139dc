"""Named bytes in a folder, or in a bucket (``s3://``, ``gs://``, ``az://``) that obstore reaches with the credentials
of its environment: what the stores of recordings and of files have in common.

A folder is written by our own code and not through obstore, because obstore's local writer does not wait for the disk.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from datetime import timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, from_url

from worker.core.errors import Invalid, NotFound, Unavailable

if TYPE_CHECKING:
    from obstore.store import ObjectStore, RetryConfig  # obstore has these names for type checkers only

BLOCK_BYTES = 1024 * 1024
RETRY: RetryConfig = {"max_retries": 4, "retry_timeout": timedelta(seconds=30)}  # then a job's own retries go on
UPLOADS_AT_ONCE = 4  # blocks of 5 MiB
ABANDONED_S = 24 * 3600.0
NOTHING = "asked-for"
"""A folder that is in no bucket."""


class Blobs:
    """Bytes by name in a folder or at an address (``file://``, ``s3://``, ``gs://``, ``az://``).

    Names are our own, made of letters, digits, dots and slashes; no text of anybody's becomes part of one. Every method
    raises Unavailable if the place cannot be reached or cannot do it now. Raises Invalid for an address of no known
    kind.
    """

    def __init__(self, location: str | Path) -> None:
        self._folder = folder_of(location)
        with our_errors():
            if self._folder is None:
                self._store = _bucket(str(location))
                self._incoming = None
            else:
                self._incoming = self._folder / "incoming"
                _make_folder(self._incoming)
                _clear_abandoned(self._incoming)
                self._store = LocalStore(self._folder)

    @contextmanager
    def incoming(self) -> Iterator[tuple[IO[bytes], Path]]:
        """A file that nobody else changes, to be written and then placed; it is gone when the block ends.

        A bucket gets its bytes through here too: a name is not known before the last byte was read.
        """
        with (
            our_errors(),
            tempfile.NamedTemporaryFile(dir=self._incoming, prefix="onrecord-", delete=False) as file,
        ):
            path = Path(file.name)
            try:
                yield file, path
            finally:
                path.unlink(missing_ok=True)

    def place(self, file: IO[bytes], path: Path, name: str) -> None:
        """Gives a file from ``incoming`` its name, in place of what had it. It is whole and on the disk on return."""
        with our_errors():
            file.flush()
            os.fsync(file.fileno())
            if self._folder is None:
                obstore.put(self._store, name, path, max_concurrency=UPLOADS_AT_ONCE)
                return
            place = self._folder / name
            _make_folder(place.parent)
            path.replace(place)
            _sync_folder(place.parent)

    def size(self, name: str) -> int | None:
        """Bytes under this name; None if there are none."""
        with our_errors():
            try:
                return obstore.head(self._store, name)["size"]
            except FileNotFoundError:
                return None

    def read(self, name: str, part: tuple[int, int] | None = None) -> Iterator[bytes]:
        """The bytes under this name, or ``[start, end)`` of them, in blocks. Raises NotFound if there are none."""
        with our_errors():
            try:
                found = obstore.get(self._store, name, options={"range": part} if part else {})
            except FileNotFoundError:
                raise NotFound("The store of recordings has nothing of this name.") from None
            for block in found.stream(min_chunk_size=BLOCK_BYTES):
                yield bytes(block)

    def reach(self) -> None:
        """Asks the place for nothing but an answer."""
        if self._folder is not None and not self._folder.is_dir():
            raise Unavailable("The folder for recordings is not there.")
        with our_errors():
            if self._folder is None:
                obstore.list_with_delimiter(self._store, NOTHING)

    def names(self, below: str) -> Iterator[tuple[str, float]]:
        """Every name that begins with this one and a slash, and when it was given, in seconds since 1970."""
        with our_errors():
            for some in obstore.list(self._store, prefix=below):
                for one in some:
                    yield one["path"], one["last_modified"].timestamp()

    def remove(self, name: str) -> None:
        """Takes away what has this name, if anything has."""
        with our_errors(), suppress(FileNotFoundError):
            obstore.delete(self._store, name)

    def remove_below(self, name: str) -> None:
        """Takes away everything whose name begins with this one and a slash, known to anybody or not."""
        with our_errors(), suppress(FileNotFoundError):
            if self._folder is not None:
                shutil.rmtree(self._folder / name)
                return
            for some in obstore.list(self._store, prefix=name):
                obstore.delete(self._store, [one["path"] for one in some])


def opened(file: Path | BinaryIO) -> AbstractContextManager[BinaryIO]:
    """A file opened for reading, or the stream itself, which stays open."""
    return file.open("rb") if isinstance(file, Path) else nullcontext(file)


def folder_of(location: str | Path) -> Path | None:
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
def our_errors() -> Iterator[None]:
    """Turns what a disk or a bucket raises into our errors."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Unavailable("The disk for recordings is full. Make room; nothing was kept in part.") from error
        why = error.strerror or "there is no such bucket"  # obstore raises FileNotFoundError without a number
        raise Unavailable(f"A recording cannot be kept or read now: {why}.") from error
    except BaseError as error:
        raise Unavailable(f"The store of recordings cannot be reached ({type(error).__name__}).") from error
