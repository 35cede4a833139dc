"""What a worker tells of each job to whoever watches it: which job, how much sound it worked, how it ended.

``Work`` opens ``watched`` around a job and says at the end how it went. That is all the work knows of figures and
traces; whoever watches is an ``Observer``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from structlog.contextvars import bound_contextvars

from worker.core.sound import Sound
from worker.core.transcript import Conversation


class Outcome(StrEnum):
    """How a job left its stage."""

    DONE = "done"
    PUT_OFF = "put_off"  # an error that may pass: it is tried again later
    FAILED = "failed"
    LOST = "lost"  # its lease ran out and another worker has it, or it was handed back when the worker had to end
    BROKEN_OFF = "broken_off"  # nothing was said: the job ended by an error in the work itself


@dataclass(frozen=True)
class Job:
    """One try of one stage of one call; ``attempt`` counts from 1. ``is_takeover``: a worker before it fell silent."""

    call_id: str
    stage: str
    attempt: int
    is_takeover: bool = False


@dataclass
class Watched:
    """What the work says of a job while it runs and when it ends.

    ``sound_s`` is the length of the sound that was worked, ``work_s`` how long the stage itself took, without fetching
    what it needs and storing what it gave; None where nothing was worked. ``reason`` is the name of the error.
    """

    outcome: Outcome = Outcome.BROKEN_OFF
    reason: str | None = None
    sound_s: float | None = None
    work_s: float | None = None

    def ended(self, outcome: Outcome, *, reason: str | None = None) -> None:
        """Says how the job went; the last word holds."""
        self.outcome, self.reason = outcome, reason

    @property
    def is_done(self) -> bool:
        """The stage has its result."""
        return self.outcome is Outcome.DONE


class Observer(Protocol):
    """Somebody who watches jobs. It never raises because of what it does with what it sees."""

    def job(self, job: Job, watched: Watched) -> AbstractContextManager[None]:
        """A block around the job. ``watched`` is filled while it runs and is whole when the block ends."""

    def start(self) -> None:
        """Begins what runs beside the jobs, and returns at once. Raises Invalid for settings that do not fit."""

    def stop(self) -> None:
        """The process ends or is replaced: what is held back is sent or let go, within seconds."""


@contextmanager
def watched(observers: Sequence[Observer], job: Job) -> Iterator[Watched]:
    """The block around a job: all observers see it, and each log line within it names call, stage and attempt."""
    seen = Watched()
    with ExitStack() as stack:
        stack.enter_context(bound_contextvars(call=job.call_id, stage=job.stage, attempt=job.attempt))
        for observer in observers:
            stack.enter_context(observer.job(job, seen))
        yield seen


def length_of_sound(*values: object) -> float | None:
    """Seconds of sound that these values of a stage stand for; None where none of them tells.

    The sound itself says it; of a conversation it is the end of its last turn.
    """
    for value in values:
        match value:
            case Sound(facts=facts):
                return facts.duration_s
            case Conversation(turns=[*_, last]):
                return last.end_s
    return None
