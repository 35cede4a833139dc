"""Three people ask for what is owed: at once on a phone, as a stranger with a code, and with a third person in it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.asked import make_ready, with_others
from tests.browser.conftest import MARIA, PHONE, Place
from tests.browser.hands import Hand, Keyboard, Mouse
from worker.core.log.entry import Role
from worker.core.requests.values import Block, RequestState
from worker.record.requests.values import Request

Open = Callable[..., Page]

ON_A_PHONE = {"viewport": PHONE, "has_touch": True, "is_mobile": True}
HANDS = {"mouse": Mouse(), "keyboard": Keyboard()}


@pytest.fixture(params=HANDS)
def hand(request: pytest.FixtureRequest) -> Hand:
    return HANDS[request.param]


def asked(place: Place, page: Page) -> Request:
    return place.store.requests.get(page.url.rpartition("/")[2], now=datetime.now(UTC))


def test_a_customer_asks_for_her_transcript_on_the_phone_and_takes_it_along(
    place: Place, open_browser: Open, tmp_path: Path
) -> None:
    call_id = place.publish()
    page = open_browser(place.person(call_id, Role.CUSTOMER), **ON_A_PHONE)
    page.goto(f"/calls/{call_id}")
    page.get_by_role("button", name="Ask for the transcript").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The transcript of your call of Tuesday 10 March 2026")
    expect(page.locator("#now")).to_contain_text("It is being put together.")
    expect(page.locator("#now")).to_contain_text(re.compile(r"It is answered by \w+ \d+ \w+ \d{4} at the latest"))
    make_ready(place, asked(place, page))
    expect(page.locator("#now")).to_contain_text("It is ready.")
    expect(page.locator("#now")).to_contain_text("30 days left")
    with page.expect_download() as download:
        page.get_by_role("link", name="Save it").click()
    saved = tmp_path / "saved.zip"
    download.value.save_as(saved)
    assert saved.read_bytes().startswith(b"PK")
    assert download.value.suggested_filename.endswith(".zip")


def test_a_stranger_asks_by_the_page_for_everybody_and_shows_with_a_code_who_it_is(
    place: Place, open_browser: Open, hand: Hand
) -> None:
    call_id = place.publish()
    page = open_browser()
    page.goto("/requests/new")
    hand.press(page.get_by_role("link", name="The recording of a call"))
    hand.write(page.get_by_role("textbox", name=re.compile("^Your e-mail address")), MARIA)
    hand.write(page.get_by_role("textbox", name=re.compile("^When the call was")), "in March, about a leak")
    hand.press(page.get_by_role("button", name=re.compile("^Go on")))
    expect(page.get_by_role("status")).to_contain_text("A code is on its way")
    letter = next(one for one in place.store.people.outbox.letters() if one.address == MARIA)
    hand.write(page.get_by_role("textbox", name=re.compile("^The code")), letter.text[:6])
    hand.press(page.get_by_role("button", name="Go on"))
    expect(page.locator("#now")).to_contain_text("It is being put together.")
    assert asked(place, page).calls == (call_id,)
    expect(page.get_by_role("link", name="Open the record of this call")).to_be_visible()


def test_the_desk_keeps_a_third_person_out_of_what_is_handed_over(place: Place, open_browser: Open, hand: Hand) -> None:
    call_id = place.publish(with_others())
    maria = open_browser(place.person(call_id, Role.CUSTOMER), **ON_A_PHONE)
    maria.goto(f"/calls/{call_id}")
    maria.get_by_role("button", name="Ask for the transcript").click()
    expect(maria.locator("#now")).to_contain_text("a person here looks at that first")
    dora = place.store.people.add("dora@example.com", name="Dora Winter", is_desk=True)
    desk = open_browser(dora)
    desk.goto("/")
    hand.press(desk.get_by_role("link", name="Open the desk"))
    hand.press(desk.get_by_role("link", name="Transcript, for Maria Lopez"))
    hand.press(desk.get_by_role("link", name="Look at who else is in it"))
    expect(desk.locator("mark")).to_have_text(["my husband Stefan", "our neighbour Mrs Ferreira"])
    box = desk.get_by_role("checkbox").first
    if isinstance(hand, Keyboard):
        hand.reach(box)
        desk.keyboard.press("Space")
    else:
        box.uncheck()
    hand.press(desk.get_by_role("button", name="I have looked: hand over the rest"))
    expect(desk.get_by_role("heading", level=1)).to_have_text("Transcript, for Maria Lopez")
    request = asked(place, desk)
    assert [one.first for one in request.details.left_out] == [request.details.places[1].first], "the husband may stay"
    assert request.blocks == (Block.PACKAGE,)
    make_ready(place, request)
    assert asked(place, desk).state is RequestState.ANSWERED
    maria.reload()
    expect(maria.locator("#now")).to_contain_text("It is ready.")


def test_asking_works_without_scripts(place: Place, open_browser: Open) -> None:
    call_id = place.publish()
    page = open_browser(place.person(call_id, Role.CUSTOMER), java_script_enabled=False, **ON_A_PHONE)
    page.goto("/")
    page.get_by_role("link", name="Ask for something").click()
    page.get_by_role("link", name="A correction").click()
    page.get_by_role("textbox", name=re.compile("^What is wrong")).fill("It costs thirty dollars.")
    page.get_by_role("button", name="Ask for it").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("A correction to your call")
    page.get_by_role("link", name="Open the record of this call").click()
    expect(page.locator("main")).to_contain_text("It costs thirty dollars.")
