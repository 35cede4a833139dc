"""Statements and their evidence: the rule that no sentence stands without the words on which it rests.

A statement cannot be built without evidence, so there is no way around the rule further on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from worker.core.call import Party
from worker.core.errors import Invalid
from worker.core.transcript import CallWarning


class StatementKind(StrEnum):
    """What a statement tells about the call."""

    ASKED = "asked"
    EXPLAINED = "explained"
    DONE = "done"
    PROMISED = "promised"
    REFUSED = "refused"
    OUTCOME = "outcome"
    NEXT = "next"
    DISAGREED = "disagreed"


HEADINGS = {
    StatementKind.ASKED: "What was asked for",
    StatementKind.EXPLAINED: "What was explained",
    StatementKind.DONE: "What was done",
    StatementKind.PROMISED: "What was promised",
    StatementKind.REFUSED: "What was refused",
    StatementKind.OUTCOME: "Where it ended",
    StatementKind.NEXT: "What happens next",
    StatementKind.DISAGREED: "What the two sides disagreed on",
}
"""What each kind of statement is called where people read it."""


@dataclass(frozen=True)
class Evidence:
    """Words of one turn on which a statement rests. ``quote`` is their exact text."""

    turn: str
    start_s: float
    end_s: float
    quote: str


@dataclass(frozen=True)
class Due:
    """Until when something was promised, as it was said and as the call's own date and zone make it.

    ``day`` is the last day on which it is kept, in the zone of the call; ``instant`` is there only where a time of day
    or a number of hours was said. Both are None where the call's start is not known: then only the words stand.
    """

    words: str
    day: date | None
    instant: datetime | None = None

    def __post_init__(self) -> None:
        if self.instant is not None and self.instant.tzinfo is None:
            raise Invalid("The instant by which something was promised has no time zone.")


@dataclass(frozen=True)
class Commitment:
    """A promise: who promised what, to whom, by when, in which words.

    ``what`` is the promised thing in a few words, made of the words that were said ("call the customer back").
    ``due`` None: nobody said until when. ``evidence`` is the words themselves.
    Raises Invalid if it has no evidence, or one and the same party on both ends.
    """

    id: str
    promisor: Party
    beneficiary: Party
    what: str
    due: Due | None
    evidence: tuple[Evidence, ...]

    def __post_init__(self) -> None:
        if not self.evidence:
            raise Invalid("A promise without the words that made it is not a promise.")
        if self.promisor is self.beneficiary and self.promisor is not Party.UNKNOWN:
            raise Invalid("A promise is made to the other side, not to oneself.")


@dataclass(frozen=True)
class Draft:
    """One sentence that a model or a rule proposes, not yet checked against its evidence.

    ``evidence`` are the words it was written from, in order, and ``quote`` what is shown of them where no sentence may
    stand. ``text`` None means: nothing was written, quote. ``written_by`` names the model that wrote the text.
    """

    kind: StatementKind
    party: Party
    evidence: tuple[Evidence, ...]
    quote: tuple[Evidence, ...]
    text: str | None
    written_by: str | None = None

    def __post_init__(self) -> None:
        if (self.text is None) != (self.written_by is None):
            raise Invalid("A proposed sentence names what wrote it.")


@dataclass(frozen=True)
class Statement:
    """One published sentence. ``support`` in [0, 1] is how well the evidence carries it; a quotation has 1.

    ``written_by`` names what wrote it; None for a quotation, which nobody wrote.
    Raises Invalid if it has no evidence: such a statement does not exist anywhere.
    """

    id: str
    kind: StatementKind
    party: Party
    text: str
    quoted: bool
    evidence: tuple[Evidence, ...]
    support: float
    written_by: str | None = None

    def __post_init__(self) -> None:
        if not self.evidence:
            raise Invalid("A statement without evidence is not a statement. Quote the words instead.")
        if not 0.0 <= self.support <= 1.0:
            raise Invalid(f"Support is a share between 0 and 1, not {self.support}.")
        if self.quoted == (self.written_by is not None):
            raise Invalid("A statement is either quoted, or written by somebody who is named.")


class EndState(StrEnum):
    """Where a call left its matter."""

    RESOLVED = "resolved"
    OPEN = "open"
    UNCLEAR = "unclear"


@dataclass(frozen=True)
class Ending:
    """Where the call ended, and the words that show it. Where nothing shows it, it is unclear, and rests on nothing."""

    state: EndState = EndState.UNCLEAR
    evidence: tuple[Evidence, ...] = ()

    def __post_init__(self) -> None:
        if (self.state is EndState.UNCLEAR) == bool(self.evidence):
            raise Invalid("That a matter is resolved or open is shown by words; that it is unclear, by none.")


@dataclass(frozen=True)
class Drafts:
    """What the ``summarise`` stage gives: sentences to be checked, and what rests on words alone."""

    drafts: tuple[Draft, ...]
    headline: Draft | None = None
    ending: Ending = Ending()
    commitments: tuple[Commitment, ...] = ()
    warnings: tuple[CallWarning, ...] = ()


@dataclass(frozen=True)
class Summary:
    """What the ``check`` stage gives: only sentences that their evidence carries, or that quote it.

    ``headline`` is the matter of the call in one line; None where nothing was said that could be one.
    """

    statements: tuple[Statement, ...]
    headline: Statement | None = None
    ending: Ending = Ending()
    commitments: tuple[Commitment, ...] = ()
    warnings: tuple[CallWarning, ...] = ()
