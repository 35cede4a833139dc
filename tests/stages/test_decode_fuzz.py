"""A thousand files that were whole once: each gives a sound or one refusal, soon, and never anything else.

Headers are hit more often than what follows them. The seeds are fixed: a failure names the file that made it.
"""

from __future__ import annotations

import random
import resource
import shutil
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from sounds import recording_of, speech, with_ffmpeg, with_soundfile

from worker.core.errors import BadRecording
from worker.stages.decoding.recording import decode_recording

FILES_PER_FORMAT = 60
LONGEST_S = 20.0  # for one file of a second, on a machine that does much else
MOST_MEMORY_BYTES = 200_000_000
EXTREMES = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\x80", b"\1\0\0\0")


def _wav(coding: str, *, container: str = "WAV", endian: str = "FILE") -> bytes:
    track = speech(1.0, rate_hz=8000)
    tracks = track if coding == "GSM610" else np.stack([track, track / 2], axis=1)
    return with_soundfile(tracks, rate_hz=8000, container=container, coding=coding, endian=endian)


def _compressed(container: str, coding: str) -> bytes:
    return with_soundfile(speech(2.0, rate_hz=16000), rate_hz=16000, container=container, coding=coding)


def _ffmpeg(container: str, coding: str, *, rate_hz: int = 16000) -> bytes:
    return with_ffmpeg(speech(1.0, rate_hz=rate_hz), rate_hz=rate_hz, container=container, coding=coding)


FORMATS: dict[str, Callable[[], bytes]] = {
    "u8.wav": lambda: _wav("PCM_U8"),
    "s16.wav": lambda: _wav("PCM_16"),
    "s24.wav": lambda: _wav("PCM_24"),
    "float.wav": lambda: _wav("FLOAT"),
    "double.wav": lambda: _wav("DOUBLE"),
    "mulaw.wav": lambda: _wav("ULAW"),
    "gsm.wav": lambda: _wav("GSM610"),
    "adpcm.wav": lambda: _wav("IMA_ADPCM"),
    "extensible.wav": lambda: _wav("PCM_16", container="WAVEX"),
    "big_endian.wav": lambda: _wav("PCM_16", endian="BIG"),
    "rf64.wav": lambda: _wav("PCM_16", container="RF64"),
    "call.flac": lambda: _compressed("FLAC", "PCM_16"),
    "vorbis.ogg": lambda: _compressed("OGG", "VORBIS"),
    "opus.ogg": lambda: _compressed("OGG", "OPUS"),
    "call.mp3": lambda: _compressed("MP3", "MPEG_LAYER_III"),
    "call.m4a": lambda: _ffmpeg("ipod", "aac"),
    "call.webm": lambda: _ffmpeg("webm", "libopus", rate_hz=48000),
    "call.amr": lambda: _ffmpeg("amr", "libopencore_amrnb", rate_hz=8000),
    "call.g722": lambda: _ffmpeg("g722", "g722"),
}


@cache
def whole(name: str) -> bytes:
    return FORMATS[name]()


def mutated(data: bytes, *, seed: str) -> bytes:
    """One to sixteen bytes changed, a bit turned, an extreme number put in, or a piece cut, lost, added or moved."""
    chance = random.Random(seed)
    changed = bytearray(data)
    header = chance.choice((64, 512))

    def place() -> int:
        return chance.randrange(min(header, len(changed)) if chance.random() < 0.7 else len(changed))

    kind = chance.randrange(7)
    at, size = place(), chance.randrange(1, 64)
    if kind == 0:
        for _ in range(chance.choice((1, 2, 4, 16))):
            changed[place()] = chance.randrange(256)
    elif kind == 1:
        changed[at] ^= 1 << chance.randrange(8)
    elif kind == 2:
        changed[at : at + 4] = chance.choice(EXTREMES)
    elif kind == 3:
        del changed[chance.randrange(len(changed)) :]
    elif kind == 4:
        del changed[at : at + size]
    elif kind == 5:
        changed[at:at] = chance.randbytes(size)
    else:
        source = place()
        changed[at : at + size] = changed[source : source + size]
    return bytes(changed)


def test_there_are_a_thousand_of_them() -> None:
    assert FILES_PER_FORMAT * len(FORMATS) >= 1000


@pytest.mark.parametrize("name", FORMATS)
def test_a_mutated_file_gives_a_sound_or_a_refusal(name: str, tmp_path: Path) -> None:
    memory_before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    read = 0
    refusals = []
    for number in range(FILES_PER_FORMAT):
        data = mutated(whole(name), seed=f"{name} {number}")
        recording = recording_of(data, folder=tmp_path, file_name=name)
        started = time.monotonic()
        try:
            sound = decode_recording(recording, scratch=tmp_path / "scratch", progress=lambda share: None)
        except BadRecording as error:
            refusals.append(error.message)
        else:
            read += 1
            assert 1 <= sound.facts.channels == len(sound.tracks) <= 8
            for track in sound.tracks:
                heard = np.asarray(track.samples())
                assert len(heard) == track.sample_count
                assert np.isfinite(heard).all()
                assert np.abs(heard).max(initial=0.0) <= 1.0
        assert time.monotonic() - started < LONGEST_S, f"file {number}"
        assert recording.path.read_bytes() == data, f"file {number}: the bytes that came in are never changed"
        shutil.rmtree(tmp_path / "scratch", ignore_errors=True)
    assert all("Nothing was changed." in message for message in refusals)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - memory_before < MOST_MEMORY_BYTES
    assert read or name == "vorbis.ogg", "some harm is small (but to Vorbis' long headers, none is)"
