"""A worker process: takes one job after another from one queue, with models loaded once and kept.

RQ's own forking worker would load the models anew for every job, and forking after a model has started its threads is
unsafe; so this is the simple worker, in this process. What forking would protect from, a killed or hung process, is the
lease's business (``worker.jobs``).
"""

from __future__ import annotations

from rq import SimpleWorker
from rq.serializers import JSONSerializer

from worker import jobs


def run_worker(work: jobs.Work) -> None:
    """Works until SIGTERM or SIGINT (finishes the stage under way) or a second one (hands it back at once)."""
    jobs.install(work)
    sweeper = jobs.Sweeper(work.store, work.queue)
    sweeper.start()
    worker = SimpleWorker(
        [work.queue.rq],
        name=work.worker,
        connection=work.queue.redis,
        serializer=JSONSerializer,
        log_job_description=False,
    )
    worker.work(logging_level="WARNING")
    sweeper.stop()
