"""The letters of the embedded default, which sends none: shown to the machine on which it runs, and to nobody else."""

# No "from __future__ import annotations" here: see ``worker.web.routes.record``.

from fastapi import APIRouter, Request, Response

from worker.core.errors import NotFound
from worker.web.pages.sign_in import outbox_page
from worker.web.parts import THIS_MACHINE, Parts
from worker.web.rendering import shown

READ = ["GET", "HEAD"]
PASSED_ON = ("forwarded", "via", "x-real-ip")
"""What a proxy adds, which asks from here for somebody elsewhere. It need not: see ``Parts.is_for_others``."""


def routes(parts: Parts) -> APIRouter:
    """The page ``/outbox``."""
    router = APIRouter()

    @router.api_route("/outbox", methods=READ)
    def outbox(request: Request) -> Response:
        if not parts.shows_outbox or not _is_this_machine(request):
            raise NotFound
        letters = parts.store.people.outbox.letters()
        return shown(outbox_page(letters), parts.access.visitor_if_any(request))

    return router


def _is_this_machine(request: Request) -> bool:
    """Asked from here and for here: a name of somebody else's that was made to lead here is not enough."""
    asks = request.client.host if request.client else ""
    is_passed_on = any(name.startswith("x-forwarded-") or name in PASSED_ON for name in request.headers)
    return asks in THIS_MACHINE and request.url.hostname in THIS_MACHINE and not is_passed_on
