"""What goes into a package, as plain values that are handed in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class CopiedEntry:
    """An entry, its content (both None where it was erased or stays out), its place in the tree and the proof that it
    is there."""

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
class CopiedCall:
    """One call: every entry that is in the tree of the package's checkpoint, and what was made of its record.

    ``withheld`` are the numbers of the entries whose contents stay out for the sake of other persons; ``files`` are
    added files by the number of the entry that added them, ``sound`` is the copy for listening, ``texts`` what is made
    for people and programs, by names of ``form.TEXTS``.
    """

    call_id: str
    entries: Sequence[CopiedEntry]
    withheld: frozenset[int] = frozenset()
    sound: Attached | None = None
    files: Mapping[int, Attached] = field(default_factory=dict)
    texts: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Contents:
    """A package: its calls in their order, under one signed head of the log (``checkpoint``).

    ``key`` is the log's public key as text. ``readme`` is what it says of itself in plain words, ``index`` the page
    that leads to several calls; None where there is one, whose own page lies at the top.
    """

    key: str
    checkpoint: str
    calls: Sequence[CopiedCall]
    readme: str
    earlier: Earlier | None = None
    index: bytes | None = None
