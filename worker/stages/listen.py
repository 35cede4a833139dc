"""The second stage: what kind of sound lies where, before anything is taken for words.

1. Every track is measured in frames of 32 ms: how loud, and how much like noise or like tones.
2. Tracks are compared in pairs: do they carry one sound, and does one leak into the other?
3. A voice detector hears each track, its level evened out so that a quiet party is not cut away.
4. Speech that is only the leak of a louder track is taken from the track it leaked into.
5. Lasting tones that are not speech are music; where somebody waits to them, or in silence, is a hold.

All is decided by level, tones and likeness; who speaks is for later stages. Sound passes through in windows and a frame
costs a few bytes, so a call of many hours needs little memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from worker.core.listening import Intervals, joined, longer, music_holds, silent_holds, without
from worker.core.ports import Load, Progress, VoiceDetector, part_of
from worker.core.sound import SAMPLE_RATE_HZ, Interval, Sound, Track
from worker.core.transcript import CallWarning, Code, Hold, Layout, Listening, SoundKind, Stretch

Floats: TypeAlias = NDArray[np.float32]
Mask: TypeAlias = NDArray[np.bool_]
"""(frames,): what holds for each frame of a track."""

FRAME = 512
FRAME_S = FRAME / SAMPLE_RATE_HZ
WINDOW_FRAMES = 9_000
"""Sound is read this much at a time: 288 s, 18 MB."""
OVERLAP_FRAMES = 200
"""What the detector hears of the neighbouring windows, so that no speech is cut between two."""

# Levels. Those of a line lie between -80 and -45 dB of full scale; speech and music at about -20, a faint party at -50.
LOWEST_DB, HIGHEST_FLOOR_DB = -80.0, -45.0
"""Limits for the noise of a line: a call that is all music shows no noise to measure."""
SILENT_TRACK_DB = -65.0
"""A track whose loudest half second is fainter carries nobody."""
FULL_SCALE, CLIPPED_SHARE = 0.99, 0.001
"""Loud speech touches full scale in a few samples; distorted speech in more than one of a thousand."""

# Hearing. The steps of the second hearing are what Silero needs: it still hears speech after 2 s of music, not after 5.
RAISED_TO_DB, RAISED_NOISE_DB, LEVEL_REACH_S = -22.0, -52.0, 1.5
"""Quiet sound is raised until the loudest within that time on either side is as loud as ordinary speech, but never so
far that the noise of its line would be heard as breath."""
AGAIN_FRAMES, AGAIN_STEP_FRAMES = 188, 63  # 6 s, from every 2 s
AGAIN_S, AGAIN_GAP_S = 0.8, 1.0
SURE_S = 1.6
"""Longer than what a fresh detector takes for speech in music by mistake (about 1 s, every few minutes)."""

# Two tracks. Levels and likeness are those of windows of 0.75 s, at the best lag of up to a quarter of a second.
COMPARED_S, LONGEST_LAG_S = 0.75, 0.25
CLEARLY_DB = 15.0
"""So far above the noise of its line, something sounds on a track."""
SAME_SOUND = 0.85
"""How alike two tracks with one sound are: 1 for a copy whatever its loudness, 0.9 for one with noise 7 dB below."""
UNLIKE, OTHER_GAIN_DB, MAX_UNLIKE_SHARE = 0.4, 10.0, 0.02
"""Two unrelated voices are 0.1 to 0.3 alike. A copy may have a few windows that a lost packet spoilt."""
LEAK_LIKENESS, LEAK_BELOW_DB, MIN_LEAK_SHARE, MIN_LEAK_WINDOWS = 0.6, 8.0, 0.3, 3
LEAK_MARGIN_DB, LEAK_LAG_FRAMES, OWN_ABOVE_NOISE_DB = 6.0, 4, 6.0
ONSET_REACH_S, ONSET_GAP_S, ONSET_MARGIN_S = 1.0, 0.3, 0.1
MIN_OWN_SPEECH_S, SPEECH_GAP_S, SPEECH_MARGIN_S = 0.15, 0.4, 0.2

# Music. Tones are looked for where a telephone carries them.
LOWEST_HZ, HIGHEST_HZ, STEADY_FRAMES, AROUND_BINS = 200, 3400, 4, 8
MUSIC_ABOVE_NOISE_DB, LOWEST_MUSIC_DB = 8.0, -55.0
TONAL_DB, TONAL_SHARE, MUSIC_REACH_S = 1.2, 0.4, 1.0
"""Nine of ten frames of hold music have more, through AMR too; white noise has 0.2, the hum of a room up to 2."""
MIN_MUSIC_S, MUSIC_GAP_S, BEAT_GAP_S, EDGE_S = 3.0, 2.0, 0.5, 2.0


def listen(sound: Sound, *, voice_detector: Load[VoiceDetector], progress: Progress) -> Listening:
    """Kinds of sound on each heard track, holds, and how the parties lie on the tracks.

    The stretches of a heard track cover it from start to end. A call in which nobody speaks is an ordinary result, with
    a warning. At least one channel is heard, so that later stages need not ask.
    """
    measures = [_measure(track) for track in sound.tracks]
    progress(0.1)
    parts = _parts(sound, measures)
    progress(0.2)

    found: dict[int, Intervals] = {}
    detector = voice_detector()
    for number, channel in enumerate(parts.heard):
        share = 0.8 / len(parts.heard)
        found[channel] = _find_speech(
            sound.tracks[channel],
            measures[channel],
            detector,
            progress=part_of(progress, start=0.2 + number * share, share=share),
        )

    speech: dict[int, Intervals] = {}
    music: dict[int, Intervals] = {}
    for channel in parts.heard:
        own = _own_sound(channel, measures, parts.leaks)
        leaked_into = any(into == channel for _, into in parts.leaks)
        speech[channel] = _kept(found[channel], own) if leaked_into else found[channel]
        music[channel] = _music(measures[channel], own, speech[channel])
    duration_s = sound.tracks[0].duration_s
    warnings = (*parts.warnings, *_about_what_is_heard(speech, measures))
    progress(1.0)
    return Listening(
        layout=parts.layout,
        heard_channels=parts.heard,
        stretches=tuple(
            stretch
            for channel in parts.heard
            for stretch in _stretches(channel, speech[channel], music[channel], duration_s)
        ),
        holds=_holds(speech, music, duration_s),
        warnings=warnings,
    )


# 1. Measures -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Measure:
    """One track in frames. ``level_db`` and ``tones_db`` are (frames,); ``floor_db`` is the noise of its line.

    ``tones_db`` is by how much steady tones stand out of the spectrum around them: about 0 in noise, 2 to 10 in music.
    """

    level_db: Floats
    tones_db: Floats
    floor_db: float
    loudest_db: float  # of its loudest half second, wherever its frames lie
    clipped_share: float


def _measure(track: Track) -> _Measure:
    levels, tones = [], []
    clipped = 0
    for samples in _windows(track):
        clipped += int(np.count_nonzero(np.abs(samples) >= FULL_SCALE))
        frames = np.pad(samples, (0, -len(samples) % FRAME)).reshape(-1, FRAME)
        levels.append(_db(np.square(frames).mean(axis=1)))
        tones.append(_tones_db(frames))
    level_db = np.concatenate(levels)
    half_second = min(len(level_db), round(0.5 / FRAME_S))
    return _Measure(
        level_db=level_db,
        tones_db=np.concatenate(tones),
        floor_db=float(np.clip(np.percentile(level_db, 10), LOWEST_DB, HIGHEST_FLOOR_DB)),
        loudest_db=float(np.partition(level_db, -half_second)[-half_second]),
        clipped_share=clipped / track.sample_count,
    )


def _tones_db(frames: Floats) -> Floats:
    """(frames, samples) to (frames,). Averaged over a quarter of a second, noise becomes smooth and a tone stays."""
    lowest, highest = (hz * FRAME // SAMPLE_RATE_HZ for hz in (LOWEST_HZ, HIGHEST_HZ))
    shape = np.hanning(FRAME).astype(np.float32)
    power = np.square(np.abs(np.fft.rfft(frames * shape)))[:, lowest:highest]  # (frames, bins)
    steady = _mean_around(power, reach=STEADY_FRAMES) + np.float32(1e-9)
    around = _mean_around(steady.T, reach=AROUND_BINS).T
    return np.asarray(-_db(steady / around).mean(axis=1), dtype=np.float32)


def _windows(track: Track) -> Iterator[Floats]:
    samples = np.asarray(track.samples(), dtype=np.float32)  # mapped, not read
    for first in range(0, len(samples), WINDOW_FRAMES * FRAME):
        yield samples[first : first + WINDOW_FRAMES * FRAME]


def _db(power: Floats) -> Floats:
    return np.asarray(10.0 * np.log10(power + np.float32(1e-12)), dtype=np.float32)


# 2. How the parties lie on the tracks ----------------------------------------------------------------------------


@dataclass(frozen=True)
class _Parts:
    """Which tracks are heard, and by how many dB the first track of a pair leaks into the second."""

    layout: Layout
    heard: tuple[int, ...]
    leaks: Mapping[tuple[int, int], float]
    warnings: tuple[CallWarning, ...]


def _parts(sound: Sound, measures: Sequence[_Measure]) -> _Parts:
    loudest_first = sorted(range(len(measures)), key=lambda channel: (-sound.tracks[channel].rms, channel))
    audible = [channel for channel in loudest_first if measures[channel].loudest_db > SILENT_TRACK_DB]
    if not audible:
        return _Parts(Layout.MIXED, (loudest_first[0],), {}, ())
    warnings = [
        CallWarning(
            Code.SILENT_TRACK,
            f"Nothing is heard on track {channel}. If somebody should be, look at how the call was recorded.",
        )
        for channel in range(len(measures))
        if channel not in audible
    ]
    heard: list[int] = []
    leaks: dict[tuple[int, int], float] = {}
    for channel in audible:
        pairs = {other: _compare(sound.tracks[other], sound.tracks[channel]) for other in heard}
        floor_db = measures[channel].floor_db
        copied = next(
            (other for other, pair in pairs.items() if pair.is_one_sound(measures[other].floor_db, floor_db)), None
        )
        if copied is not None:
            warnings.append(
                CallWarning(
                    Code.SAME_SOUND,
                    f"Tracks {min(copied, channel)} and {max(copied, channel)} carry the same sound. "
                    f"Only the louder one, track {copied}, was listened to.",
                )
            )
            continue
        for other, pair in pairs.items():
            for source, into, seen in ((other, channel, pair), (channel, other, pair.turned())):
                leak_db = seen.leak_db(measures[source].floor_db)
                if leak_db is not None:
                    leaks[source, into] = leak_db
        heard.append(channel)
    layout = Layout.TRACK_PER_PARTY if len(heard) > 1 else Layout.MIXED
    return _Parts(layout, tuple(sorted(heard)), leaks, tuple(warnings))


@dataclass(frozen=True)
class _Pair:
    """Two tracks, compared window by window: (windows,) each.

    ``alike`` is the correlation of a window at its best lag, 0 to 1; powers are mean squares.
    """

    alike: Floats
    power_a: Floats
    power_b: Floats

    def turned(self) -> _Pair:
        return _Pair(self.alike, self.power_b, self.power_a)

    def is_one_sound(self, floor_a_db: float, floor_b_db: float) -> bool:
        """Whether both tracks carry the same at one gain, all the time.

        Most of the sound being alike is not enough: a faint party is a small part of a track on which a loud one leaks,
        and would be lost with it. So wherever either track sounds, the other must have it too, about as much louder or
        fainter as everywhere.
        """
        powers = np.sqrt(self.power_a * self.power_b)
        both = np.sqrt(self.power_a.sum(dtype=np.float64) * self.power_b.sum(dtype=np.float64))
        if both == 0.0 or (self.alike * powers).sum(dtype=np.float64) < SAME_SOUND * both:
            return False
        level_a, level_b = _db(self.power_a), _db(self.power_b)
        sounds = (level_a > floor_a_db + CLEARLY_DB) | (level_b > floor_b_db + CLEARLY_DB)
        if not sounds.any():
            return True
        gain_db = level_b - level_a
        differs = (self.alike < UNLIKE) | (np.abs(gain_db - np.median(gain_db[sounds])) > OTHER_GAIN_DB)
        return bool((sounds & differs).sum() <= MAX_UNLIKE_SHARE * sounds.sum())

    def leak_db(self, floor_a_db: float) -> float | None:
        """How loud ``a`` is on ``b``, in dB to its own level; None where ``b`` is no fainter copy of it.

        Heard where ``a`` is much louder: of these windows a good part must be alike, though noise and the other party
        are on ``b`` too.
        """
        level_a, level_b = _db(self.power_a), _db(self.power_b)
        a_speaks = (level_a > floor_a_db + CLEARLY_DB) & (level_a > level_b + LEAK_BELOW_DB)
        leaking = a_speaks & (self.alike >= LEAK_LIKENESS)
        if leaking.sum() < max(MIN_LEAK_WINDOWS, MIN_LEAK_SHARE * a_speaks.sum()):
            return None
        return float(np.median(level_b[leaking] - level_a[leaking]))


def _compare(a: Track, b: Track) -> _Pair:
    samples_a, samples_b = (np.asarray(track.samples(), dtype=np.float32) for track in (a, b))
    length = round(COMPARED_S * SAMPLE_RATE_HZ)
    lag = round(LONGEST_LAG_S * SAMPLE_RATE_HZ)
    count = max(1, len(samples_a) // length)
    size = 1 << (length + lag - 1).bit_length()  # room for the lag on either side without wrapping
    alike, powers_a, powers_b = [], [], []
    for number in range(count):
        part_a = samples_a[number * length : (number + 1) * length]
        part_b = samples_b[number * length : (number + 1) * length]
        power_a, power_b = float(np.square(part_a).mean()), float(np.square(part_b).mean())
        together = np.fft.irfft(np.fft.rfft(part_a, size) * np.conj(np.fft.rfft(part_b, size)), size)
        best = float(np.abs(np.concatenate((together[: lag + 1], together[-lag:]))).max())
        both = len(part_a) * float(np.sqrt(power_a * power_b))
        alike.append(min(1.0, best / both) if both else 0.0)
        powers_a.append(power_a)
        powers_b.append(power_b)
    return _Pair(*(np.array(values, dtype=np.float32) for values in (alike, powers_a, powers_b)))


# 3. Speech as the detector hears it ------------------------------------------------------------------------------


def _find_speech(track: Track, measure: _Measure, detector: VoiceDetector, *, progress: Progress) -> Intervals:
    """Speech on one track, heard twice: a detector that has heard music for long is deaf to the speech after it.

    (Silero needs 3 s to hear again after 5 s of music, and more than 20 after 30.) So what sounds and was not taken for
    speech is heard again in short windows, each from a fresh start.
    """
    evened = _Evened(track, measure)
    frame_count = len(measure.level_db)
    found: list[Interval] = []
    for first in range(0, frame_count, WINDOW_FRAMES):
        last = min(frame_count, first + WINDOW_FRAMES)
        heard = _hear(detector, evened, first - OVERLAP_FRAMES, last + OVERLAP_FRAMES)
        found.extend(_within(Interval(first * FRAME_S, last * FRAME_S), heard))
        progress(0.6 * last / frame_count)

    sounding = measure.level_db > measure.floor_db + MUSIC_ABOVE_NOISE_DB
    missed = _intervals(sounding & ~_mask(joined(found), frame_count))
    doubtful = longer(joined(missed, gap_s=AGAIN_GAP_S), than_s=AGAIN_S)
    again: list[Interval] = []
    for number, stretch in enumerate(doubtful):
        first, last = round(stretch.start_s / FRAME_S), round(stretch.end_s / FRAME_S)
        for start in range(first - AGAIN_STEP_FRAMES // 2, last, AGAIN_STEP_FRAMES):
            again.extend(_hear(detector, evened, start, min(last, start + AGAIN_FRAMES)))
        progress(0.6 + 0.4 * number / len(doubtful))
    # A fresh start makes it take a second of music for speech now and then; speech that was missed is longer, or goes
    # on as speech that was not.
    heard_at_once = _mask(joined(found), frame_count)
    sure = [
        stretch
        for stretch in joined(_within(Interval(0.0, track.duration_s), [*found, *again]), gap_s=SPEECH_GAP_S)
        if stretch.length_s >= SURE_S or heard_at_once[_frames_of(stretch)].any()
    ]
    return joined((_from_its_onset(stretch, sounding) for stretch in sure), gap_s=SPEECH_GAP_S)


def _from_its_onset(stretch: Interval, sounding: Mask) -> Interval:
    """The stretch from where the sound that leads into it begins.

    The detector wakes late: an "I'm" or a "thank you" before it does is lost with its sentence's first word. Sound that
    began longer ago than a few words take is something else, such as music, and is left out.
    """
    gap = round(ONSET_GAP_S / FRAME_S)
    first = int(stretch.start_s / FRAME_S)
    earliest = max(0, first - round(ONSET_REACH_S / FRAME_S) - gap)
    loud = np.flatnonzero(sounding[earliest:first]) + earliest
    onset = first
    for frame in loud[::-1].tolist():
        if onset - frame > gap + 1:
            break
        onset = frame
    if onset - earliest <= gap and earliest > 0:
        return stretch
    return Interval(min(stretch.start_s, max(0.0, onset * FRAME_S - ONSET_MARGIN_S)), stretch.end_s)


def _hear(detector: VoiceDetector, evened: _Evened, first: int, last: int) -> Intervals:
    """Speech within frames ``first`` to ``last``, clamped to the track, at its times on the track."""
    first = max(0, first)
    start_s = first * FRAME_S
    found = detector.find_speech(evened.frames(first, last).data.cast("B").cast("f"))
    return tuple(Interval(stretch.start_s + start_s, stretch.end_s + start_s) for stretch in found)


def _within(limits: Interval, stretches: Iterable[Interval]) -> Intervals:
    return tuple(
        Interval(max(limits.start_s, stretch.start_s), min(limits.end_s, stretch.end_s))
        for stretch in stretches
        if limits.overlap_s(stretch) > 0.0
    )


class _Evened:
    """A track with what is quiet in it raised, piece by piece."""

    def __init__(self, track: Track, measure: _Measure) -> None:
        self._samples = np.asarray(track.samples(), dtype=np.float32)
        self._gain_db = _gain_db(measure)
        self._at_frame = np.arange(len(self._gain_db)) + 0.5

    def frames(self, first: int, last: int) -> Floats:
        """The samples of frames ``first`` to ``last``, clamped to the track."""
        start, end = first * FRAME, min(len(self._samples), last * FRAME)
        gain_db = np.interp(np.arange(start, end) / FRAME, self._at_frame, self._gain_db)
        raised = self._samples[start:end] * np.power(10.0, gain_db / 20.0)
        return np.asarray(np.clip(raised, -1.0, 1.0), dtype=np.float32)


def _gain_db(measure: _Measure) -> Floats:
    """By how much each frame is raised: what is quiet around it, up to where the noise of the line becomes heard."""
    level_db = _db(_mean_around(np.power(10.0, measure.level_db / 10.0), reach=2))
    around_db = _max_around(level_db, reach=round(LEVEL_REACH_S / FRAME_S))
    highest_db = max(0.0, RAISED_NOISE_DB - measure.floor_db)
    return np.asarray(np.clip(RAISED_TO_DB - around_db, 0.0, highest_db), dtype=np.float32)


def _mean_around(values: Floats, *, reach: int) -> Floats:
    """The mean of each value and its ``reach`` neighbours on either side along the first axis; fewer at the ends."""
    total = np.concatenate((np.zeros_like(values[:1], dtype=np.float64), np.cumsum(values, axis=0, dtype=np.float64)))
    index = np.arange(len(values))
    first, last = np.maximum(0, index - reach), np.minimum(len(values), index + reach + 1)
    counts = (last - first).reshape(-1, *[1] * (values.ndim - 1))
    return np.asarray((total[last] - total[first]) / counts, dtype=np.float32)


def _max_around(values: Floats, *, reach: int) -> Floats:
    padded = np.pad(values, reach, constant_values=-np.inf)
    return np.asarray(np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).max(axis=1), dtype=np.float32)


# 4. What is a track's own ----------------------------------------------------------------------------------------


def _own_sound(channel: int, measures: Sequence[_Measure], leaks: Mapping[tuple[int, int], float]) -> Mask:
    """Frames on which a track is louder than its noise and than what other tracks leak into it."""
    power = _mean_around(np.power(10.0, measures[channel].level_db / 10.0), reach=2)
    own = _db(power) > measures[channel].floor_db + OWN_ABOVE_NOISE_DB
    for (source, into), leak_db in leaks.items():
        if into == channel:
            source_power = _mean_around(np.power(10.0, measures[source].level_db / 10.0), reach=2)
            source_db = _max_around(_db(source_power), reach=LEAK_LAG_FRAMES)
            own &= _db(power) > source_db + leak_db + LEAK_MARGIN_DB
    return own


def _kept(found: Intervals, own: Mask) -> Intervals:
    """The speech that is the track's own, with a margin for its soft ends, and never more than was found."""
    kept = []
    for stretch in found:
        frames = _frames_of(stretch)
        pieces = joined(_intervals(own[frames], first=frames.start), gap_s=SPEECH_GAP_S)
        for piece in longer(pieces, than_s=MIN_OWN_SPEECH_S):
            start_s = max(stretch.start_s, piece.start_s - SPEECH_MARGIN_S)
            kept.append(Interval(start_s, min(stretch.end_s, piece.end_s + SPEECH_MARGIN_S)))
    return joined(kept)


def _mask(stretches: Intervals, frame_count: int) -> Mask:
    mask = np.zeros(frame_count, dtype=np.bool_)
    for stretch in stretches:
        mask[_frames_of(stretch)] = True
    return mask


def _frames_of(stretch: Interval) -> slice:
    return slice(int(stretch.start_s / FRAME_S), int(np.ceil(stretch.end_s / FRAME_S)))


def _intervals(mask: Mask, *, first: int = 0) -> Intervals:
    """Where a mask holds; ``first`` is the frame with which it begins."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])))) + first
    return tuple(Interval(start * FRAME_S, end * FRAME_S) for start, end in edges.reshape(-1, 2).tolist())


# 5. Music and holds ----------------------------------------------------------------------------------------------


def _music(measure: _Measure, own: Mask, speech: Intervals) -> Intervals:
    """Where tones last, speech left out.

    A frame counts by what many of the frames around it are, since music has rests and drums. To what is found so,
    sound that adjoins it is added: a beat before the first tone is music too.
    """
    lowest_db = max(LOWEST_MUSIC_DB, measure.floor_db + MUSIC_ABOVE_NOISE_DB)
    unspoken = ~_mask(speech, len(own))
    sounding = unspoken & own & (measure.level_db > lowest_db)
    tonal = sounding & (measure.tones_db > TONAL_DB)
    reach = round(MUSIC_REACH_S / FRAME_S)
    share = _mean_around(tonal.astype(np.float32), reach=reach)
    of = _mean_around(unspoken.astype(np.float32), reach=reach)
    core = _intervals(unspoken & (share >= TONAL_SHARE * of))
    edges = [
        Interval(max(run.start_s, piece.start_s - EDGE_S), min(run.end_s, piece.end_s + EDGE_S))
        for run in joined(_intervals(sounding), gap_s=BEAT_GAP_S)
        for piece in core
        if run.overlap_s(piece)
    ]
    return longer(without(joined([*core, *edges], gap_s=MUSIC_GAP_S), speech), than_s=MIN_MUSIC_S)


def _stretches(channel: int, speech: Intervals, music: Intervals, duration_s: float) -> list[Stretch]:
    kinds = [*((stretch, SoundKind.SPEECH) for stretch in speech), *((stretch, SoundKind.MUSIC) for stretch in music)]
    silence = without((Interval(0.0, duration_s),), joined(stretch for stretch, _ in kinds))
    kinds.extend((stretch, SoundKind.SILENCE) for stretch in silence)
    return [Stretch(channel, kind, stretch.start_s, stretch.end_s) for stretch, kind in sorted(kinds)]


def _holds(speech: Mapping[int, Intervals], music: Mapping[int, Intervals], duration_s: float) -> tuple[Hold, ...]:
    holds: list[Hold] = []
    for channel, pieces in music.items():
        others = joined(stretch for other, found in speech.items() if other != channel for stretch in found)
        waits = music_holds(pieces, own_speech=speech[channel], others_speech=others)
        known = joined(Interval(hold.start_s, hold.end_s) for hold in holds)
        holds.extend(Hold(wait.start_s, wait.end_s, SoundKind.MUSIC, channel) for wait in without(waits, known))
    sounding = [stretch for kind in (speech, music) for found in kind.values() for stretch in found]
    holds.extend(
        Hold(wait.start_s, wait.end_s, SoundKind.SILENCE, None)
        for wait in silent_holds(sounding, duration_s=duration_s)
    )
    return tuple(sorted(holds, key=lambda hold: hold.start_s))


def _about_what_is_heard(speech: Mapping[int, Intervals], measures: Sequence[_Measure]) -> tuple[CallWarning, ...]:
    warnings = [
        CallWarning(
            Code.CLIPPED,
            f"Track {channel} was recorded too loud and is distorted in places. Words there may be heard wrongly.",
        )
        for channel in speech
        if measures[channel].clipped_share > CLIPPED_SHARE
    ]
    if not any(speech.values()):
        warnings.append(
            CallWarning(
                Code.NO_SPEECH, "Nobody was heard to speak in this recording. Listen to it if somebody should be."
            )
        )
    return tuple(warnings)
