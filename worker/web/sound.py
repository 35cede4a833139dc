"""The sound of a call for the page's player: the listening copy, in whole or in the part that a browser asks for."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from worker.core.errors import NotFound
from worker.exchange.peaks import peaks_of
from worker.record.sounds import SoundStore

ONE_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII | re.IGNORECASE)


def sound_response(sounds: SoundStore, call_id: str, request: Request) -> Response:
    """The copy, or one range of it (RFC 9110, section 14). Several ranges at once are answered with the whole.

    Raises NotFound while there is no copy.
    """
    size = sounds.copy_size(call_id)
    headers = {"Accept-Ranges": "bytes", "Cache-Control": "private, no-store"}
    start, end, status = 0, size, 200
    if asked := _range(request, size):
        start, end = asked
        status = 206 if start < end else 416
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}" if start < end else f"bytes */{size}"
    if status == 416:
        return Response(status_code=status, headers=headers)
    headers["Content-Length"] = str(end - start)
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers, media_type="audio/flac")
    blocks = sounds.read_copy(call_id, start=start, end=end)
    return StreamingResponse(blocks, status_code=status, headers=headers, media_type="audio/flac")


def peaks_of_call(sounds: SoundStore, call_id: str) -> bytes:
    """How loud the copy is from end to end, as JSON. A copy that was made without it gets it now, once.

    Raises NotFound while there is no copy.
    """
    try:
        return sounds.read_peaks(call_id)
    except NotFound:
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "copy.flac"
            with copy.open("wb") as file:
                file.writelines(sounds.read_copy(call_id))
            peaks = peaks_of(copy)
        sounds.put_peaks(call_id, peaks)
        return peaks


def _range(request: Request, size: int) -> tuple[int, int] | None:
    """``[start, end)`` of the one range that is asked for, empty if it lies outside; None where the whole is sent.

    Only GET knows ranges. ``If-Range`` never holds: the copy has no version that it could name.
    """
    if request.method != "GET" or "if-range" in request.headers:
        return None
    found = ONE_RANGE.fullmatch(request.headers.get("range", "").strip())
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:  # the last so many bytes
        return max(0, size - int(last)), size
    if last and int(last) < int(first):  # no range at all, so there is none
        return None
    return int(first), min(size, int(last) + 1) if last else size
