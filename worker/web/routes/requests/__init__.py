"""The routes of requests: asking, where one stands, and the desk that answers."""

from __future__ import annotations

from fastapi import APIRouter

from worker.web.parts import Parts
from worker.web.routes.requests import asking, desk, handling, status


def routes(parts: Parts) -> APIRouter:
    """Everything below ``/requests``, the addresses with names of their own before those with an id."""
    router = APIRouter()
    for part in (asking, desk, status, handling):
        router.include_router(part.routes(parts))
    return router
