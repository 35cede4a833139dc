"""A worker process: takes one job after another from one queue, with models loaded once and kept.

RQ's own forking worker would load the models anew for every job, and forking after a model has started its threads is
unsafe; so this is the simple worker, in this process. What forking would protect from, a killed or hung process, is the
lease's business (``worker.jobs``).
"""

from __future__ import annotations

import contextlib
import secrets
import time
from types import FrameType

import structlog
from redis.exceptions import RedisError
from rq import SimpleWorker
from rq.exceptions import StopRequested
from rq.serializers import JSONSerializer

from worker import jobs
from worker.record.log import Publisher

log = structlog.get_logger()


WAIT_FOR_QUEUE_S = 2.0


class Worker(SimpleWorker):
    """RQ's worker, which also remembers that it was asked to stop, whatever it was doing then."""

    asked_to_stop = False

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """The signal's handler: the stage under way is finished first."""
        self.asked_to_stop = True
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]  # RQ leaves it untyped


def run_worker(work: jobs.Work) -> None:
    """Works until SIGTERM or SIGINT, which lets the stage under way finish; a second one ends it at once.

    A stage that was ended so is taken by another worker when its lease has run out. A queue that goes away is waited
    for, with the models kept loaded.
    """
    jobs.install(work)
    work.clear_abandoned_scratch()
    sweeper, publisher = jobs.Sweeper(work.store, work.queue), Publisher(work.store.log)
    sweeper.start()
    publisher.start()
    with contextlib.suppress(StopRequested):  # the signal may come while the queue is waited for
        while not _worked_until_asked_to_stop(work):
            time.sleep(WAIT_FOR_QUEUE_S)
            work.worker = f"{work.worker.partition('~')[0]}~{secrets.token_hex(2)}"  # RQ may still hold the old name
    sweeper.stop()
    publisher.stop()


def _worked_until_asked_to_stop(work: jobs.Work) -> bool:
    """Takes jobs until a signal (True) or until the queue is gone (False)."""
    worker = Worker(
        [work.queue.rq],
        name=work.worker,
        connection=work.queue.redis,
        serializer=JSONSerializer,
        log_job_description=False,
    )
    try:
        worker.work(logging_level="WARNING")
    except RedisError as error:
        log.warning("queue.unreachable", error=type(error).__name__)
    return worker.asked_to_stop
