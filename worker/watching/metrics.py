"""Figures of one worker process for Prometheus: what its stages did, how fast, and how large it has grown.

How many calls wait, run and have failed is no worker's to say: the pages tell it from the database
(``worker.watching.standing``).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from wsgiref.simple_server import WSGIServer

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    start_http_server,
)

from worker.core.errors import Invalid
from worker.jobs.observer import Job, Watched

SECONDS = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0, 10000.0)
TIMES_REAL_TIME = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)


class Metrics:
    """The figures of this process, with a registry of their own, served at this address between start and stop.

    Port 0 takes any that is free; which, ``port`` says.

    ``onrecord_stage_sound_seconds_total`` over ``onrecord_stage_work_seconds_total`` is how many seconds of sound a
    second of work gets through, by stage: 2 is twice as fast as the call was spoken, a real-time factor of 0.5.
    """

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self.registry = CollectorRegistry()
        self._server: WSGIServer | None = None
        self._thread: Thread | None = None
        ProcessCollector(registry=self.registry)  # its memory and processor time, among others
        PlatformCollector(registry=self.registry)
        self._ended = Counter(
            "onrecord_stage_jobs",
            "Jobs that ended, by stage and outcome: done, put_off, failed, lost, broken_off.",
            ("stage", "outcome"),
            registry=self.registry,
        )
        self._errors = Counter(
            "onrecord_stage_errors",
            "Jobs that were put off or failed, by stage and the name of the error.",
            ("stage", "reason"),
            registry=self.registry,
        )
        self._takeovers = Counter(
            "onrecord_stage_takeovers",
            "Jobs that this worker took because the worker before it fell silent.",
            ("stage",),
            registry=self.registry,
        )
        self._running = Gauge(
            "onrecord_stage_running", "Jobs that this worker is at, by stage.", ("stage",), registry=self.registry
        )
        self._sound_s = Counter(
            "onrecord_stage_sound_seconds",
            "Seconds of sound of the stages that were done.",
            ("stage",),
            registry=self.registry,
        )
        self._work_s = Counter(
            "onrecord_stage_work_seconds",
            "Seconds of work on stages that were done and whose sound has a known length.",
            ("stage",),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "onrecord_stage_seconds",
            "Seconds that a stage took which was done.",
            ("stage",),
            buckets=SECONDS,
            registry=self.registry,
        )
        self._speed = Histogram(
            "onrecord_stage_times_real_time",
            "Seconds of sound per second of work of each stage that was done.",
            ("stage",),
            buckets=TIMES_REAL_TIME,
            registry=self.registry,
        )

    @contextmanager
    def job(self, job: Job, watched: Watched) -> Iterator[None]:
        """Counts one job when it ends; while it runs it is among those that run."""
        running = self._running.labels(job.stage)
        running.inc()
        if job.is_takeover:
            self._takeovers.labels(job.stage).inc()
        try:
            yield
        finally:
            running.dec()
            self._count(job.stage, watched)

    def _count(self, stage: str, watched: Watched) -> None:
        self._ended.labels(stage, watched.outcome).inc()
        if watched.reason is not None:
            self._errors.labels(stage, watched.reason).inc()
        if not watched.is_done or watched.work_s is None:
            return
        self._seconds.labels(stage).observe(watched.work_s)
        if watched.sound_s is not None:
            self._sound_s.labels(stage).inc(watched.sound_s)
            self._work_s.labels(stage).inc(watched.work_s)
            if watched.work_s > 0:
                self._speed.labels(stage).observe(watched.sound_s / watched.work_s)

    def start(self) -> None:
        """Answers whoever asks ``/metrics``, from a thread of its own.

        Raises Invalid where the port is another's: the first of two workers on one machine has it.
        """
        try:
            self._server, self._thread = start_http_server(self.port, self.host, self.registry)
        except OSError as error:
            raise Invalid(
                f"The figures of this worker cannot be served on port {self.port} ({error.strerror}). "
                "Give each worker of one machine another ONRECORD_METRICS_PORT."
            ) from error
        self.port = self._server.server_port

    def stop(self) -> None:
        """Ends the serving; the port is free afterwards."""
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
            self._server = self._thread = None
