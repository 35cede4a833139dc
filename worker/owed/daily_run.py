"""The daily run: what has been kept long enough goes, and what was left half-done is finished.

1. Erasures that some place did not answer go on.
2. Packages, sound and records whose time is over are destroyed, by the rules of ``ONRECORD_KEEP``, line by line.
3. Sound of earlier versions is sealed; what became nobody's is removed; customers without any call are forgotten.

One process at a time makes it, over all hosts. What a place that did not answer leaves undone is said, and done by the
next run.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from worker.core.errors import CallError, NotAllowed
from worker.core.keeping.rules import KeepRules
from worker.core.keeping.values import KeptKind, Why
from worker.core.log.entry import SYSTEM
from worker.core.now import now_utc
from worker.logs import where_raised
from worker.owed.erasing import Stores, erase_call

log = structlog.get_logger()

ROUND = "keeping"
EVERY = timedelta(days=1)
AGAIN_AFTER = timedelta(hours=1)
LOOK_EVERY_S = 60.0


@dataclass
class Ran:
    """What one run did, in numbers, and what it could not do, a line each, without a word of any call."""

    erased: int = 0
    sounds_erased: int = 0
    packages_ended: int = 0
    sealed: int = 0
    cleared: int = 0
    forgotten: int = 0
    left: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Keeper:
    """Keeps to the rules, and to nothing else. Safe to run on several hosts."""

    stores: Stores
    rules: KeepRules
    now: Callable[[], datetime] = now_utc

    def run_if_due(self) -> Ran | None:
        """The run of today, if nobody has made it yet; else None. One that left something is made again in an hour."""
        events, now = self.stores.store.events, self.now()
        if not events.begin_round(ROUND, every=EVERY, now=now):
            return None
        ran = self.run()
        if ran.left:
            events.round_again(ROUND, at=now + AGAIN_AFTER)
        else:
            events.end_round(ROUND, seen_until=now)
        return ran

    def run(self) -> Ran:
        """One run, whether or not it is due."""
        ran, store, sounds = Ran(), self.stores.store, self.stores.sounds
        for call_id, what, why in store.keeping.under_way():
            self._erase(call_id, what, why, ran)
        for call_id in self._due(KeptKind.PACKAGES):
            self._end_packages(call_id, ran)
        for kind in (KeptKind.RECORD, KeptKind.RECORDING):  # what goes as a whole need not lose its sound first
            for call_id in self._due(kind):
                self._erase(call_id, kind, Why.RETENTION, ran)
        ran.packages_ended += self._try(ran, lambda: store.packages.expire(self.now()))
        ran.sealed += self._try(ran, sounds.seal_plain)
        ran.cleared += self._try(ran, sounds.clear)
        ran.forgotten += self._try(ran, store.keeping.forget_nobodys)
        numbers = {name: number for name, number in vars(ran).items() if name != "left" and number}
        log.info("keep.ran", left=len(ran.left), **numbers)
        return ran

    def _due(self, kind: KeptKind) -> Iterator[str]:
        after: str | None = ""
        while after is not None:
            due, after = self.stores.store.keeping.due(self.rules, kind, now=self.now(), after=after)
            yield from due

    def _erase(self, call_id: str, what: KeptKind, why: Why, ran: Ran) -> None:
        try:
            erase_call(call_id, why=why, by=SYSTEM, name=None, stores=self.stores, what=what, now=self.now)
        except NotAllowed:  # held since it was found
            return
        except CallError as error:
            ran.left.append(f"{call_id}: {error.message}")
            return
        if what is KeptKind.RECORDING:
            ran.sounds_erased += 1
        else:
            ran.erased += 1

    def _end_packages(self, call_id: str, ran: Ran) -> None:
        """Ends packages that are kept for longer than the rule of the call's line allows."""
        store = self.stores.store
        line = store.call(call_id).details.line
        for one in store.packages.of_call(call_id):
            over = one.ended_because is None and one.ready_at is not None
            if over and self.rules.is_over(KeptKind.PACKAGES, line, one.ready_at or self.now(), self.now()):
                store.packages.cancel(one.id)
                ran.packages_ended += 1

    def _try(self, ran: Ran, do: Callable[[], int]) -> int:
        try:
            return do()
        except CallError as error:
            ran.left.append(error.message)
            return 0


class DailyRun:
    """The thread of a worker that makes the daily run when it is due."""

    def __init__(self, keeper: Keeper, *, every_s: float = LOOK_EVERY_S) -> None:
        self._keeper, self._every_s = keeper, every_s
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)

    def start(self) -> None:
        """Runs in a thread of its own that ends with the process."""
        self._thread.start()

    def stop(self) -> None:
        """Makes no further run. One that is under way ends with the process, and is gone on with by the next."""
        self._ended.set()

    def _run(self) -> None:
        while not self._ended.wait(self._every_s):
            try:
                self._keeper.run_if_due()
            except CallError as error:
                log.warning("keep.put_off", error=error.message)
            except Exception as error:
                log.error("keep.bug", error=type(error).__name__, at=where_raised(error))
