"""The zone of a call, by its name: an offset alone does not say when its clocks change."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Calls that were there before have none, and keep the offset in which their start was told."""
    op.add_column("calls", sa.Column("zone", sa.Text))
