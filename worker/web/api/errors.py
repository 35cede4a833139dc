"""How the API says that something did not work: problem details for everything, and their place in OpenAPI."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from worker.core.errors import CallError
from worker.web.access import NotSignedIn
from worker.web.problems import ON_OUR_SIDE, PROBLEM, Misfit, problem, status_of

log = structlog.get_logger()

SIGN_IN = {"WWW-Authenticate": 'Cookie realm="On Record"'}

DETAILS = {
    404: "There is nothing at this address. /api/v1/openapi.json lists what there is.",
    405: "This cannot be done at this address. The header Allow names what can.",
    422: "What was sent is no JSON that can be read. Nothing was changed.",
}
MISFITS = "This does not fit what is taken here. `errors` says which part, and why."

SAID_OF = {
    401: "Nobody is signed in, or no longer.",
    403: "Your role on this call does not allow it, or the request did not come from a page of this place.",
    404: "There is no such call, or none that is open to you; or it has no record yet.",
    413: "More was sent than is taken at once.",
    422: "What was sent does not fit.",
    503: "Something that this needs cannot be reached now. Nothing was changed; ask again in a few minutes.",
}


def answer_with_problems(app: FastAPI) -> None:
    """Every error of this application is answered as problem details, those of its routes and those of FastAPI."""

    @app.exception_handler(CallError)
    def ours(request: Request, error: CallError) -> Response:
        if isinstance(error, NotSignedIn):
            return problem(401, error.message, headers=SIGN_IN)
        status = status_of(error)
        if status >= 500:
            route = getattr(request.scope.get("route"), "path", "none")
            log.error("api.failed", route=route, error=type(error).__name__, message=error.message)
        return problem(status, ON_OUR_SIDE.get(status, error.message))

    @app.exception_handler(RequestValidationError)
    def does_not_fit(_request: Request, error: RequestValidationError) -> Response:
        misfits = [Misfit(_pointer(one["loc"]), one["msg"]) for one in error.errors()]
        return problem(422, MISFITS, misfits=misfits)

    @app.exception_handler(HTTPException)
    def of_http(_request: Request, error: HTTPException) -> Response:
        # FastAPI's word for a body that cannot be parsed at all; of one that can be in part it says 422.
        status = 422 if error.status_code == 400 else error.status_code
        return problem(status, DETAILS.get(status, error.detail), headers=error.headers)

    @app.exception_handler(Exception)
    def bug(_request: Request, _error: Exception) -> Response:  # and the layers around the application log it
        return problem(500, ON_OUR_SIDE[500])


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The answers of a route that are errors, for its ``responses``."""
    content = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": SAID_OF[status], "content": content} for status in statuses}


def _pointer(location: Iterable[str | int]) -> str:
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in location)
