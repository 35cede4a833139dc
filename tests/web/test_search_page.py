"""Looking for words in one's own calls, by page and by API: each finds what the record's own page would show them."""

from __future__ import annotations

import pytest

from tests.web.conftest import AS_BROWSER, Site
from tests.web.reading import Element, read
from tests.web.records import record_of, said, short_call
from worker.core.call import Party
from worker.core.dialogue.values import Looked
from worker.core.log.entry import Role
from worker.record.people import Person
from worker.record.search import MAY_LOOK
from worker.web.access import RIGHTS, Right

ROLES = ("agent", "customer", "next agent", "reviewer", "operator", "stranger")


def call_with(site: Site, text: str, sha256: str) -> str:
    record = record_of((said("t1", Party.AGENT, text, 3.0, 9.0),), duration_s=12.0, sha256=sha256)
    return site.publish(record)


def looked(site: Site, person: Person, words: str, *, page: int = 1, only_call: str | None = None) -> Element:
    site.sign_in(person, only_call=only_call)
    response = site.client.get("/search", params={"words": words, "page": page}, headers=AS_BROWSER)
    assert response.status_code == 200, response.text
    return read(response.text)


def hits(page: Element) -> list[str]:
    return [one.attributes["href"] for found in page.all("ul", class_="found") for one in found.all("a")]


@pytest.fixture
def call_id(site: Site) -> str:
    return site.publish(short_call())


def test_those_who_look_for_words_are_those_who_may_read_and_were_let_in(site: Site) -> None:
    readers = {role for role, rights in RIGHTS.items() if Right.READ in rights}
    assert set(MAY_LOOK) == readers - {Role.DESK}, "the desk reads what a request is about, and is let in to no call"


@pytest.mark.parametrize("role", ROLES)
def test_who_may_read_a_call_finds_its_words_and_nobody_else_does(
    site: Site, role: str, call_id: str, persons: dict[str, Person]
) -> None:
    other = call_with(site, "The washing machine of somebody else.", "2b" * 32)
    for side in (Role.AGENT, Role.CUSTOMER):
        site.store.people.side(other, side)
    page = looked(site, persons[role], "washing machine")
    as_data = site.client.get("/api/v1/search", params={"words": "washing machine"}).json()
    may = role in ("agent", "customer", "next agent", "reviewer")
    assert {one.split("?")[0] for one in hits(page)} == ({f"/calls/{call_id}"} if may else set())
    assert [one["id"] for one in as_data["calls"]] == ([call_id] if may else [])
    assert as_data["total"] == int(may)
    assert other not in str(as_data)


def test_a_hit_shows_its_words_and_opens_the_record_at_their_second(site: Site, persons: dict[str, Person]) -> None:
    page = looked(site, persons["customer"], "leak")
    assert "“leak” was found in 1 call." in page.text
    (found,) = page.all("ul", class_="found")
    shown = {one.text.split()[2]: one for one in found.all("li")}
    assert {one.text for one in found.all("mark")} == {"leaks."}
    address = found.all("a")[0].attributes["href"]
    assert "?from=" in address
    assert shown
    site.sign_in(persons["customer"])
    assert site.client.get(address, headers=AS_BROWSER).status_code == 200


def test_long_turns_are_cut_around_what_was_found(site: Site) -> None:
    text = " ".join([f"before{number}" for number in range(30)] + ["kettle"] + [f"after{n}" for n in range(30)])
    call_id = call_with(site, text, "3c" * 32)
    page = looked(site, site.store.people.side(call_id, Role.CUSTOMER), "kettle")
    (found,) = page.all("ul", class_="found")
    assert "… before20" in found.text
    assert "after9 …" in found.text
    assert "before19" not in found.text
    assert "after10" not in found.text


def test_words_that_were_not_said_are_told_so_and_what_is_no_question_too(
    site: Site, persons: dict[str, Person]
) -> None:
    page = looked(site, persons["agent"], "unicorn")
    assert "“unicorn” was not found in any call that is open to you." in page.text
    assert not hits(page)
    too_long = site.client.get("/search", params={"words": "x" * 201}, headers=AS_BROWSER)
    assert too_long.status_code == 422
    assert "too long" in too_long.text
    too_many = site.client.get("/api/v1/search", params={"words": "a b c d e f g h i"})
    assert too_many.status_code == 422
    empty = looked(site, persons["agent"], "")
    assert not empty.all("p", class_="in-short")


def test_what_was_looked_for_is_shown_as_text(site: Site, persons: dict[str, Person]) -> None:
    site.sign_in(persons["agent"])
    response = site.client.get("/search", params={"words": '"><script>alert(1)</script>'}, headers=AS_BROWSER)
    assert "<script>alert" not in response.text


def test_the_two_sides_leave_no_look_and_everybody_else_does(
    site: Site, call_id: str, persons: dict[str, Person]
) -> None:
    def looks() -> int:
        return sum(isinstance(one.content, Looked) for one in site.store.log.items(call_id))

    for role, number in (("agent", 0), ("customer", 0), ("operator", 0), ("reviewer", 1), ("next agent", 2)):
        looked(site, persons[role], "leaks")
        assert looks() == number, role
    site.client.head("/search", params={"words": "leaks"})
    assert looks() == 2


def test_whoever_was_let_in_to_one_call_finds_nothing_in_others(
    site: Site, call_id: str, persons: dict[str, Person]
) -> None:
    other = call_with(site, "It leaks here as well.", "4d" * 32)
    site.store.people.give_role(other, persons["customer"].id, Role.CUSTOMER)
    page = looked(site, persons["customer"], "leaks", only_call=call_id)
    assert {one.split("?")[0] for one in hits(page)} == {f"/calls/{call_id}"}


def test_pages_of_what_was_found_lead_to_each_other(site: Site) -> None:
    customer = site.store.people.customer("maria@example.com")
    for number in range(12):
        call_id = call_with(site, "A kettle.", f"{number:064x}")
        site.store.people.give_role(call_id, customer.id, Role.CUSTOMER)
    first = looked(site, customer, "kettle")
    assert len(hits(first)) == 10
    (pager,) = first.all("nav", class_="pager")
    (more,) = pager.all("a")
    assert more.attributes["href"] == "/search?words=kettle&page=2"
    assert len(hits(looked(site, customer, "kettle", page=2))) == 2
    assert site.client.get("/search", params={"words": "kettle", "page": "0"}, headers=AS_BROWSER).status_code == 422


def test_both_homes_have_the_field(site: Site, persons: dict[str, Person]) -> None:
    for role in ("agent", "customer"):
        site.sign_in(persons[role])
        home = read(site.client.get("/", headers=AS_BROWSER).text)
        assert [one.attributes["action"] for one in home.all("form", role="search")] == ["/search"]
