"""Several recordings of one call become one sound, because it was held or handed on in between.

1. They are taken in the order of their start. One whose start is not known keeps its place in the order of arrival.
2. Each channel gets a track. Channels of one party share a track wherever they lie in their recordings, as far as the
   senders said who is on them; others share one by their number. A recording with everybody on its one channel has a
   track to itself beside recordings with a channel for each. So nothing is mixed and no word is lost, and no channel is
   taken for a party's because another recording has that party there.
3. Each recording is given its place. Where it is known when both began, the time between them is silence as long as it
   was, up to ``LONGEST_WAIT_S``: a customer who waits in a transfer is still in the call. One that began before the
   end of those before it stands at its own time if its tracks are free then, as with a recording for each side; else
   after them, since two sounds in one track cannot be told apart again.

What could not be put right is said in warnings (``about_legs``). Nothing else is done to the samples.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeAlias

import numpy as np

from worker.core.call import Party, Recording
from worker.core.errors import BadRecording
from worker.core.ports import Progress
from worker.core.sound import SAMPLE_RATE_HZ, Interval, Legs, PlacedLeg, RecordingFacts, Sound, Track, let_go
from worker.core.transcript import CallWarning, Code
from worker.stages.decoding.source import MAX_CHANNELS
from worker.stages.decoding.tracks import MAX_DURATION_S, TrackFile, using_scratch

LONGEST_WAIT_S = 30 * 60.0
"""Of the time between two recordings. Few people wait longer for whom they are handed on to, and it is less than the
hour by which a clock in the wrong zone is wrong: such an error must not become an hour that somebody waited."""

SEAM_S = 0.5
"""The least silence between two recordings on one track, so that no word is heard across the border."""

CLOCK_S = 2.0
"""Starts are mostly told in whole seconds: an overlap up to here is their rounding and no finding."""

BLOCK_S = 60.0

Lane: TypeAlias = tuple[str, int]
"""What makes channels of several recordings one track: a party and which of its channels, or a channel's number."""

_MIXED: Lane = ("everybody", 0)
_KNOWN = (Party.AGENT, Party.CUSTOMER, Party.OTHER)


def join(recordings: Sequence[Recording], sounds: Sequence[Sound], *, folder: Path, progress: Progress) -> Sound:
    """The sound of a call of several recordings, of which ``sounds`` are decoded; its tracks in ``folder``.

    Raises BadRecording where together they are too long or lie on too many tracks, Unavailable for a full disk.
    """
    order = in_order([one.started_at for one in recordings])
    lanes = [_lanes(recordings[at], len(sounds[at].tracks)) for at in order]
    tracks = {lane: number for number, lane in enumerate(dict.fromkeys(lane for mine in lanes for lane in mine))}
    if len(tracks) > MAX_CHANNELS:
        raise BadRecording(
            f"The {len(recordings)} recordings of this call lie on {len(tracks)} tracks, more than {MAX_CHANNELS}. "
            "They are kept. Hand them over again, each as a call of its own."
        )
    placed = _place(
        [
            PlacedLeg(at + 1, 0.0, sounds[at].tracks[0].duration_s, tuple(tracks[lane] for lane in mine))
            for at, mine in zip(order, lanes, strict=True)
        ],
        {at + 1: one.started_at for at, one in enumerate(recordings)},
    )
    placed = [_with_end(leg, sounds[leg.number - 1]) for leg in placed]
    _check_length(placed, len(tracks))
    legs = Legs(
        tuple(placed),
        mixed_tracks=(tracks[_MIXED],) if _MIXED in tracks and len(tracks) > 1 else (),
        party_of_track={number: Party(lane[0]) for lane, number in tracks.items() if lane[0] in _KNOWN},
    )
    return Sound(
        _facts(placed, sounds, len(tracks)),
        _write(placed, sounds, len(tracks), folder, progress),
        truncated=any(one.truncated for one in sounds),
        damaged_s=sum(one.damaged_s for one in sounds),
        legs=legs,
    )


def in_order(starts: Sequence[datetime | None]) -> list[int]:
    """The recordings by their start; one without keeps its place among the others, as they arrived."""
    places = [at for at, start in enumerate(starts) if start is not None]
    told = sorted((start, at) for at, start in enumerate(starts) if start is not None)
    order = list(range(len(starts)))
    for place, (_, at) in zip(places, told, strict=True):
        order[place] = at
    return order


def _lanes(recording: Recording, channels: int) -> list[Lane]:
    """The lane of each channel of one recording."""
    said = recording.party_of_channel
    if any(channel >= channels for channel in said):
        said = {}  # it is about more channels than there are: who is mixed into which is not known
    seen: Counter[Party] = Counter()
    lanes: list[Lane] = []
    for channel in range(channels):
        party = said.get(channel, Party.UNKNOWN)
        if party in _KNOWN:
            lanes.append((party.value, seen[party]))
            seen[party] += 1
        else:
            lanes.append(_MIXED if channels == 1 else ("channel", channel))
    return lanes


def _place(legs: Sequence[PlacedLeg], starts: Mapping[int, datetime | None]) -> list[PlacedLeg]:
    """The legs with their places; ``starts`` are the instants at which they began, by their numbers."""
    placed: list[PlacedLeg] = []
    end_s = 0.0  # of the sound so far
    last: tuple[datetime, float] | None = None  # the start of the leg that ended last, and where it stands
    ended_at: datetime | None = None  # and when it ended; None where it is not known
    for leg in legs:
        started_at = starts[leg.number]
        start_s, after_s = end_s + SEAM_S if placed else 0.0, None
        if started_at is not None and last is not None and ended_at is not None:
            after_s = (started_at - ended_at).total_seconds()
            own_s = last[1] + (started_at - last[0]).total_seconds()
            if after_s >= SEAM_S:
                start_s = end_s + min(after_s, LONGEST_WAIT_S)
            elif all(one.end_s <= own_s for one in placed if set(one.tracks) & set(leg.tracks)):
                start_s = own_s
        start_s = round(start_s * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
        placed.append(PlacedLeg(leg.number, start_s, leg.duration_s, leg.tracks, after_s))
        end_s = max(end_s, placed[-1].end_s)
        if started_at is None:
            last = ended_at = None
        elif ended_at is None or started_at + timedelta(seconds=leg.duration_s) > ended_at:
            last, ended_at = (started_at, start_s), started_at + timedelta(seconds=leg.duration_s)
    return sorted(placed, key=lambda leg: leg.start_s)


def _with_end(leg: PlacedLeg, sound: Sound) -> PlacedLeg:
    return PlacedLeg(leg.number, leg.start_s, leg.duration_s, leg.tracks, leg.after_s, sound.truncated)


def _check_length(placed: Sequence[PlacedLeg], tracks: int) -> None:
    longest_s = min(MAX_DURATION_S, 2 * MAX_DURATION_S / tracks)
    if max(leg.end_s for leg in placed) > longest_s:
        raise BadRecording(
            f"The {len(placed)} recordings of this call are together longer than {longest_s / 3600:g} hours, which is "
            "no call. They are kept. If it is one, hand them over again, each as a call of its own."
        )


def _facts(placed: Sequence[PlacedLeg], sounds: Sequence[Sound], tracks: int) -> RecordingFacts:
    facts = [sounds[leg.number - 1].facts for leg in placed]
    return RecordingFacts(
        duration_s=max(leg.end_s for leg in placed),
        channels=tracks,
        sample_rate_hz=max(one.sample_rate_hz for one in facts),
        codec=" + ".join(dict.fromkeys(one.codec for one in facts)),
    )


# Writing ---------------------------------------------------------------------------------------------------------


def _write(
    placed: Sequence[PlacedLeg], sounds: Sequence[Sound], count: int, folder: Path, progress: Progress
) -> tuple[Track, ...]:
    """The tracks of the whole call, one after another."""
    samples = round(max(leg.end_s for leg in placed) * SAMPLE_RATE_HZ)
    made = []
    with ExitStack() as undo, using_scratch():
        for number in range(count):
            part = TrackFile(folder / f"{number}.part")
            undo.callback(part.discard)
            for leg in placed:
                for channel, track in enumerate(leg.tracks):
                    if track == number:
                        part.rest(round(leg.start_s * SAMPLE_RATE_HZ) - part.sample_count)
                        _copy(sounds[leg.number - 1].tracks[channel], part)
            part.rest(samples - part.sample_count)
            part.finish()
            made.append(Track(number, folder / f"{number}.f32", part.sample_count, part.peak, part.rms))
            part.path.replace(made[-1].path)
            progress((number + 1) / count)
    return tuple(made)


def _copy(track: Track, to: TrackFile) -> None:
    start_s = 0.0
    while start_s < track.duration_s:
        block = track.samples(Interval(start_s, start_s + BLOCK_S))
        to.write(np.asarray(block))
        let_go(block)
        start_s += BLOCK_S


# What is said of it ----------------------------------------------------------------------------------------------


def about_legs(legs: Legs) -> Iterator[CallWarning]:
    """What a reader should know of how the recordings of a call were put together."""
    end_s = 0.0
    for at, leg in enumerate(legs.placed):
        if at:
            yield from _about_place(leg, end_s)
        end_s = max(end_s, leg.end_s)
    tracks = {frozenset(leg.tracks) for leg in legs.placed}
    if len(tracks) > 1 and not frozenset().union(*tracks) <= set(legs.party_of_track):
        message = "The recordings of this call differ in their channels. What does not match lies on tracks of its own."
        yield CallWarning(Code.LEGS_DIFFER, message)


def _about_place(leg: PlacedLeg, end_s: float) -> Iterator[CallWarning]:
    """``end_s`` is where the sound before a leg ends."""
    if leg.after_s is None:
        message = "It is not known how much time went by before this recording. It stands next in the order of arrival."
        yield CallWarning(Code.LEG_TIME_UNKNOWN, message, leg.start_s, leg.start_s)
    elif leg.after_s > LONGEST_WAIT_S:
        message = (
            f"{leg.after_s / 60:.0f} minutes went by before this recording; "
            f"{LONGEST_WAIT_S / 60:.0f} minutes of silence stand for them."
        )
        yield CallWarning(Code.LEGS_APART, message, leg.start_s, leg.start_s)
    elif leg.after_s < -CLOCK_S and leg.start_s >= end_s:
        message = (
            f"This recording began {-leg.after_s:.0f} s before the end of the one before. It stands after it, so times "
            "here are later than they were, and what is in both is heard twice."
        )
        yield CallWarning(Code.LEGS_OVERLAP, message, leg.start_s, leg.start_s)
