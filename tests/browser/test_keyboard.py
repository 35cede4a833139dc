"""Keys alone: Tab reaches everything that can be used, in the order of the page, and shows where it is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Place
from tests.browser.hands import Keyboard
from tests.installation import wait_until
from worker.core.log.entry import Role

Open = Callable[..., Page]

HAND = Keyboard()

CONTROLS = """() => [...document.querySelectorAll(
  "a[href], button, summary, input:not([type=hidden]), select, textarea, audio[controls]"
)].filter((one) => one.checkVisibility({ visibilityProperty: true }) && one.tabIndex >= 0)"""


@pytest.fixture
def page(place: Place, open_browser: Open) -> Page:
    call_id = place.publish()
    page = open_browser(place.person(call_id, Role.CUSTOMER))
    page.goto(f"/calls/{call_id}")
    expect(page.locator("html.scripted")).to_have_count(1)
    return page


def test_tab_reaches_everything_in_order_and_shows_where_it_is(page: Page):
    count = page.evaluate(f"() => ({CONTROLS})().length")
    assert count > 60
    page.evaluate(f"() => {{ window.controls = ({CONTROLS})(); window.reached = []; window.unseen = []; }}")
    for _ in range(count + 20):  # the player has controls of its own
        page.keyboard.press("Tab")
        page.evaluate(
            """() => {
              const one = document.activeElement;
              if (one === document.body) return;
              const style = getComputedStyle(one);
              if (one.tagName === "AUDIO") return reached.push(one); // its parts are the browser's own, and show it
              if (style.outlineStyle === "none" && style.boxShadow === "none") unseen.push(one.outerHTML);
              if (reached.at(-1) !== one) reached.push(one);
            }"""
        )
    missed = page.evaluate("() => controls.filter((one) => !reached.includes(one)).map((one) => one.outerHTML)")
    assert missed == []
    assert page.evaluate("() => [...new Set(unseen)]") == []
    places = page.evaluate("() => [...new Set(reached)].slice(0, controls.length).map((one) => controls.indexOf(one))")
    assert places == sorted(places), "the order of Tab is that of the page"


def test_what_has_the_focus_is_never_under_the_player(page: Page):
    """WCAG 2.4.11: the player stays at the bottom, and what one comes to by Tab stands above it."""
    for _ in range(60):
        page.keyboard.press("Tab")
        hidden = page.evaluate(
            """() => {
              const one = document.activeElement;
              const player = document.getElementById("player");
              if (player.contains(one) || one === document.body) return null;
              const box = one.getBoundingClientRect();
              return box.top >= player.getBoundingClientRect().top - 1 ? one.outerHTML : null;
            }"""
        )
        assert hidden is None


def test_the_ways_past_the_start_lead_where_they_say(page: Page):
    page.keyboard.press("Tab")
    skip = page.locator("a.skip:focus")
    expect(skip).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="The conversation")).to_be_in_viewport()


def test_a_turn_is_played_word_by_word_and_stopped(page: Page):
    HAND.reach(page.locator("#t2 > .play"))
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert page.locator("#t2 .lit").all_inner_texts() == ["this"]
    page.keyboard.press("Enter")
    sound = "() => document.querySelector('#player audio')"
    begin = page.evaluate(f"({sound})().currentTime")
    wait_until(lambda: page.evaluate(f"({sound})().currentTime") > begin + 0.3, what="the sound goes on")
    page.keyboard.press("Escape")
    wait_until(lambda: page.evaluate(f"({sound})().paused"), what="Escape stops it")
