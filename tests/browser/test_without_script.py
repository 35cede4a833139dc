"""Without JavaScript the record can be read, and each side can write in it: links lead, forms send, details unfold."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, Place
from tests.browser.hands import Mouse
from worker.core.dialogue.values import Act, Added, Annotation, NewWords, OnStatement, OnWords
from worker.core.log.entry import Role

Open = Callable[..., Page]

HAND = Mouse()


@pytest.fixture
def plain(place: Place, open_browser: Open) -> Callable[[Role, str], Page]:
    """A page as somebody sees it on a phone whose browser runs no script."""

    def open_plain(role: Role, call_id: str) -> Page:
        page = open_browser(place.person(call_id, role), java_script_enabled=False, viewport=PHONE)
        page.goto(f"/calls/{call_id}")
        return page

    return open_plain


def said(place: Place, call_id: str) -> list[object]:
    return [item.content for item in place.store.log.items(call_id) if isinstance(item.content, Annotation | Added)]


def test_the_record_can_be_read_and_its_evidence_found(place: Place, plain):
    page = plain(Role.CUSTOMER, place.publish())
    expect(page.get_by_role("heading", level=1)).to_have_text("A washing machine that leaks.")
    expect(page.locator("#t28 .words")).to_have_text("Goodbye.")
    expect(page.locator(".with-script").first).to_be_hidden()
    page.locator("#s2 .play").click()
    expect(page).to_have_url(re.compile("#t13$"))
    expect(page.locator("#t13")).to_be_in_viewport()
    expect(page.locator("#player audio")).to_be_visible()


def test_a_statement_is_disputed_with_a_form(place: Place, plain):
    call_id = place.publish()
    page = plain(Role.CUSTOMER, call_id)
    HAND.say(page.locator("#s2"), "This is not what happened", "It costs thirty dollars.")
    expect(page).to_have_url(re.compile(r"#entry-\d+$"))
    expect(page.locator("#s2 .boxes > li")).to_have_count(2)
    assert said(place, call_id) == [Annotation(Act.DISPUTE, OnStatement("s2"), "It costs thirty dollars.")]


def test_words_are_chosen_from_lists_and_corrected(place: Place, plain):
    call_id = place.publish()
    page = plain(Role.AGENT, call_id)
    page.locator("#t2 a.say").click()
    page.locator("summary", has_text="Choose other words").click()
    page.locator("select[name=first]").select_option("9")
    page.locator("select[name=last]").select_option("10")
    page.get_by_role("button", name="Choose these words").click()
    expect(page.locator("main")).to_contain_text("washing machine")
    HAND.say(page.locator("main"), "These were other words", "dish washer")
    expect(page.locator("#t2 .margin")).to_contain_text("dish washer")
    (annotation,) = said(place, call_id)
    assert isinstance(annotation, Annotation)
    assert isinstance(annotation.target, OnWords)
    assert (annotation.target.quote, annotation.correction) == ("washing machine", NewWords("dish washer"))


def test_what_does_not_fit_comes_back_with_everything_that_was_written(place: Place, plain, troubles):
    troubles.expected = {422}
    call_id = place.publish()
    page = plain(Role.CUSTOMER, call_id)
    question = page.locator("#s1 form:has(> button:has-text('Ask')) textarea")
    question.evaluate("one => { one.required = false; }")  # as a browser may that knows no such rule
    HAND.say(page.locator("#s1"), "Ask", " ")
    expect(page.get_by_role("alert")).to_contain_text("Nothing was written")
    assert said(place, call_id) == []


def test_what_happened_off_the_phone_is_added(place: Place, plain):
    call_id = place.publish()
    page = plain(Role.CUSTOMER, call_id)
    page.locator("#added > summary").click()
    page.locator("#added summary", has_text="Add what happened").click()
    page.get_by_role("textbox", name="What happened", exact=True).fill("The crew came and left again.")
    page.get_by_role("button", name="Add it to the record").click()
    expect(page.locator("#added")).to_contain_text("The crew came and left again.")
    assert said(place, call_id) == [Added("The crew came and left again.")]


def test_a_call_that_is_worked_can_be_looked_at_again(place: Place, plain):
    call_id = place.receive(sha256="aa" * 32, stage="transcribe")
    page = plain(Role.CUSTOMER, call_id)
    expect(page.locator("#standing")).to_contain_text("writing down the words")
    again = page.get_by_role("link", name="Look again")
    again.click()
    expect(again).to_be_visible()
