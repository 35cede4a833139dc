"""Packages: what is handed over to somebody who asked for the record of a call, or of all of theirs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Protection(StrEnum):
    """What keeps a package from whoever it is not for."""

    NONE = "none"  # the session of who asked: nobody else gets it
    CODE = "code"  # the zip is encrypted (AES-256), and opens with a code that goes another way
    LINK = "link"  # who has no account opens a link with a code that goes another way, with few tries


class PackageState(StrEnum):
    """Where a package stands."""

    WAITING = "waiting"  # to be made, for the first time or again
    MAKING = "making"
    READY = "ready"
    FAILED = "failed"  # it was given up; ``failure`` says why
    ENDED = "ended"  # its time is over, or it was cancelled, or what is in it was erased: nothing opens it any more


class Ended(StrEnum):
    """Why a package is there no more."""

    EXPIRED = "expired"
    CANCELLED = "cancelled"
    ERASED = "erased"


class Step(StrEnum):
    """What is being done for a package, in this order; for each of its calls all but the last."""

    LOG = "log"  # entries and their proofs are read
    SOUND = "sound"
    PAGES = "pages"  # index.html, the texts, the vCon
    PDF = "pdf"
    ZIP = "zip"  # written, hashed, signed and sealed


@dataclass(frozen=True)
class Progress:
    """How far a package is: ``done`` of ``total`` steps, and what is done just now (None before and after)."""

    done: int
    total: int
    step: Step | None = None

    @property
    def share(self) -> float:
        """In [0, 1]."""
        return self.done / self.total if self.total else 0.0


@dataclass(frozen=True)
class Package:
    """One package as it stands. ``person`` is who it is for, ``request`` what it answers.

    ``ends_at`` is when it goes, of one that is ready; ``size_bytes`` and ``sha256`` are those of the zip. ``has_code``:
    its code was not shown yet, and is shown once (``Packages.show_code``). ``taken`` is how often it was taken.
    """

    id: str
    call_ids: tuple[str, ...]
    person: str | None
    request: str | None
    protection: Protection
    language: str
    state: PackageState
    progress: Progress
    asked_at: datetime
    ready_at: datetime | None = None
    ends_at: datetime | None = None
    ended_because: Ended | None = None
    failure: str | None = None
    size_bytes: int | None = None
    sha256: str | None = None
    has_code: bool = False
    taken: int = 0

    @property
    def is_under_way(self) -> bool:
        """Whether it may still become ready by itself."""
        return self.state in (PackageState.WAITING, PackageState.MAKING)


MOST_CALLS = 1000
"""In one package; who has had more gets several."""

MOST_TRIES = 5
TRY_AGAIN = (timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1))
"""How long after each try that failed the next one comes."""
