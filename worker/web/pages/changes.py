"""What is different on a record's page after somebody wrote in it: every part whose value changed, and no other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from worker.web.pages.added import AddedLine
from worker.web.pages.conversation import TurnItem
from worker.web.pages.in_short import StatementLine
from worker.web.pages.promises import PromiseLine
from worker.web.pages.record import RecordPage

T = TypeVar("T")


@dataclass(frozen=True)
class ChangedPage:
    """The parts to be put in place of those that are shown. ``place`` is the element that the reader is led to."""

    page: RecordPage
    headline: StatementLine | None
    statements: tuple[StatementLine, ...]
    promises: tuple[PromiseLine, ...]
    turns: tuple[TurnItem, ...]
    added: tuple[AddedLine, ...]
    whole: bool
    place: str
    message: str

    template: ClassVar[str] = "record/changed.html"

    @property
    def title(self) -> str:
        """What the page is called."""
        return self.page.title

    @property
    def call_id(self) -> str:
        """The call of the page."""
        return self.page.call_id

    @property
    def language(self) -> str:
        """In which language the words of the call are."""
        return self.page.language

    @property
    def may_write(self) -> bool:
        """Whether the reader may say anything here."""
        return self.page.may_write


def changed_page(before: RecordPage, after: RecordPage, *, place: str, message: str) -> ChangedPage:
    """The parts of the page that are not what they were. Both are of the same record for the same reader."""
    return ChangedPage(
        page=after,
        headline=after.headline if after.headline != before.headline else None,
        statements=_new(_statements(before), _statements(after)),
        promises=_new(before.promises, after.promises),
        turns=_new(_turns(before), _turns(after)),
        added=_new(before.added, after.added),
        whole=after.whole != before.whole,
        place=place,
        message=message,
    )


def _new(before: Iterable[T], after: Iterable[T]) -> tuple[T, ...]:
    """Those that are not what stood in their place; there are as many as before, in the same order."""
    return tuple(now for was, now in zip(before, after, strict=True) if was != now)


def _statements(page: RecordPage) -> tuple[StatementLine, ...]:
    return tuple(line for group in page.groups for line in group.lines)


def _turns(page: RecordPage) -> tuple[TurnItem, ...]:
    return tuple(item for item in page.conversation if isinstance(item, TurnItem))
