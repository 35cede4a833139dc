"""What each person finds when they have signed in: their own calls and what is open in them, and nothing of others'."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from pydantic import TypeAdapter

from tests.web.calls_of_people import DANIEL, agent_of, call_between, customer_of, hand_over, says
from tests.web.conftest import AS_BROWSER, NOW, Site
from tests.web.reading import Element, read
from tests.web.records import evidence, record_of, said
from worker.core.call import Party
from worker.core.dialogue.values import (
    Act,
    Annotation,
    NewSentence,
    NewSpeaker,
    NewWords,
    OnEntry,
    OnPromise,
    OnStatement,
)
from worker.core.log.entry import Actor, Role
from worker.core.matters import Gist, Matter, MatterKind
from worker.core.record import CallRecord
from worker.core.requests.values import Asked, By, CameBy, RequestKind
from worker.core.summary import Commitment, Due, EndState
from worker.record.matters import OpenMatter, Whose
from worker.record.people import Person
from worker.web.pages.home import HomePage
from worker.web.pages.lists import promise_row, waiting_row

TURN = said("t1", Party.AGENT, "I will call you back by Friday at five.", 1.0, 4.0)
WORDS = evidence(TURN, "I will call you back by Friday at five.")

GIST = Gist(
    "A washing machine that leaks.",
    datetime(2026, 3, 10, 10, 14, tzinfo=UTC),
    None,
    44.0,
    "Daniel Price",
    "Maria Lopez",
    EndState.OPEN,
    (),
)


def home_of(site: Site, person: Person, address: str = "/", *, only_call: str | None = None) -> Element:
    site.sign_in(person, only_call=only_call)
    response = site.client.get(address, headers=AS_BROWSER)
    assert response.status_code == 200, response.text
    return read(response.text)


def headings(page: Element) -> list[str]:
    return [one.text for one in page.all("h2")]


def in_short(page: Element) -> str:
    return page.one("p", class_="in-short").text


def links(section: Element) -> list[str]:
    return [one.attributes["href"] for one in section.all("a")]


def promising(*promises: Commitment) -> CallRecord:
    return record_of((TURN,), duration_s=5.0, promises=promises)


def promise(name: str, due: Due | None, *, by: Party = Party.AGENT) -> Commitment:
    to = Party.CUSTOMER if by is Party.AGENT else Party.AGENT
    return Commitment(name, by, to, f"do {name}", due, (WORDS,))


# A customer


def test_a_customer_finds_each_call_with_its_matter_when_it_was_with_whom_and_what_is_open(site: Site) -> None:
    call_id = call_between(site)
    page = home_of(site, customer_of(site))
    assert page.one("h1").text == "Your calls"
    (line,) = page.section("All your calls").all("li")
    assert line.one("a").attributes["href"] == f"/calls/{call_id}"
    assert line.one("a").text == "A washing machine that leaks."
    assert "Tuesday 10 March 2026, 10:14 UTC" in line.text
    assert line.text.endswith("Daniel Price · 44 seconds · 1 promise open")


def test_a_call_that_is_being_made_stands_there_and_says_so(site: Site) -> None:
    call_id = hand_over(site)
    (line,) = home_of(site, customer_of(site)).section("All your calls").all("li")
    assert line.one("a").attributes["href"] == f"/calls/{call_id}"
    assert line.one("a").text == "A call with Daniel Price"
    assert line.text.endswith("This record is being made")


def test_what_was_promised_stands_due_first_says_what_is_late_and_leads_to_the_promise(site: Site) -> None:
    dues = {
        "p1": None,
        "p2": Due("by Friday", date(2026, 3, 13)),
        "p3": Due("yesterday", date(2026, 3, 11)),
    }
    call_id = call_between(site, record=promising(*(promise(name, due) for name, due in dues.items())))
    page = home_of(site, customer_of(site))
    section = page.section("Promised to you")
    assert links(section) == [f"/calls/{call_id}#{name}" for name in ("p3", "p2", "p1")]
    first, second, third = section.all("li")
    assert first.text.startswith("Do p3 By Wednesday 11 March 2026 Its day has passed Daniel Price promised you")
    assert "By Friday 13 March 2026" in second.text
    assert "No time was said" in third.text
    assert [bool(one.all("strong", class_="late")) for one in (first, second, third)] == [True, False, False]
    assert in_short(page) == "1 promise to you is late."


def test_a_promise_becomes_late_by_itself_and_leaves_when_it_was_kept(site: Site) -> None:
    call_id = call_between(site)
    maria = customer_of(site)
    assert in_short(home_of(site, maria)) == "Nothing is late, and nothing waits for your answer."
    site.now = NOW + timedelta(days=2)
    assert in_short(home_of(site, maria)) == "1 promise to you is late."
    says(site, call_id, Role.CUSTOMER, Annotation(Act.NOT_KEPT, OnPromise("p1")))
    assert "You said that it was not kept" in home_of(site, maria).section("Promised to you").text
    says(site, call_id, Role.CUSTOMER, Annotation(Act.KEPT, OnPromise("p1")))
    assert "Promised to you" not in headings(home_of(site, maria))


def test_what_the_customer_promised_stands_apart_from_what_they_were_promised(site: Site) -> None:
    call_between(site, record=promising(promise("p1", None, by=Party.CUSTOMER)))
    page = home_of(site, customer_of(site))
    assert "You promised Daniel Price" in page.section("What you promised").text
    assert "Promised to you" not in headings(page)


def test_what_the_other_side_asks_proposes_or_disputes_waits_for_an_answer_until_it_has_one(site: Site) -> None:
    call_id = call_between(site)
    asked = says(site, call_id, Role.AGENT, Annotation(Act.ASK, OnPromise("p1"), "Morning or afternoon?"))
    other = Annotation(Act.CORRECT, OnStatement("s1"), correction=NewSentence("It drips."))
    proposed = says(site, call_id, Role.AGENT, other)
    day = says(site, call_id, Role.AGENT, Annotation(Act.NEW_DAY, OnPromise("p1"), day=date(2026, 3, 20)))
    page = home_of(site, customer_of(site))
    section = page.section("Waiting for your answer")
    assert links(section)[:2] == [f"/calls/{call_id}#entry-{asked}", f"/calls/{call_id}#entry-{proposed}"]
    assert f"/calls/{call_id}#entry-{day}" in links(section)
    assert "Daniel Price asks “Morning or afternoon?”" in section.text
    assert "Daniel Price proposes other words “It drips.”" in section.text
    assert (
        "Daniel Price proposes Friday 20 March 2026 as another day for this promise “send a technician”" in section.text
    )
    says(site, call_id, Role.CUSTOMER, Annotation(Act.ANSWER, OnEntry(asked), "In the morning."))
    says(site, call_id, Role.CUSTOMER, Annotation(Act.ACCEPT, OnEntry(day)))
    after = home_of(site, customer_of(site))
    assert "asks" not in after.section("Waiting for your answer").text
    assert "By Friday 20 March 2026" in after.section("Promised to you").text


def test_what_one_said_oneself_does_not_wait_for_oneself(site: Site) -> None:
    call_id = call_between(site)
    says(site, call_id, Role.CUSTOMER, Annotation(Act.DISPUTE, OnStatement("s1"), "It was the dryer."))
    says(site, call_id, Role.CUSTOMER, Annotation(Act.ASK, OnPromise("p1"), "When?"))
    assert "Waiting for your answer" not in headings(home_of(site, customer_of(site)))
    section = home_of(site, agent_of(site)).section("Waiting for your answer")
    assert "Maria Lopez says that this is not what happened" in section.text
    assert f"/calls/{call_id}#s1" in links(section)


def test_nobody_finds_anything_of_calls_that_are_not_theirs(site: Site) -> None:
    call_between(site)
    call_between(site, 1, customer="+4930999999")
    shown = home_of(site, customer_of(site, "+4930999999"))
    assert len(shown.section("All your calls").all("li")) == 1
    assert len(shown.section("Promised to you").all("li")) == 1
    assert len(home_of(site, agent_of(site)).section("All your calls").all("li")) == 2


def test_who_was_let_in_to_one_call_finds_that_one_alone(site: Site) -> None:
    first, _second = call_between(site), call_between(site, 1)
    page = home_of(site, customer_of(site), only_call=first)
    assert links(page.section("All your calls")) == [f"/calls/{first}"]
    assert links(page.section("Promised to you")) == [f"/calls/{first}#p1"]
    desk = home_of(site, agent_of(site), only_call=first)
    assert links(desk.section("All your calls")) == [f"/calls/{first}"]
    assert "Who is calling?" not in headings(desk)


def test_a_customer_without_a_call_is_told_that_there_is_none(site: Site) -> None:
    call_between(site)
    page = home_of(site, customer_of(site), only_call="0" * 16)
    assert "There is no call of yours here yet." in page.text
    assert headings(page) == ["What you asked for"]


def test_a_customer_reads_no_word_of_the_trade(site: Site) -> None:
    call_between(site)
    shown = home_of(site, customer_of(site)).text.lower()
    for word in ("transcript", "segment", "diarization", "channel", "ticket", "agent", "queue", "log"):
        assert word not in shown


def test_whoever_is_not_signed_in_is_led_to_the_ways_in(site: Site) -> None:
    response = site.client.get("/", headers=AS_BROWSER, follow_redirects=False)
    assert response.status_code == 303
    assert response.headers["location"].startswith("/sign-in")


# An agent


def test_the_desk_has_what_waits_what_was_promised_and_the_new_records(site: Site) -> None:
    call_id = call_between(site)
    page = home_of(site, agent_of(site))
    assert page.one("h1").text == "Your desk"
    assert headings(page) == [
        "Who is calling?",
        "What you promised",
        "New records",
        "All your calls",
        "What you asked for",
    ]
    assert in_short(page) == "1 record is new."
    assert "You promised Maria Lopez" in page.section("What you promised").text
    assert links(page.section("New records")) == [f"/calls/{call_id}"]


def test_an_agent_finds_what_they_asked_for_on_their_desk_and_can_ask_for_more(site: Site) -> None:
    call_id = call_between(site)
    daniel = agent_of(site)
    asked = home_of(site, daniel).section("What you asked for")
    assert links(asked) == ["/requests/new"]
    wish = Asked(RequestKind.ERASURE, CameBy.HOME, person=daniel.id, call_id=call_id, is_proved=True)
    request = site.store.requests.ask(wish, by=By(Actor(Role.AGENT, daniel.id), daniel.name), now=site.now)
    (line,) = home_of(site, daniel).section("What you asked for").all("li")
    assert links(line) == [f"/requests/{request.id}"]
    assert "Erasure of your call of Tuesday 10 March 2026" in line.text
    assert request.id not in str(links(home_of(site, customer_of(site)).section("What you asked for")))


def test_a_record_is_new_until_its_agent_has_opened_it(site: Site) -> None:
    call_id = call_between(site)
    daniel = agent_of(site)
    site.sign_in(customer_of(site))
    site.client.get(f"/calls/{call_id}", headers=AS_BROWSER)
    assert "New records" in headings(home_of(site, daniel)), "that the customer has looked is another thing"
    site.client.get(f"/calls/{call_id}", headers=AS_BROWSER)
    page = home_of(site, daniel)
    assert "New records" not in headings(page)
    assert links(page.section("All your calls")) == [f"/calls/{call_id}"]


def test_a_call_that_is_not_made_yet_is_no_new_record(site: Site) -> None:
    hand_over(site)
    page = home_of(site, agent_of(site))
    assert "New records" not in headings(page)
    assert "This record is being made" in page.section("All your calls").text


# A reviewer, an operator, several at once


def test_a_reviewer_finds_the_records_assigned_to_them_and_what_is_disputed_in_each(site: Site) -> None:
    call_id = call_between(site)
    call_between(site, 1)
    says(site, call_id, Role.CUSTOMER, Annotation(Act.DISPUTE, OnStatement("s1"), "It was the dryer."))
    judge = site.store.people.add("judge@brightwater.example", name="Ada Judge", is_reviewer=True)
    site.store.people.give_role(call_id, judge.id, Role.REVIEWER)
    page = home_of(site, judge)
    section = page.section("Records you were asked to look at")
    assert headings(page) == ["Records you were asked to look at"]
    assert links(section) == [f"/calls/{call_id}", f"/calls/{call_id}#s1"]
    assert "Maria Lopez says that this is not what happened" in section.text
    assert "The customer had bought a washing machine that leaks." in section.text
    assert "Daniel Price and Maria Lopez" in section.text


def test_a_reviewer_who_was_asked_for_nothing_is_told_so(site: Site) -> None:
    judge = site.store.people.add("judge@brightwater.example", name="Ada Judge", is_reviewer=True)
    assert "Nobody has asked you to look at a record." in home_of(site, judge).text


def test_an_operator_finds_numbers_and_nothing_of_any_call(site: Site) -> None:
    call_between(site)
    failed = hand_over(site, 1)
    site.store.begin(failed, "publish", worker="w", lease_s=60.0, now=NOW)
    site.store.fail(failed, "publish", worker="w", reason="BadRecording", message="This file is not sound.")
    operator = site.store.people.add("ops@brightwater.example", name="Olu Ops", is_operator=True)
    page = home_of(site, operator)
    shown = {row.one("th").text: row.one("td").text for row in page.section("Calls by state").all("tr")}
    assert shown == {"received": "0", "waiting": "0", "running": "0", "failed": "1", "ready": "1", "BadRecording": "1"}
    for word in ("Maria", "Daniel", "washing", "/calls/"):
        assert word not in page.one("main").raw_text
    assert "Who is calling?" not in headings(page)


def test_who_does_several_things_finds_one_part_under_the_other(site: Site) -> None:
    call_id = call_between(site)
    everything = site.store.people.add(DANIEL, name="Daniel Price", is_reviewer=True, is_operator=True)
    site.store.people.give_role(call_id, everything.id, Role.REVIEWER)
    assert headings(home_of(site, everything))[-5:] == [
        "All your calls",
        "What you asked for",
        "Records you were asked to look at",
        "Calls by state",
        "What is at which stage",
    ]


# Each kind of line


MARIA_SIDE, DANIEL_SIDE = (Role.CUSTOMER, "Maria Lopez"), (Role.AGENT, "Daniel Price")


@pytest.mark.parametrize(
    ("by", "changed", "says_", "text"),
    [
        (DANIEL_SIDE, {"kind": MatterKind.QUESTION, "text": "When?"}, "Daniel Price asks", "When?"),
        (MARIA_SIDE, {"kind": MatterKind.QUESTION, "text": "When?"}, "You asked", "When?"),
        ((Role.REVIEWER, None), {"kind": MatterKind.QUESTION, "text": "When?"}, "The reviewer asks", "When?"),
        (DANIEL_SIDE, {"kind": MatterKind.DISPUTE}, "Daniel Price says that this is not what happened", "it"),
        (
            DANIEL_SIDE,
            {"kind": MatterKind.DISPUTE, "place": ""},
            "Daniel Price says that this record is not what happened",
            "it",
        ),
        ((None, None), {"kind": MatterKind.DISPUTE}, "The two sides hold different versions", "it"),
        (
            (Role.AGENT, None),
            {"day": date(2026, 3, 20)},
            "Daniel Price proposes Friday 20 March 2026 as another day",
            "it",
        ),
        (DANIEL_SIDE, {"correction": NewWords("fifty")}, "Daniel Price proposes other words", "fifty"),
        (DANIEL_SIDE, {"correction": NewWords("")}, "Daniel Price proposes other words", "(nothing was said)"),
        (
            DANIEL_SIDE,
            {"correction": NewSpeaker(Party.OTHER)},
            "Daniel Price proposes that another voice said this",
            "it",
        ),
        (MARIA_SIDE, {"correction": NewSpeaker(Party.AGENT)}, "You proposed that the agent said this", "it"),
    ],
)
def test_a_line_says_who_said_what_kind_of_thing_and_in_which_words(by, changed, says_: str, text: str) -> None:
    role, name = by
    matter = replace(Matter(MatterKind.PROPOSAL, "entry-3", "it", role, name, None, NOW), **changed)
    row = waiting_row(OpenMatter("c" * 16, GIST, matter), you=Role.CUSTOMER)
    assert row.says.startswith(says_)
    assert row.text == text
    assert row.call == "In the call of Tuesday 10 March 2026: A washing machine that leaks."


@pytest.mark.parametrize(("name", "shown"), [("Maria Lopez", "Maria Lopez"), ("عبد الرحمن", "\u2068عبد الرحمن\u2069")])
def test_a_name_from_right_to_left_does_not_turn_its_sentence_around(name: str, shown: str) -> None:
    gist = replace(GIST, customer=name)
    matter = Matter(MatterKind.PROMISE, "p1", "call back", Role.CUSTOMER, name, Role.AGENT, NOW)
    row = promise_row(OpenMatter("c" * 16, gist, matter), you=Role.AGENT, now=NOW)
    assert row.who == f"{shown} promised you on Tuesday 10 March 2026"


@pytest.mark.parametrize(
    ("by", "to", "who"),
    [
        (Role.AGENT, Role.CUSTOMER, "Daniel Price promised Maria Lopez"),
        (Role.CUSTOMER, Role.AGENT, "Maria Lopez promised Daniel Price"),
        (None, None, "It was not heard who promised it"),
    ],
)
def test_who_is_neither_side_reads_both_names(by: Role | None, to: Role | None, who: str) -> None:
    matter = Matter(MatterKind.PROMISE, "p1", "call back", by, None, to, NOW)
    assert promise_row(OpenMatter("c" * 16, GIST, matter), you=None, now=NOW).who.startswith(who)


def test_a_time_of_day_stands_in_the_zone_of_the_call() -> None:
    at_five = Due("at five", date(2026, 3, 13), datetime(2026, 3, 13, 16, 0, tzinfo=UTC))
    matter = Matter(MatterKind.PROMISE, "p1", "call back", Role.AGENT, None, Role.CUSTOMER, NOW, at_five)
    row = promise_row(OpenMatter("c" * 16, replace(GIST, zone="Europe/Berlin"), matter), you=None, now=NOW)
    assert row.by_when == "By Friday 13 March 2026, 17:00 CET"


# Long lists


def test_a_list_has_fifty_lines_a_page_and_leads_to_the_next_and_back(site: Site) -> None:
    promises = [promise(f"p{number}", Due("then", date(2026, 4, 1) + timedelta(number))) for number in range(120)]
    call_between(site, record=promising(*promises))
    maria = customer_of(site)
    seen: list[str] = []
    address = "/"
    for shown in ("1 to 50 of 120", "51 to 100 of 120", "101 to 120 of 120"):
        section = home_of(site, maria, address).section("Promised to you")
        seen += [link.attributes["href"].partition("#")[2] for link in section.one("ul").all("a")]
        pager = section.one("nav")
        assert shown in pager.text
        address = "/" + pager.all("a")[-1].attributes["href"].partition("#")[0]
    assert seen == [f"p{number}" for number in range(120)]
    assert [link.text for link in pager.all("a")] == ["Back"]


@pytest.mark.parametrize("asked", ["0", "-1", "x", "99999999999999999999", "٣", ""])
def test_what_is_no_page_of_a_list_is_refused_in_words(site: Site, asked: str) -> None:
    call_between(site)
    site.sign_in(customer_of(site))
    response = site.client.get("/", params={"calls": asked}, headers=AS_BROWSER)
    assert response.status_code == 422
    assert "Pages are counted from 1." in response.text


# Gists: drawn from the log, never another truth


def test_what_was_erased_is_not_in_the_lists_either(site: Site) -> None:
    call_id = call_between(site)
    assert "washing machine" in home_of(site, customer_of(site)).text
    site.store.log.erase(call_id)
    page = home_of(site, customer_of(site))
    assert "washing machine" not in page.text
    assert headings(page) == ["All your calls", "What you asked for"]
    assert "There is nothing of this record to show" in page.text


def test_a_list_is_right_whoever_wrote_into_the_log_and_when(site: Site) -> None:
    """The gist is not told of anything: it finds out from the log."""
    call_id = call_between(site)
    whose = Whose(customer_of(site).id, Role.CUSTOMER)
    for number in range(3):
        site.store.matters.catch_up(whose, now=NOW)
        assert site.store.matters.waiting_for(whose, now=NOW).total == number
        says(site, call_id, Role.AGENT, Annotation(Act.ASK, OnPromise("p1"), f"Question {number}?"))


def test_a_home_says_the_same_to_programs(site: Site) -> None:
    call_id = call_between(site)
    says(site, call_id, Role.AGENT, Annotation(Act.ASK, OnPromise("p1"), "Morning or afternoon?"))
    page = home_of(site, customer_of(site))
    response = site.client.get("/", headers={"accept": "application/json"})
    data = TypeAdapter(HomePage).validate_json(response.content)
    assert response.headers["cache-control"] == "private, no-store"
    assert data.customer is not None
    assert data.customer.in_short == in_short(page)
    (waiting,), (promised,), (call,) = data.customer.waiting.rows, data.customer.promised.rows, data.customer.calls.rows
    for row, heading in ((waiting, "Waiting for your answer"), (promised, "Promised to you"), (call, "All your calls")):
        assert links(page.section(heading)) == [row.href]
    assert f"{waiting.says} “{waiting.text}” {waiting.call}" in page.text
    assert f"{promised.by_when} {promised.who}" in page.text
    assert " · ".join((call.other or "", call.length or "", *call.standing)) in page.text
