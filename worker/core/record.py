"""The record of one call as it is published: the one value that pages, the API and copies are made from.

The field names here are the documented result JSON (README, "The result"); renaming one breaks other people's programs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from worker.core.call import KeptAs
from worker.core.protection import Cut
from worker.core.summary import Summary
from worker.core.transcript import CallWarning, Hold, Layout, Participant, Turn

SCHEMA_VERSION = 4
"""Goes up with every new field or new value of a field. Records keep the version under which they were made.

2: ``summary`` has ``headline``, ``ending``, ``commitments``; statements have ``written_by`` and the kind ``disagreed``.
3: ``legs``; warnings about them.
4: ``cuts``, and ``kept_as`` of legs; tokens in place of what is protected.
"""


@dataclass(frozen=True)
class RecordingSummary:
    """What the recording was, with the hash that proves it.

    Of a call with several recordings it is about their sound as a whole: ``sha256`` is the hash of all their hashes
    (``worker.core.call.sound_id``), and ``file_name`` and ``codec`` name each of theirs once.
    """

    sha256: str
    file_name: str
    duration_s: float
    channels: int
    sample_rate_hz: int
    codec: str


@dataclass(frozen=True)
class Leg:
    """One recording of the call, and where it lies in the call's sound.

    ``sha256`` and ``file_name`` are of what arrived. ``kept_as`` is None where that is what is kept.
    """

    sha256: str
    file_name: str
    start_s: float
    duration_s: float
    kept_as: KeptAs | None = None


@dataclass(frozen=True)
class MadeBy:
    """Which stage made its part, with which model at which revision, and how long it took."""

    stage: str
    model: str | None
    revision: str
    seconds: float


@dataclass(frozen=True)
class CallRecord:
    """Everything On Record holds to be said in one call, each claim with where it comes from.

    ``legs`` are the recordings of the call in the order of their start; a record before version 3 has none there, and
    one recording.
    """

    schema_version: int
    external_id: str | None
    started_at: datetime | None
    zone: str | None
    recording: RecordingSummary
    layout: Layout
    language: str | None
    language_confidence: float | None
    parties: tuple[Participant, ...]
    holds: tuple[Hold, ...]
    turns: tuple[Turn, ...]
    summary: Summary
    warnings: tuple[CallWarning, ...]
    made_by: tuple[MadeBy, ...]
    legs: tuple[Leg, ...] = ()
    cuts: tuple[Cut, ...] = ()

    @property
    def local_zone(self) -> tzinfo | None:
        """The zone in which the call's days are counted: by its name, else the offset of its start, else unknown."""
        if self.zone is not None:
            return ZoneInfo(self.zone)
        return self.started_at.tzinfo if self.started_at is not None else None
