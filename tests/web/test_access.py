"""Who gets at what: sessions and their ends, calls of others, requests from elsewhere, and looks that are noted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

import worker.web.routes.live as live
from tests.web.conftest import AS_BROWSER, BASE_URL, Site
from tests.web.reading import read
from tests.web.records import short_call
from worker.core.call import Party
from worker.core.dialogue.values import Looked, Way
from worker.core.log.entry import EntryKind, Role
from worker.core.summary import Ending, EndState
from worker.web.access import RIGHTS, Right, local_path, rights_of

ONE, OTHER = "1a" * 32, "2b" * 32
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
ABSENT = "0123456789abcdef"
SUFFIXES = ("", ".json", "/sound")


@pytest.fixture
def call_id(site: Site) -> str:
    return site.publish(short_call(), sound=b"sound")


@pytest.fixture
def other_call(site: Site, with_hash) -> str:
    return site.publish(with_hash(short_call(), OTHER), sound=b"other")


def looks(site: Site, call_id: str) -> list[tuple[Role, Way]]:
    return [
        (item.actor.role, item.content.way)
        for item in site.store.log.items(call_id)
        if isinstance(item.content, Looked)
    ]


# What is whose


def test_the_rights_are_those_of_the_design() -> None:
    """DESIGN.md, section 7, row by row; both sides of a call hold the same powers over its record."""
    agent, customer = RIGHTS[Role.AGENT], RIGHTS[Role.CUSTOMER]
    assert agent - customer == {Right.VOUCH}, "which opens nothing to the agent"
    assert customer == {Right.READ, Right.TAKE, Right.SAY, Right.DECIDE_PROMISE, Right.SEE_LOOKS, Right.REQUEST}
    assert RIGHTS[Role.NEXT_AGENT] == {Right.READ, Right.TAKE}
    assert RIGHTS[Role.REVIEWER] == {Right.READ, Right.TAKE, Right.SAY, Right.SEE_LOOKS}
    assert RIGHTS[Role.DESK] == {Right.READ, Right.SEE_LOOKS}
    assert RIGHTS[Role.OPERATOR] == {Right.COUNT_LOOKS, Right.RETRY}
    assert set(RIGHTS) == set(Role)


def test_while_a_record_is_restricted_its_customer_keeps_every_right_and_nobody_else_takes_it() -> None:
    """GDPR Art. 18: it is kept and not used; who looks into what is contested still reads it."""
    left = {role: rights_of(role, is_restricted=True) for role in Role}
    assert left[Role.CUSTOMER] == RIGHTS[Role.CUSTOMER]
    assert left[Role.AGENT] == {Right.READ, Right.SAY, Right.DECIDE_PROMISE, Right.SEE_LOOKS}
    assert left[Role.REVIEWER] == {Right.READ, Right.SAY, Right.SEE_LOOKS}
    assert left[Role.NEXT_AGENT] == frozenset()
    assert all(left[role] <= RIGHTS[role] for role in Role)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("party", [Party.AGENT, Party.CUSTOMER])
def test_a_call_opens_for_both_of_its_sides(site: Site, call_id: str, party: Party, suffix: str) -> None:
    assert site.client.get(site.link(call_id, party) + suffix).status_code == 200


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_somebody_else_s_call_and_one_that_is_not_there_are_answered_alike(
    site: Site, call_id: str, other_call: str, suffix: str
) -> None:
    site.link(call_id)
    for headers in (AS_BROWSER, {}):
        foreign = site.client.get(f"/calls/{other_call}{suffix}", headers=headers)
        absent = site.client.get(f"/calls/{ABSENT}{suffix}", headers=headers)
        assert (foreign.status_code, absent.status_code) == (404, 404)
        assert foreign.text == absent.text
        assert "onrecord" not in absent.text, "the operator's command means nothing to a party"


def test_the_beginning_of_an_id_opens_nothing(site: Site, call_id: str) -> None:
    site.link(call_id)
    for address in (call_id[:8], call_id.upper(), f"{call_id} ", ""):
        assert site.client.get(f"/calls/{address}").status_code == 404


def test_whoever_was_let_in_to_one_call_sees_no_other_of_their_own(site: Site, call_id: str, other_call: str) -> None:
    customer = site.store.people.side(call_id, Role.CUSTOMER)
    site.store.people.give_role(other_call, customer.id, Role.CUSTOMER)
    site.sign_in(customer)
    assert site.client.get(f"/calls/{other_call}").status_code == 200
    site.sign_in(customer, only_call=call_id)
    assert site.client.get(f"/calls/{call_id}").status_code == 200
    assert site.client.get(f"/calls/{other_call}").status_code == 404


def test_the_agent_of_the_next_call_reads_until_an_instant_and_while_something_is_open(
    site: Site, call_id: str
) -> None:
    people = site.store.people
    emma = people.add("emma@brightwater.example")
    people.give_role(call_id, emma.id, Role.NEXT_AGENT, until=site.now + HOUR)
    site.sign_in(emma)
    assert site.client.get(f"/calls/{call_id}").status_code == 200, "a promise of the call is open"
    assert site.client.get(f"/calls/{call_id}/vouch").status_code == 403
    site.now += HOUR
    assert site.client.get(f"/calls/{call_id}").status_code == 404


def test_the_agent_of_the_next_call_does_not_read_what_is_settled(site: Site, with_hash) -> None:
    record = with_hash(short_call(), OTHER)
    ending = Ending(EndState.RESOLVED, record.summary.statements[0].evidence)
    settled = site.publish(replace(record, summary=replace(record.summary, commitments=(), ending=ending)))
    people = site.store.people
    emma = people.add("emma@brightwater.example")
    people.give_role(settled, emma.id, Role.NEXT_AGENT, until=site.now + HOUR)
    site.sign_in(emma)
    assert site.client.get(f"/calls/{settled}").status_code == 404


def test_who_runs_the_service_sees_no_content(site: Site, call_id: str) -> None:
    site.sign_in(site.store.people.add("ops@brightwater.example", is_operator=True))
    for suffix in SUFFIXES:
        response = site.client.get(f"/calls/{call_id}{suffix}", headers=AS_BROWSER)
        assert response.status_code == 403
        assert "not what is in it" in response.text
        assert "washing" not in response.text
    assert looks(site, call_id) == []


def test_who_is_no_reviewer_any_more_reads_none_of_the_records_that_were_assigned(site: Site, call_id: str) -> None:
    people = site.store.people
    rosa = people.add("rosa@brightwater.example", is_reviewer=True)
    people.give_role(call_id, rosa.id, Role.REVIEWER)
    site.sign_in(rosa)
    assert site.client.get(f"/calls/{call_id}").status_code == 200
    people.add("rosa@brightwater.example", is_reviewer=False)
    assert site.client.get(f"/calls/{call_id}").status_code == 404
    assert site.client.get("/api/v1/calls").json()["calls"] == []


# Sessions


def test_no_cache_keeps_what_belongs_to_a_session(site: Site, call_id: str) -> None:
    address = site.link(call_id)
    for path in ("/", address, f"{address}.json", f"{address}/sound", f"{address}/", "/sign-in", "/nothing"):
        response = site.client.get(path, headers=AS_BROWSER, follow_redirects=False)
        assert response.headers["cache-control"] == "private, no-store", path
    for path in ("me", "calls", f"calls/{call_id}", f"calls/{call_id}/entries", f"calls/{call_id}/annotations"):
        assert site.client.get(f"/api/v1/{path}").headers["cache-control"] == "private, no-store", path


def test_what_a_page_asks_by_itself_does_not_keep_a_session_alive(
    site: Site, call_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that lies open on a telephone asks for its events every ten minutes."""
    monkeypatch.setattr(live, "LASTS_S", 0.1)
    address = site.link(call_id)
    for _ in range(3):
        site.now += 39 * MINUTE
        assert site.client.get(f"{address}/events").status_code == 200
    site.now += 4 * MINUTE
    assert site.client.get(f"{address}/events").status_code == 401
    assert site.client.get(address).status_code == 401


def test_nobody_gets_in_without_a_session(site: Site, call_id: str) -> None:
    site.sign_out()
    response = site.client.get(f"/calls/{call_id}?a=b&c=d", headers=AS_BROWSER, follow_redirects=False)
    assert response.status_code == 303
    assert response.headers["location"] == f"/sign-in?next=/calls/{call_id}%3Fa%3Db%26c%3Dd"
    problem = site.client.get(f"/calls/{call_id}.json")
    assert (problem.status_code, problem.headers["content-type"]) == (401, "application/problem+json")
    assert problem.json()["title"] == "Unauthorized"
    page = site.client.post(f"/calls/{call_id}/vouch", headers=AS_BROWSER)
    assert page.status_code == 401
    assert read(page.text).one("h1").text == "You are not signed in"
    assert site.client.get(f"/calls/{ABSENT}.json").json() == problem.json(), "nor learns which calls there are"


@pytest.mark.parametrize(
    "address",
    ["//evil.example", "/\\evil.example", "https://evil.example/", "evil", "/a\\b", "/a\nb", "javascript:1", "", None],
)
def test_a_sign_in_leads_nowhere_else(address: str | None) -> None:
    assert local_path(address) == "/"


def test_a_sign_in_leads_to_where_somebody_wanted_to_go() -> None:
    assert local_path("/calls/abc?part=2#t1") == "/calls/abc?part=2#t1"


def test_a_customer_s_session_ends_when_it_is_not_used_for_two_hours(site: Site, call_id: str) -> None:
    address = site.link(call_id)
    for _ in range(3):
        site.now += 2 * HOUR - MINUTE
        assert site.client.get(address).status_code == 200
    site.now += 2 * HOUR
    assert site.client.get(address).status_code == 401


def test_no_session_lasts_longer_than_twelve_hours(site: Site, call_id: str) -> None:
    for party in (Party.CUSTOMER, Party.AGENT):
        address = site.link(call_id, party)
        for _ in range(11):
            site.now += HOUR
            assert site.client.get(address).status_code == 200
        site.now += HOUR
        assert site.client.get(address).status_code == 401


def test_staff_may_leave_the_page_alone_for_a_working_day(site: Site, call_id: str) -> None:
    address = site.link(call_id, Party.AGENT)
    site.now += 11 * HOUR
    assert site.client.get(address).status_code == 200


def one_time_token(site: Site, call_id: str) -> str:
    person = site.store.people.side(call_id, Role.CUSTOMER)
    return site.store.people.sessions.one_time_token(person.id, only_call=call_id, lasts=HOUR, now=site.now)


def test_the_cookie_is_for_this_site_and_for_no_script(site: Site, call_id: str) -> None:
    response = site.client.post("/sign-in/once", data={"token": one_time_token(site, call_id)}, follow_redirects=False)
    (cookie,) = [one for one in response.headers.get_list("set-cookie") if "Max-Age=43200" in one]
    name, _, rest = cookie.partition("=")
    assert name == "onrecord"
    assert {"HttpOnly", "Path=/", "SameSite=lax"} <= set(rest.split("; "))
    assert "Secure" not in rest, "on this machine there is no https"


def test_over_https_the_cookie_is_for_https_and_this_host_alone(site: Site, call_id: str) -> None:
    parts = replace(site.parts, base_url="https://records.example")
    with site.client_of(parts) as client:
        token = one_time_token(site, call_id)
        response = client.post("/sign-in/once", data={"token": token}, follow_redirects=False)
        (cookie,) = [one for one in response.headers.get_list("set-cookie") if "Max-Age=43200" in one]
        assert cookie.startswith("__Host-onrecord=")
        assert {"Secure", "HttpOnly", "Path=/"} <= set(cookie.split("; "))
        assert "Domain" not in cookie
        assert client.get(response.headers["location"]).status_code == 200


def test_a_sign_in_begins_a_session_that_nobody_knew_before_and_ends_the_old_one(site: Site, call_id: str) -> None:
    """Whoever planted a session in somebody's browser would otherwise be signed in beside them."""
    address = site.link(call_id)
    planted = site.client.cookies["onrecord"]
    token = one_time_token(site, call_id)
    response = site.client.post("/sign-in/once", data={"token": token}, follow_redirects=False)
    begun = response.headers["set-cookie"].rpartition("onrecord=")[2].partition(";")[0]
    assert begun != planted
    site.client.cookies.clear()
    site.client.cookies.set("onrecord", planted)
    assert site.client.get(address).status_code == 401
    site.client.cookies.set("onrecord", begun)
    assert site.client.get(address).status_code == 200


def test_signing_out_ends_the_session_in_the_database_too(site: Site, call_id: str) -> None:
    address = site.link(call_id)
    token = site.client.cookies["onrecord"]
    response = site.client.post("/sign-out", follow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (303, "/sign-in")
    site.client.cookies.set("onrecord", token)
    assert site.client.get(address).status_code == 401


# Requests from elsewhere


@pytest.fixture
def bare(site: Site, call_id: str) -> TestClient:
    """The customer's browser, of which each test says where its request comes from."""
    site.link(call_id)
    del site.client.headers["sec-fetch-site"]
    site.client.headers["csrf-for-tests"] = site.client.headers.pop("X-CSRF-Token")
    return site.client


@pytest.mark.parametrize(
    ("headers", "is_token_sent", "is_taken"),
    [
        ({"sec-fetch-site": "same-origin"}, True, True),
        ({"sec-fetch-site": "none"}, True, True),
        ({"sec-fetch-site": "same-site"}, True, False),
        ({"sec-fetch-site": "cross-site"}, True, False),
        ({"sec-fetch-site": "cross-site", "origin": BASE_URL}, True, False),
        ({"sec-fetch-site": "same-origin"}, False, False),
        ({"origin": BASE_URL}, True, True),
        ({"origin": "null"}, True, True),  # what our own forms send, as we give no referrer away
        ({"origin": "null"}, False, False),
        ({"origin": "https://evil.example"}, True, False),
        ({}, True, True),
        ({}, False, False),
    ],
)
@pytest.mark.parametrize("by", ["field", "header", "part"])
def test_what_changes_something_comes_from_a_page_of_ours(
    bare: TestClient, headers: dict[str, str], is_token_sent: bool, is_taken: bool, by: str
) -> None:
    token = bare.headers["csrf-for-tests"] if is_token_sent else "another"
    if by == "header":
        response = bare.post("/sign-out", headers={**headers, "X-CSRF-Token": token}, follow_redirects=False)
    elif by == "field":
        response = bare.post("/sign-out", headers=headers, data={"csrf": token}, follow_redirects=False)
    else:
        response = bare.post(
            "/sign-out", headers=headers, files={"csrf": (None, token), "f": b"x"}, follow_redirects=False
        )
    assert response.status_code == (303 if is_taken else 403)


def test_the_token_of_another_session_is_not_taken(site: Site, call_id: str) -> None:
    site.link(call_id, Party.AGENT)
    of_another = site.client.headers["X-CSRF-Token"]
    site.link(call_id)
    response = site.client.post("/sign-out", headers={"X-CSRF-Token": of_another})
    assert response.status_code == 403


def test_nobody_is_signed_in_by_another_site(site: Site, call_id: str) -> None:
    """Else a stranger could make somebody write into a record of the stranger's."""
    token = one_time_token(site, call_id)
    refused = site.client.post("/sign-in/once", data={"token": token}, headers={"sec-fetch-site": "cross-site"})
    assert refused.status_code == 403
    assert site.client.post("/sign-in/once", data={"token": token}, follow_redirects=False).status_code == 303


@pytest.mark.parametrize(
    ("headers", "status"),
    [({"origin": "null"}, 403), ({"origin": "https://evil.example"}, 403), ({"origin": BASE_URL}, 303), ({}, 303)],
)
@pytest.mark.parametrize("cookie", [None, "made up"])
def test_nor_where_a_browser_does_not_say_from_which_site_it_asks(
    site: Site, call_id: str, headers: dict[str, str], status: int, cookie: str | None
) -> None:
    """Any page can make its own origin ``null``; those of ours do not, and so it is ours where it is told."""
    site.sign_out()
    del site.client.headers["sec-fetch-site"]
    if cookie:
        site.client.cookies.set("onrecord", cookie)
    token = one_time_token(site, call_id)
    response = site.client.post("/sign-in/once", data={"token": token}, headers=headers, follow_redirects=False)
    assert response.status_code == status
    assert response.headers["referrer-policy"] == "same-origin"


def test_a_session_that_is_over_is_asked_to_sign_in_and_not_told_off(site: Site, call_id: str) -> None:
    site.link(call_id, Party.AGENT)
    site.client.headers.pop("X-CSRF-Token")
    site.now += 13 * HOUR
    assert site.client.post(f"/calls/{call_id}/vouch").status_code == 401


# Looks


def test_each_look_is_an_entry_of_the_record(site: Site, call_id: str) -> None:
    for party in (Party.CUSTOMER, Party.AGENT):
        address = site.link(call_id, party)
        for suffix in SUFFIXES:
            site.client.get(address + suffix)
    assert looks(site, call_id) == [
        (role, way) for role in (Role.CUSTOMER, Role.AGENT) for way in (Way.PAGE, Way.DATA, Way.SOUND)
    ]
    last = [item for item in site.store.log.items(call_id) if item.kind is EntryKind.LOOKED][-1]
    assert last.actor.person == site.store.people.side(call_id, Role.AGENT).id


def test_a_hearing_is_one_look_however_many_parts_of_the_sound_it_asks_for(site: Site, call_id: str) -> None:
    address = f"{site.link(call_id)}/sound"
    for at in range(4):
        assert site.client.get(address, headers={"range": f"bytes={at}-{at}"}).status_code == 206
        site.now += 9 * MINUTE
    assert looks(site, call_id) == [(Role.CUSTOMER, Way.SOUND)], "27 minutes"
    site.client.get(address)
    assert len(looks(site, call_id)) == 2, "36 minutes"
    site.client.get(f"{site.link(call_id)}/sound")
    assert len(looks(site, call_id)) == 3, "another session"


def test_what_shows_nothing_is_no_look(site: Site, call_id: str, other_call: str) -> None:
    address = site.link(call_id)
    for suffix in SUFFIXES:
        site.client.head(address + suffix)
    site.client.get(f"/calls/{other_call}")
    site.sign_out()
    site.client.get(address)
    waiting = site.receive(ONE)
    site.client.get(site.link(waiting))
    assert looks(site, call_id) == looks(site, other_call) == looks(site, waiting) == []
