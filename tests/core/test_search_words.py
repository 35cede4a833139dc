"""What a search compares: words folded, cut and stemmed alike on both sides, and questions taken apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.web.records import record_of, said, short_call
from worker.core.call import Party
from worker.core.dialogue.state import ShownWords, TurnReading
from worker.core.errors import Invalid
from worker.core.search.lines import lines_of, shown_words
from worker.core.search.words import (
    MOST_TERMS,
    Term,
    fold,
    found_in,
    language_of,
    read_question,
    stem,
    words_of,
    words_of_record,
)

TURN = said("t1", Party.AGENT, "We owe you a refund.", 0.0, 5.0)


def test_a_text_is_folded_and_cut_at_everything_that_is_no_letter_and_no_digit() -> None:
    assert fold("ÄRGER in der Straße") == "arger in der strasse"
    assert words_of("L'abonnement, 12.50 € – d’été!") == ("l", "abonnement", "12", "50", "d", "ete")


@pytest.mark.parametrize(
    ("language", "forms"),
    [
        ("en", ("charge", "charges", "charged", "charging")),
        ("en", ("ship", "shipped", "shipping", "ships")),
        ("en", ("address", "addresses")),
        ("en", ("delivery", "deliveries", "delivered")),
        ("en", ("cancel", "cancelled", "canceled", "cancels")),
        ("de", ("rechnung", "rechnungen")),
        ("de", ("karte", "karten")),
        ("fr", ("facture", "factures")),
        ("es", ("factura", "facturas")),
    ],
)
def test_forms_of_a_word_have_one_stem(language: str, forms: tuple[str, ...]) -> None:
    assert len({stem(one, language) for one in forms}) == 1, {one: stem(one, language) for one in forms}


def test_numbers_short_words_and_words_of_other_languages_stay_as_they_are() -> None:
    assert stem("4242", "en") == "4242"
    assert stem("his", "en") == "his"
    assert stem("rechnungen", language_of("pl")) == "rechnungen"
    assert language_of(None) == language_of("pl") == ""


def test_what_is_protected_is_no_word() -> None:
    assert list(words_of_record("My card [card_number:4242], ends.")) == ["my", "card", None, "ends"]
    assert list(words_of_record("[email:example.com]")) == [None]


def test_a_question_is_taken_apart_into_words_and_phrases_each_once() -> None:
    assert read_question('refund "new  Kettle" refund “d\'été”') == (
        Term(("refund",)),
        Term(("new", "kettle")),
        Term(("d", "ete")),
    )
    assert read_question('an "open one') == (Term(("an",)), Term(("open", "one")))
    assert read_question("12.50") == (Term(("12", "50")),)
    assert read_question(' "" ?! ') == ()


def test_a_question_has_an_end() -> None:
    with pytest.raises(Invalid, match="too long"):
        read_question("x" * 201)
    with pytest.raises(Invalid, match="too many"):
        read_question(" ".join(f"w{number}" for number in range(MOST_TERMS + 1)))


def test_what_was_found_is_told_by_its_words() -> None:
    texts = ["We", "owe", "you", "[card_number]", "refunds,", "a", "refund."]
    assert found_in(texts, read_question("refund"), "en") == {4, 6}
    assert found_in(texts, read_question('"a refund"'), "en") == {5, 6}
    assert found_in(texts, read_question('"you refunds"'), "en") == frozenset()


def test_words_that_both_sides_agreed_on_have_the_seconds_of_those_they_stand_for() -> None:
    reading = TurnReading((ShownWords(1, 3, "are to pay you", 7),), None, None)
    shown = shown_words(TURN, reading)
    assert [word.text for word in shown] == ["We", "are", "to", "pay", "you", "a", "refund."]
    assert {(word.start_s, word.end_s) for word in shown[1:5]} == {(TURN.words[1].start_s, TURN.words[2].end_s)}
    assert shown_words(TURN, None) == TURN.words


def test_a_record_s_lines_are_its_turns_and_the_sentences_that_quote_nobody() -> None:
    record = short_call()
    lines = lines_of(record)
    written = {one.id for one in record.summary.statements if not one.quoted} | {"s0"}
    assert {line.place for line in lines} == {turn.id for turn in record.turns} | written
    assert all(len(line.versions) == 1 for line in lines)
    assert lines_of(record_of((), duration_s=1.0)) == ()


@given(st.text(max_size=200))
def test_any_question_is_read_or_refused(text: str) -> None:
    try:
        terms = read_question(text)
    except Invalid:
        return
    assert all(word and word == fold(word) for term in terms for word in term.words)


@given(st.text(max_size=60))
def test_a_word_of_a_text_is_found_in_it(text: str) -> None:
    for language in ("", "en", "de"):
        for word in words_of(text):
            assert found_in(text.split(), (Term((word,)),), language)
