"""When the time of a promise has passed: one rule for the pages, the lists and the standing of a promise."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, timezone, tzinfo

from worker.core.call import LAST_YEAR
from worker.core.summary import Due

LAST_ON_EARTH = timezone(timedelta(hours=-12))
"""Where a day ends last: by this zone a day has passed only once it has passed everywhere."""


def late_from(due: Due | None, zone: tzinfo | None) -> datetime | None:
    """The first instant, in UTC, at which the time of a promise has passed; None where none was said.

    A day lasts until midnight in ``zone``, that of the call; where that is not known, until it is over everywhere, so
    that nobody is called late who may not be.
    """
    if due is None:
        return None
    if due.instant is not None:
        return due.instant.astimezone(UTC) + datetime.resolution
    if due.day is None or due.day.year > LAST_YEAR:  # no calendar has the day after the last one
        return None
    return datetime.combine(due.day + timedelta(days=1), time(), zone or LAST_ON_EARTH).astimezone(UTC)


def has_passed(due: Due | None, zone: tzinfo | None, now: datetime) -> bool:
    """Whether the time of a promise has passed at ``now``, an aware instant; never where none was said."""
    late = late_from(due, zone)
    return late is not None and now >= late
