"""Pages that change by themselves while somebody looks at them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from playwright.sync_api import Page, expect

from tests.browser.conftest import WORKER, Place
from tests.browser.sample import SOUND, sample_record
from tests.web.records import MADE_BY
from worker.core.errors import BadRecording
from worker.core.log.entry import Role

Open = Callable[..., Page]


def open_call(place: Place, open_browser: Open, call_id: str, **settings: object) -> Page:
    page = open_browser(place.person(call_id, Role.CUSTOMER), **settings)
    page.goto(f"/calls/{call_id}")
    expect(page.locator("html.scripted")).to_have_count(1)
    return page


def test_a_call_that_is_worked_shows_its_steps_and_then_its_record(place: Place, open_browser: Open):
    record = sample_record()
    call_id = place.receive(sha256=record.recording.sha256, stage="transcribe")
    page = open_call(place, open_browser, call_id)
    expect(page.locator("#standing")).to_contain_text("writing down the words")
    page.evaluate("() => { window.wasLoadedAgain = false; }")
    place.store.beat(call_id, "transcribe", worker=WORKER, lease_s=60.0, progress=0.4, now=datetime.now(UTC))
    expect(page.locator("#standing")).to_contain_text("40%")
    assert page.evaluate("() => window.wasLoadedAgain") is False, "what changed was put in place, nothing was loaded"
    place.parts.sounds.put_copy(call_id, SOUND)
    place.store.finish(call_id, "transcribe", worker=WORKER, value=record, made_by=MADE_BY[0], next_stage=None)
    expect(page.get_by_role("heading", level=1)).to_have_text("A washing machine that leaks.")


def test_a_call_that_fails_says_so_where_its_steps_stood(place: Place, open_browser: Open):
    call_id = place.receive(sha256="aa" * 32, stage="decode")
    page = open_call(place, open_browser, call_id)
    place.store.fail(call_id, "decode", worker=WORKER, reason="BadRecording", message=BadRecording().message)
    expect(page.get_by_role("heading", level=1)).to_have_text("This record could not be made")
    expect(page.locator("#standing")).to_contain_text("Send it again as WAV")
    expect(page.locator("#moving")).to_have_count(0)


def test_a_page_that_nobody_sees_lets_go_of_its_connection(place: Place, open_browser: Open):
    """A browser has few connections for each site: pages that are left open behind others must not use them up."""
    call_id = place.publish()
    window = open_call(place, open_browser, call_id)
    for _ in range(7):
        behind = window.context.new_page()
        behind.goto(f"/calls/{call_id}")
        expect(behind.locator("html.scripted")).to_have_count(1)
        behind.evaluate(
            """() => {
              Object.defineProperty(document, "hidden", { get: () => true });
              document.dispatchEvent(new Event("visibilitychange"));
            }"""
        )
    window.reload()
    expect(window.get_by_role("heading", level=1)).to_be_visible()
