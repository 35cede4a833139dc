"""Signatures of Standard Webhooks 1.0: the one way in which messages to other systems prove who sent them.

Source: github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md, signature scheme v1 (HMAC-SHA256).
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets as randomness
from collections.abc import Sequence
from datetime import datetime

from worker.core.errors import Invalid

PREFIX = "whsec_"
SHORTEST_KEY_BYTES, KEY_BYTES, LONGEST_KEY_BYTES = 24, 32, 64


def new_secret() -> str:
    """A new secret, as whoever receives the messages is given it."""
    return PREFIX + base64.b64encode(randomness.token_bytes(KEY_BYTES)).decode()


def key_of(secret: str) -> bytes:
    """The key that a secret carries: 24 to 64 bytes. Raises Invalid, without repeating it, for what is no secret."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not SHORTEST_KEY_BYTES <= len(key) <= LONGEST_KEY_BYTES:
        raise Invalid("This is no secret of 24 to 64 bytes such as whsec_ and their base64.")
    return key


def signature(secret: str, message_id: str, seconds: str, body: bytes) -> str:
    """One signature of a message, with the name of its scheme; ``seconds`` is its instant since 1970, as a number."""
    signed = b".".join((message_id.encode(), seconds.encode(), body))
    return f"v1,{base64.b64encode(hmac.digest(key_of(secret), signed, 'sha256')).decode()}"


def signed_headers(message_id: str, at: datetime, body: bytes, secrets: Sequence[str]) -> dict[str, str]:
    """The headers of a message. With several secrets, as while one takes the place of another, each signs it."""
    seconds = str(int(at.timestamp()))
    return {
        "webhook-id": message_id,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(signature(secret, message_id, seconds, body) for secret in secrets),
    }
