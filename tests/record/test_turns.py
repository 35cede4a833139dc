"""Whose turn it is: lines and senders take turns, and an import holds nobody up."""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from worker.core.arrival import Arrived, Handover, Priority
from worker.core.call import CallDetails
from worker.core.record import MadeBy
from worker.core.transcript import Voices
from worker.record.store import Store
from worker.record.tables.arrivals import turns_of_lines

NOW = datetime(2026, 3, 10, 9, 14, tzinfo=UTC)
LATER = NOW + timedelta(days=3650)
WORKER = {"worker": "w", "lease_s": 60.0}
MADE = MadeBy("decode", None, "1", 0.5)

_numbers = itertools.count()


def accept(
    store: Store, count: int = 1, *, sender: str = "", line: str | None = None, priority: Priority = Priority.NORMAL
) -> list[str]:
    """So many calls of one flow."""
    handover = Handover(CallDetails(line=line), sender, priority=priority)
    recordings = (Arrived(f"{next(_numbers):064x}", "a.wav", 1) for _ in range(count))
    return [store.accept(handover, one, first_stage="decode").call_id for one in recordings]


def in_order(store: Store, limit: int = 1000) -> tuple[str, ...]:
    return store.waiting("decode", now=LATER, limit=limit)


def work(store: Store, count: int) -> list[str]:
    """Works the first stage of so many calls, as they come."""
    worked = []
    for _ in range(count):
        (call_id,) = in_order(store, 1)
        assert store.begin(call_id, "decode", **WORKER, now=NOW)
        value = Voices((), {})
        assert store.finish(call_id, "decode", worker="w", value=value, made_by=MADE, next_stage="listen")
        worked.append(call_id)
    return worked


def test_calls_of_one_line_keep_their_order(store: Store) -> None:
    ids = accept(store, 5)
    assert in_order(store) == tuple(ids)
    assert work(store, 5) == ids


def test_lines_take_turns_however_many_calls_wait_on_one_of_them(store: Store) -> None:
    busy = accept(store, 60, line="1")
    quiet = accept(store, 2, line="2")
    order = in_order(store)
    assert order.index(quiet[0]) <= 2
    assert order.index(quiet[1]) <= 5
    assert [one for one in order if one not in quiet] == busy


def test_a_new_line_for_every_call_gains_a_sender_nothing(store: Store) -> None:
    """Else a telephone system that gives the caller's number as the line stands before all others."""
    for number in range(40):
        accept(store, sender="many", line=str(number))
    one = accept(store, 5, sender="one", line="support")
    places = [in_order(store).index(call_id) for call_id in one]
    assert places[-1] <= 10, "the two senders take turns"


def test_lines_with_nothing_that_waits_are_forgotten_and_lose_nothing_by_it(store: Store) -> None:
    for number in range(20):
        accept(store, line=str(number))
    work(store, 20)
    store.forget_silent_lines()
    with store._database.reading() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(turns_of_lines)).scalar_one() == 1
    again = accept(store, 3, line="3")
    other = accept(store, 1, line="4")
    assert in_order(store).index(other[0]) <= 2
    assert [one for one in in_order(store) if one in again] == again


def test_senders_take_turns_as_lines_do(store: Store) -> None:
    many = accept(store, 6, sender="many")
    (one,) = accept(store, sender="one")
    assert in_order(store)[:2] == (many[0], one)


def test_a_call_of_today_is_not_held_up_by_an_import(store: Store) -> None:
    import_ = accept(store, 60, priority=Priority.BULK)
    today = accept(store, 5)
    order = in_order(store)
    assert [order.index(one) for one in today] == sorted(order.index(one) for one in today)
    assert order.index(today[-1]) <= 5, "five calls of today, and one of the import"
    assert [one for one in order if one not in today] == import_


def test_an_import_goes_on_slowly_while_others_wait_and_is_not_starved(store: Store) -> None:
    import_ = set(accept(store, 60, priority=Priority.BULK))
    accept(store, 60)
    worked = Counter(one in import_ for one in work(store, 44))
    assert worked == {True: 4, False: 40}, "ten to one"


def test_a_sender_that_was_silent_has_saved_nothing_up(store: Store) -> None:
    accept(store, sender="silent")
    work(store, 1)
    accept(store, 30, sender="busy")
    work(store, 20)
    silent = accept(store, 5, sender="silent")
    order = in_order(store)
    assert [order.index(one) for one in silent] == [1, 3, 5, 7, 9], "it takes turns from now on, and no more"


def test_a_call_that_was_put_off_does_not_turn_the_order_back(store: Store) -> None:
    (old,) = accept(store, sender="old")
    store.begin(old, "decode", **WORKER, now=NOW)
    store.put_off(old, "decode", worker="w", error=ValueError(), not_before=NOW + timedelta(minutes=1))
    busy = accept(store, 10, sender="busy")
    work_now = store.waiting("decode", now=NOW, limit=9)
    assert work_now == tuple(busy[:9])
    for call_id in busy[:5]:
        store.begin(call_id, "decode", worker="w", lease_s=1e9, now=NOW)
    fresh = accept(store, 3, sender="fresh")
    order = store.waiting("decode", now=NOW, limit=99)
    assert [order.index(one) for one in fresh] == [1, 3, 5]
    assert in_order(store)[0] == old, "it waited longest"


def test_what_is_retried_takes_its_turn_as_if_it_had_come_now(store: Store) -> None:
    failed = accept(store, 4, sender="1")
    for call_id in failed:
        store.begin(call_id, "decode", **WORKER, now=NOW)
        store.fail(call_id, "decode", worker="w", reason="Bug", message="no")
    accept(store, 4, sender="2")
    assert len(store.retry_all()) == 4
    order = in_order(store)
    places = [place for place, one in enumerate(order) if one in failed]
    assert places == [2, 4, 6, 7], "one of each sender in turn"


def test_a_call_keeps_its_turn_at_every_stage(store: Store) -> None:
    first, second = accept(store, 2)
    for call_id in (second, first):
        store.begin(call_id, "decode", **WORKER, now=NOW)
        store.finish(call_id, "decode", worker="w", value=Voices((), {}), made_by=MADE, next_stage="listen")
    assert store.waiting("listen", now=NOW, limit=9) == (first, second)


def test_a_call_that_a_further_leg_joins_keeps_its_turn(store: Store) -> None:
    handover = Handover(CallDetails(external_id="PBX-7"))
    call_id = store.accept(handover, Arrived("a" * 64, "a.wav", 1), first_stage="decode").call_id
    others = accept(store, 3)
    store.accept(handover, Arrived("b" * 64, "b.wav", 1), first_stage="decode")
    assert in_order(store) == (call_id, *others)
