"""What a spoken sentence does to its own content: puts it in another's mouth, doubts it, limits it, takes it back.

A statement that repeats the content and leaves that out would say more than was heard. Every rule is True where the
statement keeps it, and is made so that a doubt ends in a quotation.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from worker.core.call import Party
from worker.core.numbers import MONTHS, WEEKDAYS
from worker.core.support.claims import ROLE_OF, Claim, Heard, Sentence, Unit
from worker.core.support.reports import ASKING, is_assent
from worker.core.wording import NEGATIONS, is_light_verb, stem, word_set


def carrying(claim: Claim, heard: Heard) -> list[Sentence]:
    """The spoken sentences that gave this one most of its meaning, or a part that no other gave."""
    meant = {meaning for _, meaning in claim.meanings}
    shared = [(sentence, meant & sentence.meanings) for sentence in heard.sentences]
    most = max((len(part) for _, part in shared), default=0)
    given = Counter(meaning for _, part in shared for meaning in part)
    return [
        sentence
        for sentence, part in shared
        if part and (len(part) == most or any(given[meaning] == 1 for meaning in part))
    ]


def keeps_what_frames_it(party: Party, claim: Claim, heard: Heard) -> bool:
    """Whose word it is, on what condition and within what limits, and that it was not taken back."""
    return (
        _keeps_whose_word_it_is(claim, heard)
        and _keeps_its_conditions(claim, heard)
        and _is_not_withdrawn(party, heard)
    )


# --- another's word, a denial, a doubt -------------------------------------------------------------------------------

_SAYING = word_set("say says said saying tell tells told telling")
_FRAMES = _SAYING | word_set("""
    claim claims claimed claiming pretend pretends pretended pretending lie lies lied lying deny denies denied denying
    false falsely untrue nonsense nearly forced supposedly apparently allegedly reportedly believe believes believed
    doubt doubts doubted forgot forget imagine imagined suppose supposed assume assumed heard rumour mistaken
    mistakenly wrongly incorrectly according insist insists insisted swear swears swore reckon reckons
    rumoured forces force forcing
    """)
_NOUN_BEFORE = word_set("a an the my your our their this that his her")
_SAYING_REACH = 5
_UNDOES_SAYING = NEGATIONS | _FRAMES | {"was", "were", "had"}


def _keeps_whose_word_it_is(claim: Claim, heard: Heard) -> bool:
    """What was said as another's word, as untrue or as doubtful is not put down as the party's own."""
    kept = {stem(unit.text) for at, unit in enumerate(claim.units) if at not in claim.reports}
    asks = _asks(claim)
    return all(
        stem(unit.text) in kept or _is_own_saying(sentence, at, asks=asks)
        for sentence in carrying(claim, heard)
        for at, unit in enumerate(sentence.claim.units)
        if unit.text in _FRAMES and not _is_noun(sentence.claim.units, at)
    )


def _is_noun(units: Sequence[Unit], at: int) -> bool:
    before = units[at - 1] if at else None
    return stem(units[at].text) == "claim" and before is not None and (before.text in _NOUN_BEFORE or before.owns)


def _is_own_saying(sentence: Sentence, at: int, *, asks: bool) -> bool:
    """ "As I said", "I wanted to tell you": the speaker's own word. "Can you tell me" is part of asking."""
    units, own = sentence.claim.units, ROLE_OF[sentence.party]
    if units[at].text not in _SAYING:
        return False
    if asks and at + 1 < len(units) and units[at + 1].role == own:
        return True
    for before in reversed(units[max(0, at - _SAYING_REACH) : at]):
        if before.clause != units[at].clause or before.text in _UNDOES_SAYING:
            return False
        if before.role is not None:
            return before.role == own and not before.owns
    return False


# --- conditions, limits, withdrawals ---------------------------------------------------------------------------------

_CONDITION = re.compile(
    r"\b(?:if|unless|provided|otherwise|depending|depends|case|assuming|on condition|subject to|only where|"
    r"(?:as|so) long as|(?<!at )once|as soon as(?! (?:possible|i can|we can|you can)))\b"
)
_WHEN = re.compile(r"\bwhen\b")
_COMES = re.compile(r"\b(?:will|would|shall|can|could|may|might|must)\b")
_KEPT_CONDITION = re.compile(_CONDITION.pattern + r"|\b(?:when|whether|after|where)\b")
_LIMITS = tuple(
    re.compile(rf"\b(?:{limit})\b")
    for limit in (
        "only|solely",
        "until|till",
        "except|excluding|apart from",
        "before|previously|formerly|used to|in the past",
        "after(?! all)",
        "too late",
        "in theory|on paper|as far as",
        "from being",
        "out of the question",
    )
)
_WITHDRAWN = re.compile(
    r"\b(?:i|that) (?:was|were) (?:wrong|mistaken)\b|\bno,? wait\b|\bno,? sorry\b|\bsorry,? no\b|\bi mean\b"
    r"|\bhang on\b|\bthat(?:'s| is| was) (?:a mistake|an error|impossible|not (?:right|true|correct)|nonsense)\b"
    r"|\bscratch that\b|\bcorrection[,:]|\blet me correct\b|\bactually,? no\b|\bi take (?:that|it) back\b"
    r"|\bnever mind\b|\b(?:ignore|forget) (?:that|it)\b|\bjust kidding\b"
    r"|\bno way\b|(?:^|[.!?]\s+)(?:or )?(?:not|never)(?: really)?[.!?]*$",
    re.IGNORECASE,
)


def _keeps_its_conditions(claim: Claim, heard: Heard) -> bool:
    """A condition or a limit that stands in the spoken sentence is not lost."""
    written = _plain(claim)
    asks = _asks(claim)
    for sentence in carrying(claim, heard):
        said = _plain(sentence.claim)
        is_conditional = _CONDITION.search(said) or (not asks and _WHEN.search(said) and _COMES.search(said))
        if is_conditional and not _KEPT_CONDITION.search(written):
            return False
        if any(limit.search(said) and not limit.search(written) for limit in _LIMITS):
            return False
    return True


def _is_not_withdrawn(party: Party, heard: Heard) -> bool:
    """Nobody took back what the statement rests on: "No wait", "I was wrong"."""
    return not any(
        spoken.party is party and _WITHDRAWN.search(spoken.text.strip().replace("’", "'")) for spoken in heard.evidence
    )


def _plain(claim: Claim) -> str:
    return " ".join(unit.text for unit in claim.units)


# --- questions -------------------------------------------------------------------------------------------------------

_OPEN_QUESTION = re.compile(
    r"\b(?:what|when|where|which|who|whose|how|(?:can|could|may) (?:i|we) (?:have|get|take)|"
    r"(?:can|could|would) you (?:tell|give|confirm|spell|describe|explain))\b",
    re.IGNORECASE,
)
_NO_ANSWER = re.compile(r"(?:no|nope|not|none|never)\b|\b(?:don't|do not) (?:know|remember|have)\b", re.IGNORECASE)


def said_by(party: Party, claim: Claim, heard: Heard) -> set[str]:
    """The stems that the party's statement may be made of: not those that were only asked about."""
    found: set[str] = set()
    for at, sentence in enumerate(heard.sentences):
        own = sentence.party is party
        counts = _asks(claim) if own else _is_answered(sentence, heard.sentences[at + 1 :], party)
        if not sentence.is_question or counts:
            found |= sentence.meanings
    return found


def _is_answered(question: Sentence, following: Sequence[Sentence], party: Party) -> bool:
    """Whether the party said yes, or gave what was asked for."""
    answer = next((sentence.text for sentence in following if sentence.party is party), "").replace("’", "'")
    if is_assent(answer):
        return True
    return bool(answer) and _OPEN_QUESTION.search(question.text) is not None and not _NO_ANSWER.match(answer)


def _asks(claim: Claim) -> bool:
    return any(claim.units[at].text in ASKING for at in claim.reports)


# --- who did it to whom ----------------------------------------------------------------------------------------------

_BEFORE_NOUN = word_set("a an the my your our their his her this that these those of for in on at with to from by 's")
_BEHIND_NOUN = word_set("is are was were be been has have had will would can could may might should must 's of")


def keeps_who_did_it_to_whom(claim: Claim, heard: Heard) -> bool:
    """ "The dog bit the postman" is not "The postman bit the dog". "By" turns the two round."""
    for triple in _around_verbs(claim):
        straight = turned = False
        for sentence in heard.sentences:
            said = [meaning for _, meaning in _line(sentence.claim)]
            same_voice = _is_by(claim) == _is_by(sentence.claim)
            in_order, reverse = _follow(triple, said), _follow(triple[::-1], said)
            straight |= in_order if same_voice else reverse
            turned |= reverse if same_voice else in_order
        if turned and not straight:
            return False
    return True


def _around_verbs(claim: Claim) -> list[tuple[str, str, str]]:
    """What stands where a verb may, with the nearest meanings before and behind it in its clause."""
    line = _line(claim)
    found = []
    for (first, one), (at, verb), (last, other) in zip(line, line[1:], line[2:], strict=False):
        before, behind = claim.units[at - 1], claim.units[at + 1]
        in_clause = claim.units[first].clause == claim.units[at].clause == claim.units[last].clause
        is_noun = before.text in _BEFORE_NOUN or before.owns or behind.text in _BEHIND_NOUN
        if in_clause and not is_noun and len({one, verb, other}) == 3:
            found.append((one, verb, other))
    return found


def _line(claim: Claim) -> list[tuple[int, str]]:
    """The meanings in order, and with them the verbs that else count as small words: "bit", "took"."""
    small = [
        (at, stem(unit.text))
        for at, unit in enumerate(claim.units)
        if is_light_verb(unit.text) or (unit.text == "bit" and claim.units[at - 1].text != "a")
    ]
    return sorted([*claim.meanings, *small])


def _follow(triple: Sequence[str], said: Sequence[str]) -> bool:
    rest = iter(said)
    return all(meaning in rest for meaning in triple)


def _is_by(claim: Claim) -> bool:
    """Whether somebody is named behind the verb: "by the dog", not "by noon"."""
    return any(
        by.text == "by" and (doer.role is not None or doer.capital or doer.text in _BEFORE_NOUN)
        for by, doer in pairwise(claim.units)
        if doer.text not in MONTHS | WEEKDAYS
    )
