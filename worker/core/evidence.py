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
from worker.core.wording import NEGATIONS, is_content, stem, tokenize, word_set

LONGEST_SENTENCE_WORDS = 40
"""Longer stretches without a full stop are parted, so that a quotation stays readable."""

LONG_PAUSE_S = 1.0
"""Where nobody heard a full stop, so long a silence between two words ends a sentence."""

LEAST_QUOTED_WORDS = 4
"""So many words are left of a quotation, even where all of them are words of hesitation."""

NAMED = {
    Party.AGENT: "The agent",
    Party.CUSTOMER: "The customer",
    Party.OTHER: "Another voice",
    Party.UNKNOWN: "One speaker",
}
"""How a statement names its party. Names of people are the page's to add: they are data, not words that were said."""

NO_MODEL = "none"
"""The model's name of a summarizer that writes nothing."""

BY_RULES = "rules"
"""What is said to have written a sentence that was made by rule of the words themselves."""

_ENDS = re.compile(r"[.!?…]+[\"'”’)]*$")
_NOT_ENDS = re.compile(r"^(?:mr|mrs|ms|dr|st|no|[a-z]|[ap]\.m|u\.s|e\.g|i\.e)\.$", re.IGNORECASE)
_TRAILS_OFF = re.compile(r"(?:\.\.\.|…)$")

_HESITATIONS = word_set("okay ok so um uh uhm er ah oh well alright right now and but like hmm mm")
_CLAUSE_OPENERS = word_set("and but because so which that if when where who although until unless or then")

# Words that turn what stands beside them: a quotation without them says something else than was said.
_CONDITIONS = word_set(
    "if unless provided providing assuming once until till when whenever only where except subject whether otherwise"
)
_HANGS_ON = _CONDITIONS | word_set("that which who")
_HELD_TO_BE_SO = frozenset(
    map(
        stem,
        word_set("""
            say tell think claim deny lie lied lies lying believe wonder doubt hope pretend suppose imagine guess wish
            supposedly allegedly false untrue
            """),
    )
)


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


def shorten(first: Sentence, last: Sentence, *, most_words: int) -> Evidence:
    """The part of one turn, from one sentence through another, that is shown as a quotation.

    At most ``most_words``, the signs for what was left out counted with them. Words of hesitation at the start are left
    out. What is still too long is cut where a clause begins or ends, so that as much meaning as possible is kept; it
    stays one stretch of the turn's own words. Nothing is left out that turns what is kept: a negation, a condition, a
    verb of saying, thinking or doubting. Where that leaves no cut, all of it is quoted, longer than ``most_words``:
    faithful goes before short.
    """
    turn = first.turn
    places = _places(turn)
    if places is None:
        return cut(first, last)
    begin, end = _past_hesitation(turn.words, first.first, last.end), last.end
    whole = _evidence(turn, places, begin, end)
    if len(_with_cuts(turn, whole).split()) <= most_words:
        return whole
    return _evidence(turn, places, *_fullest(turn.words, begin, end, most_words))


def _evidence(turn: Turn, places: Sequence[tuple[int, int]], begin: int, end: int) -> Evidence:
    quote = turn.text[places[begin][0] : places[end - 1][1]]
    return Evidence(turn.id, turn.words[begin].start_s, turn.words[end - 1].end_s, quote)


def _past_hesitation(words: Sequence[Word], begin: int, end: int) -> int:
    while end - begin > LEAST_QUOTED_WORDS and _plain(words[begin].text) in _HESITATIONS:
        begin += 1
    return begin


def _fullest(words: Sequence[Word], begin: int, end: int, most: int) -> tuple[int, int]:
    """The stretch with the most words of meaning that no word left out turns; all of it where there is none.

    Nor is it cut in the middle of a clause just behind such a word: what it turns has to be read with it. At most
    ``most`` words with the signs for what is left out, from the start of a clause and to the end of one if it can be.
    """
    opens = [at for at in range(begin + 1, end - LEAST_QUOTED_WORDS) if _opens_a_clause(words, at)]
    starts = [_past_hesitation(words, at, end) for at in opens]
    # A condition, or what is said of something, tells nothing or something else without that.
    starts = [begin, *(at for at in starts if _plain(words[at].text) not in _HANGS_ON)]
    turning = [at for at in range(begin, end) if _turns(words, at)]

    def stretch(start: int) -> tuple[int, int]:
        # One sign for each side where something may be left out; the last stretch needs none behind it.
        room = most - 1
        if end - start <= room:
            return start, end
        last = start + room - 1
        ends = [at for at in range(last, start + most // 2, -1) if _opens_a_clause(words, at)]
        # Rather the middle of a clause than a cut before a word that turns the rest.
        return start, next((at for at in ends if not any(at <= one < last for one in turning)), last)

    def meaning(span: tuple[int, int]) -> float:
        told = {_plain(word.text) for word in words[span[0] : span[1]]}
        return sum(1.0 for word in told if word and (is_content(word) or word[0].isdigit() or word in NEGATIONS))

    faithful = [
        (first, last)
        for first, last in map(stretch, starts)
        if all(first <= at < last for at in turning)
        and (last == end or _opens_a_clause(words, last) or not any(last - at <= LEAST_QUOTED_WORDS for at in turning))
    ]
    # Of two as full the earlier one: what comes first was meant first.
    return max(faithful, key=lambda span: (meaning(span), -span[0]), default=(begin, end))


def _turns(words: Sequence[Word], at: int) -> bool:
    """Whether a quotation without this word may say something else than was said."""
    said = {token.text for token in tokenize(words[at].text)}
    as_long_as = "long" in said and at + 1 < len(words) and _plain(words[at + 1].text) == "as"
    return as_long_as or any(word in NEGATIONS or word in _CONDITIONS or stem(word) in _HELD_TO_BE_SO for word in said)


def _opens_a_clause(words: Sequence[Word], at: int) -> bool:
    return words[at - 1].text.endswith((",", ";", ":", ".", "?", "!")) or _plain(words[at].text) in _CLAUSE_OPENERS


def quotation(said: Sequence[tuple[Turn, Evidence]]) -> str:
    """What is published in place of a sentence that its evidence does not carry: the words themselves, and whose.

    An ellipsis stands where a sentence was cut.
    """
    return " ".join(
        f"{NAMED[turn.party]} {'asked' if one.quote.rstrip().endswith('?') else 'said'}: “{_with_cuts(turn, one)}”"
        for turn, one in said
    )


def _with_cuts(turn: Turn, evidence: Evidence) -> str:
    quote = evidence.quote.strip()
    at = _stands_at(turn, evidence, quote)
    before = turn.text[:at].rstrip()
    skipped = re.split(r"[.!?…]\s", before)[-1].split()
    begins = not before or before[-1] in ".!?…" or all(_plain(word) in _HESITATIONS for word in skipped)
    ends = at + len(quote) in _sentence_ends(turn) or quote[-1] in ".!?…"
    return f"{'' if begins else '… '}{quote}{'' if ends else ' …'}"


def _stands_at(turn: Turn, evidence: Evidence, quote: str) -> int:
    """Where in its turn's text a quotation stands: the same words may be said twice."""
    for word, (start, _) in zip(turn.words, _places(turn) or (), strict=False):
        if word.start_s >= evidence.start_s and turn.text.startswith(quote, start):
            return start
    return turn.text.find(quote)


def _sentence_ends(turn: Turn) -> set[int]:
    """Where in its text the sentences of a turn end."""
    ends = set()
    at = 0
    for sentence in split_sentences(turn):
        at = turn.text.find(sentence.text, at) + len(sentence.text)
        ends.add(at)
    return ends


def _plain(word: str) -> str:
    return word.lower().strip(".,;:!?…\"'“”‘’()-")


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
