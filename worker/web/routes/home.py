"""The home of whoever is signed in, and the way in for everybody else."""

# No "from __future__ import annotations" here: see ``worker.web.routes.record``.

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import TypeAdapter

from worker.core.errors import Invalid
from worker.core.log.entry import Role
from worker.record.matters import Whose
from worker.record.people import Kind
from worker.web.access import Visitor, is_desk
from worker.web.asked import requests_of
from worker.web.pages.desk import desk_of
from worker.web.pages.home import HomePage, answering, customer_home
from worker.web.pages.operations import operations_of
from worker.web.pages.reviews import reviews_of
from worker.web.parts import Parts
from worker.web.rendering import PRIVATE, shown

READ = ["GET", "HEAD"]
MOST_PAGES = 10_000

_AS_DATA = TypeAdapter(HomePage)


def routes(parts: Parts) -> APIRouter:
    """The home."""
    router = APIRouter()
    SignedIn = Annotated[Visitor, Depends(parts.access.visitor)]  # noqa: N806 -- a type

    @router.api_route("/", methods=READ)
    def home(request: Request, visitor: SignedIn) -> Response:
        page = home_page(parts, visitor, request)
        if "application/json" in request.headers.get("accept", ""):
            return Response(_AS_DATA.dump_json(page), media_type="application/json", headers=PRIVATE)
        return shown(page, visitor)

    return router


def home_page(parts: Parts, visitor: Visitor, request: Request) -> HomePage:
    """Everything that this person finds on the first page; the pages of its lists are in the address."""
    store, person, now = parts.store, visitor.person, parts.now()

    def whose(role: Role) -> Whose:
        return Whose(person.id, role, visitor.only_call)

    def page(name: str) -> int:
        return page_asked_for(request, name)

    is_let_in_to_all = visitor.only_call is None
    is_agent = parts.access.is_agent(visitor) or (person.kind is Kind.STAFF and not is_let_in_to_all)
    asked = requests_of(parts, visitor)
    return HomePage(
        name=person.name,
        customer=customer_home(store, whose(Role.CUSTOMER), asked, page=page, now=now)
        if person.kind is Kind.CUSTOMER
        else None,
        desk=desk_of(store, whose(Role.AGENT), asked, page=page, now=now) if is_agent else None,
        reviews=(
            reviews_of(store, whose(Role.REVIEWER), page=page("reviews"), now=now) if person.is_reviewer else None
        ),
        operations=operations_of(store, now=now) if person.is_operator and is_let_in_to_all else None,
        requests=answering(store, now=now) if is_desk(visitor) else None,
    )


def page_asked_for(request: Request, name: str) -> int:
    """Which page of a list is asked for, from 1. Raises Invalid for what is no number of a page."""
    asked = request.query_params.get(name, "1")
    if not asked.isascii() or not asked.isdigit() or not 1 <= int(asked[:9]) <= MOST_PAGES:
        raise Invalid("There is no such page of this list. Pages are counted from 1.")
    return int(asked)
