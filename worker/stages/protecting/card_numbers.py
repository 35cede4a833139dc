"""Which rows of digits can be a payment card's number: by who issues such numbers, by length, by their check digit."""

from __future__ import annotations

import re

LENGTHS = (16, 15, 14, 19, 18, 17, 13)
"""How long they are, the usual ones first."""

# Source: ISO/IEC 7812 ranges as the schemes publish them. What is usual, and what is told from other numbers by its
# check digit and its beginning alone.
_USUAL = re.compile(
    r"4\d{15}"  # Visa
    r"|(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}"  # Mastercard
    r"|3[47]\d{13}"  # American Express
    r"|(?:6011|64[4-9]\d|65\d\d|35(?:2[89]|[3-8]\d)|62\d\d|81\d\d|220[0-4])\d{12}"  # Discover, JCB, UnionPay, Mir
)
# What is a card's number only where a card is spoken of.
_RARE = re.compile(
    r"3(?:0[0-5]|095|[689]\d)\d{11}|4\d{12}|4\d{18}|(?:5[06789]|6\d)\d{11,17}|(?:62|81)\d{14,17}|3[68]\d{12,17}"
)


def is_card_number(digits: str, *, asked: bool) -> bool:
    """Whether a row of digits is the number of a card, the rarer kinds only where a card is ``asked`` for."""
    from stdnum import luhn

    if not (_USUAL.fullmatch(digits) or (asked and _RARE.fullmatch(digits))):
        return False
    return bool(luhn.is_valid(digits))


def looks_like_one(digits: str) -> bool:
    """Whether digits begin as a usual number does and are as long, whatever the check digit says of them."""
    return _USUAL.fullmatch(digits) is not None


def whole_length(beginning: str) -> int:
    """How many digits a number that begins so has, when all of it is said."""
    if re.match(r"3[47]", beginning):
        return 15
    return 14 if re.match(r"3[068]", beginning) else 16
