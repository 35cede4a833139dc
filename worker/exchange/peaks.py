"""How loud a call is from end to end, track by track: what a page draws it from without decoding an hour of sound."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import soundfile

from worker.core.errors import BrokenRecord

POINTS = 1200
"""So many a track: about one for each point across a wide screen."""

LOUDEST = 100
BLOCK_FRAMES = 1 << 20


def peaks_of(copy: Path) -> bytes:
    """JSON with ``duration_s`` and ``peaks``: for each track up to ``POINTS`` whole numbers from 0 to ``LOUDEST``, the
    loudest sample of each stretch, the stretches of equal length.

    Raises BrokenRecord for a file that is no sound.
    """
    try:
        with soundfile.SoundFile(copy) as file:
            frames, rate_hz = file.frames, file.samplerate
            found = np.zeros((min(POINTS, frames), file.channels), dtype=np.float32)  # (points, tracks)
            start = 0
            for block in file.blocks(BLOCK_FRAMES, dtype="float32", always_2d=True):  # (frames, tracks)
                points = np.arange(start, start + len(block)) * len(found) // frames  # (frames,), never falling
                begins = np.flatnonzero(np.diff(points, prepend=-1))
                reached = points[begins]
                found[reached] = np.maximum(found[reached], np.maximum.reduceat(np.abs(block), begins))
                start += len(block)
    except (soundfile.SoundFileError, ValueError) as error:
        raise BrokenRecord("The copy for listening is not sound that can be read.") from error
    loudness = np.rint(np.minimum(found, 1.0) * LOUDEST).astype(int)
    body = {"duration_s": round(frames / rate_hz, 3) if frames else 0.0, "peaks": loudness.T.tolist()}
    return json.dumps(body, separators=(",", ":")).encode()
