"""A stage in this process's hands: its lease is renewed while it runs, and its time is kept.

Three clocks stop a stage that outlives its time. RQ's own alarm raises ``JobTimeoutException`` in it, which is enough
for whatever runs Python. A foreign library that hangs never sees that: a little later the thread that renews the lease
says that the job hangs, and the process is replaced. A library that hangs and lets no other thread run either stops
that too; then the lease runs out, another worker takes the stage, and the interpreter's own watchdog ends the process.
"""

from __future__ import annotations

import contextlib
import faulthandler
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from worker.core.errors import Unavailable

BEAT_EVERY_S = 1.0
HANGS_AFTER_S = 30.0
"""How long after its time a job may still take to hear that it is over; no longer than a lease."""


class LeaseLostError(Exception):
    """Another worker has this stage now: stop, and leave no trace."""


@dataclass(frozen=True)
class LeaseTerms:
    """Of one lease: how long it holds without being renewed, and how long the job under it may take, in seconds.

    ``beat`` renews it, given the progress, and is False once it is lost; it may raise Unavailable. ``on_hang`` is
    called from another thread when the job outlives its time and does not hear; None where nobody could end it.
    """

    lease_s: float
    time_s: float
    beat: Callable[[float], bool]
    on_hang: Callable[[], None] | None = None

    @property
    def hangs_after_s(self) -> float:
        """Seconds after which a job that has not ended counts as hung."""
        return self.time_s + min(HANGS_AFTER_S, self.lease_s)


class Lease:
    """What the holder of a stage has in its hands: its progress, and the word that its time is no longer kept."""

    def __init__(self, terms: LeaseTerms) -> None:
        self._terms = terms
        self._share = 0.0
        self._is_ours = True
        self._is_timed = True
        self._ended = threading.Event()

    def progress(self, share: float) -> None:
        """Notes the share of the work that is done. Raises LeaseLostError once the stage is another worker's."""
        self._share = share
        if not self._is_ours:
            raise LeaseLostError

    def stop_timing(self) -> None:
        """What is to be stored is made: waiting for a database that is away does not count as work."""
        self._is_timed = False
        signal.alarm(0)  # RQ's
        faulthandler.cancel_dump_traceback_later()

    def _renew(self) -> None:
        hangs_at = time.monotonic() + self._terms.hangs_after_s
        while not self._ended.wait(min(BEAT_EVERY_S, self._terms.lease_s / 3)):
            if self._is_timed and time.monotonic() > hangs_at:
                if self._terms.on_hang is not None:
                    self._terms.on_hang()
                return  # no longer renewed, it is given to another worker
            if self._is_ours:
                # A database that is away for a moment is not a lost lease: finishing will tell.
                with contextlib.suppress(Unavailable):
                    self._is_ours = self._terms.beat(self._share)

    @classmethod
    @contextlib.contextmanager
    def held(cls, terms: LeaseTerms) -> Iterator[Lease]:
        """Renews the lease from a thread of its own while the block runs."""
        lease = cls(terms)
        thread = threading.Thread(target=lease._renew, name="lease", daemon=True)
        if terms.on_hang is not None:
            faulthandler.dump_traceback_later(terms.hangs_after_s + terms.lease_s, exit=True)
        thread.start()
        try:
            yield lease
        finally:
            faulthandler.cancel_dump_traceback_later()
            lease._ended.set()
            thread.join()
