"""Two parties in one voice: which sentences are the agent's and which the customer's, when sound cannot tell.

Diarization finds one voice where two people sound alike, and where one synthetic voice reads both parts. Then the words
are read as a dialogue: the sentences are the steps of a hidden Markov chain whose state is the party, and what is known
of both is added up as log odds.

1. A sentence speaks for a party by the cues of ``worker.core.role_cues`` and by whom it talks of.
2. Between two sentences the party changes more likely than not after a question, and before an answer, a thank you
   that is answered or a greeting that follows a question; in the middle of a statement it hardly ever does.
3. Who gives a name as his or her own is not the one who calls it. Whose names are whose is learned from the sentences
   that are sure without them.

A sentence is given to a party only where the chain is sure (``SURE``); elsewhere it stays unknown which one speaks. One
person alone, who may quote the other side, is not taken for two: both parties must be plainly heard (``BOTH_HEARD``,
``FAIR_SHARE``), or questions be answered in the voice that asks them.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

from worker.core.attribution import ends_question, is_short_answer
from worker.core.call import Party
from worker.core.role_cues import CUES, Cues, Openings, Reading
from worker.core.roles import cue_signs, is_one_of, sentences, whom_they_talk_of
from worker.core.transcript import Word

SURE = 0.9
"""How probable a party must be for a sentence to be given to it."""

BOTH_HEARD = 6.0
"""What the sentences of each party must add up to, in log odds, for two parties to be heard in one voice."""

FAIR_SHARE = 0.15
"""What the fainter party's sum must be of the other's: a long monologue has something of everything."""

ONE_SENTENCE = 5.0
"""The most that one sentence counts for, however many cues it holds: they are not independent."""

ANSWERED = 2
ANSWERED_SHARE = 0.25
"""How many questions, and what share of them, one voice must answer itself to be two people."""

AT_ONCE_S = 0.8
"""An answer follows sooner. Where one party alone was recorded, the other one's answer takes longer, and is silence."""

MOST_WORDS = 0.5
"""The least share of the words that must be given to a party, or none is: where little tells, all is a guess."""

NAMED = 3.0
"""What it counts that somebody gives a name as his or her own, or calls the other by it."""

ROUNDS = 2
"""How often what is known of the names is used to read the call again, and to learn more of them."""


@dataclass(frozen=True)
class _Sentence:
    first: int
    last: int  # half-open: the words [first, last)
    reading: Reading
    is_question: bool
    log_odds: float  # of the agent's
    given: tuple[str, ...]  # names by which somebody introduces himself
    called: tuple[str, ...]  # names by which somebody is called

    def uses(self, *, given: Collection[str], called: Collection[str]) -> bool:
        """Whether one of these names is given, or one of those called."""
        return any(is_one_of(name, given) for name in self.given) or any(
            is_one_of(name, called) for name in self.called
        )


def tell_parties_apart(words: Sequence[Word], *, language: str | None) -> tuple[Party, ...]:
    """The party of each word of one voice, AGENT, CUSTOMER or UNKNOWN; empty where the words are not plainly of both.

    Words in the order in which they were heard. All are UNKNOWN where two talk to each other and little tells them
    apart. Empty as well for a language of which nothing is known.
    """
    cues = CUES.get(language or "")
    said = [_read(words, first, last, cues) for first, last in sentences(words)] if cues else []
    heard = [sum(max(0.0, side * sentence.log_odds) for sentence in said) for side in (1, -1)]
    if min(heard) < max(BOTH_HEARD, FAIR_SHARE * max(heard)):
        return (Party.UNKNOWN,) * len(words) if _answers_itself(words, language=language) else ()
    parties = _parties(said, cues.openings) if cues and cues.openings else ()
    unclear = len(parties) - parties.count(Party.UNKNOWN) < MOST_WORDS * len(words)
    return (Party.UNKNOWN,) * len(words) if unclear else parties


def _answers_itself(words: Sequence[Word], *, language: str | None) -> bool:
    """Whether questions are answered in the same voice, as nobody does who speaks for himself."""
    asked = answered = 0
    for (_, last), (first, _) in pairwise(sentences(words)):
        if ends_question(words[last - 1].text):
            asked += 1
            at_once = words[first].start_s - words[last - 1].end_s <= AT_ONCE_S
            answered += at_once and is_short_answer(words[first].text, language=language)
    return answered >= max(ANSWERED, ANSWERED_SHARE * asked)


def _parties(said: Sequence[_Sentence], openings: Openings) -> tuple[Party, ...]:
    """The party of every word of the sentences, UNKNOWN where the chain is not sure."""
    if not said:
        return ()
    agent = _agent_by_sentence(said, [sentence.log_odds for sentence in said], openings)
    for _ in range(ROUNDS):
        agent = _agent_by_sentence(said, _with_names(said, agent), openings)
    parties: list[Party] = []
    for sentence, probability in zip(said, agent, strict=True):
        party = Party.AGENT if probability >= SURE else Party.CUSTOMER if probability <= 1 - SURE else Party.UNKNOWN
        parties += [party] * (sentence.last - sentence.first)
    return tuple(parties)


def _read(words: Sequence[Word], first: int, last: int, cues: Cues) -> _Sentence:
    reading = Reading.of(words[first:last])
    log_odds = sum(sign.weight for sign in cue_signs([reading], cues.roles)) + whom_they_talk_of([reading], cues)
    limited = max(-ONE_SENTENCE, min(ONE_SENTENCE, log_odds))
    return _Sentence(
        first,
        last,
        reading,
        is_question=ends_question(words[last - 1].text),
        log_odds=limited,
        given=tuple(reading.names(cues.introduces)),
        called=tuple(reading.names(cues.calls)),
    )


def _agent_by_sentence(said: Sequence[_Sentence], log_odds: Sequence[float], openings: Openings) -> list[float]:
    """The probability that the agent speaks, per sentence (forward and backward through the chain)."""
    changes = [
        _probability(openings.change(one.reading, other.reading, asked=one.is_question, asks=other.is_question))
        for one, other in pairwise(said)
    ]
    forward = _passed(log_odds, changes)
    backward = _passed(log_odds[::-1], changes[::-1])[::-1]
    # Each pass has counted the sentence itself, so it is taken off once.
    return [_probability(before + after - own) for before, after, own in zip(forward, backward, log_odds, strict=True)]


def _passed(log_odds: Sequence[float], changes: Sequence[float]) -> list[float]:
    """Log odds of the agent at each sentence, from it and all before it."""
    known = [log_odds[0]]
    for own, change in zip(log_odds[1:], changes, strict=True):
        agent = _probability(known[-1])
        expected = agent * (1 - change) + (1 - agent) * change
        known.append(math.log(expected / (1 - expected)) + own)
    return known


def _probability(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds))


def _with_names(said: Sequence[_Sentence], agent: Sequence[float]) -> list[float]:
    """The log odds of the sentences, and what the names in them add, as far as it is sure whose they are."""
    agents, customers = set[str](), set[str]()
    for sentence, probability in zip(said, agent, strict=True):
        if not 1 - SURE < probability < SURE:
            own, other = (agents, customers) if probability >= SURE else (customers, agents)
            own.update(sentence.given)
            other.update(sentence.called)
    both = agents & customers
    added = []
    for sentence in said:
        by_agent = sentence.uses(given=agents - both, called=customers - both)
        by_customer = sentence.uses(given=customers - both, called=agents - both)
        added.append(sentence.log_odds + NAMED * (by_agent - by_customer))
    return added
