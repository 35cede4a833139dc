"""Events that other systems are told of, the endpoints that want them, and each telling of one to another.

Ids of events begin with their instant, so that their order is that of time. The address of an endpoint may carry a
token: it lies sealed, with the endpoint's secrets.
"""

from __future__ import annotations

import sqlalchemy as sa

from worker.core.arrival import LONGEST_SENDER
from worker.record.tables.base import CALL_ID_LENGTH, Instant, call_id_type, metadata

EVENT_ID_LENGTH = 27


def _event_id() -> sa.types.TypeEngine[str]:
    """Compared byte by byte on both databases: the order of ids is that of time."""
    return sa.String(EVENT_ID_LENGTH).with_variant(sa.String(EVENT_ID_LENGTH, collation="C"), "postgresql")


events = sa.Table(
    "events",
    metadata,
    sa.Column("id", _event_id(), primary_key=True),
    sa.Column("type", sa.String(32), nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("call_id", call_id_type(), sa.ForeignKey("calls.id")),  # none: it happened to no one call
    sa.Column("says", sa.Text, nullable=False),  # JSON: texts by name, none of which anybody said
    sa.Index(None, "call_id", "id"),
)

endpoints = sa.Table(
    "endpoints",
    metadata,
    sa.Column("id", sa.String(CALL_ID_LENGTH), primary_key=True),
    sa.Column("sealed_key", sa.LargeBinary, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),  # address and secrets, under that key
    sa.Column("types", sa.Text, nullable=False),  # each between bars, as in |call.failed|record.ready|; empty: all
    sa.Column("sender", sa.String(LONGEST_SENDER)),  # whose calls alone; null: everybody's
    sa.Column("made_at", Instant, nullable=False),
    sa.Column("disabled_at", Instant),
    sa.Column("disabled_because", sa.String(16)),
    sa.Column("failing_since", Instant),  # the first of the tries that failed one after another, to now
    sa.Column("last_failure", sa.Text),
)

deliveries = sa.Table(
    "deliveries",
    metadata,
    sa.Column("endpoint_id", sa.String(CALL_ID_LENGTH), sa.ForeignKey("endpoints.id"), primary_key=True),
    sa.Column("event_id", _event_id(), sa.ForeignKey("events.id"), primary_key=True),
    sa.Column("call_id", call_id_type(), nullable=False),  # of the event; empty where it has none
    sa.Column("due_at", Instant, nullable=False),  # of one that is being sent: when anybody may take it over
    sa.Column("tries", sa.Integer, nullable=False),  # that failed
    sa.Column("held_by", sa.String(CALL_ID_LENGTH)),  # the one sending of it that is under way
    sa.Column("ended_at", Instant),
    sa.Column("is_delivered", sa.Boolean, nullable=False),  # of one that ended: else it was given up
)

IS_OPEN = deliveries.c.ended_at.is_(None)
"""Still to be sent."""

sa.Index(
    "ix_deliveries_due",
    deliveries.c.endpoint_id,
    deliveries.c.due_at,
    deliveries.c.event_id,
    sqlite_where=IS_OPEN,
    postgresql_where=IS_OPEN,
)
sa.Index(
    "ix_deliveries_of_call",
    deliveries.c.endpoint_id,
    deliveries.c.call_id,
    deliveries.c.event_id,
    sqlite_where=IS_OPEN,
    postgresql_where=IS_OPEN,
)
sa.Index("ix_deliveries_event_id", deliveries.c.event_id)

promises_told = sa.Table(
    "promises_told",
    metadata,
    sa.Column("call_id", call_id_type(), sa.ForeignKey("calls.id"), primary_key=True),
    sa.Column("promise", sa.String(64), primary_key=True),
    sa.Column("late_from", Instant, primary_key=True),  # another day that both sides agreed on is told anew
)

rounds = sa.Table(
    "rounds",
    metadata,
    sa.Column("name", sa.String(32), primary_key=True),
    sa.Column("due_at", Instant, nullable=False),  # when the next one is made, by whichever process comes first
    sa.Column("seen_until", Instant),  # what the last one that ended well had looked at
)
