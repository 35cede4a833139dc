"""Words of calls, so that they are found again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Records that were there before are taken in by ``onrecord search index``, or when somebody looks in them."""
    call_id = sa.String(16).with_variant(sa.String(16, collation="C"), "postgresql")
    op.create_table(
        "search_calls",
        sa.Column("call_id", call_id, nullable=False),
        sa.Column("made_of", sa.Integer, nullable=False),
        sa.Column("key_from", sa.Integer),
        sa.PrimaryKeyConstraint("call_id", name="pk_search_calls"),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name="fk_search_calls_call_id"),
    )
    op.create_table(
        "search_lines",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("call_id", call_id, nullable=False),
        sa.Column("place", sa.String(64), nullable=False),
        sa.Column("start_s", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_search_lines"),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name="fk_search_lines_call_id"),
    )
    op.create_index("ix_search_lines_call_id", "search_lines", ["call_id"])
    if op.get_bind().dialect.name == "sqlite":
        op.execute("CREATE VIRTUAL TABLE search_words USING fts5(words, tokenize = 'ascii', columnsize = 0)")
    else:
        op.execute("CREATE TABLE search_words (rowid bigint PRIMARY KEY, words tsvector NOT NULL)")
        op.execute("CREATE INDEX ix_search_words_words ON search_words USING gin (words)")
