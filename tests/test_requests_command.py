"""The commands about requests, for staff without pages: entered, listed, decided; and the company's calendar."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.handed_over import hand_over
from worker.bootstrap import Installation
from worker.bootstrap.calendar import calendar, working_days
from worker.cli import app
from worker.core.call import CallDetails
from worker.core.errors import CallError, Invalid, NotAllowed, NotFound
from worker.core.requests.clock import due_day
from worker.core.requests.values import RequestState
from worker.settings import Settings, read_settings

DESK, MARIA = "desk@brightwater.example", "maria@example.org"


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    monkeypatch.setenv("ONRECORD_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("ONRECORD_ZONE", "Europe/Berlin")
    monkeypatch.setenv("ONRECORD_HOLIDAYS", "DE-BE")
    monkeypatch.setenv("COLUMNS", "200")
    installation = Installation(read_settings())
    installation.store.people.add(DESK, name="Dana Desk", is_desk=True)
    yield installation
    installation.store.close()


def typed(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["requests", *arguments])
    if isinstance(result.exception, CallError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def entered(*more: str) -> str:
    """The id of a request that is entered."""
    return typed("enter", "access", "--by", DESK, "--address", MARIA, *more).split()[0]


def test_a_letter_is_entered_listed_shown_and_refused(installation: Installation):
    received = datetime.now(UTC).replace(hour=9).isoformat()
    request = entered("--received", received, "--text", "Everything, please.")
    (listed,) = json.loads(typed("list", "--json"))
    assert (listed["id"], listed["kind"], listed["waits_for"]) == (request, "access", ["call", "decision"])
    assert listed["due"]
    assert date.fromisoformat(listed["due"]) > datetime.now(UTC).date()
    shown = typed("show", request[:6])
    assert "Everything, please." in shown
    assert MARIA in shown
    assert "refused" in typed("refuse", request, "--by", DESK, "--ground", "not_held", "--why", "Nothing is here.")
    assert json.loads(typed("list", "--json")) == []
    assert request in typed("list", "--ended")
    assert installation.store.requests.get(request, now=datetime.now(UTC)).state is RequestState.REFUSED


def test_proof_is_asked_for_and_seen_and_more_time_is_taken(installation: Installation):
    request = entered()
    assert "a month after the proof" in typed("proof", request, "--by", DESK, "--wanted", "a bill")
    assert "waits for" in typed("proved", request, "--by", DESK, "--how", "a bill, by post")
    assert "due" in typed("extend", request, "--by", DESK, "--why", "Much to read.", "--months", "1")
    steps = [line["step"] for line in json.loads(typed("show", request, "--json"))["history"]]
    assert steps == ["asked", "proof_asked", "proved", "extended"]


def test_a_card_that_staff_typed_is_kept_nowhere(installation: Installation):
    request = entered("--text", "My card is 4242 4242 4242 4242.")
    typed("refuse", request, "--by", DESK, "--why", "The card 4242 4242 4242 4242 is no proof.")
    shown = typed("show", request)
    assert "4242 4242" not in shown
    assert "is no proof" in shown


def test_a_restriction_is_lifted_in_two_steps(installation: Installation):
    details = CallDetails(customer_address=MARIA)
    call_id = hand_over(installation.store, details, sha256="1" * 64).call_id
    text = ("--call", call_id, "--text", "It is wrong.", "--proved")
    typed("enter", "restriction", "--by", DESK, "--address", MARIA, *text)
    assert installation.store.requests.restriction(call_id) is not None
    assert "may be lifted from" in typed("lift", call_id, "--by", DESK, "--why", "It was checked.")
    with pytest.raises(Invalid, match="later"):
        typed("lift", call_id, "--by", DESK)


def test_a_restriction_by_letter_is_set_by_the_desk_and_not_answered_without(installation: Installation):
    call_id = hand_over(installation.store, CallDetails(customer_address=MARIA), sha256="1" * 64).call_id
    said = typed("enter", "restriction", "--by", DESK, "--address", MARIA, "--call", call_id, "--text", "It is wrong.")
    request = said.split()[0]
    with pytest.raises(Invalid, match="Nothing is restricted yet"):
        typed("answer", request, "--by", DESK)
    assert "answered" in typed("restrict", request, "--by", DESK)
    assert installation.store.requests.restriction(call_id) is not None


def test_who_does_not_answer_requests_decides_nothing(installation: Installation):
    installation.store.people.add("agent@brightwater.example", is_agent=True)
    with pytest.raises(NotAllowed, match="--desk"):
        typed("enter", "access", "--by", "agent@brightwater.example", "--address", MARIA)
    with pytest.raises(NotFound):
        typed("show", "zzzz")
    for wrong in (["enter", "tea", "--by", DESK], ["enter", "access", "--by", DESK, "--received", "yesterday"]):
        with pytest.raises(Invalid):
            typed(*wrong)


# The calendar


@pytest.mark.parametrize(
    ("place", "received", "due"),
    [
        ("DE-BE", date(2026, 3, 3), date(2026, 4, 7)),  # Good Friday, weekend, Easter Monday
        ("DE-BE", date(2026, 2, 9), date(2026, 3, 9)),  # Women's Day is on Sunday the 8th; the 9th is a Monday
        ("DE-BE", date(2027, 2, 8), date(2027, 3, 9)),  # Women's Day, Monday 8 March 2027, in Berlin alone
        ("DE-BY", date(2027, 2, 8), date(2027, 3, 8)),
        ("GB-ENG", date(2026, 11, 25), date(2026, 12, 29)),  # 25 Christmas, weekend, 28 in place of Boxing Day
        ("GB-SCT", date(2026, 12, 1), date(2027, 1, 5)),  # 1 January, weekend, 4 January in Scotland
        ("GB-ENG", date(2026, 12, 1), date(2027, 1, 4)),
        ("US", date(2026, 6, 3), date(2026, 7, 6)),  # 3 July in place of Saturday the 4th, and the weekend
        ("SA", date(2026, 1, 2), date(2026, 2, 2)),  # Monday
        ("SA", date(2026, 1, 6), date(2026, 2, 8)),  # there Friday and Saturday are the weekend: Sunday the 8th
        (None, date(2026, 11, 25), date(2026, 12, 25)),  # no holidays are known
    ],
)
def test_the_holidays_of_the_place_are_no_working_days(place: str | None, received: date, due: date):
    assert due_day(received, 1, working_days(place)) == due


def test_a_zone_or_a_country_that_is_not_known_is_refused():
    with pytest.raises(Invalid, match="ONRECORD_ZONE"):
        calendar(Settings(zone="Mars/Olympus"))
    for place in ("XX", "DE-QQ"):
        with pytest.raises(Invalid, match="ONRECORD_HOLIDAYS"):
            calendar(Settings(holidays=place))
