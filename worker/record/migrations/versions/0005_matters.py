"""Gists of calls and what is open in them: drawn from the log, so that lists need not open every record."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Of calls that were there before they are made when somebody first asks for them."""
    call_id = sa.String(16).with_variant(sa.String(16, collation="C"), "postgresql")
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "gists",
        sa.Column("call_id", call_id, nullable=False),
        sa.Column("made_of", sa.Integer, nullable=False),
        sa.Column("key_from", sa.Integer),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("call_id", name="pk_gists"),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name="fk_gists_call_id"),
    )
    op.create_table(
        "open_matters",
        sa.Column("call_id", call_id, nullable=False),
        sa.Column("number", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("by_role", sa.String(16)),
        sa.Column("to_role", sa.String(16)),
        sa.Column("since", instant),
        sa.Column("late_from", instant),
        sa.PrimaryKeyConstraint("call_id", "number", name="pk_open_matters"),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name="fk_open_matters_call_id"),
    )
