"""Words across one's own calls, on both databases: found by who may read them then, and by nobody else."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.handed_over import hand_over
from tests.keys import KEYS
from tests.web.records import MADE_BY, evidence, record_of, said, stated
from worker.core.call import CallDetails, Party
from worker.core.dialogue.selecting import words_target
from worker.core.dialogue.values import Act, Annotation, NewWords, OnEntry, OnPromise
from worker.core.log.entry import SYSTEM, Actor, Role
from worker.core.record import CallRecord
from worker.core.search.words import read_question
from worker.core.summary import Commitment, StatementKind
from worker.record.log.append import draft
from worker.record.people import Kind, Person
from worker.record.search import A_PAGE, Found, Looking
from worker.record.store import Store
from worker.record.tables.search import search_calls, search_lines, search_words

NOW = datetime(2026, 3, 12, 9, 0, tzinfo=UTC)
SUNDAY = said("t1", Party.AGENT, "We owe you a refund for the kettle.", 1.0, 4.0)
REPLY = said("t2", Party.CUSTOMER, "My card is [card_number:4242] and the café leaks.", 5.0, 9.0)


def made(
    store: Store,
    number: int,
    *turns: str,
    agent: str = "daniel@example.com",
    customer: str = "maria@example.com",
    record: CallRecord | None = None,
    language: str = "en",
) -> str:
    """A call in which this was said; its id."""
    spoken = [said(f"t{at}", Party.AGENT, text, at * 5.0, at * 5.0 + 4) for at, text in enumerate(turns, start=1)]
    sha256 = f"{number:064x}"
    record = record or record_of(spoken, duration_s=60.0, language=language)
    record = replace(record, recording=replace(record.recording, sha256=sha256))
    began = NOW - timedelta(days=10) + timedelta(hours=number)
    details = CallDetails(agent_address=agent, customer_address=customer, started_at=began)
    call_id = hand_over(store, details, sha256=sha256, file_name="a", size_bytes=1, first_stage="publish").call_id
    store.begin(call_id, "publish", worker="w", lease_s=60.0, now=datetime.now(UTC))
    store.finish(call_id, "publish", worker="w", value=record, made_by=MADE_BY[0], next_stage=None)
    return call_id


def find(store: Store, person: Person, question: str, *, only_call: str | None = None, **asked: object) -> Found:
    now = asked.pop("now", NOW)
    return store.search.find(read_question(question), Looking(person.id, only_call), now=now, **asked)  # type: ignore[arg-type]


def found(store: Store, person: Person, question: str, **asked: object) -> list[str]:
    return [one.call_id for one in find(store, person, question, **asked).items]  # type: ignore[arg-type]


def places(store: Store, person: Person, question: str) -> list[str]:
    return [line.place for one in find(store, person, question).items for line in one.lines]


def maria(store: Store) -> Person:
    return store.people.find("maria@example.com", Kind.CUSTOMER)


def daniel(store: Store) -> Person:
    return store.people.find("daniel@example.com")


# What is found


def test_a_word_is_found_in_the_turn_in_which_it_was_said(store: Store) -> None:
    call_id = made(store, 1, "Good morning.", "We owe you a refund for the kettle.")
    (one,) = find(store, maria(store), "kettle").items
    assert (one.call_id, one.total) == (call_id, 1)
    assert [(line.place, line.start_s, line.terms) for line in one.lines] == [("t2", 10.0, 1)]


def test_words_said_in_other_turns_of_one_call_are_found_together_and_a_phrase_only_in_a_row(store: Store) -> None:
    both = made(store, 1, "We owe you a refund.", "It was for the kettle.")
    in_a_row = made(store, 2, "A kettle refund is on its way.")
    one_alone = made(store, 3, "The kettle is fine.")
    assert found(store, maria(store), "refund kettle") == [in_a_row, both]
    assert found(store, maria(store), '"kettle refund"') == [in_a_row]
    assert found(store, maria(store), "“the kettle”") == [one_alone, both]
    assert found(store, maria(store), "refund kettle toaster") == []


def test_the_lines_that_hold_most_of_it_are_shown(store: Store) -> None:
    turns = [f"A kettle, number {number}." for number in range(9)]
    made(store, 1, *turns, "The refund for the kettle.")
    (one,) = find(store, maria(store), "refund kettle").items
    assert one.total == 10
    assert ("t10", 2) in [(line.place, line.terms) for line in one.lines]
    assert len(one.lines) == 5


def test_case_accents_and_forms_of_a_word_make_no_difference(store: Store) -> None:
    english = made(store, 1, "The CAFÉ was charged twice.")
    german = made(store, 2, "Die Rechnungen für die Straße.", language="de")
    french = made(store, 3, "J'ai reçu l'abonnement.", language="fr")
    spanish = made(store, 4, "Las facturas están pagadas.", language="es")
    person = maria(store)
    assert found(store, person, "cafe charging") == [english]
    assert found(store, person, "rechnung strasse") == [german]
    assert found(store, person, "ABONNEMENTS") == [french]
    assert found(store, person, "factura") == [spanish]
    assert found(store, person, "charg") == [english], "a stem is its own"


def test_sentences_are_found_and_quotations_only_where_they_were_said(store: Store) -> None:
    leaks = evidence(SUNDAY, "We owe you a refund")
    written = stated("s1", StatementKind.OUTCOME, Party.AGENT, "Money will be returned.", leaks, support=0.9)
    quoted = stated("s2", StatementKind.OUTCOME, Party.AGENT, "“We owe you a refund”", leaks)
    made(store, 1, record=record_of((SUNDAY,), duration_s=9.0, statements=(written, quoted)))
    assert places(store, maria(store), "returned money") == ["s1"]
    assert places(store, maria(store), "refund") == ["t1"]


def test_what_is_protected_is_never_found_and_parts_what_stands_beside_it(store: Store) -> None:
    made(store, 1, record=record_of((SUNDAY, REPLY), duration_s=9.0))
    person = maria(store)
    for question in ("4242", "card_number", "number", '"is and"', "[card_number:4242]"):
        assert found(store, person, question) == [], question
    assert places(store, person, '"my card is"') == ["t2"]
    assert places(store, person, '"and the cafe"') == ["t2"]


def test_the_last_call_comes_first_and_a_page_has_ten(store: Store) -> None:
    call_ids = [made(store, number, "A kettle.") for number in range(A_PAGE + 2)]
    first = find(store, maria(store), "kettle")
    assert (first.total, first.page) == (A_PAGE + 2, 1)
    assert [one.call_id for one in first.items] == call_ids[:1:-1]
    assert found(store, maria(store), "kettle", page=2) == call_ids[1::-1]
    assert found(store, maria(store), "kettle", page=3) == []


def test_a_question_without_a_word_finds_nothing(store: Store) -> None:
    made(store, 1, "A kettle.")
    for question in ("", " ", '""', "?!", '"'):
        assert find(store, maria(store), question) == Found((), 1, 0, 0)


def test_signs_of_a_database_s_own_language_are_words_like_others(store: Store) -> None:
    call_id = made(store, 1, "Kettle or toaster, not both.")
    person = maria(store)
    for question in ("kettle OR nothing", "kettle* AND", "NEAR(kettle)", "kettle' | 'x", "a:b"):
        assert found(store, person, question) == [], question
    assert found(store, person, "kettle or toaster") == [call_id]
    assert found(store, person, "KETTLE & !toaster") == [call_id]


# Who finds what


def test_each_finds_what_they_may_read_and_nothing_else(store: Store) -> None:
    one = made(store, 1, "A kettle.")
    other = made(store, 2, "A kettle.", agent="emma@example.com", customer="olga@example.com")
    assert found(store, maria(store), "kettle") == found(store, daniel(store), "kettle") == [one]
    assert found(store, store.people.find("emma@example.com"), "kettle") == [other]
    assert found(store, store.people.add("sam@example.com"), "kettle") == []
    assert found(store, store.people.add("ops@example.com", is_operator=True), "kettle") == []


def test_a_reviewer_finds_what_was_assigned_until_they_are_none_any_more(store: Store) -> None:
    one, _other = made(store, 1, "A kettle."), made(store, 2, "A kettle.")
    rosa = store.people.add("rosa@example.com", is_reviewer=True)
    assert found(store, rosa, "kettle") == []
    store.people.give_role(one, rosa.id, Role.REVIEWER)
    assert found(store, rosa, "kettle") == [one]
    store.people.add("rosa@example.com", is_reviewer=False)
    assert found(store, rosa, "kettle") == []


def test_the_agent_of_the_next_call_finds_what_is_open_for_as_long_as_they_were_let_in(store: Store) -> None:
    record = record_of((SUNDAY,), duration_s=9.0, promises=(_promise(),))
    open_one = made(store, 1, record=record)
    settled = made(store, 2, "A kettle.")
    emma = store.people.add("emma@example.com")
    until = NOW + timedelta(hours=2)
    for call_id in (open_one, settled):
        store.people.give_role(call_id, emma.id, Role.NEXT_AGENT, until=until)
    assert found(store, emma, "kettle") == [open_one]
    assert found(store, emma, "kettle", now=until) == []
    actor = Actor(Role.CUSTOMER, maria(store).id)
    store.log.append(open_one, actor, Annotation(Act.KEPT, OnPromise("p1")), by="Maria")
    assert found(store, emma, "kettle") == [], "nothing is open any more"


def _promise() -> Commitment:
    return Commitment("p1", Party.AGENT, Party.CUSTOMER, "pay", None, (evidence(SUNDAY, "We owe you"),))


def test_whoever_was_let_in_to_one_call_finds_nothing_in_their_others(store: Store) -> None:
    one, other = made(store, 1, "A kettle."), made(store, 2, "A kettle.")
    assert found(store, maria(store), "kettle", only_call=one) == [one]
    assert found(store, maria(store), "kettle") == [other, one]


# What is kept


def test_words_that_both_sides_agreed_on_are_found_and_so_are_those_that_were_heard(store: Store) -> None:
    call_id = made(store, 1, "We owe you a refund for the cattle.")
    record = store.record(call_id)
    chosen = words_target(record, "t1", 7, 8)
    proposal = Annotation(Act.CORRECT, chosen, correction=NewWords("electric kettle."))
    customer, agent = maria(store), daniel(store)
    said_in = store.log.append(call_id, Actor(Role.CUSTOMER, customer.id), proposal, by="Maria").number
    assert found(store, customer, "kettle") == []
    store.log.append(call_id, Actor(Role.AGENT, agent.id), Annotation(Act.ACCEPT, OnEntry(said_in)), by="Daniel")
    assert found(store, customer, '"the electric kettle"') == [call_id]
    assert found(store, agent, '"the cattle"') == [call_id]
    assert found(store, agent, '"kettle we"') == [], "one version does not go on in the other"


def test_records_that_were_there_before_are_taken_in_once(store: Store) -> None:
    call_ids = [made(store, number, "A kettle.") for number in range(3)]
    with store._database.writing() as connection:
        for table in (search_words, search_lines, search_calls):
            connection.execute(sa.delete(table))
    counted: list[int] = []
    assert store.search.index(counted=counted.append) == 3
    assert counted == [1, 2, 3]
    assert store.search.index() == 0
    assert sorted(found(store, maria(store), "kettle")) == sorted(call_ids)


def test_a_search_takes_in_the_newest_itself_and_tells_how_many_are_left(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.record.search.DRAWN_FIRST", 2)
    call_ids = [made(store, number, "A kettle.") for number in range(3)]
    with store._database.writing() as connection:
        for table in (search_words, search_lines, search_calls):
            connection.execute(sa.delete(table))
    first = find(store, maria(store), "kettle")
    assert ([one.call_id for one in first.items], first.behind) == (call_ids[:0:-1], 1)
    assert (find(store, maria(store), "kettle").total, find(store, maria(store), "kettle").behind) == (3, 0)


def test_what_lies_in_the_tables_tells_no_word(store: Store) -> None:
    made(store, 1, "Kettle kettle refund.")
    with store._database.reading() as connection:
        (words,) = connection.execute(sa.select(search_words.c.words)).scalars()
    assert "kettle" not in words
    assert "refund" not in words
    assert "kettl" not in words


def test_another_installation_s_key_finds_nothing(store: Store, store_url: str) -> None:
    made(store, 1, "A kettle.")
    terms, looking = read_question("kettle"), Looking(maria(store).id)
    other = Store(store_url, replace(KEYS, master=bytes(32)))
    assert other.search.find(terms, looking, now=NOW).total == 0
    other.close()


def test_an_erased_record_is_not_found_even_before_its_words_are_forgotten(store: Store) -> None:
    call_id = made(store, 1, "A kettle.")
    store.log.erase(call_id)
    assert found(store, maria(store), "kettle") == []
    assert _left(store) == (0, 0), "and who looked took them out"


def test_what_was_forgotten_leaves_nothing_of_its_call(store: Store, store_url: str) -> None:
    call_id, other = made(store, 1, "A kettle."), made(store, 2, "A toaster.")
    with store._database.reading() as connection:
        text = connection.execute(sa.select(search_words.c.words).order_by(search_words.c.rowid)).scalars().first()
    hashed = (text if store_url.startswith("sqlite") else text.split("'")[1]).split()[-1]
    store.log.erase(call_id)
    store.search.forget(call_id)
    store.search.forget(call_id)  # again does no harm
    assert _left(store) == (1, 1)
    assert found(store, maria(store), "kettle") == []
    assert found(store, maria(store), "toaster") == [other]
    if store_url.startswith("sqlite"):
        store.close()
        file = Path(store_url.removeprefix("sqlite:///"))
        connection = sqlite3.connect(file)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        assert hashed.encode() not in file.read_bytes()


def _left(store: Store) -> tuple[int, int]:
    """How many lines, and words of lines, are there."""
    with store._database.reading() as connection:
        counts = (
            connection.execute(sa.select(sa.func.count()).select_from(one)) for one in (search_lines, search_words)
        )
        lines, words = (one.scalar_one() for one in counts)
    return lines, words


def test_a_record_made_anew_is_found_by_its_new_words_alone(store: Store) -> None:
    call_id = made(store, 1, "A kettle.")
    anew = record_of((said("t1", Party.AGENT, "A toaster.", 0.0, 1.0),), duration_s=9.0)
    with store._database.writing() as connection:
        store.log.append_in(connection, draft(call_id, SYSTEM, anew))
    assert found(store, maria(store), "kettle") == []
    assert found(store, maria(store), "toaster") == [call_id]
