"""Real worker processes: killed, hung, grown too large, asked to stop, their queue emptied, their clocks wrong."""

from __future__ import annotations

import signal
import time

import psutil
import pytest
from redis import Redis

from tests.installation import wait_until
from worker.core.arrival import Handover, Priority
from worker.core.call import CallDetails
from worker.core.errors import Invalid
from worker.core.log.entry import EntryKind
from worker.intake.accept import Intake
from worker.jobs import JobQueue
from worker.record.standing import CallState
from worker.running.redis_server import EmbeddedRedis
from worker.running.work import Terms, run_worker
from worker.stages import STAGES


def standing(installation, call_id: str):
    return installation.store.call(call_id).standing


def is_at(installation, call_id: str, stage: str) -> bool:
    stands = standing(installation, call_id)
    return (stands.stage, stands.state) == (stage, CallState.RUNNING)


def wait_for(installation, *call_ids: str, within_s: float = 60.0) -> None:
    def are_ready() -> bool:
        return all(standing(installation, one).state is CallState.READY for one in call_ids)

    wait_until(are_ready, what="all calls are ready", within_s=within_s)


def assert_made_once(installation, call_id: str) -> None:
    record = installation.store.record(call_id)
    assert [made.stage for made in record.made_by] == [stage.name for stage in STAGES[:-1]]
    kinds = [item.kind for item in installation.store.log.items(call_id)]
    assert kinds == [EntryKind.RECEIVED, EntryKind.MADE], "one recording, one record"


def several(installation, recording, number: int) -> list[str]:
    return [installation.accept(recording, CallDetails(external_id=str(one))) for one in range(number)]


@pytest.mark.parametrize("stage", ["listen", "transcribe"])
def test_a_worker_killed_in_the_middle_of_a_stage_is_replaced_and_the_call_has_one_result_per_stage(
    installation, recording, stage
):
    call_id = installation.accept(recording)
    first = installation.start_worker("first", linger=f"{stage}:60")
    wait_until(lambda: is_at(installation, call_id, stage), what=f"the first worker is at {stage}")
    first.send_signal(signal.SIGKILL)
    first.wait()
    installation.start_worker("second")
    wait_for(installation, call_id)
    assert_made_once(installation, call_id)


def test_redis_emptied_in_the_middle_of_the_work_loses_nothing(installation, recording):
    call_ids = several(installation, recording, 5)
    installation.start_worker("only", linger="transcribe:1")
    wait_until(lambda: is_at(installation, call_ids[0], "transcribe"), what="it is in the middle of a stage")
    installation.queue.redis.flushall()
    wait_for(installation, *call_ids)
    for call_id in call_ids:
        assert_made_once(installation, call_id)
    assert "Traceback" not in installation.log_of("only"), "that nothing is left to take away is no fault of a worker"


def test_redis_that_goes_away_and_comes_back_empty_is_waited_for(installation, recording, tmp_path):
    server = EmbeddedRedis(tmp_path / "own")
    installation.redis_url = server.start()
    installation.queue = JobQueue(Redis.from_url(installation.redis_url), "onrecord")
    try:
        first = installation.accept(recording)
        worker = installation.start_worker("only")
        wait_for(installation, first)
        process = installation.queue.redis.info("server")["process_id"]
        psutil.Process(process).kill()
        second = installation.accept(recording, CallDetails(external_id="while it is away"))
        time.sleep(1.0)
        server.start_again()
        wait_for(installation, second)
        assert worker.poll() is None
    finally:
        server.stop()


def test_a_worker_asked_to_stop_while_redis_is_away_still_finishes_its_stage(installation, recording, tmp_path):
    """To say so to Redis would raise in the middle of the stage, and a bug would be blamed for it."""
    server = EmbeddedRedis(tmp_path / "own")
    installation.redis_url = server.start()
    installation.queue = JobQueue(Redis.from_url(installation.redis_url), "onrecord")
    try:
        call_id = installation.accept(recording)
        worker = installation.start_worker("only", linger="transcribe:2")
        wait_until(lambda: is_at(installation, call_id, "transcribe"), what="it is in the middle of a stage")
    finally:
        server.stop()
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=20) == 0
    stands = standing(installation, call_id)
    assert (stands.stage, stands.state, stands.reason) == ("separate", CallState.WAITING, None)


def test_a_worker_for_one_stage_takes_that_alone_beside_one_for_all_others(installation, recording):
    call_ids = several(installation, recording, 2)
    installation.start_worker("hearing", stage=["transcribe"])
    rest = [stage.name for stage in STAGES if stage.name != "transcribe"]
    installation.start_worker("rest", stage=rest)
    wait_for(installation, *call_ids)
    assert '"stage": "transcribe"' in installation.log_of("hearing")
    assert '"stage": "transcribe"' not in installation.log_of("rest")
    assert '"stage": "decode"' not in installation.log_of("hearing")


def test_todays_call_is_among_the_next_few_while_an_import_is_worked(installation, recording):
    intake = Intake(installation.store, installation.sounds, installation.queue)

    def hand_over(name: str, line: str, priority: Priority) -> str:
        handover = Handover(CallDetails(external_id=name, line=line), priority=priority)
        return intake.accept(recording, f"{name}.wav", handover).call_id

    old = [hand_over(f"old {number}", "archive", Priority.BULK) for number in range(40)]

    def ready() -> int:
        return sum(call.standing.state is CallState.READY for call in installation.store.those(old).values())

    installation.start_worker("only")
    wait_until(lambda: ready() >= 3, what="the import is under way")
    before = ready()
    today = hand_over("today", "support", Priority.NORMAL)
    wait_for(installation, today)
    assert ready() - before <= 5


def test_a_stage_that_there_is_not_is_refused_with_those_there_are(installation):
    with pytest.raises(Invalid, match=r"no stage transribe\. There are fetch, decode, .* publish\."):
        run_worker(installation.work(), Terms(stages=("transribe",)))


def test_a_job_that_hangs_where_no_signal_reaches_is_ended_and_its_process_replaced(installation, recording):
    call_id = installation.accept(recording)
    worker = installation.start_worker("only", once="transcribe:hang", time="transcribe:1")
    wait_until(lambda: standing(installation, call_id).reason == "OutOfTime", what="it is ended")
    assert standing(installation, call_id).attempts == 1
    wait_for(installation, call_id)
    assert worker.poll() is None, "the same process, begun anew"
    assert "stage.hangs" in installation.log_of("only")
    assert_made_once(installation, call_id)


def test_a_job_that_lets_no_other_thread_run_ends_its_process_and_another_takes_it(installation, recording):
    call_id = installation.accept(recording)
    hung = installation.start_worker("hung", once="transcribe:hang_alone", time="transcribe:1")
    assert hung.wait(timeout=30) != 0, "whoever looks after it starts it again"
    installation.start_worker("second")
    wait_for(installation, call_id)
    assert_made_once(installation, call_id)


def test_a_worker_that_has_grown_too_large_finishes_its_job_and_is_replaced_in_its_place(installation, recording):
    def done() -> int:
        return installation.log_of("only").count('"event": "stage.done"')

    call_id = installation.accept(recording)
    worker = installation.start_worker("only", once="listen:grow", memory_limit_mb=400)
    wait_for(installation, call_id)
    wait_until(lambda: done() == len(STAGES), what="it said so of the last stage too")
    assert "worker.too_large" in installation.log_of("only")
    assert "stage.broke_off" not in installation.log_of("only"), "no job was broken off for it"
    assert worker.poll() is None, "the same process, begun anew"
    assert psutil.Process(worker.pid).memory_info().rss < 400e6, "with nothing of what it had grown to"
    assert_made_once(installation, call_id)


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_waits_for_work_ends_when_it_is_asked_to(installation, recording, stop):
    call_id = installation.accept(recording)
    worker = installation.start_worker("only")
    wait_for(installation, call_id)
    worker.send_signal(stop)
    assert worker.wait(timeout=10) == 0


def test_a_worker_asked_to_stop_finishes_the_stage_it_is_at(installation, recording):
    call_id = installation.accept(recording)
    worker = installation.start_worker("only", linger="transcribe:2")
    wait_until(lambda: is_at(installation, call_id, "transcribe"), what="it is in the middle of a stage")
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=20) == 0
    assert standing(installation, call_id).stage == "separate", "transcribe is done, and the next stage waits"


def test_a_stage_that_is_not_finished_in_the_grace_time_is_handed_back(installation, recording):
    call_id = installation.accept(recording)
    worker = installation.start_worker("only", linger="transcribe:60", grace_s=1, lease_s=600)
    wait_until(lambda: is_at(installation, call_id, "transcribe"), what="it is in the middle of a stage")
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=10) == 0
    stands = standing(installation, call_id)
    assert (stands.stage, stands.state, stands.attempts) == ("transcribe", CallState.WAITING, 0)
    installation.start_worker("second")  # need not wait for a lease of ten minutes
    wait_for(installation, call_id)


def test_a_worker_that_hangs_in_a_library_hands_back_all_the_same(installation, recording):
    call_id = installation.accept(recording)
    worker = installation.start_worker("only", once="transcribe:hang", grace_s=1, lease_s=600)
    wait_until(lambda: (installation.folder / "hang.done").exists(), what="it hangs")
    time.sleep(0.5)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=10) == 0
    stands = standing(installation, call_id)
    assert (stands.stage, stands.state, stands.attempts) == ("transcribe", CallState.WAITING, 0)


def test_a_second_signal_hands_back_at_once(installation, recording):
    call_id = installation.accept(recording)
    worker = installation.start_worker("only", linger="transcribe:60", grace_s=60)
    wait_until(lambda: is_at(installation, call_id, "transcribe"), what="it is in the middle of a stage")
    worker.send_signal(signal.SIGTERM)
    time.sleep(1.5)
    assert worker.poll() is None, "it is within its grace time"
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=10) == 0
    assert standing(installation, call_id).state is CallState.WAITING


@pytest.mark.parametrize("ahead_s", [-3600.0, 3600.0])
def test_a_worker_whose_clock_is_wrong_by_an_hour_loses_and_doubles_nothing(installation, recording, ahead_s):
    """By default no worker's own clock is asked; this is what would come of it if one were."""
    call_ids = several(installation, recording, 4)
    installation.start_worker("right", linger="listen:1")
    installation.start_worker("wrong", clock_s=ahead_s, linger="listen:1")
    wait_for(installation, *call_ids)
    for call_id in call_ids:
        assert_made_once(installation, call_id)


def test_no_log_line_carries_words_or_names_of_the_call(installation, recording):
    renamed = recording.with_name("Quentin Zebrowski.wav")
    recording.rename(renamed)
    call_id = installation.accept(renamed)
    installation.start_worker("only")
    wait_for(installation, call_id)
    said = " ".join(turn.text for turn in installation.store.record(call_id).turns)
    assert said, "the fakes heard something, else this shows nothing"
    log = installation.log_of("only")
    assert "Zebrowski" not in log
    assert not [word for word in said.split() if f" {word} " in log]
