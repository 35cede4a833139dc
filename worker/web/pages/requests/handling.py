"""One request as the desk handles it: the facts, what stands in its way, and what can be done about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import ClassVar

from worker.core.requests.clock import MONTHS, MOST_MORE, Calendar, due_day
from worker.core.requests.values import HANDED_OVER, Block, Ground, RequestKind
from worker.record.requests.values import HistoryLine, Request, Restriction
from worker.web.pages.requests.desk import HOW, days_left, due_at_desk
from worker.web.pages.requests.naming import day_in_zone, title_at_desk
from worker.web.pages.requests.status import StepLine, step_line
from worker.web.pages.requests.words import BLOCKS_AT_DESK, GROUNDS, ground_at_desk, law_of
from worker.web.pages.words import day_in_words
from worker.web.texts import _, plural

_DONE_FROM_HERE = (RequestKind.ERASURE, RequestKind.RESTRICTION)
"""What is answered by being done, with a button of its own."""


@dataclass(frozen=True)
class CallLine:
    """A call that a request is about, or may be: its id, its name, and whether its record opens to the desk.

    ``hold`` says that a legal hold is on it, and why. Of one that ``is_erased``, the receipt opens.
    """

    id: str
    label: str
    href: str | None
    hold: str | None = None
    is_erased: bool = False


@dataclass(frozen=True)
class Fact:
    """One line of what is known."""

    label: str
    text: str


@dataclass(frozen=True)
class Mays:
    """What the desk may do now, each a form of the page."""

    ask_for_proof: bool
    note_proof: bool
    find_calls: bool
    review: bool
    extend: tuple[tuple[int, str], ...]  # months, and by when it is due then
    make_package: bool
    erase: bool
    restrict: bool
    answer: bool
    refuse: tuple[tuple[str, str], ...]  # grounds
    withdraw: bool
    tell_lifting: bool
    lift: bool


@dataclass(frozen=True)
class HandledPage:
    """A request at the desk. ``problem`` is what did not work of what was just done."""

    id: str
    title: str
    due: str
    left: str | None
    is_late: bool
    blocks: tuple[str, ...]
    failure: str | None
    facts: tuple[Fact, ...]
    text: str | None
    calls: tuple[CallLine, ...]
    possible: tuple[CallLine, ...]
    restriction: str | None
    may: Mays
    steps: tuple[StepLine, ...]
    places: str | None
    problem: str | None = None
    given: dict[str, str] = field(default_factory=dict)
    template: ClassVar[str] = "requests/handled.html"


@dataclass(frozen=True)
class About:
    """What is known besides the request itself: its calls, those that may be meant, restrictions, holds, receipts."""

    history: Sequence[HistoryLine]
    calls: Sequence[CallLine]
    possible: Sequence[CallLine]
    restrictions: Sequence[Restriction]
    may_erase: bool = False


def handled_page(
    request: Request,
    about: About,
    *,
    calendar: Calendar,
    now: datetime,
    problem: str | None = None,
    given: dict[str, str] | None = None,
) -> HandledPage:
    """The page of a request for who answers it."""
    is_late = request.is_open and request.due.is_late(now)
    places = len(request.details.places)
    return HandledPage(
        id=request.id,
        title=title_at_desk(request),
        due=due_at_desk(request),
        left=days_left(request, calendar, now=now),
        is_late=is_late,
        blocks=tuple(_(BLOCKS_AT_DESK[one]) for one in request.blocks),
        failure=request.failure,
        facts=tuple(_facts(request, calendar)),
        text=request.details.text,
        calls=tuple(about.calls),
        possible=tuple(about.possible),
        restriction=_restriction(about.restrictions, calendar),
        may=_mays(request, about, calendar, now),
        steps=tuple(_step(one, request, calendar) for one in about.history),
        places=plural("{count} place", "{count} places", places).format(count=places) if places else None,
        problem=problem,
        given=given or {},
    )


def _step(line: HistoryLine, request: Request, calendar: Calendar) -> StepLine:
    """What happened, without the asker's words where they stand above."""
    told = step_line(line, calendar.zone)
    return replace(told, text=None) if told.text == request.details.text else told


def _facts(request: Request, calendar: Calendar) -> list[Fact]:
    details = request.details
    facts = [Fact(_("The law"), law_of(request.kind))]
    if details.name:
        facts.append(Fact(_("Name"), details.name))
    if details.address:
        facts.append(Fact(_("Answers go to"), details.address))
    facts.append(
        Fact(_("How it came"), _(HOW[request.came_by]).format(day=day_in_zone(request.received_at, calendar.zone)))
    )
    facts.append(Fact(_("Who asks"), _proof(request, calendar)))
    if details.about_when:
        facts.append(Fact(_("When the call was"), details.about_when))
    if request.due.is_paused:
        facts.append(Fact(_("If it is shown today"), _("due by {day}").format(day=day_in_words(request.due.day))))
    if request.clock.more_months:
        months = request.clock.more_months
        more = plural("{count} month more", "{count} months more", months).format(count=months)
        facts.append(Fact(_("Extended"), f"{more}: {details.why_longer or ''}"))
    if request.ground is not None:
        facts.append(Fact(_("Refused"), f"{_(GROUNDS[request.ground])} {details.reason or ''}"))
    return facts


def _proof(request: Request, calendar: Calendar) -> str:
    clock, details = request.clock, request.details
    if clock.proved_at is not None:
        shown = _("shown on {day}").format(day=day_in_zone(clock.proved_at, calendar.zone))
        return f"{shown}: {details.proved_how}" if details.proved_how else shown
    if clock.proof_asked_at is not None:
        asked = _("proof asked for on {day}").format(day=day_in_zone(clock.proof_asked_at, calendar.zone))
        return f"{asked}: {details.proof_wanted}" if details.proof_wanted else asked
    return _("nobody has shown it")


def _restriction(restrictions: Sequence[Restriction], calendar: Calendar) -> str | None:
    if not restrictions:
        return None
    lifts = [one.lifts_at for one in restrictions if one.lifts_at]
    if not lifts:
        return _("The record is kept and not used, until who asked was told and seven days have passed.")
    day = day_in_zone(max(lifts), calendar.zone)
    return _("Who asked was told that the record may be used again from {day}.").format(day=day)


def _mays(request: Request, about: About, calendar: Calendar, now: datetime) -> Mays:
    is_open, blocks = request.is_open, request.blocks
    is_proved, hands_over = request.clock.proved_at is not None, request.kind in HANDED_OVER
    is_answerable = is_open and not request.due.is_paused
    lifting = [one.lifts_at for one in about.restrictions if one.lifts_at]
    return Mays(
        ask_for_proof=is_open and _may_ask_for_proof(request, now),
        note_proof=is_open and not is_proved,
        find_calls=is_open and not request.due.is_paused and request.package is None,
        review=is_open and hands_over and bool(request.details.places),
        extend=_extensions(request, calendar, now),
        make_package=is_open and is_proved and hands_over and _is_free(blocks) and request.package is None,
        erase=_may_erase(request, about),
        restrict=request.kind is RequestKind.RESTRICTION and is_answerable and bool(request.calls),
        answer=is_answerable and not hands_over and request.kind not in _DONE_FROM_HERE,
        refuse=tuple((one.value, ground_at_desk(one)) for one in Ground) if is_open else (),
        withdraw=is_open,
        tell_lifting=bool(about.restrictions) and not lifting,
        lift=bool(lifting) and max(lifting) <= now,
    )


def _may_ask_for_proof(request: Request, now: datetime) -> bool:
    """Whether it can still be asked who it is: once, and when a request comes in."""
    clock = request.clock
    is_new = clock.proof_asked_at is None and clock.proved_at is None and not clock.more_months
    return is_new and not request.due.is_late(now)


def _may_erase(request: Request, about: About) -> bool:
    is_one = request.kind is RequestKind.ERASURE and request.is_open and about.may_erase
    stops = {Block.PROOF, Block.CALL, Block.LEGAL_HOLD}
    return is_one and request.clock.proved_at is not None and not stops & set(request.blocks)


def _is_free(blocks: Sequence[Block]) -> bool:
    """Whether nothing stands before the answer but the decision, or something that went wrong."""
    return set(blocks) <= {Block.DECISION, Block.FAILED}


def _extensions(request: Request, calendar: Calendar, now: datetime) -> tuple[tuple[int, str], ...]:
    """The months that may still be taken, each with the day on which it is due then."""
    began = request.due.began_on
    is_over = calendar.day_of(now) > request.due.first_day
    if not request.is_open or request.clock.more_months or began is None or is_over:
        return ()
    months = range(1, MOST_MORE + 1)
    return tuple((more, day_in_words(due_day(began, MONTHS + more, calendar.is_working_day))) for more in months)
