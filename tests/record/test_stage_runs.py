"""A stage in a worker's hands: one worker at a time, one result for ever, whatever dies in between."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from tests.handed_over import hand_over
from tests.keys import KEYS
from tests.web.records import short_call
from worker.core.call import CallDetails
from worker.core.errors import BadRecording, BrokenModel, BrokenRecord, CallError, NotFound, Unavailable
from worker.core.record import MadeBy
from worker.core.transcript import SpeakerStretch, Transcription, Voices, Word
from worker.record.operations import Which
from worker.record.standing import CallState, Claim
from worker.record.store import Store

NOW = datetime(2026, 3, 10, 9, 14, tzinfo=UTC)
LEASE_S = 60.0
SOON = NOW + timedelta(seconds=LEASE_S / 2)
LATER = NOW + timedelta(seconds=LEASE_S)  # the lease of a claim at NOW has just run out
MADE = MadeBy("decode", "whisper-base", "ebe41f7", 1.25)
VOICES = Voices((SpeakerStretch("speaker 1", 0.0, 1.5),), {"track 0": 0})
OTHER_VOICES = Voices((), {})


@pytest.fixture
def call_id(store) -> str:
    return accept(store)


def accept(store: Store, number: int = 0) -> str:
    return hand_over(
        store, CallDetails(), sha256=f"{number:064x}", file_name="call.wav", size_bytes=44, first_stage="decode"
    ).call_id


def begin(store: Store, call_id: str, worker: str = "first", now: datetime = NOW) -> Claim | None:
    return store.begin(call_id, "decode", worker=worker, lease_s=LEASE_S, now=now)


def finish(
    store: Store, call_id: str, worker: str = "first", value: object = VOICES, next_stage: str | None = "listen"
):
    return store.finish(call_id, "decode", worker=worker, value=value, made_by=MADE, next_stage=next_stage)


def test_a_waiting_stage_is_taken_by_one_worker_and_counts_its_attempts(store, call_id):
    assert begin(store, call_id, "first") == Claim(call_id, "decode", 1)
    assert begin(store, call_id, "second") is None, "a late twin of the job leaves"
    assert begin(store, call_id, "first") is None, "even the same worker takes it once"


def test_a_job_for_what_is_not_there_leaves(store, call_id):
    assert store.begin(call_id, "publish", worker="w", lease_s=LEASE_S, now=NOW) is None
    assert store.begin("0" * 16, "decode", worker="w", lease_s=LEASE_S, now=NOW) is None


def test_what_a_stage_gave_is_stored_once_with_who_made_it_and_the_next_stage_waits(store, call_id):
    begin(store, call_id)
    assert finish(store, call_id)
    assert store.value(call_id, "decode", Voices) == VOICES
    assert store.made_by(call_id) == (MADE,)
    assert store.waiting("listen", now=NOW, limit=9) == (call_id,)
    assert not finish(store, call_id, value=OTHER_VOICES), "a stage has exactly one result"
    assert store.value(call_id, "decode", Voices) == VOICES
    assert begin(store, call_id, now=LATER) is None, "done is done"


def test_who_made_what_is_told_in_the_order_of_the_way(store, call_id):
    stages = ["decode", "zebra", "apple", "middle"]
    for stage, following in zip(stages, [*stages[1:], None], strict=True):
        store.begin(call_id, stage, worker="w", lease_s=LEASE_S, now=NOW)
        made = MadeBy(stage, None, "1", 0.0)
        value = VOICES if following else short_call()
        assert store.finish(call_id, stage, worker="w", value=value, made_by=made, next_stage=following)
    assert [made.stage for made in store.made_by(call_id)] == stages
    assert store.call(call_id).standing.state is CallState.READY


def test_a_lease_that_ran_out_lets_another_worker_take_over(store, call_id):
    begin(store, call_id, "first")
    assert begin(store, call_id, "second", now=SOON) is None, "the first still lives"
    assert begin(store, call_id, "second", now=LATER) == Claim(call_id, "decode", 2, took_over=True)


def test_a_worker_that_beats_keeps_its_stage(store, call_id):
    begin(store, call_id)
    assert store.beat(call_id, "decode", worker="first", lease_s=LEASE_S, progress=0.5, now=SOON)
    assert begin(store, call_id, "second", now=LATER) is None
    assert store.call(call_id).standing.progress == 0.5


@pytest.mark.parametrize(("reported", "shown"), [(-0.5, 0.0), (1.0000001, 1.0)])
def test_progress_is_a_share(store, call_id, reported, shown):
    begin(store, call_id)
    store.beat(call_id, "decode", worker="first", lease_s=LEASE_S, progress=reported, now=NOW)
    assert store.call(call_id).standing.progress == shown


LOST: dict[str, Callable[[Store, str], bool]] = {
    "beat": lambda store, call_id: store.beat(
        call_id, "decode", worker="first", lease_s=LEASE_S, progress=0.9, now=LATER
    ),
    "finish": lambda store, call_id: finish(store, call_id, "first", OTHER_VOICES, "elsewhere"),
    "put_off": lambda store, call_id: store.put_off(
        call_id, "decode", worker="first", error=Unavailable(), not_before=NOW
    ),
    "fail": lambda store, call_id: store.fail(call_id, "decode", worker="first", reason="Bug", message="no"),
}


@pytest.mark.parametrize("what", LOST)
@pytest.mark.parametrize("by_then", ["running", "done"])
def test_who_lost_the_lease_changes_nothing(store, call_id, what, by_then):
    begin(store, call_id, "first")
    begin(store, call_id, "second", now=LATER)
    if by_then == "done":
        finish(store, call_id, "second")
    before = store.call(call_id), store.made_by(call_id), store.waiting("decode", now=LATER, limit=9)
    assert LOST[what](store, call_id) is False
    assert (store.call(call_id), store.made_by(call_id), store.waiting("decode", now=LATER, limit=9)) == before
    if by_then == "running":
        assert finish(store, call_id, "second"), "the one who took over ends it"


def test_a_slow_worker_that_nobody_replaced_may_still_finish(store, call_id):
    begin(store, call_id)
    assert finish(store, call_id), "work is not thrown away because a lease ran out unnoticed"


def test_a_stage_that_was_put_off_waits_for_its_time_and_says_why(store, call_id):
    begin(store, call_id)
    error = Unavailable("The accelerator is away.")
    assert store.put_off(call_id, "decode", worker="first", error=error, not_before=LATER)
    standing = store.call(call_id).standing
    assert (standing.state, standing.reason, standing.message) == (
        CallState.WAITING,
        "Unavailable",
        "The accelerator is away.",
    )
    assert standing.not_before == LATER
    assert begin(store, call_id, "second", now=SOON) is None
    assert store.waiting("decode", now=SOON, limit=9) == ()
    assert store.waiting("decode", now=LATER, limit=9) == (call_id,)
    assert begin(store, call_id, "second", now=LATER) == Claim(call_id, "decode", 2)
    finish(store, call_id, "second")
    standing = store.call(call_id).standing
    assert (standing.reason, standing.message, standing.not_before) == (None, None, None)


def test_the_message_of_a_foreign_error_is_not_stored(store, call_id):
    begin(store, call_id)
    store.put_off(call_id, "decode", worker="first", error=ValueError("my card is 4111"), not_before=NOW)
    standing = store.call(call_id).standing
    assert (standing.reason, standing.message) == ("ValueError", CallError().message)


def test_a_failed_call_stays_failed_until_it_is_retried(store, call_id):
    begin(store, call_id)
    error = BadRecording()
    assert store.fail(call_id, "decode", worker="first", reason="BadRecording", message=error.message)
    assert begin(store, call_id, now=LATER) is None
    assert store.waiting("decode", now=LATER, limit=9) == ()
    assert store.retry(call_id) == ((call_id, "decode"),)
    assert store.call(call_id).standing.reason is None
    assert begin(store, call_id) == Claim(call_id, "decode", 1)


def test_a_retry_begins_at_the_stage_that_failed(store, call_id):
    begin(store, call_id)
    finish(store, call_id)
    store.begin(call_id, "listen", worker="w", lease_s=LEASE_S, now=NOW)
    store.fail(call_id, "listen", worker="w", reason="Bug", message="no")
    assert store.retry(call_id) == ((call_id, "listen"),)
    assert store.value(call_id, "decode", Voices) == VOICES


def test_a_retry_of_what_has_not_failed_changes_nothing(store, call_id):
    assert store.retry(call_id) == ()
    begin(store, call_id)
    assert store.retry(call_id) == ()
    assert store.retry_all() == ()
    assert finish(store, call_id)
    assert store.retry(call_id) == ()


def test_all_calls_that_failed_for_one_reason_are_retried_together(store):
    ids = [accept(store, number) for number in range(3)]
    for call_id, reason in zip(ids, ["BrokenModel", "BadRecording", "BrokenModel"], strict=True):
        begin(store, call_id)
        store.fail(call_id, "decode", worker="first", reason=reason, message="no")
    assert sorted(store.retry_all(Which(reason="BrokenModel"))) == sorted([(ids[0], "decode"), (ids[2], "decode")])
    assert store.retry_all() == ((ids[1], "decode"),)
    assert store.counts()[CallState.FAILED] == 0


def test_what_should_move_is_found_with_what_waited_longest_first(store):
    """Waiting, waiting with a dead worker behind it, and not: one that lives, one that is done, one that failed."""
    waiting, dead, alive, done, failed = (accept(store, number) for number in range(5))
    begin(store, dead, now=NOW - timedelta(seconds=LEASE_S))
    for call_id in (alive, done, failed):
        begin(store, call_id)
    finish(store, done, value=short_call(), next_stage=None)
    store.fail(failed, "decode", worker="first", reason="Bug", message="no")
    assert store.waiting("decode", now=NOW, limit=9) == (waiting, dead)
    assert store.waiting("decode", now=NOW, limit=1) == (waiting,)


def test_the_value_of_a_stage_that_is_not_done_is_not_found(store, call_id):
    begin(store, call_id)
    for stage in ("decode", "listen"):
        with pytest.raises(NotFound):
            store.value(call_id, stage, Voices)


def test_a_value_read_as_another_kind_is_a_broken_record(store, call_id):
    begin(store, call_id)
    finish(store, call_id)
    with pytest.raises(BrokenRecord) as caught:
        store.value(call_id, "decode", Transcription)
    assert "speaker 1" not in str(caught.value), "what is stored for a call does not leave in a message"
    assert caught.value.__cause__ is None


def test_a_value_that_could_not_be_read_again_is_refused_and_the_stage_is_still_held(store, call_id):
    begin(store, call_id)
    unreadable = Transcription((Word("yes", 0.0, 0.2, float("nan")),), None, None)
    with pytest.raises(BrokenModel):
        finish(store, call_id, value=unreadable)
    assert finish(store, call_id)


def test_a_last_stage_that_gives_no_record_is_refused_and_the_stage_is_still_held(store, call_id):
    begin(store, call_id)
    with pytest.raises(BrokenModel, match="gives its record"):
        finish(store, call_id, next_stage=None)
    assert store.call(call_id).standing.state is CallState.RUNNING


def test_a_next_stage_that_is_there_already_is_refused_and_nothing_is_changed(store, call_id):
    begin(store, call_id)
    with pytest.raises(BrokenRecord):
        finish(store, call_id, next_stage="decode")
    assert store.call(call_id).standing.state is CallState.RUNNING


def test_a_call_that_is_not_ready_has_no_record(store, call_id):
    with pytest.raises(NotFound):
        store.record(call_id)
    begin(store, call_id)
    finish(store, call_id)
    with pytest.raises(NotFound):
        store.record(call_id)


# Many at once


def test_of_many_threads_exactly_one_gets_the_stage(store, call_id):
    for lease in range(5):
        now = NOW + timedelta(seconds=LEASE_S * lease)
        claims: list[Claim | None] = []
        at_once = threading.Barrier(6)

        def take(name: int, now: datetime = now, at_once: threading.Barrier = at_once, claims: list = claims) -> None:
            at_once.wait()
            claims.append(begin(store, call_id, f"worker {name}", now))

        threads = [threading.Thread(target=take, args=(name,)) for name in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [claim for claim in claims if claim] == [Claim(call_id, "decode", lease + 1, took_over=lease > 0)]


def _take_all(url: str, name: str, ids: list[str], at_once, taken) -> None:
    store = Store(url, KEYS)
    at_once.wait()
    taken.put((name, [call_id for call_id in ids if begin(store, call_id, name)]))


def test_of_two_processes_exactly_one_gets_each_stage(store, store_url):
    ids = [accept(store, number) for number in range(20)]
    spawn = multiprocessing.get_context("spawn")
    at_once, taken = spawn.Barrier(2), spawn.Queue()
    workers = [spawn.Process(target=_take_all, args=(store_url, name, ids, at_once, taken)) for name in ("a", "b")]
    for worker in workers:
        worker.start()
    shares = dict(taken.get(timeout=60) for _ in workers)
    for worker in workers:
        worker.join()
    assert sorted([*shares["a"], *shares["b"]]) == sorted(ids)


def _finish_and_die(url: str, call_id: str, point: str) -> None:
    """Killed within ``finish``, when its first change is made and its second is not, or right after it."""
    store = Store(url, KEYS)
    begin(store, call_id, "killed")

    @sa.event.listens_for(sa.Engine, "before_cursor_execute")
    def about_to_execute(_connection, _cursor, statement: str, *_more) -> None:
        if point == "within" and statement.startswith("INSERT INTO stage_runs"):
            os.kill(os.getpid(), signal.SIGKILL)

    finish(store, call_id, "killed")
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("point", ["within", "after"])
def test_a_kill_while_finishing_leaves_all_of_it_or_nothing(store, store_url, call_id, point):
    killed = multiprocessing.get_context("spawn").Process(target=_finish_and_die, args=(store_url, call_id, point))
    killed.start()
    killed.join()
    assert killed.exitcode == -signal.SIGKILL
    if point == "after":
        assert store.waiting("listen", now=NOW, limit=9) == (call_id,), "result and next stage, both"
        return
    assert store.made_by(call_id) == ()
    assert store.waiting("decode", now=NOW, limit=9) == (), "its lease still runs"
    assert begin(store, call_id, "second", now=LATER) == Claim(call_id, "decode", 2, took_over=True)
    assert finish(store, call_id, "second")


# Whether this process has threads depends on the tests that ran before.
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_opens_connections_of_its_own(store, call_id):
    """Two processes on one connection would mix up what they are told."""
    begin(store, call_id)
    child = os.fork()
    if child == 0:
        try:
            ended = store.fail(call_id, "decode", worker="first", reason="Child", message="from the child")
            os._exit(0 if ended else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert store.call(call_id).standing.reason == "Child"
