"""Promises made by taking something up: an offer that is accepted, a request that is granted.

"Shall I send it by email?" — "Yes, please." — "Okay, I'll do that." is one promise, and its words are the offer's and
the last. Only what is done after the call counts: nobody promises to hold the line.
"""

from __future__ import annotations

import re

from worker.core.commitments import signs
from worker.core.commitments.tables import anywhere, begins
from worker.core.due import due_places

_ACTS_LATER = r"""
    send / e-?mail / text / call / ring / phone / post / mail / fax / forward / get (?:me|us|you|that|it|him|her|them|
    someone|somebody|back|a|the) / have (?:someone|somebody|the|a|an|him|her|them|one|it|that|our|your) / let (?:me|us|
    you) know / arrange / refund / credit / replace / return / bring / ship / deliver / follow up / chase / pass /
    drop / scan / upload / give (?:me|us|you) (?:a |another )?(?:call|ring|buzz|shout) / write (?:to )?(?:me|us|you|
    him|her|them) / remind / message / put (?:it|that|one|an?|the|your|my|some) / keep / come / be (?:home|there) /
    make sure / leave /
    escalate / report / contact / organi[sz]e
"""
_IS_LATER = begins(_ACTS_LATER)
_OFFER = anywhere(r"""
    (?:shall|should) (?:i|we) / would you (?:like|prefer) (?:me|us) to / (?:do you )?want (?:me|us) to / (?:i|
    we) (?:can|could)(?! not) / would it help if (?:i|we) / (?:i|we)(?:'d| would) be (?:happy|glad) to /
    if you(?:'d)? (?:want|like|wish|prefer),? (?:i|
    we)(?:'ll| can| could| will)
""")
_REQUEST = anywhere(r"""
    (?:could|can|would|will) (?:you|someone|somebody)(?: guys)?(?: be able to| mind)? / are you able to /
    i(?:'d| would) like you to / i (?:want|need) you to / please / make sure (?:you|that) / do you mind /
    you(?:'ll| will|'re going to|'re gonna)(?=.*\?)
""")
_WISH = anywhere(r"(?:i|we)(?:'d| would) like(?= (?!to\b|you\b)) / (?:can|could|may) i (?:please )?(?:get|have)")
_FILLERS = re.compile(r"\s*,?\s*(?:(?:please|just|also|maybe|then|perhaps|kindly|at least) )*(?=[\w'])")
_IS_AT_ONCE = begins(r"""
    hold / wait / stay / confirm / verify / tell / give (?:me|us) (?:your|the|a (?:moment|second|minute)) / spell /
    read / repeat / say / look / check / see / restart / reboot / unplug / press / click / log / try / open / go /
    type / enter / turn / help / explain / describe / let me speak / put me / transfer / connect / be more / bear /
    hang / listen / hear / provide / speak / talk / show / switch / plug / reset / move
""")
_ASSENT = begins(r"""
    (?:(?:oh|um|uh|okay|ok|well|great|perfect|ah|right|alright)[,. ]+)*(?:yes|yeah|yep|yup|sure|of course|absolutely|
    certainly|definitely|please do|go ahead|(?:no|not a) problem|that(?:'d| would) be (?:great|good|lovely|fine|
    perfect|helpful|nice|wonderful|fantastic|brilliant|amazing)|that (?:works|sounds)|sounds (?:good|great)|please|
    okay|ok|by all means|(?:let's )?do (?:that|it)|i'd (?:like|love|appreciate) that|(?:great|perfect|lovely|brilliant|
    excellent)(?=[,. ]*(?:$|thank|do\b)))
""")
_TURNED_DOWN = re.compile(
    r"\b(?:but|not|don't|can't|cannot|won't|no|unfortunately|sorry|afraid|first|instead|actually)\b|\?"
)
_POLITE = anywhere(r"""
    if (?:you(?:'d| would| could| can| want| like| wish| do not mind| don't mind| wouldn't mind)(?: (?:please|that|to|
    like))*(?=\W*$) / (?:that's|it's|that is|it is|that'd be|that would be) (?:ok|okay|fine|all ?right|possible|
    no trouble|not too much trouble) / possible) / even if
""")
_ONLY_IF = anywhere(r"""
    if / unless / provided / providing / assuming / (?:as|so) long as / subject to / depending on / depends /
    on (?:the )?condition / except
""")
_IN_SCORN = re.compile(r"(?:oh |ha |yeah )*(?:yeah|sure),? right\W*")
_NO_TROUBLE = anywhere("(?:no|not a) (?:problem|worries|trouble|bother) / why not")
_TAKEN_UP = anywhere(r"""
    will do / (?:i|we)(?:'ll| will) (?:arrange|organi[sz]e|do|see to|take care of|get on(?:to)?|handle|
    sort(?: out)?) (?:it|that|this|so|both|the same) / (?:i|we)(?:'ll| will) (?:set|get) (?:it|that|this) (?:up|done|
    sorted|arranged) / consider (?:it|that) done / leave (?:it|that|this) (?:with|to) (?:me|us) / you(?:'ve)? got it /
    ^(?:(?:yes|sure|of course|absolutely|okay|ok|certainly|definitely|no problem|yeah)[,. ]+)*(?:of course )?(?:i|
    we) (?:will|shall)(?=\W*$)
""")
_COULD_TAKE_UP = anywhere(r"""
    (?<!if )(?<!what )(?<!not sure )(?:i|we) can (?:definitely |certainly |easily |probably )?(?:do|get|manage|arrange|
    sort) (?:it|that|this|so|those|them)(?! but\b)(?! for (?:[$€£\d]|an extra))
""")
"""Takes something up only where it is said until when."""
_NOT_NOW = re.compile(r"\bnot (?:right |just )?now\b")
_DONE_OR_NOT = anywhere(r"""
    now / i(?:'ve| have) (?:just |already )?\w+(?:ed|ent|one) / there (?:we|you) go / sent /
    (?<!consider it )(?<!consider that )(?<!get it )(?<!get that )done / (?:i|we) (?:can't|cannot|won't) /
    one (?:moment|second) / booked / hold on / just a / here (?:it|you) / on (?:its|the) way / in a (?:moment|second|
    minute)
""")


def find_offer(text: str, *, sure: bool = True) -> int | None:
    """Where the act begins that a sentence offers; None where it offers none.

    ``sure``: only acts that are plainly for after the call.
    """
    plain = text.replace("’", "'").lower()
    for match in _OFFER.finditer(plain):
        act = _act_behind(plain, match.end())
        if act is not None and (_IS_LATER.match(plain, act) or not (sure or _IS_AT_ONCE.match(plain, act))):
            return act
    return None


def find_request(text: str, *, sure: bool, later: bool = False) -> int | None:
    """Where the act begins that a sentence asks for; None where it asks for none, or for one that is done at once.

    ``sure``: only acts that are plainly for later, for an answer that is a mere yes. ``later``: the answer puts it off.
    """
    plain = text.replace("’", "'").lower()
    for match in (*_REQUEST.finditer(plain), *(() if sure else _WISH.finditer(plain))):
        act = _act_behind(plain, match.end())
        at_once = act is not None and not later and _IS_AT_ONCE.match(plain, act)
        if act is not None and not at_once and (not sure or _IS_LATER.match(plain, act)):
            return act
    return None


def _act_behind(text: str, at: int) -> int | None:
    fillers = _FILLERS.match(text, at)
    return None if fillers is None else fillers.end()


def assents(text: str) -> bool:
    """Whether these words say yes and nothing against it, nor anything it would hang on."""
    plain = text.strip().replace("’", "'").lower()
    if hangs_on_a_condition(plain) or _IN_SCORN.fullmatch(plain):
        return False
    return _ASSENT.match(plain) is not None and not _TURNED_DOWN.search(_NO_TROUBLE.sub("", plain))


def hangs_on_a_condition(text: str) -> bool:
    """Whether an answer makes a condition: "sure, if you pay for it". "If you could" is only polite."""
    return _ONLY_IF.search(_POLITE.sub(" ", text.replace("’", "'").lower())) is not None


def takes_up(text: str) -> bool:
    """Whether a speaker takes it upon himself to do what was spoken of: "will do", "consider it done"."""
    plain = text.strip().replace("’", "'").lower()
    if _TAKEN_UP.search(plain) is not None:
        return True
    return _COULD_TAKE_UP.search(plain) is not None and bool(due_places(plain))


def is_for_later(text: str) -> bool:
    """Whether what is taken up is put off to a later time."""
    plain = text.replace("’", "'").lower()
    return bool(due_places(plain)) or signs.FOR_LATER.search(plain) is not None


def is_done_or_refused(text: str) -> bool:
    """Whether an answer shows that the matter is done on the line, or not to be done."""
    return _DONE_OR_NOT.search(_NOT_NOW.sub(" ", text.replace("’", "'").lower())) is not None
