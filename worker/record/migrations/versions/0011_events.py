"""Events that other systems are told of, their endpoints, each telling of one; and letters that are tried again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """What happened before is no event. Promises are found by when they are late from now on."""
    call_id = sa.String(16).with_variant(sa.String(16, collation="C"), "postgresql")
    event_id = sa.String(27).with_variant(sa.String(27, collation="C"), "postgresql")
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "events",
        sa.Column("id", event_id, nullable=False),
        sa.Column("type", sa.String(32), nullable=False),
        sa.Column("at", instant, nullable=False),
        sa.Column("call_id", call_id, nullable=False),
        sa.Column("says", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name="fk_events_call_id"),
    )
    op.create_index("ix_events_call_id_id", "events", ["call_id", "id"])
    op.create_table(
        "endpoints",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("types", sa.Text, nullable=False),
        sa.Column("sender", sa.String(64)),
        sa.Column("made_at", instant, nullable=False),
        sa.Column("disabled_at", instant),
        sa.Column("disabled_because", sa.String(16)),
        sa.Column("failing_since", instant),
        sa.Column("last_failure", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_endpoints"),
    )
    op.create_table(
        "deliveries",
        sa.Column("endpoint_id", sa.String(16), nullable=False),
        sa.Column("event_id", event_id, nullable=False),
        sa.Column("call_id", call_id, nullable=False),
        sa.Column("due_at", instant, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("held_by", sa.String(16)),
        sa.Column("ended_at", instant),
        sa.Column("is_delivered", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("endpoint_id", "event_id", name="pk_deliveries"),
        sa.ForeignKeyConstraint(["endpoint_id"], ["endpoints.id"], name="fk_deliveries_endpoint_id"),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name="fk_deliveries_event_id"),
    )
    is_open = sa.text("ended_at IS NULL")
    for name, columns in (
        ("ix_deliveries_due", ["endpoint_id", "due_at", "event_id"]),
        ("ix_deliveries_of_call", ["endpoint_id", "call_id", "event_id"]),
    ):
        op.create_index(name, "deliveries", columns, sqlite_where=is_open, postgresql_where=is_open)
    op.create_index("ix_deliveries_event_id", "deliveries", ["event_id"])
    op.create_table(
        "promises_told",
        sa.Column("call_id", call_id, nullable=False),
        sa.Column("promise", sa.String(64), nullable=False),
        sa.Column("late_from", instant, nullable=False),
        sa.PrimaryKeyConstraint("call_id", "promise", "late_from", name="pk_promises_told"),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name="fk_promises_told_call_id"),
    )
    op.create_table(
        "rounds",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("due_at", instant, nullable=False),
        sa.Column("seen_until", instant),
        sa.PrimaryKeyConstraint("name", name="pk_rounds"),
    )
    op.add_column("outbox", sa.Column("until", instant))
    op.add_column("outbox", sa.Column("due_at", instant))
    op.add_column("outbox", sa.Column("tries", sa.Integer, nullable=False, server_default="0"))
    to_send = sa.text("due_at IS NOT NULL")
    op.create_index("ix_outbox_due_at", "outbox", ["due_at"], sqlite_where=to_send, postgresql_where=to_send)
    has_time = sa.text("late_from IS NOT NULL")
    op.create_index(
        "ix_open_matters_late_from",
        "open_matters",
        ["late_from"],
        sqlite_where=has_time,
        postgresql_where=has_time,
    )
