"""What people said of the record, line by line: who, when, what, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from worker.core.call import Party
from worker.core.dialogue.rules import offers
from worker.core.dialogue.selecting import target_key
from worker.core.dialogue.state import Dialogue, Said, SaidState
from worker.core.dialogue.values import (
    Act,
    Annotation,
    NewSentence,
    NewSpeaker,
    NewWords,
    OnEntry,
    OnWords,
    Target,
)
from worker.core.record import CallRecord
from worker.web.pages.people import Reader, Who, who_of
from worker.web.pages.saying import Saying, saying_of
from worker.web.pages.words import day_in_words, instant_in_words, quoted
from worker.web.texts import _, later

DONE = {
    Act.AGREE: later("agreed"),
    Act.DISPUTE: later("said: this is not what happened"),
    Act.CORRECT: later("proposed other words"),
    Act.ADD: later("added"),
    Act.ASK: later("asked"),
    Act.ANSWER: later("answered"),
    Act.KEPT: later("said: it was done"),
    Act.NOT_KEPT: later("said: it was not done"),
    Act.NEW_DAY: later("proposed another day"),
    Act.ACCEPT: later("accepted"),
    Act.DECLINE: later("declined"),
}

PARTY_SAID_IT = {
    Party.AGENT: later("The agent said it"),
    Party.CUSTOMER: later("The customer said it"),
    Party.OTHER: later("Another voice said it"),
}

DECIDED = {Act.ACCEPT: later("Accepted by {name}"), Act.DECLINE: later("Declined by {name}")}


@dataclass(frozen=True)
class Moment:
    """When something was done: as it is written, and for a reader in another zone."""

    text: str
    at: datetime


@dataclass(frozen=True)
class NoteLine:
    """One thing that somebody said, with what was said to it.

    ``quote`` are the words that it is about, ``proposal`` what it wants in their place; ``decisions`` are what the
    other side decided of it, ``waits`` is there where something is still to come of it.
    """

    number: int
    who: Who
    when: Moment
    act: Act
    done: str
    quote: str | None
    proposal: str | None
    text: str | None
    is_withdrawn: bool
    waits: str | None
    decisions: tuple[DecisionLine, ...]
    replies: tuple[NoteLine, ...]
    saying: Saying


@dataclass(frozen=True)
class DecisionLine:
    """What the other side decided of a proposal: "Accepted by Daniel Price", when, and a word about it."""

    number: int
    done: str
    when: Moment
    text: str | None
    is_withdrawn: bool
    saying: Saying


@dataclass(frozen=True)
class Reading:
    """What every line about the record is made from."""

    record: CallRecord
    dialogue: Dialogue
    reader: Reader
    zone: tzinfo

    def moment(self, at: datetime) -> Moment:
        """An instant in the zone of the page."""
        return Moment(instant_in_words(at.astimezone(self.zone)), at)

    def saying(self, target: Target, *, what: str, shown: str = "") -> Saying:
        """What the reader may say of this."""
        acts = offers(self.reader.actor, target, self.record, self.dialogue)
        return saying_of(target, acts, what=what, shown=shown)

    def notes(self, said: Sequence[Said]) -> tuple[NoteLine, ...]:
        """Lines for these, in the order in which they were said."""
        return tuple(self.note(one) for one in sorted(said, key=lambda one: one.number))

    def notes_on_entry(self, number: int) -> tuple[NoteLine, ...]:
        """Lines for what was said to an entry."""
        return self.notes([one for one in self.dialogue.said if _is_reply(one, number)])

    def note(self, said: Said) -> NoteLine:
        """The line for one annotation and for all that was said to it."""
        annotation = said.annotation
        name = said.by or _("somebody")
        return NoteLine(
            number=said.number,
            who=who_of(said.actor, said.by, self.reader),
            when=self.moment(said.at),
            act=annotation.act,
            done=_(DONE[annotation.act]),
            quote=annotation.target.quote if isinstance(annotation.target, OnWords) else None,
            proposal=_proposal(annotation),
            text=annotation.text,
            is_withdrawn=said.state is SaidState.WITHDRAWN,
            waits=self._waits(said),
            decisions=tuple(self._decision(one) for one in self.dialogue.decisions if _is_reply(one, said.number)),
            replies=self.notes_on_entry(said.number),
            saying=self.saying(OnEntry(said.number), what=_("what {name} said").format(name=name)),
        )

    def _decision(self, said: Said) -> DecisionLine:
        name = said.by or _("somebody")
        return DecisionLine(
            number=said.number,
            done=_(DECIDED[said.annotation.act]).format(name=name),
            when=self.moment(said.at),
            text=said.annotation.text,
            is_withdrawn=said.state is SaidState.WITHDRAWN,
            saying=self.saying(OnEntry(said.number), what=_("what {name} said").format(name=name)),
        )

    def _waits(self, said: Said) -> str | None:
        if said.number in self.dialogue.open_questions:
            return _("Waits for an answer")
        if said.number not in self.dialogue.open_proposals:
            return None
        is_from_you = self.reader.party is None or said.actor.role is self.reader.actor.role
        return _("Waits for the other side") if is_from_you else _("Waits for you")


def zone_of(record: CallRecord) -> tzinfo:
    """In which zone a page writes instants: in that of the call, where it is known."""
    return record.local_zone or UTC


def _is_reply(said: Said, number: int) -> bool:
    return isinstance(said.annotation.target, OnEntry) and said.annotation.target.number == number


def _proposal(annotation: Annotation) -> str | None:
    if annotation.day is not None:
        return day_in_words(annotation.day)
    match annotation.correction:
        case NewWords(text=text) if not text.strip():
            return _("Nothing was said there")
        case NewWords(text=text) | NewSentence(text=text):
            return quoted(text)
        case NewSpeaker(party=party):
            return _(PARTY_SAID_IT[party])
        case _:
            return None


def by_target(dialogue: Dialogue) -> Mapping[str, tuple[Said, ...]]:
    """What was said of each part of the record, under ``statement:s1``, ``promise:p1``, ``turn:t1`` and ``call``."""
    found: dict[str, list[Said]] = {}
    for said in dialogue.said:
        target = said.annotation.target
        if not isinstance(target, OnEntry):
            key = f"turn:{target.turn}" if isinstance(target, OnWords) else target_key(target)
            found.setdefault(key, []).append(said)
    return {key: tuple(said) for key, said in found.items()}
