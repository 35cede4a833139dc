"""Small recordings, every one different, and bytes that are none."""

from __future__ import annotations

import io
import struct
import wave
from random import Random

import numpy as np

RATE_HZ = 8000
SHORTEST_S, LONGEST_S = 1.0, 2.0


def recording(random: Random, *, size_bytes: int | None = None) -> bytes:
    """A WAV file of one or two seconds (or of so many bytes): two channels at 8 kHz, 16 bit, that take turns.

    A tone in bursts on either channel: the fakes hear numerals in it. No two are alike, as no two calls are.
    """
    seconds = random.uniform(SHORTEST_S, LONGEST_S)
    count = round(RATE_HZ * seconds) if size_bytes is None else (size_bytes - 44) // 4
    pitch_hz = random.randrange(200, 800)
    tone = 6000 * np.sin(2 * np.pi * pitch_hz / RATE_HZ * np.arange(count))  # (samples,)
    half = count // 2
    tracks = np.zeros((count, 2), dtype=np.int16)
    tracks[: half - RATE_HZ // 10, 0] = tone[: half - RATE_HZ // 10]
    tracks[half:, 1] = tone[half:]
    tracks[:4, 0] = [random.randrange(-30000, 30000) for _ in range(4)]  # told apart even at the same pitch
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(2)
        out.setframerate(RATE_HZ)
        out.writeframes(tracks.tobytes())
    return file.getvalue()


def broken(random: Random) -> bytes:
    """Bytes that arrive as a recording and hold no sound: each a way in which a telephony system fails."""
    noise = random.randbytes(random.randrange(500, 4000))
    kinds = (
        noise,
        b"<html><body>502 Bad Gateway</body></html>" + noise[:20].hex().encode(),  # a proxy's page
        b"RIFF" + struct.pack("<I", 36) + b"WAVEfmt " + noise[:20],  # cut off within its header
        b"fLaC" + noise,  # begins like one
        recording(random)[:44] + noise[:1],  # a header, and then nothing
    )
    return random.choice(kinds)
