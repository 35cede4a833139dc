"""Cross-talk: one track that is heard on another, faint, late and coloured, and how it is taken away again.

A leak is a filter: what it makes of the one track is what is heard of it on the other. It is learnt where the first is
loud and the second faint, in every other of these windows, and believed if it takes sound away in the rest of them.
What a filter cannot take away (a coder's distortion, say) remains, and how loud it remains is measured as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import uuid4

import numpy as np

from worker.core.errors import Unavailable
from worker.core.sound import SAMPLE_RATE_HZ, Sound, Track
from worker.core.transcript import Leak
from worker.stages.listening.measures import (
    CLEARLY_DB,
    COMPARED_SAMPLES,
    Ear,
    Floats,
    Mask,
    Measure,
    Plain,
    max_around,
    padded,
    smooth_db,
    window_levels_db,
    windows,
)

MIN_WINDOWS, MOST_WINDOWS = 6, 160
"""Of half of these a filter is learnt; two minutes are as good as hours."""
BELOW_DB = 4.0
"""A leak is at least that much fainter than what it is a leak of."""
LONGEST_LAG = SAMPLE_RATE_HZ // 4
BEFORE, TAPS = SAMPLE_RATE_HZ // 64, SAMPLE_RATE_HZ // 16
"""Where the filter begins, before the lag at which the tracks are most alike, and how long it is: 16 and 62 ms."""
STEADIED = 1e-3
"""White noise of that power beside the first track keeps the filter small where that track has no sound."""
BLOCK = 1 << 14
"""Samples that go through a filter at once."""
MIN_GAIN, SILENCE = 1.1, 1e-12
"""What an unrelated track takes away by chance is less than nothing, so little is enough to know a leak."""
MARGIN_DB, REACH_FRAMES = 6.0, 4
"""What is left of a leak changes with the sound by that much, and is late by as many frames at most."""


class Cleaned:
    """A track without what leaks into it."""

    def __init__(self, ear: Ear, ears: Sequence[Ear], leaks: Sequence[Leak]) -> None:
        self._ear = ear
        self._leaks = [(ears[leak.source], leak.lag, np.array(leak.taps, dtype=np.float32)) for leak in leaks]
        self.sample_count = ear.sample_count

    def samples(self, first: int, last: int) -> Floats:
        """See ``Ear``."""
        samples = self._ear.samples(first, last)
        for source, lag, taps in self._leaks:
            samples = samples - _leaking(source, lag, taps, first, first + len(samples))
        return samples


def cleaned_track(sound: Sound, channel: int, leaks: Sequence[Leak]) -> Track:
    """The track as it is to be transcribed: without what leaks into it, in a scratch file beside it.

    A track into which nothing leaks is given back as it is. What people hear is always the recording itself.
    Raises Unavailable where the scratch disk cannot be used.
    """
    track = sound.tracks[channel]
    into_it = [leak for leak in leaks if leak.into == channel]
    if not into_it:
        return track
    ears = [Plain(other) for other in sound.tracks]
    path = track.path.with_suffix(".cleaned")
    # Whole or not there, and never changed: another worker that took the stage over may have it mapped.
    part = track.path.with_suffix(f".{uuid4().hex}.part")
    try:
        with part.open("wb") as file:
            for samples in windows(Cleaned(ears[channel], ears, into_it)):
                file.write(np.clip(samples, -1.0, 1.0).data)
        part.replace(path)
    except OSError as error:
        raise Unavailable(
            "The scratch disk cannot be used now. Look at its room and rights; the call is tried again."
        ) from error
    finally:
        part.unlink(missing_ok=True)
    return replace(track, path=path)


def find_leak(source: int, into: int, ears: Sequence[Ear], measures: Sequence[Measure]) -> Leak | None:
    """The leak of one track into another; None where there is none, or none can be learnt."""
    loud_db, faint_db = (window_levels_db(measures[channel]) for channel in (source, into))
    alone = np.flatnonzero((loud_db > measures[source].floor_db + CLEARLY_DB) & (loud_db > faint_db + BELOW_DB))
    if len(alone) < MIN_WINDOWS:
        return None
    chosen = alone[np.linspace(0, len(alone) - 1, min(len(alone), MOST_WINDOWS)).astype(int)]
    lag, taps = _learnt(ears[source], ears[into], (chosen[::2] * COMPARED_SAMPLES).tolist())
    noise = 10.0 ** (measures[into].floor_db / 10.0)
    gains, remains = [], []
    for number in chosen[1::2].tolist():
        first, last = number * COMPARED_SAMPLES, (number + 1) * COMPARED_SAMPLES
        before = ears[into].samples(first, last)
        after = float(np.square(before - _leaking(ears[source], lag, taps, first, last)).mean())
        gains.append(float(np.square(before).mean()) / max(after, SILENCE))
        remains.append(max(after - noise, SILENCE) / 10.0 ** (float(loud_db[number]) / 10.0))
    if np.median(gains) < MIN_GAIN:
        return None
    remains_db = float(10.0 * np.log10(np.median(remains)))
    return Leak(source, into, lag, tuple(round(float(tap), 6) for tap in taps), remains_db)


def louder_than_leaks(measure: Measure, leaks: Sequence[Leak], measures: Sequence[Measure]) -> Mask:
    """Frames on which a cleaned track, so measured, is louder than what remains of the leaks."""
    own = np.ones(len(measure.level_db), dtype=np.bool_)
    level_db = smooth_db(measure.level_db)
    for leak in leaks:
        source_db = max_around(smooth_db(measures[leak.source].level_db), reach=REACH_FRAMES)
        own &= level_db > source_db + leak.remains_db + MARGIN_DB
    return own


def _learnt(source: Ear, into: Ear, starts: Sequence[int]) -> tuple[int, Floats]:
    """The lag and the filter that make, of the source, most of what is heard on the other track from these samples on.

    The least squares of a Wiener filter, from how alike both tracks are to the source at every lag.
    """
    reach = LONGEST_LAG + TAPS
    size = 1 << (COMPARED_SAMPLES + 2 * reach - 1).bit_length()
    totals = np.zeros((2, size // 2 + 1), dtype=np.complex128)
    for first in starts:
        around = np.fft.rfft(padded(source, first - reach, first + COMPARED_SAMPLES + reach), size)
        for total, ear in zip(totals, (into, source), strict=True):
            total += around * np.conj(np.fft.rfft(padded(ear, first, first + COMPARED_SAMPLES), size))
    # Turned round, place k is how alike the track is to the source k - reach samples earlier.
    alike, own = np.fft.irfft(totals, size)[:, 2 * reach :: -1]  # (2 * reach + 1,) each
    nearest = slice(TAPS, TAPS + 2 * LONGEST_LAG + 1)
    lag = int(np.abs(alike[nearest]).argmax()) - LONGEST_LAG - BEFORE
    own_at = (own[reach : reach + TAPS] + own[reach : reach - TAPS : -1]) / 2.0
    place = np.arange(TAPS)
    equations = own_at[np.abs(place[:, None] - place)]  # (taps, taps)
    equations[place, place] *= 1.0 + STEADIED
    taps = np.linalg.solve(equations, alike[reach + lag : reach + lag + TAPS])
    return lag, np.asarray(taps, dtype=np.float32)


def _leaking(source: Ear, lag: int, taps: Floats, first: int, last: int) -> Floats:
    """What of the source is heard on the other track in its samples ``first`` to ``last``."""
    before = padded(source, first - lag - len(taps) + 1, last - lag)
    step = BLOCK - len(taps) + 1
    blocks = np.lib.stride_tricks.sliding_window_view(np.pad(before, (0, BLOCK)), BLOCK)[: last - first : step]
    made = np.fft.rfft(blocks) * np.fft.rfft(taps, BLOCK)  # (blocks, frequencies)
    return np.fft.irfft(made, BLOCK)[:, len(taps) - 1 :].reshape(-1)[: last - first].astype(np.float32)
