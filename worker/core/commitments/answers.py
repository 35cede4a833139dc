"""A time that answers a question: "When will I get it?" — "Within five days." binds who gives the answer."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

from worker.core.call import Party
from worker.core.commitments import acts, signs
from worker.core.due import find_due
from worker.core.summary import Due

MOST_OTHER_WORDS = 3
"""A sentence that gives a time and so many words more says nothing else."""

_ASKED = re.compile(
    r"(?:\bwhen|\bhow soon|\bby when|\bwhat (?:day|time)|\bhow long (?:is it |will it be )?(?:until|till|before))"
    r"(?P<aux>'ll| will| can| could| do| does| is| are|) (?P<who>you|i|we|it|he|she|they|(?:the|my|our|your|an?|that|"
    r"someone|somebody)(?: [\w'-]+){0,3}?) (?:going to |gonna |able to )?(?P<act>(?:be (?!able|charged|billed|debited|"
    r"cut|closed|disconnected|evicted|fined)|get|have(?! to)|receive|"
    r"see|hear|expect|com[ei]|arriv[ei]|call|ring|reach|fix|repair|deliver|send|ship|replac[ei]|refund|credit|pay|"
    r"return|"
    r"collect|pick|install|finish|repl[yi]|respond|go out|let (?:me|us) (?:know|have)|bring|drop)[\w']*\b.*)"
)
_EXPECT = re.compile(r"expect (?:to (?=(?:get|hear|receive|see|have|be)\b))?")
_TOO_LOOSE = re.compile(r"\b(?:not|never|n't|after|last|only|depends?|earliest|already)\b")


def find_awaited(question: str, answerer: Party) -> str | None:
    """What a question waits for when it asks "when", as words of the asker; None where an answer promises nothing.

    Words such as "i will get the refund", or, where the answerer is to act, the act alone: "send it back".
    """
    asked = _ASKED.search(question.replace("’", "'").lower())
    if asked is None or " have to " in asked.group() or " need to " in asked.group():
        return None
    who, act = asked["who"], asked["act"].rstrip(" ?.!,")
    if who == "you":
        if acts.NEVER_PROMISED.match(act):
            return None
        act = f"be {act}" if asked["aux"].strip() == "are" else act
        theirs = acts.CUSTOMERS_OWN.match(act) or acts.CUSTOMERS_IN_TIME.match(act) or act.startswith("let ")
        return act if answerer is not Party.CUSTOMER or (theirs and not act.startswith("be")) else None
    if answerer is Party.CUSTOMER or (
        who == "i" and act.startswith(("pay", "return", "send", "come", "collect", "pick"))
    ):
        return None
    if re.match(r"\w+ing\b", act):
        return f"{who} will be {act}"
    expected = _EXPECT.match(act)
    if expected is not None:
        rest = act[expected.end() :]
        act = rest if expected.group() != "expect " else f"get {rest}"
    return f"{who} will {act}"


def find_answer(text: str, said_at: datetime | None) -> Due | None:
    """Until when, as a sentence says that says this, surely, and next to nothing else; None for any other sentence."""
    plain = text.replace("’", "'").lower()
    if plain.rstrip().endswith("?") or signs.HEDGED.search(plain) or _TOO_LOOSE.search(plain):
        return None
    due = find_due(text, said_at)
    if due is None and (within := find_due(f"within {plain}", said_at)) is not None:  # "three days at most"
        due = replace(within, words=text[: len(within.words) - len("within ")])
    if due is None or len(text.split()) > len(due.words.split()) + MOST_OTHER_WORDS:
        return None
    return due
