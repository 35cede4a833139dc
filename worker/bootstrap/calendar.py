"""The company's days: its time zone, and the holidays of its country by the library ``holidays``."""

from __future__ import annotations

import threading
from datetime import date
from functools import lru_cache
from zoneinfo import ZoneInfo

from worker.core.errors import Invalid
from worker.core.requests.clock import Calendar, IsWorkingDay, is_weekday
from worker.settings import Settings


def calendar(settings: Settings) -> Calendar:
    """By which the time of requests is counted. Raises Invalid for a zone or a country that is not known."""
    try:
        zone = ZoneInfo(settings.zone)
    except (KeyError, ValueError, OSError) as error:
        raise Invalid("ONRECORD_ZONE is no time zone such as Europe/Berlin.") from error
    return Calendar(zone, working_days(settings.holidays))


def working_days(place: str | None) -> IsWorkingDay:
    """Whether people work there on a day; Monday to Friday where no place is told. Raises Invalid for one unknown."""
    if place is None:
        return is_weekday
    import holidays  # here, because it brings the rules of all countries

    country, _dash, part = place.partition("-")
    try:
        known = holidays.country_holidays(country, subdiv=part or None)
    except NotImplementedError as error:
        raise Invalid("ONRECORD_HOLIDAYS is no country whose holidays are known, such as DE-BE or GB-ENG.") from error
    reading = threading.Lock()  # a year is added to it when a day of that is first asked for

    @lru_cache(10_000)
    def is_working_day(day: date) -> bool:
        with reading:
            return bool(known.is_working_day(day))

    return is_working_day
