"""What a speech model's own word probability is worth: the share of such words that are right.

Whisper's probability of a word is what it believes of its own text, and that is not quite how often it is right. The
words beside it say more: a doubtful word among sure ones is mostly right, a sure one among doubtful ones less often.
How much each counts was measured on words whose text is known, model by model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import exp, log
from statistics import fmean

from worker.core.ports import MadeWith
from worker.core.transcript import Word

CLOSEST = 0.001
"""No probability is taken to be nearer to 0 or 1: the odds of those have no end."""


@dataclass(frozen=True)
class Calibration:
    """The log-odds that a word is right: ``own`` times its own, ``beside`` times the mean of those beside it, and more.

    Fitted by logistic regression. ``more`` is what is added to both.
    """

    own: float
    beside: float
    more: float

    def applied(self, words: Sequence[Word]) -> tuple[Word, ...]:
        """Words in their order, with the model's probability for their confidence; the same with the share right."""
        odds = [_log_odds(word.confidence) for word in words]
        found = []
        for place, word in enumerate(words):
            around = odds[max(0, place - 1) : place] + odds[place + 1 : place + 2] or [odds[place]]
            total = self.more + self.own * odds[place] + self.beside * fmean(around)
            found.append(replace(word, confidence=round(1.0 / (1.0 + exp(-total)), 3)))
        return tuple(found)


def _log_odds(probability: float) -> float:
    probability = min(max(probability, CLOSEST), 1.0 - CLOSEST)
    return log(probability / (1.0 - probability))


AS_IT_SAYS = Calibration(own=1.0, beside=0.0, more=0.0)
"""Of a model that was never measured: its own probability stands, and nothing better is claimed."""

MEASURED: Mapping[str, Calibration] = {"whisper-base": Calibration(own=0.74, beside=0.27, more=-0.02)}
"""whisper-base, int8: fitted on 4,695 words of 22 tracks, read and role-played. How well it holds on a folder of calls
is shown by ``scripts.bench_hearing`` as their reliability."""


def calibration_of(made_with: MadeWith) -> Calibration:
    """What was measured of a model, by its catalogue name."""
    return MEASURED.get(made_with.model, AS_IT_SAYS)
