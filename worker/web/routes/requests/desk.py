"""The desk: all requests by the day on which they are due, and entering what came by letter or telephone."""

# No "from __future__ import annotations" here: see ``worker.web.routes.record``.

from datetime import date, datetime, time
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse

from worker.core.errors import Invalid, NotFound
from worker.core.log.entry import Actor, Role
from worker.core.requests.values import Asked, By, CameBy, RequestKind
from worker.web.access import Visitor
from worker.web.asked import names_of
from worker.web.pages.requests.desk import DESK, ENTRY, desk_page
from worker.web.pages.requests.entry import entry_page
from worker.web.pages.requests.naming import path_of
from worker.web.parts import Parts
from worker.web.rendering import PRIVATE, shown
from worker.web.routes.home import page_asked_for
from worker.web.routes.record import what_was_written
from worker.web.texts import _, language
from worker.web.typed import text_without_cards

READ = ["GET", "HEAD"]
NOON = time(12)


def routes(parts: Parts) -> APIRouter:
    """``/requests`` and ``/requests/entry``, for the desk alone."""
    router = APIRouter()
    requests = parts.store.requests
    Desk = Annotated[Visitor, Depends(parts.access.desk)]  # noqa: N806 -- a type
    Written = Annotated[dict[str, str], Depends(what_was_written)]  # noqa: N806 -- a type

    @router.api_route(DESK, methods=READ)
    def desk(request: Request, visitor: Desk, ended: Annotated[bool, Query()] = False) -> Response:
        now = parts.now()
        listed = requests.desk(now=now, is_open=not ended, page=page_asked_for(request, "page"))
        restrictions = () if ended else requests.restrictions()
        names = names_of(parts, [one.call_id for one in restrictions])
        page = desk_page(listed, restrictions, names, calendar=requests.calendar, is_open=not ended, now=now)
        return shown(page, visitor)

    @router.api_route(ENTRY, methods=READ)
    def form(visitor: Desk) -> Response:
        return shown(entry_page(today(parts).isoformat()), visitor)

    @router.post(ENTRY)
    def enter(visitor: Desk, written: Written) -> Response:
        by = By(Actor(Role.DESK, visitor.person.id), visitor.person.name)
        try:
            found = requests.ask(entered(parts, written), by=by, now=parts.now())
        except (Invalid, NotFound) as error:
            page = entry_page(today(parts).isoformat(), problem=_(error.message), given=written)
            return shown(page, visitor, status=422)
        return RedirectResponse(path_of(found.id), status_code=303, headers=PRIVATE)

    return router


def today(parts: Parts) -> date:
    """The day it is where the company counts its days."""
    return parts.store.requests.calendar.day_of(parts.now())


def entered(parts: Parts, written: dict[str, str]) -> Asked:
    """What staff wrote into the form. Raises Invalid for what makes no sense."""
    try:
        kind, came_by = RequestKind(written.get("what", "")), CameBy(written.get("came_by", ""))
    except ValueError as error:
        raise Invalid("It is not known what is asked for, or how it came. Choose both from the lists.") from error
    return Asked(
        kind,
        came_by,
        name=" ".join(written.get("name", "").split()),
        address=written.get("address"),
        call_id=written.get("call", "").strip() or None,
        is_proved=bool(written.get("is_proved")),
        about_when=text_without_cards(written.get("about_when")),
        text=text_without_cards(written.get("text")),
        received_at=_received_at(parts, written.get("day", "")),
        language=language(),
    )


def _received_at(parts: Parts, given: str) -> datetime | None:
    """An instant of the day on which it came; None for today."""
    try:
        day = date.fromisoformat(given.strip())
    except ValueError as error:
        raise Invalid("This is no day. Give it as in 2026-03-13.") from error
    if day > today(parts):
        raise Invalid("What came, came by today. Give another day.")
    return None if day == today(parts) else datetime.combine(day, NOON, parts.store.requests.calendar.zone)
