"""Senders and visitors who mean harm, or whose programs do: nobody fills the disk or the memory, or is told a bug."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx2 as httpx
import pytest

from tests.web.conftest import Site
from tests.web.handing_over import Sender, sound
from worker.core.call import Party
from worker.intake.limits import Limits
from worker.record.senders import Scope

MB = 1_000_000
CHUNK = {"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream"}
FAR = "https://pbx.example.com/recordings/4711.wav"


class Disk:
    """A disk that others fill meanwhile: what is free on it is told as it is set."""

    def __init__(self) -> None:
        self.free = 100 * MB

    def free_bytes(self, _folder: Path) -> int:
        return self.free


@pytest.fixture
def disk(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    disk = Disk()
    monkeypatch.setattr("worker.intake.limits._free_bytes", disk.free_bytes)
    limits = Limits(largest_bytes=50 * MB, free_bytes=10 * MB, folders=(site.folder,))
    site.parts = replace(site.parts, limits=limits)
    with site.client_of(site.parts) as site.client:
        yield disk


@pytest.fixture
def pbx(site: Site) -> Sender:
    return Sender.at(site)


def kept(site: Site) -> list[Path]:
    return [path for path in (site.folder / "sounds").rglob("*") if path.is_file()]


# The disk


def test_the_room_for_an_upload_is_looked_at_again_with_each_part(site: Site, disk: Disk, pbx: Sender):
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "1000"}
    begun = [pbx.ask("POST", "/uploads", headers=headers).headers["location"] for _ in range(3)]
    disk.free = 10 * MB + 999
    for place in begun:
        path = place.removeprefix("/api/v1")
        answer = pbx.ask("PATCH", path, content=b"x" * 10, headers={**CHUNK, "Upload-Offset": "0"})
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert not kept(site)
    disk.free = 11 * MB
    answer = pbx.ask("PATCH", path, content=b"x" * 10, headers={**CHUNK, "Upload-Offset": "0"})
    assert (answer.status_code, answer.headers["upload-offset"]) == (204, "10")


def test_a_sender_has_only_so_many_uploads_open(site: Site, pbx: Sender, monkeypatch: pytest.MonkeyPatch):
    for module in ("worker.record.uploads", "worker.web.api.uploads"):
        monkeypatch.setattr(f"{module}.MOST_OPEN", 2)
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "3"}

    def begin(sender: Sender) -> httpx.Response:
        return sender.ask("POST", "/uploads", headers=headers)

    first, _second = (begin(pbx).headers["location"].removeprefix("/api/v1") for _ in range(2))
    third = begin(pbx)
    assert (third.status_code, third.headers["retry-after"]) == (503, "30")
    assert begin(Sender.at(site, "other")).status_code == 201
    assert pbx.ask("PATCH", first, content=b"abc", headers={**CHUNK, "Upload-Offset": "0"}).status_code == 204
    assert begin(pbx).status_code == 503
    assert pbx.announce({"upload": first}).status_code == 202
    assert begin(pbx).status_code == 201
    site.now += timedelta(days=3)
    assert begin(pbx).status_code == 201


@pytest.mark.parametrize("way", ["upload", "form", "vcon"])
def test_what_does_not_say_how_long_it_is_ends_where_the_room_does(site: Site, disk: Disk, pbx: Sender, way: str):
    """The disk is filled by somebody else while it comes."""
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": str(40 * MB)}
    place = pbx.ask("POST", "/uploads", headers=headers).headers["location"].removeprefix("/api/v1")
    head = b'--b\r\nContent-Disposition: form-data; name="recording"; filename="a.wav"\r\n\r\n'
    sent = 0

    def body() -> Iterator[bytes]:
        nonlocal sent
        yield head if way == "form" else b""
        for _ in range(20):
            sent += 2 * MB
            yield b"x" * (2 * MB)
            disk.free = 10 * MB

    method, path, kind = {
        "upload": ("PATCH", place, "application/offset+octet-stream"),
        "form": ("POST", "/calls", "multipart/form-data; boundary=b"),
        "vcon": ("POST", "/vcons", "application/vcon+json"),
    }[way]
    headers = {"Tus-Resumable": "1.0.0", "Content-Type": kind, "Upload-Offset": "0"}
    answer = pbx.ask(method, path, content=body(), headers=headers)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert not kept(site)


def test_who_is_signed_in_has_no_form_read_that_only_a_key_may_send(site: Site, monkeypatch: pytest.MonkeyPatch):
    call_id = site.receive("a" * 64)
    site.link(call_id, Party.CUSTOMER)
    del site.client.headers["X-CSRF-Token"]
    monkeypatch.setattr("starlette.requests.Request.form", None)  # where it is asked for, that breaks
    answer = site.client.post("/api/v1/calls", files={"recording": ("a.wav", b"x" * MB)}, data={"csrf": "x"})
    assert answer.status_code == 403


def test_a_key_is_enough_for_a_program_that_also_has_a_session_and_its_token(site: Site, pbx: Sender):
    site.link(site.receive("a" * 64), Party.CUSTOMER)
    assert pbx.send(sound()).status_code == 202


# What is sent


@pytest.mark.parametrize("meant", ["HEAD", "GET", "OPTIONS", "TRACE", "x"])
def test_a_post_is_no_other_method_than_those_of_an_upload_s_parts(pbx: Sender, meant: str):
    headers = {"Tus-Resumable": "1.0.0", "X-HTTP-Method-Override": meant}
    answer = pbx.ask("POST", "/uploads/unknown", headers=headers)
    assert answer.status_code == 405
    assert pbx.ask("GET", "/uploads", headers={**headers, "X-HTTP-Method-Override": "DELETE"}).status_code == 405


@pytest.mark.parametrize("detail", ["line", "agent", "customer", "external_id"])
def test_a_detail_may_be_called_upload(site: Site, pbx: Sender, detail: str):
    answer = pbx.announce({"address": FAR, detail: "upload"})
    assert answer.status_code == 202, answer.text
    assert getattr(site.store.call(answer.json()["id"]).details, detail) == "upload"


@pytest.mark.parametrize("body", [b'["upload"]', b'"upload"', b'{"upload": null}', b"[" * 100_000, b'"upload"{'])
def test_what_is_no_object_with_an_upload_is_refused(pbx: Sender, body: bytes):
    answer = pbx.ask("POST", "/calls", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422


def test_a_vcon_of_very_many_values_is_refused_before_it_takes_memory(pbx: Sender):
    bomb = b'{"vcon":"0.4.0","uuid":"a","x":[' + b"{}," * 1_000_001 + b"{}]}"
    answer = pbx.ask("POST", "/vcons", content=bomb, headers={"content-type": "application/vcon+json"})
    assert answer.status_code == 422
    assert "values" in answer.json()["detail"]


@pytest.mark.parametrize("since", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_place_outside_of_time_is_none(site: Site, since: str):
    operator = Sender.at(site, "dashboard", Scope.OPERATE)
    answer = operator.ask("GET", "/operations/calls", params={"after": f"{since}~a"})
    assert answer.status_code == 422


# Another sender's


def test_nothing_of_another_sender_can_be_reached_whatever_is_guessed(site: Site, pbx: Sender):
    other = Sender.at(site, "pbx-other")
    details = {"external_id": "4711", "customer": "Maria Lopez"}
    mine = pbx.send(sound(), details).json()["id"]
    theirs = other.send(sound(), details).json()
    assert theirs["outcome"] == "new"
    assert other.send(sound(seed=1), {"external_id": "4711", "legs": 2}).json()["id"] != mine
    assert len(site.store.call(mine).legs) == 1
    continued = other.announce({"address": FAR, "external_id": "9", "continues": "4711"}).json()["id"]
    assert site.store.call(continued).sender == "pbx-other"
    for call_id in (mine, mine[:8], mine.upper(), f" {mine}", "%", "_" * len(mine), "*"):
        assert other.ask("GET", f"/arrivals/{call_id}").status_code == 404


def test_own_recordings_of_a_side_are_told_to_no_sender(site: Site, pbx: Sender):
    call_id = pbx.send(sound()).json()["id"]
    own = site.parts.intake.accept(
        site.folder / "own.wav" if (site.folder / "own.wav").write_bytes(sound(seed=2)) else Path(),
        "own.wav",
        own_recording_of=call_id,
    )
    assert pbx.ask("GET", f"/arrivals/{own.call_id}").status_code == 404


def test_a_problem_repeats_nothing_of_what_was_sent(pbx: Sender):
    secret = "+4917755501 Maria"
    for body in (
        {"address": f"https://x.example/{secret}"},
        {"address": FAR, "customer_address": secret},
        {"address": FAR, "zone": secret},
        {"address": FAR, "language": secret},
        {"address": FAR, "started_at": secret},
        {"address": FAR, "content_hash": secret},
    ):
        answer = pbx.announce(body)
        assert answer.status_code == 422
        assert "Maria" not in answer.text
        assert "55501" not in answer.text
