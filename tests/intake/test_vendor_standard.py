"""The signed webhook for everybody else: signed by the library of Standard Webhooks, read by us."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook

from worker.core.arrival import Priority
from worker.core.call import Direction, LawfulBasis, Party
from worker.core.errors import Invalid, NotAllowed
from worker.intake.vendors.delivered import Delivered
from worker.intake.vendors.standard import Standard, read_secrets

PBX, SHOP, NEXT = (f"whsec_{base64.b64encode(bytes([n] * 32)).decode()}" for n in (1, 2, 3))
STANDARD = Standard(read_secrets(f"pbx={PBX}, shop={SHOP},pbx={NEXT}"))
AT = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
DATA = {
    "address": "https://pbx.example/recordings/4711.wav?token=abc",
    "file_name": "../4711.wav",
    "content_hash": "sha256-47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU",
    "external_id": "4711",
    "agent": "Mina",
    "customer": "Maria Ortega",
    "customer_address": "+49 30 123456",
    "started_at": "2026-03-10T10:14:00",
    "zone": "Europe/Berlin",
    "direction": "inbound",
    "line": "support",
    "language": "en",
    "lawful_basis": "contract",
    "notice_given": True,
    "continues": "4710",
    "parties": {"0": "agent", "1": "customer"},
    "legs": 2,
    "priority": "bulk",
}
EVENT = {"type": "recording.available", "timestamp": "2026-03-10T09:30:00Z", "data": DATA}


def delivered(event: object, *, secret: str = PBX, signed_at: datetime = AT, at: datetime = AT) -> Delivered:
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(signed_at.timestamp())),
        "webhook-signature": Webhook(secret).sign("msg_1", signed_at, body.decode()),
    }
    return Delivered("https://records.example/intake/standard", headers, body, at)


def test_a_recording_is_announced_with_all_that_is_said_of_it() -> None:
    message = STANDARD.read(delivered(EVENT))
    ((announced, handover),) = message.arrivals
    details = handover.details
    assert message.kind == "recording.available"
    assert (announced.address, announced.content_hash) == (DATA["address"], DATA["content_hash"])
    assert announced.file_name == "4711.wav"
    assert (handover.sender, handover.legs, handover.priority) == ("pbx", 2, Priority.BULK)
    assert details.external_id == "4711"
    assert details.started_at == datetime(2026, 3, 10, 9, 14, tzinfo=UTC)
    assert details.party_of_channel == {0: Party.AGENT, 1: Party.CUSTOMER}
    assert (details.direction, details.lawful_basis) == (Direction.INBOUND, LawfulBasis.CONTRACT)
    assert (details.notice_given, details.continues, details.line) == (True, "4710", "support")
    assert details.customer_address == "+4930123456"


def test_an_address_alone_is_enough() -> None:
    ((announced, handover),) = STANDARD.read(delivered({**EVENT, "data": {"address": "https://a.example/"}})).arrivals
    assert announced.address == "https://a.example/"
    assert (handover.legs, handover.priority) == (None, Priority.NORMAL)
    assert handover.details.external_id is None


def test_the_sender_is_whose_secret_signs_while_one_secret_takes_the_place_of_another() -> None:
    senders = [STANDARD.read(delivered(EVENT, secret=secret)).arrivals[0][1].sender for secret in (PBX, SHOP, NEXT)]
    assert senders == ["pbx", "shop", "pbx"]


def test_one_right_signature_among_several_is_enough() -> None:
    sent = delivered(EVENT)
    several = {**sent.headers, "webhook-signature": f"v1,x v1a,y {sent.headers['webhook-signature']}"}
    assert STANDARD.read(Delivered(sent.url, several, sent.body, AT)).arrivals


def test_other_events_are_let_be() -> None:
    message = STANDARD.read(delivered({"type": "call.ended", "data": 1}))
    assert (message.kind, message.arrivals) == ("call.ended", ())
    assert STANDARD.read(delivered({"type": "a\nforged line"})).kind == "unknown"


@pytest.mark.parametrize("minutes", [-6, 6, 60 * 24 * 400])
def test_what_was_signed_at_another_time_is_refused(minutes: int) -> None:
    with pytest.raises(NotAllowed):
        STANDARD.read(delivered(EVENT, at=AT + timedelta(minutes=minutes)))


@pytest.mark.parametrize(
    "headers",
    [
        {"webhook-signature": ""},
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": "v1,é"},
        {"webhook-id": "msg_2"},
        {"webhook-id": ""},
        {"webhook-timestamp": "now"},
        {"webhook-timestamp": "²"},
        {"webhook-timestamp": "9" * 5000},
    ],
    ids=str,
)
def test_what_is_not_signed_is_refused(headers: dict[str, str]) -> None:
    sent = delivered(EVENT)
    with pytest.raises(NotAllowed):
        STANDARD.read(Delivered(sent.url, {**sent.headers, **headers}, sent.body, AT))
    with pytest.raises(NotAllowed):
        STANDARD.read(Delivered(sent.url, sent.headers, sent.body + b" ", AT))
    with pytest.raises(NotAllowed):
        STANDARD.read(Delivered(sent.url, {}, sent.body, AT))


@pytest.mark.parametrize(
    "others",
    [
        {"address": None},
        {"address": 7},
        {"address": "https://a.example/" + "a" * 5000},
        {"address": "https://a.example/\u0000"},
        {"external_id": "\ud800"},
        {"external_id": "x" * 256},
        {"started_at": "2026-03-10T10:14:00", "zone": None},
        {"started_at": "soon"},
        {"started_at": "0001-01-01T00:00:00+00:00"},
        {"started_at": "9999-12-31T23:59:59+00:00"},
        {"zone": "Nowhere/Town"},
        {"direction": "sideways"},
        {"direction": []},
        {"lawful_basis": "because"},
        {"notice_given": "yes"},
        {"parties": {"x": "agent"}},
        {"parties": {"-1": "agent"}},
        {"parties": {"²": "agent"}},
        {"parties": {"0": "boss"}},
        {"parties": ["agent"]},
        {"legs": "two"},
        {"legs": True},
        {"legs": 51},
        {"priority": "now"},
        {"language": "English"},
        {"customer_address": "nobody"},
    ],
    ids=str,
)
def test_a_signed_event_that_does_not_fit_is_said_not_to(others: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        STANDARD.read(delivered({**EVENT, "data": {**DATA, **others}}))


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"type":"recording.available"}', b"[" * 20_000, b"NaN"])
def test_a_signed_body_that_is_no_event_is_said_to_be_none(body: bytes) -> None:
    with pytest.raises(Invalid):
        STANDARD.read(delivered(body))


@pytest.mark.parametrize("listed", ["whsec_AAAA", "=whsec_AAAA", "pbx=whsec_AAAA", f"{'p' * 65}={PBX}", f"a\tb={PBX}"])
def test_secrets_that_are_none_are_refused_at_the_start(listed: str) -> None:
    with pytest.raises(Invalid, match="ONRECORD_INTAKE_SECRETS") as caught:
        Standard(read_secrets(listed))
    assert "AAAA" not in caught.value.message
