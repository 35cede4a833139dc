"""What must not be shown besides cards: accounts, ids, passwords, codes, addresses, dates of birth, as they are said.

The examples of the benchmark are the larger half of this test; here stands one rule each.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

import pytest

from scripts.protection.reading import read_examples
from worker.core.call import Party
from worker.core.protection import Found, Kind
from worker.core.transcript import Turn, Word
from worker.stages.protecting.bank_accounts import find_bank_accounts
from worker.stages.protecting.birth_dates import find_birth_dates
from worker.stages.protecting.emails import find_emails
from worker.stages.protecting.finding import find_all
from worker.stages.protecting.national_ids import find_national_ids, is_pension_number
from worker.stages.protecting.one_time_codes import find_one_time_codes
from worker.stages.protecting.passwords import find_passwords
from worker.stages.protecting.phones import find_phones
from worker.stages.protecting.postal_addresses import find_postal_addresses
from worker.stages.protecting.spoken import Talk, read_talk

Finder = Callable[[Talk], Iterable[Found]]

MINE = frozenset(Kind) - {Kind.CARD_NUMBER, Kind.CARD_CODE, Kind.CARD_EXPIRY}


def turns(*texts: str) -> tuple[Turn, ...]:
    """Turns of agent and customer by turns, the agent first; an empty one is left out."""
    made = []
    for number, text in enumerate(texts):
        words = tuple(
            Word(one, number * 60 + at * 0.4, number * 60 + at * 0.4 + 0.3, 0.9) for at, one in enumerate(text.split())
        )
        party = (Party.AGENT, Party.CUSTOMER)[number % 2]
        if words:
            made.append(
                Turn(
                    f"t{number}",
                    party,
                    f"track {number % 2}",
                    number % 2,
                    words[0].start_s,
                    words[-1].end_s,
                    text,
                    words,
                )
            )
    return tuple(made)


def found(finder: Finder, *texts: str, language: str = "en") -> list[str]:
    """The words that are found, in their order."""
    spoken = turns(*texts)
    hits = sorted(set(finder(read_talk(spoken, language))), key=lambda one: (one.turn, one.first))
    return [" ".join(word.text for word in spoken[one.turn].words[one.first : one.end]) for one in hits]


def left(finder: Finder, *texts: str) -> set[str | None]:
    return {one.left for one in finder(read_talk(turns(*texts), "en"))}


@pytest.mark.parametrize("kind", sorted(MINE))
def test_the_examples_of_each_kind_are_found_and_their_look_alikes_left(kind: Kind) -> None:
    missed, wrong = [], []
    for example in read_examples():
        spoken = example.as_turns()
        said_at = {
            (one.turn, word): one.kind
            for one in find_all(spoken, example.language)
            for word in range(one.first, one.end)
        }
        for mark in example.marks:
            words = [said_at.get((mark.turn, word)) for word in range(mark.first, mark.end)]
            if kind in mark.kinds and not mark.is_lookalike and any(one not in mark.kinds for one in words):
                missed.append(example.id)
            if mark.is_lookalike and kind not in mark.kinds and kind in words:
                wrong.append(example.id)
    assert (missed, wrong) == ([], [])


# Bank accounts


def test_an_iban_is_known_by_its_check_digits_however_it_is_said() -> None:
    assert found(find_bank_accounts, "", "It's GB29NWBK60161331926819, thanks.") == ["GB29NWBK60161331926819,"]
    spelled = "G B two nine N W B K six oh one six one three three one nine two six eight one nine"
    assert found(find_bank_accounts, "", f"Write {spelled}.") == [f"{spelled}."]
    assert found(find_bank_accounts, "", "The part is GB28NWBK60161331926819.") == []


def test_an_iban_that_was_misheard_is_found_where_one_was_asked_for() -> None:
    assert found(find_bank_accounts, "Your IBAN?", "GB28 NWBK 6016 1331 9268 19.") == ["GB28 NWBK 6016 1331 9268 19."]


def test_a_mask_leaves_the_last_four_digits_of_the_whole_account_in_each_part_of_it() -> None:
    texts = (
        "The sort code and account number of your bank?",
        "20 00 00, and the account number is 5577",
        "Yes.",
        "9911.",
    )
    assert left(find_bank_accounts, *texts) == {"0000", "9911"}


def test_an_account_with_a_shop_is_no_bank_account() -> None:
    assert found(find_bank_accounts, "Your account number with us?", "88213344.") == []


# National ids


def test_a_number_under_which_a_state_knows_a_person_is_found_by_its_form_or_by_what_was_asked() -> None:
    assert found(find_national_ids, "", "It's AB 12 34 56 C.") == ["AB 12 34 56 C."]
    assert found(find_national_ids, "Your social security number?", "219 09 9988.") == ["219 09 9988."]
    assert found(find_national_ids, "The order number?", "219 09 9988.") == []
    assert found(find_national_ids, "", "My booking is AB 12 34 56 C.") == []


def test_a_pension_number_is_known_by_its_check_digit() -> None:
    assert is_pension_number("15070649c103")
    assert not is_pension_number("15070649c104")


# Passwords and codes


def test_a_password_is_what_answers_who_asks_for_it_and_not_that_it_was_forgotten() -> None:
    assert found(find_passwords, "What's your password?", "It's Marmalade.") == ["Marmalade."]
    assert found(find_passwords, "What's your password?", "I can't remember it.") == []
    assert found(find_passwords, "Is your password working?", "The password is wrong.") == []


def test_a_password_is_found_where_it_is_said_again() -> None:
    texts = ("What's your memorable word?", "Marmalade.", "Marmalade, thank you.")
    assert found(find_passwords, *texts) == ["Marmalade.", "Marmalade,"]


def test_a_code_is_found_some_turns_after_it_was_asked_for_and_where_it_is_read_back() -> None:
    texts = ("I've sent you a code.", "One moment.", "Take your time.", "So, 48", "Mhm.", "29 13.", "48 29 13.")
    assert found(find_one_time_codes, *texts) == ["48", "29 13.", "48 29 13."]


def test_codes_that_are_no_secret_are_left() -> None:
    for text in (
        "My discount code is 4829.",
        "It shows error code 4021.",
        "The sort code is 20 00 00.",
        "My area code is 0113.",
    ):
        assert found(find_one_time_codes, "", text) == [], text


# Where somebody is reached


def test_an_address_for_letters_of_either_kind_is_found_as_it_is_said() -> None:
    assert found(find_emails, "", "Write to anna dash maria at example dot co dot uk, please.") == [
        "anna dash maria at example dot co dot uk,"
    ]
    assert found(find_emails, "", "We met at the station at five.") == []
    assert left(find_emails, "", "It's maria.lopez@example.com.") == {"example.com"}
    assert found(find_postal_addresses, "", "I live at 42 Acacia Avenue, Leeds, LS1 4AP now.") == [
        "42 Acacia Avenue, Leeds, LS1 4AP"
    ]
    assert found(find_postal_addresses, "", "I waited 45 minutes on the road.") == []


def test_a_telephone_number_is_found_over_turns_and_where_it_is_read_back() -> None:
    texts = ("Your phone number?", "07700", "Yes.", "900 123.", "07700 900 123, thank you.")
    assert found(find_phones, *texts) == ["07700", "900 123.", "07700 900 123,"]
    assert left(find_phones, *texts) == {"0123"}
    assert found(find_phones, "The order number?", "07700 900 123.") == []


# Dates of birth


def test_only_a_date_that_is_said_of_a_birth_is_one() -> None:
    assert found(find_birth_dates, "Date of birth?", "The third of April 1984.") == ["third of April 1984."]
    assert found(find_birth_dates, "And D.O.B.?", "03 04 84.") == ["03 04 84."]
    assert found(find_birth_dates, "", "Ich bin am 3. April 1984 geboren.", language="de") == ["3. April 1984"]
    assert found(find_birth_dates, "When does it come?", "You said the third of April 1984.") == []
    assert found(find_birth_dates, "", "I was born and raised in Leeds.") == []


def test_nothing_said_is_nothing_found() -> None:
    assert find_all((), None) == ()
    assert find_all(turns("Good morning.", "It leaks."), "xx") == ()


def test_an_hour_s_call_takes_seconds() -> None:
    text = "I bought it in May, it cost 129 pounds and I called you at ten but my order has not come to the house yet"
    texts = [text] * 420  # ten thousand words
    began = time.perf_counter()
    assert find_all(turns(*texts), "en") == ()
    assert time.perf_counter() - began < 20, "about one where nothing else runs"


def test_a_one_time_code_that_did_not_do_is_followed_by_another() -> None:
    texts = (
        "We sent you a code.",
        "It's 731 055.",
        "That is the old one.",
        "Sorry. 884 120.",
        "And your order?",
        "881 120",
    )
    assert found(find_one_time_codes, *texts) == ["731 055.", "884 120."]


def test_a_number_of_a_meter_is_neither_a_postcode_nor_a_telephone() -> None:
    texts = ("Der Zählerstand?", "Zwölftausenddreihundertvierundfünfzig. Die Zählernummer ist 1 EMH 00 1287 4455.")
    assert found(find_postal_addresses, *texts, language="de") == found(find_phones, *texts, language="de") == []


def test_words_that_a_telephone_garbles_still_ask() -> None:
    assert found(find_birth_dates, "Could I take your data birth?", "The 21st of June 1979.") == ["21st of June 1979."]
    assert found(find_passwords, "What's the past phrase?", "Purple rain in July.") == ["Purple rain in July."]
