"""Twilio's recording status callback.

Source: twilio.com/docs/voice/api/recording (RecordingStatusCallback), twilio.com/docs/usage/webhooks/webhooks-security.
The recording's address wants the account's name and token, and may answer 404 when the callback has just come. What
was answered with 503 comes again only where the address of the callback ends with, say, ``#rc=5&rp=all``
(twilio.com/docs/usage/webhooks/webhooks-connection-overrides).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qs, urlsplit

from worker.core.arrival import Announced, Handover
from worker.core.errors import Invalid
from worker.exchange.addresses import LONGEST_ADDRESS, PORTS
from worker.intake.vendors.delivered import (
    Asked,
    Delivered,
    Message,
    is_same,
    json_object,
    kind_of,
    refused,
    text,
    text_if_any,
)

NAME = "twilio"
HOSTS = ("twilio.com",)


@dataclass(frozen=True)
class Twilio:
    """Reads callbacks of one account; ``token`` is its auth token, which signs them and opens recordings."""

    account: str
    token: str = field(repr=False)

    def read(self, delivered: Delivered) -> Message:
        """A completed recording; its call is the parent leg's CallSid, however many legs or recordings there are."""
        values = self._values(delivered)
        if text_if_any(values, "AccountSid") not in (None, self.account):
            raise refused()
        status = kind_of(values.get("RecordingStatus"), otherwise="none")
        if status != "completed":
            return Message(f"recording.{status}")
        return Message("recording.completed", ((_announced(values), _handover(values, Asked.read(delivered.query))),))

    def headers(self) -> dict[str, str]:
        """What opens the account's recordings."""
        basic = base64.b64encode(f"{self.account}:{self.token}".encode()).decode()
        return {"Authorization": f"Basic {basic}"}

    def _values(self, delivered: Delivered) -> Mapping[str, object]:
        """The parameters, after their signature was checked. Raises NotAllowed."""
        given = delivered.headers.get("x-twilio-signature", "")
        hashed = delivered.query.get("bodySHA256")
        if hashed is not None:  # what is no form is signed by its hash in the address
            is_signed = is_same(hashed.lower(), hashlib.sha256(delivered.body).hexdigest())
            form: dict[str, list[str]] = {}
        else:
            is_signed, form = True, _form(delivered.body)
        signatures = (self._signature(url, form) for url in _spellings(delivered.url))
        if not (is_signed and any(is_same(given, one) for one in signatures)):
            raise refused()
        return json_object(delivered.body) if hashed is not None else {name: form[name][-1] for name in form}

    def _signature(self, url: str, form: Mapping[str, list[str]]) -> str:
        signed = url + "".join(name + value for name in sorted(form) for value in sorted(set(form[name])))
        return base64.b64encode(hmac.digest(self.token.encode(), signed.encode(), "sha1")).decode()


def _form(body: bytes) -> dict[str, list[str]]:
    try:
        return parse_qs(body.decode(), keep_blank_values=True, max_num_fields=200)
    except ValueError:
        raise refused() from None


def _spellings(url: str) -> tuple[str, ...]:
    """An address with its port and without it: which of them Twilio signs depends on its own version."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    with_port = parts._replace(netloc=f"{host}:{parts.port or PORTS.get(parts.scheme, 443)}")
    return url, parts._replace(netloc=host).geturl(), with_port.geturl()


def _announced(values: Mapping[str, object]) -> Announced:
    address = text(values, "RecordingUrl", longest=LONGEST_ADDRESS)
    name = text_if_any(values, "RecordingSid") or "recording"
    if address.endswith(name):  # at Twilio itself, where an ending chooses the form; else in a store of the customer's
        address += ".wav?RequestedChannels=2" if _channels(values) == 2 else ".wav"
    return Announced(address, f"{name}.wav", access=NAME)


def _handover(values: Mapping[str, object], asked: Asked) -> Handover:
    external_id = text_if_any(values, "CallSid") or text_if_any(values, "ConferenceSid")
    if external_id is None:
        raise Invalid("CallSid is missing.")
    return asked.handover(
        NAME, external_id, started_at=_started(values), party_of_channel=asked.channels(_channels(values))
    )


def _channels(values: Mapping[str, object]) -> int:
    return 2 if values.get("RecordingChannels") in ("2", 2) else 1


def _started(values: Mapping[str, object]) -> datetime | None:
    """An instant as mails have it (RFC 2822). One that cannot be read is no reason to lose a recording."""
    try:
        read = parsedate_to_datetime(text_if_any(values, "RecordingStartTime") or "")
    except (ValueError, OverflowError):
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)
