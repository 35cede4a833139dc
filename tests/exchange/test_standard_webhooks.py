"""Signatures as the standard's own library checks them, and as its documentation shows one."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from worker.core.errors import Invalid
from worker.exchange.standard_webhooks import key_of, new_secret, signature, signed_headers

BODY = b'{"type":"record.ready","data":{"call_id":"abc"}}'


def test_the_example_of_the_specification_is_signed_as_it_shows() -> None:
    """From spec/standard-webhooks.md and the tests of the reference libraries."""
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
    signed = signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body)
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_standards_own_library_takes_a_signed_message_and_no_other() -> None:
    secret, now = new_secret(), datetime.now(UTC)
    headers = signed_headers("evt_1", now, BODY, [secret])
    assert Webhook(secret).verify(BODY, headers)["type"] == "record.ready"
    for changed, body in (
        (headers, BODY + b" "),
        (headers | {"webhook-id": "evt_2"}, BODY),
        (headers | {"webhook-timestamp": str(int(now.timestamp()) + 1)}, BODY),
        (signed_headers("evt_1", now - timedelta(minutes=6), BODY, [secret]), BODY),
        (signed_headers("evt_1", now, BODY, [new_secret()]), BODY),
    ):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(body, changed)


def test_while_a_secret_takes_the_place_of_another_both_receivers_are_right() -> None:
    new, old = new_secret(), new_secret()
    headers = signed_headers("evt_1", datetime.now(UTC), BODY, [new, old])
    for secret in (new, old):
        Webhook(secret).verify(BODY, headers)
    assert len(headers["webhook-signature"].split(" ")) == 2


def test_a_new_secret_is_32_random_bytes_in_the_form_of_the_standard() -> None:
    first, second = new_secret(), new_secret()
    assert first != second
    assert first.startswith("whsec_")
    assert len(key_of(first)) == 32


@pytest.mark.parametrize("size", [0, 23, 65])
def test_a_secret_outside_24_to_64_bytes_is_none_and_is_not_repeated(size: int) -> None:
    secret = base64.b64encode(b"k" * size).decode()
    with pytest.raises(Invalid) as refused:
        key_of(f"whsec_{secret}")
    assert size == 0 or secret not in refused.value.message


@pytest.mark.parametrize("secret", ["not base64!", "whsec_é", "whsec_AAAA AAAA"])
def test_what_is_no_base64_is_no_secret(secret: str) -> None:
    with pytest.raises(Invalid):
        key_of(secret)
