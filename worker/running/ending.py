"""How a worker ends when it is asked to: what it is at is finished within a grace time, or handed back.

Python runs a signal's handler only between two steps of its own in the main thread, so a long call into a library keeps
it from hearing. The signal is therefore also read by a thread, from a pipe into which the interpreter writes it.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable

import structlog

log = structlog.get_logger()

ENDING_SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT})
SAME_REQUEST_S = 1.0
"""Ctrl-C reaches a whole group of processes, and their parent then asks them once more."""
HAND_BACK_S = 3.0
LONGEST_SELECT_S = 3600.0


class Ending:
    """Watches over the end of this process. ``was_asked`` is set once it was asked to end.

    ``hand_back`` gives up what the process has in hand; it is called from a thread, and may take ``HAND_BACK_S``.
    """

    def __init__(self, *, grace_s: float, hand_back: Callable[[], None]) -> None:
        self._grace_s, self._hand_back = grace_s, hand_back
        self.was_asked = threading.Event()
        self._read, self._write = os.pipe()

    def start(self) -> None:
        """Watches from now on. Call it from the main thread."""
        os.set_blocking(self._write, False)
        signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        threading.Thread(target=self._watch, name="ending", daemon=True).start()

    def _watch(self) -> None:
        self._hear(None)
        self.was_asked.set()
        asked_at = time.monotonic()
        log.info("worker.asked_to_stop", grace_s=self._grace_s)
        while (left_s := asked_at + self._grace_s - time.monotonic()) > 0:
            if self._hear(left_s) and time.monotonic() > asked_at + SAME_REQUEST_S:
                break
        # Whoever ended in time has ended this thread with it.
        handing_back = threading.Thread(target=self._hand_back, name="handing back", daemon=True)
        handing_back.start()
        handing_back.join(HAND_BACK_S)
        log.warning("worker.stopped_at_once")
        sys.stderr.flush()
        os._exit(0)

    def _hear(self, timeout_s: float | None) -> bool:
        """Waits for a signal that asks to end. False if none came in time."""
        until = float("inf") if timeout_s is None else time.monotonic() + timeout_s
        while (left_s := until - time.monotonic()) > 0:
            ready, _, _ = select.select([self._read], [], [], min(left_s, LONGEST_SELECT_S))
            if ready and ENDING_SIGNALS & set(os.read(self._read, 1)):
                return True
        return False
