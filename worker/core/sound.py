"""The sound of a call: what its recording is, and its channels as samples that a stage can read piece by piece.

Samples lie in a scratch file and are mapped into memory, so a four-hour call costs disk and not memory. They are handed
out as a ``memoryview`` of C floats: the standard library carries it, and ``numpy.asarray`` and ``torch`` read it
without a copy, so this module needs neither.
"""

from __future__ import annotations

import mmap
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from worker.core.call import Party

SAMPLE_RATE_HZ = 16_000
BYTES_PER_SAMPLE = 4  # one C float

Samples: TypeAlias = "memoryview[float]"
"""(samples,) float32 in [-1, 1] at 16 kHz, one channel."""


@dataclass(frozen=True, order=True)
class Interval:
    """A half-open stretch of the call, ``[start_s, end_s)``, in seconds from its first sample."""

    start_s: float
    end_s: float

    @property
    def length_s(self) -> float:
        """Seconds from start to end."""
        return self.end_s - self.start_s

    def overlap_s(self, other: Interval) -> float:
        """Seconds that both stretches share; 0 where they only touch."""
        return max(0.0, min(self.end_s, other.end_s) - max(self.start_s, other.start_s))


def clock(seconds: float) -> str:
    """A point in a call: 2:05, or 1:02:05 past an hour."""
    minutes, whole_s = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{whole_s:02}" if hours else f"{minutes}:{whole_s:02}"


@dataclass(frozen=True)
class RecordingFacts:
    """What the recording is, as its bytes say and not as its name or header claims.

    ``codec`` is the name of the coding, in lower case (``pcm_s16le``, ``pcm_mulaw``, ``flac``, ``mp3`` ...).
    """

    duration_s: float
    channels: int
    sample_rate_hz: int
    codec: str


@dataclass(frozen=True)
class Track:
    """One channel, resampled to 16 kHz, in a raw scratch file of native float32.

    ``peak`` and ``rms`` are linear levels of the whole track; a track that is all zero has both 0.
    """

    channel: int
    path: Path
    sample_count: int
    peak: float
    rms: float

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.sample_count / SAMPLE_RATE_HZ

    def samples(self, stretch: Interval | None = None) -> Samples:
        """The samples of a stretch (the whole track if None), clamped to the track; shape (samples,), read-only.

        The view keeps the file mapped until it is let go. Raises FileNotFoundError if the scratch file is gone.
        """
        first, last = 0, self.sample_count
        if stretch is not None:
            first = min(max(0, round(stretch.start_s * SAMPLE_RATE_HZ)), self.sample_count)
            last = min(max(first, round(stretch.end_s * SAMPLE_RATE_HZ)), self.sample_count)
        if last == first:  # a mapping cannot be empty
            return memoryview(b"").cast("f")
        with self.path.open("rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        return memoryview(mapped)[first * BYTES_PER_SAMPLE : last * BYTES_PER_SAMPLE].cast("f")


def let_go(samples: Samples) -> None:
    """Gives back the memory of a mapped track that was read so far; what is read again comes from its file again.

    The pages of a mapping that were read count as this process's memory: 230 MB an hour.
    """
    if isinstance(samples.obj, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        samples.obj.madvise(mmap.MADV_DONTNEED)


@dataclass(frozen=True)
class PlacedLeg:
    """Where one recording of the call lies in its sound.

    ``number`` counts the recordings from 1, in the order in which they are given. ``tracks`` says for each of its
    channels on which track it lies. ``after_s`` is how long after the end of what stands before it it began, by the
    clocks of those who recorded: less than 0 where it began earlier, None where that is not known.
    """

    number: int
    start_s: float
    duration_s: float
    tracks: tuple[int, ...]
    after_s: float | None = None
    truncated: bool = False

    @property
    def end_s(self) -> float:
        """Where it ends in the sound of the call."""
        return self.start_s + self.duration_s


@dataclass(frozen=True)
class Legs:
    """How the sound of a call was put together of several recordings; ``placed`` stand in the order of their start.

    ``mixed_tracks`` carry recordings that have everybody on one channel, beside others in which each party has one.
    ``party_of_track`` is what the senders said of the channels that lie there.
    """

    placed: tuple[PlacedLeg, ...]
    mixed_tracks: tuple[int, ...] = ()
    party_of_track: dict[int, Party] = field(default_factory=dict)


@dataclass(frozen=True)
class Sound:
    """The decoded call: its facts and one track per channel, all of one length.

    ``truncated`` and ``damaged_s`` are about the file of a call that has one recording, and are summed up of several.
    ``legs`` is None where there is one recording.
    """

    facts: RecordingFacts
    tracks: tuple[Track, ...]
    truncated: bool = False  # the file ended before its header said it would; what was there is used
    damaged_s: float = 0.0  # seconds within it that could not be read; silence stands in their place
    legs: Legs | None = None
