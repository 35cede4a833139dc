"""Nobody tells their story twice: who takes the next call finds what is open, and the record says that they looked."""

from __future__ import annotations

from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from tests.web.calls_of_people import DANIEL, MARIA, agent_of, call_between, customer_of, hand_over, says
from tests.web.conftest import AS_BROWSER, NOW, Site
from tests.web.reading import Element, read
from tests.web.records import record_of, said
from worker.core.call import Party
from worker.core.dialogue.values import Act, Annotation, Item, LetIn, Looked, OnPromise, OnStatement, Reason, Way
from worker.core.log.entry import Actor, Role
from worker.record.people import Person

RUTH = "ruth@brightwater.example"
NOTHING = "Nothing is open with whoever calls from there."
SETTLED = record_of((said("t1", Party.AGENT, "Good morning.", 1.0, 2.0),), duration_s=3.0)


@pytest.fixture
def ruth(site: Site) -> Person:
    """An agent of the company who was on none of these calls."""
    return site.store.people.add(RUTH, name="Ruth Hill")


def ask(site: Site, who: str = MARIA) -> Element:
    response = site.client.post("/next-call", data={"who": who}, headers=AS_BROWSER)
    assert response.status_code in (200, 422), response.text
    return read(response.text)


def take(site: Site, customer: Person) -> Element:
    response = site.client.post(f"/next-call/{customer.id}", headers=AS_BROWSER)
    assert response.status_code == 200, response.text
    return read(response.text)


def let_ins(site: Site, call_id: str) -> list[Item]:
    return [one for one in site.store.log.items(call_id) if isinstance(one.content, LetIn)]


# Before the call is taken


def test_of_somebody_with_whom_something_is_open_it_is_told_that_it_is_so_and_no_more(site: Site, ruth: Person) -> None:
    call_id = call_between(site)
    site.sign_in(ruth)
    page = ask(site, "+49 30 123456")
    assert "Something is open with Maria Lopez, in 1 call." in page.text
    for word in ("technician", "washing", "Daniel", call_id):
        assert word not in page.raw_text
    assert not let_ins(site, call_id)


def test_nobody_learns_whether_somebody_is_known_with_whom_nothing_is_open(site: Site, ruth: Person) -> None:
    call_between(site, record=SETTLED)
    site.sign_in(ruth)
    known, unknown = ask(site), ask(site, "+4930999999")
    assert NOTHING in known.text
    assert known.one("main").raw_text == unknown.one("main").raw_text
    for person_id in (customer_of(site).id, ruth.id, "0" * 16, "nobody"):
        shown = read(site.client.get(f"/next-call/{person_id}", headers=AS_BROWSER).text)
        assert shown.one("main").raw_text == known.one("main").raw_text
        assert NOTHING in take(site, site.store.people.person(ruth.id)).text


def test_what_is_no_number_and_no_address_is_said_to_be_none(site: Site, ruth: Person) -> None:
    site.sign_in(ruth)
    page = ask(site, "Maria Lopez")
    assert "An address is an e-mail address, or a telephone number with its country" in page.one(role="alert").text


def test_the_number_stands_in_no_address(site: Site, ruth: Person) -> None:
    call_between(site)
    site.sign_in(ruth)
    response = site.client.post("/next-call", data={"who": MARIA}, headers=AS_BROWSER, follow_redirects=False)
    assert response.status_code == 303
    assert "30123456" not in response.headers["location"]


# Taking it


def test_who_takes_the_call_reads_what_is_open_with_links_into_the_records(site: Site, ruth: Person) -> None:
    first = call_between(site)
    second = call_between(site, 1)
    call_between(site, 2, record=SETTLED)
    says(site, first, Role.CUSTOMER, Annotation(Act.DISPUTE, OnStatement("s1"), "It was the dryer."))
    asked = says(site, second, Role.CUSTOMER, Annotation(Act.ASK, OnPromise("p1"), "Morning or afternoon?"))
    site.sign_in(ruth)
    page = take(site, customer_of(site))
    assert page.one("h1").text == "Before you speak with Maria Lopez"
    assert page.one("p", class_="in-short").text == (
        "Maria Lopez called 3 times since Tuesday 10 March 2026, when the first of it was said. "
        "The last of these calls ended with its matter still open."
    )
    promised = page.section("Promised to them")
    assert {link.attributes["href"] for link in promised.all("a")} == {f"/calls/{first}#p1", f"/calls/{second}#p1"}
    assert "Daniel Price promised Maria Lopez" in promised.text
    spoken = page.section("Disputed, asked and proposed")
    assert {link.attributes["href"] for link in spoken.all("a")} == {
        f"/calls/{first}#s1",
        f"/calls/{second}#entry-{asked}",
    }
    calls = page.section("The calls in which it stands")
    assert [link.attributes["href"] for link in calls.all("a")] == [f"/calls/{second}", f"/calls/{first}"]
    for link in (*promised.all("a"), *calls.all("a")):
        opened = site.client.get(link.attributes["href"].partition("#")[0], headers=AS_BROWSER)
        assert opened.status_code == 200, "each link leads into a record that is open to them"


def test_each_record_tells_both_sides_who_was_let_in_and_that_they_looked(site: Site, ruth: Person) -> None:
    call_id = call_between(site)
    site.sign_in(ruth)
    take(site, customer_of(site))
    (entry,) = let_ins(site, call_id)
    assert entry.actor == Actor(Role.NEXT_AGENT, ruth.id)
    assert entry.by == "Ruth Hill"
    assert entry.content == LetIn(ruth.id, "Ruth Hill", Reason.NEXT_CALL)
    looks = [one for one in site.store.log.items(call_id) if isinstance(one.content, Looked)]
    assert [(one.actor, one.content) for one in looks] == [(entry.actor, Looked(Way.PAGE))]
    assert looks[0].number > entry.number


def test_taking_a_call_twice_lets_nobody_in_twice(site: Site, ruth: Person) -> None:
    call_id = call_between(site)
    site.sign_in(ruth)
    take(site, customer_of(site))
    take(site, customer_of(site))
    assert len(let_ins(site, call_id)) == 1


def test_only_the_records_in_which_something_is_open_are_opened(site: Site, ruth: Person) -> None:
    call_between(site)
    settled = call_between(site, 1, record=SETTLED)
    others = call_between(site, 2, customer="+4930999999")
    site.sign_in(ruth)
    take(site, customer_of(site))
    for call_id in (settled, others):
        assert site.client.get(f"/calls/{call_id}", headers=AS_BROWSER).status_code == 404
        assert not let_ins(site, call_id)


def test_the_records_close_after_two_hours(site: Site, ruth: Person) -> None:
    call_id = call_between(site)
    site.sign_in(ruth)
    take(site, customer_of(site))
    site.now = NOW + timedelta(hours=1, minutes=59)
    assert site.client.get(f"/calls/{call_id}", headers=AS_BROWSER).status_code == 200
    site.now = NOW + timedelta(hours=2)
    assert site.client.get(f"/calls/{call_id}", headers=AS_BROWSER).status_code == 404
    page = read(site.client.get(f"/next-call/{customer_of(site).id}", headers=AS_BROWSER).text)
    assert "Something is open with Maria Lopez" in page.text
    assert "technician" not in page.raw_text


def test_a_record_closes_when_nothing_is_open_in_it_any_more(site: Site, ruth: Person) -> None:
    call_id = call_between(site)
    site.sign_in(ruth)
    take(site, customer_of(site))
    says(site, call_id, Role.CUSTOMER, Annotation(Act.KEPT, OnPromise("p1")))
    assert site.client.get(f"/calls/{call_id}", headers=AS_BROWSER).status_code == 404
    assert NOTHING in read(site.client.get(f"/next-call/{customer_of(site).id}", headers=AS_BROWSER).text).text


def test_an_agent_finds_what_is_open_in_calls_of_their_own_without_being_let_in(site: Site) -> None:
    call_id = call_between(site)
    site.sign_in(agent_of(site))
    page = ask(site)
    assert page.one("h1").text == "Before you speak with Maria Lopez"
    assert "These are your own calls." in page.text
    assert not let_ins(site, call_id)


def test_a_call_that_is_only_received_is_nothing_that_is_open(site: Site, ruth: Person) -> None:
    hand_over(site)
    site.sign_in(ruth)
    assert NOTHING in ask(site).text


# Who may ask


def customer(site: Site) -> Person:
    return customer_of(site)


def reviewer(site: Site) -> Person:
    return site.store.people.add("judge@brightwater.example", name="Ada Judge", is_reviewer=True)


def operator(site: Site) -> Person:
    return site.store.people.add("ops@brightwater.example", name="Olu Ops", is_operator=True)


@pytest.mark.parametrize("who", [customer, reviewer, operator])
def test_only_agents_may_ask(site: Site, who) -> None:
    call_between(site)
    person, maria = who(site), customer_of(site)
    site.sign_in(person)
    for answer in every_way(site.client, maria):
        assert answer.status_code == 404
        assert "Maria" not in answer.text
        assert answer.headers["cache-control"] == "private, no-store"


def test_who_is_not_signed_in_may_not_ask(site: Site) -> None:
    call_between(site)
    for answer in every_way(site.client, customer_of(site)):
        assert answer.status_code in (303, 401)


def test_an_agent_who_was_let_in_to_one_call_may_not_ask(site: Site) -> None:
    call_id = call_between(site)
    site.sign_in(agent_of(site, DANIEL), only_call=call_id)
    assert {answer.status_code for answer in every_way(site.client, customer_of(site))} == {404}


def test_a_page_of_another_site_takes_no_call(site: Site, ruth: Person) -> None:
    call_id = call_between(site)
    site.sign_in(ruth)
    from_elsewhere = {**AS_BROWSER, "sec-fetch-site": "cross-site"}
    assert site.client.post(f"/next-call/{customer_of(site).id}", headers=from_elsewhere).status_code == 403
    without_token = {**AS_BROWSER, "X-CSRF-Token": "another"}
    assert site.client.post(f"/next-call/{customer_of(site).id}", headers=without_token).status_code == 403
    assert not let_ins(site, call_id)


def every_way(client: TestClient, customer: Person) -> list:
    send = {"headers": AS_BROWSER, "follow_redirects": False}
    return [
        client.get("/next-call", **send),
        client.post("/next-call", data={"who": MARIA}, **send),
        client.get(f"/next-call/{customer.id}", **send),
        client.post(f"/next-call/{customer.id}", **send),
    ]
