"""The API for the company's own systems about requests: what is due when, what each waits for, and entering letters.

Nothing of what anybody wrote, no name and no address. A key with the scope ``requests`` opens it. To decide is for
people, at the pages of the desk and with ``onrecord requests``.
"""

# No "from __future__ import annotations" here: FastAPI reads the annotations of the routes, which name what stands
# inside the function.

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, ConfigDict, Field

from worker.core.log.entry import SYSTEM
from worker.core.people import LONGEST_ADDRESS
from worker.core.requests.values import (
    LONGEST_LINE,
    LONGEST_TEXT,
    Asked,
    Block,
    By,
    CameBy,
    Ground,
    RequestKind,
    RequestState,
)
from worker.record.requests.values import Request as AskedFor
from worker.record.senders import Scope
from worker.web.access import Caller
from worker.web.api.errors import BY_KEY, problems_of_programs
from worker.web.api.values import LONGEST_ID, CallId, Given, Taken
from worker.web.parts import Parts
from worker.web.texts import LANGUAGES
from worker.web.typed import text_without_cards

MOST_PAGES = 100_000


class RequestStanding(Given):
    """One request: when it is due, and what it waits for."""

    id: str
    kind: RequestKind
    came_by: CameBy
    state: RequestState
    calls: tuple[CallId, ...]
    received_at: datetime
    due: Annotated[
        date | None, Field(description="The last day for the answer; null while proof of identity is awaited.")
    ]
    is_late: bool
    waits_for: tuple[Block, ...]
    ground: Annotated[Ground | None, Field(description="On which ground it was refused.")]
    ended_at: datetime | None


class RequestList(Given):
    """One page of requests: the open ones by due day, or those that have ended, the last first."""

    requests: tuple[RequestStanding, ...]
    total: int


class NewRequest(Taken):
    """A request that came by letter or telephone. What is asked again while it is open is the request that there is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: RequestKind
    came_by: Literal["letter", "telephone"]
    address: Annotated[
        str | None, Field(max_length=LONGEST_ADDRESS, description="Where the answer goes: e-mail or telephone.")
    ] = None
    name: Annotated[str | None, Field(max_length=LONGEST_LINE)] = None
    call_id: Annotated[str | None, Field(max_length=LONGEST_ID, description="The one call; null: all of theirs.")] = (
        None
    )
    text: Annotated[
        str | None, Field(max_length=LONGEST_TEXT, description="What they wrote; of a correction, the statement.")
    ] = None
    about_when: Annotated[str | None, Field(max_length=LONGEST_LINE)] = None
    received_at: Annotated[AwareDatetime | None, Field(description="When it came, if that was before now.")] = None
    language: Annotated[str, Field(pattern=f"^({'|'.join(LANGUAGES)})$")] = LANGUAGES[0]


def routes(parts: Parts) -> APIRouter:
    """What can be asked about requests, and entering one."""
    router = APIRouter(tags=["requests"])
    System = Annotated[Caller, Depends(parts.access.calling(Scope.REQUESTS))]  # noqa: N806 -- a type
    errors = problems_of_programs(401, 403, 404, 422, 503)

    @router.get(
        "/requests",
        summary="Requests by due day",
        responses=problems_of_programs(401, 403, 422, 503),
        openapi_extra=BY_KEY,
    )
    def requests(
        _system: System, ended: bool = False, page: Annotated[int, Query(ge=1, le=MOST_PAGES)] = 1
    ) -> RequestList:
        """The open requests by the day on which they are due, fifty a page; or those that have ended."""
        now = parts.now()
        found = parts.store.requests.desk(now=now, is_open=not ended, page=page)
        return RequestList(requests=tuple(_standing(one, now) for one in found.items), total=found.total)

    @router.get("/requests/{request_id}", summary="One request", responses=errors, openapi_extra=BY_KEY)
    def request(_system: System, request_id: str) -> RequestStanding:
        """When it is due, and what it waits for."""
        now = parts.now()
        return _standing(parts.store.requests.get(request_id, now=now), now)

    @router.post(
        "/requests",
        summary="Enter a letter or a telephone call",
        status_code=201,
        responses=errors,
        openapi_extra=BY_KEY,
    )
    def enter(_system: System, new: NewRequest) -> RequestStanding:
        """Enters what a customer asked for by letter or telephone; the desk does the rest."""
        now = parts.now()
        asked = Asked(
            new.kind,
            CameBy(new.came_by),
            address=new.address,
            name=new.name,
            call_id=new.call_id,
            about_when=text_without_cards(new.about_when),
            text=text_without_cards(new.text),
            received_at=new.received_at,
            language=new.language,
        )
        return _standing(parts.store.requests.ask(asked, by=By(SYSTEM), now=now), now)

    return router


def _standing(one: AskedFor, now: datetime) -> RequestStanding:
    return RequestStanding(
        id=one.id,
        kind=one.kind,
        came_by=one.came_by,
        state=one.state,
        calls=one.calls,
        received_at=one.received_at,
        due=None if one.due.is_paused else one.due.day,
        is_late=one.is_open and one.due.is_late(now),
        waits_for=one.blocks,
        ground=one.ground,
        ended_at=one.ended_at,
    )
