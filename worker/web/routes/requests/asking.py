"""Asking: by whoever is signed in, and by a stranger who shows by a code that the address is theirs.

Whatever is known of an address, a stranger is shown and told the same.
"""

# No "from __future__ import annotations" here: see ``worker.web.routes.record``.

from typing import Annotated

import structlog
from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from worker.core.errors import Invalid, NotFound, Unavailable
from worker.core.log.entry import SYSTEM, Actor
from worker.core.packages import Protection
from worker.core.people import LONGEST_ADDRESS, normal_address
from worker.core.requests.clock import Clock, due
from worker.core.requests.rules import check_only_call
from worker.core.requests.values import OF_ONE_CALL, Asked, By, CameBy, RequestKind
from worker.record.requests.values import Request as AskedFor
from worker.web.access import Right, Visitor
from worker.web.asked import choices_of, role_of_asker
from worker.web.pages.requests.asking import CODE, AskPage, CodePage, ask_page, choices_page
from worker.web.pages.requests.naming import path_of
from worker.web.pages.requests.words import ASK
from worker.web.parts import Parts
from worker.web.posting import post_code
from worker.web.rendering import PRIVATE, shown
from worker.web.routes.record import what_was_written
from worker.web.routes.sign_in import signed_in
from worker.web.texts import _, language, later
from worker.web.typed import text_without_cards

log = structlog.get_logger()

READ = ["GET", "HEAD"]
LONGEST_ID = 64

TOO_MANY = later("Too much was asked from here of late. Nothing was taken in. Ask again in an hour, or write a letter.")
TOO_MANY_CODES = later(
    "No new code was sent, because too many were sent or tried of late. Ask again in an hour at most."
)
NO_WAY = later(
    "No code can be sent to a telephone from here. Nothing was taken in. Give an e-mail address, or write a letter."
)
NO_WAY_BY_MAIL = later("No code can be sent to an e-mail address from here. Nothing was taken in. Write a letter.")
NOT_SENT = later("The code could not be sent now. It is tried again for 10 minutes: wait for it, or ask for a new one.")
NOT_RIGHT = later(
    "This is not the last code that was sent, or it is too old. After 5 tries, wait 15 minutes and ask for a new one."
)


def routes(parts: Parts) -> APIRouter:
    """``/requests/new`` and ``/requests/code``, for everybody."""
    router = APIRouter()
    requests = parts.store.requests

    def page_for(visitor: Visitor | None, kind: RequestKind, given: dict[str, str], problem: str | None) -> AskPage:
        now = parts.now()
        return ask_page(
            kind,
            due=due(Clock(now), requests.calendar, now=now).day,
            calls=None if visitor is None else choices_of(parts, visitor),
            is_let_in_to_one=visitor is not None and visitor.only_call is not None,
            given=given,
            problem=problem,
        )

    @router.api_route(ASK, methods=READ)
    def ask(request: Request, what: str = "", call: Annotated[str, Query(max_length=LONGEST_ID)] = "") -> Response:
        visitor = parts.access.visitor_if_any(request)
        if what not in list(RequestKind):
            return shown(choices_page(is_known=visitor is not None, call_id=call or None), visitor)
        return shown(page_for(visitor, RequestKind(what), {"call": call}, None), visitor)

    @router.post(ASK)
    async def asked(request: Request) -> Response:
        form = await what_was_written(request)
        return await run_in_threadpool(take, request, form)

    def take(request: Request, form: dict[str, str]) -> Response:
        visitor = parts.access.visitor_if_any(request)
        try:
            kind = RequestKind(form.get("what", ""))
        except ValueError as error:
            raise Invalid("It is not known what is asked for. Choose it from the list.") from error
        try:
            if visitor is None:
                return take_from_stranger(request, kind, form)
            found = take_from_known(parts, request, visitor, kind, form)
        except (Invalid, NotFound) as error:
            return shown(page_for(visitor, kind, form, _(error.message)), visitor, status=422)
        return RedirectResponse(path_of(found.id), status_code=303, headers=PRIVATE)

    def take_from_stranger(request: Request, kind: RequestKind, form: dict[str, str]) -> Response:
        address = normal_address(form.get("address", "")[: LONGEST_ADDRESS + 1])
        about_when = text_without_cards(form.get("about_when")) or ""
        if kind in OF_ONE_CALL and not about_when.strip():
            raise Invalid("Say when the call was, as well as you know it.")
        wish = Asked(
            kind,
            CameBy.PUBLIC,
            address=address,
            about_when=about_when,
            text=text_without_cards(form.get("text")),
            language=language(),
            protection=protection(form),
        )
        if not (parts.shows_outbox or parts.sending.reaches(address)):
            raise Invalid(NO_WAY if address.startswith("+") else NO_WAY_BY_MAIL)
        if not requests.may_ask(network_of(request), now=parts.now()):
            return shown(page_for(None, kind, form, _(TOO_MANY)), status=429)
        found = requests.ask(wish, by=By(SYSTEM), now=parts.now())
        return send(found.id, None)

    def send(request_id: str, visitor: Visitor | None) -> Response:
        """Sends a code for a request, and shows where it is typed; the same where there is no such request."""
        try:
            found = requests.get(request_id, now=parts.now())
        except NotFound:
            return to_code(request_id)
        return send_code(found, visitor)

    def send_code(found: AskedFor, visitor: Visitor | None) -> Response:
        code = requests.new_code(found.id, now=parts.now())
        if code is None or found.details.address is None:
            return shown(CodePage(found.id, _(TOO_MANY_CODES)), visitor, status=429)
        line = _("{code} is your code for what you asked for. It is valid for 10 minutes.")
        try:
            post_code(parts, found.details.address, code, line)
        except Unavailable as error:
            log.warning("code.not_sent", error=error.message)
            return shown(CodePage(found.id, _(NOT_SENT)), visitor, status=503)
        return to_code(found.id)

    def to_code(request_id: str) -> Response:
        return RedirectResponse(f"{CODE}?request={request_id}", status_code=303, headers=PRIVATE)

    @router.api_route(CODE, methods=READ)
    def code_page(
        request: Request,
        request_id: Annotated[str, Query(alias="request", max_length=LONGEST_ID, pattern="^[a-z0-9]+$")],
    ) -> Response:
        return shown(CodePage(request_id), parts.access.visitor_if_any(request))

    @router.post(CODE)
    def prove(
        request: Request,
        request_id: Annotated[str, Form(alias="request", max_length=LONGEST_ID)],
        code: Annotated[str, Form(max_length=LONGEST_ID)] = "",
    ) -> Response:
        found = requests.prove_by_code(request_id, code, now=parts.now())
        if found is None or found.person is None:
            page = CodePage(request_id, _(NOT_RIGHT))
            return shown(page, parts.access.visitor_if_any(request), status=403)
        person = parts.store.people.person(found.person)
        return signed_in(parts, request, person, only_call=None, to=path_of(found.id))

    @router.post(f"{CODE}/again")
    def again(request: Request, request_id: Annotated[str, Form(alias="request", max_length=LONGEST_ID)]) -> Response:
        visitor = parts.access.visitor_if_any(request)
        if not requests.may_ask(network_of(request), now=parts.now()):
            return shown(CodePage(request_id, _(TOO_MANY_CODES)), visitor, status=429)
        return send(request_id, visitor)

    return router


def take_from_known(
    parts: Parts, request: Request, visitor: Visitor, kind: RequestKind, form: dict[str, str]
) -> AskedFor:
    """What somebody asks who is signed in: of a call only where what they are on it lets them."""
    call_id = form.get("call") or visitor.only_call
    if call_id is not None:
        parts.access.open(request, call_id, Right.REQUEST)
    wish = Asked(
        kind,
        CameBy.HOME,
        person=visitor.person.id,
        call_id=call_id,
        is_proved=True,
        text=text_without_cards(form.get("text")),
        language=language(),
        protection=protection(form),
    )
    check_only_call(wish, visitor.only_call)
    by = By(Actor(role_of_asker(visitor.person), visitor.person.id), visitor.person.name)
    return parts.store.requests.ask(wish, by=by, now=parts.now())


def protection(form: dict[str, str]) -> Protection | None:
    """How it is to come; None where the form does not ask. Raises Invalid for what is no choice."""
    if not (chosen := form.get("comes")):
        return None
    try:
        return Protection(chosen)
    except ValueError as error:
        raise Invalid("It is not known how it is to come. Choose it from the list.") from error


def network_of(request: Request) -> str:
    """From where somebody asks, for a count of those who ask too much."""
    return request.client.host if request.client else ""
