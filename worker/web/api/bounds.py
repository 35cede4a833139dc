"""Refuses a request whose body is larger than any that makes sense here, whatever its sender says of its length."""

from __future__ import annotations

import re

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from worker.web.media_types import media_type
from worker.web.problems import problem

LARGEST_BODY = 256 * 1024  # bytes: the longest text in the widest writing, several times

STREAMED = (
    (re.compile(r".*/calls"), "multipart/form-data"),
    (re.compile(r".*/vcons"), None),
    (re.compile(r".*/uploads(/[^/]+)?"), "application/offset+octet-stream"),
)
"""What is no larger than a recording may be (``worker.web.uploads``) and is written to the disk as it comes: where, and
as what; None for anything."""


class Bounds:
    """A layer around an application: it reads the body of each request, and hands on what is small enough."""

    def __init__(self, app: ASGIApp, *, largest: int = LARGEST_BODY) -> None:
        self.app, self.largest = app, largest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request, or hands it on."""
        if scope["type"] != "http" or _is_streamed(scope):
            await self.app(scope, receive, send)
            return
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            if len(body) > self.largest:
                detail = f"More than {self.largest // 1024} kB were sent. Nothing was changed. Send less at once."
                await problem(413, detail)(scope, receive, send)
                return
            if not message.get("more_body", False):
                break
        waiting: list[Message] = [{"type": "http.request", "body": bytes(body), "more_body": False}]

        async def given() -> Message:
            return waiting.pop() if waiting else await receive()

        await self.app(scope, given, send)


def _is_streamed(scope: Scope) -> bool:
    kind = media_type(Headers(scope=scope))
    return any(streamed in (None, kind) and path.fullmatch(scope["path"]) for path, streamed in STREAMED)
