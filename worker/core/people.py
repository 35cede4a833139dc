"""Who takes part, as far as it can be said without a database: their addresses, and how often a code may be tried."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from worker.core.errors import Invalid

LONGEST_ADDRESS = 254  # letters of an e-mail address (RFC 5321, section 4.5.3.1.3, with its erratum)
LONGEST_NAME = 200
SHORTEST_WORD = 4
PHONE = re.compile(r"\+[1-9][0-9]{6,14}")  # E.164
EMAIL = re.compile(r"[^\s@<>\"',;:()\\]+@[^\s@<>\"',;:()\\.]+(\.[^\s@<>\"',;:()\\.]+)+")
BETWEEN_DIGITS = str.maketrans("", "", " -./()")


def normal_address(text: str) -> str:
    """An e-mail address in lower case, or a telephone number as ``+`` and digits: one spelling for one address.

    Raises Invalid for anything else; the message does not repeat it.
    """
    address = text.strip().lower()
    if "@" not in address:
        address = address.translate(BETWEEN_DIGITS)
        address = f"+{address[2:]}" if address.startswith("00") else address
    form = EMAIL if "@" in address else PHONE
    if len(address) > LONGEST_ADDRESS or not form.fullmatch(address):
        raise Invalid("An address is an e-mail address, or a telephone number with its country, such as +4930123456.")
    return address


def is_phone(address: str) -> bool:
    """Whether a normal address is that of a telephone."""
    return address.startswith("+")


def as_it_sounds(word: str) -> str:
    """A code word as it sounds: small letters and digits alone."""
    return "".join(letter for letter in word.casefold() if letter.isalnum())


def check_word(word: str) -> None:
    """Raises Invalid for what is too short to be a code word."""
    if len(as_it_sounds(word)) < SHORTEST_WORD:
        raise Invalid(f"A code word has at least {SHORTEST_WORD} letters or digits.")


@dataclass(frozen=True)
class Limit:
    """How often something may be tried, and for how long nobody may try after that."""

    times: int
    then_wait: timedelta


TRIES = Limit(5, timedelta(minutes=15))
"""Of a code or a code word. With six digits, somebody who guesses for a whole day is right once in 2,000 times."""

SENDINGS = Limit(5, timedelta(hours=1))
"""Of codes to one person: each costs its receiver a glance, and its sender money."""


@dataclass(frozen=True)
class Count:
    """How often something was tried of late, and until when nobody may try it again."""

    tried: int = 0
    wait_until: datetime | None = None


def may_try(count: Count, now: datetime) -> bool:
    """Whether one more try is free now."""
    return count.wait_until is None or count.wait_until <= now


def after_try(count: Count, limit: Limit, now: datetime) -> Count:
    """The count after one more try that was free; the last one of a row begins the waiting, after which all are free.

    The try is counted before its outcome is known, so that many at once are no more than the limit.
    """
    if count.wait_until is not None:
        count = Count()
    tried = count.tried + 1
    return replace(count, tried=tried, wait_until=now + limit.then_wait if tried >= limit.times else None)
