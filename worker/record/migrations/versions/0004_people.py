"""Persons and their roles on calls, sessions, one-time links, codes, the outbox; and the addresses of a call."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Calls that were there before have no addresses; their persons come with the first link that is made for them."""
    call_id = sa.String(16).with_variant(sa.String(16, collation="C"), "postgresql")
    instant = sa.DateTime(timezone=True)
    op.add_column("calls", sa.Column("agent_address", sa.String(254)))
    op.add_column("calls", sa.Column("customer_address", sa.String(254)))
    op.create_table(
        "persons",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("name", sa.Text),
        sa.Column("address", sa.String(254)),
        sa.Column("subject", sa.String(512)),
        sa.Column("is_reviewer", sa.Boolean, nullable=False),
        sa.Column("is_operator", sa.Boolean, nullable=False),
        sa.Column("made_at", instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_persons"),
        sa.UniqueConstraint("kind", "address", name="uq_persons_kind_address"),
        sa.UniqueConstraint("subject", name="uq_persons_subject"),
    )
    op.create_table(
        "call_roles",
        sa.Column("call_id", call_id, nullable=False),
        sa.Column("person_id", sa.String(16), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("until", instant),
        sa.Column("made_at", instant, nullable=False),
        sa.PrimaryKeyConstraint("call_id", "person_id", "role", name="pk_call_roles"),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name="fk_call_roles_call_id"),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_call_roles_person_id"),
    )
    op.create_index("ix_call_roles_person_id", "call_roles", ["person_id"])
    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("person_id", sa.String(16), nullable=False),
        sa.Column("only_call", call_id),
        sa.Column("seen_at", instant, nullable=False),
        sa.Column("ends_at", instant, nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_sessions"),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_sessions_person_id"),
    )
    op.create_index("ix_sessions_ends_at", "sessions", ["ends_at"])
    op.create_table(
        "one_time_tokens",
        sa.Column("token_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("person_id", sa.String(16)),
        sa.Column("only_call", call_id),
        sa.Column("ends_at", instant, nullable=False),
        sa.Column("used_at", instant),
        sa.PrimaryKeyConstraint("token_hash", name="pk_one_time_tokens"),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_one_time_tokens_person_id"),
    )
    op.create_index("ix_one_time_tokens_ends_at", "one_time_tokens", ["ends_at"])
    op.create_table(
        "codes",
        sa.Column("of", sa.String(32), nullable=False),
        sa.Column("salt", sa.LargeBinary(32)),
        sa.Column("code_hash", sa.LargeBinary(32)),
        sa.Column("ends_at", instant),
        sa.Column("tried", sa.Integer, nullable=False),
        sa.Column("wait_until", instant),
        sa.Column("sent", sa.Integer, nullable=False),
        sa.Column("send_again_at", instant),
        sa.PrimaryKeyConstraint("of", name="pk_codes"),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("address", sa.String(254), nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("made_at", instant, nullable=False),
        sa.Column("sent_at", instant),
        sa.Column("failure", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
    )
