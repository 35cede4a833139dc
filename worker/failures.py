"""What to do about a failed stage: one pure decision, from the error and the attempts so far to a retry or an end.

The job only carries it out, so the whole policy is the table in ``tests/jobs/test_failures.py``.
"""

from __future__ import annotations

from dataclasses import dataclass

from worker.core.errors import CallError, NotThereYet, Unavailable

FIRST_WAIT_S = 5.0
LONGEST_WAIT_S = 600.0
GROWTH = 4.0
ENOUGH = 8  # times that it grew are beyond the longest wait, and a thousand would be no number

BUG = "Bug"
"""The reason of a failure that is our own fault."""


class WorkerDied(Unavailable):
    """Every worker that took this stage died with it. Look for a kill for memory, then try it on a larger machine."""


class OutOfTime(Unavailable):
    """The stage ran longer than it may. It is tried again; if it stays so, give the worker a faster machine."""


@dataclass(frozen=True)
class TryAgain:
    """Put the stage back on the queue after a wait."""

    after_s: float


@dataclass(frozen=True)
class GiveUp:
    """Fail the call and show this to whoever can act on it."""

    reason: str  # the error's type, a word that calls can be grouped and retried by
    message: str


def decide(error: BaseException, *, attempts: int, max_attempts: int, patience_s: float) -> TryAgain | GiveUp:
    """What to do after ``attempts`` runs, the last of which raised ``error``.

    What may work later is tried again with growing waits (5 s, 20 s, 80 s, 320 s, then 600 s). A recording that was
    announced is waited for longer: for ``patience_s`` in all, however many attempts that takes, and whether it is not
    there yet or cannot be reached, for one may follow on the other. Nothing else has any patience.
    What every worker died of, and what these bytes or these weights will never do, stops at once. A bug is not retried:
    it would only hide.
    """
    match error:
        case WorkerDied():
            return GiveUp(WorkerDied.__name__, f"{error.message} Tried {attempts} times.")
        case Unavailable() if waited_s(attempts) < patience_s and not isinstance(error, OutOfTime):
            return TryAgain(_wait_s(attempts))
        case Unavailable() if attempts < max_attempts and not isinstance(error, NotThereYet):
            return TryAgain(_wait_s(attempts))
        case Unavailable():
            return GiveUp(type(error).__name__, f"{error.message} Tried {attempts} times.")
        case CallError():
            return GiveUp(type(error).__name__, error.message)
        case _:
            # Its own message may carry words of the call, so only its type leaves the process.
            return GiveUp(BUG, f"{type(error).__name__} in our own code. The log of the worker has the traceback.")


def waited_s(attempts: int) -> float:
    """Seconds that were waited between so many attempts."""
    return sum(_wait_s(one) for one in range(1, attempts))


def _wait_s(attempts: int) -> float:
    """Seconds between an attempt and the next."""
    return min(LONGEST_WAIT_S, FIRST_WAIT_S * GROWTH ** min(attempts - 1, ENOUGH))
