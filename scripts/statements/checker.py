"""The judge that is measured: whether a summary says something that its dialogue does not carry.

These are the checker's own parts: ``worker.core.support.find_contradictions``, then the reading model with the
threshold of ``worker.stages.check``. What a statement has to keep besides (its form, and that it stays close to the
words: ``worker.core.support.judge``) is not asked of summaries that people or other machines wrote freely.

The checker is made for a sentence and the few words it rests on. A summary is judged sentence by sentence, the rules on
the whole dialogue, the model on the turns that share most with the sentence.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from scripts.statements.texts import Said
from worker.core.call import Party
from worker.core.passage import as_passage
from worker.core.ports import Entailment
from worker.core.support import Complaint, Spoken, find_contradictions
from worker.core.wording import content_stems, tokenize

MOST_WORDS = 260
"""The model reads so many words of a dialogue at most: those of the turns that share most with a sentence."""

_SENTENCE_END = re.compile(r"(?<=[.!?])[\"'”’)]*\s+(?=[A-Z\"'“])")
_AGENT = re.compile(r"\b(?:agent|representative|rep|advisor|assistant|operator|salesperson)\b", re.IGNORECASE)
_CUSTOMER = re.compile(r"\b(?:customer|client|caller|prospect|guest|patient|user)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Reading:
    """What was found in a summary: the complaints of the rules, and what the model held of each sentence."""

    complaints: tuple[Complaint, ...]
    entailed: tuple[float, ...]


def read(turns: Sequence[Said], summary: str, entailment: Entailment | None) -> Reading:
    """Rules and model over each sentence of the summary; what the rules refuse, the model is not asked about."""
    spoken = [Spoken(_party(turn.speaker), turn.text, turn.speaker) for turn in turns]
    sentences = [part for part in _SENTENCE_END.split(summary.strip()) if part]
    complaints = tuple(complaint for sentence in sentences for complaint in find_contradictions(sentence, spoken))
    if complaints or entailment is None:
        return Reading(complaints, ())
    return Reading(
        (), tuple(entailment.entails(as_passage(_closest(sentence, spoken)), sentence) for sentence in sentences)
    )


def _party(speaker: str) -> Party:
    return Party.AGENT if _AGENT.search(speaker) else Party.CUSTOMER if _CUSTOMER.search(speaker) else Party.OTHER


def _closest(sentence: str, spoken: Sequence[Spoken]) -> list[Spoken]:
    """The turns that share most with a sentence, and those beside them, in their order, up to ``MOST_WORDS``."""
    meant = set(content_stems(tokenize(sentence)))
    said = [set(content_stems(tokenize(f"{one.name} {one.text}"))) for one in spoken]
    spread = Counter(meaning for one in said for meaning in one)
    shares = [sum(1.0 / sqrt(spread[meaning]) for meaning in meant & one) for one in said]
    # An answer is told by its question, a "yes" by what stands before it.
    near = [
        share + 0.3 * max([*shares[max(0, at - 1) : at], *shares[at + 1 : at + 2]], default=0.0)
        for at, share in enumerate(shares)
    ]
    kept: set[int] = set()
    words = 0
    for at in sorted(range(len(spoken)), key=lambda at: -near[at]):
        words += len(spoken[at].text.split())
        if kept and words > MOST_WORDS:
            break
        kept.add(at)
    return [spoken[at] for at in sorted(kept)]
