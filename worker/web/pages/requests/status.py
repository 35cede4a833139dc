"""Where a request stands, for who asked: by when it is answered, what it waits for, what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo
from typing import ClassVar

from worker.core.requests.clock import Calendar
from worker.core.requests.values import HANDED_OVER, OF_ONE_CALL, Block, RequestState, Step
from worker.record.requests.values import HistoryLine, Request
from worker.web.pages.requests.asking import CallChoice
from worker.web.pages.requests.naming import day_in_zone, path_of, title_to_asker
from worker.web.pages.requests.package import PackagePart
from worker.web.pages.requests.words import BLOCKS, GROUNDS, STATES, STEPS
from worker.web.pages.words import day_in_words, instant_in_words
from worker.web.texts import _, plural

NOT_TOLD = (Step.DUE_TOLD, Step.FAILED)
"""What is between the desk and the machine."""

SHOWN_ABOVE = (Step.ASKED, Step.EXTENDED, Step.ANSWERED, Step.REFUSED, Step.STATEMENT_ADDED)


@dataclass(frozen=True)
class RequestRow:
    """One request in a list of the asker's: what, where it stands, and by when it is answered."""

    href: str
    what: str
    stands: str
    due: str | None
    when: str


@dataclass(frozen=True)
class StepLine:
    """One thing that happened: when, what, and what was said about it."""

    at: datetime
    when: str
    what: str
    text: str | None


@dataclass(frozen=True)
class StatusPage:
    """One request as its asker sees it.

    ``stands`` says in a line where it is, ``waits`` what it waits for. ``due`` says by when it is answered, None once
    it is. ``longer`` why more time was taken. ``words`` are the desk's to the asker, ``ground`` why not. ``call`` leads
    to the record. ``is_moving``: more will happen by itself. ``may_complain``: the law wants the asker told where to.
    ``possible`` are the asker's calls where it is not clear which is meant, one of them alone with ``is_of_one``.
    """

    id: str
    title: str
    stands: str
    due: str | None
    waits: tuple[str, ...]
    proof_wanted: str | None
    longer: str | None
    ground: str | None
    words: str | None
    package: PackagePart | None
    written: str | None
    call: str | None
    steps: tuple[StepLine, ...]
    is_open: bool
    is_moving: bool
    may_complain: bool
    erased: tuple[str, ...]
    possible: tuple[CallChoice, ...]
    is_of_one: bool
    template: ClassVar[str] = "requests/status.html"


@dataclass(frozen=True)
class StatusNow:
    """What of the page changes by itself, as a piece of it."""

    page: StatusPage
    template: ClassVar[str] = "requests/status_piece.html"

    @property
    def title(self) -> str:
        """What the page is called."""
        return self.page.title


def request_row(request: Request, days: Mapping[str, date], calendar: Calendar) -> RequestRow:
    """A line of the asker's list."""
    return RequestRow(
        href=path_of(request.id),
        what=title_to_asker(request, days),
        stands=_stands(request),
        due=_due(request) if request.is_open else None,
        when=_("Asked for on {day}").format(day=day_in_zone(request.received_at, calendar.zone)),
    )


def status_page(
    request: Request,
    history: Sequence[HistoryLine],
    days: Mapping[str, date],
    *,
    package: PackagePart | None,
    possible: Sequence[CallChoice],
    erased: Sequence[str],
    calendar: Calendar,
) -> StatusPage:
    """The page of a request. ``days`` are those of its calls, ``possible`` those that may be meant, ``erased``
    those that were destroyed."""
    details = request.details
    is_refused = request.state is RequestState.REFUSED
    # A package that can be taken answers it in a moment: until then the page may not say both.
    is_there = request.blocks == (Block.PACKAGE,) and package is not None and package.href is not None
    return StatusPage(
        id=request.id,
        title=title_to_asker(request, days),
        stands=_("It is ready.") if is_there else _stands(request, package),
        due=_due(request) if request.is_open and not is_there else None,
        waits=tuple(_(BLOCKS[one]) for one in request.blocks),
        proof_wanted=details.proof_wanted if Block.PROOF in request.blocks else None,
        longer=_longer(request),
        ground=_(GROUNDS[request.ground]) if request.ground else None,
        words=details.reason if is_refused else None if erased else details.note,
        package=package,
        written=details.text,
        call=f"/calls/{request.call_id}" if request.call_id and request.call_id in request.calls else None,
        steps=tuple(_told(one, calendar.zone) for one in history if one.step not in NOT_TOLD),
        is_open=request.is_open,
        is_moving=request.is_open and bool({Block.PACKAGE, Block.NOT_READY} & set(request.blocks)),
        may_complain=is_refused or request.clock.more_months > 0,
        erased=tuple(f"/calls/{one}" for one in erased),
        possible=tuple(possible),
        is_of_one=request.kind in OF_ONE_CALL,
    )


def _stands(request: Request, package: PackagePart | None = None) -> str:
    """Where it is, in one line; of an open one, what it waits for first. A package that has ended is not ready."""
    if request.is_open:
        return _(BLOCKS[request.blocks[0]]) if request.blocks else _("It is being worked on.")
    has_ended = package is not None and package.ended is not None
    if request.state is RequestState.ANSWERED and request.package and not has_ended:
        return _("It is ready.")
    if request.state is RequestState.ANSWERED and request.kind not in HANDED_OVER:
        return _("It was done.")
    return _("{state}.").format(state=_(STATES[request.state]))


def _due(request: Request) -> str:
    """By when it is answered, also while the clock waits."""
    day = day_in_words(request.due.day)
    if request.due.is_paused:
        return _("If you show it today, it is answered by {day} at the latest.").format(day=day)
    return _("It is answered by {day} at the latest.").format(day=day)


def _longer(request: Request) -> str | None:
    months = request.clock.more_months
    if not months:
        return None
    taken = plural("{count} month more was taken.", "{count} months more were taken.", months).format(count=months)
    return f"{taken} {request.details.why_longer or ''}".strip()


def _told(line: HistoryLine, zone: tzinfo) -> StepLine:
    """What happened, without the words that stand above on the asker's page."""
    told = step_line(line, zone)
    return replace(told, text=None) if line.step in SHOWN_ABOVE else told


def step_line(line: HistoryLine, zone: tzinfo) -> StepLine:
    """One thing that happened, in the company's zone."""
    at = line.at.astimezone(zone)
    return StepLine(at, instant_in_words(at), _(STEPS[line.step]), line.text)
