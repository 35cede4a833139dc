"""Letters about requests: each says what was asked, by when, why, and where to complain, in the asker's language."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from worker.core.requests.clock import Calendar, Clock, due
from worker.core.requests.values import CameBy, Ground, RequestKind, RequestState, Step
from worker.record.requests.kept import LETTERS
from worker.record.requests.values import Details, HistoryLine, Request
from worker.web.request_letters import RequestLetters

NOW = datetime(2026, 3, 12, 9, tzinfo=UTC)
LETTERS_OF_A_COMPANY = RequestLetters("https://records.example/", "the ICO, Wilmslow")

REQUEST = Request(
    id="r1abc",
    kind=RequestKind.TRANSCRIPT,
    came_by=CameBy.HOME,
    state=RequestState.OPEN,
    person="p1",
    call_id=None,
    calls=(),
    received_at=NOW,
    clock=Clock(NOW),
    due=due(Clock(NOW), Calendar(), now=NOW),
    blocks=(),
    is_reviewed=False,
    package=None,
    failure=None,
    ground=None,
    ended_at=None,
    details=Details(address="maria@example.org", text="my secret"),
)


def letter(step: Step, text: str | None = None, *, day: date | None = date(2026, 4, 13), **changed: object) -> str:
    request = replace(REQUEST, **changed)  # type: ignore[arg-type]
    subject, said = LETTERS_OF_A_COMPANY.letter(request, HistoryLine(1, NOW, step, None, text, day))
    assert subject
    assert "\n" not in subject
    return said


@pytest.mark.parametrize("step", sorted(LETTERS))
def test_every_letter_says_what_was_asked_and_nothing_that_the_asker_wrote(step: Step):
    said = letter(step, "because of this", ground=Ground.OTHER)
    assert "The transcript of a call" in said
    assert "r1abc" in said
    assert "my secret" not in said


def test_the_first_letter_says_by_when_the_answer_comes_and_where_it_stands():
    said = letter(Step.ASKED)
    assert "Monday 13 April 2026 at the latest" in said
    assert "https://records.example/requests/r1abc" in said


def test_while_proof_is_awaited_no_day_is_promised():
    said = letter(Step.PROOF_ASKED, "a copy of a bill", day=None)
    assert "a copy of a bill" in said
    assert "begins when we know" in said
    assert "at the latest" not in said


def test_more_time_and_a_refusal_say_why_and_where_to_complain():
    said = letter(Step.EXTENDED, "Forty calls.", day=date(2026, 6, 12))
    assert "Forty calls." in said
    assert "Friday 12 June 2026" in said
    assert "the ICO, Wilmslow" in said
    said = letter(Step.REFUSED, "Kept for ten years.", ground=Ground.LEGAL_OBLIGATION)
    assert "A law says that it has to be kept." in said
    assert "Kept for ten years." in said
    assert "complain to the ICO, Wilmslow" in said


def test_the_answer_leads_to_the_package_by_the_page_or_by_a_link_for_who_has_no_account():
    assert "https://records.example/requests/r1abc" in letter(Step.ANSWERED, package="k9")
    said = letter(Step.ANSWERED, package="k9", person=None)
    assert "https://records.example/packages/k9" in said
    assert "a code, which we tell you another way" in said


def test_on_a_telephone_a_letter_is_a_short_message():
    said = letter(Step.ASKED, details=Details(address="+4930123456"))
    assert "r1abc" in said, "in the address of the page"
    assert "has the number" not in said


def test_an_odd_language_is_written_to_in_english():
    assert (
        "We have"
        in LETTERS_OF_A_COMPANY.letter(
            replace(REQUEST, details=replace(REQUEST.details, language="tlh")),
            HistoryLine(0, NOW, Step.ASKED, None, None, None),
        )[0]
    )
