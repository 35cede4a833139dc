"""Which of the words that were spoken are worth a statement: few, of both sides, of several kinds, nothing twice.

Every sentence of every turn is weighed by its wording (``worker.core.cues``), by what it promises, by its place in the
call, by who says it, and by how much it shares with the rest of the call. The best of every window are kept, so that an
hour gets its due as a minute does; then few are chosen: a call with little in it gets little.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from worker.core.call import Party
from worker.core.cues import asks_for_the_story, find_kinds, gives_a_reason, has_nothing_to_say
from worker.core.evidence import Sentence
from worker.core.summary import Commitment, StatementKind
from worker.core.transcript import Turn
from worker.core.wording import content_stems, tokenize

MOST_STATEMENTS = 12
FIRST_STATEMENTS = 2
TALK_PER_STATEMENT_S = 80.0
"""However short a call is, it may hold a wish and an answer; more talk adds less."""

WINDOW_S = 120.0
"""The call is looked at in windows of this length; each sends its best sentences on."""

LEAST_WEIGHT = 2.5
"""A sentence that weighs less is not worth a statement, even where there is room for one."""

LEAST_MEANING = 2
"""So many words of meaning a sentence has at least; "Yes, please" tells nothing by itself."""

AGAIN = 0.6
"""What a further statement of a kind counts for, so that one kind does not crowd out the rest."""

LEAD = 0.7
"""What a further statement of the side that has more of them already counts for."""

LONGEST_BUNDLE_WORDS = 45
"""Two sentences are taken together up to this length."""

ALIKE = 0.5
"""Two sentences that share so much of their meaning are one statement."""

THE_MATTER = 4.0
"""What the first thing that a customer says at length weighs more: why somebody calls, in whatever words."""

THE_STORY = 3.0
"""The same for the answer to "what happened?"."""

A_PROMISE = 4.0

BROKEN = 0.7
"""What a sentence counts for of which the start or the end is missing."""

MOST_CENTRAL = 1.5
"""What a sentence weighs more that shares its words with much of the call."""

FULL_OF_MEANING = 10
TELLING = {Party.AGENT: 2.0, Party.CUSTOMER: 1.2, Party.UNKNOWN: 1.2}
"""What a sentence with so many words of meaning weighs by itself, where no wording gives it away; fewer words, less."""


@dataclass(frozen=True)
class Choice:
    """A sentence worth a statement: what kind, how much it weighs, and the number of its turn.

    ``last`` is the sentence itself, or the one behind it where both together tell the matter; ``more`` is that one
    where it begins the same party's next turn.
    """

    at: int
    sentence: Sentence
    last: Sentence
    kind: StatementKind
    weight: float
    more: Sentence | None = None

    @property
    def party(self) -> Party:
        """Who says it."""
        return self.sentence.turn.party


def count_statements(turns: Sequence[Turn]) -> int:
    """How many statements a call of these turns may have."""
    talk_s = sum(turn.end_s - turn.start_s for turn in turns)
    return min(MOST_STATEMENTS, FIRST_STATEMENTS + math.ceil(talk_s / TALK_PER_STATEMENT_S))


def choose(
    sentences: Sequence[tuple[int, Sentence]], turns: Sequence[Turn], promises: Sequence[Commitment], *, most: int
) -> tuple[Choice, ...]:
    """The best few sentences in the order of the call; ``sentences`` come with the number of their turn.

    A promise takes no other statement's place: those are beside the ``most``, up to ``MOST_STATEMENTS``.
    """
    choices = _weigh(sentences, turns, promises)
    left = [choice for choice in _best_of_windows(choices, most) if choice.weight >= LEAST_WEIGHT]
    chosen: list[Choice] = []
    kinds: Counter[tuple[StatementKind, Party]] = Counter()
    sides: Counter[Party] = Counter()
    while left and len(chosen) < MOST_STATEMENTS and len(chosen) - _count_promised(chosen) < most:
        fewest = min(sides[party] for party in {choice.party for choice in left})

        def worth(choice: Choice, fewest: int = fewest) -> float:
            lead = sides[choice.party] - fewest
            # Two reasons for one refusal say little more than one; two promises are two promises.
            again = 1.0 if choice.kind is StatementKind.PROMISED else AGAIN ** kinds[choice.kind, choice.party]
            return choice.weight * again * (LEAD ** max(0, lead))

        best = max(left, key=lambda choice: (worth(choice), -choice.sentence.start_s))
        left = [choice for choice in left if choice is not best and not _alike(choice, best)]
        chosen.append(best)
        kinds[best.kind, best.party] += 1
        sides[best.party] += 1
    _admit_the_silent_side(chosen, choices, most=most)
    return tuple(sorted(chosen, key=lambda choice: (choice.at, choice.sentence.first)))


def choose_by_length(sentences: Sequence[tuple[int, Sentence]], *, most: int) -> tuple[Choice, ...]:
    """For words that no cue can read: the longest of each party in turn."""
    by_party: dict[Party, list[Choice]] = {}
    for at, sentence in sentences:
        length = float(sentence.end - sentence.first)
        if length >= 4.0 or len(sentence.text) >= 20:
            choice = Choice(at, sentence, sentence, StatementKind.EXPLAINED, length)
            by_party.setdefault(sentence.turn.party, []).append(choice)
    ranked = [sorted(choices, key=lambda choice: -choice.weight) for choices in by_party.values()]
    in_turn = [rank[place] for place in range(most) for rank in ranked if place < len(rank)]
    return tuple(sorted(in_turn[: max(most, len(ranked))], key=lambda choice: (choice.at, choice.sentence.first)))


def _count_promised(chosen: Sequence[Choice]) -> int:
    return sum(choice.kind is StatementKind.PROMISED for choice in chosen)


# --- weighing --------------------------------------------------------------------------------------------------------


def _weigh(
    sentences: Sequence[tuple[int, Sentence]], turns: Sequence[Turn], promises: Sequence[Commitment]
) -> list[Choice]:
    start_s, end_s = turns[0].start_s, max(turn.end_s for turn in turns)
    length_s = max(end_s - start_s, 1e-6)
    matters = {party: _first_said(sentences, party) for party in (Party.CUSTOMER, Party.UNKNOWN)}
    stories = _find_stories(sentences, turns)
    central = _centrality([sentence for _, sentence in sentences])
    choices = []
    for number, (at, sentence) in enumerate(sentences):
        party = sentence.turn.party
        if not _has_meaning(sentence) or party is Party.OTHER:
            continue
        weights = find_kinds(sentence.text, party, place=(sentence.start_s - start_s) / length_s)
        if sentence is matters.get(party):
            _add(weights, StatementKind.ASKED, THE_MATTER)
        if at in stories and sentence is stories[at]:
            _add(weights, StatementKind.ASKED, THE_STORY)
        if _is_promise(sentence, promises):
            _add(weights, StatementKind.PROMISED, A_PROMISE)
        kind = max(weights, key=lambda kind: weights[kind], default=StatementKind.EXPLAINED)
        strongest = weights.get(kind, 0.0)
        weight = strongest + 0.25 * (sum(weights.values()) - strongest)
        meaning = len(set(content_stems(tokenize(sentence.text))))
        weight += TELLING[party] * min(1.0, meaning / FULL_OF_MEANING) + MOST_CENTRAL * central[number]
        if has_nothing_to_say(sentence.text) and kind is not StatementKind.PROMISED:
            weight *= 0.3
        if not sentence.text.rstrip().endswith((".", "!", "?")):
            weight *= BROKEN
        if sentence.text.lstrip()[:1].islower():
            weight *= BROKEN  # begun before: by somebody else, or where nobody heard it
        following = sentences[number + 1][1] if number + 1 < len(sentences) else None
        goes_on = following is not None and _goes_on(sentence, kind, following)
        in_turn = goes_on and following is not None and following.turn is sentence.turn
        last = following if in_turn and following is not None else sentence
        choices.append(Choice(at, sentence, last, kind, weight, following if goes_on and not in_turn else None))
    return choices


def _goes_on(sentence: Sentence, kind: StatementKind, following: Sentence) -> bool:
    """What is wrong is often told in two sentences ("I've a problem with my emails. They come too late"), and the
    reason for a refusal stands behind it."""
    if following.turn.party is not sentence.turn.party or sentence.text.rstrip().endswith("?"):
        return False
    words = (sentence.end - sentence.first) + (following.end - following.first)
    if words > LONGEST_BUNDLE_WORDS or has_nothing_to_say(following.text):
        return False
    if kind is StatementKind.REFUSED:
        return gives_a_reason(following.text)
    return kind is StatementKind.ASKED and sentence.turn.party is not Party.AGENT


def _add(weights: dict[StatementKind, float], kind: StatementKind, weight: float) -> None:
    weights[kind] = weights.get(kind, 0.0) + weight


def _has_meaning(sentence: Sentence) -> bool:
    return len(set(content_stems(tokenize(sentence.text)))) >= LEAST_MEANING


def _is_promise(sentence: Sentence, promises: Sequence[Commitment]) -> bool:
    return any(
        words.turn == sentence.turn.id and words.start_s < sentence.end_s and sentence.start_s < words.end_s
        for promise in promises
        for words in promise.evidence
        if sentence.turn.party is promise.promisor
    )


def _find_stories(sentences: Sequence[tuple[int, Sentence]], turns: Sequence[Turn]) -> Mapping[int, Sentence]:
    """By turn, the first thing of meaning said after being asked what the matter was, by anybody but the agent."""
    stories: dict[int, Sentence] = {}
    for at, sentence in sentences:
        before = turns[at - 1] if at > 0 else None
        if before is None or sentence.turn.party is Party.AGENT or before.party is sentence.turn.party:
            continue
        tells = _has_meaning(sentence) and not has_nothing_to_say(sentence.text)
        if at not in stories and tells and asks_for_the_story(before.text):
            stories[at] = sentence
    return stories


def _first_said(sentences: Sequence[tuple[int, Sentence]], party: Party) -> Sentence | None:
    for _, sentence in sentences:
        long_enough = len(content_stems(tokenize(sentence.text))) >= 4
        if sentence.turn.party is party and long_enough and not has_nothing_to_say(sentence.text):
            return sentence
    return None


def _centrality(sentences: Sequence[Sentence]) -> list[float]:
    """For each sentence, how much of its meaning comes up in others, 0 to 1; the most central has 1.

    Each word counts by how rare it is among the sentences, and the sum is over the root of the sentence's length, so
    that neither a long sentence nor a short one wins by its length.
    """
    meanings = [frozenset(content_stems(tokenize(sentence.text))) for sentence in sentences]
    among = Counter(meaning for one in meanings for meaning in one)
    scores = [
        sum(1.0 + math.log(among[meaning]) for meaning in one if among[meaning] > 1) / math.sqrt(max(4, len(one)))
        for one in meanings
    ]
    highest = max(scores, default=0.0)
    return [score / highest if highest else 0.0 for score in scores]


# --- choosing --------------------------------------------------------------------------------------------------------


def _best_of_windows(choices: Sequence[Choice], most: int) -> list[Choice]:
    windows: dict[int, list[Choice]] = {}
    for choice in choices:
        windows.setdefault(int(choice.sentence.start_s // WINDOW_S), []).append(choice)
    # In a short call every window may fill the summary; in an hour each sends a few.
    share = max(3, math.ceil(2 * most / max(1, len(windows))))
    kept = []
    for window in windows.values():
        kept.extend(sorted(window, key=lambda choice: -choice.weight)[:share])
    return kept


def _alike(one: Choice, other: Choice) -> bool:
    if one.at == other.at and one.sentence.first < other.last.end and other.sentence.first < one.last.end:
        return True
    if one.more is other.sentence or other.more is one.sentence:
        return True
    if StatementKind.DISAGREED in (one.kind, other.kind):
        return False  # a denial is made of the words that it denies
    ours, theirs = (set(content_stems(tokenize(choice.sentence.text))) for choice in (one, other))
    return one.party is other.party and len(ours & theirs) / max(1, min(len(ours), len(theirs))) >= ALIKE


def _admit_the_silent_side(chosen: list[Choice], choices: Sequence[Choice], *, most: int) -> None:
    """Where only one side has statements and the other has anything to say, its best takes the weakest's place."""
    sides = {choice.party for choice in chosen}
    others = [
        choice for choice in choices if choice.party not in sides and not has_nothing_to_say(choice.sentence.text)
    ]
    if len(sides) == 1 and others:
        if len(chosen) >= most:
            chosen.remove(min(chosen, key=lambda choice: choice.weight))
        chosen.append(max(others, key=lambda choice: choice.weight))
