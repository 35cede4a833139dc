"""Amazon Connect: it writes recordings into a bucket, which tells of each by EventBridge or by SNS.

Source: docs.aws.amazon.com/connect/latest/adminguide/about-recording-behavior.html (layout, channels),
docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html, …/http-subscription-confirmation-json.html,
docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html. Everybody who has an account there can have
SNS sign something, so what counts is the topic, which the operator names.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from worker.core.arrival import Announced
from worker.core.call import Party
from worker.core.errors import BadRecording, Invalid, NotAllowed, NotThereYet
from worker.exchange.addresses import LONGEST_ADDRESS
from worker.intake.vendors.bucket_events import NewObject, new_objects
from worker.intake.vendors.delivered import (
    Arrival,
    Asked,
    Delivered,
    Json,
    Message,
    is_same,
    json_object,
    refused,
    text,
    text_if_any,
)

NAME = "connect"
LONGEST_MESSAGE = 256 * 1024
OLDEST = timedelta(hours=24)
EARLY = timedelta(minutes=5)

# connect/<instance>/CallRecordings/2022/04/07/<contact>_20220407T13:14_UTC.wav; with ivr/ what ran before an agent came
_KEY = re.compile(
    r"(?:.+/)?CallRecordings/(?P<ivr>ivr/)?\d{4}/\d{2}/\d{2}/"
    r"(?P<contact>[0-9a-fA-F-]{36})_(?P<at>\d{8}T\d{2}:\d{2})_UTC\.wav"
)
_OF_SNS = r"https://sns\.(?P<region>[a-z]{2}(-[a-z]+)+-\d)\.amazonaws\.com(\.cn)?"
_CERTIFICATE = re.compile(_OF_SNS + r"/SimpleNotificationService-[0-9a-f]{32,64}\.pem")
_CONFIRM = re.compile(_OF_SNS + r"/\?Action=ConfirmSubscription&TopicArn=[\w:%.-]+&Token=[0-9a-f]+")
_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
_HASHES: dict[str, hashes.HashAlgorithm] = {"1": hashes.SHA1(), "2": hashes.SHA256()}  # noqa: S303 -- theirs


@dataclass(frozen=True)
class Connect:
    """Reads what a bucket tells of new recordings.

    ``topics`` are the SNS topics that may tell of them. ``key`` is the value of the header ``x-api-key`` that an API
    destination of EventBridge sends. ``certificate`` gets a certificate of SNS from its address.
    """

    topics: frozenset[str]
    key: str | None = field(repr=False)
    certificate: Callable[[str], bytes] = field(repr=False)

    def read(self, delivered: Delivered) -> Message:
        """New recordings; a call is the contact, which keeps its id while it is held. What else is written is let be.

        Raises Unavailable where the certificate of SNS cannot be had now: SNS sends it again.
        """
        given = delivered.headers.get("x-api-key")
        if given is not None:
            if self.key is None or not is_same(given, self.key):
                raise refused()
            return _message(json_object(delivered.body), delivered)
        return self._of_sns(delivered)

    def _of_sns(self, delivered: Delivered) -> Message:
        try:
            values = json_object(delivered.body)
            self._check(values, delivered.at)
        except Invalid:
            raise refused() from None
        kind = values.get("Type")
        if kind == "SubscriptionConfirmation":
            confirm = text(values, "SubscribeURL", longest=LONGEST_ADDRESS)
            if not _CONFIRM.fullmatch(confirm):
                raise refused()
            return Message("SubscriptionConfirmation", confirm=confirm)
        if kind != "Notification":
            return Message(str(kind))
        return _message(json_object(_long(values, "Message")), delivered)

    def _check(self, values: Json, now: datetime) -> None:
        """Raises NotAllowed for what SNS did not sign for one of the topics, or not lately; Invalid for what is no
        message."""
        fields = _SIGNED.get(text(values, "Type"))
        algorithm = _HASHES.get(text(values, "SignatureVersion"))
        address = text(values, "SigningCertURL", longest=LONGEST_ADDRESS)
        where = _CERTIFICATE.fullmatch(address)
        topic = text(values, "TopicArn", longest=LONGEST_ADDRESS)
        if fields is None or algorithm is None or where is None or topic not in self.topics:
            raise refused()
        if topic.split(":")[3:4] != [where["region"]]:
            raise refused()
        sent_at = datetime.fromisoformat(text(values, "Timestamp")) if _is_instant(values) else None
        if sent_at is None or not now - OLDEST <= sent_at <= now + EARLY:
            raise refused()
        signed = "".join(f"{name}\n{_long(values, name)}\n" for name in fields if name in values)
        try:
            signature = base64.b64decode(_long(values, "Signature"), validate=True)
            self._key_of(address, now).verify(signature, signed.encode(), padding.PKCS1v15(), algorithm)
        except (InvalidSignature, binascii.Error, ValueError):
            raise refused() from None

    def _key_of(self, address: str, now: datetime) -> RSAPublicKey:
        try:
            certificate = x509.load_pem_x509_certificate(self.certificate(address))
        except (NotThereYet, NotAllowed, BadRecording, Invalid):  # SNS has no such certificate
            raise refused() from None
        key = certificate.public_key()
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            raise refused()
        if not isinstance(key, RSAPublicKey):
            raise refused()
        return key


def _is_instant(values: Json) -> bool:
    """Whether the message says when it was sent, with its zone."""
    try:
        return datetime.fromisoformat(text_if_any(values, "Timestamp") or "").tzinfo is not None
    except ValueError:
        return False


def _long(values: Json, name: str) -> str:
    """A text of any signs: a message has line ends."""
    found = values.get(name)
    if not isinstance(found, str) or len(found) > LONGEST_MESSAGE:
        raise Invalid(f"{name} is missing, or is no text.")
    return found


def _message(event: Json, delivered: Delivered) -> Message:
    kind, objects = new_objects(event)
    asked = Asked.read(delivered.query)
    return Message(kind, tuple(arrival for one in objects if (arrival := _arrival(one, asked)) is not None))


def _arrival(new: NewObject, asked: Asked) -> Arrival | None:
    """A recording, if the object is one. The agent is on the right channel and whoever called on the left one."""
    found = _KEY.fullmatch(new.key)
    if found is None:
        return None
    try:
        started_at = datetime.strptime(found["at"], "%Y%m%dT%H:%M").replace(tzinfo=UTC)
    except ValueError:
        raise Invalid("The key of this recording has no instant in it.") from None
    parties = {0: Party.CUSTOMER, 1: Party.OTHER if found["ivr"] else Party.AGENT}
    handover = asked.handover(NAME, found["contact"].lower(), started_at=started_at, party_of_channel=parties)
    return Announced(new.address, new.key.rpartition("/")[2]), handover
