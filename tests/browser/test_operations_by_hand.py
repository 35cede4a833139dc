"""An operator puts failed calls right in a browser: without script, and with it the page shows how that goes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, WORKER, Place
from worker.record.people import Person

Open = Callable[..., Page]


@pytest.fixture
def olga(place: Place) -> Person:
    return place.store.people.add("olga@example.com", name="Olga Nagy", is_operator=True)


def fail(place: Place, number: int) -> str:
    call_id = place.receive(sha256=f"{number:064x}", stage="decode")
    place.store.fail(call_id, "decode", worker=WORKER, reason="Unavailable", message="The disk is full.")
    return call_id


def states(place: Place, call_ids: list[str]) -> list[str]:
    return [place.store.call(one).standing.state.value for one in call_ids]


def test_without_script_calls_are_ticked_their_number_confirmed_and_tried_again(
    place: Place, open_browser: Open, olga: Person
):
    made = [fail(place, number) for number in range(3)]
    page = open_browser(olga, java_script_enabled=False, viewport=PHONE)
    page.goto("/")
    page.get_by_role("link", name="See these calls").click()
    for call_id in made[:2]:
        page.get_by_label(call_id).check()
    page.get_by_role("button", name="Try the ticked ones again").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Try 2 calls again?")
    assert states(place, made) == ["failed", "failed", "failed"]
    page.get_by_role("button", name="Try 2 calls again").click()
    expect(page.get_by_role("status")).to_have_text("2 calls are tried again from the stage where they failed.")
    assert states(place, made) == ["received", "received", "failed"]


def test_the_numbers_of_each_stage_change_by_themselves(place: Place, open_browser: Open, olga: Person):
    call_id = fail(place, 1)
    page = open_browser(olga)
    page.goto("/operations/calls")
    row = page.locator("#now tr", has_text="decode").locator("td")
    expect(row).to_have_text(["0", "0", "0", "1", ""])
    place.store.retry(call_id)
    expect(row.nth(0)).to_have_text("1", timeout=20_000)  # it is asked for every five seconds
    expect(row.nth(3)).to_have_text("0")
