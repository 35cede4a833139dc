"""The web application: routes, errors and headers. What pages say is in ``pages``, who may open them in ``access``."""

# No "from __future__ import annotations" here: FastAPI reads the annotations of the routes, which name what stands
# inside ``create_app``. Kept as text they could not be found, and every link would be taken for a search parameter.

import json
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from importlib.resources import files
from pathlib import Path
from typing import Annotated, TypeAlias

import structlog
from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from worker.core.errors import BadRecording, CallError, Invalid, NotAllowed, NotFound, Unavailable
from worker.exchange.result_json import record_to_json
from worker.record.sounds import SoundStore
from worker.record.standing import CallState, StoredCall
from worker.record.store import Store
from worker.web.access import Holder, Links
from worker.web.pages.record import RecordPage, record_page
from worker.web.pages.standing import MessagePage, StandingPage, standing_page
from worker.web.sound import sound_response

log = structlog.get_logger()

STATUS = {NotAllowed: 403, NotFound: 404, Invalid: 422, BadRecording: 422, Unavailable: 503}
"""The status of our errors; every other one is ours to mend, and 500."""

TITLES = {
    403: "This link does not open a record",
    404: "There is nothing here",
    405: "This cannot be done here",
    422: "This does not fit",
    500: "Something is wrong on our side",
    503: "The record cannot be reached now",
}

# What operators are told names parts that mean nothing to a party of a call: it goes to the log, and these to the page.
ON_OUR_SIDE = {
    500: "Nothing was changed. The people who run this service can see what happened. Try again later.",
    503: "Nothing was changed, and the recording is kept safe. Try again in a few minutes.",
}

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; media-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # The address of a record is the key to it: it goes to nobody, into no cache and into no index.
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
    "Cache-Control": "no-cache",  # for what is not private: asked for again, so that a page never gets an older script
}
PRIVATE = {"Cache-Control": "private, no-store"}
READ = ["GET", "HEAD"]
SMALLEST_TO_PACK = 1024
FRAMES_IN_LOG = 8

Page: TypeAlias = RecordPage | StandingPage | MessagePage

TEMPLATES: dict[type[Page], str] = {
    RecordPage: "record.html",
    StandingPage: "standing.html",
    MessagePage: "message.html",
}

_environment = Environment(
    loader=PackageLoader("worker.web"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


def render(page: Page) -> str:
    """The HTML of a page: its template sees the page's own fields and nothing else."""
    return _environment.get_template(TEMPLATES[type(page)]).render(page=page)


@dataclass(frozen=True)
class Opened:
    """A call, opened by somebody who holds a link to it."""

    holder: Holder
    call: StoredCall
    token: str


def now_utc() -> datetime:
    """What the clock says; tests bring their own."""
    return datetime.now(UTC)


def create_app(*, store: Store, sounds: SoundStore, links: Links, now: Callable[[], datetime] = now_utc) -> FastAPI:
    """The application over one installation's stores. It opens no connection and loads no model by itself."""
    # FastAPI's own documentation pages load their scripts from elsewhere.
    app = FastAPI(title="On Record", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(GZipMiddleware, minimum_size=SMALLEST_TO_PACK)
    app.add_middleware(Guard)
    app.mount("/static", StaticFiles(directory=str(files("worker.web") / "static")), name="static")

    def opened(token: str) -> Opened:
        """The one place where a link is turned into access: it opens its own call, and nothing else."""
        holder = links.holder(token)
        try:
            return Opened(holder, store.call(holder.call_id), token)
        except NotFound as error:
            raise NotFound("The record behind this link is not here any more. Ask whoever sent it.") from error

    HeldLink = Annotated[Opened, Depends(opened)]  # noqa: N806 -- a type

    @app.api_route("/", methods=READ)
    def home() -> Response:
        message = "A record opens with the link that was sent to you. Nobody can look through records here."
        return HTMLResponse(render(MessagePage("On Record", message)))

    @app.api_route("/health/live", methods=READ)
    def live() -> dict[str, str]:
        return {"status": "live"}

    # Before the page's own route, which would take ".json" for a part of the token.
    @app.api_route("/r/{token}.json", methods=READ)
    def record_json(link: HeldLink) -> Response:
        if link.call.standing.state is not CallState.READY:
            raise NotFound("There is no record of this call yet. Its page says where it stands.")
        return Response(record_to_json(store.record(link.call.id)), media_type="application/json", headers=PRIVATE)

    @app.api_route("/r/{token}", methods=READ)
    def record(link: HeldLink) -> Response:
        if link.call.standing.state is not CallState.READY:
            return HTMLResponse(render(standing_page(link.call.standing)), headers=PRIVATE)
        page = record_page(
            store.record(link.call.id),
            you=link.holder.party,
            now=now(),
            sound_url=f"/r/{link.token}/sound",
            json_url=f"/r/{link.token}.json",
        )
        return HTMLResponse(render(page), headers=PRIVATE)

    @app.api_route("/r/{token}/sound", methods=READ)
    def sound(link: HeldLink, request: Request) -> Response:
        return sound_response(sounds, link.call.sha256, request)

    @app.exception_handler(CallError)
    def our_error(request: Request, error: CallError) -> Response:
        status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 500)
        if status >= 500:
            log.error("page.failed", route=_route(request.scope), error=type(error).__name__, message=error.message)
        return _problem(request, status, ON_OUR_SIDE.get(status, error.message))

    @app.exception_handler(HTTPException)
    def http_error(request: Request, error: HTTPException) -> Response:
        message = "Look at the address again: it may not be complete." if error.status_code == 404 else error.detail
        response = _problem(request, error.status_code, message)
        response.headers.update(error.headers or {})
        return response

    return app


class Guard:
    """The outermost layer of ours: every response carries the headers, and a bug becomes a page that tells nothing.

    Left to Starlette, a bug's page would go out without the headers, and its message, which may carry words of the
    call, into the server's log. Here the log gets the type and the places in the code.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        has_begun = False

        async def send_with_headers(message: Message) -> None:
            nonlocal has_begun
            if message["type"] == "http.response.start":
                has_begun = True
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self.app(scope, receive, send_with_headers)
        except Exception as error:
            log.error("page.bug", route=_route(scope), error=type(error).__name__, at=_places(error))
            if not has_begun:  # else the server sees an unfinished answer and closes the connection
                await _problem(Request(scope), 500, ON_OUR_SIDE[500])(scope, receive, send_with_headers)


def _route(scope: Scope) -> str:
    """The route's pattern and never the address itself, which carries the token."""
    return getattr(scope.get("route"), "path", "none")


def _places(error: BaseException) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES_IN_LOG:]
    return [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]


def _problem(request: Request, status: int, message: str) -> Response:
    """An error as a page, or as problem details (RFC 9457) for programs; the same words in both."""
    if "text/html" in request.headers.get("accept", ""):
        title = TITLES.get(status, "This did not work")
        return HTMLResponse(render(MessagePage(title, message)), status_code=status, headers=PRIVATE)
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": message}
    return Response(json.dumps(body), status_code=status, media_type="application/problem+json", headers=PRIVATE)
