"""Lengths of time from now: "within five business days", "in an hour and a half", "two weeks from now"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from worker.core.due.counting import WEEKDAYS, add_months, add_working_days
from worker.core.due.spoken import Spoken

MOST_YEARS = 10
"""A promise further off is a number misheard."""


@dataclass(frozen=True)
class Found:
    """A time found at ``[start, end)`` of the one form. ``instant`` only where hours were counted."""

    start: int
    end: int
    day: date
    instant: datetime | None = None


_COUNT = r"(?:\d+(?:\.\d+)?|half an?|an?|one|(?:a )?couple(?: of)?)"
_UNIT = r"(?P<unit>minute|min|hour|hr|day|week|fortnight|month|year)(?:s|'s|s')?"
_RANGE = rf"(?:(?P<low>{_COUNT})(?: to| or| and| through)? )?(?P<high>{_COUNT})(?P<half> and a half)?"
_WORKING = r"(?P<working>business |working |week)?(?:calendar |full |short )?"
_ROOM = r"(?: (?:about|around|approximately|roughly|maybe|like|another|at most|under|less than|up to|between|just))*"
_MORE = r"(?P<more> and a half)?(?: or (?P<other>\d+))?(?: or so)?(?: time)?"

# "In a minute" and "in a second" are manners of speaking, not times.
_IN_SOME_TIME = re.compile(
    rf"(?<!\S)(?:within|inside|in|over|not? more than|at most)(?: of)?(?: the| these)?(?: next| following| coming)?"
    rf"{_ROOM} (?!(?:an?|one) min){_RANGE} {_WORKING}{_UNIT}{_MORE}(?: from (?:now|today))?"
    r"(?= |$)(?! (?:ago|before|earlier|advance|old)\b)"
)
_ONE = re.compile(
    r"(?<!\S)(?:within the(?: next)?|(?:in|over|during) the next) (?P<working>business |working )?"
    rf"{_UNIT}{_MORE}(?= |$)"
)
_FROM_A_DAY = re.compile(
    rf"(?<!\S)(?:in |by )?{_RANGE} {_WORKING}{_UNIT}(?: time)? "
    rf"(?:(?:from|on|after) )?(?P<anchor>now|today|tomorrow|{'|'.join(WEEKDAYS)})(?= |$)"
)


def find_spans(spoken: Spoken, said_at: datetime) -> Iterator[Found]:
    """The lengths of time named in these words, led from now to their ends. The latest end of a range counts."""
    for wording in (_FROM_A_DAY, _IN_SOME_TIME, _ONE):
        for match in wording.finditer(spoken.text):
            start = _anchor(match.groupdict().get("anchor"), said_at.date())
            found = _end_of_span(match, said_at, start)
            if found is not None:
                yield found


def _anchor(word: str | None, today: date) -> date:
    if word in WEEKDAYS:
        return today + timedelta(days=(WEEKDAYS.index(word) - today.weekday()) % 7 or 7)
    return today + timedelta(days=word == "tomorrow")


def _end_of_span(match: re.Match[str], said_at: datetime, start: date) -> Found | None:
    groups = match.groupdict()
    count = float(groups["other"]) if groups.get("other") else _count(groups.get("high"))
    count += 0.5 if groups.get("half") or groups.get("more") else 0
    unit = match["unit"]
    if unit in ("minute", "min", "hour", "hr"):
        if start != said_at.date() or groups.get("anchor") not in (None, "now"):
            return None
        minutes = count * (60 if unit in ("hour", "hr") else 1)
        if minutes > MOST_YEARS * 366 * 24 * 60:
            return None
        # Hours are counted as they pass, not by the clock, which may be put forward in between.
        instant = (said_at.astimezone(UTC) + timedelta(minutes=minutes)).astimezone(said_at.tzinfo)
        return Found(match.start(), match.end(), instant.date(), instant)
    day = _days_on(start, count, unit, working=bool(groups["working"]))
    return None if day is None else Found(match.start(), match.end(), day)


def _count(words: str | None) -> float:
    if words is None or words in ("a", "an", "one"):
        return 1
    if words.startswith("half"):
        return 0.5
    return 2 if "couple" in words else float(words)


def _days_on(start: date, count: float, unit: str, *, working: bool) -> date | None:
    days_of = {"day": 1, "week": 7, "fortnight": 14, "month": 31, "year": 366}
    if count * days_of[unit] > MOST_YEARS * 366:
        return None
    if unit in ("month", "year"):
        whole = int(count)
        months = whole * (12 if unit == "year" else 1)
        return add_months(start, months) + timedelta(days=round((count - whole) * days_of[unit]))
    if working and unit == "day":
        return add_working_days(start, int(-(-count // 1)))
    return start + timedelta(days=int(-(-count * days_of[unit] // 1)))
