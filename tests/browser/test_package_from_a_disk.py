"""index.html of a package, opened from a file: it plays, follows and seeks, all can use it, and it asks nobody."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.test_accessibility import EVERYTHING, PHONE, SIGHTS, too_wide, violations
from tests.keys import KEYS
from tests.packed import Packing
from worker.core.dialogue.values import Act, Annotation, OnEntry, OnPromise, OnStatement, WholeCall
from worker.core.log.entry import Actor, Role
from worker.record.sounds import SoundStore
from worker.record.store import Store

WITHIN_MS = 20_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package of one call about which much was said, unpacked."""
    here = tmp_path_factory.mktemp("package")
    store = Store(f"sqlite:///{here / 'onrecord.db'}", KEYS)
    store.migrate()
    packing = Packing(store, SoundStore(here / "sounds", store.sound_keys), here)
    call = packing.call()
    customer, log = packing.customer(call), store.log
    agent = Actor(Role.AGENT, store.people.side(call, Role.AGENT).id)
    log.append(call, customer, Annotation(Act.DISPUTE, OnStatement("s2"), "It was to cost 20 euros."), by="Maria Lopez")
    log.append(call, agent, Annotation(Act.AGREE, OnStatement("s2")), by="Daniel Price")
    log.append(call, customer, Annotation(Act.ASK, OnPromise("p1"), "Which Friday?"), by="Maria Lopez")
    asked = log.items(call)[-1].number
    log.append(call, agent, Annotation(Act.ANSWER, OnEntry(asked), "The 13th of March."), by="Daniel Price")
    log.append(call, customer, Annotation(Act.ADD, WholeCall(), "Nobody came."), by="Maria Lopez")
    unpacked = packing.unpacked(packing.made(call), here / "unpacked")
    store.close()
    return unpacked


@pytest.fixture
def troubles() -> Iterator[list[str]]:
    """What a page said, or asked of somebody, that it may not; looked at when the test is over."""
    found: list[str] = []
    yield found
    assert found == []


@pytest.fixture
def opened(chromium: Browser, folder: Path, troubles: list[str]) -> Iterator[Callable[..., Page]]:
    contexts: list[BrowserContext] = []

    def open_one(**settings: object) -> Page:
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 900}, **settings})  # type: ignore[arg-type]
        contexts.append(context)
        context.set_default_timeout(WITHIN_MS)
        context.on("console", lambda one: one.type in ("error", "warning") and troubles.append(one.text))
        context.on("weberror", lambda error: troubles.append(str(error.error)))
        context.on(
            "request", lambda asked: asked.url.startswith((folder.as_uri(), "data:")) or troubles.append(asked.url)
        )
        page = context.new_page()
        page.goto((folder / "index.html").as_uri())
        return page

    yield open_one
    for context in contexts:
        context.close()


def until(page: Page, true: str) -> None:
    """Waits for what a script says; the page's own policy forbids what playwright has for it."""
    ends = time.monotonic() + WITHIN_MS / 1000
    while not page.evaluate(true):
        assert time.monotonic() < ends, true
        page.wait_for_timeout(50)


def seconds(page: Page) -> float:
    return float(page.evaluate("document.querySelector('audio').currentTime"))


def test_a_time_plays_from_there_and_the_words_that_are_heard_light_up(opened: Callable[..., Page]):
    page = opened()
    control = page.locator(".turn .play").nth(3)
    start = float(control.get_attribute("data-start") or 0)
    control.click()
    expect(page.locator(".words .now").first).to_be_visible()
    assert start <= seconds(page) < start + 10
    page.keyboard.press("Escape")
    until(page, "document.querySelector('audio').paused")


def test_a_word_plays_from_that_word(opened: Callable[..., Page]):
    page = opened()
    turn = page.locator(".turn").nth(3)
    turn.locator(".words").click(position={"x": 5, "y": 8})
    until(page, "!document.querySelector('audio').paused")
    first = seconds(page)
    turn.locator(".words [data-word]").nth(12).click()
    until(page, f"document.querySelector('audio').currentTime > {first} + 1")


def test_a_statement_plays_its_words_and_no_more(opened: Callable[..., Page]):
    page = opened()
    control = page.locator(".statements .play").first
    end = float(control.get_attribute("data-end") or 0)
    control.click()
    expect(page.locator(".words .lit").first).to_be_attached()
    until(page, "document.querySelector('audio').paused")
    assert abs(seconds(page) - end) < 0.5


def test_without_scripts_it_is_read_and_its_player_plays(opened: Callable[..., Page]):
    page = opened(java_script_enabled=False)
    expect(page.locator("h1")).to_contain_text("A washing machine that leaks.")
    expect(page.locator("audio")).to_be_visible()
    expect(page.locator(".conversation .turn").first).to_contain_text("Thank you for calling Brightwater Appliances.")
    expect(page.locator(".boxes")).to_contain_text("It was to cost 20 euros.")
    page.locator(".statements .play").first.click()
    assert "#t" in page.url, "a time leads to the words"


def test_everybody_can_read_and_use_it(opened: Callable[..., Page]):
    page = opened(bypass_csp=True)  # for the checker alone, which is put into the page
    page.evaluate("() => { for (const one of document.querySelectorAll('details')) one.open = true; }")
    found = []
    for size, colours, rules in SIGHTS:
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=colours)
        found += [f"{size['width']} {colours}: {one}" for one in violations(page, rules)]
    assert found == []
    assert too_wide(page, PHONE) == []
    assert violations(page, EVERYTHING) == []


def test_its_own_policy_lets_nothing_be_loaded_from_elsewhere(opened: Callable[..., Page], troubles: list[str]):
    page = opened()
    page.evaluate(
        """() => { document.body.append(Object.assign(new Image(), { src: "https://example.com/x.png" })); }"""
    )
    page.wait_for_timeout(300)
    assert any("Content Security Policy" in one for one in troubles)
    troubles.clear()


def test_it_leads_to_what_lies_beside_it(opened: Callable[..., Page], folder: Path):
    page = opened()
    for link in page.locator("#beside + ul a").all():
        assert (folder / (link.get_attribute("href") or "none")).is_file()
