"""What the database says about calls, as values: what was handed over, where it stands, who holds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from worker.core.arrival import Priority
from worker.core.call import CallDetails, Party, sound_id


class RunState(StrEnum):
    """Where one stage of one call stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class CallState(StrEnum):
    """Where a call stands, which follows from its stages and is stored nowhere by itself."""

    RECEIVED = "received"  # accepted; nothing was begun yet
    WAITING = "waiting"  # for a worker, or for its time to be tried again
    RUNNING = "running"
    FAILED = "failed"
    READY = "ready"


@dataclass(frozen=True)
class Standing:
    """Where a call stands. ``stage`` and what follows it are about the stage it is at; None and 0 when it is ready.

    ``progress`` is the share of the stage that is done, in [0, 1]. ``reason`` is the type of the last error, a word by
    which calls are grouped and retried; ``message`` is its line for people, ``last_line`` what was logged last before
    it. A call that waits or runs may have all three, from the try before. ``not_before`` is when a call that was put
    off is tried again. ``since`` is when it began to run, or else to wait; ``lease_until`` is after which instant
    another worker may take it from ``worker``, which happened to this stage ``takeovers`` times.
    """

    state: CallState
    stage: str | None = None
    attempts: int = 0
    progress: float = 0.0
    worker: str | None = None
    reason: str | None = None
    message: str | None = None
    not_before: datetime | None = None
    last_line: str | None = None
    since: datetime | None = None
    lease_until: datetime | None = None
    takeovers: int = 0


@dataclass(frozen=True)
class Leg:
    """One recording of a call. ``sha256``, ``size_bytes`` and ``arrived_at`` are None until its bytes are here.

    ``started_at`` and ``party_of_channel`` are what was said when this leg was handed over. ``first_tried_at`` is when
    fetching it was first tried, of one that was announced.
    """

    number: int
    file_name: str
    sha256: str | None
    size_bytes: int | None
    started_at: datetime | None
    party_of_channel: dict[int, Party]
    arrived_at: datetime | None
    first_tried_at: datetime | None = None


@dataclass(frozen=True)
class StoredCall:
    """One call as the database has it: what was handed over, when, and where it stands.

    ``legs`` are its recordings in the order of their numbers, those that are not here yet among them.
    ``own_recording_of`` is the call of which this is a recording that one of its sides made and added: it is worked
    like any other, and is no call of its own anywhere else.
    """

    id: str
    details: CallDetails
    legs: tuple[Leg, ...]
    received_at: datetime
    standing: Standing
    own_recording_of: str | None = None
    sender: str = ""
    priority: Priority = Priority.NORMAL

    @property
    def sound_id(self) -> str:
        """The name under which its sound as a whole is kept for listening."""
        return sound_id([leg.sha256 for leg in self.legs if leg.sha256 is not None])


@dataclass(frozen=True)
class Accepted:
    """The call of a recording that was handed over, and the number of its leg there.

    ``is_new`` is False where that recording was here already: then nothing was changed. ``joined`` says that it became
    a further leg of a call that was here. ``stage`` is where the call now waits for a worker; None where nothing is
    new, or where it first waits for further legs.
    """

    call_id: str
    is_new: bool
    leg: int = 1
    joined: bool = False
    stage: str | None = None


@dataclass(frozen=True)
class Claim:
    """A stage of a call that this worker now holds; ``attempts`` counts this try, from 1.

    ``took_over`` says that another worker held it and let its lease run out.
    """

    call_id: str
    stage: str
    attempts: int
    took_over: bool = False


@dataclass(frozen=True)
class Tally:
    """What stands at one stage: how many wait for a worker, wait for their time, run, and failed for which reason.

    ``oldest_waiting_since`` is since when the first of those waits that wait for a worker.
    """

    waiting: int = 0
    put_off: int = 0
    running: int = 0
    failed: Mapping[str, int] = field(default_factory=dict)
    oldest_waiting_since: datetime | None = None


class StageOfCall(NamedTuple):
    """What the queue carries: which stage of which call."""

    call_id: str
    stage: str
