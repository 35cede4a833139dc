"""The work as who runs the service sees it: what waits, runs and failed, why, and letting it be tried again.

Nothing here reads what a call says or who is on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Literal

import sqlalchemy as sa

from worker.core.errors import Invalid
from worker.record.database import Database
from worker.record.tables.calls import HAS_FAILED, IS_LATER, IS_RUNNING, IS_WAITING, calls, stage_runs
from worker.record.tables.events import deliveries, endpoints

MOST_NAMED = 1000
"""Calls that can be named one by one at once."""

GroupedBy = Literal["reason", "stage", "line", "sender"]


class WorkState(StrEnum):
    """How a call that has no record yet stands with its stage."""

    WAITING = "waiting"
    PUT_OFF = "put_off"  # it failed in a way that may pass, and waits for its time to be tried again
    RUNNING = "running"
    FAILED = "failed"


@dataclass(frozen=True)
class Which:
    """Which calls are meant: those of this state for which everything holds that is given.

    ``line`` and ``sender`` may be empty, for calls that came without one; ``call_ids`` names at most ``MOST_NAMED``.
    """

    state: WorkState = WorkState.FAILED
    reason: str | None = None
    stage: str | None = None
    line: str | None = None
    sender: str | None = None
    call_ids: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if self.call_ids is not None and len(self.call_ids) > MOST_NAMED:
            raise Invalid(f"More than {MOST_NAMED} calls were named. Name fewer, or say what they have in common.")


@dataclass(frozen=True)
class CallAtWork:
    """One call, without its content and its people.

    ``since`` is when it came to stand so. ``attempts`` counts the tries of its stage; ``takeovers`` how often one was
    taken from a worker that fell silent. ``reason`` is the name of the last error, ``message`` its line for people,
    ``last_line`` the last line in the worker's log about it. ``next_try_at`` is when it is tried again by itself.
    """

    id: str
    external_id: str | None
    line: str | None
    sender: str
    received_at: datetime
    state: WorkState
    stage: str
    attempts: int
    takeovers: int
    since: datetime
    reason: str | None
    message: str | None
    last_line: str | None
    next_try_at: datetime | None

    @property
    def place(self) -> Place:
        """Its place in the list of those that stand alike."""
        return Place(self.since, self.id)


@dataclass(frozen=True)
class Group:
    """How many calls have one thing in common, such as the reason of their failure; None: they have no such thing."""

    value: str | None
    count: int


@dataclass(frozen=True)
class Place:
    """Where a list goes on: after the call that came to stand so at ``since`` and has this id."""

    since: datetime
    call_id: str

    def __str__(self) -> str:
        return f"{self.since.isoformat()}~{self.call_id}"

    @staticmethod
    def read(text: str) -> Place:
        """The place that was written so. Raises Invalid for what is none."""
        since, _sep, call_id = text.partition("~")
        try:
            return Place(datetime.fromisoformat(since), call_id)._checked()
        except (ValueError, OverflowError) as error:
            raise Invalid("This is no place in this list. Begin again at its head.") from error

    def _checked(self) -> Place:
        if self.since.tzinfo is None or not self.call_id.isascii():
            raise ValueError
        return Place(self.since.astimezone(UTC), self.call_id)


class Operations:
    """The work of one installation. Safe to share between threads, as the database under it is.

    Every method raises Unavailable if the database cannot be reached or cannot do it now.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def reach(self) -> None:
        """Asks the database for nothing but an answer."""
        with self._database.reading() as connection:
            connection.execute(sa.select(sa.literal(1)))

    def calls(self, which: Which, *, now: datetime, limit: int, after: Place | None = None) -> tuple[CallAtWork, ...]:
        """Those calls, the one that came to stand so last first."""
        since = _SINCE[which.state]
        select: sa.Select[Any] = (
            sa.select(*_COLUMNS, since.label("since"))
            .join_from(stage_runs, calls, calls.c.id == stage_runs.c.call_id)
            .where(meant(which, now=now))
            .order_by(since.desc(), stage_runs.c.call_id.desc())
            .limit(limit)
        )
        if after is not None:
            is_before = sa.and_(since == after.since, stage_runs.c.call_id < after.call_id)
            select = select.where(sa.or_(since < after.since, is_before))
        with self._database.reading() as connection:
            return tuple(_call_at_work(row, which.state) for row in connection.execute(select))

    def count(self, which: Which, *, now: datetime) -> int:
        """How many those calls are."""
        select = sa.select(sa.func.count()).select_from(stage_runs).where(meant(which, now=now))
        with self._database.reading() as connection:
            return connection.execute(select).scalar_one()

    def groups(self, by: GroupedBy, which: Which, *, now: datetime) -> tuple[Group, ...]:
        """What those calls have in common, with how many have it, the most frequent first."""
        column = _GROUPED_BY[by]
        count = sa.func.count().label("number")
        select = sa.select(column.label("value"), count).select_from(stage_runs).where(meant(which, now=now))
        if column.table is calls:
            select = select.join(calls, calls.c.id == stage_runs.c.call_id)
        with self._database.reading() as connection:
            rows = connection.execute(select.group_by(column).order_by(count.desc(), column))
            return tuple(Group(row.value, row.number) for row in rows)

    def events_waiting(self) -> int:
        """How many events are still to be delivered, to endpoints that want any."""
        select = (
            sa.select(sa.func.count())
            .select_from(deliveries)
            .join(endpoints, endpoints.c.id == deliveries.c.endpoint_id)
            .where(deliveries.c.ended_at.is_(None), endpoints.c.disabled_at.is_(None))
        )
        with self._database.reading() as connection:
            return connection.execute(select).scalar_one()


_COLUMNS = (
    *(calls.c[name] for name in ("id", "external_id", "line", "sender", "received_at")),
    *(stage_runs.c[name] for name in ("stage", "attempts", "takeovers", "reason", "message", "last_line")),
    stage_runs.c.not_before,
)

_SINCE: Mapping[WorkState, sa.ColumnElement[datetime]] = {
    WorkState.WAITING: stage_runs.c.waiting_since,
    WorkState.PUT_OFF: stage_runs.c.waiting_since,
    WorkState.RUNNING: stage_runs.c.started_at,
    WorkState.FAILED: stage_runs.c.finished_at,
}

_GROUPED_BY: Mapping[GroupedBy, sa.Column[Any]] = {
    "reason": stage_runs.c.reason,
    "stage": stage_runs.c.stage,
    "line": calls.c.line,
    "sender": calls.c.sender,
}


def meant(which: Which, *, now: datetime | None = None) -> sa.ColumnElement[bool]:
    """Whether a row of ``stage_runs`` is the run at which one of those calls stands; ``now`` parts those that wait from
    those that were put off, and is the present where it is not given."""
    now = now or datetime.now(UTC)
    run = stage_runs.c
    is_put_off = sa.and_(run.not_before.is_not(None), run.not_before > now)
    stands = {
        WorkState.WAITING: sa.and_(IS_WAITING, sa.not_(is_put_off)),
        WorkState.PUT_OFF: sa.and_(IS_LATER, is_put_off),
        WorkState.RUNNING: IS_RUNNING,
        WorkState.FAILED: HAS_FAILED,
    }
    conditions = [stands[which.state]]
    for column, value in ((run.reason, which.reason), (run.stage, which.stage)):
        if value is not None:
            conditions.append(column == value)
    came_with = [
        column == value if value else sa.or_(column == "", column.is_(None))
        for column, value in ((calls.c.line, which.line), (calls.c.sender, which.sender))
        if value is not None
    ]
    if came_with:
        conditions.append(run.call_id.in_(sa.select(calls.c.id).where(*came_with)))
    if which.call_ids is not None:
        conditions.append(run.call_id.in_(which.call_ids))
    return sa.and_(*conditions)


def _call_at_work(row: sa.Row[Any], state: WorkState) -> CallAtWork:
    return CallAtWork(
        id=row.id,
        external_id=row.external_id or None,
        line=row.line,
        sender=row.sender,
        received_at=row.received_at,
        state=state,
        stage=row.stage,
        attempts=row.attempts,
        takeovers=row.takeovers,
        since=row.since,
        reason=row.reason,
        message=row.message,
        last_line=row.last_line,
        next_try_at=row.not_before if state is WorkState.PUT_OFF else None,
    )
