"""What has to be read with a chosen sentence, and what is quoted of it where no sentence of ours may stand.

A bundle is its sentence, the one behind it where that goes on, the question before it where it is an answer, and what
the other side had said where it is an objection. The evidence of a statement is exactly these words; the writing model
sees nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from worker.core.cues import begins_as_answer
from worker.core.evidence import Sentence, cut, shorten, split_sentences
from worker.core.summary import Evidence, StatementKind
from worker.core.support import Spoken
from worker.core.transcript import Turn
from worker.stages.summarising.choose import Choice

MOST_QUOTED_WORDS = 22
"""With "The customer said:" before it, a quotation is as long as a statement may be. The signs for what was left out
count with these words."""

MOST_HEADLINE_WORDS = 13
"""The same for a headline, which is one line."""

MOST_ANSWERED_WORDS = 9
"""What a quotation of two sides shows of each."""


@dataclass(frozen=True)
class Bundle:
    """A choice with the words around it. ``said`` are stretches of evidence in order, each of one turn; ``quote`` is
    what is shown of them where nothing was written."""

    choice: Choice
    said: tuple[tuple[Turn, Evidence], ...]
    quote: tuple[Evidence, ...]

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The words the statement rests on."""
        return tuple(evidence for _, evidence in self.said)

    @property
    def spoken(self) -> tuple[Spoken, ...]:
        """The same, as the rules read it."""
        return tuple(Spoken(turn.party, evidence.quote) for turn, evidence in self.said)


def bundle(choice: Choice, turns: Sequence[Turn]) -> Bundle:
    """The words that belong to a choice."""
    last = choice.last
    before = _before(choice, turns)
    said: tuple[tuple[Turn, Evidence], ...] = ((choice.sentence.turn, cut(choice.sentence, last)),)
    if choice.more is not None:
        said = (*said, (choice.more.turn, cut(choice.more, choice.more)))
    most = MOST_QUOTED_WORDS
    quote: tuple[Evidence, ...] = ()
    if before is not None:
        said = ((before.turn, cut(before, before)), *said)
        if choice.kind is StatementKind.DISAGREED:
            most = MOST_ANSWERED_WORDS
            quote = (shorten(before, before, most_words=most),)
    return Bundle(choice, said, (*quote, shorten(choice.sentence, last, most_words=most)))


def headline_of(one: Bundle) -> Bundle:
    """The same words for the headline: only one line of them is quoted.

    Where a line cannot hold them without turning what they say, the shorter of the whole sentence and the quotation
    that stands in the summary.
    """
    sentence = one.choice.sentence
    line = shorten(sentence, sentence, most_words=MOST_HEADLINE_WORDS)
    if len(line.quote.split()) > MOST_HEADLINE_WORDS:
        line = min(one.quote[-1], line, key=lambda quote: len(quote.quote.split()))
    return Bundle(one.choice, one.said, (line,))


def _before(choice: Choice, turns: Sequence[Turn]) -> Sentence | None:
    """The other side's words just before that a choice cannot be understood without."""
    before = turns[choice.at - 1] if choice.at > 0 else None
    if before is None or before.party is choice.party or choice.sentence.first != 0:
        return None
    asked = split_sentences(before)
    if not asked:
        return None
    if choice.kind is StatementKind.DISAGREED:
        return asked[-1]
    answers = begins_as_answer(choice.sentence.text) and asked[-1].text.rstrip().endswith("?")
    return asked[-1] if answers else None
