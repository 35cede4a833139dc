"""Vonage's record event, as developer.vonage.com/en/voice/voice-api/webhook-reference and
…/en/getting-started/concepts/webhooks (decoding signed webhooks) document it."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from worker.core.call import Party
from worker.core.errors import Invalid, NotAllowed
from worker.intake.vendors.delivered import Delivered
from worker.intake.vendors.vonage import Vonage

SECRET = "a1b2c3d4e5f6a7b8c9d0e1f2"
APPLICATION = "aaaaaaaa-bbbb-cccc-dddd-0123456789ab"
URL = "https://records.example/intake/vonage"
AT = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
EVENT = {
    "start_time": "2026-03-10T09:14:00Z",
    "recording_url": "https://api.nexmo.com/v1/files/aaaaaaaa-bbbb-cccc-dddd-0123456789ab",
    "size": 12345,
    "recording_uuid": "aaaaaaaa-bbbb-cccc-dddd-0123456789ab",
    "end_time": "2026-03-10T09:15:00Z",
    "conversation_uuid": "CON-bbbbbbbb-cccc-dddd-eeee-0123456789ab",
    "timestamp": "2026-03-10T09:15:01.000Z",
}
KEY = RSAKey.generate_key(2048)


@pytest.fixture(scope="module")
def vonage() -> Vonage:
    return Vonage(SECRET, APPLICATION, KEY.as_pem(private=True).decode())


def claims_for(body: bytes, **others: Any) -> dict[str, Any]:
    """The claims of the documentation's sample."""
    return {
        "iat": int(AT.timestamp()),
        "jti": "c5ba8f24-1a14-4c10-bfdf-3fbe8ce511b5",
        "iss": "Vonage",
        "payload_hash": hashlib.sha256(body).hexdigest(),
        "api_key": "a1b2c3d",
        "application_id": APPLICATION,
        **others,
    }


def token(claims: dict[str, Any], *, secret: str = SECRET) -> str:
    return jwt.encode({"alg": "HS256", "typ": "JWT"}, claims, OctKey.import_key(secret))


def delivered(event: object, *, url: str = URL, signed: str | None = None, at: datetime = AT) -> Delivered:
    body = event if isinstance(event, bytes) else json.dumps(event, separators=(",", ":")).encode()
    signed = token(claims_for(body)) if signed is None else signed
    return Delivered(url, {"authorization": f"Bearer {signed}"}, body, at)


def test_a_recording_is_announced_under_its_conversation(vonage: Vonage) -> None:
    message = vonage.read(delivered(EVENT))
    ((announced, handover),) = message.arrivals
    assert message.kind == "record"
    assert (announced.address, announced.access) == (EVENT["recording_url"], "vonage")
    assert handover.details.external_id == EVENT["conversation_uuid"]
    assert handover.details.started_at == datetime(2026, 3, 10, 9, 14, tzinfo=UTC)
    assert (handover.sender, handover.details.party_of_channel) == ("vonage", {})


def test_who_is_on_which_channel_is_said_in_the_address_alone(vonage: Vonage) -> None:
    url = f"{URL}?channels=customer,agent"
    for event, parties in ((EVENT, 2), ({**EVENT, "channels": 2}, 2), ({**EVENT, "channels": 1}, 0)):
        ((_, handover),) = vonage.read(delivered(event, url=url)).arrivals
        assert len(handover.details.party_of_channel) == parties
    ((_, handover),) = vonage.read(delivered(EVENT, url=url)).arrivals
    assert handover.details.party_of_channel == {0: Party.CUSTOMER, 1: Party.AGENT}


def test_both_recordings_of_one_conversation_are_of_one_call(vonage: Vonage) -> None:
    later = {**EVENT, "recording_url": f"{EVENT['recording_url']}2", "recording_uuid": "second"}
    ids = {vonage.read(delivered(event)).arrivals[0][1].details.external_id for event in (EVENT, later)}
    assert ids == {EVENT["conversation_uuid"]}


@pytest.mark.parametrize("status", ["started", "ringing", "answered", "completed", "transfer"])
def test_other_events_of_a_call_are_let_be(vonage: Vonage, status: str) -> None:
    event = {"status": status, "uuid": "u", "conversation_uuid": "CON-1", "timestamp": "2026-03-10T09:15:00Z"}
    message = vonage.read(delivered(event))
    assert (message.kind, message.arrivals) == (status, ())


def test_white_space_of_the_body_is_not_signed(vonage: Vonage) -> None:
    """Hashed is, so the documentation, the JSON without it."""
    compact = json.dumps(EVENT, separators=(",", ":")).encode()
    signed = token(claims_for(compact))
    assert vonage.read(delivered(json.dumps(EVENT, indent=2).encode(), signed=signed)).arrivals


@pytest.mark.parametrize(
    "others",
    [
        {"payload_hash": "0" * 64},
        {"payload_hash": None},
        {"application_id": "another"},
        {"iat": int((AT - timedelta(days=2)).timestamp())},
        {"iat": int((AT + timedelta(hours=1)).timestamp())},
        {"iat": "now"},
        {"exp": int((AT - timedelta(seconds=1)).timestamp())},
        {"exp": 10**30},
    ],
    ids=str,
)
def test_a_token_of_another_body_time_or_application_is_refused(vonage: Vonage, others: dict[str, Any]) -> None:
    body = json.dumps(EVENT).encode()
    with pytest.raises(NotAllowed):
        vonage.read(delivered(body, signed=token(claims_for(body, **others))))


def test_a_token_without_a_hash_of_the_body_is_refused(vonage: Vonage) -> None:
    claims = claims_for(b"")
    del claims["payload_hash"]
    with pytest.raises(NotAllowed):
        vonage.read(delivered(EVENT, signed=token(claims)))


def test_a_token_of_another_secret_or_kind_is_refused(vonage: Vonage) -> None:
    body = json.dumps(EVENT, separators=(",", ":")).encode()
    others = [
        "",
        "nonsense",
        token(claims_for(body), secret="another-secret-of-24-bytes"),
        jwt.encode({"alg": "RS256"}, claims_for(body), KEY),
        "eyJhbGciOiJub25lIn0.eyJpYXQiOjF9.",
    ]
    for other in others:
        with pytest.raises(NotAllowed):
            vonage.read(delivered(EVENT, signed=other))
    with pytest.raises(NotAllowed):
        vonage.read(Delivered(URL, {"authorization": f"Basic {token(claims_for(body))}"}, body, AT))
    with pytest.raises(NotAllowed):
        vonage.read(Delivered(URL, {}, body, AT))


@pytest.mark.parametrize("missing", ["conversation_uuid"])
def test_a_signed_event_that_lacks_what_is_needed_says_so(vonage: Vonage, missing: str) -> None:
    with pytest.raises(Invalid, match=missing):
        vonage.read(delivered({name: value for name, value in EVENT.items() if name != missing}))


def test_recordings_open_with_a_token_that_the_application_s_key_signs(vonage: Vonage) -> None:
    signed = vonage.headers()["Authorization"].removeprefix("Bearer ")
    claims = jwt.decode(signed, RSAKey.import_key(KEY.as_pem(private=False)), algorithms=["RS256"]).claims
    assert claims["application_id"] == APPLICATION
    assert 0 < claims["exp"] - claims["iat"] <= 900
    assert vonage.headers() != vonage.headers(), "each token is another"
    assert SECRET not in repr(vonage)


@pytest.mark.parametrize(
    ("secret", "key"),
    [("short", KEY.as_pem(private=True).decode()), (SECRET, "no key"), (SECRET, KEY.as_pem(private=False).decode())],
    ids=["short secret", "no key", "public key"],
)
def test_settings_that_are_none_are_refused_at_the_start(secret: str, key: str) -> None:
    with pytest.raises(Invalid, match="ONRECORD_VONAGE"):
        Vonage(secret, APPLICATION, key)


def test_a_key_on_one_line_is_a_key_too() -> None:
    assert Vonage(SECRET, APPLICATION, KEY.as_pem(private=True).decode().replace("\n", "\\n")).headers()
