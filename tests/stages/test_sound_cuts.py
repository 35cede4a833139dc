"""What was said is overwritten: in tracks on the scratch disk, and in recordings of every coding."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.stages.sounds import SAMPLE_RATE_HZ, Array, recording_of, sound_of, speech, with_ffmpeg, with_soundfile
from worker.core.call import Recording
from worker.core.protection import Action, Cut, Kind, Overwritten
from worker.core.sound import Interval, Legs, PlacedLeg, Sound
from worker.stages.decoding.recording import decode_recording
from worker.stages.protecting.sound_cuts import (
    TONE_LEVEL,
    TONE_S,
    CutRecording,
    cut_recording,
    fill,
    in_recordings,
    overwrite_tracks,
    shred,
)

CODE = Kind.CARD_CODE
STRETCH = Overwritten(CODE, (0,), 1.0, 2.0)


def decoded(recording: Recording, folder: Path) -> Sound:
    return decode_recording(recording, scratch=folder / "scratch", progress=lambda _: None)


def samples(sound: Sound, channel: int, start_s: float, end_s: float) -> Array:
    return np.asarray(sound.tracks[channel].samples(Interval(start_s, end_s))).copy()


def likeness(one: Array, other: Array) -> float:
    """How alike two stretches of sound are at their best lag, 0 to 1."""
    size = 1 << (len(one) + len(other) - 1).bit_length()
    together = np.abs(np.fft.irfft(np.fft.rfft(one, size) * np.conj(np.fft.rfft(other, size)), size)).max()
    return float(together / np.sqrt(np.square(one).sum() * np.square(other).sum() + 1e-12))


def cut(data: bytes, folder: Path, *stretches: Overwritten, file_name: str = "call.wav"):
    """The sound before and after, and the bytes of the new file."""
    recording = recording_of(data, folder=folder, file_name=file_name)
    done = cut_recording(recording, stretches or (STRETCH,), folder / "cut")
    assert done is not None
    made = (folder / "cut").read_bytes()
    after = recording_of(made, folder=folder, file_name=done.file_name)
    return decoded(recording, folder), decoded(after, folder), made, done


def assert_cut_and_nothing_else(before: Sound, after: Sound, *, rate_hz: int, near: float = 1e-4) -> None:
    """Channel 0 says nothing any more from 1 to 2 s; the rest of it, and every other channel, is as it was."""
    assert after.tracks[0].sample_count == before.tracks[0].sample_count, "as long as it was"
    assert after.facts.sample_rate_hz == before.facts.sample_rate_hz == rate_hz
    assert after.facts.channels == before.facts.channels
    assert likeness(samples(before, 0, 1.0, 2.0), samples(after, 0, 1.0, 2.0)) < 0.15
    assert np.abs(samples(after, 0, 1.0, 2.0)).max() < 0.06
    for start_s, end_s in ((0.0, 0.95), (2.05, 2.9)):  # resampling smears the borders by some samples
        assert np.abs(samples(before, 0, start_s, end_s) - samples(after, 0, start_s, end_s)).max() < near
    for channel in range(1, len(before.tracks)):
        assert np.abs(samples(before, channel, 0.0, 2.9) - samples(after, channel, 0.0, 2.9)).max() < near


# What stands there


def test_a_soft_tone_for_a_second_and_then_silence_stands_in_a_stretch() -> None:
    filled = fill(3 * 8000, 8000)
    assert 0.9 * TONE_LEVEL < np.abs(filled).max() <= TONE_LEVEL
    assert not filled[round(TONE_S * 8000) :].any()
    assert abs(filled[0]) < 0.001, "it begins without a click"
    assert np.abs(fill(3, 8000)).max(initial=0.0) <= TONE_LEVEL
    assert len(fill(0, 8000)) == 0


# Recordings whose samples are overwritten where they lie

TRACKS = np.stack([speech(3.0, rate_hz=8000, seed=1), speech(3.0, rate_hz=8000, seed=2)], axis=1)


@pytest.mark.parametrize("coding", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW"])
@pytest.mark.parametrize("endian", ["LITTLE", "BIG"])
def test_a_wav_is_overwritten_where_the_samples_lie_and_every_other_byte_stays(
    tmp_path: Path, coding: str, endian: str
) -> None:
    data = with_soundfile(TRACKS, rate_hz=8000, container="WAV", coding=coding, endian=endian)
    before, after, made, done = cut(data, tmp_path)
    assert_cut_and_nothing_else(before, after, rate_hz=8000)
    assert done == CutRecording("call.wav", before.facts.codec)
    assert len(made) == len(data)
    differ = np.flatnonzero(np.frombuffer(made, np.uint8) != np.frombuffer(data, np.uint8))
    width = (len(data) - 44) // TRACKS.size
    second = 8000 * 2 * width
    assert differ[0] >= len(data) - 3 * second
    assert differ[-1] - differ[0] < second, "nothing but the stretch is touched"


def test_a_wav_in_the_extensible_form_with_chunks_around_its_sound_keeps_them(tmp_path: Path) -> None:
    data = with_soundfile(TRACKS, rate_hz=8000, container="WAVEX", coding="PCM_16")
    data = data[:12] + b"LIST\x04\x00\x00\x00note" + data[12:] + b"LIST\x04\x00\x00\x00tail"
    before, after, made, _ = cut(data, tmp_path)
    assert_cut_and_nothing_else(before, after, rate_hz=8000)
    assert made.startswith(data[:24])
    assert made.endswith(b"LIST\x04\x00\x00\x00tail")


def test_a_wav_that_breaks_off_stays_broken_off_at_the_same_place(tmp_path: Path) -> None:
    data = with_soundfile(TRACKS, rate_hz=8000, container="WAV", coding="PCM_16")[: -8000 * 2]
    before, after, made, _ = cut(data, tmp_path)
    assert before.truncated
    assert after.truncated
    assert len(made) == len(data)
    assert np.abs(samples(after, 0, 1.0, 2.0)).max() < 0.06


def test_more_than_two_channels_are_overwritten_one_by_one(tmp_path: Path) -> None:
    tracks = np.stack([speech(3.0, rate_hz=8000, seed=seed) for seed in range(5)], axis=1)
    data = with_soundfile(tracks, rate_hz=8000, container="WAV", coding="PCM_16")
    before, after, _, _ = cut(data, tmp_path, Overwritten(CODE, (0, 3), 1.0, 2.0))
    for channel in range(5):
        changed = not np.array_equal(samples(before, channel, 1.0, 2.0), samples(after, channel, 1.0, 2.0))
        assert changed is (channel in (0, 3))


# Recordings that are written anew

MONO = speech(3.0, rate_hz=8000, seed=3)


@pytest.mark.parametrize(
    ("container", "coding"), [("WAV", "GSM610"), ("WAV", "MS_ADPCM"), ("WAV", "IMA_ADPCM"), ("FLAC", "PCM_16")]
)
def test_what_cannot_be_overwritten_in_place_goes_on_as_flac(tmp_path: Path, container: str, coding: str) -> None:
    data = with_soundfile(MONO, rate_hz=8000, container=container, coding=coding)
    before, after, _, done = cut(data, tmp_path, file_name="line 7.call")
    assert done == CutRecording("line 7.flac", "flac")
    assert_cut_and_nothing_else(before, after, rate_hz=8000)


@pytest.mark.parametrize(
    ("container", "coding", "rate_hz", "file_name"),
    [
        ("mp3", "libmp3lame", 16000, "call.mp3"),
        ("ogg", "libopus", 48000, "call.ogg"),
        ("ipod", "aac", 44100, "call.m4a"),
        ("g722", "g722", 16000, "call.g722"),
        ("webm", "libopus", 48000, "call.webm"),
    ],
)
def test_a_lossy_recording_goes_on_as_flac_at_its_own_rate(
    tmp_path: Path, container: str, coding: str, rate_hz: int, file_name: str
) -> None:
    data = with_ffmpeg(speech(3.0, rate_hz=rate_hz), rate_hz=rate_hz, container=container, coding=coding)
    before, after, made, done = cut(data, tmp_path, file_name=file_name)
    assert done == CutRecording("call.flac", "flac")
    assert_cut_and_nothing_else(before, after, rate_hz=rate_hz)
    assert soundfile.info(io.BytesIO(made)).subtype == "PCM_24"


def test_flac_of_24_bits_loses_nothing(tmp_path: Path) -> None:
    ints = np.random.default_rng(1).integers(-(1 << 23), 1 << 23, 24000, dtype=np.int32)
    file = io.BytesIO()
    soundfile.write(file, ints << 8, 8000, format="FLAC", subtype="PCM_24")
    _, _, made, _ = cut(file.getvalue(), tmp_path, file_name="call.flac")
    kept, _ = soundfile.read(io.BytesIO(made), dtype="int32")
    assert np.array_equal(kept[:8000] >> 8, ints[:8000])
    assert np.array_equal(kept[16000:] >> 8, ints[16000:])


def test_samples_that_are_no_sound_become_silence_and_not_a_bang(tmp_path: Path) -> None:
    tracks = MONO.astype(np.float32)
    tracks[20000:20100] = 1e20
    data = with_soundfile(tracks, rate_hz=8000, container="WAV", coding="FLOAT")
    length = data.index(b"data") + 4
    broken = (
        data[:length] + b"\0\0\0\0" + data[length + 4 :]
    )  # a recorder that was cut off: not the reader that writes in place
    _, _, made, _ = cut(broken, tmp_path)
    assert np.abs(soundfile.read(io.BytesIO(made))[0]).max() < 1.0


@pytest.mark.parametrize(("container", "coding"), [("WAV", "PCM_16"), ("WAV", "GSM610"), ("FLAC", "PCM_16")])
def test_what_was_overwritten_before_is_left_as_it_is(tmp_path: Path, container: str, coding: str) -> None:
    """A worker was killed after it had done so, and the next one comes by."""
    data = with_soundfile(MONO, rate_hz=8000, container=container, coding=coding)
    _, _, made, done = cut(data, tmp_path)
    again = recording_of(made, folder=tmp_path, file_name=done.file_name)
    assert cut_recording(again, [STRETCH], tmp_path / "again") is None
    assert not (tmp_path / "again").exists()


def test_the_recording_that_is_read_is_not_touched(tmp_path: Path) -> None:
    recording = recording_of(with_soundfile(MONO, rate_hz=8000, container="WAV", coding="PCM_16"), folder=tmp_path)
    cut_recording(recording, [STRETCH], tmp_path / "cut")
    assert hashlib.sha256(recording.path.read_bytes()).hexdigest() == recording.sha256


def test_a_stretch_over_a_long_silence_is_silence_after_its_tone(tmp_path: Path) -> None:
    data = with_soundfile(speech(30.0, rate_hz=8000), rate_hz=8000, container="WAV", coding="PCM_16")
    _, after, _, _ = cut(data, tmp_path, Overwritten(CODE, (0,), 2.0, 28.0))
    assert np.abs(samples(after, 0, 3.1, 27.9)).max() < 1e-6, "a tone of half a minute would be taken for music"


# Where a stretch of the call lies in its recordings


def cut_of(start_s: float, end_s: float, *channels: int) -> Cut:
    return Cut(CODE, Action.CUT, "t1", 0, channels, start_s, end_s)


def test_of_one_recording_seconds_and_channels_are_those_of_the_call(tmp_path: Path) -> None:
    sound = sound_of(MONO, MONO, folder=tmp_path)
    assert in_recordings([cut_of(1.0, 2.0, 1)], sound) == {1: (Overwritten(CODE, (1,), 1.0, 2.0),)}
    assert in_recordings([], sound) == {}


def test_of_several_a_stretch_is_cut_in_the_leg_where_it_was_said(tmp_path: Path) -> None:
    """The second leg has its channels the other way round, and the third has everybody on one."""
    placed = (
        PlacedLeg(2, 0.0, 10.0, (0, 1)),
        PlacedLeg(1, 12.0, 10.0, (1, 0)),
        PlacedLeg(3, 22.5, 10.0, (2,)),
    )
    sound = sound_of(MONO, MONO, MONO, folder=tmp_path)
    sound = Sound(sound.facts, sound.tracks, legs=Legs(placed, mixed_tracks=(2,)))
    cuts = [cut_of(3.0, 4.0, 1), cut_of(13.0, 14.5, 1), cut_of(23.0, 24.0, 2), cut_of(10.5, 11.5, 0)]
    assert in_recordings(cuts, sound) == {
        2: (Overwritten(CODE, (1,), 3.0, 4.0),),
        1: (Overwritten(CODE, (0,), 1.0, 2.5),),
        3: (Overwritten(CODE, (0,), 0.5, 1.5),),
    }, "in the pause between two recordings there is nothing to cut"


def test_a_stretch_over_the_seam_of_two_recordings_is_cut_in_both(tmp_path: Path) -> None:
    placed = (PlacedLeg(1, 0.0, 10.0, (0,)), PlacedLeg(2, 10.5, 10.0, (0,)))
    sound = sound_of(MONO, folder=tmp_path)
    sound = Sound(sound.facts, sound.tracks, legs=Legs(placed))
    assert in_recordings([cut_of(9.5, 11.0, 0)], sound) == {
        1: (Overwritten(CODE, (0,), 9.5, 10.0),),
        2: (Overwritten(CODE, (0,), 0.0, 0.5),),
    }


# Tracks on the scratch disk


def test_tracks_are_overwritten_where_they_lie_and_what_was_made_of_them_is_gone(tmp_path: Path) -> None:
    first, second = speech(3.0, seed=5), speech(3.0, seed=6)
    sound = sound_of(first, second, folder=tmp_path)
    cleaned = tmp_path / "0.cleaned"
    cleaned.write_bytes(sound.tracks[0].path.read_bytes())
    place = sound.tracks[0].path.stat().st_ino
    overwrite_tracks(sound, [cut_of(1.0, 2.0, 0)])
    assert sound.tracks[0].path.stat().st_ino == place
    assert likeness(first[SAMPLE_RATE_HZ : 2 * SAMPLE_RATE_HZ], samples(sound, 0, 1.0, 2.0)) < 0.15
    assert np.array_equal(samples(sound, 0, 0.0, 1.0), first[:SAMPLE_RATE_HZ])
    assert np.array_equal(samples(sound, 1, 0.0, 3.0), second)
    assert not cleaned.exists()


def test_a_file_that_is_shredded_is_overwritten_before_it_goes(tmp_path: Path) -> None:
    path, other = tmp_path / "recording-1", tmp_path / "seen"
    path.write_bytes(b"four two four two" * 1000)
    other.hardlink_to(path)  # the same bytes on the disk
    shred(path)
    assert not path.exists()
    assert not any(other.read_bytes())
    shred(path)
