"""Events of Amazon S3 about new objects, in the two forms in which they travel.

Source: docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html (EventBridge) and
…/notification-content-structure.html (notifications, whose keys are coded as in a query).
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, unquote_plus

from worker.core.errors import Invalid
from worker.intake.vendors.delivered import Json, kind_of, part, text

LONGEST_KEY = 1024 * 3


@dataclass(frozen=True)
class NewObject:
    """One object that was written."""

    bucket: str
    key: str

    @property
    def address(self) -> str:
        """Its address, the key coded as in a path."""
        return f"s3://{self.bucket}/{quote(self.key)}"


def new_objects(event: Json) -> tuple[str, tuple[NewObject, ...]]:
    """The type of an event, and the objects of which it tells that they were written. Raises Invalid."""
    if "detail-type" in event:
        kind = kind_of(event["detail-type"])
        if event.get("source") != "aws.s3" or kind != "Object Created":
            return kind, ()
        detail = part(event, "detail")
        return kind, (
            _new(text(part(detail, "bucket"), "name"), text(part(detail, "object"), "key", longest=LONGEST_KEY)),
        )
    records = event.get("Records")
    if not isinstance(records, list):
        return kind_of(event.get("Event")), ()
    kinds, found = [], []
    for record in records:
        if not isinstance(record, dict):
            raise Invalid("Records has what is no object.")
        kinds.append(kind_of(record.get("eventName")))
        if record.get("eventSource") == "aws:s3" and kinds[-1].removeprefix("s3:").startswith("ObjectCreated:"):
            s3 = part(record, "s3")
            key = unquote_plus(text(part(s3, "object"), "key", longest=LONGEST_KEY))
            found.append(_new(text(part(s3, "bucket"), "name"), key))
    return (kinds[0] if kinds else "none"), tuple(found)


def _new(bucket: str, key: str) -> NewObject:
    if not bucket.replace("-", "").replace(".", "").replace("_", "").isalnum() or not key.isprintable():
        raise Invalid("This is no name of a bucket, or no key of an object.")
    return NewObject(bucket, key)
