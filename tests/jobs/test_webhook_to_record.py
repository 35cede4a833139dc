"""From a vendor's webhook to the record: a real server stands for the vendor, which answers 404 when it has just called
back, wants its credentials, and leads on to another host."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
from datetime import timedelta
from urllib.parse import urlencode

import pytest

from tests.outside_servers import Serving, certified_in, said, serving
from worker.core.arrival import FETCH
from worker.exchange.addresses import Allowed
from worker.exchange.outside import Outside
from worker.intake.accept import Intake
from worker.intake.fetching import Access, RecordingFetcher, Sources
from worker.intake.vendors.delivered import Delivered
from worker.intake.vendors.taking import Vendors
from worker.intake.vendors.twilio import Twilio
from worker.record.standing import CallState
from worker.stages import STAGES

ACCOUNT, TOKEN = "AC" + "1" * 32, "t" * 32
URL = "https://records.example/intake/twilio?line=support&channels=agent,customer"
TWILIO = Twilio(ACCOUNT, TOKEN)


@pytest.fixture(scope="module")
def certified(tmp_path_factory):
    return certified_in(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def vendor(certified):
    with serving(certified.server) as server:
        yield server


@pytest.fixture
def fetcher(certified) -> RecordingFetcher:
    here = Allowed(networks=(ipaddress.ip_network("127.0.0.0/8"),))
    outside = Outside(here, resolve=lambda *_: ["127.0.0.1"], tls=certified.client)
    access = {"twilio": Access(("api.sounds.example",), TWILIO.headers)}
    return RecordingFetcher(outside, Sources(here), largest=10_000_000, access=access)


def deliver(installation, vendor: Serving, recording: str) -> str:
    values = {
        "AccountSid": ACCOUNT,
        "CallSid": "CA1",
        "RecordingSid": recording,
        "RecordingUrl": vendor.address(f"/{recording}", host="api.sounds.example"),
        "RecordingStatus": "completed",
        "RecordingChannels": "2",
    }
    signed = URL + "".join(f"{name}{values[name]}" for name in sorted(values))
    signature = base64.b64encode(hmac.new(TOKEN.encode(), signed.encode(), hashlib.sha1).digest()).decode()
    delivered = Delivered(URL, {"x-twilio-signature": signature}, urlencode(values).encode(), installation.store.now())
    intake = Intake(installation.store, installation.sounds, installation.queue)
    Vendors({"twilio": TWILIO}).take("twilio", delivered, intake)
    (call,) = installation.store.calls(limit=10)
    return call.id


def test_a_recording_that_a_webhook_announced_becomes_a_record(installation, recording, vendor, fetcher):
    vendor.answers["/RE1.wav"] = said(404)
    call_id = deliver(installation, vendor, "RE1")
    clock = [installation.store.now()]
    work = installation.work(fetcher=lambda: fetcher, clock=lambda: clock[0])
    work.run(call_id, FETCH)
    waits = installation.store.call(call_id).standing
    assert (waits.state, waits.reason) == (CallState.WAITING, "NotThereYet")

    vendor.answers["/RE1.wav"] = said(307, Location=vendor.address("/media", host="media.sounds.example"))
    vendor.answers["/media"] = said(200, recording.read_bytes())
    assert deliver(installation, vendor, "RE1") == call_id, "the callback comes again"
    clock[0] += timedelta(minutes=1)
    work.run(call_id, FETCH)
    for stage in STAGES:
        work.run(call_id, stage.name)
    record = installation.store.record(call_id)
    assert record.recording.sha256 == hashlib.sha256(recording.read_bytes()).hexdigest()
    asked = [(seen.path, seen.headers.get("authorization", "none").partition(" ")[0]) for seen in vendor.seen]
    wanted = "/RE1.wav?RequestedChannels=2"
    assert asked == [(wanted, "Basic"), (wanted, "Basic"), ("/media", "none")]


def test_recordings_of_a_call_that_was_handed_on_become_one_record(installation, recording, vendor, fetcher):
    content = recording.read_bytes()
    for number in (1, 2):
        vendor.answers[f"/RE{number}.wav"] = said(200, content[:-200] if number == 2 else content)
        call_id = deliver(installation, vendor, f"RE{number}")
    work = installation.work(fetcher=lambda: fetcher)
    work.run(call_id, FETCH)
    for stage in STAGES:
        work.run(call_id, stage.name)
    call = installation.store.call(call_id)
    assert call.standing.state is CallState.READY
    assert len(call.legs) == 2
    assert len(installation.store.calls(limit=10)) == 1
