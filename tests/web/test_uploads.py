"""Uploads that resume: tus 1.0.0, spoken by a client that is not ours, over connections that break."""

from __future__ import annotations

import hashlib
import socket
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email.utils import parsedate_to_datetime

import httpx2 as httpx
import pytest
from tusclient.client import TusClient

from tests.web.conftest import Site
from tests.web.handing_over import Sender, sound
from tests.web.serving import serving
from worker.core.errors import BrokenRecord
from worker.intake.limits import Limits
from worker.record.senders import Scope
from worker.running.up import free_port
from worker.web.app import create_app

TUS = {"Tus-Resumable": "1.0.0"}
CHUNK = {**TUS, "Content-Type": "application/offset+octet-stream"}


@pytest.fixture
def pbx(site: Site) -> Sender:
    return Sender.at(site)


def named(name: str) -> str:
    return f"filename {b64encode(name.encode()).decode()}"


def begin(pbx: Sender, length: int, **headers: str) -> str:
    """The path of a new upload."""
    answer = pbx.ask("POST", "/uploads", headers={**TUS, "Upload-Length": str(length), **headers})
    assert answer.status_code == 201, answer.text
    return answer.headers["location"].removeprefix("/api/v1")


def send(pbx: Sender, path: str, content: bytes, offset: int, **headers: str) -> httpx.Response:
    return pbx.ask("PATCH", path, content=content, headers={**CHUNK, "Upload-Offset": str(offset), **headers})


def chunks_on_disk(site: Site) -> int:
    return len([one for one in (site.folder / "sounds").glob("uploads/*/*") if one.is_file()])


# What the protocol asks for


def test_what_is_spoken_here_is_said_without_a_key(site: Site):
    answer = site.client.options("/api/v1/uploads")
    assert answer.status_code == 204
    assert answer.headers["tus-version"] == answer.headers["tus-resumable"] == "1.0.0"
    extensions = {"creation", "creation-with-upload", "termination", "expiration", "checksum"}
    assert set(answer.headers["tus-extension"].split(",")) == extensions
    assert set(answer.headers["tus-checksum-algorithm"].split(",")) == {"sha1", "sha256", "sha512"}
    assert int(answer.headers["tus-max-size"]) == site.parts.limits.largest_bytes


def test_an_upload_in_parts_becomes_a_call(site: Site, pbx: Sender):
    recording = sound(1.0)
    path = begin(pbx, len(recording), **{"Upload-Metadata": f"{named('über.wav')},rush"})
    head = pbx.ask("HEAD", path, headers=TUS)
    assert (head.status_code, head.headers["upload-offset"]) == (200, "0")
    assert (head.headers["upload-length"], head.headers["cache-control"]) == (str(len(recording)), "no-store")
    assert head.headers["upload-metadata"] == f"{named('über.wav')},rush"
    first = send(pbx, path, recording[:7000], 0)
    assert (first.status_code, first.headers["upload-offset"], first.headers["tus-resumable"]) == (204, "7000", "1.0.0")
    assert parsedate_to_datetime(first.headers["upload-expires"]) > site.now
    early = pbx.announce({"upload": path, "external_id": "pbx-1"})
    assert early.status_code == 422
    assert f"7000 of its {len(recording)} bytes" in early.json()["detail"]
    assert send(pbx, path, recording[7000:], 7000).headers["upload-offset"] == str(len(recording))
    assert pbx.ask("HEAD", path, headers=TUS).headers["upload-offset"] == str(len(recording))

    answer = pbx.announce({"upload": path, "external_id": "pbx-1", "parties": {"0": "agent"}})
    assert (answer.status_code, answer.json()["outcome"]) == (202, "new")
    leg = site.store.call(answer.json()["id"]).legs[0]
    assert (leg.sha256, leg.file_name) == (hashlib.sha256(recording).hexdigest(), "über.wav")
    assert chunks_on_disk(site) == 0, "the parts are of no use any more"
    again = pbx.announce({"upload": path.rpartition("/")[2], "external_id": "pbx-1"}).json()
    assert again == {**answer.json(), "outcome": "here_already"}


def test_an_upload_is_handed_over_again_after_a_crash_between_call_and_note(site: Site, pbx: Sender, monkeypatch):
    recording = sound()
    path = begin(pbx, len(recording))
    send(pbx, path, recording, 0)

    def dies(*_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr(site.store.uploads, "hand_over", dies)
        assert pbx.announce({"upload": path}).status_code == 500
    assert pbx.announce({"upload": path}).json()["outcome"] == "here_already"
    assert pbx.calls() == 1


def test_a_part_may_come_with_the_creation(site: Site, pbx: Sender):
    recording = sound()
    answer = pbx.ask(
        "POST", "/uploads", content=recording[:100], headers={**CHUNK, "Upload-Length": str(len(recording))}
    )
    assert (answer.status_code, answer.headers["upload-offset"]) == (201, "100")


def test_a_part_that_begins_elsewhere_is_refused(pbx: Sender):
    path = begin(pbx, 100)
    send(pbx, path, b"x" * 10, 0)
    for offset in (0, 5, 11):
        answer = send(pbx, path, b"y" * 10, offset)
        assert (answer.status_code, answer.headers["tus-resumable"]) == (409, "1.0.0")
    assert pbx.ask("HEAD", path, headers=TUS).headers["upload-offset"] == "10"


def test_two_parts_at_the_same_place_at_once_are_counted_once(site: Site, pbx: Sender):
    path = begin(pbx, 100)
    upload = site.store.uploads.find("pbx-berlin", path.rpartition("/")[2], now=site.now)
    uploads = site.parts.intake.uploads
    grown = []
    for content in (b"a" * 60, b"b" * 50):
        with uploads.incoming(upload) as chunk:
            chunk.write(content)
            grown.append(uploads.add(upload, chunk, now=site.now))
    assert grown[1] is None
    assert chunks_on_disk(site) == 1
    whole = replace(upload, arrived_bytes=60)
    with uploads.read(whole) as stream:
        assert stream.read() == b"a" * 60


def test_what_has_come_lies_sealed_and_an_altered_part_is_found_out(site: Site, pbx: Sender):
    path = begin(pbx, 300_000)
    sound = b"my card number is" * 10_000
    assert send(pbx, path, sound, 0).status_code == 204
    upload = site.store.uploads.find("pbx-berlin", path.rpartition("/")[2], now=site.now)
    with site.parts.intake.uploads.read(upload) as stream:
        assert stream.read() == sound
    (chunk,) = (path for path in (site.folder / "sounds" / "uploads").rglob("*") if path.is_file())
    kept = bytearray(chunk.read_bytes())
    assert b"card" not in kept
    for place in (3, 100, len(kept) - 1):
        altered = kept.copy()
        altered[place] ^= 1
        chunk.write_bytes(altered)
        with pytest.raises(BrokenRecord), site.parts.intake.uploads.read(upload) as stream:
            stream.read()


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha512"])
def test_a_part_is_held_against_its_checksum(site: Site, pbx: Sender, algorithm: str):
    path = begin(pbx, 100)
    right = b64encode(hashlib.new(algorithm, b"x" * 10).digest()).decode()
    wrong = send(pbx, path, b"y" * 10, 0, **{"Upload-Checksum": f"{algorithm} {right}"})
    assert (wrong.status_code, wrong.json()["status"], wrong.headers["tus-resumable"]) == (460, 460, "1.0.0")
    assert pbx.ask("HEAD", path, headers=TUS).headers["upload-offset"] == "0"
    assert chunks_on_disk(site) == 0
    assert send(pbx, path, b"x" * 10, 0, **{"Upload-Checksum": f"{algorithm} {right}"}).status_code == 204


@pytest.mark.parametrize("checksum", ["md5 abc=", "sha1", "sha1 %%%", ""])
def test_a_checksum_of_no_known_kind_is_refused(pbx: Sender, checksum: str):
    assert send(pbx, begin(pbx, 100), b"x", 0, **{"Upload-Checksum": checksum}).status_code == 400


def test_another_version_is_refused_with_the_one_that_is_spoken(pbx: Sender):
    path = begin(pbx, 100)
    for version in ({}, {"Tus-Resumable": "0.2.2"}):
        for method, where in (("HEAD", path), ("PATCH", path), ("POST", "/uploads"), ("DELETE", path)):
            answer = pbx.ask(method, where, headers=version)
            assert (answer.status_code, answer.headers["tus-version"]) == (412, "1.0.0"), (method, version)


def test_parts_of_another_kind_are_refused(pbx: Sender):
    answer = send(pbx, begin(pbx, 100), b"x", 0, **{"Content-Type": "audio/wav"})
    assert answer.status_code == 415


def test_more_bytes_than_were_announced_are_refused(site: Site, pbx: Sender):
    path = begin(pbx, 10)
    assert send(pbx, path, b"x" * 11, 0).status_code == 413
    assert (pbx.ask("HEAD", path, headers=TUS).headers["upload-offset"], chunks_on_disk(site)) == ("0", 0)


def test_an_upload_that_is_taken_away_is_gone(site: Site, pbx: Sender):
    path = begin(pbx, 100)
    send(pbx, path, b"x" * 10, 0)
    assert pbx.ask("DELETE", path, headers=TUS).status_code == 204
    assert chunks_on_disk(site) == 0
    gone = pbx.ask("HEAD", path, headers=TUS)
    assert (gone.status_code, "upload-offset" in gone.headers, gone.headers["tus-resumable"]) == (404, False, "1.0.0")
    assert send(pbx, path, b"x", 10).status_code == 404
    assert pbx.announce({"upload": path}).status_code == 404


def test_an_upload_ends_two_days_after_its_last_part_and_leaves_nothing(site: Site, pbx: Sender):
    path = begin(pbx, 100)
    site.now += timedelta(days=1)
    send(pbx, path, b"x" * 10, 0)
    site.now += timedelta(days=1, hours=23)
    assert pbx.ask("HEAD", path, headers=TUS).status_code == 200
    site.now += timedelta(hours=1)
    assert pbx.ask("HEAD", path, headers=TUS).status_code == 404
    assert chunks_on_disk(site) == 1
    begin(pbx, 100)  # where those that have ended are cleared
    assert chunks_on_disk(site) == 0


def test_a_part_whose_process_was_killed_before_it_was_counted_goes_with_its_upload(
    site: Site, pbx: Sender, monkeypatch: pytest.MonkeyPatch
):
    path = begin(pbx, 8)
    assert send(pbx, path, b"four", 0).status_code == 204
    with monkeypatch.context() as killed:
        killed.setattr(type(site.store.uploads), "add", lambda *_given, **_named: None)
        killed.setattr(type(site.sounds.blobs), "remove", lambda *_given: None)
        assert send(pbx, path, b"more", 4).status_code == 409
    assert chunks_on_disk(site) == 2
    assert pbx.ask("DELETE", path, headers=TUS).status_code == 204
    assert not any((site.folder / "sounds" / "uploads").iterdir())


def test_an_upload_is_its_sender_s_alone(site: Site, pbx: Sender):
    path = begin(pbx, 100)
    other, reader = Sender.at(site, "pbx-hamburg"), Sender.at(site, "pbx-berlin", Scope.READ)
    for method in ("HEAD", "DELETE"):
        assert other.ask(method, path, headers=TUS).status_code == 404
        assert reader.ask(method, path, headers=TUS).status_code == 403
    assert send(other, path, b"x", 0).status_code == 404
    assert other.announce({"upload": path}).status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Upload-Length": "0"},
        {"Upload-Length": "-1"},
        {"Upload-Length": "many"},
        {"Upload-Length": "9", "Upload-Metadata": "filename %%%"},
        {"Upload-Length": "9", "Upload-Metadata": "a YQ==,a YQ=="},
        {"Upload-Length": "9", "Upload-Metadata": "a  YQ=="},
    ],
)
def test_a_creation_that_does_not_fit_is_refused(pbx: Sender, headers: dict[str, str]):
    assert pbx.ask("POST", "/uploads", headers={**TUS, **headers}).status_code == 422


def test_no_upload_begins_for_which_there_is_no_room(site: Site, pbx: Sender):
    site.parts = replace(site.parts, limits=Limits(largest_bytes=1000, free_bytes=2**60, folders=(site.folder,)))
    with site.client_of(site.parts) as site.client:
        large = pbx.ask("POST", "/uploads", headers={**TUS, "Upload-Length": "1001"})
        full = pbx.ask("POST", "/uploads", headers={**TUS, "Upload-Length": "1000"})
    assert large.status_code == 413
    assert (full.status_code, full.headers["retry-after"]) == (503, "60")


def test_methods_may_be_named_in_a_header_for_clients_that_have_only_post(pbx: Sender):
    path = begin(pbx, 10)
    headers = {**CHUNK, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    assert pbx.ask("POST", path, content=b"x" * 10, headers=headers).status_code == 204


def test_what_is_asked_by_head_is_answered_as_that(pbx: Sender):
    """A server has no body for it, so an answer to anything else would break off: found by scripts/fuzz_intake.py."""
    path = begin(pbx, 10)
    answer = pbx.ask("HEAD", path, headers={**TUS, "X-HTTP-Method-Override": "DELETE"})
    assert answer.status_code == 200
    assert pbx.ask("HEAD", path, headers=TUS).status_code == 200, "nothing was taken away"


# A client that is not ours, over a real connection


@pytest.fixture
def base(site: Site) -> Iterator[str]:
    port = free_port("127.0.0.1", 0)
    with serving(create_app(replace(site.parts, base_url=f"http://127.0.0.1:{port}")), port):
        yield f"http://127.0.0.1:{port}/api/v1"


def test_tuspy_uploads_in_parts_with_checksums(site: Site, pbx: Sender, base: str, tmp_path):
    recording = sound(20.0)
    path = tmp_path / "long.wav"
    path.write_bytes(recording)
    client = TusClient(f"{base}/uploads", headers={"Authorization": f"Bearer {pbx.key}"})
    named_so = {"filename": "long.wav"}
    with path.open("rb") as file:  # by its path it would stay open
        uploader = client.uploader(file_stream=file, chunk_size=100_000, metadata=named_so, upload_checksum=True)
        uploader.upload()
    answer = pbx.announce({"upload": uploader.url})
    assert answer.json()["outcome"] == "new"
    leg = site.store.call(answer.json()["id"]).legs[0]
    assert (leg.sha256, leg.file_name) == (hashlib.sha256(recording).hexdigest(), "long.wav")


RESUME = """
import sys
from tusclient.client import TusClient
file, address, key = sys.argv[1:]
client = TusClient(address.rpartition("/")[0], headers={"Authorization": f"Bearer {key}"})
uploader = client.uploader(file, url=address, chunk_size=150_000)
print(uploader.offset)
uploader.upload()
"""


def test_another_process_goes_on_where_the_connection_broke(site: Site, pbx: Sender, base: str, tmp_path):
    """What came before the connection broke is kept, and the rest alone is sent again."""
    recording = sound(30.0)
    path = tmp_path / "long.wav"
    path.write_bytes(recording)
    upload = begin(pbx, len(recording))
    host, port = base.removeprefix("http://").partition("/")[0].split(":")
    with socket.create_connection((host, int(port))) as connection:
        lines = [
            f"PATCH /api/v1{upload} HTTP/1.1",
            f"Host: {host}",
            f"Authorization: Bearer {pbx.key}",
            "Tus-Resumable: 1.0.0",
            "Content-Type: application/offset+octet-stream",
            "Upload-Offset: 0",
            f"Content-Length: {len(recording)}",
        ]
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + recording[:123_456])
    find = site.store.uploads.find
    upload_id = upload.rpartition("/")[2]
    for _ in range(100):
        if find("pbx-berlin", upload_id, now=site.now).arrived_bytes:
            break
        time.sleep(0.05)
    resumed = subprocess.run(
        [sys.executable, "-c", RESUME, str(path), f"{base}{upload.removeprefix('/api/v1')}", pbx.key],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert 0 < int(resumed.stdout) <= 123_456, "not from the beginning"
    assert find("pbx-berlin", upload_id, now=site.now).is_whole
    answer = pbx.announce({"upload": upload})
    assert site.store.call(answer.json()["id"]).legs[0].sha256 == hashlib.sha256(recording).hexdigest()


def test_a_form_whose_connection_breaks_leaves_nothing(site: Site, pbx: Sender, base: str):
    host, port = base.removeprefix("http://").partition("/")[0].split(":")
    with socket.create_connection((host, int(port))) as connection:
        lines = [
            "POST /api/v1/calls HTTP/1.1",
            f"Host: {host}",
            f"Authorization: Bearer {pbx.key}",
            "Content-Type: multipart/form-data; boundary=b",
            "Content-Length: 3000000",
            "",
            "--b",
            'Content-Disposition: form-data; name="recording"; filename="a.wav"',
            "",
        ]
        connection.sendall("\r\n".join([*lines, ""]).encode() + b"x" * 2_000_000)
    incoming = site.folder / "sounds" / "incoming"
    for _ in range(100):
        if not list(incoming.iterdir()):
            break
        time.sleep(0.05)
    assert list(incoming.iterdir()) == []
    assert pbx.calls() == 0


def test_whoever_asks_first_is_told_to_wait_without_sending_it_all(site: Site, pbx: Sender):
    """curl sends large bodies only after 100-continue: what has no room never crosses the line."""
    site.parts = replace(site.parts, limits=Limits(free_bytes=2**60, folders=(site.folder,)))
    port = free_port("127.0.0.1", 0)
    with serving(create_app(site.parts), port), socket.create_connection(("127.0.0.1", port)) as connection:
        connection.settimeout(10)
        lines = [
            "POST /api/v1/calls HTTP/1.1",
            "Host: localhost",
            f"Authorization: Bearer {pbx.key}",
            "Content-Type: multipart/form-data; boundary=b",
            "Content-Length: 300000000",
            "Expect: 100-continue",
            "",
            "",
        ]
        connection.sendall("\r\n".join(lines).encode())
        answer = connection.recv(4096).decode()
    assert answer.startswith("HTTP/1.1 503")
    assert "retry-after: 60" in answer.lower()
