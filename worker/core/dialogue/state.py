"""What follows from a record and its entries, as plain values: read by ``worker.core.dialogue.reading`` from the log.

Nothing here is stored. The log is the truth; the same entries always give the same state.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from worker.core.call import Party
from worker.core.dialogue.values import Added, Annotation, Reason, Way
from worker.core.log.entry import Actor, Role


class SaidState(StrEnum):
    """Where one annotation stands."""

    STANDS = "stands"
    WITHDRAWN = "withdrawn"  # by the one who made it
    ACCEPTED = "accepted"  # a proposal, by the other side
    DECLINED = "declined"
    ANSWERED = "answered"  # a question


@dataclass(frozen=True)
class Said:
    """One annotation as it stands now. ``replies`` are the numbers of entries that answer or decide it, in order."""

    number: int
    actor: Actor
    by: str | None
    at: datetime
    annotation: Annotation
    state: SaidState
    replies: tuple[int, ...]


class Agreement(StrEnum):
    """How the two sides stand to a statement. What is disputed stays so until both agree on one version."""

    UNREAD = "unread"  # neither side has said anything of it
    AGREED_BY_ONE = "agreed_by_one"
    AGREED_BY_BOTH = "agreed_by_both"
    DISPUTED = "disputed"
    SETTLED = "settled"  # was disputed or corrected, and both agree on one version


@dataclass(frozen=True)
class Version:
    """One version of a statement: whose it is (None: the machine's), when it was put, and the entry that put it.

    ``text`` None: this side says that it is not what happened, and gives no other words. ``held_by`` are the sides that
    agree on it now.
    """

    role: Role | None
    by: str | None
    at: datetime | None
    number: int | None
    text: str | None
    held_by: tuple[Role, ...]


@dataclass(frozen=True)
class StatementState:
    """Where one statement stands. ``shown`` is the sentence to be shown: the machine's, or the one both agreed on.

    ``versions`` are the machine's and every other one that a side holds now, in the order of time, the machine's first;
    what a side held earlier stands among ``Dialogue.said``. ``agreed`` are the sides that agree with ``shown``.
    ``look_again``: words that it rests on were corrected, and not both sides have agreed with it since; those that have
    are ``looked_again``.
    """

    agreement: Agreement
    shown: str
    agreed: tuple[Role, ...]
    versions: tuple[Version, ...]
    look_again: bool
    looked_again: tuple[Role, ...] = ()


class PromiseState(StrEnum):
    """Where a promise stands. Only the one it was made to says that it was kept or not."""

    OPEN = "open"
    LATE = "late"  # its time has passed and nobody said that it was kept
    KEPT = "kept"
    NOT_KEPT = "not_kept"


@dataclass(frozen=True)
class PromiseStanding:
    """Where one promise stands. ``day`` is another last day that both sides agreed on; None where none was.

    ``decided_by`` is the entry that says that it was kept or not; ``proposals`` are those for another day that wait.
    ``look_again``: words that made it were corrected, and nothing was decided or agreed about it since.
    """

    state: PromiseState
    day: date | None
    decided_by: int | None
    proposals: tuple[int, ...]
    look_again: bool = False


@dataclass(frozen=True)
class ShownWords:
    """Words ``[first, end)`` of a turn that are shown otherwise than the machine heard them, and the entry for it."""

    first: int
    end: int
    text: str
    number: int


@dataclass(frozen=True)
class TurnReading:
    """What is shown of one turn where a correction of it was accepted. ``party`` None: the machine's stands."""

    words: tuple[ShownWords, ...]
    party: Party | None
    party_by: int | None  # the entry that gave the party


@dataclass(frozen=True)
class Look:
    """Somebody looked, so many times, and when last."""

    actor: Actor
    by: str | None
    way: Way
    times: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True)
class AddedThing:
    """Something that was added from off the phone."""

    number: int
    actor: Actor
    by: str | None
    at: datetime
    added: Added
    is_withdrawn: bool


@dataclass(frozen=True)
class Entrance:
    """Somebody was let in: by whom, why, when."""

    number: int
    actor: Actor
    by: str | None
    at: datetime
    name: str
    reason: Reason


@dataclass(frozen=True)
class Dialogue:
    """Everything that was said about one record, and what follows from it.

    ``said`` has every annotation but withdrawals, acceptances and refusals, which show in the state of what they are
    about; ``decisions`` are those acceptances and refusals, withdrawn ones too. ``statements`` and ``promises`` have
    one for every statement (the headline too) and promise of the record; ``readings`` only turns that are shown
    otherwise than they were heard; ``call`` is how the sides stand to the whole. ``open_questions`` and
    ``open_proposals`` are the entries that wait for somebody else.
    """

    said: tuple[Said, ...]
    statements: Mapping[str, StatementState]
    promises: Mapping[str, PromiseStanding]
    readings: Mapping[str, TurnReading]
    call: Agreement
    looks: tuple[Look, ...]
    added: tuple[AddedThing, ...]
    entrances: tuple[Entrance, ...]
    open_questions: tuple[int, ...]
    open_proposals: tuple[int, ...]
    decisions: tuple[Said, ...] = ()

    @property
    def is_disputed(self) -> bool:
        """Whether anything in this record is disputed now."""
        return self.call is Agreement.DISPUTED or any(
            one.agreement is Agreement.DISPUTED for one in self.statements.values()
        )
