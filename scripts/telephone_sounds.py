"""Sounds of a telephone line, made by rule: hold music, ringing, dialled digits, tones, noise, and their levels.

What is built from them is known to the sample, needs no licence but ours, and comes out alike on every machine. The
sample call, the trial calls and the tests of hearing are built with it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Sound: TypeAlias = NDArray[np.float64]
"""(samples,) at `SAMPLE_RATE_HZ`, in [-1, 1] unless said otherwise."""

SAMPLE_RATE_HZ = 8000
FRAME_SAMPLES = SAMPLE_RATE_HZ // 100
SOUND_DBFS = -50.0
"""Between the noise of a line and the quietest sounds of speech at its usual level: louder than this is sound."""
SOFT_PEAK = 0.6
LINE_STEP = 8
"""A telephone line carries 13 bits at most (G.711, A-law): the three bits below would be noise that no line transmits,
and would add half again to the size of a file. The sum of two such tracks halves without rounding."""

KEYS_HZ = {  # of each key, its row and its column. Source: ITU-T Q.23
    key: (row_hz, column_hz)
    for row_hz, keys in ((697, "123"), (770, "456"), (852, "789"), (941, "*0#"))
    for column_hz, key in zip((1209, 1336, 1477), keys, strict=True)
}


# Levels ----------------------------------------------------------------------------------------------------------


def keep_telephone_band(sound: Sound) -> Sound:
    """Keep 300 to 3400 Hz, as a telephone line does: a windowed-sinc filter with 50 dB gone within about 100 Hz."""
    time = np.arange(-128, 129)
    high, low = (2 * edge_hz / SAMPLE_RATE_HZ for edge_hz in (3400, 300))
    kernel = (high * np.sinc(high * time) - low * np.sinc(low * time)) * np.hamming(time.size)
    return np.asarray(np.convolve(sound, kernel, mode="same"))


def measure_levels(sound: Sound) -> Sound:
    """The level of every 10 ms in dBFS: (frames,)."""
    frames = sound[: sound.size // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    return np.asarray(10 * np.log10(np.mean(frames**2, axis=1) + 1e-12))


def set_level(sound: Sound, level_dbfs: float) -> Sound:
    """Bring the frames that hold sound to this level on average; pauses inside an utterance do not count."""
    loud = measure_levels(sound)
    loud = loud[loud > loud.max() - 30]
    now_dbfs = 10 * np.log10(np.mean(10 ** (loud / 10)))
    return limit_peaks(change_level(sound, level_dbfs - now_dbfs))


def change_level(sound: Sound, by_db: float) -> Sound:
    """Louder or, below 0, fainter."""
    return np.asarray(sound * 10 ** (by_db / 20))


def limit_peaks(sound: Sound) -> Sound:
    """Bend what rises above `SOFT_PEAK` so that it stays below 0.9: clipped speech would sound broken."""
    over = np.maximum(np.abs(sound) - SOFT_PEAK, 0)
    room = 0.9 - SOFT_PEAK
    return np.asarray(np.sign(sound) * (np.minimum(np.abs(sound), SOFT_PEAK) + room * np.tanh(over / room)))


def find_sound(sound: Sound) -> tuple[int, int]:
    """The samples `[first, last)` outside of which there is only silence, to 10 ms."""
    loud = np.flatnonzero(measure_levels(sound) > SOUND_DBFS)
    return int(loud[0]) * FRAME_SAMPLES, int(loud[-1] + 1) * FRAME_SAMPLES


def add_at(track: Sound, sound: Sound, start: int, *, gain: float = 1.0) -> None:
    """Mix a sound into a track from this sample on, in place."""
    track[start : start + sound.size] += gain * sound


def fade(sound: Sound, *, length_s: float) -> Sound:
    """Faded in and out."""
    rise = np.minimum(1, np.arange(sound.size) / (length_s * SAMPLE_RATE_HZ))
    return sound * rise * rise[::-1]


# Music -----------------------------------------------------------------------------------------------------------


def pluck_note(pitch: int, length_s: float) -> Sound:
    """One note (a MIDI pitch) as a plucked string would give it: a few harmonics that die away, the high ones first."""
    time = np.arange(int(length_s * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    note_hz = 440 * 2 ** ((pitch - 69) / 12)
    harmonics = [
        np.sin(2 * np.pi * note_hz * number * time) * np.exp(-(1.5 + number) * time) / number**1.5
        for number in (1, 2, 3, 4)
        if note_hz * number < 3400
    ]
    return np.asarray(np.sum(harmonics, axis=0) * np.minimum(1, time / 0.01))


def bow_note(pitch: int, length_s: float) -> Sound:
    """The same note as a bowed string would give it: it swells, lasts and trembles, and so is closer to a voice."""
    time = np.arange(int(length_s * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    note_hz = 440 * 2 ** ((pitch - 69) / 12)
    phase = 2 * np.pi * note_hz * time + 0.08 * np.sin(2 * np.pi * 5.5 * time) * note_hz / 5.5 * 0.1
    harmonics = [np.sin(phase * number) / number for number in range(1, 9) if note_hz * number < 3400]
    return fade(np.asarray(np.sum(harmonics, axis=0)), length_s=0.15 * length_s) * 0.5


@dataclass(frozen=True)
class Tune:
    """A tune of our own: one note of `melody` a beat over broken `chords`, each chord for `bar` beats."""

    melody: tuple[int, ...]
    chords: tuple[tuple[int, int, int, int], ...]
    play: Callable[[int, float], Sound]
    beat_s: float = 0.5
    bar: int = 4


TUNES = {
    "stroll": Tune(
        melody=(76, 79, 84, 79, 76, 72, 69, 72, 77, 81, 84, 81, 79, 83, 86, 83),
        chords=((60, 64, 67, 72), (57, 60, 64, 69), (65, 69, 72, 77), (67, 71, 74, 79)),  # C, A minor, F, G
        play=pluck_note,
    ),
    "waltz": Tune(
        melody=(74, 78, 81, 83, 81, 78, 79, 78, 76, 74, 73, 71, 69, 73, 76, 79, 78, 76, 74, 69, 66, 62, 66, 69),
        chords=((62, 66, 69, 74), (55, 59, 62, 67), (57, 61, 64, 69), (62, 66, 69, 74)),  # D, G, A, D
        play=bow_note,
        beat_s=0.42,
        bar=6,
    ),
    "ballad": Tune(
        melody=(69, 72, 76, 74, 72, 71, 67, 71, 65, 69, 72, 71, 69, 68, 64, 68),
        chords=((57, 60, 64, 69), (55, 59, 62, 67), (53, 57, 60, 65), (52, 56, 59, 64)),  # A minor, G, F, E
        play=bow_note,
        beat_s=0.7,
    ),
    "skip": Tune(
        melody=(70, 74, 77, 82, 81, 77, 75, 74, 72, 75, 79, 84, 82, 79, 77, 74),
        chords=((58, 62, 65, 70), (63, 67, 70, 75), (60, 63, 67, 72), (65, 69, 72, 77)),  # B flat, E flat, C minor, F
        play=pluck_note,
        beat_s=0.36,
    ),
}


def play_hold_music(length_s: float, *, tune: str = "stroll") -> Sound:
    """One of `TUNES`, repeated until the hold ends, faded in and out."""
    played = TUNES[tune]
    music = np.zeros(int((length_s + 4) * SAMPLE_RATE_HZ))
    for beat in range(int(length_s / played.beat_s)):
        chord = played.chords[beat // played.bar % len(played.chords)]
        for half, pitch in ((0.0, chord[beat % 4]), (0.5, chord[(beat + 2) % 4])):
            at = int((beat + half) * played.beat_s * SAMPLE_RATE_HZ)
            add_at(music, played.play(pitch, 4 * played.beat_s), at, gain=0.6)
        note = played.play(played.melody[beat % len(played.melody)], 4 * played.beat_s)
        add_at(music, note, int(beat * played.beat_s * SAMPLE_RATE_HZ))
    return fade(music[: int(length_s * SAMPLE_RATE_HZ)], length_s=0.3)


# Signals and noise -----------------------------------------------------------------------------------------------


def make_tones(frequencies_hz: tuple[float, ...], length_s: float) -> Sound:
    """A few lasting tones, equally loud, with edges of 5 ms so that they do not click."""
    time = np.arange(round(length_s * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    tones = np.sum([np.sin(2 * np.pi * tone_hz * time) for tone_hz in frequencies_hz], axis=0)
    return fade(np.asarray(tones / len(frequencies_hz)), length_s=0.005)


def repeat_tones(frequencies_hz: tuple[float, ...], length_s: float, *, on_s: float, off_s: float) -> Sound:
    """Tones that come and go. The last one is cut where the time ends."""
    sound = np.zeros(round(length_s * SAMPLE_RATE_HZ))
    for start in range(0, sound.size, round((on_s + off_s) * SAMPLE_RATE_HZ)):
        length_left_s = (sound.size - start) / SAMPLE_RATE_HZ
        add_at(sound, make_tones(frequencies_hz, min(on_s, length_left_s)), start)
    return sound


def ring(length_s: float) -> Sound:
    """What the caller hears while the other telephone rings: the North American tone, 2 s of every 6."""
    return repeat_tones((440.0, 480.0), length_s, on_s=2.0, off_s=4.0)


def sound_busy(length_s: float) -> Sound:
    """The North American busy tone, which is also heard when the other side has hung up."""
    return repeat_tones((480.0, 620.0), length_s, on_s=0.5, off_s=0.5)


def dial(keys: str) -> Sound:
    """Touch tones (DTMF), 0.12 s each and 0.1 s apart, as a person presses them."""
    return np.concatenate([np.pad(make_tones(KEYS_HZ[key], 0.12), (0, SAMPLE_RATE_HZ // 10)) for key in keys])


def make_noise(samples: int, *, level_dbfs: float, seed: int) -> Sound:
    """Steady noise of a line, as loud as this over its whole length."""
    noise = keep_telephone_band(np.random.default_rng(seed).standard_normal(samples))
    return np.asarray(noise * 10 ** (level_dbfs / 20) / np.sqrt(np.mean(noise**2)))


def make_comfort_noise(length_s: float, *, level_dbfs: float, seed: int) -> Sound:
    """What a telephone plays while the other side sends nothing: deeper noise whose loudness steps up and down.

    Source: the shape follows ITU-T G.711 Appendix II, which sends a new level and spectrum now and then.
    """
    random = np.random.default_rng(seed)
    samples = round(length_s * SAMPLE_RATE_HZ)
    deep = np.convolve(random.standard_normal(samples + 8), np.ones(8) / 8, mode="valid")[:samples]
    steps_db = np.repeat(random.uniform(-4, 4, samples // (SAMPLE_RATE_HZ // 2) + 1), SAMPLE_RATE_HZ // 2)[:samples]
    noise = keep_telephone_band(deep * 10 ** (steps_db / 20))
    return np.asarray(noise * 10 ** (level_dbfs / 20) / np.sqrt(np.mean(noise**2)))


# What goes wrong on a line ---------------------------------------------------------------------------------------


def overdrive(sound: Sound, by_db: float) -> Sound:
    """Too loud for the line by this much: what does not fit is cut off at full scale."""
    return np.clip(change_level(sound, by_db), -1.0, 1.0)


def to_samples(tracks: Sequence[Sound]) -> NDArray[np.int16]:
    """Tracks of one length as a line carries them: (samples, tracks)."""
    steps = np.round(np.stack(tracks, axis=1) * 32768 / LINE_STEP)  # (samples, tracks)
    return np.asarray((steps * LINE_STEP).clip(-32768, 32768 - LINE_STEP), dtype=np.int16)


def leak(source: Sound, into: Sound, *, level_db: float, delay_s: float = 0.01) -> Sound:
    """A track as it sounds when another one, this much fainter and a little later, is heard on it too."""
    delay = round(delay_s * SAMPLE_RATE_HZ)
    return into + change_level(np.pad(source, (delay, 0))[: source.size], level_db)
