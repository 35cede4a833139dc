"""Entering what came by letter or by telephone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from worker.core.requests.values import ENTERED, CameBy, RequestKind
from worker.web.pages.requests.words import KINDS_OF_ROW, law_of
from worker.web.texts import _, later

WAYS = {CameBy.LETTER: later("A letter or an e-mail"), CameBy.TELEPHONE: later("A telephone call, or in person")}


@dataclass(frozen=True)
class EntryPage:
    """The form. ``given`` is what was sent and not taken, by its field, and ``problem`` why. ``today`` is the last day
    on which something can have come."""

    ways: tuple[tuple[str, str], ...]
    kinds: tuple[tuple[str, str], ...]
    today: str
    problem: str | None = None
    given: dict[str, str] = field(default_factory=dict)
    template: ClassVar[str] = "requests/entry.html"

    @property
    def title(self) -> str:
        """The heading."""
        return _("Enter a letter or a telephone call")


def entry_page(today: str, *, problem: str | None = None, given: dict[str, str] | None = None) -> EntryPage:
    """The form, filled with what was given before."""
    return EntryPage(
        ways=tuple((one.value, _(WAYS[one])) for one in CameBy if one in ENTERED),
        kinds=tuple((one.value, f"{_(KINDS_OF_ROW[one])} ({law_of(one)})") for one in RequestKind),
        today=today,
        problem=problem,
        given=given or {},
    )
