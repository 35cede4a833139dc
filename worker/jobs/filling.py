"""Keeping the windows of the queue on what waits in the database.

Any worker that is about to take a job fills the windows of its own stages where they run low; the sweeper of whichever
worker comes first looks at all of them every two seconds. Both do the same, and to do it twice is no harm.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from worker.core.errors import Unavailable
from worker.jobs.queue import WINDOW, JobQueue
from worker.jobs.scratch import Scratch
from worker.logs import where_raised
from worker.record.store import Store

log = structlog.get_logger()

SWEEP_EVERY_S = 2.0
CLEAR_EVERY_S = 60.0
HELD_BACK_S = 0.5
"""How long a worker does not ask again whether a call may be begun, when too many were."""


@dataclass
class Filler:
    """Fills windows. Of the first stage no more than that ``most_begun`` calls are on their way at once.

    All their decoded sound lies on scratch disks. Without that bound, CPU hosts would decode an import of 50,000 calls
    before GPU hosts had heard the first hundred.
    """

    store: Store
    queue: JobQueue
    most_begun: int
    now: Callable[[], datetime]
    _held_back_until: float = field(default=0.0, init=False)

    def top_up(self, stages: Collection[str]) -> None:
        """Fills the windows of these stages that run low or out of order. Raises Unavailable."""
        for stage in self.queue.to_fill(stages):
            if stage != self.queue.way.first or time.monotonic() > self._held_back_until:
                self.fill(stage)

    def fill(self, stage: str) -> None:
        """Puts the window of one stage on the first that wait for it. Raises Unavailable."""
        limit = WINDOW
        if stage == self.queue.way.first:
            limit = max(0, min(WINDOW, self.most_begun - self.store.begun()))
            self._held_back_until = 0.0 if limit else time.monotonic() + HELD_BACK_S
        seen = self.queue.shown(stage)
        waiting = self.store.waiting(stage, now=self.now(), limit=limit) if limit else ()
        self.queue.fill(stage, waiting, seen=seen, is_all=len(waiting) < limit)


class Sweeper:
    """Looks at every stage now and then. Each worker has one, and one at a time does the work.

    So what an emptied Redis, a killed worker, a full window or a wait before another try has left in the database alone
    comes back on the queue. Each also clears its own machine's scratch disk of calls that ended elsewhere.
    """

    def __init__(self, filler: Filler, scratch: Scratch, *, every_s: float = SWEEP_EVERY_S) -> None:
        self._filler, self._scratch, self._every_s = filler, scratch, every_s
        self._ended = threading.Event()

    def sweep(self) -> None:
        """One pass over all stages. A stage that only a newer version knows is left to workers of that version.

        Raises Unavailable.
        """
        for stage in self._filler.queue.way.names:
            self._filler.fill(stage)

    def run(self) -> None:
        """Sweeps until ``stop``. What cannot be reached now is tried at the next pass."""
        clear_at = 0.0
        while not self._ended.wait(self._every_s):
            try:
                # A little less than the pause: else this worker comes just too early each second time.
                if self._filler.queue.is_our_turn("sweep", every_s=0.9 * self._every_s):
                    self.sweep()
                if time.monotonic() > clear_at:
                    self._scratch.clear_abandoned(self._filler.store)
                    self._filler.store.forget_silent_lines()
                    clear_at = time.monotonic() + CLEAR_EVERY_S
            except Unavailable as error:
                log.warning("sweep.put_off", error=error.message)
            except Exception as error:
                # One odd row must not leave all other calls lying.
                log.error("sweep.bug", error=type(error).__name__, at=where_raised(error))

    def start(self) -> None:
        """Runs in a thread of its own that ends with the process."""
        threading.Thread(target=self.run, name="sweeper", daemon=True).start()

    def stop(self) -> None:
        """Ends after the pass that is under way."""
        self._ended.set()
