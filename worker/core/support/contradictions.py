"""What no sentence about a conversation may do, in whatever words it is written: contradict what was said, or bring in
a number, a name or a day that was not.

These rules alone are made for any sentence over any stretch of talk, also where it is put quite freely; they are
measured against people's judgement by ``scripts.bench_statements``. ``judge`` asks more of a statement.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import sqrt

from worker.core.call import Party
from worker.core.numbers import MONTHS, WEEKDAYS, carries_number
from worker.core.support.claims import Claim, Heard, Spoken, Unit
from worker.core.support.complaints import Complaint
from worker.core.support.opposites import opposites_of
from worker.core.wording import NEGATIONS, is_content, stem, tokenize, word_set


def find_contradictions(sentence: str, evidence: Sequence[Spoken]) -> tuple[Complaint, ...]:
    """What in one sentence contradicts the evidence, or was never said; empty where nothing is found."""
    return contradictions(sentence, Claim(tokenize(sentence), Party.OTHER, written=True), Heard(evidence))


def contradictions(sentence: str, claim: Claim, heard: Heard) -> tuple[Complaint, ...]:
    """The same, for a sentence and evidence that are already taken apart."""
    rules = (
        (Complaint.FORM, not _says_a_word_twice(sentence, claim)),
        (Complaint.NUMBER, has_its_numbers(claim, heard)),
        (Complaint.NAME, has_its_names(sentence, claim, heard) and _has_its_times(claim, heard)),
        (Complaint.NEGATION, _negates_what_was_negated(claim, heard)),
        (Complaint.RESTRICTION, _restricts_what_was_restricted(claim, heard)),
        (Complaint.OPPOSITE, not _says_the_opposite(claim, heard)),
        (Complaint.WHO, _names_who_spoke_of_it(claim, heard)),
    )
    return tuple(complaint for complaint, holds in rules if not holds)


# --- form ------------------------------------------------------------------------------------------------------------

_MAY_BE_TWICE = word_set("that had very is bye ha no so")
_TWICE_IN_A_ROW = re.compile(r"\b([A-Z][a-z]+)\s*,?\s*(?:and\s+|,\s*)\1\b(?!['’-])")


def _says_a_word_twice(sentence: str, claim: Claim) -> bool:
    words = [unit.text if unit.role is None else f"({unit.role})" for unit in claim.units]  # "the agent" is one of them
    twice = any(
        one == other and one.isalpha() and len(one) > 1 and one not in _MAY_BE_TWICE for one, other in pairwise(words)
    )
    return twice or _TWICE_IN_A_ROW.search(sentence) is not None


# --- numbers, names, times -------------------------------------------------------------------------------------------


def has_its_numbers(claim: Claim, heard: Heard) -> bool:
    """Every number was said, with its measure where it has one."""
    words = {unit.text for unit in claim.units if unit.text[0].isdigit()}
    in_numbers = {claim.units[at].text for at in claim.in_number}
    return words <= in_numbers | heard.words and all(carries_number(number, heard.numbers) for number in claim.numbers)


_TITLES = word_set("mr mrs ms miss sir madam")
_SHORT = {
    "jan": "january", "feb": "february", "aug": "august", "sep": "september", "sept": "september", "oct": "october",
    "nov": "november", "dec": "december", "mon": "monday", "tue": "tuesday", "tues": "tuesday", "wed": "wednesday",
    "thu": "thursday", "thur": "thursday", "thurs": "thursday", "fri": "friday", "sat": "saturday", "sun": "sunday",
}  # fmt: skip
_DAYS = (MONTHS - {"may", "march"}) | WEEKDAYS


def has_its_names(sentence: str, claim: Claim, heard: Heard) -> bool:
    """Every name, address, weekday and month was said, or is the name of one who spoke."""
    run_together = _run_together(" ".join(spoken.text for spoken in heard.evidence))
    if any(_run_together(address) not in run_together for address in re.findall(r"\S+@\S+\w", sentence)):
        return False
    speakers = {token.text for spoken in heard.evidence for token in tokenize(spoken.name or "")}
    words = heard.words | speakers
    stems = {stem(word) for word in words} | {stem(_SHORT[word]) for word in words if word in _SHORT}
    for at, unit in enumerate(claim.units):
        if unit.role is not None or "@" in unit.text or unit.text in ("am", "pm") or not unit.text[0].isalpha():
            continue
        named = (unit.capital and unit.text not in _TITLES) or unit.text in _DAYS
        if named and stem(unit.text) not in stems:
            return False
        follows = claim.units[at + 1].text if at + 1 < len(claim.units) else ""
        if unit.text in _TITLES and unit.text not in words and words & _TITLES and follows in words:
            return False  # "Mrs Smith" for "Mr Smith"
    return True


def _run_together(text: str) -> str:
    """Letters and digits with "dot" and "at" as signs: an address is spoken one way and written another."""
    signs = re.sub(r"\bdot\b", ".", re.sub(r"\bat\b", "@", text.lower()))
    return re.sub(r"[^\w.@+-]|(?<=\s)\.|\.(?=\s*$)", "", re.sub(r"\s*([.@])\s*", r"\1", signs)).rstrip(".")


_TIMES = {
    "day": "day daily today tomorrow yesterday", "week": "week weekly", "month": "month monthly",
    "year": "year yearly annual annually", "hour": "hour hourly", "today": "today", "tomorrow": "tomorrow",
    "yesterday": "yesterday", "tonight": "tonight evening", "morning": "morning am", "afternoon": "afternoon",
    "evening": "evening tonight", "night": "night tonight evening overnight",
}  # fmt: skip
_SAID_AS = {stem(time): frozenset(stem(word) for word in said.split()) for time, said in _TIMES.items()}


def _has_its_times(claim: Claim, heard: Heard) -> bool:
    """ "A week" was not said where only a month was."""
    stems = {stem(word) for word in heard.words}
    return all(_SAID_AS[stem(unit.text)] & stems for unit in claim.units if stem(unit.text) in _SAID_AS)


# --- negations and restrictions --------------------------------------------------------------------------------------

_NEGATING = (NEGATIONS | word_set("fail fails failed lack lacks lacking neglects neglected doubt doubts nope")) - {
    "declined", "decline", "refuse", "refused", "hardly", "unable",
}  # fmt: skip
_DENYING = _NEGATING | word_set("declined decline refuse refuses refused hardly unable instead")
_NO_NEGATION = {
    "no": word_set("matter longer problem worries charge cost doubt one more"),
    "not": word_set("only just sure"),
}
_RESTRICTING = word_set("only solely exclusively")
_NO_RESTRICTION = word_set("cost costs costing takes take")
_TURNS = word_set("but because although though")

NEGATED = 2
"""So many words of meaning behind a negation are looked at: the nearest are what it negates."""

FAR = 7
"""How many words behind a negation they are looked for."""

NEAR = 6
"""How many words on either side of a negation that was heard may be what it negates: speech has its own order."""


def _negates_what_was_negated(claim: Claim, heard: Heard) -> bool:
    said = [near for stretch in heard.stretches for near in _around(stretch.units, _DENYING)]
    return all(any(negated & near for near in said) for negated in _behind(claim.units, _NEGATING, _NO_NEGATION))


def _restricts_what_was_restricted(claim: Claim, heard: Heard) -> bool:
    restricting = _RESTRICTING | {"just"} | _DENYING
    said = [near for stretch in heard.stretches for near in _around(stretch.units, restricting)]
    leading = dict.fromkeys(_RESTRICTING, _NO_RESTRICTION)
    return all(any(narrowed & near for near in said) for narrowed in _behind(claim.units, _RESTRICTING, leading))


def _behind(units: Sequence[Unit], markers: frozenset[str], unless: dict[str, frozenset[str]]) -> Iterator[set[str]]:
    """For each marker of a sentence, the stems of what stands nearest behind it; those that mark nothing left out."""
    for at, unit in enumerate(units):
        if unit.text not in markers or unit.role is not None:
            continue
        following = units[at + 1].text if at + 1 < len(units) else ""
        before = units[at - 1].text if at else ""
        if following in unless.get(unit.text, ()) or before == "not" or following[:1].isdigit():
            continue
        found: list[str] = []
        for other in units[at + 1 : at + 1 + FAR]:
            if other.sentence != unit.sentence or other.clause != unit.clause or other.text in _TURNS:
                break
            if other.role is None and is_content(other.text):
                found.append(stem(other.text))
        if found:
            yield set(found[:NEGATED])


def _around(units: Sequence[Unit], markers: frozenset[str]) -> Iterator[set[str]]:
    for at, unit in enumerate(units):
        if unit.text in markers:
            near = units[max(0, at - NEAR) : at + NEAR + 1]
            yield {stem(other.text) for other in near if other.sentence == unit.sentence and is_content(other.text)}


def _says_the_opposite(claim: Claim, heard: Heard) -> bool:
    """A word was not said, nor one like it, but its opposite was."""
    stems = {stem(word) for word in heard.words}
    for unit in claim.units:
        like, unlike = opposites_of(stem(unit.text))
        if unlike & stems and not like & stems:
            return True
    return False


# --- who -------------------------------------------------------------------------------------------------------------

LEAST_OWN = 0.5
"""Of what is told of a person, at least so much is in their own words, or in words about or to them, compared with the
stretch that tells most of it."""

_TO_THEM = re.compile(r"\b(?:you|your|yours|u|ur|we|us|our|let's)\b", re.IGNORECASE)


def _names_who_spoke_of_it(claim: Claim, heard: Heard) -> bool:
    """A sentence that begins with the name of one who spoke is about what they said, or what was said of or to them.

    Only where names are known; the two parties of a call are told apart by ``rules``.
    """
    names = {token.text for spoken in heard.evidence for token in tokenize(spoken.name or "")[:1]}
    words = [unit.text for unit in claim.units]
    alone = len(words) > 1 and words[0] in names and not {"and", "'s"} & set(words[1:3]) and not names & set(words[1:3])
    if not alone or len(names) < 2:
        return True
    who = words[0]
    spread = Counter(meaning for stretch in heard.stretches for meaning in {meaning for _, meaning in stretch.meanings})
    told = {meaning for _, meaning in claim.meanings if meaning in spread and meaning not in map(stem, names)}

    def share(stretch: Claim) -> float:
        return sum(1.0 / sqrt(spread[meaning]) for meaning in told & {meaning for _, meaning in stretch.meanings})

    most = own = 0.0
    for spoken, stretch in zip(heard.evidence, heard.stretches, strict=True):
        speaker = next(iter(tokenize(spoken.name or "")), None)
        is_theirs = speaker is not None and speaker.text == who
        most = max(most, share(stretch))
        if is_theirs or who in spoken.text.lower() or _TO_THEM.search(spoken.text):
            own = max(own, share(stretch))
    return own >= LEAST_OWN * most
