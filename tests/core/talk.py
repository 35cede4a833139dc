"""What people put into the log of a call, written briefly: a line for each entry, in order."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from tests.web.records import short_call
from worker.core.dialogue.reading import read_dialogue
from worker.core.dialogue.state import Dialogue
from worker.core.dialogue.values import (
    CONTENT_OF,
    Act,
    Annotation,
    Content,
    Correction,
    Item,
    NewSentence,
    OnEntry,
    OnPromise,
    OnStatement,
    Target,
    WholeCall,
)
from worker.core.log.entry import SYSTEM, Actor, Role
from worker.core.record import CallRecord

AGENT = Actor(Role.AGENT, "daniel")
COLLEAGUE = Actor(Role.AGENT, "nadia")
CUSTOMER = Actor(Role.CUSTOMER, "maria")
REVIEWER = Actor(Role.REVIEWER, "oona")
NEXT_AGENT = Actor(Role.NEXT_AGENT, "sam")
OPERATOR = Actor(Role.OPERATOR, "ola")
NAMES = {
    "daniel": "Daniel Price",
    "nadia": "Nadia Rahman",
    "maria": "Maria Lopez",
    "oona": "Oona Byrne",
    "sam": "Sam Okafor",
    "ola": "Ola Berg",
}

BEGAN = datetime(2026, 3, 10, 10, 30, tzinfo=UTC)
RECORD = short_call()
STATEMENT = OnStatement("s1")
SENTENCE = "The customer had bought a washing machine that leaks."
PROMISE = OnPromise("p1")  # made by the agent to the customer, until Friday 13 March 2026
CALL = WholeCall()

KINDS = {content: kind for kind, content in CONTENT_OF.items()}


def item(number: int, actor: Actor, content: Content) -> Item:
    """The entry of this number, a minute after the one before."""
    at = BEGAN + timedelta(minutes=number)
    return Item(number, actor, at, KINDS[type(content)], NAMES.get(actor.person), content)


def log(*said: tuple[Actor, Content]) -> tuple[Item, ...]:
    """The entries from number 0 on."""
    return tuple(item(number, actor, content) for number, (actor, content) in enumerate(said))


def read(*said: tuple[Actor, Content], record: CallRecord = RECORD, now: datetime = BEGAN) -> Dialogue:
    """What follows from these."""
    return read_dialogue(record, log(*said), now=now)


def agree(actor: Actor, target: Target = STATEMENT) -> tuple[Actor, Content]:
    return actor, Annotation(Act.AGREE, target)


def dispute(actor: Actor, text: str | None = None, target: Target = STATEMENT) -> tuple[Actor, Content]:
    return actor, Annotation(Act.DISPUTE, target, text)


def correct(actor: Actor, correction: Correction | str, target: Target = STATEMENT) -> tuple[Actor, Content]:
    """Proposes other words, another speaker, or another sentence."""
    what = NewSentence(correction) if isinstance(correction, str) else correction
    return actor, Annotation(Act.CORRECT, target, correction=what)


def accept(actor: Actor, number: int) -> tuple[Actor, Content]:
    return actor, Annotation(Act.ACCEPT, OnEntry(number))


def decline(actor: Actor, number: int) -> tuple[Actor, Content]:
    return actor, Annotation(Act.DECLINE, OnEntry(number))


def withdraw(actor: Actor, number: int) -> tuple[Actor, Content]:
    return actor, Annotation(Act.WITHDRAW, OnEntry(number))


def ask(actor: Actor, text: str = "When was that?", target: Target = STATEMENT) -> tuple[Actor, Content]:
    return actor, Annotation(Act.ASK, target, text)


def answer(actor: Actor, number: int, text: str = "In March.") -> tuple[Actor, Content]:
    return actor, Annotation(Act.ANSWER, OnEntry(number), text)


def add(actor: Actor, target: Target = STATEMENT, text: str = "The receipt is from 3 March.") -> tuple[Actor, Content]:
    return actor, Annotation(Act.ADD, target, text)


def kept(actor: Actor) -> tuple[Actor, Content]:
    return actor, Annotation(Act.KEPT, PROMISE)


def not_kept(actor: Actor) -> tuple[Actor, Content]:
    return actor, Annotation(Act.NOT_KEPT, PROMISE)


def new_day(actor: Actor, day: date) -> tuple[Actor, Content]:
    return actor, Annotation(Act.NEW_DAY, PROMISE, day=day)


def machine(content: Content) -> tuple[Actor, Content]:
    return SYSTEM, content
