"""The desk: what is asked for by the day on which it is due, and what stands in its way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from worker.core.requests.clock import Calendar
from worker.core.requests.values import CameBy
from worker.record.matters import Listed
from worker.record.requests.values import Request, Restriction
from worker.web.pages.lists import Rows, rows_of
from worker.web.pages.requests.naming import day_in_zone, path_of, title_at_desk
from worker.web.pages.requests.words import BLOCKS_AT_DESK, STATES
from worker.web.pages.words import day_in_words
from worker.web.texts import _, later, plural

DESK = "/requests"
ENTRY = "/requests/entry"

HOW = {
    CameBy.HOME: later("Asked on their own page, {day}"),
    CameBy.PUBLIC: later("Asked on the public page, {day}"),
    CameBy.LETTER: later("Came by letter, {day}"),
    CameBy.TELEPHONE: later("Asked by telephone, {day}"),
}


@dataclass(frozen=True)
class DeskRow:
    """One request: what and for whom, by when, whether that is over, what blocks it, and how it came."""

    href: str
    what: str
    due: str
    is_late: bool
    left: str | None
    blocks: tuple[str, ...]
    how: str


@dataclass(frozen=True)
class RestrictedRow:
    """A call that is kept and not used, and the request that wants it so."""

    href: str
    call: str
    since: str
    until: str | None


@dataclass(frozen=True)
class DeskPage:
    """The requests that are open, or those that have ended (``is_open`` False)."""

    in_short: str
    requests: Rows[DeskRow]
    restricted: tuple[RestrictedRow, ...]
    is_open: bool
    template: ClassVar[str] = "requests/desk.html"

    @property
    def title(self) -> str:
        """The heading."""
        return _("Requests")


def desk_page(
    listed: Listed[Request],
    restrictions: tuple[Restriction, ...],
    calls: dict[str, str],
    *,
    calendar: Calendar,
    is_open: bool,
    now: datetime,
) -> DeskPage:
    """The page of these requests. ``calls`` names those that are restricted."""
    return DeskPage(
        in_short=open_in_short(listed, now) if is_open else _("These have ended, the last one first."),
        requests=rows_of(listed, lambda one: desk_row(one, calendar, now=now), name="page"),
        restricted=tuple(_restricted(one, calls, calendar) for one in restrictions),
        is_open=is_open,
    )


def desk_row(request: Request, calendar: Calendar, *, now: datetime) -> DeskRow:
    """A line of the desk."""
    is_late = request.is_open and request.due.is_late(now)
    blocks = tuple(_(BLOCKS_AT_DESK[one]) for one in request.blocks)
    return DeskRow(
        href=path_of(request.id),
        what=title_at_desk(request),
        due=due_at_desk(request),
        is_late=is_late,
        left=days_left(request, calendar, now=now),
        blocks=blocks or (_(STATES[request.state]),),
        how=_(HOW[request.came_by]).format(day=day_in_zone(request.received_at, calendar.zone)),
    )


def due_at_desk(request: Request) -> str:
    """By when it is due; while the clock waits, what that would be now."""
    if not request.is_open:
        return _(STATES[request.state])
    day = day_in_words(request.due.day)
    return _("The month has not begun") if request.due.is_paused else _("Due by {day}").format(day=day)


def days_left(request: Request, calendar: Calendar, *, now: datetime) -> str | None:
    """How many days that is from now, or how many it is late; None where the clock waits and of what has ended."""
    if not request.is_open or request.due.is_paused:
        return None
    days = (request.due.day - calendar.day_of(now)).days
    if days < 0:
        return plural("{count} day late", "{count} days late", -days).format(count=-days)
    if days == 0:
        return _("today")
    return plural("{count} day left", "{count} days left", days).format(count=days)


def open_in_short(listed: Listed[Request], now: datetime) -> str:
    """What presses: those of this page that are late stand first in it."""
    if not listed.total:
        return _("Nothing waits for an answer.")
    late = sum(one.due.is_late(now) for one in listed.items)
    text = plural("{count} request is open.", "{count} requests are open.", listed.total).format(count=listed.total)
    if not late:
        return " ".join([text, _("None is late.")])
    return " ".join([text, plural("{count} is late.", "{count} are late.", late).format(count=late)])


def _restricted(one: Restriction, calls: dict[str, str], calendar: Calendar) -> RestrictedRow:
    until = day_in_zone(one.lifts_at, calendar.zone) if one.lifts_at else None
    return RestrictedRow(
        href=path_of(one.request),
        call=calls.get(one.call_id, one.call_id),
        since=_("Not used since {day}").format(day=day_in_zone(one.since, calendar.zone)),
        until=_("Who asked was told that it may be used again from {day}").format(day=until) if until else None,
    )
