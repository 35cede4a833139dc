"""What makes a spoken sentence worth a statement: English cues by kind, by who speaks, and by where in the call.

A cue is wording and nothing more, so a wrong one costs a statement that is beside the point, never one that is untrue:
what is then written is checked against the words, or quoted. The tables are meant to be read and argued with.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from worker.core.call import Party
from worker.core.summary import StatementKind

_ANYBODY = frozenset(Party)
_AGENT = frozenset({Party.AGENT, Party.UNKNOWN})
_CUSTOMER = frozenset({Party.CUSTOMER, Party.UNKNOWN})


@dataclass(frozen=True)
class Cue:
    """Wording that speaks for a kind, when one of these parties says it. ``first_from`` to ``last_at`` is the share of
    the call in which it counts (0 its start, 1 its end)."""

    kind: StatementKind
    weight: float
    parties: frozenset[Party]
    wording: re.Pattern[str]
    first_from: float = 0.0
    last_at: float = 1.0


def _cue(
    kind: StatementKind,
    weight: float,
    parties: frozenset[Party],
    wording: str,
    *,
    first_from: float = 0.0,
    last_at: float = 1.0,
) -> Cue:
    return Cue(kind, weight, parties, re.compile(rf"\b(?:{wording})", re.IGNORECASE), first_from, last_at)


_WILL = r"(?:i|we)(?:'ll| will| shall|'m going to| am going to|'re going to| are going to|'re gonna|'m gonna)"
_PARTICIPLE = r"\w+(?:ed|ent|ound|ut|one|ade|ought|ept|iven|et up)"

CUES = (
    # What the customer asked for, and what was wrong.
    _cue(StatementKind.ASKED, 3.0, _CUSTOMER, r"(?:i'm |i am |was )?(?:calling|phoning|contacting you|ringing)\b.*"
         r"\b(?:because|about|regarding|to|since|for)\b", last_at=0.6),
    _cue(StatementKind.ASKED, 2.5, _CUSTOMER, r"(?:problem|issue|trouble|complaint|mistake|doesn't work|not working|"
         r"broken|wrong|never (?:arrived|came|got)|overcharged|disappointed|furious|upset|mixed up)", last_at=0.6),
    _cue(StatementKind.ASKED, 2.0, _CUSTOMER, r"i(?:'d| would) (?:rather|like|love|prefer)|i (?:want|need|wish|wanted|"
         r"needed)\b(?! to say)|i was (?:wondering|hoping)|i'm looking (?:to|for)|looking to\b|to share\b"),
    _cue(StatementKind.ASKED, 2.2, frozenset({Party.CUSTOMER}), r"(?:can|could|would|will) (?:you|i|we|"
         r"they)\b.*\?|is (?:it|there)\b.*\?|"
         r"how (?:soon|long|much|many|do|can)\b.*\?|when (?:will|can|is|do)\b.*\?|why\b.*\?|what (?:is|are|should|can|"
         r"about|happens)\b.*\?"),
    # What was explained.
    _cue(StatementKind.EXPLAINED, 2.8, _AGENT, r"(?:it |that )?(?:seems|appears|looks like|turns out|sounds like)\b"),
    _cue(StatementKind.EXPLAINED, 1.6, _AGENT, r"because\b|due to\b|the reason\b|that's why\b|since you\b"),
    _cue(StatementKind.EXPLAINED, 1.8, _ANYBODY, r"(?:costs?|charges?|fees?|price[ds]?|minimum|balance|dollars|euros|"
         r"pounds|percent)\b|[$€£]\s?\d|\d\s?%|no[- ]charge|free of charge"),
    _cue(StatementKind.EXPLAINED, 1.6, _AGENT, r"(?:warranty|contract|policy|terms|guarantee|insurance|"
         r"cover(?:s|ed)?)\b"
         r"|(?:first|next) availab\w+|you (?:can|could|may|need to|have to|must)\b|available\b|we (?:offer|have)\b"),
    _cue(StatementKind.EXPLAINED, 1.4, _CUSTOMER, r"(?:last|this) (?:week|month|year|monday|tuesday|wednesday|thursday|"
         r"friday|saturday|sunday)\b|yesterday\b|\bago\b|whenever\b|since (?:then|last)|it (?:says|said)\b|i haven't\b|"
         r"(?:was|were|has been|have been) \w+ed\b|unauthorized"),
    # What was done.
    _cue(StatementKind.DONE, 3.0, _ANYBODY, rf"(?:i|we)(?:'ve| have)(?: just| now| already| gone ahead and)* "
         rf"(?!(?:got|found|located|checked|looked|pulled|reviewed|noted)\b)(?:{_PARTICIPLE})\b"),
    _cue(StatementKind.DONE, 2.4, _AGENT, rf"(?:has|have) been {_PARTICIPLE}\b|is (?:now )?(?:done|booked|cancelled|"
         r"canceled|confirmed|processed)|i (?:just )?(?:sent|booked|cancelled|refunded|processed|changed|updated|"
         r"transferred)\b|pencil you in|i'm (?:entering|processing|booking)\b"),
    _cue(StatementKind.DONE, 3.0, _AGENT, r"(?:i|we) have (?:you|an?) .*\b(?:appointment|booking|reservation)\b"),
    # What was refused. A customer who cannot do a thing is telling of a problem.
    _cue(StatementKind.REFUSED, 5.5, _AGENT, r"(?:i|we|they)(?:'m| am|'re| are)? (?:can't|cannot|can not|"
         r"couldn't|won't|"
         r"unable|not able|not allowed|don't (?:offer|handle|cover|do|allow|give|accept|provide|have)|do not (?:offer|"
         r"handle|cover|do|allow|give|accept|provide))\b|our policy\b|not (?:possible|something|covered|refundable|"
         r"eligible|entitled)\b|isn't (?:possible|covered)|no refunds?\b|there's nothing (?:i|we)\b"),
    _cue(StatementKind.REFUSED, 1.0, _AGENT, r"unfortunately\b|i'm afraid\b"),
    _cue(StatementKind.REFUSED, 2.6, _CUSTOMER, r"i (?:refuse|won't|will not|'m not going to|am not going to)\b|"
         r"i don't (?:want|accept|agree)\b|that's not acceptable|unacceptable"),
    # Where it ended.
    _cue(StatementKind.OUTCOME, 2.0, _CUSTOMER, r"(?:resolve[sd]?|solved|sorted|fixed|fixing|happy with|satisfied|not "
         r"happy|still (?:not|no|doesn't|don't)|i (?:just )?hope|disappointed|give up|take it further|ombudsman|"
         r"how it was handled)\b", first_from=0.55),
    _cue(StatementKind.OUTCOME, 1.6, _CUSTOMER, r"(?:let's do it|that works|sounds? (?:good|great|fine)|i agree|that's "
         r"(?:fine|great news|perfect|right))\b", first_from=0.4),
    # What the two sides disagreed on.
    _cue(StatementKind.DISAGREED, 3.6, frozenset({Party.AGENT, Party.CUSTOMER}), r"that(?:'s| is)(?: just| simply)? (?:"
         r"not (?:true|correct|right|what|how|the case|fair|accurate)|wrong|incorrect|untrue|nonsense)|i (?:disagree|"
         r"don't (?:agree|accept|think (?:so|that(?:'s| is) (?:right|fair|true)))|do not (?:agree|accept)|"
         r"never (?:said|"
         r"agreed|ordered|signed|received|asked|authori[sz]ed)|beg to differ|didn't (?:say|agree|order|sign|ask))|but "
         r"(?:you|i was|they|somebody|someone|your \w+) (?:said|told|promised|agreed)|you(?:'re| are) (?:wrong|"
         r"mistaken)|no,? "
         r"(?:it|that|i|we|you|he|she|they) (?:wasn't|isn't|didn't|don't|doesn't|haven't|hasn't|never)"),
    # What is next.
    _cue(StatementKind.NEXT, 2.4, _AGENT, r"you(?:'ll| will| should)(?: be)? (?:receive|get|see|hear|start|able|have|"
         r"need|find)\w*\b|(?:should|will) be (?:processed|ready|sent|there|on its way|delivered|done|back|with you)"),
    _cue(StatementKind.NEXT, 1.2, _AGENT, r"(?:should|will|'ll|would) .*\b(?:within|by|in|on) (?:the )?(?:\w+ ){0,4}"
         r"(?:hours?|days?|weeks?|months?|tomorrow|monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b"),
    _cue(StatementKind.NEXT, 1.6, _AGENT, r"(?:please|just|make sure to|you can) (?:call|bring|send|come|check|"
         r"wait|reply|give us)\b|(?:i|we)(?:'d| would)? (?:recommend|suggest|advise)\b|next step|you(?:'d| would)? "
         r"(?:(?:will|would) )?need to\b"),
    _cue(StatementKind.NEXT, 1.4, _AGENT, r"(?:please|kindly) (?!hold|wait|bear|note|don't|do not|accept|know|feel)"
         r"\w+|(?:can|could|would) you (?:please |kindly )?(?:try|send|check|share|restart|turn|switch|unplug|log|sign|"
         r"go|take|use|bring|contact|upload|fill)\b|(?:have|did) you tried?\b|^(?:try|check|go to|contact|restart|"
         r"unplug|turn|switch|use|visit)\b"),
)  # fmt: skip

NOTHING_TO_SAY = re.compile(
    r"\b(?:thank(?:s| you) for (?:calling|contacting|choosing|your (?:time|patience|help|call|feedback|assistance)|"
    r"reaching|that|providing|bringing|confirming|specify|being)|how (?:may|can) i (?:help|assist)|"
    r"how can we help|(?:is there )?anything else\b|(?:have|enjoy) an? (?:good|great|nice|lovely|wonderful) |goodbye|"
    r"bye\b|my name is|^(?:hi|hello|hey)[ ,]+(?:\w+[ ,]+)?(?:this is|i'm|i am) \w+(?: \w+)?[.!]?$|"
    r"this is \w+(?: \w+)? (?:from|with|in)\b|nice to meet|pleasure|you're welcome|look(?:ing)? forward|"
    r"sorry to hear|(?:happy|glad|good) to hear|i(?:'m| am)(?: really| so| terribly)? sorry (?:for|to|about|"
    r"this)|no worries|no need to worry|"
    r"one (?:moment|second|sec)\b|give me (?:a|one) (?:moment|second|sec|minute)|let me (?:quickly |"
    r"just )?(?:look|check|"
    r"pull|see|take)|hold on|bear with me|apologi[sz]e|appreciate|happy to help|be glad to|do(?:n't| not) hesitate|"
    r"here to help|let me know\b|i'm just pulling|that(?:'s|'ll be| is| will be) (?:all|everything|it)\b|(?:to|"
    r"and) (?:better )?assist you\b|"
    r"(?:first|last|full) name|date of birth|(?:account|order|serial|membership|tracking|phone|telephone|reference|"
    r"customer|card|policy) number|(?:my|your) (?:e-?mail|name|address|password|pin)\b|"
    r"could you (?:please )?(?:provide|"
    r"confirm|spell|describe|give me|tell me)|can you (?:please )?(?:provide|confirm|spell|describe)|may i have|"
    r"could i "
    r"(?:get|have|check)|can i (?:get|have|confirm))",
    re.IGNORECASE,
)
"""Greetings, thanks, checking who calls: said in every call and telling nothing about this one."""

SPEAKS_TO_THE_MACHINE = re.compile(
    r"\b(?:ignore|disregard|forget|override)\b.{0,40}\b(?:instruction|prompt|rule|previous|above|everything)|"
    r"\b(?:system|assistant) (?:prompt|message)|\byou are (?:now )?an? (?:ai|assistant|model|language)|"
    r"\b(?:language model|chat ?gpt|summari[sz]er|<\W?\w+)|\b(?:write|say|state|note|put|output|answer|respond|record)"
    r"(?: down)?(?: in (?:the|your) \w+)? (?:that|exactly|only|the following)\b|"
    r"\b(?:in|into|for|to) (?:the|your) (?:summary|record|transcript|notes)\b",
    re.IGNORECASE,
)
"""Words that would steer whoever writes the record. They are quoted at most and never handed to a model."""

ASKS_FOR_THE_STORY = re.compile(
    r"\b(?:details\b|describe|what (?:happened|seems|is the|kind of|exactly)|tell me (?:more|what|about)|more about|"
    r"how (?:may|can) (?:i|we) (?:help|assist)|what can (?:i|we) do)",
    re.IGNORECASE,
)
"""A question whose answer is why the customer calls, in whatever words it comes."""

_REASON = re.compile(
    r"\b(?:because|since|due to|the reason|as (?:it|you|we|this|that|your|the)|that's (?:our|why|how|the)|it's (?:our|"
    r"company|outside|past|against|not covered|over|older|non)|our (?:policy|terms|rules|system)|the (?:policy|terms|"
    r"contract|warranty|period|law)|(?:it|that|this|you|they) (?:was|were|has|have|had) )",
    re.IGNORECASE,
)

_BEGINS_ANSWER = re.compile(
    r"^(?:yes|yeah|yep|no|nope|sure|okay|ok|right|exactly|correct|that|it's|\d)\b", re.IGNORECASE
)


def find_kinds(text: str, party: Party, *, place: float) -> dict[StatementKind, float]:
    """How strongly the wording of a sentence speaks for each kind; empty where nothing does.

    ``place`` is where in the call it is said, 0 to 1.
    """
    plain = text.replace("’", "'")
    weights: dict[StatementKind, float] = {}
    for cue in CUES:
        if party in cue.parties and cue.first_from <= place <= cue.last_at and cue.wording.search(plain):
            weights[cue.kind] = weights.get(cue.kind, 0.0) + cue.weight
    return weights


def has_nothing_to_say(text: str) -> bool:
    """Whether a sentence is of the kind that every call has."""
    return NOTHING_TO_SAY.search(text.replace("’", "'")) is not None


def speaks_to_the_machine(text: str) -> bool:
    """Whether these words try to steer the one who writes."""
    return SPEAKS_TO_THE_MACHINE.search(text.replace("’", "'")) is not None


def asks_for_the_story(text: str) -> bool:
    """Whether what follows is likely to be the customer's account of the matter."""
    return ASKS_FOR_THE_STORY.search(text.replace("’", "'")) is not None


def gives_a_reason(text: str) -> bool:
    """Whether a sentence tells why what stands before it is so."""
    return _REASON.search(text.replace("’", "'")) is not None


def begins_as_answer(text: str) -> bool:
    """Whether a sentence leans on the one before it, as "8 to 10, earlier the better" does."""
    return _BEGINS_ANSWER.match(text.strip()) is not None
