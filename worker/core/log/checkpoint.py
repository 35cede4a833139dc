"""Checkpoints: the head of the log at one size, as the text of a signed note (C2SP's tlog-checkpoint).

One extension line says when it was signed, so that of two heads of the same tree the newer one is known.
Source: https://c2sp.org/tlog-checkpoint.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from worker.core.errors import BrokenRecord, Invalid
from worker.core.log.entry import HASH_BYTES

TIME = "time "
LARGEST = 2**63 - 1  # leaves: what a database counts

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


@dataclass(frozen=True)
class Checkpoint:
    """The tree of the log ``origin`` at ``size`` leaves, and other lines that stand under it.

    Raises Invalid for what no checkpoint can say.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.origin or any(not line or "\n" in line for line in (self.origin, *self.extensions)):
            raise Invalid("The origin of a log and each other line of a checkpoint is one line, and not empty.")
        if not 0 <= self.size <= LARGEST or len(self.root) != HASH_BYTES:
            raise Invalid(f"A checkpoint has a size from 0 and a root of {HASH_BYTES} bytes.")
        times = [line for line in self.extensions if line.startswith(TIME)]
        if len(times) > 1 or any(_instant(line) is None for line in times):
            raise Invalid("The instant of a checkpoint is in UTC to the microsecond, and there is at most one.")

    @property
    def at(self) -> datetime | None:
        """When it was signed, in UTC; None if it does not say."""
        return next((_instant(line) for line in self.extensions if line.startswith(TIME)), None)

    def encode(self) -> str:
        """The text that is signed."""
        root = base64.b64encode(self.root).decode("ascii")
        return "".join(f"{line}\n" for line in (self.origin, self.size, root, *self.extensions))


def make_checkpoint(origin: str, size: int, root: bytes, at: datetime) -> Checkpoint:
    """The checkpoint of a tree as it is at an instant. Raises Invalid for an instant that is not in UTC."""
    if at.tzinfo is not UTC:
        raise Invalid("The instant of a checkpoint is in UTC.")
    stamp = at.replace(tzinfo=None).isoformat(timespec="microseconds")
    return Checkpoint(origin, size, root, (f"{TIME}{stamp}Z",))


def read_checkpoint(text: str) -> Checkpoint:
    """The checkpoint that ``encode`` wrote. Raises BrokenRecord, saying which line, for any other text."""
    if not text.endswith("\n"):
        raise BrokenRecord("A checkpoint ends with a line's end; this one was cut off.")
    lines = text[:-1].split("\n")
    if len(lines) < 3:
        raise BrokenRecord("A checkpoint has a line for its origin, its size and its root.")
    origin, size, root, *extensions = lines
    if not _SIZE.fullmatch(size):
        raise BrokenRecord("The size of a checkpoint is a number from 0 in decimal digits; this one is not.")
    try:
        decoded = base64.b64decode(root.encode("ascii"), validate=True)
        is_same = base64.b64encode(decoded).decode("ascii") == root
    except (binascii.Error, UnicodeEncodeError):
        is_same = False
    if not is_same:
        raise BrokenRecord("The root of a checkpoint is written in base64; this one is not.")
    try:
        return Checkpoint(origin, int(size), decoded, tuple(extensions))
    except Invalid as error:
        raise BrokenRecord(error.message) from error


def _instant(line: str) -> datetime | None:
    """The instant of an extension line, None if it has none as it is written here."""
    stamp = line.removeprefix(TIME)
    if not _TIME.fullmatch(stamp) or not stamp.isascii():
        return None
    try:
        return datetime.fromisoformat(stamp).replace(tzinfo=UTC)
    except ValueError:
        return None
