"""The one tree over the entries of all calls: what is stored is included, and its head is published, signed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa

from worker.core.errors import BrokenRecord
from worker.core.log.checkpoint import make_checkpoint
from worker.core.log.entry import HASH_BYTES
from worker.core.log.merkle import Frontier, Node, NodeAt, consistency_proof, inclusion_proof
from worker.record.signing import Signer
from worker.record.tables.log import checkpoints, entries, leaves, not_included, tree_nodes

T = TypeVar("T")

INCLUDED_AT_ONCE = 1000
READ_AT_ONCE = 500  # places in one statement
TREE_LOCK = 0x6F6E72656C6F67  # "onrelog": the number under which PostgreSQL lets one process change the tree


@dataclass(frozen=True)
class Leaf:
    """An entry's place in the tree, from 0, and its hash."""

    position: int
    call_id: str
    number: int
    hash: bytes


@dataclass(frozen=True)
class Proof:
    """A leaf, and the hashes that show that it is in the tree of a certain size, from the leaf upwards."""

    leaf: Leaf
    hashes: tuple[bytes, ...]


@dataclass(frozen=True)
class Published:
    """A checkpoint: the root of the first ``size`` leaves, in the note that was signed ``at`` an instant."""

    size: int
    root: bytes
    note: str
    at: datetime


def include(connection: sa.Connection) -> int:
    """Takes up to ``INCLUDED_AT_ONCE`` stored entries into the tree, those of a call in their order; how many it were.

    The order between calls says nothing. Others who would change the tree wait until this transaction ends.
    """
    _lock(connection)
    waiting = connection.execute(_WAITING).all()
    if not waiting:
        return 0
    tree = _frontier(connection)
    grown: list[dict[str, object]] = []
    nodes: list[Node] = []
    for row in waiting:
        grown.append({"position": tree.size, "call_id": row.call_id, "number": row.number, "hash": row.hash})
        tree, made = tree.grow(bytes(row.hash))
        nodes.extend(made[1:])  # the first is the leaf
    connection.execute(sa.insert(leaves), grown)
    if nodes:
        rows = [{"level": node.level, "index": node.index, "hash": node.hash} for node in nodes]
        connection.execute(sa.insert(tree_nodes), rows)
    connection.execute(_TAKEN, [{"of_call": row.call_id, "at_number": row.number} for row in waiting])
    return len(waiting)


def publish(connection: sa.Connection, signer: Signer, now: datetime) -> Published | None:
    """Signs the tree as it is now; None if nothing is new since the last checkpoint.

    No checkpoint says an earlier instant than the one before, whatever the clocks of two machines say.
    """
    _lock(connection)
    tree = _frontier(connection)
    last = latest(connection)
    if tree.size == (last.size if last is not None else 0):
        return None
    at = max(now, last.at) if last is not None else now
    note = signer.sign(make_checkpoint(signer.name, tree.size, tree.root, at).encode())
    published = Published(tree.size, tree.root, note, at)
    connection.execute(sa.insert(checkpoints).values(size=tree.size, root=tree.root, note=note, at=at))
    return published


def is_something_new(connection: sa.Connection) -> bool:
    """Whether anything waits to be included or published."""
    last = latest(connection)
    is_waiting = connection.execute(sa.select(sa.exists().select_from(not_included))).scalar_one()
    return bool(is_waiting) or size(connection) > (last.size if last is not None else 0)


def size(connection: sa.Connection) -> int:
    """How many leaves the tree has."""
    last: int | None = connection.execute(sa.select(sa.func.max(leaves.c.position))).scalar_one()
    return 0 if last is None else last + 1


def latest(connection: sa.Connection) -> Published | None:
    """The newest checkpoint."""
    row = connection.execute(sa.select(checkpoints).order_by(checkpoints.c.size.desc()).limit(1)).one_or_none()
    return None if row is None else as_published(row)


def as_published(row: sa.Row[Any]) -> Published:
    """The checkpoint of a row."""
    return Published(row.size, bytes(row.root), row.note, row.at)


def as_leaf(row: sa.Row[Any]) -> Leaf:
    """The leaf of a row."""
    return Leaf(row.position, row.call_id, row.number, bytes(row.hash))


def inclusion(connection: sa.Connection, found: Sequence[Leaf], tree_size: int) -> tuple[Proof, ...]:
    """The proofs that these leaves are in the tree of this size. Raises Invalid for a leaf that is not."""

    def prove(node: NodeAt) -> tuple[Proof, ...]:
        return tuple(Proof(leaf, inclusion_proof(leaf.position, tree_size, node)) for leaf in found)

    return _with_nodes(connection, prove)


def consistency(connection: sa.Connection, old_size: int, new_size: int) -> tuple[bytes, ...]:
    """The proof that the tree of the new size begins with that of the old one."""
    return _with_nodes(connection, lambda node: consistency_proof(old_size, new_size, node))


def _with_nodes(connection: sa.Connection, prove: Callable[[NodeAt], T]) -> T:
    """What is proved by nodes of the tree. It is asked twice: first which nodes it needs, so that these are read at
    once and not one by one."""
    needed: set[tuple[int, int]] = set()

    def note(level: int, index: int) -> bytes:
        needed.add((level, index))
        return bytes(HASH_BYTES)

    prove(note)
    nodes = _read(connection, needed)
    return prove(lambda level, index: nodes[level, index])


def _read(connection: sa.Connection, places: Iterable[tuple[int, int]]) -> Mapping[tuple[int, int], bytes]:
    """Nodes by level and index; level 0 are the leaves. Raises BrokenRecord if one is not there."""
    found: dict[tuple[int, int], bytes] = {}
    wanted: dict[int, list[int]] = {}
    for level, index in places:
        wanted.setdefault(level, []).append(index)
    for level, indexes in wanted.items():
        for start in range(0, len(indexes), READ_AT_ONCE):
            part = indexes[start : start + READ_AT_ONCE]
            rows = connection.execute(_some_nodes(level), {"places": part})
            found.update({(level, row.place): bytes(row.hash) for row in rows})
    if len(found) < sum(map(len, wanted.values())):
        raise BrokenRecord("The tree of the log is not whole. `onrecord verify` says what is missing.")
    return found


def _some_nodes(level: int) -> sa.Select[Any]:
    places: sa.BindParameter[Any] = sa.bindparam("places", expanding=True)
    if level == 0:
        return sa.select(leaves.c.position.label("place"), leaves.c.hash).where(leaves.c.position.in_(places))
    node = tree_nodes.c
    return sa.select(node.index.label("place"), node.hash).where(node.level == level, node.index.in_(places))


def _frontier(connection: sa.Connection) -> Frontier:
    """The tree as it is now, by its largest full nodes."""
    leaf_count = size(connection)
    places = [
        (level, (leaf_count >> level) - 1)
        for level in reversed(range(leaf_count.bit_length()))
        if leaf_count >> level & 1
    ]
    nodes = _read(connection, places)
    return Frontier(leaf_count, tuple(nodes[place] for place in places))


def _lock(connection: sa.Connection) -> None:
    """One process changes the tree at a time. A writer's transaction on SQLite is alone as it is."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(TREE_LOCK)))


_WAITING = (
    sa.select(entries.c.call_id, entries.c.number, entries.c.hash)
    .select_from(not_included)
    .join(entries, (entries.c.call_id == not_included.c.call_id) & (entries.c.number == not_included.c.number))
    .order_by(not_included.c.call_id, not_included.c.number)
    .limit(INCLUDED_AT_ONCE)
)
_TAKEN = sa.delete(not_included).where(
    not_included.c.call_id == sa.bindparam("of_call"), not_included.c.number == sa.bindparam("at_number")
)
