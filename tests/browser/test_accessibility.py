"""Every page, wide and on a phone, light and dark: axe-core finds nothing, nothing is cut off, nothing complains."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import PHONE, WIDE, Place, new_place
from tests.browser.view import View
from tests.browser.world import everything

AXE = next((Path(__file__).parent / "vendor").glob("axe-core-*/axe.min.js")).read_text()
EVERYTHING = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
SIGHTS = (
    (WIDE, "light", EVERYTHING),
    (WIDE, "dark", COLOURS),
    (PHONE, "dark", EVERYTHING),
    (PHONE, "light", COLOURS),
)
"""How each page is looked at. In the same size, only what is about colours can differ between light and dark."""

NARROWEST = {"width": 320, "height": 640}  # what WCAG's reflow asks for

Open = Callable[..., Page]

NAMES = [
    "record, nothing said",
    "record, much said, customer",
    "record, much said, agent",
    "record, much said, reviewer",
    "record, nobody speaks",
    "record, unknown voices, long and other names",
    "standing, at work",
    "standing, failed",
    "say, a statement",
    "say, words",
    "comparison",
    "letter",
    "vouch",
    "vouch, with the code",
    "home, customer",
    "home, agent",
    "home, reviewer",
    "home, operator",
    "operations, failed",
    "operations, put off",
    "operations, try again",
    "next call",
    "next call, customer",
    "sign-in",
    "sign-in, once",
    "sign-in, wrong link",
    "invitation",
    "invitation, sent",
    "outbox",
    "error, nothing there",
    "error, not open",
    "error, does not fit",
    "asking, choices",
    "asking, choices of a stranger",
    "asking, a correction",
    "asking, a transcript",
    "asking, a stranger",
    "asking, the code",
    "asked, home",
    "asked, being put together",
    "asked, ready",
    "asked, locked",
    "asked, by a link",
    "asked, erased",
    "record, erased",
    "asked, third persons",
    "asked, extended",
    "asked, refused",
    "record, restricted, customer",
    "record, restricted, agent",
    "desk",
    "desk, ended",
    "desk, home",
    "desk, entry",
    "desk, a letter",
    "desk, erasure",
    "desk, restriction",
    "desk, a letter to restrict",
    "desk, third persons",
    "desk, who else is in it",
    "desk, the record",
]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, dict[str, View]]]:
    with new_place(tmp_path_factory.mktemp("world")) as place:
        yield place, {view.name: view for view in everything(place)}


@pytest.fixture
def place(world: tuple[Place, dict[str, View]]) -> Place:
    """One place for all: looking at it changes nothing that is looked at here."""
    return world[0]


@pytest.mark.parametrize("name", NAMES)
def test_everybody_can_read_and_use(name: str, world: tuple[Place, dict[str, View]], open_browser: Open, troubles):
    view = world[1][name]
    troubles.expected = {view.status} - {200}
    page = open_browser(view.who)
    answer = page.goto(view.address)
    for control in view.does:
        with page.expect_navigation() as navigation:
            page.locator(control).first.click()
        answer = navigation.value
    assert answer is not None
    assert answer.status == view.status
    page.evaluate("() => { for (const one of document.querySelectorAll('details')) one.open = true; }")
    found = []
    for size, colours, rules in SIGHTS:
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=colours)
        found += [f"{size['width']} {colours}: {one}" for one in violations(page, rules)]
    found += [f"at {size['width']} wide, {one}" for size in (PHONE, NARROWEST) for one in too_wide(page, size)]
    assert found == []


def test_what_is_wrong_would_be_found(world: tuple[Place, dict[str, View]], open_browser: Open):
    page = open_browser()
    page.goto(world[1]["sign-in"].address)
    page.evaluate(
        """() => {
          const wrong = document.createElement("div");
          wrong.innerHTML = '<img src="/static/icon.svg"><button></button><p class="faint">faint</p>';
          document.querySelector("main").append(wrong);
          wrong.style.width = "500px";
          wrong.querySelector("p").style.color = "#999";
        }"""
    )
    rules = {one.partition(":")[0] for one in violations(page, EVERYTHING)}
    assert {"image-alt", "button-name", "color-contrast"} <= rules
    assert too_wide(page, PHONE)


def test_no_page_is_left_out(world: tuple[Place, dict[str, View]]):
    assert list(world[1]) == NAMES


def violations(page: Page, rules: dict[str, object]) -> list[str]:
    """What axe-core finds: its rule, and where."""
    # Evaluated, since the pages' own policy refuses scripts that are put into them.
    page.evaluate(f"() => {{ if (!window.axe) {{ {AXE} }} }}")
    result = page.evaluate("rules => axe.run({ runOnly: rules, resultTypes: ['violations'] })", rules)
    return [
        f"{one['id']}: {node['html'][:160]} -- {node['any'][0]['message'] if node['any'] else one['help']}"
        for one in result["violations"]
        for node in one["nodes"]
    ]


def too_wide(page: Page, size: dict[str, int]) -> list[str]:
    """Whether the page has to be moved sideways to be read, and what makes it so."""
    page.set_viewport_size(size)
    return page.evaluate(
        """() => {
          const page = document.scrollingElement;
          if (page.scrollWidth <= page.clientWidth) return [];
          const wide = [...document.body.querySelectorAll("*")].filter(
            (one) => one.getBoundingClientRect().right > page.clientWidth + 1
          );
          return wide.slice(0, 5).map((one) => `too wide: ${one.outerHTML.slice(0, 120)}`);
        }"""
    )
