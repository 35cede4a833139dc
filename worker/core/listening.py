"""The rules of listening: what follows from where speech and music were found, as plain intervals.

Nothing here looks at sound; ``stages.listen`` does. All tuples of intervals are ordered and do not overlap.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from worker.core.sound import Interval

Intervals: TypeAlias = tuple[Interval, ...]

MIN_MUSIC_HOLD_S = 5.0
MIN_SILENT_HOLD_S = 10.0
SONG_GAP_S = 10.0
"""Between two songs, and where one is too soft to be heard. A longer silence is a wait of its own."""
ANNOUNCEMENT_GAP_S = 3.0
"""Between music and an announcement within it."""
LONGEST_ANNOUNCEMENT_S = 10.0
"""Speech between two pieces of music that is longer is somebody who came back to the line."""
SHORT_WORD_S = 1.0
"""Speech of the waiting party that is shorter (a cough, a "hello?") does not end the wait."""


def joined(stretches: Iterable[Interval], *, gap_s: float = 0.0) -> Intervals:
    """The stretches in order; those that overlap, touch or are at most ``gap_s`` apart become one."""
    found: list[Interval] = []
    for stretch in sorted(stretches):
        if found and stretch.start_s - found[-1].end_s <= gap_s:
            found[-1] = Interval(found[-1].start_s, max(found[-1].end_s, stretch.end_s))
        else:
            found.append(stretch)
    return tuple(found)


def without(stretches: Sequence[Interval], cut: Sequence[Interval]) -> Intervals:
    """What is left of the stretches outside the others."""
    left: list[Interval] = []
    first = 0
    for stretch in stretches:
        while first < len(cut) and cut[first].end_s <= stretch.start_s:
            first += 1
        start_s = stretch.start_s
        for index in range(first, len(cut)):
            other = cut[index]
            if other.start_s >= stretch.end_s:
                break
            if other.start_s > start_s:
                left.append(Interval(start_s, other.start_s))
            start_s = other.end_s
        if start_s < stretch.end_s:
            left.append(Interval(start_s, stretch.end_s))
    return tuple(left)


def longer(stretches: Iterable[Interval], *, than_s: float) -> Intervals:
    """The stretches of at least that length."""
    return tuple(stretch for stretch in stretches if stretch.length_s >= than_s)


def music_holds(
    music: Sequence[Interval], *, own_speech: Sequence[Interval], others_speech: Sequence[Interval]
) -> Intervals:
    """Where the customer waits to music on one track: music and the announcements within it, nobody else speaking.

    ``own_speech`` is the speech on the track of the music, ``others_speech`` that of all other tracks (of a call with
    one track: none). A hold has at least ``MIN_MUSIC_HOLD_S`` of music.
    """
    waits: list[Interval] = []
    for piece in music:
        if waits and _goes_on(Interval(waits[-1].end_s, piece.start_s), own_speech):
            waits[-1] = Interval(waits[-1].start_s, piece.end_s)
        else:
            waits.append(piece)
    holds = without(waits, longer(others_speech, than_s=SHORT_WORD_S))
    return tuple(hold for hold in holds if sum(hold.overlap_s(piece) for piece in music) >= MIN_MUSIC_HOLD_S)


def _goes_on(gap: Interval, own_speech: Sequence[Interval]) -> bool:
    """Whether a gap between two pieces of music is a pause between songs or an announcement."""
    pauses = without((gap,), own_speech)
    spoken_s = gap.length_s - sum(pause.length_s for pause in pauses)
    if spoken_s == 0.0:
        return gap.length_s <= SONG_GAP_S
    return spoken_s <= LONGEST_ANNOUNCEMENT_S and all(pause.length_s <= ANNOUNCEMENT_GAP_S for pause in pauses)


def silent_holds(sounding: Sequence[Interval], *, duration_s: float) -> Intervals:
    """Where nothing sounds on any track for long: ``sounding`` is all speech and music of all tracks."""
    return longer(without((Interval(0.0, duration_s),), joined(sounding)), than_s=MIN_SILENT_HOLD_S)
