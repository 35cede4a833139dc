"""Every role, every route, one's own call and another's: DESIGN.md, section 7, against the application as it is.

A route that has no row here fails the test: whoever adds one says who gets in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

import worker.web.routes.live as live
from tests.web.conftest import BASE_URL, Site
from tests.web.records import short_call
from worker.core.log.entry import Actor, Role
from worker.core.requests.values import Asked, By, CameBy, RequestKind
from worker.record.people import Person

ROLES = ("agent", "customer", "next agent", "reviewer", "desk", "operator", "stranger", "nobody")

SIDES = {"agent", "customer"}
READERS = SIDES | {"next agent", "reviewer"}
WITH_DESK = READERS | {"desk"}  # there is a request about the call
SPEAKERS = SIDES | {"reviewer"}
AGENT = {"agent"}
DESK = {"desk"}
ASKER = {"customer"}  # of that request
OPERATOR = {"operator"}
SIGNED_IN = set(ROLES) - {"nobody"}
TAKES_CALLS = {"agent", "next agent", "stranger"}  # staff without another duty, the stranger here too
EVERYBODY = set(ROLES)
NOBODY: set[str] = set()

ON_A_CALL = {
    # read and hear the record
    "GET /calls/{call_id}": WITH_DESK,
    "HEAD /calls/{call_id}": WITH_DESK,
    "GET /calls/{call_id}.json": READERS,
    "HEAD /calls/{call_id}.json": READERS,
    "GET /calls/{call_id}/sound": WITH_DESK,
    "HEAD /calls/{call_id}/sound": WITH_DESK,
    "GET /calls/{call_id}/peaks.json": WITH_DESK,
    "HEAD /calls/{call_id}/peaks.json": WITH_DESK,
    "GET /calls/{call_id}/events": WITH_DESK,
    "GET /calls/{call_id}/files/{number}": WITH_DESK,
    "HEAD /calls/{call_id}/files/{number}": WITH_DESK,
    "GET /calls/{call_id}/files/{number}/read": WITH_DESK,
    "HEAD /calls/{call_id}/files/{number}/read": WITH_DESK,
    "GET /calls/{call_id}/compared/{number}": WITH_DESK,
    "HEAD /calls/{call_id}/compared/{number}": WITH_DESK,
    "GET /api/v1/calls/{call_id}": WITH_DESK,
    "GET /api/v1/calls/{call_id}/record": READERS,
    "GET /api/v1/calls/{call_id}/page": READERS,
    "GET /api/v1/calls/{call_id}/export": READERS,
    "GET /api/v1/calls/{call_id}/entries": READERS,
    "GET /api/v1/calls/{call_id}/annotations": READERS,
    "GET /api/v1/calls/{call_id}/proof": WITH_DESK,
    # agree, dispute, correct, add, ask
    "GET /calls/{call_id}/say": SPEAKERS,
    "HEAD /calls/{call_id}/say": SPEAKERS,
    "POST /calls/{call_id}/annotations": SPEAKERS,
    "POST /calls/{call_id}/added": SPEAKERS,
    "POST /api/v1/calls/{call_id}/annotations": SPEAKERS,
    # let the customer of one's own call in
    "GET /calls/{call_id}/vouch": AGENT,
    "HEAD /calls/{call_id}/vouch": AGENT,
    "POST /calls/{call_id}/vouch": AGENT,
}

ELSEWHERE = {
    # one's own things: what each shows of them is tested with each
    "GET /": SIGNED_IN,
    "HEAD /": SIGNED_IN,
    "GET /api/v1/me": SIGNED_IN,
    "GET /api/v1/calls": SIGNED_IN,
    "GET /search": SIGNED_IN,
    "HEAD /search": SIGNED_IN,
    "GET /api/v1/search": SIGNED_IN,
    "GET /next-call": TAKES_CALLS,
    "HEAD /next-call": TAKES_CALLS,
    "POST /next-call": TAKES_CALLS,
    "GET /next-call/{person_id}": TAKES_CALLS,
    "HEAD /next-call/{person_id}": TAKES_CALLS,
    "POST /next-call/{person_id}": TAKES_CALLS,
    # asking, and where it stands: what the customer here asked for, of which there is no package and no third person
    "GET /requests/new": EVERYBODY,
    "HEAD /requests/new": EVERYBODY,
    "POST /requests/new": EVERYBODY,  # who is not known is sent a code
    "GET /requests/code": EVERYBODY,
    "HEAD /requests/code": EVERYBODY,
    "POST /requests/code": NOBODY,  # without a code that is right
    "POST /requests/code/again": EVERYBODY,
    "GET /requests": DESK,
    "HEAD /requests": DESK,
    "GET /requests/entry": DESK,
    "HEAD /requests/entry": DESK,
    "POST /requests/entry": DESK,
    "GET /requests/{request_id}": ASKER | DESK,
    "HEAD /requests/{request_id}": ASKER | DESK,
    "GET /requests/{request_id}/now": ASKER,
    "HEAD /requests/{request_id}/now": ASKER,
    "POST /requests/{request_id}/calls": ASKER,
    "POST /requests/{request_id}/withdraw": ASKER,
    "POST /requests/{request_id}/code": NOBODY,
    "GET /requests/{request_id}/package": NOBODY,
    "HEAD /requests/{request_id}/package": NOBODY,
    # a package by its link: without a code that is right
    "GET /packages/{package_id}": NOBODY,
    "HEAD /packages/{package_id}": NOBODY,
    "POST /packages/{package_id}": NOBODY,
    "GET /requests/{request_id}/review": NOBODY,
    "HEAD /requests/{request_id}/review": NOBODY,
    "POST /requests/{request_id}/review": NOBODY,
    "POST /requests/{request_id}/acts": DESK,
    # the receipt of a call that was erased, which this one was not: see tests/web/test_desk_for_requests.py
    "GET /calls/{call_id}/receipt": NOBODY,
    "HEAD /calls/{call_id}/receipt": NOBODY,
    # the ways in and out
    "GET /sign-in": EVERYBODY,
    "HEAD /sign-in": EVERYBODY,
    "GET /sign-in/once/{token}": EVERYBODY,
    "HEAD /sign-in/once/{token}": EVERYBODY,
    "POST /sign-in/once": NOBODY,  # without a token that is right
    "POST /sign-out": EVERYBODY,
    "GET /sign-in/company": NOBODY,  # none is set here
    "GET /sign-in/company/back": NOBODY,
    "GET /sign-in/hand-over": NOBODY,
    "POST /sign-in/hand-over": NOBODY,
    "POST /intake/{vendor}": NOBODY,  # without its signature
    # programs with an API key, which nobody here has: what each key opens is tested with each
    "POST /api/v1/calls": NOBODY,
    "POST /api/v1/vcons": NOBODY,
    "GET /api/v1/arrivals/{call_id}": NOBODY,
    "GET /api/v1/requests": NOBODY,
    "GET /api/v1/requests/{request_id}": NOBODY,
    "POST /api/v1/requests": NOBODY,
    "POST /api/v1/uploads": NOBODY,
    "HEAD /api/v1/uploads/{upload_id}": NOBODY,
    "PATCH /api/v1/uploads/{upload_id}": NOBODY,
    "DELETE /api/v1/uploads/{upload_id}": NOBODY,
    "OPTIONS /api/v1/uploads": EVERYBODY,
    "GET /c/{token}": NOBODY,
    "HEAD /c/{token}": NOBODY,
    "POST /c/{token}": NOBODY,
    "POST /c/{token}/code": NOBODY,
    "GET /outbox": NOBODY,  # from another machine
    "HEAD /outbox": NOBODY,
    # how the work stands, and failed work tried again; programs do it with a key, which is tested with each
    "GET /operations/calls": OPERATOR,
    "HEAD /operations/calls": OPERATOR,
    "GET /operations/now": OPERATOR,
    "HEAD /operations/now": OPERATOR,
    "GET /operations/retry": OPERATOR,
    "HEAD /operations/retry": OPERATOR,
    "POST /operations/retry": OPERATOR,
    "GET /api/v1/operations": OPERATOR,
    "GET /api/v1/operations/calls": OPERATOR,
    "POST /api/v1/operations/retry": OPERATOR,
    "GET /metrics": OPERATOR,
    "HEAD /metrics": OPERATOR,
    # what says nothing of anybody
    "GET /health/live": EVERYBODY,
    "HEAD /health/live": EVERYBODY,
    "GET /health/ready": EVERYBODY,
    "HEAD /health/ready": EVERYBODY,
    "GET /static": EVERYBODY,
    "GET /api/v1/openapi.json": EVERYBODY,
    "HEAD /api/v1/openapi.json": EVERYBODY,
    "GET /api/v1/log/checkpoint": EVERYBODY,
    "GET /api/v1/log/consistency": EVERYBODY,
    "GET /api/v1/log/key": EVERYBODY,
}

ROWS = ON_A_CALL | ELSEWHERE
NOT_HERE = "There is no record here that is open to you"
TUS = {"Tus-Resumable": "1.0.0"}  # without which uploads are not spoken of
TOKENS = {
    "{token}": "made-up",
    "{vendor}": "made-up",
    "{upload_id}": "made-up",
    "{number}": "0",
    "{person_id}": "0123456789abcdef",
    "{request_id}": "0123456789abcdef",
}
QUERY = {
    "GET /api/v1/search": {"words": "made-up"},
    "GET /sign-in/hand-over": {"token": "made-up"},
    "GET /api/v1/calls/{call_id}/export": {"format": "vtt"},
}
FORM = {row: {"token": "made-up"} for row in ("POST /sign-in/hand-over", "POST /sign-in/once")} | {
    row: {"request": "made-up", "code": "123456"} for row in ("POST /requests/code", "POST /requests/code/again")
}


def routes_of(routes: object, before: str = "") -> Iterator[str]:
    """Every method and path of an application, those of what is included or mounted too."""
    for route in routes:  # type: ignore[attr-defined]
        if (included := getattr(route, "original_router", None)) is not None:
            yield from routes_of(included.routes, before)
        elif (methods := getattr(route, "methods", None)) is not None:
            yield from (f"{method} {before}{route.path}" for method in methods)
        elif getattr(route, "routes", None):
            yield from routes_of(route.routes, before + route.path)
        else:
            yield f"GET {before}{route.path}"


def test_every_route_has_a_row_and_every_row_a_route(site: Site) -> None:
    there = set(routes_of(site.client.app.routes))  # type: ignore[attr-defined]
    assert there - set(ROWS) == set(), "who gets in here?"
    assert set(ROWS) - there == set(), "there is no such route"


@pytest.fixture
def call_id(site: Site) -> str:
    call_id = site.publish(short_call(), sound=b"sound")
    site.sounds.put_peaks(call_id, b"[]")
    site.store.log.include()
    site.store.log.publish(now=site.now)
    return call_id


@pytest.fixture
def other_call(site: Site, with_hash) -> str:
    """A call with which none of these roles has anything to do."""
    other = site.publish(with_hash(short_call(), "2b" * 32), sound=b"other")
    site.sounds.put_peaks(other, b"[]")
    for role in (Role.AGENT, Role.CUSTOMER):
        site.store.people.side(other, role)
    return other


@pytest.fixture
def request_id(site: Site, call_id: str, persons: dict[str, Person]) -> str:
    """What the customer asks about their call, which is for somebody to decide."""
    customer = persons["customer"]
    asked = Asked(RequestKind.ERASURE, CameBy.HOME, person=customer.id, call_id=call_id, is_proved=True)
    return site.store.requests.ask(asked, by=By(Actor(Role.CUSTOMER, customer.id)), now=site.now).id


@pytest.fixture
def ask(
    site: Site, persons: dict[str, Person], request_id: str, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str, str, str], str]:
    """Asks a route for a call as a role; what came of it: in, not signed in, refused, or not here."""
    monkeypatch.setattr(live, "LASTS_S", 0.2)

    def asking(role: str, row: str, call_id: str, *, only_call: str | None = None) -> str:
        if role == "nobody":
            site.sign_out()
        else:
            site.sign_in(persons[role], only_call=only_call)
        method, path = row.split()
        for name, value in (TOKENS | {"{call_id}": call_id, "{request_id}": request_id}).items():
            path = path.replace(name, value)
        path = f"{path}/icon.svg" if path == "/static" else path
        how = {"params": QUERY.get(row), "data": FORM.get(row), "follow_redirects": False, "headers": TUS}
        response = site.client.request(method, path, **how)  # type: ignore[arg-type]
        if method == "HEAD" and response.status_code == 404:  # which says no words
            response = site.client.get(path)
        if response.status_code == 404 and (row in ELSEWHERE or NOT_HERE in response.text):
            return "not here"
        assert response.status_code < 500, row
        return {401: "not signed in", 403: "refused"}.get(response.status_code, "in")

    return asking


@pytest.mark.parametrize("role", ROLES)
def test_a_role_gets_at_its_own_call_as_the_design_says(
    role: str, call_id: str, ask: Callable[[str, str, str], str]
) -> None:
    without_a_right = {"stranger": "not here", "nobody": "not signed in"}.get(role, "refused")
    expected = {row: "in" if role in may else without_a_right for row, may in ON_A_CALL.items()}
    assert {row: ask(role, row, call_id) for row in ON_A_CALL} == expected


@pytest.mark.parametrize("role", ROLES)
def test_nobody_gets_at_another_s_call(role: str, other_call: str, ask: Callable[[str, str, str], str]) -> None:
    expected = {"operator": "refused", "nobody": "not signed in"}.get(role, "not here")
    assert {row: ask(role, row, other_call) for row in ON_A_CALL} == dict.fromkeys(ON_A_CALL, expected)


@pytest.mark.parametrize("role", ["agent", "customer"])
def test_whoever_was_let_in_to_one_call_gets_at_no_other_of_their_own(
    site: Site, role: str, call_id: str, other_call: str, persons: dict[str, Person], ask: Callable[..., str]
) -> None:
    site.store.people.give_role(other_call, persons[role].id, Role(role))
    may = {row: "in" if role in roles else "refused" for row, roles in ON_A_CALL.items()}
    assert {row: ask(role, row, other_call) for row in ON_A_CALL} == may, "let in to all"
    got = {row: ask(role, row, other_call, only_call=call_id) for row in ON_A_CALL}
    assert got == dict.fromkeys(ON_A_CALL, "not here")
    for row in ("GET /next-call", "POST /next-call", "POST /next-call/{person_id}"):
        assert ask(role, row, call_id, only_call=call_id) == "not here"
    listed = site.client.get("/api/v1/calls").json()["calls"]
    home = site.client.get("/", headers={"accept": "application/json"}).text
    assert [one["id"] for one in listed] == [call_id]
    assert call_id in home
    assert other_call not in home


@pytest.mark.parametrize("role", ROLES)
def test_a_role_gets_at_what_is_of_no_one_call(role: str, call_id: str, ask: Callable[[str, str, str], str]) -> None:
    got = {row: ask(role, row, call_id) == "in" for row in ELSEWHERE}
    assert got == {row: role in may for row, may in ELSEWHERE.items()}


def test_every_route_that_changes_something_refuses_what_comes_from_elsewhere(
    site: Site, call_id: str, persons: dict[str, Person]
) -> None:
    """But a hand-over and webhooks, which come from elsewhere and are signed there."""
    for row in ROWS:
        method, path = row.split()
        if method in ("GET", "HEAD", "OPTIONS") or path in ("/sign-in/hand-over", "/intake/{vendor}"):
            continue
        for name, value in (TOKENS | {"{call_id}": call_id}).items():
            path = path.replace(name, value)
        site.sign_in(persons["agent"])
        elsewhere = {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}
        foreign = site.client.request(method, path, headers={**TUS, **elsewhere})
        without = site.client.request(method, path, headers={**TUS, "X-CSRF-Token": "none", "origin": BASE_URL})
        assert (foreign.status_code, without.status_code) == (403, 403), row
        assert "did not come from a page of this place" in foreign.text + without.text
