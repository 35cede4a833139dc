"""What lists are made of, on both databases: drawn from the log, found by what is open, never older than the log."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from tests.handed_over import hand_over
from tests.web.records import MADE_BY, evidence, record_of, said
from worker.core.call import CallDetails, Party
from worker.core.dialogue.values import Act, Annotation, Item, Looked, OnPromise, Way
from worker.core.log.entry import Actor, Role
from worker.core.matters import MatterKind
from worker.core.summary import Commitment, Due
from worker.record.matters import Listed, OpenMatter, Whose
from worker.record.people import Kind
from worker.record.store import Store
from worker.record.tables.matters import gists, open_matters

NOW = datetime(2026, 3, 12, 9, 0, tzinfo=UTC)
TURN = said("t1", Party.AGENT, "I will call you back by Friday at five.", 1.0, 4.0)
WORDS = evidence(TURN, "I will call you back by Friday at five.")


def made(store: Store, number: int, *dues: date | None) -> str:
    """A call with a promise for each of these days; its id."""
    promises = tuple(
        Commitment(f"p{at}", Party.AGENT, Party.CUSTOMER, "call you back", due and Due("then", due), (WORDS,))
        for at, due in enumerate(dues)
    )
    began = NOW - timedelta(days=2)
    details = CallDetails(agent_address="daniel@example.com", customer_address="maria@example.com", started_at=began)
    sha256 = f"{number:064x}"
    call_id = hand_over(store, details, sha256=sha256, file_name="a", size_bytes=1, first_stage="publish").call_id
    record = replace(record_of((TURN,), duration_s=5.0, promises=promises, sha256=sha256), started_at=began)
    store.begin(call_id, "publish", worker="w", lease_s=60.0, now=datetime.now(UTC))
    store.finish(call_id, "publish", worker="w", value=record, made_by=MADE_BY[0], next_stage=None)
    return call_id


def agent(store: Store) -> Whose:
    return Whose(store.people.find("daniel@example.com", Kind.STAFF).id, Role.AGENT)


def customer(store: Store) -> Whose:
    return Whose(store.people.find("maria@example.com", Kind.CUSTOMER).id, Role.CUSTOMER)


def says(store: Store, call_id: str, role: Role, annotation: Annotation) -> None:
    store.log.append(call_id, Actor(role, store.people.side(call_id, role).id), annotation, by="Somebody")


def promised(store: Store, whose: Whose, **asked: int) -> Listed[OpenMatter]:
    store.matters.catch_up(whose, now=NOW)
    return store.matters.promised_to(whose, now=NOW, **asked)


def test_matters_of_many_calls_come_due_first_and_those_without_a_time_last(store: Store) -> None:
    first = made(store, 1, None, date(2026, 3, 20))
    second = made(store, 2, date(2026, 3, 13), date(2026, 3, 11))
    found = promised(store, customer(store))
    assert [(one.call_id, one.matter.place) for one in found.items] == [
        (second, "p1"),
        (second, "p0"),
        (first, "p1"),
        (first, "p0"),
    ]
    assert (found.total, found.page) == (4, 1)
    assert store.matters.late(customer(store), now=NOW) == (0, 1)
    assert store.matters.late(agent(store), now=NOW) == (1, 0)


def test_a_page_after_the_last_is_empty_and_still_says_how_many_there_are(store: Store) -> None:
    made(store, 1, None)
    assert promised(store, customer(store), page=9) == Listed((), 9, 1)


def test_what_waits_waits_for_the_side_that_did_not_bring_it(store: Store) -> None:
    call_id = made(store, 1, None)
    says(store, call_id, Role.AGENT, Annotation(Act.ASK, OnPromise("p0"), "Morning or afternoon?"))
    for whose, waiting in ((customer(store), 1), (agent(store), 0)):
        store.matters.catch_up(whose, now=NOW)
        assert store.matters.waiting_for(whose, now=NOW).total == waiting
        assert store.matters.spoken(whose, now=NOW).total == 1


def test_a_look_draws_nothing_anew(store: Store) -> None:
    call_id = made(store, 1, None)
    whose = customer(store)
    promised(store, whose)
    before = _gist_row(store, call_id)
    store.log.append(call_id, Actor(Role.CUSTOMER, whose.person), Looked(Way.PAGE), by=None)
    promised(store, whose)
    assert _gist_row(store, call_id) == before


def test_a_gist_that_was_lost_is_made_again(store: Store) -> None:
    call_id = made(store, 1, date(2026, 3, 13))
    before = store.matters.gists((call_id,))
    with store._database.writing() as connection:
        connection.execute(sa.delete(gists))
        connection.execute(sa.delete(open_matters))
    assert store.matters.gists((call_id,)) == before
    assert promised(store, customer(store)).total == 1


def test_what_lies_in_the_tables_holds_no_word_of_the_call(store: Store) -> None:
    call_id = made(store, 1, date(2026, 3, 13))
    row = _gist_row(store, call_id)
    assert b"call you back" not in row.sealed
    with store._database.reading() as connection:
        (matter,) = connection.execute(sa.select(open_matters)).all()
    assert (matter.call_id, matter.number, matter.kind) == (call_id, 0, MatterKind.PROMISE)
    assert (matter.by_role, matter.to_role) == (Role.AGENT, Role.CUSTOMER)
    assert matter.late_from == datetime(2026, 3, 14, tzinfo=UTC)


def test_a_gist_that_was_altered_or_put_in_the_place_of_another_is_drawn_anew(store: Store) -> None:
    one, other = made(store, 1, None), made(store, 2, None, None)
    before = store.matters.gists((one, other))
    for sealed in (_gist_row(store, other).sealed, b"\0" * 40):
        with store._database.writing() as connection:
            connection.execute(sa.update(gists).where(gists.c.call_id == one).values(sealed=sealed))
        assert store.matters.gists((one, other)) == before


def test_an_erased_call_has_no_gist_and_nothing_open(store: Store) -> None:
    call_id = made(store, 1, None)
    store.log.erase(call_id)
    assert not store.matters.gists((call_id,))
    assert promised(store, customer(store)).total == 0


def test_what_was_erased_while_a_gist_was_drawn_does_not_come_back_under_the_next_key(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    call_id = made(store, 1, None)
    says(store, call_id, Role.AGENT, Annotation(Act.ASK, OnPromise("p0"), "Morning?"))
    items = store.log.items

    def erased_since(of: str) -> tuple[Item, ...]:
        found = items(of)
        store.log.erase(of)
        store.log.append(of, Actor(Role.CUSTOMER, "maria"), Looked(Way.PAGE), by=None)
        return found

    monkeypatch.setattr(store.log, "items", erased_since)
    store.matters.gists((call_id,))
    monkeypatch.undo()
    assert not store.matters.gists((call_id,))
    assert promised(store, customer(store)).total == 0


def test_many_who_ask_at_once_find_the_same(store: Store) -> None:
    call_ids = [made(store, number, None) for number in range(3)]
    whose = customer(store)
    for call_id in call_ids:
        says(store, call_id, Role.AGENT, Annotation(Act.ASK, OnPromise("p0"), "Morning?"))
    found: list[int] = []

    def ask() -> None:
        store.matters.catch_up(whose, now=NOW)
        found.append(store.matters.waiting_for(whose, now=NOW).total)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [3] * 6


def test_calls_are_counted_from_an_instant_on(store: Store) -> None:
    for number in range(3):
        made(store, number, None)
    began = NOW - timedelta(days=2)
    assert store.matters.called_since(customer(store), began, now=NOW) == 3
    assert store.matters.called_since(customer(store), began + timedelta(seconds=1), now=NOW) == 0


def _gist_row(store: Store, call_id: str) -> sa.Row[tuple[object, ...]]:
    with store._database.reading() as connection:
        return connection.execute(sa.select(gists).where(gists.c.call_id == call_id)).one()
