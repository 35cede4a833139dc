"""Tokens of protected words as people read them: "[card number ending in 4242]", "[card code, cut]".

For copies and exports, which are in English; pages have their own words for it, in the reader's language.
"""

from __future__ import annotations

from re import Match

from worker.core.protection import TOKEN, Kind

KINDS_IN_WORDS = {
    Kind.CARD_NUMBER: "card number",
    Kind.CARD_CODE: "card code",
    Kind.CARD_EXPIRY: "card's last month",
    Kind.BANK_ACCOUNT: "bank account",
    Kind.NATIONAL_ID: "national identity number",
    Kind.PASSWORD: "password",
    Kind.ONE_TIME_CODE: "one-time code",
    Kind.EMAIL: "e-mail address",
    Kind.POSTAL_ADDRESS: "postal address",
    Kind.PHONE: "telephone number",
    Kind.BIRTH_DATE: "date of birth",
}


def written_out(text: str) -> str:
    """The text with every token in it written out; all else as it is."""
    return TOKEN.sub(_in_words, text)


def _in_words(token: Match[str]) -> str:
    kind, left = Kind(token[1]), token[2]
    if left is None:
        return f"[{KINDS_IN_WORDS[kind]}, cut]"
    return f"[{KINDS_IN_WORDS[kind]} {'at' if kind is Kind.EMAIL else 'ending in'} {left}]"
