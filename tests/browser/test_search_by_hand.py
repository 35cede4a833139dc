"""Looking for words from one's home: what is found opens the record there, with the sound at that second."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import Place
from worker.core.log.entry import Role

Open = Callable[..., Page]


def test_a_hit_opens_the_record_with_its_words_lit_and_the_sound_at_their_second(
    place: Place, open_browser: Open
) -> None:
    call_id = place.publish()
    word = "technicians"
    page = open_browser(place.person(call_id, Role.CUSTOMER))
    page.goto("/")
    field = page.get_by_role("searchbox")
    field.fill(word)
    field.press("Enter")
    expect(page.locator(".found mark").first).to_be_visible()
    hit = page.locator(".found li", has=page.locator("mark")).last
    address = hit.locator("a").get_attribute("href") or ""
    start_s = float(address.split("from=")[1].split("&")[0])
    hit.locator("a").click()
    expect(page.locator("html.scripted")).to_have_count(1)
    turn = page.locator(f"[id='{address.split('#')[1]}']")
    expect(turn).to_be_in_viewport()
    expect(page.locator(".words .lit").first).to_be_visible()
    page.wait_for_function("start => Math.abs(document.querySelector('audio').currentTime - start) < 0.1", arg=start_s)
    assert page.locator("audio").evaluate("sound => sound.paused"), "nothing plays before it is asked for"
    page.go_back()
    expect(page.locator(".found mark").first).to_be_visible()
