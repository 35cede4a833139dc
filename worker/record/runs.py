"""Stages in workers' hands: taken under a lease, renewed, ended in one of a few ways, and retried.

Each of these changes the run only while this worker holds it, so a stage that two workers ran, because one of them was
thought dead, still has exactly one result.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from worker.core.arrival import FETCH, Priority
from worker.core.errors import BrokenModel, BrokenRecord, CallError
from worker.core.events import Event, EventType
from worker.core.log.entry import SYSTEM
from worker.core.record import CallRecord, MadeBy
from worker.record.beginning import begin_anew, let_wait
from worker.record.log.append import Draft, draft
from worker.record.operations import Which, meant
from worker.record.part import Part, hold
from worker.record.results import drop_results, keep_result
from worker.record.standing import Claim, RunState, StageOfCall
from worker.record.tables.arrivals import legs
from worker.record.tables.calls import HAS_FAILED, IS_RUNNING, IS_WAITING, calls, stage_runs
from worker.record.turns import Flow, take_turns
from worker.record.values import to_json


class Runs(Part):
    """What workers do to the stages of calls."""

    def begin(self, call_id: str, stage: str, *, worker: str, lease_s: float, now: datetime) -> Claim | None:
        """Takes a stage that waits and is due, or whose holder let its lease run out; exactly one worker gets it.

        None if it is done, failed, not due yet, held by a living worker, or not there: the job leaves. ``worker`` names
        one process and no other, such as host and process number.
        """
        run = stage_runs.c
        this = _run(call_id, stage)
        is_due = IS_WAITING & (run.not_before.is_(None) | (run.not_before <= now))
        ran_out = IS_RUNNING & (run.lease_until <= now)
        taken: dict[str, Any] = {
            "state": RunState.RUNNING,
            "attempts": run.attempts + 1,
            "not_before": None,
            "worker": worker,
            "lease_until": now + timedelta(seconds=lease_s),
            "started_at": now,
            "progress": 0.0,
        }
        taking = sa.update(stage_runs).where(this, is_due).values(taken)
        taking_over = sa.update(stage_runs).where(this, ran_out).values(taken | {"takeovers": run.takeovers + 1})
        with self._database.writing() as connection:
            if stage == FETCH:
                hold(connection, call_id)
            attempts, took_over = connection.execute(taking.returning(run.attempts)).scalar(), False
            if attempts is None:
                attempts, took_over = connection.execute(taking_over.returning(run.attempts)).scalar(), True
            if attempts is None:
                return None
            if stage == FETCH:
                untried = (legs.c.call_id == call_id) & legs.c.sha256.is_(None) & legs.c.first_tried_at.is_(None)
                connection.execute(sa.update(legs).where(untried).values(first_tried_at=now))
        return Claim(call_id, stage, attempts, took_over)

    def beat(self, call_id: str, stage: str, *, worker: str, lease_s: float, progress: float, now: datetime) -> bool:
        """Renews the lease and notes the progress. False if the stage is no longer this worker's: stop at once."""
        return self._change(
            call_id, stage, worker, lease_until=now + timedelta(seconds=lease_s), progress=min(1.0, max(0.0, progress))
        )

    def finish(
        self,
        call_id: str,
        stage: str,
        *,
        worker: str,
        value: object,
        made_by: MadeBy,
        next_stage: str | None,
        forgets: Sequence[str] = (),
    ) -> bool:
        """Stores what the stage gave, marks it done and lets the next stage wait: all of it, or nothing.

        What the stages gave that it ``forgets`` is dropped with it.

        Without a next stage the call is ready: what the stage gave is its record, and goes sealed into the log. Then
        nothing of what the stages before it gave is kept, for it says in the clear what the log holds sealed.
        False, and nothing is changed, if the stage is no longer this worker's. Raises BrokenModel for a value that
        would not read back as it is, and for a last one that is no record.
        """
        # Written out before the transaction, in which all others who write have to wait.
        result = to_json(value) if next_stage is not None else None
        record = _record_draft(call_id, value) if next_stage is None else None
        lines = self.search.lines(value) if isinstance(value, CallRecord) else ()
        run = stage_runs.c
        now = datetime.now(UTC)
        ended = _ended(RunState.DONE) | {
            "finished_at": now,
            "progress": 1.0,
            "reason": None,
            "message": None,
            "last_line": None,
            "model": made_by.model,
            "revision": made_by.revision,
            "seconds": made_by.seconds,
        }
        with self._database.writing() as connection:
            hold(connection, call_id)
            ending = _held(call_id, stage, worker).values(ended).returning(run.position, run.turn)
            was = connection.execute(ending).one_or_none()
            if was is None:
                return False
            if result is not None:
                keep_result(connection, self.log, call_id, stage, result)
                drop_results(connection, call_id, forgets)
            if next_stage is not None:
                let_wait(connection, call_id, next_stage, position=was.position + 1, turn=was.turn, now=now)
            if record is not None:
                self.log.append_in(connection, record)
                self.search.put_in(connection, call_id, lines)
                drop_results(connection, call_id)
                self.events.tell_in(connection, [Event(EventType.RECORD_READY, call_id, now)])
        if next_stage is None:
            self.matters.prepare(call_id)
        return True

    def finish_fetch(self, call_id: str, *, worker: str, next_stage: str) -> bool:
        """Lets a call whose recordings are all here wait at its first stage, or for the legs that its sender said it
        has. False, and nothing is changed, if it is no longer this worker's.

        Raises BrokenRecord if one of its recordings is still to be fetched.
        """
        run = stage_runs.c
        now = datetime.now(UTC)
        with self._database.writing() as connection:
            hold(connection, call_id)
            held = sa.select(run.turn).where(_run(call_id, FETCH), _is_held(worker))
            turn = connection.execute(held).scalar_one_or_none()
            if turn is None:
                return False
            connection.execute(sa.delete(stage_runs).where(_run(call_id, FETCH)))
            begin_anew(connection, call_id, next_stage, turn=turn, now=now)
            begun = connection.execute(sa.select(run.stage).where(run.call_id == call_id)).scalar_one()
            if begun == FETCH:
                raise BrokenRecord("A recording of this call is still to be fetched.")
        return True

    def put_off(
        self,
        call_id: str,
        stage: str,
        *,
        worker: str,
        error: BaseException,
        not_before: datetime,
        last_line: str | None = None,
    ) -> bool:
        """Gives the stage back to be tried again later. False if it is no longer this worker's.

        Of an error that is not ours only the type is kept: its message may carry words of the call. ``last_line`` is
        what was logged last about this try.
        """
        message = error.message if isinstance(error, CallError) else CallError().message
        return self._change(
            call_id,
            stage,
            worker,
            **_ended(RunState.WAITING),
            not_before=not_before,
            reason=type(error).__name__,
            message=message,
            last_line=last_line,
        )

    def give_back(self, call_id: str, stage: str, *, worker: str) -> bool:
        """Gives the stage back for another worker to take at once: this try does not count. False if it is no longer
        this worker's."""
        attempts = stage_runs.c.attempts - 1
        return self._change(call_id, stage, worker, **_ended(RunState.WAITING), attempts=attempts, progress=0.0)

    def fail(
        self, call_id: str, stage: str, *, worker: str, reason: str, message: str, last_line: str | None = None
    ) -> bool:
        """Ends the stage, and with it the call, with a reason that people are shown. False if it is no longer ours.

        ``reason`` is one word, by which calls are grouped and retried; ``message`` says what happened and what to do;
        ``last_line`` is what was logged last about this try.
        """
        now = datetime.now(UTC)
        why = {"reason": reason, "message": message, "last_line": last_line}
        failing = _held(call_id, stage, worker).values(_ended(RunState.FAILED) | {"finished_at": now, **why})
        with self._database.writing() as connection:
            if connection.execute(failing).rowcount == 0:
                return False
            says = {"stage": stage, "reason": reason}
            self.events.tell_in(connection, [Event(EventType.CALL_FAILED, call_id, now, says)])
        return True

    def _change(self, call_id: str, stage: str, worker: str, **values: Any) -> bool:
        with self._database.writing() as connection:
            return connection.execute(_held(call_id, stage, worker).values(values)).rowcount == 1

    # Trying again what failed

    def retry(self, call_id: str) -> tuple[StageOfCall, ...]:
        """Lets the failed stage of a call wait again, with its attempts back at 0. Empty if the call has not failed."""
        return self._retry(stage_runs.c.call_id == call_id)

    def retry_all(self, which: Which | None = None) -> tuple[StageOfCall, ...]:
        """The same for every failed call, or for those that are meant."""
        return self._retry(meant(which) if which is not None else sa.true())

    def _retry(self, which: sa.ColumnElement[bool]) -> tuple[StageOfCall, ...]:
        """They take their turns as if they had come now: many that are retried do not hold up what came since."""
        run = stage_runs.c
        now = datetime.now(UTC)
        failed = (
            sa.select(run.call_id, run.stage, calls.c.priority, calls.c.sender, calls.c.line)
            .join_from(stage_runs, calls, calls.c.id == run.call_id)
            .where(HAS_FAILED, which)
            .order_by(run.call_id)
            .with_for_update(of=stage_runs)
        )
        again = _ended(RunState.WAITING) | {
            "attempts": 0,
            "takeovers": 0,
            "waiting_since": now,
            "finished_at": None,
            "reason": None,
            "message": None,
            "last_line": None,
        }
        with self._database.writing() as connection:
            flows: dict[Flow, list[StageOfCall]] = defaultdict(list)
            for row in connection.execute(failed):
                flow = Flow(Priority(row.priority), row.sender, row.line or "")
                flows[flow].append(StageOfCall(row.call_id, row.stage))
            turns: list[dict[str, object]] = []
            for flow in sorted(flows):
                chosen = flows[flow]
                taken = take_turns(connection, flow, calls=len(chosen))
                for one, turn in zip(chosen, taken, strict=True):
                    turns.append({"of": one.call_id, "at": one.stage, "to": turn})
            if turns:
                connection.execute(_AGAIN.values(again | {"turn": sa.bindparam("to")}), turns)
                connection.execute(_FETCHED_ANEW, [{"of": one["of"]} for one in turns])
            retried = tuple(one for flow in flows.values() for one in flow)
            told = [Event(EventType.CALL_RETRIED, one.call_id, now, {"stage": one.stage}) for one in retried]
            self.events.tell_in(connection, told)
        return retried


_AGAIN = sa.update(stage_runs).where(
    stage_runs.c.call_id == sa.bindparam("of"), stage_runs.c.stage == sa.bindparam("at")
)

_FETCHED_ANEW = (
    sa.update(legs).where(legs.c.call_id == sa.bindparam("of"), legs.c.sha256.is_(None)).values(first_tried_at=None)
)
"""How long fetching may be tried counts from the next try on."""


def _run(call_id: str, stage: str) -> sa.ColumnElement[bool]:
    return sa.and_(stage_runs.c.call_id == call_id, stage_runs.c.stage == stage)


def _is_held(worker: str) -> sa.ColumnElement[bool]:
    return sa.and_(stage_runs.c.state == RunState.RUNNING, stage_runs.c.worker == worker)


def _held(call_id: str, stage: str, worker: str) -> sa.Update:
    """Changes a run only while this worker holds it. A lease that ran out unnoticed by others is still held."""
    return sa.update(stage_runs).where(_run(call_id, stage), _is_held(worker))


def _ended(state: RunState) -> dict[str, object]:
    """What a run looks like once nobody holds it. Its worker stays named, as the last one."""
    return {"state": state, "lease_until": None}


def _record_draft(call_id: str, value: object) -> Draft:
    if not isinstance(value, CallRecord):
        raise BrokenModel("The last stage of a call gives its record, and this one gave something else.")
    return draft(call_id, SYSTEM, value)
