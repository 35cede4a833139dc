"""The proof: that what stands here is what was put here, and how anybody can check that without trusting us."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from worker.web.pages.annotations import Moment, Reading


@dataclass(frozen=True)
class ProofFacts:
    """What the log says of a call when its page is opened.

    ``entries`` is how many the call has. ``is_whole``: they follow each other without a gap and are what was written.
    ``size`` and ``signed_at`` are those of the last checkpoint; None before the first.
    """

    entries: int
    is_whole: bool
    size: int | None
    signed_at: datetime | None
    verifier_key: str


@dataclass(frozen=True)
class ProofLine:
    """The proof as the page shows it."""

    entries: int
    is_whole: bool
    size: int | None
    signed: Moment | None
    verifier_key: str
    copy_url: str | None


def proof_of(facts: ProofFacts, reading: Reading, *, copy_url: str | None) -> ProofLine:
    """The proof, its instant in the zone of the page."""
    signed = reading.moment(facts.signed_at) if facts.signed_at else None
    return ProofLine(facts.entries, facts.is_whole, facts.size, signed, facts.verifier_key, copy_url)
