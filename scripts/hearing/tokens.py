"""Words as they are compared: spelled alike on both sides, whoever wrote them and however a number was written.

English goes through Whisper's own normaliser (whisper-normalizer), which the field's figures are made with, other
languages through its basic one. It writes numbers as digits, but as one word or several, as they come: so each digit is
a word of its own here, on both sides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from kaldialign import align
from whisper_normalizer.basic import BasicTextNormalizer
from whisper_normalizer.english import EnglishTextNormalizer

from scripts.hearing.references import Utterance

SHORT_ANSWERS = frozenset(["yes", "yeah", "yep", "no", "nope", "okay", "right", "sure", "correct"])
"""Words that carry agreement, and that recognisers lose first."""

_NOTHING = "*"
_PARTS = re.compile(r"\d|[^\W\d_]+(?:'[^\W\d_]+)?")
_DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
_ALIKE = {"ok": "okay", **{name: str(digit) for digit, name in enumerate(_DIGITS)}}
"""The normaliser leaves some digits words, such as a lone "one"."""


@dataclass(frozen=True)
class HeardWord:
    """A word as some recogniser gave it. ``speaker`` and ``party`` are None where it does not say."""

    text: str
    start_s: float
    end_s: float
    confidence: float
    channel: int | None
    speaker: str | None = None
    party: str | None = None


@dataclass(frozen=True)
class HeardToken:
    """A word as it is compared, and the heard word that it comes from."""

    text: str
    word: HeardWord


@dataclass(frozen=True)
class SaidToken:
    """A word as it is compared, and the utterance that it is from.

    ``at_s`` is about when it was said, ``start_s`` and ``end_s`` exactly, each None where it is not known.
    """

    text: str
    utterance: Utterance
    at_s: float | None
    start_s: float | None
    end_s: float | None
    is_short_answer: bool


def spell(text: str, language: str) -> list[str]:
    """The words of a text, spelled as they are compared."""
    return [_ALIKE.get(part, part) for part in _PARTS.findall(_normaliser(language)(text))]


@cache
def _normaliser(language: str) -> Callable[[str], str]:
    normaliser: Callable[[str], str] = EnglishTextNormalizer() if language == "en" else BasicTextNormalizer()
    return normaliser


def pair(said: Sequence[str], heard: Sequence[str]) -> list[tuple[int | None, int | None]]:
    """Places of words that stand for each other, with the fewest errors; None where one side has no word."""
    pairs: list[tuple[int | None, int | None]] = []
    at_said = at_heard = 0
    for one, other in align(list(said), list(heard), _NOTHING):
        pairs.append((None if one == _NOTHING else at_said, None if other == _NOTHING else at_heard))
        at_said += one != _NOTHING
        at_heard += other != _NOTHING
    return pairs


def tokens_of_words(words: Sequence[HeardWord], language: str) -> list[HeardToken]:
    """The tokens of a run of words, in order. A number of several words is spelled as a whole, as it is said."""
    places = _places([word.text for word in words], language)
    return [HeardToken(text, words[place]) for text, place in places]


def _places(words: Sequence[str], language: str) -> list[tuple[str, int]]:
    """The tokens of a run of words, each with the place of the word that it comes from."""
    whole = spell(" ".join(words), language)
    alone = [(part, place) for place, word in enumerate(words) for part in spell(word, language)]
    tokens = []
    at = 0
    for at_whole, at_alone in pair(whole, [part for part, _ in alone]):
        if at_alone is not None:
            at = alone[at_alone][1]
        if at_whole is not None:
            # What only the whole has, such as a digit of "double four", comes from the word before it.
            tokens.append((whole[at_whole], at))
    return tokens


def tokens_of_utterance(utterance: Utterance, language: str) -> list[SaidToken]:
    """The tokens of an utterance. Words without times lie where they would if all letters took the same time."""
    texts = spell(utterance.text, language)
    times = _times_of(utterance, texts, language)
    answers = [text in SHORT_ANSWERS or text.isdigit() for text in texts]
    return [
        SaidToken(
            text,
            utterance,
            at_s,
            start_s,
            end_s,
            # A number within a sentence is no answer; a yes anywhere is one.
            is_short_answer=text in SHORT_ANSWERS or (answer and all(answers)),
        )
        for text, answer, (at_s, start_s, end_s) in zip(texts, answers, times, strict=True)
    ]


Times = tuple[float | None, float | None, float | None]
"""About when, from, and to."""


def _times_of(utterance: Utterance, texts: Sequence[str], language: str) -> list[Times]:
    if not utterance.speech:
        return [(None, None, None)] * len(texts)
    known = _places([text for text, _ in utterance.words], language)
    if [text for text, _ in known] == list(texts):
        spans = [utterance.words[place][1] for _, place in known]
        return [((span.start_s + span.end_s) / 2, span.start_s, span.end_s) for span in spans]
    letters = sum(len(text) for text in texts)
    times: list[Times] = []
    before = 0
    for place, text in enumerate(texts):
        first_s = utterance.speech[0].start_s if place == 0 else None
        last_s = utterance.speech[-1].end_s if place == len(texts) - 1 else None
        times.append((_at_s(utterance, (before + len(text) / 2) / letters), first_s, last_s))
        before += len(text)
    return times


def _at_s(utterance: Utterance, share: float) -> float:
    left_s = share * sum(part.length_s for part in utterance.speech)
    for part in utterance.speech:
        if left_s <= part.length_s:
            return part.start_s + left_s
        left_s -= part.length_s
    return utterance.speech[-1].end_s
