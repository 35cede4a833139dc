"""Decoding: every format that is promised, every way a file can be wrong, and what is left on disk."""

from __future__ import annotations

import errno
import hashlib
import json
import resource
import struct
import threading
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from sounds import Array, music, recording_of, silence, speech, with_ffmpeg, with_soundfile

from worker.core.call import Recording
from worker.core.errors import BadRecording, Unavailable
from worker.core.sound import SAMPLE_RATE_HZ, Sound
from worker.stages.decoding.recording import decode_recording
from worker.stages.decoding.source import MAX_CHANNELS


def decoded(data: bytes, folder: Path, *, file_name: str = "call.wav") -> Sound:
    recording = recording_of(data, folder=folder, file_name=file_name)
    sound = decode_recording(recording, scratch=folder / "scratch", progress=lambda share: None)
    assert recording.path.read_bytes() == data, "the bytes that came in are never changed"
    return sound


def refused(data: bytes, folder: Path, *, file_name: str = "call.wav") -> str:
    """The one message that a person gets, after checks that hold for every such message."""
    with pytest.raises(BadRecording) as caught:
        decoded(data, folder, file_name=file_name)
    message = caught.value.message
    assert "Nothing was changed." in message, "a refusal says what was kept"
    assert "Send" in message or "send" in message, "a refusal says what to do next"
    assert not list((folder / "scratch").rglob("*.part")), "no half file is left"
    assert not list((folder / "scratch").rglob(f"{hashlib.sha256(data).hexdigest()}/*.f32"))
    return message


def samples(sound: Sound, channel: int = 0) -> Array:
    return np.array(sound.tracks[channel].samples())


def wav(*, channels: int = 1, rate_hz: int = 8000, data: bytes, claim: int | None = None, coding: int = 1) -> bytes:
    """A WAV file with a header that may lie."""
    claim = len(data) if claim is None else claim
    frame_bytes = channels * 2
    fmt = struct.pack(
        "<HHIIHH", coding, channels, rate_hz, rate_hz * frame_bytes & 0xFFFFFFFF, frame_bytes & 0xFFFF, 16
    )
    body = b"WAVEfmt " + struct.pack("<I", len(fmt)) + fmt + b"data" + struct.pack("<I", claim) + data
    return b"RIFF" + struct.pack("<I", min(0xFFFFFFFF, 36 + claim)) + body


PCM_SECOND = (speech(1.0, rate_hz=8000) * 32767).astype("<i2").tobytes()


# Formats ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("coding", "codec"),
    [
        ("PCM_U8", "pcm_u8"),
        ("PCM_16", "pcm_s16le"),
        ("PCM_24", "pcm_s24le"),
        ("PCM_32", "pcm_s32le"),
        ("FLOAT", "pcm_f32le"),
        ("DOUBLE", "pcm_f64le"),
        ("ULAW", "pcm_mulaw"),
        ("ALAW", "pcm_alaw"),
        ("GSM610", "gsm"),
        ("IMA_ADPCM", "adpcm_ima_wav"),
        ("MS_ADPCM", "adpcm_ms"),
    ],
)
def test_every_coding_of_wav_is_read_and_named(coding: str, codec: str, tmp_path: Path) -> None:
    track = music(2.0, rate_hz=8000)
    sound = decoded(with_soundfile(track, rate_hz=8000, container="WAV", coding=coding), tmp_path)
    assert (sound.facts.codec, sound.facts.channels, sound.facts.sample_rate_hz) == (codec, 1, 8000)
    assert sound.facts.duration_s == pytest.approx(2.0, abs=0.1)
    assert not sound.truncated
    assert sound.tracks[0].rms == pytest.approx(0.1, rel=0.1)


@pytest.mark.parametrize(
    ("container", "coding", "rate_hz", "codec"),
    [
        ("FLAC", "PCM_16", 8000, "flac"),
        ("FLAC", "PCM_24", 96000, "flac"),
        ("OGG", "VORBIS", 16000, "vorbis"),
        ("OGG", "OPUS", 48000, "opus"),
        ("MP3", "MPEG_LAYER_III", 24000, "mp3"),
        ("RF64", "PCM_16", 44100, "pcm_s16le"),
        ("WAVEX", "PCM_16", 32000, "pcm_s16le"),
    ],
)
def test_every_format_keeps_its_channels_apart(
    container: str, coding: str, rate_hz: int, codec: str, tmp_path: Path
) -> None:
    left = music(2.0, rate_hz=rate_hz)
    right = 0.25 * left
    data = with_soundfile(np.stack([left, right], axis=1), rate_hz=rate_hz, container=container, coding=coding)
    sound = decoded(data, tmp_path, file_name="call.bin")
    assert (sound.facts.codec, sound.facts.channels, sound.facts.sample_rate_hz) == (codec, 2, rate_hz)
    assert sound.tracks[0].rms == pytest.approx(0.1, rel=0.15)
    assert sound.tracks[1].rms == pytest.approx(0.025, rel=0.15)
    assert len({track.sample_count for track in sound.tracks}) == 1, "tracks are of one length"
    assert sound.tracks[0].duration_s == pytest.approx(sound.facts.duration_s, abs=0.001)
    assert not sound.truncated


@pytest.mark.parametrize(
    ("container", "coding", "rate_hz", "codec", "file_name"),
    [
        ("ipod", "aac", 16000, "aac", "call.m4a"),
        ("adts", "aac", 16000, "aac", "call.aac"),
        ("webm", "libopus", 48000, "opus", "call.webm"),
        ("amr", "libopencore_amrnb", 8000, "amr_nb", "call.amr"),
        ("3gp", "libopencore_amrnb", 8000, "amr_nb", "call.3gp"),
        ("g722", "g722", 16000, "adpcm_g722", "call.g722"),
        ("wav", "g722", 16000, "adpcm_g722", "call.wav"),
        ("mp3", "libmp3lame", 8000, "mp3", "call.mp3"),
    ],
)
def test_what_libsndfile_cannot_read_is_read_too(
    container: str, coding: str, rate_hz: int, codec: str, file_name: str, tmp_path: Path
) -> None:
    data = with_ffmpeg(music(2.0, rate_hz=rate_hz), rate_hz=rate_hz, container=container, coding=coding)
    sound = decoded(data, tmp_path, file_name=file_name)
    assert (sound.facts.codec, sound.facts.channels, sound.facts.sample_rate_hz) == (codec, 1, rate_hz)
    assert sound.facts.duration_s == pytest.approx(2.0, abs=0.15)
    assert sound.tracks[0].rms == pytest.approx(0.1, rel=0.15)
    assert not sound.truncated


def test_the_name_of_a_file_says_nothing_about_what_it_is(tmp_path: Path) -> None:
    data = with_soundfile(music(1.0, rate_hz=8000), rate_hz=8000, container="FLAC", coding="PCM_16")
    assert decoded(data, tmp_path, file_name="call.wav").facts.codec == "flac"


def test_samples_are_those_of_the_file_at_16_khz(tmp_path: Path) -> None:
    track = speech(1.0)
    sound = decoded(with_soundfile(track, rate_hz=SAMPLE_RATE_HZ, container="WAV", coding="FLOAT"), tmp_path)
    np.testing.assert_array_equal(samples(sound), track)
    assert sound.tracks[0].peak == pytest.approx(float(np.abs(track).max()))


@pytest.mark.parametrize("rate_hz", [8000, 11025, 44100, 48000, 96000])
def test_a_tone_keeps_its_place_and_pitch_through_resampling(rate_hz: int, tmp_path: Path) -> None:
    time_s = np.arange(rate_hz * 2) / rate_hz
    tone = (0.5 * np.sin(2 * np.pi * 440.0 * time_s) * (time_s > 1.0)).astype(np.float32)
    sound = decoded(with_soundfile(tone, rate_hz=rate_hz, container="WAV", coding="FLOAT"), tmp_path)
    heard = samples(sound)
    assert sound.tracks[0].sample_count == pytest.approx(2 * SAMPLE_RATE_HZ, abs=1)
    assert np.flatnonzero(np.abs(heard) > 0.1)[0] / SAMPLE_RATE_HZ == pytest.approx(1.0, abs=0.002)
    spectrum = np.abs(np.fft.rfft(heard[SAMPLE_RATE_HZ:]))
    assert int(spectrum.argmax()) == 440


def test_eight_channels_are_eight_tracks(tmp_path: Path) -> None:
    tracks = np.stack([speech(0.5, rate_hz=8000) * (number + 1) / 8 for number in range(8)], axis=1)
    sound = decoded(with_soundfile(tracks, rate_hz=8000, container="WAV", coding="PCM_16"), tmp_path)
    levels = [track.rms for track in sound.tracks]
    assert [track.channel for track in sound.tracks] == list(range(8))
    assert levels == sorted(levels)
    assert levels[0] * 8 == pytest.approx(levels[7], rel=0.02)


def test_a_three_second_call_is_a_call(tmp_path: Path) -> None:
    sound = decoded(wav(data=PCM_SECOND * 3), tmp_path)
    assert sound.facts.duration_s == 3.0


def test_silence_is_sound_with_no_level(tmp_path: Path) -> None:
    sound = decoded(with_soundfile(silence(3.0), rate_hz=SAMPLE_RATE_HZ, container="WAV", coding="PCM_16"), tmp_path)
    assert (sound.tracks[0].peak, sound.tracks[0].rms) == (0.0, 0.0)


def test_where_a_container_skips_silence_the_times_stay_right(tmp_path: Path) -> None:
    """A recorder that sends nothing while nobody speaks leaves a jump in its clock, and the player waits there."""
    data = with_ffmpeg(music(2.0, rate_hz=48000), rate_hz=48000, container="webm", coding="libopus", gaps_s={1.0: 3.0})
    sound = decoded(data, tmp_path, file_name="call.webm")
    assert sound.facts.duration_s == pytest.approx(5.0, abs=0.1)
    heard = samples(sound)
    assert np.abs(heard[int(1.2 * SAMPLE_RATE_HZ) : int(3.8 * SAMPLE_RATE_HZ)]).max() < 0.01
    assert np.abs(heard[int(4.2 * SAMPLE_RATE_HZ) :]).max() > 0.1


# Wrong files -----------------------------------------------------------------------------------------------------


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    assert "empty" in refused(b"", tmp_path)


def test_text_that_calls_itself_wav_is_refused_in_the_words_of_the_pages(tmp_path: Path) -> None:
    assert refused("Grüße, hier ist der Text.\n".encode() * 300, tmp_path) == (
        "This file is not sound we can read (it says .wav but holds text). Nothing was changed. "
        "Send the recording again as WAV, FLAC, OGG, MP3 or M4A."
    )


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"%PDF-1.7 something", "a PDF"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "a picture"),
        (b"PK\x03\x04" + bytes(100), "a ZIP archive"),
        (bytes(5000), "nothing but zero bytes"),
        (bytes(range(128, 256)) * 10, "no sound format that we know"),
        ("Two bytes a letter".encode("utf-16"), "no sound format that we know"),
    ],
)
def test_what_is_no_sound_is_named(data: bytes, what: str, tmp_path: Path) -> None:
    assert what in refused(data, tmp_path, file_name="call.mp3")


def test_a_name_is_never_repeated_to_people_only_a_known_suffix(tmp_path: Path) -> None:
    message = refused(b"hello there", tmp_path, file_name="Jane Doe.555-0100")
    assert "Jane" not in message
    assert "555" not in message


def test_text_that_calls_itself_g722_is_refused(tmp_path: Path) -> None:
    assert "text" in refused(b"This is no sound at all. " * 200, tmp_path, file_name="call.g722")


def test_a_title_without_sound_is_refused(tmp_path: Path) -> None:
    assert "no sound" in refused(b"ID3\x04\x00\x00\x00\x00\x00\x10" + bytes(16), tmp_path, file_name="call.mp3")


@pytest.mark.parametrize("channels", [0, MAX_CHANNELS + 1, 65535])
def test_a_number_of_channels_that_no_call_has_is_refused(channels: int, tmp_path: Path) -> None:
    assert f"{channels} channels" in refused(wav(channels=channels, data=PCM_SECOND), tmp_path)


@pytest.mark.parametrize("rate_hz", [0, 1, 1_000_000_000])
def test_a_rate_that_no_sound_has_is_refused(rate_hz: int, tmp_path: Path) -> None:
    assert "samples a second" in refused(wav(rate_hz=rate_hz, data=PCM_SECOND)[:44] + PCM_SECOND, tmp_path)


def test_a_header_without_samples_is_refused(tmp_path: Path) -> None:
    assert "no sound after it" in refused(wav(data=b"", claim=16000), tmp_path)
    flac = with_soundfile(silence(1.0, rate_hz=8000), rate_hz=8000, container="FLAC", coding="PCM_16")
    assert "no sound in it" in refused(flac[:86], tmp_path)


def test_a_header_that_ends_early_is_refused(tmp_path: Path) -> None:
    for length in (5, 12, 20, 30, 43):
        refused(wav(data=PCM_SECOND)[:length], tmp_path)


def test_a_wrong_coding_in_a_header_is_refused(tmp_path: Path) -> None:
    refused(wav(data=PCM_SECOND, coding=0x7777), tmp_path)


def test_less_than_a_tenth_of_a_second_is_refused(tmp_path: Path) -> None:
    assert "50 milliseconds" in refused(wav(data=PCM_SECOND[:800]), tmp_path)


def test_a_video_without_sound_is_refused(tmp_path: Path) -> None:
    import io

    import av

    file = io.BytesIO()
    with av.open(file, mode="w", format="matroska") as output:
        stream = output.add_stream("mpeg4", rate=10)
        assert isinstance(stream, av.VideoStream)
        stream.width = stream.height = 64
        for _ in range(5):
            output.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")))
        output.mux(stream.encode(None))
    assert "holds no sound" in refused(file.getvalue(), tmp_path, file_name="call.webm")


def test_a_playlist_opens_nothing_else(tmp_path: Path) -> None:
    """FFmpeg, left to guess, would open what a playlist names: a file of this machine, an address within a network."""
    other = tmp_path / "secret.wav"
    other.write_bytes(wav(data=PCM_SECOND))
    refused(f"#EXTM3U\n#EXTINF:1,\n{other}\n".encode(), tmp_path, file_name="call.mp3")
    refused(f"ffconcat version 1.0\nfile '{other}'\n".encode(), tmp_path, file_name="call.m4a")


# Lengths that lie ------------------------------------------------------------------------------------------------


def test_a_cut_wav_gives_what_is_there_and_says_so(tmp_path: Path) -> None:
    whole = wav(data=PCM_SECOND * 2)
    for length in (len(whole) - 1, len(whole) - 4000, 44 + 1601):
        sound = decoded(whole[:length], tmp_path)
        assert sound.truncated
        assert sound.facts.duration_s == pytest.approx((length - 44) // 2 / 8000)
    assert not decoded(whole, tmp_path).truncated


@pytest.mark.parametrize("claim", [0, 0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFF000])
def test_the_open_end_of_a_streamed_wav_is_not_a_cut(claim: int, tmp_path: Path) -> None:
    sound = decoded(wav(data=PCM_SECOND, claim=claim), tmp_path)
    assert sound.facts.duration_s == 1.0
    assert sound.facts.codec == "pcm_s16le"
    assert not sound.truncated


def test_a_title_after_an_empty_wav_is_not_taken_for_sound(tmp_path: Path) -> None:
    title = b"LIST" + struct.pack("<I", 2000) + b"INFO" + bytes(1996)
    assert "no sound after it" in refused(wav(data=title, claim=0), tmp_path)


def test_a_claim_of_five_gigabytes_costs_nothing_and_is_a_cut(tmp_path: Path) -> None:
    rf64 = bytearray(with_soundfile(speech(1.0, rate_hz=8000), rate_hz=8000, container="RF64", coding="PCM_16"))
    at = rf64.index(b"ds64") + 8
    rf64[at : at + 24] = struct.pack("<QQQ", 5_000_000_100, 5_000_000_000, 2_500_000_000)
    sound = decoded(bytes(rf64), tmp_path)
    assert sound.truncated
    assert sound.facts.duration_s == 1.0
    assert decoded(wav(data=PCM_SECOND, claim=4_000_000_000), tmp_path).truncated


@pytest.mark.parametrize(
    ("container", "coding", "file_name"),
    [
        ("FLAC", "PCM_16", "call.flac"),
        ("OGG", "VORBIS", "call.ogg"),
        ("OGG", "OPUS", "call.ogg"),
        ("MP3", "", "call.mp3"),
    ],
)
def test_a_cut_compressed_file_gives_what_is_there_and_says_so(
    container: str, coding: str, file_name: str, tmp_path: Path
) -> None:
    track = music(8.0, rate_hz=16000) + speech(8.0, rate_hz=16000)
    whole = with_soundfile(track, rate_hz=16000, container=container, coding=coding or "MPEG_LAYER_III")
    for share in (0.5, 0.9):
        sound = decoded(whole[: int(len(whole) * share)], tmp_path, file_name=file_name)
        assert sound.truncated
        assert 8.0 * share - 1.5 < sound.facts.duration_s < 8.0 * share + 0.5
        assert sound.damaged_s == 0.0, "a missing end is not damage"


def test_an_m4a_without_its_index_is_refused(tmp_path: Path) -> None:
    whole = with_ffmpeg(music(2.0), rate_hz=SAMPLE_RATE_HZ, container="ipod", coding="aac")
    assert "cut off" in refused(whole[: len(whole) // 2], tmp_path, file_name="call.m4a")


def test_a_small_file_that_unpacks_to_more_than_any_call_is_refused(tmp_path: Path) -> None:
    flac = with_soundfile(silence(10.0, rate_hz=8000), rate_hz=8000, container="FLAC", coding="PCM_16")
    assert len(flac) < 1000
    recording = recording_of(flac, folder=tmp_path, file_name="call.flac")
    with pytest.raises(BadRecording, match=r"unpacks to more than 0\.001 hours"):
        decode_recording(recording, scratch=tmp_path / "scratch", progress=lambda share: None, max_duration_s=3.6)
    assert not list((tmp_path / "scratch").rglob("*.part"))


# Samples that are no sound ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e30])
def test_a_few_numbers_that_are_no_sound_become_silence_and_are_counted(bad: float, tmp_path: Path) -> None:
    track = speech(1.0)
    track[1000:1160] = bad
    sound = decoded(with_soundfile(track, rate_hz=SAMPLE_RATE_HZ, container="WAV", coding="FLOAT"), tmp_path)
    assert sound.damaged_s == pytest.approx(0.01)
    assert not samples(sound)[1000:1160].any()
    np.testing.assert_array_equal(samples(sound)[2000:], track[2000:])


def test_a_file_of_numbers_that_are_no_sound_is_refused(tmp_path: Path) -> None:
    track = np.full(16000, np.nan, np.float32)
    assert "damaged" in refused(
        with_soundfile(track, rate_hz=SAMPLE_RATE_HZ, container="WAV", coding="FLOAT"), tmp_path
    )


def test_sound_over_full_scale_is_clipped(tmp_path: Path) -> None:
    data = with_soundfile(speech(1.0) * 10, rate_hz=SAMPLE_RATE_HZ, container="WAV", coding="FLOAT")
    sound = decoded(data, tmp_path)
    assert sound.tracks[0].peak == 1.0
    assert np.abs(samples(sound)).max() == 1.0


def test_a_broken_middle_is_counted_and_the_rest_keeps_its_time(tmp_path: Path) -> None:
    track = np.concatenate([music(4.0, rate_hz=16000), speech(4.0, rate_hz=16000)])
    whole = bytearray(with_ffmpeg(track, rate_hz=16000, container="adts", coding="aac"))
    middle = len(whole) // 2
    whole[middle : middle + 1500] = bytes(1500)
    sound = decoded(bytes(whole), tmp_path, file_name="call.aac")
    assert not sound.truncated
    assert 0.0 < sound.damaged_s < 2.0


# What is left on disk --------------------------------------------------------------------------------------------


def test_decoding_again_uses_what_is_there(tmp_path: Path) -> None:
    recording = recording_of(wav(channels=2, data=PCM_SECOND), folder=tmp_path)
    first = decode_recording(recording, scratch=tmp_path / "scratch", progress=lambda share: None)
    made_at = [track.path.stat().st_mtime_ns for track in first.tracks]
    assert decode_recording(recording, scratch=tmp_path / "scratch", progress=lambda share: None) == first
    assert [track.path.stat().st_mtime_ns for track in first.tracks] == made_at
    assert [track.path for track in first.tracks] == [
        tmp_path / "scratch" / recording.sha256 / f"{channel}.f32" for channel in (0, 1)
    ]


@pytest.mark.parametrize("harm", ["track cut", "track gone", "note gone", "note of another version", "note broken"])
def test_what_is_not_whole_is_decoded_again(harm: str, tmp_path: Path) -> None:
    recording = recording_of(wav(data=PCM_SECOND), folder=tmp_path)
    first = decode_recording(recording, scratch=tmp_path / "scratch", progress=lambda share: None)
    track, note = first.tracks[0].path, first.tracks[0].path.parent / "facts.json"
    if harm == "track cut":
        track.write_bytes(track.read_bytes()[:-4])
    elif harm == "track gone":
        track.unlink()
    elif harm == "note gone":
        note.unlink()
    elif harm == "note of another version":
        note.write_text(json.dumps({**json.loads(note.read_text()), "format": -1}))
    else:
        note.write_text('{"format": 1, "facts": 7')
    (track.parent / "0.part").write_bytes(b"what a killed decoder left")
    again = decode_recording(recording, scratch=tmp_path / "scratch", progress=lambda share: None)
    assert again == first
    assert track.stat().st_size == first.tracks[0].sample_count * 4
    assert not list(track.parent.glob("*.part"))


def test_two_decoders_at_once_give_one_result(tmp_path: Path) -> None:
    recording = recording_of(wav(data=PCM_SECOND * 20), folder=tmp_path)
    sounds: list[Sound] = []
    decoders = [
        threading.Thread(
            target=lambda: sounds.append(
                decode_recording(recording, scratch=tmp_path / "scratch", progress=lambda share: None)
            )
        )
        for _ in range(4)
    ]
    for decoder in decoders:
        decoder.start()
    for decoder in decoders:
        decoder.join()
    assert len(sounds) == 4
    assert all(sound == sounds[0] for sound in sounds)


def test_progress_rises_from_nothing_to_one(tmp_path: Path) -> None:
    shares: list[float] = []
    recording = recording_of(wav(data=PCM_SECOND * 60), folder=tmp_path)
    decode_recording(recording, scratch=tmp_path / "scratch", progress=shares.append)
    assert len(shares) > 3
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_work_that_is_stopped_leaves_no_half_file_and_says_why_it_stopped(tmp_path: Path) -> None:
    class OutOfTime(OSError):
        """Of the same base as a disk's errors, and still not one."""

    def stop(share: float) -> None:
        raise OutOfTime

    recording = recording_of(wav(data=PCM_SECOND * 60), folder=tmp_path)
    with pytest.raises(OutOfTime):
        decode_recording(recording, scratch=tmp_path / "scratch", progress=stop)
    assert not list((tmp_path / "scratch").rglob("*.part"))
    assert (
        decode_recording(recording, scratch=tmp_path / "scratch", progress=lambda share: None).facts.duration_s == 60.0
    )


def test_a_full_disk_is_said_to_be_one_and_leaves_no_half_file(tmp_path: Path) -> None:
    recording = recording_of(wav(data=PCM_SECOND * 60), folder=tmp_path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, hard))
    try:
        with pytest.raises(Unavailable, match="scratch disk is full") as caught:
            decode_recording(recording, scratch=tmp_path / "scratch", progress=lambda share: None)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.__cause__.errno == errno.EFBIG
    assert [path.name for path in (tmp_path / "scratch").rglob("*") if path.is_file()] in ([], ["lock"])


def test_a_scratch_folder_that_cannot_be_used_is_unavailable(tmp_path: Path) -> None:
    recording = recording_of(wav(data=PCM_SECOND), folder=tmp_path)
    (tmp_path / "scratch").write_text("a file where the folder should be")
    with pytest.raises(Unavailable, match="scratch folder"):
        decode_recording(recording, scratch=tmp_path / "scratch", progress=lambda share: None)


def test_a_recording_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    recording = Recording("0" * 64, "call.wav", 10, tmp_path / "gone")
    with pytest.raises(Unavailable, match="cannot be read on this machine"):
        decode_recording(recording, scratch=tmp_path / "scratch", progress=lambda share: None)


def test_a_long_call_does_not_take_more_memory(tmp_path: Path) -> None:
    minutes = 20
    recording = recording_of(wav(data=PCM_SECOND * 60 * minutes), folder=tmp_path)
    tracemalloc.start()
    sound = decode_recording(recording, scratch=tmp_path / "scratch", progress=lambda share: None)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sound.facts.duration_s == 60.0 * minutes
    assert peak_bytes < 10e6, "the decoded call is 77 MB; what is in memory at once is a few blocks"


def test_nothing_is_written_to_the_terminal(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    mp3 = with_soundfile(music(4.0, rate_hz=16000), rate_hz=16000, container="MP3", coding="MPEG_LAYER_III")
    capfd.readouterr()
    decoded(mp3[: len(mp3) // 2], tmp_path)
    for data in (mp3[:200], b"fLaC" + bytes(100), b"OggS" + bytes(100), b"\x1aE\xdf\xa3" + bytes(100)):
        refused(data, tmp_path)
    said = capfd.readouterr()
    assert (said.out, said.err) == ("", "")
