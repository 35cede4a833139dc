"""Sending: mail to a server that keeps what it takes, and webhooks whose signature the receiver checks."""

from __future__ import annotations

import base64
import hmac
import json
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from worker.core.errors import Invalid, Unavailable
from worker.exchange.sending import MailServer, Sending, Webhook

MARIA, PHONE = "maria@post.example", "+4930123456"
TEXT = "123456 is your code.\n\nÜber zehn Minuten gilt er nicht."
KEY = bytes(range(32))
SECRET = f"whsec_{base64.b64encode(KEY).decode()}"
NOW = datetime(2026, 3, 12, 9, 0, tzinfo=UTC)


class Kept:
    """What the mail server took; it can be told to refuse."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.refuses = False

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 -- its name
        if self.refuses:
            return "554 No"
        self.envelopes.append(envelope)
        return "250 OK"


@pytest.fixture
def kept() -> Kept:
    return Kept()


def running(kept: Kept, **options: Any) -> Controller:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]
    controller = Controller(kept, hostname="127.0.0.1", port=free, **options)
    controller.start()
    return controller


def test_mail_reaches_the_server_as_it_was_written(kept: Kept) -> None:
    controller = running(kept)
    try:
        server = MailServer(f"smtp+plain://127.0.0.1:{controller.port}", mail_from="records@brightwater.example")
        server.send(MARIA, subject="Your code", text=TEXT)
    finally:
        controller.stop()
    (envelope,) = kept.envelopes
    assert (envelope.mail_from, envelope.rcpt_tos) == ("records@brightwater.example", [MARIA])
    message = message_from_bytes(envelope.content, policy=policy.default)
    assert message["Subject"] == "Your code"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content().splitlines() == TEXT.splitlines()


@pytest.mark.filterwarnings("ignore:Requiring AUTH")  # of the server, which is none but for this
def test_who_sends_is_said_with_name_and_password(kept: Kept) -> None:
    asked = []

    def authenticator(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        asked.append((data.login, data.password))
        return AuthResult(success=data.password == b"p@ss word")

    controller = running(kept, authenticator=authenticator, auth_require_tls=False, auth_required=True)
    try:
        at = f"@127.0.0.1:{controller.port}"
        MailServer(f"smtp+plain://daniel:p%40ss%20word{at}", mail_from=MARIA).send(MARIA, subject="a", text="b")
        with pytest.raises(Unavailable):
            MailServer(f"smtp+plain://daniel:wrong{at}", mail_from=MARIA).send(MARIA, subject="a", text="b")
    finally:
        controller.stop()
    assert asked[0] == (b"daniel", b"p@ss word")
    assert len(kept.envelopes) == 1


def test_a_server_that_offers_no_encryption_is_not_told_a_password(kept: Kept) -> None:
    controller = running(kept)
    try:
        server = MailServer(f"smtp://daniel:secret@127.0.0.1:{controller.port}", mail_from=MARIA)
        with pytest.raises(Unavailable):
            server.send(MARIA, subject="a", text="b")
    finally:
        controller.stop()
    assert kept.envelopes == []


def test_mail_that_is_not_taken_says_so_without_the_address(kept: Kept) -> None:
    kept.refuses = True
    controller = running(kept)
    server = MailServer(f"smtp+plain://127.0.0.1:{controller.port}", mail_from=MARIA)
    try:
        with pytest.raises(Unavailable) as refused:
            server.send(MARIA, subject="a", text="b")
    finally:
        controller.stop()
    with pytest.raises(Unavailable) as gone:
        server.send(MARIA, subject="a", text="b")
    for error in (refused, gone):
        assert MARIA not in error.value.message
        assert "ONRECORD_SMTP_URL" in error.value.message


@pytest.mark.parametrize("url", ["mail.example", "http://mail.example", "smtp://", "smtp://user:secret@"])
def test_an_address_of_a_mail_server_that_is_none_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(Invalid, match="ONRECORD_SMTP_URL") as refused:
        MailServer(url, mail_from=MARIA)
    assert "secret" not in refused.value.message


class Gateway:
    """A receiver of webhooks in a thread of its own."""

    def __init__(self) -> None:
        self.status, self.got = 204, []  # type: ignore[var-annotated]
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                gateway.got.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(gateway.status)
                self.send_header("location", "/elsewhere")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/messages"


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    gateway = Gateway()
    thread = threading.Thread(target=gateway.server.serve_forever)
    thread.start()
    yield gateway
    gateway.server.shutdown()
    gateway.server.server_close()
    thread.join()


def test_a_webhook_says_what_to_send_to_whom_and_proves_who_says_it(gateway: Gateway) -> None:
    """As the receiver checks it: HMAC-SHA256 of id, time and body with the secret's bytes (Standard Webhooks 1.0)."""
    Webhook(gateway.url, SECRET, now=lambda: NOW).send(PHONE, subject="Your code", text=TEXT)
    ((path, headers, body),) = gateway.got
    assert path == "/messages"
    assert json.loads(body) == {
        "type": "message.send",
        "timestamp": "2026-03-12T09:00:00+00:00",
        "data": {"to": PHONE, "subject": "Your code", "text": TEXT},
    }
    assert headers["webhook-timestamp"] == "1773306000"
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.digest(KEY, signed, "sha256")).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"


def test_each_message_has_an_id_of_its_own(gateway: Gateway) -> None:
    for _ in range(2):
        Webhook(gateway.url, SECRET).send(PHONE, subject="a", text="b")
    assert len({headers["webhook-id"] for _, headers, _ in gateway.got}) == 2


@pytest.mark.parametrize("status", [301, 400, 500])
def test_a_gateway_that_does_not_take_a_message_is_told_by_its_number_alone(gateway: Gateway, status: int) -> None:
    gateway.status = status
    with pytest.raises(Unavailable, match=f"answered {status}") as refused:
        Webhook(gateway.url, SECRET).send(PHONE, subject="a", text="b")
    assert PHONE not in refused.value.message
    assert len(gateway.got) == 1, "it is not followed elsewhere with what it said"


def test_a_gateway_that_is_not_there_is_told_so() -> None:
    gone = Gateway()
    gone.server.server_close()
    with pytest.raises(Unavailable, match="ONRECORD_WEBHOOK_URL"):
        Webhook(gone.url, SECRET).send(PHONE, subject="a", text="b")


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_c2hvcnQ=", "not base64!", f"whsec_{'A' * 200}"])
def test_a_secret_that_is_none_is_found_at_the_start(secret: str) -> None:
    with pytest.raises(Invalid, match="ONRECORD_WEBHOOK_SECRET"):
        Webhook("https://gateway.example", secret)


def test_telephones_are_reached_by_webhook_and_mail_by_whatever_there_is() -> None:
    mail, webhook = MailServer("smtp://mail.example", mail_from=MARIA), Webhook("https://gateway.example", SECRET)
    both = Sending(mail, webhook)
    assert (both.carrier(MARIA), both.carrier(PHONE)) == (mail, webhook)
    assert Sending(webhook=webhook).carrier(MARIA) is webhook
    with pytest.raises(Unavailable):
        Sending(mail=mail).carrier(PHONE)
    assert not Sending().is_set
    assert SECRET not in repr(both)
