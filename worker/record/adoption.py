"""Takes calls into the log that were there before it: what was handed over, and the record if there is one.

Their entries say the instant at which they were taken in, for only from then on the log can prove anything of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
import structlog

from worker.core.call import CallDetails
from worker.core.dialogue.values import Received
from worker.core.errors import BrokenRecord
from worker.core.log.entry import SYSTEM
from worker.core.record import CallRecord
from worker.record.database import Database
from worker.record.log import Log
from worker.record.standing import RunState
from worker.record.tables.calls import IS_OPEN, calls, stage_runs
from worker.record.tables.log import entries
from worker.record.values import from_json

log = structlog.get_logger()

CALLS_AT_ONCE = 20


def drop_results(connection: sa.Connection, call_id: str) -> None:
    """Forgets what the stages of a call gave; which of them made it, with which model, stays known."""
    of_call = (stage_runs.c.call_id == call_id) & stage_runs.c.result.is_not(None)
    connection.execute(sa.update(stage_runs).where(of_call).values(result=None))


def adopt(database: Database, to: Log, *, read_details: Callable[[sa.Row[Any]], CallDetails]) -> None:
    """Gives every call without entries those that it would have, a few calls in a transaction.

    Any number of processes may do so at once, and each may be stopped at any time: the next goes on.
    """
    while _lacks_entries(database):
        with database.writing() as connection:
            for row in connection.execute(_WITHOUT_ENTRIES.limit(CALLS_AT_ONCE).with_for_update(skip_locked=True)):
                received = Received(row.sha256, row.file_name, row.size_bytes, read_details(row))
                to.append_in(connection, row.id, SYSTEM, received)
                _seal_record(connection, to, row.id)


def _seal_record(connection: sa.Connection, to: Log, call_id: str) -> None:
    """Puts the record of a call that is ready into the log, and drops what lay in the clear."""
    run = stage_runs.c
    is_ready = ~sa.exists().where(run.call_id == call_id, IS_OPEN)
    last = (
        sa.select(run.result)
        .where(run.call_id == call_id, run.state == RunState.DONE, is_ready)
        .order_by(run.position.desc())
        .limit(1)
    )
    text = connection.execute(last).scalar_one_or_none()
    if text is None:
        return
    try:
        record = from_json(text, CallRecord)
    except BrokenRecord:
        # One damaged record must not keep all others from being read. It stays where it is, to be looked at.
        log.error("adopt.no_record", call=call_id)
        return
    to.append_in(connection, call_id, SYSTEM, record)
    drop_results(connection, call_id)


def _lacks_entries(database: Database) -> bool:
    with database.reading() as connection:
        return connection.execute(_WITHOUT_ENTRIES.limit(1)).first() is not None


_WITHOUT_ENTRIES = sa.select(calls).where(~sa.exists().where(entries.c.call_id == calls.c.id)).order_by(calls.c.id)
