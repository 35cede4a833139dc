"""Who is calling: an agent finds what is open with a customer, and takes the call to read it.

Until the call is taken no more is told than whether something is open. Taking it makes the agent the one of the next
call on every record in which something is open, for a limited time, and says so in each of them.
"""

# No "from __future__ import annotations" here: see ``worker.web.routes.record``.

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from worker.core.dialogue.values import LetIn, Reason, Way
from worker.core.errors import Invalid, NotAllowed, NotFound
from worker.core.log.entry import Actor, Role
from worker.record.matters import Whose
from worker.record.people import Kind, Person
from worker.web.access import Opened, Right, Visitor
from worker.web.looks import note_look
from worker.web.pages.next_call import CallerPage, next_call_page, next_call_path, nothing_open, offer
from worker.web.parts import Parts
from worker.web.rendering import PRIVATE, shown
from worker.web.routes.home import page_asked_for
from worker.web.texts import _

READ = ["GET", "HEAD"]

LASTS = timedelta(hours=2)
"""For how long a call that was taken opens the records of those before it."""


def routes(parts: Parts) -> APIRouter:
    """Everything below ``/next-call``, for agents alone."""
    router = APIRouter()
    Agent = Annotated[Visitor, Depends(parts.access.agent)]  # noqa: N806 -- a type

    @router.api_route("/next-call", methods=READ)
    def ask(visitor: Agent) -> Response:
        return shown(CallerPage(), visitor)

    @router.post("/next-call")
    def find(visitor: Agent, who: Annotated[str, Form()] = "") -> Response:
        try:
            customer = parts.store.people.find(who, Kind.CUSTOMER)
        except Invalid as error:
            return shown(CallerPage(problem=_(error.message), who=who), visitor, status=422)
        except NotFound:
            return shown(nothing_open(), visitor)
        if not open_with(parts, customer):
            return shown(nothing_open(), visitor)
        return RedirectResponse(next_call_path(customer.id), status_code=303, headers=PRIVATE)

    @router.api_route("/next-call/{person_id}", methods=READ)
    def look(request: Request, visitor: Agent, person_id: str) -> Response:
        customer = customer_with(parts, person_id)
        open_calls = open_with(parts, customer) if customer else ()
        if customer is None or not open_calls:
            return shown(nothing_open(), visitor)
        opened = {call_id: one for call_id in open_calls if (one := opened_if_may(parts, request, call_id))}
        if len(opened) < len(open_calls):
            return shown(offer(customer.id, customer.name, len(open_calls)), visitor)
        page = next_call_page(
            parts.store,
            Whose(customer.id, Role.CUSTOMER, in_use=True),
            customer.name,
            open_calls,
            until=ends_at(parts, visitor.person, open_calls),
            page=lambda name: page_asked_for(request, name),
            now=parts.now(),
        )
        if request.method == "GET":  # asking for the head shows nothing
            for call_id in page.shown_calls:
                note_look(parts, opened[call_id], Way.PAGE)
        return shown(page, visitor)

    @router.post("/next-call/{person_id}")
    def take(request: Request, visitor: Agent, person_id: str) -> Response:
        customer = customer_with(parts, person_id)
        for call_id in open_with(parts, customer) if customer else ():
            if opened_if_may(parts, request, call_id) is None:
                let_in(parts, visitor.person, call_id)
        return RedirectResponse(next_call_path(person_id), status_code=303, headers=PRIVATE)

    return router


def customer_with(parts: Parts, person_id: str) -> Person | None:
    """The customer with this id; None for anybody else, and for nobody."""
    try:
        person = parts.store.people.person(person_id)
    except NotFound:
        return None
    return person if person.kind is Kind.CUSTOMER else None


def open_with(parts: Parts, customer: Person) -> Sequence[str]:
    """The calls of a customer in which something is open and whose record is used, the last one first."""
    whose = Whose(customer.id, Role.CUSTOMER, in_use=True)
    parts.store.matters.catch_up(whose, now=parts.now())
    return parts.store.matters.open_calls(whose, now=parts.now())


def opened_if_may(parts: Parts, request: Request, call_id: str) -> Opened | None:
    """The call, opened to read it; None where this person may not."""
    try:
        return parts.access.open(request, call_id, Right.READ)
    except (NotFound, NotAllowed):
        return None


def ends_at(parts: Parts, agent: Person, call_ids: Sequence[str]) -> datetime | None:
    """When the first of these calls closes to the agent by itself; None if they are all their own."""
    roles = (parts.store.people.role(call_id, agent.id, now=parts.now()) for call_id in call_ids)
    return min((one.until for one in roles if one is not None and one.until is not None), default=None)


def let_in(parts: Parts, agent: Person, call_id: str) -> None:
    """Opens a record to the agent of the next call, once the record itself says so."""
    now = parts.now()
    said = LetIn(agent.id, agent.name or "", Reason.NEXT_CALL)
    parts.store.log.append(call_id, Actor(Role.NEXT_AGENT, agent.id), said, by=agent.name)
    parts.store.people.give_role(call_id, agent.id, Role.NEXT_AGENT, until=now + LASTS)
