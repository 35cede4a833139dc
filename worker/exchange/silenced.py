"""The copy for listening without stretches that stay out: silence is written over them on every channel."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import soundfile

from worker.core.errors import BrokenRecord
from worker.core.sound import Interval

MARGIN_S = 0.15
"""So much before and after is silent too: the times of words are not exact to the letter."""

BLOCK_S = 30.0


def silence(copy: Path, to: Path, stretches: Iterable[Interval]) -> None:
    """Writes the FLAC of ``copy`` to ``to``, silent in these stretches; as long as before, sample for sample else.

    Raises BrokenRecord if the copy is no sound.
    """
    try:
        with soundfile.SoundFile(copy) as source:
            rate = source.samplerate
            places = [
                (max(0, int((one.start_s - MARGIN_S) * rate)), int((one.end_s + MARGIN_S) * rate) + 1)
                for one in stretches
            ]
            with soundfile.SoundFile(to, "w", rate, source.channels, format="FLAC", subtype=source.subtype) as target:
                at = 0
                for block in source.blocks(int(BLOCK_S * rate), dtype="int32", always_2d=True):  # (samples, channels)
                    for start, end in places:
                        block[max(0, start - at) : max(0, end - at)] = 0
                    target.write(block)
                    at += len(block)
    except soundfile.LibsndfileError as error:
        raise BrokenRecord("The copy for listening is no sound. Make it again from the recording.") from error
