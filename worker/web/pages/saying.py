"""What the reader may say of one part of a record, as forms: each act with the words of its button and its fields."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from worker.core.call import Party
from worker.core.dialogue.selecting import target_key
from worker.core.dialogue.values import Act, OnWords, Target
from worker.web.pages.words import PARTIES_IN_WORDS
from worker.web.texts import _, later

ORDER = (
    Act.ACCEPT,
    Act.DECLINE,
    Act.ANSWER,
    Act.AGREE,
    Act.KEPT,
    Act.NOT_KEPT,
    Act.DISPUTE,
    Act.CORRECT,
    Act.NEW_DAY,
    Act.ASK,
    Act.ADD,
    Act.WITHDRAW,
)
"""In which acts are offered: what somebody waits for first, what takes something back last."""

FIRST = frozenset({Act.ACCEPT, Act.DECLINE, Act.ANSWER, Act.AGREE, Act.KEPT, Act.NOT_KEPT, Act.DISPUTE})
"""What is offered at once; the rest is one step away, so that a page of statements is not a page of buttons."""

LABELS = {
    Act.AGREE: later("Agree"),
    Act.DISPUTE: later("This is not what happened"),
    Act.CORRECT: later("Propose another wording"),
    Act.ADD: later("Add what is missing"),
    Act.ASK: later("Ask"),
    Act.ANSWER: later("Answer"),
    Act.KEPT: later("It was done"),
    Act.NOT_KEPT: later("It was not done"),
    Act.NEW_DAY: later("Propose another day"),
    Act.ACCEPT: later("Accept"),
    Act.DECLINE: later("Decline"),
    Act.WITHDRAW: later("Withdraw"),
}

OTHER_WORDS = later("These were other words")
OTHER_SPEAKER = later("Someone else said this")

Kind = Literal["line", "text", "choice", "day"]


@dataclass(frozen=True)
class Field:
    """One thing to be filled in. ``value`` is what stands there already; ``choices`` are values and their words."""

    name: str
    kind: Kind
    label: str
    value: str = ""
    is_needed: bool = True
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Offer:
    """One act that the reader may do here. Without fields its button does it at once.

    ``note`` says what should be known before.
    """

    act: Act
    label: str
    fields: tuple[Field, ...]
    note: str | None = None

    @property
    def is_first(self) -> bool:
        """Whether it is offered at once."""
        return self.act in FIRST


@dataclass(frozen=True)
class Saying:
    """What the reader may say of one thing. ``target`` is its key, ``what`` its name for those who cannot see it."""

    target: str
    what: str
    offers: tuple[Offer, ...]

    def only(self, act: Act, given: dict[str, str]) -> Saying:
        """The form of one act, with what was written into it."""
        offers = (one for one in self.offers if one.act is act)
        filled = (
            replace(one, fields=tuple(replace(field, value=given.get(field.name, field.value)) for field in one.fields))
            for one in offers
            if all(field.name in given for field in one.fields if field.name != "text")
        )
        return replace(self, offers=tuple(filled))


def saying_of(target: Target, acts: Sequence[Act], *, what: str, shown: str = "") -> Saying:
    """The forms for these acts on a thing. ``shown`` is the sentence or the words from which a correction begins."""
    offers: list[Offer] = []
    for act in ORDER:
        if act in acts:
            offers += _offers(act, target, shown)
    return Saying(target_key(target), what, tuple(offers))


def _offers(act: Act, target: Target, shown: str) -> list[Offer]:
    label = _(LABELS[act])
    match act:
        case Act.CORRECT if isinstance(target, OnWords):
            parties = (Party.AGENT, Party.CUSTOMER, Party.OTHER)
            choices = tuple((party.value, _(PARTIES_IN_WORDS[party])) for party in parties)
            words = Field("words", "line", _("What was said (empty: nothing)"), shown, is_needed=False)
            return [
                Offer(act, _(OTHER_WORDS), (words, _why())),
                Offer(act, _(OTHER_SPEAKER), (Field("speaker", "choice", _("Who said it"), choices=choices), _why())),
            ]
        case Act.CORRECT:
            return [Offer(act, label, (Field("sentence", "text", _("The sentence as it should be"), shown),))]
        case Act.DISPUTE:
            why = Field("text", "text", _("What happened instead (may stay empty)"), is_needed=False)
            return [Offer(act, label, (why,))]
        case Act.ASK:
            return [Offer(act, label, (Field("text", "text", _("Your question")),))]
        case Act.ANSWER:
            return [Offer(act, label, (Field("text", "text", _("Your answer")),))]
        case Act.ADD:
            return [Offer(act, label, (Field("text", "text", _("What is missing")),))]
        case Act.NOT_KEPT:
            return [Offer(act, label, (_why(),))]
        case Act.NEW_DAY:
            return [Offer(act, label, (Field("day", "day", _("By which day")), _why()))]
        case Act.DECLINE:
            return [Offer(act, label, (_why(),))]
        case Act.WITHDRAW:
            return [Offer(act, label, (), _("It stays readable for both, marked as withdrawn."))]
        case _:
            return [Offer(act, label, ())]


def _why() -> Field:
    return Field("text", "text", _("A word about it (may stay empty)"), is_needed=False)
