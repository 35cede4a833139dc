"""What every VoiceDetector keeps, whoever made it."""

from __future__ import annotations

from itertools import pairwise

from contract_sounds import as_samples, silence

from worker.core.ports import VoiceDetector
from worker.core.sound import SAMPLE_RATE_HZ, Interval, Samples


def test_it_names_the_model_that_answers(voice_detector: VoiceDetector) -> None:
    assert voice_detector.made_with.model
    assert voice_detector.made_with.revision


def test_stretches_are_in_order_apart_and_within_the_samples(voice_detector: VoiceDetector, any_sound: Samples) -> None:
    stretches = voice_detector.find_speech(any_sound)
    for stretch in stretches:
        assert 0.0 <= stretch.start_s < stretch.end_s <= len(any_sound) / SAMPLE_RATE_HZ
    for one, following in pairwise(stretches):
        assert one.end_s <= following.start_s


def test_silence_and_nothing_hold_no_speech(voice_detector: VoiceDetector) -> None:
    assert voice_detector.find_speech(as_samples(silence(20.0))) == ()
    assert voice_detector.find_speech(as_samples(silence(0.0))) == ()


def test_the_same_sound_gets_the_same_answer(voice_detector: VoiceDetector, any_sound: Samples) -> None:
    assert voice_detector.find_speech(any_sound) == voice_detector.find_speech(any_sound)


def test_speech_is_found_and_what_surrounds_it_is_not(
    voice_detector: VoiceDetector, sample_call: tuple[Samples, Samples]
) -> None:
    """The agent greets from 0.8 to 6.0 s and is then silent until 11.1 s (scripts/sample_call/reference.json)."""
    stretches = voice_detector.find_speech(sample_call[0][: 11 * SAMPLE_RATE_HZ])
    found_s = sum(stretch.overlap_s(Interval(0.8, 5.98)) for stretch in stretches)
    assert found_s > 4.0
    assert sum(stretch.length_s for stretch in stretches) - found_s < 1.0
