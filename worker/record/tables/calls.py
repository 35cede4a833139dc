"""Calls, and the stages that they have come to.

``calls`` says what was handed over. ``stage_runs`` has one row per stage that a call has come to, with its state and,
at the end, its one result. A call stands at one stage at a time: the database itself refuses a second open run.
"""

from __future__ import annotations

import sqlalchemy as sa

from worker.core.people import LONGEST_ADDRESS
from worker.record.standing import RunState
from worker.record.tables.base import Instant, call_id_type, metadata

EXTERNAL_ID_LENGTH = 255  # an index of PostgreSQL takes no more than 2704 bytes a row


def _run_state() -> sa.Enum:
    return sa.Enum(
        RunState,
        name="run_state",
        native_enum=False,
        create_constraint=True,
        length=8,
        values_callable=lambda states: [state.value for state in states],
    )


calls = sa.Table(
    "calls",
    metadata,
    sa.Column("id", call_id_type(), primary_key=True),
    sa.Column("agent", sa.Text),
    sa.Column("customer", sa.Text),
    sa.Column("started_at", Instant),
    sa.Column("started_offset_s", sa.Integer),  # of the zone in which the sender told the start, seconds east of UTC
    sa.Column("external_id", sa.String(EXTERNAL_ID_LENGTH), nullable=False),  # empty where the sender gave none
    sa.Column("language", sa.Text),
    sa.Column("party_of_channel", sa.Text, nullable=False),  # JSON: party by channel number
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("file_name", sa.Text, nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("received_at", Instant, nullable=False),
    sa.Column("zone", sa.Text),  # IANA name of the zone of the call, where the sender gave one
    sa.Column("agent_address", sa.String(LONGEST_ADDRESS)),
    sa.Column("customer_address", sa.String(LONGEST_ADDRESS)),
    sa.Column("own_recording_of", call_id_type()),  # the call whose side added this recording of it
    sa.UniqueConstraint("sha256", "external_id"),  # the same recording twice is one call
    sa.Index(None, "received_at", "id"),
)

stage_runs = sa.Table(
    "stage_runs",
    metadata,
    sa.Column("call_id", call_id_type(), sa.ForeignKey("calls.id"), primary_key=True),
    sa.Column("stage", sa.String(32), primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),  # place on the way of the call, from 0
    sa.Column("state", _run_state(), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("waiting_since", Instant, nullable=False),  # when its turn came, which is the order of the sweeper
    sa.Column("not_before", Instant),  # of a waiting run that was put off
    sa.Column("worker", sa.Text),  # who holds a running run, or held it last
    sa.Column("lease_until", Instant),  # of a running run: after this instant anybody may take it
    sa.Column("started_at", Instant),
    sa.Column("finished_at", Instant),
    sa.Column("progress", sa.Float, nullable=False, default=0.0),
    sa.Column("reason", sa.Text),  # type of the last error
    sa.Column("message", sa.Text),  # its line for people
    sa.Column("model", sa.Text),
    sa.Column("revision", sa.Text),
    sa.Column("seconds", sa.Float),
    sa.Column("result", sa.Text),  # JSON; last, so that reading a run's state does not read past a long one
    sa.UniqueConstraint("call_id", "position"),
)


def _is(state: RunState) -> sa.ColumnElement[RunState]:
    """Written into the statement as it is, not as a parameter: else SQLite would not see which index covers it."""
    return sa.literal(state, stage_runs.c.state.type, literal_execute=True)


IS_OPEN = stage_runs.c.state != _is(RunState.DONE)
"""The run at which its call stands."""

IS_IN_HAND = stage_runs.c.state.in_([_is(RunState.WAITING), _is(RunState.RUNNING)])
"""A worker has it or should get it."""

HAS_RESULT = stage_runs.c.result.is_not(None)
"""What the stage gave lies here, in the clear: only while its call is on its way."""

sa.Index("ux_stage_runs_open", stage_runs.c.call_id, unique=True, sqlite_where=IS_OPEN, postgresql_where=IS_OPEN)
sa.Index("ix_stage_runs_in_hand", stage_runs.c.waiting_since, sqlite_where=IS_IN_HAND, postgresql_where=IS_IN_HAND)
sa.Index("ix_stage_runs_result", stage_runs.c.call_id, sqlite_where=HAS_RESULT, postgresql_where=HAS_RESULT)
