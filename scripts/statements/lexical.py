"""The plain baseline beside the checker: a summary is believed if its words occur in the dialogue."""

from __future__ import annotations

from collections.abc import Sequence

from scripts.statements.texts import Judged, Said
from worker.core.wording import is_content, stem, tokenize

PLAIN_THRESHOLD = 0.8
"""For the figure with a threshold that nobody chose by looking at the rows."""


def overlap(turns: Sequence[Said], summary: str) -> float:
    """The share of the summary's different words of meaning that occur anywhere in the dialogue; 1.0 if it has none."""
    said = {word for turn in turns for text in (turn.speaker, turn.text) for word in _meaning(text)}
    told = _meaning(summary)
    return len(told & said) / len(told) if told else 1.0


def _meaning(text: str) -> set[str]:
    return {stem(token.text) for token in tokenize(text) if is_content(token.text) or token.text[0].isdigit()}


def best_threshold(rows: Sequence[Judged], shares: Sequence[float]) -> float:
    """The threshold below which to refuse that has the best balanced accuracy on these very rows.

    No checker could know it, which is kind to the baseline. Of several the lowest, which refuses least.
    """
    unfaithful = sum(not row.is_faithful for row in rows)
    faithful = len(rows) - unfaithful
    if not faithful or not unfaithful:
        return PLAIN_THRESHOLD
    order = sorted(zip(shares, rows, strict=True), key=lambda pair: pair[0])
    best, best_gain, gain = 0.0, 0.0, 0.0
    for place, (share, row) in enumerate(order):
        gain += -1 / faithful if row.is_faithful else 1 / unfaithful
        following = order[place + 1][0] if place + 1 < len(order) else 2.0
        if following > share and gain > best_gain + 1e-12:
            best, best_gain = (share + following) / 2, gain
    return best
