"""Tokens in place of what was found, and which stretch of which sound says it.

The sound of protected words is taken with a margin, because a recogniser's word times err by a few tenths of a second;
where they cannot be right, or a word was heard with little certainty, with all the sound up to the words beside them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import TypeAlias

from worker.core.attribution import UNSURE_WORD
from worker.core.protection import Action, Cut, Found, Kind, token
from worker.core.sound import Interval
from worker.core.transcript import Turn, Word

MARGIN_S = 0.3
"""Before the first and after the last word, where nobody else is heard there."""

LEAST_MARGIN_S = 0.2
"""Even into the word beside it: better half of a harmless word is lost than half a digit is left."""

WIDEST_MARGIN_S = 2.0
"""Of words whose times are uncertain."""

DIGIT_S = 0.1
"""Saying a digit takes longer. A word that is shorter than that for each of its digits has times that are not right."""

CLOSING = re.compile(r"[.,;:!?…。？！]+$")


@dataclass(frozen=True)
class Heard:
    """On which channels of the sound a turn is heard, and by how much earlier and later on some of them."""

    channels: tuple[int, ...]
    early_s: float = 0.0
    late_s: float = 0.0


HeardOn: TypeAlias = Callable[[Turn], Heard]


def mask(
    turns: Sequence[Turn],
    found: Sequence[Found],
    actions: Mapping[Kind, Action],
    *,
    heard_on: HeardOn,
    duration_s: float,
) -> tuple[tuple[Turn, ...], tuple[Cut, ...]]:
    """The turns with a token for each finding that is cut or masked, and these cuts, in the order of the words.

    ``found`` is in that order, and no word belongs to two. What is kept stays as it was said, and is no cut. A token
    keeps the signs that closed its last word, so that sentences end where they did, and is as sure as the least sure
    of its words.
    """
    done = [one for one in found if actions[one.kind] is not Action.KEEP]
    stretches = _Stretches(turns, done)
    masked = list(turns)
    cuts: list[Cut] = []
    of_turn: dict[int, list[Found]] = {}
    for one in done:
        of_turn.setdefault(one.turn, []).append(one)
    for number, mine in of_turn.items():
        turn, words = turns[number], list[Word]()
        heard = heard_on(turn)
        after = 0
        for one in mine:
            words += turn.words[after : one.first]
            action = actions[one.kind]
            stretch = stretches.of(one)
            start_s = round(max(0.0, stretch.start_s - heard.early_s), 3)
            end_s = round(min(duration_s, stretch.end_s + heard.late_s), 3)
            cuts.append(Cut(one.kind, action, turn.id, len(words), heard.channels, start_s, end_s))
            words.append(_token_word(turn.words[one.first : one.end], one, action))
            after = one.end
        words += turn.words[after:]
        masked[number] = replace(turn, words=tuple(words), text=" ".join(word.text for word in words))
    return tuple(masked), tuple(cuts)


def _token_word(words: Sequence[Word], one: Found, action: Action) -> Word:
    closing = CLOSING.search(words[-1].text)
    return Word(
        token(one.kind, one.left if action is Action.MASK else None) + (closing[0] if closing else ""),
        words[0].start_s,
        max(word.end_s for word in words),
        min(word.confidence for word in words),
    )


class _Stretches:
    """The words of the call by the sound on which they are heard: for the stretch that a finding takes of it."""

    def __init__(self, turns: Sequence[Turn], found: Sequence[Found]) -> None:
        self._turns = turns
        hidden = {(one.turn, word) for one in found for word in range(one.first, one.end)}
        self._beside: dict[int | None, list[Word]] = {}
        for number, turn in enumerate(turns):
            seen = self._beside.setdefault(turn.channel, [])
            seen += [word for place, word in enumerate(turn.words) if (number, place) not in hidden]

    def of(self, one: Found) -> Interval:
        """The sound of a finding with its margin; it may leave that of the call."""
        turn = self._turns[one.turn]
        words = turn.words[one.first : one.end]
        start_s, end_s = min(word.start_s for word in words), max(word.end_s for word in words)
        beside = self._beside[turn.channel]
        # Words of others on the same track may run through it: they are no border.
        before_s = max((word.end_s for word in beside if word.start_s < start_s and word.end_s < end_s), default=-inf)
        after_s = min((word.start_s for word in beside if word.end_s > end_s and word.start_s > start_s), default=inf)
        margin_s = WIDEST_MARGIN_S if _is_doubtful(words) else MARGIN_S
        return Interval(
            min(start_s - LEAST_MARGIN_S, max(start_s - margin_s, before_s)),
            max(end_s + LEAST_MARGIN_S, min(end_s + margin_s, after_s)),
        )


def _is_doubtful(words: Sequence[Word]) -> bool:
    """Whether the times of these words may be far off: one is hardly sure, or too short for what it says."""
    return any(
        word.confidence < UNSURE_WORD or word.end_s - word.start_s < DIGIT_S * sum(sign.isdigit() for sign in word.text)
        for word in words
    )
