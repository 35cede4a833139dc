"""How much a request may carry: counted as it comes in, before anything is made of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from worker.web.texts import _

LARGEST_FORM = 1_000_000  # bytes: the longest text in the widest writing, many times
WITH_A_FILE = re.compile(r"/calls/[^/]+/added")
WITH_A_CALL = re.compile(r"/api/v1/(calls|uploads(/[^/]+)?)")
WITH_A_VCON = re.compile(r"/api/v1/vcons")
LARGEST_VCON = 100_000_000  # bytes: it is read as a whole, several times its size in memory
LET_PASS = 1_000_000_000  # bytes that are received and thrown away, so that a browser hears why


class UploadLimit:
    """A layer around an application. What is too large is refused where the application reads it, as an error of HTTP.

    ``largest`` says how many bytes a file may have that is sent to which paths; the rest of its form comes to that.
    """

    def __init__(self, app: ASGIApp, *, largest: Mapping[re.Pattern[str], int]) -> None:
        self.app, self.largest = app, largest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hands a request on, and counts what is read of it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        files = (size for path, size in self.largest.items() if path.fullmatch(scope["path"]))
        largest = next(files, 0) + LARGEST_FORM
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > largest:
                await _hear_out(receive, message)
                raise too_large(largest)
            return message

        with suppress(ClientDisconnect):  # who left while they sent hears no answer
            await self.app(scope, counted, send)


async def hear_out(request: Request) -> None:
    """Receives a request that is refused before anything of it was read; not from who waits to be told to go on
    (Expect: 100-continue)."""
    if request.headers.get("expect", "").lower() == "100-continue":
        return
    passed = 0
    async for block in request.stream():
        passed += len(block)
        if passed >= LET_PASS:
            return


async def _hear_out(receive: Receive, message: Message) -> None:
    """Receives the rest: to an answer that comes while they still send, browsers say that the connection broke."""
    passed = 0
    while message.get("more_body", False) and passed < LET_PASS:
        message = await receive()
        passed += len(message.get("body", b""))


def too_large(largest: int) -> HTTPException:
    """That something is larger than so many bytes, in words for whoever sent it."""
    text = _(
        "This is larger than {size} MB, which is the most that is taken here. Nothing was changed. Send less at once."
    )
    return HTTPException(413, text.format(size=round(largest / 1_000_000)))
