"""Asking for what is owed: from one's own page at once, from the page for everybody with a code; where it stands."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from tests.web.calls_of_people import MARIA, agent_of, call_between, customer_of
from tests.web.conftest import AS_BROWSER, Site
from tests.web.reading import Element, read
from worker.core.dialogue.values import Annotation
from worker.core.log.entry import Actor, Role
from worker.core.packages import Protection
from worker.core.requests.clock import Calendar
from worker.core.requests.values import Block, By, CameBy, RequestKind, RequestState
from worker.record.requests.values import Request
from worker.web.pages.requests.package import PackagePart
from worker.web.pages.requests.status import StatusPage, status_page

STRANGER = "paul@example.com"


def page(client: TestClient, address: str) -> Element:
    response = client.get(address, headers=AS_BROWSER)
    assert response.status_code == 200, response.text
    return read(response.text)


def maria_asks(site: Site, call_id: str, what: RequestKind = RequestKind.TRANSCRIPT, **fields: str) -> str:
    """What Maria asks on her own page; the address of where it stands."""
    site.sign_in(customer_of(site))
    sent = {"what": what, "call": call_id, **fields}
    response = site.client.post("/requests/new", data=sent, headers=AS_BROWSER, follow_redirects=False)
    assert response.status_code == 303, response.text
    return response.headers["location"]


def asked(site: Site, address: str) -> Request:
    return site.store.requests.get(address.rpartition("/")[2], now=site.now)


# From one's own page


def test_one_button_of_the_record_asks_for_its_transcript(site: Site) -> None:
    call_id = call_between(site)
    site.sign_in(customer_of(site))
    form = page(site.client, f"/calls/{call_id}").section("Yours to ask for").one("form")
    sent = {one.attributes["name"]: one.attributes.get("value", "") for one in form.all("input")}
    response = site.client.post(form.attributes["action"], data=sent, headers=AS_BROWSER, follow_redirects=False)
    request = asked(site, response.headers["location"])
    assert (request.kind, request.came_by, request.calls) == (RequestKind.TRANSCRIPT, CameBy.HOME, (call_id,))
    assert request.clock.proved_at is not None, "she is signed in"
    assert request.blocks == (Block.PACKAGE,), "nobody has to decide: it is being put together"


def test_the_day_by_which_it_is_answered_is_written_out_from_the_start(site: Site) -> None:
    call_id = call_between(site)
    site.sign_in(customer_of(site))
    form = page(site.client, f"/requests/new?what=access&call={call_id}")
    assert "It is answered by Monday 13 April 2026 at the latest." in form.text, "12 April is a Sunday"
    address = maria_asks(site, call_id, RequestKind.ACCESS)
    assert "It is answered by Monday 13 April 2026 at the latest." in page(site.client, address).text


def test_what_can_be_asked_for_is_said_without_words_of_the_trade(site: Site) -> None:
    call_between(site)
    site.sign_in(customer_of(site))
    choices = page(site.client, "/requests/new")
    assert [one.text for one in choices.all("h2")] == [
        "The transcript of a call",
        "The recording of a call",
        "Everything that is held about you",
        "A correction",
        "That a record is not used for now",
        "Erasure",
        "Your data for another service",
    ]
    for word in ("GDPR", "data subject", "controller", "portability", "SLA", "ticket", "Art."):
        assert word not in choices.text


def test_the_home_lists_what_was_asked_for_and_where_it_stands(site: Site) -> None:
    call_id = call_between(site)
    address = maria_asks(site, call_id)
    line = page(site.client, "/").one(id="requests").one("li")
    assert line.one("a").attributes["href"] == address
    assert "The transcript of your call of Tuesday 10 March 2026" in line.text
    assert "It is being put together." in line.text
    assert "by Monday 13 April 2026" in line.text


def test_a_package_that_can_be_taken_is_said_to_be_ready_before_the_request_is_answered(site: Site) -> None:
    request = asked(site, maria_asks(site, call_between(site)))
    there = PackagePart(None, None, "/package", None, None, None, None, "", None, False, False, None, None, None)

    def shown(package: PackagePart) -> StatusPage:
        return status_page(request, (), {}, package=package, possible=(), erased=(), calendar=Calendar())

    assert (shown(there).stands, shown(there).due, shown(there).is_moving) == ("It is ready.", None, True)
    assert shown(replace(there, percent=50, href=None)).stands == "It is being put together."
    request = replace(request, state=RequestState.ANSWERED, blocks=(), package="package")
    assert shown(there).stands == "It is ready."
    assert shown(replace(there, href=None, ended="It was destroyed.")).stands == "Answered."


def test_a_correction_needs_words_and_comes_back_with_what_was_chosen(site: Site) -> None:
    call_id = call_between(site)
    site.sign_in(customer_of(site))
    sent = {"what": "correction", "call": call_id, "text": " "}
    response = site.client.post("/requests/new", data=sent, headers=AS_BROWSER)
    assert response.status_code == 422
    form = read(response.text)
    assert "Write what is wrong, and how it was." in form.one(role="alert").text
    assert form.one("option", value=call_id).attributes.keys() >= {"selected"}


def test_a_correction_stands_in_the_record_at_once_for_both_sides(site: Site) -> None:
    call_id = call_between(site)
    maria_asks(site, call_id, RequestKind.CORRECTION, text="The repair was said to be free for two years.")
    site.sign_in(agent_of(site))
    assert "The repair was said to be free for two years." in page(site.client, f"/calls/{call_id}").text


def test_a_card_that_somebody_writes_into_a_request_is_kept_nowhere(site: Site) -> None:
    call_id = call_between(site)
    wrong = "My card 4111 1111 1111 1111, CVV 321, was not charged."
    address = maria_asks(site, call_id, RequestKind.CORRECTION, text=wrong)
    kept = "My card [card_number:1111], CVV [card_code], was not charged."
    assert asked(site, address).details.text == kept
    said = [one.content.text for one in site.store.log.items(call_id) if isinstance(one.content, Annotation)]
    assert said == [kept]


def test_what_was_asked_twice_is_one_request(site: Site) -> None:
    call_id = call_between(site)
    assert maria_asks(site, call_id) == maria_asks(site, call_id)


def test_somebody_else_s_call_cannot_be_asked_about(site: Site) -> None:
    call_between(site)
    other = call_between(site, 1, customer="+4930999999")
    site.sign_in(customer_of(site))
    response = site.client.post("/requests/new", data={"what": "transcript", "call": other}, headers=AS_BROWSER)
    assert response.status_code == 422
    assert site.store.requests.of_call(other, now=site.now) == ()


def test_whoever_is_let_in_to_one_call_asks_about_that_alone(site: Site) -> None:
    call_id, other = call_between(site), call_between(site, 1)
    site.sign_in(customer_of(site), only_call=call_id)
    refused = site.client.post("/requests/new", data={"what": "erasure", "call": other}, headers=AS_BROWSER)
    assert refused.status_code == 422
    address = site.client.post("/requests/new", data={"what": "erasure"}, follow_redirects=False).headers["location"]
    assert asked(site, address).calls == (call_id,), "and never about all of hers"
    assert site.client.get(address, headers=AS_BROWSER).status_code == 200
    dora = site.store.people.add("dora@brightwater.example", name="Dora Winter", is_desk=True)
    by = By(Actor(Role.DESK, dora.id), dora.name)
    site.store.requests.found_calls(asked(site, address).id, [call_id, other], by=by, now=site.now)
    assert site.client.get(address, headers=AS_BROWSER).status_code == 404, "the desk found that more are meant"


def test_a_request_is_its_asker_s_alone(site: Site) -> None:
    call_id = call_between(site)
    address = maria_asks(site, call_id)
    site.sign_in(agent_of(site))
    foreign, absent = (site.client.get(one, headers=AS_BROWSER) for one in (address, "/requests/0123456789abcdef"))
    assert (foreign.status_code, absent.status_code) == (404, 404)
    assert foreign.text == absent.text


def test_it_can_be_taken_back(site: Site) -> None:
    address = maria_asks(site, call_between(site), RequestKind.ERASURE)
    site.client.post(f"{address}/withdraw")
    assert asked(site, address).state is RequestState.WITHDRAWN
    assert page(site.client, address).one(id="now").text.startswith("Taken back.")


def test_the_page_asks_by_itself_only_while_something_moves(site: Site) -> None:
    call_id = call_between(site)
    moving = page(site.client, maria_asks(site, call_id)).one(id="now")
    assert moving.attributes["hx-get"].endswith("/now")
    assert moving.one("progress").attributes["value"] == "0"
    still = page(site.client, maria_asks(site, call_id, RequestKind.ERASURE)).one(id="now")
    assert "hx-get" not in still.attributes


# How it comes


def comes_by(site: Site, address: str) -> Protection:
    package = site.store.packages.of_request(address.rpartition("/")[2])
    assert package is not None
    return package.protection


def is_made(site: Site, address: str) -> Element:
    """The page of a request whose package has just been made."""
    job = site.store.packages.jobs.take(lease_s=60)
    assert job is not None
    with site.parts.package_files.writing(job.id) as writer:
        writer.write(b"PK of a package")
        assert site.store.packages.jobs.ready(job, writer.end(), kept_for=timedelta(days=30))
    site.store.requests.advance(address.rpartition("/")[2], now=site.now)
    return page(site.client, address)


def test_who_asks_for_something_to_keep_chooses_how_it_comes_and_is_told_what_each_is_good_for(site: Site) -> None:
    call_id = call_between(site)
    site.sign_in(customer_of(site))
    form = page(site.client, f"/requests/new?what=transcript&call={call_id}")
    ways = form.all("input", name="comes")
    assert [one.attributes["value"] for one in ways] == ["none", "code", "link"]
    assert [one.attributes["value"] for one in ways if "checked" in one.attributes] == ["none"]
    assert form.text.count("Good for ") == 3
    assert not page(site.client, f"/requests/new?what=erasure&call={call_id}").all("input", name="comes")
    assert comes_by(site, maria_asks(site, call_id, comes="code")) is Protection.CODE
    assert comes_by(site, maria_asks(site, call_id, RequestKind.SOUND, comes="link")) is Protection.LINK
    sent = {"what": "portability", "call": call_id, "comes": "pigeon"}
    refused = site.client.post("/requests/new", data=sent, headers=AS_BROWSER)
    assert (refused.status_code, "how it is to come" in refused.text) == (422, True)


def test_a_code_is_shown_once_and_then_the_page_says_that_it_is_gone(site: Site) -> None:
    address = maria_asks(site, call_between(site), comes="code")
    ready = is_made(site, address)
    assert "The file is locked." in ready.text
    shown = site.client.post(f"{address}/code", headers=AS_BROWSER)
    assert re.search(r"\w{4}(-\w{4}){4}", read(shown.text).one(id="code").text)
    assert site.client.post(f"{address}/code", headers=AS_BROWSER).status_code == 404
    after = page(site.client, address)
    assert "Its code was shown or sent. If it is lost, ask again for a new one." in after.text
    assert not after.all("form", action=f"{address}/code")


def test_a_code_goes_to_another_address_than_the_letters_and_is_then_not_shown(site: Site) -> None:
    address = maria_asks(site, call_between(site), comes="link")
    ready = is_made(site, address)
    (package,) = site.store.packages.of_person(customer_of(site).id)
    assert f"/packages/{package.id}" in ready.text
    same = site.client.post(f"{address}/code", data={"address": MARIA}, headers=AS_BROWSER)
    assert (same.status_code, "go to that address" in same.text) == (422, True)
    none = site.client.post(f"{address}/code", data={"address": "no address"}, headers=AS_BROWSER)
    assert none.status_code == 422
    sent = site.client.post(f"{address}/code", data={"address": "Lawyer@example.com"}, headers=AS_BROWSER)
    assert "on its way to lawyer@example.com" in read(sent.text).text
    (letter,) = [one for one in site.store.people.outbox.letters() if one.address == "lawyer@example.com"]
    code = letter.text.split()[0]
    assert code not in sent.text
    assert site.client.post(f"{address}/code", headers=AS_BROWSER).status_code == 404
    site.sign_out()
    taken = site.client.post(f"/packages/{package.id}", data={"code": code}, headers=AS_BROWSER)
    assert (taken.status_code, taken.content) == (200, b"PK of a package")


def test_of_what_is_there_already_another_form_is_asked_for_anew(site: Site) -> None:
    address = maria_asks(site, call_between(site))
    (anew,) = [one.attributes["href"] for one in is_made(site, address).all("a") if "another way" in one.text]
    form = page(site.client, anew).one("form", class_="stack")
    sent = {one.attributes["name"]: one.attributes.get("value", "") for one in form.all("input", type="hidden")}
    (call,) = [one.attributes["value"] for one in form.all("option") if "selected" in one.attributes]
    response = site.client.post("/requests/new", data={**sent, "call": call, "comes": "code"}, follow_redirects=False)
    other = response.headers["location"]
    assert other != address
    assert (comes_by(site, address), comes_by(site, other)) == (Protection.NONE, Protection.CODE)


def test_as_long_as_nothing_is_put_together_who_asks_again_can_choose_otherwise(site: Site) -> None:
    call_id = call_between(site)
    address = maria_asks(site, call_id, RequestKind.ACCESS, comes="code")
    assert maria_asks(site, call_id, RequestKind.ACCESS) == address
    assert asked(site, address).details.protection is Protection.CODE, "asked again without a word about it"
    assert maria_asks(site, call_id, RequestKind.ACCESS, comes="link") == address
    assert asked(site, address).details.protection is Protection.LINK


# From the page for everybody


@pytest.fixture
def letters(site: Site) -> list[tuple[str, str]]:
    """What would have been sent, by address and text."""

    class All(list[tuple[str, str]]):
        def __iter__(self):
            return iter([(one.address, one.text) for one in site.store.people.outbox.letters()])

        def __len__(self) -> int:
            return len(site.store.people.outbox.letters())

    return All()


def ask_as_stranger(site: Site, address: str = STRANGER, what: str = "transcript", about_when: str = "on Tuesday"):
    site.sign_out()
    sent = {"what": what, "address": address, "about_when": about_when}
    return site.client.post("/requests/new", data=sent, headers=AS_BROWSER, follow_redirects=False)


def code_in(letters: list[tuple[str, str]], address: str) -> str:
    text = next(text for to, text in letters if to == address)
    found = re.match(r"\d{6}", text)
    assert found is not None, text
    return found[0]


def prove(site: Site, response, code: str):
    request = response.headers["location"].partition("=")[2]
    sent = {"request": request, "code": code}
    return site.client.post("/requests/code", data=sent, headers=AS_BROWSER, follow_redirects=False)


def test_a_stranger_asks_with_a_code_and_then_sees_where_it_stands(site: Site, letters) -> None:
    response = ask_as_stranger(site)
    assert response.status_code == 303
    assert "A code is on its way" in page(site.client, response.headers["location"]).text
    arrived = prove(site, response, code_in(letters, STRANGER))
    request = asked(site, arrived.headers["location"])
    assert request.clock.proved_at == site.now, "the month begins when it is shown who asks"
    status = page(site.client, arrived.headers["location"])
    assert "The call that you mean is being looked for." in status.text
    assert "by Monday 13 April 2026 at the latest" in status.text


def test_whether_an_address_is_known_cannot_be_found_out(site: Site) -> None:
    call_between(site)
    known, unknown = ask_as_stranger(site, MARIA), ask_as_stranger(site, STRANGER)
    assert known.status_code == unknown.status_code == 303
    pages = [site.client.get(one.headers["location"], headers=AS_BROWSER).text for one in (known, unknown)]
    ids = [one.headers["location"].partition("=")[2] for one in (known, unknown)]
    assert pages[0].replace(ids[0], "") == pages[1].replace(ids[1], "")
    wrong = [prove(site, one, "000000") for one in (known, unknown)]
    absent = site.client.post("/requests/code", data={"request": "0123456789abcdef", "code": "000000"})
    assert [one.status_code for one in (*wrong, absent)] == [403, 403, 403]


def test_the_customer_of_a_call_who_has_lost_the_link_gets_its_transcript_by_the_code(site: Site, letters) -> None:
    call_id = call_between(site)
    arrived = prove(site, ask_as_stranger(site, MARIA), code_in_after(site, letters))
    request = asked(site, arrived.headers["location"])
    assert request.calls == (call_id,), "the only call of this address"
    assert request.blocks == (Block.PACKAGE,)
    assert page(site.client, f"/calls/{call_id}").one("h1"), "and she is signed in"


def code_in_after(site: Site, letters) -> str:
    ask_as_stranger(site, MARIA)
    return code_in(letters, MARIA)


def test_a_stranger_can_have_it_by_a_link_with_a_code_that_goes_another_way(site: Site, letters) -> None:
    call_between(site)
    site.sign_out()
    assert page(site.client, "/requests/new?what=transcript").all("input", name="comes")
    sent = {"what": "transcript", "address": MARIA, "about_when": "on Tuesday", "comes": "link"}
    response = site.client.post("/requests/new", data=sent, headers=AS_BROWSER, follow_redirects=False)
    arrived = prove(site, response, code_in(letters, MARIA))
    assert comes_by(site, arrived.headers["location"]) is Protection.LINK


def test_who_had_several_calls_says_which_is_meant(site: Site, letters) -> None:
    first, second = call_between(site), call_between(site, 1)
    arrived = prove(site, ask_as_stranger(site, MARIA), code_in(letters, MARIA))
    address = arrived.headers["location"]
    status = page(site.client, address)
    choices = status.all("input", type="radio")
    assert {one.attributes["value"] for one in choices} == {first, second}
    csrf = status.all("input", name="csrf")[0].attributes["value"]
    site.client.post(f"{address}/calls", data={"call": second, "csrf": csrf})
    assert asked(site, address).calls == (second,)


def test_what_is_sent_and_asked_by_strangers_has_limits(site: Site) -> None:
    for _ in range(5):
        assert ask_as_stranger(site).status_code == 303
    assert ask_as_stranger(site).status_code == 429, "an address is sent five codes an hour"
    answers = {ask_as_stranger(site, f"paul{number}@example.com").status_code for number in range(60)}
    assert answers == {303, 429}, "and one network asks so much and no more"


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"address": "no address"}, "An address is an e-mail address"),
        ({"address": STRANGER}, "Say when the call was"),
        ({"address": STRANGER, "about_when": "x" * 301}, "This is too long"),
    ],
)
def test_what_does_not_fit_comes_back_as_it_was_written(site: Site, sent: dict[str, str], said: str) -> None:
    response = site.client.post("/requests/new", data={"what": "sound", **sent}, headers=AS_BROWSER)
    assert response.status_code == 422
    form = read(response.text)
    assert said in form.one(role="alert").text
    assert form.one("input", name="address").attributes["value"] == sent["address"]


def test_where_no_code_can_be_sent_nothing_is_taken_in(site: Site) -> None:
    parts = replace(site.parts, is_for_others=True)
    with site.client_of(parts) as client:
        sent = {"what": "access", "address": STRANGER}
        response = client.post("/requests/new", data=sent, headers=AS_BROWSER)
    assert response.status_code == 422
    assert "No code can be sent" in response.text
    assert site.store.requests.desk(now=site.now).total == 0


def test_a_request_by_a_machine_says_nothing_of_who_asked(site: Site) -> None:
    """What a stranger typed is not in the records of those calls before it is shown who it was."""
    call_id = call_between(site)
    ask_as_stranger(site, MARIA)
    kinds = [one.kind for one in site.store.log.items(call_id, with_record=False)]
    assert "requested" not in kinds
