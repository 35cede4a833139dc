"""Brings the catalogues of the pages' texts up to what the code says, and tells what is not translated yet.

The texts are read from the calls that wrap them (see ``worker/web/texts.py``) and from the messages of our errors,
which become pages. What is translated stays; a text that is gone or was changed leaves the catalogue.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parent.parent
LOCALES = ROOT / "worker" / "web" / "locale"
TRANSLATED = ("de", "es")

ROOMS = ("worker/web", "worker/core/dialogue", "worker/intake")
"""Where texts for the people of a call are written."""

FOR_ENGINEERS = (
    "worker/intake/accept.py",
    "worker/intake/bucket.py",
    "worker/intake/dropped.py",
    "worker/intake/fetching.py",
    "worker/intake/fields.py",
    "worker/intake/folder.py",
    "worker/intake/limits.py",
    "worker/intake/vcon/",
    "worker/intake/vendors/",
    "worker/intake/watching.py",
    "worker/web/api/arriving.py",
    "worker/web/api/forms.py",
    "worker/web/api/new_calls.py",
    "worker/web/api/operations.py",
    "worker/web/api/uploads.py",
    "worker/web/routes/vendors.py",
)
"""What is said there is read by who connects a telephone system, and stays English."""

ERRORS = ("Invalid", "NotAllowed", "NotFound", "Unavailable", "BadRecording")
REFUSAL = "Refusal"
"""What becomes one of our errors elsewhere: a table of ``worker/intake/attach.py``."""

KEYWORDS = {
    **dict.fromkeys(("_", "gettext", "later", *ERRORS, REFUSAL), None),
    **dict.fromkeys(("plural", "ngettext"), (1, 2)),
}
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
OPTIONS = {"**/templates/**.html": {"trimmed": "true", "silent": "false"}}


def texts_of_the_code() -> Catalog:
    """Every text that a page may show, in English."""
    found = Catalog(charset="utf-8")
    for room in ROOMS:
        for file, _line, message, _comments, context in extract_from_dir(
            ROOT / room, METHODS, OPTIONS, keywords=KEYWORDS
        ):
            if not f"{room}/{file}".startswith(FOR_ENGINEERS):
                found.add(message, context=context)
    return found


def catalogue(language: str) -> Catalog:
    """What is translated into a language so far."""
    path = _path(language)
    if not path.exists():
        return Catalog(locale=language, charset="utf-8")
    with path.open("rb") as file:
        return read_po(file, locale=language)


def update(language: str) -> int:
    """Writes the catalogue of a language anew; the number of texts that are not translated."""
    before, now = catalogue(language), texts_of_the_code()
    fresh = Catalog(locale=language, charset="utf-8")
    for message in now:
        if message.id:
            known = before.get(message.id, message.context)
            fresh.add(message.id, known.string if known else "", context=message.context)
    _path(language).parent.mkdir(parents=True, exist_ok=True)
    with _path(language).open("wb") as file:
        write_po(file, fresh, sort_output=True, omit_header=True, width=120)
    return sum(not all(_strings(message.string)) for message in fresh if message.id)


def _strings(string: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    return (string,) if isinstance(string, str) else tuple(string or ("",))


def _path(language: str) -> Path:
    return LOCALES / language / "LC_MESSAGES" / "web.po"


def main() -> None:
    """Updates every catalogue."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    left = {language: update(language) for language in TRANSLATED}
    for language, count in left.items():
        sys.stdout.write(f"{language}: {count} texts are not translated\n")


if __name__ == "__main__":
    main()
