"""The copy of a record that somebody takes along: every entry with its proof, the recording, and what was added."""

# No "from __future__ import annotations" here: see ``worker.web.routes.record``.

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from fastapi.responses import StreamingResponse

from worker.core.dialogue.values import Added, Way
from worker.core.errors import NotFound, Unavailable
from worker.core.log.entry import EntryKind
from worker.exchange.package import Attached, CopiedEntry, Copy, package_blocks
from worker.record.log import Held
from worker.record.log.contents import decode_content
from worker.record.standing import StoredCall
from worker.web.access import Opened, Right
from worker.web.looks import note_look
from worker.web.opening import open_record
from worker.web.parts import Parts
from worker.web.texts import later
from worker.web.web_annotations import web_annotations

NOT_SIGNED_YET = later("The newest entries of this record are not signed yet. Take the copy in a minute.")


def routes(parts: Parts) -> APIRouter:
    """The one address of a call's copy."""
    router = APIRouter()
    OneOfTheTwo = Annotated[Opened, Depends(parts.access.opened(Right.REQUEST))]  # noqa: N806 -- a type

    @router.get("/calls/{call_id}/copy.zip")
    def copy(opened: OneOfTheTwo) -> Response:
        note_look(parts, opened, Way.COPY)  # before it is made, so that the copy itself holds who took it
        blocks = package_blocks(_copy_of(parts, opened.call), parts.store.log.signer.sign)
        headers = {
            "Content-Disposition": f'attachment; filename="record-{opened.call.id}.zip"',
            "Cache-Control": "private, no-store",
        }
        return StreamingResponse(blocks, media_type="application/zip", headers=headers)

    return router


def _copy_of(parts: Parts, call: StoredCall) -> Copy:
    """Everything that is in the record now, under a checkpoint that is signed for it. Raises Unavailable."""
    log = parts.store.log
    log.include()
    log.publish(parts.now())
    published = log.latest_checkpoint()
    held = log.held(call.id)
    proofs = {one.leaf.number: one for one in log.proofs(call.id, published.size)} if published else {}
    if published is None or len(proofs) < len(held):
        raise Unavailable(NOT_SIGNED_YET)
    return Copy(
        call_id=call.id,
        key=log.verifier_key,
        checkpoint=published.note,
        entries=[
            CopiedEntry(
                one.entry.encode(),
                one.salt,
                one.body,
                proofs[one.entry.number].leaf.position,
                proofs[one.entry.number].hashes,
            )
            for one in held
        ],
        recordings=[
            Attached(leg.file_name, leg.size_bytes, partial(parts.sounds.read, leg.sha256), sha256=leg.sha256)
            for leg in call.legs
            if leg.sha256 is not None and leg.size_bytes is not None
        ],
        annotations=_annotations(parts, call.id),
        files={one.entry.number: file for one in held if (file := _file_of(parts, call.id, one)) is not None},
    )


def _annotations(parts: Parts, call_id: str) -> bytes | None:
    """What was said, for other programs; nothing where there is no record yet of which anything could be said."""
    try:
        return web_annotations(parts.base_url, call_id, open_record(parts, call_id))
    except NotFound:
        return None


def _file_of(parts: Parts, call_id: str, held: Held) -> Attached | None:
    """The file that this entry added; None where it added none, or where it was erased."""
    if held.entry.kind is not EntryKind.ADDED or held.body is None:
        return None
    _by, content = decode_content(held.body, held.entry.kind)
    file = content.file if isinstance(content, Added) else None
    if file is None:
        return None
    return Attached(file.name, file.size_bytes, lambda: parts.files.read(call_id, file), sha256=file.sha256)
