"""Figures for Prometheus: from the pages how the whole installation stands, from each worker what it did."""

from __future__ import annotations

import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.web.conftest import Site
from tests.web.test_operations import fail, hand_over, put_off
from worker.core.errors import Invalid
from worker.intake.limits import Busy, Gate, Limits
from worker.jobs.observer import Job, Outcome, watched
from worker.jobs.way import WAY
from worker.record.senders import Scope
from worker.watching import standing
from worker.watching.metrics import Metrics

Figures = dict[tuple[str, ...], float]
CALL = "0a1b2c3d4e5f6a7b"


def figures(text: str) -> Figures:
    """Each sample by its name, its stage where it has one, and the values of its other labels."""
    return {
        (sample.name, *(sample.labels[one] for one in sorted(sample.labels, key="stage".__ne__))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
def key(site: Site) -> dict[str, str]:
    return {"authorization": f"Bearer {site.store.senders.add('prometheus', [Scope.METRICS], now=site.now)}"}


@pytest.fixture
def scrape(site: Site, key: dict[str, str]) -> Callable[[], Figures]:
    def scraping() -> Figures:
        response = site.client.get("/metrics", headers=key)
        assert response.status_code == 200, response.text
        assert response.headers["content-type"].startswith("text/plain")
        return figures(response.text)

    return scraping


# The pages


def test_what_waits_runs_was_put_off_and_failed_is_told_by_stage_and_reason(
    site: Site, scrape: Callable[[], Figures]
) -> None:
    fail(site, 1, "Unavailable", stage="transcribe")
    fail(site, 2, "Bug", stage="transcribe")
    put_off(site, 3)
    hand_over(site, 4)
    call_id = hand_over(site, 5)
    assert site.store.begin(call_id, "decode", worker="w", lease_s=60.0, now=site.now)
    found = scrape()
    assert found["onrecord_stages_waiting", "decode"] == 1
    assert found["onrecord_stages_put_off", "decode"] == 1
    assert found["onrecord_stages_running", "decode"] == 1
    assert found["onrecord_stages_failed", "transcribe", "Unavailable"] == 1
    assert found["onrecord_stages_failed", "transcribe", "Bug"] == 1
    assert found["onrecord_events_waiting",] == 0


def test_every_stage_is_told_of_so_that_nothing_waiting_is_a_zero_and_no_gap(scrape: Callable[[], Figures]) -> None:
    found = scrape()
    assert [found["onrecord_stages_waiting", stage] for stage in WAY.names] == [0.0] * len(WAY.names)


def test_the_age_of_the_oldest_that_waits_is_told(
    site: Site, scrape: Callable[[], Figures], monkeypatch: pytest.MonkeyPatch
) -> None:
    call_id = hand_over(site, 1)
    site.now = (site.store.call(call_id).standing.since or site.now) + timedelta(minutes=5)
    assert scrape()["onrecord_stages_oldest_waiting_seconds", "decode"] == pytest.approx(300.0)


def test_however_often_it_is_asked_the_database_is_asked_once_in_a_moment(
    site: Site, scrape: Callable[[], Figures], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    tallies = site.store.tallies
    monkeypatch.setattr(site.store, "tallies", lambda **how: (asked.append(True), tallies(**how))[1])
    monkeypatch.setattr(standing, "OLD_AFTER_S", 60.0)
    for _ in range(5):
        scrape()
    assert len(asked) == 1


def test_what_is_refused_for_want_of_room_is_counted(
    site: Site, scrape: Callable[[], Figures], monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(Limits(folders=(Path("/"),), free_bytes=2**62, most_waiting=0), lambda: 0)
    for _ in range(2):
        with pytest.raises(Busy):
            gate.check()
    full = Gate(Limits(most_waiting=1), lambda: 1)
    with pytest.raises(Busy):
        full.check()
    assert (gate.refused["disk"], full.refused["queue"]) == (2, 1)
    site.parts.intake.gate.refused["disk"] = 3
    assert scrape()["onrecord_intake_refused_total", "disk"] == 3


def test_a_key_with_the_scope_is_asked_for_unless_the_installation_is_open(site: Site, key: dict[str, str]) -> None:
    other = {"authorization": f"Bearer {site.store.senders.add('pbx', [Scope.WRITE], now=site.now)}"}
    assert site.client.get("/metrics").status_code == 401
    assert site.client.get("/metrics", headers=other).status_code == 403
    assert site.client.get("/metrics", headers=key).status_code == 200
    with site.client_of(replace(site.parts, shows_metrics=True)) as client:
        assert client.get("/metrics").status_code == 200


def test_no_id_name_or_line_of_a_call_is_in_the_figures(site: Site, key: dict[str, str]) -> None:
    call_id = fail(site, 1, line="support", sender="acme")
    text = site.client.get("/metrics", headers=key).text
    for word in (call_id, "support", "acme", "Maria", "pbx-1"):
        assert word not in text


# A worker


@pytest.fixture
def metrics() -> Iterator[Metrics]:
    metrics = Metrics("127.0.0.1", 0)
    metrics.start()
    yield metrics
    metrics.stop()


def asked(metrics: Metrics) -> Figures:
    with urllib.request.urlopen(f"http://127.0.0.1:{metrics.port}/metrics") as answer:
        return figures(answer.read().decode())


def test_a_worker_tells_how_many_seconds_of_sound_a_second_of_its_work_gets_through(metrics: Metrics) -> None:
    for sound_s, work_s in ((60.0, 20.0), (120.0, 40.0)):
        with watched([metrics], Job(CALL, "transcribe", 1)) as seen:
            seen.sound_s, seen.work_s = sound_s, work_s
            seen.ended(Outcome.DONE)
    found = asked(metrics)
    assert found["onrecord_stage_sound_seconds_total", "transcribe"] == 180.0
    assert found["onrecord_stage_work_seconds_total", "transcribe"] == 60.0
    assert found["onrecord_stage_times_real_time_sum", "transcribe"] == 6.0
    assert found["onrecord_stage_seconds_count", "transcribe"] == 2
    assert found["onrecord_stage_jobs_total", "transcribe", "done"] == 2


def test_a_worker_counts_what_it_put_off_failed_took_over_and_lost(metrics: Metrics) -> None:
    for outcome, reason, is_takeover in (
        (Outcome.PUT_OFF, "Unavailable", True),
        (Outcome.FAILED, "Bug", False),
        (Outcome.LOST, None, False),
    ):
        with watched([metrics], Job(CALL, "check", 1, is_takeover=is_takeover)) as seen:
            seen.ended(outcome, reason=reason)
    found = asked(metrics)
    assert [found["onrecord_stage_jobs_total", "check", one] for one in ("put_off", "failed", "lost")] == [1, 1, 1]
    assert found["onrecord_stage_errors_total", "check", "Unavailable"] == 1
    assert found["onrecord_stage_errors_total", "check", "Bug"] == 1
    assert found["onrecord_stage_takeovers_total", "check"] == 1
    assert ("onrecord_stage_seconds_count", "check") not in found


def test_a_worker_tells_what_it_is_at_and_how_large_it_is(metrics: Metrics) -> None:
    with watched([metrics], Job(CALL, "decode", 1)):
        assert asked(metrics)["onrecord_stage_running", "decode"] == 1
    found = asked(metrics)
    assert found["onrecord_stage_running", "decode"] == 0
    assert found["onrecord_stage_jobs_total", "decode", "broken_off"] == 1
    assert found["process_resident_memory_bytes",] > 1_000_000


def test_two_workers_of_one_machine_cannot_have_one_port_and_the_second_is_told_so(metrics: Metrics) -> None:
    with pytest.raises(Invalid, match="another ONRECORD_METRICS_PORT"):
        Metrics("127.0.0.1", metrics.port).start()
