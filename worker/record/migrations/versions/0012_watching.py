"""What of watched buckets was taken already."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Nothing that was there is changed."""
    op.create_table(
        "watched_objects",
        sa.Column("object_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("bucket", sa.Text, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("e_tag", sa.String(300), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("refused", sa.Text),
        sa.PrimaryKeyConstraint("object_hash", name="pk_watched_objects"),
    )
    op.create_index("ix_watched_objects_taken_at", "watched_objects", ["taken_at"])
