"""The work as operators see it: calls by their ids with what went wrong, and letting failed ones be tried again."""

# No "from __future__ import annotations" here: see ``worker.web.routes.record``.

from typing import Annotated
from urllib.parse import urlencode

import structlog
from fastapi import APIRouter, Depends, Form, Query, Response
from fastapi.responses import RedirectResponse

from worker.core.errors import Invalid
from worker.record.operations import Place, Which, WorkState
from worker.web.access import Visitor
from worker.web.pages.operations import CALLS, NONE, RETRY, calls_page, nothing_ticked, now_of, retry_page
from worker.web.parts import Parts
from worker.web.rendering import PRIVATE, shown

log = structlog.get_logger()

READ = ["GET", "HEAD"]
LONGEST = 255
MOST_TRIED = 10**9

Asked = Annotated[str | None, Query(max_length=LONGEST)]
Sent = Annotated[str | None, Form(max_length=LONGEST)]


def routes(parts: Parts) -> APIRouter:
    """Everything below ``/operations``, for operators alone."""
    router = APIRouter()
    Operator = Annotated[Visitor, Depends(parts.access.operator)]  # noqa: N806 -- a type

    @router.api_route(CALLS, methods=READ)
    def calls(
        visitor: Operator,
        state: WorkState = WorkState.FAILED,
        reason: Asked = None,
        stage: Asked = None,
        line: Asked = None,
        sender: Asked = None,
        after: Asked = None,
        tried: Annotated[int | None, Query(ge=0, le=MOST_TRIED)] = None,
    ) -> Response:
        which = _which(state, reason, stage, line, sender)
        place = Place.read(after) if after else None
        return shown(calls_page(parts.store, which, now=parts.now(), after=place, tried=tried), visitor)

    @router.api_route("/operations/now", methods=READ)
    def now(visitor: Operator) -> Response:
        return shown(now_of(parts.store, now=parts.now()), visitor)

    @router.api_route(RETRY, methods=READ)
    def ask(
        visitor: Operator,
        reason: Asked = None,
        stage: Asked = None,
        line: Asked = None,
        sender: Asked = None,
        call_id: Annotated[tuple[str, ...], Query()] = (),
        every: Annotated[bool, Query(alias="all")] = False,
    ) -> Response:
        which = _which(WorkState.FAILED, reason, stage, line, sender, call_id)
        if which == Which() and not every:
            return shown(nothing_ticked(), visitor)
        return shown(retry_page(parts.store, which, now=parts.now()), visitor)

    @router.post(RETRY)
    def retry(
        visitor: Operator,
        reason: Sent = None,
        stage: Sent = None,
        line: Sent = None,
        sender: Sent = None,
        call_id: Annotated[tuple[str, ...], Form()] = (),
        every: Annotated[bool, Form(alias="all")] = False,
    ) -> Response:
        which = _which(WorkState.FAILED, reason, stage, line, sender, call_id)
        if which == Which() and not every:
            raise Invalid("No call was named. Nothing was changed.")
        again = parts.store.retry_all(which)
        log.info("calls.tried_again", by=f"person {visitor.person.id}", count=len(again), reason=which.reason)
        return RedirectResponse(f"{CALLS}?{urlencode({'tried': len(again)})}", status_code=303, headers=PRIVATE)

    return router


def _which(
    state: WorkState,
    reason: str | None,
    stage: str | None,
    line: str | None,
    sender: str | None,
    call_ids: tuple[str, ...] = (),
) -> Which:
    """What an address or a form says; empty there is any, and ``NONE`` is without one."""

    def read(value: str | None) -> str | None:
        return ("" if value == NONE else value) if value else None

    return Which(state, read(reason), read(stage), read(line), read(sender), call_ids or None)
