"""Jobs: killed, run twice, out of retries, queue gone, too long: each ends in exactly one known state."""

from __future__ import annotations

import signal
import time
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from redis import Redis

from models.fakes import FakeTranscriber
from tests.installation import wait_until
from worker import jobs
from worker.core.call import CallDetails
from worker.core.errors import NotFound, Unavailable
from worker.core.log.entry import EntryKind
from worker.core.record import MadeBy
from worker.jobs import JobQueue, Sweeper
from worker.record.standing import CallState
from worker.stages import STAGES


def run_through(work, call_id: str) -> None:
    """Every stage in this process, as the jobs would one after another."""
    for stage in STAGES:
        work.run(call_id, stage.name)


def standing(installation, call_id: str):
    return installation.store.call(call_id).standing


def test_a_call_goes_from_its_recording_to_its_record(installation, recording):
    call_id = installation.accept(recording)
    run_through(installation.work(), call_id)
    record = installation.store.record(call_id)
    assert standing(installation, call_id).state is CallState.READY
    assert record.recording.duration_s == pytest.approx(6.0, abs=0.01)
    assert [made.stage for made in record.made_by] == [stage.name for stage in STAGES[:-1]]
    assert installation.sounds.copy_size(record.recording.sha256) > 0, "there is sound to listen to"


def test_two_calls_with_one_recording_do_not_clear_each_others_scratch(installation, recording):
    """The same bytes under two external ids are two calls; one of them ends while the other is in the middle."""
    first, second = (installation.accept(recording, CallDetails(external_id=name)) for name in ("a", "b"))
    work = installation.work()
    work.run(second, "decode")
    run_through(work, first)
    assert (installation.folder / "scratch" / second).exists()
    assert not (installation.folder / "scratch" / first).exists()
    run_through(work, second)
    assert standing(installation, second).state is CallState.READY


def test_the_scratch_disk_is_cleared_when_the_record_is_there(installation, recording):
    call_id = installation.accept(recording)
    run_through(installation.work(), call_id)
    assert not any((installation.folder / "scratch").rglob("*.f32"))


def test_a_job_that_runs_twice_finds_its_work_done_and_leaves(installation, recording):
    call_id = installation.accept(recording)
    work = installation.work()
    work.run(call_id, "decode")
    before = installation.store.made_by(call_id)
    work.run(call_id, "decode")
    assert installation.store.made_by(call_id) == before


def test_a_worker_on_another_machine_decodes_again_what_is_not_on_its_disk(installation, recording):
    call_id = installation.accept(recording)
    installation.work().run(call_id, "decode")
    elsewhere = installation.folder / "elsewhere"
    there = installation.work(worker="there", scratch=elsewhere)
    for path in (installation.folder / "scratch").rglob("*.f32"):
        path.unlink()  # the other machine does not see this one's disk
    for stage in STAGES[1:]:
        there.run(call_id, stage.name)
    assert standing(installation, call_id).state is CallState.READY


def test_a_call_on_its_way_during_an_upgrade_is_worked_on_from_what_can_be_made_again(installation, recording):
    """Version 0.1.0 stored drafts in another form; what the new version cannot read, it makes again."""
    call_id = installation.accept(recording)
    work = installation.work()
    for stage in ("decode", "listen", "transcribe", "separate", "attribute", "summarise"):
        work.run(call_id, stage)
    engine = sa.create_engine(installation.store_url)
    with engine.begin() as connection:
        old = {"call": call_id, "result": '{"drafts":[],"warnings":[{"form":"of another version"}]}'}
        connection.execute(
            sa.text("UPDATE stage_runs SET result = :result WHERE call_id = :call AND stage = 'summarise'"), old
        )
    engine.dispose()
    for stage in ("check", "publish"):
        work.run(call_id, stage)
    assert installation.store.record(call_id).turns


def test_what_may_work_later_is_put_off_and_then_fails_with_its_reason(installation, recording):
    def away():
        raise Unavailable("The accelerator is away.")

    call_id = installation.accept(recording)
    clock = [datetime.now(UTC)]
    ports = {**installation.work().ports, "transcriber": away}
    work = installation.work(ports=ports, now=lambda: clock[0])
    for stage in STAGES[:2]:
        work.run(call_id, stage.name)
    work.run(call_id, "transcribe")
    waiting = standing(installation, call_id)
    assert (waiting.state, waiting.reason) == (CallState.WAITING, "Unavailable")

    work.run(call_id, "transcribe")
    assert standing(installation, call_id).attempts == 1, "it is not due yet, so nobody gets it"
    for _ in range(2):
        clock[0] += timedelta(minutes=10)
        work.run(call_id, "transcribe")
    failed = standing(installation, call_id)
    assert (failed.state, failed.attempts) == (CallState.FAILED, 3)
    assert failed.message == "The accelerator is away. Tried 3 times."

    # The operator puts it right and tries again: it goes on where it failed, with what was made before.
    made_before = installation.store.made_by(call_id)
    installation.store.retry(call_id)
    healed = installation.work(now=lambda: clock[0])
    for stage in STAGES[2:]:
        healed.run(call_id, stage.name)
    assert standing(installation, call_id).state is CallState.READY
    assert installation.store.made_by(call_id)[:2] == made_before


def test_text_renamed_wav_is_kept_and_fails_with_a_line_for_people(installation):
    path = installation.folder / "note.wav"
    path.write_text("This is no sound.\n" * 50)
    call_id = installation.accept(path)
    installation.work().run(call_id, "decode")
    failed = standing(installation, call_id)
    assert (failed.state, failed.reason) == (CallState.FAILED, "BadRecording")
    assert "not sound" in (failed.message or "")
    assert installation.sounds.exists(installation.store.call(call_id).sha256), "what arrived is never lost"
    with pytest.raises(NotFound):
        installation.store.record(call_id)


def test_a_bug_fails_the_call_without_telling_its_words(installation, recording, capsys):
    class Buggy(FakeTranscriber):
        def transcribe(self, samples, **_):
            raise KeyError("my card is 4242")

    call_id = installation.accept(recording)
    work = installation.work(ports={**installation.work().ports, "transcriber": Buggy})
    for stage in STAGES[:2]:
        work.run(call_id, stage.name)
    work.run(call_id, "transcribe")
    failed = standing(installation, call_id)
    assert (failed.state, failed.reason) == (CallState.FAILED, "Bug")
    assert "4242" not in (failed.message or "") + "".join(capsys.readouterr())


def test_a_worker_whose_lease_was_taken_leaves_no_trace(installation, recording):
    """The work of a worker that was thought dead must not be written over that of the one that took its place."""

    class Slow(FakeTranscriber):
        def transcribe(self, samples, **given):
            later = datetime.now(UTC) + timedelta(hours=1)
            if installation.store.begin(call_id, "transcribe", worker="another", lease_s=60.0, now=later):
                time.sleep(0.5)  # long enough for the lease's thread to see it
            return super().transcribe(samples, **given)

    call_id = installation.accept(recording)
    work = installation.work(ports={**installation.work().ports, "transcriber": Slow}, lease_s=0.3)
    for stage in STAGES[:2]:
        work.run(call_id, stage.name)
    work.run(call_id, "transcribe")
    held = standing(installation, call_id)
    assert (held.state, held.stage, held.worker) == (CallState.RUNNING, "transcribe", "another")


def test_a_late_twin_of_the_last_stage_finds_nothing_to_work_with_and_leaves_no_trace(installation, recording):
    """The one that took its place sealed the record, and dropped what the stages gave."""
    call_id = installation.accept(recording)
    late = installation.work(worker="late")
    for stage in STAGES[:-1]:
        late.run(call_id, stage.name)
    other = installation.work(worker="other", now=lambda: datetime.now(UTC) + timedelta(hours=1))
    make = late._make

    def make_late(*arguments):
        other.run(call_id, STAGES[-1].name)
        return make(*arguments)

    late._make = make_late
    late.run(call_id, STAGES[-1].name)
    assert standing(installation, call_id).state is CallState.READY
    kinds = [item.kind for item in installation.store.log.items(call_id)]
    assert kinds == [EntryKind.RECEIVED, EntryKind.MADE]
    assert installation.store.record(call_id).turns


def test_a_call_that_failed_at_its_last_stage_is_tried_again_with_all_that_was_made(
    installation, recording, monkeypatch
):
    call_id = installation.accept(recording)
    work = installation.work()
    for stage in STAGES[:-1]:
        work.run(call_id, stage.name)
    monkeypatch.setattr(work, "_make", lambda *_: 1 / 0)
    work.run(call_id, STAGES[-1].name)
    assert standing(installation, call_id).state is CallState.FAILED
    monkeypatch.undo()
    installation.store.retry(call_id)
    work.run(call_id, STAGES[-1].name)
    assert standing(installation, call_id).state is CallState.READY
    assert installation.store.record(call_id).turns


def test_an_accepted_call_is_worked_although_the_queue_was_away(installation, recording):
    """Accepted means safe: the sweeper finds in the database what never reached the queue."""
    nowhere = JobQueue(Redis.from_url(f"unix://{installation.folder}/no.sock"), "onrecord")
    here, installation.queue = installation.queue, nowhere
    call_id = installation.accept(recording)
    installation.queue = here
    assert len(here.rq) == 0
    assert Sweeper(installation.store, here).sweep() == 1
    assert here.rq.job_ids == [f"{call_id}-decode"]


def test_sweeping_twice_puts_a_call_on_the_queue_once(installation, recording):
    installation.accept(recording)
    for _ in range(3):
        Sweeper(installation.store, installation.queue).sweep()
    assert len(installation.queue.rq) == 1


def test_a_job_lost_between_being_taken_and_being_started_is_put_back(installation, recording):
    """A worker killed right after BLMOVE leaves a job that counts as queued and is in no queue."""
    call_id = installation.accept(recording)
    installation.queue.redis.lpop(installation.queue.rq.key)
    assert installation.queue.rq.job_ids == []
    Sweeper(installation.store, installation.queue).sweep()
    assert installation.queue.rq.job_ids == [f"{call_id}-decode"]


def test_what_lies_on_the_queue_is_ids_and_nothing_else(installation, recording):
    call_id = installation.accept(recording)
    stored = installation.queue.redis.hgetall(f"rq:job:{call_id}-decode")
    assert b"call.wav" not in b"".join(stored.values())
    assert not any(value.startswith(b"\x80") for value in stored.values()), "no pickled object"


def test_a_process_that_is_no_worker_says_so():
    jobs.install(None)
    with pytest.raises(RuntimeError, match="onrecord work"):
        jobs.run_job("a-call", "decode")


@pytest.mark.parametrize("stage", ["listen", "transcribe"])
def test_a_worker_killed_in_the_middle_of_a_stage_is_replaced_and_the_call_has_one_result_per_stage(
    installation, recording, stage
):
    call_id = installation.accept(recording)
    first = installation.start_worker("first", linger=f"{stage}:60")
    wait_until(
        lambda: (
            (standing(installation, call_id).stage, standing(installation, call_id).state) == (stage, CallState.RUNNING)
        ),
        what=f"the first worker is at {stage}",
    )
    first.send_signal(signal.SIGKILL)
    first.wait()
    installation.start_worker("second")
    wait_until(
        lambda: standing(installation, call_id).state is CallState.READY, what="the call is ready", within_s=60.0
    )
    record = installation.store.record(call_id)
    assert [made.stage for made in record.made_by] == [one.name for one in STAGES[:-1]]


def test_a_stage_that_kills_every_worker_is_given_up_and_not_tried_for_ever(installation, recording):
    """A call that runs a worker out of memory raises no error; without a bound it would take down a whole fleet."""
    call_id = installation.accept(recording)
    clock = datetime.now(UTC)
    for number in range(3):  # three workers take it and are killed
        clock += timedelta(hours=1)
        assert installation.store.begin(call_id, "decode", worker=f"dead {number}", lease_s=5.0, now=clock)
    clock += timedelta(hours=1)
    installation.work(now=lambda: clock).run(call_id, "decode")
    failed = standing(installation, call_id)
    assert (failed.state, failed.reason) == (CallState.FAILED, "WorkerDied")


def test_a_call_that_is_begun_goes_before_one_that_is_not(installation, recording):
    """Else a thousand waiting calls are all decoded onto one disk before the first has its record."""
    first, second = (installation.accept(recording, CallDetails(external_id=name)) for name in ("a", "b"))
    installation.queue.rq.remove(f"{first}-decode")
    installation.work().run(first, "decode")
    assert installation.queue.rq.job_ids == [f"{first}-listen", f"{second}-decode"]


def test_what_other_machines_finished_is_cleared_from_this_ones_scratch_disk(installation, recording):
    call_id = installation.accept(recording)
    here, elsewhere = (installation.work(scratch=installation.folder / name) for name in ("here", "elsewhere"))
    here.run(call_id, "decode")
    for stage in STAGES[1:]:
        elsewhere.run(call_id, stage.name)
    assert (installation.folder / "here" / call_id).exists()
    here.clear_abandoned_scratch()
    assert not (installation.folder / "here" / call_id).exists()


def test_a_stage_of_a_newer_version_is_left_alone(installation, recording):
    call_id = installation.accept(recording)
    installation.store.begin(call_id, "decode", worker="newer", lease_s=5.0, now=datetime.now(UTC))
    installation.store.finish(
        call_id, "decode", worker="newer", value="", made_by=MadeBy("decode", None, "2", 0.0), next_stage="unheard-of"
    )
    assert Sweeper(installation.store, installation.queue).sweep() == 0
    jobs.install(installation.work())
    jobs.run_job(call_id, "unheard-of")
    assert standing(installation, call_id).state is CallState.WAITING


def test_an_emptied_queue_is_filled_again(installation, recording):
    call_id = installation.accept(recording)
    installation.queue.redis.flushall()
    installation.start_worker("only")
    wait_until(lambda: standing(installation, call_id).state is CallState.READY, what="the call is ready")


def test_no_log_line_carries_words_or_names_of_the_call(installation, recording):
    renamed = recording.with_name("Quentin Zebrowski.wav")
    recording.rename(renamed)
    call_id = installation.accept(renamed)
    installation.start_worker("only")
    wait_until(lambda: standing(installation, call_id).state is CallState.READY, what="the call is ready")
    said = " ".join(turn.text for turn in installation.store.record(call_id).turns)
    assert said, "the fakes heard something, else this shows nothing"
    log = installation.log_of("only")
    assert "Zebrowski" not in log
    assert not [word for word in said.split() if f" {word} " in log]


def test_a_stage_that_takes_too_long_is_stopped_and_tried_again(installation, recording, monkeypatch):
    """RQ's own clock stops the job; the call is put off, not lost."""
    from rq.timeouts import JobTimeoutException

    class Endless(FakeTranscriber):
        def transcribe(self, samples, **_):
            raise JobTimeoutException("Task exceeded maximum timeout value")

    call_id = installation.accept(recording)
    work = installation.work(ports={**installation.work().ports, "transcriber": Endless})
    for stage in STAGES[:3]:
        work.run(call_id, stage.name)
    put_off = standing(installation, call_id)
    assert (put_off.state, put_off.reason) == (CallState.WAITING, "OutOfTime")


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_waits_for_work_ends_when_it_is_asked_to(installation, recording, stop):
    call_id = installation.accept(recording)
    worker = installation.start_worker("only")
    wait_until(lambda: standing(installation, call_id).state is CallState.READY, what="it waits for more work")
    worker.send_signal(stop)
    assert worker.wait(timeout=10) == 0


def test_a_worker_asked_to_stop_finishes_the_stage_it_is_at(installation, recording):
    call_id = installation.accept(recording)
    worker = installation.start_worker("only", linger="transcribe:2")
    in_the_middle = ("transcribe", CallState.RUNNING)  # else it may yet be waiting, and is left waiting
    wait_until(
        lambda: (standing(installation, call_id).stage, standing(installation, call_id).state) == in_the_middle,
        what="it is in the middle of a stage",
    )
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=20) == 0
    assert standing(installation, call_id).stage == "separate", "transcribe is done, and the next stage waits"
