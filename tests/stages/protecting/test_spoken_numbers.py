"""What was said as pieces: digits, letters and signs, and the words that they come from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.stages.protecting.talks import turns_of
from worker.stages.protecting.spoken import Form, Piece, digits_of, read_talk

UNITS = "zero one two three four five six seven eight nine".split()  # noqa: SIM905 -- plainer so
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()  # noqa: SIM905 -- as above


def pieces(text: str, language: str | None = "en") -> tuple[Piece, ...]:
    return read_talk(turns_of(text), language).pieces


def digits(text: str, language: str | None = "en") -> str:
    return digits_of(pieces(text, language))


@pytest.mark.parametrize(
    "said",
    [
        "4242 4242",
        "4,242 4,242",
        "4-2-4-2, 4-2-4-2.",
        "4242-4242",
        "four two four two four two four two",
        "forty two forty-two forty two forty-two",
        "four thousand two hundred and forty two, 4242",
    ],
)
def test_one_number_is_the_same_digits_however_it_is_written(said: str) -> None:
    assert digits(said) == "42424242"


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("double four triple zero", "44000"),
        ("double 4 treble 7", "44777"),
        ("one oh nought seven", "1007"),
        ("oh four twenty seven", "0427"),
        ("double oh seven", "007"),
    ],
)
def test_doubles_and_zeros_are_digits(said: str, meant: str) -> None:
    assert digits(said) == meant


@pytest.mark.parametrize(
    ("language", "said", "meant"),
    [
        ("de", "vier zwo zweiundvierzig null eins", "424201"),
        ("de", "doppel vier, viertausendzweihundertzweiundvierzig", "444242"),
        ("fr", "quarante-deux quatre-vingt-dix-sept zéro six", "429706"),
        ("fr", "double zéro une", "001"),
        ("es", "cuarenta y dos, doble cero uno", "42001"),
        ("nl", "vier twee", "42"),
        (None, "forty two", "42"),
    ],
)
def test_number_words_are_read_in_the_language_of_the_call(language: str | None, said: str, meant: str) -> None:
    assert digits(said, language) == meant


@pytest.mark.parametrize("said", ["Oh, I see.", "one moment", "the one I have", "no", "zip it", "the second of them"])
def test_ordinary_words_are_no_digits(said: str) -> None:
    assert digits(said) == ""


@pytest.mark.parametrize(
    ("said", "letters"),
    [
        ("N for November", "n"),
        ("alpha bravo", "ab"),
        ("G B two nine", "gb"),
        ("A-B-C", "abc"),
        ("S as in Sugar, zed", "sz"),
        ("double T", "tt"),
    ],
)
def test_what_is_spelled_is_letters(said: str, letters: str) -> None:
    assert "".join(piece.text for piece in pieces(said) if piece.form is Form.LETTER) == letters


def test_a_month_beside_a_number_is_no_letter() -> None:
    assert [piece.form for piece in pieces("November twenty")] == [Form.WORD, Form.DIGITS]


def test_signs_are_told_with_the_words_that_said_them() -> None:
    signs = [(piece.text, piece.said) for piece in pieces("anna at example dot org") if piece.form is Form.SIGN]
    assert signs == [("@", "at"), (".", "dot")]


def test_each_piece_says_which_words_it_is_made_of_and_what_mark_ends_it() -> None:
    (first, second) = pieces("forty two, 7.")
    assert (first.text, first.first, first.end, first.after) == ("42", 0, 2, ",")
    assert (second.text, second.first, second.end, second.after) == ("7", 2, 3, ".")


def test_a_turn_without_words_has_no_pieces() -> None:
    assert read_talk(turns_of(""), "en").pieces == ()


@given(st.lists(st.integers(0, 9), min_size=1, max_size=24))
def test_digits_said_one_by_one_are_those_digits(numbers: list[int]) -> None:
    assert digits(" ".join(UNITS[number] for number in numbers)) == "".join(map(str, numbers))


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(1, 9)), min_size=1, max_size=8))
def test_digits_said_in_pairs_are_those_digits(pairs: list[tuple[int, int]]) -> None:
    said = " ".join(f"{TENS[ten]} {UNITS[unit]}" for ten, unit in pairs)
    assert digits(said) == "".join(f"{ten + 2}{unit}" for ten, unit in pairs)


@given(st.text(st.characters(categories=("L", "P", "S", "Z")), max_size=80))
def test_digits_are_never_invented(text: str) -> None:
    """Of text without digits and number words, none come out; and pieces are in the words they say they are of."""
    read = pieces(" ".join(f"x{word}" for word in text.split()))
    words = len(text.split())
    assert not digits_of(piece for piece in read if not piece.said.isalpha())
    assert all(0 <= piece.first < piece.end <= words for piece in read)


def test_a_mark_that_stands_by_itself_ends_the_word_before_it() -> None:
    assert [(one.text, one.after) for one in pieces("C'est quand ?", "fr")] == [("c'est", ""), ("quand", "?")]
