"""Times of day: "at 3 pm", "by five o'clock", "between nine and twelve" (its end), "half past ten", "noon"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from worker.core.due.spoken import Spoken
from worker.core.wording import is_content

LAST_BARE_PM_HOUR = 7
"""Who says a bare "five" in a call means the afternoon; a bare "nine" is the morning."""


@dataclass(frozen=True)
class Clock:
    """A time of day at ``[start, end)`` of the one form. ``hour`` 24 is the day's end. ``loose``: said without am or
    pm, so that twelve hours later may be meant. ``to_time``: a short range said without any word that parts times from
    counts, to be believed only beside a day."""

    start: int
    end: int
    hour: int
    minute: int
    loose: bool
    needs_day: bool = False


_HOUR = r"(?:\d{1,2}(?::\d\d)?|one|noon|midday|midnight|(?:half|quarter) (?:past|to) (?:\d{1,2}|one))"
_MARK = r"am|pm|o'clock|in the (?:morning|afternoon|evening)|at night|sharp"
_TIME = rf"(?P<hour>{_HOUR})(?: (?:o'clock ))?(?: ?(?P<mark>{_MARK}))?"
_RANGE = re.compile(
    rf"(?<!\S)(?P<opener>(?:any ?time |some ?time |at some point )?(?:between|from) |"
    rf"(?:at|by|around|about|before) (?=\S+(?: (?!or )\S+){{0,3}} or ))?"
    rf"(?P<from>{_HOUR})(?: (?P<from_mark>am|pm|o'clock))? (?P<joint>and|to|till|until|or) {_TIME}(?= |$)"
)
_AT = re.compile(
    rf"(?<!\S)(?P<opener>(?:(?:by|at|before|until|till|til|around|about|after|from|since|past|no later than|"
    rf"not later than) )+)?"
    rf"{_TIME}(?: at the (?:very )?latest)?(?= |$)"
)
_NOT_A_LIMIT = frozenset({"after", "from", "since", "past"})
_BEFORE_A_THING = tuple([word] for word in ("the", "a", "an", "my", "your", "our"))  # "the 5:15 coach"
_MORNING = re.compile(r"\bmorning\b")
_LATER_HALF = re.compile(r"\b(?:afternoon|evening|tonight|night)\b")
_BEHIND_A_TIME = frozenset({"sharp", "latest", "tomorrow", "today", "tonight", "monday", "tuesday", "wednesday",
                            "thursday", "friday", "saturday", "sunday", "next", "morning"})  # fmt: skip


def find_clocks(spoken: Spoken) -> Iterator[Clock]:
    """The times of day in these words that may be a due, ranges before single times. "After five" is not one."""
    for match in _RANGE.finditer(spoken.text):
        is_count = match["joint"] == "or" and not match["opener"]  # "one or two of us"
        if not is_count and _may_follow(spoken, match.end()) and _fits(match["hour"]) and _fits(match["from"]):
            yield _end_of_range(match, spoken)
    for match in _AT.finditer(spoken.text):
        openers = frozenset((match["opener"] or "").split())
        plain = match["mark"] is None and re.fullmatch(r"\d{1,2}|one", match["hour"]) is not None
        names_a_thing = (
            not openers and match["hour"][0].isdigit() and spoken.words_before(match.start())[-1:] in _BEFORE_A_THING
        )
        if openers & _NOT_A_LIMIT or names_a_thing or not _fits(match["hour"]):
            continue
        if plain and (not openers & {"by", "at", "before", "until", "till", "til", "than"}):
            continue
        if not plain or _may_follow(spoken, match.end()):
            yield _clock(match, spoken)


def at_clock(clock: Clock, day: date | None, said_at: datetime) -> datetime:
    """The instant of a time of day on that day; on the next day where it falls due, if no day was named.

    A time that the clock leaves out when it is put forward is the one an hour on.
    """
    instant = _on(day or said_at.date(), clock, said_at, later=0)
    if instant > said_at or (day is not None and day > said_at.date()):
        return instant
    later = _on(day or said_at.date(), clock, said_at, later=12)
    if clock.loose and clock.hour < 12 and later > said_at:
        return later
    return instant if day is not None else _on(said_at.date() + timedelta(days=1), clock, said_at, later=0)


def _on(day: date, clock: Clock, said_at: datetime, *, later: int) -> datetime:
    days, hour = divmod(clock.hour + later, 24)
    wall = datetime.combine(day + timedelta(days=days), time(hour, clock.minute), tzinfo=said_at.tzinfo)
    return wall.astimezone(UTC).astimezone(said_at.tzinfo)


def _may_follow(spoken: Spoken, at: int) -> bool:
    """Whether the words behind leave a number a time of day: "by 5 tomorrow", and not "by 5 euros"."""
    after = spoken.word_after(at)
    return not after or after in _BEHIND_A_TIME or not (is_content(after) or after[0].isdigit())


def _fits(hour: str) -> bool:
    numbers = [int(part) for part in re.findall(r"\d+", hour)]
    return not numbers or (numbers[0] <= 24 and (len(numbers) == 1 or numbers[1] < 60))


def _clock(match: re.Match[str], spoken: Spoken) -> Clock:
    hour, minute, loose = _read(match["hour"], match["mark"], spoken.text)
    return Clock(match.start(), match.end(), hour, minute, loose)


def _end_of_range(match: re.Match[str], spoken: Spoken) -> Clock:
    hour, minute, loose = _read(match["hour"], match["mark"], spoken.text)
    first, _, _ = _read(match["from"], match["from_mark"], spoken.text)
    said = re.match(r"\d+", match["from"])
    early = int(said.group()) if said else first
    # "Between eight and one" ends in the afternoon; "between five and eight" is the evening, "seven and nine" is not.
    is_evening = early < LAST_BARE_PM_HOUR and match["from_mark"] != "am" and hour > early
    if loose and hour < 12 and (is_evening or match["from_mark"] == "pm"):
        hour += 12
    marked = match["opener"] or match["mark"] or match["from_mark"] or ":" in match.group()
    return Clock(match.start(), match.end(), hour, minute, loose=False, needs_day=not marked)


def _read(words: str, mark: str | None, around: str) -> tuple[int, int, bool]:
    """Hour (0 to 24), minute, and whether the half of the day was left open."""
    if words in ("noon", "midday"):
        return 12, 0, False
    if words == "midnight":
        return 24, 0, False
    parts = words.replace("one", "1").split()
    number = parts[-1].split(":")
    hour, minute = int(number[0]), int(number[1]) if len(number) > 1 else 0
    as_24_hours = hour > 12 or words.startswith("0")
    if parts[0] in ("half", "quarter"):
        past = parts[1] == "past"
        minute = (30 if parts[0] == "half" else 15) if past else 45
        hour = hour if past else (hour - 1 or 12)
    mark = mark or ""
    if mark == "am" or "morning" in mark:
        return hour % 12, minute, False
    if mark == "pm" or "afternoon" in mark or "evening" in mark or "night" in mark:
        return (hour if hour > 12 else hour % 12 + 12), minute, False
    if as_24_hours:
        return (hour, minute, False) if hour < 24 else (24, 0, False)
    if _LATER_HALF.search(around) and not _MORNING.search(around):
        return (hour if hour == 12 else hour + 12), minute, False
    if _MORNING.search(around):
        return hour, minute, False
    return (hour + 12 if hour <= LAST_BARE_PM_HOUR else hour), minute, True
