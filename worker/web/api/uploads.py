"""The API's uploads that resume, after tus 1.0.0 (tus.io), with its extensions creation, creation-with-upload,
termination, expiration and checksum. What was uploaded whole is then handed over as a call.
"""

# No "from __future__ import annotations" here: FastAPI reads the annotations of the routes, which name what stands
# inside the function.

import hashlib
import hmac
import re
from base64 import b64decode
from dataclasses import dataclass
from email.utils import format_datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request, Response, status
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from worker.core.errors import Invalid
from worker.intake.limits import Busy
from worker.record.blobs import BLOCK_BYTES
from worker.record.senders import Scope as KeyScope
from worker.record.uploads import MOST_OPEN, Chunk, Upload
from worker.web.access import Caller
from worker.web.api.errors import BY_KEY, AgainstProtocol, problems_of_programs
from worker.web.api.values import LARGEST_SIZE
from worker.web.media_types import media_type
from worker.web.parts import Parts
from worker.web.problems import problem
from worker.web.uploads import hear_out

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,termination,expiration,checksum"
CHECKSUMS = {name: getattr(hashlib, name) for name in ("sha1", "sha256", "sha512")}
AS_CHUNK = "application/offset+octet-stream"
LONGEST_METADATA = 4096
MISMATCH = 460
OVERRIDDEN = ("PATCH", "DELETE")  # what a client may mean that can send nothing but POST
NO_CHECKSUM = f"Upload-Checksum is one of {', '.join(CHECKSUMS)}, a space, and the checksum in base64."
PLACE = re.compile(r".*/uploads(/[^/]*)?")
PAIR = re.compile(r"([^\s,]+)(?: ([A-Za-z0-9+/]*={0,2}))?")
NO_STORE = {"Cache-Control": "no-store"}


class Tus:
    """A layer around the API: what tus asks of every answer to an upload's requests, the errors among them."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request, or hands it on."""
        if scope["type"] != "http" or not PLACE.fullmatch(scope["path"]):
            await self.app(scope, receive, send)
            return

        async def send_with_version(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Tus-Resumable"] = VERSION
            await send(message)

        headers = Headers(scope=scope)
        if scope["method"] != "HEAD":  # its answer has no body on the wire, whatever was meant
            meant = headers.get("x-http-method-override", "").upper()
        if scope["method"] == "POST" and meant in OVERRIDDEN:
            scope["method"] = meant
        if scope["method"] != "OPTIONS" and headers.get("tus-resumable") != VERSION:
            await hear_out(Request(scope, receive))
            detail = f"The header Tus-Resumable names the version, which here is {VERSION}."
            await problem(412, detail, headers={"Tus-Version": VERSION})(scope, receive, send_with_version)
            return
        await self.app(scope, receive, send_with_version)


def routes(parts: Parts) -> APIRouter:
    """Uploading in parts."""
    router = APIRouter(tags=["uploads"])
    Writer = Annotated[Caller, Depends(parts.access.calling(KeyScope.WRITE))]  # noqa: N806 -- a type
    Version = Annotated[str, Header(alias="Tus-Resumable", description=f"The version of tus: {VERSION}.")]  # noqa: N806
    Checksum = Annotated[  # noqa: N806 -- a type
        str | None,
        Header(alias="Upload-Checksum", description=f"Of this part: {', '.join(CHECKSUMS)}, a space, base64."),
    ]
    store = parts.store.uploads

    @router.options(
        "/uploads", summary="What of tus is spoken here", status_code=204, responses=problems_of_programs(503)
    )
    def spoken(response: Response) -> None:
        """The version of tus, its extensions, and the largest recording that is taken."""
        response.headers.update(
            {
                "Tus-Version": VERSION,
                "Tus-Extension": EXTENSIONS,
                "Tus-Max-Size": str(parts.limits.largest_bytes),
                "Tus-Checksum-Algorithm": ",".join(CHECKSUMS),
            }
        )

    @router.post(
        "/uploads",
        summary="Begin an upload",
        status_code=status.HTTP_201_CREATED,
        responses=problems_of_programs(400, 401, 403, 412, 413, 415, 422, MISMATCH, 503),
        openapi_extra=BY_KEY,
    )
    async def create(
        request: Request,
        response: Response,
        caller: Writer,
        _version: Version,
        upload_length: Annotated[int, Header(alias="Upload-Length", ge=1, le=LARGEST_SIZE, description="Its bytes.")],
        upload_metadata: Annotated[
            str,
            Header(
                alias="Upload-Metadata",
                max_length=LONGEST_METADATA,
                description="Keys, each with a space and a value in base64, separated by commas. `filename` is read.",
            ),
        ] = "",
        upload_checksum: Checksum = None,
    ) -> None:
        """Begins an upload of so many bytes. The answer's Location is where its parts go; some may come with it."""
        read_metadata(upload_metadata)
        if upload_length > parts.limits.largest_bytes:
            await hear_out(request)
            raise HTTPException(413, f"More than {parts.limits.largest_bytes} bytes are not taken here.")
        await run_in_threadpool(parts.intake.gate.check, upload_length)
        if await run_in_threadpool(store.open_of, caller.sender, now=parts.now()) >= MOST_OPEN:
            raise Busy(f"{MOST_OPEN} of your uploads are open. Hand them over or remove them; then begin another.")
        upload = await run_in_threadpool(
            parts.intake.uploads.begin, caller.sender, upload_length, upload_metadata, now=parts.now()
        )
        response.headers["Location"] = f"{request.scope['root_path']}/uploads/{upload.id}"
        if media_type(request.headers) == AS_CHUNK:
            upload = await _receive(parts, request, upload, upload_checksum)
        response.headers.update(_stands(upload))

    @router.head(
        "/uploads/{upload_id}",
        summary="How much has come",
        responses=problems_of_programs(401, 403, 404, 412, 422, 503),
        openapi_extra=BY_KEY,
    )
    def stands(caller: Writer, upload_id: str, _version: Version, response: Response) -> None:
        """How many bytes have come: the next part begins there."""
        upload = store.find(caller.sender, upload_id, now=parts.now())
        metadata = {"Upload-Metadata": upload.metadata} if upload.metadata else {}
        response.headers.update({**_stands(upload), "Upload-Length": str(upload.size_bytes), **metadata, **NO_STORE})

    @router.patch(
        "/uploads/{upload_id}",
        summary="Send a part",
        status_code=status.HTTP_204_NO_CONTENT,
        responses=problems_of_programs(400, 401, 403, 404, 409, 412, 413, 415, 422, MISMATCH, 503),
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {AS_CHUNK: {"schema": {"type": "string", "format": "binary"}}},
            },
            **BY_KEY,
        },
    )
    async def send(
        request: Request,
        response: Response,
        caller: Writer,
        upload_id: str,
        _version: Version,
        upload_offset: Annotated[
            int, Header(alias="Upload-Offset", ge=0, le=LARGEST_SIZE, description="How many bytes come before it.")
        ],
        upload_checksum: Checksum = None,
    ) -> None:
        """Sends the part that follows on what has come. What of it came is kept also where the connection breaks,
        unless a checksum is to be held against the whole of it."""
        if media_type(request.headers) != AS_CHUNK:
            await hear_out(request)
            raise HTTPException(415, f"Parts of an upload are sent as {AS_CHUNK}.")
        upload = await run_in_threadpool(store.find, caller.sender, upload_id, now=parts.now())
        if upload_offset != upload.arrived_bytes:
            await hear_out(request)
            raise _moved_on()
        response.headers.update(_stands(await _receive(parts, request, upload, upload_checksum)))

    @router.delete(
        "/uploads/{upload_id}",
        summary="Take an upload away",
        status_code=status.HTTP_204_NO_CONTENT,
        responses=problems_of_programs(401, 403, 404, 412, 422, 503),
        openapi_extra=BY_KEY,
    )
    def remove(caller: Writer, upload_id: str, _version: Version) -> None:
        """Ends an upload; what came of it is removed. A call that was handed over from it stays."""
        parts.intake.uploads.remove(store.find(caller.sender, upload_id, now=parts.now()))

    return router


def read_metadata(text: str) -> dict[str, str]:
    """What a sender says of an upload (Upload-Metadata). Raises Invalid for what is not of that form."""
    found: dict[str, str] = {}
    for pair in text.split(",") if text.strip() else ():
        form = PAIR.fullmatch(pair.strip())
        try:
            if form is None or form[1] in found:
                raise ValueError
            found[form[1]] = b64decode(form[2] or "", validate=True).decode("utf-8", "replace")
        except ValueError as error:
            raise Invalid(
                "Upload-Metadata is a list of keys, each with a space and its value in base64, separated by commas."
            ) from error
    return found


def name_in(metadata: str) -> str | None:
    """The name of the file, where its sender gave one."""
    return read_metadata(metadata).get("filename")


def _stands(upload: Upload) -> dict[str, str]:
    return {
        "Upload-Offset": str(upload.arrived_bytes),
        "Upload-Expires": format_datetime(upload.ends_at, usegmt=True),
    }


def _moved_on() -> HTTPException:
    return HTTPException(409, "The upload has come to another place. Ask with HEAD how far, and go on from there.")


# Receiving a part


@dataclass
class _Part:
    """What has come of a part: how much of it, and its checksum so far."""

    size_bytes: int
    checksum: Any  # of hashlib, whose types are private


async def _receive(parts: Parts, request: Request, upload: Upload, given: str | None) -> Upload:
    """Keeps what comes as the next part. Raises HTTPException for too much, for what is not what its checksum says,
    and where another part was there first; Busy where there is no room: what there was when the upload began is not
    kept free for it."""
    algorithm, expected = _expected(given)
    part = _Part(0, algorithm())
    try:
        await run_in_threadpool(parts.intake.gate.check_room, upload.size_bytes - upload.arrived_bytes)
    except Busy:
        await hear_out(request)
        raise
    with parts.intake.uploads.incoming(upload) as chunk:
        try:
            await _write(parts, request, chunk, part, upload.size_bytes - upload.arrived_bytes)
        except ClientDisconnect:
            if expected is None and part.size_bytes:
                await run_in_threadpool(parts.intake.uploads.add, upload, chunk, now=parts.now())
            raise
        if expected is not None and not hmac.compare_digest(part.checksum.digest(), expected):
            raise HTTPException(MISMATCH, "What arrived is not what its checksum says. Send this part again.")
        if not part.size_bytes:
            return upload
        grown = await run_in_threadpool(parts.intake.uploads.add, upload, chunk, now=parts.now())
    if grown is None:
        raise _moved_on()
    return grown


async def _write(parts: Parts, request: Request, chunk: Chunk, part: _Part, most: int) -> None:
    """Writes what comes into the file, in blocks that are worth a thread. What is too much is heard to its end."""
    held = bytearray()
    is_too_much = False
    try:
        async for block in request.stream():
            is_too_much = is_too_much or part.size_bytes + len(held) + len(block) > most
            if is_too_much:
                continue
            held += block
            if len(held) >= BLOCK_BYTES:
                await run_in_threadpool(parts.intake.gate.check_room, len(held))
                await run_in_threadpool(_put, chunk, part, bytes(held))
                held.clear()
    finally:
        await run_in_threadpool(_put, chunk, part, bytes(held))
    if is_too_much:
        raise HTTPException(413, "More was sent than the upload has bytes left. Nothing of it was kept.")


def _put(chunk: Chunk, part: _Part, block: bytes) -> None:
    chunk.write(block)
    part.checksum.update(block)
    part.size_bytes += len(block)


def _expected(given: str | None) -> tuple[Any, bytes | None]:
    """The algorithm, and what it is to give; None where nothing was said. Raises HTTPException for what is neither."""
    if given is None:
        return CHECKSUMS["sha1"], None
    name, _space, value = given.partition(" ")
    try:
        algorithm, expected = CHECKSUMS[name], b64decode(value, validate=True)
    except (KeyError, ValueError):
        raise AgainstProtocol(NO_CHECKSUM) from None
    if len(expected) != algorithm().digest_size:
        raise AgainstProtocol(NO_CHECKSUM)
    return algorithm, expected
