"""What there is no room for is refused before anything of it is kept, and what is accepted waits for no queue."""

from __future__ import annotations

import io

import pytest

from tests import made_files
from worker.core.arrival import Announced
from worker.core.errors import BadRecording, Unavailable
from worker.intake.accept import Intake
from worker.intake.limits import Busy, Gate, Limits
from worker.intake.own_recording import accept_own_recording

FAR = Announced("https://pbx.example.com/1.wav", "1.wav")


class Queue:
    """A queue that does not answer, and counts how often it was asked."""

    asked = 0

    def put(self, *_: str) -> None:
        self.asked += 1
        raise Unavailable("Redis is away.")


def test_with_too_many_waiting_calls_nothing_new_comes_in_but_what_sides_add_does(store, sound_store):
    door = Intake(store, sound_store, limits=Limits(most_waiting=1))
    call = store.call(door.accept(io.BytesIO(made_files.wav()), "1.wav").call_id)
    door.gate._counted_at = float("-inf")  # a moment later
    for refused in (lambda: door.accept(io.BytesIO(b"x"), "2.wav"), lambda: door.announce(FAR)):
        with pytest.raises(Busy) as busy:
            refused()
        assert busy.value.retry_after_s > 0
    assert accept_own_recording(io.BytesIO(made_files.wav(3.0)), "own.wav", call, intake=door).is_new
    assert len(store.calls()) == 1


def test_the_waiting_calls_are_not_counted_for_each_that_comes():
    counted = []
    gate = Gate(Limits(most_waiting=5), lambda: counted.append(1) or 0)
    for _ in range(100):
        gate.check()
    assert len(counted) == 1


def test_there_has_to_be_room_for_the_recording_itself(tmp_path):
    gate = Gate(Limits(folders=(tmp_path / "not" / "made",)), lambda: 0)
    gate.check(1)
    with pytest.raises(Busy, match="too little room"):
        gate.check(2**60)


def test_a_recording_larger_than_is_taken_is_refused(store, sound_store):
    door = Intake(store, sound_store, limits=Limits(largest_bytes=100))
    with pytest.raises(BadRecording, match="larger than"):
        door.accept(io.BytesIO(b"x" * 101), "1.wav")
    assert store.calls() == ()


def test_a_queue_that_is_away_holds_nobody_up(store, sound_store):
    queue = Queue()
    door = Intake(store, sound_store, queue)  # type: ignore[arg-type]
    for number in range(3):
        assert door.accept(io.BytesIO(made_files.wav(1.0 + number)), "1.wav").is_new
    assert queue.asked == 1, "it is left alone for a while"
    assert len(store.calls()) == 3
