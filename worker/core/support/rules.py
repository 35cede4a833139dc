"""What a statement has to keep of the words it rests on, each rule True where the sentence keeps it.

Stricter than ``contradictions``: a statement is made of a few sentences, so that what is not in them was not said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from worker.core.call import Party
from worker.core.numbers import MEASURES, MONTHS, WEEKDAYS, carries_number
from worker.core.support.claims import GENDERED, OPPOSITE, ROLE_OF, Act, Claim, Heard, Mode, Sentence
from worker.core.support.framing import carrying, said_by
from worker.core.support.reports import ASKING, demand_of
from worker.core.wording import NEGATIONS, content_stems, stem, tokenize, word_set


def reports_what_was_heard(party: Party, claim: Claim, heard: Heard) -> bool:
    own = [sentence for sentence in heard.sentences if sentence.party is party]
    only_asked = bool(own) and all(sentence.is_question for sentence in own)
    if only_asked and not all(claim.units[at].text in ASKING for at in claim.reports):
        return False  # "Would you like a refund?" does not say that anybody would
    # Without a verb of saying the sentence would put what somebody said down as a fact.
    return bool(claim.reports) and all(_is_heard(claim, at, own) for at in claim.reports)


def _is_heard(claim: Claim, at: int, own: Sequence[Sentence]) -> bool:
    following = claim.units[at + 1].text if at + 1 < len(claim.units) else ""
    demand = demand_of(claim.units[at].text, following)
    if demand is None:
        return True
    meant = {meaning for _, meaning in claim.meanings}
    for sentence in own:
        text = sentence.text.replace("’", "'")
        if not demand.allows(text):
            continue
        parts = _CLAUSE_MARK.split(_PLEASE.sub(" please ", text)) if demand.beside and not demand.whole else [text]
        for part in parts:
            if demand.cue.search(part) and not (demand.beside and not meant & set(content_stems(tokenize(part)))):
                return True
    return False


_CLAUSE_MARK = re.compile(r"[,;:—–()]|\bbut\b")
_PLEASE = re.compile(r",?\s*\bplease\b,?", re.IGNORECASE)


_TIMES_AND_AMOUNTS = word_set("""
    today tomorrow yesterday tonight morning afternoon evening noon midnight ago week month year day hour minute
    night weekend next last late early later earlier immediately soon now always never only all every both each
    most some few several half double twice once more less another first free full fully completely definitely
    certainly guaranteed exactly
    """)


def has_its_times_and_amounts(claim: Claim, heard: Heard) -> bool:
    stems = {stem(word) for word in heard.words}
    return all(unit.text not in _TIMES_AND_AMOUNTS or stem(unit.text) in stems for unit in claim.units)


def agrees_in_negation(party: Party, claim: Claim, heard: Heard) -> bool:
    own = _polarities(
        stretch for spoken, stretch in zip(heard.evidence, heard.stretches, strict=True) if spoken.party is party
    )
    said = _polarities(heard.stretches) | own  # what the party said itself counts before what was said to it
    negates = any(unit.text in NEGATIONS and unit.role is None for unit in claim.units)
    if negates and not heard.words & NEGATIONS:
        return False
    if not negates and any(_is_only_denied_after(meaning, heard) for _, meaning in claim.meanings):
        return False
    # A word that stands for another ("repair" for "fix") is the same meaning; one not said at all is CONTENT's matter.
    return all(polarities <= said[meaning] for meaning, polarities in claim.negated().items() if meaning in said)


DENIED_WITHIN = 9
"""So many words behind a thing a "not" may still deny it: "the oil change is something that we just don't have"."""


def _is_only_denied_after(meaning: str, heard: Heard) -> bool:
    """Wherever this was said, a negation follows in the same clause."""
    denied = [
        any(
            unit.text in NEGATIONS and unit.clause == stretch.units[at].clause
            for unit in stretch.units[at + 1 : at + 1 + DENIED_WITHIN]
        )
        for stretch in heard.stretches
        for at, said in stretch.meanings
        if said == meaning
    ]
    return bool(denied) and all(denied)


def _polarities(stretches: Iterable[Claim]) -> dict[str, set[bool]]:
    said: dict[str, set[bool]] = {}
    for stretch in stretches:
        for meaning, polarities in stretch.negated().items():
            said.setdefault(meaning, set()).update(polarities)
    return said


def agrees_in_who(claim: Claim, heard: Heard) -> bool:
    for act in claim.acts():
        said = [other for other in heard.acts if other.verb == act.verb]
        # A person must have been heard to do it, or to mean to. A thing need only not contradict what was heard.
        claimed = act.subject in OPPOSITE or (act.subject is not None and bool(said))
        if not said and act.passive and _is_said_of_oneself(act, heard):
            continue
        if claimed and not any(_same_doer(act, other) for other in said):
            return False
    if any(unit.text in GENDERED and unit.text not in heard.words for unit in claim.units):
        return False  # a voice does not say which
    said_objects = {pair for stretch in heard.stretches for pair in stretch.objects()}
    said_belongings = {pair for stretch in heard.stretches for pair in stretch.belongings()}
    for meaning, role in claim.objects():
        if meaning in heard.meanings and (meaning, role) not in said_objects:
            return False
    doers = {pair for stretch in heard.stretches for pair in stretch.doers()}
    doers |= {(act.verb, act.subject) for act in heard.acts if act.subject is not None and not act.passive}
    if not claim.doers() <= doers:
        return False
    for thing, role in claim.belongings():
        if thing in heard.meanings and (thing, role) not in said_belongings:
            return False
    return True


def _is_said_of_oneself(act: Act, heard: Heard) -> bool:
    """ "They were disappointed" for "I'm feeling a bit disappointed": in one sentence with "I" and without "you"."""
    for spoken, stretch in zip(heard.evidence, heard.stretches, strict=True):
        if ROLE_OF[spoken.party] != act.subject:
            continue
        for number in {stretch.units[at].sentence for at, meaning in stretch.meanings if meaning == act.verb}:
            roles = {unit.role for unit in stretch.units if unit.sentence == number and unit.role is not None}
            if roles == {act.subject}:
                return True
    return False


def _same_doer(act: Act, said: Act) -> bool:
    if act.passive != said.passive:
        # "The refund would be processed" for "we'll process the refund" leaves the doer out, and that is all.
        return act.passive and act.subject not in OPPOSITE
    return said.subject == act.subject or (said.subject is None and not said.passive)


_COMPATIBLE = {
    Mode.FACT: {Mode.FACT},
    Mode.CERTAIN: {Mode.CERTAIN},
    Mode.POSSIBLE: {Mode.POSSIBLE, Mode.CERTAIN, Mode.OPEN},
    Mode.OPEN: {Mode.OPEN, Mode.CERTAIN, Mode.POSSIBLE},
}
"""What a sentence may say (left) of what was said (right): nothing firmer than it was."""

_HEDGES = word_set("""
    maybe perhaps possibly probably seems seem seemed appears appear appeared try trying tried best hope hoping
    hoped think thinks thought guess likely roughly approximately almost may might should sounds looks expect
    expected wonder wondering wondered whether
    """)


def agrees_in_certainty(claim: Claim, heard: Heard) -> bool:
    for act in claim.acts():
        modes = {other.mode for other in heard.acts if other.verb == act.verb}
        if modes and not modes & _COMPATIBLE[act.mode]:
            return False
    words = {unit.text for unit in claim.units}
    said = {unit.text for sentence in carrying(claim, heard) for unit in sentence.claim.units}
    return not (said & _HEDGES and not words & (_HEDGES | {"could", "hoped", "asked"}))


_ADDS_NOTHING = frozenset(stem(word) for word in word_set("call caller also"))
"""Words that say nothing which the page does not say already."""


def has_its_content(party: Party, claim: Claim, heard: Heard) -> bool:
    meant = [meaning for _, meaning in claim.meanings]
    if not meant and not claim.has_data:
        return False  # "The agent said that it was."
    said = said_by(party, claim, heard)
    return all(meaning in said or meaning in _ADDS_NOTHING for meaning in meant)


PLACE_REACH = 6
"""How many words around a number or a day have to be with it in the evidence as well."""

LEAST_IN_PLACE = 0.5


def keeps_numbers_in_place(claim: Claim, heard: Heard) -> bool:
    for anchor in _anchors(claim):
        near = _near(claim, anchor)
        if not near:
            continue
        best = 0.0
        for stretch in heard.stretches:
            for other in _anchors(stretch):
                if _same_anchor(claim, anchor, stretch, other) and _is_left(stretch, other) == _is_left(claim, anchor):
                    company = _company(stretch, other)
                    # An answer such as "8 to 10" has no company of its own: the question it answers is taken.
                    company = company if company else heard.meanings
                    best = max(best, len(near & company) / len(near))
        if best < LEAST_IN_PLACE:
            return False
    return True


_LEFT = re.compile(r"\b(?:from|instead of|rather than)(?: the| a)?$")


def _is_left(claim: Claim, anchor: tuple[int, int]) -> bool:
    """Whether it is what something else stands in place of: Monday in "from Monday to Tuesday"."""
    first, end = anchor
    before = " ".join(unit.text for unit in claim.units[max(0, first - 3) : first])
    moved = "from" not in before or any(unit.text == "to" for unit in claim.units[end : end + 2])
    return moved and _LEFT.search(before) is not None


def keeps_order(claim: Claim, heard: Heard) -> bool:
    """Where two things are compared or two numbers given, which is which hangs on their order alone."""
    if len(claim.numbers) < 2 and not any(unit.text in ("than", "instead") for unit in claim.units):
        return True
    for stretch in heard.stretches:
        said = iter(stretch.sequence())
        if all(what in said for what in claim.sequence()):
            return True
    return False


def _anchors(claim: Claim) -> list[tuple[int, int]]:
    """The numbers and days of a text, as units ``[first, end)``."""
    spans = [(number.first, number.end) for number in claim.numbers]
    days = MONTHS - {"may", "march"} | WEEKDAYS | {"today", "tomorrow", "yesterday", "tonight"}
    return spans + [(at, at + 1) for at, unit in enumerate(claim.units) if unit.text in days]


def _same_anchor(claim: Claim, one: tuple[int, int], stretch: Claim, other: tuple[int, int]) -> bool:
    ours = [number for number in claim.numbers if (number.first, number.end) == one]
    theirs = [number for number in stretch.numbers if (number.first, number.end) == other]
    if ours or theirs:
        return bool(ours and theirs) and carries_number(ours[0], theirs)
    return claim.units[one[0]].text == stretch.units[other[0]].text


def _near(claim: Claim, anchor: tuple[int, int]) -> set[str]:
    first, end = anchor
    return {
        meaning
        for at, meaning in claim.meanings
        if first - PLACE_REACH <= at < end + PLACE_REACH
        and claim.units[at].clause == claim.units[first].clause
        and not _is_time(meaning)
    }


def _company(stretch: Claim, anchor: tuple[int, int]) -> set[str]:
    clause = stretch.units[anchor[0]].clause
    first, end = _own_part(stretch, anchor)
    return {
        meaning
        for at, meaning in stretch.meanings
        if first <= at < end and stretch.units[at].clause == clause and not _is_time(meaning)
    }


_JOINTS = word_set("and but then plus")


def _own_part(stretch: Claim, anchor: tuple[int, int]) -> tuple[int, int]:
    """The units about one number: "the fee is 30 dollars and the deposit 20" is cut at "and"."""
    anchors, content = sorted(_anchors(stretch)), {at for at, _ in stretch.meanings}
    cuts = [0, len(stretch.units)]
    for (_, end), (first, _) in pairwise(anchors):
        between = range(end, first)
        cuts += [at for at in between if stretch.units[at].text in _JOINTS and content & set(range(at, first))]
    return max(cut for cut in cuts if cut <= anchor[0]), min(cut for cut in cuts if cut > anchor[0])


def _is_time(meaning: str) -> bool:
    return meaning in MEASURES or meaning in MONTHS or meaning in WEEKDAYS or meaning in _TIME_STEMS


_TIME_STEMS = frozenset(stem(word) for word in _TIMES_AND_AMOUNTS)


def measure_support(claim: Claim, heard: Heard) -> float:
    meant = [meaning for _, meaning in claim.meanings]
    if not meant:
        return 1.0 if claim.has_data else 0.0
    carried = sum(meaning in heard.meanings for meaning in meant) / len(meant)
    together = list(_together(meant, heard))
    return 0.7 * carried + 0.3 * (sum(together) / len(together) if together else carried)


def _together(meant: Sequence[str], heard: Heard) -> Iterable[bool]:
    sentences = [
        {meaning for at, meaning in stretch.meanings if stretch.units[at].sentence == number}
        for stretch in heard.stretches
        for number in {unit.sentence for unit in stretch.units}
    ]
    for one, other in pairwise(meant):
        yield any(one in sentence and other in sentence for sentence in sentences)
