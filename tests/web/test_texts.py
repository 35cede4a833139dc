"""The words of the pages: every text is there in every language, and says the same things in it."""

from __future__ import annotations

import re
from string import Formatter

import pytest

from scripts.update_texts import TRANSLATED, catalogue, texts_of_the_code
from worker.core.evidence import NAMED
from worker.web import texts
from worker.web.pages.words import LEADS, joined, quoted, with_leads


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


def test_every_lead_of_a_quotation_is_said_in_the_readers_language():
    assert set(LEADS) == {f"{name} {verb}:" for name in NAMED.values() for verb in ("said", "asked")}
    with texts.speaking("de"):
        shown = with_leads("The agent said: “Hello.” The customer asked: “The agent said: “who”?”")
    assert shown == "Die Serviceseite sagte: “Hello.” Die Kundenseite fragte: “The agent said: “who”?”"


@pytest.mark.parametrize("text", ["Nobody said: “Hello.”", "The agent said: it leaks.", "It leaks."])
def test_a_text_without_a_known_lead_stays_as_it_is(text: str):
    with texts.speaking("de"):
        assert with_leads(text) == text


@pytest.mark.parametrize(("language", "shown"), [("en", "“so”"), ("de", "„so“"), ("es", "«so»")])
def test_quotations_have_the_marks_of_the_language(language: str, shown: str):
    with texts.speaking(language):
        assert quoted("so") == shown


@pytest.mark.parametrize(
    ("language", "names", "shown"),
    [
        ("en", ("Ana", "Inés"), "Ana and Inés"),
        ("de", ("Ana", "Inés"), "Ana und Inés"),
        ("es", ("Ana", "Luis"), "Ana y Luis"),
        ("es", ("Ana", "Inés"), "Ana e Inés"),
        ("es", ("Ana", "Hilario"), "Ana e Hilario"),
        ("es", ("Ana", "Hierro"), "Ana y Hierro"),
        ("es", ("Ana", "Luis", "Íñigo"), "Ana, Luis e Íñigo"),
        ("es", ("Inés",), "Inés"),
        ("es", (), ""),
    ],
)
def test_names_are_joined_as_the_language_joins_them(language: str, names: tuple[str, ...], shown: str):
    with texts.speaking(language):
        assert joined(names) == shown
