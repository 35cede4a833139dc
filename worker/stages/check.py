"""The rule that the record keeps: a sentence that its evidence does not carry is replaced by the words themselves.

Every draft is judged by rules (``worker.core.support``), whichever model wrote it. What fails is quoted, never mended
and never dropped: somebody said it, and the summary may say so in their words.
"""

from __future__ import annotations

from worker.core.call import Party
from worker.core.errors import Invalid
from worker.core.evidence import is_exact, quotation
from worker.core.ports import Progress
from worker.core.summary import Draft, Drafts, Statement, Summary
from worker.core.support import Spoken, judge
from worker.core.transcript import Conversation
from worker.core.wording import content_stems, tokenize

SAME = 0.8
"""Two statements of one party that share so much of their meaning say the same thing; the later one is left out."""


def check(conversation: Conversation, drafts: Drafts, *, progress: Progress) -> Summary:
    """Statements in the order of the call, ids ``s1``, ``s2`` ...; each carried by its evidence, or quoting it.

    Raises Invalid for a draft whose evidence does not stand letter for letter in its turns, or that has none: then the
    stage that proposed it is wrong, and nothing it proposed can be relied on.
    """
    parties = {turn.id: turn.party for turn in conversation.turns}
    checked = []
    for number, draft in enumerate(drafts.drafts):
        if not draft.evidence or not all(is_exact(evidence, conversation.turns) for evidence in draft.evidence):
            raise Invalid("A proposed statement rests on words that are not in its turns. This is a fault of ours.")
        checked.append(_publish(draft, parties))
        progress((number + 1) / len(drafts.drafts))
    checked.sort(key=lambda statement: statement.evidence[-1].start_s)
    statements = tuple(
        Statement(f"s{number}", one.kind, one.party, one.text, one.quoted, one.evidence, one.support)
        for number, one in enumerate(_without_repetition(checked), start=1)
    )
    progress(1.0)
    return Summary(statements, drafts.warnings)


def _publish(draft: Draft, parties: dict[str, Party]) -> Statement:
    if draft.text is not None:
        spoken = [Spoken(parties[evidence.turn], evidence.quote) for evidence in draft.evidence]
        verdict = judge(draft.text, draft.party, spoken)
        if verdict.is_carried:
            return Statement("", draft.kind, draft.party, draft.text.strip(), False, draft.evidence, verdict.support)
    # The question before an answer is evidence for a sentence made of both. A quotation is of one party's own words.
    own = tuple(evidence for evidence in draft.evidence if parties[evidence.turn] is draft.party)
    if not own:
        raise Invalid("A proposed statement rests on nothing that its party said. This is a fault of ours.")
    return Statement("", draft.kind, draft.party, quotation(draft.party, [e.quote for e in own]), True, own, 1.0)


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
