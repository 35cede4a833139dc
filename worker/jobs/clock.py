"""The time by which leases and waits are decided: the database's own, so that no worker's clock matters.

A worker whose clock is an hour ahead would take every stage from its holder, and one whose clock is an hour behind
would lose each of its own to the others: nothing would be doubled, but calls would fail for it. So the database is
asked for the time now and then, and between, the time that passes is counted by a clock that nobody can set.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from worker.core.errors import Unavailable

log = structlog.get_logger()

ASK_EVERY_S = 15.0


class DatabaseClock:
    """Tells the database's time. Safe to share between threads. Raises Unavailable until it was asked once."""

    def __init__(self, ask: Callable[[], datetime], *, every_s: float = ASK_EVERY_S) -> None:
        self._ask, self._every_s = ask, every_s
        self._lock = threading.Lock()
        self._told: tuple[datetime, float] | None = None  # what it said, and when by the clock that only counts

    def __call__(self) -> datetime:
        with self._lock:
            at, counted = self._told or self._asked()
            passed_s = time.monotonic() - counted
            if passed_s > self._every_s:
                try:
                    at, counted = self._asked()
                    passed_s = time.monotonic() - counted
                except Unavailable:  # what was told before goes on being right, to the drift of a quartz
                    log.debug("clock.not_asked")
            return at + timedelta(seconds=passed_s)

    def _asked(self) -> tuple[datetime, float]:
        before = time.monotonic()
        told = self._ask()
        # The middle of asking and being told. Half of a slow answer is well within what leases forgive.
        self._told = told, (before + time.monotonic()) / 2
        return self._told
