"""A recording that was announced is fetched by a worker, and the call goes on from there."""

from __future__ import annotations

from datetime import timedelta

import pytest

from worker.core.arrival import FETCH, Announced, Handover
from worker.core.call import CallDetails
from worker.core.errors import BadRecording, Invalid, NotThereYet, Unavailable
from worker.intake.accept import Intake
from worker.record.standing import CallState
from worker.stages import STAGES


class Elsewhere:
    """A vendor's store of recordings, as the port ``Fetcher`` sees it."""

    def __init__(self, **recordings: bytes | Exception) -> None:
        self.recordings = recordings
        self.asked: list[str] = []

    def fetch(self, announced, to):
        name = announced.address.rpartition("/")[2]
        self.asked.append(name)
        found = self.recordings[name]
        if isinstance(found, Exception):
            raise found
        to.write_bytes(found)


@pytest.fixture
def announce(installation):
    intake = Intake(installation.store, installation.sounds, installation.queue)

    def announce(name: str, external_id: str | None = None) -> str:
        announced = Announced(f"https://vendor.example/{name}", f"{name}.wav")
        return intake.announce(announced, Handover(CallDetails(external_id=external_id))).call_id

    return announce


def fetching(installation, elsewhere, **changed):
    return installation.work(fetcher=lambda: elsewhere, **changed)


def standing(installation, call_id: str):
    return installation.store.call(call_id).standing


def test_what_was_announced_is_fetched_kept_and_worked_to_its_record(installation, recording, announce):
    elsewhere = Elsewhere(first=recording.read_bytes())
    call_id = announce("first")
    assert installation.queue.shown(FETCH) == (call_id,)
    work = fetching(installation, elsewhere)
    work.run(call_id, FETCH)
    (leg,) = installation.store.call(call_id).legs
    assert installation.sounds.exists(call_id, leg.number)
    assert installation.queue.shown("decode") == (call_id,)
    for stage in STAGES:
        work.run(call_id, stage.name)
    assert installation.store.record(call_id).recording.file_name == "first.wav"
    assert not any((installation.folder / "scratch").iterdir())


def test_a_recording_that_is_not_there_yet_is_waited_for_longer_than_errors_are(installation, recording, announce):
    elsewhere = Elsewhere(first=NotThereYet("It answers 404."))
    call_id = announce("first")
    clock = [installation.store.now()]
    work = fetching(installation, elsewhere, clock=lambda: clock[0], max_attempts=2, fetch_patience_s=400.0)
    for attempts in (1, 2, 3):
        work.run(call_id, FETCH)
        waits = standing(installation, call_id)
        assert (waits.state, waits.attempts, waits.reason) == (CallState.WAITING, attempts, "NotThereYet")
        clock[0] += timedelta(hours=1)
    elsewhere.recordings["first"] = recording.read_bytes()
    work.run(call_id, FETCH)
    assert standing(installation, call_id).stage == "decode"


def test_a_server_that_is_away_after_many_tries_does_not_end_the_waiting_for_a_recording(installation, announce):
    elsewhere = Elsewhere(first=NotThereYet("It answers 404."))
    call_id = announce("first")
    clock = [installation.store.now()]
    work = fetching(installation, elsewhere, clock=lambda: clock[0], max_attempts=2, fetch_patience_s=400.0)
    for error in (NotThereYet("It answers 404."), NotThereYet("It answers 404."), Unavailable("It is away.")):
        elsewhere.recordings["first"] = error
        work.run(call_id, FETCH)
        waits = standing(installation, call_id)
        assert (waits.state, waits.reason) == (CallState.WAITING, type(error).__name__)
        clock[0] += timedelta(hours=1)


def test_a_recording_that_never_comes_ends_as_a_failure_that_somebody_sees(installation, announce):
    elsewhere = Elsewhere(first=NotThereYet("It answers 404."))
    call_id = announce("first")
    clock = [installation.store.now()]
    work = fetching(installation, elsewhere, clock=lambda: clock[0], fetch_patience_s=100.0)
    for _ in range(4):  # 5 + 20 + 80 s were waited between them
        work.run(call_id, FETCH)
        clock[0] += timedelta(hours=1)
    failed = standing(installation, call_id)
    assert (failed.state, failed.stage, failed.reason) == (CallState.FAILED, FETCH, "NotThereYet")
    assert failed.message == "It answers 404. Tried 4 times."


@pytest.mark.parametrize("error", [BadRecording("It is larger than 2000 MB."), Invalid("A private network.")])
def test_what_will_never_be_fetched_fails_at_once(installation, announce, error):
    call_id = announce("first")
    fetching(installation, Elsewhere(first=error)).run(call_id, FETCH)
    failed = standing(installation, call_id)
    assert (failed.state, failed.reason, failed.attempts) == (CallState.FAILED, type(error).__name__, 1)


def test_of_several_legs_those_that_came_are_not_fetched_again(installation, recording, announce):
    other = recording.read_bytes()[:-3200]
    elsewhere = Elsewhere(first=recording.read_bytes(), second=NotThereYet())
    call_id = announce("first", "held")
    assert announce("second", "held") == call_id
    clock = [installation.store.now()]
    work = fetching(installation, elsewhere, clock=lambda: clock[0])
    work.run(call_id, FETCH)
    assert standing(installation, call_id).reason == "NotThereYet"
    clock[0] += timedelta(hours=1)
    elsewhere.recordings["second"] = other
    work.run(call_id, FETCH)
    assert elsewhere.asked == ["first", "second", "second"]
    assert standing(installation, call_id).stage == "decode"
    assert len(installation.store.call(call_id).legs) == 2


def test_a_worker_that_lost_the_call_while_fetching_leaves_no_trace(installation, recording, announce):
    call_id = announce("first")

    class Slow(Elsewhere):
        def fetch(self, announced, to):
            super().fetch(announced, to)
            later = installation.store.now() + timedelta(hours=1)
            assert installation.store.begin(call_id, FETCH, worker="another", lease_s=60.0, now=later)

    fetching(installation, Slow(first=recording.read_bytes())).run(call_id, FETCH)
    held = standing(installation, call_id)
    assert (held.state, held.stage, held.worker) == (CallState.RUNNING, FETCH, "another")
    assert installation.store.call(call_id).legs[0].sha256 is None
