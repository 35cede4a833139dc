"""The copy that pages play: the call's own channels as FLAC, which every browser plays and can seek in exactly.

The recording itself may be in a coding that no browser knows (GSM, A-law, AMR). It stays untouched as the evidence;
this is made from the decoded sound, for listening, and can be made again at any time.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
import soxr

from worker.core.errors import Unavailable
from worker.core.sound import SAMPLE_RATE_HZ, Interval, Sound

BLOCK_S = 60.0
FULL_SCALE = 32767 / 32768


def write_listening_copy(sound: Sound, to: Path) -> None:
    """Writes all channels to a 16-bit FLAC file, at the recording's own rate where that is below 16 kHz.

    Raises Unavailable if the disk is full or cannot be written.
    """
    try:
        _write(sound, to)
    except (OSError, soundfile.SoundFileError) as error:
        raise Unavailable("The copy for listening cannot be written. Is the scratch disk full?") from error


def _write(sound: Sound, to: Path) -> None:
    rate_hz = min(SAMPLE_RATE_HZ, sound.facts.sample_rate_hz)
    channels = len(sound.tracks)
    resampler = soxr.ResampleStream(SAMPLE_RATE_HZ, rate_hz, channels, dtype="float32")
    duration_s = max(track.duration_s for track in sound.tracks)
    with soundfile.SoundFile(to, "w", rate_hz, channels, subtype="PCM_16", format="FLAC") as file:
        start_s = 0.0
        while start_s < duration_s:
            block = Interval(start_s, start_s + BLOCK_S)
            start_s = block.end_s
            samples = np.stack([np.asarray(track.samples(block)) for track in sound.tracks], axis=1)
            # (samples, channels)
            if rate_hz != SAMPLE_RATE_HZ:
                samples = resampler.resample_chunk(samples, last=start_s >= duration_s)
            file.write(np.clip(samples, -1.0, FULL_SCALE))
