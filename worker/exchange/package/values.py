"""What goes into a copy, as plain values that are handed in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class CopiedEntry:
    """An entry, its content (both None where it was erased), its place in the tree and the proof that it is there."""

    encoded: bytes
    salt: bytes | None
    body: bytes | None
    position: int
    proof: tuple[bytes, ...]


@dataclass(frozen=True)
class Attached:
    """Bytes that go in beside the entries. ``name`` is what people called the file; it is written in safe letters.

    ``blocks`` gives them from the start each time. With ``sha256`` the bytes are checked on the way.
    """

    name: str
    size_bytes: int
    blocks: Callable[[], Iterator[bytes]]
    sha256: str | None = None


@dataclass(frozen=True)
class Earlier:
    """A checkpoint from before, as it was signed, and the proof that the tree only grew since."""

    checkpoint: str
    consistency: tuple[bytes, ...]


@dataclass(frozen=True)
class Copy:
    """The copy of one call's record: every entry that is in the tree of ``checkpoint``, the signed note of its head.

    ``key`` is the log's public key as text, ``recordings`` are those of the call's legs, ``files`` are added files by
    the number of the entry that added them, ``sound`` is the copy for listening, and ``annotations`` what both sides
    said as Web Annotations (JSON-LD).
    """

    call_id: str
    key: str
    checkpoint: str
    entries: Sequence[CopiedEntry]
    earlier: Earlier | None = None
    recordings: Sequence[Attached] = ()
    sound: Attached | None = None
    files: Mapping[int, Attached] = field(default_factory=dict)
    annotations: bytes | None = None
