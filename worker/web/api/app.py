"""Puts the API together: an application of its own under ``/api/v1``, each of whose answers is one for programs."""

# No "from __future__ import annotations" here: FastAPI reads the annotations of the routes, which name what stands
# inside the function.

from typing import Any

from fastapi import Depends, FastAPI
from fastapi.openapi.utils import get_openapi

from worker.web.api import annotations, arriving, calls, exports, operations, proofs, requests, search, uploads, vcons
from worker.web.api.bounds import Bounds
from worker.web.api.errors import KEY_SCHEME, answer_with_problems
from worker.web.api.uploads import Tus
from worker.web.api.values import Problem
from worker.web.parts import Parts

PLACE = "/api/v1"

DESCRIPTION = """
What agents, customers and reviewers can do with the records of their calls, and how calls come in, for programs.

Telephony systems hand recordings over with an API key (`onrecord keys add`), in the header
`Authorization: Bearer onr_…`. Large recordings are uploaded in parts (tus 1.0.0) and then handed over.

Whoever is signed in at the pages is signed in here, by the same cookie. A request that changes something carries the
header `X-CSRF-Token`, whose value `GET /me` gives. Each look at a record is an entry of it that both sides can see.
Errors are problem details (RFC 9457). Instants are RFC 3339; times within a call are seconds from its start.
"""


def create_api(parts: Parts) -> FastAPI:
    """The API of one installation, to be mounted at ``PLACE``."""
    api = FastAPI(
        title="On Record",
        version="1",
        summary="Records of calls that both sides can read, check and add to.",
        description=DESCRIPTION,
        docs_url=None,  # these would load their scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        dependencies=[Depends(parts.access.guard_of_api)],
    )
    api.add_middleware(Tus)
    api.add_middleware(Bounds)
    answer_with_problems(api)
    for part in (calls, search, exports, annotations, proofs, arriving, uploads, vcons, operations, requests):
        api.include_router(part.routes(parts))

    def described() -> dict[str, Any]:
        if api.openapi_schema is None:
            schema = get_openapi(
                title=api.title,
                version=api.version,
                summary=api.summary,
                description=api.description,
                routes=api.routes,
                servers=[{"url": PLACE}],
            )
            for kind in (Problem, *arriving.BODIES):
                named = kind.model_json_schema(ref_template="#/components/schemas/{model}")
                schema["components"]["schemas"] |= named.pop("$defs", {}) | {kind.__name__: named}
            schema["components"]["securitySchemes"] = {"key": KEY_SCHEME}
            api.openapi_schema = schema
        return api.openapi_schema

    api.openapi = described  # type: ignore[method-assign]  # FastAPI's own way of adding to it
    return api
