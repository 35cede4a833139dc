"""A worker process: takes one job after another from the queues of its stages, with models loaded once and kept.

RQ's own forking worker would load the models anew for every job, and forking after a model has started its threads is
unsafe; so this is the simple worker, in this process. What forking would protect from is done otherwise: a killed
process loses its leases (``worker.jobs``), one whose job hangs or whose memory has grown too large is replaced by a
fresh one in its own place (``worker.running.replace``), and one that is asked to end does so in time
(``worker.running.ending``).
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Any, Protocol

import psutil  # type: ignore[import-untyped]  # its types are a package of their own
import structlog
from redis.exceptions import RedisError
from rq import Queue, SimpleWorker
from rq.exceptions import InvalidJobOperation, NoSuchJobError, StopRequested
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.worker import WorkerStatus

from worker import jobs
from worker.core.arrival import FETCH
from worker.core.errors import Invalid, Unavailable
from worker.record.log import Publisher
from worker.running.ending import Ending
from worker.running.replace import replace_process

log = structlog.get_logger()

WAIT_FOR_QUEUE_S = 2.0
REGISTERED_S = 35
"""How long Redis knows of a worker that says nothing. RQ waits for a job 15 s less, and for any answer 5 s less: so a
connection that was cut without a word is noticed after half a minute."""


class Beside(Protocol):
    """What runs in a thread of its own beside the jobs of a worker."""

    def start(self) -> None:
        """Begins, and returns at once."""

    def stop(self) -> None:
        """Ends what is under way, and returns."""


@dataclass(frozen=True)
class Terms:
    """How one worker process works.

    It takes jobs of these ``stages`` alone, all if there are none. It ends ``grace_s`` after it was asked to. It is
    replaced after a job that leaves it with more than ``memory_limit_bytes``, if that is given. ``most_begun`` calls
    are on their way at once in the whole installation.
    """

    stages: tuple[str, ...] = ()
    grace_s: float = 15.0
    memory_limit_bytes: int | None = None
    most_begun: int = 200


class Worker(SimpleWorker):
    """RQ's worker with our own ways of waiting, ending and watching its size."""

    max_connection_wait_time = WAIT_FOR_QUEUE_S

    filler: jobs.Filler
    ending: Ending
    memory_limit_bytes: int | None
    is_full = False

    def request_stop(self, signum: int, frame: FrameType | None) -> None:  # noqa: ARG002  # what a handler is given
        """The handler of the signals that end a worker: the job under way is finished first.

        RQ's own one writes into Redis, and where that is away its error would break off the job.
        """
        self.ending.was_asked.set()
        if self.get_state() == WorkerStatus.BUSY:
            self._stop_requested = True
        else:
            raise StopRequested

    request_force_stop = request_stop  # a second signal is ``worker.running.ending``'s business

    def dequeue_job_and_maintain_ttl(
        self, timeout: int | None, max_idle_time: int | None = None
    ) -> tuple[Job, Queue] | None:
        """Takes the next job. Before it, the windows of this worker's stages are filled where they run low."""
        if self.ending.was_asked.is_set():  # in a long call into a library no handler is called, and it may be over now
            raise StopRequested
        stages = [queue.name.rpartition(":")[2] for queue in self.queues]
        with contextlib.suppress(Unavailable):  # the sweeper says so; what is on the queue can be taken
            self.filler.top_up(stages)
        taken: tuple[Job, Queue] | None = super().dequeue_job_and_maintain_ttl(timeout, max_idle_time)
        return taken

    def reorder_queues(self, reference_queue: Queue) -> None:
        """Calls that are further on go first; fetching and beginning calls take turns, so that neither waits for all of
        the other."""
        way = self.filler.queue.way
        openings = [queue for queue in self.queues if queue.name.rpartition(":")[2] in (FETCH, way.first)]
        if len(openings) == 2 and reference_queue in openings:
            openings.sort(key=lambda queue: queue.name == reference_queue.name)
            self._ordered_queues = [queue for queue in self.queues if queue not in openings] + openings

    def handle_job_success(self, job: Job, *args: Any, **kwargs: Any) -> None:
        """Takes a job away that has run. Nothing of it, or half of it, is there where a twin of it, which has the same
        id, has ended before, or Redis was emptied meanwhile. RQ would take that for a fault of this worker, and end it.
        """
        with contextlib.suppress(InvalidJobOperation, NoSuchJobError, ValueError):  # the last for an execution
            super().handle_job_success(job, *args, **kwargs)

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Runs a job. Raises StopRequested if it left this process too large."""
        super().execute_job(job, queue)
        used = psutil.Process().memory_info().rss
        if self.memory_limit_bytes is not None and used > self.memory_limit_bytes:
            log.warning("worker.too_large", megabytes=round(used / 1e6))
            self.is_full = True
            raise StopRequested


def run_worker(work: jobs.Work, terms: Terms, *, beside: Sequence[Beside] = ()) -> None:
    """Works until SIGTERM or SIGINT. The job under way is then finished, or handed back when the grace time is over or
    a second signal comes. A queue that goes away is waited for, with the models kept loaded.

    Raises Invalid for a stage that there is not.
    """
    queues = _queues(work.queue, terms.stages)
    jobs.install(work)
    work.on_hang = replace_process
    filler = jobs.Filler(work.store, work.queue, terms.most_begun, work.now)
    ending = Ending(grace_s=terms.grace_s, hand_back=lambda: _hand_back(work))
    ending.start()
    threads: tuple[Beside, ...] = (
        *work.observers,
        jobs.Sweeper(filler, work.scratch),
        Publisher(work.store.log),
        *beside,
    )
    for thread in threads:
        thread.start()
    worker = _work(work, filler, ending, queues, terms)
    for thread in threads:
        thread.stop()
    if worker.is_full and not ending.was_asked.is_set():
        replace_process()


def _queues(queue: jobs.JobQueue, stages: Sequence[str]) -> list[Queue]:
    """The queues of these stages in the order in which they are looked at: calls that are further on go first."""
    names = queue.way.names
    unknown = [stage for stage in stages if stage not in names]
    if unknown:
        raise Invalid(f"There is no stage {unknown[0]}. There are {', '.join(names)}.")
    return [queue.rq(name) for name in reversed(names) if not stages or name in stages]


def _work(work: jobs.Work, filler: jobs.Filler, ending: Ending, queues: list[Queue], terms: Terms) -> Worker:
    """Takes jobs until a signal or its own size ends it; gives the worker that was ended."""
    while True:
        worker = Worker(
            queues,
            name=work.worker,
            connection=work.queue.redis,
            serializer=JSONSerializer,
            log_job_description=False,
            worker_ttl=REGISTERED_S,
        )
        worker.filler, worker.ending, worker.memory_limit_bytes = filler, ending, terms.memory_limit_bytes
        with contextlib.suppress(StopRequested):  # the signal may come while the queue is waited for
            try:
                worker.work(logging_level="WARNING")
            except RedisError as error:
                log.warning("queue.unreachable", error=type(error).__name__)
            if not worker.is_full:
                ending.was_asked.wait(WAIT_FOR_QUEUE_S)
        if worker.is_full or ending.was_asked.is_set():
            return worker
        work.worker = f"{work.worker.partition('~')[0]}~{secrets.token_hex(2)}"  # RQ may still hold the old name


def _hand_back(work: jobs.Work) -> None:
    try:
        work.hand_back()
    except Unavailable as error:
        log.warning("stage.not_given_back", error=error.message)  # its lease runs out
