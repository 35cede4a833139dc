"""What a stage job costs beside the stage's own work, next to a bare job of RQ that does nothing.

Both run in this process, one worker and no other, with a queue server at ``redis_url``. Of ours everything is the real
thing but the stages, which give a word and nothing else: the claim, the lease, the result and the next stage in the
database, the windows of the queue. The last stage writes no record, so that what is measured is the same for each job.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog
from redis import Redis
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer

from worker import jobs
from worker.core.arrival import Arrived, Handover
from worker.core.call import CallDetails
from worker.core.ports import Progress
from worker.core.stage import Stage
from worker.record.sounds import SoundStore
from worker.record.store import Store
from worker.running.ending import Ending
from worker.running.work import Worker

STAGES_OF_A_CALL = 9  # as many as a call has


@dataclass(frozen=True)
class QueueCost:
    """Seconds and Redis commands for each job: ours, and a bare one of RQ."""

    jobs: int
    ours_s: float
    bare_s: float
    our_commands: float
    bare_commands: float


def measure_queue(store: Store, redis_url: str, folder: Path, *, calls: int = 50) -> QueueCost:
    """Works so many calls through stages that do nothing, and as many bare jobs of RQ.

    ``store`` is a database for this alone; its calls end at the last stage but one. ``folder`` is for scratch files.
    """
    number = calls * STAGES_OF_A_CALL
    redis = Redis.from_url(redis_url)
    quiet = logging.getLogger("rq.worker").level
    try:
        # Lines that are written cost time too, and a terminal's.
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
        ours_s, our_commands = _measured(redis, lambda: _work_calls(store, redis, folder, calls))
        bare_s, bare_commands = _measured(redis, lambda: _work_bare(redis, number))
    finally:
        structlog.reset_defaults()
        logging.getLogger("rq.worker").setLevel(quiet)
        redis.close()
    return QueueCost(number, ours_s / number, bare_s / number, our_commands / number, bare_commands / number)


def _measured(redis: Redis, work: Callable[[], float]) -> tuple[float, float]:
    """Seconds that the work says it took, and the commands that Redis took for it."""
    before = _commands(redis)
    seconds = work()
    return seconds, _commands(redis) - before


def _commands(redis: Redis) -> int:
    return int(redis.info("stats")["total_commands_processed"])  # type: ignore[index]  # no coroutine here


def _say_nothing(progress: Progress) -> str:  # noqa: ARG001  # what a stage is given
    return "nothing"


def _work_calls(store: Store, redis: Redis, folder: Path, calls: int) -> float:
    # One more than are worked: the last would give a record, and nobody takes it.
    names = [f"measure_{number}" for number in range(1, STAGES_OF_A_CALL + 2)]
    way = jobs.Way(tuple(Stage(name=name, requires=(), produces=name, gives=str, run=_say_nothing) for name in names))
    queue = jobs.JobQueue(redis, f"measured-{secrets.token_hex(4)}", way)
    work = jobs.Work(
        store=store,
        sounds=SoundStore(folder / "sounds", store.sound_keys),
        queue=queue,
        ports={},
        fetcher=_no_fetcher,
        scratch=jobs.Scratch(folder / "scratch"),
        worker=f"measured.{secrets.token_hex(4)}",
        code_revision="measured",
        lease_s=60.0,
        max_attempts=1,
        fetch_patience_s=0.0,
    )
    for number in range(calls):
        handover = Handover(CallDetails(external_id=f"{queue.name} {number}"))
        accepted = store.accept(handover, Arrived("0" * 64, "nothing.wav", 1), first_stage=way.first)
        queue.put(accepted.call_id, way.first)
    jobs.install(work)
    worker = Worker(
        [queue.rq(name) for name in reversed(names[:-1])],
        connection=redis,
        serializer=JSONSerializer,
        log_job_description=False,
    )
    worker.filler = jobs.Filler(store, queue, 1_000_000, work.now)
    worker.ending = Ending(grace_s=0.0, hand_back=lambda: None)
    worker.memory_limit_bytes = None
    try:
        return _worked(worker)
    finally:
        jobs.install(None)


def _no_fetcher() -> None:
    raise AssertionError("nothing was announced")


def _work_bare(redis: Redis, number: int) -> float:
    """Putting them on the queue counts too: each of our jobs puts the next."""
    queue = Queue(f"bare-{secrets.token_hex(4)}", connection=redis)
    started = time.perf_counter()
    for _ in range(number):
        queue.enqueue(time.time)
    enqueued_s = time.perf_counter() - started
    return enqueued_s + _worked(SimpleWorker([queue], connection=redis, log_job_description=False))


def _worked(worker: SimpleWorker) -> float:
    """Seconds until this worker has worked all that is on its queues."""
    started = time.perf_counter()
    worker.work(burst=True, logging_level="WARNING")
    return time.perf_counter() - started
