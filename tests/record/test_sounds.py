"""The bytes of recordings: unaltered, whole, on the disk, and found out when they are not."""

from __future__ import annotations

import hashlib
import io
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from worker.core.errors import BrokenRecord, Invalid, NotFound, Unavailable
from worker.record.blobs import ABANDONED_S, BLOCK_BYTES
from worker.record.sounds import Kept, SoundStore

SOUND = bytes(range(256)) * 20_000  # 5 MB: several blocks, and an upload in parts
SHA256 = hashlib.sha256(SOUND).hexdigest()


@pytest.fixture(params=["folder", "bucket"])
def sounds(request, tmp_path) -> SoundStore:
    """An empty store in a folder, and one behind obstore, whose store in memory stands for any bucket."""
    return SoundStore(tmp_path / "sounds" if request.param == "folder" else "memory:///")


@pytest.fixture
def recording(tmp_path) -> Path:
    path = tmp_path / "call.wav"
    path.write_bytes(SOUND)
    return path


def everything_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("size", [0, 1, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, len(SOUND)])
def test_what_is_kept_comes_back_unaltered_under_its_hash(sounds, tmp_path, size):
    kept = sounds.keep(io.BytesIO(SOUND[:size]))
    assert kept == Kept(hashlib.sha256(SOUND[:size]).hexdigest(), size)
    sounds.fetch(kept.sha256, tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == SOUND[:size]


def test_a_file_is_kept_and_stays_where_it_was(sounds, recording):
    assert sounds.keep(recording) == Kept(SHA256, len(SOUND))
    assert recording.read_bytes() == SOUND


def test_a_recording_is_there_once_it_is_kept(sounds, recording):
    assert not sounds.exists(SHA256)
    sounds.keep(recording)
    assert sounds.exists(SHA256)


def test_the_same_recording_twice_is_kept_once(recording, tmp_path):
    sounds = SoundStore(tmp_path / "sounds")
    assert sounds.keep(recording) == sounds.keep(recording)
    assert everything_in(tmp_path / "sounds") == [f"recordings/{SHA256}"]


def test_what_was_never_kept_is_not_found(sounds, tmp_path):
    with pytest.raises(NotFound):
        sounds.fetch(SHA256, tmp_path / "back")
    assert not (tmp_path / "back").exists()


@pytest.mark.parametrize("where", [0, len(SOUND) // 2, len(SOUND) - 1])
def test_one_altered_byte_is_found_and_the_same_recording_puts_it_right(recording, tmp_path, where):
    sounds = SoundStore(tmp_path / "sounds")
    sounds.keep(recording)
    kept = tmp_path / "sounds" / "recordings" / SHA256
    altered = bytearray(SOUND)
    altered[where] ^= 1
    kept.write_bytes(altered)
    with pytest.raises(BrokenRecord):
        sounds.fetch(SHA256, tmp_path / "back" / "call")
    assert everything_in(tmp_path / "back") == [], "nobody gets bytes that are not what arrived"
    sounds.keep(recording)
    sounds.fetch(SHA256, tmp_path / "back" / "call")


@pytest.mark.parametrize("change", [lambda sound: sound[:-1], lambda sound: sound + b"\0", lambda sound: b""])
def test_a_recording_cut_or_grown_is_found(recording, tmp_path, change):
    sounds = SoundStore(tmp_path / "sounds")
    sounds.keep(recording)
    (tmp_path / "sounds" / "recordings" / SHA256).write_bytes(change(SOUND))
    with pytest.raises(BrokenRecord):
        sounds.fetch(SHA256, tmp_path / "back")


@pytest.mark.parametrize("name", ["", "../../etc/passwd", SHA256.upper(), SHA256[:-1], f"{SHA256}/", f"{SHA256}\n"])
def test_nothing_but_a_hash_names_a_recording(sounds, tmp_path, name):
    for ask in (sounds.exists, sounds.copy_size, lambda name: sounds.fetch(name, tmp_path / "back")):
        with pytest.raises(Invalid):
            ask(name)


# The copy for listening


def test_any_part_of_the_copy_for_listening_can_be_read(sounds, recording):
    sounds.put_copy(SHA256, recording)
    size = sounds.copy_size(SHA256)
    assert size == len(SOUND)
    for start, end in [(0, 1), (10, 20), (0, size), (BLOCK_BYTES - 1, 3 * BLOCK_BYTES), (size - 1, size), (7, 7)]:
        assert b"".join(sounds.read_copy(SHA256, start=start, end=end)) == SOUND[start:end]
    assert b"".join(sounds.read_copy(SHA256, start=100)) == SOUND[100:]


@pytest.mark.parametrize(("start", "end"), [(-1, 5), (5, 4), (0, len(SOUND) + 1), (len(SOUND) + 1, None)])
def test_a_part_that_the_copy_does_not_have_is_refused(sounds, recording, start, end):
    sounds.put_copy(SHA256, recording)
    with pytest.raises(Invalid):
        sounds.read_copy(SHA256, start=start, end=end)


def test_a_later_copy_takes_the_place_of_the_earlier(sounds, tmp_path):
    for content in (b"first", b"second copy"):
        (tmp_path / "copy.flac").write_bytes(content)
        sounds.put_copy(SHA256, tmp_path / "copy.flac")
    assert b"".join(sounds.read_copy(SHA256)) == b"second copy"


def test_a_copy_that_is_not_there_is_not_found(sounds, recording):
    sounds.keep(recording)
    with pytest.raises(NotFound):
        sounds.copy_size(SHA256)
    with pytest.raises(NotFound):
        sounds.read_copy(SHA256)


# When things go wrong


class Breaking(io.RawIOBase):
    """A stream that gives some bytes and then fails, like an upload that is cut."""

    def __init__(self) -> None:
        self._given = 0

    def read(self, size: int = -1) -> bytes:
        self._given += 1
        if self._given > 2:
            raise ConnectionResetError(104, "Connection reset by peer")
        return SOUND[:size]


def test_an_upload_that_breaks_leaves_nothing(tmp_path):
    sounds = SoundStore(tmp_path / "sounds")
    with pytest.raises(Unavailable):
        sounds.keep(Breaking())
    assert everything_in(tmp_path / "sounds") == []


def test_a_disk_with_no_room_is_unavailable_and_leaves_no_half_file(recording, tmp_path):
    """A limit on the size of files stands for the disk's, so that the test needs no rights."""
    sounds = SoundStore(tmp_path / "sounds")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(SOUND) // 2, before[1]))
    try:
        with pytest.raises(Unavailable):
            sounds.keep(recording)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert everything_in(tmp_path / "sounds") == []
    sounds.keep(recording)


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 4 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("mounting a small disk takes rights that are not here")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_is_named_and_keeps_no_half_file(small_disk, recording):
    sounds = SoundStore(small_disk)
    with pytest.raises(Unavailable, match="disk for recordings is full"):
        sounds.keep(recording)
    assert everything_in(small_disk) == []
    assert sounds.keep(io.BytesIO(b"there is room for this")).size_bytes == 22


KEEP_SLOWLY = """
import io, sys, time
from worker.record.sounds import SoundStore
class Slow(io.RawIOBase):
    def read(self, size=-1):
        print("reading", flush=True)
        time.sleep(0.2)
        return b"x" * size
SoundStore(sys.argv[1]).keep(Slow())
"""


def test_a_kill_while_keeping_leaves_no_recording_and_its_rest_is_cleared_later(tmp_path):
    folder = tmp_path / "sounds"
    writer = subprocess.Popen([sys.executable, "-c", KEEP_SLOWLY, str(folder)], stdout=subprocess.PIPE)
    for _ in range(3):
        writer.stdout.readline()
    writer.send_signal(signal.SIGKILL)
    writer.communicate()
    (rest,) = everything_in(folder)
    assert rest.startswith("incoming/")
    SoundStore(folder)
    assert everything_in(folder) == [rest], "somebody may still be writing it"
    long_ago = (folder / rest).stat().st_mtime - ABANDONED_S - 1
    os.utime(folder / rest, (long_ago, long_ago))
    SoundStore(folder)
    assert everything_in(folder) == []


def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable):
        SoundStore(tmp_path / "file" / "sounds")


@pytest.mark.parametrize("address", ["ftp://host/x", "bogus://x", "http://[", "az://account/container"])
def test_an_address_that_is_no_store_is_refused(address):
    with pytest.raises(Invalid):
        SoundStore(address)


def test_a_folder_is_also_named_by_a_file_address(recording, tmp_path):
    SoundStore(f"file://{tmp_path}/with%20space").keep(recording)
    assert everything_in(tmp_path / "with space") == [f"recordings/{SHA256}"]


def test_recordings_are_readable_by_their_owner_alone(recording, tmp_path):
    SoundStore(tmp_path / "sounds").keep(recording)
    kept = tmp_path / "sounds" / "recordings" / SHA256
    assert kept.stat().st_mode & 0o077 == 0
    assert kept.parent.stat().st_mode & 0o077 == 0
