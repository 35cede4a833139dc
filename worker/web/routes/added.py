"""What happened off the phone: adding it to a record, and opening what was added."""

# No "from __future__ import annotations" here: see ``worker.web.routes.record``.

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile

from worker.core.dialogue.values import Act, Added, Annotation, Item, KeptFile, OnEntry, Way
from worker.core.errors import Invalid, NotFound
from worker.core.log.entry import EntryKind
from worker.intake.attach import FileKind, Taken, recognise
from worker.intake.own_recording import accept_own_recording
from worker.record.standing import CallState, StoredCall
from worker.web.access import Opened, Right
from worker.web.looks import note_look
from worker.web.pages.added import IMAGES_SHOWN
from worker.web.pages.annotations import zone_of
from worker.web.pages.comparison import comparison_page
from worker.web.pages.letter import LETTER_BYTES, LETTERS, letter_page
from worker.web.pages.people import Reader, who_of
from worker.web.pages.words import instant_in_words
from worker.web.parts import Parts
from worker.web.rendering import PRIVATE, shown
from worker.web.sound import sound_response
from worker.web.typed import without_cards
from worker.web.uploads import too_large

READ = ["GET", "HEAD"]
ALONE = "sandbox; default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'"
"""A file that somebody brought runs nothing and reaches nothing, should a browser take it for a page after all."""

FIRST_YEAR = 1900
LARGEST_NUMBER = 2**31 - 1  # of an entry, as the database holds it


@dataclass(frozen=True)
class AddedThere:
    """One thing that was added to a record, where it still can be read."""

    item: Item
    added: Added
    recording: StoredCall | None


def routes(parts: Parts) -> APIRouter:
    """Adding, and what lies below ``/calls/{call_id}/files`` and ``/calls/{call_id}/compared``."""
    router = APIRouter()
    Readable = Annotated[Opened, Depends(parts.access.opened(Right.READ))]  # noqa: N806 -- a type
    Writable = Annotated[Opened, Depends(parts.access.opened(Right.SAY))]  # noqa: N806 -- a type

    @router.post("/calls/{call_id}/added")
    async def add(request: Request, opened: Writable) -> Response:
        form = await request.form()
        try:
            number = await run_in_threadpool(add_to_record, parts, opened, form)
        finally:
            await form.close()
        return RedirectResponse(f"/calls/{opened.call.id}#entry-{number}", status_code=303, headers=PRIVATE)

    @router.api_route("/calls/{call_id}/files/{number}", methods=READ)
    def file(request: Request, opened: Readable, number: int) -> Response:
        there = find(parts, opened, number)
        if there.recording is not None:
            response = sound_response(parts.sounds, there.recording.id, request)
            _note_hearing(parts, opened, there.recording, request)
            return response
        kept = _file_of(there)
        blocks = begun(parts.files.read(opened.call.id, kept)) if request.method == "GET" else iter(())
        _look(parts, opened, request, Way.FILE)
        return StreamingResponse(blocks, media_type=kept.media_type, headers=file_headers(kept))

    @router.api_route("/calls/{call_id}/files/{number}/read", methods=READ)
    def letter(request: Request, opened: Readable, number: int) -> Response:
        kept = _file_of(find(parts, opened, number))
        if kept.media_type not in LETTERS:
            raise NotFound("This file is not shown as a page. Open it itself.")
        content = beginning(parts.files.read(opened.call.id, kept), LETTER_BYTES)
        _look(parts, opened, request, Way.FILE)
        return shown(letter_page(kept, content, call_id=opened.call.id, number=number), opened.visitor)

    @router.api_route("/calls/{call_id}/compared/{number}", methods=READ)
    def compared(request: Request, opened: Readable, number: int) -> Response:
        there = find(parts, opened, number)
        if there.recording is None or there.recording.standing.state is not CallState.READY:
            raise NotFound("There is nothing to compare here yet. The record says where the recording stands.")
        ours, theirs = parts.store.record(opened.call.id), parts.store.record(there.recording.id)
        _look(parts, opened, request, Way.PAGE)
        when = instant_in_words(there.item.at.astimezone(zone_of(ours)))
        who = who_of(there.item.actor, there.item.by, Reader(opened.actor))
        page = comparison_page(ours, theirs, call_id=opened.call.id, number=number, added_by=who, when=when)
        return shown(page, opened.visitor)

    return router


# Adding


def add_to_record(parts: Parts, opened: Opened, form: FormData) -> int:
    """Takes what was sent into the record; the number of its entry.

    The same again, as when a button is pressed twice, is the entry that is there. Raises Invalid for what is not taken,
    and 413 for what is too large.
    """
    text, day, upload = _text(form), _day(form, parts), _upload(form)
    content = without_cards(Added(text, day) if upload is None else _with_file(parts, opened, upload, text, day))
    same = _same(parts.store.log.items(opened.call.id, with_record=False), opened, content)
    if same is None:
        same = parts.store.log.append(opened.call.id, opened.actor, content, by=opened.name)
    return same.number


def _with_file(parts: Parts, opened: Opened, upload: UploadFile, text: str | None, day: date | None) -> Added:
    file = upload.file
    taken = recognise(file, upload.filename or "")
    is_recording = taken.kind is FileKind.RECORDING
    largest = parts.largest_recording if is_recording else parts.largest_file
    if (upload.size or 0) > largest:
        raise too_large(largest)
    if not is_recording:
        kept = parts.files.keep(opened.call.id, file)
        return Added(text, day, _kept_file(taken, kept.sha256, kept.size_bytes))
    accepted = accept_own_recording(file, taken.name, opened.call, intake=parts.intake)
    own = parts.store.call(accepted.call_id)
    return Added(
        text, day, _kept_file(taken, own.sound_id, sum(leg.size_bytes or 0 for leg in own.legs)), recording_call=own.id
    )


def _kept_file(taken: Taken, sha256: str, size_bytes: int) -> KeptFile:
    return KeptFile(sha256, taken.name, taken.media_type, size_bytes)


def _text(form: FormData) -> str | None:
    """Browsers send CRLF for each new line."""
    text = form.get("text")
    return text.replace("\r\n", "\n").strip() or None if isinstance(text, str) else None


def _day(form: FormData, parts: Parts) -> date | None:
    given = form.get("happened_on")
    if not isinstance(given, str) or not given.strip():
        return None
    try:
        day = date.fromisoformat(given.strip())
    except ValueError as error:
        raise Invalid("This is no day. Give it as in 2026-03-13, or leave it empty.") from error
    # Somewhere it is tomorrow already.
    if not day.year >= FIRST_YEAR or day > parts.now().date() + timedelta(days=1):
        raise Invalid("What happened, happened by today. Give another day, or leave it empty.")
    return day


def _upload(form: FormData) -> UploadFile | None:
    """The file that was chosen. Browsers send an empty one without a name where none was."""
    files = [one for _name, one in form.multi_items() if isinstance(one, UploadFile)]
    chosen = [one for one in files if one.filename or one.size]
    if len(chosen) > 1:
        raise Invalid("Add one file at a time, so that each can be spoken of by itself. Nothing was changed.")
    return chosen[0] if chosen else None


def _same(items: tuple[Item, ...], opened: Opened, content: Added) -> Item | None:
    """What this person added before in the same words, unless they withdrew it."""
    withdrawn = {
        item.content.target.number
        for item in items
        if isinstance(item.content, Annotation)
        and item.content.act is Act.WITHDRAW
        and isinstance(item.content.target, OnEntry)
        and item.actor.person == opened.actor.person
    }
    mine = (item for item in items if item.actor == opened.actor and item.number not in withdrawn)
    return next((item for item in mine if item.content == content), None)


# Opening


def find(parts: Parts, opened: Opened, number: int) -> AddedThere:
    """What was added with this entry of the call. Raises NotFound where nothing was, or where it was erased."""
    is_one = 0 <= number <= LARGEST_NUMBER
    items = parts.store.log.items(opened.call.id, number, with_record=False) if is_one else ()
    item = items[0] if items else None
    if item is None or item.number != number or item.kind is not EntryKind.ADDED:
        raise NotFound("Nothing was added to this record here. Open the record again, and choose it there.")
    if not isinstance(item.content, Added):
        raise NotFound("This was erased. The record still shows that something stood here.")
    recording = parts.store.call(item.content.recording_call) if item.content.recording_call else None
    if recording is not None and recording.own_recording_of != opened.call.id:
        raise NotFound("Nothing was added to this record here. Open the record again, and choose it there.")
    return AddedThere(item, item.content, recording)


def _file_of(there: AddedThere) -> KeptFile:
    if there.added.file is None or there.recording is not None:
        raise NotFound("There is no file here. Open the record again, and choose it there.")
    return there.added.file


def begun(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The same blocks, the first of them read already: what is wrong with it is an error, and no broken answer."""
    return chain((next(blocks),), blocks)


def beginning(blocks: Iterator[bytes], length: int) -> bytes:
    """The first so many bytes, or all where there are fewer."""
    held = bytearray()
    for block in blocks:
        held += block
        if len(held) >= length:
            break
    return bytes(held[:length])


def file_headers(file: KeptFile) -> dict[str, str]:
    """How a file is given out: saved under its name or, an image, shown; in no cache, and with no rights of a page."""
    how = "inline" if file.media_type in IMAGES_SHOWN else "attachment"
    # RFC 6266: the name in ASCII for old programs, and as it is (RFC 8187) for all others.
    plain = "".join(sign if sign.isascii() and sign not in '"\\%' else "_" for sign in file.name)
    return PRIVATE | {
        "Content-Disposition": f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(file.name, safe='')}",
        "Content-Length": str(file.size_bytes),
        "Content-Security-Policy": ALONE,
        "X-Content-Type-Options": "nosniff",
    }


def _look(parts: Parts, opened: Opened, request: Request, way: Way) -> None:
    if request.method == "GET":  # asking for the head shows nothing
        note_look(parts, opened, way)


def _note_hearing(parts: Parts, opened: Opened, recording: StoredCall, request: Request) -> None:
    """A player asks for a sound in many parts: they are one look."""
    session = opened.visitor.session
    if request.method == "GET" and parts.looks.is_new(session, recording.id, parts.now()):
        try:
            note_look(parts, opened, Way.FILE)
        except BaseException:
            parts.looks.forget(session, recording.id)
            raise
