"""The way of a call as its jobs go: an announced recording is fetched, then the stages follow one another.

``fetch`` is no stage of the record: it gives no value, it brings the bytes. To the queue and to the database it is a
stage like the others, with a place, a lease and attempts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from worker.core.arrival import FETCH
from worker.core.stage import Stage
from worker.stages import STAGES

FETCH_TIMEOUT_S = 3600.0


@dataclass(frozen=True)
class Way:
    """The stages in their order, and what follows from that. A measurement may hand in stages of its own."""

    stages: tuple[Stage, ...] = STAGES

    @cached_property
    def names(self) -> tuple[str, ...]:
        """All that jobs are made of, in the order in which a call comes to them."""
        return (FETCH, *(stage.name for stage in self.stages))

    @property
    def first(self) -> str:
        """The stage with which the work on a recording that is here begins: from then on it takes scratch disk."""
        return self.stages[0].name

    @cached_property
    def _by_name(self) -> Mapping[str, Stage]:
        return {stage.name: stage for stage in self.stages}

    def stage(self, name: str) -> Stage:
        """The stage of this name; ``fetch`` is none."""
        return self._by_name[name]

    def after(self, name: str) -> str | None:
        """The stage that a call comes to next; None after the last."""
        place = self.names.index(name) + 1
        return self.names[place] if place < len(self.names) else None

    def maker_of(self, value: str) -> Stage:
        """The stage that gives the value of this name."""
        return next(stage for stage in self.stages if stage.produces == value)

    def forgotten_after(self, name: str) -> tuple[str, ...]:
        """The stages of which nothing that they gave is kept any more once this one is done."""
        return tuple(self.maker_of(value).name for value in self.stage(name).forgets)

    def time_s(self, name: str) -> float:
        """Seconds that one try may take."""
        return FETCH_TIMEOUT_S if name == FETCH else self.stage(name).timeout_s


WAY = Way()
