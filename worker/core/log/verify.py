"""Checks the entries of one call, read from wherever they are kept: their numbers, links, contents and places.

It trusts nothing that it is handed and goes on after what it finds, so that one check names all that is wrong. With
those who write it shares no more than the form of an entry (``worker.core.log.entry``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from worker.core.errors import BrokenRecord
from worker.core.log.checkpoint import Checkpoint
from worker.core.log.entry import BEFORE_THE_FIRST, Entry, decode, hash_of_content
from worker.core.log.findings import Finding, what_of
from worker.core.log.merkle import check_inclusion, leaf_hash


@dataclass(frozen=True)
class KeptEntry:
    """An entry as it is kept under its call and ``number``.

    ``salt`` and ``body`` are None where the content was erased. ``fault`` says why a content that should be there
    cannot be read. ``hash`` is what is kept beside the entry as its hash, where that is kept.
    """

    number: int
    encoded: bytes
    salt: bytes | None
    body: bytes | None
    fault: str | None = None
    hash: bytes | None = None


@dataclass(frozen=True)
class ReadEntry:
    """A kept entry, decoded, and its hash; both None where it is none. ``number`` is the one under which it is kept."""

    number: int
    entry: Entry | None
    hash: bytes | None


@dataclass(frozen=True)
class CallCheck:
    """The entries of one call, what is wrong with them, and how many have no content any more."""

    entries: tuple[ReadEntry, ...]
    findings: tuple[Finding, ...]
    erased: int


def check_call(call_id: str, kept: Iterable[KeptEntry]) -> CallCheck:
    """Numbers from 0 without gaps, spelling, links from each entry to the one before, and contents.

    The entries come in the order in which they are kept. Links are not checked over what is missing or unreadable.
    """
    entries: list[ReadEntry] = []
    findings: list[Finding] = []
    erased = 0
    before: bytes | None = BEFORE_THE_FIRST
    for one in kept:
        expected = entries[-1].number + 1 if entries else 0
        if one.number != expected:
            findings.append(_wrong_number(call_id, expected, one.number))
            before = None
        entry, found = _read(call_id, one)
        findings += found
        if entry is not None:
            if before is not None and entry.before != before:
                what = "it does not follow the entry before: one of the two was altered"
                findings.append(_unlike(what, call_id, one.number, before, entry.before))
            findings += _check_content(call_id, one, entry)
        erased += one.fault is None and one.body is None
        before = None if entry is None else leaf_hash(one.encoded)  # decoded, it is what was encoded
        entries.append(ReadEntry(one.number, entry, before))
    return CallCheck(tuple(entries), tuple(findings), erased)


def check_place(call_id: str, one: ReadEntry, leaf: bytes, position: int) -> list[Finding]:
    """The leaf at the entry's place in the tree is the entry's."""
    if one.hash is None or leaf == one.hash:
        return []
    what = f"leaf {position} of the tree is not this entry: it was altered after it was taken in"
    return [_unlike(what, call_id, one.number, leaf, one.hash)]


def check_proof(
    call_id: str, one: ReadEntry, position: int, proof: Sequence[bytes], checkpoint: Checkpoint
) -> list[Finding]:
    """The proof leads from the entry to the checkpoint's root."""
    if one.hash is None:
        return []
    try:
        check_inclusion(one.hash, position, checkpoint.size, proof, checkpoint.root)
    except BrokenRecord as error:
        return [Finding(what_of(error), call_id, one.number, leaf=position, checkpoint=checkpoint.size)]
    return []


def _wrong_number(call_id: str, expected: int, got: int) -> Finding:
    if got > expected:
        return Finding("an entry is missing", call_id, expected, expected=f"entry {expected}", got=f"entry {got}")
    return Finding("an entry is out of order or there twice", call_id, got, expected=str(expected), got=str(got))


def _read(call_id: str, kept: KeptEntry) -> tuple[Entry | None, list[Finding]]:
    try:
        entry = decode(kept.encoded)
    except BrokenRecord as error:
        return None, [Finding(what_of(error), call_id, kept.number)]
    found = []
    if entry.number != kept.number:
        what = "it stands under another number than its own"
        found.append(Finding(what, call_id, kept.number, expected=str(kept.number), got=str(entry.number)))
    if entry.call_id != call_id:
        found.append(Finding("it is an entry of another call", call_id, kept.number, expected=call_id))
    if kept.hash is not None and kept.hash != (got := leaf_hash(kept.encoded)):
        found.append(_unlike("it was altered: its hash is another one", call_id, kept.number, kept.hash, got))
    return entry, found


def _check_content(call_id: str, kept: KeptEntry, entry: Entry) -> list[Finding]:
    if kept.fault is not None:
        return [Finding(kept.fault, call_id, kept.number)]
    if kept.salt is None and kept.body is None:
        return []
    if kept.salt is None or kept.body is None:
        return [Finding("its content is there by half", call_id, kept.number)]
    got = hash_of_content(kept.salt, kept.body)
    if got == entry.content_hash:
        return []
    return [_unlike("its content is not what was entered", call_id, kept.number, entry.content_hash, got)]


def _unlike(what: str, call_id: str, number: int, expected: bytes, got: bytes) -> Finding:
    return Finding(what, call_id, number, expected=expected.hex(), got=got.hex())
