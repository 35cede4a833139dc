"""Which calls must not be erased, and what was erased of which."""

from __future__ import annotations

import sqlalchemy as sa

from worker.record.tables.base import CALL_ID_LENGTH, Instant, call_id_type, metadata

holds = sa.Table(
    "holds",
    metadata,
    sa.Column("call_id", call_id_type(), sa.ForeignKey("calls.id"), primary_key=True),
    sa.Column("since", Instant, nullable=False),
)
"""Legal holds. The row goes with the hold; the record says that there was one, and why."""

erasures = sa.Table(
    "erasures",
    metadata,
    sa.Column("id", sa.String(CALL_ID_LENGTH), primary_key=True),
    sa.Column("call_id", call_id_type(), sa.ForeignKey("calls.id"), nullable=False),
    sa.Column("what", sa.String(16), nullable=False),
    sa.Column("begun_at", Instant, nullable=False),
    sa.Column("ended_at", Instant),  # none: some place has not destroyed its part yet
    sa.Column("receipt", sa.Text, nullable=False),  # JSON (``worker.core.keeping.values.Receipt``)
    sa.UniqueConstraint("call_id", "what"),
)

IS_UNDER_WAY = erasures.c.ended_at.is_(None)
sa.Index("ix_erasures_begun_at", erasures.c.begun_at, sqlite_where=IS_UNDER_WAY, postgresql_where=IS_UNDER_WAY)
