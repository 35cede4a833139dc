"""A call that was erased: that something stood here, when and why it was destroyed, and what goes on proving that."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import ClassVar

from worker.core.keeping.values import KeptKind, Receipt, Where, Why
from worker.web.pages.words import instant_in_words
from worker.web.texts import _, later, plural

WHY = {
    Why.REQUEST: later("Somebody had a right to it and asked for it."),
    Why.RETENTION: later("The time for which it may be kept was over."),
    Why.COMMAND: later("Those who run this service destroyed it."),
}

PLACES = {
    Where.DATABASE: later("The database"),
    Where.SEARCH: later("The words by which it was found"),
    Where.PACKAGES: later("Files that were put together for somebody"),
    Where.OUTBOX: later("Letters about it"),
    Where.RECORDINGS: later("The recordings, and files that were added"),
    Where.SCRATCH: later("The folder in which it was worked on"),
}


@dataclass(frozen=True)
class PlaceLine:
    """What was destroyed in one place."""

    place: str
    said: str


@dataclass(frozen=True)
class ErasedPage:
    """The page of a call that was erased, which is its receipt too.

    ``stood`` says what there was, ``why`` on what ground it was destroyed. ``missing`` are places that did not answer
    yet. ``recordings`` are the fingerprints of what arrived; ``proof`` is None before it is signed.
    """

    call_id: str
    stood: str
    why: str
    when: str
    at: datetime
    places: tuple[PlaceLine, ...]
    missing: tuple[str, ...]
    recordings: tuple[str, ...]
    entries: str | None
    last: str | None
    log: str | None
    template: ClassVar[str] = "erased.html"

    @property
    def title(self) -> str:
        """The heading."""
        return _("This record was erased")


def erased_page(receipt: Receipt, zone: tzinfo) -> ErasedPage:
    """The page that this receipt makes; its instant in the company's zone."""
    at = (receipt.ended_at or receipt.begun_at).astimezone(zone)
    proof = receipt.proof
    return ErasedPage(
        call_id=receipt.call_id,
        stood=_("Here stood the record of a call, with its recording and all that both sides had written.")
        if receipt.what is KeptKind.RECORD
        else _("Here lay the recording of a call."),
        why=_(WHY[receipt.why]),
        when=instant_in_words(at),
        at=at,
        places=tuple(
            PlaceLine(_(PLACES[where]), _numbers(sum(of.values()))) for where, of in receipt.destroyed.items()
        ),
        missing=tuple(_(PLACES[one]) for one in receipt.missing),
        recordings=receipt.recordings,
        entries=_entries(proof.entries) if proof else None,
        last=proof.last if proof else None,
        log=_("{name}, {count} entries, {root}").format(name=proof.log, count=proof.size, root=proof.root)
        if proof
        else None,
    )


def _numbers(count: int) -> str:
    if not count:
        return _("nothing was there")
    return plural("{count} thing destroyed", "{count} things destroyed", count).format(count=count)


def _entries(count: int) -> str:
    text = plural("{count} entry without a word", "{count} entries without a word", count)
    return text.format(count=count)
