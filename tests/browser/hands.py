"""Two ways to use a page: with a mouse, and with nothing but a keyboard. A story is told once and played with both."""

from __future__ import annotations

from abc import ABC, abstractmethod

from playwright.sync_api import Locator, Page

MOST_TABS = 400
MORE = "details.more > summary"


class Hand(ABC):
    """Somebody's way to use a page."""

    @abstractmethod
    def press(self, control: Locator) -> None:
        """Uses a link, a button or what unfolds something."""

    @abstractmethod
    def write(self, field: Locator, text: str) -> None:
        """Writes into a field."""

    @abstractmethod
    def choose_words(self, turn: Locator, first: int, last: int) -> None:
        """Chooses words of a turn by number from 0, both ends included, and opens what can be said of them."""

    def say(self, part: Locator, label: str, text: str = "") -> None:
        """Says something of a part of the record: unfolds it where it is folded, writes, and sends."""
        offer = part.locator(f"form:has(> button:has-text('{label}'))").first
        for around in (MORE, "details.act:not(.more) > summary"):
            opener = part.locator(around).filter(has_text="More" if around == MORE else label).first
            if not offer.locator("> button").is_visible() and opener.count():
                self.press(opener)
        if text:
            self.write(offer.locator("textarea, input:not([type=hidden])").first, text)
        self.press(offer.locator("> button"))


class Mouse(Hand):
    """A mouse; the keyboard only writes."""

    def press(self, control: Locator) -> None:
        control.click()

    def write(self, field: Locator, text: str) -> None:
        field.fill(text)

    def choose_words(self, turn: Locator, first: int, last: int) -> None:
        page = turn.page
        words = turn.locator(".words")
        words.scroll_into_view_if_needed()
        (begin, end) = words.evaluate(_PLACES_OF_WORDS, [first, last])
        page.mouse.move(begin["x"], begin["y"])
        page.mouse.down()
        page.mouse.move(end["x"], end["y"], steps=5)
        page.mouse.up()
        turn.locator("a.say.chosen").click()


class Keyboard(Hand):
    """Nothing but keys: what Tab does not reach cannot be used."""

    def press(self, control: Locator) -> None:
        self.reach(control)
        control.page.keyboard.press("Enter")

    def write(self, field: Locator, text: str) -> None:
        self.reach(field)
        field.page.keyboard.press("Control+A")
        field.page.keyboard.type(text)

    def choose_words(self, turn: Locator, first: int, last: int) -> None:
        keys = turn.page.keyboard
        self.reach(turn.locator("> .play"))
        for _ in range(first + 1):
            keys.press("ArrowRight")
        for _ in range(last - first):
            keys.press("Shift+ArrowRight")
        self.press(turn.locator("a.say.chosen"))

    def reach(self, control: Locator) -> None:
        """Goes there with Tab, and sees where it is on the way."""
        control.wait_for()
        page: Page = control.page
        for _ in range(MOST_TABS):
            if control.evaluate("element => element === document.activeElement"):
                assert control.evaluate(_IS_SEEN_TO_HAVE_FOCUS), f"it does not show that {control} has the focus"
                return
            page.keyboard.press("Tab")
        raise AssertionError(f"Tab does not lead to {control}")


_PLACES_OF_WORDS = """(line, [first, last]) => {
  const texts = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
  const places = [];
  while (texts.nextNode()) {
    for (const found of texts.currentNode.data.matchAll(/\\S+/g)) {
      const range = document.createRange();
      range.setStart(texts.currentNode, found.index);
      range.setEnd(texts.currentNode, found.index + found[0].length);
      places.push(range.getBoundingClientRect());
    }
  }
  const middle = (place) => place.top + place.height / 2;
  return [
    { x: places[first].left + 1, y: middle(places[first]) },
    { x: places[last].right - 1, y: middle(places[last]) },
  ];
}"""

_IS_SEEN_TO_HAVE_FOCUS = """(element) => {
  const style = getComputedStyle(element);
  return element.matches(":focus-visible") && (style.outlineStyle !== "none" || style.boxShadow !== "none");
}"""
