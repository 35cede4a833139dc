"""A watched folder: what other programs write into it is handed over, and then moved away or removed.

It is looked at again and again, which works on any disk and over any network, where a system's own notices do not. A
file is whole when two looks, some seconds apart, find it alike (and it is opened first, since over NFS a size may be
old); or when a file with its name and a marker's end lies beside it, as some programs leave one.

Nothing is lost and nothing taken twice, whenever this process is killed:

1. What is whole is handed over. A second time, this gives the same call.
2. What is to be moved, and where to, is noted in a file of its own, made durable.
3. It is moved, its details and marker with it; then the note is removed.

Notes that are found are carried out first. They name each file by size and time of change too, so a new one that took
its name meanwhile stays where it is. What is refused is moved into ``refused`` with the reason beside it.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import BinaryIO

import structlog

from worker.core.errors import BadRecording, CallError, Invalid, Unavailable
from worker.core.now import now_utc
from worker.intake.dropped import DETAILS_END, LARGEST_DETAILS, Dropbox, Kind, Look, kind_of

log = structlog.get_logger()

ACCEPTED, REFUSED, NOTES = "accepted", "refused", ".onrecord"
REASON_END = ".reason.txt"
EMPTY_PATIENCE_S = 3600.0
"""For how long a file may be empty: recorders make one before there is any sound."""


@dataclass(frozen=True)
class Stamp:
    """By what a file is known to be the same and unchanged."""

    size_bytes: int
    changed_ns: int

    @classmethod
    def of(cls, found: os.stat_result) -> Stamp:
        """The stamp of a file that was looked at."""
        return cls(found.st_size, found.st_mtime_ns)


@dataclass(frozen=True)
class _Note:
    """What is to be done with files that were handed over or refused: moved below ``to``, or removed if that is None.

    ``files`` are names within the watched folder. ``reason`` is why the first of them was refused.
    """

    files: dict[str, Stamp]
    to: str | None
    reason: str | None = None

    def encode(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @classmethod
    def decode(cls, text: bytes) -> _Note:
        value = json.loads(text)
        files = {name: Stamp(int(one["size_bytes"]), int(one["changed_ns"])) for name, one in value["files"].items()}
        note = cls(files, value["to"], value["reason"])
        # Whoever may write into the folder may write this too, and moves nothing of anybody else's with it.
        if not all(_stays_within(name) for name in (*note.files, note.to or REFUSED)):
            raise ValueError
        return note


@dataclass
class FolderWatch:
    """One watched folder. ``marker`` is the end of the names of files that say that another is whole, such as ".done".

    ``settle_s`` is how long a file stays as it is before it is whole. ``waits_for_details``: no recording is taken
    without them. ``keeps``: what was accepted is moved into ``accepted``, a folder a day; else it is removed.
    """

    folder: Path
    dropbox: Dropbox
    keeps: bool = True
    marker: str | None = None
    waits_for_details: bool = False
    settle_s: float = 5.0
    now: Callable[[], datetime] = now_utc
    clock: Callable[[], float] = time.monotonic
    _steady: dict[str, tuple[Stamp, float]] = field(default_factory=dict, init=False)

    def look(self) -> Look:
        """Hands over what is whole, the oldest first.

        Raises Unavailable if the folder cannot be read or written, and what ``Dropbox.hand_over`` raises where
        nothing more can be taken now; what was not taken stays where it is.
        """
        with _our_errors():
            for name in (ACCEPTED, REFUSED, NOTES):
                (self.folder / name).mkdir(exist_ok=True)
                _check_no_link(self.folder, self.folder / name)
            busy = self._carry_out_notes()
            found = {name: stamp for name, stamp in self._files() if name not in busy}
        self._steady = {name: self._seen(name, stamp) for name, stamp in found.items()}
        accepted = refused = settling = 0
        for name in sorted(found, key=lambda name: (found[name].changed_ns, name)):
            if kind_of(name) not in (Kind.RECORDING, Kind.VCON) or self._is_marker(name, found):
                continue
            if not self._is_whole(name, found):
                settling += self._may_settle(name, found)
                continue
            try:
                was_taken = self._take(name, found)
            except (Invalid, BadRecording) as error:
                self._move(name, found, to=REFUSED, reason=error.message)
                refused += 1
                continue
            except Unavailable:
                raise
            except CallError as error:
                log.error("watch.cannot_take", error=type(error).__name__)
                continue
            if was_taken:
                self._move(name, found, to=f"{ACCEPTED}/{self.now():%Y-%m-%d}" if self.keeps else None)
                accepted += 1
            else:
                settling += 1
        return Look(accepted, refused, settling)

    # What lies there

    def _files(self) -> Iterator[tuple[str, Stamp]]:
        """Every plain file by its name within the watched folder; no link is followed. A folder in it that cannot be
        looked into holds up no other."""
        folders = [self.folder]
        while folders:
            folder = folders.pop()
            for entry in self._entries(folder):
                if entry.name.startswith(".") or (folder == self.folder and entry.name in (ACCEPTED, REFUSED)):
                    continue
                with suppress(OSError):  # gone since, or not for us to see
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(Path(entry.path))
                    elif entry.is_file(follow_symlinks=False):
                        name = Path(entry.path).relative_to(self.folder).as_posix()
                        yield name, Stamp.of(entry.stat(follow_symlinks=False))

    def _entries(self, folder: Path) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(folder) as entries:
                return list(entries)
        except OSError as error:
            if folder == self.folder:
                raise
            log.warning("watch.cannot_look", error=type(error).__name__)
            return []

    def _seen(self, name: str, stamp: Stamp) -> tuple[Stamp, float]:
        """The stamp, and since when it is this one."""
        before = self._steady.get(name)
        return before if before is not None and before[0] == stamp else (stamp, self.clock())

    def _is_marker(self, name: str, found: Mapping[str, Stamp]) -> bool:
        return self.marker is not None and name.endswith(self.marker) and name.removesuffix(self.marker) in found

    def _is_whole(self, name: str, found: Mapping[str, Stamp]) -> bool:
        details = f"{name}{DETAILS_END}"
        if kind_of(name) is Kind.RECORDING and self.waits_for_details and details not in found:
            return False
        if self.marker is not None:
            return f"{name}{self.marker}" in found
        if found[name].size_bytes == 0 and self.now().timestamp() - found[name].changed_ns / 1e9 < EMPTY_PATIENCE_S:
            return False
        steady_since = max(self._steady[one][1] for one in (name, details) if one in found)
        return self.clock() - steady_since >= self.settle_s

    def _may_settle(self, name: str, found: Mapping[str, Stamp]) -> bool:
        """Whether only time is missing, and no marker or details that somebody has to write."""
        has_details = not self.waits_for_details or kind_of(name) is Kind.VCON or f"{name}{DETAILS_END}" in found
        return self.marker is None and has_details and found[name].size_bytes > 0

    # Taking it

    def _take(self, name: str, found: Mapping[str, Stamp]) -> bool:
        """Hands a file over. False if it is not what was found, or cannot be read now: it stays for another look."""
        details = f"{name}{DETAILS_END}"
        has_details = details in found and kind_of(name) is Kind.RECORDING
        try:
            text = self._text_of(details, found[details]) if has_details else None
            with self._opened(name, found[name]) as file:
                self.dropbox.hand_over(file, name, text)
                is_same = Stamp.of(os.fstat(file.fileno())) == found[name]
        except _ChangedError:
            return False
        except OSError as error:  # this one file, or its details, on a disk that fails here: it holds up no other
            log.warning("watch.cannot_read", error=type(error).__name__)
            return False
        if not is_same:
            log.warning("watch.changed_while_taken")  # its writer was slower than settle_s: what it has now comes too
        return is_same

    def _text_of(self, name: str, stamp: Stamp) -> bytes:
        with self._opened(name, stamp) as file:
            text = file.read(LARGEST_DETAILS + 1)
        if len(text) > LARGEST_DETAILS:
            raise Invalid("The details beside it are too long. Nothing was accepted.")
        return text

    @contextmanager
    def _opened(self, name: str, stamp: Stamp) -> Iterator[BinaryIO]:
        """The file if it is still the one that was found; opening it asks a network disk how it is now."""
        path = self.folder / name
        try:
            _check_no_link(self.folder, path)
            opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError as error:
            log.warning("watch.cannot_open", error=type(error).__name__)
            raise _ChangedError from error
        with os.fdopen(opened, "rb") as file:
            found = os.fstat(opened)
            if not stat.S_ISREG(found.st_mode) or Stamp.of(found) != stamp:
                raise _ChangedError
            yield file

    # Moving it away

    def _move(self, name: str, found: Mapping[str, Stamp], *, to: str | None, reason: str | None = None) -> None:
        beside = (f"{name}{DETAILS_END}", f"{name}{self.marker}" if self.marker else name)
        note = _Note({one: found[one] for one in (name, *beside) if one in found}, to, reason)
        path = self.folder / NOTES / f"{hashlib.sha256(os.fsencode(name)).hexdigest()[:32]}.json"
        with _our_errors():
            _write(path, note.encode())
            self._carry_out(path, note)

    def _carry_out_notes(self) -> set[str]:
        """Does what was noted and not done. The names that could not be moved, and so are not to be taken again."""
        busy: set[str] = set()
        for path in sorted((self.folder / NOTES).glob("*.json")):
            try:
                note = _Note.decode(path.read_bytes())
            except FileNotFoundError:  # somebody else watches here too, and was first
                continue
            except (ValueError, KeyError, TypeError, AttributeError):  # a disk lost it: its files are taken again
                path.unlink(missing_ok=True)
                continue
            try:
                self._carry_out(path, note)
            except OSError as error:
                log.error("watch.cannot_move", error=type(error).__name__)
                busy |= note.files.keys()
        return busy

    def _carry_out(self, path: Path, note: _Note) -> None:
        for number, (name, stamp) in enumerate(note.files.items()):
            source = self.folder / name
            _check_no_link(self.folder, source.parent)
            try:
                is_it = Stamp.of(source.lstat()) == stamp
            except FileNotFoundError:
                continue
            if not is_it:
                continue
            if note.to is None:
                source.unlink(missing_ok=True)
                continue
            target = self.folder / note.to / name
            target.parent.mkdir(parents=True, exist_ok=True)
            _check_no_link(self.folder, target.parent)
            target = _free(target)
            if note.reason is not None and number == 0:
                _write(target.with_name(f"{target.name}{REASON_END}"), f"{note.reason}\n".encode())
            source.replace(target)
        path.unlink(missing_ok=True)


class _ChangedError(Exception):
    """A file is another one than was found, or is gone, or may not be read."""


def _stays_within(name: str) -> bool:
    """Whether a name of a note leads to no place outside of the watched folder."""
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts and "\0" not in name


def _check_no_link(folder: Path, path: Path) -> None:
    """Raises OSError where a link was put into the way from a folder to what is in it: it leads elsewhere."""
    for one in (path, *path.parents):
        if one == folder:
            return
        if one.is_symlink():
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))


def _free(target: Path) -> Path:
    """A name that nothing has: recorders begin to count anew."""
    number, free = 2, target
    while free.exists():
        free = target.with_name(f"{target.stem}-{number}{target.suffix}")
        number += 1
    return free


def _write(path: Path, text: bytes) -> None:
    """Writes a file that is whole and on the disk, or not there."""
    part = path.with_name(f"{path.name}.part")
    with part.open("wb") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


@contextmanager
def _our_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unavailable(
            f"The watched folder cannot be used now ({os.strerror(error.errno) if error.errno else 'no reason'}). "
            "What lies in it stays. It has to be readable, and writable for what is moved away."
        ) from error
