"""Where a call begins: at its first stage, or at being fetched before that; at once, or once its legs are here."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from worker.core.arrival import FETCH
from worker.record.database import now_in
from worker.record.standing import RunState
from worker.record.tables.arrivals import legs
from worker.record.tables.calls import calls, stage_runs

LEGS_WAIT = timedelta(minutes=10)
"""How long a call waits for the legs that its sender said it has. One that comes later joins it all the same."""

BEFORE_THE_FIRST = -1
"""The position of ``FETCH`` on the way of a call: that of every other stage is the same whether or not it was
fetched."""


def begin_new(
    connection: sa.Connection, call_id: str, stage: str, *, turn: int, legs_expected: int | None, now: datetime
) -> str | None:
    """Lets a call with one leg wait at a stage; the stage, or None if it first waits for its other legs. ``now`` is by
    the clock of the database."""
    until = now + LEGS_WAIT if stage != FETCH and (legs_expected or 1) > 1 else None
    let_wait(connection, call_id, stage, position=_position(stage), turn=turn, now=now, not_before=until)
    return stage if until is None else None


def begin_anew(connection: sa.Connection, call_id: str, first_stage: str, *, turn: int, now: datetime) -> str | None:
    """Lets a call wait at its first stage, or to be fetched before that; the stage, or None if it waits for legs."""
    to_fetch = sa.select(legs.c.number).where(legs.c.call_id == call_id, legs.c.sha256.is_(None)).limit(1)
    # To be fetched it waits for no other leg: nobody keeps a recording for ever.
    is_to_fetch = connection.execute(to_fetch).one_or_none() is not None
    stage, until = (FETCH, None) if is_to_fetch else (first_stage, _legs_until(connection, call_id))
    let_wait(connection, call_id, stage, position=_position(stage), turn=turn, now=now, not_before=until)
    return stage if until is None else None


def let_wait(
    connection: sa.Connection,
    call_id: str,
    stage: str,
    *,
    position: int,
    turn: int,
    now: datetime,
    not_before: datetime | None = None,
) -> None:
    """Lets a call that stands nowhere wait at a stage."""
    row = {
        "call_id": call_id,
        "stage": stage,
        "position": position,
        "state": RunState.WAITING,
        "waiting_since": now,
        "not_before": not_before,
        "turn": turn,
    }
    connection.execute(sa.insert(stage_runs), row)


def _position(stage: str) -> int:
    return BEFORE_THE_FIRST if stage == FETCH else 0


def _legs_until(connection: sa.Connection, call_id: str) -> datetime | None:
    """Until when a call still waits for legs; None where all have come or it waited long enough."""
    have = sa.select(sa.func.count()).where(legs.c.call_id == call_id, legs.c.same_as.is_(None)).scalar_subquery()
    select = sa.select(calls.c.received_at, calls.c.legs_expected, have).where(calls.c.id == call_id)
    received_at, expected, number = connection.execute(select).one()
    if number >= (expected or 1):
        return None
    until: datetime = received_at + LEGS_WAIT
    return until if until > now_in(connection) else None
