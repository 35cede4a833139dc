"""Checks a whole installation: every call, the one tree over all entries, and every checkpoint that was signed of it.

It reads streams and keeps 33 bytes of each leaf, so that the size of an installation is no matter.

What it cannot see from the installation alone: that all of it was put back to how it once was, or that what no
checkpoint covers yet was cut off. A checkpoint that the checker kept from before (``since``) shows the first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from worker.core.errors import BrokenRecord
from worker.core.log.checkpoint import Checkpoint, read_checkpoint
from worker.core.log.entry import HASH_BYTES
from worker.core.log.findings import Finding, what_of
from worker.core.log.merkle import Frontier, Node
from worker.core.log.note import OpenNote
from worker.core.log.verify import KeptEntry, ReadEntry, check_call, check_place

INCLUDED_WITHIN = timedelta(hours=1)
"""So much older than the newest checkpoint, an entry is in the tree: what is stored is taken in at once. An hour, since
the clocks of those who write and those who sign may differ, and one that was wrong may have been put back."""


@dataclass(frozen=True)
class KeptLeaf:
    """A leaf of the tree as it is kept at its position, and the entry that it is said to be."""

    position: int
    hash: bytes
    call_id: str
    number: int


@dataclass(frozen=True)
class KeptCheckpoint:
    """A checkpoint as it is kept under its size: the signed note, and what else is kept of it beside the note."""

    size: int
    note: str
    root: bytes | None = None
    at: datetime | None = None


@dataclass(frozen=True)
class KeptNode:
    """A node of the tree above the leaves as it is kept, for proofs to be made of."""

    level: int
    index: int
    hash: bytes


@dataclass(frozen=True)
class KeptCall:
    """The entries of one call in the order of their numbers, and the positions of those that are in the tree."""

    call_id: str
    entries: Iterable[KeptEntry]
    positions: dict[int, int]


@dataclass(frozen=True)
class Report:
    """What a check of a whole installation found, and what it counted.

    ``unsigned`` entries are covered by no checkpoint yet; ``newest`` is the newest checkpoint that could be read.
    """

    findings: tuple[Finding, ...]
    calls: int
    entries: int
    erased: int
    leaves: int
    checkpoints: int
    unsigned: int
    newest: Checkpoint | None


def check_installation(
    *,
    checkpoints: Iterable[KeptCheckpoint],
    leaves: Iterable[KeptLeaf],
    calls: Iterable[KeptCall],
    open_note: OpenNote,
    nodes: Iterable[KeptNode] | None = None,
    since: str | None = None,
) -> Report:
    """Checks everything. Checkpoints come in the order of their sizes, leaves in that of their positions, nodes in the
    order in which leaves make them final, the lower first. Each stream is read once.

    ``nodes`` None: none are kept. ``since`` is a signed checkpoint that the checker kept from before.
    """
    findings: list[Finding] = []
    signed, count = _read_checkpoints(checkpoints, open_note, findings)
    kept = None if since is None else _read_since(since, open_note, findings)
    tree = _Tree(findings)
    roots = tree.grow(leaves, nodes, {*(one.size for one in signed), *(() if kept is None else (kept.size,))})
    findings += _check_roots(signed, roots, tree)
    newest = signed[-1] if signed else None
    if kept is not None:
        findings += _check_since(kept, newest, roots)
    if newest is None and tree.size:
        findings.append(Finding("the tree has leaves, and there is no checkpoint of it", got=f"{tree.size} leaves"))
    call_count = entry_count = erased = unsigned = 0
    for call in calls:
        check = check_call(call.call_id, call.entries)
        findings += check.findings
        for one in check.entries:
            findings += tree.claim(call, one, newest)
        findings += _check_order(call)
        call_count += 1
        entry_count += len(check.entries)
        erased += check.erased
        covered = 0 if newest is None else newest.size
        unsigned += sum(call.positions.get(one.number, covered) >= covered for one in check.entries)
    findings += tree.unclaimed()
    return Report(tuple(findings), call_count, entry_count, erased, tree.size, count, unsigned, newest)


class _Tree:
    """The leaves as they are kept, and which of them an entry has claimed."""

    def __init__(self, findings: list[Finding]) -> None:
        self._findings = findings
        self._hashes = bytearray()
        self._claimed = bytearray()

    @property
    def size(self) -> int:
        """How many leaves there are up to the first that is missing."""
        return len(self._claimed)

    def grow(self, leaves: Iterable[KeptLeaf], nodes: Iterable[KeptNode] | None, sizes: set[int]) -> dict[int, bytes]:
        """Takes the leaves in; the roots of the tree at those of the sizes that it reaches."""
        tree = Frontier()
        roots = {0: tree.root}
        kept_nodes = None if nodes is None else iter(nodes)
        for leaf in leaves:
            if leaf.position != tree.size:
                what = "a leaf of the tree is missing, or there twice; what comes after it cannot be checked"
                expected, got = f"leaf {tree.size}", f"leaf {leaf.position}"
                self._findings.append(Finding(what, leaf=tree.size, expected=expected, got=got))
                return roots
            if len(leaf.hash) != HASH_BYTES:
                self._findings.append(Finding("it is no hash", leaf.call_id, leaf.number, leaf.position))
                return roots
            tree, made = tree.grow(leaf.hash)
            self._hashes += leaf.hash
            self._claimed.append(0)
            if tree.size in sizes:
                roots[tree.size] = tree.root
            if kept_nodes is not None and not self._compare(made[1:], kept_nodes):
                kept_nodes = None
        if kept_nodes is not None and (more := next(kept_nodes, None)) is not None:
            self._findings.append(Finding("there is a node over leaves that are not there", leaf=_last_leaf(more)))
        return roots

    def _compare(self, made: Sequence[Node], kept: Iterator[KeptNode]) -> bool:
        """The kept nodes are those of the tree. False where one is missing, and the order of the rest not known."""
        for node in made:
            one = next(kept, None)
            if one is None or (one.level, one.index) != (node.level, node.index):
                what = f"the node of level {node.level} that this leaf completes is missing, or there twice"
                self._findings.append(Finding(what, leaf=_last_leaf(node)))
                return False
            if one.hash != node.hash:
                what = f"the node of level {node.level} that this leaf completes was altered"
                at = _last_leaf(node)
                self._findings.append(Finding(what, leaf=at, expected=node.hash.hex(), got=one.hash.hex()))
        return True

    def claim(self, call: KeptCall, one: ReadEntry, newest: Checkpoint | None) -> list[Finding]:
        """The entry stands at its place in the tree, and no other does."""
        position = call.positions.get(one.number)
        if position is None:
            return _check_waiting(call.call_id, one, newest)
        if not 0 <= position < self.size:
            what = "its place is not in the tree"
            return [Finding(what, call.call_id, one.number, position, expected=f"below {self.size}", got=str(position))]
        if self._claimed[position]:
            return [Finding("another entry has the same place in the tree", call.call_id, one.number, position)]
        self._claimed[position] = 1
        leaf = bytes(self._hashes[position * HASH_BYTES : (position + 1) * HASH_BYTES])
        return check_place(call.call_id, one, leaf, position)

    def unclaimed(self) -> list[Finding]:
        """Leaves to which no entry belongs, each stretch of them once."""
        found = []
        position = self._claimed.find(0)
        while position >= 0:
            end = self._claimed.find(1, position)
            end = self.size if end < 0 else end
            what = (
                "the entry of this leaf is missing"
                if end == position + 1
                else "the entries of these leaves are missing"
            )
            found.append(Finding(what, leaf=position, got=f"no entry for leaves {position} to {end - 1}"))
            position = self._claimed.find(0, end)
        return found


def _last_leaf(node: Node | KeptNode) -> int:
    """The position of the leaf that makes a node final."""
    return (node.index + 1 << node.level) - 1


def _read_checkpoints(
    kept: Iterable[KeptCheckpoint], open_note: OpenNote, findings: list[Finding]
) -> tuple[list[Checkpoint], int]:
    """Those that are signed and stand where they say, and how many there were in all."""
    signed: list[Checkpoint] = []
    count = 0
    for one in kept:
        count += 1
        try:
            checkpoint = read_checkpoint(open_note(one.note))
        except BrokenRecord as error:
            findings.append(Finding(what_of(error), checkpoint=one.size))
            continue
        if checkpoint.size != one.size:
            what = "a checkpoint stands under another size than its own"
            findings.append(Finding(what, checkpoint=one.size, expected=str(one.size), got=str(checkpoint.size)))
            continue
        if (one.root, one.at) != (None, None) and (one.root, one.at) != (checkpoint.root, checkpoint.at):
            findings.append(Finding("what is kept beside it is not what was signed", checkpoint=one.size))
        signed.append(checkpoint)
    for earlier, later in pairwise(signed):
        findings += _check_later(earlier, later)
    return signed, count


def _check_later(earlier: Checkpoint, later: Checkpoint) -> list[Finding]:
    if later.origin != earlier.origin:
        return [Finding("it is a checkpoint of another log", checkpoint=later.size)]
    if later.size <= earlier.size:
        expected = f"more than {earlier.size}"
        return [Finding("it does not grow", checkpoint=later.size, expected=expected, got=str(later.size))]
    if earlier.at is not None and later.at is not None and later.at < earlier.at:
        what = "it was signed before a checkpoint of a smaller tree"
        return [Finding(what, checkpoint=later.size, expected=f"after {earlier.at}", got=str(later.at))]
    return []


def _check_roots(signed: list[Checkpoint], roots: dict[int, bytes], tree: _Tree) -> list[Finding]:
    """Each checkpoint's root is that of the tree. Of several in a row that are not, only the first is told."""
    found = []
    holds = True
    last_good = 0
    for one in signed:
        held, holds = holds, roots.get(one.size) == one.root
        if holds:
            last_good = one.size
        elif held:
            root = roots.get(one.size)
            what = f"the tree is not the one that was signed; it was up to {last_good} leaves"
            got = f"a tree of {tree.size} leaves" if root is None else root.hex()
            found.append(Finding(what, checkpoint=one.size, expected=one.root.hex(), got=got))
    return found


def _read_since(note: str, open_note: OpenNote, findings: list[Finding]) -> Checkpoint | None:
    try:
        return read_checkpoint(open_note(note))
    except BrokenRecord as error:
        findings.append(Finding(f"the checkpoint kept from before: {what_of(error)}"))
        return None


def _check_since(kept: Checkpoint, newest: Checkpoint | None, roots: dict[int, bytes]) -> list[Finding]:
    if newest is None or newest.size < kept.size:
        what = "the log was put back to an earlier state than the checkpoint kept from before"
        got = "no checkpoint" if newest is None else str(newest.size)
        return [Finding(what, checkpoint=kept.size, expected=f"at least {kept.size}", got=got)]
    if newest.origin != kept.origin:
        return [Finding("the checkpoint kept from before is one of another log", checkpoint=kept.size)]
    if roots.get(kept.size) != kept.root:
        what = "the log was forked: its tree is not the one of the checkpoint kept from before"
        root = roots.get(kept.size)
        got = "no such tree" if root is None else root.hex()
        return [Finding(what, checkpoint=kept.size, expected=kept.root.hex(), got=got)]
    if kept.at is not None and newest.at is not None and newest.at < kept.at:
        what = "the newest checkpoint is older than the one kept from before"
        return [Finding(what, checkpoint=kept.size, expected=f"at least {kept.at}", got=str(newest.at))]
    return []


def _check_waiting(call_id: str, one: ReadEntry, newest: Checkpoint | None) -> list[Finding]:
    """An entry outside the tree is a new one."""
    if one.entry is None or newest is None or newest.at is None or one.entry.at > newest.at - INCLUDED_WITHIN:
        return []
    what = "it is not in the tree, and older than the newest checkpoint"
    return [Finding(what, call_id, one.number, expected=f"taken in before {newest.at}", got=f"entered {one.entry.at}")]


def _check_order(call: KeptCall) -> list[Finding]:
    """A call's entries are taken into the tree in their order, none before the one before it."""
    found: list[Finding] = []
    for place, (number, position) in enumerate(sorted(call.positions.items())):
        if number != place:
            what = "an entry is not in the tree, and a later one is"
            return [*found, Finding(what, call.call_id, place, expected=f"entry {place}", got=f"entry {number}")]
        if place and position <= call.positions[number - 1]:
            what = "it stands in the tree before the entry before it"
            found.append(Finding(what, call.call_id, number, position))
    return found
