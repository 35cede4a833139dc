"""API keys of senders, what they said before, and their uploads that resume."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Nothing that was there is changed."""
    call_id = sa.String(16).with_variant(sa.String(16, collation="C"), "postgresql")
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(10), nullable=False),
        sa.Column("sender", sa.String(64), nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("made_at", instant, nullable=False),
        sa.Column("last_used_at", instant),
        sa.Column("revoked_at", instant),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
    )
    op.create_table(
        "said_before",
        sa.Column("key_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("begun_at", instant, nullable=False),
        sa.Column("content_hash", sa.LargeBinary(32)),
        sa.Column("call_id", call_id),
        sa.Column("leg", sa.Integer),
        sa.PrimaryKeyConstraint("key_hash", name="pk_said_before"),
    )
    op.create_index("ix_said_before_begun_at", "said_before", ["begun_at"])
    op.create_table(
        "uploads",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("sender", sa.String(64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("arrived_bytes", sa.BigInteger, nullable=False),
        sa.Column("metadata", sa.Text, nullable=False),
        sa.Column("ends_at", instant, nullable=False),
        sa.Column("call_id", call_id),
        sa.Column("leg", sa.Integer),
        sa.PrimaryKeyConstraint("id", name="pk_uploads"),
    )
    op.create_index("ix_uploads_ends_at", "uploads", ["ends_at"])
    op.create_table(
        "upload_chunks",
        sa.Column("upload_id", sa.String(26), nullable=False),
        sa.Column("start_byte", sa.BigInteger, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("blob", sa.String(100), nullable=False),
        sa.PrimaryKeyConstraint("upload_id", "start_byte", name="pk_upload_chunks"),
        sa.ForeignKeyConstraint(["upload_id"], ["uploads.id"], name="fk_upload_chunks_upload_id"),
    )
