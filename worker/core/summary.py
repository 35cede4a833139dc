"""Statements and their evidence: the rule that no sentence stands without the words on which it rests.

A statement cannot be built without evidence, so there is no way around the rule further on.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from worker.core.call import Party
from worker.core.errors import Invalid
from worker.core.transcript import CallWarning, Turn


class StatementKind(StrEnum):
    """What a statement tells about the call."""

    ASKED = "asked"
    EXPLAINED = "explained"
    DONE = "done"
    PROMISED = "promised"
    REFUSED = "refused"
    OUTCOME = "outcome"
    NEXT = "next"


HEADINGS = {
    StatementKind.ASKED: "What was asked for",
    StatementKind.EXPLAINED: "What was explained",
    StatementKind.DONE: "What was done",
    StatementKind.PROMISED: "What was promised",
    StatementKind.REFUSED: "What was refused",
    StatementKind.OUTCOME: "How it ended",
    StatementKind.NEXT: "What happens next",
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
class Draft:
    """One sentence that a model or a rule proposes, not yet checked against its evidence.

    ``turns`` are the turns it was written from, in order. ``text`` None means: nothing was written, quote the words.
    """

    kind: StatementKind
    party: Party
    turns: tuple[Turn, ...]
    evidence: tuple[Evidence, ...]
    text: str | None


@dataclass(frozen=True)
class Drafts:
    """What the ``summarise`` stage gives."""

    drafts: tuple[Draft, ...]
    warnings: tuple[CallWarning, ...] = ()


@dataclass(frozen=True)
class Statement:
    """One published sentence. ``support`` in [0, 1] is how well the evidence carries it; a quotation has 1.

    Raises Invalid if it has no evidence: such a statement does not exist anywhere.
    """

    id: str
    kind: StatementKind
    party: Party
    text: str
    quoted: bool
    evidence: tuple[Evidence, ...]
    support: float

    def __post_init__(self) -> None:
        if not self.evidence:
            raise Invalid("A statement without evidence is not a statement. Quote the words instead.")
        if not 0.0 <= self.support <= 1.0:
            raise Invalid(f"Support is a share between 0 and 1, not {self.support}.")


@dataclass(frozen=True)
class Summary:
    """What the ``check`` stage gives: only statements that their evidence carries, or that quote it."""

    statements: tuple[Statement, ...]
    warnings: tuple[CallWarning, ...] = ()
