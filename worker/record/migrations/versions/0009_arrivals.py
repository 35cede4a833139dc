"""Legs, identities and turns: what a call is made of, what makes it the same call again, and whose turn it is.

The recording of a call moves from ``calls`` to ``legs``, and what was unique about it to ``identities``. A database of
SQLite makes ``calls`` anew for that, which ``Database.migrate`` has prepared.
"""

from __future__ import annotations

import hashlib
import json

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

AT_ONCE = 1000


def upgrade() -> None:
    """A call that was there has one leg. What waits keeps its order; nobody had named a line."""
    _make_tables()
    _widen_calls()
    _move_recordings()
    _name_calls()
    _widen_stage_runs()
    with op.batch_alter_table("calls") as calls:
        calls.drop_constraint("uq_calls_sha256_external_id", type_="unique")
        for column in ("sha256", "file_name", "size_bytes"):
            calls.drop_column(column)
    op.create_index("ix_calls_external_id_sender", "calls", ["external_id", "sender"])
    apart = sa.text("own_recording_of IS NOT NULL OR same_as IS NOT NULL")
    op.create_index("ix_calls_apart", "calls", ["id"], sqlite_where=apart, postgresql_where=apart)


def _call_id() -> sa.types.TypeEngine[str]:
    return sa.String(16).with_variant(sa.String(16, collation="C"), "postgresql")


def _make_tables() -> None:
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "legs",
        sa.Column("call_id", _call_id(), nullable=False),
        sa.Column("number", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("sha256", sa.String(64)),
        sa.Column("size_bytes", sa.BigInteger),
        sa.Column("file_name", sa.Text, nullable=False),
        sa.Column("started_at", instant),
        sa.Column("started_offset_s", sa.Integer),
        sa.Column("party_of_channel", sa.Text, nullable=False),
        sa.Column("arrived_at", instant),
        sa.Column("address", sa.LargeBinary),
        sa.Column("address_hash", sa.String(64)),
        sa.Column("access", sa.Text),
        sa.Column("content_hash", sa.Text),
        sa.Column("first_tried_at", instant),
        sa.Column("same_as", sa.Integer),
        sa.PrimaryKeyConstraint("call_id", "number", name="pk_legs"),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name="fk_legs_call_id"),
    )
    op.create_table(
        "identities",
        sa.Column("identity", sa.String(64), nullable=False),
        sa.Column("call_id", _call_id(), nullable=False),
        sa.PrimaryKeyConstraint("identity", name="pk_identities"),
    )
    op.create_table(
        "turns_of_lines",
        sa.Column("priority", sa.String(8), nullable=False),
        sa.Column("sender", sa.String(64), nullable=False),
        sa.Column("line", sa.String(255), nullable=False),
        sa.Column("last", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("priority", "sender", "line", name="pk_turns_of_lines"),
    )
    op.create_index("ix_turns_of_lines_last", "turns_of_lines", ["last"])
    op.create_index("ix_turns_of_lines_priority_sender_last", "turns_of_lines", ["priority", "sender", "last"])


def _widen_calls() -> None:
    for column in (
        sa.Column("sender", sa.String(64), nullable=False, server_default=""),
        sa.Column("direction", sa.String(16)),
        sa.Column("line", sa.String(255)),
        sa.Column("lawful_basis", sa.String(32)),
        sa.Column("notice_given", sa.Boolean),
        sa.Column("continues", sa.String(255)),
        sa.Column("legs_expected", sa.Integer),
        sa.Column("priority", sa.String(8), nullable=False, server_default="normal"),
        sa.Column("same_as", _call_id()),
    ):
        op.add_column("calls", column)


def _move_recordings() -> None:
    """The start and the channels of a call were said when its one recording was handed over, so they are of that."""
    op.execute(
        "INSERT INTO legs (call_id, number, sha256, size_bytes, file_name, started_at, started_offset_s, "
        "party_of_channel, arrived_at) "
        "SELECT id, 1, sha256, size_bytes, file_name, started_at, started_offset_s, party_of_channel, received_at "
        "FROM calls"
    )


def _name_calls() -> None:
    """Of calls under one external id, which then could be several, the first is the one that it names."""
    rows = sa.text("SELECT id, sha256, external_id, own_recording_of FROM calls ORDER BY received_at, id")
    known: set[str] = set()
    fresh: list[dict[str, str]] = []
    for call_id, sha256, external_id, own_recording_of in op.get_bind().execute(rows):
        identity = _identity(sha256, external_id, own_recording_of)
        if identity not in known:
            known.add(identity)
            fresh.append({"identity": identity, "call_id": call_id})
    insert = sa.text("INSERT INTO identities (identity, call_id) VALUES (:identity, :call_id)")
    for first in range(0, len(fresh), AT_ONCE):
        op.get_bind().execute(insert, fresh[first : first + AT_ONCE])
    # What an own recording had there said of which call it is, which has a column of its own.
    op.execute("UPDATE calls SET external_id = '' WHERE own_recording_of IS NOT NULL")


def _identity(sha256: str, external_id: str, own_recording_of: str | None) -> str:
    if own_recording_of is not None:
        what = ["own recording", own_recording_of, sha256]
    elif external_id:
        what = ["external id", "", external_id]
    else:
        what = ["recording", "", sha256]
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()


def _widen_stage_runs() -> None:
    op.drop_index("ix_stage_runs_in_hand", "stage_runs")
    op.add_column("stage_runs", sa.Column("turn", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("stage_runs", sa.Column("takeovers", sa.Integer, nullable=False, server_default="0"))
    op.add_column("stage_runs", sa.Column("last_line", sa.Text))
    op.execute(
        "UPDATE stage_runs SET turn = in_order.turn FROM (SELECT call_id, stage, "
        "row_number() OVER (ORDER BY waiting_since, call_id) AS turn FROM stage_runs WHERE state != 'done') in_order "
        "WHERE stage_runs.call_id = in_order.call_id AND stage_runs.stage = in_order.stage"
    )
    op.execute(
        "INSERT INTO turns_of_lines (priority, sender, line, last) "
        "SELECT 'normal', '', '', max(turn) FROM stage_runs HAVING max(turn) > 0"
    )
    waiting = "state = 'waiting' AND not_before"
    _index("ix_stage_runs_at_once", "stage", "turn", "waiting_since", where=f"{waiting} IS NULL")
    _index("ix_stage_runs_unbegun", "turn", where=f"{waiting} IS NULL AND position <= 0")
    _index("ix_stage_runs_later", "stage", "turn", "waiting_since", "not_before", where=f"{waiting} IS NOT NULL")
    _index("ix_stage_runs_running", "stage", where="state = 'running'")
    _index("ix_stage_runs_failed", "stage", "reason", where="state = 'failed'")
    _index("ix_stage_runs_begun", "position", where="state IN ('waiting', 'running') AND position > 0")


def _index(name: str, *columns: str, where: str) -> None:
    which = sa.text(where)
    op.create_index(name, "stage_runs", list(columns), sqlite_where=which, postgresql_where=which)
