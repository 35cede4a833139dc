"""English wording around an act: what makes it a guess, an offer, somebody else's word, or done at once."""

from __future__ import annotations

import re

from worker.core.commitments.tables import anywhere, begins

HEDGED = anywhere(r"""
    probably / maybe / perhaps / hopefully / possibly / (?:most )?likely / might / (?:i|we) (?:think|hope|expect) /
    i (?:guess|suppose|believe|reckon|imagine|assume) / reckon / i'd (?:say|guess|think|imagine|hope) / should /
    would / could / not sure /
    estimated? / usually / normally / typically / generally / always / in general / as a rule / fingers crossed /
    i'm sure / supposed / ideally / potentially / apparently / if possible / with any luck /
    (?<!of )(?<!by )(?<!in )(?<!\dth )(?<!\dst )(?<!\dnd )
    (?<!\drd )may(?! (?:the )?\d) /
    in theory / aim to / no guarantee / if all goes well / end up
""")
"""A guess, a wish, or how things are in general."""

TOLD_OF_OTHERS = anywhere("""
    said / says / saying / told / tells / promised / swore / supposed / assured / claimed / claims that / guaranteed /
    heard / wrote / informed / advised / mentioned / was going / were going / thought / wish(?:ed)? / hope[sd]? /
    hoping / want(?:s|ed|ing)? / wonder(?:ing)? / whether / assum(?:e|ing) / expecting / make sure / unless /
    insists? / convinced / doubt / believe / guess / imagine / bet / figured? / (?:see|know|ask|check) if / not sure /
    (?:sounds|looks|seems) like / worried / afraid / hear that / skeptical
""")
"""In front of the words: it is somebody else's promise, a wish, or a question inside a sentence."""

SAID_AFTERWARDS = re.compile(r",? ?(?:they|he|she|you|it) (?:said|says|told|promised)\b")
"""Behind the words: it is somebody else's promise."""

OWN_WORD_FOR_IT = anywhere(r"""
    (?:as|like) (?:i|we)(?: already| just)?(?:'ve| have)?(?: already| just)? (?:said|told you|mentioned|promised) /
    (?:i|we)(?:'ve| have)?(?: already| just| also)? (?:told|asked|informed|notified|advised|mentioned|heard from) /
    i want(?:ed)? you to know / i(?:'m| am) afraid / when i heard / i (?:hear|understood) you
""")
"""The speaker's own word, left out before others' are looked for."""

NOT_PROMISED = anywhere(r"""
    (?:can't|cannot|can not|won't|don't|couldn't|not|never|wouldn't)(?: \w+)? (?:promise|guarantee|say|think|know|see) /
    (?:no|not a|not much|little|zero|slim) (?:way|chance|hope|prospect|question) / (?:not|never)(?: as if| like| that) /
    as if(?= (?:i|we|they|he|she)\b) /
    (?:damned|surprised|shocked|amazed|hanged) if / used to say /
    unlikely / impossible / out of the question / rule out / no telling / who knows
""")
"""In front of the words: they are denied."""

INVERTED_CONDITION = re.compile(
    r"(?:^|(?<=[,.;] )|(?<=\band )|(?<=\bbut )|(?<=\bso ))should (?=(?:it|this|that|they|he|she|there|any\w*|the|these|"
    r"those|one|your|our|my)\b)"
)
"""Another way to say "if": "should it leak again"."""

VOWED = anywhere(
    "i(?: can| do)? (?:promise|guarantee|give you my word) / you have my word / my word on it / i assure you"
)
"""Said with these, it is no guess and waits for no choice."""

ON_A_CHOICE = anywhere(r"""
    (?:if|whenever|when|should|once|in case) you(?:'d|'re| would| do| ever| still| really| just)* (?:want|like|wish|
    prefer|decide|choose|need|rather|go|went|are|have|could|can|agree|sign|switch|upgrade|pay|buy|order|take|stay|
    subscribe|think|change|let me know|tell|say|opt|renew|cancel|join|purchase|give me a|hold|bear|wait|don't want|
    feel|look|visit|click|press|dial|reply|follow) / if you don't pay / if you're (?:happy|interested|not|looking|
    willing) / up to you / would you / if (?:not|so) / (?:i|we)'d / press (?:one|two|three|\d)
""")
"""It waits for a choice of the other side: an offer, or advice."""

ANOTHER_EVENT = anywhere("if / once / when / after / as soon as / upon / following")

FOR_LATER = anywhere("""
    once / as soon as / soon / shortly / later / overnight / straight after / after (?:this|the|our) call / when (?:it|
    he|she|they|the|i|we|my|our) / next (?:bill|statement|invoice|billing|payment|delivery|order) / afterwards?
""")

AT_ONCE = anywhere(r"""
    again here / (?:once|one) more time / here and now / right (?:here|away now) / (?:take|be) (?:a|one|two) seconds? /
    (?<!from )(?<!by )(?<!until )now(?! on\b) / as we speak / (?:one|just a|for a|a quick) (?:moment|second|sec|
    minute) / bear with / hold on / hang on / while you (?:hold|wait|are) / real quick / in (?:just )?(?:a|one|a few|
    two) (?:moments?|seconds?|secs?|minute) / on (?:a )?(?:brief )?hold / verification / pass ?code /
    for your records / at the moment / momentarily / to (?:better )?(?:help|assist) you
""")
"""Done on the line, before the call ends."""

WAIT_A_MOMENT = re.compile(
    r"\W*(?:\w+\W+){0,4}(?:one|just a|a|two|a few) (?:second|moment|sec|minute)s?\b|\W*(?:bear with|hold on|hang on)|"
    r"\W*(?:it|this|that)(?: won't|'ll not| will not) (?:take|be) long|\W*and now (?:i|we|let)\b"
)

BEFORE_AN_EVENT = anywhere(r"""
    (?:before|by the time|for when|ready for|when) (?:you|he|she|they|someone|somebody|(?:your|
    the) [\w-]+(?: [\w-]+)?) (?:comes?|arrives?|gets? here|
    turns? up|shows? up|(?:is|are) here|rings?|calls?|starts?)
""")
"""For a customer as good as a day: it waits for the other side."""

DONE_ALREADY = anywhere("""
    there (?:we|you) go / that's (?:all )?(?:done|saved|sent|gone|booked|set|updated|sorted|changed|cancelled|canceled|
    in) / it's (?:all |now |been )?(?:saved|done|sent|gone through|booked|updated|changed|sorted|cancelled|canceled) /
    all (?:done|set|sorted) / i(?:'ve| have) (?:just |now |already )?(?:sent|done|changed|updated|cancelled|canceled|
    booked|added) / (?:okay|ok|right|and) done / sent it / has been (?:sent|updated|changed|cancelled)
""")
"""What follows shows that it is done."""

LATER_CLAUSE = anywhere("(?:when|once|after|until|as soon as|if|so) [^,.;!?]*")
"""In which "it's done" is still to come."""

ASKS_BACK = re.compile(
    r"\W*(?:and )?(?:is|are) (?:that|this|it|those) (?:correct|right|the right)\b|,? ?if that (?:works|suits)\b.*\?"
)
"""The speaker makes sure of something, and promises nothing."""

TAG = re.compile(
    r"(?:^|[\s,])(?:okay|ok|all right|alright|yeah|yes|right|deal|fair enough|sounds? good|good|hm+|"
    r"is that (?:ok|okay|alright|all right|fine|good)(?: (?:with|for) you)?|does that (?:work|sound|help)(?: \w+){0,3}|"
    r"if that's (?:ok|okay|alright|all right|fine)(?: (?:with|by) you)?)\s*\?$"
)
"""Behind a statement, it makes no question of it."""

CUT_OFF = re.compile(
    r"(?:\.\.\.|…|[-–—]|\b(?:the|a|an|to|your|my|our|and|or|for|of|with|about|uh|um|'ll|will)\s*,?)\s*$"
)
"""Where somebody was interrupted, or did not know how to go on."""

OPENINGS = re.compile(
    r"(?:\s*(?:and|so|okay|ok|then|well|but|yes|yeah|right|alright|all right|uh|um|no|great|perfect|sure|sorry|that's "
    r"fine|now|i promise|of course|no problem)\b,?\s+)+|\s+"
)
"""How a sentence sets in."""

_ONLY_IF = r"""
    if(?! (?:that's|it's|that is|it is) (?:ok|okay|fine|alright|all right)) / unless / provided / providing / assuming /
    as long as / so long as / subject to / depending on / on (?:the )?condition / except (?:if|when|where)
"""
TRAILING_CONDITION = begins(rf",? ?(?:{'|'.join(' '.join(_ONLY_IF.split()).split(' / '))})")
"""Behind a customer's words: it is left open."""

CONDITION = re.compile(
    r"(?<!\band)(?<!\bbut)(?<!\bso)(?<!\bask)(?<!\bsee)(?<!\bcheck)(?<!\bfind out)(?<!\bmatter)(?<!\beven)(?<!\bas)"
    r"(?:,? (?:but )?(?:only )?(?:(?<!\bknow )(?<!\btell you )if(?! (?:that's|it's|that is|it is) (?:ok|okay|"
    r"fine|alright|all right)|"
    r" you (?:like|want|wish|don't mind)\W*$)|"
    r"unless|provided(?= that\b| (?:you|it|we|they|he|she|i|the|your|there)\b)|providing (?:that )?(?=you|it|"
    r"we|they|he|"
    r"the|your)|assuming|(?:as|so) long as|subject to|depending on|on (?:the )?condition|except (?:if|when|"
    r"where)|in case|"
    r"once(?= (?:it|that|this|we|you|i|they|he|she|the|your|our|my|there|everything|everyone)\b)|as soon as|"
    r"(?:right )?after (?=we |you |it |they |i |he |she )|"
    r"when (?=it\b|we\b|you\b|i\b|they\b|he\b|she\b|the\b|your\b|our\b)))\b"
)
"""Behind an act: where begins what it waits for."""

CONDITION_ALONE = re.compile(
    r"(?:but |and )?(?:only )?(?:if|unless|provided|providing|assuming|as long as|so long as|"
    r"subject to)\b[^,.;:!?]*[.!]*$"
)
"""A sentence that is nothing but a condition of the one before."""

NO_MORE = re.compile(r"\b(?:no|sorry|wait|i mean|or rather|actually)\W*$")
"""At the end of words that the next ones correct."""

CONDITION_ENDS = re.compile(
    r"[,.;!?]|,? (?:and|but|so|then)(?: then)? (?:i|we|you|it|they|he|she|the|that|there|if|call|send|let)\b|$"
)

OPENS_WITH_CONDITION = re.compile(
    r"(?:\bif\b|(?:^|(?<=[,.;] )|(?<=\band )|(?<=\bso )|(?<=\bbut )|(?<=\bthen )|(?<=\bonly )|(?<=\bokay )|"
    r"(?<=\bwell ))"
    r"(?:unless|provided|providing|assuming|as long as|so long as|subject to|once|as soon as|on condition)\b)"
)

ABOUT_IT = re.compile(r"^\w+ (?:it|that|this|them|those|one)\b")
"""An act upon what other words have named."""

DO_IT = re.compile(
    r"(?:do|arrange|organi[sz]e|handle|sort|get (?:it|that|this) (?:done|sorted|arranged)|set (?:it|that) up)\b"
)
"""An act that other words must tell."""

ON_TOP = anywhere("also / too / again / another / as well / second / and then / in addition / on top / every / each")
"""What comes besides an earlier promise, and not in its place."""

TAKES_BACK = anywhere("""
    forget (?:it|that|what i said|about (?:it|that)) / scrap that / scratch that / i take (?:that|it) back /
    never mind / disregard (?:that|what i said) / ignore what i said
""")
"""Words that undo what was just promised."""

CALLED_OFF = re.compile(
    r"\b(?P<thing>it|that|this|(?:the|your|our|my)(?: [\w-]+){1,3}?)(?:'s| is| has| was| got)(?: been| now| just)* "
    r"(?:cancell?ed|called off|off the table)\b"
)

CANNOT = re.compile(
    r"(?<!if )(?<!when )\b(?:i|we|you|he|she|they|it|someone|somebody|nobody|that)(?: actually| really|"
    r" unfortunately)* ?"
    r"(?:can't|cannot|can not|won't|will not|(?:'m|am|'re|are|is|'s)(?: not|n't) (?:able to|going to|gonna)|"
    r"(?:'m|'re| am| are|is) unable to|won't be able to)(?: actually| really)? "
    r"(?:be able to )?(?!promise|guarantee|wait|believe|(?:\w+ )?(?:now|yet)\b)"
    r"(?P<act>(?:(?!\b(?:now|right away|yet|before|until|till|sooner|earlier|any faster|"
    r"without)\b)[^,.;!?])+)(?=[,.;!?]|$)"
)
"""A refusal with the act that is refused; "not before", "not yet" is none."""

AFTER_ALL = re.compile(r"\b(?:after all|any ?more|any longer)\b")
DOES_IT = re.compile(r"(?:do|send|manage|make|arrange|happen|be) (?:it|that|this|possible)\b|(?:happen|work)\b")

ASKS_WHEN = re.compile(r"\b(?:when|how long|how soon|what time|what day|by when)\b", re.IGNORECASE)
"""A question for a time."""

THEN = re.compile(r"\b(?:then|that day|at that time|that morning|that afternoon|that evening)\W*$")
"""At a time that was spoken of before."""

SAYS_NUMBERS = re.compile(r"\d|\b(?:number|name|address|details|date of birth|code|pin|zip|postcode|id|spelling)\b")
"""What is given on the line when it is asked for."""
