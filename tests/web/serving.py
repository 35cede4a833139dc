"""A real server in a thread of this process, for what an in-process client cannot show: streams, and real browsers."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

START_WITHIN_S = 10.0


@contextmanager
def serving(app: FastAPI, port: int) -> Iterator[None]:
    """Serves the application at this port of this machine until the block ends; streams still open are cut off then."""
    config = uvicorn.Config(
        app, host="127.0.0.1", port=port, log_level="error", access_log=False, timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + START_WITHIN_S
    while not server.started:
        assert thread.is_alive(), "the server ended by itself"
        assert time.monotonic() < until, "the server did not start"
        time.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()
