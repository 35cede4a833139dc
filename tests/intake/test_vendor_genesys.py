"""What is relayed of a recording of Genesys Cloud: signed as "Validate webhook notifications" of
developer.genesys.cloud says, fields as in Recording of its platform SDK, layout of an export as help.mypurecloud.com
has it. The envelope of its event bridge is EventBridge's own; the topic stands for any."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime

import pytest

from worker.core.errors import Invalid, NotAllowed
from worker.intake.vendors.delivered import Delivered
from worker.intake.vendors.genesys import Genesys

SECRET = "a-secret-token-of-the-integration"
AT = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
URL = "https://records.example/intake/genesys"
CONVERSATION = "6c9a1f6e-7c2b-4f0b-9d5e-0a1b2c3d4e5f"
RECORDING = {
    "id": "0e1d2c3b-4a59-6877-8695-a4b3c2d1e0f9",
    "conversationId": CONVERSATION,
    "startTime": "2026-03-10T09:14:00.000Z",
    "endTime": "2026-03-10T09:15:00.000Z",
    "media": "audio",
    "fileState": "AVAILABLE",
    "mediaUris": {"S": {"mediaUri": "https://prod-usw2.s3.amazonaws.com/rec.wav?X-Amz-Signature=abc"}},
}
GENESYS = Genesys(SECRET)


def delivered(event: object, *, signed: str | None = None, url: str = URL) -> Delivered:
    body = json.dumps(event).encode()
    if signed is None:
        signed = f"sha256={base64.b64encode(hmac.new(SECRET.encode(), body, hashlib.sha256).digest()).decode()}"
    return Delivered(url, {"x-hub-signature-256": signed}, body, AT)


def test_a_recording_is_announced_under_its_conversation() -> None:
    message = GENESYS.read(delivered(RECORDING))
    ((announced, handover),) = message.arrivals
    assert announced.address == RECORDING["mediaUris"]["S"]["mediaUri"]  # type: ignore[index]
    assert announced.access is None, "the address is signed for itself"
    assert (handover.sender, handover.details.external_id) == ("genesys", CONVERSATION)
    assert handover.details.started_at == datetime(2026, 3, 10, 9, 14, tzinfo=UTC)


def test_the_same_comes_in_an_event_of_its_bridge() -> None:
    event = {
        "version": "0",
        "id": "1",
        "detail-type": "v2.conversations.{id}.recordings",
        "source": "aws.partner/genesys.com/cloud/org/bridge",
        "detail": {"topicName": "v2.conversations.1.recordings", "eventBody": RECORDING},
    }
    assert GENESYS.read(delivered(event)).arrivals == GENESYS.read(delivered(RECORDING)).arrivals


def test_an_object_of_an_export_is_announced_and_what_describes_it_is_let_be() -> None:
    folder = f"org-1/year=2026/month=03/day=10/hour=09/conversation_id={CONVERSATION}"

    def written(name: str) -> dict[str, object]:
        detail = {"bucket": {"name": "exports"}, "object": {"key": f"{folder}/{name}", "size": 10}}
        return {"detail-type": "Object Created", "source": "aws.s3", "detail": detail}

    ((announced, handover),) = GENESYS.read(delivered(written("0e1d2c3b.opus"))).arrivals
    assert announced.address.startswith("s3://exports/org-1/year%3D2026/")
    assert announced.file_name == "0e1d2c3b.opus"
    assert handover.details.external_id == CONVERSATION
    assert GENESYS.read(delivered(written("0e1d2c3b.opus_metadata.json"))).arrivals == ()


@pytest.mark.parametrize(
    "others",
    [{"media": "chat"}, {"fileState": "UPLOADING"}, {"mediaUris": None}, {"mediaUris": {}}],
    ids=str,
)
def test_what_is_no_sound_that_is_ready_is_let_be(others: dict[str, object]) -> None:
    assert GENESYS.read(delivered({**RECORDING, **others})).arrivals == ()


def test_one_file_for_each_voice_is_refused_since_they_are_no_legs_that_follow_each_other() -> None:
    media = {"0": {"mediaUri": "https://a.example/0"}, "1": {"mediaUri": "https://a.example/1"}}
    with pytest.raises(Invalid, match="formatId"):
        GENESYS.read(delivered({**RECORDING, "mediaUris": media}))
    one = {"0": {"mediaUri": "https://a.example/0"}}
    assert GENESYS.read(delivered({**RECORDING, "mediaUris": one})).arrivals[0][0].address == "https://a.example/0"


def test_hexadecimal_digits_are_a_signature_too() -> None:
    body = json.dumps(RECORDING).encode()
    signed = f"sha256={hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()}"
    assert GENESYS.read(delivered(RECORDING, signed=signed)).arrivals


@pytest.mark.parametrize("signed", ["", "sha256=", "sha256=abc", "sha1=abc", "sha256=é"])
def test_what_is_not_signed_is_refused(signed: str) -> None:
    with pytest.raises(NotAllowed):
        GENESYS.read(delivered(RECORDING, signed=signed))


def test_a_signed_body_that_is_nonsense_is_said_to_be() -> None:
    for event in ([], "text", {"detail": 1}, {**RECORDING, "mediaUris": "x"}, {**RECORDING, "mediaUris": {"S": 1}}):
        with pytest.raises(Invalid):
            GENESYS.read(delivered(event))


def test_a_secret_that_is_too_short_is_refused_at_the_start() -> None:
    with pytest.raises(Invalid, match="ONRECORD_GENESYS_SECRET"):
        Genesys("short")
