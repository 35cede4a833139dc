"""Where music plays on one track: tones that last and are not speech."""

from __future__ import annotations

import numpy as np

from worker.core.listening import Intervals, joined, longer, without
from worker.core.sound import Interval
from worker.stages.listening.measures import (
    FRAME_S,
    MUSIC_ABOVE_NOISE_DB,
    Mask,
    Measure,
    intervals_of,
    mask_of,
    mean_around,
)

LOWEST_MUSIC_DB = -55.0
TONAL_DB, TONAL_SHARE, MUSIC_REACH_S = 1.2, 0.4, 1.0
"""Nine of ten frames of hold music have more, through AMR too; white noise has 0.2, the hum of a room up to 2."""
MIN_MUSIC_S, MUSIC_GAP_S, BEAT_GAP_S, EDGE_S = 3.0, 2.0, 0.5, 2.0


def find_music(measure: Measure, own: Mask, speech: Intervals) -> Intervals:
    """Where tones last, speech left out; ``own`` are the frames on which the track carries a sound of its own.

    A frame counts by what many of the frames around it are, since music has rests and drums. To what is found so,
    sound that adjoins it is added: a beat before the first tone is music too.
    """
    lowest_db = max(LOWEST_MUSIC_DB, measure.floor_db + MUSIC_ABOVE_NOISE_DB)
    unspoken = ~mask_of(speech, len(own))
    sounding = unspoken & own & (measure.level_db > lowest_db)
    tonal = sounding & (measure.tones_db > TONAL_DB)
    reach = round(MUSIC_REACH_S / FRAME_S)
    share = mean_around(tonal.astype(np.float32), reach=reach)
    of = mean_around(unspoken.astype(np.float32), reach=reach)
    core = intervals_of(unspoken & (share >= TONAL_SHARE * of))
    edges = [
        Interval(max(run.start_s, piece.start_s - EDGE_S), min(run.end_s, piece.end_s + EDGE_S))
        for run in joined(intervals_of(sounding), gap_s=BEAT_GAP_S)
        for piece in core
        if run.overlap_s(piece)
    ]
    return longer(without(joined([*core, *edges], gap_s=MUSIC_GAP_S), speech), than_s=MIN_MUSIC_S)
