"""Until when something is to be done, as it was said and as the calendar of the call makes it."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.core.due import due_places, find_due, is_time_of_day
from worker.core.due.counting import WEEKDAYS
from worker.core.errors import Invalid

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
SAID_AT = datetime(2026, 3, 11, 10, 14, tzinfo=BERLIN)  # a Wednesday

ZONES = st.sampled_from(
    [ZoneInfo(name) for name in ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe")]
)
MOMENTS = st.builds(
    lambda at, zone: at.replace(tzinfo=UTC).astimezone(zone),
    st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1)),
    ZONES,
)
TIMES = (
    "by Friday", "on Friday", "next Monday", "tomorrow", "the day after tomorrow", "today", "tonight", "this afternoon",
    "by the end of the day", "within five days", "within three to five business days", "in two weeks", "in a fortnight",
    "within a month", "in a year", "by the end of the month", "by the end of next week", "next week", "this weekend",
    "by the 5th", "on the 31st", "on February 29th", "by the 12th of March", "tomorrow at 3 pm", "by 5 o'clock today",
    "between 9 and 12 on Thursday", "at 2:30", "by noon", "by midnight", "in an hour", "within 48 hours", "by 9",
    "in the next 30 minutes", "first thing in the morning", "before Friday", "before the weekend", "a week on Tuesday",
    "Monday or Tuesday", "at half past two on Sunday", "by the end of February", "in the morning", "by the 1st at 8 am",
)  # fmt: skip


def day_of(words: str, said_at: datetime = SAID_AT) -> str | None:
    due = find_due(words, said_at)
    return None if due is None or due.day is None else f"{due.day:%a %d %b %Y}"


def instant_of(words: str, said_at: datetime = SAID_AT) -> str | None:
    due = find_due(words, said_at)
    return None if due is None or due.instant is None else due.instant.isoformat(timespec="minutes")


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("by Friday", "Fri 13 Mar 2026"),
        ("by Wednesday", "Wed 11 Mar 2026"),  # today
        ("on Wednesday", "Wed 18 Mar 2026"),  # nobody says so of today
        ("this Friday", "Fri 13 Mar 2026"),
        ("next Tuesday", "Tue 17 Mar 2026"),  # of the week after this
        ("by next Friday", "Fri 20 Mar 2026"),
        ("Monday next week", "Mon 16 Mar 2026"),
        ("a week on Friday", "Fri 20 Mar 2026"),
        ("Friday week", "Fri 20 Mar 2026"),
        ("before Friday", "Thu 12 Mar 2026"),  # the last day on which it is kept
        ("no later than Friday", "Fri 13 Mar 2026"),
        ("by Friday at the latest", "Fri 13 Mar 2026"),
        ("Monday or Tuesday", "Tue 17 Mar 2026"),
        ("between Monday and Wednesday", "Wed 18 Mar 2026"),
        ("by close of business on Friday", "Fri 13 Mar 2026"),
    ],
)
def test_a_weekday_is_the_next_such_day(words: str, day: str):
    assert day_of(words) == day


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("today", "Wed 11 Mar 2026"),
        ("later today", "Wed 11 Mar 2026"),
        ("tonight", "Wed 11 Mar 2026"),
        ("by the end of the day", "Wed 11 Mar 2026"),
        ("by end of day tomorrow", "Thu 12 Mar 2026"),
        ("tomorrow morning", "Thu 12 Mar 2026"),
        ("first thing in the morning", "Thu 12 Mar 2026"),
        ("overnight", "Thu 12 Mar 2026"),
        ("today or tomorrow", "Thu 12 Mar 2026"),
        ("the day after tomorrow", "Fri 13 Mar 2026"),
        ("the next working day", "Thu 12 Mar 2026"),
    ],
)
def test_days_close_by(words: str, day: str):
    assert day_of(words) == day


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("within five days", "Mon 16 Mar 2026"),  # 11 + 5
        ("within five business days", "Wed 18 Mar 2026"),  # Thu, Fri, Mon, Tue, Wed
        ("within three to five working days", "Wed 18 Mar 2026"),  # the end of the range
        ("in 3-5 business days", "Wed 18 Mar 2026"),
        ("within seven to ten days", "Sat 21 Mar 2026"),
        ("in a day or two", "Fri 13 Mar 2026"),
        ("in the next couple of days", "Fri 13 Mar 2026"),
        ("in two weeks", "Wed 25 Mar 2026"),
        ("in two weeks' time", "Wed 25 Mar 2026"),
        ("two weeks from now", "Wed 25 Mar 2026"),
        ("in a fortnight", "Wed 25 Mar 2026"),
        ("within a month", "Sat 11 Apr 2026"),
        ("in three months", "Thu 11 Jun 2026"),
        ("in twenty one days", "Wed 01 Apr 2026"),
    ],
)
def test_a_number_of_days_is_counted_from_the_call(words: str, day: str):
    assert day_of(words) == day


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("by the end of the week", "Sun 15 Mar 2026"),
        ("over the weekend", "Sun 15 Mar 2026"),
        ("before the weekend", "Fri 13 Mar 2026"),
        ("next week", "Sun 22 Mar 2026"),
        ("end of the month", "Tue 31 Mar 2026"),
        ("by the end of next month", "Thu 30 Apr 2026"),
        ("by the end of January", "Sun 31 Jan 2027"),
        ("by the end of the year", "Thu 31 Dec 2026"),
    ],
)
def test_of_a_week_or_a_month_the_last_day_counts(words: str, day: str):
    assert day_of(words) == day


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("by the 5th", "Sun 05 Apr 2026"),  # the one of March is past
        ("by the twenty first", "Sat 21 Mar 2026"),
        ("on March 12th", "Thu 12 Mar 2026"),
        ("by the 12th of March", "Thu 12 Mar 2026"),
        ("on the 2nd of January", "Sat 02 Jan 2027"),
        ("on Tuesday the 17th", "Tue 17 Mar 2026"),
        ("on Monday, October 5th", "Mon 05 Oct 2026"),
        ("by the first of next month", "Wed 01 Apr 2026"),
        ("on 5 January 2027", "Tue 05 Jan 2027"),
        ("on February 29th", "Tue 29 Feb 2028"),  # the next leap year
    ],
)
def test_a_date_is_the_next_such_day(words: str, day: str):
    assert day_of(words) == day


def test_the_31st_is_in_the_next_month_that_has_one():
    assert day_of("on the 31st", datetime(2026, 4, 2, 9, tzinfo=BERLIN)) == "Sun 31 May 2026"


def test_a_month_from_the_31st_ends_where_the_month_does():
    assert day_of("within a month", datetime(2028, 1, 31, 9, tzinfo=BERLIN)) == "Tue 29 Feb 2028"


@pytest.mark.parametrize(
    ("words", "instant"),
    [
        ("tomorrow at 3 pm", "2026-03-12T15:00+01:00"),
        ("at 3 pm tomorrow", "2026-03-12T15:00+01:00"),
        ("tomorrow on your mobile at 3 p.m.", "2026-03-12T15:00+01:00"),
        ("by 5 o'clock today", "2026-03-11T17:00+01:00"),
        ("by 5", "2026-03-11T17:00+01:00"),  # a bare hour from 1 to 7 is the afternoon
        ("at 11", "2026-03-11T11:00+01:00"),
        ("at 9", "2026-03-11T21:00+01:00"),  # nine in the morning is past
        ("by half past ten on Friday", "2026-03-13T10:30+01:00"),
        ("at a quarter to five", "2026-03-11T16:45+01:00"),
        ("by three thirty", "2026-03-11T15:30+01:00"),
        ("at 15.30", "2026-03-11T15:30+01:00"),
        ("by noon tomorrow", "2026-03-12T12:00+01:00"),
        ("tonight at 8", "2026-03-11T20:00+01:00"),
        ("tomorrow morning at seven", "2026-03-12T07:00+01:00"),
        ("between 9 and 12 on Thursday", "2026-03-12T12:00+01:00"),
        ("on Thursday between eight and one", "2026-03-12T13:00+01:00"),
        ("Thursday 8 to 12", "2026-03-12T12:00+01:00"),
        ("between 7 and 9 on Friday", "2026-03-13T09:00+01:00"),
        ("from 9 a.m. to 1 p.m. on Monday", "2026-03-16T13:00+01:00"),
        ("within 48 hours", "2026-03-13T10:14+01:00"),
        ("within 24 to 48 hours", "2026-03-13T10:14+01:00"),
        ("in half an hour", "2026-03-11T10:44+01:00"),
        ("in an hour and a half", "2026-03-11T11:44+01:00"),
        ("within two and a half hours", "2026-03-11T12:44+01:00"),
        ("in the next thirty minutes", "2026-03-11T10:44+01:00"),
        ("within the hour", "2026-03-11T11:14+01:00"),
    ],
)
def test_a_time_of_day_or_a_number_of_hours_makes_an_instant(words: str, instant: str):
    assert instant_of(words) == instant


def test_midnight_is_the_end_of_its_day():
    due = find_due("by midnight", SAID_AT)
    assert due is not None
    assert (due.day, instant_of("by midnight")) == (date(2026, 3, 11), "2026-03-12T00:00+01:00")


def test_a_time_of_today_that_is_past_leaves_the_day():
    due = find_due("today at 8:30 am", SAID_AT)
    assert due is not None
    assert (due.day, due.instant) == (date(2026, 3, 11), None)


@pytest.mark.parametrize(
    "words",
    [
        "as soon as possible", "shortly", "later", "soon", "in a minute", "in a second", "in a few days",
        "at some point",
        "check the payment of Friday", "Friday's delivery", "your Friday delivery", "cancel your appointment on Friday",
        "since Monday", "every Tuesday", "on Fridays", "for the next two weeks", "by 5 euros", "at 12 Station Road",
        "on the 1st floor", "by first class post", "on your next bill", "it takes 3 to 5 business days",
        "two weeks ago",
        "in 900 years", "after 5", "the week", "at number 5", "lower by 5 percent", "on 5 January 2020", "",
    ],
)  # fmt: skip
def test_what_nobody_could_be_held_to_is_no_due(words: str):
    assert find_due(words, SAID_AT) is None


def test_what_is_set_for_a_day_is_due_on_it():
    assert day_of("a technician is booked for Monday") == "Mon 16 Mar 2026"


def test_hours_pass_as_they_pass_while_the_clocks_are_put_forward():
    """Two hours from 00:45 on that night is 03:45 on the clock."""
    assert instant_of("within two hours", datetime(2026, 3, 29, 0, 45, tzinfo=BERLIN)) == "2026-03-29T03:45+02:00"


def test_a_day_named_in_winter_time_may_be_kept_in_summer_time():
    said_at = datetime(2026, 10, 24, 9, tzinfo=BERLIN)
    assert instant_of("at 3 pm tomorrow", said_at) == "2026-10-25T15:00+01:00"


def test_a_time_that_the_clocks_leave_out_is_the_one_an_hour_on():
    assert instant_of("tomorrow at 2:30 am", datetime(2026, 3, 28, 9, tzinfo=BERLIN)) == "2026-03-29T03:30+02:00"


def test_where_it_is_not_known_when_it_was_said_only_the_words_stand():
    due = find_due("I'll call you back on Friday at 3 pm.", None)
    assert due is not None
    assert (due.words, due.day, due.instant) == ("on Friday at 3 pm", None, None)


def test_an_instant_without_a_zone_is_refused():
    with pytest.raises(Invalid, match="no time zone"):
        find_due("by Friday", datetime(2026, 3, 11, 10))


def test_the_words_are_those_that_were_said():
    words = "I'll have it, um, by the twenty-first of March at the latest, okay?"
    due = find_due(words, SAID_AT)
    assert due is not None
    assert due.words == "by the twenty-first of March at the latest"
    ((start, end),) = due_places(words)
    assert words[start:end] == due.words


@settings(deadline=None)
@given(st.sampled_from(TIMES), MOMENTS)
def test_nothing_is_due_before_it_was_said(words: str, said_at: datetime):
    due = find_due(f"I'll do it {words}.", said_at)
    assert due is not None
    assert due.day is not None
    assert due.day >= said_at.date()
    if due.instant is not None:
        assert due.instant > said_at
        assert due.instant.tzinfo is said_at.tzinfo
        assert due.instant.date() - due.day in (timedelta(0), timedelta(days=1)), "only midnight is of the next date"


@settings(deadline=None)
@given(st.sampled_from(WEEKDAYS), MOMENTS)
def test_a_weekday_is_that_weekday_within_a_week(day: str, said_at: datetime):
    by, on = find_due(f"by {day}", said_at), find_due(f"on {day}", said_at)
    assert by is not None
    assert by.day is not None
    assert on is not None
    assert on.day is not None
    assert WEEKDAYS[by.day.weekday()] == WEEKDAYS[on.day.weekday()] == day
    assert timedelta(0) <= by.day - said_at.date() < timedelta(days=7)
    assert timedelta(0) < on.day - said_at.date() <= timedelta(days=7)


@settings(deadline=None)
@given(st.integers(1, 60), MOMENTS)
def test_working_days_leave_weekends_out(count: int, said_at: datetime):
    due = find_due(f"within {count} working days", said_at)
    assert due is not None
    assert due.day is not None
    passed = [said_at.date() + timedelta(days=ahead) for ahead in range(1, (due.day - said_at.date()).days + 1)]
    assert due.day.weekday() < 5
    assert sum(day.weekday() < 5 for day in passed) == count


@settings(deadline=None)
@given(st.integers(1, 31), MOMENTS)
def test_a_date_of_the_month_is_a_day_that_exists(number: int, said_at: datetime):
    ending = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st"}.get(number, "th")
    due = find_due(f"by the {number}{ending}", said_at)
    assert due is not None
    assert due.day is not None
    assert due.day.day == number
    assert timedelta(0) <= due.day - said_at.date() <= timedelta(days=61)


@settings(deadline=None)
@given(MOMENTS)
def test_a_month_on_is_the_same_date_or_the_last(said_at: datetime):
    due = find_due("within a month", said_at)
    assert due is not None
    assert due.day is not None
    year, month = divmod(said_at.year * 12 + said_at.month, 12)
    assert (due.day.year, due.day.month) == (year, month + 1)
    assert due.day.day == min(said_at.day, monthrange(year, month + 1)[1])


@settings(deadline=None)
@given(st.integers(1, 200), MOMENTS)
def test_hours_are_hours_whatever_the_clock_does(hours: int, said_at: datetime):
    due = find_due(f"within {hours} hours", said_at)
    assert due is not None
    assert due.instant is not None
    assert due.instant.astimezone(UTC) - said_at.astimezone(UTC) == timedelta(hours=hours)
    assert due.day == due.instant.date()


@settings(deadline=None)
@given(st.text(alphabet="0123456789 :.-,%$thinbyoatdsmFriday", max_size=40), MOMENTS)
def test_words_of_any_kind_are_read_without_a_fault(words: str, said_at: datetime):
    due = find_due(words, said_at)
    if due is not None:
        assert due.words in words
        assert due.day is not None
        assert due.day >= said_at.date()


@pytest.mark.parametrize("words", ["between 8 and 12", "at three", "by noon"])
def test_a_time_of_day_alone_needs_a_day(words: str):
    assert is_time_of_day(words)
    assert not is_time_of_day(f"{words} tomorrow")


def test_a_length_of_time_is_no_time_of_day():
    assert not is_time_of_day("within two hours")


def test_a_date_in_front_of_who_acts_is_a_day():
    assert due_places("by the 20th we'll have it") == ((0, len("by the 20th")),)


def test_the_last_years_of_the_calendar_are_no_fault():
    assert find_due("in ten years", datetime(9998, 12, 31, 23, tzinfo=UTC)) is None


@pytest.mark.parametrize(
    "words",
    [
        "after Friday",
        "not before Friday",
        "not until Friday",
        "not tomorrow",
        "not before 5 pm",
        "the payment you made on the 31st",
        "the card expires 25 July 2027",
        "half by Friday and the rest in June",
        "on Monday and on Friday",
        "tomorrow at nine, no, at ten",
    ],
)
def test_a_day_that_is_denied_past_or_one_of_two_is_no_due(words: str):
    assert find_due(words, SAID_AT) is None
    assert due_places(words) == ()


@pytest.mark.parametrize(
    ("words", "said", "day"),
    [
        ("by Friday, no wait, by Monday", "by Monday", "2026-03-16"),
        ("by Friday, I mean Thursday", "Thursday", "2026-03-12"),
        ("not today but tomorrow", "tomorrow", "2026-03-12"),
        ("not later than Friday", "not later than Friday", "2026-03-13"),
        ("as I said, we'll call on Monday", "on Monday", "2026-03-16"),
    ],
)
def test_a_day_that_is_corrected_is_the_later_one(words: str, said: str, day: str):
    due = find_due(words, SAID_AT)
    assert due is not None
    assert (due.words, due.day) == (said, date.fromisoformat(day))


def test_of_two_hours_the_later_counts():
    due = find_due("Monday at 9 or 10", SAID_AT)
    assert due is not None
    assert due.instant == datetime(2026, 3, 16, 10, tzinfo=BERLIN)
