"""For how long what is kept: months that end, leap years, lines with rules of their own, and rules that are none."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from worker.core.errors import Invalid
from worker.core.keeping.rules import KeepRules, Time
from worker.core.keeping.values import KeptKind, LegalHold


def day(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}T10:00:00+00:00")


@pytest.mark.parametrize(
    ("began", "time", "ends"),
    [
        ("2026-01-31", Time(1, "m"), "2026-02-28"),
        ("2028-01-31", Time(1, "m"), "2028-02-29"),
        ("2028-02-29", Time(1, "y"), "2029-02-28"),
        ("2026-03-10", Time(180, "d"), "2026-09-06"),
        ("2026-12-15", Time(1, "m"), "2027-01-15"),
        ("2026-03-10", Time(13, "m"), "2027-04-10"),
    ],
)
def test_a_time_ends_on_the_same_day_or_the_last_one_of_its_month(began, time, ends):
    assert time.after(day(began)) == day(ends)


def test_a_time_that_no_calendar_reaches_does_not_end():
    assert Time(99999, "y").after(day("2026-03-10")).year == 9999
    assert Time(99999, "d").after(datetime(9998, 1, 1, tzinfo=UTC)).year == 9999


RULES = KeepRules.read("recording=180d, record=3y; line:support:recording=90d,packages=1m; line:a:b:record=10y")


@pytest.mark.parametrize(
    ("kind", "line", "time"),
    [
        (KeptKind.RECORDING, None, Time(180, "d")),
        (KeptKind.RECORDING, "support", Time(90, "d")),
        (KeptKind.RECORD, "support", Time(3, "y")),
        (KeptKind.RECORD, "a:b", Time(10, "y")),
        (KeptKind.PACKAGES, "support", Time(1, "m")),
        (KeptKind.PACKAGES, "sales", None),
    ],
)
def test_a_line_has_rules_of_its_own_kind_by_kind(kind, line, time):
    assert RULES.of(kind, line) == time


def test_what_has_no_rule_is_kept():
    assert not KeepRules.read("").is_over(KeptKind.RECORD, None, day("1990-01-01"), day("2026-01-01"))
    assert RULES.is_over(KeptKind.RECORDING, "support", day("2026-01-01"), day("2026-04-01"))
    assert not RULES.is_over(KeptKind.RECORDING, "support", day("2026-01-01"), day("2026-03-31"))


@pytest.mark.parametrize("text", ["recording", "recording=0d", "sound=3d", "record=3w", "record=-1d", "line::record=x"])
def test_a_rule_that_is_none_is_refused_with_what_a_rule_is(text):
    with pytest.raises(Invalid, match="such as recording=180d"):
        KeepRules.read(text)


def test_a_legal_hold_says_why():
    with pytest.raises(Invalid):
        LegalHold(True, " ")
