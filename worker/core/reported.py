"""Direct speech turned into reported speech: "I'll call you" in the agent's mouth is "they would call the customer".

A model often leaves "you" and "we" standing in a sentence about somebody. Whom they mean is known from who spoke, so it
is put right by rule before the sentence is checked. No other word is touched.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from worker.core.call import Party
from worker.core.evidence import NAMED

_OTHER_SIDE = {
    Party.AGENT: "the customer",
    Party.CUSTOMER: "the agent",
    Party.OTHER: "the other side",
    Party.UNKNOWN: "the other side",
}
_SPEAKER = {
    Party.AGENT: "the agent",
    Party.CUSTOMER: "the customer",
    Party.OTHER: "that voice",
    Party.UNKNOWN: "the speaker",
}

_AUXILIARIES = {
    "'m": "be", "am": "be", "'re": "be", "are": "be", "was": "be", "were": "be", "'ve": "have", "have": "have",
    "'ll": "would", "will": "would", "'d": "would", "don't": "did not", "do not": "did not",
}  # fmt: skip
_PRONOUN = re.compile(
    r"\b(?P<person>I|we|you)\b(?:\s?(?P<auxiliary>'m|'re|'ve|'ll|'d)\b|\s+(?P<word>do not|don't|[a-z]+)\b)?"
    r"|\b(?P<owner>my|our|your)\b|\b(?P<object>me|us|myself|ourselves|yourself)\b",
    re.IGNORECASE,
)
# What may follow "the customer" as it stands: no verb in its plain form.
_STANDS = re.compile(
    r"^(?:would|could|should|might|may|must|can|had|did|got|bought|went|said|paid|sent|also|just|already|now|then|never|"
    r"always|still|to|and|or|in|on|at|for|with|by|from|as|that|if|when|back|not|about|a|an|the|this|once|so|because|"
    r"soon|know|(?!need$)\w+(?:ed|ly|ing|s))$",
    re.IGNORECASE,
)


def to_reported(sentence: str, party: Party) -> str:
    """The sentence with "I", "we" and "you" resolved, as said by ``party``, and what these persons are, have and will
    put into the past.

    "They" stands for the speaker until the other side is named; from there on the speaker is named in full, so that
    nobody is left to guess who is meant.
    """
    plain = sentence.replace("’", "'")
    label = NAMED[party]
    if plain.lower().startswith(label.lower()):
        # Small models repeat the name, "The customer said that the customer", or guess whether it is a he or a she.
        again = rf"^({label} \w+(?: that)?) (?:{_SPEAKER[party]}|s?he)\b(?!')"
        plain = re.sub(again, r"\1 they", plain, flags=re.IGNORECASE)
    resolved = _PRONOUN.sub(_resolver(plain, party), plain)
    in_the_past = _PRESENT.sub(lambda match: match["who"] + _PAST[match["verb"].lower()], resolved)
    return re.sub(r"\bwill\b", "would", in_the_past)


_PAST = {
    "is": " was", "has": " had", "does not": " did not", "doesn't": " did not", "are": " were", "have": " had",
    "do not": " did not", "don't": " did not",
}  # fmt: skip
_PRESENT = re.compile(
    r"\b(?P<who>they|the agent|the customer|the speaker|the other side) "
    r"(?P<verb>is|has|does not|doesn't|are|have|do not|don't)\b",
    re.IGNORECASE,
)


def _resolver(sentence: str, party: Party) -> Callable[[re.Match[str]], str]:
    other, speaker = _OTHER_SIDE[party], _SPEAKER[party]
    named_at = sentence.lower().find(other)

    def resolve(match: re.Match[str]) -> str:
        nonlocal named_at
        both = named_at >= 0 and named_at < match.start()
        spoken = (match["person"] or match["owner"] or match["object"]).lower()
        if spoken in ("you", "your", "yourself"):
            if named_at < 0:
                named_at = match.start()
            who, several = other, False
        else:
            who, several = (speaker, False) if both else ("they", True)
        if match["owner"]:
            return "their" if several else f"{who}'s"
        if match["object"]:
            if not several:
                return who
            return "themselves" if spoken in ("myself", "ourselves") else "them"
        return f"{who}{_agreeing(match['auxiliary'] or match['word'], several=several)}"

    return resolve


def _agreeing(word: str | None, *, several: bool) -> str:
    if word is None:
        return ""
    found = _AUXILIARIES.get(word.lower())
    if found == "be":
        return " were" if several else " was"
    if found == "have":
        return " had"
    if found is not None:
        return f" {found}"
    if several or _STANDS.match(word):
        return f" {word}"
    return f" {word}es" if word.endswith(("sh", "ch", "x", "o")) else f" {word}s"
