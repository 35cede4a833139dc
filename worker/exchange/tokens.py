"""Tokens of protected words as people read them: "[card number ending in 4242]", "[security code of a card, cut]".

For what goes out as text, which is in English, and says the same as the pages do in that language (a test holds the two
against each other); theirs are in ``worker.web.tokens``, where catalogues find them.
"""

from __future__ import annotations

from re import Match

from worker.core.protection import TOKEN, Kind

KINDS_IN_WORDS = {
    Kind.CARD_NUMBER: "card number",
    Kind.CARD_CODE: "security code of a card",
    Kind.CARD_EXPIRY: "expiry of a card",
    Kind.BANK_ACCOUNT: "bank account",
    Kind.NATIONAL_ID: "insurance or tax number",
    Kind.PASSWORD: "password",
    Kind.ONE_TIME_CODE: "one-time code",
    Kind.EMAIL: "email address",
    Kind.POSTAL_ADDRESS: "postal address",
    Kind.PHONE: "phone number",
    Kind.BIRTH_DATE: "date of birth",
}

BEFORE_WHAT_IS_LEFT = {Kind.EMAIL: " at ", Kind.POSTAL_ADDRESS: ", ", Kind.BIRTH_DATE: ", "}
"""Between the kind and what a mask left of it; of all others that is their end."""

NOTHING_LEFT = frozenset({Kind.CARD_CODE, Kind.CARD_EXPIRY, Kind.PASSWORD, Kind.ONE_TIME_CODE})
"""Of which nothing is told, whatever a token says."""


def written_out(text: str) -> str:
    """The text with every token in it written out; all else as it is."""
    return TOKEN.sub(_in_words, text)


def _in_words(token: Match[str]) -> str:
    kind, left = Kind(token[1]), token[2]
    if left is None or kind in NOTHING_LEFT:
        return f"[{KINDS_IN_WORDS[kind]}, cut]"
    return f"[{KINDS_IN_WORDS[kind]}{BEFORE_WHAT_IS_LEFT.get(kind, ' ending in ')}{left}]"
