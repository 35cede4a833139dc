"""How the parties lie on the tracks: which tracks are silent, which carry one sound, and which are heard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from worker.core.sound import SAMPLE_RATE_HZ, Sound
from worker.core.transcript import CallWarning, Code, Layout
from worker.stages.listening.measures import CLEARLY_DB, COMPARED_SAMPLES, Ear, Floats, Measure, window_levels_db

SILENT_TRACK_DB = -65.0
"""A track whose loudest half second is fainter carries nobody."""

LONGEST_LAG = SAMPLE_RATE_HZ // 4
SAME_SOUND = 0.85
"""How alike two tracks with one sound are: 1 for a copy whatever its loudness, 0.9 for one with noise 7 dB below."""
UNLIKE, OTHER_GAIN_DB, MAX_UNLIKE_SHARE = 0.4, 10.0, 0.02
"""Two unrelated voices are 0.1 to 0.3 alike. A copy may have a few windows that a lost packet spoilt."""


@dataclass(frozen=True)
class Parts:
    """Which tracks are heard, in order."""

    layout: Layout
    heard: tuple[int, ...]
    warnings: tuple[CallWarning, ...]


def lay_out(sound: Sound, ears: Sequence[Ear], measures: Sequence[Measure]) -> Parts:
    """The tracks worth hearing: at least one, even of a call without any sound."""
    loudest_first = sorted(range(len(measures)), key=lambda channel: (-sound.tracks[channel].rms, channel))
    audible = [channel for channel in loudest_first if measures[channel].loudest_db > SILENT_TRACK_DB]
    if not audible:
        return Parts(Layout.MIXED, (loudest_first[0],), ())
    warnings = [
        CallWarning(
            Code.SILENT_TRACK,
            f"Nothing is heard on track {channel}. If somebody should be, look at how the call was recorded.",
        )
        for channel in range(len(measures))
        if channel not in audible
    ]
    heard: list[int] = []
    for channel in audible:
        copied = next((other for other in heard if _is_one_sound(other, channel, ears, measures)), None)
        if copied is None:
            heard.append(channel)
            continue
        warnings.append(
            CallWarning(
                Code.SAME_SOUND,
                f"Tracks {min(copied, channel)} and {max(copied, channel)} carry the same sound. "
                f"Only the louder one, track {copied}, was listened to.",
            )
        )
    layout = Layout.TRACK_PER_PARTY if len(heard) > 1 else Layout.MIXED
    return Parts(layout, tuple(sorted(heard)), tuple(warnings))


def _is_one_sound(a: int, b: int, ears: Sequence[Ear], measures: Sequence[Measure]) -> bool:
    """Whether both tracks carry the same at one gain, all the time.

    Most of the sound being alike is not enough: a faint party is a small part of a track on which a loud one leaks,
    and would be lost with it. So wherever either track sounds, the other must have it too, about as much louder or
    fainter as everywhere.
    """
    level_a, level_b = (window_levels_db(measures[channel]) for channel in (a, b))
    sounds = (level_a > measures[a].floor_db + CLEARLY_DB) | (level_b > measures[b].floor_db + CLEARLY_DB)
    gain_db = level_b - level_a
    differs = sounds & (np.abs(gain_db - np.median(gain_db[sounds] if sounds.any() else gain_db)) > OTHER_GAIN_DB)
    if differs.sum() > MAX_UNLIKE_SHARE * sounds.sum():
        return False  # told by levels alone, which are there already
    alike = _likeness(ears[a], ears[b], len(sounds))
    power_a, power_b = np.power(10.0, level_a / 10.0), np.power(10.0, level_b / 10.0)
    both = np.sqrt(power_a.sum(dtype=np.float64) * power_b.sum(dtype=np.float64))
    if (alike * np.sqrt(power_a * power_b)).sum(dtype=np.float64) < SAME_SOUND * both:
        return False
    return bool((differs | sounds & (alike < UNLIKE)).sum() <= MAX_UNLIKE_SHARE * sounds.sum())


def _likeness(a: Ear, b: Ear, count: int) -> Floats:
    """(windows,): the correlation of each window of both tracks at its best lag, 0 to 1."""
    size = 1 << (COMPARED_SAMPLES + LONGEST_LAG - 1).bit_length()  # room for the lag on either side without wrapping
    alike = np.zeros(count, dtype=np.float32)
    for number in range(count):
        first, last = number * COMPARED_SAMPLES, (number + 1) * COMPARED_SAMPLES
        part_a, part_b = a.samples(first, last), b.samples(first, last)
        together = np.fft.irfft(np.fft.rfft(part_a, size) * np.conj(np.fft.rfft(part_b, size)), size)
        best = float(np.abs(np.concatenate((together[: LONGEST_LAG + 1], together[-LONGEST_LAG:]))).max())
        both = float(np.sqrt(np.square(part_a).sum() * np.square(part_b).sum()))
        alike[number] = min(1.0, best / both) if both else 0.0
    return alike
