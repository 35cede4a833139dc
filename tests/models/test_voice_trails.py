"""The bookkeeping between windows and voices, with windows and points by hand; no model is needed."""

from __future__ import annotations

import tracemalloc
from itertools import pairwise

import numpy as np

from models.voice_trails import (
    FRAMES_PER_S,
    LONGEST_S,
    MOST_POINTS,
    SHORTEST_S,
    Piece,
    Trail,
    Trails,
    as_directions,
    group_voices,
    voice_runs,
)

Array = np.ndarray
WINDOW, STEP = 100, 25


def follow(truth: Array, *, swapped: bool = True, lost: tuple[int, ...] = ()) -> Trails:
    """Trails of windows cut from the truth (frames, speakers); each names its speakers the other way round.

    In the windows ``lost`` all is said by one: what a segmentation model does with like voices.
    """
    trails = Trails(frames=len(truth), window=WINDOW)
    for number, first in enumerate(range(0, len(truth) - WINDOW + 1, STEP)):
        window = truth[first : first + WINDOW]
        if number in lost:
            window = np.stack([window.max(axis=1), np.zeros(WINDOW, dtype=int)], axis=1)
        trails.add(first, window[:, ::-1] if swapped and number % 2 else window)
    trails.close()
    return trails


def turns(*runs: tuple[int, int, int], frames: int = 600) -> Array:
    truth = np.zeros((frames, 2), dtype=int)
    for speaker, first, last in runs:
        truth[first:last, speaker] = 1
    return truth


class TestTrails:
    def test_whoever_is_heard_in_the_frames_that_windows_share_is_one_trail(self) -> None:
        found = follow(turns((0, 10, 200), (1, 180, 420), (0, 400, 590))).found
        assert [trail.speaks for trail in found] == [[(10, 200)], [(180, 420)], [(400, 590)]], (
            "After a second and more of silence nobody can say who it is but the voice."
        )

    def test_one_window_that_hears_one_voice_for_two_is_outvoted(self) -> None:
        truth = turns((0, 10, 150), (1, 155, 300), (0, 305, 590))
        assert [trail.speaks for trail in follow(truth, lost=(5,)).found] == [
            trail.speaks for trail in follow(truth).found
        ]

    def test_overlap_is_given_to_both_and_is_nobodys_alone(self) -> None:
        first, second = follow(turns((0, 10, 300), (1, 250, 500))).found
        assert (first.speaks, second.speaks) == ([(10, 300)], [(250, 500)])
        assert (first.alone, second.alone) == ([(10, 250)], [(300, 500)])

    def test_windows_may_be_left_out_where_nobody_speaks(self) -> None:
        truth = turns((0, 0, 60), (1, 500, 600))
        trails = Trails(frames=600, window=WINDOW)
        for first in (0, 500):
            trails.add(first, truth[first : first + WINDOW])
        trails.close()
        assert [trail.speaks for trail in trails.found] == [[(0, 60)], [(500, 600)]]


class TestPieces:
    def test_what_one_says_alone_is_cut_evenly_and_wholly(self) -> None:
        pieces = follow(turns((0, 10, 500))).pieces()
        assert (pieces[0].first, pieces[-1].last) == (10, 500)
        assert all(one.last == other.first for one, other in pairwise(pieces))
        assert all(piece.length_s <= LONGEST_S + 0.02 for piece in pieces)

    def test_a_short_answer_is_asked_about_with_the_silence_around_it(self) -> None:
        trails = follow(turns((0, 10, 190), (1, 200, 210), (0, 300, 500)))
        answer = next(piece for piece in trails.pieces() if piece.first == 200)
        assert (answer.last - answer.first) / FRAMES_PER_S < SHORTEST_S
        assert answer.asked[0] == 190, "Never with what the other says"
        assert answer.asked[1] - answer.asked[0] == round(SHORTEST_S * FRAMES_PER_S)

    def test_who_is_never_alone_has_pieces_as_well(self) -> None:
        pieces = follow(turns((0, 10, 300), (1, 100, 200))).pieces()
        assert {piece.trail for piece in pieces} == {0, 1}


class TestGroups:
    """Points around directions far apart. Each stands for two seconds."""

    def group(self, towards: list[int], *, least: int = 1, most: int = 4, spread: float = 0.05, like: float = 0.0):
        """The centres, and the one that each point is nearest to. ``like``: what all directions have in common."""
        noise = np.random.default_rng(3).normal(0, spread, (len(towards), 192))
        points = as_directions(np.eye(192)[towards] + like + noise)
        lengths_s = np.full(len(towards), 2.0)
        centres = group_voices(points, lengths_s, two_voices=0.14, least=least, most=most)
        return centres, (points @ centres.T).argmax(axis=1).tolist()

    def test_the_number_of_voices_is_found(self) -> None:
        for voices in (1, 2, 3):
            towards = [place % voices for place in range(30)]
            centres, nearest = self.group(towards)
            assert len(centres) == voices
            assert len(set(zip(towards, nearest, strict=True))) == voices, "Each voice is one centre, and only one."

    def test_one_voice_is_not_parted_however_it_varies(self) -> None:
        for spread in (0.01, 0.05, 0.08):
            assert len(self.group([0] * 40, spread=spread)[0]) == 1

    def test_like_voices_are_parted_where_each_is_steady(self) -> None:
        assert len(self.group([0, 1] * 15, spread=0.02, like=0.1)[0]) == 2

    def test_a_voice_heard_once_in_a_long_call_is_no_speaker(self) -> None:
        assert len(self.group([0] * 60 + [1] * 60 + [2])[0]) == 2

    def test_a_third_voice_of_some_sentences_is_one_even_in_a_long_call(self) -> None:
        assert len(self.group([0] * 300 + [1] * 300 + [2] * 8)[0]) == 3

    def test_the_least_and_the_most_speakers_are_kept_to(self) -> None:
        assert len(self.group([0, 1, 2] * 10, most=2)[0]) == 2
        assert len(self.group([0, 1, 2] * 10, most=1)[0]) == 1
        assert len(self.group([0] * 20, least=2)[0]) == 2

    def test_no_more_voices_are_found_than_there_are_points(self) -> None:
        assert len(self.group([0], least=3)[0]) == 1
        assert len(self.group([0, 1], least=3)[0]) == 2

    def test_pieces_too_short_to_be_clear_found_no_voice_unless_there_is_nothing_else(self) -> None:
        points = np.eye(4)[[0, 0, 0, 1, 1, 1]]
        mixed_s = np.array([2.0, 2.0, 2.0, 0.3, 0.3, 0.3])
        assert len(group_voices(points, mixed_s, two_voices=0.14, least=1, most=4)) == 1
        assert len(group_voices(points, np.full(6, 0.3), two_voices=0.14, least=1, most=4)) == 2

    def test_a_very_long_call_takes_little_more_memory_than_a_long_one(self) -> None:
        """A tree of all its points would take a gigabyte."""
        tracemalloc.start()
        try:
            assert len(self.group([0, 1] * 8 * MOST_POINTS)[0]) == 2
            assert tracemalloc.get_traced_memory()[1] < 200e6
        finally:
            tracemalloc.stop()


def test_a_trail_changes_voice_half_way_between_two_pieces() -> None:
    trails = [Trail(speaks=[(0, 100), (140, 200)])]
    pieces = [Piece(0, first, last, (first, last)) for first, last in ((0, 40), (60, 100), (150, 200))]
    assert voice_runs(trails, pieces, [0, 1, 1]) == [(0, (0, 50)), (1, (50, 100)), (1, (140, 200))]
