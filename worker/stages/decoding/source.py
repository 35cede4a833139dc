"""What a reader of recordings gives, whatever the format, and the bounds that hold for every one of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from worker.core.errors import BadRecording

Block: TypeAlias = NDArray[np.float32]
"""(frames, channels) float32, full scale at 1."""

MAX_CHANNELS = 8
MIN_RATE_HZ, MAX_RATE_HZ = 4_000, 192_000  # telephony is 8 to 96 kHz; a little beyond it is harmless
BLOCK_FRAMES = 1 << 16

SEND_AGAIN = "Nothing was changed. Send the recording again as WAV, FLAC, OGG, MP3 or M4A."


class Source(Protocol):
    """An open recording. ``truncated`` and ``damaged_s`` are known once all blocks were read."""

    name: str  # of the format, for people
    channels: int
    sample_rate_hz: int
    codec: str
    truncated: bool
    damaged_s: float

    def blocks(self) -> Iterator[Block]:
        """The sound in order, in blocks of any length."""
        ...

    def share_read(self) -> float:
        """How much of the file was read, 0 to 1."""
        ...

    def __enter__(self) -> Source: ...

    def __exit__(self, *error: object) -> None: ...


def check_shape(name: str, channels: int, rate_hz: int) -> None:
    """Raises BadRecording for a number of channels or a rate that no call has."""
    if not 1 <= channels <= MAX_CHANNELS:
        raise BadRecording(
            f"This {name} file says that it has {channels} channels; a recording here has 1 to {MAX_CHANNELS}. "
            f"{SEND_AGAIN}"
        )
    if not MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ:
        raise BadRecording(
            f"This {name} file says that it has {rate_hz} samples a second; sound here has "
            f"{MIN_RATE_HZ} to {MAX_RATE_HZ}. {SEND_AGAIN}"
        )
