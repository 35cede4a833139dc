"""Reads a page as a tree of elements, so that tests can ask what stands where instead of searching in its source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "rect", "br", "input"}
BLOCKS = {"p", "div", "li", "h1", "h2", "h3", "dt", "dd", "td", "section"}  # each on a line of its own


@dataclass
class Element:
    """One element with its attributes and everything in it."""

    tag: str
    attributes: dict[str, str]
    inside: list[Element | str] = field(default_factory=list)

    def __iter__(self) -> Iterator[Element]:
        for one in self.inside:
            if isinstance(one, Element):
                yield one
                yield from one

    @property
    def raw_text(self) -> str:
        parts = []
        for one in self.inside:
            parts.append(one if isinstance(one, str) else one.raw_text)
            if isinstance(one, Element) and one.tag in BLOCKS:
                parts.append("\n")
        return "".join(parts)

    @property
    def text(self) -> str:
        """What is read, with each run of white space as one space; spaces that do not break stay as they are."""
        return " ".join(part for part in self.raw_text.replace("\n", " ").split(" ") if part)

    def all(self, tag: str = "", *, class_: str = "", **attributes: str) -> list[Element]:
        return [
            one
            for one in self
            if tag in ("", one.tag)
            and class_ in ("", *one.attributes.get("class", "").split())
            and attributes.items() <= one.attributes.items()
        ]

    def one(self, tag: str = "", *, class_: str = "", **attributes: str) -> Element:
        (found,) = self.all(tag, class_=class_, **attributes)
        return found

    def section(self, heading: str) -> Element:
        """The section under this heading of the second rank."""
        (found,) = [one for one in self.all("section") if any(h2.text == heading for h2 in one.all("h2"))]
        return found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open = [Element("", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].inside.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].inside.append(data)


def read(html: str) -> Element:
    """The page's tree. Fails where elements are not closed in the order in which they were opened."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert len(reader.open) == 1, f"never closed: {[one.tag for one in reader.open[1:]]}"
    return reader.open[0]
