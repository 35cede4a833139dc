"""A wire between a process and a service, which can be cut: a TCP proxy."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time
from pathlib import Path

BLOCK_BYTES = 256 * 1024


class Wire:
    """Listens on a port of this machine and passes everything on, to a host and port or to a Unix socket.

    ``cut`` breaks what is open and refuses what is new. ``stall`` leaves everything open and passes nothing on, as a
    network does that loses packets.
    """

    def __init__(self, to: tuple[str, int] | Path, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self._to = to
        self._host = host
        self._is_cut = False
        self._goes_on = threading.Event()
        self._goes_on.set()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener: socket.socket | None = None
        self.port = port
        self._listen()

    def _listen(self) -> None:
        listener = socket.create_server((self._host, self.port), backlog=256, reuse_port=False)
        self.port = listener.getsockname()[1]
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._connect, args=(client,), daemon=True).start()

    def _connect(self, client: socket.socket) -> None:
        self._goes_on.wait()
        try:
            if isinstance(self._to, Path):
                server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                server.connect(str(self._to))
            else:
                server = socket.create_connection(self._to, timeout=10)
                server.settimeout(None)
        except OSError:
            client.close()
            return
        for one in (client, server):
            if one.family != socket.AF_UNIX:
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            if self._is_cut:
                _break(client, server)
                return
            self._open |= {client, server}
        self._pass_on(client, server)
        with self._lock:
            self._open -= {client, server}
        _break(client, server)

    def _pass_on(self, one: socket.socket, other: socket.socket) -> None:
        """Passes bytes both ways until either side ends, or the wire is cut."""
        to = {one: other, other: one}
        with contextlib.suppress(OSError, ValueError):  # ValueError: closed by cut() meanwhile
            while True:
                readable, _, _ = select.select(list(to), [], [])
                self._goes_on.wait()
                for source in readable:
                    block = source.recv(BLOCK_BYTES)
                    if not block:
                        return
                    to[source].sendall(block)

    def cut(self) -> None:
        """Breaks every connection and refuses new ones, until ``mend``."""
        with self._lock:
            self._is_cut = True
            if self._listener is not None:
                _break(self._listener)
                self._listener = None
            _break(*self._open)
        self._goes_on.set()

    def mend(self) -> None:
        """Connects anew after ``cut``, at the same port."""
        with self._lock:
            if not self._is_cut:
                return
            self._is_cut = False
        for _ in range(100):
            try:
                self._listen()
                return
            except OSError:  # the port is still being given back
                time.sleep(0.05)
        raise OSError("The port of the wire was taken by somebody else.")

    def stall(self) -> None:
        """Passes nothing on, until ``go_on``."""
        self._goes_on.clear()

    def go_on(self) -> None:
        """Passes on again after ``stall``."""
        self._goes_on.set()

    def close(self) -> None:
        """Ends it."""
        self.cut()


def _break(*sockets: socket.socket) -> None:
    for one in sockets:
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError):
            one.close()
