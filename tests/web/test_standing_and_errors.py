"""Where a call stands that has no record yet, and what is said when something goes wrong."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from tests.web.conftest import AS_BROWSER, Site
from tests.web.reading import read
from tests.web.records import short_call
from worker.core.errors import BrokenModel, BrokenRecord, Unavailable
from worker.core.log.entry import Role
from worker.record.store import Store
from worker.web.app import HEADERS
from worker.web.pages.words import STAGES_IN_WORDS

SHA256 = "3c" * 32
SECRET_WORDS = "four two four two"
ADDRESSES = ("", ".json", "/sound")


class FailingStore:
    """A store that knows who somebody is and cannot say anything of their calls, for the reason it was made with."""

    def __init__(self, error: Exception, store: Store) -> None:
        self._error, self._store = error, store

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    def call(self, call_id: str) -> object:
        raise self._error


def failing_site(error: Exception, site: Site) -> tuple[TestClient, str]:
    """A browser whose customer is signed in where nothing answers, and the address of their call."""
    parts = replace(site.parts, store=FailingStore(error, site.store))  # type: ignore[arg-type]
    client = site.client_of(parts)
    call_id = site.receive("9f" * 32)
    site.sign_in(site.store.people.side(call_id, Role.CUSTOMER), client=client)
    return client, f"/calls/{call_id}"


# Where a call stands


def test_a_call_that_was_just_received_says_that_it_is_safe(site: Site) -> None:
    page = site.open(site.receive(SHA256, stage="decode"))
    assert page.one("h1").text == "This record is being made"
    assert [line.text for line in page.one("div", id="standing").all("p")] == [
        "The recording has arrived and is kept safe.",
        "It waits for its turn.",
    ]
    assert page.one("script").attributes["src"] == "/static/standing.js"
    assert page.one("a", class_="without-script").text == "Look again"


@pytest.mark.parametrize("stage", STAGES_IN_WORDS)
def test_a_call_that_is_worked_on_says_at_which_step(site: Site, stage: str) -> None:
    call_id = site.begin(SHA256, stage=stage)
    site.store.beat(call_id, stage, worker="w", lease_s=60.0, progress=0.45, now=datetime.now(UTC))
    step = list(STAGES_IN_WORDS).index(stage) + 1
    assert f"Step {step} of 9: {STAGES_IN_WORDS[stage]}. 45% of this step is done." in site.open(call_id).text


def test_a_stage_of_another_version_does_not_break_the_page(site: Site) -> None:
    assert "It is being worked on." in site.open(site.begin(SHA256, stage="embellish")).text


def test_a_call_that_was_put_off_says_that_it_is_tried_again(site: Site) -> None:
    call_id = site.begin(SHA256, stage="transcribe")
    later = datetime.now(UTC) + timedelta(minutes=5)
    site.store.put_off(call_id, "transcribe", worker="w", error=Unavailable("The GPU is gone."), not_before=later)
    page = site.open(call_id)
    assert "It is tried again by itself in a few minutes." in page.text
    assert "GPU" not in page.text


def test_a_recording_that_cannot_be_read_says_what_to_send(site: Site) -> None:
    call_id = site.begin(SHA256, stage="decode")
    message = "This file is not sound we can read. Nothing was changed. Send the recording again as WAV."
    site.store.fail(call_id, "decode", worker="w", reason="BadRecording", message=message)
    page = site.open(call_id)
    assert page.one("h1").text == "This record could not be made"
    assert message in page.text
    assert not page.all("script"), "nothing moves any more"


def test_what_fails_on_our_side_is_told_without_the_operator_s_words(site: Site) -> None:
    call_id = site.begin(SHA256, stage="transcribe")
    site.store.fail(
        call_id, "transcribe", worker="w", reason="BrokenModel", message="Run `onrecord models check whisper-base`."
    )
    page = site.open(call_id)
    assert "nobody has to send it again" in page.text
    assert "whisper" not in page.text


def test_there_is_no_data_of_a_call_that_is_not_ready(site: Site) -> None:
    response = site.client.get(f"{site.link(site.receive(SHA256))}.json")
    assert response.status_code == 404
    assert response.json()["detail"] == "There is no record of this call yet. Its page says where it stands."


# What goes wrong


@pytest.mark.parametrize(
    ("error", "status"),
    [(Unavailable("The disk of db-7 is full."), 503), (BrokenRecord("db-7"), 500), (BrokenModel("db-7"), 500)],
)
def test_trouble_on_our_side_is_told_plainly_and_logged_exactly(site: Site, error: Exception, status: int) -> None:
    client, link = failing_site(error, site)
    with capture_logs() as logs:
        page = client.get(link, headers=AS_BROWSER)
        problem = client.get(f"{link}.json")
    assert (page.status_code, problem.status_code) == (status, status)
    assert problem.json()["status"] == status
    assert problem.json()["detail"] in read(page.text).text, "page and program are told the same"
    assert "db-7" not in page.text + problem.text
    assert [line["event"] for line in logs] == ["page.failed", "page.failed"]
    assert "db-7" in logs[0]["message"]


def test_a_bug_gives_nothing_of_the_call_away(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    client, link = failing_site(ValueError(SECRET_WORDS), site)
    with capture_logs() as logs:
        response = client.get(link, headers=AS_BROWSER)
    assert response.status_code == 500
    assert read(response.text).one("h1").text == "Something is wrong on our side"
    (line,) = logs
    assert (line["event"], line["error"], line["route"]) == ("page.bug", "ValueError", "/calls/{call_id}")
    assert any("test_standing_and_errors.py" in place for place in line["at"]), "the log says where to look"
    assert SECRET_WORDS not in str(logs) + caplog.text + response.text


def test_no_token_and_no_word_of_a_call_gets_into_the_log(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    failing, failing_link = failing_site(Unavailable(), site)
    link = site.link(site.publish(short_call(), sound=b"sound"))
    with capture_logs() as logs:
        for end in ADDRESSES:
            site.client.get(link + end)
            site.client.get(f"{link}x{end}")
            failing.get(failing_link + end)
    # The client of this test logs what it asks for; it is no part of the program.
    lines = [record.getMessage() for record in caplog.records if not record.name.startswith("httpx")]
    said = str(logs) + "\n".join(lines)
    for token in (site.client.cookies["onrecord"], site.client.headers["X-CSRF-Token"]):
        assert token not in said
    assert "washing" not in said


def test_an_address_that_is_none_is_a_page_or_a_problem(site: Site) -> None:
    assert "There is nothing here" in site.client.get("/nowhere", headers=AS_BROWSER).text
    assert site.client.get("/nowhere").json()["title"] == "Not Found"


def test_a_record_is_only_read(site: Site) -> None:
    link = site.link(site.publish(short_call(), sound=b"sound"))
    for end in ADDRESSES:
        for method in ("POST", "PUT", "DELETE", "PATCH"):
            response = site.client.request(method, link + end)
            assert response.status_code == 405
            assert set(response.headers["allow"].split(", ")) == {"GET", "HEAD"}


# Every response


def test_every_response_carries_the_headers_that_guard_it(site: Site) -> None:
    waiting = site.link(site.receive(SHA256))
    responses = [
        site.client.get(address)
        for address in ("/", "/health/live", "/static/record.css", "/static/none.css", "/none", "/c/none", waiting)
    ]
    link = site.link(site.publish(short_call(), sound=b"sound"))
    failing, failing_link = failing_site(ValueError("a bug"), site)
    responses += [site.client.get(link + end) for end in ADDRESSES]
    responses += [site.client.head(link + end) for end in ADDRESSES]
    responses += [site.client.get(f"{link}/sound", headers={"range": wanted}) for wanted in ("bytes=1-2", "bytes=9-")]
    responses += [site.client.post(link), failing.get(failing_link), failing.get(failing_link, headers=AS_BROWSER)]
    assert {response.status_code for response in responses} == {200, 206, 403, 404, 405, 416, 500}
    for response in responses:
        missing = [name for name in HEADERS if name not in response.headers]
        assert not missing, (response.request.url.path, response.status_code)
        assert "default-src 'none'" in response.headers["content-security-policy"]
        assert "unsafe" not in response.headers["content-security-policy"]
    private = [response for response in responses if response.request.url.path.startswith("/calls/")]
    assert {response.headers["cache-control"] for response in private} == {"private, no-store"}, (
        "no cache keeps what somebody was shown"
    )


def test_pages_take_everything_from_this_server_and_nothing_from_a_line_in_the_page(site: Site) -> None:
    record = site.client.get(site.link(site.publish(short_call()))).text
    standing = site.client.get(site.link(site.receive(SHA256))).text
    for text in (record, standing, site.client.get("/").text):
        assert "http://" not in text.replace('xmlns="http://www.w3.org', "")
        assert "https://" not in text
        for element in read(text):
            assert "style" not in element.attributes
            assert not any(name.startswith("on") for name in element.attributes)
            assert element.tag != "style"
            assert element.tag != "script" or not element.text


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("record.css", "text/css"),
        ("record.js", "text/javascript"),
        ("standing.js", "text/javascript"),
        ("icon.svg", "image/svg+xml"),
    ],
)
def test_static_files_are_served_and_asked_for_again_before_they_are_used_again(
    site: Site, name: str, kind: str
) -> None:
    response = site.client.get(f"/static/{name}")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith(kind)
    assert response.headers["cache-control"] == "no-cache"
    again = site.client.get(f"/static/{name}", headers={"if-none-match": response.headers["etag"]})
    assert again.status_code == 304


def test_the_server_says_that_it_lives(site: Site) -> None:
    assert site.client.get("/health/live").json() == {"status": "live"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/sign-in/once", 422),
        ("GET", "/sign-in/hand-over", 422),
        ("GET", "/c/made-up?sent=perhaps", 422),
        ("GET", "{call}/files/first", 422),
        ("GET", "{call}/files/999999999999999999999999", 404),
        ("GET", "{call}/compared/9999999999", 404),
        ("GET", "{call}/say?turn=t1&first=x", 422),
        ("PUT", "{call}", 405),
    ],
)
def test_what_makes_no_sense_is_said_in_our_words_and_repeats_nothing(
    site: Site, method: str, path: str, status: int
) -> None:
    path = path.format(call=site.link(site.publish(short_call())))
    page = site.client.request(method, path, headers=AS_BROWSER)
    problem = site.client.request(method, path)
    assert (page.status_code, problem.status_code) == (status, status)
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json()["detail"] in read(page.text).text
    for word in ("integer", "Field required", "boolean", "999", "perhaps"):
        assert word not in page.text + problem.text
