"""The record event of Vonage's Voice API.

Source: developer.vonage.com/en/voice/voice-api/webhook-reference (record), …/en/getting-started/concepts/webhooks
(decoding signed webhooks), …/en/voice/voice-api/ncco-reference (recording return parameters). The recording's address
wants a token that the application's private key signs.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey, RSAKey

from worker.core.arrival import Announced, Handover
from worker.core.errors import Invalid
from worker.exchange.addresses import LONGEST_ADDRESS
from worker.intake.vendors.delivered import (
    Asked,
    Delivered,
    Json,
    Message,
    instant_if_any,
    is_same,
    json_object,
    kind_of,
    refused,
    text,
    text_if_any,
)

NAME = "vonage"
HOSTS = ("nexmo.com", "vonage.com")
SHORTEST_SECRET = 14  # letters: below it joserfc calls a key weak, and Vonage's own have 16 and more
OLDEST = timedelta(hours=24)
"""A token may be as old as the last retry. One that comes again says nothing new, and does no harm."""
EARLY = timedelta(minutes=5)
TOKEN_LASTS = timedelta(minutes=10)


@dataclass(frozen=True)
class Vonage:
    """Reads events of one application. ``secret`` is the account's signature secret, ``private_key`` the application's
    own in PEM. Raises Invalid for a secret or a key that is none."""

    secret: str = field(repr=False)
    application: str
    private_key: str = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) < SHORTEST_SECRET:
            raise Invalid(f"ONRECORD_VONAGE_SECRET has {SHORTEST_SECRET} letters or more.")
        _ = self._key

    @cached_property
    def _key(self) -> RSAKey:
        try:
            key = RSAKey.import_key(self.private_key.replace("\\n", "\n"))
            is_private = key.is_private
        except (JoseError, ValueError, TypeError):
            is_private = False
        if not is_private:
            raise Invalid("ONRECORD_VONAGE_PRIVATE_KEY is no private RSA key in PEM.")
        return key

    def read(self, delivered: Delivered) -> Message:
        """A recording that is ready; its call is the conversation, of which every leg is a part."""
        self._check(delivered)
        values = json_object(delivered.body)
        if "recording_url" not in values:
            return Message(kind_of(values.get("status")))
        name = text_if_any(values, "recording_uuid") or "recording"
        announced = Announced(text(values, "recording_url", longest=LONGEST_ADDRESS), name, access=NAME)
        return Message("record", ((announced, _handover(values, Asked.read(delivered.query))),))

    def headers(self) -> dict[str, str]:
        """What opens the application's recordings, for the next minutes."""
        now = datetime.now(UTC)
        claims = {
            "application_id": self.application,
            "iat": int(now.timestamp()),
            "exp": int((now + TOKEN_LASTS).timestamp()),
            "jti": str(uuid.uuid4()),
        }
        return {"Authorization": f"Bearer {jwt.encode({'alg': 'RS256'}, claims, self._key)}"}

    def _check(self, delivered: Delivered) -> None:
        """Raises NotAllowed for a token that is not of this secret, or is for another body, time or application."""
        scheme, _, token = delivered.headers.get("authorization", "").partition(" ")
        try:
            claims = jwt.decode(token.strip(), OctKey.import_key(self.secret), algorithms=["HS256"]).claims
            issued_at = datetime.fromtimestamp(claims["iat"], UTC)
            ends_at = datetime.fromtimestamp(claims["exp"], UTC) if "exp" in claims else None
            hashed = claims["payload_hash"]
        except (JoseError, KeyError, TypeError, ValueError, OverflowError, OSError):
            raise refused() from None
        is_in_time = delivered.at - OLDEST <= issued_at <= delivered.at + EARLY
        is_ours = claims.get("application_id", self.application) == self.application
        is_over = ends_at is not None and ends_at < delivered.at
        is_for_this = isinstance(hashed, str) and any(is_same(hashed.lower(), one) for one in _hashes(delivered.body))
        if scheme.lower() != "bearer" or not (is_in_time and is_ours and is_for_this) or is_over:
            raise refused()


def _hashes(body: bytes) -> list[str]:
    """The hash of the body, and that of its JSON without white space, of which the documentation speaks."""
    found = [hashlib.sha256(body).hexdigest()]
    try:
        compact = json.dumps(json.loads(body), separators=(",", ":"), ensure_ascii=False)
        found.append(hashlib.sha256(compact.encode()).hexdigest())
    except (ValueError, RecursionError):
        pass
    return found


def _handover(values: Json, asked: Asked) -> Handover:
    channels = values.get("channels")
    return asked.handover(
        NAME,
        text(values, "conversation_uuid"),
        started_at=instant_if_any(values, "start_time"),
        party_of_channel=asked.channels(channels if type(channels) is int else len(asked.party_of_channel)),
    )
