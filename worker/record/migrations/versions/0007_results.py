"""Which calls have results in the clear, found without reading every stage of every call."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """At each start they are looked for: a worker of an older version may have finished a call since."""
    has_result = sa.text("result IS NOT NULL")
    op.create_index(
        "ix_stage_runs_result", "stage_runs", ["call_id"], sqlite_where=has_result, postgresql_where=has_result
    )
