"""What is tried again and what is not, with the arithmetic of the waits."""

import pytest

from worker.core.errors import BadRecording, BrokenModel, BrokenRecord, Invalid, NotThereYet, Unavailable
from worker.failures import GiveUp, OutOfTime, TryAgain, WorkerDied, decide, waited_s

SIX_HOURS_S = 21600.0


@pytest.mark.parametrize(
    ("attempts", "after_s"),
    [
        (1, 5.0),  # 5 * 4**0
        (2, 20.0),  # 5 * 4**1
        (3, 80.0),  # 5 * 4**2
        (4, 320.0),  # 5 * 4**3
        (5, 600.0),  # 5 * 4**4 = 1280, but never longer than ten minutes
        (5000, 600.0),
    ],
)
@pytest.mark.parametrize("error", [Unavailable(), OutOfTime()])
def test_what_may_work_later_is_tried_again_after_growing_waits(error, attempts, after_s):
    assert decide(error, attempts=attempts, max_attempts=9999, patience_s=0.0) == TryAgain(after_s)


def test_out_of_attempts_gives_up_and_says_how_often_it_was_tried():
    given_up = decide(Unavailable("The disk is full."), attempts=5, max_attempts=5, patience_s=0.0)
    assert given_up == GiveUp("Unavailable", "The disk is full. Tried 5 times.")
    given_up = decide(OutOfTime("Slow."), attempts=5, max_attempts=5, patience_s=SIX_HOURS_S)
    assert given_up == GiveUp("OutOfTime", "Slow. Tried 5 times."), "patience is for waits, not for tries of an hour"


@pytest.mark.parametrize(
    "error", [BadRecording("Not sound."), BrokenModel("Hash."), BrokenRecord("Link."), Invalid("A private network.")]
)
def test_what_will_never_work_stops_at_once(error):
    given_up = decide(error, attempts=1, max_attempts=5, patience_s=SIX_HOURS_S)
    assert given_up == GiveUp(type(error).__name__, error.message)


def test_what_every_worker_dies_of_is_not_tried_on_yet_another():
    given_up = decide(WorkerDied(), attempts=4, max_attempts=9, patience_s=SIX_HOURS_S)
    assert isinstance(given_up, GiveUp)
    assert given_up.reason == "WorkerDied"
    assert given_up.message.endswith("Tried 4 times.")


def test_a_bug_is_not_retried_and_its_message_stays_inside():
    given_up = decide(ValueError("could not parse '4242 4242'"), attempts=1, max_attempts=5, patience_s=SIX_HOURS_S)
    assert isinstance(given_up, GiveUp)
    assert given_up.reason == "Bug"
    assert "4242" not in given_up.message, "a foreign message may carry words of the call"


@pytest.mark.parametrize(
    ("attempts", "after_s"),
    [
        (1, 5.0),
        (4, 320.0),
        # 39 attempts have waited 5 + 20 + 80 + 320 + 34 * 600 = 20 825 s, which is less than six hours
        (39, 600.0),
    ],
)
def test_a_recording_that_is_announced_is_waited_for_however_many_attempts_that_takes(attempts, after_s):
    assert decide(NotThereYet(), attempts=attempts, max_attempts=2, patience_s=SIX_HOURS_S) == TryAgain(after_s)


def test_a_recording_that_never_comes_is_given_up_when_patience_is_over():
    assert waited_s(40) == 21425.0  # 20 825 + 600
    assert waited_s(41) > SIX_HOURS_S
    given_up = decide(NotThereYet("It is not there."), attempts=41, max_attempts=99, patience_s=SIX_HOURS_S)
    assert given_up == GiveUp("NotThereYet", "It is not there. Tried 41 times.")
