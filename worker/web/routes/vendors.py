"""Where telephony systems deliver their webhooks. Each request proves by its signature where it comes from."""

# No "from __future__ import annotations" here: see ``worker.web.routes.record``.

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from worker.intake.vendors.delivered import Delivered
from worker.web.parts import Parts


async def _body(request: Request) -> bytes:
    return await request.body()


def webhook_routes(parts: Parts) -> APIRouter:
    """One address for each system that is set up."""
    router = APIRouter()

    @router.post("/intake/{vendor}", status_code=204)
    def deliver(request: Request, vendor: str, body: Annotated[bytes, Depends(_body)]) -> Response:
        query = request.scope["query_string"].decode("latin-1")
        # What a proxy calls this host is not what the sender called it, and a signature may cover that.
        url = f"{parts.base_url}{request.url.path}" + (f"?{query}" if query else "")
        parts.vendors.take(vendor, Delivered(url, request.headers, body, parts.now()), parts.intake)
        return Response(status_code=204)

    return router
