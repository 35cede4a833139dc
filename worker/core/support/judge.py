"""Does the evidence carry the sentence? Rules alone, made to err towards "no": a quotation is always safe.

``judge`` reads a sentence against the words it rests on and names every rule that it breaks. A sentence is published
only if it breaks none; otherwise the words are quoted. The rules compare stems, numbers, names, negations, and who is
said to do what and whether it was done, promised or only possible. They do not understand: two words for one thing,
unless ``wording`` knows them, count as two things.

The support of a sentence is ``0.7 * carried + 0.3 * together``: the share of its meaning words that were said, and the
share of its neighbouring meaning words that were said within one spoken sentence. A sentence put together from pieces
of different sentences is so seen to be weaker than one that was said.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from worker.core.call import Party
from worker.core.cues import speaks_to_the_machine
from worker.core.evidence import NAMED
from worker.core.support import framing, rules
from worker.core.support.claims import LABEL_WORDS, Claim, Heard, Spoken
from worker.core.support.complaints import Complaint
from worker.core.support.contradictions import contradictions
from worker.core.wording import is_content, stem, tokenize, word_set

MAX_WORDS = 25
"""A statement longer than this is not read."""

MOST_TIMES = 2
"""A word of meaning stands in a sentence so often at most ..."""

ENOUGH_MEANING = 4
"""... and once in one with fewer: "The oil light was an oil" says nothing."""

LEAST_SUPPORT = 0.7
"""Below this the words of a sentence were said, but too far from each other."""


@dataclass(frozen=True)
class Verdict:
    """How well the evidence carries a sentence, 0 to 1, and what is wrong with it."""

    support: float
    complaints: tuple[Complaint, ...]

    @property
    def is_carried(self) -> bool:
        """Whether the sentence may be published."""
        return not self.complaints


def judge(sentence: str, party: Party, evidence: Sequence[Spoken]) -> Verdict:
    """Reads one sentence about what ``party`` said against the evidence for it."""
    if not sentence.strip() or not _has_form(sentence):
        return Verdict(0.0, (Complaint.FORM,))
    if len(sentence.split()) > MAX_WORDS:
        return Verdict(0.0, (Complaint.LENGTH,))
    if any(speaks_to_the_machine(spoken.text) for spoken in evidence):
        return Verdict(0.0, (Complaint.STEERED,))
    body = _after_label(sentence, party)
    if body is None:
        return Verdict(0.0, (Complaint.PARTY,))
    claim, heard = Claim(tokenize(sentence), party, written=True), Heard(evidence)
    kept = (
        (Complaint.REPORT, rules.reports_what_was_heard(party, claim, heard)),
        (Complaint.NAME, rules.has_its_times_and_amounts(claim, heard)),
        (Complaint.NEGATION, rules.agrees_in_negation(party, claim, heard)),
        (Complaint.WHO, rules.agrees_in_who(claim, heard) and framing.keeps_who_did_it_to_whom(claim, heard)),
        (
            Complaint.CERTAINTY,
            rules.agrees_in_certainty(claim, heard) and framing.keeps_what_frames_it(party, claim, heard),
        ),
        (Complaint.CONTENT, rules.has_its_content(party, claim, heard)),
        (Complaint.PLACE, rules.keeps_numbers_in_place(claim, heard) and rules.keeps_order(claim, heard)),
    )
    support = rules.measure_support(claim, heard)
    complaints = {*contradictions(sentence, claim, heard), *(complaint for complaint, holds in kept if not holds)}
    if support < LEAST_SUPPORT and not complaints:
        complaints.add(Complaint.LOOSE)
    return Verdict(round(support, 3), tuple(complaint for complaint in Complaint if complaint in complaints))


# --- the sentence's form ---------------------------------------------------------------------------------------------

_FIRST_PERSON = word_set("i me my mine myself we us our ours ourselves you your yours yourself")
_MARKUP = re.compile(r"[\"“”„«»<>{}\[\]*#|=_`\\\n]|\b(?:https?|www)\b(?!\S*\.)")


def _has_form(sentence: str) -> bool:
    text = sentence.strip()
    words = [token.text for token in tokenize(text)]
    triples = list(zip(words, words[1:], words[2:], strict=False))
    meanings = [stem(word) for word in words if is_content(word) and word not in LABEL_WORDS]
    return (
        text.endswith(".")
        and max((token.sentence for token in tokenize(text)), default=0) == 0
        and not _MARKUP.search(text)
        and not _FIRST_PERSON & set(words)
        and len(triples) == len(set(triples))
        and all(meanings.count(meaning) <= MOST_TIMES for meaning in meanings)
        and (len(set(meanings)) >= ENOUGH_MEANING or len(meanings) == len(set(meanings)))
    )


def _after_label(sentence: str, party: Party) -> str | None:
    label = NAMED[party].lower() + " "
    text = sentence.strip()
    return text[len(label) :] if text.lower().startswith(label) else None
