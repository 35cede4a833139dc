"""The one store of calls: what was handed over, where each call stands, and what each stage gave.

The database is the truth about where a call stands. A worker takes a stage with ``begin`` under a lease, renews it with
``beat``, and ends it with ``finish``, ``put_off`` or ``fail``. Each of these changes the run only while this worker
holds it, so a stage that two workers ran, because one of them was thought dead, still has exactly one result.

Instants that decide something (leases, waits) are handed in. A worker whose clock is wrong may take a stage too early
or too late, and then works for nothing; it can never overwrite a result.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, TypeVar

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy.dialects import postgresql, sqlite

from worker.core.call import CallDetails, Party
from worker.core.dialogue.values import Received
from worker.core.errors import BrokenModel, CallError, Invalid, NotFound
from worker.core.log.entry import SYSTEM
from worker.core.record import CallRecord, MadeBy
from worker.record.adoption import adopt, drop_results
from worker.record.database import Database
from worker.record.ids import ID_LETTERS, as_meant, new_id
from worker.record.keys import Keys
from worker.record.log import Log
from worker.record.log.append import Draft, draft
from worker.record.matters import Matters
from worker.record.people import People
from worker.record.standing import Accepted, CallState, Claim, RunState, StageOfCall, Standing, StoredCall
from worker.record.tables.base import CALL_ID_LENGTH
from worker.record.tables.calls import EXTERNAL_ID_LENGTH, IS_IN_HAND, IS_OPEN, calls, stage_runs
from worker.record.values import from_json, to_json
from worker.record.vault import Vault

T = TypeVar("T")

_PARTIES = TypeAdapter(dict[int, Party])

_CALL_STATE = sa.case(
    (stage_runs.c.state.is_(None), CallState.READY.value),
    (stage_runs.c.state == RunState.FAILED, CallState.FAILED.value),
    (stage_runs.c.state == RunState.RUNNING, CallState.RUNNING.value),
    (sa.and_(stage_runs.c.position == 0, stage_runs.c.attempts == 0), CallState.RECEIVED.value),
    else_=CallState.WAITING.value,
).label("call_state")

_CALLS_WITH_OPEN_RUN = calls.outerjoin(stage_runs, sa.and_(stage_runs.c.call_id == calls.c.id, IS_OPEN))

_IS_A_CALL = calls.c.own_recording_of.is_(None)

OWN_RECORDING = "own recording of "
"""With the id of its call, what an own recording has in place of an external id: it is another call than its call."""

_STANDING_COLUMNS = (
    _CALL_STATE,
    *(stage_runs.c[name] for name in ("stage", "attempts", "progress", "worker", "reason", "message", "not_before")),
)


class Store:
    """The calls of one installation. Safe to share between threads; each process opens its own.

    Every method raises Unavailable if the database cannot be reached or cannot do it now. What it was to change is then
    changed as a whole or not at all, and asking again does no harm.
    """

    def __init__(self, url: str, keys: Keys) -> None:
        self._database = Database(url)
        self.log = Log(self._database, keys)
        self.people = People(self._database)
        self.matters = Matters(self._database, self.log, Vault(keys.master))

    def migrate(self, *, take_in: bool = True) -> None:
        """Brings the tables to the form that this version needs. Safe when several processes start at once.

        Calls that the log does not know are of an earlier version, and are taken in; not by who wants to know what is
        missing in the log. Raises BrokenRecord if the log in this database is that of other keys.
        """
        self._database.migrate()
        self.log.begin()
        if take_in:
            adopt(self._database, self.log, read_details=_details)

    def close(self) -> None:
        """Closes the connections of this process."""
        self._database.close()

    # What was handed over, and where it stands

    def accept(
        self,
        details: CallDetails,
        *,
        sha256: str,
        file_name: str,
        size_bytes: int,
        first_stage: str,
        own_recording_of: str | None = None,
    ) -> Accepted:
        """Opens the call of a recording, notes it in the log and lets its first stage wait: all of it, or nothing.

        The same bytes under the same external id are the same call: the second time nothing changes, and what was said
        about the call the first time stands. So are the same bytes as an own recording of the same call, whatever its
        external id; nobody has a way in of their own to those. The bytes themselves must be kept already. Raises
        Invalid for text that cannot be stored.
        """
        now = datetime.now(UTC)
        file_name = _printable(file_name)
        call_id = new_id()
        row = _row(details) | {
            "id": call_id,
            "sha256": sha256,
            "file_name": file_name,
            "size_bytes": size_bytes,
            "received_at": now,
            "own_recording_of": own_recording_of,
        }
        if own_recording_of is not None:
            row["external_id"] = f"{OWN_RECORDING}{own_recording_of}"
        received = draft(call_id, SYSTEM, Received(sha256, file_name, size_bytes, details))
        with self._database.writing() as connection:
            if not self._insert_unless_there(connection, row):
                same = (calls.c.sha256 == sha256) & (calls.c.external_id == row["external_id"])
                return Accepted(connection.execute(sa.select(calls.c.id).where(same)).scalar_one(), is_new=False)
            _let_wait(connection, call_id, first_stage, position=0, now=now)
            self.log.append_in(connection, received)
            if own_recording_of is None:
                self.people.take_in(connection, call_id, details)
        return Accepted(call_id, is_new=True)

    def _insert_unless_there(self, connection: sa.Connection, row: Mapping[str, object]) -> bool:
        insert = sqlite.insert(calls) if self._database.dialect == "sqlite" else postgresql.insert(calls)
        unless_there = insert.values(row).on_conflict_do_nothing(index_elements=["sha256", "external_id"])
        # Not asked for, the number of rows inserted is told by SQLite alone.
        return connection.execute(unless_there.execution_options(preserve_rowcount=True)).rowcount == 1

    def call(self, call_id: str) -> StoredCall:
        """The call with this id, or the only one whose id begins with it.

        Raises NotFound if there is none, Invalid if the beginning fits several.
        """
        beginning = as_meant(call_id)
        if not beginning or set(beginning) - set(ID_LETTERS):
            raise NotFound("There is no such call. Ids are letters and digits, as `onrecord calls` shows them.")
        fits = calls.c.id.between(beginning, beginning.ljust(CALL_ID_LENGTH, ID_LETTERS[-1]))
        with self._database.reading() as connection:
            rows = connection.execute(_select_calls().where(fits).limit(2)).all()
        if not rows:
            raise NotFound("There is no such call. `onrecord calls` shows which there are.")
        if len(rows) > 1:
            raise Invalid("Several calls begin with this id. Give more of its letters.")
        return _stored_call(rows[0])

    def calls(self, *, state: CallState | None = None, limit: int = 50) -> tuple[StoredCall, ...]:
        """Calls with their standing, those received last first; of one state only, if it is given.

        Own recordings of calls are among those that failed, since somebody has to see to them, and nowhere else.
        """
        select = _select_calls().order_by(calls.c.received_at.desc(), calls.c.id.desc()).limit(limit)
        if state is not None:
            select = select.where(_CALL_STATE.element == state.value)
        if state is not CallState.FAILED:
            select = select.where(_IS_A_CALL)
        with self._database.reading() as connection:
            return tuple(_stored_call(row) for row in connection.execute(select))

    def those(self, call_ids: Collection[str]) -> dict[str, StoredCall]:
        """These calls by their whole ids, with their standing; one that is not there is left out."""
        with self._database.reading() as connection:
            rows = connection.execute(_select_calls().where(calls.c.id.in_(call_ids)))
            return {row.id: _stored_call(row) for row in rows}

    def failures(self) -> dict[str, int]:
        """How many calls have failed for which reason, the most frequent first."""
        run = stage_runs.c
        count = sa.func.count().label("number")
        select = sa.select(run.reason, count).where(run.state == RunState.FAILED).group_by(run.reason)
        with self._database.reading() as connection:
            return {row.reason: row.number for row in connection.execute(select.order_by(count.desc(), run.reason))}

    def counts(self) -> dict[CallState, int]:
        """How many calls there are in each state, 0 included. Own recordings of calls are not counted."""
        every = sa.select(_CALL_STATE, sa.func.count()).select_from(_CALLS_WITH_OPEN_RUN)
        select = every.where(_IS_A_CALL).group_by(_CALL_STATE.element)
        with self._database.reading() as connection:
            found = {CallState(state): count for state, count in connection.execute(select)}
        return {state: found.get(state, 0) for state in CallState}

    # A stage in a worker's hands

    def begin(self, call_id: str, stage: str, *, worker: str, lease_s: float, now: datetime) -> Claim | None:
        """Takes a stage that waits and is due, or whose holder let its lease run out; exactly one worker gets it.

        None if it is done, failed, not due yet, held by a living worker, or not there: the job leaves. ``worker`` names
        one process and no other, such as host and process number.
        """
        run = _run(call_id, stage)
        taking = (
            sa.update(stage_runs)
            .where(run, _is_free(now))
            .values(
                state=RunState.RUNNING,
                attempts=stage_runs.c.attempts + 1,
                not_before=None,
                worker=worker,
                lease_until=now + timedelta(seconds=lease_s),
                started_at=now,
                progress=0.0,
            )
        )
        with self._database.writing() as connection:
            if connection.execute(taking).rowcount == 0:
                return None
            return Claim(call_id, stage, connection.execute(sa.select(stage_runs.c.attempts).where(run)).scalar_one())

    def beat(self, call_id: str, stage: str, *, worker: str, lease_s: float, progress: float, now: datetime) -> bool:
        """Renews the lease and notes the progress. False if the stage is no longer this worker's: stop at once."""
        return self._change(
            call_id, stage, worker, lease_until=now + timedelta(seconds=lease_s), progress=min(1.0, max(0.0, progress))
        )

    def finish(
        self, call_id: str, stage: str, *, worker: str, value: object, made_by: MadeBy, next_stage: str | None
    ) -> bool:
        """Stores what the stage gave, marks it done and lets the next stage wait: all of it, or nothing.

        Without a next stage the call is ready: what the stage gave is its record, and goes sealed into the log. Then
        nothing of what the stages before it gave is kept, for it says in the clear what the log holds sealed.
        False, and nothing is changed, if the stage is no longer this worker's. Raises BrokenModel for a value that
        would not read back as it is, and for a last one that is no record.
        """
        # Written out before the transaction, in which all others who write have to wait.
        result = to_json(value) if next_stage is not None else None
        record = _record_draft(call_id, value) if next_stage is None else None
        now = datetime.now(UTC)
        run = _run(call_id, stage)
        with self._database.writing() as connection:
            ended = _ended(RunState.DONE) | {
                "finished_at": now,
                "progress": 1.0,
                "reason": None,
                "message": None,
                "model": made_by.model,
                "revision": made_by.revision,
                "seconds": made_by.seconds,
                "result": result,
            }
            if connection.execute(_held(call_id, stage, worker).values(ended)).rowcount == 0:
                return False
            if next_stage is not None:
                position = connection.execute(sa.select(stage_runs.c.position).where(run)).scalar_one()
                _let_wait(connection, call_id, next_stage, position=position + 1, now=now)
            if record is not None:
                self.log.append_in(connection, record)
                drop_results(connection, call_id)
        if next_stage is None:
            self.matters.prepare(call_id)
        return True

    def put_off(self, call_id: str, stage: str, *, worker: str, error: BaseException, not_before: datetime) -> bool:
        """Gives the stage back to be tried again later. False if it is no longer this worker's.

        Of an error that is not ours only the type is kept: its message may carry words of the call.
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
        )

    def fail(self, call_id: str, stage: str, *, worker: str, reason: str, message: str) -> bool:
        """Ends the stage, and with it the call, with a reason that people are shown. False if it is no longer ours.

        ``reason`` is one word, by which calls are grouped and retried; ``message`` says what happened and what to do.
        """
        return self._change(
            call_id,
            stage,
            worker,
            **_ended(RunState.FAILED),
            finished_at=datetime.now(UTC),
            reason=reason,
            message=message,
        )

    def _change(self, call_id: str, stage: str, worker: str, **values: Any) -> bool:
        with self._database.writing() as connection:
            return connection.execute(_held(call_id, stage, worker).values(values)).rowcount == 1

    # What stages gave

    def value(self, call_id: str, stage: str, kind: type[T]) -> T:
        """What the stage gave, while its call is on its way.

        Raises NotFound if the stage is not done or the call is ready, BrokenRecord if what is stored is no such value.
        """
        select = sa.select(stage_runs.c.result).where(_run(call_id, stage), stage_runs.c.state == RunState.DONE)
        with self._database.reading() as connection:
            text = connection.execute(select).scalar_one_or_none()
        if text is None:
            raise NotFound(f"There is nothing that the stage {stage} of this call gave.")
        return from_json(text, kind)

    def made_by(self, call_id: str) -> tuple[MadeBy, ...]:
        """Who made what, of the stages that are done, in the order of the call's way; empty if there are none."""
        done = stage_runs.c
        select = (
            sa.select(done.stage, done.model, done.revision, done.seconds)
            .where(done.call_id == call_id, done.state == RunState.DONE)
            .order_by(done.position)
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

    # What should move and does not

    def drifting(self, *, now: datetime, limit: int) -> tuple[StageOfCall, ...]:
        """Stages that a worker should have: those that wait and are due, and those whose lease has run out.

        The ones that have waited longest come first, so that none is passed over for ever.
        """
        select = (
            sa.select(stage_runs.c.call_id, stage_runs.c.stage)
            .where(IS_IN_HAND, _is_free(now))
            .order_by(stage_runs.c.waiting_since)
            .limit(limit)
        )
        with self._database.reading() as connection:
            return tuple(StageOfCall(*row) for row in connection.execute(select))

    def retry(self, call_id: str) -> tuple[StageOfCall, ...]:
        """Lets the failed stage of a call wait again, with its attempts back at 0. Empty if the call has not failed."""
        return self._retry(stage_runs.c.call_id == call_id)

    def retry_all(self, *, reason: str | None = None) -> tuple[StageOfCall, ...]:
        """The same for every failed call, or for those that failed for one reason."""
        return self._retry(stage_runs.c.reason == reason if reason is not None else sa.true())

    def _retry(self, which: sa.ColumnElement[bool]) -> tuple[StageOfCall, ...]:
        failed = sa.and_(stage_runs.c.state == RunState.FAILED, which)
        again = _ended(RunState.WAITING) | {
            "attempts": 0,
            "waiting_since": datetime.now(UTC),
            "finished_at": None,
            "reason": None,
            "message": None,
        }
        with self._database.writing() as connection:
            select = sa.select(stage_runs.c.call_id, stage_runs.c.stage).where(failed).with_for_update()
            chosen = tuple(StageOfCall(*row) for row in connection.execute(select))
            connection.execute(sa.update(stage_runs).where(failed).values(again))
        return chosen


def _run(call_id: str, stage: str) -> sa.ColumnElement[bool]:
    return sa.and_(stage_runs.c.call_id == call_id, stage_runs.c.stage == stage)


def _is_free(now: datetime) -> sa.ColumnElement[bool]:
    """Anybody may take it."""
    run = stage_runs.c
    due = sa.or_(run.not_before.is_(None), run.not_before <= now)
    return sa.or_(
        sa.and_(run.state == RunState.WAITING, due), sa.and_(run.state == RunState.RUNNING, run.lease_until <= now)
    )


def _held(call_id: str, stage: str, worker: str) -> sa.Update:
    """Changes a run only while this worker holds it. A lease that ran out unnoticed by others is still held."""
    held = sa.and_(stage_runs.c.state == RunState.RUNNING, stage_runs.c.worker == worker)
    return sa.update(stage_runs).where(_run(call_id, stage), held)


def _ended(state: RunState) -> dict[str, object]:
    """What a run looks like once nobody holds it. Its worker stays named, as the last one."""
    return {"state": state, "lease_until": None}


def _record_draft(call_id: str, value: object) -> Draft:
    if not isinstance(value, CallRecord):
        raise BrokenModel("The last stage of a call gives its record, and this one gave something else.")
    return draft(call_id, SYSTEM, value)


def _let_wait(connection: sa.Connection, call_id: str, stage: str, *, position: int, now: datetime) -> None:
    connection.execute(
        sa.insert(stage_runs).values(
            call_id=call_id, stage=stage, position=position, state=RunState.WAITING, waiting_since=now
        )
    )


def _row(details: CallDetails) -> dict[str, object]:
    """What the sender said, as columns. Raises Invalid for text that a database cannot hold."""
    texts = {
        "agent": details.agent,
        "customer": details.customer,
        "external_id": details.external_id or "",
        "language": details.language,
        "agent_address": details.agent_address,
        "customer_address": details.customer_address,
    }
    for name, text in texts.items():
        if text is not None and _printable(text) != text:
            raise Invalid(f"The {name.replace('_', ' ')} of the call has signs in it that are no text.")
    if len(texts["external_id"] or "") > EXTERNAL_ID_LENGTH:
        raise Invalid(f"The external id of the call is longer than {EXTERNAL_ID_LENGTH} letters.")
    offset = details.started_at.utcoffset() if details.started_at is not None else None
    return {
        **texts,
        "started_at": details.started_at,
        "zone": details.zone,
        "started_offset_s": None if offset is None else round(offset.total_seconds()),
        "party_of_channel": _PARTIES.dump_json(details.party_of_channel).decode(),
    }


def _printable(text: str) -> str:
    """The text without what no database takes: zero bytes, and bytes of a file name that are in no known coding."""
    return text.replace("\0", "�").encode("utf-8", "replace").decode("utf-8")


def _select_calls() -> sa.Select[Any]:
    return sa.select(calls, *_STANDING_COLUMNS).select_from(_CALLS_WITH_OPEN_RUN)


def _details(row: sa.Row[Any]) -> CallDetails:
    return CallDetails(
        agent=row.agent,
        customer=row.customer,
        started_at=_as_told(row.started_at, row.started_offset_s),
        external_id=None if row.own_recording_of else row.external_id or None,
        language=row.language,
        party_of_channel=_PARTIES.validate_json(row.party_of_channel),
        zone=row.zone,
        agent_address=row.agent_address,
        customer_address=row.customer_address,
    )


def _stored_call(row: sa.Row[Any]) -> StoredCall:
    return StoredCall(
        id=row.id,
        details=_details(row),
        sha256=row.sha256,
        file_name=row.file_name,
        size_bytes=row.size_bytes,
        received_at=row.received_at,
        standing=_standing(row),
        own_recording_of=row.own_recording_of,
    )


def _as_told(started_at: datetime | None, offset_s: int | None) -> datetime | None:
    """The start of the call in the zone in which the sender told it."""
    if started_at is None or offset_s is None:
        return None
    return started_at.astimezone(timezone(timedelta(seconds=offset_s)))


def _standing(row: sa.Row[Any]) -> Standing:
    state = CallState(row.call_state)
    if state is CallState.READY:
        return Standing(state)
    return Standing(state, row.stage, row.attempts, row.progress, row.worker, row.reason, row.message, row.not_before)
