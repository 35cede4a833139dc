"""Where a promise stands: what the one it was made to says, another day that both agreed on, and else the clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from worker.core.dialogue.lateness import has_passed
from worker.core.dialogue.state import PromiseStanding, PromiseState
from worker.core.dialogue.values import ROLES
from worker.core.log.entry import Role
from worker.core.summary import Commitment, Due


@dataclass(frozen=True)
class Verdict:
    """Whoever the promise was made to said, in this entry, that it was kept or not."""

    number: int
    is_kept: bool


@dataclass(frozen=True)
class AgreedDay:
    """Another day that one side proposed and the other accepted, in this entry."""

    accepted_in: int
    day: date


def beneficiary_role(promise: Commitment) -> Role | None:
    """Who may say that it was kept. None where it is not known to whom it was made: that is not guessed."""
    return ROLES.get(promise.beneficiary)


def promise_standing(
    promise: Commitment,
    verdicts: Sequence[Verdict],
    days: Sequence[AgreedDay],
    *,
    proposals: tuple[int, ...],
    touched_in: int | None,
    zone: tzinfo | None,
    now: datetime,
) -> PromiseStanding:
    """What these add up to, both in the order of the log. ``touched_in`` last corrected the words of the promise.

    A promise that was not kept and for which both then agreed on another day is open again until that day.
    """
    verdict = verdicts[-1] if verdicts else None
    agreed = max(days, key=lambda one: one.accepted_in, default=None)
    if verdict is not None and not verdict.is_kept and agreed is not None and agreed.accepted_in > verdict.number:
        verdict = None
    if verdict is not None:
        state = PromiseState.KEPT if verdict.is_kept else PromiseState.NOT_KEPT
    else:
        due = Due("", agreed.day) if agreed is not None else promise.due
        state = PromiseState.LATE if has_passed(due, zone, now) else PromiseState.OPEN
    settled_in = [one.number for one in verdicts] + [one.accepted_in for one in days]
    return PromiseStanding(
        state=state,
        day=agreed.day if agreed is not None else None,
        decided_by=verdict.number if verdict is not None else None,
        proposals=proposals,
        look_again=touched_in is not None and max(settled_in, default=-1) < touched_in,
    )
