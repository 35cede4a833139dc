"""What every Diarizer keeps, whoever made it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np
import pytest
from contract_sounds import as_samples, silence, two_tones

from worker.core.ports import Diarizer, Progress
from worker.core.sound import SAMPLE_RATE_HZ, Interval, Samples
from worker.core.transcript import SpeakerStretch


def ignore(_: float) -> None:
    """A progress that nobody watches."""


def tell_apart(
    diarizer: Diarizer,
    samples: Samples,
    *,
    stretches: tuple[Interval, ...] | None = None,
    min_speakers: int = 1,
    max_speakers: int = 4,
    progress: Progress = ignore,
) -> tuple[SpeakerStretch, ...]:
    """Within all of the sound, where no stretches are given."""
    if stretches is None:
        stretches = (Interval(0.0, len(samples) / SAMPLE_RATE_HZ),)
    return diarizer.diarize(
        samples, stretches=stretches, min_speakers=min_speakers, max_speakers=max_speakers, progress=progress
    )


@dataclass(frozen=True)
class Exchange:
    """Two voices that take turns, and when each is heard."""

    samples: Samples
    first: tuple[Interval, ...]
    second: tuple[Interval, ...]


@pytest.fixture(scope="module")
def exchange(diarizer: Diarizer, sample_call: tuple[Samples, Samples]) -> Exchange:
    """Two tones for the fake, which knows no voices; else 28 s of the sample call, both tracks in one.

    The times of the latter are those of scripts/sample_call/reference.json.
    """
    if diarizer.made_with.model == "fake":
        return Exchange(
            as_samples(two_tones()),
            first=(Interval(0.7, 2.2), Interval(5.1, 6.6)),
            second=(Interval(2.9, 4.4), Interval(7.3, 8.8)),
        )
    agent, customer = (np.asarray(track[: 28 * SAMPLE_RATE_HZ]) for track in sample_call)
    return Exchange(
        as_samples(agent + customer),
        first=(Interval(0.8, 5.98), Interval(11.15, 13.64), Interval(24.61, 27.61)),
        second=(Interval(6.48, 10.75), Interval(14.14, 24.01)),
    )


def check_stretches(stretches: tuple[SpeakerStretch, ...], samples: Samples, *, max_speakers: int) -> None:
    for stretch in stretches:
        assert 0.0 <= stretch.start_s < stretch.end_s <= len(samples) / SAMPLE_RATE_HZ
    for one, following in pairwise(stretches):
        assert one.start_s <= following.start_s
    speakers = list(dict.fromkeys(stretch.speaker for stretch in stretches))
    assert speakers == [f"speaker {number}" for number in range(1, len(speakers) + 1)], (
        "Speakers are numbered as they appear."
    )
    assert len(speakers) <= max_speakers
    for one, other in combinations(stretches, 2):
        if one.speaker == other.speaker:
            assert one.end_s <= other.start_s, "Nobody is heard twice at once."


def test_it_names_the_models_that_answer(diarizer: Diarizer) -> None:
    assert diarizer.made_with.model
    assert diarizer.made_with.revision


@pytest.mark.parametrize("max_speakers", [1, 2, 4])
def test_whatever_the_sound_stretches_keep_their_shape(
    diarizer: Diarizer, any_sound: Samples, max_speakers: int
) -> None:
    check_stretches(tell_apart(diarizer, any_sound, max_speakers=max_speakers), any_sound, max_speakers=max_speakers)


def test_in_silence_nobody_is_heard(diarizer: Diarizer) -> None:
    assert tell_apart(diarizer, as_samples(silence(12.0))) == ()
    assert tell_apart(diarizer, as_samples(silence(0.0))) == ()


def test_two_voices_that_take_turns_are_two_speakers(diarizer: Diarizer, exchange: Exchange) -> None:
    stretches = tell_apart(diarizer, exchange.samples, min_speakers=2, max_speakers=2)
    check_stretches(stretches, exchange.samples, max_speakers=2)
    right_s = wrong_s = 0.0
    for stretch in stretches:
        heard = Interval(stretch.start_s, stretch.end_s)
        by_first_s = sum(heard.overlap_s(turn) for turn in exchange.first)
        by_second_s = sum(heard.overlap_s(turn) for turn in exchange.second)
        right_s += by_first_s if stretch.speaker == "speaker 1" else by_second_s
        wrong_s += by_second_s if stretch.speaker == "speaker 1" else by_first_s
    assert right_s > 0.75 * sum(turn.length_s for turn in exchange.first + exchange.second)
    assert wrong_s < 0.1 * right_s


def test_only_the_given_stretches_are_listened_to(diarizer: Diarizer, exchange: Exchange) -> None:
    """The first voice is heard elsewhere only, so the second is the only one, and has the first number."""
    stretches = tell_apart(diarizer, exchange.samples, stretches=exchange.second)
    check_stretches(stretches, exchange.samples, max_speakers=1)
    assert stretches
    for stretch in stretches:
        heard = Interval(stretch.start_s, stretch.end_s)
        assert any(given.start_s <= heard.start_s and heard.end_s <= given.end_s for given in exchange.second)
    assert tell_apart(diarizer, exchange.samples, stretches=()) == ()


def test_where_one_speaker_is_allowed_all_speech_is_one_speakers(diarizer: Diarizer, exchange: Exchange) -> None:
    stretches = tell_apart(diarizer, exchange.samples, max_speakers=1)
    assert {stretch.speaker for stretch in stretches} == {"speaker 1"}


def test_the_same_sound_gets_the_same_answer(diarizer: Diarizer, exchange: Exchange) -> None:
    assert tell_apart(diarizer, exchange.samples) == tell_apart(diarizer, exchange.samples)


def test_progress_rises_to_one(diarizer: Diarizer, any_sound: Samples) -> None:
    shares: list[float] = []
    tell_apart(diarizer, any_sound, progress=shares.append)
    assert shares == sorted(shares)
    assert shares[0] >= 0.0
    assert shares[-1] == 1.0


def test_the_work_can_be_stopped_from_its_progress(diarizer: Diarizer, exchange: Exchange) -> None:
    class Stopped(Exception):
        pass

    def stop(_: float) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        tell_apart(diarizer, exchange.samples, progress=stop)
