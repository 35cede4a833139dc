"""What stands in place of protected words, as people read it: "[card number ending in 4242]", and of a code that
it was cut.

Every page says it so wherever a text has such a token, be it a turn, a quotation, a promise or what somebody wrote
about them. Programs are given the tokens themselves.
"""

from __future__ import annotations

from re import Match

from markupsafe import Markup

from worker.core.protection import TOKEN, Kind
from worker.web.texts import _, later

CUT = {
    Kind.CARD_NUMBER: later("[card number, cut]"),
    Kind.CARD_CODE: later("[security code of a card, cut]"),
    Kind.CARD_EXPIRY: later("[expiry of a card, cut]"),
    Kind.BANK_ACCOUNT: later("[bank account, cut]"),
    Kind.NATIONAL_ID: later("[insurance or tax number, cut]"),
    Kind.PASSWORD: later("[password, cut]"),
    Kind.ONE_TIME_CODE: later("[one-time code, cut]"),
    Kind.EMAIL: later("[email address, cut]"),
    Kind.POSTAL_ADDRESS: later("[postal address, cut]"),
    Kind.PHONE: later("[phone number, cut]"),
    Kind.BIRTH_DATE: later("[date of birth, cut]"),
}

MASKED = {
    Kind.CARD_NUMBER: later("[card number ending in {left}]"),
    Kind.CARD_CODE: CUT[Kind.CARD_CODE],
    Kind.CARD_EXPIRY: CUT[Kind.CARD_EXPIRY],
    Kind.BANK_ACCOUNT: later("[bank account ending in {left}]"),
    Kind.NATIONAL_ID: later("[insurance or tax number ending in {left}]"),
    Kind.PASSWORD: CUT[Kind.PASSWORD],
    Kind.ONE_TIME_CODE: CUT[Kind.ONE_TIME_CODE],
    Kind.EMAIL: later("[email address at {left}]"),
    Kind.POSTAL_ADDRESS: later("[postal address, {left}]"),
    Kind.PHONE: later("[phone number ending in {left}]"),
    Kind.BIRTH_DATE: later("[date of birth, {left}]"),
}


WHY_OVERWRITTEN = later(
    "The code that verifies a card is kept by nobody once the payment is authorised, in no form (PCI DSS 3.3.1), and "
    "neither is its expiry here."
)
"""Why a recording was overwritten, for the catalogues: an entry says it in English (``worker.core.protection``)."""


def written_out(text: str) -> str:
    """The text with every token written out in the reader's language, as one word: no space in it breaks.

    Markup stays markup.
    """
    if "[" not in text:
        return text
    written = TOKEN.sub(_in_words, str(text))
    return Markup(written) if isinstance(text, Markup) else written  # noqa: S704  # what was left is escaped there


def written(value: object) -> object:
    """What a template prints: a text with its tokens written out, everything else as it is."""
    return written_out(value) if isinstance(value, str) else value


def _in_words(found: Match[str]) -> str:
    kind, left = Kind(found[1]), found[2]
    words = _(CUT[kind]) if left is None else _(MASKED[kind]).replace("{left}", left)
    return words.replace(" ", "\N{NO-BREAK SPACE}")
