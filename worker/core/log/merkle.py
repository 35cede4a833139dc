"""The one tree over all entries of an installation, hashed as RFC 9162 says, and its two kinds of proof.

A tree grows by leaves at its end. Its root binds all of them in their order: an inclusion proof shows that a leaf is in
the tree of a root, a consistency proof that a later tree begins with every leaf of an earlier one.

A leaf is what ``leaf_hash`` gives; ``Entry.hash`` is the leaf of an entry. All hashes have 32 bytes.
Source: RFC 9162, section 2.1.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from worker.core.errors import BrokenRecord, Invalid
from worker.core.log.entry import HASH_BYTES

EMPTY_ROOT = hashlib.sha256(b"").digest()

NodeAt: TypeAlias = Callable[[int, int], bytes]
"""Gives the node over the leaves ``[index * 2**level, (index + 1) * 2**level)``, all of which are in the tree."""


def leaf_hash(data: bytes) -> bytes:
    """The leaf of some bytes."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The node over two."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True)
class Node:
    """A node that no later leaf changes, at its place as ``NodeAt`` counts; level 0 are the leaves."""

    level: int
    index: int
    hash: bytes


@dataclass(frozen=True)
class Frontier:
    """A tree of ``size`` leaves by no more than it takes to go on: the roots of its full subtrees, the largest first.

    Raises BrokenRecord if that is not one root for every power of two in ``size``.
    """

    size: int = 0
    roots: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if (
            self.size < 0
            or len(self.roots) != self.size.bit_count()
            or any(len(root) != HASH_BYTES for root in self.roots)
        ):
            raise BrokenRecord("What is kept of the tree does not fit its size. Build it again from its leaves.")

    def append(self, leaf: bytes) -> Frontier:
        """The tree with one more leaf."""
        return self.grow(leaf)[0]

    def grow(self, leaf: bytes) -> tuple[Frontier, tuple[Node, ...]]:
        """The tree with one more leaf, and the nodes that this leaf made final, itself first."""
        made = [Node(0, self.size, leaf)]
        roots = list(self.roots)
        while self.size >> made[-1].level & 1:  # as many carries as in counting one further
            under = made[-1]
            made.append(Node(under.level + 1, under.index >> 1, node_hash(roots.pop(), under.hash)))
        return Frontier(self.size + 1, (*roots, made[-1].hash)), tuple(made)

    @property
    def root(self) -> bytes:
        """The root of the tree; of an empty one the SHA-256 of nothing."""
        if not self.roots:
            return EMPTY_ROOT
        root = self.roots[-1]
        for larger in self.roots[-2::-1]:
            root = node_hash(larger, root)
        return root


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root of the tree of these leaves."""
    tree = Frontier()
    for leaf in leaves:
        tree = tree.append(leaf)
    return tree.root


def inclusion_proof(index: int, size: int, node: NodeAt) -> tuple[bytes, ...]:
    """What shows that leaf ``index`` is in the tree of ``size`` leaves, from the leaf upwards.

    Asks ``node`` for O(log² size) nodes. Raises Invalid if there is no such leaf.
    """
    proof = [_root_between(start, end, node) for start, end, _ in _beside_leaf(index, size)]
    return tuple(reversed(proof))


def check_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Raises BrokenRecord unless the proof leads from the leaf at ``index`` to the root of the tree."""
    if not 0 <= index < size:
        raise BrokenRecord(f"A leaf's place is within the tree: expected below {size}, got {index}.")
    sides = [is_left for _, _, is_left in _beside_leaf(index, size)]
    _expect_hashes(proof, len(sides))
    at = leaf
    for beside, is_left in zip(proof, reversed(sides), strict=True):
        at = node_hash(beside, at) if is_left else node_hash(at, beside)
    _expect_root("The proof of inclusion does not lead to the root of the tree", root, at)


def consistency_proof(old_size: int, size: int, node: NodeAt) -> tuple[bytes, ...]:
    """What shows that the tree of ``size`` leaves begins with the one of ``old_size``; empty for 0 or the same size.

    Raises Invalid if the old tree is the larger one.
    """
    if not 0 <= old_size <= size:
        raise Invalid(f"A tree of {size} leaves does not begin with one of {old_size}.")
    if old_size == 0:
        return ()
    old_end, beside = _beside_old(old_size, size)
    proof = [_root_between(start, end, node) for start, end, _ in beside]
    if old_end != (0, old_size):  # else it is the old root itself, which the checker has
        proof.append(_root_between(*old_end, node))
    return tuple(reversed(proof))


def check_consistency(old_size: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> None:
    """Raises BrokenRecord unless the proof shows that the tree begins with the old one."""
    if not 0 <= old_size <= size:
        raise BrokenRecord(f"A later tree has no fewer leaves: expected at least {old_size}, got {size}.")
    if old_size == 0:
        _expect_hashes(proof, 0)
        _expect_root("The earlier tree has no leaf and another root", EMPTY_ROOT, old_root)
        if size == 0:
            _expect_root("The tree has no leaf and another root", EMPTY_ROOT, root)
        return
    old_end, beside = _beside_old(old_size, size)
    starts_at_root = old_end == (0, old_size)
    _expect_hashes(proof, len(beside) + (not starts_at_root))
    rest = proof if starts_at_root else proof[1:]
    old = new = old_root if starts_at_root else proof[0]
    for other, (_, _, is_left) in zip(rest, reversed(beside), strict=True):
        if is_left:
            old = node_hash(other, old)
        new = node_hash(other, new) if is_left else node_hash(new, other)
    _expect_root("The proof of consistency does not lead to the root of the earlier tree", old_root, old)
    _expect_root("The proof of consistency does not lead to the root of the tree", root, new)


def _beside_leaf(index: int, size: int) -> list[tuple[int, int, bool]]:
    """From the root down to a leaf: the leaves ``[start, end)`` that are left aside, and if they lie left of it."""
    if not 0 <= index < size:
        raise Invalid(f"There is no leaf {index} in a tree of {size}.")
    start, end, beside = 0, size, []
    while end - start > 1:
        middle = start + _left_part(end - start)
        if index < middle:
            beside.append((middle, end, False))
            end = middle
        else:
            beside.append((start, middle, True))
            start = middle
    return beside


def _beside_old(old_size: int, size: int) -> tuple[tuple[int, int], list[tuple[int, int, bool]]]:
    """From the root down to the subtree with which the old tree ends: its leaves, and what is left aside on the way."""
    start, end = 0, size
    beside: list[tuple[int, int, bool]] = []
    while end != old_size:
        middle = start + _left_part(end - start)
        if old_size <= middle:
            beside.append((middle, end, False))
            end = middle
        else:
            beside.append((start, middle, True))
            start = middle
    return (start, end), beside


def _left_part(size: int) -> int:
    """How many leaves stand left in a tree of ``size`` of at least 2: the largest power of two below it."""
    return 1 << (size - 1).bit_length() - 1


def _root_between(start: int, end: int, node: NodeAt) -> bytes:
    """The root over the leaves ``[start, end)``, which are a subtree: full, or at the right edge of the tree."""
    size = end - start
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return node(level, start >> level)
    middle = start + _left_part(size)
    return node_hash(_root_between(start, middle, node), _root_between(middle, end, node))


def _expect_hashes(proof: Sequence[bytes], count: int) -> None:
    if len(proof) != count or any(len(one) != HASH_BYTES for one in proof):
        raise BrokenRecord(f"A proof here is {count} hashes of {HASH_BYTES} bytes: got {len(proof)}, or other bytes.")


def _expect_root(what: str, expected: bytes, got: bytes) -> None:
    if got != expected:
        raise BrokenRecord(f"{what}: expected {expected.hex()}, got {got.hex()}.")
