"""Does the evidence carry the sentence? Rules alone, made to err towards "no": a quotation is always safe.

``judge`` reads a sentence against the words it rests on and names every rule that it breaks. A sentence is published
only if it breaks none; otherwise the words are quoted. The rules compare stems, numbers, names, negations, and who is
said to do what and whether it was done, promised or only possible. They do not understand: two words for one thing,
unless ``wording`` knows them, count as two things.

The support of a sentence is ``0.7 * carried + 0.3 * together``: the share of its meaning words that were said, and the
share of its neighbouring meaning words that were said within one spoken sentence. A sentence put together from pieces
of different sentences is so seen to be weaker than one that was said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from worker.core.call import Party
from worker.core.cues import speaks_to_the_machine
from worker.core.evidence import NAMED
from worker.core.numbers import MEASURES, MONTHS, WEEKDAYS, Number, carries_number, find_numbers
from worker.core.wording import MODALS, NEGATIONS, Token, is_content, stem, tokenize, word_set

MAX_WORDS = 25
"""A statement longer than this is not read."""

LEAST_SUPPORT = 0.7
"""Below this the words of a sentence were said, but too far from each other."""


class Complaint(StrEnum):
    """What is wrong with a sentence. Stable: benchmarks and later stages read it."""

    FORM = "not one plain statement in the third person"
    PARTY = "does not begin with the party that spoke"
    REPORT = "claims an act of speech that was not heard"
    STEERED = "rests on words that try to steer the writer"
    NUMBER = "a number that was not said"
    NAME = "a name, day or address that was not said"
    NEGATION = "a negation added or lost"
    WHO = "says another did it than was said"
    CERTAINTY = "says as done or certain what was not, or the other way"
    CONTENT = "words of meaning that were not said"
    PLACE = "puts a number, a day or a thing compared in another place than it was said in"
    LOOSE = "puts together what was said apart"


@dataclass(frozen=True)
class Spoken:
    """One stretch of evidence: who said it, and its words."""

    party: Party
    text: str


@dataclass(frozen=True)
class Verdict:
    """How well the evidence carries a sentence, 0 to 1, and what is wrong with it."""

    support: float
    complaints: tuple[Complaint, ...]

    @property
    def is_carried(self) -> bool:
        """Whether the sentence may be published."""
        return not self.complaints


def judge(sentence: str, party: Party, evidence: Sequence[Spoken]) -> Verdict:
    """Reads one sentence about what ``party`` said against the evidence for it."""
    if not sentence.strip() or not _has_form(sentence):
        return Verdict(0.0, (Complaint.FORM,))
    if any(speaks_to_the_machine(spoken.text) for spoken in evidence):
        return Verdict(0.0, (Complaint.STEERED,))
    body = _after_label(sentence, party)
    if body is None:
        return Verdict(0.0, (Complaint.PARTY,))
    claim = _Claim(tokenize(sentence), party, written=True)
    heard = _Heard([_Claim(tokenize(spoken.text), spoken.party, written=False) for spoken in evidence])
    own = " ".join(spoken.text for spoken in evidence if spoken.party is party)
    rules = (
        (Complaint.REPORT, _reports_what_was_heard(claim, own)),
        (Complaint.NUMBER, _has_its_numbers(claim, heard)),
        (Complaint.NAME, _has_its_names(sentence, claim, heard, evidence)),
        (Complaint.NEGATION, _agrees_in_negation(claim, heard)),
        (Complaint.WHO, _agrees_in_who(claim, heard)),
        (Complaint.CERTAINTY, _agrees_in_certainty(claim, heard)),
        (Complaint.CONTENT, _has_its_content(claim, heard)),
        (Complaint.PLACE, _keeps_numbers_in_place(claim, heard) and _keeps_order(claim, heard)),
    )
    support = _support(claim, heard)
    complaints = [complaint for complaint, holds in rules if not holds]
    if support < LEAST_SUPPORT and not complaints:
        complaints.append(Complaint.LOOSE)
    return Verdict(round(support, 3), tuple(complaints))


# --- the sentence's form ---------------------------------------------------------------------------------------------

_FIRST_PERSON = word_set("i me my mine myself we us our ours ourselves you your yours yourself")
_MARKUP = re.compile(r"[\"“”„«»<>{}\[\]*#|=_`\\\n]|\b(?:https?|www)\b(?!\S*\.)")


def _has_form(sentence: str) -> bool:
    text = sentence.strip()
    words = [token.text for token in tokenize(text)]
    triples = list(zip(words, words[1:], words[2:], strict=False))
    meanings = [stem(word) for word in words if is_content(word) and word not in _LABEL_WORDS]
    return (
        text.endswith(".")
        and len(text.split()) <= MAX_WORDS
        and max((token.sentence for token in tokenize(text)), default=0) == 0
        and not _MARKUP.search(text)
        and not _FIRST_PERSON & set(words)
        and len(triples) == len(set(triples))
        and all(meanings.count(meaning) <= 2 for meaning in meanings)
    )


def _after_label(sentence: str, party: Party) -> str | None:
    label = NAMED[party].lower() + " "
    text = sentence.strip()
    return text[len(label) :] if text.lower().startswith(label) else None


# --- who is meant ----------------------------------------------------------------------------------------------------

_LABEL_WORDS = word_set("agent customer speaker voice")
_OPPOSITE = {"agent": "customer", "customer": "agent", "speaker": "other side", "other side": "speaker"}
_ROLE_OF = {Party.AGENT: "agent", Party.CUSTOMER: "customer", Party.OTHER: "speaker", Party.UNKNOWN: "speaker"}
_SELF = word_set("i we me us myself ourselves")
_YOU = word_set("you yourself")
_GENDERED = word_set("he she him her his hers himself herself")
_THEY = word_set("they them themselves he him she")


@dataclass(frozen=True)
class _Unit:
    """A word, or a person it stands for (``role``), owning what follows or not."""

    text: str
    clause: int
    sentence: int
    capital: bool = False
    role: str | None = None
    owns: bool = False


def _with_roles(tokens: tuple[Token, ...], party: Party, *, written: bool) -> tuple[_Unit, ...]:
    """The tokens with the persons among them resolved, "no charge" as "free", and answering "no" left out.

    ``written`` is a sentence about what the party said, which names people; otherwise these are the party's words.
    """
    own = _ROLE_OF[party]
    units: list[_Unit] = []
    last_named: str | None = None
    at = 0
    while at < len(tokens):
        token = tokens[at]
        word = token.text
        following = tokens[at + 1] if at + 1 < len(tokens) else None
        role, owns, length = None, False, 1
        if written:
            role, length = _named_role(tokens, at)
            if role is not None:
                last_named = role
            elif word in _THEY:
                role = last_named
            elif word in ("their", "his", "her"):
                role, owns = last_named, True
        elif word in _SELF or word in ("my", "our", "mine", "ours"):
            role, owns = own, word not in _SELF
        elif word in _YOU or word in ("your", "yours"):
            role, owns = _OPPOSITE[own], word not in _YOU
        if role is not None:
            after = tokens[at + length] if at + length < len(tokens) else None
            if after is not None and after.text == "'s":
                owns, length = True, length + 1
            units.append(_Unit(word, token.clause, token.sentence, role=role, owns=owns))
        elif word == "no" and following is not None and stem(following.text) in _COSTS:
            units.append(_Unit("free", token.clause, token.sentence))
            length = 2
        elif word == "free" and tokens[at + 1 : at + 3] and tokens[at + 1].text == "of":
            units.append(_Unit("free", token.clause, token.sentence))
            length = 3
        elif word == "no" and (following is None or following.clause != token.clause):
            pass  # "No, that was it": an answer, not a negation of what follows
        else:
            units.append(_Unit(word, token.clause, token.sentence, token.capital))
        at += length
    return tuple(units)


_COSTS = frozenset(stem(word) for word in ("charge", "cost", "fee"))


def _named_role(tokens: Sequence[Token], at: int) -> tuple[str | None, int]:
    words = tuple(token.text for token in tokens[at : at + 3])
    for phrase, role in _ROLE_PHRASES:
        if words[: len(phrase)] == phrase:
            return role, len(phrase)
    return None, 1


_ROLE_PHRASES = (
    (("the", "agent"), "agent"),
    (("the", "customer"), "customer"),
    (("the", "other", "side"), "other side"),
    (("one", "speaker"), "speaker"),
    (("the", "speaker"), "speaker"),
    (("another", "voice"), "speaker"),
    (("that", "voice"), "speaker"),
)


# --- who does what, and how certainly --------------------------------------------------------------------------------

_BE = word_set("is are was were be been being am")
_HAVE_DO = word_set("have has had do does did")
_ADVERBS = word_set("also just now already then still always soon only be actually again gladly")
_TOWARDS = word_set(
    "to going about able promised agreed offered planned want wanted need needed like wish wished hope hoped"
)
_CHAIN = _BE | _HAVE_DO | MODALS | _ADVERBS | _TOWARDS | {"not", "never"}
_POSSIBLE_SAID = word_set("would can could may might should like wish hope hoped want wanted able need needed")
_POSSIBLE_WRITTEN = _POSSIBLE_SAID - {"would"}  # written "would" is the "will" of what was said
_PARTICIPLES = re.compile(r"(?:ed|en|wn|ne|ught|ent|ept|ound|old|eld|ade|aid|ost|ut)$")


class _Mode(StrEnum):
    FACT = "fact"
    CERTAIN = "will be"
    POSSIBLE = "may be"
    OPEN = "infinitive"


@dataclass(frozen=True)
class _Act:
    """A verb with what stands before it: its subject (a role, or "the" with a thing's stem), and how it is said."""

    verb: str
    subject: str | None
    passive: bool
    mode: _Mode


class _Claim:
    """A sentence, or a stretch of speech, taken apart once for all the rules."""

    def __init__(self, tokens: tuple[Token, ...], party: Party, *, written: bool) -> None:
        units = _with_roles(tokens, party, written=written)
        self.units = units
        self.written = written
        self.tokens = tuple(Token(unit.text, unit.clause, unit.sentence, unit.capital) for unit in units)
        self.numbers = find_numbers(self.tokens)
        self.in_number = {at for number in self.numbers for at in range(number.first, number.end)}
        self.reports = self._find_reports()
        self.meanings = [
            (at, stem(unit.text))
            for at, unit in enumerate(units)
            if unit.role is None and at not in self.reports and at not in self.in_number and is_content(unit.text)
            if "@" not in unit.text
        ]
        # A sentence may consist of these alone. Whether they were said, NUMBER and NAME see to.
        self.has_data = bool(self.numbers) or any("@" in unit.text for unit in units)

    def _find_reports(self) -> frozenset[int]:
        """Where the party, which stands first, is said to have said something: "said ...", "... and promised"."""
        found: set[int] = set()
        for at, unit in enumerate(self.units[1:] if self.written else (), start=1):
            begins = all(before.text in _ADVERBS for before in self.units[1:at])
            if unit.text in REPORTS and (begins or (found and self.units[at - 1].text in ("and", "then"))):
                found.add(at)
        return frozenset(found)

    def acts(self) -> list[_Act]:
        """Every verb that a person or an auxiliary stands before. A said verb behind "and" shares what went before."""
        possible = _POSSIBLE_WRITTEN if self.written else _POSSIBLE_SAID
        acts: list[_Act] = []
        last: tuple[int, _Act] | None = None
        for at, verb in self.meanings:
            chain_at = at
            chain = []
            while chain_at > 0 and self.units[chain_at - 1].role is None and self._links(chain_at - 1):
                chain_at -= 1
                chain.append(self.units[chain_at].text)
            before = self.units[chain_at - 1] if chain_at > 0 else None
            subject = self._subject(chain_at - 1, chain)
            unit = self.units[at]
            if before is not None and before.text in ("and", "or", "then") and not chain and not self.written and last:
                if self.units[last[0]].sentence == unit.sentence:
                    acts.append(_Act(verb, last[1].subject, last[1].passive, last[1].mode))
                continue
            asks = before is not None and chain_at > 1 and before.role is not None and self._asks(chain_at - 1, chain)
            if not chain and subject is None:
                continue
            nearest = next((word for word in chain if word not in _ADVERBS and not word.endswith("ly")), "")
            passive = nearest in _BE and _PARTICIPLES.search(unit.text) is not None
            act = _Act(verb, subject, passive, _mode(chain, possible, asks=asks))
            acts.append(act)
            last = (at, act)
        return acts

    def _links(self, at: int) -> bool:
        text = self.units[at].text
        return (text in _CHAIN or (text.endswith("ly") and len(text) > 4)) and (
            self.units[at].clause == self.units[at + 1].clause
        )

    def _subject(self, at: int, chain: Sequence[str]) -> str | None:
        """The person before a verb, or the thing where an auxiliary says that it is one: "the warranty does not"."""
        if at < 0:
            return None
        unit = self.units[at]
        if unit.role is not None:
            return None if unit.owns else unit.role
        is_thing = (
            bool(chain) and chain[-1] in _BE | _HAVE_DO | MODALS and any(at == place for place, _ in self.meanings)
        )
        return f"the {stem(unit.text)}" if is_thing else None

    def _asks(self, subject_at: int, chain: Sequence[str]) -> bool:
        """Whether the auxiliary stands before the person: "could you call", "did you call"."""
        return not chain and self.units[subject_at - 1].text in MODALS | _BE | _HAVE_DO

    def negated(self) -> dict[str, set[bool]]:
        """For each meaning, whether it is said with a negation (True), without one, or both."""
        found: dict[str, set[bool]] = {}
        for at, meaning in self.meanings:
            near = self.units[max(0, at - NEGATION_REACH) : at]
            no = any(unit.text in NEGATIONS and unit.clause == self.units[at].clause for unit in near)
            found.setdefault(meaning, set()).add(no)
        for number in self.numbers:
            near = self.units[max(0, number.first - NEGATION_REACH) : number.first]
            no = any(unit.text in NEGATIONS and unit.clause == self.units[number.first].clause for unit in near)
            for reading in number.readings:
                found.setdefault(reading, set()).add(no)
        return found

    def doers(self) -> set[tuple[str, str]]:
        """Who did it where that is said behind the verb: ("send", "agent") in "sent by the agent"."""
        return {
            (meaning, person.role)
            for at, meaning in self.meanings
            for by, person in pairwise(self.units[at + 1 : at + 3])
            if by.text == "by" and person.role is not None and not person.owns
        }

    def sequence(self) -> list[str]:
        """Meanings and numbers in the order in which they stand."""
        numbers = [(number.first, min(number.readings)) for number in self.numbers]
        return [what for _, what in sorted([*self.meanings, *numbers])]

    def objects(self) -> set[tuple[str, str]]:
        """Who a verb is done to: ("call", "customer") in "I'll call you" and "get back to you"."""
        found: set[tuple[str, str]] = set()
        for at, meaning in self.meanings:
            after = [unit for unit in self.units[at + 1 : at + 3] if unit.clause == self.units[at].clause]
            if len(after) == 2 and after[0].role is None and after[0].text not in ("back", "to", "with", "for"):
                continue
            person = next((unit for unit in after if unit.role is not None), None)
            if person is not None and person.role is not None and not person.owns:
                found.add((meaning, person.role))
        return found

    def belongings(self) -> set[tuple[str, str]]:
        """What belongs to whom: ("account", "customer") in "your account"."""
        found: set[tuple[str, str]] = set()
        for at, unit in enumerate(self.units):
            if unit.role is not None and unit.owns:
                thing = next((meaning for place, meaning in self.meanings if at < place <= at + 2), None)
                if thing is not None:
                    found.add((thing, unit.role))
        return found


NEGATION_REACH = 4
"""How many words a "not" reaches over: "I don't think we can refund" negates the refund."""


def _mode(chain: Sequence[str], possible: frozenset[str], *, asks: bool) -> _Mode:
    words = set(chain)
    if words & possible or asks:
        return _Mode.POSSIBLE
    if words & {"will", "would", "shall", "going", "promised", "agreed", "planned", "must"}:
        return _Mode.CERTAIN
    if words & {"to", "offered"}:
        return _Mode.OPEN
    return _Mode.FACT


class _Heard:
    """All evidence together, and each stretch apart."""

    def __init__(self, stretches: Sequence[_Claim]) -> None:
        self.stretches = stretches
        self.meanings = {meaning for stretch in stretches for _, meaning in stretch.meanings}
        self.numbers: list[Number] = [number for stretch in stretches for number in stretch.numbers]
        self.words = {unit.text for stretch in stretches for unit in stretch.units}
        self.acts = [act for stretch in stretches for act in stretch.acts()]


# --- the rules, each True where the sentence keeps it ----------------------------------------------------------------

_PLAIN_REPORTS = word_set(
    "said told explained stated noted mentioned added reported described gave informed answered replied"
)
_CLAIMED_REPORTS = {
    "asked wondered": r"\?|\b(?:want|need|would like|'d like|please|can you|could you|wondering)\b",
    "wanted needed": r"\b(?:want|need|would like|'d like|'d rather|would rather|looking (?:for|to)|wish)",
    "promised": r"\b(?:i|we)(?:'ll| will| shall|'m going to| am going to|'re going to| are going to)\b|\bpromise",
    "offered": r"\b(?:can|could|would|offer|available|'d (?:be happy|love)|welcome to)\b",
    "agreed accepted": r"\b(?:yes|yeah|agree|okay|sure|sounds (?:good|great|fine)|let's do|that works|that's fine)\b",
    "confirmed": r"\b(?:confirm|yes|yeah|correct|right|that's right)\b",
    "refused declined": r"^(?!.*\b(?:not|won't|never) (?:refuse|decline)).*"
    r"\b(?:can't|cannot|can not|won't|will not|unable|not able|don't|do not|refuse|not going)\b",
    "requested": r"\b(?:want|need|would like|'d like|please|(?:can|could|may) (?:i|we|you)|looking for)\b",
    "apologised apologized": r"\b(?:sorry|apolog)",
    "thanked": r"\b(?:thank|appreciate)",
    "hoped": r"\bhope",
    "recommended suggested advised": r"\b(?:recommend|suggest|advise|i would)\b",
}
_ASKING = word_set("asked requested wondered wanted offered")
_DEMANDS = {verb: re.compile(cue, re.IGNORECASE) for verbs, cue in _CLAIMED_REPORTS.items() for verb in verbs.split()}
REPORTS = _PLAIN_REPORTS | _DEMANDS.keys()
"""The verbs with which a statement may begin after its party. None of them judges ("claimed", "admitted")."""


def _reports_what_was_heard(claim: _Claim, own_words: str) -> bool:
    plain = own_words.replace("’", "'")
    demands = [_demand(claim, at) for at in claim.reports]
    only_asked = bool(plain.strip()) and all(part.endswith("?") for part in re.split(r"(?<=[.!?])\s+", plain.strip()))
    if only_asked and not all(claim.units[at].text in _ASKING for at in claim.reports):
        return False  # "Would you like a refund?" does not say that anybody would
    # Without a verb of saying the sentence would put what somebody said down as a fact.
    return bool(demands) and all(demand is None or demand.search(plain) is not None for demand in demands)


def _demand(claim: _Claim, at: int) -> re.Pattern[str] | None:
    """The wording that a verb of saying needs. Asking for a thing needs more than asking about it."""
    verb = claim.units[at].text
    asks_for = verb == "asked" and at + 1 < len(claim.units) and claim.units[at + 1].text == "for"
    return _DEMANDS.get("requested" if asks_for else verb)


def _has_its_numbers(claim: _Claim, heard: _Heard) -> bool:
    digits = {unit.text for at, unit in enumerate(claim.units) if unit.text[0].isdigit() and at not in claim.in_number}
    return not digits and all(carries_number(number, heard.numbers) for number in claim.numbers)


_TIMES_AND_AMOUNTS = word_set("""
    today tomorrow yesterday tonight morning afternoon evening noon midnight ago week month year day hour minute
    night weekend next last late early later earlier immediately soon now always never only all every both each
    most some few several half double twice once more less another first free full fully completely definitely
    certainly guaranteed exactly
    """)


def _has_its_names(sentence: str, claim: _Claim, heard: _Heard, evidence: Sequence[Spoken]) -> bool:
    run_together = _run_together(" ".join(spoken.text for spoken in evidence))
    for address in re.findall(r"\S+@\S+\w", sentence):
        if _run_together(address) not in run_together:
            return False
    stems = {stem(word) for word in heard.words}
    for unit in claim.units:
        if unit.role is not None or "@" in unit.text or unit.text in ("am", "pm"):
            continue
        named = unit.capital or unit.text in MONTHS - {"may", "march"} or unit.text in WEEKDAYS
        if (named or unit.text in _TIMES_AND_AMOUNTS) and not unit.text[0].isdigit() and stem(unit.text) not in stems:
            return False
    return True


def _run_together(text: str) -> str:
    """Letters and digits with "dot" and "at" as signs: an address is spoken one way and written another."""
    signs = re.sub(r"\bdot\b", ".", re.sub(r"\bat\b", "@", text.lower()))
    return re.sub(r"[^\w.@+-]|(?<=\s)\.|\.(?=\s*$)", "", re.sub(r"\s*([.@])\s*", r"\1", signs)).rstrip(".")


def _agrees_in_negation(claim: _Claim, heard: _Heard) -> bool:
    said: dict[str, set[bool]] = {}
    for stretch in heard.stretches:
        for meaning, polarities in stretch.negated().items():
            said.setdefault(meaning, set()).update(polarities)
    if any(unit.text in NEGATIONS and unit.role is None for unit in claim.units) and not heard.words & NEGATIONS:
        return False
    # A word that stands for another ("repair" for "fix") is the same meaning; one not said at all is CONTENT's matter.
    return all(polarities <= said[meaning] for meaning, polarities in claim.negated().items() if meaning in said)


def _agrees_in_who(claim: _Claim, heard: _Heard) -> bool:
    for act in claim.acts():
        said = [other for other in heard.acts if other.verb == act.verb]
        # A person must have been heard to do it, or to mean to. A thing need only not contradict what was heard.
        claimed = act.subject in _OPPOSITE or (act.subject is not None and bool(said))
        if claimed and not any(_same_doer(act, other) for other in said):
            return False
    if any(unit.text in _GENDERED and unit.text not in heard.words for unit in claim.units):
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


def _same_doer(act: _Act, said: _Act) -> bool:
    if act.passive != said.passive:
        # "The refund would be processed" for "we'll process the refund" leaves the doer out, and that is all.
        return act.passive and act.subject not in _OPPOSITE
    return said.subject == act.subject or (said.subject is None and not said.passive)


_COMPATIBLE = {
    _Mode.FACT: {_Mode.FACT},
    _Mode.CERTAIN: {_Mode.CERTAIN},
    _Mode.POSSIBLE: {_Mode.POSSIBLE, _Mode.CERTAIN, _Mode.OPEN},
    _Mode.OPEN: {_Mode.OPEN, _Mode.CERTAIN, _Mode.POSSIBLE},
}
"""What a sentence may say (left) of what was said (right): nothing firmer than it was."""

_CONDITIONS = word_set("if unless provided otherwise depending depends case")
_HEDGES = word_set("""
    maybe perhaps possibly probably seems seem seemed appears appear appeared try trying tried best hope hoping
    hoped think thinks thought guess likely roughly approximately almost may might should sounds looks expect
    expected
    """)


def _agrees_in_certainty(claim: _Claim, heard: _Heard) -> bool:
    for act in claim.acts():
        modes = {other.mode for other in heard.acts if other.verb == act.verb}
        if modes and not modes & _COMPATIBLE[act.mode]:
            return False
    words = {unit.text for unit in claim.units}
    said = _sentence_said(claim, heard)
    if said & _CONDITIONS and not words & (_CONDITIONS | {"when", "whether"}):
        return False
    return not (said & _HEDGES and not words & (_HEDGES | {"could", "hoped"}))


def _sentence_said(claim: _Claim, heard: _Heard) -> set[str]:
    """The words of the spoken sentences that gave this one most of its meaning."""
    meant = {meaning for _, meaning in claim.meanings}
    best: set[str] = set()
    most = 0
    for stretch in heard.stretches:
        for number in {unit.sentence for unit in stretch.units}:
            shared = {
                meaning for at, meaning in stretch.meanings if stretch.units[at].sentence == number
            } & meant  # fmt: skip
            words = {unit.text for unit in stretch.units if unit.sentence == number}
            if len(shared) > most:
                best, most = words, len(shared)
            elif shared and len(shared) == most:
                best = best | words
    return best


_ADDS_NOTHING = frozenset(stem(word) for word in word_set("call caller also"))
"""Words that say nothing which the page does not say already."""


def _has_its_content(claim: _Claim, heard: _Heard) -> bool:
    meant = [meaning for _, meaning in claim.meanings]
    if not meant and not claim.has_data:
        return False  # "The agent said that it was."
    return all(meaning in heard.meanings or meaning in _ADDS_NOTHING for meaning in meant)


PLACE_REACH = 6
"""How many words around a number or a day have to be with it in the evidence as well."""

LEAST_IN_PLACE = 0.5


def _keeps_numbers_in_place(claim: _Claim, heard: _Heard) -> bool:
    for anchor in _anchors(claim):
        near = _near(claim, anchor)
        if not near:
            continue
        best = 0.0
        for stretch in heard.stretches:
            for other in _anchors(stretch):
                if _same_anchor(claim, anchor, stretch, other):
                    company = _company(stretch, other)
                    # An answer such as "8 to 10" has no company of its own: the question it answers is taken.
                    company = company if company else heard.meanings
                    best = max(best, len(near & company) / len(near))
        if best < LEAST_IN_PLACE:
            return False
    return True


def _keeps_order(claim: _Claim, heard: _Heard) -> bool:
    """Where two things are compared or two numbers given, which is which hangs on their order alone."""
    if len(claim.numbers) < 2 and not any(unit.text in ("than", "instead") for unit in claim.units):
        return True
    for stretch in heard.stretches:
        said = iter(stretch.sequence())
        if all(what in said for what in claim.sequence()):
            return True
    return False


def _anchors(claim: _Claim) -> list[tuple[int, int]]:
    """The numbers and days of a text, as units ``[first, end)``."""
    spans = [(number.first, number.end) for number in claim.numbers]
    days = MONTHS - {"may", "march"} | WEEKDAYS | {"today", "tomorrow", "yesterday", "tonight"}
    return spans + [(at, at + 1) for at, unit in enumerate(claim.units) if unit.text in days]


def _same_anchor(claim: _Claim, one: tuple[int, int], stretch: _Claim, other: tuple[int, int]) -> bool:
    ours = [number for number in claim.numbers if (number.first, number.end) == one]
    theirs = [number for number in stretch.numbers if (number.first, number.end) == other]
    if ours or theirs:
        return bool(ours and theirs) and carries_number(ours[0], theirs)
    return claim.units[one[0]].text == stretch.units[other[0]].text


def _near(claim: _Claim, anchor: tuple[int, int]) -> set[str]:
    first, end = anchor
    return {
        meaning
        for at, meaning in claim.meanings
        if first - PLACE_REACH <= at < end + PLACE_REACH
        and claim.units[at].clause == claim.units[first].clause
        and not _is_time(meaning)
    }


def _company(stretch: _Claim, anchor: tuple[int, int]) -> set[str]:
    clause = stretch.units[anchor[0]].clause
    return {
        meaning for at, meaning in stretch.meanings if stretch.units[at].clause == clause and not _is_time(meaning)
    }  # fmt: skip


def _is_time(meaning: str) -> bool:
    return meaning in MEASURES or meaning in MONTHS or meaning in WEEKDAYS or meaning in _TIME_STEMS


_TIME_STEMS = frozenset(stem(word) for word in _TIMES_AND_AMOUNTS)


def _support(claim: _Claim, heard: _Heard) -> float:
    meant = [meaning for _, meaning in claim.meanings]
    if not meant:
        return 1.0 if claim.has_data else 0.0
    carried = sum(meaning in heard.meanings for meaning in meant) / len(meant)
    together = list(_together(meant, heard))
    return 0.7 * carried + 0.3 * (sum(together) / len(together) if together else carried)


def _together(meant: Sequence[str], heard: _Heard) -> Iterable[bool]:
    sentences = [
        {meaning for at, meaning in stretch.meanings if stretch.units[at].sentence == number}
        for stretch in heard.stretches
        for number in {unit.sentence for unit in stretch.units}
    ]
    for one, other in pairwise(meant):
        yield any(one in sentence and other in sentence for sentence in sentences)
