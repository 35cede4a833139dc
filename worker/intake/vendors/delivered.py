"""What the webhooks of all systems have in common: the request, what is made of it, and how its values are read.

A request is believed only after its signature was checked; what then does not fit is Invalid, and said so, because its
sender's own logs are where somebody may see it.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Protocol, TypeAlias
from urllib.parse import parse_qs, urlsplit

from worker.core.arrival import Announced, Handover
from worker.core.call import CONTROL_SIGNS, CallDetails, Direction, Party
from worker.core.errors import Invalid, NotAllowed

Json: TypeAlias = "Mapping[str, object]"
Arrival: TypeAlias = tuple[Announced, Handover]

LONGEST_TEXT = 255
_KIND = re.compile(r"[A-Za-z0-9 ._:/-]{1,64}")


@dataclass(frozen=True)
class Delivered:
    """One request of a webhook: ``url`` as its sender addressed it, names of ``headers`` in small letters."""

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    at: datetime

    @property
    def query(self) -> Mapping[str, str]:
        """The values of the query, the last of each name."""
        return {name: values[-1] for name, values in parse_qs(urlsplit(self.url).query).items()}


@dataclass(frozen=True)
class Message:
    """What one delivery says. ``kind`` is its type, for the log; without ``arrivals`` nothing is to be done.

    ``confirm`` is an address of the sender's own that has to be visited once, so that more is sent.
    """

    kind: str
    arrivals: tuple[Arrival, ...] = ()
    confirm: str | None = field(default=None, repr=False)


class Vendor(Protocol):
    """A telephony system whose webhooks are taken."""

    def read(self, delivered: Delivered) -> Message:
        """What this request says. Raises NotAllowed if it is not signed by that system, Invalid if it does not fit."""
        ...


def refused() -> NotAllowed:
    """The same for everything that can be wrong with a signature, so that nobody learns what."""
    return NotAllowed("This is not signed as it should be. Look at the secret that both sides have set.")


def is_same(given: str | bytes, wanted: str | bytes) -> bool:
    """Compares two signatures in a time that does not depend on where they differ."""
    as_bytes = [one.encode(errors="replace") if isinstance(one, str) else one for one in (given, wanted)]
    return hmac.compare_digest(*as_bytes)


def kind_of(value: object, *, otherwise: str = "unknown") -> str:
    """The type of a message as it may stand in a log."""
    return value if isinstance(value, str) and _KIND.fullmatch(value) else otherwise


# Values


def json_object(body: bytes | str) -> Json:
    """A JSON object. Raises Invalid for anything else."""
    try:
        read = json.loads(body)
    except (ValueError, RecursionError):
        raise Invalid("The body is not JSON.") from None
    if not isinstance(read, dict):
        raise Invalid("The body is no JSON object.")
    return read


def part(values: Json, name: str) -> Json:
    """An object within an object. Raises Invalid."""
    found = values.get(name)
    if not isinstance(found, dict):
        raise Invalid(f"{name} is missing, or is no object.")
    return found


def text(values: Json, name: str, *, longest: int = LONGEST_TEXT) -> str:
    """A text that must be there. Raises Invalid."""
    found = text_if_any(values, name, longest=longest)
    if found is None:
        raise Invalid(f"{name} is missing.")
    return found


def text_if_any(values: Json, name: str, *, longest: int = LONGEST_TEXT) -> str | None:
    """A text without control signs, or None where it is empty or not there. Raises Invalid for anything else."""
    found = values.get(name)
    if found is None or found == "":
        return None
    if not isinstance(found, str) or len(found) > longest or CONTROL_SIGNS.search(found):
        raise Invalid(f"{name} is no text of up to {longest} signs.")
    return found


def instant_if_any(values: Json, name: str, *, otherwise: tzinfo | None = UTC) -> datetime | None:
    """An instant of ISO 8601; one without an offset is in the zone ``otherwise``: these systems mean UTC.

    Raises Invalid for anything else.
    """
    found = text_if_any(values, name)
    if found is None:
        return None
    try:
        read = datetime.fromisoformat(found)
    except ValueError:
        raise Invalid(f"{name} is no instant such as 2026-03-10T09:14:00Z.") from None
    return read if read.tzinfo else read.replace(tzinfo=otherwise)


@dataclass(frozen=True)
class Asked:
    """What the operator wrote into the query of the address that a system posts to, since no event says it.

    ``?line=support&direction=inbound&channels=customer,agent&language=en``: all of it may be left out. ``channels``
    names the party of each channel of a recording that has several.
    """

    line: str | None
    direction: Direction | None
    language: str | None
    party_of_channel: dict[int, Party]

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Asked:
        """Raises Invalid for words that do not fit."""
        try:
            direction = Direction(query["direction"]) if "direction" in query else None
            names = query["channels"].split(",") if "channels" in query else ()
            parties = {channel: Party(name.strip()) for channel, name in enumerate(names)}
        except ValueError:
            raise Invalid(
                "In the query, direction is inbound or outbound, and channels names the parties, such as "
                "customer,agent."
            ) from None
        return cls(text_if_any(query, "line"), direction, text_if_any(query, "language"), parties)

    def handover(
        self,
        sender: str,
        external_id: str,
        *,
        started_at: datetime | None,
        party_of_channel: dict[int, Party],
    ) -> Handover:
        """What is known of a call: by its event, and by what the operator wrote."""
        details = CallDetails(
            external_id=external_id,
            started_at=started_at,
            party_of_channel=party_of_channel,
            direction=self.direction,
            line=self.line,
            language=self.language,
        )
        return Handover(details, sender=sender)

    def channels(self, count: int) -> dict[int, Party]:
        """Who is on which of so many channels; nothing for a recording with one, in which all are mixed."""
        return {at: party for at, party in self.party_of_channel.items() if at < count} if count > 1 else {}
