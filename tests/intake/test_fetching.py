"""Fetching what was announced: credentials, hashes, buckets, and what is left behind by a failure."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx2
import obstore
import pytest
from moto.server import ThreadedMotoServer
from obstore.store import from_url

from tests.outside_servers import Certified, Serving, certified_in, said, serving
from worker.core.arrival import Announced
from worker.core.errors import BadRecording, Invalid, NotAllowed, NotThereYet, Unavailable
from worker.core.ports import Fetcher
from worker.exchange.addresses import Address, Allowed
from worker.exchange.outside import Outside
from worker.intake.fetching import PART_BYTES, Access, RecordingFetcher, Sources
from worker.intake.vendors.bucket_events import NewObject

SOUND = b"RIFF" + bytes(range(256)) * 64
HERE = Allowed(networks=(ipaddress.ip_network("127.0.0.0/8"),))
KEY = "connect/x/CallRecordings/2026/03/10/c_20260310T09:14_UTC.wav"
SECRET = {"Authorization": "Basic c2VjcmV0"}


def hash_of(content: bytes, name: str = "sha512") -> str:
    return f"{name}-{base64.urlsafe_b64encode(hashlib.new(name, content).digest()).decode()}"


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Certified:
    return certified_in(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def server(certified: Certified) -> Iterator[Serving]:
    with serving(certified.server) as made:
        made.answers["/a.wav"] = said(200, SOUND)
        yield made


@pytest.fixture
def fetcher(certified: Certified) -> RecordingFetcher:
    outside = Outside(HERE, resolve=lambda *_: ["127.0.0.1"], tls=certified.client)
    access = {"twilio": Access(("api.sounds.example",), lambda: SECRET)}
    return RecordingFetcher(
        outside, Sources(buckets=("s3://calls", "s3://other/2026")), largest=1_000_000, access=access
    )


def announced(server: Serving, *, host: str = "api.sounds.example", path: str = "/a.wav", **more: str) -> Announced:
    return Announced(server.address(path, host=host), "a.wav", **more)


def test_a_recording_is_written_whole(server: Serving, fetcher: RecordingFetcher, tmp_path: Path) -> None:
    port: Fetcher = fetcher
    port.fetch(announced(server), tmp_path / "a.wav")
    assert (tmp_path / "a.wav").read_bytes() == SOUND
    assert "authorization" not in server.seen[0].headers


def test_credentials_go_to_the_hosts_of_their_system_alone(
    server: Serving, fetcher: RecordingFetcher, tmp_path: Path
) -> None:
    for host in ("api.sounds.example", "sounds.example"):
        fetcher.fetch(announced(server, host=host, access="twilio"), tmp_path / "a.wav")
    assert [seen.headers.get("authorization") for seen in server.seen] == ["Basic c2VjcmV0", None]


@pytest.mark.parametrize("host", ["api.sounds.example", "eu.api.sounds.example", "evilapi.sounds.example"])
def test_a_host_below_another_is_its_own(host: str) -> None:
    access = Access(("api.sounds.example",), lambda: SECRET)
    assert access.is_for(Address.read(f"https://{host}/")) is (not host.startswith("evil"))
    assert not access.is_for(Address.read(f"http://{host}/")), "in the clear they go nowhere"


def test_credentials_that_this_worker_lacks_may_be_those_of_another(
    server: Serving, fetcher: RecordingFetcher, tmp_path: Path
) -> None:
    with pytest.raises(Unavailable, match="vonage"):
        fetcher.fetch(announced(server, access="vonage"), tmp_path / "a.wav")


@pytest.mark.parametrize("name", ["sha256", "sha512"])
def test_what_was_announced_with_its_hash_is_held_against_it(
    server: Serving, fetcher: RecordingFetcher, tmp_path: Path, name: str
) -> None:
    for wanted in (hash_of(SOUND, name), hash_of(SOUND, name).rstrip("=")):
        fetcher.fetch(announced(server, content_hash=wanted), tmp_path / "a.wav")
    with pytest.raises(BadRecording, match="hash"):
        fetcher.fetch(announced(server, content_hash=hash_of(b"other", name)), tmp_path / "a.wav")
    assert list(tmp_path.iterdir()) == [], "what is not what was announced is not left lying about"


@pytest.mark.parametrize("wanted", ["", "md5-abc", "sha256-", "sha256-abcd", "sha512-" + "A" * 43, "sha256-@@@@"])
def test_a_hash_that_is_none_is_said_to_be(
    server: Serving, fetcher: RecordingFetcher, tmp_path: Path, wanted: str
) -> None:
    with pytest.raises(Invalid, match="hash"):
        fetcher.fetch(announced(server, content_hash=wanted), tmp_path / "a.wav")


def test_a_recording_that_is_not_there_yet_leaves_nothing(
    server: Serving, fetcher: RecordingFetcher, tmp_path: Path
) -> None:
    server.answers["/late.wav"] = said(404)
    with pytest.raises(NotThereYet):
        fetcher.fetch(announced(server, path="/late.wav"), tmp_path / "a.wav")
    assert list(tmp_path.iterdir()) == []
    server.answers["/late.wav"] = said(200, SOUND)
    fetcher.fetch(announced(server, path="/late.wav"), tmp_path / "a.wav")
    assert (tmp_path / "a.wav").read_bytes() == SOUND


def test_a_disk_that_takes_nothing_is_no_fault_of_the_recording(
    server: Serving, fetcher: RecordingFetcher, tmp_path: Path
) -> None:
    with pytest.raises(Unavailable, match="written"):
        fetcher.fetch(announced(server), tmp_path / "missing" / "a.wav")


def test_other_credentials_are_asked_for_at_once(server: Serving, fetcher: RecordingFetcher, tmp_path: Path) -> None:
    server.answers["/a.wav"] = said(401)
    with pytest.raises(NotAllowed):
        fetcher.fetch(announced(server, access="twilio"), tmp_path / "a.wav")


# Buckets


@pytest.fixture(scope="module")
def buckets() -> Iterator[None]:
    """A store of the kind S3 on this machine, with a recording in each of two buckets."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        patch.setenv("AWS_ALLOW_HTTP", "true")
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_REGION", "us-east-1")
        for bucket in ("calls", "other", "private"):
            assert httpx2.put(f"http://{host}:{port}/{bucket}", trust_env=False).is_success
            for key in (KEY, "2026/a b+c%41é.wav", "2025/a.wav"):
                obstore.put(from_url(f"s3://{bucket}"), key, SOUND)
            obstore.put(from_url(f"s3://{bucket}"), "2026/empty.wav", b"")
            obstore.put(from_url(f"s3://{bucket}"), "2026/large.wav", bytes(1_000_001))
            obstore.put(from_url(f"s3://{bucket}"), "long.wav", SOUND * 700)
        yield
    server.stop()


@pytest.mark.usefixtures("buckets")
@pytest.mark.parametrize("new", [NewObject("calls", KEY), NewObject("other", "2026/a b+c%41é.wav")], ids=str)
def test_an_object_is_read_whatever_signs_its_key_has(
    fetcher: RecordingFetcher, tmp_path: Path, new: NewObject
) -> None:
    fetcher.fetch(Announced(new.address, "a.wav", content_hash=hash_of(SOUND)), tmp_path / "a.wav")
    assert (tmp_path / "a.wav").read_bytes() == SOUND


@pytest.mark.usefixtures("buckets")
def test_a_long_recording_is_read_in_parts(fetcher: RecordingFetcher, tmp_path: Path) -> None:
    longer = replace(fetcher, largest=20_000_000)
    longer.fetch(Announced("s3://calls/long.wav", "a.wav", content_hash=hash_of(SOUND * 700)), tmp_path / "a.wav")
    assert (tmp_path / "a.wav").stat().st_size == len(SOUND) * 700 > PART_BYTES


@pytest.mark.usefixtures("buckets")
@pytest.mark.parametrize(
    "address",
    [
        f"s3://private/{KEY}",
        f"s3://calls-of-others/{KEY}",
        "s3://other/2025/a.wav",
        "s3://other/2026/../2025/a.wav",
        "s3://other/2026/%2e%2e/2025/a.wav",
        "s3://other/2026%2F../2025/a.wav",
        "s3://calls",
        "s3://calls/",
        "gs://calls/a.wav",
    ],
)
def test_a_bucket_that_is_not_listed_is_not_fetched_from(
    fetcher: RecordingFetcher, tmp_path: Path, address: str
) -> None:
    with pytest.raises(Invalid, match="ONRECORD_FETCH_ALLOW"):
        fetcher.fetch(Announced(address, "a.wav"), tmp_path / "a.wav")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("buckets")
@pytest.mark.parametrize(
    ("name", "error"), [("none.wav", NotThereYet), ("empty.wav", NotThereYet), ("large.wav", BadRecording)]
)
def test_an_object_that_cannot_be_taken_says_why(
    fetcher: RecordingFetcher, tmp_path: Path, name: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        fetcher.fetch(Announced(f"s3://other/2026/{name}", name), tmp_path / "a.wav")
    assert list(tmp_path.iterdir()) == []


# What is allowed


def test_one_list_names_hosts_networks_and_buckets() -> None:
    sources = Sources.read(" pbx.internal, 10.0.0.0/8 ,[fd00::1], s3://calls/ , gs://calls/2026,,")
    assert sources.buckets == ("s3://calls", "gs://calls/2026")
    assert sources.allowed.hosts == {"pbx.internal"}
    assert {str(network) for network in sources.allowed.networks} == {"10.0.0.0/8", "fd00::1/128"}
    assert sources.has_bucket("s3://calls/a.wav")
    assert not sources.has_bucket("s3://calls2/a.wav")
    assert Sources.read("") == Sources()
    with pytest.raises(Invalid, match="ONRECORD_FETCH_ALLOW"):
        Sources.read("https://pbx.internal/")
