"""Recordings of a call that one of its sides made and added: each says of which call it is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Every call that was there before is a call of its own."""
    call_id = sa.String(16).with_variant(sa.String(16, collation="C"), "postgresql")
    op.add_column("calls", sa.Column("own_recording_of", call_id))
