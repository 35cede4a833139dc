"""What an operator asks of the work, on both databases: the same calls, counts and places in the list."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from worker.core.arrival import Arrived, Handover
from worker.core.call import CallDetails
from worker.core.errors import Invalid, Unavailable
from worker.record.operations import MOST_NAMED, Which, WorkState
from worker.record.store import Store


def hand_over(store: Store, number: int, *, line: str | None = None, sender: str = "") -> str:
    details = CallDetails(external_id=f"pbx-{number}", line=line)
    arrived = Arrived(f"{number:064x}", "call.wav", 44)
    return store.accept(Handover(details, sender=sender), arrived, first_stage="decode").call_id


def begin(store: Store, call_id: str) -> None:
    assert store.begin(call_id, "decode", worker="w", lease_s=60.0, now=datetime.now(UTC))


def fail(store: Store, number: int, reason: str = "Bug", *, line: str | None = None, sender: str = "") -> str:
    call_id = hand_over(store, number, line=line, sender=sender)
    begin(store, call_id)
    assert store.fail(call_id, "decode", worker="w", reason=reason, message="Why.", last_line="{}")
    return call_id


def test_each_call_stands_in_one_list_and_the_lists_agree_with_the_tallies(store: Store) -> None:
    now = datetime.now(UTC)
    failed = fail(store, 1)
    waiting = hand_over(store, 2)
    running = hand_over(store, 3)
    begin(store, running)
    later, due = hand_over(store, 4), hand_over(store, 5)
    for call_id, not_before in ((later, now + timedelta(hours=1)), (due, now - timedelta(hours=1))):
        begin(store, call_id)
        store.put_off(call_id, "decode", worker="w", error=Unavailable(), not_before=not_before)
    now = datetime.now(UTC)
    lists = {state: {one.id for one in store.operations.calls(Which(state), now=now, limit=10)} for state in WorkState}
    assert lists == {
        WorkState.FAILED: {failed},
        WorkState.WAITING: {waiting, due},
        WorkState.RUNNING: {running},
        WorkState.PUT_OFF: {later},
    }
    tally = store.tallies(now=now)["decode"]
    counts = {state: store.operations.count(Which(state), now=now) for state in WorkState}
    assert (tally.waiting, tally.put_off, tally.running, sum(tally.failed.values())) == (
        counts[WorkState.WAITING],
        counts[WorkState.PUT_OFF],
        counts[WorkState.RUNNING],
        counts[WorkState.FAILED],
    )
    (put_off,) = store.operations.calls(Which(WorkState.PUT_OFF), now=now, limit=10)
    assert put_off.next_try_at is not None
    assert put_off.next_try_at > now


def test_a_list_goes_on_after_any_of_its_calls_even_when_that_one_has_left_it(store: Store) -> None:
    now = datetime.now(UTC)
    made = [fail(store, number) for number in range(5)][::-1]
    first = store.operations.calls(Which(), now=now, limit=2)
    store.retry(first[-1].id)
    rest = store.operations.calls(Which(), now=now, limit=10, after=first[-1].place)
    assert [one.id for one in (*first, *rest)] == made


def test_calls_are_meant_by_what_they_have_in_common(store: Store) -> None:
    now = datetime.now(UTC)
    made = [fail(store, 1, "Bug", line="support", sender="acme"), fail(store, 2, "Bug"), fail(store, 3, "OutOfTime")]
    for which, found in (
        (Which(reason="Bug"), {0, 1}),
        (Which(reason="Bug", line="support", sender="acme"), {0}),
        (Which(line="", sender=""), {1, 2}),
        (Which(stage="listen"), set()),
        (Which(call_ids=(made[2], "nobody")), {2}),
    ):
        ids = {one.id for one in store.operations.calls(which, now=now, limit=10)}
        assert ids == {made[one] for one in found}, which
    groups = store.operations.groups("reason", Which(), now=now)
    assert [(one.value, one.count) for one in groups] == [("Bug", 2), ("OutOfTime", 1)]
    assert {one.call_id for one in store.retry_all(Which(reason="Bug", sender="acme"))} == {made[0]}
    assert store.operations.count(Which(), now=now) == 2


def test_what_no_text_of_a_database_can_be_finds_nothing_or_is_refused(store: Store) -> None:
    fail(store, 1)
    try:
        assert store.operations.count(Which(reason="\0"), now=datetime.now(UTC)) == 0  # SQLite
    except Invalid as error:
        assert "cannot hold" in error.message  # noqa: PT017  # PostgreSQL


def test_no_more_calls_can_be_named_one_by_one_than_a_statement_takes() -> None:
    with pytest.raises(Invalid, match="Name fewer"):
        Which(call_ids=("a",) * (MOST_NAMED + 1))


def test_the_database_says_that_it_is_there_and_how_many_events_wait(store: Store) -> None:
    store.operations.reach()
    assert store.operations.events_waiting() == 0
