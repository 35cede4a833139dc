"""Numbers as they are spoken and as they are written, brought to one form: "twenty five", "25" and "25th" are one.

Used to see whether a number in a sentence was said. What cannot be brought to one form counts as not said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from worker.core.wording import Token, stem, word_set

_UNITS = {
    "zero": 0,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "eleven": 11,
    "twelve": 12,
    "thirteen": 13,
    "fourteen": 14,
    "fifteen": 15,
    "sixteen": 16,
    "seventeen": 17,
    "eighteen": 18,
    "nineteen": 19,
}
_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
_SCALES = {"hundred": 100, "thousand": 1000, "million": 1_000_000, "billion": 1_000_000_000}
_ORDINALS = {
    "first": "one", "second": "two", "third": "three", "fourth": "four", "fifth": "five", "sixth": "six",
    "seventh": "seven", "eighth": "eight", "ninth": "nine", "tenth": "ten", "eleventh": "eleven", "twelfth": "twelve",
    "thirteenth": "thirteen", "fourteenth": "fourteen", "fifteenth": "fifteen", "sixteenth": "sixteen",
    "seventeenth": "seventeen", "eighteenth": "eighteen", "nineteenth": "nineteen", "twentieth": "twenty",
    "thirtieth": "thirty",
}  # fmt: skip
_DIGITS = {"zero", "oh", *(word for word, value in _UNITS.items() if value < 10)}
_LOOSE = {"dozen": 12, "half": 0.5, "twice": 2, "once": 1}

MEASURES = frozenset(
    stem(word)
    for word in word_set("""
    second minute hour day week month year night dollar euro pound cent percent am pm mile kilometre kilometer
    meter metre gram kilo litre liter gigabyte megabyte piece person people time point star o'clock
    """)
)
_BETWEEN = word_set("to or and business working more full calendar of a")
MEASURE_REACH = 6
"""In "five to seven business days" the days belong to the five as well, five words further on."""


@dataclass(frozen=True)
class Number:
    """A number in a text: what it can be read as, what it measures, and its tokens ``[first, end)``."""

    readings: frozenset[str]
    measure: str | None
    first: int
    end: int


def find_numbers(tokens: Sequence[Token]) -> tuple[Number, ...]:
    """The numbers of a text in order.

    Digits spoken one by one are one number ("four two four" reads as "424" and not as 4 or 2), also over commas, and
    then its comma-separated groups are numbers of their own besides. "One" on its own is no number unless it measures.
    """
    found: list[Number] = []
    at = 0
    while at < len(tokens):
        end = at
        while end < len(tokens) and _is_number_word(tokens, end, inside=end > at):
            end += 1
        while end > at and tokens[end - 1].text in ("and", "oh", "point"):
            end -= 1
        if end == at:
            article = tokens[at].text in ("a", "an") and at + 1 < len(tokens) and stem(tokens[at + 1].text) in MEASURES
            if article:
                found.append(Number(frozenset({"1"}), stem(tokens[at + 1].text), at, at + 1))
            at += 1
            continue
        found.extend(_read_run(tokens, at, end))
        at = end
    return tuple(found)


def _is_number_word(tokens: Sequence[Token], at: int, *, inside: bool) -> bool:
    word = tokens[at].text
    if word == "second":  # "one second" is a time, "the second of May" a number
        before = tokens[at - 1].text if at else ""
        return before in ("the", "on", "twenty", "thirty") or before in MONTHS
    if word[0].isdigit() or word in _UNITS or word in _TENS or word in _ORDINALS or word in _LOOSE:
        return True
    if not inside:
        return False
    after = tokens[at + 1].text if at + 1 < len(tokens) else ""
    if word == "and":  # "one hundred and two", not "five and seven"
        return tokens[at - 1].text in _SCALES and (after in _UNITS or after in _TENS)
    return word in _SCALES or word == "oh" or (word == "point" and after in _UNITS)


def _read_run(tokens: Sequence[Token], first: int, end: int) -> list[Number]:
    words = [token.text for token in tokens[first:end]]
    if sum(word in _DIGITS or word.isdigit() for word in words) == len(words) >= 3:
        groups: list[list[int]] = []
        for at in range(first, end):
            if groups and tokens[at].clause == tokens[at - 1].clause:
                groups[-1].append(at)
            else:
                groups.append([at])
        spans = {(first, end), *((group[0], group[-1] + 1) for group in groups if len(group) > 1)}
        joined = [
            (first_, end_, "".join(_digit(token.text) for token in tokens[first_:end_])) for first_, end_ in spans
        ]
        return [Number(frozenset({digits}), None, *span) for *span, digits in sorted(joined)]
    numbers = []
    at = first
    while at < end:
        readings, length = _read_one(words, at - first)
        measure = _measure(tokens, at + length)
        lonely = words[at - first] == "one" and length == 1 and measure is None and end - first == 1
        if readings and not lonely:
            numbers.append(Number(frozenset(readings), measure, at, at + length))
        at += max(1, length)
    return numbers


def _digit(word: str) -> str:
    return word if word.isdigit() else str(_UNITS.get(word, 0))


def _read_one(words: Sequence[str], at: int) -> tuple[set[str], int]:
    """What the number that starts here can be read as, and how many words it has."""
    word = words[at]
    if word[0].isdigit():
        plain = word.rstrip("stndrh").replace(",", "")
        readings = {_plain(plain)}
        if plain.endswith(":00"):
            readings.add(_plain(plain[:-3]))
        if at + 1 < len(words) and words[at + 1] in _SCALES:
            return {_plain(str(float(plain) * _SCALES[words[at + 1]]))} if _is_float(plain) else readings, 2
        return readings, 1
    if word in _LOOSE:
        return {_plain(str(_LOOSE[word]))}, 1
    total, current, length, last = 0, 0, 0, None
    while at + length < len(words):
        word = words[at + length]
        ordinal = word in _ORDINALS
        word = _ORDINALS.get(word, word)
        value = _UNITS.get(word, _TENS.get(word))
        if value is not None:
            joins = last is None or (last in _TENS and value < 10) or last in _SCALES or last == "and"
            if not joins:
                break
            current += value
        elif word in _SCALES:
            if _SCALES[word] == 100:
                current = max(1, current) * 100
            else:
                total, current = total + max(1, current) * _SCALES[word], 0
        elif word != "and" or length == 0:
            break
        last = word
        length += 1
        if ordinal:
            break
    if length == 0:
        return set(), 1
    readings = {_plain(str(total + current))}
    # "three thirty" as a time, "twenty eighteen" as a year: read with the pair that follows, beside its own value.
    if at + length < len(words) and total == 0 and 0 < current < 100:
        following, more = _read_one(words, at + length)
        pair = next((int(value) for value in following if value.isdigit()), 0)
        if at + length + more == len(words) and 10 <= pair < 100:
            return readings | following | {f"{current}:{pair}", f"{current}{pair}"}, length + more
    if at + length + 1 < len(words) and words[at + length] == "point":
        decimals = "".join(_digit(word) for word in words[at + length + 1 :])
        return {_plain(f"{total + current}.{decimals}")}, len(words) - at
    return readings, length


def _plain(number: str) -> str:
    """One way to write a value: no ending zeros, no leading ones unless it is a row of digits such as "0952"."""
    if not _is_float(number) or (number[0] == "0" and number.isdigit()):
        return number
    value = float(number)
    return str(int(value)) if value.is_integer() and value < 1e15 else number.rstrip("0")


def _is_float(text: str) -> bool:
    return text.replace(".", "", 1).isdigit()


def _measure(tokens: Sequence[Token], at: int) -> str | None:
    for token in tokens[at : at + MEASURE_REACH]:
        word = stem(token.text)
        if word in MEASURES:
            return word
        is_number = token.text[0].isdigit() or token.text in _UNITS or token.text in _TENS
        if token.text not in _BETWEEN and not is_number:
            return None
    return None


MONTHS = word_set("january february march april may june july august september october november december")
WEEKDAYS = word_set("monday tuesday wednesday thursday friday saturday sunday")


def carries_number(number: Number, others: Sequence[Number]) -> bool:
    """Whether one of the others is the same number, and of the same measure where one is named."""
    return any(
        number.readings & other.readings and (number.measure is None or number.measure == other.measure)
        for other in others
    )
