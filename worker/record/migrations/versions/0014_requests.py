"""Requests of customers, their clocks, and restrictions; who answers them; letters that wait beside others."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Nobody had asked before. An event may now be about no one call: somebody asks who is not known here."""
    call_id = sa.String(16).with_variant(sa.String(16, collation="C"), "postgresql")
    instant = sa.DateTime(timezone=True)
    op.add_column("persons", sa.Column("is_desk", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("outbox", sa.Column("stays", sa.Boolean, nullable=False, server_default=sa.false()))
    with op.batch_alter_table("events") as events:
        events.alter_column("call_id", existing_type=call_id, nullable=True)
    op.create_table(
        "requests",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("came_by", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("person_id", sa.String(16)),
        sa.Column("address_name", sa.String(64)),
        sa.Column("call_id", call_id),
        sa.Column("same", sa.String(64)),
        sa.Column("received_at", instant, nullable=False),
        sa.Column("made_at", instant, nullable=False),
        sa.Column("proof_asked_at", instant),
        sa.Column("proved_at", instant),
        sa.Column("more_months", sa.Integer, nullable=False),
        sa.Column("extended_at", instant),
        sa.Column("due_at", instant),
        sa.Column("told", sa.String(8)),
        sa.Column("looked_at", instant),
        sa.Column("reviewed_at", instant),
        sa.Column("package", sa.String(64)),
        sa.Column("failure", sa.Text),
        sa.Column("ground", sa.String(24)),
        sa.Column("ended_at", instant),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_requests"),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_requests_person_id"),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name="fk_requests_call_id"),
    )
    op.create_index("ix_requests_person_id", "requests", ["person_id"])
    op.create_index("ix_requests_address_name", "requests", ["address_name"])
    is_open = sa.text("ended_at IS NULL")
    op.create_index(
        "ux_requests_same", "requests", ["same"], unique=True, sqlite_where=is_open, postgresql_where=is_open
    )
    op.create_index("ix_requests_due_at", "requests", ["due_at"], sqlite_where=is_open, postgresql_where=is_open)
    op.create_table(
        "request_calls",
        sa.Column("request_id", sa.String(16), nullable=False),
        sa.Column("call_id", call_id, nullable=False),
        sa.PrimaryKeyConstraint("request_id", "call_id", name="pk_request_calls"),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name="fk_request_calls_request_id"),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name="fk_request_calls_call_id"),
    )
    op.create_index("ix_request_calls_call_id", "request_calls", ["call_id"])
    op.create_table(
        "request_steps",
        sa.Column("request_id", sa.String(16), nullable=False),
        sa.Column("number", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("at", instant, nullable=False),
        sa.Column("step", sa.String(24), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("is_to_write", sa.Boolean, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("request_id", "number", name="pk_request_steps"),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name="fk_request_steps_request_id"),
    )
    to_write = sa.text("is_to_write")
    op.create_index(
        "ix_request_steps_to_write",
        "request_steps",
        ["request_id", "number"],
        sqlite_where=to_write,
        postgresql_where=to_write,
    )
    op.create_table(
        "restrictions",
        sa.Column("call_id", call_id, nullable=False),
        sa.Column("request_id", sa.String(16), nullable=False),
        sa.Column("since", instant, nullable=False),
        sa.Column("lifting_told_at", instant),
        sa.Column("lifts_at", instant),
        sa.PrimaryKeyConstraint("call_id", name="pk_restrictions"),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name="fk_restrictions_call_id"),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name="fk_restrictions_request_id"),
    )
    op.create_table(
        "request_counts",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("since", instant, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_request_counts"),
    )
