"""What the database says about calls, as values: what was handed over, where it stands, who holds it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from worker.core.call import CallDetails


class RunState(StrEnum):
    """Where one stage of one call stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class CallState(StrEnum):
    """Where a call stands, which follows from its stages and is stored nowhere by itself."""

    RECEIVED = "received"  # kept safe; nothing was begun yet
    WAITING = "waiting"  # for a worker, or for its time to be tried again
    RUNNING = "running"
    FAILED = "failed"
    READY = "ready"


@dataclass(frozen=True)
class Standing:
    """Where a call stands. ``stage`` and what follows it are about the stage it is at; None and 0 when it is ready.

    ``progress`` is the share of the stage that is done, in [0, 1]. ``reason`` is the type of the last error, a word by
    which calls are grouped and retried; ``message`` is its line for people. A call that waits or runs may have both,
    from the try before. ``not_before`` is when a call that was put off is tried again.
    """

    state: CallState
    stage: str | None = None
    attempts: int = 0
    progress: float = 0.0
    worker: str | None = None
    reason: str | None = None
    message: str | None = None
    not_before: datetime | None = None


@dataclass(frozen=True)
class StoredCall:
    """One call as the database has it: what was handed over, when, and where it stands.

    ``own_recording_of`` is the call of which this is a recording that one of its sides made and added: it is worked
    like any other, and is no call of its own anywhere else.
    """

    id: str
    details: CallDetails
    sha256: str
    file_name: str
    size_bytes: int
    received_at: datetime
    standing: Standing
    own_recording_of: str | None = None


@dataclass(frozen=True)
class Accepted:
    """The call of a recording that was handed over. ``is_new`` is False if it was here already."""

    call_id: str
    is_new: bool


@dataclass(frozen=True)
class Claim:
    """A stage of a call that this worker now holds; ``attempts`` counts this try, from 1."""

    call_id: str
    stage: str
    attempts: int


class StageOfCall(NamedTuple):
    """What the queue carries: which stage of which call."""

    call_id: str
    stage: str
