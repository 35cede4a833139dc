"""What was said of a call and of its recordings, as columns and back."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter

from worker.core.call import CONTROL_SIGNS, CallDetails, Direction, LawfulBasis, Party
from worker.core.errors import Invalid
from worker.record.standing import Leg
from worker.record.tables.calls import EXTERNAL_ID_LENGTH, LINE_LENGTH

_PARTIES = TypeAdapter(dict[int, Party])

_LENGTHS = {"external_id": EXTERNAL_ID_LENGTH, "continues": EXTERNAL_ID_LENGTH, "line": LINE_LENGTH}


def row_of_details(details: CallDetails) -> dict[str, object]:
    """What the sender said, as columns of ``calls``. Raises Invalid for text that a database cannot hold."""
    texts = {
        "agent": details.agent,
        "customer": details.customer,
        "external_id": details.external_id or "",
        "language": details.language,
        "agent_address": details.agent_address,
        "customer_address": details.customer_address,
        "line": details.line or None,
        "continues": details.continues or None,
    }
    for name, text in texts.items():
        if text is None:
            continue
        what = name.replace("_", " ")
        if CONTROL_SIGNS.search(text):
            raise Invalid(f"The {what} of the call has signs in it that are no text, such as the end of a line.")
        if len(text) > (longest := _LENGTHS.get(name, len(text))):
            raise Invalid(f"The {what} of the call is longer than {longest} letters.")
    return {
        **texts,
        **row_of_start(details),
        "zone": details.zone,
        "direction": details.direction,
        "lawful_basis": details.lawful_basis,
        "notice_given": details.notice_given,
    }


def row_of_start(details: CallDetails) -> dict[str, object]:
    """What of it is said of one recording, as columns of ``calls`` and of ``legs``."""
    offset = details.started_at.utcoffset() if details.started_at is not None else None
    return {
        "started_at": details.started_at,
        "started_offset_s": None if offset is None else round(offset.total_seconds()),
        "party_of_channel": _PARTIES.dump_json(details.party_of_channel).decode(),
    }


def details_of(row: sa.Row[Any]) -> CallDetails:
    """What the sender said, from a row of ``calls``."""
    return CallDetails(
        agent=row.agent,
        customer=row.customer,
        started_at=_as_told(row.started_at, row.started_offset_s),
        external_id=row.external_id or None,
        language=row.language,
        party_of_channel=_PARTIES.validate_json(row.party_of_channel),
        zone=row.zone,
        agent_address=row.agent_address,
        customer_address=row.customer_address,
        direction=None if row.direction is None else Direction(row.direction),
        line=row.line,
        lawful_basis=None if row.lawful_basis is None else LawfulBasis(row.lawful_basis),
        notice_given=row.notice_given,
        continues=row.continues,
    )


def leg_of(row: sa.Row[Any]) -> Leg:
    """One recording, from a row of ``legs``."""
    return Leg(
        number=row.number,
        file_name=row.file_name,
        sha256=row.sha256,
        size_bytes=row.size_bytes,
        started_at=_as_told(row.started_at, row.started_offset_s),
        party_of_channel=_PARTIES.validate_json(row.party_of_channel),
        arrived_at=row.arrived_at,
        first_tried_at=row.first_tried_at,
    )


def printable(text: str) -> str:
    """The text without what no database takes: zero bytes, and bytes of a file name that are in no known coding."""
    return text.replace("\0", "�").encode("utf-8", "replace").decode("utf-8")


def _as_told(started_at: datetime | None, offset_s: int | None) -> datetime | None:
    """The start in the zone in which the sender told it."""
    if started_at is None or offset_s is None:
        return None
    return started_at.astimezone(timezone(timedelta(seconds=offset_s)))
