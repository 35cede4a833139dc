"""Promises: who promised what, to whom, by when, in which words, and where each stands.

Whether one was kept is for the one it was made to. Until they say so, a page knows only whether its time has passed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from worker.core.call import Party
from worker.core.dialogue.state import PromiseStanding, PromiseState, Said
from worker.core.dialogue.values import OnPromise
from worker.core.record import CallRecord
from worker.core.summary import Commitment, Due, StatementKind
from worker.web.pages.annotations import NoteLine, Reading
from worker.web.pages.clips import Clip, clips_of
from worker.web.pages.in_short import FIRST_VERSION_WITH_ENDINGS, was_looked_into
from worker.web.pages.people import Person, Voice
from worker.web.pages.saying import Saying
from worker.web.pages.words import PARTIES_IN_WORDS, day_in_words, instant_in_words
from worker.web.texts import _, later

BY = {
    Party.AGENT: later("The agent"),
    Party.CUSTOMER: later("The customer"),
    Party.OTHER: later("Another voice"),
    Party.UNKNOWN: later("One of the two"),
}
"""By whom something was promised, where no name is known."""

TO = {
    Party.AGENT: later("the agent"),
    Party.CUSTOMER: later("the customer"),
    Party.OTHER: later("another voice"),
    Party.UNKNOWN: later("the other speaker"),
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
    can be told theirs. ``first`` is until when it was promised in the call, where both agreed on another day.
    ``standing`` says where it stands, None where it is simply open; ``decided`` is the line of who said that it was
    kept or not.
    """

    id: str
    what: str
    promisor: Side
    beneficiary: Side
    quotes: tuple[Quote, ...]
    by_when: str
    due_at: datetime | None
    first: str | None
    state: PromiseState
    standing: str | None
    decided: NoteLine | None
    look_again: str | None
    notes: tuple[NoteLine, ...]
    saying: Saying


def promises_of(
    reading: Reading, people: Mapping[Voice, Person], said: Mapping[str, Sequence[Said]]
) -> tuple[PromiseLine, ...]:
    """The promises in the order of the record, their times in the zone of the call.

    ``said`` is what was said of each, under ``promise:`` and its id.
    """
    voices = {turn.id: (turn.speaker, turn.channel) for turn in reading.record.turns}
    lines = []
    for one in reading.record.summary.commitments:
        speaker = people.get(voices.get(one.evidence[0].turn, (None, None)))
        promisor = speaker if speaker and speaker.party is one.promisor else _only(one.promisor, people)
        beneficiary = _side(_only(one.beneficiary, people), _(TO[one.beneficiary]))
        lines.append(_line(one, _side(promisor, _(BY[one.promisor])), beneficiary, reading, said))
    return tuple(lines)


def _line(
    promise: Commitment, promisor: Side, beneficiary: Side, reading: Reading, said: Mapping[str, Sequence[Said]]
) -> PromiseLine:
    standing = reading.dialogue.promises[promise.id]
    of_it = said.get(f"promise:{promise.id}", ())
    decided = next((one for one in of_it if one.number == standing.decided_by), None)
    zone = reading.record.local_zone
    due_at = promise.due.instant if promise.due else None
    if due_at is not None and zone is not None:
        due_at = due_at.astimezone(zone)
    by_when = _by_when(promise.due, due_at)
    agreed = _("By {day}, as both agreed").format(day=day_in_words(standing.day)) if standing.day else None
    return PromiseLine(
        id=promise.id,
        what=promise.what[:1].upper() + promise.what[1:],
        promisor=promisor,
        beneficiary=beneficiary,
        quotes=_quotes(promise),
        by_when=agreed or by_when,
        due_at=None if agreed else due_at,
        first=_("In the call: {when}").format(when=by_when) if agreed else None,
        state=standing.state,
        standing=_standing(standing, decided, has_instant=due_at is not None and not agreed),
        decided=reading.note(decided) if decided else None,
        look_again=_("Words that made this promise were corrected since. It is to be looked at again.")
        if standing.look_again
        else None,
        notes=reading.notes([one for one in of_it if one is not decided]),
        saying=reading.saying(OnPromise(promise.id), what=_("this promise")),
    )


def _standing(standing: PromiseStanding, decided: Said | None, *, has_instant: bool) -> str | None:
    name = (decided.by if decided else None) or _("the one to whom it was made")
    match standing.state:
        case PromiseState.OPEN:
            return None
        case PromiseState.LATE:
            return _("Its time has passed") if has_instant else _("Its day has passed")
        case PromiseState.KEPT:
            return _("It was done, says {name}").format(name=name)
        case PromiseState.NOT_KEPT:
            return _("It was not done, says {name}").format(name=name)


def no_promise(record: CallRecord) -> str | None:
    """What is said where there is no promise to show; None where nothing was said at all, or a statement tells."""
    told = any(statement.kind is StatementKind.PROMISED for statement in record.summary.statements)
    if record.summary.commitments or told or not record.turns:
        return None
    if was_looked_into(record):
        return _("No promise was found in what was said.")
    if record.schema_version < FIRST_VERSION_WITH_ENDINGS:
        return _(
            "Nobody looked for promises when this record was made. Those that were made stand in the conversation."
        )
    return _("Promises are looked for in English calls only. Those that were made stand in the conversation.")


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
    has_name = person.name != _(PARTIES_IN_WORDS[person.party])
    return Side(person.name if has_name else unnamed, person.is_you)


def _by_when(due: Due | None, due_at: datetime | None) -> str:
    if due is None:
        return _("No time was said")
    if due_at is not None:
        return _("By {when}").format(when=instant_in_words(due_at))
    if due.day is not None:
        return _("By {when}").format(when=day_in_words(due.day))
    return _("“{words}”, as it was said in the call").format(words=due.words)
