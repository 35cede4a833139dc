"""Until when something is to be done: "by Friday", "within 48 hours", "tomorrow at three", as a day or an instant.

Worked out from the instant at which the words were said, in the zone of the call. What is said of another thing's day
("the payment of Friday") or too loosely to be held to ("shortly", "in a few days") is no due. Where the words leave
room, the latest reading counts: the end of a range, the last day of the week or month that is named. Holidays are not
known. English only.

``spans`` reads lengths of time, ``days`` the names of days, ``clock`` times of day, each from the words in the one form
of ``spoken``.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from worker.core.due.clock import Clock, at_clock, find_clocks
from worker.core.due.days import find_days, find_parts_of_day
from worker.core.due.spans import Found, find_spans
from worker.core.due.spoken import Spoken, speak
from worker.core.errors import Invalid
from worker.core.summary import Due

LONGEST_GAP = 40
"""A time of day so many letters off the day, "tomorrow on your mobile at three", still belongs to it."""

_DENIED = frozenset({"not", "never"})  # "not before Friday", "not tomorrow"
_CORRECTED = re.compile(
    r"^(?: (?:oh|um|uh|er|well|and|but|or))*(?: (?:no|sorry|wait|hang on|hold on|i mean|i meant|make (?:that|"
    r"it)|rather|"
    r"actually|better|scratch that|say))+(?: (?:no|it's|it is|that's|let's say|oh|um|uh|er|better|on|by|the|more like|"
    r"it'll be))* ?$"
)
_IN_PARTS = re.compile(
    r"^ and(?: (?:by|on|in|then|again))* ?$|"
    r"^[^.]* and[^.]* (?:rest|other|others|half|remainder|remaining|balance|second)\b[^.]*$"
)

_SOME_DAY = datetime(2001, 1, 1, 9, tzinfo=UTC)
"""Stands in where it is not known when the words were said, and only the words are asked for."""


def find_due(words: str, said_at: datetime | None) -> Due | None:
    """Until when, as these words say; None where they say no time, or none that anybody could be held to.

    ``said_at`` is the instant of the words, aware, in the zone of the call; None gives the words and no day.
    Raises Invalid if it has no zone.
    """
    if said_at is not None and said_at.tzinfo is None:
        raise Invalid("The instant at which something was promised has no time zone.")
    spoken = speak(words)
    found, _ = _find(spoken, said_at or _SOME_DAY)
    if found is None:
        return None
    stretches, day, instant = found
    places = [spoken.said(*stretch) for stretch in stretches]
    said = words[min(start for start, _ in places) : max(end for _, end in places)]
    return Due(said, None) if said_at is None else Due(said, day, instant)


def due_places(words: str) -> tuple[tuple[int, int], ...]:
    """Where in these words it is said until when, as ``[start, end)`` letters, in order; empty where it is not.

    Words that were corrected ("by Friday, no, by Monday") are among them.
    """
    spoken = speak(words)
    found, corrected = _find(spoken, _SOME_DAY)
    return tuple(sorted(spoken.said(*stretch) for stretch in (*corrected, *found[0]))) if found is not None else ()


def is_time_of_day(words: str) -> bool:
    """Whether these words say a time of day and no day, so that the day must have been said before."""
    spoken = speak(words)
    if any(True for find in (find_spans, find_days, find_parts_of_day) for _ in find(spoken, _SOME_DAY)):
        return False
    return any(not clock.needs_day for clock in find_clocks(spoken))


_Stretches = list[tuple[int, int]]


_Read = tuple[_Stretches, date, datetime | None]


def _find(spoken: Spoken, said_at: datetime) -> tuple[_Read | None, _Stretches]:
    """The due of the words, and where those stand that it corrects: "by Friday, no, by Monday".

    "Half on Friday and the rest in June" has none.
    """
    corrected: _Stretches = []
    try:
        found = _first(spoken, said_at, 0)
        while found is not None:
            end = max(stretch[1] for stretch in found[0])
            following = _first(spoken, said_at, end)
            if following is None or following[1:] == found[1:]:
                return found, corrected
            between = spoken.text[end : min(stretch[0] for stretch in following[0])]
            if _IN_PARTS.match(between):
                return None, []
            if _CORRECTED.match(between) is None:
                return found, corrected
            if is_time_of_day(spoken.text[min(stretch[0] for stretch in following[0]) :].split(".")[0]):
                return None, []  # "tomorrow at nine, no, at ten": of which day is left open
            corrected += found[0]
            found = following
    except (OverflowError, ValueError):  # beyond the last year that can be counted
        return None, []
    return None, []


def _first(spoken: Spoken, said_at: datetime, at: int) -> _Read | None:
    """The first due from ``at`` on. A time of day joins the day that is named before or behind it."""
    found = _foremost(spoken, at, [*find_spans(spoken, said_at), *find_days(spoken, said_at)])
    if found is None:
        found = _foremost(spoken, at, [*find_parts_of_day(spoken, said_at)])
    if found is not None and found.instant is not None:
        return [(found.start, found.end)], found.day, found.instant
    clocks = (clock for clock in find_clocks(spoken) if clock.start >= at and not _is_denied(spoken, clock.start))
    clock = next((clock for clock in clocks if _goes_with(clock, found)), None)
    if clock is None:
        return None if found is None else ([(found.start, found.end)], found.day, None)
    instant = at_clock(clock, None if found is None else found.day, said_at)
    if instant <= said_at and found is not None:  # "this morning at nine", said at noon: the day stands
        return [(found.start, found.end)], found.day, None
    stretches = [(clock.start, clock.end), *([] if found is None else [(found.start, found.end)])]
    # Midnight is the end of a day, not the beginning of the next one.
    return stretches, (instant - timedelta(microseconds=clock.hour == 24)).date(), instant


def _foremost(spoken: Spoken, at: int, found: list[Found]) -> Found | None:
    said = [one for one in found if one.start >= at and not _is_denied(spoken, one.start)]
    return min(said, key=lambda one: (one.start, -one.end), default=None)


def _is_denied(spoken: Spoken, at: int) -> bool:
    return not _DENIED.isdisjoint(spoken.words_before(at)[-1:])


def _goes_with(clock: Clock, found: Found | None) -> bool:
    if found is None:
        return not clock.needs_day
    apart = max(found.start - clock.end, clock.start - found.end)
    return 0 <= apart <= LONGEST_GAP
