"""The ways in for everybody, for staff and for whoever was given a one-time link; and the way out."""

# No "from __future__ import annotations" here: see ``worker.web.routes.record``.

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from itsdangerous import BadData, URLSafeTimedSerializer

from worker.core.errors import NotFound
from worker.record.people import Person
from worker.web.access import local_path
from worker.web.pages.sign_in import OneButtonPage, SignInPage
from worker.web.parts import Parts
from worker.web.rendering import PRIVATE, shown
from worker.web.single_sign_on import Arrival, Begun, SingleSignOn, refusal
from worker.web.texts import _

READ = ["GET", "HEAD"]
AWAY_S = 600  # how long somebody may take at the company's own sign-in
AWAY_PATH = "/sign-in/company"
AWAY_COOKIE = "onrecord-away"


def routes(parts: Parts) -> APIRouter:
    """Everything below ``/sign-in`` but hand-overs, and ``/sign-out``."""
    router = APIRouter()
    away = URLSafeTimedSerializer(parts.secret, salt="away at the company's sign-in")

    def sign_in_page(next_path: str, problem: str | None = None) -> SignInPage:
        return SignInPage(next_path, parts.single_sign_on is not None, parts.shows_outbox, problem)

    @router.api_route("/sign-in", methods=READ)
    def ways(request: Request, next: str = "/") -> Response:  # noqa: A002 -- the name in the address
        return shown(sign_in_page(local_path(next)), parts.access.visitor_if_any(request))

    @router.api_route("/sign-in/once/{token}", methods=READ)
    def once(request: Request, token: str) -> Response:
        return shown(OneButtonPage(token), parts.access.visitor_if_any(request))

    @router.post("/sign-in/once")
    def use_once(request: Request, token: Annotated[str, Form()]) -> Response:
        session = parts.store.people.sessions.use(token, now=parts.now())
        if session is None:
            problem = _("This link or code was used, is too old, or is not complete. Ask for a new one.")
            return shown(sign_in_page("/", problem), parts.access.visitor_if_any(request), status=403)
        return signed_in(
            parts, request, parts.store.people.person(session.person_id), only_call=session.only_call, to=None
        )

    @router.post("/sign-out")
    def sign_out(request: Request) -> Response:
        response = RedirectResponse("/sign-in", status_code=303, headers=PRIVATE)
        parts.access.sign_out(request, response)
        return response

    @router.get(AWAY_PATH)
    def company(next: str = "/") -> Response:  # noqa: A002 -- the name in the address
        address, begun = _company(parts).begin()
        response = RedirectResponse(address, status_code=303, headers=PRIVATE)
        response.set_cookie(
            AWAY_COOKIE,
            away.dumps([begun.state, begun.nonce, begun.verifier, local_path(next)]),
            max_age=AWAY_S,
            path=AWAY_PATH,
            httponly=True,
            samesite="lax",  # they come back by a link from the provider's site
            secure=parts.base_url.startswith("https:"),
        )
        return response

    @router.get(f"{AWAY_PATH}/back")
    def back(request: Request) -> Response:
        try:
            *begun, to = away.loads(request.cookies.get(AWAY_COOKIE, ""), max_age=AWAY_S)
        except BadData as error:
            raise refusal() from error
        came_back_to = f"{parts.base_url}{AWAY_PATH}/back?{request.url.query}"
        arrival = _company(parts).finish(came_back_to, Begun(*begun))
        response = signed_in(parts, request, _who(parts, arrival), only_call=None, to=to)
        response.delete_cookie(AWAY_COOKIE, path=AWAY_PATH)
        return response

    return router


def signed_in(parts: Parts, request: Request, person: Person, *, only_call: str | None, to: str | None) -> Response:
    """The answer that signs somebody in and leads on: to the one call that is open to them, else to ``to`` or home."""
    response = RedirectResponse(
        f"/calls/{only_call}" if only_call else local_path(to), status_code=303, headers=PRIVATE
    )
    parts.access.sign_in(request, response, person, only_call=only_call)
    return response


def _company(parts: Parts) -> SingleSignOn:
    if parts.single_sign_on is None:
        raise NotFound("There is no sign-in of a company here.")
    return parts.single_sign_on


def _who(parts: Parts, arrival: Arrival) -> Person:
    """The person who came back: known by who they are there, the first time by the address that is vouched for."""
    people = parts.store.people
    known = people.known_as(arrival.subject)
    address = known.address if known is not None else arrival.address
    if address is None:
        raise refusal()
    return people.add(
        address,
        name=arrival.name,
        subject=arrival.subject,
        is_reviewer=None if parts.reviewers is None else parts.reviewers in arrival.groups,
        is_operator=None if parts.operators is None else parts.operators in arrival.groups,
        is_agent=None if parts.agents is None else parts.agents in arrival.groups,
        is_desk=None if parts.desk is None else parts.desk in arrival.groups,
    )
