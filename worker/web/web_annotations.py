"""What was said of a record as Web Annotations, with the addresses under which people reach it here."""

from __future__ import annotations

import json

from worker.exchange.web_annotation import Addresses, collection_of
from worker.web.opening import OpenRecord


def web_annotations(base_url: str, call_id: str, one: OpenRecord) -> bytes:
    """The collection as JSON-LD (W3C Web Annotation Data Model), to be sent as ``MEDIA_TYPE`` of that module."""
    record = f"{base_url.rstrip('/')}/calls/{call_id}"
    addresses = Addresses(
        record=record,
        sound=f"{record}/sound",
        collection=f"{base_url.rstrip('/')}/api/v1/calls/{call_id}/annotations",
    )
    return json.dumps(collection_of(one.dialogue, one.record, addresses), ensure_ascii=False).encode()
