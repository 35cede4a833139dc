"""The log: entries, their sealed contents and keys, and the one tree over all entries with its signed checkpoints.

The database itself refuses to change or remove rows of ``NEVER_CHANGED``; the triggers for that are in the migration.
A key may be removed, and takes what it sealed with it; so may a row of ``not_included``, once its entry is.
"""

from __future__ import annotations

import sqlalchemy as sa

from worker.record.tables.base import Instant, call_id_type, metadata

NEVER_CHANGED = ("log_identity", "entries", "contents", "leaves", "tree_nodes", "checkpoints")

_position = sa.BigInteger().with_variant(sa.Integer, "sqlite")  # the row's own number on SQLite, which needs no index

log_identity = sa.Table(
    "log_identity",
    metadata,
    sa.Column("id", sa.Integer, sa.CheckConstraint("id = 1", name="one"), primary_key=True, autoincrement=False),
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("public_key", sa.LargeBinary, nullable=False),  # Ed25519, 32 bytes: signs the checkpoints
    sa.Column("sealed", sa.LargeBinary, nullable=False),  # opens under the master key of this installation alone
)
"""Which log this is, as its first process said: no other keys write to it."""

entries = sa.Table(
    "entries",
    metadata,
    sa.Column("call_id", call_id_type(), sa.ForeignKey("calls.id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),  # of this call, from 0 without gaps
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("person", sa.Text, nullable=False),  # empty for a machine
    sa.Column("at", Instant, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("content_hash", sa.LargeBinary, nullable=False),
    sa.Column("before", sa.LargeBinary, nullable=False),
    sa.Column("hash", sa.LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)


def _entry_key() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["call_id", "number"], ["entries.call_id", "entries.number"])


contents = sa.Table(
    "contents",
    metadata,
    sa.Column("call_id", call_id_type(), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("key_from", sa.Integer, nullable=False),  # which of the call's keys sealed it
    sa.Column("sealed", sa.LargeBinary, nullable=False),  # the salt and the body
    _entry_key(),
)

call_keys = sa.Table(
    "call_keys",
    metadata,
    sa.Column("call_id", call_id_type(), sa.ForeignKey("calls.id"), primary_key=True),
    sa.Column("key_from", sa.Integer, primary_key=True, autoincrement=False),  # the first entry that it seals
    sa.Column("sealed", sa.LargeBinary, nullable=False),  # under the master key
    sqlite_with_rowid=False,
)

not_included = sa.Table(
    "not_included",
    metadata,
    sa.Column("call_id", call_id_type(), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    _entry_key(),
    sqlite_with_rowid=False,
)
"""Entries that are stored and not yet in the tree."""

leaves = sa.Table(
    "leaves",
    metadata,
    sa.Column("position", _position, primary_key=True, autoincrement=False),  # in the tree, from 0 without gaps
    sa.Column("call_id", call_id_type(), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("hash", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("call_id", "number"),
    _entry_key(),
)

tree_nodes = sa.Table(
    "tree_nodes",
    metadata,
    sa.Column("level", sa.Integer, primary_key=True, autoincrement=False),  # 1: over two leaves
    sa.Column("index", _position, primary_key=True, autoincrement=False),  # covers 2^level leaves from index * 2^level
    sa.Column("hash", sa.LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
"""The full nodes of the tree: with them, proofs and the next root cost as many reads as the tree has levels."""

checkpoints = sa.Table(
    "checkpoints",
    metadata,
    sa.Column("size", _position, primary_key=True, autoincrement=False),
    sa.Column("root", sa.LargeBinary, nullable=False),
    sa.Column("note", sa.Text, nullable=False),  # as it was signed
    sa.Column("at", Instant, nullable=False),
)
