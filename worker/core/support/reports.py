"""Verbs of saying: which of them a statement may begin with, and the wording that each of them claims was heard."""

from __future__ import annotations

import re
from dataclasses import dataclass

from worker.core.wording import word_set

PLAIN_REPORTS = word_set(
    "said told explained stated noted mentioned added reported described gave informed answered replied"
)


@dataclass(frozen=True)
class Demand:
    """The wording that a verb of saying needs in the party's own words.

    ``beside``: it stands with something of what the statement says was asked, offered or refused, in one clause or,
    where ``whole``, in one sentence.
    ``unless``: a sentence with this in it does not count.
    """

    cue: re.Pattern[str]
    beside: bool = False
    whole: bool = False
    unless: re.Pattern[str] | None = None

    def allows(self, sentence: str) -> bool:
        """Whether a spoken sentence may count at all."""
        return self.unless is None or self.unless.search(sentence) is None


def _demand(cue: str, *, beside: bool = False, whole: bool = False, unless: str | None = None) -> Demand:
    excluded = None if unless is None else re.compile(unless, re.IGNORECASE)
    return Demand(re.compile(cue, re.IGNORECASE), beside, whole, excluded)


_WISH = r"\b(?:want|need|would like|'d like)\b(?! to (?:know|understand|ask|tell|say|complain|hear))"
_ASSENT = (
    r"\b(?:yes|yeah|yep|sounds (?:good|great|fine)|let's do|that works|that's (?:fine|right|correct)|"
    r"(?:i|we)(?:'ll| will) take|(?:i|we) (?:agree|accept))\b"
    r"|^\s*(?:(?:okay|ok|sure|right|all right|alright|correct|exactly|of course|certainly|absolutely|definitely|"
    r"perfect|great|please do|please|thanks|thank you|i (?:do|did|am|was|have|would|will))[\s,.!]*)+$"
)
_NO_ASSENT = r"\?|\b(?:not|no|never|but|tell me|let me|what|how|why|who|where|which)\b|n't\b"
_ADVICE = r"recommend|suggest|advise"
_SORRY = r"\b(?:sorry|apolog)"
_REQUEST = _demand(
    _WISH + r"|\b(?:please|(?:can|could|may) (?:i|we|you)|looking for)\b", beside=True, unless=r"\b(?:want|need) no\b"
)
_AGREEMENT = _demand(_ASSENT, unless=_NO_ASSENT)
_CLAIMED_REPORTS = {
    "asked wondered": _demand(r"\?|\b(?:want|need|would like|'d like|please|can you|could you|wondering)\b"),
    "wanted needed": _demand(r"\b(?:want|need|would like|'d like|'d rather|would rather|looking (?:for|to)|wish)"),
    "promised": _demand(
        r"\b(?:i|we)(?:'ll| will| shall|'m going to| am going to|'re going to| are going to)\b|\bpromise",
        beside=True,
        whole=True,
    ),
    "offered": _demand(r"\b(?:can|could|would|offer|available|'d (?:be happy|love)|welcome to)\b", beside=True),
    "agreed accepted": _AGREEMENT,
    "confirmed": _demand(
        r"\b(?:i|we)(?: \w+)? confirm|\bconfirmed\b|" + _ASSENT,
        unless=_NO_ASSENT,
    ),
    "refused declined": _demand(
        r"\b(?:i|we)(?:'m| am|'re| are)?(?: \w+)? ?"
        r"(?:can't|cannot|can not|won't|will not|unable|not able|don't want|do not want|refuse|decline|not going)\b"
        r"(?! (?:to )?(?:see|find|hear|remember|understand|know|think|tell|believe|imagine|wait))",
        beside=True,
        unless=r"\?|\b(?:not|won't|can't|cannot|never) (?:refuse|decline)",
    ),
    "requested": _REQUEST,
    "apologised apologized": _demand(_SORRY),
    "thanked": _demand(
        r"\b(?:thank|(?<!'d )(?<!would )appreciate)", beside=True, unless=r"\bthank(?:s| you) for nothing\b"
    ),
    "hoped": _demand(r"\bhope"),
    "recommended suggested advised": _demand(
        rf"\b(?:i|we)(?:'d| would| do| can| could)?(?: \w+)? (?:{_ADVICE})|\bmy (?:suggestion|recommendation|advice)\b"
        r"|\b(?:i would|i'd|we would|we'd) (?:go|choose|take|get(?! rid)|try|use|pick|ask|start|call|wait|opt|"
        r"consider)\b",
        unless=rf"(?:\b(?:not|never|would not)|n't) (?:\w+ )?(?:{_ADVICE})",
    ),
}
_FOR_A_THING = {"asked for": _REQUEST} | {
    f"{verb} {what}": _demand(_SORRY, beside=True) for verb in ("apologised", "apologized") for what in ("for", "about")
}
_DEMANDS = {verb: demand for verbs, demand in _CLAIMED_REPORTS.items() for verb in verbs.split()}

ASKING = word_set("asked requested wondered wanted offered")
REPORTS = PLAIN_REPORTS | _DEMANDS.keys()
"""The verbs with which a statement may begin after its party. None of them judges ("claimed", "admitted")."""


def demand_of(verb: str, following: str) -> Demand | None:
    """What a verb of saying needs: asking, or being sorry, for a thing more than asking, or being sorry."""
    return _FOR_A_THING.get(f"{verb} {following}", _DEMANDS.get(verb))


def is_assent(sentence: str) -> bool:
    """Whether a spoken sentence says yes: "Okay." and "Yes, on Friday", not "Okay, tell me more"."""
    return _AGREEMENT.allows(sentence) and _AGREEMENT.cue.search(sentence) is not None
