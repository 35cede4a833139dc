"""The ways in for customers: what an invitation offers, an agent who vouches, and the company's own site.

Whatever is known of the call, an invitation looks and answers the same.
"""

# No "from __future__ import annotations" here: see ``worker.web.routes.record``.

from contextlib import suppress
from enum import Enum, auto
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from worker.core.dialogue.values import LetIn, Reason
from worker.core.errors import Invalid, NotAllowed, NotFound, Unavailable
from worker.core.log.entry import Role
from worker.core.people import is_phone
from worker.record.people import Person
from worker.web.access import Opened, Right
from worker.web.hand_over import refusal
from worker.web.links import ONE_TIME
from worker.web.pages.sign_in import VouchPage, WaysPage
from worker.web.parts import Parts
from worker.web.posting import post_code
from worker.web.rendering import PRIVATE, shown
from worker.web.routes.sign_in import signed_in
from worker.web.texts import _, later

log = structlog.get_logger()

READ = ["GET", "HEAD"]


class Sent(Enum):
    """What came of the wish for a code."""

    YES = auto()  # or no address is known, which nobody is told
    TOO_OFTEN = auto()
    NO_WAY = auto()


NOT_SENT = {
    Sent.TOO_OFTEN: later(
        "No new code was sent, because too many were sent or tried of late. Ask again in an hour at most, or come in "
        "another way."
    ),
    Sent.NO_WAY: later(
        "No code can be sent to the number or the address that belongs to this call. Come in another way: with a code "
        "word, or with the help of the person you spoke with."
    ),
}
NOT_SENT_STATUS = {Sent.TOO_OFTEN: 429, Sent.NO_WAY: 503}


def routes(parts: Parts) -> APIRouter:
    """What an invitation offers, and vouching."""
    router = APIRouter()
    Vouching = Annotated[Opened, Depends(parts.access.opened(Right.VOUCH))]  # noqa: N806 -- a type

    def answer(request: Request, page: WaysPage, *, status: int = 200) -> Response:
        return shown(page, parts.access.visitor_if_any(request), status=status)

    @router.api_route("/c/{token}", methods=READ)
    def invited(request: Request, token: str, sent: bool = False) -> Response:
        call_id = parts.invitations.call_id(token)
        with suppress(NotFound, NotAllowed):  # somebody else is signed in here, or nobody
            parts.access.open(request, call_id, Right.READ)
            return RedirectResponse(f"/calls/{call_id}", status_code=303, headers=PRIVATE)
        return answer(request, WaysPage(token, was_sent=sent))

    @router.post("/c/{token}/code")
    def send_code(request: Request, token: str) -> Response:
        try:
            sent = _send_code(parts, parts.invitations.call_id(token))
        except Unavailable as error:
            log.warning("code.not_sent", error=error.message)
            problem = _(
                "The code could not be sent now. It is tried again for 10 minutes: wait for it, or come in another way."
            )
            return answer(request, WaysPage(token, code_problem=problem), status=503)
        if sent is Sent.YES:
            return RedirectResponse(f"/c/{token}?sent=1", status_code=303, headers=PRIVATE)
        return answer(request, WaysPage(token, code_problem=_(NOT_SENT[sent])), status=NOT_SENT_STATUS[sent])

    @router.post("/c/{token}")
    def come_in(
        request: Request, token: str, code: Annotated[str, Form()] = "", word: Annotated[str, Form()] = ""
    ) -> Response:
        call_id = parts.invitations.call_id(token)
        customer = _customer(parts, call_id)
        if word:
            if parts.store.people.codes.is_word(call_id, word, now=parts.now()):
                person = parts.store.people.side(call_id, Role.CUSTOMER)
                return signed_in(parts, request, person, only_call=call_id, to=None)
            problem = _(
                "This is not the code word of the call, or it was tried too often. After 5 tries, wait 15 minutes."
            )
            return answer(request, WaysPage(token, word_problem=problem), status=403)
        whose = customer.id if customer else call_id  # tried all the same where nobody is known
        if parts.store.people.codes.is_code(whose, code, now=parts.now()) and customer is not None:
            return signed_in(parts, request, customer, only_call=None, to=f"/calls/{call_id}")
        problem = _(
            "This is not the last code that was sent, or it is too old. After 5 tries, wait 15 minutes and ask for a "
            "new one, or come in another way."
        )
        return answer(request, WaysPage(token, was_sent=True, code_problem=problem), status=403)

    @router.api_route("/calls/{call_id}/vouch", methods=READ)
    def ask_vouch(opened: Vouching) -> Response:
        return shown(VouchPage(opened.call.id), opened.visitor)

    @router.post("/calls/{call_id}/vouch")
    def vouch(opened: Vouching) -> Response:
        call = opened.call
        customer = parts.store.people.side(call.id, Role.CUSTOMER)
        name = call.details.customer or customer.name or ""
        # The entry comes first: nobody is let in without one.
        parts.store.log.append(call.id, opened.actor, LetIn(customer.id, name, Reason.VOUCHED), by=opened.name)
        code = parts.store.people.sessions.spoken_token(customer.id, only_call=call.id, lasts=ONE_TIME, now=parts.now())
        return shown(VouchPage(call.id, code, f"{parts.base_url}/sign-in/once/{code}"), opened.visitor)

    return router


def hand_over_routes(parts: Parts) -> APIRouter:
    """The way in from the company's own site. Its token proves where it comes from, whatever the browser says."""
    router = APIRouter()

    def come_in(request: Request, token: str) -> Response:
        if parts.hand_over is None:
            raise refusal()
        now, people = parts.now(), parts.store.people
        handed = parts.hand_over.read(token, now=now)
        if not people.sessions.is_first_use(handed.name, ends_at=handed.ends_at, now=now):
            raise refusal()
        call_id = people.call_known_as(handed.subject)
        if call_id is not None:
            return signed_in(parts, request, people.side(call_id, Role.CUSTOMER), only_call=call_id, to=None)
        try:
            person = people.customer(handed.subject)
        except Invalid:  # neither an address nor a call that is known
            raise refusal() from None
        return signed_in(parts, request, person, only_call=None, to=None)

    @router.get("/sign-in/hand-over")
    def by_link(request: Request, token: str) -> Response:
        return come_in(request, token)

    @router.post("/sign-in/hand-over")
    def by_form(request: Request, token: Annotated[str, Form()]) -> Response:
        return come_in(request, token)

    return router


def _customer(parts: Parts, call_id: str) -> Person | None:
    """The customer of the call, if a code can be sent to them."""
    customer = parts.store.people.customer_of(call_id)
    return customer if customer is not None and customer.address is not None else None


def _send_code(parts: Parts, call_id: str) -> Sent:
    """Sends a code, if not too many were sent or tried of late; where no address is known, does as if.

    Raises Unavailable if what sends it cannot do so now.
    """
    customer = _customer(parts, call_id)
    address = customer.address if customer else None
    if address is not None and not (parts.shows_outbox or parts.sending.reaches(address)):
        log.warning("code.no_way", is_phone=is_phone(address))
        return Sent.NO_WAY
    code = parts.store.people.codes.new_code(customer.id if customer else call_id, now=parts.now())
    if code is None:
        return Sent.TOO_OFTEN
    if address is None:
        return Sent.YES
    post_code(parts, address, code, _("{code} is your code for the record of your call. It is valid for 10 minutes."))
    return Sent.YES
