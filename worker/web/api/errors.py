"""How the API says that something did not work: problem details for everything, and their place in OpenAPI."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from worker.core.errors import CallError
from worker.intake.limits import Busy
from worker.web.access import NoKey, NotSignedIn
from worker.web.problems import ON_OUR_SIDE, PROBLEM, Misfit, headers_of, problem, status_of

log = structlog.get_logger()

SIGN_IN = {"WWW-Authenticate": 'Cookie realm="On Record"'}
SHOW_KEY = {"WWW-Authenticate": 'Bearer realm="On Record"'}

BY_KEY: dict[str, Any] = {"security": [{"key": []}]}
"""For the ``openapi_extra`` of a route that is for programs with an API key."""

KEY_SCHEME = {"type": "http", "scheme": "bearer", "description": "An API key, as `onrecord keys add` shows it once."}

DETAILS = {
    404: "There is nothing at this address. /api/v1/openapi.json lists what there is.",
    405: "This cannot be done at this address. The header Allow names what can.",
    422: "What was sent is no JSON that can be read. Nothing was changed.",
}
NOT_REACHED = "Something that this needs cannot be reached now. What was sent is not accepted: send it again later."
MISFITS = "This does not fit what is taken here. `errors` says which part, and why."

SAID_OF = {
    401: "Nobody is signed in, or no longer.",
    403: "Your role on this call does not allow it, or the request did not come from a page of this place.",
    404: "There is no such call, or none that is open to you; or it has no record yet.",
    413: "More was sent than is taken at once.",
    422: "What was sent does not fit.",
    503: "Something that this needs cannot be reached now. Nothing was changed; ask again in a few minutes.",
}

SAID_TO_PROGRAMS = SAID_OF | {
    400: "What was sent does not fit the protocol.",
    401: "There is no API key in the request, or none that is in force.",
    403: "The key lacks the scope for this.",
    404: "There is no such thing of this sender.",
    409: "Something else is under way with this, or has been: the answer says what to do.",
    412: "The request is of another version of the protocol.",
    413: "It is larger than what is taken.",
    415: "What was sent is of a kind that is not taken here.",
    460: "What arrived is not what its checksum says. Nothing of it was kept.",
    503: "There is no room, too much waits, or something cannot be reached: nothing was accepted, send it again.",
}


class AgainstProtocol(HTTPException):
    """What a protocol that others wrote wants answered with 400."""

    def __init__(self, detail: str) -> None:
        super().__init__(400, detail)


def answer_with_problems(app: FastAPI) -> None:
    """Every error of this application is answered as problem details, those of its routes and those of FastAPI."""

    @app.exception_handler(CallError)
    def ours(request: Request, error: CallError) -> Response:
        if isinstance(error, NotSignedIn):
            return problem(401, error.message, headers=SHOW_KEY if isinstance(error, NoKey) else SIGN_IN)
        status = status_of(error)
        if status >= 500:
            route = getattr(request.scope.get("route"), "path", "none")
            log.error("api.failed", route=route, error=type(error).__name__, message=error.message)
        if status == 503 and "authorization" in request.headers:
            return _not_now(error)
        return problem(status, ON_OUR_SIDE.get(status, error.message), headers=headers_of(error))

    @app.exception_handler(RequestValidationError)
    def does_not_fit(_request: Request, error: RequestValidationError) -> Response:
        misfits = [Misfit(_pointer(one["loc"]), one["msg"]) for one in error.errors()]
        return problem(422, MISFITS, misfits=misfits)

    @app.exception_handler(HTTPException)
    def of_http(_request: Request, error: HTTPException) -> Response:
        # FastAPI's word for a body that cannot be parsed at all; of one that can be in part it says 422.
        status = 422 if error.status_code == 400 and not isinstance(error, AgainstProtocol) else error.status_code
        return problem(status, DETAILS.get(status, error.detail), headers=error.headers)

    @app.exception_handler(Exception)
    def bug(_request: Request, _error: Exception) -> Response:  # and the layers around the application log it
        return problem(500, ON_OUR_SIDE[500])


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The answers of a route that are errors, for its ``responses``."""
    return {status: {"description": SAID_OF[status], "content": _CONTENT} for status in statuses}


def problems_of_programs(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The same for a route that is opened by an API key."""
    return {status: {"description": SAID_TO_PROGRAMS[status], "content": _CONTENT} for status in statuses}


def _not_now(error: CallError) -> Response:
    """For programs, which wait and send it again. Of what is away they are told no more than that."""
    busy = error if isinstance(error, Busy) else Busy(NOT_REACHED)
    return problem(503, busy.message, headers=headers_of(busy))


_CONTENT = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}


def _pointer(location: Iterable[str | int]) -> str:
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in location)
