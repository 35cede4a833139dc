"""What is open across calls, drawn from the log so that a list need not open every record; made again at any time.

``gists`` has the few lines that a list shows of a call, sealed like what they are drawn from. ``open_matters`` says of
each matter no more than what it is, whose, and when it is late, so that the database can find and order them: which
words they are stands in the gist alone.
"""

from __future__ import annotations

import sqlalchemy as sa

from worker.record.tables.base import Instant, call_id_type, metadata

gists = sa.Table(
    "gists",
    metadata,
    sa.Column("call_id", call_id_type(), sa.ForeignKey("calls.id"), primary_key=True),
    sa.Column("made_of", sa.Integer, nullable=False),  # the number of the last entry that was read for it
    sa.Column("key_from", sa.Integer),  # which of the call's keys sealed it; none where the record was erased
    sa.Column("sealed", sa.LargeBinary, nullable=False),
)

open_matters = sa.Table(
    "open_matters",
    metadata,
    sa.Column("call_id", call_id_type(), sa.ForeignKey("calls.id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),  # in the gist, from 0
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("by_role", sa.String(16)),
    sa.Column("to_role", sa.String(16)),
    sa.Column("since", Instant),
    sa.Column("late_from", Instant),
)

HAS_TIME = open_matters.c.late_from.is_not(None)

sa.Index("ix_open_matters_late_from", open_matters.c.late_from, sqlite_where=HAS_TIME, postgresql_where=HAS_TIME)
