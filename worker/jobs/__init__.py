"""Stages as jobs: how a call moves through the queue, and what happens when a worker, a stage or the queue dies.

The database is the truth about where a call stands; the queue carries ids, and only the next few of them. A job claims
its stage in the database under a lease, so a late twin finds its work done or held and leaves, and a stage that a dead
worker held is claimed again when the lease has run out. What a crash, an emptied Redis or a wait has left off the queue
comes back on it from the database.

``queue`` and ``filling`` are the windows and how they are filled, ``work`` is one job, ``lease`` its time, ``making``
what it makes, ``scratch`` where, ``way`` the order of the stages. A worker process is ``worker.running.work``.
"""

from __future__ import annotations

import structlog
from rq.timeouts import JobTimeoutException

from worker.jobs.filling import Filler, Sweeper
from worker.jobs.queue import JobQueue
from worker.jobs.scratch import Scratch
from worker.jobs.way import WAY, Way
from worker.jobs.work import Work
from worker.logs import where_raised

__all__ = ["WAY", "Filler", "JobQueue", "Scratch", "Sweeper", "Way", "Work", "install", "run_job"]

log = structlog.get_logger()

_work: Work | None = None


def install(work: Work | None) -> None:
    """Hands the process its work. RQ calls ``run_job`` by name, so what that needs cannot be an argument."""
    global _work
    _work = work


def run_job(call_id: str, stage: str) -> None:
    """What RQ runs: one stage of one call. Nothing that goes wrong in it is RQ's to keep, log or try again."""
    if _work is None:
        raise RuntimeError("This process was not started as an On Record worker. Run `onrecord work`.")
    if stage not in _work.queue.way.names:
        log.warning("stage.unknown", call=call_id)  # a newer version's; its workers' sweeper puts it back
        return
    try:
        _work.run(call_id, stage)
    except JobTimeoutException:  # it came after the stage had ended, in what is left to do then
        log.warning("stage.left", call=call_id, stage=stage)
    except Exception as error:
        log.error("stage.left", call=call_id, stage=stage, error=type(error).__name__, at=where_raised(error))
