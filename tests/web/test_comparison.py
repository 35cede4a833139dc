"""The page that puts somebody's own recording beside the one of the record: what agrees, what differs."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests import made_files
from tests.web.conftest import WORKER
from tests.web.reading import Element, read
from tests.web.records import MADE_BY, long_call, record_of, said, short_call, silent_call
from worker.core.call import Party
from worker.core.record import CallRecord
from worker.core.transcript import Turn
from worker.web.pages.comparison import ComparisonPage, comparison_page
from worker.web.pages.people import Who


def later(turn: Turn, by_s: float) -> Turn:
    words = tuple(replace(word, start_s=word.start_s + by_s, end_s=word.end_s + by_s) for word in turn.words)
    return replace(turn, start_s=turn.start_s + by_s, end_s=turn.end_s + by_s, words=words)


def shifted(record: CallRecord, by_s: float) -> CallRecord:
    """The same call in a recording that began so much earlier."""
    return replace(record, turns=tuple(later(turn, by_s) for turn in record.turns))


def without(record: CallRecord, turn: str, *, shorter_s: float = 0.0) -> CallRecord:
    """The same call with one turn cut out, and what comes after it moved up."""
    at = next(number for number, one in enumerate(record.turns) if one.id == turn)
    after = tuple(later(one, -shorter_s) for one in record.turns[at + 1 :])
    return replace(record, turns=(*record.turns[:at], *after))


def compared(ours: CallRecord, theirs: CallRecord) -> ComparisonPage:
    return comparison_page(ours, theirs, call_id="c1", number=4, added_by=MARIA, when="Friday 13 March 2026, 10:00 UTC")


MARIA = Who("Maria Lopez", "customer", "customer", is_you=True)

CALL = record_of(
    (
        said("t1", Party.AGENT, "Thank you for calling Brightwater Appliances. How can I help you today?", 0.8, 5.9),
        said("t2", Party.CUSTOMER, "I bought a washing machine from you in January, and now it leaks.", 6.4, 10.7),
        said("t3", Party.AGENT, "Since it is under warranty the repair will be free of charge for you.", 12.0, 18.0),
        said("t4", Party.AGENT, "A technician will come to your house by Friday at the latest.", 19.0, 24.0),
        said("t5", Party.CUSTOMER, "By Friday is good. Please ask him to ring the second bell.", 25.0, 30.0),
        said("t6", Party.AGENT, "I have noted that down. Is there anything else that I can do?", 31.0, 35.0),
    ),
    duration_s=40.0,
)


def test_the_same_words_in_both_are_said_to_agree():
    page = compared(CALL, shifted(CALL, 12.0))
    assert page.refusal is None
    assert page.agreement.endswith("heard alike in both: 100 % of what was said while both recorded.")
    assert page.start == "The added recording begins 12 seconds earlier."
    assert page.no_difference is not None
    assert page.groups == ()


@pytest.mark.parametrize(
    ("by_s", "says"),
    [
        (0.3, "Both begin at the same moment."),
        (-0.8, "Both begin at the same moment."),
        (61.2, "The added recording begins 1 minute 1 second earlier."),
        (-5.0, "The added recording begins 5 seconds later."),
    ],
)
def test_which_one_began_first_is_said(by_s, says):
    assert compared(CALL, shifted(CALL, by_s)).start == says


def test_what_is_cut_out_of_ours_is_shown_with_the_words_that_theirs_has():
    """The recording that the company kept lacks a promise that is on the customer's telephone."""
    page = compared(without(CALL, "t3", shorter_s=7.0), CALL)
    (group,) = page.groups
    (line,) = group.lines
    assert group.heading == "In the part that both hold"
    assert line.what == "Only in the added recording"
    assert line.theirs.text == "Since it is under warranty the repair will be free of charge for you."
    assert line.ours.text == ""
    assert (line.ours.before, line.ours.after) == ("January, and now it leaks.", "A technician will come to")
    assert line.longer == "The added recording is 7 seconds longer here."
    assert page.start == "Both begin at the same moment.", "a cut changes nothing of that"
    assert (line.theirs.clip.start_s, line.theirs.clip.end_s) == (12.0, 18.0)
    assert line.ours.clip.start_s < 10.7 < line.ours.clip.end_s, "the place of the cut can be heard"


def test_where_the_words_differ_both_stand_side_by_side():
    turns = list(CALL.turns)
    turns[3] = said("t4", Party.AGENT, "A technician will come to your house by Monday at the latest.", 19.0, 24.0)
    (group,) = compared(CALL, replace(CALL, turns=tuple(turns))).groups
    (line,) = group.lines
    assert line.what == "Other words"
    assert (line.ours.text, line.theirs.text) == ("Friday", "Monday")
    assert (line.ours.before, line.ours.after) == ("come to your house by", "at the latest. By Friday")
    assert line.longer is None


def test_what_one_has_before_and_after_is_apart_from_what_both_hold():
    theirs = replace(CALL, turns=CALL.turns[1:-1])
    before, after = compared(CALL, theirs).groups
    assert before.heading == "Before the part that both hold"
    assert after.heading == "After the part that both hold"
    assert before.lines[0].what == after.lines[0].what == "Only in the recording of this record"


def test_nothing_is_called_whole_agreement_while_anything_differs():
    page = compared(CALL, replace(CALL, turns=CALL.turns[:-1]))
    assert page.groups
    assert "100 %" not in page.agreement


def test_another_call_is_refused_politely_and_nothing_is_compared():
    page = compared(CALL, long_call(turns=6, words=80))
    assert page.refusal.startswith("This seems to be another call")
    assert (page.agreement, page.start, page.no_difference, page.groups) == (None, None, None, ())


def test_where_nothing_was_heard_that_is_said_instead():
    assert "No words were heard in the added recording" in compared(CALL, silent_call()).refusal
    assert "No words were heard in the recording of this record" in compared(silent_call(), CALL).refusal


# In the browser


@pytest.fixture
def with_recording(site):
    """A call with somebody's own recording of it, whose record is this one: the page, for its customer."""

    def make(ours: CallRecord, theirs: CallRecord) -> Element:
        call_id = site.publish(ours)
        site.link(call_id)
        site.client.post(f"/calls/{call_id}/added", files={"file": ("mine.wav", made_files.wav())})
        item = _added(site, call_id)
        own_id = item.content.recording_call
        stage = site.store.call(own_id).standing.stage
        assert site.store.begin(own_id, stage, **WORKER, now=datetime.now(UTC))
        site.store.finish(own_id, stage, worker="w", value=theirs, made_by=MADE_BY[0], next_stage=None)
        response = site.client.get(f"/calls/{call_id}/compared/{item.number}")
        assert response.status_code == 200, response.text
        return read(response.text)

    return make


def _added(site, call_id):
    return next(item for item in site.store.log.items(call_id) if item.kind.value == "added")


def test_each_side_is_played_from_its_own_sound(with_recording):
    page = with_recording(without(CALL, "t3", shorter_s=7.0), CALL)
    ours, theirs = page.all("audio")
    assert ours.attributes["src"].endswith("/sound")
    assert "/files/" in theirs.attributes["src"]
    plays = page.all("a", class_="play")
    assert [one.attributes["data-sound"] for one in plays] == ["ours", "theirs"]
    assert (plays[1].attributes["data-start"], plays[1].attributes["data-end"]) == ("12.0", "18.0")
    assert all(one.attributes["href"] == f"#{one.attributes['data-sound']}" for one in plays), "also without a script"


def test_what_people_are_called_and_what_was_said_is_text_and_nothing_else(with_recording):
    turns = [*CALL.turns[:-1], said("t6", Party.AGENT, "<script>alert(1)</script> noted <b>down</b>", 31.0, 35.0)]
    page = with_recording(CALL, replace(CALL, turns=tuple(turns)))
    assert "<script>alert(1)</script>" in page.text
    assert [one.attributes.get("src") for one in page.all("script")] == ["/static/comparison.js"]


def test_the_page_of_another_call_still_lets_both_be_heard(with_recording):
    page = with_recording(CALL, long_call(turns=6, words=80))
    assert "This seems to be another call" in page.text
    assert len(page.all("audio")) == 2


def test_nobody_compares_what_is_not_ready(site):
    call_id = site.publish(short_call())
    site.link(call_id)
    site.client.post(f"/calls/{call_id}/added", files={"file": ("mine.wav", made_files.wav())})
    item = _added(site, call_id)
    assert item.content.file.sha256 == hashlib.sha256(made_files.wav()).hexdigest()
    assert site.client.get(f"/calls/{call_id}/compared/{item.number}").status_code == 404
