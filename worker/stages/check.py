"""The rule that the record keeps: a sentence that its evidence does not carry is replaced by the words themselves.

Every draft is judged by rules (``worker.core.support``), whichever model wrote it, and what they let pass is read by a
model against its words. What fails is quoted, never mended and never dropped: somebody said it, and the summary may say
so in their words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from worker.core.errors import Invalid
from worker.core.evidence import is_exact, quotation
from worker.core.passage import as_passage
from worker.core.ports import Entailment, Load, Progress
from worker.core.summary import Draft, Drafts, Evidence, Statement, Summary
from worker.core.support import Spoken, judge
from worker.core.transcript import Conversation, Turn
from worker.core.wording import content_stems, tokenize

SAME = 0.8
"""Two statements of one party that share so much of their meaning say the same thing; the later one is left out."""

LEAST_ENTAILED = 0.4
"""A sentence that the model holds for less sure than this is not published. See ``scripts.bench_statements``."""

HEADLINE = "headline"
"""The id of the statement that stands at the top."""


def check(conversation: Conversation, drafts: Drafts, *, entailment: Load[Entailment], progress: Progress) -> Summary:
    """Statements in the order of the call, ids ``s1``, ``s2`` ...; each carried by its evidence, or quoting it.

    Raises Invalid for a draft, a promise or an ending whose evidence does not stand letter for letter in its turns, or
    for a draft that has none: then the stage that proposed it is wrong, and nothing it proposed can be relied on.
    """
    turns = {turn.id: turn for turn in conversation.turns}
    _demand_exact(_all_evidence(drafts), turns)
    checked = []
    for number, draft in enumerate(drafts.drafts):
        checked.append(_publish("", draft, turns, entailment))
        progress((number + 1) / len(drafts.drafts))
    checked.sort(key=lambda statement: statement.evidence[-1].start_s)
    statements = tuple(
        Statement(f"s{number}", one.kind, one.party, one.text, one.quoted, one.evidence, one.support, one.written_by)
        for number, one in enumerate(_without_repetition(checked), start=1)
    )
    headline = _publish(HEADLINE, drafts.headline, turns, entailment) if drafts.headline is not None else None
    progress(1.0)
    return Summary(statements, headline, drafts.ending, drafts.commitments, drafts.warnings)


def _all_evidence(drafts: Drafts) -> Iterable[Evidence]:
    every = [*drafts.drafts, *([drafts.headline] if drafts.headline is not None else [])]
    if any(not draft.evidence or not draft.quote for draft in every):
        raise Invalid("A proposed statement rests on nothing. This is a fault of ours.")
    for draft in every:
        yield from (*draft.evidence, *draft.quote)
    yield from drafts.ending.evidence
    for commitment in drafts.commitments:
        yield from commitment.evidence


def _demand_exact(evidence: Iterable[Evidence], turns: Mapping[str, Turn]) -> None:
    if not all(one.turn in turns and is_exact(one, [turns[one.turn]]) for one in evidence):
        raise Invalid("A proposed statement rests on words that are not in its turns. This is a fault of ours.")


def _publish(id: str, draft: Draft, turns: Mapping[str, Turn], entailment: Load[Entailment]) -> Statement:  # noqa: A002
    support = _support(draft, turns, entailment)
    if draft.text is not None and support is not None:
        return Statement(
            id, draft.kind, draft.party, draft.text.strip(), False, draft.evidence, support, draft.written_by
        )
    text = quotation([(turns[one.turn], one) for one in draft.quote])
    return Statement(id, draft.kind, draft.party, text, True, draft.quote, 1.0)


def _support(draft: Draft, turns: Mapping[str, Turn], entailment: Load[Entailment]) -> float | None:
    """How well the evidence carries what was written; None where it does not, or nothing was written.

    The rules come first: what they refuse no model is asked about.
    """
    if draft.text is None:
        return None
    spoken = [Spoken(turns[evidence.turn].party, evidence.quote) for evidence in draft.evidence]
    verdict = judge(draft.text, draft.party, spoken)
    if not verdict.is_carried:
        return None
    read = entailment().entails(as_passage(spoken), draft.text.strip())
    return round(min(verdict.support, read), 3) if read >= LEAST_ENTAILED else None


def _without_repetition(statements: list[Statement]) -> list[Statement]:
    kept: list[Statement] = []
    for statement in statements:
        meaning = set(content_stems(tokenize(statement.text)))
        said_before = any(
            statement.party is other.party
            and (
                statement.evidence[-1] == other.evidence[-1]
                or _share(meaning, set(content_stems(tokenize(other.text)))) >= SAME
            )
            for other in kept
        )
        if not said_before:
            kept.append(statement)
    return kept


def _share(one: set[str], other: set[str]) -> float:
    return len(one & other) / len(one | other) if one | other else 0.0
