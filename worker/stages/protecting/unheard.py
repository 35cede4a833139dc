"""Speech near a protected number of which nothing was written down: it is taken for more of that number.

A recogniser that is read "four two" many times over writes it fewer times, or leaves a whole breath out. The words say
nothing of it then, and only the sound does.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from worker.core.listening import joined, longer, without
from worker.core.protection import Cut, Found, Kind
from worker.core.sound import Interval
from worker.core.transcript import Listening, Turn

SPOKEN_IN_DIGITS = frozenset({Kind.CARD_NUMBER, Kind.CARD_CODE, Kind.CARD_EXPIRY})

WITHIN_S = 12.0
"""So far before and behind a cut: as long as somebody takes to read out a card."""

LEAST_S = 0.15
"""What is shorter is no digit."""

WORD_MARGIN_S = 0.3
"""So much around a word that is shown is its own: silence that was taken for speech, an end that is a little late."""

BESIDE_MARGIN_S = 0.05
"""Towards a protected word."""


def unheard_cuts(
    turns: Sequence[Turn],
    found: Collection[Found],
    cuts: Sequence[Cut],
    listening: Listening,
    heard_on: Callable[[int], tuple[int, ...]],
) -> Iterator[Cut]:
    """More stretches of the cuts: each of the cut nearest to it, whose token stands for it too.

    ``turns`` are as they were heard, ``found`` is what is cut of them. ``heard_on`` gives the channels that carry what
    is said on one.
    """
    near = [cut for cut in cuts if cut.kind in SPOKEN_IN_DIGITS]
    hidden = {(one.turn, word) for one in found for word in range(one.first, one.end)}
    for channel in listening.heard_channels if near else ():
        written = joined(_written(turns, channel, hidden))
        for left in longer(without(listening.speech(channel), written), than_s=LEAST_S):
            cut = min(near, key=lambda cut: _apart_s(cut, left))
            if _apart_s(cut, left) <= WITHIN_S:
                start_s, end_s = round(left.start_s, 3), round(left.end_s, 3)
                yield replace(cut, channels=heard_on(channel), start_s=start_s, end_s=end_s)


def _written(turns: Iterable[Turn], channel: int, hidden: Collection[tuple[int, int]]) -> Iterator[Interval]:
    """Where there are words on a channel; of a turn whose channel is not known, on any."""
    words = sorted(
        (word.start_s, word.end_s, (number, place) in hidden)
        for number, turn in enumerate(turns)
        if turn.channel in (channel, None)
        for place, word in enumerate(turn.words)
    )
    for at, (start_s, end_s, is_hidden) in enumerate(words):
        beside = [words[near][2] if 0 <= near < len(words) else False for near in (at - 1, at + 1)]
        before_s, after_s = (0.0 if is_hidden else BESIDE_MARGIN_S if one else WORD_MARGIN_S for one in beside)
        yield Interval(start_s - before_s, max(start_s, end_s) + after_s)


def _apart_s(cut: Cut, stretch: Interval) -> float:
    return max(cut.start_s - stretch.end_s, stretch.start_s - cut.end_s, 0.0)
