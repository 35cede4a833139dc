"""Verbs of saying: which of them a statement may begin with, and the wording that each of them claims was heard."""

from __future__ import annotations

import re

from worker.core.wording import word_set

PLAIN_REPORTS = word_set(
    "said told explained stated noted mentioned added reported described gave informed answered replied"
)
CLAIMED_REPORTS = {
    "asked wondered": r"\?|\b(?:want|need|would like|'d like|please|can you|could you|wondering)\b",
    "wanted needed": r"\b(?:want|need|would like|'d like|'d rather|would rather|looking (?:for|to)|wish)",
    "promised": r"\b(?:i|we)(?:'ll| will| shall|'m going to| am going to|'re going to| are going to)\b|\bpromise",
    "offered": r"\b(?:can|could|would|offer|available|'d (?:be happy|love)|welcome to)\b",
    "agreed accepted": r"\b(?:yes|yeah|agree|okay|sure|sounds (?:good|great|fine)|let's do|that works|that's fine)\b",
    "confirmed": r"\b(?:confirm|yes|yeah|correct|right|that's right)\b",
    "refused declined": r"^(?!.*\b(?:not|won't|never) (?:refuse|decline)).*"
    r"\b(?:can't|cannot|can not|won't|will not|unable|not able|don't|do not|refuse|not going)\b",
    "requested": r"\b(?:want|need|would like|'d like|please|(?:can|could|may) (?:i|we|you)|looking for)\b",
    "apologised apologized": r"\b(?:sorry|apolog)",
    "thanked": r"\b(?:thank|appreciate)",
    "hoped": r"\bhope",
    "recommended suggested advised": r"\b(?:recommend|suggest|advise|i would)\b",
}
ASKING = word_set("asked requested wondered wanted offered")
DEMANDS = {verb: re.compile(cue, re.IGNORECASE) for verbs, cue in CLAIMED_REPORTS.items() for verb in verbs.split()}
REPORTS = PLAIN_REPORTS | DEMANDS.keys()
"""The verbs with which a statement may begin after its party. None of them judges ("claimed", "admitted")."""
