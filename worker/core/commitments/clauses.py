"""The clauses of a sentence that speak of an act to come: who is to act, where the act begins, where the clause ends.

Found by the few ways in which English says so: "I'll …", "a technician will …", "you'll get …", "we're sending …", "let
me … and …", "expect …", "I've arranged …". Whether such a clause is a promise is decided in ``spoken``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum, auto
from itertools import pairwise

from worker.core.wording import word_set


class Shape(Enum):
    """How a clause speaks of an act to come."""

    OWN = auto()  # "I'll send it", "we're going to send it", "I promise to send it"
    DOING = auto()  # "we're sending it on Friday"
    GIVEN = auto()  # "you'll get it"
    OTHERS = auto()  # "somebody will call you", "it will be sent"
    OTHERS_DOING = auto()  # "an engineer is coming on Tuesday", "it goes out tomorrow"
    ARRANGED = auto()  # "I've arranged for the engineer to come"
    LET_ME = auto()  # "let me ask and get back to you"
    EXPECT = auto()  # "you can expect a letter"


@dataclass(frozen=True)
class Clause:
    """A clause ``[start, end)`` of a sentence in lower case, whose act begins at ``act``."""

    text: str
    shape: Shape
    start: int
    act: int
    end: int
    subject: str

    @property
    def doing(self) -> str:
        """The act and all that belongs to it."""
        return self.text[self.act : self.end]

    @property
    def whole(self) -> str:
        """The clause with its subject."""
        return self.text[self.start : self.end]


_WILL = re.compile(
    r"(?:'ll| will| shall|(?:'m| am|'re| are|'s| is)(?: also| actually| just| definitely| still)? (?:going to|gonna)|"
    r" gonna)(?![\w'])(?P<not> (?:not|never|"
    r"no longer)\b)?"
)
_FILLERS = re.compile(
    r"(?:\s*,?\s*(?:just|then|also|definitely|certainly|gladly|happily|quickly|simply|personally|actually|obviously|"
    r"of course|still|um|uh|er|"
    r"erm|"
    r"like|surely|absolutely|both|all|even|immediately|go ahead and|be sure to|myself)\b\s*,?)*\s*"
)
_OTHERS_DOING = re.compile(
    r"(?:(?:'s| is|'re| are| has been|'s been| have been) (?:also |already |now )?(?P<doing>(?:coming|calling|sending|"
    r"delivering|visiting|arriving|going (?:out|back)|picking|bringing|being|getting (?=\w+(?:ed|t|id)\b)|scheduled|"
    r"booked|due|set|arranged|on (?:its|the|"
    r"their|"
    r"his|her) way)\b)|(?<=\w) (?P<does>(?:goes|go) (?:out|on|back)|ships?|gets? (?:\w+ed|sent|paid|put|read|"
    r"taken) ?(?:at|up|off|away|"
    r"back|out|down|to|in|on)?|arrives|comes|"
    r"(?:picks|calls|rings|collects|drops|brings) (?:it|them|that|you|him|her)|delivers)\b)"
)
_BY_THE_SPEAKER = (
    (
        Shape.DOING,
        re.compile(
            r"\b(?P<who>i|we)(?:'m| am|'re| are) (?:also |just |already )?"
            r"(?P<act>(?:send|credit|refund|pay|ship|deliver|mail|post|email|(?:call|phon|ring)(?=ing (?:you|him|her|"
            r"them|"
            r"back)\b)|giv|lend|knock|print|arrang|mov|meet|open|clear|leav|forward|fax|settl|upload|com|bring|"
            r"transferr|replac|issu|waiv|return|dropp|collect|pick|install|fix|repair|hav|gett|"
            r"tak|reimburs|cancell?|dispatch|putt|visit)ing)\b"
        ),
    ),
    (Shape.OWN, re.compile(r"\b(?P<who>i|we)(?: can| do)? (?:promise|guarantee)(?: you)? to (?P<act>\w+)")),
    (
        Shape.OWN,
        re.compile(
            r"\bwhat (?P<who>i|we)(?:'ll| will|'m going to|'re going to|'m gonna|"
            r"'re gonna) do (?:\w+ ){0,2}is,? (?:to )?"
            r"(?P<act>(?!i\b|we\b|i'|we')\w+)"
        ),
    ),
    (
        Shape.ARRANGED,
        re.compile(
            r"\b(?P<who>i|we)(?:'ve| have)?(?: already| just| also| now)? (?P<act>arranged|booked|scheduled|"
            r"organi[sz]ed|"
            r"set up|lined up|got|asked|told|instructed|requested)\b"
        ),
    ),
    (Shape.LET_ME, re.compile(r"\blet (?P<who>me|us) (?P<act>\w+)")),
    (
        Shape.EXPECT,
        re.compile(
            r"(?:^|[,.] |\b(?P<who>you) (?:can |may |should )|\b(?:can|so|and|please|just|okay|then|yeah|yes) )"
            r"(?P<act>expect (?!to wait|to pay|delays)(?:to (?:hear|get|receive)|(?:a|an|the|your|our|some\w*)\b))"
        ),
    ),
)

_NEW_CLAUSE = re.compile(
    r"(?<!\bmr)(?<!\bmrs)(?<!\bms)(?<!\bdr)[.!?;:…]+(?=\s|$)|\s[–—-]+\s|[,\s]+(?:and |but |so |then |or |because |"
    r"cause |'cause |cos |since |while |when |"
    r"once |if |until |unless |before |after |which |although |though |as soon as |as |now )+(?:um,? |uh,? )?"
    r"(?:i|we|you|he|she|it|they|there|that|this|everything|someone|somebody)(?:'\w+)?(?= )|"
    r"[,\s]+(?:which|because|but(?! not)|unless|once|whereas|although|as soon as|so that|in case)(?= )|"
    r"[,\s]+and (?:yes|yeah|no|yep)(?=[, ])|[,\s]+(?:and|but|so),? (?:if|unless|provided|assuming|as long as)(?= )|"
    r",(?: and| but| so)?,?(?: um| uh)?,?\s(?:what|when|where|how|why|which|can|could|do|does|is|are|would|will|shall|"
    r"i|we|you|he|she|it|they|there|that's)(?:'\w+)?(?= )|"
    r"\s(?:i|we|you|he|she|it|they|there|that)(?:'s|'re|'ll|'ve|'m| is| are| will| can| should)(?= )|"
    r"(?<!know)(?<!see)(?<!out)(?<!tell you)(?<!ask)(?<!about)(?<!check)(?<!exactly)(?<!on)(?<!you)\s(?:what|where|"
    r"how|who|"
    r"when)(?:'s| is| do| does| should| shall)(?= )|\s(?:can|could|do|did|will|would) you(?= )|"
    r"\s(?:it|that|this) (?:takes|usually|normally|might|could|would)(?= )"
)
"""Where another clause begins, heard with or without a comma."""

_SEES_TO_IT = re.compile(r"(?:make (?:sure|certain)|ensure|see to it|see(?= that)|promise|guarantee)\b")
_JOINS = re.compile(r"(?:[\s,]+(?:and|but|so|then|um|uh|or|that))*[\s,]*$")

_STANDS_ALONE = word_set("he she it they that this those these yours")
_ASKS = word_set("who what when where how why which whether nobody nothing neither none")
_RELATED = re.compile(r"\b(?:that's|it's|is|not) (?:something|anything|a thing) $")  # "that's something we'll look at"
_BEFORE_A_SUBJECT = _ASKS | word_set("""
    and but so because then if now okay ok yes yeah no right alright well that while i you we he she it they me him
    them us um uh er sure great is are was were has have had be been told said says think know hope guess promise or as
    once until today tomorrow tonight there not do did does will sorry please thanks thank yep guarantee monday tuesday
    wednesday thursday friday saturday sunday skeptical
    """)
_OPENS_A_SUBJECT = word_set("""
    a an the our my your this these those another any somebody someone one both half each all everything
    yours
    """)
_TITLES = word_set("dr mr mrs ms miss doctor")
_LONGEST_SUBJECT_WORDS = 9
_PARTS = re.compile(r"[,.;:!?–—]")


def find_clauses(text: str) -> list[Clause]:
    """The clauses of a sentence in lower case that speak of an act to come, in order. None reaches into the next."""
    clauses = sorted(_all_clauses(text), key=lambda clause: clause.start)
    apart = [
        clause if _SEES_TO_IT.match(clause.doing) else replace(clause, end=_end_before(text, clause, following.start))
        for clause, following in pairwise(clauses)
    ]
    return [*apart, *clauses[-1:]]


def _all_clauses(text: str) -> Iterator[Clause]:
    for match in _WILL.finditer(text):
        start = _subject_start(text, match.start()) if match["not"] is None else None
        if start is not None:
            fillers = _FILLERS.match(text, match.end())
            subject = text[start : match.start()]
            shape = Shape.OWN if subject in ("i", "we") else Shape.GIVEN if subject == "you" else Shape.OTHERS
            yield _clause(text, shape, start, fillers.end() if fillers else match.end(), subject)
    for match in _OTHERS_DOING.finditer(text):
        start = _subject_start(text, match.start())
        if start is not None and text[start : match.start()] not in ("i", "we", "you"):
            act = match.start("doing") if match["doing"] else match.start("does")
            yield _clause(text, Shape.OTHERS_DOING, start, act, text[start : match.start()])
    for shape, wording in _BY_THE_SPEAKER:
        for match in wording.finditer(text):
            yield _clause(
                text, shape, match.start("who" if match["who"] else "act"), match.start("act"), match["who"] or ""
            )


def _clause(text: str, shape: Shape, start: int, act: int, subject: str) -> Clause:
    end = _NEW_CLAUSE.search(text, act + 1)
    sees_to_it = _SEES_TO_IT.match(text, act)
    if end is not None and sees_to_it is not None and end.start() <= sees_to_it.end() + len(" that"):
        end = _NEW_CLAUSE.search(text, end.end())  # "make sure you're told" is one clause
    return Clause(text, shape, start, act, end.start() if end else len(text.rstrip(" .!?,")), subject)


def _end_before(text: str, clause: Clause, at: int) -> int:
    """The end of a clause that another one follows from ``at`` on, less the words that join the two."""
    if not clause.act < at < clause.end:
        return clause.end
    return clause.act + len(_JOINS.sub("", text[clause.act : at]))


def _subject_start(text: str, at: int) -> int | None:
    """Where the subject begins that ends at a place; None where there is none, or only a question."""
    words = list(re.finditer(r"\d+(?:[:.,]\d+)+|[\w'-]+", text[:at]))
    if not words or text[words[-1].end() : at].strip():
        return None
    last = words[-1].group()
    if last in ("i", "we", "you") or last in _STANDS_ALONE:
        before = words[-2].group() if len(words) > 1 and not _PARTS.search(text[words[-2].end() : at]) else ""
        # "The form that will …" is a relative clause, which promises nothing.
        relates = last == "that" and before != "" and before not in _BEFORE_A_SUBJECT
        return None if before in _ASKS or relates or _RELATED.search(text, 0, words[-1].start()) else words[-1].start()
    if last in _BEFORE_A_SUBJECT:
        return None
    first = opener = len(words) - 1
    while first >= 0 and len(words) - first <= _LONGEST_SUBJECT_WORDS:
        behind = words[first + 1].start() if first + 1 < len(words) else at
        between = text[words[first].end() : behind]
        if words[first].group() in _BEFORE_A_SUBJECT or (
            _PARTS.search(between) and words[first].group() not in _TITLES
        ):
            break
        joined = first > 0 and words[first].group() in ("from", "of", "at", "in")
        if words[first].group() in _OPENS_A_SUBJECT | _TITLES:
            opener = first
        elif joined and words[first - 1].group() not in _BEFORE_A_SUBJECT:
            opener = first - 1  # "Sandra from billing"
        first -= 1
    if opener > 0 and words[opener - 1].group() == "no":  # "no one will call"
        return None
    return words[opener].start()
