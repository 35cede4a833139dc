"""Who takes calls, where the company's own sign-in or the operator says it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Of everybody who was there before nothing is said."""
    op.add_column("persons", sa.Column("is_agent", sa.Boolean))
