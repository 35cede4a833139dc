"""Evidence: the exact stretch of words of a turn on which a statement rests, and its quotation.

A quotation is never put together from pieces: it is cut out of the turn's own text, so it stands there letter for
letter, and its seconds are those of its first and last word.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from worker.core.call import Party
from worker.core.summary import Evidence
from worker.core.transcript import Turn, Word

LONGEST_SENTENCE_WORDS = 40
"""Longer stretches without a full stop are parted, so that a quotation stays readable."""

LONG_PAUSE_S = 1.0
"""Where nobody heard a full stop, so long a silence between two words ends a sentence."""

NAMED = {
    Party.AGENT: "The agent",
    Party.CUSTOMER: "The customer",
    Party.OTHER: "Another voice",
    Party.UNKNOWN: "One speaker",
}
"""How a statement names its party. Names of people are the page's to add: they are data, not words that were said."""

NO_MODEL = "none"
"""The model's name of a summarizer that writes nothing, so that every statement is a quotation."""

_ENDS = re.compile(r"[.!?…]+[\"'”’)]*$")
_NOT_ENDS = re.compile(r"^(?:mr|mrs|ms|dr|st|no|[a-z]|[ap]\.m|u\.s|e\.g|i\.e)\.$", re.IGNORECASE)
_TRAILS_OFF = re.compile(r"(?:\.\.\.|…)$")


@dataclass(frozen=True)
class Sentence:
    """One sentence of a turn: its words ``[first, end)`` and their text as it stands in the turn."""

    turn: Turn
    first: int
    end: int
    text: str

    @property
    def start_s(self) -> float:
        """Start of its first word; of the turn where that has no words of its own."""
        return self.turn.words[self.first].start_s if self.turn.words else self.turn.start_s

    @property
    def end_s(self) -> float:
        """End of its last word."""
        return self.turn.words[self.end - 1].end_s if self.turn.words else self.turn.end_s


def split_sentences(turn: Turn) -> tuple[Sentence, ...]:
    """The sentences of a turn, in order; together they are all of its words. An empty turn has none.

    A turn whose words cannot be found in its text is one sentence: what cannot be cut exactly is not cut.
    """
    places = _places(turn)
    if places is None:
        return (Sentence(turn, 0, len(turn.words), turn.text),) if turn.text.strip() else ()
    parts: list[tuple[int, int]] = []
    first = 0
    for at in range(len(turn.words)):
        if at == len(turn.words) - 1 or _ends_sentence(turn.words, at):
            parts.extend(_part_long(turn.words, first, at + 1))
            first = at + 1
    return tuple(Sentence(turn, first, end, turn.text[places[first][0] : places[end - 1][1]]) for first, end in parts)


def cut(first: Sentence, last: Sentence) -> Evidence:
    """The stretch of one turn from one sentence through another."""
    turn = first.turn
    places = _places(turn)
    quote = turn.text if places is None else turn.text[places[first.first][0] : places[last.end - 1][1]]
    return Evidence(turn=turn.id, start_s=first.start_s, end_s=last.end_s, quote=quote)


def is_exact(evidence: Evidence, turns: Sequence[Turn]) -> bool:
    """Whether the quotation stands letter for letter in its turn, and its seconds run forward."""
    turn = next((turn for turn in turns if turn.id == evidence.turn), None)
    return (
        turn is not None
        and bool(evidence.quote.strip())
        and evidence.quote in turn.text
        and evidence.start_s <= evidence.end_s
    )


def quotation(party: Party, quotes: Sequence[str]) -> str:
    """What is published in place of a sentence that its evidence does not carry: the words themselves."""
    return f"{NAMED[party]} said: “{' … '.join(quote.strip() for quote in quotes)}”"


def _places(turn: Turn) -> list[tuple[int, int]] | None:
    """Where each word stands in the turn's text, as ``[start, end)``; None where one cannot be found in its order."""
    places = []
    at = 0
    for word in turn.words:
        start = turn.text.find(word.text, at)
        if start < 0 or not word.text:
            return None
        at = start + len(word.text)
        places.append((start, at))
    return places or None


def _ends_sentence(words: Sequence[Word], at: int) -> bool:
    word, following = words[at], words[at + 1]
    if following.start_s - word.end_s >= LONG_PAUSE_S and not _TRAILS_OFF.search(word.text):
        # A pause after a comma is a pause for thought. Elsewhere nobody may have heard the full stop.
        return not word.text.endswith((",", ";", ":"))
    if not _ENDS.search(word.text) or _NOT_ENDS.match(word.text):
        return False
    return not following.text[:1].islower()


def _part_long(words: Sequence[Word], first: int, end: int) -> list[tuple[int, int]]:
    """Parts of at most ``LONGEST_SENTENCE_WORDS``, cut behind a comma where one stands in the part's second half."""
    parts = []
    while end - first > LONGEST_SENTENCE_WORDS:
        last = first + LONGEST_SENTENCE_WORDS
        half = first + LONGEST_SENTENCE_WORDS // 2
        cut_at = next((at for at in range(last, half, -1) if words[at - 1].text.endswith((",", ";", ":"))), last)
        parts.append((first, cut_at))
        first = cut_at
    return [*parts, (first, end)]
