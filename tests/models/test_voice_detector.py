"""Silero VAD read block by block finds what the library itself finds in the whole."""

from __future__ import annotations

import numpy as np
import pytest
from faster_whisper.vad import get_speech_timestamps

from models import voice_detector
from models.voice_detector import BLOCK_WINDOWS, WINDOW, SileroVoiceDetector
from worker.core.errors import Invalid
from worker.core.sound import SAMPLE_RATE_HZ, Samples


@pytest.mark.parametrize("threshold", [0.3, 0.5])
def test_blocks_give_the_answer_of_the_whole(sample_call: tuple[Samples, Samples], threshold: float) -> None:
    track = np.concatenate([np.asarray(part) for part in sample_call + sample_call])
    assert len(track) > 3 * BLOCK_WINDOWS * WINDOW
    whole = get_speech_timestamps(
        track.copy(),
        threshold=threshold,
        neg_threshold=threshold - voice_detector.LEEWAY,
        min_silence_duration_ms=round(voice_detector.MIN_SILENCE_S * 1000),
        min_speech_duration_ms=round(voice_detector.MIN_SPEECH_S * 1000),
        speech_pad_ms=round(voice_detector.MARGIN_S * 1000),
    )
    found = SileroVoiceDetector(threshold=threshold).find_speech(memoryview(track.tobytes()).cast("f"))
    assert [(round(s.start_s * SAMPLE_RATE_HZ), round(s.end_s * SAMPLE_RATE_HZ)) for s in found] == [
        (stretch["start"], stretch["end"]) for stretch in whole
    ]


def test_a_lower_threshold_finds_no_less(sample_call: tuple[Samples, Samples]) -> None:
    agent, _ = sample_call
    seconds = [
        sum(stretch.length_s for stretch in SileroVoiceDetector(threshold=threshold).find_speech(agent))
        for threshold in (0.7, 0.5, 0.3)
    ]
    assert seconds == sorted(seconds)


@pytest.mark.parametrize("threshold", [-0.5, 0.0, 0.15, 1.0, float("nan")])
def test_a_threshold_that_is_no_probability_is_refused(threshold: float) -> None:
    with pytest.raises(Invalid):
        SileroVoiceDetector(threshold=threshold)
