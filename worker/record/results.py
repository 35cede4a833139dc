"""What the stages of a call gave, while it is on its way: sealed under the key of the call, dropped when it is done.

Sealed are the number of the call's key in four bytes and the value as JSON. What a version before the log left of a
call that is ready lies in the clear until it is taken in (``worker.record.adoption``).
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag

from worker.core.errors import BrokenRecord
from worker.record.log import Log
from worker.record.tables.calls import HAS_RESULT, stage_runs
from worker.record.vault import unseal

NUMBER_BYTES = 4


def keep_result(connection: sa.Connection, log: Log, call_id: str, stage: str, result: str) -> None:
    """Keeps what a stage gave."""
    number, sealed = log.seal_in(connection, call_id, result.encode(), about=_about(call_id, stage))
    this = (stage_runs.c.call_id == call_id) & (stage_runs.c.stage == stage)
    whole = number.to_bytes(NUMBER_BYTES, "big") + sealed
    connection.execute(sa.update(stage_runs).where(this).values(result=whole))


def open_result(connection: sa.Connection, log: Log, call_id: str, stage: str, kept: bytes) -> str:
    """What was kept. Raises NotFound once the call was erased, BrokenRecord for what is no result of this stage."""
    key = log.key_in(connection, call_id, int.from_bytes(kept[:NUMBER_BYTES], "big"))
    try:
        return unseal(key, kept[NUMBER_BYTES:], about=_about(call_id, stage)).decode()
    except (InvalidTag, ValueError) as error:
        raise BrokenRecord("What a stage gave was altered. Try the call again from its beginning.") from error


def drop_results(connection: sa.Connection, call_id: str, stages: Sequence[str] | None = None) -> None:
    """Forgets what these stages of a call gave, or all; which of them made it, with which model, stays known."""
    of_call = stage_runs.c.call_id == call_id
    if stages is not None:
        of_call &= stage_runs.c.stage.in_(stages)
    connection.execute(sa.update(stage_runs).where(of_call, HAS_RESULT).values(result=None))


def _about(call_id: str, stage: str) -> str:
    """What a result is bound to."""
    return f"result {call_id}/{stage}"
