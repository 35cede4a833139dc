"""Chooses the words that matter and has each small bundle of them put into one sentence.

1. Every sentence of every turn is weighed by its wording, its place in the call, and who says it
   (``worker.core.cues``).
2. Window by window, so that an hour gets its due as a minute does, the best are kept; then few are chosen: about one
   for half a minute of talk, both sides present, kinds mixed, nothing twice.
3. Each choice becomes a bundle: the sentence, the one behind it where it goes on, the question before it where it is an
   answer. Its evidence is exactly these words.
4. The model puts a bundle into one sentence. It never sees the whole call, so a small one serves and a long call works.

Nothing written here is published as it is: the ``check`` stage comes next.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from worker.core.call import Party
from worker.core.cues import asks_for_the_story, begins_as_answer, find_kinds, has_nothing_to_say, speaks_to_the_machine
from worker.core.evidence import NAMED, NO_MODEL, Sentence, cut, split_sentences
from worker.core.ports import Load, Progress, Summarizer
from worker.core.reported import to_reported
from worker.core.summary import Draft, Drafts, StatementKind
from worker.core.support import MAX_WORDS
from worker.core.transcript import SURE_LANGUAGE, CallWarning, Code, Conversation, Transcript, Turn
from worker.core.wording import content_stems, looks_english, tokenize

MOST_STATEMENTS = 12
FIRST_STATEMENTS = 3
TALK_PER_STATEMENT_S = 60.0
"""However short a call is, it may hold a wish, an answer and a promise; more talk adds less."""

WINDOW_S = 120.0
"""The call is looked at in windows of this length; each sends its best sentences on."""

LEAST_WEIGHT = 1.5
"""A sentence that weighs less is not worth a statement, even where there is room for one."""

LEAST_MEANING = 2
"""So many words of meaning a sentence has at least; "Yes, please" tells nothing by itself."""

AGAIN = 0.6
"""What a further statement of a kind counts for, so that one kind does not crowd out the rest."""

LONGEST_BUNDLE_WORDS = 45
"""Two sentences are taken together up to this length: a quotation of both is still read."""

ALIKE = 0.5
"""Two sentences that share so much of their meaning are one statement."""


@dataclass(frozen=True)
class _Choice:
    """A sentence worth a statement: what kind, how much it weighs, and the number of its turn.

    ``last`` is the sentence itself, or the one behind it where both together tell the matter.
    """

    at: int
    sentence: Sentence
    last: Sentence
    kind: StatementKind
    weight: float

    @property
    def party(self) -> Party:
        return self.sentence.turn.party


def summarise(
    conversation: Conversation, transcript: Transcript, *, summarizer: Load[Summarizer], progress: Progress
) -> Drafts:
    """Drafts in the order of the call. A call with nothing worth a statement has none, and loads no model.

    In a language other than English nothing is written and no kinds are told apart: the longest words of each side are
    proposed as quotations, with a warning.
    """
    turns = conversation.turns
    talk_s = sum(turn.end_s - turn.start_s for turn in turns)
    budget = min(MOST_STATEMENTS, FIRST_STATEMENTS + math.ceil(talk_s / TALK_PER_STATEMENT_S))
    sentences = [(at, sentence) for at, turn in enumerate(turns) for sentence in split_sentences(turn)]
    if not sentences:
        progress(1.0)
        return Drafts(())
    if not _is_english(turns, transcript):
        progress(1.0)
        longest = _choose_by_length(sentences, max(1, budget // 2))
        drafts = tuple(_draft(choice, turns, None) for choice in longest)
        return Drafts(drafts, _NOT_ENGLISH_WARNING if drafts else ())
    chosen = _choose(_weigh(sentences, turns), budget)
    written = []
    without_model = False
    for number, choice in enumerate(chosen):
        text = None
        if not speaks_to_the_machine(choice.sentence.turn.text):
            writer = summarizer()
            without_model = writer.made_with.model == NO_MODEL
            text = _write(writer, choice, turns)
        written.append(_draft(choice, turns, text))
        progress((number + 1) / len(chosen))
    progress(1.0)
    return Drafts(tuple(written), _NO_MODEL_WARNING if without_model else ())


_NOT_ENGLISH_WARNING = (
    CallWarning(
        Code.OTHER_LANGUAGE,
        "Statements are written in English only. The longest passages of each side are quoted instead.",
    ),
)
_NO_MODEL_WARNING = (
    CallWarning(Code.NO_MODEL, "No writing model is set, so every statement quotes the words as they were said."),
)


def _is_english(turns: Sequence[Turn], transcript: Transcript) -> bool:
    """The language that was told or heard; where it was heard without confidence, the words themselves decide."""
    confidence = transcript.language_confidence
    if transcript.language is None or (confidence is not None and confidence < SURE_LANGUAGE):
        return looks_english(turn.text for turn in turns)
    return transcript.language.lower().startswith("en")


# --- choosing --------------------------------------------------------------------------------------------------------


def _weigh(sentences: Sequence[tuple[int, Sentence]], turns: Sequence[Turn]) -> list[_Choice]:
    start_s, end_s = turns[0].start_s, max(turn.end_s for turn in turns)
    length_s = max(end_s - start_s, 1e-6)
    first_of = {party: _first_said(sentences, party) for party in Party}
    stories = _find_stories(sentences, turns)
    choices = []
    for number, (at, sentence) in enumerate(sentences):
        party = sentence.turn.party
        if not _has_meaning(sentence) or party is Party.OTHER:
            continue
        weights = find_kinds(sentence.text, party, place=(sentence.start_s - start_s) / length_s)
        if sentence is first_of[party] and party is Party.CUSTOMER:
            # Why somebody calls is mostly the first thing they say at length, in whatever words.
            weights[StatementKind.ASKED] = weights.get(StatementKind.ASKED, 0.0) + 1.5
        if at in stories and sentence is stories[at]:
            weights[StatementKind.ASKED] = weights.get(StatementKind.ASKED, 0.0) + 3.0
        if not weights:
            continue
        kind = max(weights, key=lambda kind: weights[kind])
        weight = weights[kind] + 0.25 * (sum(weights.values()) - weights[kind])
        if has_nothing_to_say(sentence.text):
            weight *= 0.3
        if not sentence.text.rstrip().endswith((".", "!", "?")):
            weight *= 0.7  # broken off
        following = sentences[number + 1][1] if number + 1 < len(sentences) else None
        choices.append(_Choice(at, sentence, _last_of(sentence, kind, following), kind, weight))
    return choices


def _last_of(sentence: Sentence, kind: StatementKind, following: Sentence | None) -> Sentence:
    """What is wrong is often told in two sentences: "I've a problem with my emails. They come too late"."""
    goes_on = (
        kind is StatementKind.ASKED
        and following is not None
        and following.turn is sentence.turn
        and following.end - sentence.first <= LONGEST_BUNDLE_WORDS
        and not sentence.text.rstrip().endswith("?")
        and not has_nothing_to_say(following.text)
    )
    return following if goes_on and following is not None else sentence


def _has_meaning(sentence: Sentence) -> bool:
    return len(set(content_stems(tokenize(sentence.text)))) >= LEAST_MEANING


def _find_stories(sentences: Sequence[tuple[int, Sentence]], turns: Sequence[Turn]) -> dict[int, Sentence]:
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


def _choose(choices: Sequence[_Choice], budget: int) -> list[_Choice]:
    """The best few in the order of the call, with both sides among them where both have something to say."""
    left = [choice for choice in _best_of_windows(choices, budget) if choice.weight >= LEAST_WEIGHT]
    chosen: list[_Choice] = []
    kinds: Counter[tuple[StatementKind, Party]] = Counter()
    sides: Counter[Party] = Counter()
    while left and len(chosen) < budget:
        fewest = min((sides[party] for party in {choice.party for choice in left}), default=0)

        def worth(choice: _Choice, fewest: int = fewest) -> float:
            lead = sides[choice.party] - fewest
            # Two reasons for one refusal say little more than one; two promises are two promises.
            again = 1.0 if choice.kind is StatementKind.PROMISED else AGAIN ** kinds[choice.kind, choice.party]
            return choice.weight * again * (0.7 ** max(0, lead - 1))

        best = max(left, key=lambda choice: (worth(choice), -choice.sentence.start_s))
        left = [choice for choice in left if choice is not best and not _alike(choice, best)]
        chosen.append(best)
        kinds[best.kind, best.party] += 1
        sides[best.party] += 1
    _admit_the_silent_side(chosen, choices)
    return sorted(chosen, key=lambda choice: (choice.at, choice.sentence.first))


def _best_of_windows(choices: Sequence[_Choice], budget: int) -> list[_Choice]:
    windows: dict[int, list[_Choice]] = {}
    for choice in choices:
        windows.setdefault(int(choice.sentence.start_s // WINDOW_S), []).append(choice)
    # In a short call every window may fill the summary; in an hour each sends a few.
    share = max(3, math.ceil(2 * budget / max(1, len(windows))))
    kept = []
    for window in windows.values():
        kept.extend(sorted(window, key=lambda choice: -choice.weight)[:share])
    return kept


def _alike(one: _Choice, other: _Choice) -> bool:
    if one.at == other.at and one.sentence.first < other.last.end and other.sentence.first < one.last.end:
        return True
    ours, theirs = (set(content_stems(tokenize(choice.sentence.text))) for choice in (one, other))
    return one.party is other.party and len(ours & theirs) / max(1, min(len(ours), len(theirs))) >= ALIKE


def _admit_the_silent_side(chosen: list[_Choice], choices: Sequence[_Choice]) -> None:
    """Where only one side has statements and the other has anything to say, its best takes the weakest's place."""
    sides = {choice.party for choice in chosen}
    if len(chosen) < 2 or len(sides) > 1:
        return
    others = [choice for choice in choices if choice.party not in sides and choice.weight > 0.0]
    if others:
        chosen.remove(min(chosen, key=lambda choice: choice.weight))
        chosen.append(max(others, key=lambda choice: choice.weight))


def _choose_by_length(sentences: Sequence[tuple[int, Sentence]], budget: int) -> list[_Choice]:
    """For words that no cue can read: the longest of each party in turn."""
    by_party: dict[Party, list[_Choice]] = {}
    for at, sentence in sentences:
        length = float(sentence.end - sentence.first)
        if length >= 4.0 or len(sentence.text) >= 20:
            by_party.setdefault(sentence.turn.party, []).append(
                _Choice(at, sentence, sentence, StatementKind.EXPLAINED, length)
            )
    ranked = [sorted(choices, key=lambda choice: -choice.weight) for choices in by_party.values()]
    chosen = [rank[place] for place in range(budget) for rank in ranked if place < len(rank)][
        : max(budget, len(ranked))
    ]
    return sorted(chosen, key=lambda choice: (choice.at, choice.sentence.first))


# --- bundles and writing ---------------------------------------------------------------------------------------------


def _bundle(choice: _Choice, turns: Sequence[Turn]) -> tuple[tuple[Sentence, Sentence], ...]:
    """The chosen words, and before them the question that they answer: each from a first sentence through a last."""
    own = (choice.sentence, choice.last)
    before = turns[choice.at - 1] if choice.at > 0 else None
    answers = choice.sentence.first == 0 and begins_as_answer(choice.sentence.text)
    if before is None or before.party is choice.party or not answers:
        return (own,)
    asked = split_sentences(before)
    return ((asked[-1], asked[-1]), own) if asked and asked[-1].text.rstrip().endswith("?") else (own,)


def _draft(choice: _Choice, turns: Sequence[Turn], text: str | None) -> Draft:
    bundle = _bundle(choice, turns)
    return Draft(
        kind=choice.kind,
        party=choice.party,
        turns=tuple(first.turn for first, _ in bundle),
        evidence=tuple(cut(first, last) for first, last in bundle),
        text=text,
    )


_SPEAKER = {Party.AGENT: "agent", Party.CUSTOMER: "customer", Party.OTHER: "other voice", Party.UNKNOWN: "speaker"}


def _write(writer: Summarizer, choice: _Choice, turns: Sequence[Turn]) -> str | None:
    label = NAMED[choice.party]
    verb = _opening(choice)
    instruction = (
        f"Rewrite what the {_SPEAKER[choice.party]} said in the passage as one short sentence in the past tense that "
        f'begins with "{label} {verb}". Keep all numbers, days and names. Do not add anything.'
    )
    bundle = _bundle(choice, turns)
    passage = "\n".join(f"{_SPEAKER[first.turn.party]}: {cut(first, last).quote}" for first, last in bundle)
    # One word more than may be published: a sentence that had to be cut off is then seen to be too long.
    written = writer.write(instruction, passage, max_words=MAX_WORDS + 1).strip()
    if not written:
        return None
    return to_reported(written if written.endswith((".", "!", "?")) else f"{written}.", choice.party)


def _opening(choice: _Choice) -> str:
    """The verb of saying that the words themselves support; the check would refuse a stronger one."""
    text = choice.sentence.text.replace("’", "'")
    if text.rstrip().endswith("?"):
        return "asked"
    plain = text.lower()
    intends = any(start in plain for start in ("i'll ", "we'll ", "i will ", "we will ", "going to "))
    if choice.kind is StatementKind.PROMISED and "i promise" in plain:
        return "promised that"
    if choice.kind is StatementKind.PROMISED and intends:
        return "promised to"
    return "said that"
