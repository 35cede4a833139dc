"""The API's view of the work for those who run the service: what waits and failed, why, and trying it again.

Nothing of what a call says and nobody's name. A key with the scope ``operate`` opens it, and an operator's session.
"""

# No "from __future__ import annotations" here: FastAPI reads the annotations of the routes, which name what stands
# inside the function.

from datetime import datetime
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Query
from pydantic import ConfigDict, Field

from worker.core.errors import Invalid
from worker.record.operations import MOST_NAMED, CallAtWork, Place, Which, WorkState
from worker.record.senders import Scope
from worker.watching.standing import at_each_stage
from worker.web.access import Caller
from worker.web.api.errors import BY_KEY, problems_of_programs
from worker.web.api.values import CallId, Given, Taken
from worker.web.parts import Parts

log = structlog.get_logger()

MOST_AT_ONCE = 500
ONCE = 100
LONGEST = 255

Word = Annotated[str, Field(max_length=LONGEST)]
Asked = Annotated[
    str | None, Query(max_length=LONGEST, description="Only those with this one; empty for those that have none.")
]


class StageStanding(Given):
    """What is at one stage."""

    stage: str
    waiting: Annotated[int, Field(description="Calls that wait for a worker.")]
    put_off: Annotated[int, Field(description="Calls that wait for their time to be tried again.")]
    running: int
    failed: Annotated[dict[str, int], Field(description="Calls that failed, by reason.")]
    oldest_waiting_since: Annotated[datetime | None, Field(description="Since when the oldest of them waits.")]


class WorkStanding(Given):
    """What is at each stage, in the order of a call's way."""

    stages: tuple[StageStanding, ...]


class WorkLine(Given):
    """One call at work, without its content and its people."""

    id: CallId
    external_id: Annotated[str | None, Field(description="The id that its sender gave to the call.")]
    line: str | None
    sender: Annotated[str, Field(description="Who handed it over; empty for the installation itself.")]
    received_at: datetime
    state: WorkState
    stage: str
    attempts: Annotated[int, Field(description="How often this stage was tried.")]
    takeovers: Annotated[int, Field(description="How often it was taken from a worker that fell silent.")]
    since: Annotated[datetime, Field(description="Since when it stands so.")]
    reason: Annotated[str | None, Field(description="The name of the last error, by which calls are tried again.")]
    message: Annotated[str | None, Field(description="The same in a sentence, with what to do.")]
    last_line: Annotated[str | None, Field(description="The last line of a worker's log about it.")]
    next_try_at: Annotated[datetime | None, Field(description="When it is tried again by itself.")]


class WorkList(Given):
    """Calls at work, the one that came to stand so last first. `next` goes on from here: see `after`."""

    calls: tuple[WorkLine, ...]
    total: int
    next: str | None


class Retry(Taken):
    """Which failed calls are tried again: by their ids, or all of which something holds, or simply all."""

    model_config = ConfigDict(strict=True)

    call_ids: Annotated[list[Word] | None, Field(min_length=1, max_length=MOST_NAMED)] = None
    reason: Word | None = None
    stage: Word | None = None
    line: Word | None = None
    sender: Word | None = None
    all: Annotated[bool, Field(description="Every call that failed; stands alone.")] = False


class Retried(Given):
    """How many calls are tried again, from the stages at which they failed."""

    count: int
    stages: dict[str, int]


def routes(parts: Parts) -> APIRouter:
    """What can be asked about the work, and done about it."""
    router = APIRouter(tags=["operations"])
    Operator = Annotated[Caller, Depends(parts.access.calling(Scope.OPERATE))]  # noqa: N806 -- a type

    @router.get(
        "/operations",
        summary="What is at which stage",
        responses=problems_of_programs(401, 403, 503),
        openapi_extra=BY_KEY,
    )
    def standing(_operator: Operator) -> WorkStanding:
        """How many calls wait, run and have failed, stage by stage."""
        return WorkStanding(
            stages=tuple(
                StageStanding(
                    stage=stage,
                    waiting=one.waiting,
                    put_off=one.put_off,
                    running=one.running,
                    failed=dict(one.failed),
                    oldest_waiting_since=one.oldest_waiting_since,
                )
                for stage, one in at_each_stage(parts.store, now=parts.now()).items()
            )
        )

    @router.get(
        "/operations/calls",
        summary="Calls at work",
        responses=problems_of_programs(401, 403, 422, 503),
        openapi_extra=BY_KEY,
    )
    def calls(
        _operator: Operator,
        state: Annotated[WorkState, Query(description="How they stand.")] = WorkState.FAILED,
        reason: Asked = None,
        stage: Asked = None,
        line: Asked = None,
        sender: Asked = None,
        limit: Annotated[int, Query(ge=1, le=MOST_AT_ONCE, description="How many at most.")] = ONCE,
        after: Annotated[str | None, Query(max_length=64, description="The value of `next` from before.")] = None,
    ) -> WorkList:
        """The calls that stand so, with what went wrong; those that failed, if nothing else is asked for."""
        operations, now = parts.store.operations, parts.now()
        which = Which(state, reason, stage, line, sender)
        place = Place.read(after) if after is not None else None
        found = operations.calls(which, now=now, limit=limit + 1, after=place)
        shown = found[:limit]
        return WorkList(
            calls=tuple(_line(one) for one in shown),
            total=operations.count(which, now=now),
            next=str(shown[-1].place) if len(found) > limit else None,
        )

    @router.post(
        "/operations/retry",
        summary="Try failed calls again",
        responses=problems_of_programs(401, 403, 413, 422, 503),
        openapi_extra=BY_KEY,
    )
    def retry(operator: Operator, body: Retry) -> Retried:
        """Each goes on at the stage where it failed, with its tries counted from the start. What did not fail stays."""
        which = _which(body)
        again = parts.store.retry_all(which)
        log.info("calls.tried_again", by=operator.by, count=len(again), reason=which.reason)
        stages: dict[str, int] = {}
        for one in again:
            stages[one.stage] = stages.get(one.stage, 0) + 1
        return Retried(count=len(again), stages=stages)

    return router


def _which(body: Retry) -> Which:
    named = tuple(body.call_ids) if body.call_ids is not None else None
    which = Which(WorkState.FAILED, body.reason, body.stage, body.line, body.sender, named)
    if body.all == (which != Which()):
        raise Invalid(
            "Say which calls are tried again: `call_ids`, what they have in common (`reason`, `stage`, `line`, "
            "`sender`), or `all` alone. Nothing was changed."
        )
    return which


def _line(one: CallAtWork) -> WorkLine:
    return WorkLine(
        id=one.id,
        external_id=one.external_id,
        line=one.line,
        sender=one.sender,
        received_at=one.received_at,
        state=one.state,
        stage=one.stage,
        attempts=one.attempts,
        takeovers=one.takeovers,
        since=one.since,
        reason=one.reason,
        message=one.message,
        last_line=one.last_line,
        next_try_at=one.next_try_at,
    )
