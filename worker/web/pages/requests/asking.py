"""Asking: what there is to ask for, the form for one of it, and the code that a stranger is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar

from worker.core.packages import Protection
from worker.core.requests.values import BY_MACHINE, HANDED_OVER, OF_ONE_CALL, WITH_TEXT, RequestKind
from worker.web.pages.requests.package import CHOICES
from worker.web.pages.requests.words import ASK, GIVES, KINDS, law_of
from worker.web.pages.words import day_in_words
from worker.web.texts import _

CODE = "/requests/code"


@dataclass(frozen=True)
class Choice:
    """One thing that can be asked for: what it is called, what one gets, and where it is asked."""

    label: str
    gives: str
    href: str


@dataclass(frozen=True)
class ChoicesPage:
    """What there is to ask for. ``is_known``: somebody is signed in, who need not say who they are."""

    choices: tuple[Choice, ...]
    is_known: bool
    template: ClassVar[str] = "requests/choices.html"

    @property
    def title(self) -> str:
        """The heading."""
        return _("Ask for what is yours")


@dataclass(frozen=True)
class CallChoice:
    """A call that can be asked about, as it is named in a list."""

    id: str
    label: str


@dataclass(frozen=True)
class Coming:
    """One way in which what is handed over can come, and what it is good for."""

    value: str
    label: str
    good_for: str
    is_chosen: bool


@dataclass(frozen=True)
class AskPage:
    """The form for one thing.

    ``until`` says by when it is answered. ``calls`` are those that can be asked about, for who is signed in; with
    ``may_be_all`` all of them at once. ``text_is`` is what is to be written, None where nothing needs to be.
    ``comes`` are the ways in which it can come, where something is handed over. ``given`` is what was sent and not
    taken, by its field, and ``problem`` why.
    """

    kind: RequestKind
    gives: str
    until: str
    law: str
    is_known: bool
    calls: tuple[CallChoice, ...]
    may_be_all: bool
    needs_call: bool
    text_is: str | None
    comes: tuple[Coming, ...]
    problem: str | None = None
    given: dict[str, str] = field(default_factory=dict)
    template: ClassVar[str] = "requests/ask.html"

    @property
    def title(self) -> str:
        """The heading."""
        return _(KINDS[self.kind])


@dataclass(frozen=True)
class CodePage:
    """The code that was sent to the address that a stranger gave. ``request`` names what they asked for."""

    request: str
    problem: str | None = None
    template: ClassVar[str] = "requests/code.html"

    @property
    def title(self) -> str:
        """The heading."""
        return _("Show that the address is yours")


def choices_page(*, is_known: bool, call_id: str | None) -> ChoicesPage:
    """Everything that can be asked for; of one call where it is named."""
    about = f"&call={call_id}" if call_id else ""
    return ChoicesPage(
        tuple(Choice(_(KINDS[kind]), _(GIVES[kind]), f"{ASK}?what={kind}{about}") for kind in KINDS), is_known
    )


def ask_page(
    kind: RequestKind,
    *,
    due: date,
    calls: Sequence[CallChoice] | None,
    is_let_in_to_one: bool = False,
    given: dict[str, str] | None = None,
    problem: str | None = None,
) -> AskPage:
    """The form for a kind that is due by a day if it is asked for now. ``calls`` None: nobody is signed in."""
    return AskPage(
        kind=kind,
        gives=_(GIVES[kind]),
        until=until_in_words(kind, due),
        law=law_of(kind),
        is_known=calls is not None,
        calls=tuple(calls or ()),
        may_be_all=kind not in OF_ONE_CALL and not is_let_in_to_one,
        needs_call=kind in OF_ONE_CALL,
        text_is=_("What is wrong or missing, and how it was") if kind in WITH_TEXT else None,
        comes=_comes((given or {}).get("comes")) if kind in HANDED_OVER else (),
        problem=problem,
        given=given or {},
    )


def _comes(chosen: str | None) -> tuple[Coming, ...]:
    """The ways, and which of them is chosen: as it is, where nobody said otherwise."""
    chosen = chosen if chosen in list(Protection) else Protection.NONE
    return tuple(Coming(one.value, _(label), _(good), one == chosen) for one, (label, good) in CHOICES.items())


def until_in_words(kind: RequestKind, due: date) -> str:
    """By when it is answered, and how fast it may be."""
    day = day_in_words(due)
    if kind in WITH_TEXT:
        text = _("What comes of it you are told by {day} at the latest.")
    elif kind in BY_MACHINE:
        text = _(
            "You get it at once. If somebody else is heard or named in it, a person looks at that first, and you get "
            "it by {day} at the latest."
        )
    else:
        text = _("It is answered by {day} at the latest.")
    return text.format(day=day)
