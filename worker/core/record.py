"""The record of one call as it is published: the one value that pages, the API and copies are made from.

The field names here are the documented result JSON (README, "The result"); renaming one breaks other people's programs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from worker.core.summary import Summary
from worker.core.transcript import CallWarning, Hold, Layout, Participant, Turn

SCHEMA_VERSION = 2
"""Goes up with every new field or new value of a field. Records keep the version under which they were made.

2: ``summary`` has ``headline``, ``ending``, ``commitments``; statements have ``written_by`` and the kind ``disagreed``.
"""


@dataclass(frozen=True)
class RecordingSummary:
    """What the recording was, with the hash that proves it."""

    sha256: str
    file_name: str
    duration_s: float
    channels: int
    sample_rate_hz: int
    codec: str


@dataclass(frozen=True)
class MadeBy:
    """Which stage made its part, with which model at which revision, and how long it took."""

    stage: str
    model: str | None
    revision: str
    seconds: float


@dataclass(frozen=True)
class CallRecord:
    """Everything On Record holds to be said in one call, each claim with where it comes from."""

    schema_version: int
    external_id: str | None
    started_at: datetime | None
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
