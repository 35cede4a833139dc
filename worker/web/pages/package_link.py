"""The page behind a link to a package: where the code is typed, and how long there is time for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from worker.core.packages import Package
from worker.web.pages.words import day_in_words
from worker.web.texts import _


@dataclass(frozen=True)
class PackageLinkPage:
    """A package that waits for its code, or that is still being made."""

    package: Package
    problem: str | None = None
    template: ClassVar[str] = "package_link.html"

    @property
    def title(self) -> str:
        """The heading."""
        return _("What was sent to you")

    @property
    def is_ready(self) -> bool:
        """Whether it can be taken now."""
        return self.package.ends_at is not None

    @property
    def until(self) -> str | None:
        """Until when it can be taken."""
        if self.package.ends_at is None:
            return None
        return _("It can be taken until {day}.").format(day=day_in_words(self.package.ends_at.date()))
