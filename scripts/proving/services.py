"""The real services under a proof: a Redis, an S3 store, recordings that lie elsewhere, a disk with a quota."""

from __future__ import annotations

import http.client
import socket
import subprocess
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

from redis import Redis
from redis.exceptions import RedisError

from scripts.proving.processes import Process, program, wait_until_served
from worker.running.redis_server import EmbeddedRedis

BUCKET = "recordings"


class Queue:
    """A Redis in a folder, which can be emptied and started anew at the same address."""

    def __init__(self, folder: Path) -> None:
        self._server = EmbeddedRedis(folder)
        self.url = self._server.start()

    @property
    def socket(self) -> Path:
        """The file of its socket."""
        return Path(unquote(self.url.removeprefix("unix://")))

    def empty(self) -> None:
        """Removes everything it holds."""
        with suppress(RedisError), Redis.from_url(self.url) as redis:
            redis.flushall()

    def restart(self, away_s: float) -> None:
        """Ends it with all that it holds; another one takes its place after so many seconds."""
        self._server.stop()
        time.sleep(away_s)
        if self._server.start() != self.url:
            raise RuntimeError("The queue came back at another address.")

    def close(self) -> None:
        """Ends it."""
        self._server.stop()


class ObjectStore:
    """An S3 server in a process of its own (moto), with one bucket."""

    def __init__(self, folder: Path, *, host: str = "127.0.0.1") -> None:
        self.host, self.port = host, free_port(host)
        self._process = Process(
            "s3",
            program("moto.server", "-H", host, "-p", str(self.port)),
            environment={"MOTO_S3_DEFAULT_MAX_KEYS": "100000"},
            folder=folder,
        )
        self._process.start()
        wait_until_served(f"http://{host}:{self.port}/")
        connection = http.client.HTTPConnection(host, self.port, timeout=30)
        connection.request("PUT", f"/{BUCKET}")
        if connection.getresponse().status != http.HTTPStatus.OK:
            raise RuntimeError("The S3 server makes no bucket.")
        connection.close()

    def close(self) -> None:
        """Ends it."""
        self._process.stop()


def store_environment(port: int, *, host: str = "127.0.0.1") -> dict[str, str]:
    """What a process reaches the S3 store with, at this port."""
    return {
        "AWS_ENDPOINT": f"http://{host}:{port}",
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "proof",
        "AWS_SECRET_ACCESS_KEY": "proof",
    }


@dataclass
class Served:
    """One recording at its address. It answers 404 for its first requests, or for good where ``missing`` is -1."""

    content: bytes
    missing: int = 0
    errors: int = 0


class Elsewhere:
    """A telephony system's own server of recordings, at http://HOST:PORT/NAME.

    As such servers do, it has a recording a little after it was announced, and fails now and then.
    """

    def __init__(self, *, host: str = "127.0.0.1") -> None:
        self._served: dict[str, Served] = {}
        self._lock = threading.Lock()
        self.asked: dict[str, int] = defaultdict(int)
        outer = self

        class Answers(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer._answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer((host, 0), Answers)
        self._server.daemon_threads = True
        self.address = f"http://{host}:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def serve(self, name: str, recording: Served) -> str:
        """Puts a recording there; its address."""
        with self._lock:
            self._served[name] = recording
        return f"{self.address}/{name}"

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        name = request.path.strip("/")
        with self._lock:
            self.asked[name] += 1
            times, one = self.asked[name], self._served.get(name)
        if one is None or one.missing < 0 or times <= one.missing:
            request.send_error(404)
        elif times <= max(0, one.missing) + one.errors:
            if times % 2:
                request.send_error(503)
                return
            # The connection breaks in the middle of the recording.
            request.send_response(200)
            request.send_header("Content-Length", str(len(one.content)))
            request.end_headers()
            request.wfile.write(one.content[: len(one.content) // 2])
            request.close_connection = True
        else:
            request.send_response(200)
            request.send_header("Content-Length", str(len(one.content)))
            request.end_headers()
            with suppress(OSError):
                request.wfile.write(one.content)

    def close(self) -> None:
        """Ends it."""
        self._server.shutdown()
        self._server.server_close()


class SmallDisk:
    """A disk of so many bytes at a folder: a file system of its own, in memory. Needs root, and Linux.

    ``mounted`` is False where it cannot be had; then the folder is an ordinary one.
    """

    def __init__(self, folder: Path, size_bytes: int) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", f"size={size_bytes}", "onrecord-proof", str(folder)]
        try:
            self.mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
        except FileNotFoundError:
            self.mounted = False

    def fill(self) -> None:
        """Leaves no byte on it."""
        with suppress(OSError), (self.folder / "filler").open("wb", buffering=0) as file:
            block = bytes(64 * 1024)
            while True:
                file.write(block)

    def free(self) -> None:
        """Gives the room back."""
        (self.folder / "filler").unlink(missing_ok=True)

    def close(self) -> None:
        """Takes it away with all that is on it."""
        if self.mounted:
            subprocess.run(["umount", "--lazy", str(self.folder)], capture_output=True, check=False)
            self.mounted = False


def with_wrong_clock(by_s: float) -> dict[str, str]:
    """The environment of a process whose clock is wrong by so many seconds; empty for none, or without libfaketime.

    The clock that only counts, by which waits are timed, stays right, as it does on a machine whose time is wrong.
    """
    library = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
    if not by_s or library is None:
        return {}
    return {"LD_PRELOAD": str(library), "FAKETIME": f"{by_s:+.0f}s", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def closing(*things: Callable[[], None]) -> None:
    """Closes all of them, whatever one of them raises; the last error is raised at the end."""
    last: BaseException | None = None
    for close in things:
        try:
            close()
        except BaseException as error:
            last = error
    if last is not None:
        raise last
