"""How the work stands, for those who run the service: numbers alone, nothing of a call and nobody's name."""

from __future__ import annotations

from dataclasses import dataclass

from worker.record.standing import CallState
from worker.record.store import Store


@dataclass(frozen=True)
class Operations:
    """How many calls are in which state, and how many have failed for which reason."""

    states: tuple[tuple[CallState, int], ...]
    failures: tuple[tuple[str, int], ...]


def operations_of(store: Store) -> Operations:
    """The numbers as they are now."""
    return Operations(tuple(store.counts().items()), tuple(store.failures().items()))
