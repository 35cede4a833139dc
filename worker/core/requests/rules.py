"""Who may do what with a request, what it waits for, and when people are told of its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from worker.core.errors import Invalid, NotAllowed
from worker.core.log.entry import SIDES, Actor, Role
from worker.core.requests.clock import Due
from worker.core.requests.values import (
    BY_MACHINE,
    ENTERED,
    HANDED_OVER,
    Asked,
    Block,
    CameBy,
    RequestKind,
    RequestState,
    Step,
)

OF_THE_DESK = frozenset(
    {
        Step.PROOF_ASKED,
        Step.CALLS_FOUND,
        Step.REVIEWED,
        Step.EXTENDED,
        Step.REFUSED,
        Step.LIFTING_TOLD,
        Step.LIFTED,
    }
)
"""What nobody does but the desk: who is asked does not decide what the asker says, nor the asker what is decided."""

OF_THE_ASKER = frozenset({Step.WITHDRAWN})
"""What nobody does for the asker, but staff at their word."""

NOTICE = timedelta(days=7)
"""Between telling that a restriction is lifted and lifting it (Art. 18 (3) wants it told before, and says no time)."""

LAPSES_AFTER = timedelta(days=90)
"""After which a request of the public page goes that nobody ever proved."""

FORGOTTEN_AFTER = timedelta(days=3 * 365)
"""After the answer, what a request said and who asked is forgotten: until then somebody may complain of it."""


class DueWarning(StrEnum):
    """That a request ends soon: told once each."""

    WEEK = "week"  # 7 days before the end of its day
    DAYS = "days"  # 2 days before
    LATE = "late"


LONGEST_WARNING = timedelta(days=7)

WARN_BEFORE = {DueWarning.WEEK: LONGEST_WARNING, DueWarning.DAYS: timedelta(days=2), DueWarning.LATE: timedelta(0)}


def warning_due(due: Due, told: DueWarning | None, *, now: datetime) -> DueWarning | None:
    """What is to be told of a request now: the most urgent that is reached, unless it or a more urgent one was told."""
    urgency = list(WARN_BEFORE)
    reached = [one for one in urgency if not due.is_paused and now >= due.ends_at - WARN_BEFORE[one]]
    if not reached or (told is not None and urgency.index(told) >= urgency.index(reached[-1])):
        return None
    return reached[-1]


def check_may(step: Step, role: Role) -> None:
    """Raises NotAllowed for who may not do this to a request."""
    if step in OF_THE_DESK and role is not Role.DESK:
        raise NotAllowed("This is for those to do who answer requests here. Make somebody one: onrecord people add")
    if step in OF_THE_ASKER and role not in (Role.CUSTOMER, Role.AGENT, Role.DESK):
        raise NotAllowed("Only the one who asked takes a request back.")


def check_open(state: RequestState) -> None:
    """Raises Invalid for a request that has ended."""
    if state is not RequestState.OPEN:
        raise Invalid(f"This request is {state.value}. Ask anew for what is missing.")


@dataclass(frozen=True)
class Standing:
    """What decides what an open request waits for. ``calls`` is how many calls it is about, as far as that is known."""

    kind: RequestKind
    is_paused: bool
    calls: int
    is_ready: bool  # the records of all its calls are made
    has_places: bool  # another person's data seems to be in it
    is_reviewed: bool  # and the desk has looked
    has_package: bool  # one was asked for, and is not there yet
    has_failed: bool
    is_held: bool  # a legal hold is on one of its calls


def blocks(standing: Standing) -> tuple[Block, ...]:
    """What an open request waits for, in the order of ``Block``; never nothing."""
    hands_over = standing.kind in HANDED_OVER
    found = set()
    if standing.is_paused:
        found.add(Block.PROOF)
    if not standing.calls:
        found.add(Block.CALL)
    if hands_over and standing.calls and not standing.is_ready:
        found.add(Block.NOT_READY)
    if hands_over and standing.has_places and not standing.is_reviewed:
        found.add(Block.THIRD_PERSONS)
    if standing.has_package:
        found.add(Block.PACKAGE)
    if standing.has_failed:
        found.add(Block.FAILED)
    if standing.kind is RequestKind.ERASURE and standing.is_held:
        found.add(Block.LEGAL_HOLD)
    if not found or (standing.kind not in BY_MACHINE and not standing.has_package):
        found.add(Block.DECISION)
    return tuple(one for one in Block if one in found)


def is_for_machine(kind: RequestKind, waits_for: Sequence[Block], *, is_proved: bool, is_own: bool) -> bool:
    """Whether the machine answers this by itself now: nobody else's data is in it, and the asker was on the call."""
    return kind in BY_MACHINE and tuple(waits_for) == (Block.DECISION,) and is_proved and is_own


STAFF = (Role.DESK, Role.AGENT, Role.SYSTEM)
"""Who enters what came by letter or telephone; a system of the company with its key does so too."""


def check_asks(asked: Asked, actor: Actor) -> None:
    """Raises NotAllowed for who may not ask this in this way."""
    if asked.came_by is CameBy.HOME and (actor.role not in SIDES or actor.person != asked.person):
        raise NotAllowed("From their own page people ask for themselves.")
    if asked.came_by in ENTERED and actor.role not in STAFF:
        raise NotAllowed("Letters and telephone calls are entered by staff.")
    if asked.came_by is CameBy.PUBLIC and (asked.is_proved or asked.person is not None):
        raise NotAllowed("By the page for everybody nobody has proved who they are.")


def check_only_call(asked: Asked, only_call: str | None) -> None:
    """Raises NotAllowed where who is let in to one call alone asks about more."""
    if only_call is not None and asked.call_id != only_call:
        raise NotAllowed("This way in opens one call alone. Ask about that one, or sign in with your address.")


def is_told(came_by: CameBy, *, is_proved: bool) -> bool:
    """Whether records and other systems are told of a request: not of what anybody typed into a page for everybody."""
    return is_proved or came_by is not CameBy.PUBLIC
