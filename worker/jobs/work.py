"""One job: one stage of one call is claimed, worked, and left in exactly one known state.

The result and the next stage's place are written in one transaction, and only then is the next job put on the queue.
A late twin of a job finds its work taken or done, and leaves; a worker that lost its lease writes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import TypeVar

import structlog
from rq.timeouts import JobTimeoutException

from worker import failures
from worker.core.arrival import FETCH
from worker.core.errors import CallError, Unavailable
from worker.core.ports import Fetcher, Load
from worker.core.stage import Made
from worker.jobs.clock import DatabaseClock
from worker.jobs.lease import Lease, LeaseLostError, LeaseTerms
from worker.jobs.making import Making
from worker.jobs.observer import Job, Observer, Outcome, Watched, length_of_sound, watched
from worker.jobs.queue import JobQueue
from worker.jobs.scratch import Scratch
from worker.logs import last_line_of, where_raised
from worker.record.sounds import SoundStore
from worker.record.standing import Claim, StoredCall
from worker.record.store import Store
from worker.stages import PROTECT

log = structlog.get_logger()

T = TypeVar("T")

KEEP_RESULT_S = 300.0
"""How long what a job came to is held while the database is away."""
ASK_AGAIN_S = 1.0


@dataclass
class Work:
    """What a worker process needs to run jobs, handed in once by ``bootstrap``.

    ``worker`` names this process and no other. ``on_hang`` is called from another thread when a job outlives its time
    and hears nothing, and does not return: the process is replaced. ``clock`` decides about leases and waits; if it is
    not given, it is the database's.
    """

    store: Store
    sounds: SoundStore
    queue: JobQueue
    ports: Mapping[str, object]
    fetcher: Load[Fetcher]
    scratch: Scratch
    worker: str
    code_revision: str
    lease_s: float
    max_attempts: int
    fetch_patience_s: float
    observers: Sequence[Observer] = ()
    on_hang: Callable[[], None] | None = None
    clock: Callable[[], datetime] | None = None
    in_hand: Claim | None = field(default=None, init=False)

    @cached_property
    def now(self) -> Callable[[], datetime]:
        """Tells the time by which leases and waits are decided."""
        return self.clock or DatabaseClock(self.store.now)

    def run(self, call_id: str, stage: str) -> None:
        """Runs one stage of one call and leaves it in exactly one known state: done, put off, failed or given back.

        1. Claim the stage; leave if somebody else has it, or it is done or not due.
        2. Gather what it requires; run it under a lease that is renewed while this process lives.
        3. Write the result and the next stage's place in one transaction.
        4. Put the next stage on the queue.
        """
        try:
            claim = self.store.begin(call_id, stage, worker=self.worker, lease_s=self.lease_s, now=self.now())  # 1
        except Unavailable as error:
            log.warning("stage.not_begun", call=call_id, stage=stage, error=error.message)
            time.sleep(ASK_AGAIN_S)  # else the queue is emptied in vain while the database is away
            return
        if claim is None:
            log.info("stage.not_ours", call=call_id, stage=stage)
            return
        self.in_hand = claim
        job = Job(call_id, stage, claim.attempts, is_takeover=claim.took_over)
        terms = LeaseTerms(
            self.lease_s, self.queue.way.time_s(stage), lambda share: self._beat(claim, share), self._hang(claim)
        )
        try:
            with watched(self.observers, job) as seen, Lease.held(terms) as lease:
                self._run(claim, lease, seen)
        finally:
            self.in_hand = None

    def _run(self, claim: Claim, lease: Lease, seen: Watched) -> None:
        try:
            call = self.store.call(claim.call_id)
            if claim.took_over and call.standing.takeovers >= self.max_attempts:
                raise failures.WorkerDied
            log.info("stage.began")
            is_kept = self._fetch(call, lease) if claim.stage == FETCH else self._work(call, claim.stage, lease, seen)
        except LeaseLostError:
            is_kept = False
        except JobTimeoutException:
            self._give_in(claim, failures.OutOfTime(), lease, seen)
            return
        except Exception as error:
            self._give_in(claim, error, lease, seen)
            return
        seen.ended(Outcome.DONE if is_kept else Outcome.LOST)
        if not is_kept:
            log.warning("stage.lost")  # taken over, or begun anew with further recordings
            return
        log.info("stage.done", seconds=seen.work_s)
        following = self.queue.way.after(claim.stage)
        if following is None:
            self.scratch.clear(claim.call_id)
        else:
            self._put_or_leave(claim.call_id, following)  # 4

    def _work(self, call: StoredCall, name: str, lease: Lease, seen: Watched) -> bool:
        """Makes and stores what a stage gives. False if it is no longer ours."""
        stage = self.queue.way.stage(name)
        making = Making(call, self.queue.way, self.store, self.sounds, self.scratch, self.ports, self.code_revision)
        made = making.make(stage, lease.progress)  # 2
        if name == PROTECT:
            making.overwrite_sound(made.value)
        lease.stop_timing()
        seen.work_s, seen.sound_s = made.made_by.seconds, length_of_sound(made.value, *making.used.values())
        return _patiently(lambda: self._finish(call.id, name, made))  # 3

    def _finish(self, call_id: str, stage: str, made: Made) -> bool:
        return self.store.finish(
            call_id,
            stage,
            worker=self.worker,
            value=made.value,
            made_by=made.made_by,
            next_stage=self.queue.way.after(stage),
            forgets=self.queue.way.forgotten_after(stage),
        )

    def _fetch(self, call: StoredCall, lease: Lease) -> bool:
        """Brings what was announced of a call into the store of recordings. False if it is no longer ours."""
        fetcher = self.fetcher()
        announced = self.store.announced(call.id)
        for done, (leg, one) in enumerate(announced):
            with self.scratch.for_fetching(call.id) as folder:
                path = folder / "recording"
                fetcher.fetch(one, path)
                kept = self.sounds.keep(path)
            is_ours = self.store.fetched(call.id, leg, kept.arrived(one.file_name), worker=self.worker)
            self.sounds.settle(kept, call.id, leg)
            if not is_ours:
                return False
            lease.progress((done + 1) / len(announced))
        lease.stop_timing()
        return _patiently(lambda: self.store.finish_fetch(call.id, worker=self.worker, next_stage=self.queue.way.first))

    def _give_in(self, claim: Claim, error: Exception, lease: Lease, seen: Watched) -> None:
        """Carries out what ``failures.decide`` says about an error. A database that is away is waited for."""
        lease.stop_timing()
        # RQ would keep and log a traceback with its message, which may carry words of the call.
        log.warning("stage.broke_off", error=type(error).__name__, at=where_raised(error.__cause__ or error))
        try:
            is_kept = _patiently(lambda: self._end(claim, error, seen))
        except Unavailable as away:  # its lease runs out, and it is taken over
            log.error("stage.left", error=away.message)
            return
        if not is_kept:
            seen.ended(Outcome.LOST)
            log.warning("stage.lost")

    def _end(self, claim: Claim, error: Exception, seen: Watched | None = None) -> bool:
        """Puts the stage off or fails it. False if it is no longer ours."""
        what = failures.decide(
            error,
            attempts=claim.attempts,
            max_attempts=self.max_attempts,
            patience_s=self.fetch_patience_s if claim.stage == FETCH else 0.0,
        )
        run, last_line = (claim.call_id, claim.stage), last_line_of(claim.call_id)
        match what:
            case failures.TryAgain(after_s=after_s):
                due = self.now() + timedelta(seconds=after_s)
                is_kept = self.store.put_off(*run, worker=self.worker, error=error, not_before=due, last_line=last_line)
                outcome = Outcome.PUT_OFF
            case failures.GiveUp(reason=reason, message=message):
                is_kept = self.store.fail(*run, worker=self.worker, reason=reason, message=message, last_line=last_line)
                outcome = Outcome.FAILED
        if is_kept:
            reason = type(error).__name__ if isinstance(error, CallError) else failures.BUG
            log.warning(f"stage.{outcome}", call=claim.call_id, stage=claim.stage, reason=reason)
            if seen is not None:
                seen.ended(outcome, reason=reason)
            if outcome is Outcome.FAILED:
                self.scratch.clear(claim.call_id)
        return is_kept

    def hand_back(self) -> bool:
        """Lets the stage in hand wait for another worker, its try not counted; from any thread. False if there is none.

        Raises Unavailable: then its lease runs out.
        """
        claim = self.in_hand
        if claim is None or not self.store.give_back(claim.call_id, claim.stage, worker=self.worker):
            return False
        log.warning("stage.given_back", call=claim.call_id, stage=claim.stage)
        self._put_or_leave(claim.call_id, claim.stage)
        return True

    def _hang(self, claim: Claim) -> Callable[[], None] | None:
        on_hang = self.on_hang
        if on_hang is None:
            return None

        def end() -> None:
            log.error("stage.hangs", call=claim.call_id, stage=claim.stage)
            try:
                self._end(claim, failures.OutOfTime())
            except Unavailable as away:
                log.error("stage.left", call=claim.call_id, stage=claim.stage, error=away.message)
            finally:
                on_hang()

        return end

    def _beat(self, claim: Claim, share: float) -> bool:
        return self.store.beat(
            claim.call_id, claim.stage, worker=self.worker, lease_s=self.lease_s, progress=share, now=self.now()
        )

    def _put_or_leave(self, call_id: str, stage: str) -> None:
        try:
            self.queue.put(call_id, stage)
        except Unavailable:
            log.warning("queue.unreachable", call=call_id, stage=stage)  # the sweeper puts it there


def _patiently(store: Callable[[], T]) -> T:
    """Stores something, waiting for a database that is away. Raises Unavailable if it stays so."""
    until = time.monotonic() + KEEP_RESULT_S
    while True:
        try:
            return store()
        except Unavailable:
            if time.monotonic() > until:
                raise
            time.sleep(ASK_AGAIN_S)
