"""A small server that speaks OpenAI's chat protocol and nothing else: what it is asked wrongly, it refuses.

It answers with the first line of the passage, as ``FakeSummarizer`` does, unless it is told what to answer next.
"""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from models.fakes import FakeEntailment, FakeSummarizer
from models.prompting import DATA_NOTE, FENCE

MODEL = "fleet-model"
KEY = "sk-not-a-secret-0123456789"
CHAT, LIST = "/v1/chat/completions", "/v1/models"
FIELDS = {"model": str, "messages": list, "max_tokens": int, "temperature": int, "seed": int, "stream": bool}


@dataclass(frozen=True)
class Reply:
    """One answer as it goes over the wire; ``after_s`` is waited before it, ``dribble_s`` between its bytes."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    after_s: float = 0.0
    dribble_s: float = 0.0
    breaks_off: bool = False


def chat(content: str | None, **more: Any) -> Reply:
    """A chat's answer with this content; what else is given stands beside it in the message."""
    return Reply(body=json.dumps(chat_answer(content, **more)).encode())


def chat_answer(content: str | None, *, model: str = MODEL, fingerprint: str | None = None, **more: Any) -> Any:
    choice = {"index": 0, "message": {"role": "assistant", "content": content, **more}, "finish_reason": "stop"}
    told = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": model, "choices": [choice]}
    return told if fingerprint is None else {**told, "system_fingerprint": fingerprint}


class ChatServer(ThreadingHTTPServer):
    """Listens on a free port of this machine. ``replies`` are given first, each once; ``asked`` is what came in."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, *, key: str | None = None, listed: Any = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.key = key
        self.listed = {"object": "list", "data": [{"id": MODEL, "object": "model"}]} if listed is None else listed
        self.callers: set[tuple[str, int]] = set()
        self.forget()

    def forget(self) -> None:
        """Drops what was asked and what it was told to answer."""
        self.replies: list[Reply] = []
        self.asked: list[dict[str, Any]] = []
        self.answer: Callable[[str], Reply] = lambda message: chat(_first_line(message))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def use_tls(self, certificate: Path, key: Path) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.socket = context.wrap_socket(self.socket, server_side=True)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller who hung up is what some tests are about."""


@contextmanager
def serving(server: ChatServer) -> Iterator[ChatServer]:
    """Runs a server in a thread of its own for as long as the block."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: ChatServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits 40 ms between head and body
    timeout = 5

    def do_GET(self) -> None:
        self.server.callers.add(self.client_address)
        refused = self._refuse_key()
        if refused is None and self.path != LIST:
            refused = Reply(404)
        self._send(refused or Reply(body=json.dumps(self.server.listed).encode()))

    def do_POST(self) -> None:
        self.server.callers.add(self.client_address)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path != CHAT:
            return self._send(Reply(404))
        if self.server.replies:
            self.server.asked.append(json.loads(body))
            return self._send(self.server.replies.pop(0))
        return self._send(self._refuse_key() or self._answer(body))

    def _refuse_key(self) -> Reply | None:
        wanted = None if self.server.key is None else f"Bearer {self.server.key}"
        return None if self.headers["Authorization"] == wanted else Reply(401)

    def _answer(self, body: bytes) -> Reply:
        asked = json.loads(body)
        if self.headers["Content-Type"] != "application/json" or {k: type(v) for k, v in asked.items()} != FIELDS:
            return Reply(400)
        if asked["model"] != MODEL:
            return Reply(404)
        match asked["messages"]:
            case [{"role": "user", "content": str(message)}]:
                self.server.asked.append(asked)
                return self.server.answer(message)
        return Reply(400)

    def _send(self, reply: Reply) -> None:
        time.sleep(reply.after_s)
        self.send_response(reply.status)
        length = len(reply.body) + (10 if reply.breaks_off else 0)
        for name, value in {"Content-Length": str(length), **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        for piece in [reply.body[at : at + 1] for at in range(len(reply.body))] if reply.dribble_s else [reply.body]:
            self.wfile.write(piece)
            time.sleep(reply.dribble_s)
        self.close_connection = reply.breaks_off

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # http.server names it so
        """Tests are quiet."""


def say_yes_or_no(message: str) -> Reply:
    """Yes to a message of which the passage holds a fourth of the words of meaning in front of it, else no."""
    instruction, passage = _parts(message)
    share = FakeEntailment().entails(passage, instruction.removeprefix(DATA_NOTE))
    return chat("Yes." if share >= 0.25 else "No.")


def _first_line(message: str) -> str:
    return FakeSummarizer().write("", _parts(message)[1], max_words=100)


def _parts(message: str) -> tuple[str, str]:
    """What stands in front of the passage, and the passage."""
    before, _, passage = message.partition(f"\n\n{FENCE[0]}\n")
    return before, passage.removesuffix(f"\n{FENCE[1]}")
