"""Takes calls into the log that were there before it: what was handed over, and the record if there is one.

Their entries say the instant at which they were taken in, for only from then on the log can prove anything of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
import structlog

from worker.core.dialogue.values import Received
from worker.core.errors import BrokenRecord
from worker.core.log.entry import SYSTEM
from worker.core.record import CallRecord
from worker.record.database import Database
from worker.record.log import Log
from worker.record.log.append import draft
from worker.record.results import drop_results
from worker.record.rows import details_of
from worker.record.tables.arrivals import legs
from worker.record.tables.calls import HAS_RESULT, IS_OPEN, calls, stage_runs
from worker.record.tables.log import entries
from worker.record.values import from_json

log = structlog.get_logger()

CALLS_AT_ONCE = 20


def adopt(database: Database, to: Log) -> None:
    """Gives every call without entries those that it would have, a few calls in a transaction; and seals the record of
    a call that a worker of the version before finished since.

    Any number of processes may do so at once, and each may be stopped at any time: the next goes on.
    """
    after = ""
    while ids := _some_to_take_in(database, after):
        after = ids[-1]
        with database.writing() as connection:
            # Held, then asked once more: of two processes that came upon a call, the second finds it taken in.
            held = sa.select(calls.c.id).where(calls.c.id.in_(ids)).order_by(calls.c.id)
            connection.execute(held.with_for_update(key_share=True))
            for row in connection.execute(_TO_TAKE_IN.where(calls.c.id.in_(ids)).order_by(calls.c.id)).all():
                if not row.has_entries:
                    _note_recordings(connection, to, row)
                if not row.is_on_its_way:
                    _seal_record(connection, to, row.id)


def _note_recordings(connection: sa.Connection, to: Log, call: sa.Row[Any]) -> None:
    here = sa.select(legs).where(legs.c.call_id == call.id, legs.c.arrived_at.is_not(None)).order_by(legs.c.number)
    for leg in connection.execute(here):
        received = Received(leg.sha256, leg.file_name, leg.size_bytes, details_of(call))
        to.append_in(connection, draft(call.id, SYSTEM, received))


def _some_to_take_in(database: Database, after: str) -> Sequence[str]:
    select = _TO_TAKE_IN.with_only_columns(calls.c.id).where(calls.c.id > after)
    with database.reading() as connection:
        return connection.execute(select.order_by(calls.c.id).limit(CALLS_AT_ONCE)).scalars().all()


def _seal_record(connection: sa.Connection, to: Log, call_id: str) -> None:
    """Puts the record of a call that is ready into the log, and drops what lay in the clear."""
    run = stage_runs.c
    last = sa.select(run.result).where(run.call_id == call_id).order_by(run.position.desc()).limit(1)
    in_the_clear = connection.execute(last).scalar_one_or_none()
    if in_the_clear is None:
        return
    try:
        record = from_json(bytes(in_the_clear).decode(errors="replace"), CallRecord)
    except BrokenRecord:
        # One damaged record must not keep all others from being read. It stays where it is, to be looked at.
        log.error("adopt.no_record", call=call_id)
        return
    to.append_in(connection, draft(call_id, SYSTEM, record))
    drop_results(connection, call_id)


_HAS_ARRIVED = sa.exists().where(legs.c.call_id == calls.c.id, legs.c.arrived_at.is_not(None))
_HAS_ENTRIES = sa.exists().where(entries.c.call_id == calls.c.id)
_IS_ON_ITS_WAY = sa.exists().where(stage_runs.c.call_id == calls.c.id, IS_OPEN)
_LIES_IN_THE_CLEAR = calls.c.id.in_(sa.select(stage_runs.c.call_id).where(HAS_RESULT))
_TO_TAKE_IN = sa.select(calls, _HAS_ENTRIES.label("has_entries"), _IS_ON_ITS_WAY.label("is_on_its_way")).where(
    (~_HAS_ENTRIES & _HAS_ARRIVED) | (_LIES_IN_THE_CLEAR & ~_IS_ON_ITS_WAY)
)
