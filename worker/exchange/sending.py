"""Sending short messages to people: mail through an SMTP server, everything else through a signed webhook.

The webhook follows Standard Webhooks 1.0 (github.com/standard-webhooks/standard-webhooks): whoever runs a gateway for
text messages checks the signature with any of its libraries.
"""

from __future__ import annotations

import json
import smtplib
import ssl
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import make_msgid
from typing import Protocol
from urllib.parse import unquote, urlsplit

import httpx2

from worker.core.errors import Invalid, Unavailable
from worker.core.now import now_utc
from worker.core.people import is_phone
from worker.exchange.standard_webhooks import key_of, signed_headers

TIMEOUT_S = 10.0
PORTS = {"smtp": 587, "smtps": 465, "smtp+plain": 25}


class Carrier(Protocol):
    """Sends one message to one address. Raises Unavailable, without the address, if it cannot now."""

    def send(self, address: str, *, subject: str, text: str) -> None: ...


@dataclass(frozen=True)
class Sending:
    """Which ways of sending there are; none on the embedded default, which shows its letters on a page."""

    mail: Carrier | None = None
    webhook: Carrier | None = None

    @property
    def is_set(self) -> bool:
        """Whether anything is sent at all."""
        return self.mail is not None or self.webhook is not None

    def reaches(self, address: str) -> bool:
        """Whether anything sends to such an address."""
        return self._carrier(address) is not None

    def _carrier(self, address: str) -> Carrier | None:
        return self.webhook if is_phone(address) else self.mail or self.webhook

    def carrier(self, address: str) -> Carrier:
        """What reaches this address. Raises Unavailable if nothing does."""
        if (carrier := self._carrier(address)) is None:
            raise Unavailable("Nothing here sends to such an address. Set ONRECORD_WEBHOOK_URL or ONRECORD_SMTP_URL.")
        return carrier


class MailServer:
    """Sends mail through ``smtp://USER:PASSWORD@HOST:587`` (STARTTLS), ``smtps://…:465`` or ``smtp+plain://…:25``.

    The last is for a relay on the same machine or network. Raises Invalid for another address.
    """

    def __init__(self, url: str, *, mail_from: str, tls: ssl.SSLContext | None = None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in PORTS or not parts.hostname:
            raise Invalid("ONRECORD_SMTP_URL is no address such as smtp://USER:PASSWORD@HOST:587.")
        self._scheme, self._host, self._port = parts.scheme, parts.hostname, parts.port or PORTS[parts.scheme]
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        self._mail_from = mail_from
        self._tls = tls or ssl.create_default_context()

    def send(self, address: str, *, subject: str, text: str) -> None:
        """Hands the message to the server. Raises Unavailable if it does not take it."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self._mail_from, address, subject
        message["Date"] = datetime.now(UTC)
        message["Message-ID"] = make_msgid(domain=self._mail_from.partition("@")[2] or None)
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday note answers it
        message.set_content(text)
        try:
            with self._connection() as server:
                if self._scheme == "smtp":
                    server.starttls(context=self._tls)
                if self._user:
                    server.login(self._user, self._password)
                server.send_message(message)
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise Unavailable("The mail server did not take a message. See ONRECORD_SMTP_URL.") from error

    def _connection(self) -> smtplib.SMTP:
        if self._scheme == "smtps":
            return smtplib.SMTP_SSL(self._host, self._port, timeout=TIMEOUT_S, context=self._tls)
        return smtplib.SMTP(self._host, self._port, timeout=TIMEOUT_S)


@dataclass(frozen=True)
class Webhook:
    """Posts messages as JSON to an address, signed with a secret of the form ``whsec_…`` (base64)."""

    url: str
    secret: str = field(repr=False)
    now: Callable[[], datetime] = now_utc

    def __post_init__(self) -> None:
        if not self.url.startswith(("https://", "http://")):
            raise Invalid("ONRECORD_WEBHOOK_URL is no address such as https://gateway.example/messages.")
        try:
            key_of(self.secret)
        except Invalid as error:
            raise Invalid(f"ONRECORD_WEBHOOK_SECRET does not fit. {error.message}") from error

    def send(self, address: str, *, subject: str, text: str) -> None:
        """Posts the message. Raises Unavailable if the answer is anything but a success."""
        at = self.now()
        message = {
            "type": "message.send",
            "timestamp": at.isoformat(),
            "data": {"to": address, "subject": subject, "text": text},
        }
        body = json.dumps(message, ensure_ascii=False).encode()
        signed = signed_headers(f"msg_{uuid.uuid4().hex}", at, body, [self.secret])
        headers = {"Content-Type": "application/json", **signed}
        try:
            answer = httpx2.post(
                self.url, content=body, headers=headers, timeout=TIMEOUT_S, follow_redirects=False, trust_env=False
            )
        except httpx2.HTTPError as error:
            raise Unavailable("The webhook that sends messages cannot be reached. See ONRECORD_WEBHOOK_URL.") from error
        if not answer.is_success:
            raise Unavailable(f"The webhook that sends messages answered {answer.status_code}.")
