"""Persons, their roles, sessions, one-time tokens, codes: on both databases, and with many at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from tests.handed_over import hand_over
from worker.core.call import CallDetails
from worker.core.errors import Invalid, NotAllowed, NotFound, Unavailable
from worker.core.log.entry import Role
from worker.core.people import Count, Limit, after_try, may_try, normal_address
from worker.record.people import Kind
from worker.record.store import Store

NOW = datetime(2026, 3, 12, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DANIEL, MARIA = "daniel@brightwater.example", "+4930123456"


def accept(store: Store, number: int = 0, **details: str) -> str:
    said = CallDetails(**{"agent": "Daniel Price", "customer": "Maria Lopez", **details})  # type: ignore[arg-type]
    return hand_over(
        store, said, sha256=f"{number:064x}", file_name="call.wav", size_bytes=44, first_stage="decode"
    ).call_id


def with_addresses(store: Store, number: int = 0) -> str:
    return accept(store, number, agent_address=DANIEL, customer_address=MARIA)


def at_once(work: Callable[[], object], times: int = 8) -> list[object]:
    """What this work gave in as many threads, begun together."""
    start, gave = threading.Barrier(times), []

    def run() -> None:
        start.wait()
        gave.append(work())

    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return gave


# Addresses


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        (" Daniel@Brightwater.Example ", "daniel@brightwater.example"),
        ("+49 (30) 123-456", "+4930123456"),
        ("0049 30 123456", "+4930123456"),
        ("ü@müller.example", "ü@müller.example"),
    ],
)
def test_an_address_has_one_spelling(written: str, normal: str) -> None:
    assert normal_address(written) == normal
    assert CallDetails(customer_address=written).customer_address == normal


@pytest.mark.parametrize(
    "written",
    ["", "030 123456", "+49 30", "+4930123456789012", "maria lopez", "a@b.c\nBcc: d@e.f", "a b@c.de", "<a@b.de>", "m@"],
)
def test_what_is_no_address_is_refused_and_not_repeated(written: str) -> None:
    with pytest.raises(Invalid) as refused:
        normal_address(written)
    assert not written.strip() or written not in refused.value.message


def test_a_call_keeps_the_addresses_that_were_said_of_it(store: Store) -> None:
    details = store.call(with_addresses(store)).details
    assert (details.agent_address, details.customer_address) == (DANIEL, MARIA)


# Persons and what they are on calls


def test_both_sides_of_a_call_are_found_by_their_addresses(store: Store) -> None:
    one, other = with_addresses(store, 1), with_addresses(store, 2)
    sides = [{on.role: on.person for on in store.people.on_call(call)} for call in (one, other)]
    assert sides[0] == sides[1], "the same address is the same person"
    assert set(sides[0]) == {Role.AGENT, Role.CUSTOMER}
    agent, customer = sides[0][Role.AGENT], sides[0][Role.CUSTOMER]
    assert (agent.kind, agent.name, agent.address) == (Kind.STAFF, "Daniel Price", DANIEL)
    assert (customer.kind, customer.name, customer.address) == (Kind.CUSTOMER, "Maria Lopez", MARIA)
    assert [on.call_id for on in store.people.calls_of(customer.id, now=NOW)] == [other, one]
    assert [on.call_id for on in store.people.calls_of(customer.id, now=NOW, only_call=one)] == [one]


def test_a_call_that_came_without_addresses_has_no_persons_until_they_are_asked_for(store: Store) -> None:
    call_id, other = accept(store, 1), accept(store, 2)
    assert store.people.on_call(call_id) == ()
    assert store.people.customer_of(call_id) is None
    customer = store.people.side(call_id, Role.CUSTOMER)
    assert (customer.kind, customer.name, customer.address) == (Kind.CUSTOMER, "Maria Lopez", None)
    assert store.people.side(call_id, Role.CUSTOMER) == customer
    assert store.people.side(other, Role.CUSTOMER) != customer, "nobody knows that they are the same"
    with pytest.raises(NotFound):
        store.people.side("0123456789abcdef", Role.AGENT)


def test_many_who_ask_for_a_side_at_once_get_the_same_person(store: Store) -> None:
    call_id = accept(store)
    assert len({person.id for person in at_once(lambda: store.people.side(call_id, Role.CUSTOMER))}) == 1  # type: ignore[attr-defined]


def test_who_is_customer_and_staff_under_one_address_is_two_persons(store: Store) -> None:
    """A customer's way in is weaker than the company's own: it never opens what a reviewer sees."""
    reviewer = store.people.add(DANIEL, is_reviewer=True)
    call_id = accept(store, customer_address=DANIEL)
    customer = store.people.customer_of(call_id)
    assert customer is not None
    assert customer.id != reviewer.id
    assert not customer.is_reviewer


def test_the_role_that_may_most_is_the_one_that_counts_and_one_that_ended_does_not(store: Store) -> None:
    call_id = with_addresses(store)
    people = store.people
    agent = people.find(DANIEL)
    people.give_role(call_id, agent.id, Role.REVIEWER)
    assert people.role(call_id, agent.id, now=NOW).role is Role.AGENT
    next_agent = people.add("emma@brightwater.example", name="Emma  Stone")
    people.give_role(call_id, next_agent.id, Role.NEXT_AGENT, until=NOW + HOUR)
    assert people.role(call_id, next_agent.id, now=NOW).role is Role.NEXT_AGENT
    assert people.role(call_id, next_agent.id, now=NOW + HOUR) is None
    assert people.calls_of(next_agent.id, now=NOW + HOUR) == ()
    people.give_role(call_id, next_agent.id, Role.NEXT_AGENT, until=NOW + 2 * HOUR)
    assert people.role(call_id, next_agent.id, now=NOW + HOUR) is not None
    assert people.role("0123456789abcdef", agent.id, now=NOW) is None


def test_what_is_known_of_somebody_is_changed_and_the_rest_stays(store: Store) -> None:
    people = store.people
    first = people.add("Emma@Brightwater.example", name="Emma  Stone", is_reviewer=True)
    assert (first.address, first.name, first.is_reviewer, first.is_operator) == (
        "emma@brightwater.example",
        "Emma Stone",
        True,
        False,
    )
    again = people.add("emma@brightwater.example", is_operator=True)
    assert (again.id, again.name, again.is_reviewer, again.is_operator) == (first.id, "Emma Stone", True, True)
    assert people.all() == (again,)
    with pytest.raises(Invalid, match="A name has"):
        people.add("emma@brightwater.example", name="\n\0")


def test_an_address_that_was_given_to_somebody_new_opens_nothing_of_the_one_before(store: Store) -> None:
    people = store.people
    before = people.add(DANIEL, subject="https://id.example 1")
    assert people.known_as("https://id.example 1") == before
    with pytest.raises(NotAllowed, match="somebody else's"):
        people.add(DANIEL, subject="https://id.example 2")
    assert people.known_as("https://id.example 2") is None


def test_a_call_is_found_by_the_id_of_the_company_s_own_system(store: Store) -> None:
    call_id = accept(store, external_id="PBX-7")
    assert store.people.call_known_as("PBX-7") == call_id
    assert store.people.call_known_as("PBX-8") is None
    assert store.people.call_known_as("") is None, "calls without such an id are not found by its absence"


def test_an_own_recording_is_found_under_no_id_of_the_company_s(store: Store) -> None:
    call_id = accept(store, external_id="PBX-7")
    hand_over(
        store,
        CallDetails(),
        sha256="e" * 64,
        file_name="a",
        size_bytes=1,
        first_stage="decode",
        own_recording_of=call_id,
    )
    assert store.people.call_known_as(f"own recording of {call_id}") is None


# Sessions and one-time tokens


def looks_like(store: Store, text: str) -> list[str]:
    """Tables in which this text stands as it is."""
    found = []
    with store._database.reading() as connection:
        for table in sa.inspect(connection).get_table_names():
            rows = connection.execute(sa.text(f"SELECT * FROM {table}")).all()
            if any(
                text in str(value) or text.encode() in bytes(value)
                if isinstance(value, bytes | memoryview)
                else text in str(value)
                for row in rows
                for value in row
            ):
                found.append(table)
    return found


def test_a_session_is_found_by_its_token_alone_and_the_token_is_nowhere(store: Store) -> None:
    person = store.people.add(DANIEL)
    sessions = store.people.sessions
    token = sessions.begin(person.id, only_call=None, lasts=HOUR, now=NOW)
    session, seen_at = sessions.find(token)
    assert (session.person_id, session.only_call, session.ends_at, seen_at) == (person.id, None, NOW + HOUR, NOW)
    assert len(token) >= 43, "256 bits"
    assert sessions.find(token[:-1]) is None
    assert looks_like(store, token) == []
    sessions.see(token, seen_at=NOW, now=NOW + MINUTE)
    assert sessions.find(token)[1] == NOW + MINUTE
    sessions.end(token)
    assert sessions.find(token) is None


def test_sessions_that_have_ended_are_cleared(store: Store) -> None:
    person = store.people.add(DANIEL)
    old = store.people.sessions.begin(person.id, only_call=None, lasts=HOUR, now=NOW)
    store.people.sessions.begin(person.id, only_call=None, lasts=HOUR, now=NOW + HOUR)
    assert store.people.sessions.find(old) is None


def test_a_one_time_token_signs_in_once_within_its_time(store: Store) -> None:
    person, sessions = store.people.add(DANIEL), store.people.sessions
    token = sessions.one_time_token(person.id, only_call=None, lasts=HOUR, now=NOW)
    assert sessions.use(token, now=NOW + HOUR) is None, "too old"
    assert sessions.use(token, now=NOW).person_id == person.id
    assert sessions.use(token, now=NOW) is None, "used"
    assert sessions.use("", now=NOW) is None
    assert looks_like(store, token) == []


def test_a_one_time_token_that_many_use_at_once_signs_in_one(store: Store) -> None:
    person, sessions = store.people.add(DANIEL), store.people.sessions
    token = sessions.one_time_token(person.id, only_call=None, lasts=HOUR, now=NOW)
    assert sum(one is not None for one in at_once(lambda: sessions.use(token, now=NOW))) == 1


def test_a_spoken_token_is_taken_as_it_is_heard(store: Store) -> None:
    call_id = with_addresses(store)
    person, sessions = store.people.side(call_id, Role.CUSTOMER), store.people.sessions
    token = sessions.spoken_token(person.id, only_call=call_id, lasts=HOUR, now=NOW)
    assert [len(part) for part in token.split("-")] == [4, 4, 4]
    heard = f" {token.replace('-', ' ').upper().replace('1', 'I').replace('0', 'O')} "
    assert sessions.use(heard, now=NOW).only_call == call_id


def test_what_was_made_elsewhere_is_used_once(store: Store) -> None:
    sessions = store.people.sessions
    assert sessions.is_first_use("jti-1", ends_at=NOW + MINUTE, now=NOW)
    assert not sessions.is_first_use("jti-1", ends_at=NOW + MINUTE, now=NOW)
    assert sessions.is_first_use("jti-2", ends_at=NOW + MINUTE, now=NOW)
    assert sum(at_once(lambda: sessions.is_first_use("jti-3", ends_at=NOW + MINUTE, now=NOW))) == 1  # type: ignore[arg-type]
    assert sessions.use("elsewhere jti-1", now=NOW) is None, "it is nobody's way in"


# Codes: how often, and until when


def test_after_so_many_tries_all_wait_and_then_all_are_free_again() -> None:
    limit, count, free = Limit(3, HOUR), Count(), []
    for minute in (0, 1, 2, 3, 61, 62, 63):
        now = NOW + minute * MINUTE
        free.append(may_try(count, now))
        if free[-1]:
            count = after_try(count, limit, now)
    # The third try, at minute 2, begins the hour: minute 61 lies in it, minutes 62 and 63 after.
    assert free == [True, True, True, False, False, True, True]
    assert count == Count(2, None)


@pytest.fixture
def customer(store: Store) -> str:
    return store.people.side(with_addresses(store), Role.CUSTOMER).id


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


def test_a_code_has_six_digits_and_is_right_once_within_ten_minutes(store: Store, customer: str) -> None:
    codes = store.people.codes
    code = codes.new_code(customer, now=NOW)
    assert code is not None
    assert len(code) == 6
    assert code.isdigit()
    assert looks_like(store, code) == []
    assert not codes.is_code(customer, wrong(code), now=NOW)
    assert not codes.is_code(customer, code, now=NOW + 10 * MINUTE)
    assert codes.is_code(customer, f" {code[:3]} {code[3:]} ", now=NOW + 9 * MINUTE), "pasted with its spaces"
    assert not codes.is_code(customer, code, now=NOW + 9 * MINUTE), "used"


def test_a_new_code_ends_the_one_before(store: Store, customer: str) -> None:
    codes = store.people.codes
    first, second = codes.new_code(customer, now=NOW), codes.new_code(customer, now=NOW)
    if first != second:  # one time in a million they are the same
        assert not codes.is_code(customer, first, now=NOW)
    assert codes.is_code(customer, second, now=NOW)


def test_after_five_tries_even_the_right_code_is_wrong_and_there_is_none_for_fifteen_minutes(
    store: Store, customer: str
) -> None:
    codes = store.people.codes
    code = codes.new_code(customer, now=NOW)
    for _ in range(5):
        assert not codes.is_code(customer, wrong(code), now=NOW)
    assert not codes.is_code(customer, code, now=NOW)
    assert codes.new_code(customer, now=NOW + 14 * MINUTE) is None
    assert not codes.is_code(customer, code, now=NOW + 15 * MINUTE), "it does not come back after the wait"
    again = codes.new_code(customer, now=NOW + 15 * MINUTE)
    assert codes.is_code(customer, again, now=NOW + 15 * MINUTE)


def test_the_fifth_try_may_still_be_right(store: Store, customer: str) -> None:
    codes = store.people.codes
    code = codes.new_code(customer, now=NOW)
    for _ in range(4):
        assert not codes.is_code(customer, wrong(code), now=NOW)
    assert codes.is_code(customer, code, now=NOW)
    assert codes.new_code(customer, now=NOW) is not None, "who was right does not wait"


def test_asking_for_new_codes_gives_no_more_tries(store: Store, customer: str) -> None:
    codes = store.people.codes
    for _ in range(4):
        assert not codes.is_code(customer, wrong(codes.new_code(customer, now=NOW)), now=NOW)
    code = codes.new_code(customer, now=NOW)
    assert not codes.is_code(customer, wrong(code), now=NOW)
    assert not codes.is_code(customer, code, now=NOW)


def test_at_most_five_codes_are_sent_and_then_none_for_an_hour(store: Store, customer: str) -> None:
    codes = store.people.codes
    assert all(codes.new_code(customer, now=NOW) for _ in range(5))
    assert codes.new_code(customer, now=NOW + 59 * MINUTE) is None
    assert codes.new_code(customer, now=NOW + HOUR) is not None


def test_many_tries_at_once_are_no_more_than_five(store: Store, customer: str) -> None:
    """Each try is counted under a lock before it is compared: of twelve that are right at once one gets in."""
    codes = store.people.codes
    code = codes.new_code(customer, now=NOW)
    assert sum(at_once(lambda: codes.is_code(customer, code, now=NOW), 12)) == 1  # type: ignore[arg-type]
    later = NOW + 15 * MINUTE
    other = codes.new_code(customer, now=later)
    at_once(lambda: codes.is_code(customer, wrong(other), now=later), 12)
    assert not codes.is_code(customer, other, now=later)


def test_a_code_word_is_right_however_it_is_spelt_and_as_often_as_it_is_needed(store: Store) -> None:
    codes, call_id = store.people.codes, accept(store)
    codes.set_word(call_id, "Blue Heron 42")
    assert looks_like(store, "blueheron42") == []
    assert codes.is_word(call_id, "blue-heron 42", now=NOW)
    assert codes.is_word(call_id, "BLUEHERON42", now=NOW)
    assert not codes.is_word(call_id, "blue heron", now=NOW)
    with pytest.raises(Invalid, match="at least 4"):
        codes.set_word(call_id, "a-b!")


def test_a_code_word_is_tried_five_times_and_then_again_after_a_wait(store: Store) -> None:
    codes, call_id = store.people.codes, accept(store)
    codes.set_word(call_id, "blue heron")
    for _ in range(5):
        assert not codes.is_word(call_id, "grey heron", now=NOW)
    assert not codes.is_word(call_id, "blue heron", now=NOW + 14 * MINUTE)
    assert codes.is_word(call_id, "blue heron", now=NOW + 15 * MINUTE)


@pytest.mark.parametrize("typed", ["", "000000", "\0" * 32])
def test_where_there_is_no_code_nothing_is_right(store: Store, customer: str, typed: str) -> None:
    assert not store.people.codes.is_code(customer, typed, now=NOW)
    assert not store.people.codes.is_word("0123456789abcdef", typed, now=NOW)


# The outbox


def test_a_letter_is_kept_until_it_is_sent_and_what_it_said_is_not(store: Store) -> None:
    outbox = store.people.outbox
    one, other = (outbox.put(MARIA, subject="Your code", text=f"{n} is it", now=NOW) for n in (1, 2))
    outbox.sent(one, now=NOW)
    outbox.failed(other, NotFound("somewhere"), now=NOW)
    second, first = outbox.letters()
    assert (first.sent_at, first.text, first.failure) == (NOW, "", None)
    assert (second.sent_at, second.text, second.failure) == (None, "", "NotFound")
    assert second.address == MARIA


def test_a_letter_that_could_not_be_sent_is_tried_again_as_long_as_it_is_valid(store: Store) -> None:
    outbox, until = store.people.outbox, NOW + timedelta(minutes=10)
    number = outbox.put(MARIA, subject="Your code", text="123456 is it", now=NOW, until=until)
    assert outbox.take(now=NOW) is None, "whoever wrote it tries first"
    outbox.failed(number, Unavailable(), now=NOW)
    tried, now = [], NOW
    while now < until + timedelta(minutes=2):
        now += timedelta(seconds=1)
        if outbox.is_due(now=now) and (letter := outbox.take(now=now)) is not None:
            assert letter.text == "123456 is it"
            tried.append(round((now - NOW).total_seconds()))
            outbox.failed(number, Unavailable(), now=now)
    assert tried[:5] == [5, 20, 65, 125, 185]
    assert tried[-1] < 600
    (letter,) = outbox.letters()
    assert (letter.text, letter.failure, letter.sent_at) == ("", "Unavailable", None), "and then it is forgotten"


def test_what_a_letter_said_is_forgotten_at_its_end_also_where_its_sender_died(store: Store) -> None:
    outbox = store.people.outbox
    outbox.put(MARIA, subject="Your code", text="123456 is it", now=NOW, until=NOW + timedelta(seconds=90))
    taken = outbox.take(now=NOW + timedelta(seconds=60))
    assert taken is not None, "a minute later it is anybody's"
    assert outbox.take(now=NOW + timedelta(seconds=119)) is None
    assert outbox.take(now=NOW + timedelta(seconds=121)) is None
    assert outbox.letters()[0].text == ""
    assert not outbox.is_due(now=NOW + timedelta(days=1))


def test_a_newer_letter_to_an_address_takes_the_place_of_one_that_still_waits(store: Store) -> None:
    outbox, until = store.people.outbox, NOW + timedelta(minutes=10)
    old = outbox.put(MARIA, subject="Your code", text="111111 is it", now=NOW, until=until)
    outbox.failed(old, Unavailable(), now=NOW)
    new = outbox.put(MARIA, subject="Your code", text="222222 is it", now=NOW, until=until)
    outbox.failed(new, Unavailable(), now=NOW)
    later = NOW + timedelta(seconds=30)
    letter = outbox.take(now=later)
    assert letter is not None
    assert letter.id == new
    assert outbox.take(now=later) is None
    outbox.sent(new, now=later)
    assert {one.text for one in outbox.letters()} == {""}


def test_a_letter_that_is_shown_on_a_page_is_never_sent_and_stays(store: Store) -> None:
    outbox = store.people.outbox
    outbox.put(MARIA, subject="Your code", text="123456 is it", now=NOW)
    outbox.put(MARIA, subject="Your code", text="654321 is it", now=NOW)
    assert outbox.take(now=NOW + timedelta(days=1)) is None
    assert [one.text for one in outbox.letters()] == ["654321 is it", "123456 is it"]
