"""Overwriting the sound of what was said: in the tracks on scratch disk, and in a recording as it arrived.

What stands there afterwards is a soft tone for at most a second, so that a listener hears that something was taken out,
and then silence. It follows from nothing but the length of the stretch: overwriting again changes nothing.

A WAV with samples of one size is overwritten where they lie, and every other byte of it stays. All else is decoded and
written as FLAC, at its own rate and with its own channels: 24 bits hold what any of these coders gives.
"""

from __future__ import annotations

import io
import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import soundfile
from numpy.typing import NDArray

from worker.core.call import Recording
from worker.core.errors import BadRecording
from worker.core.protection import Cut, Overwritten
from worker.core.sound import BYTES_PER_SAMPLE, SAMPLE_RATE_HZ, Sound
from worker.stages.decoding.formats import source_of
from worker.stages.decoding.source import Source
from worker.stages.decoding.tracks import LOUDEST_LEVEL, reading, using_scratch
from worker.stages.decoding.wav import WavSource

TONE_HZ, TONE_LEVEL, TONE_S, FADE_S = 440.0, 0.04, 1.0, 0.02
FULL_SCALE_24 = 1 << 23
BYTES_AT_ONCE = 1 << 20
CODING_ERROR = 0.01
_NOT_CUT = "This WAV file's header is broken: what must not be kept cannot be found in it. Send the recording as FLAC."

Fill: TypeAlias = NDArray[np.float32]
"""(samples,): what stands in place of what was said."""

_BYTES_OF_SUBTYPE = {
    "PCM_U8": 1,
    "PCM_16": 2,
    "PCM_24": 3,
    "PCM_32": 4,
    "FLOAT": 4,
    "DOUBLE": 8,
    "ULAW": 1,
    "ALAW": 1,
}


@dataclass(frozen=True)
class CutRecording:
    """A recording that was overwritten in places: under which name it goes on, and how its sound is coded."""

    file_name: str
    codec: str


def fill(length: int, rate_hz: int) -> Fill:
    """What stands in a stretch of so many samples."""
    filled = np.zeros(length, dtype=np.float32)
    tone = min(length, round(TONE_S * rate_hz))
    if tone:
        place = np.arange(tone) / rate_hz
        fade_s = min(FADE_S, tone / rate_hz / 2)
        rising = np.minimum(np.minimum(place, tone / rate_hz - place) / fade_s, 1.0)
        filled[:tone] = TONE_LEVEL * rising * np.sin(2 * math.pi * TONE_HZ * place)
    return filled


def overwrite_tracks(sound: Sound, cuts: Iterable[Cut]) -> None:
    """Overwrites the stretches in the tracks on scratch disk where they lie, and takes away what was made of tracks.

    Raises Unavailable where the disk cannot be written.
    """
    done = list(cuts)
    with using_scratch():
        for track in sound.tracks:
            mine = [cut for cut in done if track.channel in cut.channels]
            if not mine:
                continue
            for made in track.path.parent.glob(f"{track.path.stem}.cleaned"):
                shred(made)
            with track.path.open("r+b") as file:
                for cut in mine:
                    first, last = _frames(cut.start_s, cut.end_s, SAMPLE_RATE_HZ, track.sample_count)
                    file.seek(first * BYTES_PER_SAMPLE)
                    file.write(fill(last - first, SAMPLE_RATE_HZ).tobytes())
                file.flush()
                os.fsync(file.fileno())


def in_recordings(cuts: Sequence[Cut], sound: Sound) -> dict[int, tuple[Overwritten, ...]]:
    """The stretches in the seconds and the channels of the recordings that hold them, by the number of the recording.

    A stretch over the seam of two recordings is in both.
    """
    if sound.legs is None:
        every = tuple(Overwritten(cut.kind, cut.channels, cut.start_s, cut.end_s) for cut in cuts)
        return {1: every} if every else {}
    found: dict[int, list[Overwritten]] = {}
    for leg in sound.legs.placed:
        for cut in cuts:
            channels = tuple(channel for channel, track in enumerate(leg.tracks) if track in cut.channels)
            start_s, end_s = max(cut.start_s, leg.start_s), min(cut.end_s, leg.end_s)
            if channels and start_s < end_s:
                of_leg = Overwritten(cut.kind, channels, round(start_s - leg.start_s, 3), round(end_s - leg.start_s, 3))
                found.setdefault(leg.number, []).append(of_leg)
    return {number: tuple(some) for number, some in found.items()}


def cut_recording(recording: Recording, stretches: Sequence[Overwritten], to: Path) -> CutRecording | None:
    """Writes the recording with these stretches overwritten into a new file; None, and no file, where they are already.

    Raises BadRecording for bytes that are no sound we can read, Unavailable where a disk cannot be read or written.
    """
    with reading(), recording.path.open("rb", buffering=0) as file, source_of(file, recording) as source:
        with using_scratch():
            cut = CutRecording(recording.file_name, source.codec)
            if not isinstance(source, WavSource) or source.subtype not in _BYTES_OF_SUBTYPE:
                is_changed = _write_flac(source, stretches, to)
                cut = CutRecording(f"{Path(recording.file_name).stem or 'recording'}.flac", "flac")
            else:
                is_changed = _cut_in_place(recording.path, source, stretches, to)
                if not _is_cut(to, stretches):  # samples lie otherwise than the header says
                    raise BadRecording(_NOT_CUT)
        if not is_changed:
            to.unlink()
            return None
    return cut


def shred(path: Path) -> None:
    """Overwrites a file with zeros and removes it. Nothing where there is none. Raises Unavailable."""
    if not path.exists():
        return
    with using_scratch():
        with path.open("r+b") as file:
            left = os.fstat(file.fileno()).st_size
            while left > 0:
                left -= file.write(bytes(min(left, BYTES_AT_ONCE)))
            file.flush()
            os.fsync(file.fileno())
        path.unlink(missing_ok=True)


def _cut_in_place(path: Path, source: WavSource, stretches: Sequence[Overwritten], to: Path) -> bool:
    """Copies a WAV and overwrites single samples in it. Whether that changed anything."""
    width, channels = _BYTES_OF_SUBTYPE[source.subtype], source.channels
    is_changed = False
    with path.open("rb") as old, to.open("wb") as new:
        while block := old.read(BYTES_AT_ONCE):
            new.write(block)
        there = (new.tell() - source.starts_at) // (width * channels)
    with to.open("r+b") as file:
        for one in stretches:
            first, last = _frames(one.start_s, one.end_s, source.sample_rate_hz, there)
            file.seek(source.starts_at + first * width * channels)
            frames = np.frombuffer(file.read((last - first) * width * channels), np.uint8)
            frames = frames.reshape(-1, channels, width).copy()  # (frames, channels, bytes of a sample)
            coded = np.frombuffer(_coded(fill(len(frames), source.sample_rate_hz), source), np.uint8)
            before = frames.copy()
            frames[:, list(one.channels)] = coded.reshape(-1, 1, width)
            is_changed = is_changed or not np.array_equal(before, frames)
            file.seek(source.starts_at + first * width * channels)
            file.write(frames.tobytes())
        file.flush()
        os.fsync(file.fileno())
    return is_changed


def _is_cut(path: Path, stretches: Sequence[Overwritten]) -> bool:
    """Whether whoever reads this file finds in each stretch what was to stand there, as near as its coding has it."""
    with soundfile.SoundFile(path) as file:
        for one in stretches:
            first, last = _frames(one.start_s, one.end_s, file.samplerate, file.frames)
            file.seek(first)
            found = file.read(last - first, dtype="float32", always_2d=True)[:, list(one.channels)]
            if np.abs(found - fill(last - first, file.samplerate)[:, None]).max(initial=0.0) > CODING_ERROR:
                return False
    return True


def _coded(samples: Fill, source: WavSource) -> bytes:
    """Samples as this WAV codes those of one channel."""
    coded = io.BytesIO()
    soundfile.write(
        coded,
        samples,
        source.sample_rate_hz,
        format="RAW",
        subtype=source.subtype,
        endian="BIG" if source.big_endian else "LITTLE",
    )
    return coded.getvalue()


def _write_flac(source: Source, stretches: Sequence[Overwritten], to: Path) -> bool:
    """Writes what a source gives as FLAC, with the stretches overwritten. Whether that changed anything."""
    rate_hz, start = source.sample_rate_hz, 0
    is_changed = False
    filled = [(one, _frames(one.start_s, one.end_s, rate_hz)) for one in stretches]
    with (
        to.open("wb") as file,
        soundfile.SoundFile(file, "w", rate_hz, source.channels, subtype="PCM_24", format="FLAC") as flac,
    ):
        for block in source.blocks():
            ints = _as_24_bits(np.where(np.abs(block) <= LOUDEST_LEVEL, block, 0.0))  # (frames, channels)
            for one, (first, last) in filled:
                begin, end = max(first, start), min(last, start + len(ints))
                if begin < end:
                    part = _as_24_bits(fill(last - first, rate_hz)[begin - first : end - first])
                    mine = np.s_[begin - start : end - start, list(one.channels)]
                    is_changed = is_changed or bool((ints[mine] != part[:, None]).any())
                    ints[mine] = part[:, None]
            flac.write(ints << 8)  # the library takes the upper 24 of 32 bits
            start += len(ints)
    return is_changed


def _as_24_bits(samples: NDArray[np.float32]) -> NDArray[np.int32]:
    scaled = np.rint(samples.astype(np.float64) * FULL_SCALE_24)
    return np.clip(scaled, -FULL_SCALE_24, FULL_SCALE_24 - 1).astype(np.int32)


def _frames(start_s: float, end_s: float, rate_hz: int, there: int | None = None) -> tuple[int, int]:
    """The frames of a stretch, rounded outward, within those that are there."""
    first, last = max(0, math.floor(start_s * rate_hz)), math.ceil(end_s * rate_hz)
    return (first, last) if there is None else (min(first, there), min(last, there))
