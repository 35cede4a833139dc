"""Requests as telephony systems send them, and what a fault or an attacker makes of them: drawn from a seed."""

from __future__ import annotations

import base64
import copy
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any
from urllib.parse import urlencode

from standardwebhooks.webhooks import Webhook

from scripts.proving.sounds import broken, recording

BOUNDARY = "onrecord-fuzz"
LARGEST_WHOLE = 200_000  # bytes of a body

VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1,
    2**31,
    2**63,
    -(2**63) - 1,
    10**400,
    1.5,
    1e308,
    "",
    " ",
    "\x00",
    "\ud800",
    "‮abc",
    "é" * 300,
    "a" * 70_000,
    "../../etc/passwd",
    "<script>alert(1)</script>",
    "' OR 1=1 --",
    "%00%ff%s%n",
    "2026-02-30T25:61:00+99:99",
    "9999-12-31T23:59:59+14:00",
    "0001-01-01T00:00:00-14:00",
    "Europe/../../etc",
    [],
    {},
    [[]] * 50,
    {"a": {"b": {"c": []}}},
)
"""What stands where something else was meant."""

HEADERS = (
    ("Content-Type", "application/json"),
    ("Content-Type", "multipart/form-data"),
    ("Content-Type", "multipart/form-data; boundary="),
    ("Content-Type", "text/plain; charset=utf-99"),
    ("Content-Type", "application/x-www-form-urlencoded"),
    ("Content-Type", "é"),
    ("Content-Encoding", "gzip"),
    ("Idempotency-Key", ""),
    ("Idempotency-Key", "k" * 300),
    ("Idempotency-Key", "the same"),
    ("Authorization", "Bearer"),
    ("Authorization", "Bearer onr_x_y"),
    ("Authorization", "Basic Og=="),
    ("Accept", "text/html"),
    ("Accept-Language", "de-DE-x-" + "a" * 500),
    ("X-HTTP-Method-Override", "PATCH"),
    ("X-HTTP-Method-Override", "BREW"),
    ("Tus-Resumable", "0.0.1"),
    ("Upload-Length", "-1"),
    ("Upload-Length", "9" * 40),
    ("Upload-Length", "१"),
    ("Upload-Offset", "99999999999999999999"),
    ("Upload-Offset", "x"),
    ("Upload-Metadata", "filename !!!,,, x"),
    ("Upload-Metadata", "filename " + "QQ" * 4000),
    ("Upload-Checksum", "sha1 x"),
    ("Upload-Checksum", "md5 AAAA"),
    ("Upload-Defer-Length", "1"),
    ("webhook-timestamp", "9" * 30),
    ("Referer", "http://[::1"),
    ("Origin", "http://[::1"),
    ("Range", "bytes=9-1"),
    ("If-None-Match", '"x'),
    ("Cookie", "session=\x01; a"),
    ("Host", "[::1"),
    ("Sec-Fetch-Site", "cross-site"),
    ("webhook-id", "x" * 2000),
)


@dataclass(frozen=True)
class Request:
    """One request. ``kind`` is what it was before it was changed."""

    kind: str
    method: str
    path: str
    body: bytes = field(repr=False)
    headers: dict[str, str] = field(repr=False)


@dataclass(frozen=True)
class Known:
    """What whoever sends knows: the address under which the pages are, a key, the secrets, where recordings lie."""

    base: str
    key: str = field(repr=False)
    standard: str = field(repr=False)
    twilio: str = field(repr=False)
    genesys: str = field(repr=False)
    account: str
    elsewhere: str
    uploads: list[str] = field(default_factory=list)


Make = Callable[[Random, Known], Request]


def request(random: Random, known: Known) -> Request:
    """One request, changed in one way or several; one in ten is as it should be."""
    made = random.choice(KINDS)(random, known)
    if random.random() < 0.1:
        return made
    for _ in range(random.choice((0, 1, 1, 2))):
        made = random.choice((_other_header, _other_bytes, _cut, _without_header, _other_path))(random, made, known)
    return made


# What is sent, with values changed before it is written and signed


def _details(random: Random) -> dict[str, Any]:
    details: dict[str, Any] = {
        "agent": "Emily",
        "customer": "Maria Lopez",
        "agent_address": "emily@example.com",
        "customer_address": "+49 30 901820",
        "started_at": "2026-03-10T10:14:00+01:00",
        "zone": "Europe/Berlin",
        "external_id": f"fuzz-{random.randrange(10**9)}",
        "language": "en",
        "parties": {"0": "agent", "1": "customer"},
        "direction": "inbound",
        "line": "support",
        "lawful_basis": "consent",
        "notice_given": True,
        "legs": 1,
        "priority": "normal",
        "file_name": "call.wav",
    }
    for name in random.sample(sorted(details), random.randrange(len(details))):
        del details[name]
    return details


def changed(random: Random, value: Any) -> Any:
    """The value with something else somewhere in it; often as it was."""
    if random.random() < 0.4:
        return value
    value = copy.deepcopy(value)
    at, places = value, []
    while isinstance(at, dict | list) and at:
        key = random.choice(sorted(at) if isinstance(at, dict) else list(range(len(at))))
        places.append((at, key))
        at = at[key]
        if random.random() < 0.4:
            break
    if not places:
        return random.choice(VALUES)
    holder, key = places[-1]
    if isinstance(holder, dict) and random.random() < 0.2:
        holder[str(random.choice(VALUES))[:80]] = holder.pop(key)
    elif not (isinstance(key, str) and key in ("address", "url", "mediaUri", "RecordingUrl")):
        holder[key] = random.choice(VALUES)
    else:  # an address stays on this machine, whatever else becomes of it
        holder[key] = random.choice(("", "http://127.0.0.1:1/x", "file:///etc/passwd", "http://[::1", "\x00", 7, None))
    return value


def _json(value: Any) -> bytes:
    try:
        return json.dumps(value).encode("utf-8", "surrogatepass")
    except (ValueError, RecursionError):
        return b"{}"


def _sound(random: Random) -> bytes:
    return recording(random) if random.random() < 0.1 else broken(random)


def _authorized(known: Known, **more: str) -> dict[str, str]:
    named = {name.replace("_", "-"): value for name, value in more.items()}
    return {"Authorization": f"Bearer {known.key}", **named}


def _form(random: Random, known: Known) -> Request:
    details = _json(changed(random, _details(random)))
    parts = [
        (f'name="recording"; filename="{random.choice(("call.wav", "", "../x", "é.wav", "a" * 500))}"', _sound(random)),
        ('name="details"', details),
    ]
    random.shuffle(parts)
    if random.random() < 0.1:
        parts.append(random.choice(parts))
    if random.random() < 0.1:
        parts.pop()
    body = b"".join(
        f"--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + content + b"\r\n"
        for head, content in parts
    )
    body += f"--{BOUNDARY}--\r\n".encode()
    headers = _authorized(known, Content_Type=f"multipart/form-data; boundary={BOUNDARY}")
    return Request("multipart", "POST", "/api/v1/calls", body, headers)


def _announced(random: Random, known: Known) -> Request:
    body = changed(random, {**_details(random), "address": f"{known.elsewhere}/{random.randrange(40)}.wav"})
    return Request("JSON", "POST", "/api/v1/calls", _json(body), _authorized(known, Content_Type="application/json"))


def _handed_over_upload(random: Random, known: Known) -> Request:
    upload = random.choice(known.uploads) if known.uploads else "none"
    body = _json(changed(random, {**_details(random), "upload": upload}))
    return Request("upload", "POST", "/api/v1/calls", body, _authorized(known, Content_Type="application/json"))


def _begun_upload(random: Random, known: Known) -> Request:
    name = base64.b64encode(b"call.wav").decode()
    body = _sound(random) if random.random() < 0.5 else b""
    headers = _authorized(
        known,
        Tus_Resumable="1.0.0",
        Upload_Length=str(len(body) or 3000),
        Upload_Metadata=f"filename {name}",
        **({"Content_Type": "application/offset+octet-stream"} if body else {}),
    )
    return Request("tus", "POST", "/api/v1/uploads", body, headers)


def _further_part(random: Random, known: Known) -> Request:
    place = random.choice(known.uploads) if known.uploads else "none"
    body = random.randbytes(random.choice((0, 1, 3000)))
    method = random.choice(("PATCH", "PATCH", "PATCH", "HEAD", "DELETE", "GET"))
    checksum = base64.b64encode(hashlib.sha1(body, usedforsecurity=False).digest()).decode()
    headers = _authorized(
        known,
        Tus_Resumable="1.0.0",
        Upload_Offset=random.choice(("0", "0", "1", "3000")),
        Content_Type="application/offset+octet-stream",
        **({"Upload_Checksum": f"sha1 {checksum}"} if random.random() < 0.5 else {}),
    )
    path = f"/api/v1/uploads/{place.rpartition('/')[2]}"
    return Request("tus part", method, path, body if method == "PATCH" else b"", headers)


def _vcon(random: Random, known: Known) -> Request:
    content = _sound(random)
    dialog: dict[str, Any] = {
        "type": "recording",
        "start": "2026-03-10T09:14:00Z",
        "duration": 2,
        "parties": [0, 1],
        "mediatype": "audio/x-wav",
        "filename": "call.wav",
    }
    if random.random() < 0.7:
        dialog |= {"body": base64.urlsafe_b64encode(content).decode(), "encoding": "base64url"}
    else:
        digest = base64.urlsafe_b64encode(hashlib.sha512(content).digest()).decode().rstrip("=")
        dialog |= {"url": f"{known.elsewhere}/{random.randrange(40)}.wav", "content_hash": f"sha512-{digest}"}
    vcon = {
        "vcon": random.choice(("0.0.1", "0.0.2", "0.3.0", "0.4.0", "0.5.0")),
        "uuid": f"018e3a5e-0000-8000-8000-{random.randrange(16**12):012x}",
        "created_at": "2026-03-10T09:15:00Z",
        "parties": [{"name": "Emily", "role": "agent"}, {"tel": "+4930901820", "role": "customer"}],
        "dialog": [dialog],
        "analysis": [],
        "attachments": [],
    }
    body = _json(changed(random, vcon))
    return Request("vCon", "POST", "/api/v1/vcons", body, _authorized(known, Content_Type="application/vcon+json"))


def _standard(random: Random, known: Known) -> Request:
    data = {**_details(random), "address": f"{known.elsewhere}/{random.randrange(40)}.wav"}
    body = _json(changed(random, {"type": "recording.available", "timestamp": "2026-03-10T09:14:00Z", "data": data}))
    name, now = f"msg_{random.randrange(10**6)}", datetime.now(UTC)
    headers = {
        "webhook-id": name,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(known.standard).sign(name, now, body.decode("utf-8", "replace")),
        "Content-Type": "application/json",
    }
    return Request("standard", "POST", "/intake/standard", body, headers)


def _genesys(random: Random, known: Known) -> Request:
    event = {
        "id": str(random.randrange(10**6)),
        "conversationId": f"{random.randrange(10**9)}",
        "startTime": "2026-03-10T09:14:00Z",
        "media": "audio",
        "fileState": "AVAILABLE",
        "mediaUris": {"S": {"mediaUri": f"{known.elsewhere}/{random.randrange(40)}.wav"}},
    }
    body = _json(changed(random, event))
    digest = base64.b64encode(hmac.digest(known.genesys.encode(), body, "sha256")).decode()
    headers = {"X-Hub-Signature-256": f"sha256={digest}", "Content-Type": "application/json"}
    return Request("genesys", "POST", "/intake/genesys?line=support", body, headers)


def _twilio(random: Random, known: Known) -> Request:
    values: dict[str, Any] = {
        "AccountSid": known.account,
        "CallSid": f"CA{random.randrange(10**9)}",
        "RecordingSid": f"RE{random.randrange(10**9)}",
        "RecordingUrl": f"{known.elsewhere}/{random.randrange(40)}.wav",
        "RecordingStatus": "completed",
        "RecordingChannels": "2",
        "RecordingStartTime": "Tue, 10 Mar 2026 09:14:00 +0000",
    }
    form = {_as_text(name): _as_text(value) for name, value in _as_mapping(changed(random, values)).items()}
    path = "/intake/twilio?channels=agent,customer"
    signed = f"{known.base}{path}" + "".join(f"{name}{form[name]}" for name in sorted(form))
    digest = hmac.digest(known.twilio.encode(), signed.encode("utf-8", "replace"), "sha1")
    headers = {
        "X-Twilio-Signature": base64.b64encode(digest).decode(),
        "Content-Type": "application/x-www-form-urlencoded",
    }
    return Request("twilio", "POST", path, urlencode(form).encode(), headers)


def _as_mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {"value": value}


def _as_text(value: Any) -> str:
    try:
        return str(value).encode("utf-8", "replace").decode()
    except ValueError:  # a number of too many digits
        return "9"


KINDS: tuple[Make, ...] = (
    *(_form,) * 5,
    *(_announced,) * 2,
    _handed_over_upload,
    _begun_upload,
    *(_further_part,) * 2,
    *(_vcon,) * 3,
    *(_standard,) * 3,
    _genesys,
    *(_twilio,) * 2,
)


# What becomes of it on the way


def _other_header(random: Random, one: Request, _: Known) -> Request:
    name, value = random.choice(HEADERS)
    return Request(one.kind, one.method, one.path, one.body, {**one.headers, name: value})


def _without_header(random: Random, one: Request, _: Known) -> Request:
    if not one.headers:
        return one
    gone = random.choice(sorted(one.headers))
    return Request(one.kind, one.method, one.path, one.body, {k: v for k, v in one.headers.items() if k != gone})


def _other_bytes(random: Random, one: Request, known: Known) -> Request:
    """Some bytes of the body are others, or gone, or twice; the address in it stays what it is."""
    before, address, after = one.body.partition(known.elsewhere.encode())
    return Request(
        one.kind, one.method, one.path, _mutated(random, before) + address + _mutated(random, after), one.headers
    )


def _mutated(random: Random, body: bytes) -> bytes:
    changed_body = bytearray(body)
    for _ in range(random.choice((0, 1, 1, 3, 10))):
        if not changed_body:
            break
        at = random.randrange(len(changed_body))
        match random.randrange(4):
            case 0:
                changed_body[at] = random.randrange(256)
            case 1:
                del changed_body[at : at + random.randrange(1, 20)]
            case 2:
                changed_body[at:at] = random.randbytes(random.randrange(1, 20))
            case _:
                changed_body[at:at] = changed_body[at : at + 200]
    return bytes(changed_body[:LARGEST_WHOLE])


def _cut(random: Random, one: Request, _: Known) -> Request:
    return Request(one.kind, one.method, one.path, one.body[: random.randrange(len(one.body) + 1)], one.headers)


def _other_path(random: Random, one: Request, _: Known) -> Request:
    tail = random.choice(("/", "/x", "?", "?a=%00&b=%ff", "/..;/x", "%2e%2e", "?" + "q" * 3000))
    return Request(one.kind, random.choice((one.method, "PUT", "HEAD")), f"{one.path}{tail}", one.body, one.headers)
