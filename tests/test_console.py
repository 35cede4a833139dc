"""What the command line shows of a record's short version."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from io import StringIO

import pytest
from rich.console import Console

from tests.web.records import WRITER, short_call, silent_call
from worker.console import print_record
from worker.core.record import CallRecord
from worker.core.summary import Due


def shown(record: CallRecord) -> list[str]:
    text = StringIO()
    print_record(record, console=Console(file=text, width=200))
    return [line.strip() for line in text.getvalue().splitlines()]


def test_the_matter_comes_first_and_where_it_ended_stands_in_the_head():
    lines = shown(short_call())
    assert lines[0] == "A washing machine that leaks. ▸ 0:06, 0:09 · support 0.93"
    assert lines[1].startswith("Tuesday 10 March 2026")
    assert "Where it ended: open ▸ 0:41" in lines[: lines.index("What was asked for")]


def test_a_record_in_which_nobody_speaks_claims_nothing():
    lines = shown(silent_call())
    assert lines[0].startswith("Tuesday 10 March 2026")
    assert "Where it ended: unclear" in lines
    assert "Promises" not in lines


@pytest.mark.parametrize(
    ("due", "by_when"),
    [
        (None, "no time said"),
        (Due("by Friday", date(2026, 3, 13)), "by Friday 13 March 2026"),
        (
            Due("by five", date(2026, 3, 13), datetime(2026, 3, 13, 17, 0, tzinfo=UTC)),
            "by Friday 13 March 2026, 17:00 UTC",
        ),
        (Due("by Friday", None), "“by Friday”, of an unknown date"),
    ],
)
def test_a_promise_says_who_what_by_when_and_in_which_words(due: Due | None, by_when: str):
    record = short_call()
    (promise,) = record.summary.commitments
    lines = shown(replace(record, summary=replace(record.summary, commitments=(replace(promise, due=due),))))
    at = lines.index("Promises")
    assert lines[at + 1] == f"agent to customer: send a technician, {by_when}"
    assert lines[at + 2] == "“A technician will come to you by Friday.” ▸ 0:33"


def test_the_last_line_says_who_wrote_how_much():
    assert any(f"Heard by machine, 3 written by {WRITER}, 1 quoted." in line for line in shown(short_call()))
