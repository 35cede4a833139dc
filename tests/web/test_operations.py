"""The operator's night: 400 calls have failed. Why, where, how they are put right, and what is not shown to do so."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from tests.web.conftest import AS_BROWSER, NOW, Site
from tests.web.reading import Element, read
from worker.core.arrival import Arrived, Handover
from worker.core.call import CallDetails
from worker.core.errors import Unavailable
from worker.record.operations import MOST_NAMED, Place, Which, WorkState
from worker.record.people import Person
from worker.record.senders import Scope

LINE_OF_LOG = '{"event": "stage.broke_off", "error": "Unavailable"}'
API = "/api/v1/operations"


@pytest.fixture
def operator(site: Site) -> Person:
    """Olu, who runs the service, and is signed in."""
    olu = site.store.people.add("ops@brightwater.example", name="Olu Ops", is_operator=True)
    site.sign_in(olu)
    return olu


@pytest.fixture
def bearer(site: Site) -> Callable[..., dict[str, str]]:
    """The header of a program with a key of these scopes."""

    def header(*scopes: Scope) -> dict[str, str]:
        return {"authorization": f"Bearer {site.store.senders.add('ops', scopes, now=site.now)}"}

    return header


def hand_over(site: Site, number: int, *, line: str | None = None, sender: str = "", stage: str = "decode") -> str:
    """A call that waits at a stage; its id."""
    details = CallDetails("Daniel Price", "Maria Lopez", external_id=f"pbx-{number}", line=line)
    arrived = Arrived(f"{number:064x}", "maria-lopez.wav", 44)
    return site.store.accept(Handover(details, sender=sender), arrived, first_stage=stage).call_id


def fail(
    site: Site, number: int, reason: str = "Unavailable", *, stage: str = "decode", attempts: int = 1, **said: str
) -> str:
    """A call whose stage failed for a reason; its id."""
    call_id = hand_over(site, number, stage=stage, **said)
    for attempt in range(attempts):
        assert site.store.begin(call_id, stage, worker="w", lease_s=60.0, now=datetime.now(UTC))
        if attempt < attempts - 1:
            site.store.put_off(call_id, stage, worker="w", error=Unavailable(), not_before=datetime.now(UTC))
    message = f"What {reason} says. Look at it."
    assert site.store.fail(call_id, stage, worker="w", reason=reason, message=message, last_line=LINE_OF_LOG)
    return call_id


def put_off(site: Site, number: int) -> str:
    """A call that is tried again in an hour; its id."""
    call_id = hand_over(site, number)
    assert site.store.begin(call_id, "decode", worker="w", lease_s=60.0, now=datetime.now(UTC))
    later = site.now + timedelta(hours=1)
    site.store.put_off(call_id, "decode", worker="w", error=Unavailable("The disk is full."), not_before=later)
    return call_id


def opened(site: Site, address: str = "/operations/calls") -> Element:
    response = site.client.get(address, headers=AS_BROWSER)
    assert response.status_code == 200, response.text
    return read(response.text)


def ids(page: Element) -> list[str]:
    return [one.attributes["value"] for one in page.all("input", name="call_id")]


def state_of(site: Site, call_id: str) -> str:
    return site.store.call(call_id).standing.state.value


def press(site: Site, page: Element) -> Element:
    """Sends the form of a page as a browser without script does, and follows where it leads."""
    form = page.one("form", action="/operations/retry")
    fields: dict[str, list[str]] = {}
    for one in form.all("input"):
        fields.setdefault(one.attributes["name"], []).append(one.attributes["value"])
    response = site.client.post(form.attributes["action"], data=fields, headers=AS_BROWSER)
    assert response.status_code == 200, response.text
    return read(response.text)


# What is seen


def test_a_failed_call_stands_there_with_where_why_how_often_and_what_was_logged_last(
    site: Site, operator: Person
) -> None:
    call_id = fail(site, 1, "Unavailable", stage="transcribe", attempts=3, line="support", sender="acme")
    (line,) = opened(site).all("li", class_="work")
    assert line.one("input").attributes["value"] == call_id
    assert line.one("span", class_="badge").text == "Unavailable"
    assert "transcribe · 3 tries · failed" in line.text
    assert "What Unavailable says. Look at it." in line.text
    assert "stage.broke_off error=Unavailable" in line.text
    assert "line support · sender acme · external id pbx-1" in line.text


def test_no_name_no_file_and_no_way_into_the_record_is_shown(
    site: Site, operator: Person, bearer: Callable[..., dict[str, str]]
) -> None:
    call_id = fail(site, 1)
    put_off(site, 2)
    shown = [site.client.get(one).text for one in ("/", "/operations/calls", "/operations/calls?state=put_off")]
    shown.append(site.client.get(f"/operations/retry?call_id={call_id}").text)
    shown.append(site.client.get(f"{API}/calls", headers=bearer(Scope.OPERATE)).text)
    for text in shown:
        for word in ("Maria", "Daniel", "maria-lopez.wav", f"/calls/{call_id}"):
            assert word not in text


def test_why_calls_failed_stands_first_with_how_many_and_whether_trying_again_can_help(
    site: Site, operator: Person
) -> None:
    for number in range(3):
        fail(site, number, "BadRecording")
    fail(site, 3, "Unavailable")
    section = opened(site).section("Why they failed")
    assert [one.text for one in section.all("h3")] == ["BadRecording 3", "Unavailable 1"]
    assert "Trying again changes nothing: ask its sender." in section.text
    assert [one.attributes["href"] for one in section.all("a", class_="button")] == [
        "/operations/retry?reason=BadRecording",
        "/operations/retry?reason=Unavailable",
    ]


def test_the_first_page_of_an_operator_says_how_it_stands_and_leads_to_the_calls(site: Site, operator: Person) -> None:
    fail(site, 1, "Unavailable", stage="transcribe")
    hand_over(site, 2)
    page = opened(site, "/")
    row = next(row for row in page.one("table", class_="stages").all("tr") if row.text.startswith("transcribe"))
    assert [cell.text for cell in row.all("td")][:4] == ["0", "0", "0", "1"]
    links = [one.attributes["href"] for one in page.all("a")]
    assert "/operations/calls?reason=Unavailable" in links
    assert "/operations/calls" in links


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("reason=Unavailable", {0, 1}),
        ("reason=Unavailable&stage=transcribe", {1}),
        ("line=sales", {2}),
        ("line=-", {0, 3}),
        ("sender=acme", {1, 2}),
        ("sender=-", {0, 3}),
        ("reason=&stage=&line=&sender=", {0, 1, 2, 3}),
        ("reason=Nothing", set()),
    ],
)
def test_the_list_is_narrowed_by_reason_stage_line_and_sender(
    site: Site, operator: Person, query: str, found: set[int]
) -> None:
    made = [
        fail(site, 0, "Unavailable"),
        fail(site, 1, "Unavailable", stage="transcribe", line="support", sender="acme"),
        fail(site, 2, "Bug", line="sales", sender="acme"),
        fail(site, 3, "Bug"),
    ]
    page = opened(site, f"/operations/calls?{query}")
    assert set(ids(page)) == {made[one] for one in found}
    for one in ("reason", "stage", "line", "sender"):
        assert page.all("select", name=one), "what it can be narrowed by is told"


def test_four_hundred_failures_are_gone_through_page_by_page_each_once_and_none_left_out(
    site: Site, operator: Person
) -> None:
    made = [fail(site, number) for number in range(120)]
    seen: list[str] = []
    address: str | None = "/operations/calls"
    while address is not None:
        page = opened(site, address)
        assert "120 calls." in page.text
        seen += ids(page)
        more = page.all("a", rel="next")
        address = more[0].attributes["href"].partition("#")[0] if more else None
    assert seen == made[::-1], "the last one first"


def test_calls_that_are_tried_again_by_themselves_say_when_and_offer_no_button(site: Site, operator: Person) -> None:
    call_id = put_off(site, 1)
    page = opened(site, "/operations/calls?state=put_off")
    (line,) = page.all("li", class_="work")
    assert call_id in line.text
    assert "The disk is full." in line.text
    assert f"Next try: {(NOW + timedelta(hours=1)):%A %-d %B %Y, %H:%M} UTC" in line.text
    assert not page.all("form", action="/operations/retry")


def test_a_call_that_waits_for_its_other_recordings_says_so_and_speaks_of_no_try(site: Site, operator: Person) -> None:
    details = CallDetails(external_id="pbx-1")
    arrived = Arrived(f"{1:064x}", "first.wav", 44)
    site.store.accept(Handover(details, legs=2), arrived, first_stage="decode")
    (line,) = opened(site, "/operations/calls?state=put_off").all("li", class_="work")
    assert "Waits for its other recordings until" in line.text
    assert "Next try" not in line.text


def test_what_is_at_which_stage_is_asked_for_again_by_itself(site: Site, operator: Person) -> None:
    hand_over(site, 1)
    part = opened(site, "/operations/now")
    assert part.one("div", id="now").attributes["hx-get"] == "/operations/now"
    row = next(row for row in part.all("tr") if row.text.startswith("decode"))
    assert [cell.text for cell in row.all("td")][:4] == ["1", "0", "0", "0"]
    assert [row.one("th").text for row in part.one("tbody").all("tr")][:3] == ["fetch", "decode", "listen"]


# Trying again


def test_all_of_a_reason_are_tried_again_after_their_number_was_confirmed(site: Site, operator: Person) -> None:
    away = [fail(site, number, "Unavailable") for number in range(3)]
    bad = fail(site, 3, "BadRecording")
    asked = opened(site, "/operations/retry?reason=Unavailable")
    assert asked.one("h1").text == "Try 3 calls again?"
    assert "They go on at: decode (3)." in asked.text
    assert [state_of(site, one) for one in away] == ["failed"] * 3, "asking changes nothing"
    page = press(site, asked)
    assert page.one("p", class_="told").text == "3 calls are tried again from the stage where they failed."
    assert [state_of(site, one) for one in (*away, bad)] == ["received", "received", "received", "failed"]


def test_ticked_calls_are_tried_again_and_no_others(site: Site, operator: Person) -> None:
    made = [fail(site, number) for number in range(4)]
    query = "&".join(f"call_id={one}" for one in made[:2])
    press(site, opened(site, f"/operations/retry?{query}"))
    assert [state_of(site, one) for one in made] == ["received", "received", "failed", "failed"]


def test_every_failed_call_is_tried_again_only_where_all_was_said(site: Site, operator: Person) -> None:
    made = [fail(site, number) for number in range(2)]
    assert opened(site, "/operations/retry").one("h1").text == "No call was ticked"
    bare = site.client.post("/operations/retry", data={"csrf": site.client.headers["X-CSRF-Token"]})
    assert bare.status_code == 422
    assert [state_of(site, one) for one in made] == ["failed", "failed"]
    (all_again,) = opened(site).all("a", href="/operations/retry?all=1")
    assert all_again.text == "Try 2 calls again"
    press(site, opened(site, all_again.attributes["href"]))
    assert [state_of(site, one) for one in made] == ["received", "received"]


def test_what_was_tried_again_meanwhile_is_told_and_not_tried_twice(site: Site, operator: Person) -> None:
    call_id = fail(site, 1)
    site.store.retry(call_id)
    page = opened(site, f"/operations/retry?call_id={call_id}")
    assert page.one("h1").text == "None of these calls has failed"
    assert not page.all("form", action="/operations/retry")


def test_a_call_goes_on_at_the_stage_where_it_failed_with_its_tries_from_the_start(
    site: Site, operator: Person
) -> None:
    call_id = fail(site, 1, stage="transcribe", attempts=3)
    press(site, opened(site, f"/operations/retry?call_id={call_id}"))
    standing = site.store.call(call_id).standing
    assert (standing.stage, standing.attempts, standing.reason) == ("transcribe", 0, None)


# The API


def test_the_api_tells_what_is_at_each_stage(site: Site, bearer: Callable[..., dict[str, str]]) -> None:
    fail(site, 1, "Bug", stage="check")
    hand_over(site, 2)
    put_off(site, 3)
    answer = site.client.get(API, headers=bearer(Scope.OPERATE))
    stages = {one["stage"]: one for one in answer.json()["stages"]}
    assert stages["check"]["failed"] == {"Bug": 1}
    assert (stages["decode"]["waiting"], stages["decode"]["put_off"]) == (1, 1)
    assert stages["decode"]["oldest_waiting_since"] is not None


def test_the_api_lists_failed_calls_of_a_reason_and_goes_on_where_it_stopped(
    site: Site, bearer: Callable[..., dict[str, str]]
) -> None:
    made = [fail(site, number, "Unavailable", line="support") for number in range(5)]
    fail(site, 5, "Bug")
    key = bearer(Scope.OPERATE)
    query = {"state": "failed", "reason": "Unavailable", "line": "support", "limit": "2"}
    found: list[str] = []
    while True:
        answer = site.client.get(f"{API}/calls", params=query, headers=key).json()
        assert answer["total"] == 5
        found += [one["id"] for one in answer["calls"]]
        if answer["next"] is None:
            break
        query["after"] = answer["next"]
    assert found == made[::-1]
    one = answer["calls"][0]
    assert (one["stage"], one["attempts"], one["reason"]) == ("decode", 1, "Unavailable")
    assert (one["line"], one["last_line"], one["external_id"]) == ("support", LINE_OF_LOG, "pbx-0")


@pytest.mark.parametrize(
    ("body", "again"),
    [
        ({"reason": "Unavailable"}, {0, 1}),
        ({"stage": "transcribe"}, {1}),
        ({"reason": "Bug", "sender": "acme"}, {2}),
        ({"line": ""}, {0, 1}),
        ({"all": True}, {0, 1, 2}),
    ],
)
def test_the_api_tries_again_what_was_meant(
    site: Site, bearer: Callable[..., dict[str, str]], body: dict[str, object], again: set[int]
) -> None:
    made = [
        fail(site, 0, "Unavailable"),
        fail(site, 1, "Unavailable", stage="transcribe"),
        fail(site, 2, "Bug", line="sales", sender="acme"),
    ]
    answer = site.client.post(f"{API}/retry", json=body, headers=bearer(Scope.OPERATE))
    assert answer.status_code == 200, answer.text
    assert answer.json()["count"] == len(again)
    assert sum(answer.json()["stages"].values()) == len(again)
    assert {number for number, one in enumerate(made) if state_of(site, one) != "failed"} == again


def test_the_api_tries_named_calls_again(site: Site, bearer: Callable[..., dict[str, str]]) -> None:
    made = [fail(site, number) for number in range(3)]
    running = hand_over(site, 9)
    named = {"call_ids": [made[0], made[2], running, "no-such-call"]}
    answer = site.client.post(f"{API}/retry", json=named, headers=bearer(Scope.OPERATE))
    assert answer.json() == {"count": 2, "stages": {"decode": 2}}, "what did not fail stays as it is"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"all": False},
        {"all": True, "reason": "Bug"},
        {"reasons": "Bug"},
        {"call_ids": []},
        {"call_ids": ["a"] * (MOST_NAMED + 1)},
        {"all": "yes"},
        {"reason": "\ud800"},
    ],
)
def test_what_does_not_say_which_calls_is_refused_and_changes_nothing(
    site: Site, bearer: Callable[..., dict[str, str]], body: dict[str, object]
) -> None:
    call_id = fail(site, 1)
    headers = {**bearer(Scope.OPERATE), "content-type": "application/json"}
    answer = site.client.post(f"{API}/retry", content=json.dumps(body), headers=headers)
    assert answer.status_code == 422
    assert state_of(site, call_id) == "failed"


def test_a_key_without_the_scope_is_refused_and_an_operator_s_session_is_enough(
    site: Site, operator: Person, bearer: Callable[..., dict[str, str]]
) -> None:
    assert site.client.get(f"{API}/calls").status_code == 200
    site.sign_out()
    assert site.client.get(f"{API}/calls").status_code == 401
    assert site.client.get(f"{API}/calls", headers=bearer(Scope.READ, Scope.METRICS)).status_code == 403


def test_a_place_that_is_none_is_refused(site: Site, operator: Person) -> None:
    for after in ("x", "2026-03-12T09:00:00~abc", "~", "2026-03-12T09:00:00+00:00~é"):
        assert site.client.get(f"{API}/calls", params={"after": after}).status_code == 422
    place = Place(NOW, "0a1b2c3d4e5f6a7b")
    assert Place.read(str(place)) == place


def test_groups_count_what_calls_have_in_common(site: Site) -> None:
    for number, line in enumerate((None, "support", "support")):
        fail(site, number, line=line)
    groups = site.store.operations.groups("line", Which(), now=NOW)
    assert [(one.value, one.count) for one in groups] == [("support", 2), (None, 1)]
    assert site.store.operations.groups("line", Which(WorkState.RUNNING), now=NOW) == ()
