"""How the work stands, for those who run the service: numbers alone, nothing of a call and nobody's name."""

from __future__ import annotations

from dataclasses import dataclass

from worker.record.standing import CallState
from worker.record.store import Store
from worker.web.texts import _, later

STATES_IN_WORDS = {
    CallState.RECEIVED: later("received"),
    CallState.WAITING: later("waiting"),
    CallState.RUNNING: later("running"),
    CallState.FAILED: later("failed"),
    CallState.READY: later("ready"),
}


@dataclass(frozen=True)
class Operations:
    """How many calls are in which state, in words, and how many have failed for which reason, by its name."""

    states: tuple[tuple[str, int], ...]
    failures: tuple[tuple[str, int], ...]


def operations_of(store: Store) -> Operations:
    """The numbers as they are now."""
    states = tuple((_(STATES_IN_WORDS[state]), count) for state, count in store.counts().items())
    return Operations(states, tuple(store.failures().items()))
