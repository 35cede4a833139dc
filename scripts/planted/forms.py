"""The forms in which a number or a piece of sound may be found again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import soxr
from numpy.typing import NDArray

DIGITS = ("zero|oh|null", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
LIKENESS = 0.5
"""How alike the original and what is heard must be: 1 for a copy; sound of another second has less than 0.2."""
SHORT = 8
"""Fewer digits stand by chance in bytes that are no text: there they count only among signs that can be printed."""
EXACT_SAMPLES = 32
"""So many samples in a row are found as bytes, in files that no reader of sound opens."""

_WORD_BY_WORD = (
    rb"""[.,]?",\s?"start_s":\s?[\d.e-]+,\s?"end_s":\s?[\d.e-]+,\s?"confidence":\s?[\d.e-]+\},\s?\{"text":\s?\""""
)
_BETWEEN = rb"""(?:[\s.,\-"']{0,4}|""" + _WORD_BY_WORD + rb")"  # in groups, beside each other, or as stages store words


@dataclass(frozen=True)
class PlantedNumber:
    """A number that was said; ``name`` stands for it wherever it is reported, so that no report has it."""

    name: str
    digits: str = field(repr=False)

    @cached_property
    def pattern(self) -> re.Pattern[bytes]:
        """The number in digits, in groups, word by word, and in spoken words, in any mixture; in small letters."""
        said = _BETWEEN.join(rb"(?:%d|%s)" % (int(one), DIGITS[int(one)].encode()) for one in self.digits)
        whole = rb"(?<![\w.])" + said + rb"(?![\w])"
        if len(self.digits) < SHORT:
            whole = rb"(?<=[\x09-\x7e]{4})" + whole + rb"(?=[\x09-\x7e]{4}|[\x09-\x7e]{0,3}\Z)"
        return re.compile(whole)

    def is_in(self, content: bytes) -> bool:
        """Whether any form of it is there."""
        return self.pattern.search(content.lower()) is not None


@dataclass(frozen=True)
class PlantedSound:
    """A piece of the original sound: (samples,) float32 at ``rate_hz``, with no second like it."""

    name: str
    samples: NDArray[np.float32] = field(repr=False)
    rate_hz: int

    def is_heard(self, tracks: NDArray[np.float32], rate_hz: int) -> bool:
        """Whether it is anywhere in (samples, channels)."""
        own = self.samples if rate_hz == self.rate_hz else soxr.resample(self.samples, self.rate_hz, rate_hz)
        energy = float(np.square(own).sum())
        for one in tracks.T:
            size = 1 << (len(one) + len(own) - 1).bit_length()
            alike = np.fft.irfft(np.fft.rfft(one, size) * np.conj(np.fft.rfft(own, size)), size)
            if float(np.abs(alike).max(initial=0.0)) > LIKENESS * energy:
                return True
        return False

    def is_in(self, content: bytes) -> bool:
        """Whether some of its samples stand there as bytes: as 16 bits, or as floats at its own rate or at 16 kHz."""
        return any(one in content for one in self._exact)

    @cached_property
    def _exact(self) -> tuple[bytes, ...]:
        at_16_khz = soxr.resample(self.samples, self.rate_hz, 16_000).astype(np.float32)
        ints = np.round(self.samples * 32768.0).astype("<i2")
        forms = (ints, ints.astype(">i2"), self.samples.astype("<f4"), at_16_khz)
        return tuple(piece.tobytes() for form in forms for piece in _pieces(form))


def _pieces(samples: NDArray[np.generic]) -> Iterator[NDArray[np.generic]]:
    """Some short stretches of it: its beginning or end may have gone with a margin."""
    for part in (0.2, 0.5, 0.8):
        first = int(part * len(samples))
        yield samples[first : first + EXACT_SAMPLES]


Planted = PlantedNumber | PlantedSound


@dataclass(frozen=True)
class Hit:
    """What was found, and where; never the thing itself."""

    what: str
    where: str


def hits(planted: Sequence[Planted], content: bytes, where: str) -> list[Hit]:
    """Which of these are in the content."""
    return [Hit(one.name, where) for one in planted if one.is_in(content)]
