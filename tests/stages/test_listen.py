"""Listening: what is speech, music and silence, where the customer waits, and how the parties lie on the tracks."""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from sounds import Array, ToneDetector, level, music, noise, silence, sound_of, speech

from worker.core.listening import joined, longer, music_holds, silent_holds, without
from worker.core.sound import SAMPLE_RATE_HZ, Interval, Samples
from worker.core.transcript import Code, Hold, Layout, Listening, SoundKind
from worker.stages.listen import listen

LINE_DB = -62.0  # the noise of an ordinary line


def heard(*tracks: Array, folder: Path, detector: ToneDetector | None = None) -> Listening:
    result = listen(
        sound_of(*tracks, folder=folder), voice_detector=detector or ToneDetector(), progress=lambda share: None
    )
    for channel in result.heard_channels:
        of_track = [stretch for stretch in result.stretches if stretch.channel == channel]
        assert of_track[0].start_s == 0.0
        assert all(a.end_s == b.start_s for a, b in pairwise(of_track)), "a track is covered"
        assert all(stretch.start_s < stretch.end_s for stretch in of_track)
    return result


def on_line(*parts: Array, seed: int = 1) -> Array:
    """The parts one after the other, on a line with its noise."""
    track = np.concatenate(parts)
    return track + noise(len(track) / SAMPLE_RATE_HZ, db=LINE_DB, seed=seed)[: len(track)]


def codes(result: Listening) -> list[Code]:
    return [warning.code for warning in result.warnings]


def seconds(stretches: tuple[Interval, ...]) -> float:
    return sum(stretch.length_s for stretch in stretches)


def is_about(stretches: tuple[Interval, ...] | tuple[Hold, ...], *expected: tuple[float, float]) -> bool:
    """The same number of stretches, each within half a second at both ends."""
    return len(stretches) == len(expected) and all(
        abs(stretch.start_s - start_s) <= 0.5 and abs(stretch.end_s - end_s) <= 0.5
        for stretch, (start_s, end_s) in zip(stretches, expected, strict=True)
    )


AGENT = on_line(silence(1), speech(6), silence(6), speech(5), silence(6))
CUSTOMER = on_line(silence(8), speech(4, seed=7), silence(7), speech(4, seed=8), silence(1), seed=2)


# How the parties lie on the tracks -------------------------------------------------------------------------------


def test_two_tracks_with_a_party_on_each(tmp_path: Path) -> None:
    result = heard(AGENT, CUSTOMER, folder=tmp_path)
    assert result.layout is Layout.TRACK_PER_PARTY
    assert result.heard_channels == (0, 1)
    assert is_about(result.speech(0), (1, 7), (13, 18))
    assert is_about(result.speech(1), (8, 12), (19, 23))
    assert result.warnings == ()


def test_one_track_is_mixed(tmp_path: Path) -> None:
    result = heard(AGENT + CUSTOMER, folder=tmp_path)
    assert (result.layout, result.heard_channels) == (Layout.MIXED, (0,))


@pytest.mark.parametrize(
    ("gain_db", "noise_db", "late_s"),
    [(0.0, -100.0, 0.0), (-12.0, -100.0, 0.0), (0.0, -38.0, 0.0), (-6.0, -45.0, 0.02)],
)
def test_two_tracks_with_the_same_sound_are_one(gain_db: float, noise_db: float, late_s: float, tmp_path: Path) -> None:
    both = AGENT + CUSTOMER
    copy = np.roll(both, round(late_s * SAMPLE_RATE_HZ)) * level(gain_db)
    copy = (copy + noise(24, db=noise_db, seed=5)).astype(np.float32)
    result = heard(copy, both * 1.01, folder=tmp_path)
    assert result.layout is Layout.MIXED
    assert result.heard_channels == (1,) or noise_db > -50, "the louder one is heard"
    assert len(result.heard_channels) == 1
    assert codes(result) == [Code.SAME_SOUND]


def test_a_faint_party_is_not_lost_where_a_loud_one_leaks_into_the_track(tmp_path: Path) -> None:
    """Nearly all the energy of the second track is then the first's, and it still is another sound."""
    result = heard(AGENT, CUSTOMER * level(-25) + AGENT * level(-20), folder=tmp_path)
    assert result.layout is Layout.TRACK_PER_PARTY
    assert is_about(result.speech(1), (8, 12), (19, 23))


@pytest.mark.parametrize("unused", [silence(24), noise(24, db=-75.0)])
def test_a_silent_track_is_said_to_be_one_and_is_not_heard(unused: Array, tmp_path: Path) -> None:
    result = heard(unused, AGENT + CUSTOMER, folder=tmp_path)
    assert (result.layout, result.heard_channels) == (Layout.MIXED, (1,))
    assert codes(result) == [Code.SILENT_TRACK]
    assert "track 0" in result.warnings[0].message


def test_a_recording_without_any_sound_is_an_ordinary_result(tmp_path: Path) -> None:
    result = heard(silence(3), silence(3), folder=tmp_path)
    assert result.heard_channels == (0,)
    assert codes(result) == [Code.NO_SPEECH]
    assert [stretch.kind for stretch in result.stretches] == [SoundKind.SILENCE]


def test_three_parties_on_three_tracks(tmp_path: Path) -> None:
    third = on_line(silence(19), speech(3, seed=11), silence(2), seed=4)
    result = heard(AGENT, CUSTOMER, third, folder=tmp_path)
    assert (result.layout, result.heard_channels) == (Layout.TRACK_PER_PARTY, (0, 1, 2))


# Speech ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("leak_db", [-14.0, -20.0, -26.0])
@pytest.mark.parametrize("late_s", [0.0, 0.1, 0.2])
def test_what_leaks_from_the_other_track_is_not_speech_of_this_one(
    leak_db: float, late_s: float, tmp_path: Path
) -> None:
    late = round(late_s * SAMPLE_RATE_HZ)
    result = heard(
        AGENT + level(leak_db) * np.roll(CUSTOMER, late),
        CUSTOMER + level(leak_db) * np.roll(AGENT, late),
        folder=tmp_path,
    )
    assert is_about(result.speech(0), (1, 7), (13, 18))
    assert is_about(result.speech(1), (8, 12), (19, 23))


def test_speech_over_a_leak_is_kept(tmp_path: Path) -> None:
    agent = on_line(speech(20), silence(4))
    customer = on_line(silence(8), speech(2, seed=7), silence(11), speech(2, seed=9), silence(1), seed=2)
    result = heard(agent + customer * level(-20), customer + agent * level(-20), folder=tmp_path)
    assert is_about(result.speech(1), (8, 10), (21, 23))


def test_a_party_thirty_decibels_below_the_other_is_heard(tmp_path: Path) -> None:
    faint = on_line(silence(8), speech(4, db=-50, seed=7), silence(12), seed=2)
    deaf = ToneDetector().find_speech(memoryview(faint))
    assert deaf == (), "as it is, the detector hears nothing of it"
    assert is_about(heard(AGENT, faint, folder=tmp_path).speech(1), (8, 12))


def test_noise_of_a_line_is_not_raised_until_it_is_speech(tmp_path: Path) -> None:
    result = heard(noise(20, db=-60.0), AGENT, folder=tmp_path)
    assert result.speech(0) == ()


def test_speech_after_long_music_is_heard_though_the_detector_has_gone_deaf(tmp_path: Path) -> None:
    """Silero's state takes up to 20 s to recover from music: without a second hearing, those words were lost."""

    class Deafened(ToneDetector):
        def find_speech(self, samples: memoryview[float], *, sure: bool = False) -> tuple[Interval, ...]:
            found = super().find_speech(samples, sure=sure)
            heard_first = np.asarray(samples)[: 5 * SAMPLE_RATE_HZ]
            begins_with_music = float(np.square(heard_first).mean()) > 1e-4 and not any(
                stretch.start_s < 5.0 for stretch in found
            )
            return () if begins_with_music else found

    track = on_line(music(20), speech(10), silence(3))
    result = heard(track, folder=tmp_path, detector=Deafened())
    assert is_about(result.speech(0), (20, 30))
    assert is_about(result.holds, (0, 20))


def test_a_call_in_which_nobody_speaks_is_an_ordinary_result(tmp_path: Path) -> None:
    result = heard(on_line(silence(1), music(8), silence(1)), on_line(silence(10), seed=2), folder=tmp_path)
    assert codes(result) == [Code.NO_SPEECH]
    assert result.speech(0) == result.speech(1) == ()
    assert is_about(result.holds, (1, 9))


def test_sound_at_full_scale_is_said_to_be_distorted(tmp_path: Path) -> None:
    assert codes(heard(np.clip(AGENT * 20, -1, 1), CUSTOMER, folder=tmp_path)) == [Code.CLIPPED]
    one_click = AGENT.copy()
    one_click[5000:5004] = 1.0
    assert codes(heard(one_click, CUSTOMER, folder=tmp_path)) == []


def test_hours_are_heard_in_pieces(tmp_path: Path) -> None:
    detector = ToneDetector()
    minutes = [on_line(silence(2), speech(50), silence(8), seed=number) for number in range(12)]
    shares: list[float] = []
    result = listen(sound_of(np.concatenate(minutes), folder=tmp_path), voice_detector=detector, progress=shares.append)
    assert detector.longest < 6 * 60 * SAMPLE_RATE_HZ, "a window, and not the call"
    assert is_about(result.speech(0), *((60.0 * number + 2, 60.0 * number + 52) for number in range(12)))
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


# Holds -----------------------------------------------------------------------------------------------------------


def test_music_to_which_nobody_speaks_is_a_hold(tmp_path: Path) -> None:
    agent = on_line(speech(4), silence(1), music(15), silence(1), speech(4))
    customer = on_line(silence(26), seed=3) + np.pad(speech(1, seed=5), (21 * SAMPLE_RATE_HZ, 4 * SAMPLE_RATE_HZ))
    result = heard(agent, customer[: len(agent)], folder=tmp_path)
    assert is_about(result.holds, (5, 20))
    assert (result.holds[0].kind, result.holds[0].channel) == (SoundKind.MUSIC, 0)


def test_a_hold_goes_on_around_an_announcement_which_stays_speech(tmp_path: Path) -> None:
    track = on_line(speech(4), silence(1), music(8), speech(5), music(8), silence(1), speech(4))
    for tracks in ((track,), (track, CUSTOMER[: SAMPLE_RATE_HZ * 5])):
        result = heard(*tracks, folder=tmp_path)
        assert is_about(result.holds, (5, 26))
        assert is_about(result.speech(0), (0, 4), (13, 18), (27, 31))


def test_speech_between_two_pieces_of_music_that_is_too_long_for_an_announcement_ends_the_hold(tmp_path: Path) -> None:
    result = heard(on_line(music(8), speech(14), music(8)), folder=tmp_path)
    assert is_about(result.holds, (0, 8), (22, 30))


def test_a_customer_who_speaks_is_not_waiting(tmp_path: Path) -> None:
    customer = on_line(silence(9), speech(3), silence(10), seed=2)
    result = heard(on_line(music(22)), customer, folder=tmp_path)
    assert is_about(result.holds, (0, 9), (12, 22))


def test_long_silence_on_every_track_is_a_hold(tmp_path: Path) -> None:
    agent = on_line(speech(5), silence(20), speech(5))
    customer = on_line(silence(5), speech(2), silence(23), seed=2)
    result = heard(agent, customer, folder=tmp_path)
    assert is_about(result.holds, (7, 25))
    assert (result.holds[0].kind, result.holds[0].channel) == (SoundKind.SILENCE, None)


def test_a_short_pause_is_no_hold(tmp_path: Path) -> None:
    assert heard(on_line(speech(5), silence(8), music(3.5), silence(3), speech(5)), folder=tmp_path).holds == ()


def test_music_that_leaks_into_the_other_track_is_one_hold(tmp_path: Path) -> None:
    agent = on_line(speech(4), silence(1), music(15), silence(1), speech(4))
    customer = on_line(silence(21), speech(2, seed=5), silence(2), seed=3) + agent * level(-20)
    assert is_about(heard(agent, customer, folder=tmp_path).holds, (5, 20))


def test_noise_is_not_music(tmp_path: Path) -> None:
    result = heard(on_line(speech(5), noise(8, db=-35), speech(5)), folder=tmp_path)
    assert {stretch.kind for stretch in result.stretches} == {SoundKind.SPEECH, SoundKind.SILENCE}


# The rules on plain intervals ------------------------------------------------------------------------------------


def of(*pairs: tuple[float, float]) -> tuple[Interval, ...]:
    return tuple(Interval(*pair) for pair in pairs)


def test_joined_and_without() -> None:
    assert joined(of((3, 4), (0, 1), (1, 2), (2.5, 2.8))) == of((0, 2), (2.5, 2.8), (3, 4))
    assert joined(of((0, 1), (1.5, 2)), gap_s=0.5) == of((0, 2))
    assert without(of((0, 10), (20, 30)), of((2, 3), (9, 21), (29, 40))) == of((0, 2), (3, 9), (21, 29))
    assert without(of((0, 1)), of((0, 1))) == ()
    assert longer(of((0, 1), (2, 4)), than_s=2.0) == of((2, 4))


def test_random_stretches_and_what_is_left_of_them_fill_the_same_time() -> None:
    chance = random.Random(3)
    for _ in range(200):
        whole, cut = (
            joined(
                Interval(start, start + chance.uniform(0.1, 5)) for start in (chance.uniform(0, 60) for _ in range(8))
            )
            for _ in range(2)
        )
        left = without(whole, cut)
        shared = sum(a.overlap_s(b) for a in whole for b in cut)
        assert sum(map(seconds, (left,))) + shared == pytest.approx(seconds(whole))
        assert all(a.overlap_s(b) == 0 for a in left for b in cut)


def test_the_waits_that_music_makes() -> None:
    music_at = of((10, 20), (24, 34))
    assert music_holds(music_at, own_speech=of((20, 24)), others_speech=()) == of((10, 34))
    assert music_holds(music_at, own_speech=(), others_speech=()) == of((10, 34))
    assert music_holds(music_at, own_speech=(), others_speech=of((21, 22.5))) == of((10, 21), (22.5, 34))
    assert music_holds(music_at, own_speech=(), others_speech=of((21, 21.5))) == of((10, 34)), "a cough"
    assert music_holds(of((0, 4.9)), own_speech=(), others_speech=()) == ()
    assert music_holds((), own_speech=of((0, 9)), others_speech=()) == ()


def test_the_waits_that_silence_makes() -> None:
    assert silent_holds(of((0, 5), (16, 20), (18, 25)), duration_s=34.0) == of((5, 16))
    assert silent_holds((), duration_s=12.0) == of((0, 12))


# Where speech begins ---------------------------------------------------------------------------------------------


class LateDetector(ToneDetector):
    """Wakes half a second late, as the real one does on soft beginnings."""

    def find_speech(self, samples: Samples, *, sure: bool = False) -> tuple[Interval, ...]:
        return tuple(
            Interval(stretch.start_s + 0.5, stretch.end_s)
            for stretch in super().find_speech(samples, sure=sure)
            if stretch.length_s > 1.0
        )


def test_the_first_word_is_not_cut_off_by_a_detector_that_wakes_late(tmp_path: Path) -> None:
    """On the sample call, "I'm sorry to hear that" was heard as "Sorry to hear that", and "So" and "Thank you" lost."""
    found = heard(AGENT, CUSTOMER, folder=tmp_path, detector=LateDetector()).speech(0)
    assert [stretch.start_s for stretch in found] == pytest.approx([1.0, 13.0], abs=0.2)


def test_music_that_leads_into_speech_is_not_taken_for_its_beginning(tmp_path: Path) -> None:
    agent = on_line(silence(1), music(15), speech(6), silence(3))
    result = heard(agent, on_line(silence(25), seed=2), folder=tmp_path)
    assert not [stretch for stretch in result.speech(0) if stretch.start_s < 15.0]
