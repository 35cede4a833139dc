"""Promises: who promised what, to whom, by when, in which words, and what the clock says of it.

Whether one was kept is for the one it was made to. Until they say so, a page knows only whether its time has passed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

from worker.core.call import Party
from worker.core.evidence import NAMED
from worker.core.record import CallRecord
from worker.core.summary import Commitment, Due, StatementKind
from worker.web.pages.clips import Clip, clips_of
from worker.web.pages.in_short import FIRST_VERSION_WITH_ENDINGS, was_looked_into
from worker.web.pages.people import Person, Voice
from worker.web.pages.words import PARTIES_IN_WORDS, day_in_words, instant_in_words

TO = {
    Party.AGENT: "the agent",
    Party.CUSTOMER: "the customer",
    Party.OTHER: "another voice",
    Party.UNKNOWN: "the other speaker",
}
"""To whom something was promised, where no name is known."""


@dataclass(frozen=True)
class Side:
    """One end of a promise, as it is named in a sentence."""

    name: str
    is_you: bool


@dataclass(frozen=True)
class Quote:
    """Words of the promise, and where they are said."""

    text: str
    clip: Clip


@dataclass(frozen=True)
class PromiseLine:
    """One promise as the page shows it.

    ``by_when`` is a line of its own; ``due_at`` is there where it names an instant, so that a reader in another zone
    can be told theirs. ``passed`` says that its time has passed; None while it has not, or where none was said.
    """

    id: str
    what: str
    promisor: Side
    beneficiary: Side
    quotes: tuple[Quote, ...]
    by_when: str
    due_at: datetime | None
    passed: str | None


def promises_of(record: CallRecord, people: Mapping[Voice, Person], *, now: datetime) -> tuple[PromiseLine, ...]:
    """The promises in the order of the record, their times in the zone of the call."""
    zone = record.local_zone
    voices = {turn.id: (turn.speaker, turn.channel) for turn in record.turns}
    lines = []
    for one in record.summary.commitments:
        speaker = people.get(voices.get(one.evidence[0].turn, (None, None)))
        promisor = speaker if speaker and speaker.party is one.promisor else _only(one.promisor, people)
        due_at = one.due.instant if one.due else None
        if due_at is not None and zone is not None:
            due_at = due_at.astimezone(zone)
        lines.append(
            PromiseLine(
                id=one.id,
                what=one.what[:1].upper() + one.what[1:],
                promisor=_side(promisor, NAMED[one.promisor]),
                beneficiary=_side(_only(one.beneficiary, people), TO[one.beneficiary]),
                quotes=_quotes(one),
                by_when=_by_when(one.due, due_at),
                due_at=due_at,
                passed=_passed(one.due, zone, now),
            )
        )
    return tuple(lines)


def no_promise(record: CallRecord) -> str | None:
    """What is said where there is no promise to show; None where nothing was said at all, or a statement tells."""
    told = any(statement.kind is StatementKind.PROMISED for statement in record.summary.statements)
    if record.summary.commitments or told or not record.turns:
        return None
    if was_looked_into(record):
        return "No promise was found in what was said."
    if record.schema_version < FIRST_VERSION_WITH_ENDINGS:
        return "Nobody looked for promises when this record was made. Those that were made stand in the conversation."
    return "Promises are looked for in English calls only. Those that were made stand in the conversation."


def _quotes(promise: Commitment) -> tuple[Quote, ...]:
    clips = clips_of(promise.evidence)
    return tuple(Quote(piece.quote.strip(), clip) for piece, clip in zip(promise.evidence, clips, strict=True))


def _only(party: Party, people: Mapping[Voice, Person]) -> Person | None:
    """The one person of a party. Of two agents, nobody said to which one something was promised."""
    found = [person for person in people.values() if person.party is party]
    return found[0] if len(found) == 1 else None


def _side(person: Person | None, unnamed: str) -> Side:
    if person is None:
        return Side(unnamed, is_you=False)
    has_name = person.name != PARTIES_IN_WORDS[person.party]
    return Side(person.name if has_name else unnamed, person.is_you)


def _by_when(due: Due | None, due_at: datetime | None) -> str:
    if due is None:
        return "No time was said"
    if due_at is not None:
        return f"By {instant_in_words(due_at)}"
    if due.day is not None:
        return f"By {day_in_words(due.day)}"
    return f"“{due.words}”, as it was said in the call"


def _passed(due: Due | None, zone: tzinfo | None, now: datetime) -> str | None:
    """That the time of a promise has passed. A day lasts until midnight in the zone of the call."""
    if due is None:
        return None
    if due.instant is not None:
        return "Its time has passed" if now > due.instant else None
    if due.day is not None and zone is not None and now.astimezone(zone).date() > due.day:
        return "Its day has passed"
    return None
