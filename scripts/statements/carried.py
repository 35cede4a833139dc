"""Whether every number, date and name of a published sentence stands in the words it rests on.

Written apart from ``worker.core.support`` and with nothing of it, so that the one checks the other. What is looked at:

    numbers and sums   in digits or in words; "$25", "25 dollars" and "twenty five" are one, "25 percent" is another
    times of day       "3:30" is also "three thirty"
    days               weekdays, months, today, tomorrow, tonight, yesterday
    names              words with a capital where no sentence begins; addresses of mail and pages
    quotations         every stretch between quotation marks, letter for letter; "…" parts stretches
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_ONES = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
]  # fmt: skip
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_VALUES = {word: value for value, word in enumerate(_ONES)} | {word: 10 * at for at, word in enumerate(_TENS, 2)}
_SCALES = {"hundred": 100, "thousand": 1000, "k": 1000, "million": 1_000_000, "billion": 1_000_000_000}
_RANKS = {
    "first": 1, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9, "tenth": 10,
    "eleventh": 11, "twelfth": 12, "thirteenth": 13, "fourteenth": 14, "fifteenth": 15, "sixteenth": 16,
    "seventeenth": 17, "eighteenth": 18, "nineteenth": 19, "twentieth": 20, "thirtieth": 30,
}  # fmt: skip
_WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_MONTHS = [
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
]  # fmt: skip
_SHORT = {day[:3]: day for day in _WEEKDAYS} | {month[:3]: month for month in _MONTHS} | {"sept": "september"}
_DAYS = {*_WEEKDAYS, *_MONTHS, "today", "tomorrow", "tonight", "yesterday"}
_ALSO_WORDS = {"may", "march", "mar", "sun", "sat", "mon", "wed", "jun", "dec", "jan"}
"""Days only where they are written with a capital."""

_UNITS = {
    "$": "money", "€": "money", "£": "money", "dollar": "money", "buck": "money", "euro": "money", "pound": "money",
    "usd": "money", "cent": "cents", "%": "percent", "percent": "percent", "second": "second", "minute": "minute",
    "hour": "hour", "hr": "hour", "day": "day", "week": "week", "month": "month", "year": "year", "mile": "mile",
}  # fmt: skip
_BEFORE_A_UNIT = {"business", "working", "full", "calendar", "more", "whole"}

_LABELS = {"agent", "customer", "speaker", "voice", "the", "one", "another"}
_NO_NAMES = {"i", "ok", "okay", "am", "pm", "a", "mr", "mrs", "ms", "dr", "sir", "mam"}

_TOKEN = re.compile(
    r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+|(?:https?://|www\.)[^\s\"”]+|\b[\w-]+\.(?:com|org|net|io|co|edu|gov)\b[\w/.-]*"
    r"|\d+(?:[.,:]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*|[$€£%@]|[.!?:;,…“”\"()\n]|[-–—/]"
)
_QUOTED = re.compile(r"“([^”]*)”")
_CONNECTS = {"-", "–", "—"}
_ENDS = set('.!?…:“"”\n')


@dataclass(frozen=True)
class Figure:
    """A number of a text: its forms as digits, any of which names it, and its unit, None where none is said."""

    text: str
    forms: frozenset[str]
    unit: str | None


def missing(text: str, evidence: Sequence[str]) -> list[str]:
    """The numbers, days, names and quotations of a published text that its evidence does not hold, in order."""
    said = "\n".join(evidence)
    return [*_missing_figures(text, said), *_missing_days(text, said), *_missing_names(text, said)] + [
        piece
        for quoted in _QUOTED.findall(text)
        for piece in quoted.split("…")  # which stands where words were left out
        if _even(piece) and _even(piece) not in _even(said)
    ]


def _even(text: str) -> str:
    return " ".join(text.split())


# --- numbers ---------------------------------------------------------------------------------------------------------


def _missing_figures(text: str, said: str) -> list[str]:
    heard = list(find_figures(said))
    return [figure.text for figure in find_figures(text) if not _is_said(figure, heard)]


def _is_said(figure: Figure, heard: Sequence[Figure]) -> bool:
    alike = [other for other in heard if figure.forms & other.forms]
    # "25" may stand for dollars that nobody named; "25 percent" may not.
    return any(figure.unit is None or other.unit in (None, figure.unit) for other in alike)


def find_figures(text: str) -> Iterator[Figure]:
    """The numbers of a text in order. "One" by itself is none, nor is "second"."""
    tokens = _TOKEN.findall(text)
    at = 0
    while at < len(tokens):
        end = _run_end(tokens, at)
        if end == at:
            at += 1
            continue
        run = [token.lower() for token in tokens[at:end]]
        unit = _unit(tokens, at, end)
        # The number before its unit, as "one day" or "$1", is meant as a number.
        if run != ["one"] or unit is not None:
            yield from _read(run, unit)
        at = end


def _run_end(tokens: Sequence[str], at: int) -> int:
    end = at
    while end < len(tokens):
        word = tokens[end].lower()
        after = tokens[end + 1].lower() if end + 1 < len(tokens) else ""
        joins = end > at and (
            (word in _SCALES)
            or (word in ("and", "point", "oh", "o", *_CONNECTS) and _is_number(after))
            # "five, six" are two numbers; a row of single digits goes on over its commas
            or (word == "," and _is_digit(tokens[end - 1].lower()) and _is_digit(after))
        )
        if word == "and" and tokens[end - 1].lower() not in ("hundred", "thousand"):
            joins = False
        if not (_is_number(word) or joins or _begins_row(tokens, end)):
            return end
        end += 1
    return end


def _begins_row(tokens: Sequence[str], at: int) -> bool:
    """The spoken nought before other digits: "oh one four"."""
    return tokens[at].lower() in ("oh", "o") and at + 1 < len(tokens) and _is_digit(tokens[at + 1].lower())


def _is_number(word: str) -> bool:
    return word[:1].isdigit() or word in _VALUES or word in _RANKS


def _is_digit(word: str) -> bool:
    return (len(word) == 1 and word.isdigit()) or word in _ONES[:10]


def _unit(tokens: Sequence[str], at: int, end: int) -> str | None:
    if at and tokens[at - 1] in "$€£":
        return "money"
    for word in tokens[end : end + 2]:
        lower = word.lower()
        unit = _UNITS.get(lower) or _UNITS.get(lower.removesuffix("s"))
        if unit or lower not in _BEFORE_A_UNIT:
            return unit
    return None


def _read(run: Sequence[str], unit: str | None) -> Iterator[Figure]:
    values = _values(run)
    text = " ".join(run)
    whole = "".join(value.replace(":", "").replace(".", "") for value in values)
    if len(values) > 2 and all(len(value) == 1 for value in values):
        # A row of digits is one number, and so is each part of it that a comma ends.
        forms = {whole, *("".join(_values(part)) for part in _parts(run) if len(part) > 1)}
        yield Figure(text, frozenset(forms), unit)
        return
    together = {whole}
    if len(values) == 2:
        together |= {f"{values[0]}:{values[1]}", f"{values[0]}.{values[1]}"}
    for value in values:
        own = {value.removesuffix(":00"), value.replace(":", "")} if ":" in value else {value}
        yield Figure(text, frozenset(own | together), unit)


def _parts(run: Sequence[str]) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for word in run:
        if word == ",":
            parts.append([])
        else:
            parts[-1].append(word)
    return parts


def _values(run: Sequence[str]) -> list[str]:
    """The numbers that the words make, each as digits: "one hundred and five" is 105, "two thirty" 2 and 30."""
    values: list[str] = []
    total = current = 0
    last = ""  # the number word before, within one number

    def close() -> None:
        nonlocal total, current, last
        if last:
            values.append(str(total + current))
        total, current, last = 0, 0, ""

    for place, word in enumerate(run):
        value = _VALUES.get(word, _RANKS.get(word))
        if word[0].isdigit():
            close()
            scale = run[place + 1] if place + 1 < len(run) else ""
            values.append(_digits(word, _SCALES.get(scale, 1)))
        elif word in _SCALES:
            if not last:
                continue  # after digits, already counted
            if word == "hundred":
                current *= 100
            else:
                total, current = total + current * _SCALES[word], 0
            last = word
        elif value is not None:
            if last and not (last in _SCALES or (last in _TENS and value < 10)):
                close()
            current += value
            last = word
        elif word in ("oh", "o"):
            close()
            values.append("0")
        elif word == "point":
            close()
            *decimals, scale = [*run[place + 1 :], ""] if run[-1] not in _SCALES else run[place + 1 :]
            behind = "".join(_values(decimals))
            return [*values[:-1], _digits(f"{values[-1]}.{behind}", _SCALES.get(scale, 1))]
        elif word in (",", *_CONNECTS) and last not in _TENS:
            close()
    close()
    return values


def _digits(written: str, scale: int) -> str:
    plain = written.replace(",", "")
    if ":" in plain or plain.count(".") > 1:
        return plain
    if scale == 1 and plain.isdigit():
        return plain  # "0952" keeps its first digit
    value = float(plain) * scale
    return str(int(value)) if value.is_integer() else f"{value:.6f}".rstrip("0")


# --- days and names --------------------------------------------------------------------------------------------------


def _missing_days(text: str, said: str) -> list[str]:
    heard = set(_days(said, strict=False))
    return [day for day in _days(text, strict=True) if day not in heard]


def _days(text: str, *, strict: bool) -> Iterator[str]:
    for token in _TOKEN.findall(text):
        lower = token.lower()
        if strict and lower in _ALSO_WORDS and not token[0].isupper():
            continue
        day = _SHORT.get(lower, lower.removesuffix("s") if lower.removesuffix("s") in _DAYS else lower)
        if day in _DAYS:
            yield day


def _missing_names(text: str, said: str) -> list[str]:
    words = {_bare(token) for token in _TOKEN.findall(said)}
    run_together = _squeeze(said)
    return [
        name
        for name in find_names(text)
        if _bare(name) not in words and not (len(_squeeze(name)) >= 4 and _squeeze(name) in run_together)
    ]


def find_names(text: str) -> Iterator[str]:
    """Words with a capital where no sentence begins, and addresses. How a statement names its party is none."""
    begins = True
    for token in _TOKEN.findall(text):
        lower = _bare(token)
        is_address = "@" in token[1:] or ("." in token and not token[0].isdigit() and len(token) > 3)
        is_name = token[0].isupper() and not begins and lower not in _LABELS | _NO_NAMES
        if is_address or (is_name and _SHORT.get(lower, lower) not in _DAYS):
            yield token
        begins = token in _ENDS or (begins and token == "(")  # noqa: S105  # a mark, no password


def _bare(token: str) -> str:
    lower = token.lower().replace("’", "'")
    return lower.partition("'")[0] if "'" in lower else lower


def _squeeze(text: str) -> str:
    """Only letters and digits, an address as it is spoken: spelled letters, joined and parted names become one."""
    spoken = re.sub(r"(?<=\w)\.(?=\w)", "dot", text.lower().replace("@", "at"))
    return re.sub(r"[\W_]+", "", spoken)
