"""Requests: what was asked, the calls that it concerns, what happened to it; calls that are restricted.

What somebody wrote, and where they are reached, lies sealed. The same address is known again by a hash under a key.
"""

from __future__ import annotations

import sqlalchemy as sa

from worker.record.tables.base import CALL_ID_LENGTH, Instant, call_id_type, metadata

HASH_LETTERS = 64


def _request(*, is_key: bool) -> sa.Column[str]:
    return sa.Column(
        "request_id", sa.String(CALL_ID_LENGTH), sa.ForeignKey("requests.id"), primary_key=is_key, nullable=False
    )


requests = sa.Table(
    "requests",
    metadata,
    sa.Column("id", sa.String(CALL_ID_LENGTH), primary_key=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("came_by", sa.String(16), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("person_id", sa.String(CALL_ID_LENGTH), sa.ForeignKey("persons.id")),  # none: not known here
    sa.Column("address_name", sa.String(HASH_LETTERS)),  # by which the address is known again
    sa.Column("call_id", call_id_type(), sa.ForeignKey("calls.id")),  # the one call; none: all of the asker's
    sa.Column("same", sa.String(HASH_LETTERS)),  # alike for what is asked again while it is open
    sa.Column("received_at", Instant, nullable=False),
    sa.Column("made_at", Instant, nullable=False),
    sa.Column("proof_asked_at", Instant),
    sa.Column("proved_at", Instant),
    sa.Column("more_months", sa.Integer, nullable=False),
    sa.Column("extended_at", Instant),
    sa.Column("due_at", Instant),  # the end of its last day; none while the clock waits for proof
    sa.Column("told", sa.String(8)),  # the last that was told of this due day
    sa.Column("looked_at", Instant),  # when other persons were looked for in its calls
    sa.Column("reviewed_at", Instant),  # when the desk had seen where they are
    sa.Column("package", sa.String(HASH_LETTERS)),
    sa.Column("failure", sa.Text),  # one line for the desk
    sa.Column("ground", sa.String(24)),
    sa.Column("ended_at", Instant),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Index(None, "person_id"),
    sa.Index(None, "address_name"),
)

IS_OPEN = requests.c.ended_at.is_(None)
"""It waits for an answer."""

sa.Index("ux_requests_same", requests.c.same, unique=True, sqlite_where=IS_OPEN, postgresql_where=IS_OPEN)
sa.Index("ix_requests_due_at", requests.c.due_at, sqlite_where=IS_OPEN, postgresql_where=IS_OPEN)

request_calls = sa.Table(
    "request_calls",
    metadata,
    _request(is_key=True),
    sa.Column("call_id", call_id_type(), sa.ForeignKey("calls.id"), primary_key=True),
    sa.Index(None, "call_id"),
)

request_steps = sa.Table(
    "request_steps",
    metadata,
    _request(is_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),  # from 0
    sa.Column("at", Instant, nullable=False),
    sa.Column("step", sa.String(24), nullable=False),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("person", sa.Text, nullable=False),  # empty for the machine
    sa.Column("is_to_write", sa.Boolean, nullable=False),  # the asker is to be written of it
    sa.Column("sealed", sa.LargeBinary, nullable=False),  # the name of who did it, the words, the due day
)

IS_TO_WRITE = request_steps.c.is_to_write
"""No letter of it was handed to the outbox yet."""

sa.Index(
    "ix_request_steps_to_write",
    request_steps.c.request_id,
    request_steps.c.number,
    sqlite_where=IS_TO_WRITE,
    postgresql_where=IS_TO_WRITE,
)

restrictions = sa.Table(
    "restrictions",
    metadata,
    sa.Column("call_id", call_id_type(), sa.ForeignKey("calls.id"), primary_key=True),
    _request(is_key=False),
    sa.Column("since", Instant, nullable=False),
    sa.Column("lifting_told_at", Instant),
    sa.Column("lifts_at", Instant),  # not before then
)
"""Calls whose records are kept and not used. The row goes with the restriction; the record says that there was one."""

request_counts = sa.Table(
    "request_counts",
    metadata,
    sa.Column("name", sa.String(HASH_LETTERS), primary_key=True),  # of a network, under a key
    sa.Column("since", Instant, nullable=False),
    sa.Column("count", sa.Integer, nullable=False),
)
"""How many requests came of late from where, by the page for everybody."""
