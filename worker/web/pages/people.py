"""Who was heard: everybody by name where that is known, and why they were taken for it; and who acts on the record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from worker.core.call import Party
from worker.core.dialogue.values import PARTIES
from worker.core.log.entry import SIDES, Actor, Role
from worker.core.transcript import Participant
from worker.web.pages.words import PARTIES_BEHIND_NAMES, PARTIES_IN_WORDS, ROLES_IN_WORDS
from worker.web.texts import _, later

Voice: TypeAlias = tuple[str | None, int | None]
"""A speaker and the channel on which it is heard."""

"""Which party of the call somebody is who acts on its record; a reviewer is none."""

TAKEN = {
    Party.AGENT: later("Taken for the agent: {reason}."),
    Party.CUSTOMER: later("Taken for the customer: {reason}."),
    Party.OTHER: later("Neither agent nor customer: {reason}."),
    Party.UNKNOWN: later("Not known whether agent or customer: {reason}."),
}

UNNAMED = {Party.AGENT: later("the agent"), Party.CUSTOMER: later("the customer")}


@dataclass(frozen=True)
class Person:
    """One of those who were heard, and why they were taken for it. ``role`` is None where the name says it.

    ``taken`` says as whom, and leaves ``{reason}`` to be filled in: the record's own words, which are English.
    """

    name: str
    role: str | None
    party: Party
    is_you: bool
    taken: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Who:
    """Whoever acted on the record, as the page names them. ``role`` is None where the name says it.

    ``side`` is "agent" or "customer" for the two whose record it is; empty for a reviewer and everybody else.
    """

    name: str
    role: str | None
    side: str
    is_you: bool


@dataclass(frozen=True)
class Reader:
    """Who reads the page, and as what."""

    actor: Actor

    @property
    def party(self) -> Party | None:
        """The party that the reader was in the call."""
        return PARTIES.get(self.actor.role)


def people_of(participants: Iterable[Participant], you: Party | None) -> dict[Voice, Person]:
    """Everybody who was heard, by voice. Where several would have one name they are numbered."""
    participants = tuple(participants)
    parties = Counter(part.party for part in participants)
    unnamed = Counter(part.party for part in participants if part.name is None)
    numbers: Counter[Party] = Counter()
    people: dict[Voice, Person] = {}
    for part in participants:
        role = _(PARTIES_IN_WORDS[part.party])
        name = part.name
        if name is None and unnamed[part.party] > 1:
            numbers[part.party] += 1
            name = f"{role} {numbers[part.party]}"
        people[part.speaker, part.channel] = Person(
            name=name or role,
            role=_(PARTIES_BEHIND_NAMES[part.party]) if part.name else None,
            party=part.party,
            # Of two agents nobody said which one is reading.
            is_you=part.party is you and parties[part.party] == 1,
            taken=_(TAKEN[part.party]),
            reason=part.reason.rstrip("."),
        )
    return people


def unknown_you(people: Collection[Person], reader: Reader) -> str | None:
    """A line for a reader whose own voice was not found, or who was not in the call."""
    if reader.actor.role not in SIDES:
        return _("You read this as {role}.").format(role=_(ROLES_IN_WORDS[reader.actor.role]))
    if any(person.is_you for person in people):
        return None
    opened = (
        _("You opened this as the agent.") if reader.actor.role is Role.AGENT else _("You opened this as the customer.")
    )
    not_found = _("Which voice is yours was not found.")
    return f"{opened} {not_found}" if people else opened


def who_of(actor: Actor, by: str | None, reader: Reader) -> Who:
    """Whoever acted. A reviewer is called one wherever the name stands."""
    role = _(ROLES_IN_WORDS[actor.role])
    side = actor.role.value if actor.role in SIDES else ""
    return Who(by or role, role if by else None, side, is_you=bool(actor.person) and actor == reader.actor)


def names_of_sides(people: Mapping[Voice, Person]) -> dict[Role, str]:
    """What the two sides are called in a sentence: by name where the call has one of them, else by what they are."""
    names = {}
    for role in SIDES:
        party = PARTIES[role]
        found = [one.name for one in people.values() if one.party is party and one.role is not None]
        names[role] = found[0] if len(found) == 1 else _(UNNAMED[party])
    return names
