"""What happens to a call while its page is open, as server-sent events: where it stands, and what somebody says."""

# No "from __future__ import annotations" here: see ``worker.web.routes.record``.

import json
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import asdict
from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Header, Query, Request, Response
from sse_starlette import EventSourceResponse, ServerSentEvent

from worker.core.errors import CallError, Unavailable
from worker.core.log.entry import Actor
from worker.record.standing import CallState
from worker.record.store import Store
from worker.web.access import Opened, Right
from worker.web.pages.news import news_of
from worker.web.pages.standing import standing_page
from worker.web.parts import Parts
from worker.web.texts import later
from worker.web.watch import Head, Watch

LASTS_S = 600.0
"""How long one stream lasts at most: its browser then asks again, and is let in again or not."""

LARGEST_NUMBER = 2**31 - 1
FULL = later("Too many pages listen at once. This one can be looked at again by itself.")


def routes(parts: Parts) -> APIRouter:
    """The stream of one call."""
    router = APIRouter()
    # A page asks by itself: left open on a telephone, it does not keep the session alive.
    Reader = Annotated[Opened, Depends(parts.access.opened(Right.READ, is_use=False))]  # noqa: N806 -- a type
    watch = Watch(lambda call_ids: _heads(parts.store, call_ids))

    @router.get("/calls/{call_id}/events")
    async def events(
        request: Request,
        opened: Reader,
        after: Annotated[int | None, Query(ge=0, le=LARGEST_NUMBER)] = None,
        last_event_id: Annotated[int | None, Header(ge=0, le=LARGEST_NUMBER)] = None,
    ) -> Response:
        if watch.is_full:
            raise Unavailable(FULL)
        told = last_event_id if last_event_id is not None else after

        def may_still() -> bool:
            try:
                parts.access.open(request, opened.call.id, Right.READ, is_use=False)
            except CallError:  # one that cannot be asked now ends the stream too: its browser asks again
                return False
            return True

        return EventSourceResponse(_stream(parts.store, watch, opened, told, may_still))

    return router


def _heads(store: Store, call_ids: frozenset[str]) -> Mapping[str, Head]:
    counts = store.log.counts(call_ids)
    return {name: Head(call.standing, counts.get(name, 0)) for name, call in store.those(call_ids).items()}


async def _stream(
    store: Store, watch: Watch, opened: Opened, told: int | None, may_still: Callable[[], bool]
) -> AsyncGenerator[ServerSentEvent, None]:
    """The events for one reader.

    ``standing`` while there is no record; ``ready``, the last one, as soon as there is; else ``entry`` for each entry
    after ``told`` that somebody else makes. Nothing more is told to whoever may not know it any longer.
    """
    is_ready = opened.call.standing.state is CallState.READY
    async with aclosing(watch.heads(opened.call.id, lasts_s=LASTS_S)) as heads:
        async for head in heads:
            if not await run_sync(may_still):
                return
            if not is_ready:
                yield _standing(head)
                if head.standing.state in (CallState.READY, CallState.FAILED):
                    return
                continue
            if told is not None and told + 1 < head.entries:
                for event in await run_sync(_news, store, opened.call.id, opened.actor, told):
                    yield event
            told = head.entries - 1


def _standing(head: Head) -> ServerSentEvent:
    if head.standing.state is CallState.READY:
        return ServerSentEvent(event="ready", data="{}")
    return ServerSentEvent(event="standing", data=json.dumps(asdict(standing_page(head.standing))))


def _news(store: Store, call_id: str, reader: Actor, told: int) -> list[ServerSentEvent]:
    events = []
    for item in store.log.items(call_id, told + 1, with_record=False):
        text = news_of(item) if item.actor != reader else None
        if text is not None:
            data = json.dumps({"number": item.number, "text": text})
            events.append(ServerSentEvent(event="entry", id=str(item.number), data=data))
    return events
