"""The API's calls: mine, where one stands, its record."""

# No "from __future__ import annotations" here: FastAPI reads the annotations of the routes, which name what stands
# inside the function.

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from pydantic import TypeAdapter

from worker.core.dialogue.values import Way
from worker.core.errors import Invalid
from worker.core.log.entry import Role
from worker.core.record import CallRecord
from worker.exchange.result_json import record_to_json
from worker.record.people import OnCall
from worker.record.standing import StoredCall
from worker.web.access import RIGHTS, Opened, Right, Visitor
from worker.web.api.errors import problems
from worker.web.api.values import CallLine, CallList, CallStanding, CallView, Me
from worker.web.looks import note_look
from worker.web.opening import open_record, owed_to, page_of, proof_facts
from worker.web.pages.record import RecordPage
from worker.web.parts import Parts
from worker.web.rendering import PRIVATE

MOST_AT_ONCE = 100
ONCE = 50

_PAGE = TypeAdapter(RecordPage)


def routes(parts: Parts) -> APIRouter:
    """What can be asked about calls."""
    router = APIRouter(tags=["calls"])
    SignedIn = Annotated[Visitor, Depends(parts.access.visitor)]  # noqa: N806 -- a type
    Reader = Annotated[Opened, Depends(parts.access.opened(Right.READ))]  # noqa: N806 -- a type
    Taker = Annotated[Opened, Depends(parts.access.opened(Right.TAKE))]  # noqa: N806 -- a type

    @router.get("/me", summary="Who is signed in", responses=problems(401, 503))
    def me(visitor: SignedIn) -> Me:
        """Who you are here, and the token that a request carries which changes something."""
        person = visitor.person
        return Me(id=person.id, name=person.name, kind=person.kind, csrf=visitor.csrf)

    @router.get("/calls", summary="My calls", responses=problems(401, 422, 503))
    def mine(
        visitor: SignedIn,
        limit: Annotated[int, Query(ge=1, le=MOST_AT_ONCE, description="How many at most.")] = ONCE,
        after: Annotated[str | None, Query(max_length=64, description="The value of `next` from before.")] = None,
    ) -> CallList:
        """The calls on which you are somebody, the one received last first."""
        on_calls = _once_each(parts, visitor)
        ids = list(on_calls)
        if after is not None and after not in on_calls:
            raise Invalid("`after` is the value of `next` in the answer before. Ask again without it.")
        begin = 0 if after is None else ids.index(after) + 1
        chosen = ids[begin : begin + limit]
        stored = parts.store.those(chosen)
        return CallList(
            calls=tuple(_line(stored[one], on_calls[one].role) for one in chosen),
            next=chosen[-1] if begin + limit < len(ids) else None,
        )

    @router.get("/calls/{call_id}", summary="One call", responses=problems(401, 403, 404, 503))
    def one(opened: Reader) -> CallView:
        """Where a call stands, and what you may do with its record."""
        line = _line(opened.call, opened.role)
        return CallView(**dict(line), rights=tuple(sorted(opened.rights)))

    @router.get(
        "/calls/{call_id}/record",
        summary="The record",
        response_class=Response,
        responses={200: {"model": CallRecord}, **problems(401, 403, 404, 503)},
    )
    def record(opened: Taker) -> Response:
        """Everything that the machine holds to be said in the call, as the stages gave it."""
        found = parts.store.record(opened.call.id)
        note_look(parts, opened, Way.DATA)
        return Response(record_to_json(found), media_type="application/json", headers=PRIVATE)

    @router.get(
        "/calls/{call_id}/page",
        summary="The record as its page shows it",
        response_class=Response,
        responses={200: {"model": RecordPage}, **problems(401, 403, 404, 503)},
    )
    def page(opened: Taker) -> Response:
        """What the page says, in its words and in the language that you accept: with what both sides said."""
        opened_record = open_record(parts, opened.call.id)
        note_look(parts, opened, Way.DATA)
        shown = page_of(opened, opened_record, proof_facts(parts, opened.call.id), owed_to(parts, opened))
        return Response(_PAGE.dump_json(shown), media_type="application/json", headers=PRIVATE)

    return router


def _once_each(parts: Parts, visitor: Visitor) -> dict[str, OnCall]:
    """The calls of a visitor in their order, each with the role that may do most."""
    found: dict[str, OnCall] = {}
    for one in parts.store.people.calls_of(visitor.person.id, now=parts.now(), only_call=visitor.only_call):
        if one.role is Role.NEXT_AGENT and not _is_let_in(parts, one.call_id):
            continue
        before = found.get(one.call_id)
        if before is None or len(RIGHTS[one.role]) > len(RIGHTS[before.role]):
            found[one.call_id] = one
    return found


def _is_let_in(parts: Parts, call_id: str) -> bool:
    """Whether a record is open to the agent of the next call: not once all is settled, nor while it is not used."""
    return parts.store.matters.is_open(call_id) and parts.store.requests.restriction(call_id) is None


def _line(call: StoredCall, role: Role) -> CallLine:
    standing = call.standing
    return CallLine(
        id=call.id,
        role=role,
        agent=call.details.agent,
        customer=call.details.customer,
        started_at=call.details.started_at,
        received_at=call.received_at,
        standing=CallStanding(state=standing.state, stage=standing.stage, progress=standing.progress),
    )
