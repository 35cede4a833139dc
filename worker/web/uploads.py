"""How much a request may carry: counted as it comes in, before anything is made of it."""

from __future__ import annotations

import re
from contextlib import suppress

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from worker.web.texts import _

LARGEST_FORM = 1_000_000  # bytes: the longest text in the widest writing, many times
WITH_A_FILE = re.compile(r"/calls/[^/]+/added")
LET_PASS = 1_000_000_000  # bytes that are received and thrown away, so that a browser hears why


class UploadLimit:
    """A layer around an application. What is too large is refused where the application reads it, as an error of HTTP.

    ``largest`` is what a form with a file may carry, in bytes, the rest of the form included.
    """

    def __init__(self, app: ASGIApp, *, largest: int) -> None:
        self.app, self.largest = app, largest + LARGEST_FORM

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hands a request on, and counts what is read of it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        largest = self.largest if WITH_A_FILE.fullmatch(scope["path"]) else LARGEST_FORM
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
