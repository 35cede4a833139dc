"""A call of several recordings, as its page shows it: where each begins, and how each can be checked."""

from __future__ import annotations

from dataclasses import replace

from tests.web.conftest import Site
from tests.web.reading import Element
from tests.web.records import evidence, record_of, said, stated
from worker.core.call import Party
from worker.core.record import CallRecord, Leg
from worker.core.summary import StatementKind
from worker.core.transcript import CallWarning, Code

FIRST, SECOND = "a1" * 32, "b2" * 32


def handed_on(*warnings: CallWarning) -> CallRecord:
    """A customer who waits eight seconds between two agents."""
    turns = (
        said("t1", Party.AGENT, "I will put you through to billing.", 0.0, 3.0),
        said("t2", Party.AGENT, "Billing, good morning.", 12.0, 14.0),
        said("t3", Party.CUSTOMER, "I was charged twice.", 14.5, 16.0),
    )
    words = evidence(turns[2], "I was charged twice.")
    statement = stated("s1", StatementKind.ASKED, Party.CUSTOMER, "The customer said: “I was charged twice.”", words)
    record = record_of(turns, duration_s=17.0, statements=(statement,), warnings=warnings)
    return replace(record, legs=(Leg(FIRST, "front.wav", 0.0, 3.5), Leg(SECOND, "billing.wav", 11.5, 5.5)))


def items(page: Element) -> list[Element]:
    return page.one("ol", class_="conversation").all("li")


def test_the_page_says_where_the_next_recording_begins(site: Site) -> None:
    page = site.show(handed_on())
    (leg,) = [one for one in items(page) if "new recording" in one.text]
    assert "The call goes on here, in a new recording" in leg.text
    assert leg.one("a", class_="play").attributes["data-start"] == "11.5"
    lines = [one.text for one in items(page)]
    assert ["through" in lines[0], "new recording" in lines[2], "Billing" in lines[3]] == [True] * 3
    assert "Nobody was heard for 9 seconds" in lines[1]


def test_whoever_speaks_on_is_named_again_after_it(site: Site) -> None:
    page = site.show(handed_on())
    after = items(page)[3]
    assert "Daniel Price" in after.text, "the reader need not look back past the border"


def test_each_recording_can_be_checked_by_its_own_fingerprint(site: Site) -> None:
    proof = site.show(handed_on()).one("details", id="proof").text
    assert proof.index("front.wav") < proof.index(FIRST) < proof.index("billing.wav") < proof.index(SECOND)


def test_a_call_of_one_recording_shows_nothing_of_it(site: Site) -> None:
    record = handed_on()
    page = site.show(replace(record, legs=(Leg(FIRST, "front.wav", 0.0, 17.0),)))
    assert not [one for one in items(page) if "recording" in one.text]


def test_a_record_made_before_there_were_legs_shows_its_recording(site: Site) -> None:
    page = site.show(replace(handed_on(), schema_version=2, legs=()))
    assert "call.flac" in page.one("details", id="proof").text


def test_what_could_not_be_put_right_between_recordings_is_said_in_plain_words(site: Site) -> None:
    codes = (Code.LEGS_OVERLAP, Code.LEGS_APART, Code.LEG_TIME_UNKNOWN, Code.LEGS_DIFFER)
    page = site.show(handed_on(*(CallWarning(code, "for those who run it") for code in codes)))
    notices = page.section("What is not certain").text
    assert "may be heard twice" in notices
    assert "more time went by than is shown" in notices
    assert "not certain which of them came first" in notices
    assert "one person may be shown as several voices" in notices
    assert "for those who run it" not in notices
