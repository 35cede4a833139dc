"""One job: run twice, late, out of retries, broken, too long: each ends in exactly one known state."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import structlog

from models.fakes import FakeTranscriber, FakeVoiceDetector
from worker import jobs
from worker.core.call import CallDetails
from worker.core.errors import NotFound, Unavailable
from worker.core.log.entry import EntryKind
from worker.core.record import MadeBy
from worker.jobs import Scratch
from worker.jobs import work as jobs_work
from worker.jobs.observer import Outcome
from worker.logs import configure_logs
from worker.record.results import keep_result
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
    assert installation.sounds.copy_size(call_id) > 0, "there is sound to listen to"


def test_two_calls_with_one_recording_do_not_clear_each_others_scratch(installation, recording):
    """The same bytes under two external ids are two calls; one of them ends while the other is in the middle."""
    first, second = (installation.accept(recording, CallDetails(external_id=name)) for name in ("a", "b"))
    work = installation.work()
    work.run(second, "decode")
    run_through(work, first)
    assert {path.name.partition(".")[0] for path in (installation.folder / "scratch").iterdir()} == {second}
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
    there = installation.work(worker="there", scratch=Scratch(elsewhere))
    for path in (installation.folder / "scratch").rglob("*.f32"):
        path.unlink()  # the other machine does not see this one's disk
    for stage in STAGES[1:]:
        there.run(call_id, stage.name)
    assert standing(installation, call_id).state is CallState.READY


def test_a_call_on_its_way_during_an_upgrade_is_worked_on_from_what_can_be_made_again(installation, recording):
    """Version 0.1.0 stored drafts in another form; what the new version cannot read, it makes again."""
    call_id = installation.accept(recording)
    work = installation.work()
    for stage in ("decode", "listen", "transcribe", "separate", "attribute", "protect", "summarise"):
        work.run(call_id, stage)
    old = '{"drafts":[],"warnings":[{"form":"of another version"}]}'
    with installation.store._database.writing() as connection:
        keep_result(connection, installation.store.log, call_id, "summarise", old)
    for stage in ("check", "publish"):
        work.run(call_id, stage)
    assert installation.store.record(call_id).turns


def test_what_may_work_later_is_put_off_and_then_fails_with_its_reason(installation, recording):
    def away():
        raise Unavailable("The accelerator is away.")

    call_id = installation.accept(recording)
    clock = [datetime.now(UTC)]
    ports = {**installation.work().ports, "transcriber": away}
    work = installation.work(ports=ports, clock=lambda: clock[0])
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
    healed = installation.work(clock=lambda: clock[0])
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
    assert installation.sounds.exists(call_id, 1), "what arrived is never lost"
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
    other = installation.work(worker="other", clock=lambda: datetime.now(UTC) + timedelta(hours=1))
    work = late._work

    def work_late(*arguments):
        other.run(call_id, STAGES[-1].name)
        return work(*arguments)

    late._work = work_late
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
    monkeypatch.setattr(work, "_work", lambda *_: 1 / 0)
    work.run(call_id, STAGES[-1].name)
    assert standing(installation, call_id).state is CallState.FAILED
    monkeypatch.undo()
    installation.store.retry(call_id)
    work.run(call_id, STAGES[-1].name)
    assert standing(installation, call_id).state is CallState.READY
    assert installation.store.record(call_id).turns


def test_a_process_that_is_no_worker_says_so():
    jobs.install(None)
    with pytest.raises(RuntimeError, match="onrecord work"):
        jobs.run_job("a-call", "decode")


def test_a_stage_that_kills_every_worker_is_given_up_and_not_tried_for_ever(installation, recording):
    """A call that runs a worker out of memory raises no error; without a bound it would take down a whole fleet."""
    call_id = installation.accept(recording)
    clock = datetime.now(UTC)
    for number in range(3):  # three workers take it and are killed
        clock += timedelta(hours=1)
        assert installation.store.begin(call_id, "decode", worker=f"dead {number}", lease_s=5.0, now=clock)
    clock += timedelta(hours=1)
    installation.work(clock=lambda: clock).run(call_id, "decode")
    failed = standing(installation, call_id)
    assert (failed.state, failed.reason) == (CallState.FAILED, "WorkerDied")


def test_what_other_machines_finished_is_cleared_from_this_ones_scratch_disk(installation, recording):
    call_id = installation.accept(recording)
    here, elsewhere = (installation.work(scratch=Scratch(installation.folder / name)) for name in ("here", "there"))
    here.run(call_id, "decode")
    for stage in STAGES[1:]:
        elsewhere.run(call_id, stage.name)
    assert any((installation.folder / "here").rglob("*.f32"))
    here.scratch.clear_abandoned(installation.store)
    assert not any((installation.folder / "here").iterdir())


def test_a_stage_of_a_newer_version_is_left_alone(installation, recording):
    call_id = installation.accept(recording)
    installation.store.begin(call_id, "decode", worker="newer", lease_s=5.0, now=datetime.now(UTC))
    installation.store.finish(
        call_id, "decode", worker="newer", value="", made_by=MadeBy("decode", None, "2", 0.0), next_stage="unheard-of"
    )
    installation.sweeper().sweep()
    assert not any(installation.queue.shown(stage) for stage in installation.queue.way.names)
    jobs.install(installation.work())
    jobs.run_job(call_id, "unheard-of")
    assert standing(installation, call_id).state is CallState.WAITING


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


def test_what_was_logged_last_before_a_failure_is_kept_with_it(installation, recording, capsys):
    """The operator's page shows it, so that nobody has to look for a worker's log first."""

    class Buggy(FakeTranscriber):
        def transcribe(self, samples, **_):
            raise KeyError("my card is 4242")

    configure_logs("info")
    try:
        call_id = installation.accept(recording)
        work = installation.work(ports={**installation.work().ports, "transcriber": Buggy})
        for stage in STAGES[:3]:
            work.run(call_id, stage.name)
    finally:
        structlog.reset_defaults()
    line = json.loads(standing(installation, call_id).last_line or "")
    said = {name: line[name] for name in ("event", "call", "stage", "attempt", "error")}
    about = {"call": call_id, "stage": "transcribe", "attempt": 1}
    assert said == {"event": "stage.broke_off", "error": "KeyError", **about}
    assert line["at"][-1].startswith("test_jobs.py:"), "it says where"
    assert "4242" not in capsys.readouterr().err


def test_a_further_leg_starts_the_call_anew_and_what_was_under_way_is_thrown_away(installation, recording):
    """The worker that was at the call as it was before finds its stage gone, and its files in nobody's way."""
    other = recording.with_name("transferred.wav")
    other.write_bytes(recording.read_bytes()[:-3200])
    details = CallDetails(external_id="held")
    call_id = installation.accept(recording, details)
    late = installation.work(worker="late")
    late.run(call_id, "decode")
    joining = []

    class Slow(FakeVoiceDetector):
        def find_speech(self, samples, **given):
            if not joining:
                joining.append(installation.accept(other, details))
            return super().find_speech(samples, **given)

    late.ports = {**late.ports, "voice_detector": Slow}
    late.run(call_id, "listen")
    assert joining == [call_id], "it is a leg of that call"
    assert standing(installation, call_id).stage == "decode", "begun anew, and what listen gave was thrown away"
    here = installation.work()
    run_through(here, call_id)
    record = installation.store.record(call_id)
    assert len(record.legs) == 2
    assert not any((installation.folder / "scratch").iterdir())


def test_what_was_decoded_of_a_call_before_a_leg_joined_is_cleared_away(installation, recording):
    other = recording.with_name("transferred.wav")
    other.write_bytes(recording.read_bytes()[:-3200])
    details = CallDetails(external_id="held")
    call_id = installation.accept(recording, details)
    work = installation.work()
    work.run(call_id, "decode")
    installation.accept(other, details)
    work.run(call_id, "decode")
    assert len(list((installation.folder / "scratch").iterdir())) == 2
    work.scratch.clear_abandoned(installation.store)
    (left,) = (installation.folder / "scratch").iterdir()
    assert left == work.scratch.of(installation.store.call(call_id))


def test_clearing_up_leaves_alone_what_is_not_ours(installation):
    """Somebody may have set the scratch folder to one that others use."""
    folder = installation.folder / "scratch" / "pictures.2024"
    folder.mkdir(parents=True)
    installation.work().scratch.clear_abandoned(installation.store)
    assert folder.exists()


def test_a_stage_that_is_handed_back_waits_again_and_its_try_is_not_counted(installation, recording):
    call_id = installation.accept(recording)
    work = installation.work()

    def interrupted():
        assert work.hand_back()
        return FakeVoiceDetector()

    work.ports = {**work.ports, "voice_detector": interrupted}
    work.run(call_id, "decode")
    work.run(call_id, "listen")
    waits = standing(installation, call_id)
    assert (waits.state, waits.stage, waits.attempts) == (CallState.WAITING, "listen", 0)
    shown = installation.queue.shown("listen")
    assert shown.count(call_id) == 2, "as decode put it there, and again: nobody has to wait for the sweeper"
    assert not work.hand_back(), "there is nothing in hand any more"


def test_a_worker_that_finds_the_database_away_leaves_the_job_to_the_sweeper(installation, recording, monkeypatch):
    def away(*_, **__):
        raise Unavailable("The database is away.")

    call_id = installation.accept(recording)
    work = installation.work()
    monkeypatch.setattr(jobs_work, "ASK_AGAIN_S", 0.0)
    with monkeypatch.context() as patch:
        patch.setattr(installation.store, "begin", away)
        work.run(call_id, "decode")
    assert standing(installation, call_id).state is CallState.RECEIVED
    work.run(call_id, "decode")
    assert standing(installation, call_id).stage == "listen"


def test_what_a_stage_gave_is_held_while_the_database_is_away(installation, recording, monkeypatch):
    """An hour of transcribing is not thrown away for a minute of maintenance."""
    tries = []
    finish = installation.store.finish

    def away_at_first(*given, **named):
        tries.append(given)
        if len(tries) < 3:
            raise Unavailable("The database is away.")
        return finish(*given, **named)

    monkeypatch.setattr(jobs_work, "ASK_AGAIN_S", 0.0)
    monkeypatch.setattr(installation.store, "finish", away_at_first)
    call_id = installation.accept(recording)
    installation.work().run(call_id, "decode")
    assert len(tries) == 3
    assert standing(installation, call_id).stage == "listen"


def test_an_observer_is_told_how_each_job_ended(installation, recording):
    seen = []

    class Notes:
        @contextmanager
        def job(self, job, watched):
            yield
            seen.append((job.stage, job.attempt, watched.outcome, watched.reason, watched.sound_s))

    call_id = installation.accept(recording)
    work = installation.work(observers=(Notes(),))
    work.run(call_id, "decode")
    work.ports = {**work.ports, "voice_detector": lambda: 1 / 0}
    work.run(call_id, "listen")
    assert seen == [
        ("decode", 1, Outcome.DONE, None, pytest.approx(6.0, abs=0.01)),
        ("listen", 1, Outcome.FAILED, "Bug", None),
    ]
