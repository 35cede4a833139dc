"""The law's clock: by when a request has to be answered, said from the start.

One month from receipt to the same date; the last day of the month if there is none; the next working day where that is
a weekend or a holiday. Where proof of identity was asked for, the month begins with the day on which it came. Up to two
months more for what is complex, counted from the same beginning, if that is said within the first month.

Days are those of the company's time zone. What day works is handed in: holidays are known elsewhere.

Source: GDPR Art. 12 (3) and (6); UK ICO, "Right of access", on how long there is to comply; Regulation (EEC, Euratom)
No 1182/71, Art. 3 (4), on periods that end on a holiday.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import TypeAlias

from worker.core.errors import Invalid

MONTHS = 1
MOST_MORE = 2
"""Months that may be added, once."""

LONGEST_CHAIN = 31
"""Days in a row on which nobody works: more is no calendar."""

IsWorkingDay: TypeAlias = Callable[[date], bool]


def is_weekday(day: date) -> bool:
    """Monday to Friday: the working days of who has told no holidays."""
    return day.weekday() < 5


@dataclass(frozen=True)
class Calendar:
    """The company's days: in which zone they are counted, and on which it works."""

    zone: tzinfo = UTC
    is_working_day: IsWorkingDay = is_weekday

    def day_of(self, instant: datetime) -> date:
        """The day on which an instant falls."""
        return instant.astimezone(self.zone).date()

    def end_of(self, day: date) -> datetime:
        """The instant, in UTC, with which a day is over."""
        return datetime.combine(day + timedelta(days=1), time(), self.zone).astimezone(UTC)


@dataclass(frozen=True)
class Clock:
    """What the clock of one request has seen. All are aware instants.

    ``proof_asked_at`` None: no proof was asked for. ``more_months`` were added at ``extended_at``.
    Raises Invalid for what cannot be.
    """

    received_at: datetime
    proof_asked_at: datetime | None = None
    proved_at: datetime | None = None
    more_months: int = 0
    extended_at: datetime | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.more_months <= MOST_MORE or (self.more_months > 0) != (self.extended_at is not None):
            raise Invalid(f"A request is extended once, by up to {MOST_MORE} months.")

    @property
    def is_paused(self) -> bool:
        """Whether the month has not begun, because proof of identity was asked for and has not come."""
        return self.proof_asked_at is not None and self.proved_at is None

    @property
    def begins_at(self) -> datetime | None:
        """With which instant it began; None while it is paused."""
        return self.received_at if self.proof_asked_at is None else self.proved_at


@dataclass(frozen=True)
class Due:
    """By when a request has to be answered.

    ``day`` is the last day on which it may be; while the clock is paused, the one that it will be if the proof comes
    today. ``ends_at`` (UTC) is the end of that day. ``first_day`` is the last of the first month: until then, more time
    may be taken.
    """

    day: date
    ends_at: datetime
    first_day: date
    began_on: date | None
    is_paused: bool = field(default=False)

    def is_late(self, now: datetime) -> bool:
        """Whether its time is over."""
        return not self.is_paused and now >= self.ends_at


def due(clock: Clock, calendar: Calendar, *, now: datetime) -> Due:
    """By when a request is due. ``now`` counts while the clock is paused alone."""
    began = clock.begins_at
    on = calendar.day_of(now if began is None else began)
    first = due_day(on, MONTHS, calendar.is_working_day)
    day = due_day(on, MONTHS + clock.more_months, calendar.is_working_day)
    return Due(day, calendar.end_of(day), first, None if began is None else on, clock.is_paused)


def due_day(on: date, months: int, is_working_day: IsWorkingDay) -> date:
    """The last day of so many months that begin on a day. Raises Invalid for a calendar on which nobody works."""
    day = same_date(on, months)
    for _ in range(LONGEST_CHAIN):
        if is_working_day(day):
            return day
        day += timedelta(days=1)
    raise Invalid("No working day is found within a month. See ONRECORD_HOLIDAYS.")


def same_date(on: date, months: int) -> date:
    """The same date so many months later; the last day of that month if it has no such date."""
    years, month = divmod(on.month - 1 + months, 12)
    year = on.year + years
    return date(year, month + 1, min(on.day, monthrange(year, month + 1)[1]))


def check_extension(clock: Clock, months: int, calendar: Calendar, *, now: datetime) -> None:
    """Raises Invalid, saying why, if no more time may be taken now."""
    if clock.more_months:
        raise Invalid("More time was taken already. It can be taken once.")
    if not 1 <= months <= MOST_MORE:
        raise Invalid(f"One month more can be taken, or {MOST_MORE}.")
    if clock.is_paused:
        raise Invalid("The month has not begun: it begins when the asker has proved who they are.")
    if calendar.day_of(now) > due(clock, calendar, now=now).first_day:
        raise Invalid("More time is taken within the first month, and that is over. Answer now.")
