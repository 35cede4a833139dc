"""Calls, and the stages that they have come to.

``calls`` says what was said of each as it was handed over; its recordings are in ``arrivals``. ``stage_runs`` has one
row per stage that a call has come to, with its state and, at the end, its one result. A call stands at one stage at a
time: the database itself refuses a second open run.
"""

from __future__ import annotations

import sqlalchemy as sa

from worker.core.arrival import LONGEST_SENDER, Priority
from worker.core.people import LONGEST_ADDRESS
from worker.record.standing import RunState
from worker.record.tables.base import Instant, call_id_type, metadata

EXTERNAL_ID_LENGTH = 255  # an index of PostgreSQL takes no more than 2704 bytes a row
LINE_LENGTH = 255


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
    sa.Column("received_at", Instant, nullable=False),
    sa.Column("zone", sa.Text),  # IANA name of the zone of the call, where the sender gave one
    sa.Column("agent_address", sa.String(LONGEST_ADDRESS)),
    sa.Column("customer_address", sa.String(LONGEST_ADDRESS)),
    sa.Column("own_recording_of", call_id_type()),  # the call whose side added this recording of it
    sa.Column("sender", sa.String(LONGEST_SENDER), nullable=False, server_default=""),
    sa.Column("direction", sa.String(16)),
    sa.Column("line", sa.String(LINE_LENGTH)),
    sa.Column("lawful_basis", sa.String(32)),
    sa.Column("notice_given", sa.Boolean),
    sa.Column("continues", sa.String(EXTERNAL_ID_LENGTH)),  # the external id of an earlier call of the same sender
    sa.Column("legs_expected", sa.Integer),  # where the sender said how many there are
    sa.Column("priority", sa.String(8), nullable=False, server_default=Priority.NORMAL.value),
    sa.Column("same_as", call_id_type()),  # fetched, it was found to be the recording of that call
    sa.Column("erased_at", Instant),  # since then nothing of it can be read
    sa.Column("sound_erased_at", Instant),  # since then nothing of it can be heard
    sa.Index(None, "received_at", "id"),
    sa.Index(None, "external_id", "sender"),
)

IS_APART = sa.or_(calls.c.own_recording_of.is_not(None), calls.c.same_as.is_not(None))
"""It is in no list of calls: somebody's own recording of a call, or what turned out to be another one."""

sa.Index("ix_calls_apart", calls.c.id, sqlite_where=IS_APART, postgresql_where=IS_APART)

stage_runs = sa.Table(
    "stage_runs",
    metadata,
    sa.Column("call_id", call_id_type(), sa.ForeignKey("calls.id"), primary_key=True),
    sa.Column("stage", sa.String(32), primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),  # place on the way of the call, from 0; -1 to fetch it first
    sa.Column("state", _run_state(), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("waiting_since", Instant, nullable=False),
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
    sa.Column("turn", sa.BigInteger, nullable=False, server_default="0"),  # of its call: see ``worker.record.turns``
    sa.Column("takeovers", sa.Integer, nullable=False, server_default="0"),  # how often a worker's lease ran out
    sa.Column("last_line", sa.Text),  # what was logged last before the last error
    sa.Column("result", sa.LargeBinary),  # sealed (``worker.record.results``); long
    sa.UniqueConstraint("call_id", "position"),
)


def _is(state: RunState) -> sa.ColumnElement[RunState]:
    """Written into the statement as it is, not as a parameter: else SQLite would not see which index covers it."""
    return sa.literal_column(f"'{state.value}'", stage_runs.c.state.type)


IS_WAITING = stage_runs.c.state == _is(RunState.WAITING)
IS_RUNNING = stage_runs.c.state == _is(RunState.RUNNING)
HAS_FAILED = stage_runs.c.state == _is(RunState.FAILED)

IS_OPEN = stage_runs.c.state != _is(RunState.DONE)
"""The run at which its call stands."""

IS_AT_ONCE = IS_WAITING & stage_runs.c.not_before.is_(None)
"""It waits for a worker, and for nothing else."""

IS_LATER = IS_WAITING & stage_runs.c.not_before.is_not(None)
"""It waits for its time: to be tried again, or for further legs."""

IS_BEGUN = stage_runs.c.state.in_([_is(RunState.WAITING), _is(RunState.RUNNING)]) & (
    stage_runs.c.position > sa.literal_column("0")
)
"""Its call is past its first stage, and a worker has it or should get it."""

IS_UNBEGUN = IS_AT_ONCE & (stage_runs.c.position <= sa.literal_column("0"))
"""Its call waits for its turn."""

HAS_RESULT = stage_runs.c.result.is_not(None)
"""What the stage gave lies here, sealed: only while its call is on its way."""


def _index(name: str, *columns: str, where: sa.ColumnElement[bool], unique: bool = False) -> None:
    chosen = [stage_runs.c[column] for column in columns]
    sa.Index(name, *chosen, unique=unique, sqlite_where=where, postgresql_where=where)


_index("ux_stage_runs_open", "call_id", where=IS_OPEN, unique=True)
_index("ix_stage_runs_at_once", "stage", "turn", "waiting_since", where=IS_AT_ONCE)
_index("ix_stage_runs_unbegun", "turn", where=IS_UNBEGUN)
_index("ix_stage_runs_later", "stage", "turn", "waiting_since", "not_before", where=IS_LATER)
_index("ix_stage_runs_running", "stage", where=IS_RUNNING)
_index("ix_stage_runs_failed", "stage", "reason", where=HAS_FAILED)
_index("ix_stage_runs_begun", "position", where=IS_BEGUN)
_index("ix_stage_runs_result", "call_id", where=HAS_RESULT)
