"""The API's way in: telephony systems hand recordings over, and ask where their calls stand."""

# No "from __future__ import annotations" here: FastAPI reads the annotations of the routes, which name what stands
# inside the function.

import hashlib
import json
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Header, Path, Request, Response, status
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from worker.core.arrival import Announced, Handover, name_at
from worker.core.call import CallDetails
from worker.core.errors import Invalid, NotFound
from worker.intake.attach import FileKind, clean_name
from worker.intake.fields import CallFields
from worker.intake.limits import Busy
from worker.record.said_before import Said
from worker.record.senders import Scope
from worker.record.standing import Accepted, StoredCall
from worker.record.tables.base import CALL_ID_LENGTH
from worker.web.access import Caller
from worker.web.api.errors import BY_KEY, problems_of_programs
from worker.web.api.forms import DETAILS, RECORDING, read_form
from worker.web.api.new_calls import AnnouncedCall, Arrival, ArrivalStanding, Outcome, UploadedCall
from worker.web.api.uploads import name_in
from worker.web.media_types import media_type
from worker.web.parts import Parts
from worker.web.uploads import hear_out

T = TypeVar("T", bound=BaseModel)

LONGEST_KEY = 255
IN_HAND_S = 2
NO_SUCH_CALL = "There is no call of yours under this id."


@dataclass(frozen=True)
class HandedOver:
    """What was sent: ``content_hash`` tells it from anything else, ``accept`` takes it in, from another thread."""

    content_hash: bytes
    accept: Callable[[], Accepted]


def routes(parts: Parts) -> APIRouter:
    """Handing recordings over, and where they stand."""
    router = APIRouter(tags=["handing over"])
    Writer = Annotated[Caller, Depends(parts.access.calling(Scope.WRITE))]  # noqa: N806 -- a type
    Reader = Annotated[Caller, Depends(parts.access.calling(Scope.READ))]  # noqa: N806 -- a type

    @router.post(
        "/calls",
        summary="Hand a recording over",
        status_code=status.HTTP_202_ACCEPTED,
        responses={
            202: {
                "description": "It is safe: whatever happens now, it ends as a record or as a failure that is shown.",
                "headers": {
                    "Location": {"description": "Where it says how the call stands.", "schema": {"type": "string"}}
                },
            },
            **problems_of_programs(401, 403, 404, 409, 413, 415, 422, 503),
        },
        openapi_extra={"requestBody": _REQUEST, **BY_KEY},
    )
    async def hand_over(
        request: Request,
        response: Response,
        caller: Writer,
        idempotency_key: Annotated[
            str | None,
            Header(
                alias="Idempotency-Key",
                min_length=1,
                max_length=LONGEST_KEY,
                description="Of your choice, one for each thing handed over: with the same key the same answer comes.",
            ),
        ] = None,
    ) -> Arrival:
        """Hands over one recording: in a form, by the address from which it is fetched, or as an upload that is whole.

        The same external id is the same call; another recording under it is a further leg of that call. The same
        recording again is no second call, and answers the same: by its external id, without one by its bytes or its
        address. Whatever is answered with 503 was not accepted: send it again after the seconds of `Retry-After`.
        """
        await stop_early(parts, request)
        with ExitStack() as until_accepted:
            sent = await _read(parts, request, caller, until_accepted)
            arrival = await run_in_threadpool(_accept_once, parts, request, caller, idempotency_key, sent)
        response.headers["Location"] = arrival.standing
        return arrival

    @router.get(
        "/arrivals/{call_id}",
        summary="Where a call stands",
        responses=problems_of_programs(401, 403, 404, 503),
        openapi_extra=BY_KEY,
    )
    def standing(caller: Reader, call_id: Annotated[str, Path(description="As it was answered.")]) -> ArrivalStanding:
        """Where a call stands that was handed over with a key of the same sender, and nothing of what is in it."""
        call = _own_call(parts, caller, call_id)
        stands = call.standing
        return ArrivalStanding(
            id=call.id,
            external_id=call.details.external_id,
            legs=len(call.legs),
            received_at=call.received_at,
            state=stands.state,
            stage=stands.stage,
            attempts=stands.attempts,
            reason=stands.reason,
            message=stands.message,
            next_try_at=stands.not_before,
        )

    return router


_FORM = {
    "type": "object",
    "required": ["recording"],
    "properties": {
        "recording": {"type": "string", "format": "binary", "description": "The audio file, with its name."},
        "details": {"$ref": "#/components/schemas/CallFields"},
    },
}
_REQUEST: dict[str, Any] = {
    "required": True,
    "content": {
        "multipart/form-data": {"schema": _FORM, "encoding": {"details": {"contentType": "application/json"}}},
        "application/json": {
            "schema": {
                "oneOf": [
                    {"$ref": "#/components/schemas/AnnouncedCall"},
                    {"$ref": "#/components/schemas/UploadedCall"},
                ]
            }
        },
    },
}
BODIES = (CallFields, AnnouncedCall, UploadedCall)
"""What the routes read by themselves, so that whoever has no key cannot send a body; named in the description."""


async def stop_early(parts: Parts, request: Request) -> None:
    """Refuses what has no room before it is received, where its sender waits for leave to send it."""
    length = request.headers.get("content-length", "")
    try:
        await run_in_threadpool(parts.intake.gate.check, int(length) if length.isdecimal() else 0)
    except Busy:
        await hear_out(request)
        raise


# Reading what was sent


async def _read(parts: Parts, request: Request, caller: Caller, until_accepted: ExitStack) -> HandedOver:
    match media_type(request.headers):
        case "multipart/form-data":
            return await _read_form(parts, request, caller, until_accepted)
        case "application/json":
            return await _read_json(parts, request, caller)
    raise HTTPException(415, "Send multipart/form-data, or application/json. Nothing was accepted.")


async def _read_form(parts: Parts, request: Request, caller: Caller, until_accepted: ExitStack) -> HandedOver:
    recording = until_accepted.enter_context(parts.sounds.incoming())
    form = await read_form(
        request, recording, largest=parts.limits.largest_bytes, check_room=parts.intake.gate.check_room
    )
    if form.file_name is None:
        raise _misfit(("body", RECORDING), "The recording is missing: a file with its name.")
    if unknown := sorted(set(form.texts) - {DETAILS}):
        raise _misfit(("body", unknown[0]), "There is no such part. Send `recording`, and `details` as JSON.")
    fields = _validated(CallFields, form.texts.get(DETAILS, b"{}"), ("body", DETAILS))
    handover = _handover(fields, caller, ("body", DETAILS))
    name = _file_name(fields.file_name or form.file_name)
    return HandedOver(
        hashlib.sha256(f"form {recording.kept.sha256} {fields.model_dump_json()}".encode()).digest(),
        lambda: parts.intake.accept(recording, name, handover),
    )


async def _read_json(parts: Parts, request: Request, caller: Caller) -> HandedOver:
    body = await request.body()
    if _names_upload(body):
        uploaded = _validated(UploadedCall, body, ("body",))
        handover = _handover(uploaded, caller, ("body",))
        return HandedOver(
            hashlib.sha256(b"upload " + uploaded.model_dump_json().encode()).digest(),
            lambda: _accept_upload(parts, caller, uploaded, handover),
        )
    new = _validated(AnnouncedCall, body, ("body",))
    handover = _handover(new, caller, ("body",))
    try:
        name = new.file_name or name_at(new.address)
        announced = Announced(new.address, _file_name(name), content_hash=new.content_hash)
    except Invalid as error:
        raise _misfit(("body", "address"), error.message) from error
    return HandedOver(
        hashlib.sha256(b"address " + new.model_dump_json().encode()).digest(),
        lambda: parts.intake.announce(announced, handover),
    )


def _names_upload(body: bytes) -> bool:
    """Whether it is an object with that field: a line may be called so too."""
    try:
        return "upload" in json.loads(body)
    except (ValueError, TypeError, RecursionError):  # what is wrong with it is said by whoever reads it
        return False


def _validated(kind: type[T], body: bytes | str, at: tuple[str, ...]) -> T:
    try:
        return kind.model_validate_json(body, strict=True)
    except ValidationError as error:
        misfits = error.errors(include_url=False, include_context=False, include_input=False)
        raise RequestValidationError([{**one, "loc": (*at, *one["loc"])} for one in misfits]) from None


def _misfit(at: tuple[str, ...], why: str) -> RequestValidationError:
    return RequestValidationError([{"loc": at, "msg": why, "type": "value_error"}])


def _handover(fields: CallFields, caller: Caller, at: tuple[str, ...]) -> Handover:
    """What was said besides the recording. Raises RequestValidationError that names the part that makes no sense."""
    try:
        return fields.handover(caller.sender)
    except Invalid as error:
        raise _misfit((*at, _wrong_one(fields.of_call())), error.message) from error


def _wrong_one(values: dict[str, Any]) -> str:
    """Which of these values makes no sense by itself; the start is read in the zone."""
    for name, value in values.items():
        try:
            CallDetails(**{name: value, **({"zone": values.get("zone")} if name == "started_at" else {})})
        except Invalid:
            return name
    return ""


def _file_name(name: str) -> str:
    return clean_name(name, FileKind.RECORDING)


def _own_call(parts: Parts, caller: Caller, call_id: str) -> StoredCall:
    """A call of the caller's sender, by its whole id. Raises NotFound for any other, in the same words."""
    try:
        call = parts.store.call(call_id) if len(call_id) == CALL_ID_LENGTH else None
    except NotFound:
        call = None
    if call is None or call.sender != caller.sender or call.own_recording_of is not None:
        raise NotFound(NO_SUCH_CALL)
    return call


# Accepting it


def _accept_upload(parts: Parts, caller: Caller, new: UploadedCall, handover: Handover) -> Accepted:
    upload = parts.store.uploads.find(caller.sender, new.upload.rpartition("/")[2], now=parts.now())
    if upload.call_id is not None and upload.leg is not None:
        return Accepted(upload.call_id, is_new=False, leg=upload.leg, joined=False)
    if not upload.is_whole:
        raise Invalid(
            f"This upload has {upload.arrived_bytes} of its {upload.size_bytes} bytes. Nothing was accepted. Send the "
            "rest of it first."
        )
    name = new.file_name or name_in(upload.metadata) or ""
    with parts.intake.uploads.read(upload) as stream:
        accepted = parts.intake.accept(stream, _file_name(name), handover)
    parts.intake.uploads.hand_over(upload, accepted.call_id, accepted.leg)
    return accepted


def _accept_once(parts: Parts, request: Request, caller: Caller, key: str | None, sent: HandedOver) -> Arrival:
    """Takes in what was sent, or says what came of it before under the same key."""
    if key is None:
        return arrival_of(request, sent.accept())
    said_before = parts.store.said_before
    before = said_before.begin(caller.sender, key, now=parts.now())
    if before is not None:
        return _answered_before(request, before, sent)
    try:
        accepted = sent.accept()
    except BaseException:
        said_before.forget(caller.sender, key)
        raise
    said_before.note(caller.sender, key, Said(sent.content_hash, accepted.call_id, accepted.leg))
    return arrival_of(request, accepted)


def _answered_before(request: Request, before: Said, sent: HandedOver) -> Arrival:
    if before.call_id is None or before.leg is None:
        raise HTTPException(
            409,
            "What was sent first under this Idempotency-Key is still being accepted. Send it again in a moment.",
            headers={"Retry-After": str(IN_HAND_S)},
        )
    if before.content_hash != sent.content_hash:
        raise Invalid(
            "Something else was handed over under this Idempotency-Key. Nothing was accepted. Take a key for each "
            "thing that is handed over."
        )
    return arrival_of(request, Accepted(before.call_id, is_new=False, leg=before.leg, joined=False))


def arrival_of(request: Request, accepted: Accepted) -> Arrival:
    """What whoever handed it over is answered."""
    outcome = Outcome.HERE_ALREADY
    if accepted.is_new:
        outcome = Outcome.FURTHER_LEG if accepted.joined else Outcome.NEW
    return Arrival(
        id=accepted.call_id,
        outcome=outcome,
        leg=accepted.leg,
        standing=f"{request.scope['root_path']}/arrivals/{accepted.call_id}",
    )
