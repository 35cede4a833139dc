"""The signed webhook for every other system: Standard Webhooks, with the event ``recording.available``.

Source: github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md. Its ``data`` has the fields of
``POST /api/v1/calls`` with an address; whose secret signs, is the sender.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated

from pydantic import Field, ValidationError

from worker.core.arrival import Announced, Handover
from worker.core.errors import Invalid
from worker.exchange.addresses import LONGEST_ADDRESS
from worker.exchange.standard_webhooks import key_of, signature
from worker.intake.attach import FileKind, clean_name
from worker.intake.fields import CONTENT_HASH, CallFields, misfit_in
from worker.intake.vendors.delivered import (
    Arrival,
    Delivered,
    Json,
    Message,
    is_same,
    json_object,
    kind_of,
    part,
    refused,
)

NAME = "standard"
EVENT = "recording.available"
TOLERANCE = timedelta(minutes=5)


class RecordingAvailable(CallFields):
    """The ``data`` of the event. ``address`` is one of https, or of a bucket's object."""

    address: Annotated[str, Field(min_length=1, max_length=LONGEST_ADDRESS, pattern=r"^[!-~]+$")]
    content_hash: Annotated[str | None, Field(pattern=CONTENT_HASH)] = None


@dataclass(frozen=True)
class Standard:
    """Reads events that are signed with one of ``secrets``: pairs of a sender's name and a secret such as whsec_…

    A sender with two of them is changing one for the other. Raises Invalid for a secret that is none.
    """

    secrets: Sequence[tuple[str, str]] = field(repr=False)

    def __post_init__(self) -> None:
        try:
            for sender, secret in self.secrets:
                Handover(sender=sender)
                key_of(secret)
        except Invalid as error:
            raise Invalid(f"ONRECORD_INTAKE_SECRETS does not fit. {error.message}") from None

    def read(self, delivered: Delivered) -> Message:
        """A recording that is ready at its address."""
        sender = self._sender(delivered)
        event = json_object(delivered.body)
        kind = kind_of(event.get("type"))
        return Message(kind, (_arrival(part(event, "data"), sender),) if kind == EVENT else ())

    def _sender(self, delivered: Delivered) -> str:
        """Whose secret signs this. Raises NotAllowed if none does, or one did at another time."""
        name, seconds = (delivered.headers.get(f"webhook-{one}", "") for one in ("id", "timestamp"))
        given = delivered.headers.get("webhook-signature", "").split(" ")
        if not name or not (seconds.isascii() and seconds.isdigit() and len(seconds) <= 12):
            raise refused()
        if abs(delivered.at.timestamp() - int(seconds)) > TOLERANCE.total_seconds():
            raise refused()
        for sender, secret in self.secrets:
            wanted = signature(secret, name, seconds, delivered.body)
            if any(is_same(one, wanted) for one in given):
                return sender
        raise refused()


def read_secrets(listed: str) -> tuple[tuple[str, str], ...]:
    """Senders and their secrets from a list such as ``pbx=whsec_…,shop=whsec_…``. Raises Invalid for another list."""
    found = []
    for item in listed.split(","):
        sender, is_pair, secret = item.strip().partition("=")
        if not (is_pair and sender):
            raise Invalid("ONRECORD_INTAKE_SECRETS is a list of NAME=whsec_… apart by commas.")
        found.append((sender.strip(), secret))
    return tuple(found)


def _arrival(data: Json, sender: str) -> Arrival:
    try:
        said = RecordingAvailable.model_validate_json(json.dumps(data), strict=True)
    except ValidationError as error:
        raise Invalid(misfit_in(error, RecordingAvailable, whole="data")) from None
    name = clean_name(said.file_name or "", FileKind.RECORDING)
    announced = Announced(said.address, name, content_hash=said.content_hash)
    return announced, said.handover(sender)
