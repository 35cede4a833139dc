"""Where a call ended: resolved, open, or unclear, and the words that show it.

The customer's own words come first: a matter is resolved when the one who called says so, or takes what was done with
thanks. It is open where they say that it is not, or where something promised is still to come. Anything else is
unclear, and said to be. So is what is only wished, doubted, told of somebody else or meant the other way round: to
call an open matter resolved does more harm than to call a resolved one unclear. English wording only; a call in another
language is never asked about.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from worker.core.call import Party
from worker.core.evidence import Sentence, cut, shorten, split_sentences
from worker.core.summary import Commitment, Ending, EndState, Evidence
from worker.core.transcript import Turn
from worker.core.wording import NEGATIONS, tokenize, word_set

LATTER_PART = 0.5
"""The share of the turns from which on words can show where the call ended."""

MOST_WORDS = 22

_RESOLVED = re.compile(
    r"\b(?:(?:it|that|this|everything|all)(?: all| now| finally)* works|"
    r"(?:(?:it|that|this|everything|all)(?:'s| is| has been| seems)|all|everything)(?: all| now| finally)* "
    r"(?:working|fixed|sorted|solved|resolved|good now|back (?:on|up))|"
    r"(?:that|it|this)(?:'s| has)? (?:(?:fixed|solved|sorted) (?:it|that|the problem)|worked|"
    r"did (?:it|the trick|the job))|"
    r"(?:i'm|i am|we're|we are) (?:all set|sorted)|all set now|problem (?:is )?(?:solved|gone)|"
    r"(?:i can|i'm able to) (?:see|log in|access|connect|get in|use) (?:it |that |in )?now|"
    r"(?:^|(?:i|we)(?:'ve| have)?(?: just| finally| now)* )got it (?:working|to work)|it went through)"
    # Nothing may follow in the same clause that makes it something else: "it worked until Monday".
    r"(?: (?:all|now|again|fine|perfectly|properly|nicely|well|finally|at last|already|too|for (?:me|us)|"
    r"thanks?(?: you)?|(?:very|so) much|great))*\s*(?:[.,!;:…]|$|(?:and|so|because)\b)",
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
# What was only looked at, handed on or turned down is not done.
_DONE = re.compile(
    r"\b(?:(?:i|we)(?:'ve| have)(?: just| now| already| gone ahead and)* (?!got\b|found\b|checked\b|looked\b|noted\b|"
    r"located\b|reviewed\b|pulled\b|verified\b|received\b|seen\b|heard\b|asked\b|requested\b|escalated\b|"
    r"forwarded\b|passed\b|submitted\b|raised\b|opened\b|logged\b|tried\b|listened\b|explained\b|mentioned\b|"
    r"decided\b|rejected\b|declined\b|refused\b|denied\b|closed\b|charged\b|"
    r"had\b|been\b)\w+(?:ed|ent|ut|de|en|et|ne)\b|(?:is|are|has been|have been) (?:now |all )?(?:booked|"
    r"cancelled|canceled|"
    r"confirmed|processed|updated|changed|done|activated|fixed|reset|restored|set up|refunded|paid)\b"
    r"(?! (?:late|wrongly|twice)\b))",
    re.IGNORECASE,
)
_TAKEN = re.compile(
    r"^(?:\W*(?:oh|ah|okay|ok|yes|yeah|alright|great|good|right|well|and)\b\W*)*(?:that's (?:great|perfect|fine|good|"
    r"wonderful|brilliant|lovely|excellent|all)|perfect|great|wonderful|brilliant|lovely|excellent|fantastic|awesome|"
    r"sounds (?:good|great)|thank|thanks|i appreciate)",
    re.IGNORECASE,
)


# What makes "it's fixed" something else than a report that it is.
_TURNED = NEGATIONS | word_set("""
    if unless provided providing assuming when whenever once until till whether otherwise before except only barely
    wish wishes want wants wanted like need needs expect expected hope hopes hoped hoping would should could might may
    must will let please
    doubt doubts wonder wondered suppose guess imagine maybe perhaps supposedly apparently allegedly probably unlikely
    think thinks thought believe believed assume assumed reckon
    say says said saying tell tells told telling claim claims claimed promise promised swear insist insisted repeat
    wrote writes shows prove pretend pretended according
    worried worry afraid scared feared concerned yesterday tomorrow next soon later sometimes
    """)
_FEARED = word_set("worried afraid scared feared concerned thought")
_SUPPOSED = word_set("if when unless")
_SPEAKS_OF_IT = re.compile(r"\b(?:works?|working|fixed|sorted|solved|resolved)\b", re.IGNORECASE)
_OBJECTS = word_set("but however except although though yet still")
_HARMLESS = re.compile(
    r"^\W*no\s*[,.]|\bno\W+(?=(?:i think )?that's (?:all|it|everything)\b)|"
    r"\bno (?:problem|worries|thanks|thank you)\b|\bnothing else\b|\b(?:looks|seems|sounds) like\b|"
    r"\b(?:i think )?that's (?:all|it|everything)(?: i (?:need|needed|wanted))?(?=\W*(?:$|[.,!;]))",
    re.IGNORECASE,
)
_SARCASM = re.compile(
    r"\b(?:just (?:great|wonderful|brilliant|perfect|lovely|fine|fantastic|excellent)|(?:thanks|thank you) for nothing|"
    r"(?:thanks|thank you) (?:a lot )?for (?:wasting|the waste)|how (?:great|wonderful|lovely|nice|kind|very|helpful)|"
    r"big help|yeah,? right|very funny|typical|as usual|waste[ds]?|wasting|ridiculous|joke|ha ha|(?:oh|yeah),? sure|"
    r"sure(?=\W*$))\b",
    re.IGNORECASE,
)
# A note of what is already done leaves nothing open.
_CONFIRMS = re.compile(
    r"^(?:the customer (?:will|should) (?:get|receive|have) |(?:send|email|text)(?: it| this| that)?"
    r"(?: (?:the customer|you))? )"
    r"(?:(?:a|an|the|your|their|short|quick) )*(?:(?:confirmation|receipt)(?: (?:email|e-mail|text|message|letter|sms|"
    r"number))?|(?:email|e-mail|text|message|sms)(?: (?:to confirm(?: (?:it|this|that))?|as (?:a )?confirmation|with "
    r"(?:a|the|your|their) (?:confirmation|receipt)))?)"
    r"(?: (?:by|via|through|in|as)(?: (?:a|an))? (?:email|e-mail|text|post|mail|sms|message|letter))?"
    r"(?: (?:for|of) (?:it|this|that|your records|their records))?"
    r"(?: (?:shortly|now|too|as well|right away|in a moment))*$",
    re.IGNORECASE,
)


def find_ending(turns: Sequence[Turn], promises: Sequence[Commitment]) -> Ending:
    """Where the call ended, by the last words that show it."""
    late = turns[int(len(turns) * LATTER_PART) :]
    verdict = _customers_last_word(late)
    if verdict is not None and verdict.state is not EndState.UNCLEAR:
        return verdict
    to_come = [
        promise for promise in promises if promise.promisor is not Party.CUSTOMER and not _CONFIRMS.search(promise.what)
    ]
    if to_come:
        return Ending(EndState.OPEN, to_come[-1].evidence)
    taken = _done_and_taken(late) if verdict is None else ()
    return Ending(EndState.RESOLVED, taken) if taken else Ending()


def _customers_last_word(turns: Sequence[Turn]) -> Ending | None:
    """What the customer says last about the matter: unclear where they speak of a solution and may not mean it, None
    where they say nothing of it."""
    for turn in reversed(turns):
        if turn.party is not Party.CUSTOMER:
            continue
        sentences = split_sentences(turn)
        for at in range(len(sentences) - 1, -1, -1):
            state = _shown_by(sentences[at], sentences[at + 1 :])
            if state is EndState.UNCLEAR:
                return Ending()
            if state is not None:
                return Ending(state, (shorten(sentences[at], sentences[at], most_words=MOST_WORDS),))
    return None


def _shown_by(sentence: Sentence, behind: Sequence[Sentence]) -> EndState | None:
    """What one sentence of the customer shows, with the rest of its turn behind it; None: nothing."""
    text = _plain(sentence.text)
    if text.rstrip().endswith("?"):
        return None
    complaint = _NOT_RESOLVED.search(text)
    if complaint is not None:
        # "I was worried that it didn't work" and "if it doesn't work" do not say that it does not.
        before = _words(text[: complaint.start()])
        return None if before & _FEARED else EndState.UNCLEAR if before & _SUPPOSED else EndState.OPEN
    claim = _RESOLVED.search(text)
    if claim is None:
        return EndState.UNCLEAR if _SPEAKS_OF_IT.search(text) and _is_turned(text) else None
    rest = " ".join([text[claim.end() :], *(_plain(other.text) for other in behind)])
    turned = _is_turned(text) or _words(rest) & _OBJECTS or _SARCASM.search(f"{text} {rest}")
    return EndState.UNCLEAR if turned else EndState.RESOLVED


def _is_turned(text: str) -> bool:
    return bool(_words(_HARMLESS.sub(" ", text)) & _TURNED)


def _words(text: str) -> set[str]:
    return {token.text for token in tokenize(text)}


def _plain(text: str) -> str:
    return text.replace("’", "'")


def _done_and_taken(turns: Sequence[Turn]) -> tuple[Evidence, ...]:
    """What the agent says is done, and the customer's thanks for it in the next turn."""
    for at in range(len(turns) - 1, 0, -1):
        before, turn = turns[at - 1], turns[at]
        if turn.party is not Party.CUSTOMER or before.party is not Party.AGENT:
            continue
        if not _takes(_plain(turn.text)):
            continue
        done = [sentence for sentence in split_sentences(before) if _DONE.search(_plain(sentence.text))]
        if done and not done[-1].text.rstrip().endswith("?") and not _is_turned(_plain(done[-1].text)):
            thanks = split_sentences(turn)[0]
            return shorten(done[-1], done[-1], most_words=MOST_WORDS), cut(thanks, thanks)
    return ()


def _takes(text: str) -> bool:
    """Whether a customer takes what was done with thanks, and means it."""
    if not _TAKEN.search(text) or "?" in text or _SARCASM.search(text):
        return False
    words = _words(_HARMLESS.sub(" ", text))
    return not words & (NEGATIONS | _OBJECTS)
