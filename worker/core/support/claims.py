"""A sentence, or a stretch of speech, taken apart: who is meant, who does what and how certainly, what is negated.

No grammar: closed tables of small words and a few steps to the left and right. What it does not understand it leaves
out, and the rules that read it are written so that leaving out ends in a quotation.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import pairwise

from worker.core.call import Party
from worker.core.numbers import Number, find_numbers
from worker.core.support.reports import REPORTS
from worker.core.wording import MODALS, NEGATIONS, Token, is_content, stem, tokenize, word_set


@dataclass(frozen=True)
class Spoken:
    """One stretch of evidence: who said it, and its words; ``name`` is what that person is called, if known."""

    party: Party
    text: str
    name: str | None = None


# --- who is meant ----------------------------------------------------------------------------------------------------

LABEL_WORDS = word_set("agent customer speaker voice")
OPPOSITE = {"agent": "customer", "customer": "agent", "speaker": "other side", "other side": "speaker"}
ROLE_OF = {Party.AGENT: "agent", Party.CUSTOMER: "customer", Party.OTHER: "speaker", Party.UNKNOWN: "speaker"}
SELF = word_set("i we me us myself ourselves")
_YOU = word_set("you yourself")
GENDERED = word_set("he she him her his hers himself herself")
_THEY = word_set("they them themselves he him she")


@dataclass(frozen=True)
class Unit:
    """A word, or a person it stands for (``role``), owning what follows or not."""

    text: str
    clause: int
    sentence: int
    capital: bool = False
    role: str | None = None
    owns: bool = False


def _with_roles(tokens: tuple[Token, ...], party: Party, *, written: bool) -> tuple[Unit, ...]:
    """The tokens with the persons among them resolved, "no charge" as "free", and answering "no" left out.

    ``written`` is a sentence about what the party said, which names people; otherwise these are the party's words.
    """
    own = ROLE_OF[party]
    units: list[Unit] = []
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
            elif word in _THEY and not (word == "them" and last_named == ROLE_OF[party]):
                role = last_named  # "them" after the one who speaks alone is somebody else, or things
            elif word in ("their", "his", "her"):
                role, owns = last_named, True
        elif word in SELF or word in ("my", "our", "mine", "ours"):
            role, owns = own, word not in SELF
        elif word in _YOU or word in ("your", "yours"):
            role, owns = OPPOSITE[own], word not in _YOU
        if role is not None:
            after = tokens[at + length] if at + length < len(tokens) else None
            if after is not None and after.text == "'s":
                owns, length = True, length + 1
            units.append(Unit(word, token.clause, token.sentence, role=role, owns=owns))
        elif word == "no" and following is not None and stem(following.text) in _COSTS:
            units.append(Unit("free", token.clause, token.sentence))
            length = 2
        elif word == "free" and tokens[at + 1 : at + 3] and tokens[at + 1].text == "of":
            units.append(Unit("free", token.clause, token.sentence))
            length = 3
        elif word == "no" and (following is None or following.clause != token.clause):
            pass  # "No, that was it": an answer, not a negation of what follows
        else:
            units.append(Unit(word, token.clause, token.sentence, token.capital))
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
    "to going about able promised agreed offered planned want wanted need needed like wish wished hope hoped "
    "welcome free"
)
_CHAIN = _BE | _HAVE_DO | MODALS | _ADVERBS | _TOWARDS | {"not", "never"}
_POSSIBLE_SAID = word_set("would can could may might should like wish hope hoped want wanted able need needed")
_POSSIBLE_WRITTEN = _POSSIBLE_SAID - {"would"}  # written "would" is the "will" of what was said
_PARTICIPLES = re.compile(r"(?:ed|en|wn|ne|ught|ent|ept|ound|old|eld|ade|aid|ost|ut)$")


class Mode(StrEnum):
    FACT = "fact"
    CERTAIN = "will be"
    POSSIBLE = "may be"
    OPEN = "infinitive"


@dataclass(frozen=True)
class Act:
    """A verb with what stands before it: its subject (a role, or "the" with a thing's stem), and how it is said."""

    verb: str
    subject: str | None
    passive: bool
    mode: Mode


class Claim:
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

    def acts(self) -> list[Act]:
        """Every verb that a person or an auxiliary stands before. A said verb behind "and" shares what went before."""
        possible = _POSSIBLE_WRITTEN if self.written else _POSSIBLE_SAID
        acts: list[Act] = []
        last: tuple[int, Act] | None = None
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
                    acts.append(Act(verb, last[1].subject, last[1].passive, last[1].mode))
                continue
            asks = before is not None and chain_at > 1 and before.role is not None and self._asks(chain_at - 1, chain)
            if not chain and subject is None:
                continue
            nearest = next((word for word in chain if word not in _ADVERBS and not word.endswith("ly")), "")
            passive = nearest in _BE and _PARTICIPLES.search(unit.text) is not None
            act = Act(verb, subject, passive, _mode(chain, possible, asks=asks))
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
        """What belongs to whom: ("account", "customer") in "your account", ("error", "agent") in "an error of ours"."""
        found: set[tuple[str, str]] = set()
        for at, unit in enumerate(self.units):
            if unit.role is not None and unit.owns:
                thing = next((meaning for place, meaning in self.meanings if at < place <= at + 2), None)
                if at + 1 == len(self.units) or self.units[at + 1].clause != unit.clause:
                    before = [meaning for place, meaning in self.meanings if place < at]
                    thing = before[-1] if before else None
                if thing is not None:
                    found.add((thing, unit.role))
        return found


NEGATION_REACH = 4
"""How many words a "not" reaches over: "I don't think we can refund" negates the refund."""


def _mode(chain: Sequence[str], possible: frozenset[str], *, asks: bool) -> Mode:
    words = set(chain)
    if words & possible or asks:
        return Mode.POSSIBLE
    if words & {"will", "would", "shall", "going", "promised", "agreed", "planned", "must"}:
        return Mode.CERTAIN
    if words & {"to", "offered"}:
        return Mode.OPEN
    return Mode.FACT


@dataclass(frozen=True)
class Sentence:
    """One spoken sentence as it was written down, and taken apart."""

    party: Party
    text: str
    claim: Claim

    @property
    def is_question(self) -> bool:
        """Whether it was heard as one."""
        return self.text.endswith("?")

    @cached_property
    def meanings(self) -> frozenset[str]:
        """The stems of its words of meaning."""
        return frozenset(meaning for _, meaning in self.claim.meanings)


_SENTENCE_END = re.compile(r"(?<=[.!?…])(?<!\b[DM]r\.)(?<!\bM[rs]s\.)(?<!\bMs\.)\s+")


class Heard:
    """All evidence together, and each stretch apart."""

    def __init__(self, evidence: Sequence[Spoken]) -> None:
        self.evidence = evidence
        self.stretches = [Claim(tokenize(spoken.text), spoken.party, written=False) for spoken in evidence]
        stretches = self.stretches
        self.meanings = {meaning for stretch in stretches for _, meaning in stretch.meanings}
        self.numbers: list[Number] = [number for stretch in stretches for number in stretch.numbers]
        self.words = {unit.text for stretch in stretches for unit in stretch.units}
        self.acts = [act for stretch in stretches for act in stretch.acts()]

    @cached_property
    def sentences(self) -> list[Sentence]:
        """Every sentence of the evidence, in its order."""
        return [
            Sentence(spoken.party, text, Claim(tokenize(text), spoken.party, written=False))
            for spoken in self.evidence
            for text in _SENTENCE_END.split(spoken.text.strip())
            if text
        ]
