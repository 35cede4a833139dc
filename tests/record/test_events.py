"""Events on both databases: there if and only if what they tell of is, and told again until somebody has them."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from tests.handed_over import hand_over
from tests.web.records import MADE_BY, evidence, record_of, said
from worker.core.call import CallDetails, Party
from worker.core.dialogue.values import Act, Annotation, OnEntry, OnPromise, WholeCall
from worker.core.errors import BrokenModel, Invalid, NotFound
from worker.core.events import EventType
from worker.core.log.entry import Actor, Role
from worker.core.summary import Commitment, Due
from worker.exchange.standard_webhooks import new_secret
from worker.record.deliveries import Delivery
from worker.record.endpoints import Disabled, Endpoint
from worker.record.operations import Which
from worker.record.store import Store
from worker.record.tables.events import deliveries, endpoints

NOW = datetime(2026, 3, 12, 9, 0, tzinfo=UTC)
TURN = said("t1", Party.AGENT, "I will call you back by Friday at five.", 1.0, 4.0)
WORDS = evidence(TURN, "I will call you back by Friday at five.")
ADDRESS = "https://crm.example/events?token=geheim"


def accepted(store: Store, number: int, *, external_id: str | None = None, own_recording_of: str | None = None) -> str:
    details = CallDetails(
        agent="Daniel",
        customer_address="maria@example.com",
        external_id=external_id,
        started_at=NOW - timedelta(days=2),
    )
    sha256 = f"{number:064x}"
    return hand_over(store, details, sha256=sha256, first_stage="publish", own_recording_of=own_recording_of).call_id


def worked(store: Store, call_id: str, *dues: date | None) -> None:
    """Makes its record, with a promise for each of these days."""
    promises = tuple(
        Commitment(f"p{at}", Party.AGENT, Party.CUSTOMER, "call you back", due and Due("then", due), (WORDS,))
        for at, due in enumerate(dues)
    )
    record = record_of((TURN,), duration_s=5.0, promises=promises)
    record = replace(record, started_at=NOW - timedelta(days=2))
    assert store.begin(call_id, "publish", worker="w", lease_s=60.0, now=datetime.now(UTC))
    assert store.finish(call_id, "publish", worker="w", value=record, made_by=MADE_BY[0], next_stage=None)


def failed(store: Store, call_id: str, reason: str = "BadRecording") -> None:
    assert store.begin(call_id, "publish", worker="w", lease_s=60.0, now=datetime.now(UTC))
    assert store.fail(call_id, "publish", worker="w", reason=reason, message="This is not sound.")


def says(store: Store, call_id: str, role: Role, annotation: Annotation) -> int:
    actor = Actor(role, store.people.side(call_id, role).id)
    return store.log.append(call_id, actor, annotation, by="Somebody").number


def told(store: Store, call_id: str | None = None) -> list[str]:
    """The types of what happened, in order."""
    return [one.event.type for one in reversed(store.events.list(call_id=call_id, limit=1000))]


def listening(store: Store, *types: EventType, sender: str | None = None) -> Endpoint:
    return store.events.endpoints.add(ADDRESS, new_secret(), types=types, sender=sender, now=NOW)


def taken(store: Store, endpoint: Endpoint, *, now: datetime | None = None, lease_s: float = 60.0) -> Delivery | None:
    return store.deliveries.take(endpoint.id, lease_s=lease_s, now=now or datetime.now(UTC))


# What is told of


def test_a_call_tells_its_way_from_received_to_ready_and_what_is_said_of_its_record(store: Store) -> None:
    call_id = accepted(store, 1, external_id="7-42")
    failed(store, call_id)
    store.retry(call_id)
    worked(store, call_id)
    says(store, call_id, Role.CUSTOMER, Annotation(Act.DISPUTE, WholeCall(), text="It was not so"))
    says(store, call_id, Role.AGENT, Annotation(Act.ASK, WholeCall(), text="What was not?"))
    assert told(store) == [
        "call.received",
        "call.failed",
        "call.retried",
        "record.ready",
        "record.disputed",
        "record.annotated",
    ]
    by_type = {one.event.type: one.event for one in store.events.list()}
    assert by_type["call.failed"].says == {"stage": "publish", "reason": "BadRecording"}
    assert by_type["record.disputed"].says == {"by": "customer", "act": "dispute"}
    assert {one.call_id for one in by_type.values()} == {call_id}
    assert {one.external_id for one in by_type.values()} == {"7-42"}


def test_no_event_holds_a_word_of_the_call_or_a_name_or_an_address(store: Store, store_url: str) -> None:
    call_id = accepted(store, 1)
    worked(store, call_id, date(2026, 3, 11))
    says(store, call_id, Role.CUSTOMER, Annotation(Act.ADD, WholeCall(), text="Nobody called me on Friday"))
    store.late_promises.tell(since=None, now=NOW)
    written = str([one.event for one in store.events.list()])
    for word in ("Daniel", "maria", "Friday", "call you back", "Nobody"):
        assert word not in written


def test_what_did_not_happen_is_not_told_of(store: Store) -> None:
    """The event and what it tells of are one transaction: undone, both are."""
    call_id = accepted(store, 1)
    accepted(store, 1)  # the same recording again
    assert store.begin(call_id, "publish", worker="w", lease_s=60.0, now=datetime.now(UTC))
    with pytest.raises(BrokenModel):
        store.finish(call_id, "publish", worker="w", value="no record", made_by=MADE_BY[0], next_stage=None)
    assert not store.fail(call_id, "publish", worker="another", reason="Bug", message="")
    store.retry(call_id)  # it has not failed
    with pytest.raises(NotFound):
        store.log.append("nowhere", Actor(Role.AGENT, "x"), Annotation(Act.AGREE, WholeCall()), by="X")
    assert told(store) == ["call.received"]


def test_a_sides_own_recording_of_a_call_is_no_call_and_tells_nothing(store: Store) -> None:
    call_id = accepted(store, 1)
    own = accepted(store, 2, own_recording_of=call_id)
    failed(store, own)
    assert told(store) == ["call.received"]
    assert told(store, own) == []


def test_many_calls_that_are_retried_at_once_are_each_told_of(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.record.events.TOLD_AT_ONCE", 4)
    ids = [accepted(store, number) for number in range(10)]
    for call_id in ids:
        failed(store, call_id)
    endpoint = listening(store, EventType.CALL_RETRIED)
    store.retry_all(Which(reason="BadRecording"))
    assert sorted(one.event.call_id for one in store.events.list(kind=EventType.CALL_RETRIED)) == sorted(ids)
    assert store.events.endpoints.find(endpoint.id).waiting == 10


# Who is told


def test_an_endpoint_is_told_what_it_wants_of_whom_it_wants_from_when_it_is_there(store: Store) -> None:
    before = accepted(store, 1)
    everything, failures, of_another = (
        listening(store),
        listening(store, EventType.CALL_FAILED, EventType.RECORD_READY),
        listening(store, sender="pbx"),
    )
    call_id = accepted(store, 2)
    failed(store, call_id)
    failed(store, before)
    waiting = {one.id: one.waiting for one in store.events.endpoints.all()}
    assert waiting == {everything.id: 3, failures.id: 2, of_another.id: 0}


def test_an_endpoints_address_and_secret_lie_sealed_and_are_not_shown(store: Store) -> None:
    endpoint = listening(store)
    assert "geheim" not in repr(endpoint)
    assert endpoint.host == "crm.example"
    destination = store.events.endpoints.destination(endpoint.id)
    assert destination.address == ADDRESS
    assert "geheim" not in repr(destination)
    with store._database.reading() as connection:
        row = connection.execute(sa.select(endpoints)).one()
    assert b"geheim" not in bytes(row.sealed)
    assert b"whsec_" not in bytes(row.sealed)


def test_what_is_no_address_of_the_web_is_no_endpoint(store: Store) -> None:
    for address in ("crm.example", "file:///etc/passwd", "https://", ""):
        with pytest.raises(Invalid):
            store.events.endpoints.add(address, new_secret(), types=(), sender=None, now=NOW)


def test_a_new_secret_signs_at_once_and_the_old_one_for_a_while_beside_it(store: Store) -> None:
    old, new = new_secret(), new_secret()
    endpoint = store.events.endpoints.add(ADDRESS, old, types=(), sender=None, now=NOW)
    store.events.endpoints.rotate(endpoint.id, new, former_for=timedelta(hours=24), now=NOW)
    destination = store.events.endpoints.destination(endpoint.id)
    assert destination.secrets(NOW + timedelta(hours=23)) == (new, old)
    assert destination.secrets(NOW + timedelta(hours=24)) == (new,)


def test_an_endpoint_is_found_by_the_beginning_of_its_id(store: Store) -> None:
    endpoint = listening(store)
    assert store.events.endpoints.find(endpoint.id[:6]).id == endpoint.id
    for unknown in ("", "%", "zzzz"):
        with pytest.raises(NotFound):
            store.events.endpoints.find(unknown)


# Telling


def test_what_is_due_is_one_couriers_at_a_time_and_anothers_when_that_one_died(store: Store) -> None:
    endpoint = listening(store)
    accepted(store, 1)
    now = datetime.now(UTC)
    assert store.deliveries.due(now=now) == (endpoint.id,)
    first = taken(store, endpoint, now=now)
    assert first is not None
    assert taken(store, endpoint, now=now) is None
    assert store.deliveries.due(now=now) == ()
    second = taken(store, endpoint, now=now + timedelta(seconds=61))
    assert second is not None
    assert second.event.id == first.event.id, "it is told under the same id"
    assert second.tries == 0, "a courier that died is no try that the endpoint failed"
    store.deliveries.failed(first, "late", again_at=now, now=now)
    assert taken(store, endpoint, now=now + timedelta(seconds=62)) is None, "the first has no say in it any more"
    store.deliveries.delivered(second, now=now)
    assert store.events.list()[0].delivered == 1
    assert store.deliveries.due(now=now + timedelta(days=9)) == ()


def test_many_couriers_at_once_take_each_event_once(store: Store) -> None:
    endpoint = listening(store)
    ids = {accepted(store, number) for number in range(12)}
    got: list[str] = []

    def take_all() -> None:
        while (one := taken(store, endpoint)) is not None:
            got.append(one.event.call_id)
            store.deliveries.delivered(one, now=datetime.now(UTC))

    threads = [threading.Thread(target=take_all) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # One that finds everything held leaves; what is left then, if anything, is the last one's.
    take_all()
    assert sorted(got) == sorted(ids)


def test_of_one_call_what_was_not_tried_yet_goes_in_order_and_a_retry_holds_nobody_up(store: Store) -> None:
    endpoint = listening(store)
    call_id = accepted(store, 1)
    failed(store, call_id)
    accepted(store, 2)
    now = datetime.now(UTC)
    first = taken(store, endpoint, now=now)
    assert first is not None
    assert first.event.type == "call.received"
    other = taken(store, endpoint, now=now)
    assert other is not None
    assert other.event.call_id != call_id, "the second of the first call waits until the first was tried"
    assert taken(store, endpoint, now=now) is None
    store.deliveries.failed(first, "It answered 500.", again_at=now + timedelta(hours=1), now=now)
    second = taken(store, endpoint, now=now)
    assert second is not None
    assert (second.event.call_id, second.event.type) == (call_id, "call.failed")


def test_a_failing_endpoint_shows_since_when_and_why_until_it_hears_again(store: Store) -> None:
    endpoint = listening(store)
    accepted(store, 1)
    for hours, again in ((0, NOW), (50, None)):
        one = taken(store, endpoint)
        assert one is not None
        again_at = None if again is None else datetime.now(UTC)
        store.deliveries.failed(one, "It answered 500.", again_at=again_at, now=NOW + timedelta(hours=hours))
    shown = store.events.endpoints.find(endpoint.id)
    assert (shown.failing_since, shown.last_failure) == (NOW, "It answered 500.")
    assert (shown.waiting, shown.given_up) == (0, 1)
    accepted(store, 2)
    one = taken(store, endpoint)
    assert one is not None
    store.deliveries.delivered(one, now=NOW)
    assert store.events.endpoints.find(endpoint.id).failing_since is None


def test_an_endpoint_that_wants_nothing_more_is_told_nothing_more(store: Store) -> None:
    endpoint = listening(store)
    accepted(store, 1)
    accepted(store, 2)
    one = taken(store, endpoint)
    assert one is not None
    store.deliveries.gone(one, now=NOW)
    shown = store.events.endpoints.find(endpoint.id)
    assert (shown.disabled_because, shown.waiting, shown.given_up) == (Disabled.GONE, 0, 2)
    accepted(store, 3)
    assert store.deliveries.due(now=datetime.now(UTC)) == ()
    store.events.endpoints.enable(endpoint.id)
    accepted(store, 4)
    assert store.events.endpoints.find(endpoint.id).waiting == 1, "from now on, and the rest by a replay"


def test_what_a_clock_far_ahead_put_off_is_not_lost_for_as_long(store: Store) -> None:
    endpoint = listening(store)
    accepted(store, 1)
    now = datetime.now(UTC)
    assert taken(store, endpoint, now=now + timedelta(days=400)) is not None
    assert taken(store, endpoint, now=now) is None
    store.deliveries.mend_clocks(now=now)
    assert taken(store, endpoint, now=now) is not None


# Replay, and forgetting


def test_events_are_told_again_under_their_own_ids_to_whom_is_named(store: Store) -> None:
    call_id = accepted(store, 1)
    failed(store, call_id)
    late_comer, other = listening(store), listening(store, EventType.RECORD_READY)
    since = datetime.now(UTC) - timedelta(minutes=5)
    assert store.events.replay(now=since, since=since) == 2, "to the one that wants them"
    for kind in ("call.received", "call.failed"):
        one = taken(store, late_comer)
        assert one is not None
        assert one.event.type == kind
        store.deliveries.delivered(one, now=datetime.now(UTC))
    known = [one.event.id for one in store.events.list()]
    assert store.events.replay(now=since, event_ids=known[:1], endpoint=late_comer.id[:8]) == 1
    again = taken(store, late_comer)
    assert again is not None
    assert again.event.id == known[0], "the receiver knows by its id that it has seen it"
    assert store.events.replay(now=since, since=since, kind=EventType.CALL_RECEIVED) == 1
    assert store.events.replay(now=since, since=since, endpoint=other.id) == 0
    assert store.events.replay(now=since, since=datetime.now(UTC)) == 0
    with pytest.raises(NotFound):
        store.events.replay(now=since, event_ids=["evt_unknown"])
    with pytest.raises(NotFound):
        store.events.replay(now=since, since=since, endpoint="zzzz")


def test_what_is_being_told_just_now_is_not_told_twice_by_a_replay(store: Store) -> None:
    endpoint = listening(store)
    accepted(store, 1)
    assert taken(store, endpoint) is not None
    since = datetime.now(UTC) - timedelta(minutes=5)
    assert store.events.replay(now=since, since=since) == 0
    assert taken(store, endpoint) is None


def test_old_events_are_forgotten_once_nobody_waits_for_them(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.record.events.FORGOTTEN_AT_ONCE", 2)
    for number in range(5):
        accepted(store, number)
    endpoint = listening(store)
    waiting = accepted(store, 9)
    later = datetime.now(UTC) + timedelta(minutes=1)
    assert store.events.forget(before=datetime.now(UTC) - timedelta(minutes=1)) == 0
    assert store.events.forget(before=later) == 5
    assert [one.event.call_id for one in store.events.list()] == [waiting]
    one = taken(store, endpoint)
    assert one is not None
    store.deliveries.delivered(one, now=datetime.now(UTC))
    assert store.events.forget(before=later) == 1
    with store._database.reading() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(deliveries)).scalar_one() == 0


def test_a_round_is_made_by_one_of_all_who_ask_and_again_when_it_is_due(store: Store) -> None:
    made: list[bool] = []

    def ask() -> None:
        made.append(store.events.begin_round("one", every=timedelta(minutes=1), now=NOW))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == [False] * 5 + [True]
    assert store.events.seen_until("one") is None
    store.events.end_round("one", seen_until=NOW)
    assert store.events.seen_until("one") == NOW
    for seconds, is_due in ((59, False), (60, True)):
        later = NOW + timedelta(seconds=seconds)
        assert store.events.begin_round("one", every=timedelta(minutes=1), now=later) is is_due
    back = NOW - timedelta(days=1)
    assert store.events.begin_round("one", every=timedelta(minutes=1), now=back), "a clock that was ahead is no reason"


# Promises that are late


def late(store: Store) -> list[tuple[str, str]]:
    """Promises that were told of as late, the first told first."""
    found = store.events.list(kind=EventType.PROMISE_LATE)
    return [(one.event.call_id, one.event.says["promise"]) for one in reversed(found)]


def look(store: Store, now: datetime, *, since: datetime | None = None) -> int:
    return store.late_promises.tell(since=since, now=now)


def test_a_promise_whose_time_has_passed_is_told_of_once_whoever_looks_how_often(store: Store) -> None:
    call_id = accepted(store, 1)
    worked(store, call_id, date(2026, 3, 11), date(2026, 3, 20), None)
    assert look(store, NOW - timedelta(days=2)) == 0
    assert look(store, NOW) == 1
    assert look(store, NOW) == 0, "also by who looks at all of them, as after a restart"
    assert look(store, NOW + timedelta(minutes=1), since=NOW) == 0
    assert late(store) == [(call_id, "p0")]
    (event,) = store.events.list(kind=EventType.PROMISE_LATE)
    assert event.event.says == {
        "promise": "p0",
        "by": "agent",
        "to": "customer",
        "late_from": "2026-03-12T00:00:00+00:00",
    }
    store.events.forget(before=datetime.now(UTC) + timedelta(days=1))
    assert look(store, NOW) == 0, "nor again once the event is forgotten"
    assert look(store, NOW + timedelta(days=30), since=NOW) == 1
    assert late(store) == [(call_id, "p1")]


def test_a_promise_that_was_kept_meanwhile_is_not_late(store: Store) -> None:
    """The list of open matters is behind: it was drawn when the record was made."""
    call_id = accepted(store, 1)
    worked(store, call_id, date(2026, 3, 11))
    kept = says(store, call_id, Role.CUSTOMER, Annotation(Act.KEPT, OnPromise("p0")))
    assert look(store, NOW) == 0
    says(store, call_id, Role.CUSTOMER, Annotation(Act.WITHDRAW, OnEntry(kept)))
    assert look(store, NOW, since=NOW) == 1, "and is late when that was taken back"


def test_what_is_said_between_the_reading_and_the_telling_counts(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    call_id = accepted(store, 1)
    worked(store, call_id, date(2026, 3, 11))
    gists = store.matters.gists

    def and_then_it_is_kept(call_ids: Sequence[str]) -> object:
        read = gists(call_ids)
        says(store, call_id, Role.CUSTOMER, Annotation(Act.KEPT, OnPromise("p0")))
        return read

    monkeypatch.setattr(store.matters, "gists", and_then_it_is_kept)
    assert look(store, NOW) == 0
    monkeypatch.undo()
    assert look(store, NOW) == 0
    assert late(store) == []


def test_another_day_that_both_agreed_on_is_another_time_to_be_late(store: Store) -> None:
    call_id = accepted(store, 1)
    worked(store, call_id, date(2026, 3, 11))
    assert look(store, NOW) == 1
    proposed = says(store, call_id, Role.AGENT, Annotation(Act.NEW_DAY, OnPromise("p0"), day=date(2026, 3, 14)))
    says(store, call_id, Role.CUSTOMER, Annotation(Act.ACCEPT, OnEntry(proposed)))
    assert look(store, NOW) == 0
    assert look(store, NOW + timedelta(days=5), since=NOW) == 1
    assert late(store) == [(call_id, "p0"), (call_id, "p0")]


def test_many_who_look_at_once_tell_of_it_once(store: Store) -> None:
    call_id = accepted(store, 1)
    worked(store, call_id, date(2026, 3, 11), date(2026, 3, 10))
    threads = [threading.Thread(target=look, args=(store, NOW)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(late(store)) == [(call_id, "p0"), (call_id, "p1")]


def test_a_record_that_was_erased_tells_nothing(store: Store) -> None:
    call_id = accepted(store, 1)
    worked(store, call_id, date(2026, 3, 11))
    store.log.erase(call_id)
    assert look(store, NOW) == 0
