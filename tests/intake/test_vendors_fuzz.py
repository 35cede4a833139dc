"""Whatever is signed and delivered: it is announced, let be, refused, or said not to fit, and nothing else happens."""

from __future__ import annotations

import base64
import copy
import hashlib
import hmac
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from standardwebhooks import Webhook

from tests.intake import test_vendor_connect as connect
from tests.intake import test_vendor_genesys as genesys
from tests.intake import test_vendor_standard as standard
from tests.intake import test_vendor_vonage as vonage
from worker.core.errors import Invalid, NotAllowed
from worker.intake.vendors.delivered import Delivered, Vendor
from worker.intake.vendors.vonage import Vonage

VONAGE = Vonage(vonage.SECRET, vonage.APPLICATION, vonage.KEY.as_pem(private=True).decode())


def by_genesys(body: bytes) -> Delivered:
    signed = base64.b64encode(hmac.new(genesys.SECRET.encode(), body, hashlib.sha256).digest()).decode()
    return Delivered(genesys.URL, {"x-hub-signature-256": f"sha256={signed}"}, body, genesys.AT)


def by_standard(body: bytes) -> Delivered:
    hook = Webhook(standard.PBX)
    signature = hmac.new(hook._whsecret, b"1.%d." % standard.AT.timestamp() + body, hashlib.sha256).digest()
    headers = {
        "webhook-id": "1",
        "webhook-timestamp": str(int(standard.AT.timestamp())),
        "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
    }
    return Delivered("https://records.example/intake/standard", headers, body, standard.AT)


def by_vonage(body: bytes) -> Delivered:
    headers = {"authorization": f"Bearer {vonage.token(vonage.claims_for(body))}"}
    return Delivered(vonage.URL, headers, body, vonage.AT)


def by_connect(body: bytes) -> Delivered:
    return Delivered(connect.URL, {"x-api-key": connect.API_KEY}, body, connect.AT)


WAYS: dict[str, tuple[Vendor, Callable[[bytes], Delivered], dict[str, Any]]] = {
    "genesys": (genesys.GENESYS, by_genesys, genesys.RECORDING),
    "standard": (standard.STANDARD, by_standard, standard.EVENT),
    "vonage": (VONAGE, by_vonage, vonage.EVENT),
    "connect": (connect.CONNECT, by_connect, connect.created()),
    "connect records": (connect.CONNECT, by_connect, connect.notified(connect.KEY)),
}
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("\ud800\x00")
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner))


def paths(value: object, before: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to everything within a value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [before, *(path for name, inner in items for path in paths(inner, (*before, name)))]


@pytest.mark.parametrize("way", WAYS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_one_value_that_is_another_breaks_nothing(way: str, data: st.DataObject) -> None:
    vendor, deliver, event = WAYS[way]
    event = copy.deepcopy(event)
    *there, last = data.draw(st.sampled_from(paths(event)[1:]))
    place: Any = event
    for name in there:
        place = place[name]
    place[last] = data.draw(JSON)
    with suppress(Invalid, NotAllowed):
        vendor.read(deliver(json.dumps(event).encode()))


@pytest.mark.parametrize("way", WAYS)
@settings(max_examples=40, deadline=None)
@given(body=st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_a_body_of_anything_breaks_nothing(way: str, body: bytes) -> None:
    vendor, deliver, _ = WAYS[way]
    with suppress(Invalid, NotAllowed):
        vendor.read(deliver(body))
