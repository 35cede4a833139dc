"""Where somebody speaks on one track, as a voice detector hears it: twice, and with what is quiet raised."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from worker.core.listening import Intervals, joined, longer
from worker.core.ports import Progress, VoiceDetector
from worker.core.sound import SAMPLE_RATE_HZ, Interval
from worker.stages.listening.measures import (
    FRAME,
    FRAME_S,
    WINDOW_FRAMES,
    Ear,
    Floats,
    Mask,
    Measure,
    frames_of,
    intervals_of,
    mask_of,
    max_around,
    smooth_db,
)

OVERLAP_FRAMES = 200
"""What the detector hears of the neighbouring windows, so that no speech is cut between two."""

# The steps of the second hearing are what Silero needs: it still hears speech after 2 s of music, not after 5.
RAISED_TO_DB, RAISED_NOISE_DB, LEVEL_REACH_S = -22.0, -52.0, 1.5
"""Quiet sound is raised until the loudest within that time on either side is as loud as ordinary speech, but never so
far that the noise of its line would be heard as breath."""
WITHIN = (np.arange(FRAME) / FRAME).astype(np.float32)
AGAIN_FRAMES, AGAIN_STEP_FRAMES = 188, 63  # 6 s, from every 2 s
AGAIN_S, AGAIN_GAP_S = 0.8, 1.0
SURE_S = 1.6
"""Longer than what a fresh detector takes for speech in music by mistake (about 1 s, every few minutes)."""
ONSET_REACH_S, ONSET_GAP_S, ONSET_MARGIN_S = 1.0, 0.3, 0.1
MIN_OWN_SPEECH_S, SPEECH_GAP_S, SPEECH_MARGIN_S = 0.15, 0.4, 0.2
BESIDE_MUSIC_S = 2.0


class Hearing:
    """One track under a voice detector."""

    def __init__(self, ear: Ear, measure: Measure, detector: VoiceDetector) -> None:
        self._ear, self._measure, self._detector = ear, measure, detector
        self._gain = _gain(measure)

    def find_speech(self, *, progress: Progress) -> Intervals:
        """Speech on the track, heard twice: a detector that has heard music for long is deaf to speech after it.

        (Silero needs 3 s to hear again after 5 s of music, and more than 20 after 30.) So what sounds and was not taken
        for speech is heard again in short windows, each from a fresh start.
        """
        frame_count = len(self._measure.level_db)
        found: list[Interval] = []
        for first in range(0, frame_count, WINDOW_FRAMES):
            last = min(frame_count, first + WINDOW_FRAMES)
            heard = self._hear(first - OVERLAP_FRAMES, last + OVERLAP_FRAMES)
            found.extend(_within(Interval(first * FRAME_S, last * FRAME_S), heard))
            progress(0.6 * last / frame_count)

        sounding = self._measure.sounding()
        missed = intervals_of(sounding & ~mask_of(joined(found), frame_count))
        doubtful = longer(joined(missed, gap_s=AGAIN_GAP_S), than_s=AGAIN_S)
        again: list[Interval] = []
        for number, stretch in enumerate(doubtful):
            first, last = round(stretch.start_s / FRAME_S), round(stretch.end_s / FRAME_S)
            for start in range(first - AGAIN_STEP_FRAMES // 2, last, AGAIN_STEP_FRAMES):
                again.extend(self._hear(start, min(last, start + AGAIN_FRAMES)))
            progress(0.6 + 0.4 * number / len(doubtful))
        # A fresh start makes it take a second of music for speech now and then; speech that was missed is longer, or
        # goes on as speech that was not.
        heard_at_once = mask_of(joined(found), frame_count)
        duration_s = self._ear.sample_count / SAMPLE_RATE_HZ
        sure = [
            stretch
            for stretch in joined(_within(Interval(0.0, duration_s), [*found, *again]), gap_s=SPEECH_GAP_S)
            if stretch.length_s >= SURE_S or heard_at_once[frames_of(stretch)].any()
        ]
        return joined((_from_its_onset(stretch, sounding) for stretch in sure), gap_s=SPEECH_GAP_S)

    def doubted(self, speech: Intervals, music: Intervals) -> Intervals:
        """The speech that is rather a part of the music beside it: heard alone, nothing in it is surely speech."""
        return tuple(
            stretch
            for stretch in speech
            if any(
                piece.start_s - BESIDE_MUSIC_S <= stretch.end_s and stretch.start_s <= piece.end_s + BESIDE_MUSIC_S
                for piece in music
            )
            and not self._hear(frames_of(stretch).start, frames_of(stretch).stop, sure=True)
        )

    def _hear(self, first: int, last: int, *, sure: bool = False) -> Intervals:
        """Speech within frames ``first`` to ``last``, clamped to the track, at its times on the track."""
        first = max(0, first)
        start_s = first * FRAME_S
        found = self._detector.find_speech(self._evened(first, last).data.cast("B").cast("f"), sure=sure)
        return tuple(Interval(stretch.start_s + start_s, stretch.end_s + start_s) for stretch in found)

    def _evened(self, first: int, last: int) -> Floats:
        """The samples of these frames with what is quiet raised."""
        samples = self._ear.samples(first * FRAME, last * FRAME)
        frames = np.pad(samples, (0, -len(samples) % FRAME)).reshape(-1, FRAME)
        gain = self._gain[first : first + len(frames) + 1, None]  # (frames + 1, 1)
        frames *= gain[:-1] + (gain[1:] - gain[:-1]) * WITHIN
        return np.clip(frames, -1.0, 1.0).reshape(-1)[: len(samples)]


def _gain(measure: Measure) -> Floats:
    """(frames + 1,): how many times louder each frame is made from its start on, gliding to that of the next.

    What is quiet around it is raised up to where the noise of the line becomes heard.
    """
    around_db = max_around(smooth_db(measure.level_db), reach=round(LEVEL_REACH_S / FRAME_S))
    highest_db = max(0.0, RAISED_NOISE_DB - measure.floor_db)
    gain_db = np.clip(RAISED_TO_DB - around_db, 0.0, highest_db)
    edges_db = np.concatenate((gain_db[:1], (gain_db[1:] + gain_db[:-1]) / 2.0, gain_db[-1:]))
    return np.asarray(np.power(10.0, edges_db / 20.0), dtype=np.float32)


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


def _within(limits: Interval, stretches: Iterable[Interval]) -> Intervals:
    return tuple(
        Interval(max(limits.start_s, stretch.start_s), min(limits.end_s, stretch.end_s))
        for stretch in stretches
        if limits.overlap_s(stretch) > 0.0
    )


def kept(found: Intervals, own: Mask) -> Intervals:
    """The speech that is the track's own, with a margin for its soft ends, and never more than was found."""
    pieces_kept = []
    for stretch in found:
        frames = frames_of(stretch)
        pieces = joined(intervals_of(own[frames], first=frames.start), gap_s=SPEECH_GAP_S)
        for piece in longer(pieces, than_s=MIN_OWN_SPEECH_S):
            start_s = max(stretch.start_s, piece.start_s - SPEECH_MARGIN_S)
            pieces_kept.append(Interval(start_s, min(stretch.end_s, piece.end_s + SPEECH_MARGIN_S)))
    return joined(pieces_kept)
