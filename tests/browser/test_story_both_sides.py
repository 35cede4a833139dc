"""One record, two sides: a customer and an agent read the same page, both write in it, and neither erases anything.

Told once, and played twice: with a mouse, and with nothing but a keyboard.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Place
from tests.browser.hands import Hand, Keyboard, Mouse
from tests.installation import wait_until
from tests.packed import Packing
from worker.core.dialogue.values import Act, Annotation, Looked, Way
from worker.core.log.entry import Role

ROOT = Path(__file__).parent.parent.parent
DISPUTE = "I was told that it costs thirty dollars."
QUESTION = "At what time will the technician come?"
ANSWER = "Between nine and eleven."

Open = Callable[..., Page]


def read_code(window: Page) -> str:
    """The code that was sent last, from the page that shows letters to this machine."""
    window.goto("/outbox")
    code = re.search(r"\b\d{6}\b", window.locator(".letter").first.inner_text())
    assert code, "no letter with a code was written"
    return code[0]


def sound_of(page: Page) -> dict:
    return page.evaluate(
        "() => { const sound = document.querySelector('#player audio');"
        " return { at: sound.currentTime, stopped: sound.paused }; }"
    )


def is_alive(page: Page) -> None:
    """Waits for the page's own scripts; before that, its controls are links and forms."""
    expect(page.locator("html.scripted")).to_have_count(1)


def customer_comes_in(hand: Hand, page: Page, place: Place, call_id: str, outbox: Page) -> None:
    page.goto(place.parts.invitations.address(call_id, base=place.base))
    hand.press(page.get_by_role("button", name="Send a code"))
    expect(page.get_by_role("status")).to_contain_text("a code is on its way")
    hand.write(page.get_by_label("The code, of 6 digits"), read_code(outbox))
    hand.press(page.locator("form", has=page.get_by_label("The code, of 6 digits")).get_by_role("button"))
    expect(page.get_by_role("heading", level=1)).to_have_text("A washing machine that leaks.")
    is_alive(page)


def evidence_is_heard_and_lights_up(hand: Hand, page: Page) -> None:
    hand.press(page.locator("#s2 .play"))
    expect(page.locator(".lit")).to_have_count(5)
    assert " ".join(page.locator(".lit").all_inner_texts()) == "so the repair is free."
    wait_until(lambda: sound_of(page)["at"] > 61.0, what="the sound goes on")
    wait_until(lambda: sound_of(page)["stopped"], what="the stretch ends")
    assert sound_of(page)["at"] == pytest.approx(62.4, abs=0.6), "it ends where its words end"


def customer_says_that_it_was_otherwise(hand: Hand, page: Page) -> None:
    hand.say(page.locator("#s2"), "This is not what happened", DISPUTE)
    boxes = page.locator("#s2 .boxes > li")
    expect(boxes).to_have_count(2)
    expect(boxes.nth(0)).to_contain_text("The repair costs nothing.")
    expect(boxes.nth(1)).to_contain_text(DISPUTE)
    widths = {round(box.bounding_box()["width"]) for box in boxes.all()}
    assert len(widths) == 1, "both versions have the same weight"


def customer_corrects_a_word_and_asks(hand: Hand, page: Page) -> None:
    hand.choose_words(page.locator("#t2"), 9, 10)
    expect(page.locator("#say-here :focus")).to_have_count(1)  # the focus is led there, by keyboard and by mouse
    hand.say(page.locator("#say-here"), "These were other words", "dish washer")
    expect(page.locator("#t2 .margin")).to_contain_text("dish washer")
    hand.say(page.locator("#p1"), "Ask", QUESTION)
    expect(page.locator("#p1")).to_contain_text(QUESTION)


def agent_comes_in_by_the_link_of_the_command_line(hand: Hand, page: Page, place: Place, call_id: str) -> None:
    token = place.store.people.sessions.one_time_token(
        place.person(call_id, Role.AGENT).id, only_call=None, lasts=timedelta(hours=1), now=datetime.now(UTC)
    )
    page.goto(f"/sign-in/once/{token}")
    hand.press(page.get_by_role("button", name="Go on"))
    hand.press(page.locator(f"a[href^='/calls/{call_id}']").first)
    expect(page.locator("#s2 .boxes > li")).to_have_count(2)
    is_alive(page)


def agent_answers_and_accepts_the_correction(hand: Hand, page: Page) -> None:
    question = page.locator("#p1 .notes > li", has_text=QUESTION)
    hand.say(question, "Answer", ANSWER)
    expect(page.locator("#p1")).to_contain_text(ANSWER)
    hand.say(page.locator("#t2 .margin .notes > li", has_text="dish washer"), "Accept")
    expect(page.locator("#t2 .words")).to_contain_text("dish washer")


def customer_is_told_without_losing_her_place(hand: Hand, page: Page) -> None:
    before = page.evaluate("scrollY")
    news = page.locator("#news")
    expect(news).to_contain_text(re.compile("Daniel Price"))
    assert page.evaluate("scrollY") == before, "nothing moves until she asks for it"
    expect(page.locator("#t2 .words")).to_contain_text("washing machine")
    hand.press(news.get_by_role("link"))
    expect(page.locator("#t2 .words ins")).to_have_text("dish washer")
    is_alive(page)


def what_the_machine_heard_is_one_step_away(hand: Hand, page: Page) -> None:
    machine = page.locator("#t2 details.heard")
    expect(machine.locator("p")).to_be_hidden()
    hand.press(machine.locator("summary"))
    expect(machine.locator("p")).to_contain_text("washing machine")


def customer_says_that_the_promise_was_kept(hand: Hand, page: Page) -> None:
    expect(page.locator("#p1 .late")).to_be_visible()
    hand.say(page.locator("#p1"), "It was done")
    expect(page.locator("#p1 .late")).to_have_count(0)
    expect(page.locator("#p1 .standing").first).to_contain_text("It was done, says Maria Lopez")


def customer_takes_a_copy_that_proves_itself(hand: Hand, page: Page, place: Place, folder: Path) -> None:
    proof = page.locator("#proof")
    hand.press(proof.locator("summary").first)
    copy, key = folder / "copy.zip", folder / "key.txt"
    key.write_text(proof.locator(".exact", has_text="+").first.inner_text())
    hand.press(page.get_by_role("button", name="Ask for the transcript"))
    page.wait_for_url("**/requests/*")
    assert Packing(place.store, place.parts.sounds, folder).packer().make_one(), "a worker does this by itself"
    page.reload()
    with page.expect_download() as download:
        hand.press(page.locator("a[href$='/package']").first)
    download.value.save_as(copy)
    checked = subprocess.run(
        [sys.executable, "-m", "worker", "verify", str(copy), "--key", str(key)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("hand", [Mouse(), Keyboard()], ids=["with a mouse", "by keyboard alone"])
def test_both_sides_read_both_write_and_neither_erases(hand: Hand, place: Place, open_browser: Open, tmp_path: Path):
    call_id = place.publish()
    maria, daniel = open_browser(accept_downloads=True), open_browser()

    customer_comes_in(hand, maria, place, call_id, outbox=open_browser())
    evidence_is_heard_and_lights_up(hand, maria)
    customer_says_that_it_was_otherwise(hand, maria)
    customer_corrects_a_word_and_asks(hand, maria)

    agent_comes_in_by_the_link_of_the_command_line(hand, daniel, place, call_id)
    agent_answers_and_accepts_the_correction(hand, daniel)

    customer_is_told_without_losing_her_place(hand, maria)
    what_the_machine_heard_is_one_step_away(hand, maria)
    customer_says_that_the_promise_was_kept(hand, maria)

    paula = open_browser(place.reviewer(call_id))
    paula.goto("/")
    hand.press(paula.locator(f"a[href^='/calls/{call_id}']").first)
    expect(paula.locator("#s2 .boxes > li")).to_have_count(2)
    expect(paula.locator("#s2")).to_contain_text(DISPUTE)

    customer_takes_a_copy_that_proves_itself(hand, maria, place, tmp_path)

    contents = [item.content for item in place.store.log.items(call_id)]
    acts = [one.act for one in contents if isinstance(one, Annotation)]
    assert acts == [Act.DISPUTE, Act.CORRECT, Act.ASK, Act.ANSWER, Act.ACCEPT, Act.KEPT]
    assert {Way.PAGE, Way.SOUND, Way.COPY} <= {one.way for one in contents if isinstance(one, Looked)}
