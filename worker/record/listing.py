"""Calls as they are found and listed: what was handed over, where each stands, and what its stages gave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any, TypeVar

import sqlalchemy as sa

from worker.core.arrival import Priority
from worker.core.errors import Invalid, NotFound
from worker.core.record import CallRecord, MadeBy
from worker.record.ids import ID_LETTERS, as_meant
from worker.record.part import Part
from worker.record.results import open_result
from worker.record.rows import details_of, leg_of
from worker.record.standing import CallState, Leg, RunState, Standing, StoredCall
from worker.record.tables.arrivals import legs
from worker.record.tables.base import CALL_ID_LENGTH
from worker.record.tables.calls import HAS_FAILED, IS_APART, IS_OPEN, IS_RUNNING, IS_WAITING, calls, stage_runs
from worker.record.values import from_json

T = TypeVar("T")

_run = stage_runs.c

_NOTHING_WAS_BEGUN = IS_WAITING & (_run.position <= sa.literal_column("0")) & (_run.attempts == sa.literal_column("0"))

_CALL_STATE = sa.case(
    (_run.state.is_(None), CallState.READY.value),
    (HAS_FAILED, CallState.FAILED.value),
    (IS_RUNNING, CallState.RUNNING.value),
    (_NOTHING_WAS_BEGUN, CallState.RECEIVED.value),
    else_=CallState.WAITING.value,
).label("call_state")

_WITH_OPEN_RUN = sa.and_(_run.call_id == calls.c.id, IS_OPEN)

_IN_STATE = {
    CallState.READY: _run.state.is_(None),
    CallState.FAILED: HAS_FAILED,
    CallState.RUNNING: IS_RUNNING,
    CallState.RECEIVED: _NOTHING_WAS_BEGUN,
    CallState.WAITING: IS_WAITING & ~_NOTHING_WAS_BEGUN,
}

_IS_ITSELF = calls.c.same_as.is_(None)

_IS_A_CALL = _IS_ITSELF & calls.c.own_recording_of.is_(None)

_NUMBER = sa.func.count()
_OF_OPEN = sa.select(_CALL_STATE).where(IS_OPEN).group_by(_CALL_STATE.element)
_OF_ALL = sa.select(sa.literal(CallState.READY.value)).select_from(calls)
_COUNTED = sa.union_all(
    _OF_OPEN.add_columns(_NUMBER),
    _OF_OPEN.add_columns(-_NUMBER).join_from(stage_runs, calls, calls.c.id == _run.call_id).where(IS_APART),
    _OF_ALL.add_columns(_NUMBER),
    _OF_ALL.add_columns(-_NUMBER).where(IS_APART),
)
"""Numbers that add up: what is open by state, and all calls as if they were ready, less what is apart. Each is in a
small index, which to join every call with its open run is not."""

_STANDING_COLUMNS = (
    _CALL_STATE,
    *(
        _run[name]
        for name in (
            "stage",
            "attempts",
            "progress",
            "worker",
            "reason",
            "message",
            "not_before",
            "last_line",
            "waiting_since",
            "lease_until",
            "takeovers",
        )
    ),
    _run.started_at.label("run_started_at"),
)


class Listing(Part):
    """What is known of calls."""

    def call(self, call_id: str) -> StoredCall:
        """The call with this id, or the only one whose id begins with it.

        Of one that was announced, and when it was fetched turned out to be another that was here, it is that other one.
        Raises NotFound if there is none, Invalid if the beginning fits several.
        """
        beginning = as_meant(call_id)
        if not beginning or set(beginning) - set(ID_LETTERS):
            raise NotFound("There is no such call. Ids are letters and digits, as `onrecord calls` shows them.")
        fits = calls.c.id.between(beginning, beginning.ljust(CALL_ID_LENGTH, ID_LETTERS[-1]))
        itself = sa.select(sa.func.coalesce(calls.c.same_as, calls.c.id)).where(fits).limit(2)
        with self._database.reading() as connection:
            found = _stored_calls(connection, _select_calls().where(calls.c.id.in_(itself)))
        if not found:
            raise NotFound("There is no such call. `onrecord calls` shows which there are.")
        if len(found) > 1:
            raise Invalid("Several calls begin with this id. Give more of its letters.")
        return found[0]

    def calls(
        self,
        *,
        state: CallState | None = None,
        limit: int = 50,
        reason: str | None = None,
        line: str | None = None,
        sender: str | None = None,
    ) -> tuple[StoredCall, ...]:
        """Calls with their standing, those received last first; only those in one state, that failed for one reason,
        of one line or of one sender, where it is given.

        Own recordings of calls are among those that failed, since somebody has to see to them, and nowhere else.
        """
        chosen: list[sa.ColumnElement[bool]] = [_IS_ITSELF if state is CallState.FAILED else _IS_A_CALL]
        if state is not None:
            chosen.append(_IN_STATE[state])
        if reason is not None:
            chosen.append(_run.reason == reason)
        if line is not None:
            chosen.append(calls.c.line == line)
        if sender is not None:
            chosen.append(calls.c.sender == sender)
        select = _select_calls(state).where(*chosen)
        in_order = select.order_by(calls.c.received_at.desc(), calls.c.id.desc()).limit(limit)
        with self._database.reading() as connection:
            return _stored_calls(connection, in_order)

    def those(self, call_ids: Collection[str]) -> dict[str, StoredCall]:
        """These calls by their whole ids, with their standing; one that is not there is left out.

        Of one that turned out to be another it is that other one, as ``call`` gives it.
        """
        itself = sa.func.coalesce(calls.c.same_as, calls.c.id).label("same")
        whose = sa.select(calls.c.id, itself).where(calls.c.id.in_(call_ids))
        with self._database.reading() as connection:
            same = {row.id: row.same for row in connection.execute(whose)}
            found = _stored_calls(connection, _select_calls().where(calls.c.id.in_(same.values())))
        by_id = {call.id: call for call in found}
        return {call_id: by_id[other] for call_id, other in same.items()}

    def counts(self) -> dict[CallState, int]:
        """How many calls there are in each state, 0 included. Own recordings of calls are not counted."""
        counted: Counter[CallState] = Counter()
        with self._database.reading() as connection:
            for state, number in connection.execute(_COUNTED):
                counted[CallState(state)] += number
        are_open = counted.total() - counted[CallState.READY]
        counted[CallState.READY] -= are_open
        return {state: counted[state] for state in CallState}

    # What stages gave

    def value(self, call_id: str, stage: str, kind: type[T]) -> T:
        """What the stage gave, while its call is on its way.

        Raises NotFound if the stage is not done or the call is ready, BrokenRecord if what is stored is no such value.
        """
        select = sa.select(_run.result).where(_run.call_id == call_id, _run.stage == stage, _run.state == RunState.DONE)
        with self._database.reading() as connection:
            kept = connection.execute(select).scalar_one_or_none()
            if kept is None:
                raise NotFound(f"There is nothing that the stage {stage} of this call gave.")
            text = open_result(connection, self.log, call_id, stage, bytes(kept))
        return from_json(text, kind)

    def made_by(self, call_id: str) -> tuple[MadeBy, ...]:
        """Who made what, of the stages that are done, in the order of the call's way; empty if there are none."""
        select = (
            sa.select(_run.stage, _run.model, _run.revision, _run.seconds)
            .where(_run.call_id == call_id, _run.state == RunState.DONE)
            .order_by(_run.position)
        )
        with self._database.reading() as connection:
            return tuple(MadeBy(*row) for row in connection.execute(select))

    def record(self, call_id: str) -> CallRecord:
        """The record of a call that is ready: the newest that is in the log.

        Raises NotFound while it is not ready, and once it was erased.
        """
        record = self.log.record(call_id)
        if record is None:
            raise NotFound("There is no record of this call yet. Its page says where it stands.")
        return record


def _select_calls(state: CallState | None = None) -> sa.Select[Any]:
    """Calls with their open run. Those of a state that has an index of its own are found by that, which SQLite sees
    where nothing else is said of the state."""
    is_by_index = state in (CallState.FAILED, CallState.RUNNING)
    with_run = _run.call_id == calls.c.id if is_by_index else _WITH_OPEN_RUN
    joined = calls.join(stage_runs, with_run, isouter=state in (None, CallState.READY))
    return sa.select(calls, *_STANDING_COLUMNS).select_from(joined)


def _stored_calls(connection: sa.Connection, select: sa.Select[Any]) -> tuple[StoredCall, ...]:
    rows = connection.execute(select).all()
    legs_of = _legs(connection, (row.id for row in rows))
    return tuple(
        StoredCall(
            id=row.id,
            details=details_of(row),
            legs=tuple(legs_of[row.id]),
            received_at=row.received_at,
            standing=_standing(row),
            own_recording_of=row.own_recording_of,
            sender=row.sender,
            priority=Priority(row.priority),
        )
        for row in rows
    )


def _legs(connection: sa.Connection, call_ids: Iterable[str]) -> dict[str, list[Leg]]:
    """The recordings of these calls, each once, in the order of their numbers."""
    found: dict[str, list[Leg]] = {call_id: [] for call_id in call_ids}
    if found:
        select = sa.select(legs).where(legs.c.call_id.in_(found), legs.c.same_as.is_(None))
        for row in connection.execute(select.order_by(legs.c.call_id, legs.c.number)):
            found[row.call_id].append(leg_of(row))
    return found


def _standing(row: sa.Row[Any]) -> Standing:
    state = CallState(row.call_state)
    if state is CallState.READY:
        return Standing(state)
    return Standing(
        state=state,
        stage=row.stage,
        attempts=row.attempts,
        progress=row.progress,
        worker=row.worker,
        reason=row.reason,
        message=row.message,
        not_before=row.not_before,
        last_line=row.last_line,
        since=row.run_started_at if state is CallState.RUNNING else row.waiting_since,
        lease_until=row.lease_until,
        takeovers=row.takeovers,
    )
