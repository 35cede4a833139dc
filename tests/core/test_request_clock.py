"""The law's clock: FIELD.md section 3, as a table and as properties. ``python -m tests.core.test_request_clock`` prints
the table."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.core.errors import Invalid
from worker.core.requests.clock import (
    Calendar,
    Clock,
    check_extension,
    due,
    due_day,
    is_weekday,
    same_date,
)
from worker.core.requests.rules import DueWarning, warning_due

BERLIN, LONDON, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("Europe/London"), ZoneInfo("America/New_York")

CLOSED = {
    date(2026, 4, 3),  # Good Friday
    date(2026, 4, 6),  # Easter Monday
    date(2026, 5, 1),
    date(2026, 12, 24),
    date(2026, 12, 25),
    date(2026, 12, 28),  # in place of the 26th, a Saturday
    date(2027, 1, 1),
}


def is_open(day: date) -> bool:
    return is_weekday(day) and day not in CLOSED


def at(text: str, zone: ZoneInfo = BERLIN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@dataclass(frozen=True)
class Row:
    what: str
    received: str
    due: str
    why: str
    more: int = 0
    asked: str | None = None
    proved: str | None = None
    sent_from: ZoneInfo = BERLIN  # the zone of the clock on the asker's wall


TABLE = [
    Row("an ordinary day", "2026-02-10T09:00", "2026-03-10", "the same date, a Tuesday"),
    Row("no such date", "2026-01-31T09:00", "2026-03-02", "28 February is the last, a Saturday: Monday"),
    Row("no such date, on a working day", "2025-01-31T09:00", "2025-02-28", "28 February is the last, a Friday"),
    Row("leap year", "2028-01-31T09:00", "2028-02-29", "29 February is the last, a Tuesday"),
    Row("leap day", "2028-02-29T09:00", "2028-03-29", "the same date, not the last of March"),
    Row("last of a short month", "2026-06-30T09:00", "2026-07-30", "the same date, not the last of July"),
    Row("into a month of 30", "2026-08-31T09:00", "2026-09-30", "30 September is the last, a Wednesday"),
    Row("over the year", "2026-12-15T09:00", "2027-01-15", "the same date, a Friday"),
    Row("ends on a Saturday", "2026-07-15T09:00", "2026-08-17", "15 August is a Saturday: Monday"),
    Row("ends on a Sunday", "2026-01-22T09:00", "2026-02-23", "22 February is a Sunday: Monday"),
    Row("ends on a holiday", "2026-04-01T09:00", "2026-05-04", "1 May is a holiday, then a weekend: Monday"),
    Row("chain over Easter", "2026-03-03T09:00", "2026-04-07", "Good Friday, weekend, Easter Monday: Tuesday"),
    Row("chain over Christmas", "2026-11-24T09:00", "2026-12-29", "24, 25, weekend, 28 closed: Tuesday"),
    Row("received on a holiday", "2026-04-03T09:00", "2026-05-04", "counts from that day: 3 May is a Sunday"),
    Row("received on a Saturday", "2026-02-14T09:00", "2026-03-16", "counts from that day: 14 March is a Saturday"),
    Row("one month more", "2026-02-10T09:00", "2026-04-10", "two months from receipt, a Friday", more=1),
    Row("two months more", "2026-02-10T09:00", "2026-05-11", "10 May is a Sunday: Monday", more=2),
    Row("more, from the beginning", "2026-01-31T09:00", "2026-04-30", "from 31 January, not 28 February", more=2),
    Row("more, not from the moved end", "2026-07-15T09:00", "2026-10-15", "from 15 July, not 17 August", more=2),
    Row("proof, the next week", "2026-02-10T09:00", "2026-03-17", "from 17 February, when it came",
        asked="2026-02-10T11:00", proved="2026-02-17T08:00"),
    Row("proof, and more time", "2026-02-10T09:00", "2026-05-18", "three months from 17 February: a Sunday",
        more=2, asked="2026-02-10T11:00", proved="2026-02-17T08:00"),
    Row("proof that nobody asked for", "2026-02-10T09:00", "2026-03-10", "from receipt all the same",
        proved="2026-02-17T08:00"),
    Row("23:30 in London", "2026-03-09T23:30", "2026-04-10", "is 00:30 of the 10th in Berlin", sent_from=LONDON),
    Row("19:30 in New York", "2026-06-30T19:30", "2026-08-03", "is 01:30 of 1 July in Berlin: 1 August is a Saturday",
        sent_from=NEW_YORK),
    Row("00:15 here", "2026-03-10T00:15", "2026-04-10", "is 23:15 of the 9th in UTC, and the 10th here"),
    Row("23:59 here", "2026-03-10T23:59", "2026-04-10", "is the 10th until midnight here"),
    Row("the clocks go forward", "2026-02-27T09:00", "2026-03-27", "a day of 23 hours lies between, which is a day"),
    Row("received in the hour twice there", "2026-10-25T02:30", "2026-11-25", "both are the 25th"),
]  # fmt: skip


def clock_of(row: Row) -> Clock:
    received = at(row.received, row.sent_from)
    return Clock(
        received,
        None if row.asked is None else at(row.asked),
        None if row.proved is None else at(row.proved),
        row.more,
        received + timedelta(days=5) if row.more else None,
    )


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.what)
def test_the_clock_is_that_of_the_law(row: Row):
    found = due(clock_of(row), Calendar(BERLIN, is_open), now=at(row.received, row.sent_from))
    assert found.day.isoformat() == row.due, row.why
    assert not found.is_paused


def test_a_day_ends_with_its_last_instant_where_the_company_is_whatever_the_clocks_do():
    summer = due(Clock(at("2026-06-10T09:00")), Calendar(BERLIN, is_open), now=at("2026-06-10T09:00"))
    assert summer.ends_at == datetime(2026, 7, 10, 22, tzinfo=UTC), "midnight in Berlin is 22:00 UTC in summer"
    winter = due(Clock(at("2026-11-10T09:00")), Calendar(BERLIN, is_open), now=at("2026-11-10T09:00"))
    assert winter.ends_at == datetime(2026, 12, 10, 23, tzinfo=UTC)
    assert not winter.is_late(winter.ends_at - timedelta(microseconds=1))
    assert winter.is_late(winter.ends_at)


def test_where_midnight_is_left_out_the_day_ends_when_the_clocks_go():
    """In Lebanon the clocks go from 00:00 to 01:00: there is no midnight on that day."""
    beirut = Calendar(ZoneInfo("Asia/Beirut"))
    assert beirut.end_of(date(2026, 3, 28)) == datetime(2026, 3, 28, 22, tzinfo=UTC)


def test_while_proof_is_awaited_the_clock_waits_and_says_what_it_would_be():
    clock = Clock(at("2026-02-10T09:00"), proof_asked_at=at("2026-02-10T11:00"))
    calendar = Calendar(BERLIN, is_open)
    found = due(clock, calendar, now=at("2026-02-20T09:00"))
    assert (found.day, found.is_paused, found.began_on) == (date(2026, 3, 20), True, None)
    assert not found.is_late(at("2027-02-10T09:00")), "what waits for the asker is never late"


EXTENSION = Clock(at("2026-02-10T09:00"))


@pytest.mark.parametrize("now", ["2026-02-10T09:01", "2026-03-10T23:59"])
def test_more_time_is_taken_until_the_end_of_the_first_month(now: str):
    check_extension(EXTENSION, 2, Calendar(BERLIN, is_open), now=at(now))


def test_the_first_month_ends_as_late_as_the_answer_would_have():
    clock = Clock(at("2026-07-15T09:00"))  # 15 August is a Saturday
    check_extension(clock, 1, Calendar(BERLIN, is_open), now=at("2026-08-17T20:00"))
    with pytest.raises(Invalid, match="within the first month"):
        check_extension(clock, 1, Calendar(BERLIN, is_open), now=at("2026-08-18T00:00"))


@pytest.mark.parametrize(
    ("clock", "months", "now", "why"),
    [
        (EXTENSION, 2, "2026-03-11T00:00", "within the first month"),
        (EXTENSION, 3, "2026-02-11T09:00", "One month more"),
        (EXTENSION, 0, "2026-02-11T09:00", "One month more"),
        (replace(EXTENSION, more_months=1, extended_at=at("2026-02-11T09:00")), 1, "2026-02-12T09:00", "already"),
        (replace(EXTENSION, proof_asked_at=at("2026-02-10T10:00")), 1, "2026-02-11T09:00", "has not begun"),
    ],
)
def test_more_time_is_refused(clock: Clock, months: int, now: str, why: str):
    with pytest.raises(Invalid, match=why):
        check_extension(clock, months, Calendar(BERLIN, is_open), now=at(now))


def test_a_calendar_on_which_nobody_works_is_refused_and_not_searched_for_ever():
    with pytest.raises(Invalid, match="ONRECORD_HOLIDAYS"):
        due_day(date(2026, 1, 1), 1, lambda _day: False)


days = st.dates(date(2000, 1, 1), date(2090, 1, 1))
months = st.integers(1, 3)


@given(days, months)
def test_the_date_is_the_same_or_the_last_of_its_month(on: date, more: int):
    found = same_date(on, more)
    assert (found.year * 12 + found.month) - (on.year * 12 + on.month) == more
    assert found.day == on.day or (found.day < on.day and (found + timedelta(days=1)).day == 1)


@given(days, months, st.frozensets(st.dates(date(2000, 1, 1), date(2091, 1, 1)), max_size=20))
def test_it_ends_on_the_first_working_day_from_that_date_on(on: date, more: int, closed: frozenset[date]):
    def works(day: date) -> bool:
        return is_weekday(day) and day not in closed

    found, from_day = due_day(on, more, works), same_date(on, more)
    assert works(found)
    assert found >= from_day
    between = (from_day + timedelta(days=days) for days in range((found - from_day).days))
    assert not any(works(day) for day in between)


@given(days, days)
def test_who_asks_later_is_never_due_earlier(one: date, other: date):
    assert due_day(min(one, other), 1, is_open) <= due_day(max(one, other), 1, is_open)


instants = st.datetimes(datetime(2000, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))
zones = st.sampled_from([UTC, BERLIN, NEW_YORK, ZoneInfo("Asia/Beirut"), ZoneInfo("Pacific/Kiritimati")])


@given(instants, zones, st.integers(0, 2))
def test_it_is_due_after_a_month_at_least_and_ends_with_its_day(received: datetime, zone: ZoneInfo, more: int):
    clock = Clock(received, more_months=more, extended_at=received if more else None)
    calendar = Calendar(zone)
    found = due(clock, calendar, now=received)
    assert found.ends_at - received >= timedelta(days=27)
    assert calendar.day_of(found.ends_at - timedelta(microseconds=1)) == found.day
    assert calendar.day_of(found.ends_at) == found.day + timedelta(days=1)
    assert found.first_day <= found.day


@given(instants, st.timedeltas(timedelta(0), timedelta(days=300)))
def test_the_month_begins_with_the_proof_that_was_asked_for(received: datetime, waited: timedelta):
    calendar = Calendar(BERLIN, is_open)
    proved = received + waited
    with_proof = due(Clock(received, received, proved), calendar, now=proved)
    assert with_proof.day == due(Clock(proved), calendar, now=proved).day


def test_warnings_come_seven_days_before_two_days_before_and_when_it_is_late_once_each():
    found = due(Clock(at("2026-02-10T09:00")), Calendar(BERLIN, is_open), now=at("2026-02-10T09:00"))
    told: DueWarning | None = None
    heard = []
    now = at("2026-02-10T09:00")
    while now < at("2026-03-20T00:00"):
        if (warning := warning_due(found, told, now=now)) is not None:
            told = warning
            heard.append((warning, now.date().isoformat()))
        now += timedelta(hours=6)
    assert heard == [
        (DueWarning.WEEK, "2026-03-04"),
        (DueWarning.DAYS, "2026-03-09"),
        (DueWarning.LATE, "2026-03-11"),
    ]


def test_after_a_long_standstill_the_most_urgent_warning_comes_alone():
    found = due(Clock(at("2026-02-10T09:00")), Calendar(BERLIN, is_open), now=at("2026-02-10T09:00"))
    assert warning_due(found, None, now=at("2026-03-12T00:00")) is DueWarning.LATE
    assert warning_due(found, DueWarning.LATE, now=at("2026-03-12T00:00")) is None


def write_table() -> None:
    """The table as it stands in reports."""
    sys.stdout.write("| what | received (Berlin unless said) | proof asked → came | more | due | why |\n")
    sys.stdout.write("|---|---|---|---|---|---|\n")
    for row in TABLE:
        proof = f"{row.asked or '-'} → {row.proved}" if row.proved else "-"
        where = "" if row.sent_from is BERLIN else f" {row.sent_from.key}"
        found = due(clock_of(row), Calendar(BERLIN, is_open), now=at(row.received, row.sent_from)).day
        cells = (row.what, f"{row.received}{where}", proof, str(row.more or "-"), f"{found:%a %Y-%m-%d}", row.why)
        sys.stdout.write(f"| {' | '.join(cells)} |\n")


if __name__ == "__main__":
    write_table()
