"""Listening to what a telephone line carries besides speech, and to tracks that leak into each other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sounds import Array, ToneDetector, at_level, level, music, noise, silence, sound_of, speech

from models.voice_detector import SileroVoiceDetector
from worker.bootstrap.adapters import SPEECH_THRESHOLD
from worker.core.listening import Intervals
from worker.core.ports import VoiceDetector
from worker.core.sound import SAMPLE_RATE_HZ, Interval, Samples
from worker.core.transcript import Listening, SoundKind
from worker.stages.listen import listen
from worker.stages.listening.leaks import cleaned_track

LINE_DB = -62.0


@pytest.fixture(scope="module")
def silero() -> VoiceDetector:
    return SileroVoiceDetector(threshold=SPEECH_THRESHOLD)


def heard(*tracks: Array, folder: Path, detector: VoiceDetector | None = None) -> Listening:
    return listen(
        sound_of(*tracks, folder=folder),
        voice_detector=lambda: detector or ToneDetector(),
        progress=lambda share: None,
    )


def on_line(*parts: Array, seed: int = 1) -> Array:
    track = np.concatenate(parts)
    return track + noise(len(track) / SAMPLE_RATE_HZ, db=LINE_DB, seed=seed)[: len(track)]


def seconds(stretches: Intervals) -> float:
    return sum(stretch.length_s for stretch in stretches)


def shared_s(a: Intervals, b: Intervals) -> float:
    return sum(one.overlap_s(other) for one in a for other in b)


# What is on a line besides speech, with the detector that is really used ------------------------------------------


def tones(*hz: float, duration_s: float, db: float = -20.0) -> Array:
    time_s = np.arange(round(duration_s * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    return at_level(np.sum([np.sin(2 * np.pi * one * time_s) for one in hz], axis=0), db)


def repeated(*hz: float, on_s: float, off_s: float, times: int) -> Array:
    return np.tile(np.concatenate([tones(*hz, duration_s=on_s), silence(off_s)]), times)


DIGITS = [(697, 1209), (770, 1336), (852, 1477), (941, 1336), (697, 1477), (852, 1209)]

LINE_SOUNDS = {
    "ringing": repeated(440, 480, on_s=2, off_s=4, times=4),
    "ringing in Europe": repeated(425, on_s=1, off_s=4, times=5),
    "ringing in Britain": repeated(400, 450, on_s=0.4, off_s=0.2, times=30),
    "busy": repeated(480, 620, on_s=0.5, off_s=0.5, times=20),
    "dial tone": tones(350, 440, duration_s=15),
    "keys": np.concatenate([repeated(*pair, on_s=0.12, off_s=0.15, times=1) for pair in DIGITS * 4]),
    "keys held": np.concatenate([repeated(*pair, on_s=0.4, off_s=0.5, times=1) for pair in DIGITS * 2]),
    "comfort noise": noise(20, db=-45.0),
    "loud noise": noise(20, db=-30.0),
    "chords": music(20),
    "faint chords": music(20, db=-38.0),
    "silence": silence(20),
}


@pytest.mark.parametrize("name", LINE_SOUNDS)
def test_no_sound_of_a_line_is_taken_for_speech(name: str, silero: VoiceDetector, tmp_path: Path) -> None:
    """Whatever is handed on as speech is answered with words, even where there are none."""
    track = on_line(silence(1), LINE_SOUNDS[name], silence(1))
    result = heard(track, on_line(silence(3), seed=2), folder=tmp_path, detector=silero)
    assert result.speech(0) == ()


@pytest.mark.parametrize("name", ["ringing", "ringing in Britain", "busy", "chords", "faint chords", "silence"])
def test_who_hears_nothing_but_the_line_is_waiting(name: str, silero: VoiceDetector, tmp_path: Path) -> None:
    track = on_line(LINE_SOUNDS[name])
    held = heard(track, folder=tmp_path, detector=silero).holds
    assert len(held) == 1, "one wait, by whatever it is filled"
    assert held[0].start_s <= 1.0
    assert held[0].end_s >= len(track) / SAMPLE_RATE_HZ - 1.0


def test_speech_thirty_decibels_down_is_found_as_well_as_loud_speech(
    silero: VoiceDetector, sample_call: tuple[Samples, Samples], tmp_path: Path
) -> None:
    agent, customer = (np.array(part, np.float32) for part in sample_call)
    loud = heard(agent, customer, folder=tmp_path, detector=silero).speech(1)
    faint = heard(agent, customer * level(-30), folder=tmp_path, detector=silero).speech(1)
    assert shared_s(loud, faint) >= 0.97 * seconds(loud)


# Music -----------------------------------------------------------------------------------------------------------


class Misled(ToneDetector):
    """Takes the first seconds of a tune for speech, but is not sure of it; so does the real one."""

    TUNE = Interval(4.0, 6.5)

    def find_speech(self, samples: Samples, *, sure: bool = False) -> Intervals:
        found = super().find_speech(samples, sure=sure)
        whole_track = len(samples) > 20 * SAMPLE_RATE_HZ
        return (self.TUNE, *found) if whole_track else found


def test_the_beginning_of_music_is_not_taken_for_speech_by_a_detector_that_is_unsure(tmp_path: Path) -> None:
    track = on_line(silence(4), music(20), silence(2), speech(3), silence(1))
    result = heard(track, folder=tmp_path, detector=Misled())
    assert [round(stretch.start_s) for stretch in result.speech(0)] == [26]
    assert len(result.holds) == 1
    assert result.holds[0].start_s == pytest.approx(4.0, abs=0.5)
    assert result.holds[0].end_s == pytest.approx(24.0, abs=0.5)


def test_an_unsure_word_far_from_music_is_kept(tmp_path: Path) -> None:
    """A short "yes" is never sure; only beside music is that a reason to doubt it."""

    class NeverSure(ToneDetector):
        def find_speech(self, samples: Samples, *, sure: bool = False) -> Intervals:
            return () if sure else super().find_speech(samples)

    track = on_line(silence(2), speech(0.5), silence(6), music(8), silence(6))
    assert len(heard(track, folder=tmp_path, detector=NeverSure()).speech(0)) == 1


def test_an_announcement_over_music_is_speech_within_one_hold(
    silero: VoiceDetector, sample_call: tuple[Samples, Samples], tmp_path: Path
) -> None:
    announcement = np.array(sample_call[0], np.float32)
    first = heard(announcement, folder=tmp_path, detector=silero).speech(0)[0]
    said = announcement[round(first.start_s * SAMPLE_RATE_HZ) :][: 4 * SAMPLE_RATE_HZ]
    track = music(30, db=-30.0)
    track[12 * SAMPLE_RATE_HZ : 16 * SAMPLE_RATE_HZ] += at_level(said.astype(np.float64), -18.0)
    result = heard(on_line(track), folder=tmp_path, detector=silero)
    assert shared_s(result.speech(0), (Interval(12.0, 16.0),)) >= 3.0
    assert len(result.holds) == 1
    assert (result.holds[0].kind, result.holds[0].channel) == (SoundKind.MUSIC, 0)


# Cross-talk ------------------------------------------------------------------------------------------------------

AGENT = on_line(*(part for number in range(5) for part in (silence(1), speech(5, seed=number), silence(6))))
CUSTOMER = on_line(
    *(part for number in range(5) for part in (silence(7), speech(4, seed=20 + number), silence(1))), seed=2
)


def through_a_line(track: Array, *, late_s: float, db: float) -> Array:
    """What a line makes of a track: late, with two echoes, dull, and fainter by so many decibels."""
    echoes = np.zeros(300)
    echoes[[0, 60, 250]] = 1.0, -0.5, 0.3
    made = np.convolve(np.convolve(track, echoes), [0.25, 0.5, 0.25])
    made = np.concatenate([np.zeros(round(late_s * SAMPLE_RATE_HZ)), made])[: len(track)]
    return np.asarray(made * (np.sqrt(np.mean(np.square(track)) / np.mean(np.square(made))) * level(db)), np.float32)


@pytest.mark.parametrize("db", [-12.0, -20.0, -30.0])
@pytest.mark.parametrize("late_s", [0.0, 0.06, 0.2])
def test_a_late_and_coloured_leak_is_taken_away(db: float, late_s: float, tmp_path: Path) -> None:
    sound = sound_of(
        AGENT + through_a_line(CUSTOMER, late_s=late_s, db=db),
        CUSTOMER + through_a_line(AGENT, late_s=late_s, db=db),
        folder=tmp_path,
    )
    found = listen(sound, voice_detector=ToneDetector(), progress=lambda share: None)
    assert [(leak.source, leak.into) for leak in found.leaks] == [(1, 0), (0, 1)]
    for channel, clean in enumerate((AGENT, CUSTOMER)):
        cleaned = np.asarray(cleaned_track(sound, channel, found.leaks).samples())
        recorded = np.asarray(sound.tracks[channel].samples())
        before, after = (float(np.square(samples - clean).mean()) for samples in (recorded, cleaned))
        assert after < 0.2 * before, "what is left is mostly the echo of the track's own party"
        assert len(found.speech(channel)) == 5, "nobody is heard a second time"


def test_a_leak_nearly_as_loud_as_its_source_does_not_make_anybody_speak_twice(tmp_path: Path) -> None:
    result = heard(AGENT, CUSTOMER + through_a_line(AGENT, late_s=0.05, db=-6.0), folder=tmp_path)
    assert len(result.speech(1)) == 5


def test_tracks_without_a_leak_are_heard_as_they_are(tmp_path: Path) -> None:
    sound = sound_of(AGENT, CUSTOMER, folder=tmp_path)
    found = listen(sound, voice_detector=ToneDetector(), progress=lambda share: None)
    assert found.leaks == ()
    assert cleaned_track(sound, 0, found.leaks) is sound.tracks[0]


def test_a_word_spoken_over_the_other_party_is_not_lost_under_its_leak(tmp_path: Path) -> None:
    """As loud as the leak itself: before, everything less than 6 dB above a leak was taken for it."""
    length_s = len(AGENT) / SAMPLE_RATE_HZ
    word = np.concatenate([silence(27), speech(1.5, db=-40, seed=9), silence(length_s - 28.5)])
    result = heard(AGENT, CUSTOMER + word + AGENT * level(-20), folder=tmp_path)
    assert shared_s(result.speech(1), (Interval(27.0, 28.5),)) > 1.0
