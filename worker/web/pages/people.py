"""Who was heard: everybody by name where that is known, and why they were taken for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from worker.core.call import Party
from worker.core.transcript import Participant
from worker.web.pages.words import PARTIES_IN_WORDS

Voice: TypeAlias = tuple[str | None, int | None]
"""A speaker and the channel on which it is heard."""


@dataclass(frozen=True)
class Person:
    """One of those who were heard, and why they were taken for it. ``role`` is None where the name says it."""

    name: str
    role: str | None
    party: Party
    reason: str
    is_you: bool


def people_of(participants: Iterable[Participant], you: Party) -> dict[Voice, Person]:
    """Everybody who was heard, by voice. Where several would have one name they are numbered."""
    participants = tuple(participants)
    parties = Counter(part.party for part in participants)
    unnamed = Counter(part.party for part in participants if part.name is None)
    numbers: Counter[Party] = Counter()
    people: dict[Voice, Person] = {}
    for part in participants:
        role = PARTIES_IN_WORDS[part.party]
        name = part.name
        if name is None and unnamed[part.party] > 1:
            numbers[part.party] += 1
            name = f"{role} {numbers[part.party]}"
        people[part.speaker, part.channel] = Person(
            name=name or role,
            role=role.lower() if part.name else None,
            party=part.party,
            reason=_reason(part),
            # Of two agents nobody said which one holds the link.
            is_you=part.party is you and parties[you] == 1,
        )
    return people


def _reason(part: Participant) -> str:
    taken = {
        Party.AGENT: "Taken for the agent",
        Party.CUSTOMER: "Taken for the customer",
        Party.OTHER: "Neither agent nor customer",
        Party.UNKNOWN: "Not known whether agent or customer",
    }
    return f"{taken[part.party]}: {part.reason.rstrip('.')}."


def unknown_you(people: Collection[Person], you: Party) -> str | None:
    """A line for a reader whose own voice was not found."""
    if any(person.is_you for person in people):
        return None
    return f"You opened this as the {you}." + (" Which voice is yours was not found." if people else "")
