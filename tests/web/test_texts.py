"""The words of the pages: every text is there in every language, and says the same things in it."""

from __future__ import annotations

import re
from string import Formatter

import pytest

from scripts.update_texts import TRANSLATED, catalogue, texts_of_the_code
from worker.web import texts


def named(text: str) -> set[str]:
    """What a text leaves to be filled in, by name."""
    braces = {name for _, name, _, _ in Formatter().parse(text) if name} if "{" in text else set()
    return braces | set(re.findall(r"%\((\w+)\)s", text))


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_of_the_pages_is_translated(language: str):
    known = catalogue(language)
    missing = []
    for message in texts_of_the_code():
        found = known.get(message.id, message.context) if message.id else None
        strings = (found.string,) if found and isinstance(found.string, str) else found.string if found else ()
        if message.id and not (strings and all(strings)):
            missing.append(message.id)
    assert not missing, "run `make texts`, and translate what is empty"


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_fills_in_what_its_text_fills_in(language: str):
    for message in catalogue(language):
        if not message.id:
            continue
        many = message.id[-1] if isinstance(message.id, tuple) else message.id
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        assert named(strings[-1]) == named(many), message.id


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("de-AT,de;q=0.9,en;q=0.5", "de"),
        ("es-419", "es"),
        ("fr,en;q=0.1,es;q=0.8", "es"),
        ("fr-FR", "en"),
        ("", "en"),
        ("de;q=none, es", "es"),
        ("*", "en"),
    ],
)
def test_the_browser_says_which_language_the_reader_likes(asked: str, given: str):
    assert texts.chosen_by(asked) == given


def test_a_language_lasts_as_long_as_its_block():
    with texts.speaking("de"):
        assert texts.language() == "de"
        with texts.speaking("es"):
            assert texts.language() == "es"
        assert texts.language() == "de"
    assert texts.language() == "en"
