"""Payment cards in talks: what is found of them, and what looks like them and stays."""

from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import luhn

from tests.stages.protecting.talks import found_in, turns_of, words_of
from worker.core.protection import Found, Kind
from worker.stages.protecting.cards import find_cards
from worker.stages.protecting.finding import find_all
from worker.stages.protecting.spoken import read_talk

NUMBER, CODE, EXPIRY = Kind.CARD_NUMBER, Kind.CARD_CODE, Kind.CARD_EXPIRY
WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def test_a_number_is_found_and_its_last_four_can_be_left() -> None:
    turns = turns_of("agent: Your card number?", "It's 4242 4242 4242 4242.")
    assert find_all(turns, "en") == (Found(NUMBER, 1, 1, 5, "4242"),)


def test_a_number_in_groups_over_turns_is_found_with_what_is_read_back() -> None:
    said = ("agent: The card number?", "4111", "agent: 4111", "1111", "agent: Okay.", "uh 1111", "and 1111")
    turns = turns_of(*said)
    assert [(one.turn, words_of(turns, one), one.left) for one in find_all(turns, "en")] == [
        (1, "4111", None),
        (2, "4111", None),
        (3, "1111", None),
        (5, "1111", None),
        (6, "1111", "1111"),
    ]


def test_the_whole_number_said_again_later_is_found_and_its_last_four_are_not() -> None:
    said = ("My card is 4000 0566 5566 5556.", "agent: Nice weather.", "agent: So 4000 0566 5566 5556, ending 5556?")
    assert found_in(*said) == [(NUMBER, "4000 0566 5566 5556."), (NUMBER, "4000 0566 5566 5556,")]


@pytest.mark.parametrize(
    "said",
    [
        "double five double five, double five double five, double five double five, double four double four",
        "fifty five fifty five fifty five fifty five fifty five fifty five forty four forty four",
        "5-5-5-5, 5-5-5-5, 5-5-5-5, 4-4-4-4",
        "5,555, 5,555, 5,555, 4,444",
        "5555 uh 5555 um 5555 4444",
    ],
)
def test_a_number_is_found_however_it_is_spoken(said: str) -> None:
    assert found_in(f"I pay with {said}") == [(NUMBER, said)]


def test_a_number_that_was_heard_wrong_is_found_if_it_was_asked_for() -> None:
    assert found_in("agent: Your card number, please?", "4242 4242 4242 4241") == [(NUMBER, "4242 4242 4242 4241")]


def test_a_correction_is_found() -> None:
    said = ("agent: Your card number?", "4242 4242 4242 4249.", "No, sorry, 2 not 9.")
    assert (NUMBER, "2 not 9.") in found_in(*said)


def test_expiry_and_code_are_found_by_the_question() -> None:
    said = ("agent: Card number?", "4242 4242 4242 4242", "agent: And the expiry?", "04/27", "agent: Security code?")
    assert found_in(*said, "It is, wait, 123")[1:] == [(EXPIRY, "04/27"), (CODE, "123")]


def test_what_follows_a_number_without_a_word_is_its_expiry_and_its_code() -> None:
    assert found_in("My card: 4242 4242 4242 4242, oh four twenty seven, 123.") == [
        (NUMBER, "4242 4242 4242 4242,"),
        (EXPIRY, "oh four twenty seven,"),
        (CODE, "123."),
    ]


def test_a_code_said_again_is_found_again() -> None:
    said = ("My card's CVC is 737.", "agent: Thank you. Anything else?", "No.", "agent: So it was 737 for the code.")
    assert found_in(*said) == [(CODE, "737."), (CODE, "737")]


@pytest.mark.parametrize("said", ["April 2027", "the end of April twenty twenty seven", "4/27", "zero four two seven"])
def test_an_expiry_is_found_in_words_and_digits(said: str) -> None:
    assert found_in("agent: When does your card expire?", said)[0][0] is EXPIRY


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "de",
            (
                "agent: Ihre Kartennummer?",
                "vier zwei vier zwei vier zwei vier zwei",
                "vier zwei vier zwei vier zwei vier zwei",
            ),
        ),
        ("fr", ("agent: Le numéro de votre carte?", "4242 4242", "4242 4242")),
        ("es", ("agent: ¿El número de la tarjeta?", "cuarenta y dos cuarenta y dos 4242", "4242 4242")),
    ],
)
def test_other_languages_are_read(language: str, said: tuple[str, ...]) -> None:
    assert [kind for kind, _ in found_in(*said, language=language)] == [NUMBER, NUMBER]


@pytest.mark.parametrize(
    "said",
    [
        "My order number is 4242 4242 4242 4243.",
        "The parcel number is 4111 1111 1111 1111.",
        "The IMEI is 490154203237518.",
        "It was 456 dollars on 3 April 2026.",
        "My contract expires April 2027.",
        "agent: The card ending in 4242?",
        "The meter says 048213.",
        "The error code is 503.",
        "I paid by card on 10/05/2026, 99.50, in 3 minutes.",
    ],
)
def test_look_alikes_stay(said: str) -> None:
    assert [kind for kind, _ in found_in(said) if kind in (NUMBER, CODE, EXPIRY)] == []


def test_a_talk_without_numbers_has_nothing() -> None:
    assert found_in("agent: Hello.", "I lost my card.") == []


def _card(body: str) -> str:
    return body + luhn.calc_check_digit(body)


def _speak(digits: str, ways: list[int]) -> list[str]:
    """Four digits at a time, each in the way that is drawn: written, one by one in words, hyphens, doubles."""
    said = []
    for way, at in zip(ways, range(0, len(digits), 4), strict=True):
        group = digits[at : at + 4]
        if way == 0:
            said.append(group)
        elif way == 1:
            said.append(" ".join(WORDS[int(digit)] for digit in group))
        elif way == 2:
            said.append("-".join(group))
        else:
            pairs = (group[:2], group[2:])
            said.append(
                " ".join(
                    f"double {WORDS[int(one[0])]}" if one[0] == one[1] else " ".join(WORDS[int(digit)] for digit in one)
                    for one in pairs
                )
            )
    return said


@settings(max_examples=150, deadline=None)
@given(
    start=st.sampled_from(["4", "51", "55", "2221", "6011", "35289"]),
    rest=st.text("0123456789", min_size=15, max_size=15),
    ways=st.lists(st.integers(0, 3), min_size=4, max_size=4),
    breaks=st.sampled_from(["turns", "commas", "fillers", "read back"]),
)
def test_any_number_is_found_in_any_way_of_saying_it(start: str, rest: str, ways: list[int], breaks: str) -> None:
    """Every word of the number is found, and no word of the rest of the talk."""
    groups = _speak(_card((start + rest)[:15]), ways)
    if breaks == "turns":
        said = [part for group in groups for part in (group, "agent: okay")]
    elif breaks == "read back":
        said = [part for group in groups for part in (group, f"agent: {group}")]
    else:
        said = [(", " if breaks == "commas" else " uh ").join(groups)]
    turns = turns_of("agent: And your card number?", *said, "agent: Thank you, bye.")
    found = {(one.turn, at) for one in find_all(turns, "en") if one.kind is NUMBER for at in range(one.first, one.end)}
    customer = {
        (number, at)
        for number, turn in enumerate(turns)
        if turn.party == "customer"
        for at, word in enumerate(turn.words)
        if word.text.strip(",") not in ("uh", "")
    }
    assert customer <= found, f"not found: {groups}"
    assert not found & {(0, at) for at in range(5)} | found & {(len(turns) - 1, at) for at in range(3)}


@settings(max_examples=50, deadline=None)
@given(st.text("0123456789", min_size=1, max_size=24))
def test_a_number_of_something_else_is_never_a_card(digits: str) -> None:
    """Whatever its digits are: it was called an order."""
    assert not [kind for kind, _ in found_in(f"My order number is {digits}.") if kind in (NUMBER, CODE, EXPIRY)]


def test_groups_of_a_number_that_are_said_again_are_no_code() -> None:
    said = ("agent: Your card number?", "4539 0217 6114 1173.", "agent: After 0217, was it 6114?", "Yes, 6114.")
    assert found_in(*said)[1:] == [(NUMBER, "0217, was it 6114?"), (NUMBER, "6114.")]


def test_an_expiry_is_corrected_by_another() -> None:
    said = (
        "My card is 4242 4242 4242 4242.",
        "agent: Same expiry, 06/27?",
        "No, 08/29.",
        "agent: And the CVV?",
        "112.",
    )
    assert found_in(*said)[1:] == [(EXPIRY, "06/27?"), (EXPIRY, "08/29."), (CODE, "112.")]


def test_the_word_for_an_expiry_may_come_behind_it() -> None:
    said = ("My card is 4242 4242 4242 4242.", "agent: And the CVV?", "Two oh seven. And 0927 is the expiry.")
    assert found_in(*said)[1:] == [(CODE, "Two oh seven."), (EXPIRY, "0927")]


@pytest.mark.parametrize("said", ["The end of February twenty-nine.", "Twenty thirty, July."])
def test_an_expiry_is_asked_for_after_something_else_in_the_same_turn(said: str) -> None:
    turns = ("My card is 4242 4242 4242 4242.", "agent: Issue number? No? Okay. Expires end of?", said)
    assert found_in(*turns)[1:] == [(EXPIRY, said)]


def test_a_pin_is_found_though_no_card_is_named() -> None:
    assert found_in("I put in my PIN, four four one nine, and it says it's wrong.") == [(CODE, "four four one nine,")]
    assert found_in("The gate's PIN is 4419.") == []


@pytest.mark.parametrize(
    "said",
    [
        ("agent: The IMEI of the phone, please. It's fifteen digits.", "356938035643809."),
        ("My card's about to expire so I wanted to update it. Is the office open at four one two?",),
    ],
)
def test_what_only_sounds_like_a_question_for_a_card_finds_nothing(said: tuple[str, ...]) -> None:
    assert found_in(*said) == []


def test_a_talk_four_times_as_long_does_not_take_sixteen_times_as_long() -> None:
    """As the time of the processor, which another process does not take away."""
    part = (
        "agent: Your card number?",
        "4539 0217 6114 1173.",
        "agent: The code on the back?",
        "112. Order 4411 2.",
    ) * 60

    def spent_s(times: int) -> float:
        talk = read_talk(turns_of(*part * times), "en")
        start_s = process_time()
        assert list(find_cards(talk))
        return process_time() - start_s

    spent_s(1)
    assert spent_s(8) < 9 * spent_s(2)
