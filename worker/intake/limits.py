"""How much may be taken in before senders are asked to wait: room on the disks, and calls that wait for a worker.

Whoever is told to wait still has their recording and sends it again. So it is said before anything is kept: nothing
is ever accepted and then dropped.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from worker.core.errors import Unavailable

COUNTED_EVERY_S = 2.0
WHEN_FULL_S = 60
WHEN_BUSY_S = 30


class Busy(Unavailable):
    """More is waiting here than can be worked now. Nothing was accepted; send it again later."""

    def __init__(self, message: str | None = None, *, retry_after_s: int = WHEN_BUSY_S) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


@dataclass(frozen=True)
class Limits:
    """``largest_bytes`` of one recording; ``free_bytes`` that stay free on each disk of ``folders``; ``most_waiting``
    calls that wait for their first stage, None for any number.
    """

    largest_bytes: int = 2_000_000_000
    free_bytes: int = 0
    folders: tuple[Path, ...] = ()
    most_waiting: int | None = None


class Gate:
    """Says whether one more recording may come in now. Safe to share between threads.

    ``refused`` is how many were refused here, by what there was too little of: "disk" or "queue".
    """

    def __init__(self, limits: Limits, count_waiting: Callable[[], int]) -> None:
        self._limits, self._count_waiting = limits, count_waiting
        self._lock = threading.Lock()
        self._waiting, self._counted_at = 0, float("-inf")
        self.refused: Counter[str] = Counter(disk=0, queue=0)

    def check(self, size_bytes: int = 0) -> None:
        """Raises Busy if the disks have no room for so many bytes, or too many calls wait already."""
        self.check_room(size_bytes)
        most = self._limits.most_waiting
        if most is not None and self._number_waiting() >= most:
            self._count_refusal("queue")
            raise Busy

    def check_room(self, size_bytes: int = 0) -> None:
        """Raises Busy if the disks have no room for so many bytes."""
        for folder in self._limits.folders:
            if _free_bytes(folder) < self._limits.free_bytes + size_bytes:
                self._count_refusal("disk")
                raise Busy(
                    "There is too little room on the disks here. Nothing was accepted; send it again later.",
                    retry_after_s=WHEN_FULL_S,
                )

    def _count_refusal(self, limit: str) -> None:
        with self._lock:
            self.refused[limit] += 1

    def _number_waiting(self) -> int:
        """Counted again after a moment at most: what comes in between goes a little over the limit."""
        with self._lock:
            now = time.monotonic()
            if now - self._counted_at >= COUNTED_EVERY_S:
                self._waiting, self._counted_at = self._count_waiting(), now
            return self._waiting


def _free_bytes(folder: Path) -> int:
    """Of the disk on which this folder is, or will be made."""
    while True:
        try:
            return shutil.disk_usage(folder).free
        except FileNotFoundError:
            if folder.parent == folder:
                raise
            folder = folder.parent
