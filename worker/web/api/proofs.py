"""The API's proofs: that the entries of a call are in the one tree, whose head is signed."""

# No "from __future__ import annotations" here: FastAPI reads the annotations of the routes, which name what stands
# inside the function.

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import PlainTextResponse

from worker.core.errors import NotFound
from worker.web.access import Opened, Right
from worker.web.api.errors import problems
from worker.web.api.values import LARGEST_SIZE, CallProof, InclusionProof, TreeProof
from worker.web.parts import Parts

NO_CHECKPOINT = "Nothing is published yet. A checkpoint is signed within a minute of the first entry."


def routes(parts: Parts) -> APIRouter:
    """What can be asked about the log as a whole, and where a call stands in it."""
    router = APIRouter(tags=["log"])
    Reader = Annotated[Opened, Depends(parts.access.opened(Right.READ))]  # noqa: N806 -- a type
    log = parts.store.log

    @router.get("/calls/{call_id}/proof", summary="Proof of a call's entries", responses=problems(401, 403, 404, 503))
    def proof(opened: Reader) -> CallProof:
        """For each entry that was published, the hashes that lead from it to the root of the newest checkpoint."""
        published = log.latest_checkpoint()
        if published is None:
            raise NotFound(NO_CHECKPOINT)
        found = log.proofs(opened.call.id, published.size)
        return CallProof(
            checkpoint=published.note,
            size=published.size,
            entries=tuple(
                InclusionProof(
                    number=one.leaf.number,
                    position=one.leaf.position,
                    hash=one.leaf.hash.hex(),
                    hashes=tuple(step.hex() for step in one.hashes),
                )
                for one in found
            ),
        )

    @router.get(
        "/log/checkpoint",
        summary="The newest checkpoint",
        response_class=PlainTextResponse,
        responses=problems(404, 503),
    )
    def checkpoint() -> str:
        """The signed head of the log, as a note (C2SP tlog-checkpoint). For everybody."""
        published = log.latest_checkpoint()
        if published is None:
            raise NotFound(NO_CHECKPOINT)
        return published.note

    @router.get("/log/consistency", summary="That the log only grew", responses=problems(404, 422, 503))
    def consistency(
        old: Annotated[int, Query(ge=1, le=LARGEST_SIZE, description="Size of an earlier checkpoint.")],
        new: Annotated[int, Query(ge=1, le=LARGEST_SIZE, description="Size of a later checkpoint.")],
    ) -> TreeProof:
        """The hashes which show that the later checkpoint's tree begins with that of the earlier. For everybody."""
        for size in (old, new):
            log.checkpoint(size)
        return TreeProof(hashes=tuple(step.hex() for step in log.consistency(old, new)))

    @router.get("/log/key", summary="The public key", response_class=PlainTextResponse, responses=problems(503))
    def key() -> str:
        """The key by which checkpoints and copies are checked (C2SP signed-note). For everybody."""
        return f"{log.verifier_key}\n"

    return router
