"""Opens packages that strangers made, as zips or unpacked: nothing is unpacked to disk, and what could harm is refused
before it is read."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, LargeZipFile, ZipFile, ZipInfo

from worker.core.errors import BrokenRecord, NotFound
from worker.exchange.package import form

BLOCK_BYTES = 1024 * 1024
OF_SYSTEMS = (".DS_Store", "Thumbs.db", "desktop.ini")
SMALL = 64 * 1024  # bytes unpacked up to which it is no matter how small a member is packed

_FOREIGN = (
    BadZipFile,
    LargeZipFile,
    EOFError,
    NotImplementedError,
    OverflowError,
    RuntimeError,
    ValueError,
    struct.error,
    zlib.error,
)


class Archive(Protocol):
    """The members of an opened package."""

    @property
    def names(self) -> frozenset[str]:
        """The names of all members."""

    def text(self, name: str) -> str:
        """A member as text. Raises BrokenRecord if it is not there, not whole, too large or no text."""

    def sha256(self, name: str) -> str:
        """The SHA-256 of a member. Raises BrokenRecord if it is not whole."""


class ZipArchive:
    """The members of an opened zip, all of them with names and sizes that a package may have."""

    def __init__(self, zip_file: ZipFile, size_bytes: int) -> None:
        self._zip = zip_file
        self._infos = _checked(zip_file.infolist(), size_bytes)

    @property
    def names(self) -> frozenset[str]:
        """The names of all members."""
        return frozenset(self._infos)

    def text(self, name: str) -> str:
        """A member as text. Raises BrokenRecord if it is not there, not whole, too large or no text."""
        if name not in self._infos:
            raise BrokenRecord(f"{name} is missing from the copy.")
        _check_size(name, self._infos[name].file_size)
        with _our_errors(name):
            return self._zip.read(self._infos[name]).decode()

    def sha256(self, name: str) -> str:
        """The SHA-256 of a member. Raises BrokenRecord if it is not whole."""
        hashed = hashlib.sha256()
        with _our_errors(name), self._zip.open(self._infos[name]) as member:
            while block := member.read(BLOCK_BYTES):
                hashed.update(block)
        return hashed.hexdigest()


class FolderArchive:
    """The files of a package that somebody unpacked. What their system put beside them is passed over."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        found = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()]
        self._names = frozenset(name for name in found if name.rpartition("/")[2] not in OF_SYSTEMS)
        if len(self._names) > form.MOST_MEMBERS:
            raise BrokenRecord(f"A copy has at most {form.MOST_MEMBERS} files: got {len(self._names)}.")
        for place, name in enumerate(sorted(self._names)):
            if not form.MEMBER.fullmatch(name) or (folder / name).is_symlink():
                raise BrokenRecord(f"File {place} of the copy has a name that no copy has.")

    @property
    def names(self) -> frozenset[str]:
        """The names of all files, as they are in the zip."""
        return self._names

    def text(self, name: str) -> str:
        """A file as text. Raises BrokenRecord if it is not there, too large or no text."""
        if name not in self._names:
            raise BrokenRecord(f"{name} is missing from the copy.")
        with _our_errors(name):
            _check_size(name, (self._folder / name).stat().st_size)
            return (self._folder / name).read_bytes().decode()

    def sha256(self, name: str) -> str:
        """The SHA-256 of a file."""
        with _our_errors(name), (self._folder / name).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """The package of a path, zip or folder. Raises NotFound if there is nothing there, BrokenRecord for what is no zip,
    or an odd one."""
    if path.is_dir():
        yield FolderArchive(path)
        return
    try:
        file = path.open("rb")
    except OSError as error:
        raise NotFound(f"The copy cannot be opened: {error.strerror}.") from error
    with file:
        with _our_errors("The copy"):
            archive = ZipFile(file)
        with archive:
            yield ZipArchive(archive, path.stat().st_size)


def _check_size(name: str, size_bytes: int) -> None:
    if size_bytes > form.LARGEST_TEXT:
        raise BrokenRecord(f"{name} is larger than {form.LARGEST_TEXT} bytes, which no copy has.")


def _checked(infos: list[ZipInfo], size_bytes: int) -> dict[str, ZipInfo]:
    if len(infos) > form.MOST_MEMBERS:
        raise BrokenRecord(f"A copy has at most {form.MOST_MEMBERS} files: got {len(infos)}.")
    if sum(info.file_size for info in infos) > form.MOST_BYTES:
        raise BrokenRecord(f"Unpacked, a copy has at most {form.MOST_BYTES} bytes; this one would have more.")
    if sum(info.compress_size for info in infos) > size_bytes:
        raise BrokenRecord("Files of the copy lie over each other, which is how a zip bomb is made.")
    checked: dict[str, ZipInfo] = {}
    for place, info in enumerate(infos):
        if not form.MEMBER.fullmatch(info.orig_filename) or info.filename != info.orig_filename:
            raise BrokenRecord(f"File {place} of the copy has a name that no copy has.")  # it may harm a terminal
        name = info.filename
        if name in checked:
            raise BrokenRecord(f"{name} is in the copy twice.")
        if info.flag_bits & 0x1:
            raise BrokenRecord("The copy is encrypted. Unpack it with its code, and check the folder that comes of it.")
        if info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            raise BrokenRecord(f"{name} is packed in a way that no copy is.")
        if info.file_size > max(SMALL, info.compress_size * form.MOST_PACKED):
            raise BrokenRecord(f"{name} is packed as only a zip bomb is.")
        checked[name] = info
    return checked


@contextmanager
def _our_errors(what: str) -> Iterator[None]:
    try:
        yield
    except UnicodeDecodeError:
        raise BrokenRecord(f"{what} is no text in UTF-8.") from None
    except _FOREIGN as error:
        raise BrokenRecord(f"{what} is damaged or cut off: it is not a whole zip ({type(error).__name__}).") from error
    except OSError as error:
        raise BrokenRecord(f"{what} cannot be read: {error.strerror or 'it is cut off'}.") from error
