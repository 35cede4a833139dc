"""The log: entries, sealed contents, keys, the tree, checkpoints; and what refuses to change them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

KEYS = {
    "log_identity": ("id",),
    "entries": ("call_id", "number"),
    "contents": ("call_id", "number"),
    "leaves": ("position",),
    "tree_nodes": ("level", "index"),
    "checkpoints": ("size",),
}
REFUSAL = "What is in the log is never changed or removed."


def upgrade() -> None:
    """Calls that were there before are taken into the log by the store, which has the keys."""
    call_id = sa.String(16).with_variant(sa.String(16, collation="C"), "postgresql")
    instant = sa.DateTime(timezone=True)
    position = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "log_identity",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_log_identity"),
        sa.CheckConstraint("id = 1", name=op.f("ck_log_identity_one")),
    )
    op.create_table(
        "entries",
        sa.Column("call_id", call_id, nullable=False),
        sa.Column("number", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("at", instant, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("content_hash", sa.LargeBinary, nullable=False),
        sa.Column("before", sa.LargeBinary, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("call_id", "number", name="pk_entries"),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name="fk_entries_call_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "contents",
        sa.Column("call_id", call_id, nullable=False),
        sa.Column("number", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("key_from", sa.Integer, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("call_id", "number", name="pk_contents"),
        _of_an_entry("contents"),
    )
    op.create_table(
        "call_keys",
        sa.Column("call_id", call_id, nullable=False),
        sa.Column("key_from", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("call_id", "key_from", name="pk_call_keys"),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name="fk_call_keys_call_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "not_included",
        sa.Column("call_id", call_id, nullable=False),
        sa.Column("number", sa.Integer, nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("call_id", "number", name="pk_not_included"),
        _of_an_entry("not_included"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "leaves",
        sa.Column("position", position, nullable=False, autoincrement=False),
        sa.Column("call_id", call_id, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_leaves"),
        sa.UniqueConstraint("call_id", "number", name="uq_leaves_call_id_number"),
        _of_an_entry("leaves"),
    )
    op.create_table(
        "tree_nodes",
        sa.Column("level", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("index", position, nullable=False, autoincrement=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("level", "index", name="pk_tree_nodes"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "checkpoints",
        sa.Column("size", position, nullable=False, autoincrement=False),
        sa.Column("root", sa.LargeBinary, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("at", instant, nullable=False),
        sa.PrimaryKeyConstraint("size", name="pk_checkpoints"),
    )
    if op.get_bind().dialect.name == "sqlite":
        _refuse_on_sqlite()
    else:
        _refuse_on_postgresql()


def _of_an_entry(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["call_id", "number"], ["entries.call_id", "entries.number"], name=f"fk_{table}_call_id"
    )


def _refuse_on_sqlite() -> None:
    for table, key in KEYS.items():
        for what in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_refuse_{what.lower()} BEFORE {what} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
            )
        # INSERT OR REPLACE removes the row that is in its way without asking the trigger before DELETE.
        same = " AND ".join(f'"{column}" = NEW."{column}"' for column in key)
        if table == "leaves":
            same = f"({same}) OR (call_id = NEW.call_id AND number = NEW.number)"
        op.execute(
            f"CREATE TRIGGER {table}_refuse_replace BEFORE INSERT ON {table} "  # noqa: S608 -- names of this module
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {same}) "
            f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        )


def _refuse_on_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION refuse_to_change_the_log() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    for table in KEYS:
        op.execute(
            f"CREATE TRIGGER {table}_refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_the_log()"
        )
