"""Pages as HTML: each page's dataclass names its template, which sees the page, who reads it, and nothing else."""

from __future__ import annotations

from typing import ClassVar, Protocol

from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from worker.web.access import Visitor
from worker.web.pages.words import and_before, quoted
from worker.web.texts import _, language, plural
from worker.web.tokens import written

PRIVATE = {"Cache-Control": "private, no-store"}


class Page(Protocol):
    """Everything that a page says, as values."""

    template: ClassVar[str]

    @property
    def title(self) -> str:
        """What the page is called in the browser's list."""


_environment = Environment(
    loader=PackageLoader("worker.web"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    finalize=written,
)
_environment.globals.update(_=_, plural=plural, language=language, quoted=quoted, and_before=and_before)


def render(page: Page, visitor: Visitor | None = None) -> str:
    """The HTML of a page in the reader's language. ``visitor`` is who reads it, where somebody is signed in."""
    return _environment.get_template(page.template).render(page=page, visitor=visitor)


def shown(page: Page, visitor: Visitor | None = None, *, status: int = 200) -> HTMLResponse:
    """The page as an answer that no cache keeps."""
    return HTMLResponse(render(page, visitor), status_code=status, headers=PRIVATE)


def wants_page(accept: str) -> bool:
    """Whether the asker is a browser, by the ``Accept`` that it sent; programs get data and problem details."""
    return "text/html" in accept
