"""Tracks as frames of 32 ms: how loud each is, and by how much steady tones stand out in it.

A frame costs a few bytes and sound is read in windows, so a call of many hours needs little memory. ``Mask`` and
``Intervals`` are two ways to say where something holds; they are turned into each other here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from worker.core.listening import Intervals
from worker.core.sound import SAMPLE_RATE_HZ, Interval, Track

Floats: TypeAlias = NDArray[np.float32]
Mask: TypeAlias = NDArray[np.bool_]
"""(frames,): what holds for each frame of a track."""

FRAME = 512
FRAME_S = FRAME / SAMPLE_RATE_HZ
WINDOW_FRAMES = 9_000
"""Sound is read this much at a time: 288 s, 18 MB."""
COMPARED_FRAMES = 24
COMPARED_SAMPLES = COMPARED_FRAMES * FRAME
"""Tracks are compared in windows of 0.77 s."""

# Levels. Those of a line lie between -80 and -45 dB of full scale; speech and music at about -20, a faint party at -50.
LOWEST_DB, HIGHEST_FLOOR_DB = -80.0, -45.0
"""Limits for the noise of a line: a call that is all music shows no noise to measure."""
CLEARLY_DB = 15.0
"""So far above the noise of its line, something sounds on a track."""
MUSIC_ABOVE_NOISE_DB = 8.0
FULL_SCALE = 0.99

# Tones are looked for where a telephone carries them.
LOWEST_HZ, HIGHEST_HZ, STEADY_FRAMES, AROUND_BINS = 200, 3400, 4, 8


class Ear(Protocol):
    """A track as it is heard, read piece by piece."""

    @property
    def sample_count(self) -> int:
        """Samples in all."""
        ...

    def samples(self, first: int, last: int) -> Floats:
        """Samples ``first`` to ``last``, clamped to the track."""
        ...


class Plain:
    """A track as it is recorded. Each piece is mapped for itself, so what was read does not stay in memory."""

    def __init__(self, track: Track) -> None:
        self._track = track
        self.sample_count = track.sample_count

    def samples(self, first: int, last: int) -> Floats:
        """See ``Ear``."""
        piece = Interval(first / SAMPLE_RATE_HZ, last / SAMPLE_RATE_HZ)
        return np.array(self._track.samples(piece), dtype=np.float32)


def padded(ear: Ear, first: int, last: int) -> Floats:
    """Samples ``first`` to ``last``; what lies outside the track is silence."""
    inside = ear.samples(max(0, first), min(last, ear.sample_count))
    before = min(max(0, -first), last - first)
    return np.pad(inside, (before, last - first - before - len(inside)))


@dataclass(frozen=True)
class Measure:
    """One track in frames. ``level_db`` and ``tones_db`` are (frames,); ``floor_db`` is the noise of its line.

    ``tones_db`` is by how much steady tones stand out of the spectrum around them: about 0 in noise, 2 to 10 in music.
    """

    level_db: Floats
    tones_db: Floats
    floor_db: float
    loudest_db: float  # of its loudest half second, wherever its frames lie
    clipped_share: float

    def sounding(self) -> Mask:
        """Frames that are heard above the noise of the line."""
        return self.level_db > self.floor_db + MUSIC_ABOVE_NOISE_DB


def measure(ear: Ear) -> Measure:
    """The measure of a track of at least one sample."""
    levels, tones = [], []
    clipped = 0
    for samples in windows(ear):
        clipped += int(np.count_nonzero(np.abs(samples) >= FULL_SCALE))
        frames = np.pad(samples, (0, -len(samples) % FRAME)).reshape(-1, FRAME)
        levels.append(db(np.square(frames).mean(axis=1)))
        tones.append(_tones_db(frames))
    level_db = np.concatenate(levels)
    half_second = min(len(level_db), round(0.5 / FRAME_S))
    return Measure(
        level_db=level_db,
        tones_db=np.concatenate(tones),
        floor_db=float(np.clip(np.percentile(level_db, 10), LOWEST_DB, HIGHEST_FLOOR_DB)),
        loudest_db=float(np.partition(level_db, -half_second)[-half_second]),
        clipped_share=clipped / ear.sample_count,
    )


def _tones_db(frames: Floats) -> Floats:
    """(frames, samples) to (frames,). Averaged over a quarter of a second, noise becomes smooth and a tone stays."""
    lowest, highest = (hz * FRAME // SAMPLE_RATE_HZ for hz in (LOWEST_HZ, HIGHEST_HZ))
    shape = np.hanning(FRAME).astype(np.float32)
    power = np.square(np.abs(np.fft.rfft(frames * shape)))[:, lowest:highest]  # (frames, bins)
    steady = mean_around(power, reach=STEADY_FRAMES) + np.float32(1e-9)
    around = mean_around(steady.T, reach=AROUND_BINS).T
    return np.asarray(-db(steady / around).mean(axis=1), dtype=np.float32)


def windows(ear: Ear) -> Iterator[Floats]:
    """The whole track in order, at most ``WINDOW_FRAMES`` at a time."""
    for first in range(0, ear.sample_count, WINDOW_FRAMES * FRAME):
        yield ear.samples(first, first + WINDOW_FRAMES * FRAME)


def window_levels_db(measure: Measure) -> Floats:
    """(windows,): the level of each whole ``COMPARED_SAMPLES``; of a shorter track, of what there is."""
    size = min(COMPARED_FRAMES, len(measure.level_db))
    count = len(measure.level_db) // size
    power = np.power(10.0, measure.level_db[: count * size] / 10.0)
    return db(power.reshape(count, size).mean(axis=1))


def db(power: Floats) -> Floats:
    """Mean squares as decibels of full scale; silence is -120."""
    return np.asarray(10.0 * np.log10(power + np.float32(1e-12)), dtype=np.float32)


def smooth_db(level_db: Floats) -> Floats:
    """The level over 0.16 s, by power."""
    return db(mean_around(np.power(10.0, level_db / 10.0), reach=2))


def mean_around(values: Floats, *, reach: int) -> Floats:
    """The mean of each value and its ``reach`` neighbours on either side along the first axis; fewer at the ends."""
    total = np.concatenate((np.zeros_like(values[:1], dtype=np.float64), np.cumsum(values, axis=0, dtype=np.float64)))
    index = np.arange(len(values))
    first, last = np.maximum(0, index - reach), np.minimum(len(values), index + reach + 1)
    counts = (last - first).reshape(-1, *[1] * (values.ndim - 1))
    return np.asarray((total[last] - total[first]) / counts, dtype=np.float32)


def max_around(values: Floats, *, reach: int) -> Floats:
    """The highest of each value and its ``reach`` neighbours on either side."""
    wide = np.pad(values, reach, constant_values=-np.inf)
    return np.asarray(np.lib.stride_tricks.sliding_window_view(wide, 2 * reach + 1).max(axis=1), dtype=np.float32)


def mask_of(stretches: Intervals, frame_count: int) -> Mask:
    """The frames that the stretches touch."""
    mask = np.zeros(frame_count, dtype=np.bool_)
    for stretch in stretches:
        mask[frames_of(stretch)] = True
    return mask


def frames_of(stretch: Interval) -> slice:
    """The frames that a stretch touches."""
    return slice(int(stretch.start_s / FRAME_S), int(np.ceil(stretch.end_s / FRAME_S)))


def intervals_of(mask: Mask, *, first: int = 0) -> Intervals:
    """Where a mask holds; ``first`` is the frame with which it begins."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])))) + first
    return tuple(Interval(start * FRAME_S, end * FRAME_S) for start, end in edges.reshape(-1, 2).tolist())
