"""Genesys Cloud, and systems that sign as it does: what a webhook or an event bridge relays of a recording.

Source: developer.genesys.cloud/commdigital/digital/openmessaging/validate.html (the signature), Recording in
github.com/MyPureCloud/platform-client-sdk-java (build/docs/Recording.md), and
help.mypurecloud.com/articles/working-with-exported-recordings-in-aws-s3-bucket (layout of an export). Genesys Cloud
has no webhook for recordings by itself: a data action, a trigger or a function behind its event bridge posts one.
"""

from __future__ import annotations

import base64
import hmac
import re
from dataclasses import dataclass, field

from worker.core.arrival import Announced, Handover
from worker.core.errors import Invalid
from worker.exchange.addresses import LONGEST_ADDRESS
from worker.intake.vendors.bucket_events import NewObject, new_objects
from worker.intake.vendors.delivered import (
    Arrival,
    Asked,
    Delivered,
    Json,
    Message,
    instant_if_any,
    is_same,
    json_object,
    kind_of,
    part,
    refused,
    text,
    text_if_any,
)

NAME = "genesys"
SHORTEST_SECRET = 16
AVAILABLE = (None, "AVAILABLE")
MIXED = ("S", "s")  # all voices in one file, as it was asked for

# <organisation>/year=2026/month=03/day=10/hour=09/conversation_id=<conversation>/<recording>.opus
_KEY = re.compile(r"(?:.+/)?conversation_id=(?P<conversation>[0-9a-fA-F-]{36})/(?P<recording>[^/]+)\.(?!json$)\w{2,5}")


@dataclass(frozen=True)
class Genesys:
    """Reads what is signed with ``secret`` in the header X-Hub-Signature-256. Raises Invalid for a short secret."""

    secret: str = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) < SHORTEST_SECRET:
            raise Invalid(f"ONRECORD_GENESYS_SECRET has {SHORTEST_SECRET} letters or more.")

    def read(self, delivered: Delivered) -> Message:
        """A recording as the API describes it, by itself or in an event; or an object of an export to a bucket.

        A call is the conversation, whatever parts of it were recorded apart.
        """
        self._check(delivered)
        values, asked = json_object(delivered.body), Asked.read(delivered.query)
        if values.get("source") == "aws.s3" or "Records" in values:
            kind, objects = new_objects(values)
            return Message(kind, tuple(found for one in objects if (found := _exported(one, asked)) is not None))
        if "detail" in values:
            kind = kind_of(values.get("detail-type"))
            values = part(part(values, "detail"), "eventBody")
        else:
            kind = "recording"
        is_recording = "mediaUris" in values and values.get("media") in (None, "audio")
        if not is_recording or values.get("fileState") not in AVAILABLE or not values["mediaUris"]:
            return Message(kind)
        return Message(kind, (_recording(values, asked),))

    def _check(self, delivered: Delivered) -> None:
        """Raises NotAllowed unless the body is signed: in base64 as Genesys writes it, or in hexadecimal digits."""
        scheme, _, given = delivered.headers.get("x-hub-signature-256", "").partition("=")
        digest = hmac.digest(self.secret.encode(), delivered.body, "sha256")
        if scheme != "sha256" or not any(is_same(given, one) for one in (base64.b64encode(digest), digest.hex())):
            raise refused()


def _recording(values: Json, asked: Asked) -> Arrival:
    media = part(values, "mediaUris")
    mixed = next((media[name] for name in MIXED if name in media), None)
    if mixed is None and len(media) > 1:  # each is one voice, all at the same time: no legs that follow each other
        raise Invalid("mediaUris has several files of one time. Ask Genesys for one file: formatId=WAV.")
    one = mixed if mixed is not None else next(iter(media.values()))
    if not isinstance(one, dict):
        raise Invalid("mediaUris has what is no object.")
    name = text_if_any(values, "id") or "recording"
    announced = Announced(text(one, "mediaUri", longest=LONGEST_ADDRESS), name)
    return announced, _handover(values, text(values, "conversationId"), asked)


def _exported(new: NewObject, asked: Asked) -> Arrival | None:
    found = _KEY.fullmatch(new.key)
    if found is None:
        return None
    return Announced(new.address, new.key.rpartition("/")[2]), _handover({}, found["conversation"].lower(), asked)


def _handover(values: Json, conversation: str, asked: Asked) -> Handover:
    return asked.handover(
        NAME,
        conversation,
        started_at=instant_if_any(values, "startTime"),
        party_of_channel=asked.channels(len(asked.party_of_channel)),
    )
