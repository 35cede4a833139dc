"""What is tried again and what is not, with the arithmetic of the waits."""

import pytest

from worker.core.errors import BadRecording, BrokenModel, BrokenRecord, Unavailable
from worker.failures import GiveUp, OutOfTime, TryAgain, decide


@pytest.mark.parametrize(
    ("attempts", "after_s"),
    [
        (1, 5.0),  # 5 * 4**0
        (2, 20.0),  # 5 * 4**1
        (3, 80.0),  # 5 * 4**2
        (4, 320.0),  # 5 * 4**3
        (5, 600.0),  # 5 * 4**4 = 1280, but never longer than ten minutes
    ],
)
@pytest.mark.parametrize("error", [Unavailable(), OutOfTime()])
def test_what_may_work_later_is_tried_again_after_growing_waits(error, attempts, after_s):
    assert decide(error, attempts=attempts, max_attempts=9) == TryAgain(after_s)


def test_out_of_attempts_gives_up_and_says_how_often_it_was_tried():
    given_up = decide(Unavailable("The disk is full."), attempts=5, max_attempts=5)
    assert given_up == GiveUp("Unavailable", "The disk is full. Tried 5 times.")


@pytest.mark.parametrize("error", [BadRecording("Not sound."), BrokenModel("Hash."), BrokenRecord("Link.")])
def test_what_will_never_work_stops_at_once(error):
    assert decide(error, attempts=1, max_attempts=5) == GiveUp(type(error).__name__, error.message)


def test_a_bug_is_not_retried_and_its_message_stays_inside():
    given_up = decide(ValueError("could not parse '4242 4242'"), attempts=1, max_attempts=5)
    assert isinstance(given_up, GiveUp)
    assert given_up.reason == "Bug"
    assert "4242" not in given_up.message, "a foreign message may carry words of the call"
