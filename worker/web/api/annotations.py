"""The API's entries and annotations: what the log holds of a call, what was said about it, and saying something."""

# No "from __future__ import annotations" here: FastAPI reads the annotations of the routes, which name what stands
# inside the function.

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request, Response, status

from worker.core.dialogue.rules import check
from worker.core.dialogue.selecting import words_target
from worker.core.dialogue.state import Said
from worker.core.dialogue.values import (
    Annotation,
    Correction,
    NewSentence,
    NewSpeaker,
    NewWords,
    OnEntry,
    OnPromise,
    OnStatement,
    Target,
    Way,
    WholeCall,
)
from worker.core.log.entry import EntryKind
from worker.core.record import CallRecord
from worker.exchange.web_annotation import MEDIA_TYPE
from worker.record.log import Held
from worker.record.log.contents import decode_content
from worker.web.access import CSRF_HEADER, Opened, Right
from worker.web.api.errors import problems
from worker.web.api.values import (
    LARGEST_NUMBER,
    EntryList,
    EntryView,
    MadeSays,
    NewAnnotation,
    OtherSpeaker,
    OtherWords,
    SaidList,
    SaidView,
    Says,
    ToCall,
    ToPromise,
    ToStatement,
    ToWords,
)
from worker.web.looks import note_look
from worker.web.opening import open_record
from worker.web.parts import Parts
from worker.web.rendering import PRIVATE
from worker.web.typed import without_cards
from worker.web.web_annotations import web_annotations

AS_JSON_LD = "application/ld+json"
MOST_AT_ONCE = 200
ONCE = 100


def routes(parts: Parts) -> APIRouter:
    """What can be asked about entries and annotations, and how one is added."""
    router = APIRouter()
    Reader = Annotated[Opened, Depends(parts.access.opened(Right.TAKE))]  # noqa: N806 -- a type
    Writer = Annotated[Opened, Depends(parts.access.opened(Right.SAY))]  # noqa: N806 -- a type
    store = parts.store

    @router.get(
        "/calls/{call_id}/entries", tags=["log"], summary="Entries", responses=problems(401, 403, 404, 422, 503)
    )
    def entries(
        opened: Reader,
        since: Annotated[int, Query(ge=0, le=LARGEST_NUMBER, description="Number of the first.")] = 0,
        limit: Annotated[int, Query(ge=1, le=MOST_AT_ONCE, description="How many at most.")] = ONCE,
    ) -> EntryList:
        """The log of a call, entry by entry, with the hashes that bind each to its content and to the one before."""
        held = store.log.held(opened.call.id, since, since + limit)
        note_look(parts, opened, Way.DATA)
        return EntryList(
            entries=tuple(_entry(one, opened) for one in held), next=since + limit if len(held) == limit else None
        )

    @router.get(
        "/calls/{call_id}/annotations",
        tags=["dialogue"],
        summary="What was said about the record",
        response_model=SaidList,
        responses={
            200: {
                "description": "As our own values, or as a collection of Web Annotations for whoever asks for that.",
                "content": {AS_JSON_LD: {"schema": {"type": "object", "required": ["@context", "type", "total"]}}},
            },
            **problems(401, 403, 404, 503),
        },
    )
    def annotations(
        opened: Reader, accept: Annotated[str, Header(include_in_schema=False)] = ""
    ) -> Response | SaidList:
        """Every annotation as it stands now, in the order of the entries; with what was withdrawn, which stays."""
        one = open_record(parts, opened.call.id)
        note_look(parts, opened, Way.DATA)
        if AS_JSON_LD in accept:
            body = web_annotations(parts.base_url, opened.call.id, one)
            return Response(body, media_type=MEDIA_TYPE, headers={**PRIVATE, "Vary": "Accept"})
        said = sorted((*one.dialogue.said, *one.dialogue.decisions), key=lambda said: said.number)
        return SaidList(annotations=tuple(_said(one) for one in said))

    @router.post(
        "/calls/{call_id}/annotations",
        tags=["dialogue"],
        summary="Say something about the record",
        status_code=status.HTTP_201_CREATED,
        responses=problems(401, 403, 404, 413, 422, 503),
    )
    def annotate(
        request: Request,
        response: Response,
        opened: Writer,
        new: NewAnnotation,
        _csrf: Annotated[str, Header(alias=CSRF_HEADER, description="The value that `GET /me` gives.")],
    ) -> EntryView:
        """Adds an entry. Nobody can take it away again, you included: withdrawing it is another entry."""
        one = open_record(parts, opened.call.id)
        annotation = _annotation(new, one.record)
        check(annotation, opened.actor, one.record, one.dialogue)
        item = store.log.append(opened.call.id, opened.actor, annotation, by=opened.name)
        (held,) = store.log.held(opened.call.id, item.number, item.number + 1)
        response.headers["Location"] = (
            f"{request.scope['root_path']}/calls/{opened.call.id}/entries?since={item.number}"
        )
        return _entry(held, opened)

    return router


def _entry(held: Held, reader: Opened) -> EntryView:
    """The entry as this reader may see it: who looked, and as what, is for those alone whose record it is."""
    entry = held.entry
    is_shown = entry.kind is not EntryKind.LOOKED or Right.SEE_LOOKS in reader.rights
    by, content = decode_content(held.body, entry.kind) if held.body is not None and is_shown else (None, None)
    says: Says | None
    if isinstance(content, CallRecord):
        summary = content.summary
        says = MadeSays(
            schema_version=content.schema_version,
            turns=len(content.turns),
            statements=len(summary.statements),
            promises=len(summary.commitments),
        )
    else:
        says = content
    return EntryView(
        number=entry.number,
        kind=entry.kind,
        role=entry.actor.role if is_shown else None,
        person=entry.actor.person or None if is_shown else None,
        by=by,
        at=entry.at,
        content_hash=entry.content_hash.hex(),
        before=entry.before.hex(),
        hash=entry.hash.hex(),
        says=says,
    )


def _said(said: Said) -> SaidView:
    return SaidView(
        number=said.number,
        role=said.actor.role,
        by=said.by,
        at=said.at,
        state=said.state,
        annotation=said.annotation,
        replies=said.replies,
    )


def _annotation(new: NewAnnotation, record: CallRecord) -> Annotation:
    """What was sent as a value of ours. Raises Invalid for what makes no sense, such as words that are not there."""
    return without_cards(Annotation(new.act, _target(new, record), new.text, _correction(new), new.day))


def _target(new: NewAnnotation, record: CallRecord) -> Target:
    match new.target:
        case ToCall():
            return WholeCall()
        case ToStatement(id=name):
            return OnStatement(name)
        case ToPromise(id=name):
            return OnPromise(name)
        case ToWords(turn=turn, first=first, end=end):
            return words_target(record, turn, first, end)
    return OnEntry(new.target.number)


def _correction(new: NewAnnotation) -> Correction | None:
    match new.correction:
        case None:
            return None
        case OtherWords(text=text):
            return NewWords(text)
        case OtherSpeaker(party=party):
            return NewSpeaker(party)
    return NewSentence(new.correction.text)
