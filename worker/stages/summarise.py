"""Proposes what is to be said of a call: a headline, a few statements, its promises, and where it ended.

1. Promises are found in the words by rule (``worker.core.commitments``), and so is where the call ended.
2. The sentences that matter are chosen, few and of both sides (``summarising.choose``).
3. Each is taken with the words it cannot do without (``summarising.bundle``).
4. The model puts each bundle into one sentence, with one second try (``summarising.write``).

Nothing written here is published as it is: the ``check`` stage comes next.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from worker.core.call import CallDetails
from worker.core.commitments import find_commitments
from worker.core.ending import find_ending
from worker.core.evidence import BY_RULES, NO_MODEL, split_sentences
from worker.core.ports import Load, Progress, Summarizer
from worker.core.summary import Commitment, Draft, Drafts, Evidence, StatementKind
from worker.core.support import MAX_WORDS
from worker.core.transcript import SURE_LANGUAGE, CallWarning, Code, Conversation
from worker.core.wording import looks_english
from worker.stages.summarising.bundle import Bundle, bundle, headline_of
from worker.stages.summarising.choose import Choice, choose, choose_by_length, count_statements
from worker.stages.summarising.write import complain, report_promise, write_headline, write_statement


def summarise(
    conversation: Conversation, details: CallDetails, *, summarizer: Load[Summarizer], progress: Progress
) -> Drafts:
    """Drafts in the order of the call. A call with nothing worth a statement has none, and loads no model.

    In a language other than English nothing is written, no kinds are told apart and no promises are found: the longest
    words of each side are proposed as quotations, with a warning.
    """
    turns = conversation.turns
    sentences = [(at, sentence) for at, turn in enumerate(turns) for sentence in split_sentences(turn)]
    if not sentences:
        progress(1.0)
        return Drafts(())
    most = count_statements(turns)
    if not _is_english(conversation):
        longest = choose_by_length(sentences, most=max(1, most // 2))
        progress(1.0)
        quoted = tuple(_draft(bundle(choice, turns), None, NO_MODEL) for choice in longest)
        return Drafts(quoted, warnings=_NOT_ENGLISH_WARNING if quoted else ())
    promises = find_commitments(turns, details.started_at)
    chosen = choose(sentences, turns, promises, most=most)
    bundles = [bundle(choice, turns) for choice in chosen]
    drafts, headline, warnings = _write_all(bundles, promises, summarizer, progress)
    progress(1.0)
    return Drafts(drafts, headline, find_ending(turns, promises), promises, warnings)


def _write_all(
    bundles: Sequence[Bundle], promises: Sequence[Commitment], summarizer: Load[Summarizer], progress: Progress
) -> tuple[tuple[Draft, ...], Draft | None, tuple[CallWarning, ...]]:
    if not bundles:
        return (), None, ()
    writer = summarizer()
    drafts = []
    for number, one in enumerate(bundles):
        drafts.append(_by_rule(one, promises) or _by_model(one, writer, write_statement))
        progress((number + 1) / (len(bundles) + 1))
    matter = _matter([one.choice for one in bundles])
    of_matter = headline_of(next(one for one in bundles if one.choice is matter))
    headline = _by_model(of_matter, writer, write_headline)
    return tuple(drafts), headline, () if _writes(writer) else _NO_MODEL_WARNING


def _writes(writer: Summarizer) -> bool:
    return writer.made_with.model != NO_MODEL


def _by_rule(one: Bundle, promises: Sequence[Commitment]) -> Draft | None:
    """A promise needs no model: what was promised, and until when, is known."""
    if one.choice.kind is not StatementKind.PROMISED:
        return None
    for promise in promises:
        made_here = any(_overlap(words, said) for words in promise.evidence for said in one.evidence)
        if made_here and promise.promisor is one.choice.party:
            text = report_promise(promise)
            if not complain(text, one, most_words=MAX_WORDS):
                return _draft(one, text, BY_RULES)
    return None


def _overlap(one: Evidence, other: Evidence) -> bool:
    return one.turn == other.turn and one.start_s < other.end_s and other.start_s < one.end_s


def _by_model(one: Bundle, writer: Summarizer, write: Callable[[Summarizer, Bundle], str | None]) -> Draft:
    return _draft(one, write(writer, one) if _writes(writer) else None, writer.made_with.model)


def _matter(choices: Sequence[Choice]) -> Choice:
    """What the call is about: what was asked for, else the weightiest of what was said."""
    asked = [choice for choice in choices if choice.kind is StatementKind.ASKED]
    return max(asked or choices, key=lambda choice: (choice.weight, -choice.sentence.start_s))


def _draft(one: Bundle, text: str | None, written_by: str) -> Draft:
    return Draft(
        kind=one.choice.kind,
        party=one.choice.party,
        evidence=one.evidence,
        quote=one.quote,
        text=text,
        written_by=written_by if text is not None else None,
    )


_NOT_ENGLISH_WARNING = (
    CallWarning(
        Code.OTHER_LANGUAGE,
        "Statements are written in English only. The longest passages of each side are quoted instead.",
    ),
)
_NO_MODEL_WARNING = (
    CallWarning(
        Code.NO_MODEL,
        "No writing model is set: statements quote the words as they were said, and only promises are put by rule.",
    ),
)


def _is_english(conversation: Conversation) -> bool:
    """The language that was told or heard; where it was heard without confidence, the words themselves decide."""
    language, confidence = conversation.language, conversation.language_confidence
    if language is None or (confidence is not None and confidence < SURE_LANGUAGE):
        return looks_english(turn.text for turn in conversation.turns)
    return language.lower().startswith("en")
