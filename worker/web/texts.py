"""The words of the pages in the reader's language: gettext, with the catalogues that lie in ``locale``.

English stands in the code itself. A text that is written where no reader is known yet, such as a table of words at the
head of a module, is marked with ``later`` and put into the reader's language by ``_`` where it is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from io import BytesIO

from babel import Locale, negotiate_locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LANGUAGES = ("en", "de", "es")
"""What the pages are written in; the first is the one of the code."""

DOMAIN = "web"

_language: ContextVar[str] = ContextVar("language", default=LANGUAGES[0])


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Everything that is said within the block is said in this language, one of ``LANGUAGES``."""
    before = _language.set(language)
    try:
        yield
    finally:
        _language.reset(before)


def language() -> str:
    """The language of the reader."""
    return _language.get()


def locale() -> Locale:
    """How days, times and numbers are written for the reader."""
    return Locale.parse("en_GB" if language() == "en" else language())


def chosen_by(accept_language: str) -> str:
    """The language of ours that a browser's ``Accept-Language`` likes best; English where it likes none of them."""
    liked = []
    for place, part in enumerate(accept_language.split(",")[:20]):
        tag, _sep, weight = part.strip().partition(";q=")
        try:
            liked.append((-float(weight or 1), place, tag.replace("-", "_")))
        except ValueError:
            continue
    return negotiate_locale([tag for _, _, tag in sorted(liked)], LANGUAGES, sep="_") or LANGUAGES[0]


def _(text: str) -> str:
    """This text in the reader's language."""
    return _translations(language()).gettext(text)


def plural(one: str, many: str, count: int) -> str:
    """The text for this number of things, in the reader's language; ``{count}`` is left for the caller to fill."""
    return _translations(language()).ngettext(one, many, count)


def later(text: str) -> str:
    """Marks a text for the catalogues and leaves it in English: ``_`` is asked for it where it is used."""
    return text


@cache
def _translations(name: str) -> NullTranslations:
    """The catalogue of a language, made of its text form, so that no second form of it has to be kept."""
    source = files("worker.web") / "locale" / name / "LC_MESSAGES" / f"{DOMAIN}.po"
    if not source.is_file():
        return NullTranslations()
    with source.open("rb") as file:
        catalogue = read_po(file, locale=name)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)
