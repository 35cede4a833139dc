"""What the clock says. Whatever decides something by it is handed this, or an instant; tests hand in their own."""

from __future__ import annotations

from datetime import UTC, datetime


def now_utc() -> datetime:
    """This instant."""
    return datetime.now(UTC)
