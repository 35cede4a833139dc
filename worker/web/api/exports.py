"""The API's way out: one call in a form for other programs."""

# No "from __future__ import annotations" here: FastAPI reads the annotations of the routes, which name what stands
# inside the function.

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse

from worker.core.dialogue.values import Way
from worker.core.errors import NotAllowed
from worker.core.log.entry import Role
from worker.core.requests.third_persons import find_places
from worker.exchange.vcon import read_recipient
from worker.web.access import Opened, Right
from worker.web.api.errors import problems
from worker.web.exporting import Format, Sealing
from worker.web.looks import note_look
from worker.web.parts import Parts
from worker.web.rendering import PRIVATE
from worker.web.texts import later

_BYTES = {"type": "string", "format": "binary"}
_TEXT = {"type": "string"}
KINDS: dict[str, dict[str, str]] = {
    "application/vcon+json": {"type": "object"},
    "text/vtt": _TEXT,
    "application/x-subrip": _TEXT,
    "text/plain": _TEXT,
    "application/pdf": _BYTES,
    "application/json": {"$ref": "#/components/schemas/CallRecord"},
    "application/zip": _BYTES,
}

LONGEST_KEY = 16_384  # letters of PEM

OF_OTHERS = later(
    "Something in this call may be about another person. Ask for a copy on its page: somebody looks at it first."
)
FOR_THE_TWO = later("The package is for the two sides of the call. Ask for another form.")


def routes(parts: Parts) -> APIRouter:
    """Taking one call along."""
    router = APIRouter(tags=["calls"])
    Taker = Annotated[Opened, Depends(parts.access.opened(Right.TAKE))]  # noqa: N806 -- a type

    @router.get(
        "/calls/{call_id}/export",
        summary="The call in another form",
        response_class=StreamingResponse,
        responses={
            200: {"content": {kind: {"schema": schema} for kind, schema in KINDS.items()}},
            **problems(401, 403, 404, 422, 503),
        },
    )
    def export(
        opened: Taker,
        form: Annotated[Format, Query(alias="format", description="In which form.")] = Format.VCON,
        sign: Annotated[bool, Query(description="A vCon: as JWS, signed by this installation.")] = False,
        encrypt_to: Annotated[
            str | None,
            Query(max_length=LONGEST_KEY, description="A vCon: signed, then as JWE to this public RSA key, in PEM."),
        ] = None,
    ) -> StreamingResponse:
        """The newest record with what both sides said of it, in a form that other programs read.

        Taking it is an entry that both sides see.
        """
        if form is Format.PACKAGE and Right.REQUEST not in opened.rights:
            raise NotAllowed(FOR_THE_TWO)
        if opened.role is Role.CUSTOMER:
            _check_others(parts, opened)
        sealing = Sealing(sign, () if encrypt_to is None else (read_recipient(encrypt_to),))
        note_look(parts, opened, Way.COPY)
        made = parts.exporter.export(opened.call, form, now=parts.now(), sealing=sealing)
        headers = {"Content-Disposition": f'attachment; filename="{made.name}"', **PRIVATE}
        return StreamingResponse(iter(made.blocks), media_type=made.media_type, headers=headers)

    return router


def _check_others(parts: Parts, opened: Opened) -> None:
    """Raises NotAllowed where other persons may be in it: what a customer takes along, the desk looks at first then."""
    details = opened.call.details
    record = parts.store.record(opened.call.id)
    if find_places(opened.call.id, record, names=(details.agent, details.customer)):
        raise NotAllowed(OF_OTHERS)
