"""Looking for words in one's own calls."""

# No "from __future__ import annotations" here: see ``worker.web.routes.record``.

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response

from worker.core.dialogue.values import Way
from worker.core.errors import Invalid, NotAllowed, NotFound
from worker.core.log.entry import SIDES
from worker.core.search.words import read_question
from worker.record.search import Found, FoundCall, Looking
from worker.web.access import Right, Visitor
from worker.web.looks import note_look
from worker.web.opening import open_record
from worker.web.pages.search import OpenedCall, SearchPage, search_page
from worker.web.parts import Parts
from worker.web.rendering import shown
from worker.web.routes.home import page_asked_for
from worker.web.texts import _

READ = ["GET", "HEAD"]
PLACE = "/search"


def routes(parts: Parts) -> APIRouter:
    """The field, and what was found."""
    router = APIRouter()
    SignedIn = Annotated[Visitor, Depends(parts.access.visitor)]  # noqa: N806 -- a type

    @router.api_route(PLACE, methods=READ)
    def search(request: Request, visitor: SignedIn, words: str = "") -> Response:
        page = page_asked_for(request, "page")
        try:
            terms = read_question(words)
        except Invalid as error:
            return shown(SearchPage(words, problem=_(error.message)), visitor, status=422)
        if not terms:
            return shown(SearchPage(words), visitor)
        found = parts.store.search.find(
            terms, Looking(visitor.person.id, visitor.only_call), now=parts.now(), page=page
        )
        opened = opened_calls(parts, request, found, Right.READ, Way.PAGE)
        href = f"{PLACE}?{urlencode({'words': words})}&page="
        return shown(search_page(words, terms, found, opened, now=parts.now(), href=href), visitor)

    return router


def opened_calls(
    parts: Parts, request: Request, found: Found, right: Right, way: Way
) -> list[tuple[FoundCall, OpenedCall]]:
    """The calls of a page of what was found, each opened as its own page opens it: what the search finds, that decides
    once more.

    On their home the two sides see lines of their own calls without having opened them, and so they do here. For
    everybody else these lines are a look at the record.
    """
    gists = parts.store.matters.gists([one.call_id for one in found.items])
    opened = []
    for one in found.items:
        try:
            access = parts.access.open(request, one.call_id, right)
            record = open_record(parts, one.call_id)
        except (NotFound, NotAllowed):
            continue
        if access.role not in SIDES and request.method == "GET":
            note_look(parts, access, way)
        call = OpenedCall(access.call, gists.get(one.call_id), record.record, record.dialogue, access.role)
        opened.append((one, call))
    return opened
