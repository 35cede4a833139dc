"""Amazon Connect's recordings in their bucket: events as docs.aws.amazon.com has them (ev-events,
notification-content-structure), messages signed as sns-verify-signature-of-message says, keys as Connect names them."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from worker.core.call import Party
from worker.core.errors import CallError, Invalid, NotAllowed, NotThereYet, Unavailable
from worker.intake.vendors.connect import Connect
from worker.intake.vendors.delivered import Delivered

AT = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
URL = "https://records.example/intake/connect"
TOPIC = "arn:aws:sns:eu-central-1:123456789012:recordings"
CERTIFICATE_URL = f"https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-{'0a' * 16}.pem"
CONTACT = "c6ad7525-4209-4f4c-aca2-f04597dd29b3"
KEY = f"connect/support-line/CallRecordings/2026/03/10/{CONTACT}_20260310T09:14_UTC.wav"
API_KEY = "k" * 40


def made_certificate(key: rsa.RSAPrivateKey, *, from_: datetime = AT - timedelta(days=10)) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    certificate = x509.CertificateBuilder(name, name, key.public_key(), 1, from_, from_ + timedelta(days=30))
    return certificate.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


SIGNER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CERTIFICATE = made_certificate(SIGNER)
CONNECT = Connect(frozenset({TOPIC}), API_KEY, lambda _: CERTIFICATE)


def created(key: str = KEY, *, bucket: str = "amazon-connect-calls") -> dict[str, Any]:
    """The event of EventBridge, as ev-events has it."""
    return {
        "version": "0",
        "id": "17793124-05d4-b198-2fde-7ededc63b103",
        "detail-type": "Object Created",
        "source": "aws.s3",
        "account": "111122223333",
        "time": "2026-03-10T09:16:00Z",
        "region": "eu-central-1",
        "resources": [f"arn:aws:s3:::{bucket}"],
        "detail": {
            "version": "0",
            "bucket": {"name": bucket},
            "object": {"key": key, "size": 3925804, "etag": "d74d8891bc8e594c8450a3873012ebb9", "sequencer": "00"},
            "request-id": "72G46RDDMT9EEAFR",
            "requester": "111122223333",
            "reason": "PutObject",
        },
    }


def notified(*keys: str) -> dict[str, Any]:
    """The notification of S3 itself, whose keys are coded as in a query."""
    return {
        "Records": [
            {
                "eventVersion": "2.1",
                "eventSource": "aws:s3",
                "eventName": "ObjectCreated:Put",
                "s3": {"bucket": {"name": "amazon-connect-calls"}, "object": {"key": key, "size": 1}},
            }
            for key in keys
        ]
    }


def signed(values: dict[str, Any], *, version: str = "2", signer: rsa.RSAPrivateKey = SIGNER) -> dict[str, Any]:
    names = (
        ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
        if values["Type"] == "Notification"
        else ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
    )
    text = "".join(f"{name}\n{values[name]}\n" for name in names if name in values)
    algorithm = hashes.SHA1() if version == "1" else hashes.SHA256()
    signature = base64.b64encode(signer.sign(text.encode(), padding.PKCS1v15(), algorithm)).decode()
    return {**values, "SignatureVersion": version, "Signature": signature, "SigningCertURL": CERTIFICATE_URL}


def notification(message: object, **others: Any) -> dict[str, Any]:
    return {
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": TOPIC,
        "Message": message if isinstance(message, str) else json.dumps(message),
        "Timestamp": "2026-03-10T09:29:00.000Z",
        "UnsubscribeURL": "https://sns.eu-central-1.amazonaws.com/?Action=Unsubscribe",
        **others,
    }


CONFIRM_URL = (
    f"https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token={'2336412f37' * 20}"
)
CONFIRMATION = {
    "Type": "SubscriptionConfirmation",
    "MessageId": "165545c9-2a5c-472c-8df2-7ff2be2b3b1b",
    "Token": "2336412f37" * 20,
    "TopicArn": TOPIC,
    "Message": "You have chosen to subscribe to the topic.\nTo confirm it, visit the SubscribeURL.",
    "SubscribeURL": CONFIRM_URL,
    "Timestamp": "2026-03-10T09:29:00.000Z",
}


def by_sns(values: object) -> Delivered:
    return Delivered(URL, {"x-amz-sns-message-type": "Notification"}, json.dumps(values).encode(), AT)


def by_bridge(event: object, *, key: str = API_KEY) -> Delivered:
    return Delivered(URL, {"x-api-key": key}, json.dumps(event).encode(), AT)


@pytest.mark.parametrize(
    "delivered",
    [
        by_bridge(created()),
        by_sns(signed(notification(created()))),
        by_sns(signed(notification(notified(KEY.replace(":", "%3A"))), version="1")),
        by_sns(signed(notification(created(), Subject="Amazon S3 Notification"))),
    ],
    ids=["EventBridge", "EventBridge by SNS", "S3 by SNS", "with a subject"],
)
def test_a_recording_is_announced_under_its_contact(delivered: Delivered) -> None:
    ((announced, handover),) = CONNECT.read(delivered).arrivals
    assert announced.address == f"s3://amazon-connect-calls/{KEY.replace(':', '%3A')}"
    assert announced.file_name == f"{CONTACT}_20260310T09:14_UTC.wav"
    assert (handover.sender, handover.details.external_id) == ("connect", CONTACT)
    assert handover.details.started_at == datetime(2026, 3, 10, 9, 14, tzinfo=UTC)
    assert handover.details.party_of_channel == {0: Party.CUSTOMER, 1: Party.AGENT}, "the agent is on the right"


def test_what_ran_before_an_agent_came_is_of_the_same_contact_without_an_agent() -> None:
    key = KEY.replace("CallRecordings/", "CallRecordings/ivr/")
    ((_, handover),) = CONNECT.read(by_bridge(created(key))).arrivals
    assert handover.details.external_id == CONTACT
    assert handover.details.party_of_channel == {0: Party.CUSTOMER, 1: Party.OTHER}


@pytest.mark.parametrize(
    "key",
    [
        KEY.replace(".wav", ".json"),
        "connect/support-line/ChatTranscripts/2026/03/10/x_20260310T09:14_UTC.json",
        f"Analysis/Voice/Redacted/2026/03/10/{CONTACT}_call_recording_redacted_2026-03-10T09:14:00Z.wav",
        "a.wav",
    ],
)
def test_what_else_is_written_into_the_bucket_is_let_be(key: str) -> None:
    assert CONNECT.read(by_bridge(created(key))).arrivals == ()


def test_other_events_are_let_be() -> None:
    removed = {**created(), "detail-type": "Object Deleted"}
    assert CONNECT.read(by_bridge(removed)).kind == "Object Deleted"
    test_event = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "amazon-connect-calls"}
    assert CONNECT.read(by_sns(signed(notification(test_event)))).kind == "s3:TestEvent"
    gone = notified(KEY)
    gone["Records"][0]["eventName"] = "ObjectRemoved:Delete"
    for event in (removed, test_event, gone):
        assert CONNECT.read(by_bridge(event)).arrivals == ()


def test_several_records_of_one_notification_are_several_recordings() -> None:
    other = KEY.replace(CONTACT[:8], "0badcafe")
    arrivals = CONNECT.read(by_sns(signed(notification(notified(KEY, other))))).arrivals
    assert [handover.details.external_id[:8] for _, handover in arrivals if handover.details.external_id] == [
        CONTACT[:8],
        "0badcafe",
    ]


# Who may tell of them


@pytest.mark.parametrize("key", ["", "another", API_KEY + "k"])
def test_an_api_destination_with_another_key_is_refused(key: str) -> None:
    with pytest.raises(NotAllowed):
        CONNECT.read(by_bridge(created(), key=key))
    with pytest.raises(NotAllowed):
        Connect(frozenset({TOPIC}), None, lambda _: CERTIFICATE).read(by_bridge(created(), key=""))


def refused(values: object) -> None:
    with pytest.raises(NotAllowed):
        CONNECT.read(by_sns(values))


def test_a_message_that_was_altered_after_it_was_signed_is_refused() -> None:
    message = signed(notification(created()))
    for name in ("Message", "MessageId", "Timestamp"):
        refused({**message, name: f"{message[name]} "})
    refused({**message, "Subject": "added"})
    refused({**message, "Signature": base64.b64encode(b"x" * 256).decode()})
    refused({**message, "Signature": "é"})
    refused({**message, "SignatureVersion": "1"})
    refused({**message, "SignatureVersion": "3"})


@pytest.mark.parametrize("version", [None, 2, [], {}, ["2"], "3", ""])
def test_a_signature_of_no_known_version_is_refused(version: object) -> None:
    refused(signed(notification(created())) | {"SignatureVersion": version})


def test_a_topic_of_somebody_else_s_is_refused_though_sns_signed_it() -> None:
    refused(signed(notification(created(), TopicArn="arn:aws:sns:eu-central-1:999999999999:recordings")))


def test_a_message_signed_with_another_key_is_refused() -> None:
    refused(signed(notification(created()), signer=rsa.generate_private_key(public_exponent=65537, key_size=2048)))


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/SimpleNotificationService-0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a.pem",
        CERTIFICATE_URL.replace("https:", "http:"),
        CERTIFICATE_URL.replace("amazonaws.com/", "amazonaws.com.evil.example/"),
        CERTIFICATE_URL.replace("sns.", "sns.evil.example/sns."),
        CERTIFICATE_URL.replace("sns.eu", "s3.eu"),
        CERTIFICATE_URL.replace("eu-central-1", "us-east-1"),
        CERTIFICATE_URL + "?x=1",
        CERTIFICATE_URL.replace("/Simple", "/bucket/Simple"),
        "file:///etc/passwd",
    ],
)
def test_a_certificate_from_elsewhere_is_not_fetched(address: str) -> None:
    asked: list[str] = []

    def certificate(at: str) -> bytes:
        asked.append(at)
        return CERTIFICATE

    message = {**signed(notification(created())), "SigningCertURL": address}
    with pytest.raises(NotAllowed):
        Connect(frozenset({TOPIC}), None, certificate).read(by_sns(message))
    assert asked == []


@pytest.mark.parametrize(
    "certificate",
    [
        b"",
        b"no certificate",
        made_certificate(SIGNER, from_=AT + timedelta(days=1)),
        made_certificate(SIGNER, from_=AT - timedelta(days=60)),
    ],
    ids=["empty", "nonsense", "not yet", "no longer"],
)
def test_a_certificate_that_is_none_or_not_of_this_time_is_refused(certificate: bytes) -> None:
    with pytest.raises(NotAllowed):
        Connect(frozenset({TOPIC}), None, lambda _: certificate).read(by_sns(signed(notification(created()))))


def certificate_that_fails(error: CallError) -> Connect:
    def fail(_: str) -> bytes:
        raise error

    return Connect(frozenset({TOPIC}), None, fail)


def test_a_certificate_that_sns_does_not_have_is_no_trouble_of_ours() -> None:
    message = by_sns(signed(notification(created())))
    with pytest.raises(NotAllowed):
        certificate_that_fails(NotThereYet()).read(message)
    with pytest.raises(Unavailable):
        certificate_that_fails(Unavailable()).read(message)


@pytest.mark.parametrize("timestamp", ["2026-03-08T09:00:00.000Z", "2026-03-10T10:00:00Z", "2026-03-10", "", "soon"])
def test_a_message_of_another_time_is_refused(timestamp: str) -> None:
    refused(signed(notification(created(), Timestamp=timestamp)))


def test_what_is_no_message_of_sns_is_refused() -> None:
    for values in (
        [],
        {},
        {"Type": "Notification"},
        {"Type": 1},
        notification(created()),
        signed({**CONFIRMATION, "Type": "Other"}),
    ):
        refused(values)
    with pytest.raises(NotAllowed):
        CONNECT.read(Delivered(URL, {}, b"\xff", AT))


def test_a_signed_message_that_is_nonsense_is_said_to_be() -> None:
    for message in ("text", "[]", {"Records": [1]}, {"detail-type": "Object Created", "source": "aws.s3"}):
        with pytest.raises(Invalid):
            CONNECT.read(by_sns(signed(notification(message))))
    with pytest.raises(Invalid):
        CONNECT.read(by_bridge(created(bucket="a/../b")))
    with pytest.raises(Invalid):
        CONNECT.read(by_bridge(created(KEY.replace("T09:14", "T29:99"))))


# Subscribing


def test_a_subscription_of_the_operator_s_own_topic_is_to_be_confirmed() -> None:
    message = CONNECT.read(by_sns(signed(CONFIRMATION)))
    assert (message.kind, message.confirm, message.arrivals) == ("SubscriptionConfirmation", CONFIRM_URL, ())


@pytest.mark.parametrize(
    "others",
    [
        {"TopicArn": "arn:aws:sns:eu-central-1:999999999999:recordings"},
        {"SubscribeURL": "https://evil.example/?Action=ConfirmSubscription"},
        {"SubscribeURL": "http://169.254.169.254/"},
        {"SubscribeURL": CONFIRM_URL.replace("ConfirmSubscription", "Unsubscribe")},
        {"SubscribeURL": CONFIRM_URL.replace("amazonaws.com", "amazonaws.com.evil.example")},
    ],
    ids=str,
)
def test_a_subscription_that_leads_elsewhere_is_refused(others: dict[str, str]) -> None:
    refused(signed({**CONFIRMATION, **others}))


def test_the_end_of_a_subscription_is_let_be() -> None:
    message = CONNECT.read(by_sns(signed({**CONFIRMATION, "Type": "UnsubscribeConfirmation"})))
    assert (message.kind, message.confirm, message.arrivals) == ("UnsubscribeConfirmation", None, ())
