"""What ``find`` and ``later`` hand each other: the call in sentences, and promises before they have their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from worker.core.call import Party
from worker.core.evidence import Sentence
from worker.core.summary import Due, Evidence
from worker.core.transcript import Turn

TURNS_BACK = 3
"""So far back lies the offer or the request that "I'll do that" takes up."""


@dataclass(frozen=True)
class Found:
    """A commitment before it has its number, with the turn and the sentence in which it was made."""

    turn: int
    sentence: int
    party: Party
    what: str
    due: Due | None
    evidence: tuple[Evidence, ...]
    leans: bool = False


@dataclass(frozen=True)
class CallInSentences:
    """The turns of a call in sentences, and when each turn began."""

    turns: Sequence[Turn]
    sentences: tuple[tuple[Sentence, ...], ...]
    started_at: datetime | None

    def said_at(self, turn: int) -> datetime | None:
        """The instant at which a turn began, in the zone of the call."""
        if self.started_at is None:
            return None
        later = self.started_at.astimezone(UTC) + timedelta(seconds=self.turns[turn].start_s)
        return later.astimezone(self.started_at.tzinfo)
