"""A word's confidence is the share of such words that are right, where that was measured, and no more than that."""

from __future__ import annotations

import pytest

from models.calibration import AS_IT_SAYS, MEASURED, Calibration, calibration_of
from worker.core.ports import MadeWith
from worker.core.transcript import Word


def words(*confidences: float) -> list[Word]:
    return [Word("word", float(number), number + 0.5, confidence) for number, confidence in enumerate(confidences)]


def confidences(calibration: Calibration, *given: float) -> list[float]:
    return [word.confidence for word in calibration.applied(words(*given))]


@pytest.mark.parametrize("probability", [0.001, 0.2, 0.5, 0.87, 0.999])
def test_a_model_that_was_never_measured_keeps_its_own_probability(probability: float) -> None:
    assert calibration_of(MadeWith("somebody's own", "1")) == AS_IT_SAYS
    assert confidences(AS_IT_SAYS, 0.3, probability, 0.9)[1] == pytest.approx(probability, abs=0.001)


@pytest.mark.parametrize("name", sorted(MEASURED))
def test_a_surer_word_is_never_said_to_be_less_sure(name: str) -> None:
    shares = [confidences(MEASURED[name], 0.5, probability / 100, 0.5)[1] for probability in range(101)]
    assert shares == sorted(shares)
    assert shares[0] < 0.2
    assert shares[-1] > 0.95


def test_a_word_among_doubtful_ones_is_doubted_more_than_the_same_among_sure_ones() -> None:
    measured = MEASURED["whisper-base"]
    assert confidences(measured, 0.2, 0.8, 0.3)[1] < 0.8 < confidences(measured, 0.99, 0.8, 0.99)[1]


def test_a_word_alone_has_only_itself_to_go_by() -> None:
    assert confidences(AS_IT_SAYS, 0.7) == [0.7]
    assert AS_IT_SAYS.applied(()) == ()


def test_nothing_is_certain() -> None:
    for confidence in confidences(MEASURED["whisper-base"], 0.0, 1.0, 1.0):
        assert 0.0 < confidence < 1.0
