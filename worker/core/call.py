"""The call as it was handed over: what its caller said about it, before anything was heard.

Nothing here is guessed. What the caller left out stays None, and later stages say "unknown" rather than fill it in.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

from worker.core.errors import Invalid
from worker.core.people import normal_address

LANGUAGE_CODE = re.compile(r"[a-z]{2,3}")
CONTROL_SIGNS = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")  # that no name has, and that not every database keeps
FIRST_YEAR, LAST_YEAR = 1900, 9998  # a zone may move an instant into the next year


class Party(StrEnum):
    """Who takes part in a call. ``UNKNOWN`` is an honest answer, not a failure."""

    AGENT = "agent"
    CUSTOMER = "customer"
    OTHER = "other"  # a third voice, or a machine that speaks: an announcement, a menu
    UNKNOWN = "unknown"


class Direction(StrEnum):
    """Who called whom, as the telephony system saw it."""

    INBOUND = "inbound"  # the customer called
    OUTBOUND = "outbound"


class LawfulBasis(StrEnum):
    """On what ground the call was recorded: the letters of Art. 6 (1) GDPR, in the words of the vCon drafts."""

    CONSENT = "consent"
    CONTRACT = "contract"
    LEGAL_OBLIGATION = "legal_obligation"
    VITAL_INTERESTS = "vital_interests"
    PUBLIC_TASK = "public_task"
    LEGITIMATE_INTERESTS = "legitimate_interests"


@dataclass(frozen=True)
class CallDetails:
    """What the telephony system or the person who handed the call over said about it.

    ``party_of_channel`` maps a channel number (from 0) to the party on it, where the caller knew.
    ``language`` is an ISO 639-1 code, or None to have it heard.
    ``zone`` is the IANA name of the zone in which the call took place. Where it is given, ``started_at`` is read in it,
    so that a day named in the call is right also where the clocks change before it comes; else the zone is no more than
    the offset of ``started_at``.
    Each address is an e-mail address or a telephone number; it is kept in its one normal spelling.
    ``line`` is the sender's own name of the line, number or queue that the call came in on. ``notice_given`` says
    whether the customer was told that the call is recorded. ``continues`` is the external id of an earlier call that
    this one goes on from, such as a call back.
    """

    agent: str | None = None
    customer: str | None = None
    started_at: datetime | None = None
    external_id: str | None = None
    language: str | None = None
    party_of_channel: dict[int, Party] = field(default_factory=dict)
    zone: str | None = None
    agent_address: str | None = None
    customer_address: str | None = None
    direction: Direction | None = None
    line: str | None = None
    lawful_basis: LawfulBasis | None = None
    notice_given: bool | None = None
    continues: str | None = None

    def __post_init__(self) -> None:
        for name in ("agent_address", "customer_address"):
            address = getattr(self, name)
            object.__setattr__(self, name, normal_address(address) if address else None)
        if self.started_at is not None and not FIRST_YEAR <= self.started_at.year <= LAST_YEAR:
            raise Invalid(f"The call cannot have begun in the year {self.started_at.year}.")
        if self.zone is not None:
            zone = _zone(self.zone)
            if self.started_at is not None:
                is_local = self.started_at.tzinfo is None
                began = self.started_at.replace(tzinfo=zone) if is_local else self.started_at.astimezone(zone)
                object.__setattr__(self, "started_at", began)
        if self.started_at is not None and self.started_at.tzinfo is None:
            raise Invalid("The start of the call has no time zone. Give it one, such as 2026-03-10T10:14:00+01:00.")
        if self.language is not None and not LANGUAGE_CODE.fullmatch(self.language):
            raise Invalid("The language of a call is a code of two or three letters, such as en.")


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # unknown; no name of a file; the name of a folder of zones
        raise Invalid("The zone of the call is not known here. Name it as in Europe/Berlin.") from error


@dataclass(frozen=True)
class KeptAs:
    """What is kept in place of a recording that was overwritten where the law forbids to keep what it says."""

    sha256: str
    file_name: str
    codec: str


@dataclass(frozen=True)
class Recording:
    """One recording of the call as it arrived, readable at ``path`` while a stage runs.

    A call that was held or handed on may have several: its legs. ``started_at`` is when this one began, with its zone,
    and ``party_of_channel`` who is on which of its channels; both only where the sender said it of this one.
    ``kept_as`` is what is kept in its place, where that is something else.
    """

    sha256: str
    file_name: str
    size_bytes: int
    path: Path
    started_at: datetime | None = None
    party_of_channel: dict[int, Party] = field(default_factory=dict)
    kept_as: KeptAs | None = None


def sound_id(sha256s: Sequence[str]) -> str:
    """The name of a call's sound as a whole: the SHA-256 of its only recording, else that of all of theirs.

    They are joined in the order in which the legs are numbered, each as 64 hexadecimal digits on a line.
    """
    return (
        sha256s[0] if len(sha256s) == 1 else hashlib.sha256("".join(f"{one}\n" for one in sha256s).encode()).hexdigest()
    )
