"""The API's way in for vCons: a conversation that says by itself who took part and where its recordings are."""

# No "from __future__ import annotations" here: FastAPI reads the annotations of the routes, which name what stands
# inside the function.

from pathlib import Path
from typing import IO, Annotated

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends, Request, status
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from worker.intake.dropped import Dropbox
from worker.record.blobs import BLOCK_BYTES, our_errors
from worker.record.senders import Scope
from worker.record.standing import Accepted
from worker.web.access import Caller
from worker.web.api.arriving import arrival_of, stop_early
from worker.web.api.errors import BY_KEY, problems_of_programs
from worker.web.api.new_calls import Arrivals
from worker.web.media_types import media_type
from worker.web.parts import Parts

KINDS = ("application/vcon+json", "application/vcon", "application/jose+json", "application/json")

READ_AT_ONCE = 2
"""Each is in memory as a whole, several times its size. The others wait on the disk, and keep no thread."""


def routes(parts: Parts) -> APIRouter:
    """Handing over vCons."""
    router = APIRouter(tags=["handing over"])
    reading = CapacityLimiter(READ_AT_ONCE)
    Writer = Annotated[Caller, Depends(parts.access.calling(Scope.WRITE))]  # noqa: N806 -- a type

    @router.post(
        "/vcons",
        summary="Hand a vCon over",
        status_code=status.HTTP_202_ACCEPTED,
        responses=problems_of_programs(401, 403, 413, 415, 422, 503),
        openapi_extra={
            "requestBody": {"required": True, "content": {kind: {"schema": {"type": "object"}} for kind in KINDS}},
            **BY_KEY,
        },
    )
    async def hand_over(request: Request, caller: Writer) -> Arrivals:
        """Hands over the recordings of a vCon (0.0.1 to 0.5.0, unsigned or signed), inline or by their addresses.

        They are the legs of one call, whose external id is the vCon's uuid. The same vCon again is no second call.
        """
        if media_type(request.headers) not in KINDS:
            raise HTTPException(415, f"Send a vCon as {KINDS[0]}. Nothing was accepted.")
        await stop_early(parts, request)
        with parts.sounds.blobs.incoming() as (file, path):
            await _receive(parts, request, file)
            accepted = await to_thread.run_sync(_hand_over, parts, caller, path, limiter=reading)
        return Arrivals(arrivals=tuple(arrival_of(request, one) for one in accepted))

    return router


async def _receive(parts: Parts, request: Request, file: IO[bytes]) -> None:
    def write() -> None:
        with our_errors():
            file.write(held)
            file.flush()

    held = bytearray()
    async for block in request.stream():
        held += block
        if len(held) >= BLOCK_BYTES:
            await run_in_threadpool(parts.intake.gate.check_room, len(held))
            await run_in_threadpool(write)
            held.clear()
    await run_in_threadpool(write)


def _hand_over(parts: Parts, caller: Caller, path: Path) -> list[Accepted]:
    with path.open("rb") as file:
        return Dropbox(parts.intake, caller.sender, parts.vcon_keys).hand_over_vcon(file)
