"""Webhooks as they are delivered: from elsewhere, twice, out of order, forged, and when there is no room."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlencode

import httpx2 as httpx
import pytest
from standardwebhooks import Webhook
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from tests.intake.test_vendor_connect import API_KEY, AT, CERTIFICATE, CONFIRM_URL, CONFIRMATION, TOPIC, created, signed
from tests.web.conftest import NOW, Site
from worker.core.errors import Unavailable
from worker.exchange.outside import Outside
from worker.intake.limits import Limits
from worker.intake.vendors.connect import Connect
from worker.intake.vendors.genesys import Genesys
from worker.intake.vendors.standard import Standard
from worker.intake.vendors.taking import Vendors
from worker.intake.vendors.twilio import Twilio
from worker.web.app import create_app

PUBLIC_URL = "https://records.example"
ACCOUNT, TOKEN = "AC" + "1" * 32, "5ccf0f0c2b3e4d5f6a7b8c9d0e1f2a3b"
SECRET = f"whsec_{base64.b64encode(b'1' * 32).decode()}"
GENESYS = "a-secret-token-of-the-integration"
CALL = "CA" + "2" * 32


@dataclass
class Visited:
    """Stands for the outside: what was fetched from it."""

    addresses: list[str] = field(default_factory=list)
    is_down: bool = False

    def fetch(self, address: str, to: BinaryIO, *, largest: int) -> int:
        assert largest <= 100_000
        if self.is_down:
            raise Unavailable
        self.addresses.append(address)
        return to.write(b"<ConfirmSubscriptionResponse/>")


@dataclass
class Delivering:
    """Systems that deliver webhooks to a site, as no browser does."""

    site: Site
    client: TestClient
    visited: Visited

    def twilio(self, recording: str = "RE1", *, query: str = "", forged: bool = False, **others: str) -> httpx.Response:
        values = {
            "AccountSid": ACCOUNT,
            "CallSid": CALL,
            "RecordingSid": recording,
            "RecordingUrl": f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Recordings/{recording}",
            "RecordingStatus": "completed",
            "RecordingChannels": "2",
            "RecordingStartTime": "Tue, 10 Mar 2026 09:14:00 +0000",
            **others,
        }
        url = f"{PUBLIC_URL}/intake/twilio{query}" + "".join(f"{name}{values[name]}" for name in sorted(values))
        token = "forged" if forged else TOKEN
        given = base64.b64encode(hmac.new(token.encode(), url.encode(), hashlib.sha1).digest()).decode()
        return self.post("twilio", urlencode(values).encode(), {"X-Twilio-Signature": given}, query=query)

    def standard(self, event: object) -> httpx.Response:
        body = json.dumps(event).encode()
        headers = {
            "webhook-id": "msg_1",
            "webhook-timestamp": str(int(NOW.timestamp())),
            "webhook-signature": Webhook(SECRET).sign("msg_1", NOW, body.decode()),
        }
        return self.post("standard", body, headers)

    def post(self, vendor: str, body: bytes, headers: dict[str, str], *, query: str = "") -> httpx.Response:
        return self.client.post(f"/intake/{vendor}{query}", content=body, headers=headers)

    def calls(self) -> list[Any]:
        return list(self.site.store.calls(limit=100))


@pytest.fixture
def delivering(site: Site) -> Iterator[Delivering]:
    visited = Visited()
    vendors = Vendors(
        {
            "twilio": Twilio(ACCOUNT, TOKEN),
            "connect": Connect(frozenset({TOPIC}), API_KEY, lambda _: CERTIFICATE),
            "genesys": Genesys(GENESYS),
            "standard": Standard([("pbx", SECRET)]),
        },
        visited,  # type: ignore[arg-type]  # an outside of this test
    )
    site.parts = replace(site.parts, base_url=PUBLIC_URL, vendors=vendors)
    # What a proxy calls this host is another name than that of the address which was signed.
    with TestClient(create_app(site.parts), base_url="http://web-2.internal:8000") as client:
        yield Delivering(site, client, visited)


# What is accepted


def test_a_recording_that_is_announced_is_a_call_whose_bytes_are_fetched(delivering: Delivering) -> None:
    query = "?line=support&channels=customer,agent"
    assert delivering.twilio(query=query).status_code == 204
    (call,) = delivering.calls()
    assert (call.sender, call.details.external_id, call.details.line) == ("twilio", CALL, "support")
    ((leg, announced),) = delivering.site.store.announced(call.id)
    assert (leg, announced.access) == (1, "twilio")
    assert announced.address.endswith("/Recordings/RE1.wav?RequestedChannels=2")
    assert delivering.site.store.waiting("fetch", now=delivering.site.now, limit=10) == (call.id,)


def test_what_is_delivered_twice_is_one_recording(delivering: Delivering) -> None:
    for _ in range(3):
        assert delivering.twilio().status_code == 204
    (call,) = delivering.calls()
    assert len(delivering.site.store.announced(call.id)) == 1


def test_recordings_of_one_call_are_its_legs_in_whatever_order_they_come(delivering: Delivering) -> None:
    later = "Tue, 10 Mar 2026 09:20:00 +0000"
    for recording, started in (("RE2", later), ("RE1", "Tue, 10 Mar 2026 09:14:00 +0000"), ("RE2", later)):
        assert delivering.twilio(recording, RecordingStartTime=started).status_code == 204
    (call,) = delivering.calls()
    assert len(call.legs) == 2
    assert len(delivering.site.store.announced(call.id)) == 2


def test_the_same_id_of_two_systems_is_two_calls(delivering: Delivering) -> None:
    delivering.twilio()
    data = {"address": "https://pbx.example/1.wav", "external_id": CALL}
    assert delivering.standard({"type": "recording.available", "data": data}).status_code == 204
    assert sorted(call.sender for call in delivering.calls()) == ["pbx", "twilio"]


def test_the_bucket_of_connect_announces_by_its_key(delivering: Delivering) -> None:
    answer = delivering.post("connect", json.dumps(created()).encode(), {"x-api-key": API_KEY})
    assert answer.status_code == 204
    (call,) = delivering.calls()
    ((_, announced),) = delivering.site.store.announced(call.id)
    assert announced.address.startswith("s3://amazon-connect-calls/connect/")


def test_a_subscription_is_confirmed_by_visiting_the_address_of_sns(delivering: Delivering) -> None:
    delivering.site.now = AT
    body = json.dumps(signed(CONFIRMATION)).encode()
    assert delivering.post("connect", body, {}).status_code == 204
    assert delivering.visited.addresses == [CONFIRM_URL]
    delivering.visited.is_down = True
    assert delivering.post("connect", body, {}).status_code == 503, "SNS sends it again"
    assert delivering.calls() == []


# What is not


def test_what_is_not_signed_is_refused_alike_and_nothing_is_kept(delivering: Delivering) -> None:
    answers = [
        delivering.twilio(forged=True),
        delivering.twilio(query="?line=support", forged=True),
        delivering.post("twilio", b"", {}),
        delivering.post("connect", json.dumps(created()).encode(), {"x-api-key": "another"}),
        delivering.post("connect", b"{}", {}),
        delivering.post("genesys", b"{}", {"x-hub-signature-256": "sha256=abc"}),
        delivering.post("standard", b"{}", {"webhook-id": "1"}),
    ]
    assert {answer.status_code for answer in answers} == {403}
    assert len({answer.text for answer in answers}) == 1, "nobody learns what was wrong"
    assert delivering.calls() == []


def test_a_system_that_is_not_set_up_is_not_there(delivering: Delivering) -> None:
    assert delivering.post("vonage", b"{}", {}).status_code == 404
    assert delivering.post("../twilio", b"{}", {}).status_code == 404
    assert delivering.client.get("/intake/twilio").status_code == 405


def test_events_of_other_kinds_are_let_be_and_named_in_the_log(delivering: Delivering) -> None:
    with capture_logs() as logs:
        assert delivering.twilio(RecordingStatus="in-progress").status_code == 204
        assert delivering.standard({"type": "call.ended", "data": {"customer": "Maria"}}).status_code == 204
    named = [(entry["vendor"], entry["kind"]) for entry in logs if entry["event"] == "webhook.ignored"]
    assert named == [("twilio", "recording.in-progress"), ("standard", "call.ended")]
    assert delivering.calls() == []


def test_no_log_line_has_an_address_a_name_or_a_secret(delivering: Delivering) -> None:
    data = {"address": "https://pbx.example/1.wav?token=t0p", "external_id": "4711", "customer": "Maria Ortega"}
    with capture_logs() as logs:
        delivering.standard({"type": "recording.available", "data": data})
        delivering.standard({"type": "recording.available", "data": {**data, "started_at": "Maria"}})
        delivering.twilio()
        delivering.twilio(forged=True)
    written = json.dumps(logs, default=str)
    for secret in ("t0p", "pbx.example", "Maria", "4711", TOKEN, SECRET, CALL):
        assert secret not in written


@pytest.mark.parametrize(
    "data", [{}, {"address": 1}, {"address": "https://a.example/", "started_at": "Maria"}], ids=str
)
def test_what_is_signed_and_does_not_fit_is_said_not_to(delivering: Delivering, data: dict[str, object]) -> None:
    answer = delivering.standard({"type": "recording.available", "data": data})
    assert answer.status_code == 422
    assert "Maria" not in answer.text
    assert delivering.calls() == []


def test_a_body_that_is_too_long_is_not_read(delivering: Delivering) -> None:
    assert delivering.post("standard", bytes(2_000_000), {}).status_code == 413


def test_without_room_nothing_is_accepted_and_it_is_to_be_sent_again(delivering: Delivering, tmp_path: Path) -> None:
    site = delivering.site
    full = replace(site.parts, limits=Limits(free_bytes=10**18, folders=(tmp_path,)))
    with TestClient(create_app(full)) as delivering.client:
        answer = delivering.twilio()
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert delivering.calls() == []


def test_a_browser_s_session_is_no_part_of_it(delivering: Delivering) -> None:
    """A webhook has no cookie; one that is sent along by a page from elsewhere changes nothing."""
    delivering.client.headers["sec-fetch-site"] = "cross-site"
    delivering.client.cookies.set(delivering.site.parts.access.cookie, "made-up")
    answer = delivering.twilio()
    assert answer.status_code == 204
    assert "set-cookie" not in answer.headers


def test_by_default_no_webhook_is_taken() -> None:
    assert Vendors().by_name == {}
    assert Outside().allowed.networks == ()
