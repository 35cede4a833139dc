"""The sound: whole, in parts, and only what is there (RFC 9110, section 14)."""

from __future__ import annotations

import pytest

from tests.web.conftest import Site
from tests.web.records import short_call

SOUND = bytes(range(256)) * 8  # 2048 bytes


@pytest.fixture
def address(site: Site) -> str:
    return f"{site.link(site.publish(short_call(), sound=SOUND))}/sound"


def test_the_whole_sound(site: Site, address: str) -> None:
    response = site.client.get(address)
    assert response.status_code == 200
    assert response.content == SOUND
    assert response.headers["content-type"] == "audio/flac"
    assert response.headers["content-length"] == "2048"
    assert response.headers["accept-ranges"] == "bytes"
    assert response.headers["cache-control"] == "private, no-store"
    assert "content-encoding" not in response.headers, "a player needs the bytes as they are"


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-", 0, 2048),
        ("bytes=0-0", 0, 1),
        ("bytes=100-199", 100, 200),
        ("bytes=2000-9999", 2000, 2048),
        ("bytes=-48", 2000, 2048),
        ("bytes=-9999", 0, 2048),
        ("Bytes=5-6", 5, 7),
    ],
)
def test_a_part_of_the_sound(site: Site, address: str, asked: str, start: int, end: int) -> None:
    response = site.client.get(address, headers={"range": asked})
    assert response.status_code == 206
    assert response.headers["content-range"] == f"bytes {start}-{end - 1}/2048"
    assert response.headers["content-length"] == str(end - start)
    assert response.content == SOUND[start:end]


@pytest.mark.parametrize("asked", ["bytes=2048-", "bytes=5000-6000", "bytes=-0"])
def test_a_part_that_is_not_there(site: Site, address: str, asked: str) -> None:
    response = site.client.get(address, headers={"range": asked})
    assert response.status_code == 416
    assert response.headers["content-range"] == "bytes */2048"
    assert response.content == b""


@pytest.mark.parametrize(
    "asked", ["bytes=", "bytes=-", "bytes=9-3", "bytes=0-1,5-6", "seconds=0-1", "bytes=a-b", f"bytes={'9' * 5000}-"]
)
def test_what_is_no_single_range_is_answered_with_the_whole(site: Site, address: str, asked: str) -> None:
    response = site.client.get(address, headers={"range": asked})
    assert response.status_code == 200
    assert response.content == SOUND


def test_a_range_of_an_unknown_version_is_answered_with_the_whole(site: Site, address: str) -> None:
    response = site.client.get(address, headers={"range": "bytes=0-9", "if-range": '"an-earlier-copy"'})
    assert response.status_code == 200
    assert response.content == SOUND


def test_asking_for_the_head_gives_the_size_and_nothing_else(site: Site, address: str) -> None:
    response = site.client.head(address, headers={"range": "bytes=0-9"})
    assert response.status_code == 200, "ranges belong to GET"
    assert response.headers["content-length"] == "2048"
    assert response.headers["content-type"] == "audio/flac"
    assert response.content == b""


def test_a_call_without_sound_says_so(site: Site) -> None:
    address = f"{site.link(site.publish(short_call()))}/sound"
    response = site.client.get(address)
    assert response.status_code == 404
    assert response.json()["detail"] == "There is no sound to listen to for this call yet."
