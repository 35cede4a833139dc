"""index.html of a package: the record's page as one file that opens from a disk, plays the sound beside it, and asks no
network for anything."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import ClassVar

from markupsafe import Markup

from worker.exchange.machine_made import SOURCE_TYPE, json_ld
from worker.web.pages.added import AddedLine
from worker.web.pages.record import RecordPage
from worker.web.rendering import render
from worker.web.texts import language

STYLES = ("page.css", "record.css", "package.css")
SCRIPTS = ("words.js", "player.js", "package.js")
"""One after the other, they are one module: what they import is above them."""

_IMPORT = re.compile(r"^import [^;]*;\n", re.MULTILINE)
_EXPORT = re.compile(r"^export ", re.MULTILINE)


@dataclass(frozen=True)
class Beside:
    """What lies beside the page: its sound, whether anything stays out, and where the files that were added are.

    ``files`` are their places by the number of their entry; ``others`` leads back to the page of all calls, where there
    are several.
    """

    sound: str | None
    has_left_out: bool
    files: Mapping[int, str]
    others: str | None = None


@dataclass(frozen=True)
class PackagePage:
    """The record's page, and what differs where it lies on somebody's disk."""

    page: RecordPage
    beside: Beside
    style: Markup
    script: Markup
    policy: str
    mark: Markup
    source_type: str = SOURCE_TYPE
    template: ClassVar[str] = "package/record.html"

    @property
    def title(self) -> str:
        """What the page is called in the browser's list."""
        return self.page.title


@dataclass(frozen=True)
class CallLine:
    """One of several calls, and where its page lies."""

    href: str
    title: str
    when: str
    length: str


@dataclass(frozen=True)
class IndexPage:
    """The page that leads to the calls of a package that has several."""

    title: str
    calls: Sequence[CallLine]
    style: Markup
    policy: str
    mark: Markup
    source_type: str = SOURCE_TYPE
    template: ClassVar[str] = "package/index.html"


def record_html(page: RecordPage, beside: Beside) -> bytes:
    """The page of one call."""
    models = tuple(dict.fromkeys(f"{one.model} {one.revision}" for one in page.made))
    style, script = _style(), _script()
    shown = PackagePage(
        page=replace(page, added=tuple(_with_file(one, beside.files) for one in page.added)),
        beside=beside,
        style=_ours(style),
        script=_ours(script),
        policy=_policy(style, script),
        mark=_ours(json_ld(name=page.title, models=models, language=language())),
    )
    return render(shown).encode()


def index_html(title: str, calls: Sequence[CallLine]) -> bytes:
    """The page that leads to several calls."""
    style = _style()
    mark = _ours(json_ld(name=title, models=(), language=language()))
    return render(IndexPage(title, calls, _ours(style), _policy(style, None), mark)).encode()


def _with_file(line: AddedLine, places: Mapping[int, str]) -> AddedLine:
    """Its file lies in the package. A recording of somebody's own is a file here, and not compared."""
    place = places.get(line.number)
    file = line.file and replace(line.file, address=place, is_saved=True) if place else None
    recording = line.recording and replace(line.recording, sound=place, compared=None)
    return replace(line, file=file, recording=recording if file else None)


def _ours(text: str) -> Markup:
    """A text of this program's own, which stands in the page as it is."""
    return Markup(text)  # noqa: S704 -- nobody else's words are in it; ``json_ld`` has made names harmless


@cache
def _style() -> str:
    return "\n".join(_static(name) for name in STYLES)


@cache
def _script() -> str:
    """The scripts of the record's page that play and light words, as one."""
    return _EXPORT.sub("", _IMPORT.sub("", "\n".join(_static(name) for name in SCRIPTS)))


def _static(name: str) -> str:
    return (files("worker.web") / "static" / name).read_text("utf-8")


def _policy(style: str, script: str | None) -> str:
    """Nothing is loaded but the sound beside the page, and nothing runs but what stands in it."""
    runs = _hash(script) if script else "'none'"
    parts = {
        "default-src": "'none'",
        "style-src": _hash(style),
        "script-src": runs,
        "media-src": "'self' file:",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {allowed}" for name, allowed in parts.items())


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
