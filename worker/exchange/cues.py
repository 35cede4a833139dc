"""Turns cut into captions that can be read while they stand there.

The bounds are those of subtitling practice: two lines of 42 letters, and no longer than seven seconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from worker.exchange.script import Line, ScriptWord, Speech

LONGEST_CUE = 84
"""Letters, the name before them not counted. One word that is longer stands alone."""

LONGEST_CUE_S = 7.0
SHORTEST_CUE_S = 0.001
"""No caption ends when it begins: formats count in milliseconds."""

ENDS_SENTENCE = (".", "?", "!", "…", "。", "؟", "？", "！")
WORTH_A_CUE = 42
"""From so many letters on, the end of a sentence ends the caption as well."""


@dataclass(frozen=True)
class Cue:
    """One caption of one turn; ``number`` counts those of the turn from 1."""

    turn: str
    number: int
    start_s: float
    end_s: float
    name: str
    words: tuple[ScriptWord, ...]


def timestamp(seconds: float, *, decimal_sign: str) -> str:
    """A point in the call: 00:02:05.250 with a point for a sign; what is before it is its beginning."""
    whole_s, ms = divmod(round(max(0.0, seconds) * 1000), 1000)
    return f"{whole_s // 3600:02}:{whole_s // 60 % 60:02}:{whole_s % 60:02}{decimal_sign}{ms:03}"


def cues_of(script: Sequence[Line]) -> tuple[Cue, ...]:
    """The captions of all turns in the order of their beginnings, also where people speak at the same time."""
    cues = [cue for line in script if isinstance(line, Speech) for cue in _cues(line)]
    return tuple(sorted(cues, key=lambda cue: (cue.start_s, cue.end_s)))


def _cues(speech: Speech) -> Iterator[Cue]:
    for number, words in enumerate(_pieces(speech.words), start=1):
        start_s = max(0.0, min(word.start_s for word in words))
        end_s = max(start_s + SHORTEST_CUE_S, *(word.end_s for word in words))
        yield Cue(speech.turn, number, start_s, end_s, speech.name, tuple(words))


def _pieces(words: Sequence[ScriptWord]) -> Iterator[list[ScriptWord]]:
    piece: list[ScriptWord] = []
    letters = 0
    for word in words:
        is_over = letters + 1 + len(word.text) > LONGEST_CUE
        if piece and (is_over or word.end_s - piece[0].start_s > LONGEST_CUE_S):
            yield piece
            piece, letters = [], 0
        piece.append(word)
        letters += len(word.text) + (1 if letters else 0)
        if letters >= WORTH_A_CUE and word.text.endswith(ENDS_SENTENCE):
            yield piece
            piece, letters = [], 0
    if piece:
        yield piece
