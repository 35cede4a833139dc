"""Sound on its way to the scratch disk: one file per channel at 16 kHz, and the note that says that they are whole."""

from __future__ import annotations

import errno
import json
import math
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from worker.core.errors import BadRecording, Unavailable
from worker.core.ports import Progress
from worker.core.sound import BYTES_PER_SAMPLE, SAMPLE_RATE_HZ, RecordingFacts, Sound, Track
from worker.stages.decoding.source import SEND_AGAIN, Block, Source, check_shape

MIN_DURATION_S = 0.1  # shorter than any word
MAX_DURATION_S = 24 * 3600.0
"""Of two tracks; of eight a quarter of it. So a small file that unpacks to days of silence costs 11 GB at the most."""

LOUDEST_LEVEL = 8.0  # 18 dB over full scale: beyond it a number is a broken file, not a loud sound
MAX_DAMAGED_SHARE = 0.5

SCRATCH_FORMAT = 1
"""Raise it when the same bytes would give other tracks: what an older version left is then decoded again."""


@contextmanager
def using_scratch() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise Unavailable(
                "The scratch disk is full. The recording is kept and no half-decoded file was left. "
                "Free some space in the scratch folder; the call is tried again."
            ) from error
        raise Unavailable(
            f"The scratch folder cannot be used now ({_reason(error)}). The recording is kept. "
            "Look at the folder's disk and rights; the call is tried again."
        ) from error


@contextmanager
def reading() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unavailable(
            f"The recording's file cannot be read on this machine now ({_reason(error)}). Nothing was changed. "
            "Look at the store of recordings; the call is tried again."
        ) from error


def _reason(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno else type(error).__name__


class TrackFile:
    """One channel on its way to disk, with its levels."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("wb")
        self.sample_count = 0
        self.peak = 0.0
        self._energy = 0.0

    def write(self, samples: NDArray[np.float32]) -> None:
        if len(samples) == 0:
            return
        self._file.write(np.ascontiguousarray(samples).data)
        self.sample_count += len(samples)
        self.peak = max(self.peak, float(np.abs(samples).max()))
        self._energy += float(np.square(samples, dtype=np.float64).sum())

    def rest(self, samples: int) -> None:
        """Silence, which takes no room where the disk's system knows holes."""
        if samples > 0:
            self.sample_count += samples
            self._file.seek(samples * BYTES_PER_SAMPLE, os.SEEK_CUR)

    @property
    def rms(self) -> float:
        return math.sqrt(self._energy / self.sample_count) if self.sample_count else 0.0

    def finish(self) -> None:
        """Puts on disk what was written, and the rest it ends with."""
        self._file.truncate(self.sample_count * BYTES_PER_SAMPLE)
        self._file.flush()
        os.fsync(self._file.fileno())  # some disks say only here that they are full
        self._file.close()

    def discard(self) -> None:
        """Leaves nothing of a track that was not finished; does nothing to one that was moved to its place."""
        with suppress(OSError):
            self._file.close()  # writes what is left in the buffer, and fails again on a full disk
        self.path.unlink(missing_ok=True)


def write_tracks(source: Source, folder: Path, progress: Progress, *, max_duration_s: float) -> Sound:
    channels, rate_hz = source.channels, source.sample_rate_hz
    check_shape(source.name, channels, rate_hz)
    longest_s = min(max_duration_s, 2 * max_duration_s / channels)
    resample = soxr.ResampleStream(rate_hz, SAMPLE_RATE_HZ, channels, dtype="float32", quality="HQ")
    frames_read = damaged_samples = 0
    with ExitStack() as undo:
        parts: list[TrackFile] = []

        def write(block: Block) -> None:
            with using_scratch():
                for channel, part in enumerate(parts):
                    part.write(np.clip(block[:, channel], -1.0, 1.0))

        with using_scratch():
            for channel in range(channels):
                parts.append(TrackFile(folder / f"{channel}.part"))
                undo.callback(parts[-1].discard)
        for block in _blocks(source):
            frames_read += len(block)
            if frames_read > longest_s * rate_hz:
                raise BadRecording(
                    f"This {source.name} file unpacks to more than {longest_s / 3600:g} hours of sound, which is no "
                    "call. Nothing was changed. If it is one, cut it into parts and send those."
                )
            sound_values = np.abs(block) <= LOUDEST_LEVEL  # False for NaN
            damaged_samples += int(block.size - np.count_nonzero(sound_values))
            block = np.where(sound_values, block, np.float32(0.0))
            write(block if rate_hz == SAMPLE_RATE_HZ else resample.resample_chunk(block))
            progress(min(0.99, source.share_read()))
        if rate_hz != SAMPLE_RATE_HZ:
            write(resample.resample_chunk(np.zeros((0, channels), np.float32), last=True))

        duration_s = frames_read / rate_hz
        damaged_s = source.damaged_s + damaged_samples / channels / rate_hz
        _check_content(source.name, duration_s, damaged_s)
        facts = RecordingFacts(duration_s, channels, rate_hz, source.codec)
        tracks = tuple(
            Track(channel, folder / f"{channel}.f32", part.sample_count, part.peak, part.rms)
            for channel, part in enumerate(parts)
        )
        sound = Sound(facts, tracks, truncated=source.truncated, damaged_s=damaged_s)
        with using_scratch():
            for part in parts:
                part.finish()
            for part, track in zip(parts, tracks, strict=True):
                part.path.replace(track.path)
            note(sound, folder)
        return sound


def _blocks(source: Source) -> Iterator[Block]:
    with reading():
        yield from source.blocks()


def _check_content(name: str, duration_s: float, damaged_s: float) -> None:
    if duration_s == 0.0:
        raise BadRecording(f"This {name} file has a header but no sound after it. {SEND_AGAIN}")
    if duration_s < MIN_DURATION_S:
        raise BadRecording(
            f"This {name} file holds only {duration_s * 1000:.0f} milliseconds of sound, too short for a word. "
            f"{SEND_AGAIN}"
        )
    if damaged_s > MAX_DAMAGED_SHARE * duration_s:
        raise BadRecording(
            f"This {name} file is damaged: more than half of it cannot be read, or is not sound. {SEND_AGAIN}"
        )


def note(sound: Sound, folder: Path) -> None:
    """Written last: where it stands, the tracks are whole."""
    note = {
        "format": SCRATCH_FORMAT,
        "facts": asdict(sound.facts),
        "truncated": sound.truncated,
        "damaged_s": sound.damaged_s,
        "tracks": [{"samples": t.sample_count, "peak": t.peak, "rms": t.rms} for t in sound.tracks],
    }
    part = folder / "facts.part"
    try:
        part.write_text(json.dumps(note), encoding="utf-8")
        part.replace(folder / "facts.json")
    finally:
        part.unlink(missing_ok=True)


def already_there(folder: Path) -> Sound | None:
    """What an earlier decoder left, if it is whole and of this version of the format."""
    try:
        note = json.loads((folder / "facts.json").read_text(encoding="utf-8"))
        if note["format"] != SCRATCH_FORMAT:
            return None
        tracks = tuple(
            Track(channel, folder / f"{channel}.f32", int(track["samples"]), float(track["peak"]), float(track["rms"]))
            for channel, track in enumerate(note["tracks"])
        )
        if any(track.path.stat().st_size != track.sample_count * BYTES_PER_SAMPLE for track in tracks):
            return None
        return Sound(RecordingFacts(**note["facts"]), tracks, bool(note["truncated"]), float(note["damaged_s"]))
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
