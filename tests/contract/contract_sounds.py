"""Sounds on which every adapter has to keep its port's contract, whatever it makes of them. All are at 16 kHz."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from worker.core.sound import SAMPLE_RATE_HZ, Samples

Array = npt.NDArray[np.float32]


def as_samples(sound: npt.ArrayLike) -> Samples:
    """As the stages hand sound over: C floats that cannot be written to."""
    return memoryview(np.asarray(sound, dtype=np.float32).tobytes()).cast("f")


def silence(length_s: float) -> Array:
    return np.zeros(round(length_s * SAMPLE_RATE_HZ), dtype=np.float32)


def tone(length_s: float, *, pitch_hz: float) -> Array:
    """A buzz with eight overtones, which swells and fades four times a second, like syllables."""
    at_s = np.arange(round(length_s * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    buzz = sum(np.sin(2 * np.pi * pitch_hz * number * at_s) / number for number in range(1, 9))
    return np.asarray(0.2 * buzz * np.abs(np.sin(2 * np.pi * 2 * at_s)), dtype=np.float32)


def noise(length_s: float) -> Array:
    return np.random.default_rng(7).normal(0, 0.1, round(length_s * SAMPLE_RATE_HZ)).astype(np.float32)


def two_tones() -> Array:
    """Two buzzes that take turns, a low and a high one, with pauses."""
    low, high, pause = tone(1.5, pitch_hz=110), tone(1.5, pitch_hz=230), silence(0.7)
    return np.concatenate([pause, low, pause, high, pause, low, pause, high, pause])


def click() -> Array:
    sound = silence(1.0)
    sound[8000] = 1.0
    return sound


SOUNDS: dict[str, Callable[[], Array]] = {
    "no samples at all": lambda: silence(0.0),
    "one sample": lambda: np.full(1, 0.5, dtype=np.float32),
    "a hundredth of a second": lambda: tone(0.01, pitch_hz=150),
    "silence": lambda: silence(3.0),
    "a click": click,
    "noise": lambda: noise(2.0),
    "full scale": lambda: np.sign(tone(2.0, pitch_hz=100)).astype(np.float32),
    "two voices": two_tones,
}
