"""What machines ask to know: that the pages are served, that what they need is there, and how the work stands.

The first two are for whoever starts and stops this process, and say nothing of anybody.
"""

# No "from __future__ import annotations" here: see ``worker.web.routes.record``.

from functools import partial

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from worker.core.errors import Unavailable
from worker.record.senders import Scope
from worker.watching.readiness import Part, Readiness
from worker.watching.standing import standing_registry
from worker.web.parts import Parts
from worker.web.rendering import PRIVATE

READ = ["GET", "HEAD"]
IN_WORDS = {True: "ok", False: "away"}


def routes(parts: Parts) -> APIRouter:
    """``/health/live``, ``/health/ready`` and ``/metrics``."""
    router = APIRouter()
    readiness = Readiness(
        [
            Part("database", parts.store.operations.reach),
            Part("recordings", parts.sounds.blobs.reach),
            Part("queue", partial(_reach_queue, parts), is_needed=False),
        ],
    )
    registry = standing_registry(parts.store, parts.intake.gate, now=parts.now)

    @router.api_route("/health/live", methods=READ)
    def live() -> dict[str, str]:
        return {"status": "live"}

    @router.api_route("/health/ready", methods=READ)
    def ready() -> Response:
        found = readiness.look()
        said = {"status": "ready" if found.is_ready else "not ready"}
        said |= {name: IN_WORDS[answered] for name, answered in found.answered.items()}
        return JSONResponse(said, status_code=200 if found.is_ready else 503, headers=PRIVATE)

    @router.api_route("/metrics", methods=READ)
    def metrics(request: Request) -> Response:
        if not parts.shows_metrics:
            parts.access.caller(request, Scope.METRICS)
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST, headers=PRIVATE)

    return router


def _reach_queue(parts: Parts) -> None:
    """Without a queue calls are accepted all the same, and wait: it is told, and holds nothing up."""
    if parts.queue is None:
        raise Unavailable
    parts.queue.redis.ping()
