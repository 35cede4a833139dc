"""What is said of a call that must not be erased, and of one that was: contents of entries, and the receipt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from worker.core.errors import Invalid

LONGEST_REASON = 500


class KeptKind(StrEnum):
    """What is kept of calls, each for a time of its own."""

    RECORDING = "recording"  # its sound in every form; what was written of it stays
    RECORD = "record"  # everything, the sound with it: what remains is that it was
    PACKAGES = "packages"  # what was put together for somebody to take along


class Why(StrEnum):
    """On what ground something was destroyed."""

    REQUEST = "request"  # somebody asked for it (Art. 17)
    RETENTION = "retention"  # its time was over
    COMMAND = "command"  # whoever runs this installation


@dataclass(frozen=True)
class LegalHold:
    """Nothing of this call may be erased, whoever asks and whatever its time; or, not ``is_on``, no longer so."""

    is_on: bool
    reason: str

    def __post_init__(self) -> None:
        if not self.reason.strip() or len(self.reason) > LONGEST_REASON:
            raise Invalid(f"Say why in up to {LONGEST_REASON} letters: it stands in the record.")


@dataclass(frozen=True)
class Erased:
    """What was destroyed, and why. ``entries`` are those before this one, whose words it took: none where the words
    stay and only the sound went. ``recordings`` are the SHA-256 of those that arrived."""

    what: KeptKind
    why: Why
    entries: int
    recordings: tuple[str, ...]


class Where(StrEnum):
    """What is asked to destroy its part of a call."""

    DATABASE = "database"
    SEARCH = "search"
    PACKAGES = "packages"
    OUTBOX = "outbox"
    RECORDINGS = "recordings"  # the folder or bucket: sound, added files, packages, uploads
    SCRATCH = "scratch"  # of the machine that erased; the others clear theirs within a minute


@dataclass(frozen=True)
class Proof:
    """What goes on proving that there was a call: its entries, which carry no word, under a signed checkpoint.

    ``last`` is the hash of the entry that says that the rest was erased; ``root`` is that of the tree of ``size``
    leaves. Both as hexadecimal digits.
    """

    entries: int
    last: str
    log: str
    size: int
    root: str


@dataclass(frozen=True)
class Receipt:
    """What was destroyed of a call, place by place, in numbers and never in words; and what proof remains.

    ``ended_at`` None: some place did not answer yet, and that is in ``missing``.
    """

    call_id: str
    what: KeptKind
    why: Why
    begun_at: datetime
    ended_at: datetime | None
    destroyed: Mapping[Where, Mapping[str, int]]
    recordings: tuple[str, ...]
    missing: tuple[Where, ...] = ()
    calls: tuple[str, ...] = field(default=())  # it and the recordings that its sides made of it
    proof: Proof | None = None
