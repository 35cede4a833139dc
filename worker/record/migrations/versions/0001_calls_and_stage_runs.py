"""Calls, and the stages that they have come to.

Written out in its own words: what ``tables`` says later must not change what this step once did.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """From nothing to the first form."""
    call_id = sa.String(16).with_variant(sa.String(16, collation="C"), "postgresql")
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "calls",
        sa.Column("id", call_id, nullable=False),
        sa.Column("agent", sa.Text),
        sa.Column("customer", sa.Text),
        sa.Column("started_at", instant),
        sa.Column("started_offset_s", sa.Integer),
        sa.Column("external_id", sa.String(255), nullable=False),
        sa.Column("language", sa.Text),
        sa.Column("party_of_channel", sa.Text, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("file_name", sa.Text, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("received_at", instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_calls"),
        sa.UniqueConstraint("sha256", "external_id", name="uq_calls_sha256_external_id"),
    )
    op.create_index("ix_calls_received_at_id", "calls", ["received_at", "id"])
    op.create_table(
        "stage_runs",
        sa.Column("call_id", call_id, nullable=False),
        sa.Column("stage", sa.String(32), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("waiting_since", instant, nullable=False),
        sa.Column("not_before", instant),
        sa.Column("worker", sa.Text),
        sa.Column("lease_until", instant),
        sa.Column("started_at", instant),
        sa.Column("finished_at", instant),
        sa.Column("progress", sa.Float, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("message", sa.Text),
        sa.Column("model", sa.Text),
        sa.Column("revision", sa.Text),
        sa.Column("seconds", sa.Float),
        sa.Column("result", sa.Text),
        sa.PrimaryKeyConstraint("call_id", "stage", name="pk_stage_runs"),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name="fk_stage_runs_call_id"),
        sa.UniqueConstraint("call_id", "position", name="uq_stage_runs_call_id_position"),
        sa.CheckConstraint("state IN ('waiting', 'running', 'done', 'failed')", name=op.f("ck_stage_runs_run_state")),
    )
    is_open = sa.text("state != 'done'")
    op.create_index(
        "ux_stage_runs_open", "stage_runs", ["call_id"], unique=True, sqlite_where=is_open, postgresql_where=is_open
    )
    is_in_hand = sa.text("state IN ('waiting', 'running')")
    op.create_index(
        "ix_stage_runs_in_hand",
        "stage_runs",
        ["waiting_since"],
        sqlite_where=is_in_hand,
        postgresql_where=is_in_hand,
    )
