"""The values of a call keep their own rules."""

from datetime import UTC, datetime

import numpy as np
import pytest

from worker.core.call import CallDetails, Party
from worker.core.errors import Invalid
from worker.core.sound import SAMPLE_RATE_HZ, Interval, Track
from worker.core.summary import Evidence, Statement, StatementKind


def statement(**changed: object) -> Statement:
    values = {
        "id": "s1",
        "kind": StatementKind.ASKED,
        "party": Party.CUSTOMER,
        "text": "The customer asked for a refund.",
        "quoted": False,
        "evidence": (Evidence("t1", 0.0, 1.0, "I want my money back."),),
        "support": 0.9,
    }
    return Statement(**{**values, **changed})  # type: ignore[arg-type]


def test_a_statement_without_evidence_is_refused():
    with pytest.raises(Invalid, match="without evidence"):
        statement(evidence=())


@pytest.mark.parametrize("support", [-0.1, 1.1])
def test_support_is_a_share(support: float):
    with pytest.raises(Invalid, match="between 0 and 1"):
        statement(support=support)


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
