"""Counting on the calendar: months that differ in length, weekends on which nobody works."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SATURDAY = 5


def add_months(day: date, months: int) -> date:
    """The same date some months on; the last day of that month where it has no such date."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def add_working_days(day: date, count: int) -> date:
    """Some working days on: Saturdays and Sundays are none. Holidays are not known."""
    while count > 0:
        day += timedelta(days=1)
        count -= day.weekday() < _SATURDAY
    return day


def end_of_month(day: date) -> date:
    """The last day of the month of this one."""
    return day.replace(day=monthrange(day.year, day.month)[1])


def monday_of(day: date) -> date:
    """The Monday of the week of this day; weeks run from Monday to Sunday."""
    return day - timedelta(days=day.weekday())


def date_or_none(year: int, month: int, number: int) -> date | None:
    """The date, or None where the month has no such day."""
    return date(year, month, number) if 1 <= number <= monthrange(year, month)[1] else None
