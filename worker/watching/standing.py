"""How the work of a whole installation stands, for Prometheus: read from the database, so each host tells the same.

What a worker did is told by that worker (``worker.watching.metrics``). Only what was refused here is this process's
own. However often somebody asks, the database is asked every few seconds at most.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from threading import Lock

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from worker.intake.limits import Gate
from worker.jobs.way import WAY
from worker.record.standing import Tally
from worker.record.store import Store

OLD_AFTER_S = 3.0


def standing_registry(store: Store, gate: Gate, *, now: Callable[[], datetime]) -> CollectorRegistry:
    """What ``/metrics`` of the pages tells."""
    registry = CollectorRegistry()
    registry.register(Standing(store, gate, now=now))
    return registry


def at_each_stage(store: Store, *, now: datetime) -> dict[str, Tally]:
    """What is at each stage in the order of a call's way, those among them at which nothing is."""
    tallies = store.tallies(now=now)
    of_others = (stage for stage in tallies if stage not in WAY.names)  # of another version of this program
    return {stage: tallies.get(stage, Tally()) for stage in (*WAY.names, *of_others)}


class Standing(Collector):
    """Figures from the database, at most ``OLD_AFTER_S`` old. Raises Unavailable where it cannot be asked."""

    def __init__(self, store: Store, gate: Gate, *, now: Callable[[], datetime]) -> None:
        self._store, self._gate, self._now = store, gate, now
        self._lock = Lock()
        self._figures: tuple[Metric, ...] = ()
        self._read_at = float("-inf")

    def describe(self) -> Iterator[Metric]:
        """Nothing is asked of the database before somebody asks here."""
        yield from ()

    def collect(self) -> Iterator[Metric]:
        """The figures as they are now, or were a moment ago."""
        with self._lock:
            if time.monotonic() - self._read_at >= OLD_AFTER_S:
                self._figures, self._read_at = self._read(), time.monotonic()
            figures = self._figures
        yield from figures
        yield _refusals(self._gate)

    def _read(self) -> tuple[Metric, ...]:
        now = self._now()
        return (*_stages(at_each_stage(self._store, now=now), now), _events(self._store))


def _stages(tallies: Mapping[str, Tally], now: datetime) -> Iterator[Metric]:
    by_stage = ("stage",)
    waiting = GaugeMetricFamily(
        "onrecord_stages_waiting", "Stages of calls that wait for a worker, by stage.", labels=by_stage
    )
    put_off = GaugeMetricFamily(
        "onrecord_stages_put_off", "Stages that wait for their time to be tried again, by stage.", labels=by_stage
    )
    running = GaugeMetricFamily("onrecord_stages_running", "Stages that a worker has, by stage.", labels=by_stage)
    failed = GaugeMetricFamily(
        "onrecord_stages_failed", "Stages that failed, by stage and reason.", labels=("stage", "reason")
    )
    oldest = GaugeMetricFamily(
        "onrecord_stages_oldest_waiting_seconds",
        "For how long the stage has waited that waits longest; 0 where none waits.",
        labels=by_stage,
    )
    for stage, one in tallies.items():
        name = (stage,)
        waiting.add_metric(name, one.waiting)
        put_off.add_metric(name, one.put_off)
        running.add_metric(name, one.running)
        oldest.add_metric(name, _seconds_since(one.oldest_waiting_since, now))
        for reason, count in one.failed.items():
            failed.add_metric((stage, reason), count)
    yield from (waiting, put_off, running, failed, oldest)


def _seconds_since(instant: datetime | None, now: datetime) -> float:
    return max(0.0, (now - instant).total_seconds()) if instant else 0.0


def _events(store: Store) -> Metric:
    waiting = GaugeMetricFamily("onrecord_events_waiting", "Events that wait to be delivered.")
    waiting.add_metric((), store.operations.events_waiting())
    return waiting


def _refusals(gate: Gate) -> Metric:
    refused = CounterMetricFamily(
        "onrecord_intake_refused",
        "Recordings that were refused here for want of room, by what there was too little of.",
        labels=("limit",),
    )
    for limit, count in gate.refused.items():
        refused.add_metric((limit,), count)
    return refused
