"""Sounds and recordings made by rule for the tests of the stages that read them.

``speech`` is no speech to a person: syllables of one tone, which ``ToneDetector`` takes for somebody speaking.
``music`` is chords without that tone. So what a test says about speech and music holds exactly, with no model.
"""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import av
import numpy as np
import soundfile
from numpy.typing import NDArray

from worker.core.call import Recording
from worker.core.ports import MadeWith
from worker.core.sound import SAMPLE_RATE_HZ, Interval, RecordingFacts, Samples, Sound, Track

Array = NDArray[np.float32]

SPEECH_HZ = 1000.0


def level(db: float) -> float:
    """The amplitude that stands ``db`` decibels from full scale."""
    return float(10.0 ** (db / 20.0))


def silence(duration_s: float, *, rate_hz: int = SAMPLE_RATE_HZ) -> Array:
    return np.zeros(round(duration_s * rate_hz), np.float32)


def noise(duration_s: float, *, db: float, rate_hz: int = SAMPLE_RATE_HZ, seed: int = 1) -> Array:
    """White noise of that RMS level."""
    return np.random.default_rng(seed).normal(0.0, level(db), round(duration_s * rate_hz)).astype(np.float32)


def speech(duration_s: float, *, db: float = -20.0, rate_hz: int = SAMPLE_RATE_HZ, seed: int = 1) -> Array:
    """Syllables, four a second, of that RMS level; each a little different in loudness and breath."""
    random = np.random.default_rng(seed)
    time_s = np.arange(round(duration_s * rate_hz)) / rate_hz
    loudness = np.repeat(random.uniform(0.6, 1.0, round(duration_s * 4) + 1), rate_hz // 4)[: len(time_s)]
    syllables = loudness * (0.15 + np.abs(np.sin(np.pi * 4.0 * time_s)))
    voice = np.sin(2 * np.pi * SPEECH_HZ * time_s + random.uniform(0, 6)) + 0.5 * random.normal(size=len(time_s))
    return at_level(syllables * voice, db)


def music(duration_s: float, *, db: float = -20.0, rate_hz: int = SAMPLE_RATE_HZ) -> Array:
    """Chords that change every half second and fade a little before the next, none near the tone of speech."""
    time_s = np.arange(round(duration_s * rate_hz)) / rate_hz
    beat = (time_s * 2.0).astype(int)
    chords = np.array([[262.0, 330.0, 392.0], [220.0, 262.0, 330.0], [175.0, 220.0, 262.0], [196.0, 247.0, 294.0]])
    tones = chords[beat % 4]  # (samples, 3)
    wave = np.sin(2 * np.pi * tones * time_s[:, None]).sum(axis=1) * (1.0 - 0.5 * (time_s * 2.0 - beat))
    return at_level(wave, db)


def at_level(wave: NDArray[np.float64], db: float) -> Array:
    """The wave with that RMS level."""
    rms = float(np.sqrt(np.mean(np.square(wave)))) if len(wave) else 1.0
    return (wave * (level(db) / rms)).astype(np.float32)


class ToneDetector:
    """A voice detector for these sounds: hears the tone of ``speech`` and nothing else.

    Like the real one it is deaf to what is faint: below -45 dB of full scale it hears nothing.
    """

    made_with = MadeWith("tone detector", "1")

    def __init__(self) -> None:
        self.samples_heard = 0
        self.longest = 0

    def __call__(self) -> ToneDetector:
        """It is its own loader."""
        return self

    def find_speech(self, samples: Samples, *, sure: bool = False) -> tuple[Interval, ...]:
        track = np.asarray(samples, np.float32)
        self.samples_heard += len(track)
        self.longest = max(self.longest, len(track))
        step = SAMPLE_RATE_HZ // 50
        frames = track[: len(track) // step * step].reshape(-1, step)
        wave = np.exp(-2j * np.pi * SPEECH_HZ * np.arange(step) / SAMPLE_RATE_HZ).astype(np.complex64)
        tone = np.abs(frames @ wave) / step * np.sqrt(2.0)  # the RMS of the tone in each frame
        loudness = np.sqrt(np.square(frames).mean(axis=1)) + 1e-9
        heard = (tone > level(-45.0)) & (tone / loudness > 0.4)
        found: list[Interval] = []
        for index in np.flatnonzero(heard):
            start_s, end_s = index * 0.02, (index + 1) * 0.02
            if found and start_s - found[-1].end_s < 0.3:
                found[-1] = Interval(found[-1].start_s, end_s)
            else:
                found.append(Interval(start_s, end_s))
        return tuple(stretch for stretch in found if stretch.length_s >= 0.1)


def sound_of(*tracks: Array, folder: Path) -> Sound:
    """A decoded call with these tracks, filled up with silence to one length."""
    length = max(len(track) for track in tracks)
    made = []
    for channel, track in enumerate(tracks):
        samples = np.pad(track, (0, length - len(track))).astype(np.float32)
        path = folder / f"{channel}.f32"
        path.write_bytes(samples.tobytes())
        rms = float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))) if length else 0.0
        made.append(Track(channel, path, length, float(np.abs(samples).max(initial=0.0)), rms))
    return Sound(RecordingFacts(length / SAMPLE_RATE_HZ, len(tracks), SAMPLE_RATE_HZ, "pcm_f32le"), tuple(made))


def recording_of(data: bytes, *, folder: Path, file_name: str = "call.wav") -> Recording:
    """A recording of these bytes, kept as intake keeps it: under its hash, without a suffix."""
    sha256 = hashlib.sha256(data).hexdigest()
    path = folder / sha256
    path.write_bytes(data)
    return Recording(sha256, file_name, len(data), path)


def with_soundfile(tracks: Array, *, rate_hz: int, container: str, coding: str, endian: str = "FILE") -> bytes:
    """A file written by libsndfile; ``tracks`` is (samples,) or (samples, channels)."""
    file = io.BytesIO()
    soundfile.write(file, tracks, rate_hz, format=container, subtype=coding, endian=endian)
    return file.getvalue()


def with_ffmpeg(
    track: Array, *, rate_hz: int, container: str, coding: str, gaps_s: dict[float, float] | None = None
) -> bytes:
    """A mono file written by FFmpeg's libraries. ``gaps_s``: at which second the clock jumps ahead, and how far."""
    file = io.BytesIO()
    with av.open(file, mode="w", format=container) as output:
        stream = output.add_stream(coding, rate=rate_hz, layout="mono")
        assert isinstance(stream, av.AudioStream)
        formats = stream.codec_context.codec.audio_formats
        assert formats is not None
        resampler = av.AudioResampler(format=formats[0].name, layout="mono", rate=rate_hz)
        step = rate_hz // 50
        jumps = dict(gaps_s or {})
        ahead = 0
        for first in range(0, len(track) - step + 1, step):
            for at_s in [at_s for at_s in jumps if first / rate_hz >= at_s]:
                ahead += round(jumps.pop(at_s) * rate_hz)
            frame = av.AudioFrame.from_ndarray(track[None, first : first + step], format="fltp", layout="mono")
            frame.sample_rate, frame.pts = rate_hz, first + ahead
            for part in resampler.resample(frame):
                output.mux(stream.encode(part))
        output.mux(stream.encode(None))
    return file.getvalue()
