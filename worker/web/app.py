"""The web application: its routes, errors, headers. What pages say is in ``pages``, who may do what in ``access``."""

from __future__ import annotations

from importlib.resources import files
from urllib.parse import quote, urlsplit

import structlog
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from worker.core.errors import CallError
from worker.logs import where_raised
from worker.web.access import NotSignedIn, local_path
from worker.web.api.app import PLACE, create_api
from worker.web.pages.standing import MessagePage
from worker.web.parts import Parts
from worker.web.problems import ON_OUR_SIDE, headers_of, problem, status_of
from worker.web.rendering import PRIVATE, shown, wants_page
from worker.web.routes import (
    added,
    health,
    home,
    invited,
    live,
    next_call,
    operations,
    outbox,
    packages,
    record,
    requests,
    search,
    sign_in,
    vendors,
)
from worker.web.texts import _, chosen_by, later, speaking
from worker.web.uploads import LARGEST_VCON, WITH_A_CALL, WITH_A_FILE, WITH_A_VCON, UploadLimit
from worker.web.written import written_in

log = structlog.get_logger()

TITLES = {
    400: later("This does not fit"),
    401: later("You are not signed in"),
    403: later("This is not open to you"),
    404: later("There is nothing here"),
    405: later("This cannot be done here"),
    413: later("This is too large"),
    422: later("This does not fit"),
    500: later("Something is wrong on our side"),
    503: later("The record cannot be reached now"),
}
OTHER_TITLE = later("This did not work")

NOT_UNDERSTOOD = later(
    "What was sent is not complete, or cannot be understood. Nothing was changed. Go back and try it again."
)
MESSAGES = {
    400: NOT_UNDERSTOOD,
    404: later("Look at the address again: it may not be complete."),
    405: later("Nothing was changed. Go back and use what stands on the page."),
    422: NOT_UNDERSTOOD,
}
"""In place of what the libraries say, which is for programmers."""

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; media-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # An address may carry what signs somebody in: it goes to nobody else, into no cache and into no index. With
    # "no-referrer" old browsers would hide from us, too, that a form is ours.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
    "Cache-Control": PRIVATE["Cache-Control"],
}
STATIC = "/static"
FOR_EVERYBODY = "no-cache"  # asked for again, so that a page never gets an older script
SMALLEST_TO_PACK = 1024
PACKED_TO = 4  # of 9: a long page takes less than half the time of 9, for a fortieth more bytes

GUARDED = (
    home.routes,
    health.routes,
    operations.routes,
    next_call.routes,
    sign_in.routes,
    invited.routes,
    outbox.routes,
    live.routes,
    record.routes,
    added.routes,
    packages.routes,
    requests.routes,
    search.routes,
)
"""Every group of routes but hand-overs and webhooks, which come from elsewhere by their nature."""


def create_app(parts: Parts) -> FastAPI:
    """The application over one installation's stores. It opens no connection and loads no model by itself."""
    # FastAPI's own documentation pages load their scripts from elsewhere. Its redirects to an address without the last
    # slash would be built of what a request calls this host, and without https where a proxy speaks that for us.
    app = FastAPI(title="On Record", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.add_middleware(GZipMiddleware, minimum_size=SMALLEST_TO_PACK, compresslevel=PACKED_TO)
    added_file = max(parts.largest_file, parts.largest_recording)
    app.add_middleware(
        UploadLimit,
        largest={WITH_A_FILE: added_file, WITH_A_CALL: parts.limits.largest_bytes, WITH_A_VCON: LARGEST_VCON},
    )
    app.add_middleware(Guard)
    app.mount(STATIC, StaticFiles(directory=str(files("worker.web") / "static")), name="static")
    guarded = APIRouter(dependencies=[Depends(parts.access.guard)])
    for routes in GUARDED:
        guarded.include_router(routes(parts))
    app.include_router(guarded)
    app.include_router(invited.hand_over_routes(parts))
    app.include_router(vendors.webhook_routes(parts))
    app.mount(PLACE, create_api(parts))

    @app.exception_handler(NotSignedIn)
    async def not_signed_in(request: Request, error: NotSignedIn) -> Response:
        if request.method == "GET" and wants_page(request.headers.get("accept", "")):
            here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            return RedirectResponse(f"/sign-in?next={quote(here)}", status_code=303, headers=PRIVATE)
        return _problem(request, 401, error.message, written=await written_in(request))

    @app.exception_handler(CallError)
    def our_error(request: Request, error: CallError) -> Response:
        status = status_of(error)
        if status >= 500:
            log.error("page.failed", route=_route(request.scope), error=type(error).__name__, message=error.message)
        response = _problem(request, status, ON_OUR_SIDE.get(status, error.message))
        response.headers.update(headers_of(error))
        return response

    @app.exception_handler(HTTPException)
    def http_error(request: Request, error: HTTPException) -> Response:
        response = _problem(request, error.status_code, MESSAGES.get(error.status_code, error.detail))
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(RequestValidationError)
    def does_not_fit(request: Request, _error: RequestValidationError) -> Response:
        return _problem(request, 422, MESSAGES[422])

    return app


class Guard:
    """The outermost layer of ours: every response carries the headers, and a bug becomes a page that tells nothing.

    Left to Starlette, a bug's page would go out without the headers, and its message, which may carry words of the
    call, into the server's log. Here the log gets the type and the places in the code. What is answered is said in the
    language that the browser asks for.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        with speaking(chosen_by(Headers(scope=scope).get("accept-language", ""))):
            await self._answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_begun = False

        async def send_with_headers(message: Message) -> None:
            nonlocal has_begun
            if message["type"] == "http.response.start":
                has_begun = True
                headers = MutableHeaders(scope=message)
                if scope["path"].startswith(f"{STATIC}/"):
                    headers.setdefault("Cache-Control", FOR_EVERYBODY)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self.app(scope, receive, send_with_headers)
        except Exception as error:
            log.error("page.bug", route=_route(scope), error=type(error).__name__, at=where_raised(error))
            if not has_begun:  # else the server sees an unfinished answer and closes the connection
                await _problem(Request(scope), 500, ON_OUR_SIDE[500])(scope, receive, send_with_headers)


def _route(scope: Scope) -> str:
    """The route's pattern and never the address itself, which may carry a token."""
    return getattr(scope.get("route"), "path", "none")


def _path_of(address: str) -> str:
    """The path of an address; none of what is no address, which a browser's header may be as well."""
    try:
        return urlsplit(address).path
    except ValueError:
        return ""


def _problem(request: Request, status: int, message: str, *, written: tuple[str, ...] = ()) -> Response:
    """An error as a page, or as problem details (RFC 9457) for programs; the same words in both."""
    if wants_page(request.headers.get("accept", "")):
        from_page = local_path(_path_of(request.headers.get("referer", "")))
        leads_in = f"/sign-in?next={quote(from_page)}" if status == 401 else None
        return shown(MessagePage(_(TITLES.get(status, OTHER_TITLE)), _(message), leads_in, written), status=status)
    return problem(status, _(message))
