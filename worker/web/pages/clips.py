"""Stretches of the call that a page can play."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from worker.core.sound import clock
from worker.core.summary import Evidence


@dataclass(frozen=True)
class Clip:
    """A stretch of the call that can be played, to 1/100 s, and the turn in which it lies, if it lies in one."""

    label: str
    start_s: float
    end_s: float
    turn: str | None


def clip_of(start_s: float, end_s: float, turn: str | None) -> Clip:
    """The stretch, with its start as people read it."""
    return Clip(clock(start_s), hundredths(start_s) / 100, hundredths(end_s) / 100, turn)


def clips_of(evidence: Iterable[Evidence]) -> tuple[Clip, ...]:
    """The stretches in which the words are said, in the order in which they are given."""
    return tuple(clip_of(piece.start_s, piece.end_s, piece.turn) for piece in evidence)


def hundredths(seconds: float) -> int:
    """The one way in which times are rounded, so that a word and the evidence that begins with it agree."""
    return round(seconds * 100)
