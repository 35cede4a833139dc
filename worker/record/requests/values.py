"""A request as it is shown, and what is sealed of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from worker.core.packages import Protection
from worker.core.requests.clock import Clock, Due
from worker.core.requests.values import (
    Block,
    CameBy,
    Ground,
    LeftOut,
    Place,
    RequestKind,
    RequestState,
    Step,
)


@dataclass(frozen=True)
class Details:
    """What lies sealed: who asks, what they wrote, what was found and decided.

    ``proof_wanted`` is what proof the desk asked for; ``why_longer``, ``reason`` and ``note`` are its words to the
    asker when it took more time, refused, answered. ``places`` is where other persons seem to be, and ``left_out``
    what the desk keeps out of what is handed over. ``protection`` is how the asker wants the package to be protected.
    """

    address: str | None = None
    name: str | None = None
    about_when: str | None = None
    text: str | None = None
    language: str = "en"
    proof_wanted: str | None = None
    proved_how: str | None = None
    why_longer: str | None = None
    reason: str | None = None
    note: str | None = None
    places: tuple[Place, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    protection: Protection | None = None


@dataclass(frozen=True)
class Request:
    """One request, with everything that a page of it shows.

    ``person`` is the asker, where known here; ``call_id`` the one call that it is about, None for all of the asker's;
    ``calls`` those that it concerns, as far as they were found. ``due`` is there from the start; see ``Due`` for what
    it says while ``is_paused``. ``blocks`` is empty once the request has ended. ``package`` is the id of the package
    that answers it. ``failure`` says in one line what went wrong.
    """

    id: str
    kind: RequestKind
    came_by: CameBy
    state: RequestState
    person: str | None
    call_id: str | None
    calls: tuple[str, ...]
    received_at: datetime
    clock: Clock
    due: Due
    blocks: tuple[Block, ...]
    is_reviewed: bool
    package: str | None
    failure: str | None
    ground: Ground | None
    ended_at: datetime | None
    details: Details = field(repr=False)
    is_looked_through: bool = False  # for other persons, by the machine

    @property
    def is_open(self) -> bool:
        """Whether it waits for an answer."""
        return self.state is RequestState.OPEN


@dataclass(frozen=True)
class HistoryLine:
    """One thing that happened to a request. ``by`` is the name under which who did it is shown; None: the machine."""

    number: int
    at: datetime
    step: Step
    by: str | None
    text: str | None
    due: date | None


@dataclass(frozen=True)
class Restriction:
    """A call whose record is kept and not used. ``lifts_at``: it is told that from then on it may be used again."""

    call_id: str
    request: str
    since: datetime
    lifting_told_at: datetime | None
    lifts_at: datetime | None
