"""What waits, runs and failed, for who hands work out and for who watches. Cheap however many calls there are.

Each state that is asked for has an index of its own over the runs in that state alone.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from worker.record.database import now_in
from worker.record.part import Part
from worker.record.standing import Tally
from worker.record.tables.calls import HAS_FAILED, IS_AT_ONCE, IS_BEGUN, IS_LATER, IS_RUNNING, stage_runs
from worker.record.turns import forget_silent_lines


class Queued(Part):
    """What the database knows of the queue."""

    def now(self) -> datetime:
        """The time by the database's own clock."""
        with self._database.reading() as connection:
            return now_in(connection)

    def waiting(self, stage: str, *, now: datetime, limit: int) -> tuple[str, ...]:
        """The calls that a worker should take at this stage, in the order of their turns.

        They wait and are due, or their worker let its lease run out.
        """
        run = stage_runs.c
        parts = (
            IS_AT_ONCE,
            IS_LATER & (run.not_before <= now),
            IS_RUNNING & (run.lease_until <= now),
        )
        with self._database.reading() as connection:
            found = [row for part in parts for row in connection.execute(_in_turn(stage, part, limit))]
        found.sort(key=lambda row: (row.turn, row.waiting_since))
        return tuple(row.call_id for row in found[:limit])

    def waiting_count(self) -> int:
        """How many calls wait: for a worker, or for their time."""
        with self._database.reading() as connection:
            return sum(connection.execute(_count(which)).scalar_one() for which in (IS_AT_ONCE, IS_LATER))

    def begun(self) -> int:
        """How many calls are past their first stage, and neither ready nor failed: each has its sound on some disk."""
        with self._database.reading() as connection:
            return int(connection.execute(_count(IS_BEGUN)).scalar_one())

    def forget_silent_lines(self) -> None:
        """Forgets the turns of lines on which nothing waits: where each call has a line of its own, they are many."""
        with self._database.writing() as connection:
            forget_silent_lines(connection)

    def tallies(self, *, now: datetime | None = None) -> dict[str, Tally]:
        """What stands at each stage at which anything does. ``now`` is the present, where it is not given."""
        run = stage_runs.c
        now = now or datetime.now(UTC)
        is_due = run.not_before <= now
        number, since = sa.func.count(), sa.func.min(run.waiting_since)
        at_once = sa.select(run.stage, number.label("number"), since.label("since")).where(IS_AT_ONCE)
        later = sa.select(
            run.stage, number.label("number"), number.filter(is_due).label("due"), since.filter(is_due).label("since")
        ).where(IS_LATER)
        running = sa.select(run.stage, number.label("number")).where(IS_RUNNING)
        failed = sa.select(run.stage, run.reason, number.label("number")).where(HAS_FAILED)
        found: dict[str, Tally] = defaultdict(Tally)
        with self._database.reading() as connection:
            for row in connection.execute(at_once.group_by(run.stage)):
                found[row.stage] = Tally(waiting=row.number, oldest_waiting_since=row.since)
            for row in connection.execute(later.group_by(run.stage)):
                found[row.stage] = _with_later(found[row.stage], row)
            for row in connection.execute(running.group_by(run.stage)):
                found[row.stage] = replace(found[row.stage], running=row.number)
            for row in connection.execute(failed.group_by(run.stage, run.reason)):
                tally = found[row.stage]
                found[row.stage] = replace(tally, failed={**tally.failed, row.reason: row.number})
        return dict(found)


def _in_turn(stage: str, which: sa.ColumnElement[bool], limit: int) -> sa.Select[Any]:
    run = stage_runs.c
    select = sa.select(run.call_id, run.turn, run.waiting_since).where(which, run.stage == stage)
    return select.order_by(run.turn, run.waiting_since).limit(limit)


def _count(which: sa.ColumnElement[bool]) -> sa.Select[Any]:
    return sa.select(sa.func.count()).select_from(stage_runs).where(which)


def _with_later(tally: Tally, row: sa.Row[Any]) -> Tally:
    """With those that wait for their time; one whose time has come waits for a worker."""
    instants = [since for since in (tally.oldest_waiting_since, row.since) if since is not None]
    return replace(
        tally,
        waiting=tally.waiting + row.due,
        put_off=row.number - row.due,
        oldest_waiting_since=min(instants, default=None),
    )
