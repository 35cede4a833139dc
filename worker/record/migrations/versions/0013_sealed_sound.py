"""Where the sound of calls lies sealed, and what stages gave sealed under the key of their call.

What stages gave so far lies in the clear. Calls that are on their way begin anew, so that nothing of it is needed; of
calls that are ready, as those of a version before the log, it stays until it is taken into that.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """A call that had failed has still failed, and begins anew when it is tried again."""
    _make_tables()
    op.add_column("uploads", sa.Column("sealed_key", sa.LargeBinary))
    _begin_anew()
    op.drop_index("ix_stage_runs_result", "stage_runs")
    op.alter_column("stage_runs", "result", new_column_name="in_the_clear")
    op.add_column("stage_runs", sa.Column("result", sa.LargeBinary))
    if op.get_bind().dialect.name == "postgresql":
        op.execute("UPDATE stage_runs SET result = convert_to(in_the_clear, 'UTF8') WHERE in_the_clear IS NOT NULL")
    else:
        op.execute("UPDATE stage_runs SET result = CAST(in_the_clear AS BLOB) WHERE in_the_clear IS NOT NULL")
    op.execute("UPDATE stage_runs SET in_the_clear = NULL WHERE in_the_clear IS NOT NULL")
    op.drop_column("stage_runs", "in_the_clear")
    has_result = sa.text("result IS NOT NULL")
    op.create_index(
        "ix_stage_runs_result", "stage_runs", ["call_id"], sqlite_where=has_result, postgresql_where=has_result
    )


def _call_id() -> sa.types.TypeEngine[str]:
    return sa.String(16).with_variant(sa.String(16, collation="C"), "postgresql")


def _make_tables() -> None:
    op.create_table(
        "sounds",
        sa.Column("call_id", _call_id(), nullable=False),
        sa.Column("what", sa.String(16), nullable=False),
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("key_from", sa.Integer, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("call_id", "what", name="pk_sounds"),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name="fk_sounds_call_id"),
        sa.UniqueConstraint("name", name="uq_sounds_name"),
    )
    op.create_table(
        "blobs_to_remove",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("call_id", _call_id(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_blobs_to_remove"),
    )


def _begin_anew() -> None:
    """What is still to be fetched has given nothing."""
    op.execute(
        "DELETE FROM stage_runs WHERE state = 'done' AND call_id IN "
        "(SELECT call_id FROM stage_runs WHERE state != 'done' AND position > 0)"
    )
    op.execute(
        "UPDATE stage_runs SET stage = 'decode', position = 0, attempts = 0, takeovers = 0, progress = 0, "
        "not_before = NULL, state = CASE WHEN state = 'failed' THEN 'failed' ELSE 'waiting' END, "
        "worker = NULL, lease_until = NULL WHERE state != 'done' AND position > 0"
    )
