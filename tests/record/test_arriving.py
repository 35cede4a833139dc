"""How recordings come in: what is a new call, a further leg, or here already; and recordings that are fetched first."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta, tzinfo

import pytest
import sqlalchemy as sa

from tests.web.records import short_call
from worker.core.arrival import FETCH, MOST_LEGS, Announced, Arrived, Handover, Priority
from worker.core.call import CallDetails, Direction, LawfulBasis, Party, sound_id
from worker.core.dialogue.values import Received
from worker.core.errors import BrokenRecord, Invalid, NotFound
from worker.core.events import EventType
from worker.core.log.entry import Role
from worker.core.record import MadeBy
from worker.core.transcript import Voices
from worker.record.beginning import LEGS_WAIT
from worker.record.standing import Accepted, CallState
from worker.record.store import Store

NOW = datetime(2026, 3, 10, 9, 14, tzinfo=UTC)
SOON = timedelta(seconds=5)
MADE = MadeBy("decode", None, "1", 0.5)
VALUE = Voices((), {})
WORKER = {"worker": "w", "lease_s": 60.0}
ADDRESS = "https://recordings.example/7?token=hunter2"


def arrived(number: int) -> Arrived:
    return Arrived(f"{number:064x}", f"{number}.wav", 44)


def announced(address: str = ADDRESS, **more: str) -> Announced:
    return Announced(address, "7.wav", **more)


def known(external_id: str | None, sender: str = "", legs: int | None = None, **details: object) -> Handover:
    return Handover(CallDetails(external_id=external_id, **details), sender, legs)


def accept(store: Store, handover: Handover, recording: Arrived | Announced) -> Accepted:
    return store.accept(handover, recording, first_stage="decode")


def make_record(store: Store, call_id: str) -> None:
    assert store.begin(call_id, "decode", **WORKER, now=datetime.now(UTC))
    assert store.finish(call_id, "decode", worker="w", value=short_call(), made_by=MADE, next_stage=None)


def at_once(work: Iterable[Callable[[], object]]) -> list[object]:
    """What these gave, in threads that began together. What one raised is raised here."""
    works = list(work)
    start, gave = threading.Barrier(len(works)), []

    def run(one: Callable[[], object]) -> None:
        start.wait()
        try:
            gave.append(one())
        except Exception as error:
            gave.append(error)

    threads = [threading.Thread(target=run, args=(one,)) for one in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in gave:
        if isinstance(one, Exception):
            raise one
    return gave


def received(store: Store, call_id: str) -> list[Received]:
    return [item.content for item in store.log.items(call_id) if isinstance(item.content, Received)]


def stands(store: Store, call_id: str) -> tuple[CallState, str | None]:
    standing = store.call(call_id).standing
    return standing.state, standing.stage


# What was said of a call


def test_what_a_sender_says_of_a_call_is_kept(store: Store) -> None:
    details = CallDetails(
        external_id="PBX-7",
        direction=Direction.INBOUND,
        line="+49 30 1234",
        lawful_basis=LawfulBasis.CONSENT,
        notice_given=False,
        continues="PBX-6",
    )
    handover = Handover(details, "brightwater", priority=Priority.BULK)
    call = store.call(accept(store, handover, arrived(1)).call_id)
    assert (call.details, call.sender, call.priority) == (details, "brightwater", Priority.BULK)


@pytest.mark.parametrize("field", ["line", "continues"])
@pytest.mark.parametrize("text", ["a\0b", "x" * 256])
def test_what_no_database_can_hold_is_refused_by_name(store: Store, field: str, text: str) -> None:
    with pytest.raises(Invalid, match=field):
        accept(store, known("PBX-7", **{field: text}), arrived(1))
    assert store.calls() == ()


# The same call


def test_an_external_id_is_one_of_its_sender_alone(store: Store) -> None:
    ids = {accept(store, known("PBX-7", sender), arrived(1)).call_id for sender in ("", "brightwater", "other")}
    assert len(ids) == 3
    assert len({accept(store, known(None, sender), arrived(2)).call_id for sender in ("", "brightwater")}) == 2


def test_the_same_recording_under_the_same_external_id_is_nothing_new(store: Store) -> None:
    first = accept(store, known("PBX-7"), arrived(1))
    assert (first.is_new, first.leg, first.joined, first.stage) == (True, 1, False, "decode")
    again = accept(store, known("PBX-7", agent="Ben"), arrived(1))
    assert again == Accepted(first.call_id, is_new=False, leg=1)
    assert store.call(first.call_id).details.agent is None, "what was said the first time stands"
    assert len(received(store, first.call_id)) == 1


def test_the_same_address_is_nothing_new_before_and_after_it_was_fetched(store: Store) -> None:
    first = {external: accept(store, known(external), announced()) for external in (None, "PBX-7")}
    for external, accepted in first.items():
        assert (accepted.is_new, accepted.stage) == (True, FETCH)
        assert accept(store, known(external), announced()) == Accepted(accepted.call_id, is_new=False)
    for number, (external, accepted) in enumerate(first.items()):
        fetch(store, accepted.call_id, arrived(number))
        assert accept(store, known(external), announced()) == Accepted(accepted.call_id, is_new=False)
        assert accept(store, known(external), arrived(number)) == Accepted(accepted.call_id, is_new=False)


def test_the_same_recording_and_the_same_id_handed_over_at_once_are_one_call(store: Store) -> None:
    for external in (None, "PBX-7"):
        gave = at_once([lambda external=external: accept(store, known(external), arrived(1))] * 6)
        assert len({one.call_id for one in gave}) == 1
        assert [one.is_new for one in gave].count(True) == 1
    assert len(store.calls()) == 2


# Further legs


def test_another_recording_under_the_same_external_id_joins_the_call_which_begins_again(store: Store) -> None:
    began = datetime(2026, 3, 10, 10, 20, tzinfo=UTC)
    call_id = accept(store, known("PBX-7", agent_address="ana@example.com"), arrived(1)).call_id
    store.begin(call_id, "decode", **WORKER, now=NOW)
    store.finish(call_id, "decode", worker="w", value=VALUE, made_by=MADE, next_stage="listen")
    parties = {0: Party.CUSTOMER, 1: Party.AGENT}
    handed_on = known("PBX-7", agent_address="ben@example.com", started_at=began, party_of_channel=parties)
    leg = accept(store, handed_on, arrived(2))
    assert leg == Accepted(call_id, is_new=True, leg=2, joined=True, stage="decode")
    call = store.call(call_id)
    assert stands(store, call_id) == (CallState.RECEIVED, "decode")
    assert [one.sha256 for one in call.legs] == [arrived(1).sha256, arrived(2).sha256]
    assert (call.legs[1].started_at, call.legs[1].party_of_channel) == (began, parties)
    assert call.sound_id == sound_id([arrived(1).sha256, arrived(2).sha256])
    assert store.made_by(call_id) == (), "what was made of one leg alone is not kept"
    with pytest.raises(NotFound):
        store.value(call_id, "decode", Voices)
    assert [one.sha256 for one in received(store, call_id)] == [arrived(1).sha256, arrived(2).sha256]
    agents = [on.person.address for on in store.people.on_call(call_id) if on.role is Role.AGENT]
    assert sorted(agents) == ["ana@example.com", "ben@example.com"], "both took part in it"


def test_a_worker_whose_call_began_again_finds_that_its_stage_is_no_longer_its_own(store: Store) -> None:
    call_id = accept(store, known("PBX-7"), arrived(1)).call_id
    store.begin(call_id, "decode", **WORKER, now=NOW)
    accept(store, known("PBX-7"), arrived(2))
    assert not store.beat(call_id, "decode", **WORKER, progress=0.5, now=NOW)
    assert not store.finish(call_id, "decode", worker="w", value=VALUE, made_by=MADE, next_stage="listen")
    assert not store.give_back(call_id, "decode", worker="w")
    assert stands(store, call_id) == (CallState.RECEIVED, "decode")


def test_a_further_leg_gives_a_call_that_failed_another_try(store: Store) -> None:
    call_id = accept(store, known("PBX-7"), arrived(1)).call_id
    store.begin(call_id, "decode", **WORKER, now=NOW)
    store.fail(call_id, "decode", worker="w", reason="BadRecording", message="This is not sound.")
    assert accept(store, known("PBX-7"), arrived(2)).joined
    assert stands(store, call_id) == (CallState.RECEIVED, "decode")
    assert store.counts()[CallState.FAILED] == 0


def test_a_leg_that_comes_when_the_record_is_made_is_a_call_that_continues_the_first(store: Store) -> None:
    first = accept(store, known("PBX-7", continues="PBX-6"), arrived(1)).call_id
    make_record(store, first)
    late = accept(store, known("PBX-7", continues="PBX-6"), arrived(2))
    assert (late.is_new, late.joined, late.leg, late.stage) == (True, False, 1, "decode")
    assert late.call_id != first
    assert store.call(late.call_id).details.continues == "PBX-7"
    assert len(store.call(first).legs) == 1, "a record that people have read is not made anew"
    for again, call_id in ((1, first), (2, late.call_id)):
        assert accept(store, known("PBX-7"), arrived(again)) == Accepted(call_id, is_new=False)


def test_a_call_that_continues_another_is_a_call_of_its_own(store: Store) -> None:
    first = accept(store, known("PBX-6"), arrived(1)).call_id
    assert accept(store, known("PBX-7", continues="PBX-6"), arrived(2)).call_id != first


def test_a_call_has_no_more_legs_than_a_call_may_have(store: Store) -> None:
    for number in range(MOST_LEGS):
        accept(store, known("PBX-7"), arrived(number))
    with pytest.raises(Invalid, match="50 legs"):
        accept(store, known("PBX-7"), arrived(99))


def test_a_call_waits_for_the_legs_that_its_sender_said_it_has(store: Store) -> None:
    first = accept(store, known("PBX-7", legs=3), arrived(1))
    second = accept(store, known("PBX-7", legs=3), arrived(2))
    assert (first.stage, second.stage) == (None, None)
    now = datetime.now(UTC)
    assert store.waiting("decode", now=now + LEGS_WAIT - SOON, limit=9) == ()
    assert store.waiting("decode", now=now + LEGS_WAIT + SOON, limit=9) == (first.call_id,), "it does not wait for ever"
    assert accept(store, known("PBX-7", legs=3), arrived(3)).stage == "decode"
    assert store.waiting("decode", now=now, limit=9) == (first.call_id,)


@pytest.mark.parametrize("ahead", [timedelta(hours=1), timedelta(hours=-1)])
def test_how_long_a_call_waits_for_its_legs_is_decided_by_the_clock_of_the_database(
    store: Store, monkeypatch: pytest.MonkeyPatch, ahead: timedelta
) -> None:
    """Whoever takes it in may have any clock."""

    class Wrong(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return datetime.now(tz) + ahead

    monkeypatch.setattr("worker.record.arriving.datetime", Wrong)
    first = accept(store, known("PBX-7", legs=3), arrived(1))
    for number in (1, 2):
        accept(store, known("PBX-7", legs=3), arrived(number))
        assert store.waiting("decode", now=store.now() + LEGS_WAIT - SOON, limit=9) == ()
        assert store.waiting("decode", now=store.now() + LEGS_WAIT + SOON, limit=9) == (first.call_id,)


def test_own_recordings_are_no_legs_and_one_of_them_is_one_call(store: Store) -> None:
    call_id = accept(store, known("PBX-7"), arrived(1)).call_id

    def add(number: int, sender: str = "") -> Accepted:
        handover = Handover(CallDetails(), sender)
        return store.accept(handover, arrived(number), first_stage="decode", own_recording_of=call_id)

    own = add(2)
    assert (own.is_new, own.leg) == (True, 1)
    assert add(2, "brightwater") == Accepted(own.call_id, is_new=False)
    assert add(3).call_id not in (own.call_id, call_id)
    assert len(store.call(call_id).legs) == 1
    assert accept(store, known(None), arrived(2)).is_new, "as a call of its own it is another one"


# Fetching


def fetch(store: Store, call_id: str, *recordings: Arrived, worker: str = "w") -> bool:
    """Fetches what is announced of a call, as a worker does."""
    assert store.begin(call_id, FETCH, worker=worker, lease_s=60.0, now=NOW)
    for (leg, _), recording in zip(store.announced(call_id), recordings, strict=True):
        assert store.fetched(call_id, leg, recording, worker=worker)
    return store.finish_fetch(call_id, worker=worker, next_stage="decode")


def test_a_recording_that_was_announced_is_received_once_its_bytes_are_here(store: Store) -> None:
    said = announced(access="twilio", content_hash="sha512-abc")
    began = datetime(2026, 3, 10, 10, 20, tzinfo=UTC)
    call_id = accept(store, known("PBX-7", agent="Ana", started_at=began), said).call_id
    assert stands(store, call_id) == (CallState.RECEIVED, FETCH)
    assert store.announced(call_id) == ((1, said),)
    assert received(store, call_id) == []
    (leg,) = store.call(call_id).legs
    assert (leg.sha256, leg.arrived_at, leg.first_tried_at) == (None, None, None)
    store.migrate()
    assert received(store, call_id) == [], "starting anew takes in nothing that is not here"
    assert store.log.audit().findings == (), "and nothing is missing"
    assert fetch(store, call_id, arrived(1))
    assert store.announced(call_id) == ()
    assert stands(store, call_id) == (CallState.RECEIVED, "decode")
    assert received(store, call_id) == [
        Received(arrived(1).sha256, "1.wav", 44, CallDetails("Ana", external_id="PBX-7", started_at=began))
    ]
    (leg,) = store.call(call_id).legs
    assert (leg.sha256, leg.file_name, leg.first_tried_at) == (arrived(1).sha256, "1.wav", NOW)
    assert store.begun() == 0, "it is not on any disk of a worker yet"


def test_an_address_lies_sealed_in_the_database_and_goes_once_it_was_fetched(store: Store) -> None:
    call_id = accept(store, known("PBX-7"), announced()).call_id

    with store._database.reading() as connection:
        tables = sa.inspect(connection).get_table_names()
        rows = [row for table in tables for row in connection.execute(sa.text(f'SELECT * FROM "{table}"'))]
    values = (bytes(one) if isinstance(one, bytes | memoryview) else str(one).encode() for row in rows for one in row)
    assert not any(b"hunter2" in value for value in values)
    assert "hunter2" not in repr(store.announced(call_id))
    fetch(store, call_id, arrived(1))
    with store._database.reading() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM legs WHERE address IS NOT NULL")).scalar() == 0


def test_an_address_that_was_moved_to_another_call_does_not_open(store: Store) -> None:
    call_id = accept(store, known("PBX-7"), announced()).call_id
    other = accept(store, known("PBX-8"), announced("https://recordings.example/8")).call_id
    with store._database.writing() as connection:
        taken = sa.text(
            "UPDATE legs SET address = (SELECT address FROM legs WHERE call_id = :one) WHERE call_id = :other"
        )
        connection.execute(taken, {"one": call_id, "other": other})
    with pytest.raises(BrokenRecord, match="does not open"):
        store.announced(other)


def test_only_the_worker_that_holds_the_call_says_what_it_fetched(store: Store) -> None:
    call_id = accept(store, known("PBX-7"), announced()).call_id
    assert not store.fetched(call_id, 1, arrived(1), worker="w")
    assert not store.fetched("0" * 16, 1, arrived(1), worker="w")
    assert store.begin("0" * 16, FETCH, **WORKER, now=NOW) is None
    store.begin(call_id, FETCH, **WORKER, now=NOW)
    assert not store.fetched(call_id, 1, arrived(1), worker="other")
    assert not store.finish_fetch(call_id, worker="other", next_stage="decode")
    with pytest.raises(BrokenRecord, match="still to be fetched"):
        store.finish_fetch(call_id, worker="w", next_stage="decode")
    assert store.fetched(call_id, 1, arrived(1), worker="w")
    assert store.fetched(call_id, 1, arrived(1), worker="w"), "said again after an answer that was lost"
    assert store.finish_fetch(call_id, worker="w", next_stage="decode")
    assert not store.finish_fetch(call_id, worker="w", next_stage="decode")
    assert len(received(store, call_id)) == 1


def test_legs_that_were_announced_and_legs_that_came_are_one_call(store: Store) -> None:
    call_id = accept(store, known("PBX-7"), announced()).call_id
    assert accept(store, known("PBX-7"), arrived(2)) == Accepted(call_id, True, leg=2, joined=True, stage=FETCH)
    assert fetch(store, call_id, arrived(1))
    assert [leg.sha256 for leg in store.call(call_id).legs] == [arrived(1).sha256, arrived(2).sha256]
    third = accept(store, known("PBX-7"), announced("https://recordings.example/third"))
    assert (third.leg, third.stage) == (3, FETCH)
    assert fetch(store, call_id, arrived(3))
    assert stands(store, call_id) == (CallState.RECEIVED, "decode")


def test_a_fetched_call_still_waits_for_the_legs_that_its_sender_said_it_has(store: Store) -> None:
    accepted = accept(store, known("PBX-7", legs=2), announced())
    assert accepted.stage == FETCH, "it is fetched at once: nobody keeps a recording for ever"
    fetch(store, accepted.call_id, arrived(1))
    assert store.waiting("decode", now=datetime.now(UTC), limit=9) == ()
    assert accept(store, known("PBX-7", legs=2), arrived(2)).stage == "decode"


def test_two_addresses_of_one_recording_are_one_leg(store: Store) -> None:
    """As when a sender tells of it twice, each time by an address with a fresh token."""
    call_id = accept(store, known("PBX-7"), announced(f"{ADDRESS}&try=1")).call_id
    accept(store, known("PBX-7"), announced(f"{ADDRESS}&try=2"))
    assert fetch(store, call_id, arrived(1), arrived(1))
    call = store.call(call_id)
    assert [leg.number for leg in call.legs] == [1]
    assert call.sound_id == arrived(1).sha256
    assert len(received(store, call_id)) == 1
    assert accept(store, known("PBX-7"), announced(f"{ADDRESS}&try=2")) == Accepted(call_id, False, leg=1)


@pytest.mark.parametrize("external_id", [None, "PBX-7"])
def test_what_turns_out_to_be_a_call_that_is_here_is_that_call(store: Store, external_id: str | None) -> None:
    first = accept(store, known(external_id), arrived(1)).call_id
    make_record(store, first)
    said = known(external_id, customer_address="+4930123456")
    late = accept(store, said, announced()).call_id
    assert late != first
    assert not fetch(store, late, arrived(1)), "there is nothing more to do"
    assert store.call(late) == store.call(first)
    assert store.those([late]) == {late: store.call(first)}
    assert [call.id for call in store.calls()] == [first]
    assert store.counts()[CallState.READY] == 1
    assert store.waiting_count() == 0
    assert store.people.on_call(late) == (), "nobody has it in their list a second time"
    assert accept(store, said, announced()).is_new is False
    assert store.log.audit().findings == ()


def test_two_announcements_that_turn_out_to_be_the_same_are_one_call(store: Store) -> None:
    ids = [accept(store, known(None), announced(f"{ADDRESS}&try={number}")).call_id for number in range(4)]
    at_once([lambda one=one: fetch(store, one, arrived(1), worker=one) for one in ids])
    assert len(store.calls()) == 1
    (one_call,) = {store.call(one).id for one in ids}
    assert len(store.waiting("decode", now=NOW, limit=9)) == 1
    told = [one.event for one in store.events.list(kind=EventType.CALL_HERE_ALREADY)]
    assert {event.call_id for event in told} == set(ids) - {one_call}, "who waits for these waits no longer"
    assert {event.says["same_as"] for event in told} == {one_call}


def test_a_retry_begins_the_time_for_which_fetching_is_tried_anew(store: Store) -> None:
    call_id = accept(store, known("PBX-7"), announced()).call_id
    store.begin(call_id, FETCH, **WORKER, now=NOW)
    store.fail(call_id, FETCH, worker="w", reason="NotThereYet", message="It is not there.")
    assert store.call(call_id).legs[0].first_tried_at == NOW
    store.retry(call_id)
    assert store.call(call_id).legs[0].first_tried_at is None


# Many at once


def test_legs_that_come_at_once_are_all_there_and_the_call_begins_once(store: Store) -> None:
    gave = at_once([lambda number=number: accept(store, known("PBX-7"), arrived(number)) for number in range(8)])
    (call_id,) = {one.call_id for one in gave}
    assert sorted(one.leg for one in gave) == list(range(1, 9))
    assert len(store.call(call_id).legs) == 8
    assert len(received(store, call_id)) == 8
    assert store.waiting("decode", now=datetime.now(UTC), limit=9) == (call_id,)
    assert store.log.audit().findings == ()


def test_a_leg_that_comes_while_a_worker_finishes_a_stage_is_not_lost(store: Store) -> None:
    """Whichever is first: the call begins again with both legs, or its record is made and the leg is a call."""
    outcomes = set()
    for number in range(8):
        name = f"PBX-{number}"
        call_id = accept(store, known(name), arrived(1)).call_id
        store.begin(call_id, "decode", **WORKER, now=NOW)
        is_last = number % 2 == 1

        def finish(call_id: str = call_id, is_last: bool = is_last) -> bool:
            value, following = (short_call(), None) if is_last else (VALUE, "listen")
            return store.finish(call_id, "decode", worker="w", value=value, made_by=MADE, next_stage=following)

        at_once([finish, lambda name=name: accept(store, known(name), arrived(2))])
        call = store.call(call_id)
        if call.standing.state is CallState.READY:
            (other,) = (one for one in store.calls() if one.details.external_id == name and one.id != call_id)
            assert (len(call.legs), len(other.legs), other.standing.stage) == (1, 1, "decode")
        else:
            assert (len(call.legs), call.standing.stage) == (2, "decode")
            assert store.made_by(call_id) == ()
        outcomes.add(call.standing.state)
    assert outcomes <= {CallState.READY, CallState.RECEIVED}
    assert store.log.audit().findings == ()


def test_a_leg_that_comes_while_another_is_fetched_is_not_lost(store: Store) -> None:
    for number in range(4):
        name = f"PBX-{number}"
        call_id = accept(store, known(name), announced()).call_id
        store.begin(call_id, FETCH, **WORKER, now=NOW)

        def end_fetch(call_id: str = call_id) -> bool:
            kept = store.fetched(call_id, 1, arrived(1), worker="w")
            return kept and store.finish_fetch(call_id, worker="w", next_stage="decode")

        at_once([end_fetch, lambda name=name: accept(store, known(name), arrived(2))])
        if stands(store, call_id)[1] == FETCH:  # the leg came before the bytes: they are fetched again
            assert fetch(store, call_id, *([arrived(1)] if store.announced(call_id) else []))
        assert stands(store, call_id) == (CallState.RECEIVED, "decode")
        assert [leg.sha256 for leg in store.call(call_id).legs] == [arrived(1).sha256, arrived(2).sha256]
