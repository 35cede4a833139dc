"""What waits, runs and failed: told rightly, and found by an index however many calls there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from tests.handed_over import hand_over
from tests.web.records import short_call
from worker.core.arrival import FETCH, Announced, Arrived, Handover
from worker.core.call import CallDetails
from worker.core.errors import Unavailable
from worker.core.record import MadeBy
from worker.core.transcript import Voices
from worker.record.standing import CallState, Claim, Tally
from worker.record.store import Store

NOW = datetime(2026, 3, 10, 9, 14, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
MADE = MadeBy("decode", None, "1", 0.5)
VALUE = Voices((), {})


def accept(store: Store, number: int, **details: Any) -> str:
    return hand_over(store, CallDetails(**details), sha256=f"{number:064x}").call_id


def begin(store: Store, call_id: str, stage: str = "decode", now: datetime = NOW) -> Claim | None:
    return store.begin(call_id, stage, worker="w", lease_s=60.0, now=now)


def finish(store: Store, call_id: str) -> None:
    begin(store, call_id)
    assert store.finish(call_id, "decode", worker="w", value=VALUE, made_by=MADE, next_stage="listen")


def put_off(store: Store, call_id: str, until: datetime) -> None:
    begin(store, call_id)
    assert store.put_off(call_id, "decode", worker="w", error=Unavailable(), not_before=until)


def test_what_waits_at_a_stage_is_due_or_its_worker_fell_silent(store: Store) -> None:
    waiting, put_off_, due, runs, silent, failed, done = (accept(store, number) for number in range(7))
    put_off(store, put_off_, NOW + MINUTE)
    put_off(store, due, NOW)
    begin(store, runs)
    begin(store, silent, now=NOW - MINUTE)
    begin(store, failed)
    store.fail(failed, "decode", worker="w", reason="Bug", message="no")
    finish(store, done)
    assert store.waiting("decode", now=NOW, limit=9) == (waiting, due, silent)
    assert store.waiting("decode", now=NOW, limit=2) == (waiting, due)
    assert store.waiting("listen", now=NOW, limit=9) == (done,)
    assert store.waiting("nowhere", now=NOW, limit=9) == ()
    assert store.waiting("decode", now=NOW + MINUTE, limit=9) == (waiting, put_off_, due, runs, silent)


def test_what_stands_at_each_stage_is_counted(store: Store) -> None:
    assert store.tallies(now=NOW) == {}
    ids = [accept(store, number) for number in range(8)]
    put_off(store, ids[0], NOW + MINUTE)
    put_off(store, ids[1], NOW)
    begin(store, ids[2])
    for call_id, reason in zip(ids[3:6], ("BadRecording", "BadRecording", "Bug"), strict=True):
        begin(store, call_id)
        store.fail(call_id, "decode", worker="w", reason=reason, message="no")
    finish(store, ids[6])
    store.accept(Handover(), Announced("https://recordings.example/1", "a.wav"), first_stage="decode")
    tallies = store.tallies(now=NOW)
    decode = tallies["decode"]
    assert (decode.waiting, decode.put_off, decode.running) == (2, 1, 1)
    assert decode.failed == {"BadRecording": 2, "Bug": 1}
    first_waiting = store.call(ids[1]).standing.since
    assert decode.oldest_waiting_since == first_waiting
    assert tallies["listen"] == Tally(waiting=1, oldest_waiting_since=store.call(ids[6]).standing.since)
    assert tallies[FETCH].waiting == 1
    assert store.waiting_count() == 5
    assert store.begun() == 1, "past its first stage"


def test_a_call_that_failed_or_is_ready_counts_as_begun_no_more(store: Store) -> None:
    failed, ready = accept(store, 1), accept(store, 2)
    for call_id in (failed, ready):
        finish(store, call_id)
        begin(store, call_id, "listen")
    assert store.begun() == 2
    store.fail(failed, "listen", worker="w", reason="Bug", message="no")
    store.finish(ready, "listen", worker="w", value=short_call(), made_by=MADE, next_stage=None)
    assert store.begun() == 0


def test_a_stage_that_is_given_back_waits_at_once_and_the_try_does_not_count(store: Store) -> None:
    call_id = accept(store, 1)
    begin(store, call_id)
    assert not store.give_back(call_id, "decode", worker="other")
    assert store.give_back(call_id, "decode", worker="w")
    assert not store.give_back(call_id, "decode", worker="w")
    assert store.call(call_id).standing.state is CallState.RECEIVED
    assert store.waiting("decode", now=NOW, limit=9) == (call_id,)
    assert begin(store, call_id) == Claim(call_id, "decode", 1)


def test_a_stage_that_was_taken_from_a_silent_worker_says_how_often(store: Store) -> None:
    call_id = accept(store, 1)
    assert begin(store, call_id) == Claim(call_id, "decode", 1)
    for times in (1, 2):
        assert begin(store, call_id, now=NOW + times * MINUTE) == Claim(call_id, "decode", times + 1, took_over=True)
        assert store.call(call_id).standing.takeovers == times
    store.fail(call_id, "decode", worker="w", reason="WorkerDied", message="no")
    store.retry(call_id)
    assert store.call(call_id).standing.takeovers == 0


def test_the_last_line_of_the_log_is_kept_with_the_error(store: Store) -> None:
    call_id = accept(store, 1)
    begin(store, call_id)
    error, line = Unavailable("It is away."), "stage.put_off stage=decode"
    store.put_off(call_id, "decode", worker="w", error=error, not_before=NOW, last_line=line)
    assert store.call(call_id).standing.last_line == line
    begin(store, call_id)
    assert store.call(call_id).standing.last_line == line, "of the try before"
    store.fail(call_id, "decode", worker="w", reason="Bug", message="no", last_line="stage.bug")
    assert store.call(call_id).standing.last_line == "stage.bug"
    store.retry(call_id)
    assert store.call(call_id).standing.last_line is None


def test_where_a_call_stands_says_since_when_and_until_when_it_is_held(store: Store) -> None:
    call_id = accept(store, 1)
    received_at = store.call(call_id).received_at
    assert store.call(call_id).standing.since == received_at
    begin(store, call_id)
    standing = store.call(call_id).standing
    assert (standing.since, standing.lease_until) == (NOW, NOW + MINUTE)


# Found by an index


@contextmanager
def statements(store: Store) -> Iterator[list[tuple[str, Any]]]:
    """What is asked of the database within."""
    seen: list[tuple[str, Any]] = []

    def about_to_execute(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        seen.append((statement, parameters))

    sa.event.listen(store._database._engine, "before_cursor_execute", about_to_execute)
    try:
        yield seen
    finally:
        sa.event.remove(store._database._engine, "before_cursor_execute", about_to_execute)


def plan(store: Store, statement: str, parameters: Any) -> str:
    """How the database would find the rows; on PostgreSQL as it would in a table too large to be read through."""
    with store._database.reading() as connection:
        if store._database.dialect == "sqlite":
            steps = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            return "\n".join(step.detail for step in steps)
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        return "\n".join(connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).scalars())


ASKED: dict[str, Callable[[Store, str], object]] = {
    "waiting": lambda store, call_id: store.waiting("decode", now=NOW, limit=9),
    "waiting_count": lambda store, call_id: store.waiting_count(),
    "begun": lambda store, call_id: store.begun(),
    "tallies": lambda store, call_id: store.tallies(now=NOW),
    "counts": lambda store, call_id: store.counts(),
    "begin": lambda store, call_id: begin(store, call_id),
    "accept": lambda store, call_id: accept(store, 2),
    "accept under an id": lambda store, call_id: accept(store, 3, external_id="PBX-7"),
    "a further leg": lambda store, call_id: accept(store, 4, external_id="PBX-1"),
    "failed calls": lambda store, call_id: store.calls(state=CallState.FAILED),
    "running calls": lambda store, call_id: store.calls(state=CallState.RUNNING),
    "waiting calls": lambda store, call_id: store.calls(state=CallState.WAITING),
    "known as": lambda store, call_id: store.people.call_known_as("PBX-7"),
    "announced": lambda store, call_id: store.announced(call_id),
}


@pytest.mark.parametrize("what", ASKED)
def test_nothing_that_is_asked_of_the_queue_reads_through_all_calls(store: Store, what: str) -> None:
    call_id = accept(store, 1, external_id="PBX-1")
    with statements(store) as seen:
        ASKED[what](store, call_id)
    asked = [one for one in seen if one[0].startswith(("SELECT", "UPDATE", "DELETE", "WITH"))]
    assert asked
    for statement, parameters in asked:
        steps = plan(store, statement, parameters).splitlines()
        through = [step for step in steps if "Seq Scan" in step or (step.startswith("SCAN") and "INDEX" not in step)]
        assert not [step for step in through if "CONSTANT ROW" not in step], (statement, steps)


def test_a_recording_is_found_whatever_its_state(store: Store) -> None:
    """A call in each state is listed under that state alone, with its recordings."""
    received, fetching, waiting, running, failed = (accept(store, number) for number in range(5))
    announced = store.accept(Handover(), Announced("https://recordings.example/1", "a.wav"), first_stage="decode")
    finish(store, waiting)
    begin(store, running)
    begin(store, failed)
    store.fail(failed, "decode", worker="w", reason="Bug", message="no")
    assert {call.id for call in store.calls(state=CallState.RECEIVED)} == {received, fetching, announced.call_id}
    assert [call.id for call in store.calls(state=CallState.WAITING)] == [waiting]
    assert [call.id for call in store.calls(state=CallState.RUNNING)] == [running]
    assert [call.id for call in store.calls(state=CallState.FAILED)] == [failed]
    assert all(len(call.legs) == 1 for call in store.calls())


def test_calls_are_listed_by_what_is_asked_for(store: Store) -> None:
    ids = []
    for number, (sender, line) in enumerate([("a", "1"), ("a", "2"), ("b", "1")]):
        handover = Handover(CallDetails(line=line), sender)
        ids.append(store.accept(handover, Arrived(f"{number:064x}", "a.wav", 1), first_stage="decode").call_id)
    assert [call.id for call in store.calls(sender="a")] == [ids[1], ids[0]]
    assert [call.id for call in store.calls(line="1")] == [ids[2], ids[0]]
    assert [call.id for call in store.calls(limit=2)] == [ids[2], ids[1]]
    begin(store, ids[0])
    store.fail(ids[0], "decode", worker="w", reason="Bug", message="no")
    assert [call.id for call in store.calls(state=CallState.FAILED, reason="Bug")] == [ids[0]]
    assert store.calls(state=CallState.FAILED, reason="BadRecording") == ()
