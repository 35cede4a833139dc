"""The pages of the ways in: none of them shows a word of a call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from worker.record.outbox import Letter
from worker.web.texts import _


@dataclass(frozen=True)
class SignInPage:
    """How somebody gets in. ``next`` is the path to which it leads; ``problem`` is what did not work before."""

    next: str
    has_company: bool  # staff sign in with the company's own account
    is_this_machine: bool  # the installation of somebody who tries it out
    problem: str | None = None
    template: ClassVar[str] = "sign_in.html"

    @property
    def title(self) -> str:
        """The heading."""
        return _("Sign in")


@dataclass(frozen=True)
class OneButtonPage:
    """A link that signs in once: a button, so that a program that looks at links does not use it up."""

    token: str
    template: ClassVar[str] = "sign_in_once.html"

    @property
    def title(self) -> str:
        """The heading."""
        return _("Open what was sent to you")


@dataclass(frozen=True)
class WaysPage:
    """The ways in for the customer who was invited. The same whatever is known of the call behind it."""

    token: str
    was_sent: bool = False
    code_problem: str | None = None
    word_problem: str | None = None
    template: ClassVar[str] = "sign_in_ways.html"

    @property
    def title(self) -> str:
        """The heading."""
        return _("Open the record of your call")


@dataclass(frozen=True)
class VouchPage:
    """An agent lets the customer of their own call in: before it is done, and once, when it was, with the code."""

    call_id: str
    code: str | None = None
    address: str | None = None
    template: ClassVar[str] = "sign_in_vouch.html"

    @property
    def title(self) -> str:
        """The heading."""
        return _("Let the customer in")


@dataclass(frozen=True)
class LetterLine:
    """A letter as it would have been sent."""

    address: str
    subject: str
    text: str
    made_at: datetime


@dataclass(frozen=True)
class OutboxPage:
    """The letters of an installation that sends none."""

    letters: tuple[LetterLine, ...]
    template: ClassVar[str] = "outbox.html"

    @property
    def title(self) -> str:
        """The heading."""
        return _("Messages that would have been sent")


def outbox_page(letters: tuple[Letter, ...]) -> OutboxPage:
    """The page of these letters."""
    return OutboxPage(tuple(LetterLine(one.address, one.subject, one.text, one.made_at) for one in letters))
