"""A vCon that an On Record made: what it says of its call besides what the drafts have a place for.

``worker.exchange.vcon`` writes it. So a call that is handed on to another installation keeps all that was said of it.
"""

from __future__ import annotations

import re
from dataclasses import replace
from zoneinfo import ZoneInfo

from worker.core.call import LANGUAGE_CODE, CallDetails, Direction, Party
from worker.core.errors import Invalid
from worker.exchange.vcon.values import CALL_PURPOSE
from worker.intake.vcon.envelope import parsed
from worker.intake.vcon.places import Place
from worker.record.tables.calls import EXTERNAL_ID_LENGTH, LINE_LENGTH

LONGEST_ZONE = 64
LONGEST_ID = 64
CHANNEL = re.compile(r"(0|[1-9][0-9]?)", re.ASCII)


def own_part(vcon: Place) -> Place | None:
    """The body of the attachment in which an On Record says what it knows of the call; None in everybody else's."""
    for one in vcon.each("attachments"):
        purpose = one.get("purpose")
        if purpose is not None and purpose.value == CALL_PURPOSE:
            body = one.needed("body")  # as it is, or written out as text, as programs of earlier drafts do
            return Place(parsed(body.value, body.pointer), body.pointer) if isinstance(body.value, str) else body
    return None


def call_named_in(vcon: Place) -> str | None:
    """The id of the call from which a vCon was made, on the installation that made it."""
    part = own_part(vcon)
    call = None if part is None else part.get("call")
    return None if call is None else call.text(longest=LONGEST_ID)


def with_own_part(details: CallDetails, part: Place, *, is_whole: bool) -> CallDetails:
    """The details with what the own part says of them. ``is_whole``: the vCon has one recording, and it is about that.

    Raises Invalid, naming the place, for what does not fit.
    """
    zone = _text(part, "zone", LONGEST_ZONE)
    try:
        known = replace(
            details,
            external_id=_text(part, "external_id", EXTERNAL_ID_LENGTH),
            language=_language(part),
            direction=_direction(part),
            line=_text(part, "line", LINE_LENGTH),
            continues=_text(part, "continues", EXTERNAL_ID_LENGTH),
            notice_given=_is_given(part),
        )
        if not is_whole:
            return replace(known, zone=zone)
        start = part.get("started_at")
        began = None if start is None else start.instant()
        if began is not None and zone is not None:
            began = began.astimezone(ZoneInfo(zone))
        return replace(known, zone=zone, started_at=began, party_of_channel=_channels(part))
    except (Invalid, LookupError, OSError, ValueError):
        raise part.wrong("does not say of the call what an On Record says") from None


def _text(part: Place, name: str, longest: int) -> str | None:
    found = part.get(name)
    return None if found is None else found.text(longest=longest)


def _language(part: Place) -> str | None:
    language = _text(part, "language", 3)
    if language is not None and not LANGUAGE_CODE.fullmatch(language):
        raise part.wrong("names no language")
    return language


def _direction(part: Place) -> Direction | None:
    direction = _text(part, "direction", 16)
    return None if direction is None else Direction(direction)


def _is_given(part: Place) -> bool | None:
    notice = part.get("notice_given")
    if notice is not None and not isinstance(notice.value, bool):
        raise notice.wrong("is neither true nor false")
    return None if notice is None else bool(notice.value)


def _channels(part: Place) -> dict[int, Party]:
    said = part.get("party_of_channel")
    if said is None:
        return {}
    if not isinstance(said.value, dict):
        raise said.wrong("is no object")
    if not all(CHANNEL.fullmatch(channel) for channel in said.value):
        raise said.wrong("names what is no channel")
    return {int(channel): Party(party) for channel, party in said.value.items()}
