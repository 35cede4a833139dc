"""Where a call ended: resolved, open, or unclear, and the words that show it.

The customer's own words come first: a matter is resolved when the one who called says so, or takes what was done with
thanks. It is open where they say that it is not, or where something promised is still to come. Anything else is
unclear, and said to be. English wording only; a call in another language is never asked about.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from worker.core.call import Party
from worker.core.evidence import Sentence, cut, shorten, split_sentences
from worker.core.summary import Commitment, Ending, EndState, Evidence
from worker.core.transcript import Turn

LATTER_PART = 0.5
"""The share of the turns from which on words can show where the call ended."""

MOST_WORDS = 22

_RESOLVED = re.compile(
    r"\b(?:(?:it|that|this|everything|all)(?:'s| is| has been| seems)?(?: all| now| finally)* (?:works|working|fixed|"
    r"sorted|solved|resolved|good now|back (?:on|up))\b|(?:that|it|this) (?:fixed|solved|sorted|did|worked|works)\b|"
    r"(?:i'm|i am|we're|we are) (?:all set|sorted)\b|all set now\b|problem (?:is )?(?:solved|gone)|(?:i can|i'm able "
    r"to) (?:see|log in|access|connect|get in|use) (?:it |that |in )?now\b|got it (?:working|to work)\b|"
    r"it went through\b)",
    re.IGNORECASE,
)
_NOT_RESOLVED = re.compile(
    r"\b(?:still (?:not|no|doesn't|don't|isn't|haven't|hasn't|can't|waiting|broken|the same)|not (?:good enough|happy|"
    r"satisfied|acceptable|helpful|working|fixed|resolved|solved)|(?:doesn't|didn't|does not|did not|won't) (?:help|"
    r"work|solve|fix)\b|unacceptable|take (?:it|this) further|ombudsman|file a complaint|make a complaint|"
    r"speak (?:to|with) "
    r"(?:your|a|the) (?:manager|supervisor)|cancel (?:my|the) (?:contract|account)|never been resolved|waste of time)",
    re.IGNORECASE,
)
_DONE = re.compile(
    r"\b(?:(?:i|we)(?:'ve| have)(?: just| now| already| gone ahead and)* (?!got\b|found\b|checked\b|looked\b|noted\b|"
    r"located\b|reviewed\b|pulled\b|verified\b|received\b|seen\b|heard\b|"
    r"had\b|been\b)\w+(?:ed|ent|ut|de|en|et|ne)\b|(?:is|are|has been|have been) (?:now |all )?(?:booked|"
    r"cancelled|canceled|"
    r"confirmed|processed|updated|changed|done|activated|fixed|reset|restored|set up|refunded|paid)\b)",
    re.IGNORECASE,
)
_TAKEN = re.compile(
    r"^(?:\W*(?:oh|ah|okay|ok|yes|yeah|alright|great|good|right|well|and)\b\W*)*(?:that's (?:great|perfect|fine|good|"
    r"wonderful|brilliant|lovely|excellent|all)|perfect|great|wonderful|brilliant|lovely|excellent|fantastic|awesome|"
    r"sounds (?:good|great)|thank|thanks|i appreciate)",
    re.IGNORECASE,
)


def find_ending(turns: Sequence[Turn], promises: Sequence[Commitment]) -> Ending:
    """Where the call ended, by the last words that show it."""
    late = turns[int(len(turns) * LATTER_PART) :]
    said = [sentence for turn in late for sentence in split_sentences(turn)]
    verdict = _customers_last_word(said)
    if verdict is not None:
        return verdict
    to_come = [promise for promise in promises if promise.promisor is not Party.CUSTOMER]
    if to_come:
        return Ending(EndState.OPEN, to_come[-1].evidence)
    taken = _done_and_taken(late)
    return Ending(EndState.RESOLVED, taken) if taken else Ending()


def _customers_last_word(said: Sequence[Sentence]) -> Ending | None:
    for sentence in reversed(said):
        text = sentence.text.replace("’", "'")
        if sentence.turn.party is not Party.CUSTOMER or text.rstrip().endswith("?"):
            continue
        state = EndState.OPEN if _NOT_RESOLVED.search(text) else EndState.RESOLVED if _RESOLVED.search(text) else None
        if state is not None:
            return Ending(state, (shorten(sentence, sentence, most_words=MOST_WORDS),))
    return None


def _done_and_taken(turns: Sequence[Turn]) -> tuple[Evidence, ...]:
    """What the agent says is done, and the customer's thanks for it in the next turn."""
    for at in range(len(turns) - 1, 0, -1):
        before, turn = turns[at - 1], turns[at]
        if turn.party is not Party.CUSTOMER or before.party is not Party.AGENT:
            continue
        if not _TAKEN.search(turn.text.replace("’", "'")):
            continue
        done = [sentence for sentence in split_sentences(before) if _DONE.search(sentence.text.replace("’", "'"))]
        if done and not done[-1].text.rstrip().endswith("?"):
            thanks = split_sentences(turn)[0]
            return shorten(done[-1], done[-1], most_words=MOST_WORDS), cut(thanks, thanks)
    return ()
