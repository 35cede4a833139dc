"""The call as it was handed over: what its caller said about it, before anything was heard.

Nothing here is guessed. What the caller left out stays None, and later stages say "unknown" rather than fill it in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from worker.core.errors import Invalid

LANGUAGE_CODE = re.compile(r"[a-z]{2,3}")
FIRST_YEAR, LAST_YEAR = 1900, 9998  # a zone may move an instant into the next year


class Party(StrEnum):
    """Who takes part in a call. ``UNKNOWN`` is an honest answer, not a failure."""

    AGENT = "agent"
    CUSTOMER = "customer"
    OTHER = "other"  # a third voice, or a machine that speaks: an announcement, a menu
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class CallDetails:
    """What the telephony system or the person who handed the call over said about it.

    ``party_of_channel`` maps a channel number (from 0) to the party on it, where the caller knew.
    ``language`` is an ISO 639-1 code, or None to have it heard.
    """

    agent: str | None = None
    customer: str | None = None
    started_at: datetime | None = None
    external_id: str | None = None
    language: str | None = None
    party_of_channel: dict[int, Party] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.started_at is not None and self.started_at.tzinfo is None:
            raise Invalid("The start of the call has no time zone. Give it one, such as 2026-03-10T10:14:00+01:00.")
        if self.started_at is not None and not FIRST_YEAR <= self.started_at.year <= LAST_YEAR:
            raise Invalid(f"The call cannot have begun in the year {self.started_at.year}.")
        if self.language is not None and not LANGUAGE_CODE.fullmatch(self.language):
            raise Invalid("The language of a call is a code of two or three letters, such as en.")


@dataclass(frozen=True)
class Recording:
    """The audio file as it arrived, unaltered, readable at ``path`` while a stage runs."""

    sha256: str
    file_name: str
    size_bytes: int
    path: Path
