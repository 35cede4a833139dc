"""The time by which leases are decided: the database's, with no clock of this machine that anybody could set."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from worker.core.errors import Unavailable
from worker.jobs.clock import DatabaseClock

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


def test_it_tells_the_databases_time_and_counts_on_from_there():
    asked = []

    def ask() -> datetime:
        asked.append(True)
        return NOON

    clock = DatabaseClock(ask)
    first = clock()
    time.sleep(0.05)
    assert timedelta(seconds=0.05) <= clock() - first < timedelta(seconds=5)
    assert abs(first - NOON) < timedelta(seconds=5), "and not the machine's"
    assert len(asked) == 1, "a job costs no question"


def test_it_asks_again_now_and_then_and_goes_on_where_nobody_answers():
    told = [NOON, NOON + timedelta(hours=1)]

    def ask() -> datetime:
        if not told:
            raise Unavailable
        return told.pop(0)

    clock = DatabaseClock(ask, every_s=0.0)
    assert clock() >= NOON
    assert clock() >= NOON + timedelta(hours=1)
    assert NOON + timedelta(hours=1) <= clock() < NOON + timedelta(hours=1, seconds=5)


def test_until_it_was_told_once_it_does_not_guess():
    def away() -> datetime:
        raise Unavailable

    with pytest.raises(Unavailable):
        DatabaseClock(away)()
