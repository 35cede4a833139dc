"""The thread that takes entries into the tree and publishes its head."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import structlog

from worker.core.errors import CallError
from worker.record.log.log import Log

log = structlog.get_logger()

PUBLISH_EVERY_S = 10.0


class Publisher:
    """Publishes the log while a process runs. Any number of processes may; one at a time does the work."""

    def __init__(self, of: Log, *, every_s: float = PUBLISH_EVERY_S) -> None:
        self._log, self._every_s = of, every_s
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)

    def start(self) -> None:
        """Runs in a thread of its own that ends with the process."""
        self._thread.start()

    def stop(self) -> None:
        """Publishes once more what is there, and ends."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(self._every_s):
            self._publish()
        self._publish()

    def _publish(self) -> None:
        """One pass. What cannot be done now is tried at the next."""
        try:
            self._log.include()
            self._log.publish(datetime.now(UTC))
        except CallError as error:
            log.warning("publish.put_off", error=error.message)
        except Exception as error:
            log.error("publish.bug", error=type(error).__name__)
