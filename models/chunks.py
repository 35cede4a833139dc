"""A track as Whisper hears it, and back: stretches of speech laid into chunks, and words put where their sound lies.

Between two stretches in a chunk there is what lies right beside them on the track, and nothing from further away:
speech that breaks off into sudden silence loses a short answer now and then. A word that was heard in a chunk is put
back into the stretch that it came from, no longer than it can have been spoken. Nothing here knows a model.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from worker.core.listening import joined, longer, without
from worker.core.sound import SAMPLE_RATE_HZ, Interval
from worker.core.transcript import Word

Array: TypeAlias = npt.NDArray[np.float32]

CHUNK_S = 30.0
"""What Whisper hears at once."""
CHUNK = round(CHUNK_S * SAMPLE_RATE_HZ)
LONGEST_PAUSE = SAMPLE_RATE_HZ * 4 // 5
"""Samples between two stretches in a chunk, half from after the one and half from before the other."""
CUT_WITHIN = 8 * SAMPLE_RATE_HZ
"""A stretch longer than a chunk is cut at its quietest point within this many samples before the chunk is full."""
CUT_WINDOW = SAMPLE_RATE_HZ // 5
SHORTEST = SAMPLE_RATE_HZ // 50
"""Samples that a word has at least; no shorter stretch is listened to."""
LONGEST_WORD_S = 2.0
UNHEARD_S = 2.0
"""In so much speech somebody says a word; where none was heard, it is not known what was said."""
FRAME = SAMPLE_RATE_HZ // 100
FAINTEST, ABOVE_NOISE = 10 ** (-40 / 10), 10 ** (4 / 10)
"""A word's sound: at most that much fainter than its loudest hundredth of a second, and that much above the noise that
is in its piece, in power."""
NOISE_SHARE = 0.05
"""The quietest frames of a piece, which has its margins and pauses, are the noise of the line."""


@dataclass(frozen=True)
class Piece:
    """A part of a stretch: samples ``[first, last)`` of the track, which lie at ``at`` in their chunk."""

    first: int
    last: int
    at: int

    @property
    def length(self) -> int:
        """Samples."""
        return self.last - self.first

    def as_heard(self) -> Interval:
        """Where it lies in its chunk."""
        return Interval(self.at / SAMPLE_RATE_HZ, (self.at + self.length) / SAMPLE_RATE_HZ)


Chunk: TypeAlias = tuple[Piece, ...]


def lay_out(track: Array, stretches: Iterable[Interval]) -> tuple[Chunk, ...]:
    """The stretches as chunks of at most 30 s, in order; whatever of them lies outside the track is left out.

    Overlapping stretches are one, so that nothing is heard twice.
    """
    spans: list[tuple[int, int]] = []
    for stretch in sorted(stretches):
        first = max(0, round(stretch.start_s * SAMPLE_RATE_HZ))
        last = min(len(track), round(stretch.end_s * SAMPLE_RATE_HZ))
        if spans and first <= spans[-1][1]:
            first, last = spans[-1][0], max(last, spans[-1][1])
            spans.pop()
        spans.append((first, last))

    chunks: list[Chunk] = []
    chunk: Chunk = ()
    for part in (part for span in spans if span[1] - span[0] >= SHORTEST for part in _parts(track, *span)):
        piece = _after(chunk, *part)
        if piece.at + piece.length > CHUNK:
            chunks.append(chunk)
            chunk, piece = (), _after((), *part)
        chunk = (*chunk, piece)
    return (*chunks, chunk) if chunk else ()


def _after(chunk: Chunk, first: int, last: int) -> Piece:
    """The samples ``[first, last)`` as the next piece of a chunk."""
    if not chunk:
        return Piece(first, last, 0)
    before = chunk[-1]
    return Piece(first, last, before.at + before.length + min(first - before.last, LONGEST_PAUSE))


def _parts(track: Array, first: int, last: int) -> Iterator[tuple[int, int]]:
    """A stretch in parts that each fit into a chunk, cut where it is quietest."""
    while last - first > CHUNK:
        cut = _quietest(track, first + CHUNK - CUT_WITHIN, first + CHUNK)
        yield first, cut
        first = cut
    yield first, last


def _quietest(track: Array, first: int, last: int) -> int:
    """The middle of the quietest fifth of a second in ``[first, last)``, which has at least one."""
    windows = track[first : first + (last - first) // CUT_WINDOW * CUT_WINDOW].reshape(-1, CUT_WINDOW)
    return first + int(np.square(windows).sum(axis=1).argmin()) * CUT_WINDOW + CUT_WINDOW // 2


def halves(chunk: Chunk, track: Array) -> tuple[Chunk, Chunk]:
    """A chunk as two: parted between the pieces nearest to its middle, or where its only piece is quietest about there.

    A single piece has at least a second.
    """
    if len(chunk) == 1:
        (piece,) = chunk
        edge = piece.length * 3 // 8
        cut = _quietest(track, piece.first + edge, piece.last - edge)
        return (Piece(piece.first, cut, 0),), (Piece(cut, piece.last, 0),)
    middle = (chunk[-1].at + chunk[-1].length) / 2
    number = min(range(1, len(chunk)), key=lambda number: abs(chunk[number].at - middle))
    return chunk[:number], alone(chunk[number:])


def speech_in(chunk: Chunk) -> int:
    """Samples of speech in a chunk, its pauses left out."""
    return sum(piece.length for piece in chunk)


def alone(pieces: Sequence[Piece]) -> Chunk:
    """Pieces of a chunk as a chunk of their own."""
    return tuple(Piece(piece.first, piece.last, piece.at - pieces[0].at) for piece in pieces)


def sound_of(chunk: Chunk, track: Array) -> Array:
    """The chunk as it is heard; shape (samples,). A pause is filled from both its ends with what is there."""
    sound = np.empty(chunk[-1].at + chunk[-1].length, dtype=np.float32)
    for piece in chunk:
        sound[piece.at : piece.at + piece.length] = track[piece.first : piece.last]
    for before, piece in pairwise(chunk):
        start = before.at + before.length
        middle = (start + piece.at) // 2
        sound[start:middle] = track[before.last : before.last + middle - start]
        sound[middle : piece.at] = track[piece.first - (piece.at - middle) : piece.first]
    return sound


def without_words(words: Sequence[Word], chunk: Chunk) -> tuple[Interval, ...]:
    """Where in a chunk somebody speaks for long and no word lies; words and stretches in seconds of the track."""
    spoken = (Interval(piece.first / SAMPLE_RATE_HZ, piece.last / SAMPLE_RATE_HZ) for piece in chunk)
    return longer(
        without(tuple(spoken), joined(Interval(word.start_s, word.end_s) for word in words)), than_s=UNHEARD_S
    )


def put_back(words: Iterable[Word], chunk: Chunk, track: Array) -> Iterator[Word]:
    """Words in seconds of their chunk as words in seconds of the track, each within the piece that it overlaps most.

    A word that lies in the pause between two pieces belongs to the nearer one. Times are whole milliseconds.
    """
    noise = {piece: _noise(track[piece.first : piece.last]) for piece in chunk}
    for word in words:
        span = Interval(word.start_s, max(word.start_s, word.end_s))
        piece = max(chunk, key=lambda piece: (span.overlap_s(piece.as_heard()), -_distance_s(span, piece.as_heard())))
        first = min(max(round(span.start_s * SAMPLE_RATE_HZ) - piece.at, 0), piece.length - SHORTEST)
        last = min(max(round(span.end_s * SAMPLE_RATE_HZ) - piece.at, first + SHORTEST), piece.length)
        sound = track[piece.first : piece.last]
        first, last = _where_it_sounds(sound, first, last, noise=noise[piece])
        first, last = _where_loudest(sound, first, last, most=round(longest_s(word.text) * SAMPLE_RATE_HZ))
        # Rounded inward, so that no word reaches beyond its stretch or the track.
        start_ms = ceil((piece.first + first) * 1000 / SAMPLE_RATE_HZ)
        end_ms = floor((piece.first + last) * 1000 / SAMPLE_RATE_HZ)
        yield Word(word.text, start_ms / 1000, end_ms / 1000, round(word.confidence, 3))


def _distance_s(one: Interval, other: Interval) -> float:
    return max(0.0, one.start_s - other.end_s, other.start_s - one.end_s)


def longest_s(text: str) -> float:
    """How long a word can last: slow speech, with every digit and capital spelled out."""
    return min(LONGEST_WORD_S, 0.6 + sum(0.12 if sign.islower() else 0.8 for sign in text if sign.isalnum()))


def _powers(sound: Array) -> Array:
    """The power of each whole hundredth of a second; shape (frames,)."""
    frames = sound[: len(sound) // FRAME * FRAME].reshape(-1, FRAME)
    return np.asarray(np.square(frames).mean(axis=1), dtype=np.float32)


def _noise(sound: Array) -> float:
    return float(np.quantile(_powers(sound), NOISE_SHARE))


def _where_it_sounds(sound: Array, first: int, last: int, *, noise: float) -> tuple[int, int]:
    """``[first, last)`` without the quiet at its ends: a first word is given the silence from which it rises."""
    powers = _powers(sound[first:last])
    loud = np.flatnonzero(powers > max(noise * ABOVE_NOISE, float(powers.max()) * FAINTEST))
    if not len(loud):
        return first, last
    return first + int(loud[0]) * FRAME, min(last, first + (int(loud[-1]) + 1) * FRAME)


def _where_loudest(sound: Array, first: int, last: int, *, most: int) -> tuple[int, int]:
    """``[first, last)``, or the loudest ``most`` samples of it where it is longer: the rest is a pause.

    Whisper's alignment gives the pause beside a word to the word.
    """
    if last - first <= most:
        return first, last
    energy = np.concatenate([[0.0], np.cumsum(np.square(sound[first:last], dtype=np.float64))])
    start = first + int((energy[most:] - energy[:-most]).argmax())
    return start, start + most
