"""One record: its page, its data, its sound, and what people say of it."""

# No "from __future__ import annotations" here: FastAPI reads the annotations of the routes, which name what stands
# inside ``routes``. Kept as text they could not be found, and what is opened would be taken for a search parameter.

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import TypeAdapter

from worker.core.dialogue.rules import check
from worker.core.dialogue.selecting import parse_target
from worker.core.dialogue.values import Act, Annotation, Item, Way
from worker.core.errors import Invalid, NotAllowed, NotFound
from worker.core.keeping.values import Receipt
from worker.core.log.entry import Actor
from worker.record.standing import CallState
from worker.web.access import Opened, Right
from worker.web.erased import opened_or_erased, receipt_for
from worker.web.looks import note_look
from worker.web.opening import (
    OpenRecord,
    before_item,
    open_record,
    owed_to,
    page_of,
    proof_facts,
    reading_of,
    with_item,
)
from worker.web.pages.changes import changed_page
from worker.web.pages.erased import erased_page
from worker.web.pages.record import RecordPage
from worker.web.pages.say import SayPage, SayPart, lost_page, place_of, problem_page, say_page
from worker.web.pages.standing import standing_page
from worker.web.parts import Parts
from worker.web.problems import status_of
from worker.web.rendering import PRIVATE, shown
from worker.web.sound import peaks_of_call, sound_response
from worker.web.texts import _
from worker.web.written import FIELDS, act_of, annotation_of

READ = ["GET", "HEAD"]

_AS_JSON = TypeAdapter(RecordPage)
_RECEIPT = TypeAdapter(Receipt)


async def what_was_written(request: Request) -> dict[str, str]:
    """The fields of the form that was sent."""
    return {name: value for name, value in (await request.form()).items() if isinstance(value, str)}


def is_for_a_piece(request: Request) -> bool:
    """Whether the page's own script asks, which puts the answer's parts in their places by itself."""
    return request.headers.get("hx-request") == "true"


def routes(parts: Parts) -> APIRouter:
    """The routes below ``/calls/{call_id}``."""
    router = APIRouter()
    Readable = Annotated[Opened, Depends(parts.access.opened(Right.READ))]  # noqa: N806 -- a type
    Takeable = Annotated[Opened, Depends(parts.access.opened(Right.TAKE))]  # noqa: N806 -- a type
    Writable = Annotated[Opened, Depends(parts.access.opened(Right.SAY))]  # noqa: N806 -- a type
    Written = Annotated[dict[str, str], Depends(what_was_written)]  # noqa: N806 -- a type

    def look(request: Request, opened: Opened, way: Way) -> None:
        if request.method == "GET":  # asking for the head shows nothing
            note_look(parts, opened, way)

    def whole_page(opened: Opened) -> RecordPage:
        call_id = opened.call.id
        return page_of(opened, open_record(parts, call_id), proof_facts(parts, call_id), owed_to(parts, opened))

    def open_for_writing(opened: Opened) -> OpenRecord:
        """The record for somebody who has its page before them; who has not looked yet looks now."""
        one = open_record(parts, opened.call.id)
        if not any(look.actor == opened.actor and look.way is Way.PAGE for look in one.dialogue.looks):
            note_look(parts, opened, Way.PAGE)
            one = open_record(parts, opened.call.id)
        return one

    # Before the page's own route, which would take ".json" for a part of the id.
    @router.api_route("/calls/{call_id}.json", methods=READ)
    def record_json(request: Request, opened: Takeable) -> Response:
        if opened.call.standing.state is not CallState.READY:
            raise NotFound("There is no record of this call yet. Its page says where it stands.")
        look(request, opened, Way.DATA)
        page = whole_page(opened)
        return Response(_AS_JSON.dump_json(page), media_type="application/json", headers=PRIVATE)

    @router.api_route("/calls/{call_id}/receipt", methods=READ)
    def receipt(request: Request, call_id: str) -> Response:
        """What was destroyed of a call and what proves it, for programs."""
        found = receipt_for(parts, request, call_id)
        if found is None:
            raise NotFound("There is no receipt here that is open to you. Look at the address again.")
        return Response(_RECEIPT.dump_json(found[1], indent=2), media_type="application/json", headers=PRIVATE)

    @router.api_route("/calls/{call_id}", methods=READ)
    def record(request: Request, call_id: str) -> Response:
        found = opened_or_erased(parts, request, call_id)
        if not isinstance(found, Opened):
            visitor, its_receipt = found
            return shown(erased_page(its_receipt, parts.store.requests.calendar.zone), visitor)
        opened = found
        if opened.call.standing.state is not CallState.READY:
            return shown(standing_page(opened.call.standing), opened.visitor)
        look(request, opened, Way.PAGE)
        page = whole_page(opened)
        return shown(page, opened.visitor)

    @router.api_route("/calls/{call_id}/sound", methods=READ)
    def sound(request: Request, opened: Readable) -> Response:
        response = sound_response(parts.sounds, opened.call.id, request)
        look(request, opened, Way.SOUND)
        return response

    @router.api_route("/calls/{call_id}/peaks.json", methods=READ)
    def peaks(opened: Readable) -> Response:
        """How loud the call is from end to end: no word of it, so it is no look."""
        body = peaks_of_call(parts.sounds, opened.call.id)
        return Response(body, media_type="application/json", headers=PRIVATE)

    @router.api_route("/calls/{call_id}/say", methods=READ)
    def say(
        request: Request, opened: Writable, target: str = "", turn: str = "", first: int = 0, last: int = 0
    ) -> Response:
        """What can be said of one part of the record: chosen by its key, or as words of a turn, both ends included."""
        one = open_for_writing(opened)
        chosen = parse_target(f"words:{turn}:{first}-{last + 1}" if turn else target, one.record)
        page = say_page(chosen, reading_of(opened, one), call_id=opened.call.id)
        return shown(SayPart(page) if is_for_a_piece(request) else page, opened.visitor)

    @router.post("/calls/{call_id}/annotations")
    def annotate(request: Request, opened: Writable, form: Written) -> Response:
        """Puts what was written into the record, or shows it again with what is wrong about it."""
        one = open_for_writing(opened)
        try:
            annotation = annotation_of(form, one.record)
            item = _sent_before(annotation, opened.actor, one)
            if item is None:
                check(annotation, opened.actor, one.record, one.dialogue)
        except (Invalid, NotAllowed) as error:
            page = _problem(opened, one, form, error)
            return shown(SayPart(page) if is_for_a_piece(request) else page, opened.visitor, status=status_of(error))
        if item is None:
            item = parts.store.log.append(opened.call.id, opened.actor, annotation, by=opened.name)
        else:
            one = before_item(parts, one, item)
        place = _place_of(annotation, item)
        if not is_for_a_piece(request):
            return RedirectResponse(f"/calls/{opened.call.id}#{place}", status_code=303, headers=PRIVATE)
        proof = proof_facts(parts, opened.call.id)
        before, after = page_of(opened, one, proof), page_of(opened, with_item(parts, one, item), proof)
        message = _("It is in the record now, and both sides can read it.")
        changed = changed_page(before, after, place=place, message=message)
        return shown(changed, opened.visitor)

    return router


def _sent_before(annotation: Annotation, actor: Actor, one: OpenRecord) -> Item | None:
    """The entry that says this, word for word, where it is the last thing that was said: a button that was pressed
    twice, or a form sent again because its answer was lost, says nothing new."""
    last = next((item for item in reversed(one.items) if isinstance(item.content, Annotation)), None)
    return last if last and last.actor == actor and last.content == annotation else None


def _place_of(annotation: Annotation, item: Item) -> str:
    """Where an annotation is read on the page: a withdrawal at what was withdrawn, everything else by itself."""
    is_withdrawal = annotation.act is Act.WITHDRAW
    return place_of(annotation.target) if is_withdrawal else f"entry-{item.number}"


def _problem(opened: Opened, one: OpenRecord, form: dict[str, str], error: Invalid | NotAllowed) -> SayPage:
    given = {name: form[name] for name in FIELDS if name in form}
    call_id, problem = opened.call.id, _(error.message)
    try:
        act, target = act_of(form), parse_target(form.get("target", ""), one.record)
    except Invalid:
        return lost_page(call_id=call_id, given=given, problem=problem)
    return problem_page(act, target, reading_of(opened, one), call_id=call_id, given=given, problem=problem)
