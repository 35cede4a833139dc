"""A track laid into chunks, and words put back to where their sound lies."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import pytest

from models.chunks import (
    CHUNK,
    LONGEST_PAUSE,
    LONGEST_WORD_S,
    SHORTEST,
    Array,
    Chunk,
    Piece,
    halves,
    lay_out,
    longest_s,
    put_back,
    sound_of,
    without_words,
)
from worker.core.sound import SAMPLE_RATE_HZ, Interval
from worker.core.transcript import Word


def silence(length_s: float) -> Array:
    return np.zeros(round(length_s * SAMPLE_RATE_HZ), dtype=np.float32)


def hum(length_s: float) -> Array:
    return np.full(round(length_s * SAMPLE_RATE_HZ), 0.1, dtype=np.float32)


# Chunks


def test_chunks_hold_every_stretch_once_and_nothing_else() -> None:
    dice = random.Random(4)
    for _ in range(40):
        track = silence(dice.uniform(0, 400))
        edges = sorted(dice.sample(range(len(track) + 1), k=min(len(track), 2 * dice.randrange(12)) // 2 * 2))
        spans = [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a >= SHORTEST]
        chunks = lay_out(track, [Interval(a / SAMPLE_RATE_HZ, b / SAMPLE_RATE_HZ) for a, b in spans])
        pieces = [piece for chunk in chunks for piece in chunk]
        for one, following in pairwise(pieces):
            assert one.last <= following.first
        assert sum(piece.length for piece in pieces) == sum(b - a for a, b in spans)
        assert all(any(a <= piece.first < piece.last <= b for a, b in spans) for piece in pieces)
        for chunk in chunks:
            assert chunk[0].at == 0
            assert chunk[-1].at + chunk[-1].length <= CHUNK
            for one, following in pairwise(chunk):
                pause = following.at - one.at - one.length
                assert pause == min(following.first - one.last, LONGEST_PAUSE)


def test_a_long_stretch_is_cut_where_it_is_quietest() -> None:
    track = np.concatenate([hum(26.0), silence(0.5), hum(20.0)])
    first, second = lay_out(track, [Interval(0.0, 46.5)])
    assert 26.0 <= first[0].last / SAMPLE_RATE_HZ <= 26.5
    assert second[0].first == first[0].last


def test_overlapping_stretches_are_heard_once_and_too_short_ones_not_at_all() -> None:
    stretches = [Interval(1.0, 3.0), Interval(2.0, 4.0), Interval(6.0, 6.01), Interval(9.0, 20.0)]
    (chunk,) = lay_out(hum(10.0), stretches)
    assert [(piece.first / SAMPLE_RATE_HZ, piece.last / SAMPLE_RATE_HZ) for piece in chunk] == [(1.0, 4.0), (9.0, 10.0)]


def test_between_stretches_there_is_what_lies_right_beside_them_and_nothing_from_further_away() -> None:
    track = np.arange(10 * SAMPLE_RATE_HZ, dtype=np.float32)
    (chunk,) = lay_out(track, [Interval(1.0, 2.0), Interval(5.0, 6.0)])
    first, second, half = SAMPLE_RATE_HZ, 5 * SAMPLE_RATE_HZ, LONGEST_PAUSE // 2
    expected = [track[first : 2 * first + half], track[second - half : second + SAMPLE_RATE_HZ]]
    assert np.array_equal(sound_of(chunk, track), np.concatenate(expected))


def test_a_short_pause_is_heard_as_it_is() -> None:
    track = np.arange(4 * SAMPLE_RATE_HZ, dtype=np.float32)
    (chunk,) = lay_out(track, [Interval(1.0, 2.0), Interval(2.3, 4.0)])
    assert np.array_equal(sound_of(chunk, track), track[SAMPLE_RATE_HZ:])


def test_the_chunks_of_one_long_stretch_do_not_overlap() -> None:
    track = np.arange(70 * SAMPLE_RATE_HZ, dtype=np.float32)
    chunks = lay_out(track, [Interval(0.0, 70.0)])
    assert np.array_equal(np.concatenate([sound_of(chunk, track) for chunk in chunks]), track)


# Times

APART = (Piece(16_000, 32_000, 0), Piece(480_000, 496_000, 24_000))
"""Two stretches of a second, at 1 s and at 30 s, with half a second between them in the chunk."""


@pytest.mark.parametrize(
    ("heard_s", "expected_s"),
    [
        ((0.2, 0.5), (1.2, 1.5)),
        ((1.7, 2.1), (30.2, 30.6)),
        ((0.8, 1.2), (1.8, 2.0)),  # ends in the pause
        ((1.3, 1.8), (30.0, 30.3)),  # begins in the pause
        ((0.9, 2.2), (30.0, 30.7)),  # 0.1 s of it in the first, 0.7 s in the second
        ((1.05, 1.15), (1.98, 2.0)),  # wholly in the pause, nearer to the first
        ((1.4, 1.4), (30.0, 30.02)),  # a word with no length
        ((2.4, 3.0), (30.9, 31.0)),  # beyond the end
    ],
)
def test_a_word_lies_in_the_stretch_it_was_heard_in(
    heard_s: tuple[float, float], expected_s: tuple[float, float]
) -> None:
    (word,) = put_back([Word("certainly", *heard_s, 0.5)], APART, hum(31.0))
    assert (word.start_s, word.end_s) == expected_s


def test_a_word_is_as_long_as_it_can_be_spoken_and_lies_where_it_is_loud() -> None:
    """SYSTRAN/faster-whisper 125 (a first word 10 s early), suitenumerique/meet PR 1323 (a word that lasts 4 s)."""
    track = np.concatenate([silence(9.0), hum(0.5), silence(0.5)])
    (word,) = put_back([Word("hello", 0.0, 10.0, 0.5)], (Piece(0, len(track), 0),), track)
    assert (word.start_s, word.end_s) == (9.0, 9.5)
    (word,) = put_back([Word("hello", 0.0, 10.0, 0.5)], (Piece(0, 10 * SAMPLE_RATE_HZ, 0),), hum(10.0))
    assert word.end_s - word.start_s == pytest.approx(longest_s("hello"), abs=0.001)


@pytest.mark.parametrize("text", ["hello", "4111-2222-33", "Extraordinarily-so"])
def test_no_word_takes_longer_than_two_seconds(text: str) -> None:
    track = hum(10.0)
    (word,) = put_back([Word(text, 0.0, 8.0, 0.5)], (Piece(0, len(track), 0),), track)
    assert word.end_s - word.start_s <= LONGEST_WORD_S


def test_a_first_word_begins_with_its_sound_and_not_with_the_margin_before_it() -> None:
    noise = np.random.default_rng(3).normal(0, 0.001, 2 * SAMPLE_RATE_HZ).astype(np.float32)
    track = noise + np.concatenate([silence(0.3), hum(0.6), silence(1.1)])
    (word,) = put_back([Word("hello", 0.0, 1.2, 0.5)], (Piece(0, len(track), 0),), track)
    assert word.start_s == pytest.approx(0.3, abs=0.02)
    assert word.end_s == pytest.approx(0.9, abs=0.02)


# Halves, and what was not heard


def samples_of(*chunks: Chunk) -> list[tuple[int, int]]:
    return [(piece.first, piece.last) for chunk in chunks for piece in chunk]


def test_halves_are_parted_at_the_pause_nearest_to_the_middle() -> None:
    (chunk,) = lay_out(hum(60.0), [Interval(0, 2), Interval(10, 14), Interval(20, 29), Interval(40, 42)])
    one, other = halves(chunk, hum(60.0))
    assert samples_of(one, other) == samples_of(chunk), "Nothing is lost and nothing is heard twice."
    assert len(one) == len(other) == 2
    assert one[0].at == other[0].at == 0


def test_a_chunk_without_a_pause_is_parted_where_it_is_quietest_about_its_middle() -> None:
    track = np.concatenate([silence(0.5), hum(5.0), silence(0.4), hum(4.0)])
    one, other = halves((Piece(0, len(track), 0),), track)
    assert 5.5 <= one[-1].last / SAMPLE_RATE_HZ <= 5.9
    assert other[0].first == one[-1].last


def test_speech_without_a_word_is_given_back_unless_it_is_short() -> None:
    (chunk,) = lay_out(hum(30.0), [Interval(1, 4), Interval(6, 9), Interval(12, 13)])
    heard = [Word("hello", 1.2, 1.6, 0.9), Word("there", 2.0, 3.8, 0.9)]
    assert without_words(heard, chunk) == (Interval(6, 9),)
