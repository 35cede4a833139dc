"""Days that are named: "by Friday", "on the 5th of March", "by the end of the month", "tomorrow", "next week".

A day counts only where it is said of the act: behind "by", "on" and the like, or standing by itself. "Friday's
payment", "the Friday delivery" and "since Friday" name other things.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta

from worker.core.due.counting import (
    WEEKDAYS,
    add_months,
    add_working_days,
    date_or_none,
    end_of_month,
    monday_of,
)
from worker.core.due.spans import Found
from worker.core.due.spoken import Spoken
from worker.core.wording import is_content, word_set

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december|"
    r"jan|feb|apr|jun|jul|aug|sept?|oct|nov|dec)"
)
_DAY = "|".join(WEEKDAYS)
_PREP = (
    r"(?:(?P<prep>by|on|before|until|till|til|for|between|around|sometime|no later than|not later than|"
    r"latest by|by sometime|(?:by |before |at |until )?(?:the )?(?:very )?(?:end|close) of(?: the)?(?: (?:business|"
    r"day|play)"
    r"(?: on)?)?) )?"
)
_BY = r"(?:(?:by|before|until|till|for|later|sometime|early|late|first thing|no later than|not later than|on) )*"
_PART = r"(?: (?:in the )?(?:morning|afternoon|evening|night|lunchtime))?"
_LATEST = r"(?: at the (?:very )?latest| latest)?"

# A day behind one of these is another thing's.
_NOT_A_DUE_BEHIND = word_set(
    "of to from since last every each past previous the a an your my our their its 's as starting than after expires "
    "expire expired expiring expiry dated valid born"
)
# "The payment you made on the 31st": the day is that of what has been.
_OF_WHAT_WAS = re.compile(
    r"(?<!as )(?<!like )(?<!get )(?<!getting )(?<!have )(?<!having )(?<!keep )(?<!want )(?<!need )"
    r"\b(?:i|you|we|he|she|they|who|which|that|was|were)(?: just| already| had)? (?:made|paid|sent|bought|got|took|had|"
    r"did|was|were|wrote|gave|came|went|left|saw|spoke|lost|[a-z]{2,}ed)"
    r"(?: (?!(?:i|we|he|she|it|they|you|will|going|to|and|someone|somebody)\b)\w+){0,3}$"
)
# "I'll cancel your appointment on Friday": the day is the appointment's.
_ACTS_ON_WHAT_IS = re.compile(
    r"\b(?:cancel|move|change|reschedule|rebook|check|confirm|dispute|refund|reverse|remove|look (?:at|into))\b.*"
    r"\b(?:appointment|meeting|delivery|booking|flight|reservation|payment|bill|invoice|order|visit|transaction|charge|"
    r"ticket|stay|class|slot|pickup)$"
)
_IS_SET_FOR = re.compile(
    r"\b(?:schedul\w+|book\w*|arrang\w+|set|put|pencil\w*|organi[sz]\w+|resched\w+|move\w*|down|confirmed|rebook\w*)\b"
)

_RANGE = re.compile(r" (?:or|to|through|until|till|(?P<and>and))(?: by)? (?:on )?")

_Reader = Callable[[re.Match[str], datetime], date | None]
_Rule = tuple[re.Pattern[str], _Reader]


def _rule(wording: str, reader: _Reader) -> _Rule:
    return re.compile(rf"(?<!\S)(?:{wording}){_LATEST}(?= |$)"), reader


def _days_on(count: int) -> _Reader:
    return lambda _, said_at: said_at.date() + timedelta(days=count)


def _weekday(match: re.Match[str], said_at: datetime) -> date:
    today = said_at.date()
    at = WEEKDAYS.index(match["day"])
    which, prep = match["which"] or "", match["prep"] or "on"
    week = match["week"] or match["ahead"] or ""
    if which == "next" or week == "next week":
        found = monday_of(today) + timedelta(days=7 + at)
    else:
        ahead = (at - today.weekday()) % 7
        # "On Friday", said on a Friday, is not today; "by Friday" and "this Friday" may be.
        never_today = prep in ("on", "for") and not which.startswith("this") and week != "this week"
        found = today + timedelta(days=ahead or (7 if never_today else 0))
        found += timedelta(days=7 if week in ("week", "the week after") else 0)
    if prep == "before":
        found -= timedelta(days=1)
    return found if found >= today else found + timedelta(days=7)


def _date(match: re.Match[str], said_at: datetime) -> date | None:
    today = said_at.date()
    number = int(match["d1"] or match["d2"] or match["d3"])
    month = match["m1"] or match["m2"]
    this_month = today.replace(day=1)
    if month == "next month":
        firsts = [add_months(this_month, 1)]
    elif month in (None, "this month", "month"):
        firsts = [add_months(this_month, ahead) for ahead in range(3)]
    else:
        years = [int(match["year"])] if match["year"] else range(today.year, today.year + 9)
        firsts = [date(year, _MONTHS.index(month[:3]) + 1, 1) for year in years]
    days = (date_or_none(first.year, first.month, number) for first in firsts)
    found = next((day for day in days if day is not None and day >= today), None)
    before = match["prep"] == "before" and found is not None and found > today
    return found - timedelta(days=1) if found is not None and before else found


def _period(match: re.Match[str], said_at: datetime) -> date:
    today = said_at.date()
    ahead = 1 if match["which"] in ("next", "the following") else 0
    if match["unit"] == "year":
        return date(today.year + ahead, 12, 31)
    if match["unit"] == "month":
        return end_of_month(add_months(today.replace(day=1), ahead))
    sunday = monday_of(today) + timedelta(days=6 + 7 * ahead)
    before_it = match["prep"] == "before" and match["unit"] == "weekend"
    return max(today, sunday - timedelta(days=2)) if before_it else sunday


def _month(match: re.Match[str], said_at: datetime) -> date:
    month = _MONTHS.index(match["month"][:3]) + 1
    return end_of_month(date(said_at.year + (month < said_at.month), month, 1))


def _in_the_morning(match: re.Match[str], said_at: datetime) -> date:
    """Said by day it is the next morning; in the small hours, or of another part of the day, this day's."""
    is_next = match["part"] in ("morning", "overnight") and said_at.hour >= 5
    return said_at.date() + timedelta(days=is_next)


_A_WEEKDAY = _rule(
    rf"(?:(?P<ahead>next week|this week) )?{_PREP}(?:first thing )?(?:on )?"
    rf"(?:(?P<which>next|this coming|this|the coming|coming|the following|the) )?(?P<day>{_DAY}){_PART}"
    r"(?: (?:of )?(?P<week>next week|this week|week|the week after))?",
    _weekday,
)
_A_DATE = _rule(
    rf"{_PREP}(?:the )?(?:(?P<d1>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?:the )?(?P<m1>{_MONTH}|next month|this month|"
    rf"month)|"
    rf"(?P<m2>{_MONTH}) (?:the )?(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?|(?P<d3>\d{{1,2}})(?:st|nd|rd|th))"
    rf"(?:(?: in)? (?P<year>20\d\d))?{_PART}",
    _date,
)
_END_OF_DAY = _rule(
    r"(?:by |before |at |until |till )?(?:the )?(?:very )?(?:end|close) of (?:the |this |our )?(?:business |working )?"
    r"(?:day|business|play|today|shift)(?: today)?|(?:by |before )?(?:cob|eod)|(?:the )?same day",
    _days_on(0),
)
_RULES: tuple[_Rule, ...] = (
    _END_OF_DAY,
    _rule(rf"{_BY}(?:today|tonight|this (?:morning|afternoon|evening|lunchtime))", _days_on(0)),
    _rule(rf"{_BY}(?:the )?day after tomorrow{_PART}", _days_on(2)),
    _rule(rf"{_BY}(?:the )?(?:end of )?tomorrow{_PART}", _days_on(1)),
    _rule(
        rf"{_BY}(?:the )?(?:next|following) (?:business|working) day",
        lambda _, said_at: add_working_days(said_at.date(), 1),
    ),
    _rule(rf"{_BY}the (?:next|following) day", _days_on(1)),
    _rule(
        r"(?:(?P<prep>by|before|until|till|in|at|over|during|for|sometime|later|early|late|some ?time|on) )*"
        r"(?:(?:the )?(?:very )?(?P<edge>end|close|beginning|start|middle|course|early|later|latter)"
        r"(?: part)?(?: of| on| in)? )?"
        r"(?P<which>this|next|the following|the coming|the) (?P<unit>week|weekend|month|year)",
        _period,
    ),
    _rule(rf"(?:(?:by |before |at |until )?(?:the )?end of|in|during) (?P<month>{_MONTH})", _month),
    _A_WEEKDAY,
    _A_DATE,
)
_PART_OF_DAY = _rule(
    r"(?:first thing )?(?:(?:in|by) the |by )?(?P<part>(?<=the )(?:morning|afternoon|evening)|(?<=by )(?:morning|"
    r"lunchtime|"
    r"lunch|tonight)|overnight)",
    _in_the_morning,
)


def find_days(spoken: Spoken, said_at: datetime) -> Iterator[Found]:
    """The days named in these words that may be a due; a range counts as its last day."""
    for rule in _RULES:
        wording, reader = rule
        for match in wording.finditer(spoken.text):
            day = reader(match, said_at) if _is_of_the_act(match, spoken) else None
            if day is not None:
                yield _last_of_range(Found(match.start(), match.end(), day), rule, spoken, said_at)


def find_parts_of_day(spoken: Spoken, said_at: datetime) -> Iterator[Found]:
    """ "In the morning" and the like, which count where no day is named."""
    wording, reader = _PART_OF_DAY
    for match in wording.finditer(spoken.text):
        day = reader(match, said_at)
        if day is not None:
            yield Found(match.start(), match.end(), day)


def _is_of_the_act(match: re.Match[str], spoken: Spoken) -> bool:
    groups = match.groupdict()
    before = spoken.words_before(match.start())
    prep = groups.get("prep")
    if before and before[-1] in _NOT_A_DUE_BEHIND:
        return False
    if prep == "for" and not _IS_SET_FOR.search(" ".join(before)):
        return False
    if prep in (None, "on", "in") and (
        _ACTS_ON_WHAT_IS.search(" ".join(before)) or _OF_WHAT_WAS.search(" ".join(before))
    ):
        return False
    if "which" in groups and groups["which"] == "the" and "unit" in groups:
        # "The week" alone is no time; its end is, and "the weekend" that one goes into.
        return groups["edge"] in ("end", "close") or (groups["unit"] == "weekend" and prep is not None)
    if "d3" in groups and groups["d3"] is not None:
        return prep is not None and not _names_a_thing(match, spoken)  # without "on" it may be the fifth of anything
    return not (prep is None and groups.get("day") and groups.get("which") == "the")


def _last_of_range(found: Found, rule: _Rule, spoken: Spoken, said_at: datetime) -> Found:
    """What a day is joined to: "Monday or Tuesday" (the latest counts), "Tuesday the 15th", "the end of the day on
    Friday"."""
    link = _RANGE.match(spoken.text, found.end)
    if link is not None:
        is_range = link["and"] is None or "between" in spoken.text[found.start : found.end]
        following: tuple[_Rule, ...] = (_A_WEEKDAY, _A_DATE, *_RULES) if is_range else ()
        at = link.end()
    else:
        following = (_A_DATE,) if rule is _A_WEEKDAY else _RULES if rule is _END_OF_DAY else ()
        at = found.end + 1
    for wording, reader in following:
        match = wording.match(spoken.text, at)
        day = reader(match, said_at) if match is not None else None
        if match is None or day is None or day < found.day or _names_a_thing(match, spoken):
            continue
        return Found(found.start, match.end(), day)
    return found


def _names_a_thing(match: re.Match[str], spoken: Spoken) -> bool:
    """ "The 5th floor", "first class": no day of a month."""
    after = spoken.word_after(match.end())
    return match.groupdict().get("d3") is not None and bool(after) and is_content(after.split("'")[0])
