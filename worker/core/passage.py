"""How spoken words are handed to a model: a line for each stretch, with who speaks before it."""

from __future__ import annotations

from collections.abc import Sequence

from worker.core.call import Party
from worker.core.support import Spoken

SPEAKERS = {
    Party.AGENT: "agent",
    Party.CUSTOMER: "customer",
    Party.OTHER: "other voice",
    Party.UNKNOWN: "speaker",
}


def as_passage(spoken: Sequence[Spoken]) -> str:
    """The stretches in order; whoever has a name is called by it."""
    return "\n".join(f"{one.name or SPEAKERS[one.party]}: {one.text}" for one in spoken)
