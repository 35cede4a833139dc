"""Reaching addresses that others gave: what is refused before a byte is sent, and what a hostile server may not do."""

from __future__ import annotations

import gzip
import http.server
import io
import ipaddress
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.outside_servers import Certified, Serving, certified_in, said, serving
from worker.core.errors import BadRecording, Invalid, NotAllowed, NotThereYet, Unavailable
from worker.exchange.addresses import Address, Allowed, is_public, plain
from worker.exchange.outside import Outside

HERE = Allowed(networks=(ipaddress.ip_network("127.0.0.0/8"),))
MB = 1_000_000
SOUND = b"RIFF" + bytes(range(256)) * 64
PUBLIC = "93.184.215.14"


def no_connection(*_: Any, **__: Any) -> socket.socket:
    raise AssertionError("nothing is connected to before it was checked")


@pytest.fixture
def server() -> Iterator[Serving]:
    with serving() as made:
        yield made


def fetched(outside: Outside, address: str, *, largest: int = MB, headers: dict[str, str] | None = None) -> bytes:
    to = io.BytesIO()
    size = outside.fetch(address, to, largest=largest, headers=headers)
    assert size == len(to.getvalue())
    return to.getvalue()


# What is no address to reach


@pytest.mark.parametrize(
    "address",
    [
        "ftp://sounds.example/a.wav",
        "file:///etc/passwd",
        "gopher://sounds.example/",
        "sounds.example/a.wav",
        "https://",
        "https:///a.wav",
        "https://anna:secret@sounds.example/a.wav",
        "https://sounds.example:99999/",
        "https://sounds.example/a b",
        "https://sounds.example/\r\nHost: other",
        "https://sounds.example\\@127.0.0.1/",
        "https://2130706433/",
        "https://0177.0.0.1/",
        "https://0x7f.0.0.1/",
        "https://0x7f000001/",
        "https://127.1/",
        "https://1.2.3.4.5/",
        "https://[fe80::1%25eth0]/",
        "https://[not::an::address]/",
        "https://-sounds.example/",
        "https://sounds..example.%61/",
        f"https://sounds.example/{'a' * 5000}",
    ],
)
def test_what_is_no_plain_address_of_http_is_refused_unsaid(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "create_connection", no_connection)
    with pytest.raises(Invalid) as caught:
        fetched(Outside(resolve=lambda *_: [PUBLIC]), address)
    assert "sounds" not in caught.value.message, "an address may carry a token, and is not said again"
    assert "secret" not in caught.value.message


@pytest.mark.parametrize(
    "leads_to",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.100.100.200",  # the secrets of a cloud that keeps them in the carriers' own network
        "168.63.129.16",  # another that keeps them at a public address
        "192.0.0.192",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "240.0.0.1",
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:a00:1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "fec0::1",
        "::127.0.0.1",
    ],
)
def test_a_name_that_leads_into_a_private_network_is_refused(leads_to: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "create_connection", no_connection)
    with pytest.raises(Invalid, match="private network"):
        fetched(Outside(resolve=lambda *_: [leads_to]), "https://sounds.example/a.wav")
    with pytest.raises(Invalid, match="private network"):
        fetched(Outside(resolve=lambda *_: [PUBLIC, leads_to]), "https://sounds.example/a.wav")


def test_public_addresses_are_public_in_every_spelling() -> None:
    for address in (PUBLIC, "2606:2800:21f:cb07::1", f"::ffff:{PUBLIC}", "64:ff9b::5db8:d70e"):
        assert is_public(plain(address)), address


@pytest.mark.parametrize("address", ["https://127.0.0.1/", "https://[::1]/", "https://[::ffff:127.0.0.1]/"])
def test_a_private_address_written_out_is_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "create_connection", no_connection)
    with pytest.raises(Invalid, match="private network"):
        fetched(Outside(), address)


def test_http_is_refused_on_the_public_internet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "create_connection", no_connection)
    with pytest.raises(Invalid, match="https"):
        fetched(Outside(resolve=lambda *_: [PUBLIC]), "http://sounds.example/a.wav")


def test_a_name_that_nobody_knows_may_be_known_later() -> None:
    def unknown(*_: Any) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    for resolve in (unknown, lambda *_: []):
        with pytest.raises(Unavailable, match="name servers"):
            fetched(Outside(resolve=resolve), "https://sounds.example/a.wav")


# What the operator allows


def test_an_allowed_host_may_be_private_and_speak_http(server: Serving) -> None:
    server.answers["/a.wav"] = said(200, SOUND)
    outside = Outside(Allowed.read(["PBX.internal."]), resolve=lambda *_: ["127.0.0.1"])
    assert fetched(outside, server.address("/a.wav?token=1", host="pbx.internal")) == SOUND
    assert server.seen[0].path == "/a.wav?token=1"
    assert server.seen[0].headers["host"] == f"pbx.internal:{server.port}"
    with pytest.raises(Invalid):
        fetched(outside, server.address("/a.wav", host="other.internal"))


def test_an_allowed_host_never_leads_to_the_secrets_of_the_cloud(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "create_connection", no_connection)
    for leads_to in ("169.254.169.254", "::ffff:169.254.169.254", "168.63.129.16", "fe80::1"):
        with pytest.raises(Invalid):
            fetched(Outside(Allowed.read(["pbx.internal"]), resolve=lambda *_, a=leads_to: [a]), "http://pbx.internal/")


@pytest.mark.parametrize("item", ["10.0.0.0/33", "*.internal", "http://pbx.internal", "a b"])
def test_what_is_allowed_is_a_host_or_a_network(item: str) -> None:
    with pytest.raises(Invalid, match="ONRECORD_FETCH_ALLOW"):
        Allowed.read([item])


# The connection goes where was checked


def test_a_name_is_looked_up_once_so_that_it_cannot_answer_otherwise_a_moment_later(server: Serving) -> None:
    server.answers["/a.wav"] = said(200, SOUND)
    asked = []

    def rebinding(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["169.254.169.254"]

    assert fetched(Outside(HERE, resolve=rebinding), server.address("/a.wav", host="sounds.example")) == SOUND
    assert asked == ["sounds.example"]


def test_an_address_that_does_not_answer_is_left_for_the_next_one(server: Serving) -> None:
    server.answers["/a.wav"] = said(200, SOUND)
    outside = Outside(HERE, resolve=lambda *_: ["127.0.0.9", "127.0.0.1"])
    assert fetched(outside, server.address("/a.wav", host="sounds.example")) == SOUND


def test_the_proxies_of_the_environment_are_not_asked(server: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    server.answers["/a.wav"] = said(200, SOUND)
    assert fetched(Outside(HERE), server.address("/a.wav")) == SOUND


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Certified:
    return certified_in(tmp_path_factory.mktemp("certificate"))


def test_over_https_the_certificate_is_that_of_the_name(certified: Certified) -> None:
    """The connection goes to an address that was checked; the name is what the certificate is held against."""
    with serving(certified.server) as server:
        server.answers["/a.wav"] = said(200, SOUND)
        outside = Outside(HERE, resolve=lambda *_: ["127.0.0.1"], tls=certified.client)
        assert fetched(outside, server.address("/a.wav", host="sounds.example")) == SOUND
        with pytest.raises(Unavailable):
            fetched(outside, server.address("/a.wav", host="other.example"))
        with pytest.raises(Unavailable):
            fetched(Outside(HERE, resolve=lambda *_: ["127.0.0.1"]), server.address("/a.wav", host="sounds.example"))


# Redirects


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data/",
        "https://[::ffff:169.254.169.254]/",
        "https://10.0.0.1/",
        "//10.0.0.1/",
    ],
)
def test_a_redirect_is_checked_like_the_first_address(server: Serving, location: str) -> None:
    server.answers["/a.wav"] = said(302, Location=location)
    with pytest.raises(Invalid, match="private network"):
        fetched(Outside(HERE), server.address("/a.wav"))


def test_a_redirect_from_https_to_http_is_refused(certified: Certified) -> None:
    with serving(certified.server) as server:
        server.answers["/a.wav"] = said(302, Location="http://sounds.example/a.wav")
        answers = iter((["127.0.0.1"], [PUBLIC]))
        outside = Outside(HERE, resolve=lambda *_: next(answers), tls=certified.client)
        with pytest.raises(Invalid, match="https"):
            fetched(outside, server.address("/a.wav", host="sounds.example"))


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "ftp://sounds.example/", "https://a:b@sounds.example/", "http://[", "//[::1"]
)
def test_a_redirect_to_what_is_no_address_is_refused(server: Serving, location: str) -> None:
    server.answers["/a.wav"] = said(301, Location=location)
    with pytest.raises(Invalid):
        fetched(Outside(HERE), server.address("/a.wav"))


def test_credentials_stay_behind_on_another_host_and_do_not_come_back(server: Serving) -> None:
    server.answers["/a.wav"] = said(307, Location="/b.wav")
    server.answers["/b.wav"] = said(302, Location=server.address("/c.wav", host="other.example"))
    server.answers["/c.wav"] = said(302, Location=server.address("/d.wav", host="sounds.example"))
    server.answers["/d.wav"] = said(200, SOUND)
    outside = Outside(HERE, resolve=lambda *_: ["127.0.0.1"])
    headers = {"Authorization": "Basic c2VjcmV0"}
    assert fetched(outside, server.address("/a.wav", host="sounds.example"), headers=headers) == SOUND
    assert [seen.headers.get("authorization") for seen in server.seen] == ["Basic c2VjcmV0"] * 2 + [None] * 2


def test_a_recording_that_leads_on_and_on_is_left(server: Serving) -> None:
    server.answers["/a.wav"] = said(302, Location="/a.wav")
    with pytest.raises(Unavailable, match="more than 5 times"):
        fetched(Outside(HERE), server.address("/a.wav"))
    assert len(server.seen) == 6


# What a hostile server may not do


def test_what_says_that_it_is_too_large_is_not_read(server: Serving) -> None:
    server.answers["/a.wav"] = said(200, Content_Length=str(MB + 1))
    with pytest.raises(BadRecording, match="larger than 1 MB"):
        fetched(Outside(HERE), server.address("/a.wav"))


def test_a_body_without_end_is_cut_off(server: Serving) -> None:
    def endless(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while True:
            handler.wfile.write(bytes(64_000))

    server.answers["/a.wav"] = endless
    to = io.BytesIO()
    with pytest.raises(BadRecording, match="larger"):
        Outside(HERE).fetch(server.address("/a.wav"), to, largest=MB)
    assert len(to.getvalue()) <= MB


@pytest.mark.parametrize("slow_part", ["headers", "body"])
def test_a_server_that_drips_is_left_when_the_time_for_all_of_it_is_over(server: Serving, slow_part: str) -> None:
    """Each byte comes in time; it is the whole that does not."""

    def dripping(handler: http.server.BaseHTTPRequestHandler) -> None:
        if slow_part == "body":
            handler.send_response(200)
            handler.end_headers()
        else:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
        for _ in range(100):
            handler.wfile.write(b"x")
            time.sleep(0.1)

    server.answers["/a.wav"] = dripping
    began = time.monotonic()
    with pytest.raises(Unavailable, match="in time"):
        fetched(Outside(HERE, timeout_s=0.6), server.address("/a.wav"))
    assert time.monotonic() - began < 3


def test_a_small_packed_answer_does_not_become_a_large_one(server: Serving) -> None:
    server.answers["/a.wav"] = said(200, gzip.compress(bytes(20 * MB)), Content_Encoding="gzip")
    with pytest.raises(BadRecording, match="packs it"):
        fetched(Outside(HERE), server.address("/a.wav"))
    assert server.seen[0].headers["accept-encoding"] == "identity"


def test_what_breaks_off_is_no_recording(server: Serving) -> None:
    server.answers["/a.wav"] = said(200, SOUND, Content_Length=str(len(SOUND) + 10))
    with pytest.raises(Unavailable):
        fetched(Outside(HERE), server.address("/a.wav"))


def test_what_is_no_http_is_no_answer(server: Serving) -> None:
    def babble(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"SSH-2.0-OpenSSH\r\n\r\n")
        handler.close_connection = True

    server.answers["/a.wav"] = babble
    with pytest.raises(Unavailable):
        fetched(Outside(HERE), server.address("/a.wav"))


# What answers mean


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (202, NotThereYet),
        (204, NotThereYet),
        (403, NotThereYet),
        (404, NotThereYet),
        (401, NotAllowed),
        (400, Invalid),
        (410, Invalid),
        (408, Unavailable),
        (429, Unavailable),
        (500, Unavailable),
        (503, Unavailable),
        (206, Unavailable),
    ],
)
def test_an_answer_says_whether_to_ask_again(server: Serving, status: int, error: type[Exception]) -> None:
    server.answers["/secret-token"] = said(status)
    with pytest.raises(error) as caught:
        fetched(Outside(HERE), server.address("/secret-token"))
    assert type(caught.value) is error
    assert "secret-token" not in str(caught.value)
    assert str(status) in str(caught.value)


def test_a_recording_of_no_bytes_is_not_there_yet(server: Serving) -> None:
    server.answers["/a.wav"] = said(200)
    with pytest.raises(NotThereYet):
        fetched(Outside(HERE), server.address("/a.wav"))


# Posting


def test_a_post_tells_what_was_answered_and_follows_nothing(server: Serving) -> None:
    heard: list[bytes] = []

    def hear(handler: http.server.BaseHTTPRequestHandler) -> None:
        heard.append(handler.rfile.read(int(handler.headers["Content-Length"])))
        said(307, Location="/elsewhere", Retry_After="30")(handler)

    server.answers["/events"] = hear
    answer = Outside(HERE).post(server.address("/events"), b'{"a":1}', headers={"Content-Type": "application/json"})
    assert (answer.status, answer.retry_after_s, heard) == (307, 30.0, [b'{"a":1}'])
    assert [seen.path for seen in server.seen] == ["/events"]
    with pytest.raises(Invalid, match="private network"):
        Outside().post(server.address("/events"), b"", headers={})


def test_path_and_query_reach_the_server_as_they_were_given() -> None:
    address = Address.read("https://Sounds.Example.:443/a%2Fb/ü?x=1&y=%20z#part")
    assert (address.host, address.port, address.header) == ("sounds.example", 443, "sounds.example")
    assert address.target == "/a%2Fb/%C3%BC?x=1&y=%20z"
    assert Address.read("https://[2606:2800::1]:8443").header == "[2606:2800::1]:8443"
    assert "b%2Fc" not in repr(Address.read("https://sounds.example/b%2Fc")), "it may carry a token"
