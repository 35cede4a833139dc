"""From who speaks in each short window of a call to who speaks when in all of it: the bookkeeping of diarization.

A segmentation model hears a few seconds at a time and names the speakers of each window anew. Here the windows become
one line, in four steps, each of which needs memory for a few seconds or a few bytes per second of the call:

1. ``Trails`` joins the windows: speakers of neighbouring windows who are heard in the same frames are one **trail**, as
   long as they are heard often enough. Every frame is decided by the majority of the windows that lie over it.
2. ``Trails.pieces`` cuts what each trail says alone into pieces of at most ``LONGEST_S``. Only they are given to the
   network that tells voices apart (not here), so every second of speech is asked about once, not once per window.
3. ``group_voices`` finds how many voices the pieces are of, and a centre for each. A tree of pieces, joined by the mean
   likeness between them, is cut from the top: two branches are two voices where pieces of one branch are more like
   each other than like those of the other, by a difference that the network knows (``VoiceNetwork.two_voices``).
4. Each piece belongs to the centre that it is most like, and the trail around a piece to the same voice.

Points are unit vectors, one per piece; likeness is their product. Frames are those of the segmentation model.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.cluster.hierarchy import ClusterNode, linkage, to_tree
from scipy.optimize import linear_sum_assignment

Numbers: TypeAlias = npt.NDArray[Any]
Run: TypeAlias = tuple[int, int]
"""Frames from the first to before the last."""

FRAME_SAMPLES = 270
FRAMES_PER_S = 16_000 / FRAME_SAMPLES

LEAST_SHARED, LEAST_SHARE = 8, 0.3
"""Frames, and the share of the shorter one's frames, that two speakers of neighbouring windows are heard in together,
to be the same one."""
BREATH_S = 0.15
"""A shorter pause does not end a piece. A turn often follows another after little more."""
LONGEST_S = 2.0
"""Long enough to tell like voices apart, and short enough not to hide a turn of somebody else."""
SHORTEST_S = 0.5
"""A shorter piece is asked about with the silence around it: of the piece alone the network says nothing useful."""
CLEAR_S = 1.0
"""Shorter pieces are too vague to found a voice on."""
LEAST_OF_ALL, FEWEST_S, ENOUGH_S, MOST_OF_ALL = 0.1, 4.0, 10.0, 0.2
"""A voice with less speech than this share of all is no speaker of its own but a mishearing of another. The share is
never less than the second number nor more than the third; in sounds of a few seconds it is the last share."""
MOST_POINTS = 1500
"""Pieces that the tree is made of: it grows with their square. Of a longer call they are taken evenly."""


@dataclass
class Trail:
    """One speaker for as long as the windows can follow him: where he speaks, and where nobody else does."""

    speaks: list[Run] = field(default_factory=list)
    alone: list[Run] = field(default_factory=list)


@dataclass(frozen=True)
class Piece:
    """Frames in which one trail is heard, and a bit of silence around them where they are few."""

    trail: int
    first: int
    last: int
    asked: Run

    @property
    def length_s(self) -> float:
        """Seconds of speech, without the silence."""
        return (self.last - self.first) / FRAMES_PER_S


class Trails:
    """Joins windows, given in the order of their starts, into trails. Holds votes for one window, not for the call."""

    def __init__(self, *, frames: int, window: int) -> None:
        """``frames`` of the whole call and of each window."""
        self.found: list[Trail] = []
        self._talking = np.zeros(frames, dtype=np.uint8)  # how many speak in each frame
        self._start = 0  # the first frame that windows may still be laid over
        self._windows = np.zeros(window, dtype=np.int16)  # laid over each frame from there on
        self._votes: dict[int, Numbers] = {}  # by trail: windows in which it speaks, (window,)

    def add(self, first: int, speaks: Numbers) -> None:
        """The window that begins at frame ``first``: who speaks in it, (frames, speakers) of 0 and 1."""
        self._decide(until=first)
        local = speaks.T.astype(np.int16)  # (speakers, frames)
        heard = [speaker for speaker in range(len(local)) if local[speaker].any()]
        same = self._match(local[heard])
        for place, speaker in enumerate(heard):
            trail = same.get(place)
            if trail is None:
                trail = len(self.found)
                self.found.append(Trail())
                self._votes[trail] = np.zeros_like(self._windows)
            self._votes[trail] += local[speaker]
        self._windows += 1

    def close(self) -> None:
        """No window follows."""
        self._decide(until=self._start + len(self._windows))

    def pieces(self) -> list[Piece]:
        """What each trail says alone, in pieces; of a trail that is never alone, all it says."""
        return [
            self.piece(number, *part)
            for number, trail in enumerate(self.found)
            for run in _joined(trail.alone or trail.speaks, gap=round(BREATH_S * FRAMES_PER_S))
            for part in cut_evenly(run, longest_s=LONGEST_S)
        ]

    def piece(self, trail: int, first: int, last: int) -> Piece:
        """One piece, with as much silence on both sides as it lacks to ``SHORTEST_S``, or as there is."""
        start, end, wanted = first, last, round(SHORTEST_S * FRAMES_PER_S)
        while end - start < wanted:
            before = start > 0 and not self._talking[start - 1]
            after = end < len(self._talking) and not self._talking[end]
            if not before and not after:
                break
            start -= before
            end += after
        return Piece(trail, first, last, (start, end))

    def _match(self, local: Numbers) -> dict[int, int]:
        """The trail of each speaker of a new window (speakers, frames), where there is one."""
        known = list(self._votes)
        if not known or not len(local):
            return {}
        laid = self._windows > 0
        mean = np.stack([self._votes[trail] for trail in known]) / np.maximum(self._windows, 1)  # (trails, frames)
        shared = local @ mean.T  # (speakers, trails)
        shorter = np.minimum((local * laid).sum(axis=1)[:, None], mean.sum(axis=1)[None])
        pairs = zip(*linear_sum_assignment(shared, maximize=True), strict=True)
        return {
            int(speaker): known[trail]
            for speaker, trail in pairs
            if shared[speaker, trail] >= max(LEAST_SHARED, LEAST_SHARE * shorter[speaker, trail])
        }

    def _decide(self, *, until: int) -> None:
        """Writes down who speaks in the frames that no further window is laid over."""
        passed = min(until - self._start, len(self._windows))
        if passed <= 0:
            return
        windows = np.maximum(self._windows[:passed], 1)
        votes = np.stack([np.zeros(passed, dtype=np.int16), *(mine[:passed] for mine in self._votes.values())])
        # No more at once than the windows hear in the mean: where half of them take one speaker for another, one is.
        rank = (-votes).argsort(axis=0, kind="stable").argsort(axis=0)
        speaks = (2 * votes >= windows) & (rank < np.floor(votes.sum(axis=0) / windows + 0.5))
        speaking = dict(zip(self._votes, speaks[1:], strict=True))
        talking = speaks.sum(axis=0)
        known = self._talking[self._start : self._start + passed]
        known[:] = talking[: len(known)]
        for trail, mine in speaking.items():
            _extend(self.found[trail].speaks, mine, self._start)
            _extend(self.found[trail].alone, mine & (talking == 1), self._start)
        self._windows = _moved(self._windows, passed)
        self._votes = {trail: _moved(mine, passed) for trail, mine in self._votes.items() if mine[passed:].any()}
        self._start = until


def cut_evenly(run: Run, *, longest_s: float) -> list[Run]:
    """Parts of one length, none longer."""
    first, last = run
    parts = max(1, int(np.ceil((last - first) / (longest_s * FRAMES_PER_S))))
    borders = [first + round(part * (last - first) / parts) for part in range(parts + 1)]
    return list(pairwise(borders))


def group_voices(points: Numbers, lengths_s: Numbers, *, two_voices: float, least: int, most: int) -> Numbers:
    """The centres, (voices, dimension) of length 1, of the voices that pieces of these lengths are of.

    At least ``least`` voices where there are pieces enough to part, at most ``most``.
    """
    clear = np.flatnonzero(lengths_s >= min(CLEAR_S, lengths_s.max()))
    spoken_s = lengths_s[clear].sum()
    if len(clear) > MOST_POINTS:
        clear = clear[np.linspace(0, len(clear) - 1, MOST_POINTS).astype(int)]
    points, lengths_s = points[clear], lengths_s[clear]
    lengths_s = lengths_s * (spoken_s / lengths_s.sum())  # each piece speaks for those that were left out as well
    if len(points) == 1:
        return points
    share = float(np.clip(LEAST_OF_ALL * lengths_s.sum(), FEWEST_S, ENOUGH_S))
    enough_s = min(share, MOST_OF_ALL * lengths_s.sum())

    def part(node: ClusterNode) -> tuple[float, ClusterNode, ClusterNode] | None:
        """The first two branches that are both large enough, and how different they are."""
        while not node.is_leaf():
            left, right = node.get_left().pre_order(), node.get_right().pre_order()
            if lengths_s[left].sum() < enough_s:
                node = node.get_right()
            elif lengths_s[right].sum() < enough_s:
                node = node.get_left()
            else:
                return _difference(points[left], points[right]), node.get_left(), node.get_right()
        return None

    root = to_tree(linkage(points, method="average"))
    voices = [(root, part(root))]
    while len(voices) < most:
        # Of all voices that can be parted, the one whose branches differ most.
        place, branches = max(
            ((place, branches) for place, (_, branches) in enumerate(voices) if branches is not None),
            key=lambda one: one[1][0],
            default=(0, None),
        )
        if branches is None or (branches[0] < two_voices and len(voices) >= least):
            break
        voices[place : place + 1] = [(branch, part(branch)) for branch in branches[1:]]
    members = (node.pre_order() for node, _ in voices)
    return as_directions(np.stack([np.average(points[rows], axis=0, weights=lengths_s[rows]) for rows in members]))


def as_directions(points: Numbers) -> Numbers:
    """Points (..., dimension) at length 1."""
    lengths: Numbers = np.linalg.norm(points, axis=-1, keepdims=True)
    return np.divide(points, lengths, where=lengths > 0, out=np.zeros_like(points))


def voice_runs(trails: Sequence[Trail], pieces: Iterable[Piece], voices: Iterable[int]) -> list[tuple[int, Run]]:
    """Where each voice speaks: its trails, cut half way between two pieces of different voices."""
    by_trail: dict[int, list[tuple[Piece, int]]] = {}
    for piece, voice in zip(pieces, voices, strict=True):
        by_trail.setdefault(piece.trail, []).append((piece, voice))
    found: list[tuple[int, Run]] = []
    for number, mine in by_trail.items():
        mine.sort(key=lambda one: one[0].first)
        borders = [(one.last + other.first) // 2 for (one, _), (other, _) in pairwise(mine)]
        for first, last in trails[number].speaks:
            inner = range(bisect_right(borders, first), bisect_left(borders, last))
            edges = [first, *(borders[place] for place in inner), last]
            for place, run in enumerate(pairwise(edges), start=inner.start):
                found.append((mine[place][1], run))
    return found


def _difference(one: Numbers, other: Numbers) -> float:
    """How much more alike points are within two groups than across them. Two single points: not at all."""
    pairs = len(one) * (len(one) - 1) + len(other) * (len(other) - 1)
    if pairs == 0:
        return 0.0
    # A sum of unit vectors, squared, counts every pair twice and each point once with itself.
    within = sum(float(np.square(group.sum(axis=0)).sum()) - len(group) for group in (one, other)) / pairs
    return within - float(one.mean(axis=0) @ other.mean(axis=0))


def _joined(runs: Iterable[Run], *, gap: int) -> list[Run]:
    found: list[Run] = []
    for first, last in runs:
        if found and first - found[-1][1] <= gap:
            found[-1] = (found[-1][0], last)
        else:
            found.append((first, last))
    return found


def _extend(runs: list[Run], frames: Numbers, start: int) -> None:
    """Adds where ``frames``, the first of which is ``start``, are true; what touches the last run goes on with it."""
    edges = np.flatnonzero(np.diff(frames.astype(np.int8), prepend=0, append=0)) + start
    for first, last in edges.reshape(-1, 2).tolist():
        if runs and runs[-1][1] == first:
            runs[-1] = (runs[-1][0], last)
        else:
            runs.append((first, last))


def _moved(values: Numbers, by: int) -> Numbers:
    return np.concatenate([values[by:], np.zeros(by, dtype=values.dtype)])
