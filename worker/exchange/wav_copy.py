"""The copy for listening as WAV, which every program reads: 16 bits at the copy's own rate and channels, no loss."""

from __future__ import annotations

import io
from pathlib import Path

from worker.core.errors import BrokenRecord

MEDIA_TYPE = "audio/x-wav"  # the one of the drafts' names for it that all readers know


def wav_of(copy: Path) -> bytes:
    """The samples of a listening copy (FLAC) as a WAV file. Raises BrokenRecord for what is no such copy."""
    import soundfile

    made = io.BytesIO()
    try:
        with soundfile.SoundFile(copy) as source:
            rate_hz, channels = source.samplerate, source.channels
            with soundfile.SoundFile(made, "w", rate_hz, channels, subtype="PCM_16", format="WAV") as to:
                for block in source.blocks(blocksize=rate_hz * 60, dtype="int16"):
                    to.write(block)
    except soundfile.SoundFileError as error:
        raise BrokenRecord("The copy for listening is not what was written. Let it be made again.") from error
    return made.getvalue()
