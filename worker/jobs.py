"""Stages as jobs: how a call moves through the queue, and what happens when a worker, a stage or the queue dies.

The database is the truth about where a call stands; the queue only carries ids. A job claims its stage in the database
under a lease, so a late twin finds its work done or held and leaves, and a stage that a dead worker held is claimed
again when the lease has run out. The result and the next stage's place are written in one transaction, and only then is
the next job put on the queue; ``Sweeper`` puts back what that leaves out: a crash between the two, an emptied Redis, a
killed worker, a wait before another try.
"""

from __future__ import annotations

import contextlib
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import rmtree

import structlog
from redis import Redis
from redis.exceptions import RedisError
from redis.lock import Lock
from rq import Queue
from rq.exceptions import DuplicateJobError, NoSuchJobError
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer
from rq.timeouts import JobTimeoutException

from worker import failures
from worker.core.call import Recording
from worker.core.errors import BrokenRecord, CallError, NotFound, Unavailable
from worker.core.sound import Sound
from worker.core.stage import Made, Stage, run_stage
from worker.exchange.listening_copy import write_listening_copy
from worker.exchange.peaks import peaks_of
from worker.record.sounds import SoundStore
from worker.record.standing import CallState
from worker.record.store import Store
from worker.stages import STAGES

log = structlog.get_logger()

RUN_JOB = "worker.jobs.run_job"
FAILED_JOB_TTL_S = 24 * 3600
SWEEP_EVERY_S = 2.0
SWEEP_AT_ONCE = 200
KEEP_RESULT_S = 300.0
"""How long a finished result is held while the database is away."""

STAGE_BY_NAME: Mapping[str, Stage] = {stage.name: stage for stage in STAGES}
NEXT_STAGE: Mapping[str, str | None] = {
    stage.name: following.name if following else None
    for stage, following in zip(STAGES, (*STAGES[1:], None), strict=True)
}
STAGE_THAT_GIVES: Mapping[str, Stage] = {stage.produces: stage for stage in STAGES}


class JobQueue:
    """The queue of one installation: one name, so that workers take jobs with BLMOVE, which loses none to a kill."""

    def __init__(self, redis: Redis, name: str) -> None:
        self.redis = redis
        self.rq = Queue(name, connection=redis, serializer=JSONSerializer)

    def put(self, call_id: str, stage: str) -> None:
        """Puts a stage on the queue, once: a job that is already there is left alone.

        Raises Unavailable if the queue cannot be reached. Nothing is lost then: the sweeper puts it there later.
        """
        try:
            try:
                self._put_unique(call_id, stage)
            except DuplicateJobError:
                self._replace_if_dead(call_id, stage)
        except RedisError as error:
            raise Unavailable("The queue (Redis) cannot be reached. Accepted calls are safe and wait.") from error

    def _put_unique(self, call_id: str, stage: str) -> None:
        self.rq.enqueue(
            RUN_JOB,
            args=(call_id, stage),
            job_id=_job_id(call_id, stage),
            unique=True,
            # A call that is begun goes before one that is not: else all that wait are decoded, onto one disk, before
            # the first has its record.
            at_front=stage != STAGES[0].name,
            job_timeout=int(STAGE_BY_NAME[stage].timeout_s),
            result_ttl=0,
            failure_ttl=FAILED_JOB_TTL_S,
        )

    def _replace_if_dead(self, call_id: str, stage: str) -> None:
        """RQ keeps a job's id taken while anything of it is stored; one that nobody will run makes room for a new one.

        The caller has seen in the database that the stage waits or that its lease has run out. So a job that counts as
        started or failed is a dead worker's, and one that counts as queued yet is not in the queue's list was lost
        between being taken and being started.
        """
        job_id = _job_id(call_id, stage)
        with contextlib.suppress(NoSuchJobError, DuplicateJobError):
            job = Job.fetch(job_id, connection=self.redis, serializer=JSONSerializer)
            if job.get_status() is JobStatus.QUEUED and self.redis.lpos(self.rq.key, job_id) is not None:
                return
            job.delete()
            self._put_unique(call_id, stage)


def _job_id(call_id: str, stage: str) -> str:
    return f"{call_id}-{stage}"


class LeaseLostError(Exception):
    """Another worker has this stage now: stop, and leave no trace."""


@dataclass
class Work:
    """What a worker process needs to run stages, handed in once by ``bootstrap``."""

    store: Store
    sounds: SoundStore
    queue: JobQueue
    ports: Mapping[str, object]
    scratch: Path
    worker: str
    code_revision: str
    lease_s: float
    max_attempts: int
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))

    def run(self, call_id: str, stage_name: str) -> None:
        """Runs one stage of one call and leaves it in exactly one known state: done, put off, or failed.

        1. Claim the stage; leave if somebody else has it or it is done.
        2. Gather what it requires; run it under a lease that is renewed while this process lives.
        3. Write the result and the next stage's place in one transaction.
        4. Put the next stage on the queue.
        """
        stage = STAGE_BY_NAME[stage_name]
        claim = self.store.begin(call_id, stage_name, worker=self.worker, lease_s=self.lease_s, now=self.now())  # 1
        if claim is None:
            log.info("stage.not_ours", call=call_id, stage=stage_name)
            return
        where = log.bind(call=call_id, stage=stage_name, attempt=claim.attempts)
        if claim.attempts > self.max_attempts:
            # No error was ever seen: the workers that tried were killed, and this one would be too.
            self._give_in(call_id, stage_name, failures.WorkerDied(), claim.attempts)
            return
        where.info("stage.began")
        try:
            with self._leased(call_id, stage) as progress:
                made = self._make(call_id, stage, progress)  # 2
                if stage.on_scratch:
                    self._keep_listening_copy(call_id, made.value)
            kept = self._finish(call_id, stage_name, made)  # 3
        except LeaseLostError:
            where.warning("stage.lease_lost")
            return
        except JobTimeoutException:
            self._give_in(call_id, stage_name, failures.OutOfTime(), claim.attempts)
            return
        except CallError as error:
            self._give_in(call_id, stage_name, error, claim.attempts)
            return
        except Exception as error:
            # A bug. RQ would keep and log its traceback with its message, which may carry words of the call.
            where.error("stage.bug", error=type(error).__name__, at=_places(error))
            self._give_in(call_id, stage_name, error, claim.attempts)
            return
        where.info("stage.done" if kept else "stage.lease_lost", seconds=made.made_by.seconds)
        following = NEXT_STAGE[stage_name]
        if kept and following is None:
            self._clear_scratch(call_id)
        elif kept and following is not None:
            self._put_or_leave(call_id, following)  # 4

    def _finish(self, call_id: str, stage: str, made: Made) -> bool:
        """Writes the result, waiting for a database that is away. False if the stage is no longer ours."""
        until = time.monotonic() + KEEP_RESULT_S
        while True:
            try:
                return self.store.finish(
                    call_id,
                    stage,
                    worker=self.worker,
                    value=made.value,
                    made_by=made.made_by,
                    next_stage=NEXT_STAGE[stage],
                )
            except Unavailable:
                if time.monotonic() > until:
                    raise
                time.sleep(KEEP_RESULT_S / 100)

    def _make(self, call_id: str, stage: Stage, progress: Callable[[float], None]) -> Made:
        values = {name: self._value(call_id, name, stage) for name in stage.requires}
        ports = {**self.ports, "scratch": self._scratch_of(call_id)}
        return run_stage(stage, values, ports, code_revision=self.code_revision, progress=progress)

    def _value(self, call_id: str, name: str, stage: Stage) -> object:
        """One of the values that a stage requires: given with the call, or made by an earlier stage."""
        call = self.store.call(call_id)
        match name:
            case "details":
                return call.details
            case "made_by":
                return self.store.made_by(call_id)
            case "recording":
                path = self._scratch_of(call_id) / "recording"
                if stage.on_scratch:
                    self._bring(call.sha256, path)
                return Recording(call.sha256, call.file_name, call.size_bytes, path)
            case _:
                maker = STAGE_THAT_GIVES[name]
                try:
                    value: object = self.store.value(call_id, maker.name, maker.gives)
                except BrokenRecord:
                    # Stored by a version that gave it in another form: the call was on its way during an upgrade.
                    return self._make(call_id, maker, _ignore).value
                if maker.on_scratch and not _is_here(value):
                    # Another machine decoded it, or this one was cleaned: the same bytes give the same samples.
                    value = self._make(call_id, maker, _ignore).value
                return value

    def _bring(self, sha256: str, path: Path) -> None:
        """The recording's bytes on this machine's scratch disk, checked against their hash."""
        if not path.exists():
            self.sounds.fetch(sha256, path)

    def _keep_listening_copy(self, call_id: str, sound: object) -> None:
        if not isinstance(sound, Sound):  # the one kind of value on scratch disks
            return
        path = self._scratch_of(call_id) / "listening.flac"
        write_listening_copy(sound, path)
        sha256 = self.store.call(call_id).sha256
        self.sounds.put_copy(sha256, path)
        self.sounds.put_peaks(sha256, peaks_of(path))

    @contextlib.contextmanager
    def _leased(self, call_id: str, stage: Stage) -> Iterator[Callable[[float], None]]:
        """Renews the lease from a thread of its own while the block runs; gives the progress to report to.

        The thread stops renewing after the stage's time, so a call into a foreign library that hangs for good is given
        to another worker although this process still lives.
        """
        state = {"share": 0.0, "ours": True}
        ended = threading.Event()
        give_up_at = self.now() + timedelta(seconds=stage.timeout_s + self.lease_s)

        def renew() -> None:
            while not ended.wait(min(1.0, self.lease_s / 3)) and self.now() < give_up_at:
                # A database that is away for a moment is not a lost lease: finishing will tell.
                with contextlib.suppress(Unavailable):
                    state["ours"] = self.store.beat(
                        call_id,
                        stage.name,
                        worker=self.worker,
                        lease_s=self.lease_s,
                        progress=state["share"],
                        now=self.now(),
                    )

        def progress(share: float) -> None:
            state["share"] = share
            if not state["ours"]:
                raise LeaseLostError

        thread = threading.Thread(target=renew, name=f"lease {stage.name}", daemon=True)
        thread.start()
        try:
            yield progress
        finally:
            ended.set()
            thread.join()

    def _give_in(self, call_id: str, stage: str, error: Exception, attempts: int) -> None:
        """Carries out what ``failures.decide`` says about an error."""
        what = failures.decide(error, attempts=attempts, max_attempts=self.max_attempts)
        match what:
            case failures.TryAgain(after_s=after_s):
                not_before = self.now() + timedelta(seconds=after_s)
                log.warning("stage.put_off", call=call_id, stage=stage, error=type(error).__name__, again_in_s=after_s)
                self.store.put_off(call_id, stage, worker=self.worker, error=error, not_before=not_before)
            case failures.GiveUp(reason=reason, message=message):
                if self.store.fail(call_id, stage, worker=self.worker, reason=reason, message=message):
                    log.error("stage.failed", call=call_id, stage=stage, reason=reason)
                    self._clear_scratch(call_id)

    def _put_or_leave(self, call_id: str, stage: str) -> None:
        try:
            self.queue.put(call_id, stage)
        except Unavailable:
            log.warning("queue.unreachable", call=call_id, stage=stage)  # the sweeper puts it there

    def _scratch_of(self, call_id: str) -> Path:
        """A folder for this call alone: another call with the same recording may end and clear its own at any time."""
        return self.scratch / call_id

    def clear_abandoned_scratch(self) -> None:
        """Removes folders of calls that this machine has no part in any more: ended elsewhere, or unknown."""
        for folder in self.scratch.iterdir() if self.scratch.is_dir() else ():
            try:
                ended = self.store.call(folder.name).standing.state in (CallState.READY, CallState.FAILED)
            except NotFound:
                ended = True
            if ended:
                rmtree(folder, ignore_errors=True)

    def _clear_scratch(self, call_id: str) -> None:
        rmtree(self._scratch_of(call_id), ignore_errors=True)


def _places(error: BaseException) -> list[str]:
    """Where an error came from, file and line, without its message and without any line of text."""
    return [f"{Path(frame.filename).name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)[-6:]]


def _is_here(value: object) -> bool:
    return isinstance(value, Sound) and all(track.path.exists() for track in value.tracks)


def _ignore(share: float) -> None:
    """Progress of a value that is made again: the stage that needs it reports its own."""


class Sweeper:
    """Puts on the queue what the database says should be there and is not. Any worker runs it, one at a time."""

    def __init__(self, store: Store, queue: JobQueue, *, every_s: float = SWEEP_EVERY_S) -> None:
        self.store, self.queue, self.every_s = store, queue, every_s
        self._ended = threading.Event()

    def sweep(self) -> int:
        """One pass; the number of stages looked at. Does nothing if another worker is at it."""
        lock = Lock(self.queue.redis, f"{self.queue.rq.key}:sweeper", timeout=60, blocking=False)
        try:
            if not lock.acquire():
                return 0
            try:
                drifting = self.store.drifting(now=datetime.now(UTC), limit=SWEEP_AT_ONCE)
                # A stage that only a newer version knows is left to workers of that version.
                known = [(call_id, stage) for call_id, stage in drifting if stage in STAGE_BY_NAME]
                for call_id, stage in known:
                    self.queue.put(call_id, stage)
                return len(known)
            finally:
                lock.release()
        except RedisError as error:
            raise Unavailable("The queue (Redis) cannot be reached. Accepted calls are safe and wait.") from error

    def run(self) -> None:
        """Sweeps until ``stop``. What cannot be reached now is tried at the next pass."""
        while not self._ended.wait(self.every_s):
            try:
                self.sweep()
            except Unavailable as error:
                log.warning("sweep.put_off", error=error.message)
            except Exception as error:
                # One odd row must not leave all other calls lying.
                log.error("sweep.bug", error=type(error).__name__, at=_places(error))

    def start(self) -> None:
        """Runs in a thread of its own that ends with the process."""
        threading.Thread(target=self.run, name="sweeper", daemon=True).start()

    def stop(self) -> None:
        """Ends after the pass that is under way."""
        self._ended.set()


_work: Work | None = None


def install(work: Work) -> None:
    """Hands the process its work. RQ calls ``run_job`` by name, so what that needs cannot be an argument."""
    global _work
    _work = work


def run_job(call_id: str, stage: str) -> None:
    """What RQ runs: one stage of one call."""
    if _work is None:
        raise RuntimeError("This process was not started as an On Record worker. Run `onrecord work`.")
    if stage not in STAGE_BY_NAME:
        log.warning("stage.unknown", call=call_id)  # a newer version's; its workers' sweeper puts it back
        return
    _work.run(call_id, stage)
