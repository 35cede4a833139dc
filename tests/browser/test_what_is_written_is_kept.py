"""Whatever happens while somebody writes, a session that ends say: what they wrote stays there, and is said once."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.browser.conftest import Place, Troubles
from tests.browser.hands import Mouse
from worker.core.dialogue.values import Annotation
from worker.core.log.entry import Role

Open = Callable[..., Page]

HAND = Mouse()
QUESTION = "A long and careful question."


@pytest.fixture
def call_id(place: Place) -> str:
    return place.publish()


@pytest.fixture
def page(place: Place, call_id: str, open_browser: Open) -> Page:
    page = open_browser(place.person(call_id, Role.CUSTOMER))
    page.goto(f"/calls/{call_id}")
    expect(page.locator("html.scripted")).to_have_count(1)
    return page


def said(place: Place, call_id: str) -> list[str | None]:
    items = place.store.log.items(call_id)
    return [item.content.text for item in items if isinstance(item.content, Annotation)]


def test_a_session_that_ended_costs_no_word(place: Place, call_id: str, page: Page, troubles: Troubles):
    troubles.expected |= {401, 403}
    page.context.clear_cookies()
    HAND.say(page.locator("#s2"), "Ask", QUESTION)
    expect(page.locator("#trouble")).to_contain_text("What you wrote is still here")
    expect(page.locator("#trouble a")).to_have_attribute("href", f"/sign-in?next=%2Fcalls%2F{call_id}")
    field = page.locator("#s2 textarea:visible")
    expect(field).to_have_value(QUESTION)
    assert said(place, call_id) == []
    place.sign_in(page.context, place.person(call_id, Role.CUSTOMER))
    page.locator("#s2 form:has(textarea:visible) > button").click()
    expect(page.locator("#s2 .notes .text")).to_have_text(QUESTION)
    expect(page.locator("#trouble")).to_be_empty()
    assert said(place, call_id) == [QUESTION]


def test_a_button_pressed_twice_says_it_once(place: Place, call_id: str, page: Page):
    page.locator("#s2 details.more > summary").click()
    page.locator("#s2 details.act:not(.more) > summary").filter(has_text="Ask").click()
    page.locator("#s2 textarea:visible").fill(QUESTION)
    page.locator("#s2 form:has(textarea:visible) > button").dblclick()
    expect(page.locator("#s2 .notes .text")).to_have_text(QUESTION)
    assert said(place, call_id) == [QUESTION]


def test_escape_takes_away_nothing_that_was_written(page: Page):
    HAND.choose_words(page.locator("#t2"), 2, 3)
    page.keyboard.press("Escape")
    expect(page.locator("#say-here")).to_have_count(0)
    expect(page.locator("#t2 a.say")).to_be_focused()
    HAND.choose_words(page.locator("#t2"), 2, 3)
    page.locator("#say-here summary").filter(has_text="Ask").click()
    page.locator("#say-here textarea:visible").fill(QUESTION)
    page.keyboard.press("Escape")
    expect(page.locator("#say-here textarea:visible")).to_have_value(QUESTION)


def test_who_leaves_in_the_middle_of_a_sentence_is_asked_first(page: Page):
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.locator("#s2 details.act > summary").filter(has_text="This is not what happened").click()
    page.locator("#s2 textarea:visible").fill(QUESTION)
    page.locator(".bar a").click()
    expect(page.locator("#s2 textarea:visible")).to_have_value(QUESTION)
    assert asked == ["beforeunload"]


def test_a_mark_holds_the_words_that_are_in_it_and_no_other(page: Page):
    page.evaluate(
        """() => {
          const text = document.querySelector("#t2 .words").firstChild;
          const [begin, end] = [text.data.indexOf(" "), text.data.indexOf(" ", text.data.indexOf(" ") + 1)];
          getSelection().setBaseAndExtent(text, begin, text, end + 1);
        }"""
    )
    link = page.locator("#t2 a.say.chosen")
    expect(link).to_have_attribute("href", re.compile(r"/say\?turn=t2&first=1&last=1$"))
