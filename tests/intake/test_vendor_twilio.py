"""Twilio's recording status callback, as twilio.com/docs/voice/api/recording and …/usage/webhooks/webhooks-security
document it: what is signed, what is announced, and what is let be."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest

from worker.core.call import Direction, Party
from worker.core.errors import Invalid, NotAllowed
from worker.intake.vendors.delivered import Delivered
from worker.intake.vendors.twilio import Twilio

ACCOUNT, TOKEN = "AC" + "1" * 32, "5ccf0f0c2b3e4d5f6a7b8c9d0e1f2a3b"
URL = "https://records.example/intake/twilio"
AT = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
CALL = "CA" + "2" * 32
RECORDING = "RE" + "3" * 32
ADDRESS = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Recordings/{RECORDING}"
CALLBACK = {
    "AccountSid": ACCOUNT,
    "CallSid": CALL,
    "RecordingSid": RECORDING,
    "RecordingUrl": ADDRESS,
    "RecordingStatus": "completed",
    "RecordingDuration": "62",
    "RecordingChannels": "2",
    "RecordingStartTime": "Tue, 10 Mar 2026 09:14:00 +0000",
    "RecordingSource": "DialVerb",
    "RecordingTrack": "both",
    "ErrorCode": "0",
}
TWILIO = Twilio(ACCOUNT, TOKEN)


def signature(url: str, values: dict[str, str], token: str = TOKEN) -> str:
    signed = url + "".join(f"{name}{values[name]}" for name in sorted(values))
    return base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()).decode()


def delivered(values: dict[str, str], *, url: str = URL, signed: str | None = None) -> Delivered:
    signed = signature(url, values) if signed is None else signed
    return Delivered(url, {"x-twilio-signature": signed}, urlencode(values).encode(), AT)


def test_the_signature_is_that_of_the_documentation() -> None:
    """The example of "Validating signatures from Twilio": its token is 12345."""
    values = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+12349013030",
        "Digits": "1234",
        "From": "+12349013030",
        "To": "+18005551212",
    }
    documented = "0/KCTR6DLpKmkAf8muzZqo1nDgQ="
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    message = Twilio(ACCOUNT, "12345").read(delivered(values, url=url, signed=documented))
    assert message.arrivals == (), "it is no recording"
    with pytest.raises(NotAllowed):
        Twilio(ACCOUNT, "12346").read(delivered(values, url=url, signed=documented))


def test_a_completed_recording_is_announced_under_its_call() -> None:
    message = TWILIO.read(delivered(CALLBACK))
    ((announced, handover),) = message.arrivals
    assert message.kind == "recording.completed"
    assert announced.address == f"{ADDRESS}.wav?RequestedChannels=2", "both channels have to be asked for"
    assert (announced.file_name, announced.access) == (f"{RECORDING}.wav", "twilio")
    assert handover.details.external_id == CALL
    assert handover.details.started_at == datetime(2026, 3, 10, 9, 14, tzinfo=UTC)
    assert handover.sender == "twilio"
    assert handover.details.party_of_channel == {}, "who is on which channel is not guessed"


def test_the_query_of_the_address_says_what_no_callback_does() -> None:
    url = f"{URL}?line=support&direction=inbound&channels=customer,agent&language=en"
    ((_, handover),) = TWILIO.read(delivered(CALLBACK, url=url)).arrivals
    assert handover.details.party_of_channel == {0: Party.CUSTOMER, 1: Party.AGENT}
    assert handover.details.direction is Direction.INBOUND
    assert (handover.details.line, handover.details.language) == ("support", "en")
    with pytest.raises(NotAllowed):
        TWILIO.read(delivered(CALLBACK, url=url, signed=signature(URL, CALLBACK)))
    mono = {**CALLBACK, "RecordingChannels": "1"}
    ((announced, handover),) = TWILIO.read(delivered(mono, url=url)).arrivals
    assert handover.details.party_of_channel == {}
    assert announced.address == f"{ADDRESS}.wav"


def test_every_recording_of_a_call_that_was_held_or_handed_on_keeps_the_call_s_id() -> None:
    later = {**CALLBACK, "RecordingSid": "RE" + "4" * 32, "RecordingUrl": ADDRESS.replace("3" * 32, "4" * 32)}
    first, second = (TWILIO.read(delivered(values)).arrivals[0] for values in (CALLBACK, later))
    assert first[1].details.external_id == second[1].details.external_id
    assert first[0].address != second[0].address


def test_a_conference_is_a_call_by_its_own_id() -> None:
    values = {name: value for name, value in CALLBACK.items() if name != "CallSid"}
    values |= {"ConferenceSid": "CF" + "5" * 32, "RecordingSource": "Conference"}
    assert TWILIO.read(delivered(values)).arrivals[0][1].details.external_id == "CF" + "5" * 32


def test_a_recording_in_a_store_of_the_customer_s_own_keeps_its_address() -> None:
    address = "https://calls.s3.amazonaws.com/AC1/RE3.wav?X-Amz-Signature=abc"
    ((announced, _),) = TWILIO.read(delivered({**CALLBACK, "RecordingUrl": address})).arrivals
    assert announced.address == address


@pytest.mark.parametrize("status", ["in-progress", "absent", "failed"])
def test_other_states_of_a_recording_are_let_be(status: str) -> None:
    message = TWILIO.read(delivered({**CALLBACK, "RecordingStatus": status}))
    assert (message.kind, message.arrivals) == (f"recording.{status}", ())


def test_an_instant_that_cannot_be_read_loses_no_recording() -> None:
    for started in ("", "yesterday", "Tue, 99 Mar 2026 09:14:00 +0000"):
        ((_, handover),) = TWILIO.read(delivered({**CALLBACK, "RecordingStartTime": started})).arrivals
        assert handover.details.started_at is None


@pytest.mark.parametrize("port", ["", ":443"])
def test_the_port_of_the_address_may_be_signed_or_not(port: str) -> None:
    signed = signature(f"https://records.example{port}/intake/twilio", CALLBACK)
    assert TWILIO.read(delivered(CALLBACK, signed=signed)).arrivals


def test_a_value_that_comes_twice_is_signed_once_for_each_that_differs() -> None:
    body = urlencode([*CALLBACK.items(), ("Tag", "b"), ("Tag", "a"), ("Tag", "a")]).encode()
    order = sorted([*CALLBACK, "Tag"])
    signed = URL + "".join("TagaTagb" if name == "Tag" else f"{name}{CALLBACK[name]}" for name in order)
    given = base64.b64encode(hmac.new(TOKEN.encode(), signed.encode(), hashlib.sha1).digest()).decode()
    assert TWILIO.read(Delivered(URL, {"x-twilio-signature": given}, body, AT)).arrivals


def test_a_body_of_json_is_signed_by_its_hash_in_the_address() -> None:
    body = json.dumps(CALLBACK).encode()
    url = f"{URL}?bodySHA256={hashlib.sha256(body).hexdigest()}"
    headers = {"x-twilio-signature": signature(url, {})}
    assert TWILIO.read(Delivered(url, headers, body, AT)).arrivals
    with pytest.raises(NotAllowed):
        TWILIO.read(Delivered(url, headers, body + b" ", AT))


@pytest.mark.parametrize(
    "given",
    ["", "nonsense", signature(URL, CALLBACK, token="0" * 32), signature(URL, {**CALLBACK, "CallSid": "CA9"}), "é"],
)
def test_what_twilio_did_not_sign_is_refused(given: str) -> None:
    with pytest.raises(NotAllowed) as caught:
        TWILIO.read(delivered(CALLBACK, signed=given))
    assert CALL not in caught.value.message


def test_without_a_signature_or_for_another_account_it_is_refused() -> None:
    with pytest.raises(NotAllowed):
        TWILIO.read(Delivered(URL, {}, urlencode(CALLBACK).encode(), AT))
    with pytest.raises(NotAllowed):
        TWILIO.read(delivered({**CALLBACK, "AccountSid": "AC" + "9" * 32}))
    with pytest.raises(NotAllowed):
        TWILIO.read(Delivered(URL, {"x-twilio-signature": "x"}, b"\xff=\xfe", AT))


@pytest.mark.parametrize("missing", ["CallSid", "RecordingUrl"])
def test_a_signed_callback_that_lacks_what_is_needed_says_so(missing: str) -> None:
    with pytest.raises(Invalid, match=missing):
        TWILIO.read(delivered({name: value for name, value in CALLBACK.items() if name != missing}))


def test_recordings_open_with_the_account_s_name_and_token_which_nothing_shows() -> None:
    basic = base64.b64decode(TWILIO.headers()["Authorization"].removeprefix("Basic ")).decode()
    assert basic == f"{ACCOUNT}:{TOKEN}"
    assert TOKEN not in repr(TWILIO)
