"""The values of a call keep their own rules."""

from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pytest

from worker.core.call import CallDetails, Party
from worker.core.errors import Invalid
from worker.core.sound import SAMPLE_RATE_HZ, Interval, Track
from worker.core.summary import Commitment, Due, Ending, EndState, Evidence, Statement, StatementKind

WORDS = (Evidence("t1", 0.0, 1.0, "I want my money back."),)


def statement(**changed: object) -> Statement:
    values = {
        "id": "s1",
        "kind": StatementKind.ASKED,
        "party": Party.CUSTOMER,
        "text": "The customer asked for a refund.",
        "quoted": False,
        "evidence": WORDS,
        "support": 0.9,
        "written_by": "a model",
    }
    return Statement(**{**values, **changed})  # type: ignore[arg-type]


def test_a_statement_without_evidence_is_refused():
    with pytest.raises(Invalid, match="without evidence"):
        statement(evidence=())


@pytest.mark.parametrize("support", [-0.1, 1.1])
def test_support_is_a_share(support: float):
    with pytest.raises(Invalid, match="between 0 and 1"):
        statement(support=support)


@pytest.mark.parametrize(("quoted", "written_by"), [(True, "a model"), (False, None)])
def test_a_statement_is_quoted_or_says_who_wrote_it(quoted: bool, written_by: str | None):
    with pytest.raises(Invalid, match="quoted, or written"):
        statement(quoted=quoted, written_by=written_by)


@pytest.mark.parametrize(
    ("state", "evidence"), [(EndState.RESOLVED, ()), (EndState.OPEN, ()), (EndState.UNCLEAR, WORDS)]
)
def test_an_ending_rests_on_words_unless_it_is_unclear(state: EndState, evidence: tuple[Evidence, ...]):
    with pytest.raises(Invalid, match="shown by words"):
        Ending(state, evidence)


def test_an_ending_of_which_nothing_is_known_is_unclear():
    assert Ending() == Ending(EndState.UNCLEAR, ())


def test_a_promise_without_its_words_is_refused():
    with pytest.raises(Invalid, match="without the words"):
        Commitment("p1", Party.AGENT, Party.CUSTOMER, "call back", None, ())


def test_nobody_makes_a_promise_to_themselves():
    with pytest.raises(Invalid, match="not to oneself"):
        Commitment("p1", Party.AGENT, Party.AGENT, "call back", None, WORDS)


def test_two_voices_that_are_not_known_may_promise_each_other_something():
    assert Commitment("p1", Party.UNKNOWN, Party.UNKNOWN, "call back", None, WORDS).due is None


def test_the_instant_of_a_promise_has_a_zone():
    with pytest.raises(Invalid, match="time zone"):
        Due("by five", date(2026, 3, 13), datetime(2026, 3, 13, 17, 0))


def test_an_instant_without_a_zone_is_refused():
    with pytest.raises(Invalid, match="time zone"):
        CallDetails(started_at=datetime(2026, 3, 10, 10, 14))


@pytest.mark.parametrize("language", ["klingon", "EN", "e", "en-US"])
def test_a_language_that_is_no_code_is_refused_at_the_door(language: str):
    with pytest.raises(Invalid, match="such as en"):
        CallDetails(language=language)


@pytest.mark.parametrize("year", [1, 9999])
def test_a_year_in_which_nobody_called_is_refused(year: int):
    with pytest.raises(Invalid, match=f"the year {year}"):
        CallDetails(started_at=datetime(year, 1, 1, tzinfo=UTC))


def test_intervals_are_half_open_so_touching_ones_share_nothing():
    assert Interval(0.0, 1.0).overlap_s(Interval(1.0, 2.0)) == 0.0
    assert Interval(0.0, 2.0).overlap_s(Interval(1.5, 3.0)) == 0.5


@pytest.mark.parametrize(
    ("stretch", "first", "count"),
    [
        (None, 0.0, 32000),
        (Interval(0.5, 1.0), 8000.0, 8000),
        (Interval(-1.0, 0.5), 0.0, 8000),  # clamped to the track
        (Interval(1.5, 9.0), 24000.0, 8000),
        (Interval(5.0, 9.0), None, 0),  # past its end: nothing, and no error
    ],
)
def test_a_track_hands_out_the_samples_of_a_stretch(tmp_path, stretch, first, count):
    path = tmp_path / "0.f32"
    np.arange(2 * SAMPLE_RATE_HZ, dtype=np.float32).tofile(path)
    samples = np.asarray(Track(0, path, 2 * SAMPLE_RATE_HZ, 1.0, 1.0).samples(stretch))
    assert (samples.dtype, len(samples)) == (np.float32, count)
    if count:
        assert samples[0] == first


def test_the_start_of_a_call_is_read_in_its_zone():
    """The offset of one instant does not say when the clocks change; the zone does."""
    told = datetime(2026, 3, 27, 15, 30, tzinfo=UTC)
    began = CallDetails(started_at=told, zone="Europe/Berlin").started_at
    assert began is not None
    assert began == told
    assert began.utcoffset() == timedelta(hours=1)
    assert (began + timedelta(days=3)).utcoffset() == timedelta(hours=2), "summer time begins on 29 March"


def test_a_start_without_an_offset_is_local_to_the_zone():
    began = CallDetails(started_at=datetime(2026, 7, 1, 9, 0), zone="America/New_York").started_at
    assert began == datetime(2026, 7, 1, 13, 0, tzinfo=UTC)


def test_without_a_zone_the_start_stays_as_it_was_told():
    told = datetime(2026, 3, 27, 15, 30, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    assert CallDetails(started_at=told).started_at is told


@pytest.mark.parametrize("name", ["Europe/Atlantis", "", "Europe", "../../etc/passwd", "/etc/localtime", "a\0b"])
def test_a_zone_is_one_by_its_name(name: str):
    with pytest.raises(Invalid, match="zone of the call"):
        CallDetails(zone=name)


def test_an_instant_at_the_edge_of_all_time_is_refused_before_a_zone_moves_it():
    for year, zone in ((1, "America/New_York"), (9999, "Asia/Tokyo")):
        with pytest.raises(Invalid, match="year"):
            CallDetails(started_at=datetime(year, 1, 1, tzinfo=UTC), zone=zone)
