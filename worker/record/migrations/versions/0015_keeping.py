"""How long calls are kept, legal holds, and receipts of what was erased."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Nothing that was there is changed."""
    op.add_column("calls", sa.Column("erased_at", sa.DateTime(timezone=True)))
    op.add_column("calls", sa.Column("sound_erased_at", sa.DateTime(timezone=True)))
    op.create_table(
        "holds",
        sa.Column("call_id", _call_id(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("call_id", name="pk_holds"),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name="fk_holds_call_id"),
    )
    op.create_table(
        "erasures",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("call_id", _call_id(), nullable=False),
        sa.Column("what", sa.String(16), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("receipt", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_erasures"),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name="fk_erasures_call_id"),
        sa.UniqueConstraint("call_id", "what", name="uq_erasures_call_id_what"),
    )
    is_under_way = sa.text("ended_at IS NULL")
    op.create_index(
        "ix_erasures_begun_at", "erasures", ["begun_at"], sqlite_where=is_under_way, postgresql_where=is_under_way
    )


def _call_id() -> sa.types.TypeEngine[str]:
    return sa.String(16).with_variant(sa.String(16, collation="C"), "postgresql")
