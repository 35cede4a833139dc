"""The short version on the record's page: the matter, where it ended, statements, promises, and who wrote what."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone

import pytest

from tests.web.conftest import NOW, Site
from tests.web.reading import Element
from tests.web.records import (
    AGENT,
    CUSTOMER,
    WRITER,
    evidence,
    page_of,
    record_of,
    said,
    short_call,
    silent_call,
    stated,
    unknown_voices_call,
)
from worker.core.call import Party
from worker.core.evidence import BY_RULES
from worker.core.record import CallRecord
from worker.core.summary import Commitment, Due, Ending, EndState, Evidence, Statement, StatementKind
from worker.core.transcript import CallWarning, Code, Participant
from worker.exchange.result_json import record_from_json, record_to_json

TURN = said("t1", Party.AGENT, "I will call you back by Friday at five.", 1.0, 4.0)
WORDS = evidence(TURN, "I will call you back by Friday at five.")
FRIDAY = date(2026, 3, 13)
IN_BERLIN = timezone(timedelta(hours=1))


def promise(due: Due | None = None, **changed: object) -> Commitment:
    made = Commitment("p1", Party.AGENT, Party.CUSTOMER, "call you back", due, (WORDS,))
    return replace(made, **changed)  # type: ignore[arg-type]


def call_with(*promises: Commitment, **changed: object) -> CallRecord:
    return record_of((TURN,), duration_s=5.0, promises=promises, **changed)  # type: ignore[arg-type]


def lead_to(links: list[Element], pieces: tuple[Evidence, ...]) -> None:
    """Each link plays just its words, and leads to their turn without a script."""
    for link, piece in zip(links, pieces, strict=True):
        assert link.attributes["href"] == f"#{piece.turn}"
        assert float(link.attributes["data-start"]) == pytest.approx(piece.start_s, abs=0.005)
        assert float(link.attributes["data-end"]) == pytest.approx(piece.end_s, abs=0.005)
        assert link.attributes["aria-label"].startswith("Play the words at ")


def said_of(promise: Element) -> str:
    """What a promise says, without what the reader can say of it."""
    (words, *_) = promise.all("div")
    return " ".join(one.text for one in words.inside if isinstance(one, Element) and one.tag in ("h3", "p"))


# The matter, and where it ended


def test_the_page_opens_with_the_matter_of_the_call_and_the_words_that_it_rests_on(site: Site) -> None:
    record = short_call()
    page = site.show(record)
    head = page.one("header", class_="head")
    assert head.one("h1").text == "A washing machine that leaks."
    source = head.one("p", class_="source")
    assert source.text.startswith("Written by machine from ▸")
    assert record.summary.headline is not None
    lead_to(source.all("a"), record.summary.headline.evidence)
    assert page.one("title").text == "Record of a call between Daniel Price and Maria Lopez"


def test_a_matter_that_is_quoted_looks_like_a_quotation(site: Site) -> None:
    quoted = stated("s0", StatementKind.ASKED, Party.AGENT, "The agent said: “I will call you back.”", WORDS)
    head = site.show(call_with(headline=quoted)).one("header", class_="head")
    assert head.one("h1").text == "The agent said: “I will call you back.”"
    assert head.one("h1").one("span", class_="quoted").text == "“I will call you back.”"
    assert head.one("p", class_="source").text.startswith("In the words of the call ▸")


def test_without_a_matter_the_page_is_headed_by_who_spoke(site: Site) -> None:
    head = site.show(call_with()).one("header", class_="head")
    assert head.one("h1").text == "Record of a call between Daniel Price and Maria Lopez"
    assert not head.all("p", class_="title"), "nothing is said twice"


@pytest.mark.parametrize(
    ("ending", "shown"),
    [
        (Ending(EndState.RESOLVED, (WORDS,)), "Where it ended: resolved ▸\u00a00:01"),
        (Ending(EndState.OPEN, (WORDS,)), "Where it ended: still open ▸\u00a00:01"),
        (Ending(), "Where it ended: it is not clear from what was said"),
    ],
    ids=lambda value: value.state.value if isinstance(value, Ending) else "",
)
def test_the_head_says_where_it_ended_and_plays_the_words_that_show_it(site: Site, ending: Ending, shown: str) -> None:
    line = site.show(call_with(ending=ending)).one("p", class_="ending")
    assert line.text == shown
    lead_to(line.all("a"), ending.evidence)


def older(record: CallRecord) -> CallRecord:
    return replace(record, schema_version=1)


def in_another_language(record: CallRecord) -> CallRecord:
    return replace(record, warnings=(CallWarning(Code.OTHER_LANGUAGE, "Statements are written for English."),))


@pytest.mark.parametrize("change", [older, in_another_language])
def test_where_nobody_looked_nothing_is_said_to_be_unclear_or_not_found(site: Site, change) -> None:
    page = site.show(change(call_with()))
    assert not page.all("p", class_="ending")
    said_of_promises = page.section("Promises").text
    assert "No promise was found" not in said_of_promises
    assert "stand in the conversation" in said_of_promises


def test_of_a_call_in_which_nobody_speaks_neither_ending_nor_promises_are_spoken_of(site: Site) -> None:
    page = site.show(silent_call())
    assert not page.all("p", class_="ending")
    assert "Promises" not in [heading.text for heading in page.all("h2")]


# Statements


def test_statements_stand_by_kind_each_with_times_that_play_its_evidence(site: Site) -> None:
    record = short_call()
    section = site.show(record).section("In short")
    assert [heading.text for heading in section.all("h3")] == [
        "What was asked for",
        "What was promised",
        "Where it ended",
    ]
    lines = section.all("li")
    for line, statement in zip(lines, record.summary.statements, strict=True):
        assert line.text.startswith(statement.text)
        lead_to(line.all("a"), statement.evidence)
    asked, promised, outcome = lines
    assert "the words carry it only in part" in outcome.text
    assert "in part" not in asked.text + promised.text


def test_what_the_two_sides_disagreed_on_stands_last_under_a_heading_of_its_own(site: Site) -> None:
    disagreed = stated("s9", StatementKind.DISAGREED, Party.UNKNOWN, "They disagreed on the fee.", WORDS, support=0.9)
    headings = site.show(call_with(statements=(disagreed, *short_call().summary.statements[2:]))).section("In short")
    assert [one.text for one in headings.all("h3")] == ["Where it ended", "What the two sides disagreed on"]


def test_what_was_said_is_told_from_what_was_written_by_its_looks_and_in_words(site: Site) -> None:
    section = site.show(short_call()).section("In short")
    asked, promised, _ = section.all("li")
    assert promised.one("span", class_="quoted").text == "“A technician will come to you by Friday.”"
    assert promised.one("span", class_="how").text == "(quoted)"
    assert not asked.all("span", class_="quoted")
    assert asked.one("span", class_="how").text == "(written by machine)"
    legend = section.one("p", class_="legend").text
    assert legend.startswith("What looks “like this” was said in these words.")


def only(*statements: Statement) -> CallRecord:
    return replace(short_call(), summary=replace(short_call().summary, statements=statements))


def test_where_all_statements_are_of_one_kind_that_is_said_once(site: Site, with_hash) -> None:
    asked, promised, _ = short_call().summary.statements
    written = site.show(only(asked)).section("In short")
    assert written.one("p", class_="legend").text == "Written by machine from the words that each sentence plays."
    quoted = site.show(with_hash(only(promised), "66" * 32)).section("In short")
    assert quoted.one("p", class_="legend").text == "All of it was said in these words."
    assert not written.all("span", class_="how") + quoted.all("span", class_="how")


def test_how_this_was_made_says_who_wrote_how_much_and_how_much_is_quoted(site: Site, with_hash) -> None:
    record = short_call()
    assert f"The short version: 3 sentences written by {WRITER}, 1 quoted." in site.show(record).text
    asked, promised, outcome = record.summary.statements
    by_two = only(asked, replace(outcome, written_by=BY_RULES), promised)
    page = site.show(with_hash(by_two, "66" * 32))
    assert f"2 sentences written by {WRITER}, 1 sentence written by rules of this program, 1 quoted." in page.text
    page = site.show(with_hash(silent_call(), "67" * 32))
    assert "The short version:" not in page.text


# Promises


def test_a_promise_says_what_by_when_who_to_whom_and_in_which_words(site: Site) -> None:
    record = short_call()
    line = site.show(record).one("li", id="p1")
    assert line.one("h3").text == "Send a technician"
    assert line.one("p", class_="due").text == "By Friday 13 March 2026"
    assert (
        "Daniel Price promised Maria Lopez (you): “A technician will come to you by Friday.” ▸\u00a00:33" in line.text
    )
    assert line.one("span", class_="quoted").text == "“A technician will come to you by Friday.”"
    lead_to(line.all("a"), record.summary.commitments[0].evidence)


def test_promises_stand_between_the_short_version_and_the_conversation(site: Site) -> None:
    headings = [heading.text for heading in site.show(short_call()).all("h2")]
    assert headings.index("In short") + 1 == headings.index("Promises") < headings.index("The conversation")


def test_both_sides_see_the_same_promises_but_for_who_you_is(site: Site) -> None:
    call_id = site.publish(short_call())
    customer = said_of(site.open(call_id, Party.CUSTOMER).one("li", id="p1"))
    agent = said_of(site.open(call_id, Party.AGENT).one("li", id="p1"))
    assert "Daniel Price (you) promised Maria Lopez:" in agent
    assert agent.replace(" (you)", "") == customer.replace(" (you)", "")


def test_nothing_promised_is_said_to_be_what_was_found(site: Site) -> None:
    assert "No promise was found in what was said." in site.show(call_with()).section("Promises").text


def test_a_page_that_tells_of_a_promise_does_not_say_that_none_was_found(site: Site) -> None:
    told = replace(short_call(), summary=replace(short_call().summary, commitments=()))
    page = site.show(told)
    assert "What was promised" in page.section("In short").text
    assert "Promises" not in [heading.text for heading in page.all("h2")]


@pytest.mark.parametrize(
    ("due", "shown"),
    [
        (None, "No time was said"),
        (Due("by Friday", FRIDAY), "By Friday 13 March 2026"),
        (
            Due("by Friday at five", FRIDAY, datetime(2026, 3, 13, 17, 0, tzinfo=IN_BERLIN)),
            "By Friday 13 March 2026, 16:00 UTC",
        ),
        (Due("by Friday", None), "“by Friday”, as it was said in the call"),
    ],
    ids=["no time", "a day", "an instant, in the zone of the call", "no date to count from"],
)
def test_until_when_is_written_out_in_the_zone_of_the_call(site: Site, due: Due | None, shown: str) -> None:
    assert site.show(call_with(promise(due))).one("p", class_="due").text == shown


def test_an_instant_can_be_told_in_the_zone_of_the_reader_and_a_day_stays_that_of_the_call(site: Site) -> None:
    instant = datetime(2026, 3, 13, 17, 0, tzinfo=IN_BERLIN)
    promises = (promise(Due("by five", FRIDAY, instant)), promise(Due("by Friday", FRIDAY), id="p2"))
    first, second = site.show(call_with(*promises)).section("Promises").all("p", class_="due")
    assert first.one("time").attributes["datetime"] == "2026-03-13T16:00:00+00:00"
    assert not second.all("time")


PAST = [
    # what was said, the clock, what the page says of it
    (Due("by Friday", FRIDAY), "2026-03-13T23:59:59+01:00", None),  # the day lasts until its midnight there
    (Due("by Friday", FRIDAY), "2026-03-14T00:00:00+01:00", "Its day has passed"),
    (Due("by five", FRIDAY, datetime(2026, 3, 13, 17, 0, tzinfo=IN_BERLIN)), "2026-03-13T17:00:00+01:00", None),
    (
        Due("by five", FRIDAY, datetime(2026, 3, 13, 17, 0, tzinfo=IN_BERLIN)),
        "2026-03-13T17:00:01+01:00",
        "Its time has passed",
    ),
    (Due("by Friday", None), "2036-01-01T00:00:00+01:00", None),  # nobody knows which Friday
    (None, "2036-01-01T00:00:00+01:00", None),
]


@pytest.mark.parametrize(("due", "now", "passed"), PAST)
def test_a_promise_past_its_time_says_so_by_itself(site: Site, due: Due | None, now: str, passed: str | None) -> None:
    site.now = datetime.fromisoformat(now)
    began = datetime(2026, 3, 10, 10, 14, tzinfo=IN_BERLIN)
    line = site.show(replace(call_with(promise(due)), started_at=began)).one("li", id="p1")
    assert [one.text for one in line.all("strong", class_="late")] == ([passed] if passed else [])


def test_a_promise_past_its_time_is_not_said_to_be_broken(site: Site) -> None:
    """Whether it was kept is for the one to say whom it was made to."""
    site.now = NOW + timedelta(days=365)
    section = site.show(short_call()).section("Promises").text.lower()
    assert not [word for word in ("kept", "broken", "late", "overdue", "failed") if word in section.split()]


def test_without_names_a_promise_names_the_sides(site: Site) -> None:
    unnamed = (replace(AGENT, name=None), replace(CUSTOMER, name=None))
    page = site.show(call_with(promise(), parties=unnamed), Party.AGENT)
    assert "The agent (you) promised the customer: “I will call you back" in page.section("Promises").text


def test_of_two_agents_the_one_who_spoke_made_the_promise(site: Site) -> None:
    voices = [Participant(Party.AGENT, None, f"SPEAKER_0{number}", 0, "said so") for number in range(2)]
    turn = said("t1", Party.AGENT, "I will call you back.", 1.0, 4.0, voice=voices[1])
    made = promise(evidence=(evidence(turn, turn.text),))
    record = record_of((turn,), duration_s=5.0, parties=(*voices, CUSTOMER), promises=(made,))
    assert "Agent 2 promised Maria Lopez (you):" in site.show(record).section("Promises").text
    to_an_agent = replace(made, promisor=Party.CUSTOMER, beneficiary=Party.AGENT)
    record = replace(record, summary=replace(record.summary, commitments=(to_an_agent,)))
    page = site.show(replace(record, recording=replace(record.recording, sha256="66" * 32)))
    assert "Maria Lopez (you) promised the agent:" in page.section("Promises").text, "nobody said which agent"


def test_voices_that_are_not_known_promise_each_other_something(site: Site) -> None:
    record = unknown_voices_call()
    made = promise(promisor=Party.UNKNOWN, beneficiary=Party.UNKNOWN, evidence=(evidence(record.turns[0], "Good"),))
    page = site.show(replace(record, summary=replace(record.summary, commitments=(made,))))
    assert "Unknown voice 1 promised the other speaker: “Good”" in page.section("Promises").text


def test_the_days_of_a_promise_are_those_of_the_calls_zone_on_both_sides_of_a_clock_change() -> None:
    due = Due("by Monday", date(2026, 10, 26))
    record = replace(
        call_with(promise(due)), started_at=datetime.fromisoformat("2026-10-24T10:00:00+01:00"), zone="Europe/London"
    )
    record = record_from_json(record_to_json(record))
    late_that_day = datetime.fromisoformat("2026-10-26T23:30:00+00:00")
    page = page_of(record, now=late_that_day)
    assert [promise.standing for promise in page.promises] == [None]
