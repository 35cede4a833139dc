"""A page as somebody sees it."""

from __future__ import annotations

from dataclasses import dataclass

from worker.record.people import Person


@dataclass(frozen=True)
class View:
    """A page as somebody sees it. ``does`` is what has to be pressed there first, for pages that answer a form."""

    name: str
    who: Person | None
    address: str
    status: int = 200
    does: tuple[str, ...] = ()
