"""The sound of calls: sealed and unaltered, whole, on the disk, and found out when it is not."""

from __future__ import annotations

import hashlib
import io
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.handed_over import hand_over
from tests.keys import KEYS
from worker.core.arrival import Announced, Handover
from worker.core.call import CallDetails, sound_id
from worker.core.dialogue.values import Added
from worker.core.errors import BrokenRecord, Invalid, NotFound, Unavailable
from worker.intake.accept import Intake
from worker.record.blobs import ABANDONED_S, BLOCK_BYTES
from worker.record.sealed import CHUNK_BYTES, SEALED_CHUNK_BYTES
from worker.record.sound_keys import Kept
from worker.record.sounds import NOBODYS_AFTER_S, SoundStore
from worker.record.store import Store

SOUND = bytes(range(256)) * 20_000  # 5 MB: several chunks and blocks, and an upload in parts
SHA256 = hashlib.sha256(SOUND).hexdigest()


@pytest.fixture(params=["folder", "bucket"])
def sounds(request: pytest.FixtureRequest, tmp_path: Path, store: Store) -> SoundStore:
    """An empty store in a folder, and one behind obstore, whose store in memory stands for any bucket."""
    return SoundStore(tmp_path / "sounds" if request.param == "folder" else "memory:///", store.sound_keys)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "call.wav"
    path.write_bytes(SOUND)
    return path


def everything_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def taken_in(store: Store, kept: Kept, external_id: str = "") -> str:
    """The call of what was kept."""
    handover = Handover(CallDetails(external_id=external_id or None))
    return store.accept(handover, kept.arrived("call.wav"), first_stage="decode").call_id


def read(sounds: SoundStore, call_id: str) -> bytes:
    return b"".join(sounds.read(call_id, 1))


# Recordings


def test_what_is_kept_comes_back_unaltered_under_its_call(store, sounds, tmp_path):
    for size in (0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, BLOCK_BYTES, len(SOUND)):
        kept = sounds.keep(io.BytesIO(SOUND[:size]))
        assert (kept.sha256, kept.size_bytes) == (hashlib.sha256(SOUND[:size]).hexdigest(), size)
        call_id = taken_in(store, kept)
        sounds.fetch(call_id, 1, tmp_path / "back")
        assert (tmp_path / "back").read_bytes() == read(sounds, call_id) == SOUND[:size]


def test_a_file_is_kept_and_stays_where_it_was(sounds, recording):
    assert sounds.keep(recording).sha256 == SHA256
    assert recording.read_bytes() == SOUND


def test_what_lies_there_tells_nothing_of_what_was_said(store, sound_store, recording, tmp_path):
    recording.write_bytes(b"my card number is " * 100_000)
    call_id = taken_in(store, sound_store.keep(recording))
    sound_store.put_copy(call_id, recording)
    sound_store.put_peaks(call_id, b'{"peaks": []}')
    files = everything_in(tmp_path / "sounds")
    assert len(files) == 3
    hashes = {leg.sha256 for leg in store.call(call_id).legs}
    for path in files:
        assert b"card" not in path.read_bytes()
        assert b"peaks" not in path.read_bytes()
        assert path.name not in hashes, "nor does its name"
        assert call_id not in str(path)


def test_what_was_kept_opens_for_nobody_before_there_is_a_call(store, sounds, recording):
    kept = sounds.keep(recording)
    assert repr(kept.sealed.key) not in repr(kept), "its key is in no line that is logged"
    assert not store.sound_keys.is_named(kept.sealed.name)


def test_a_recording_is_there_once_its_call_is(store, sounds, recording):
    call_id = taken_in(store, sounds.keep(recording))
    assert sounds.exists(call_id, 1)
    assert not sounds.exists(call_id, 2)
    assert sounds.leg_of(call_id, SHA256) == 1


def test_two_calls_with_the_same_bytes_each_have_their_own(store, sounds, recording):
    first, second = (taken_in(store, sounds.keep(recording), name) for name in "ab")
    sounds.erase(first)
    assert not sounds.exists(first, 1)
    assert read(sounds, second) == SOUND


def test_the_same_recording_twice_is_kept_once(store, sound_store, recording, tmp_path):
    door = Intake(store, sound_store)
    first = door.accept_file(recording)
    assert door.accept_file(recording).call_id == first.call_id
    assert len(everything_in(tmp_path / "sounds")) == 1


def test_what_cannot_be_accepted_is_not_kept(store, sound_store, recording, tmp_path):
    with pytest.raises(Invalid):
        Intake(store, sound_store).accept_file(recording, Handover(CallDetails(agent="a\x00b")))
    assert everything_in(tmp_path / "sounds") == []


def test_of_a_fetched_recording_that_was_here_already_nothing_more_is_kept(store, sound_store, recording, tmp_path):
    first = Intake(store, sound_store).accept_file(recording).call_id
    announced = store.accept(Handover(), Announced("https://pbx.example/a.wav", "a.wav"), first_stage="decode")
    worker = {"worker": "w", "lease_s": 60.0}
    assert store.begin(announced.call_id, "fetch", **worker, now=store.now())
    kept = sound_store.keep(recording)
    assert store.fetched(announced.call_id, 1, kept.arrived("a.wav"), worker="w")
    sound_store.settle(kept, announced.call_id, 1)
    assert store.call(announced.call_id).id == first
    assert len(everything_in(tmp_path / "sounds")) == 1
    assert read(sound_store, first) == SOUND


def test_what_was_never_kept_is_not_found(store, sounds, tmp_path):
    call_id = hand_over(store, CallDetails(), sha256=SHA256).call_id
    with pytest.raises(NotFound):
        sounds.fetch(call_id, 1, tmp_path / "back")
    assert not (tmp_path / "back").exists()
    assert not sounds.exists(call_id, 1)


@pytest.mark.parametrize("where", [0, len(SOUND) // 2, len(SOUND) - 1])
def test_one_altered_byte_is_found_and_the_same_recording_puts_it_right(store, sound_store, recording, tmp_path, where):
    door = Intake(store, sound_store)
    call_id = door.accept_file(recording).call_id
    (kept,) = everything_in(tmp_path / "sounds")
    altered = bytearray(kept.read_bytes())
    altered[where] ^= 1
    kept.write_bytes(altered)
    with pytest.raises(BrokenRecord):
        sound_store.fetch(call_id, 1, tmp_path / "back" / "call")
    assert everything_in(tmp_path / "back") == [], "nobody gets bytes that are not what arrived"
    assert not door.accept_file(recording).is_new
    assert read(sound_store, call_id) == SOUND
    assert len(everything_in(tmp_path / "sounds")) == 1, "the altered one is gone"


def first_chunk_twice(sealed: bytes) -> bytes:
    return sealed[:SEALED_CHUNK_BYTES] + sealed


@pytest.mark.parametrize(
    "change",
    [
        lambda sealed: sealed[:-1],
        lambda sealed: sealed + b"\0",
        lambda sealed: b"",
        lambda sealed: sealed[:SEALED_CHUNK_BYTES],
        lambda sealed: sealed[SEALED_CHUNK_BYTES:],
        first_chunk_twice,
    ],
)
def test_a_recording_cut_or_grown_is_found(store, sound_store, recording, tmp_path, change):
    call_id = taken_in(store, sound_store.keep(recording))
    (kept,) = everything_in(tmp_path / "sounds")
    kept.write_bytes(change(kept.read_bytes()))
    with pytest.raises(BrokenRecord):
        sound_store.fetch(call_id, 1, tmp_path / "back")
    with pytest.raises(BrokenRecord):
        read(sound_store, call_id)


# Other bytes in place of a recording


def cut(kept: Kept) -> Added:
    return Added(f"cut to {kept.sha256}")


def test_a_recording_is_replaced_with_an_entry_and_the_old_bytes_are_gone(store, sound_store, recording, tmp_path):
    call_id = taken_in(store, sound_store.keep(recording))
    (old,) = everything_in(tmp_path / "sounds")
    sealed = old.read_bytes()
    recording.write_bytes(b"the same, cut")
    kept = sound_store.replace(call_id, 1, recording, saying=cut)
    assert read(sound_store, call_id) == b"the same, cut"
    assert sound_store.hashed(call_id, 1).sha256 == kept.sha256 != SHA256
    assert store.call(call_id).legs[0].sha256 == SHA256, "by what arrived it is the same again"
    assert store.log.items(call_id)[-1].content == cut(kept)
    assert not old.exists()
    old.write_bytes(sealed)  # from a backup
    (new,) = [path for path in everything_in(tmp_path / "sounds") if path != old]
    new.write_bytes(sealed)
    with pytest.raises(BrokenRecord):
        read(sound_store, call_id)


def test_where_the_entry_cannot_be_written_the_old_recording_stays(store, sound_store, recording, tmp_path):
    call_id = taken_in(store, sound_store.keep(recording))
    other = tmp_path / "other"
    other.write_bytes(b"other")
    with pytest.raises(Invalid):
        sound_store.replace(call_id, 1, other, saying=lambda _kept: Added("half a letter: \ud800"))
    assert read(sound_store, call_id) == SOUND
    assert len(everything_in(tmp_path / "sounds")) == 1


def test_the_recording_that_was_cut_does_not_come_back_by_being_sent_again(store, sound_store, recording, tmp_path):
    door = Intake(store, sound_store)
    call_id = door.accept_file(recording).call_id
    other = tmp_path / "other"
    other.write_bytes(b"cut")
    sound_store.replace(call_id, 1, other)
    again = door.accept_file(recording)
    assert (again.call_id, again.is_new) == (call_id, False)
    assert read(sound_store, call_id) == b"cut"


# The copy for listening


@pytest.fixture
def call_id(store: Store, sounds: SoundStore) -> str:
    """A call with a recording."""
    return taken_in(store, sounds.keep(io.BytesIO(b"RIFF")))


PARTS = [(0, 1), (10, 20), (0, len(SOUND)), (len(SOUND) - 1, len(SOUND)), (7, 7)]
AT_CHUNKS = [(CHUNK_BYTES - 1, 3 * CHUNK_BYTES), (CHUNK_BYTES, 2 * CHUNK_BYTES), (5 * CHUNK_BYTES + 3, len(SOUND))]


def test_any_part_of_the_copy_for_listening_can_be_read(sounds, call_id, recording):
    sounds.put_copy(call_id, recording)
    assert sounds.copy_size(call_id) == len(SOUND)
    for start, end in PARTS + AT_CHUNKS:
        assert b"".join(sounds.read_copy(call_id, start=start, end=end)) == SOUND[start:end]
    assert b"".join(sounds.read_copy(call_id, start=100)) == SOUND[100:]


def test_of_a_part_no_more_is_read_than_the_chunks_that_hold_it(sounds, call_id, recording, monkeypatch):
    sounds.put_copy(call_id, recording)
    asked: list[tuple[int, int]] = []
    there = sounds.blobs.read
    monkeypatch.setattr(sounds.blobs, "read", lambda name, part: asked.append(part) or there(name, part))
    b"".join(sounds.read_copy(call_id, start=CHUNK_BYTES + 5, end=CHUNK_BYTES + 9))
    assert asked == [(SEALED_CHUNK_BYTES, 2 * SEALED_CHUNK_BYTES)]


def test_a_copy_of_any_size_is_read_to_its_end(sounds, call_id, tmp_path):
    for size in (0, 1, CHUNK_BYTES, 2 * CHUNK_BYTES):
        (tmp_path / "copy").write_bytes(SOUND[:size])
        sounds.put_copy(call_id, tmp_path / "copy")
        assert b"".join(sounds.read_copy(call_id)) == SOUND[:size]


def test_a_part_that_the_copy_does_not_have_is_refused(sounds, call_id, recording):
    sounds.put_copy(call_id, recording)
    for start, end in ((-1, 5), (5, 4), (0, len(SOUND) + 1), (len(SOUND) + 1, None)):
        with pytest.raises(Invalid):
            sounds.read_copy(call_id, start=start, end=end)


def test_a_later_copy_takes_the_place_of_the_earlier(sounds, call_id, tmp_path):
    for content in (b"first", b"second copy"):
        (tmp_path / "copy.flac").write_bytes(content)
        sounds.put_copy(call_id, tmp_path / "copy.flac")
        sounds.put_peaks(call_id, content)
    assert b"".join(sounds.read_copy(call_id)) == sounds.read_peaks(call_id) == b"second copy"
    assert len(list(sounds.blobs.names("sealed"))) == 3, "the recording, one copy, one of how loud it is"


def test_a_copy_that_is_not_there_is_not_found(sounds, call_id):
    for ask in (sounds.copy_size, sounds.read_copy, sounds.read_peaks):
        with pytest.raises(NotFound):
            ask(call_id)


def test_a_copy_that_was_altered_is_not_played(store, sound_store, recording, tmp_path):
    call_id = taken_in(store, sound_store.keep(io.BytesIO(b"RIFF")))
    sound_store.put_copy(call_id, recording)
    largest = max(everything_in(tmp_path / "sounds"), key=lambda path: path.stat().st_size)
    altered = bytearray(largest.read_bytes())
    altered[SEALED_CHUNK_BYTES + 1] ^= 1
    largest.write_bytes(altered)
    assert b"".join(sound_store.read_copy(call_id, end=10)) == SOUND[:10]
    with pytest.raises(BrokenRecord):
        b"".join(sound_store.read_copy(call_id, start=CHUNK_BYTES, end=CHUNK_BYTES + 1))


def test_a_further_leg_takes_away_the_copy_that_was_made_without_it(store, sounds, recording):
    call_id = taken_in(store, sounds.keep(recording), "4711")
    sounds.put_copy(call_id, recording)
    assert taken_in(store, sounds.keep(io.BytesIO(b"RIFF the second")), "4711") == call_id
    with pytest.raises(NotFound):
        sounds.copy_size(call_id)


# Erasing


def test_once_the_key_of_a_call_is_erased_its_sound_opens_no_more_be_it_still_there(store, sounds, recording):
    call_id = taken_in(store, sounds.keep(recording))
    sounds.put_copy(call_id, recording)
    store.log.erase(call_id)
    assert len(list(sounds.blobs.names("sealed"))) == 2, "as on a backup"
    assert not sounds.exists(call_id, 1)
    for ask in (lambda: read(sounds, call_id), lambda: sounds.copy_size(call_id)):
        with pytest.raises(NotFound):
            ask()


def test_erased_sound_is_gone_and_erasing_it_again_is_no_harm(store, sounds, recording):
    call_id = taken_in(store, sounds.keep(recording))
    sounds.put_copy(call_id, recording)
    sounds.put_peaks(call_id, b"[]")
    for _ in range(2):
        sounds.erase(call_id)
        assert list(sounds.blobs.names("sealed")) == []
        assert store.sound_keys.to_remove() == ()


def test_erasing_goes_on_where_a_place_that_was_away_stopped_it(store, sounds, recording, monkeypatch):
    call_id = taken_in(store, sounds.keep(recording))
    sounds.put_copy(call_id, recording)

    def away(_name: str) -> None:
        raise Unavailable("The store of recordings cannot be reached.")

    with monkeypatch.context() as cut_off:
        cut_off.setattr(sounds.blobs, "remove", away)
        with pytest.raises(Unavailable):
            sounds.erase(call_id)
    assert not sounds.exists(call_id, 1), "what opens it went first"
    sounds.erase(call_id)
    assert list(sounds.blobs.names("sealed")) == []


def test_what_became_no_sound_of_any_call_is_cleared_once_it_is_old(store, sound_store, recording, tmp_path):
    call_id = taken_in(store, sound_store.keep(recording))
    sound_store.keep(recording)  # and the process was killed
    assert sound_store.clear() == 0, "somebody may be about to accept it"
    for path in everything_in(tmp_path / "sounds"):
        long_ago = path.stat().st_mtime - NOBODYS_AFTER_S - 1
        os.utime(path, (long_ago, long_ago))
    assert sound_store.clear() == 1
    assert read(sound_store, call_id) == SOUND


# What earlier versions kept in the clear


def of_earlier_version(store: Store, folder: Path, external_id: str = "") -> str:
    """A call whose recording and copy lie under their hash."""
    call_id = hand_over(store, CallDetails(external_id=external_id or None), sha256=SHA256, size_bytes=5).call_id
    for name in (f"recordings/{SHA256}", f"listening/{SHA256}.flac", f"listening/{SHA256}.peaks.json"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(SOUND)
    return call_id


def everything_reads(sounds: SoundStore, call_id: str, tmp_path: Path) -> bool:
    sounds.fetch(call_id, 1, tmp_path / "back")
    parts = (
        (tmp_path / "back").read_bytes() == SOUND,
        read(sounds, call_id) == SOUND,
        b"".join(sounds.read_copy(call_id, start=5, end=9)) == SOUND[5:9],
        sounds.read_peaks(call_id) == SOUND,
        sounds.exists(call_id, 1),
    )
    return all(parts)


def test_what_lies_in_the_clear_still_reads_and_is_sealed_in_the_end(store, sound_store, tmp_path):
    calls = [of_earlier_version(store, tmp_path / "sounds", name) for name in "ab"]
    assert all(everything_reads(sound_store, call_id, tmp_path) for call_id in calls)
    assert sound_store.seal_plain() == 2
    assert all(everything_reads(sound_store, call_id, tmp_path) for call_id in calls)
    assert sound_store.seal_plain() == 0
    for path in everything_in(tmp_path / "sounds"):
        assert SOUND[:1000] not in path.read_bytes()


def test_what_was_altered_in_the_clear_is_found_and_stays_where_it_is(store, sound_store, tmp_path):
    call_id = of_earlier_version(store, tmp_path / "sounds")
    (tmp_path / "sounds" / "recordings" / SHA256).write_bytes(b"other")
    with pytest.raises(BrokenRecord):
        sound_store.fetch(call_id, 1, tmp_path / "back")
    assert sound_store.seal_plain() == 0
    assert (tmp_path / "sounds" / "recordings" / SHA256).exists()


def test_erasing_one_call_leaves_the_other_that_shares_its_bytes_in_the_clear(store, sound_store, tmp_path):
    first, second = (of_earlier_version(store, tmp_path / "sounds", name) for name in "ab")
    sound_store.erase(first)
    assert everything_reads(sound_store, second, tmp_path)
    assert not sound_store.exists(first, 1)
    assert not (tmp_path / "sounds" / "recordings" / SHA256).exists()


def test_the_copy_of_several_legs_was_named_by_all_of_them(store, sound_store, tmp_path):
    hashes = [hashlib.sha256(bytes([number])).hexdigest() for number in range(2)]
    (call_id,) = {hand_over(store, CallDetails(external_id="x"), sha256=one).call_id for one in hashes}
    copy = tmp_path / "sounds" / "listening" / f"{sound_id(hashes)}.flac"
    copy.parent.mkdir(parents=True)
    copy.write_bytes(SOUND)
    assert sound_store.copy_size(call_id) == len(SOUND)


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


def test_an_upload_that_breaks_leaves_nothing(sound_store, tmp_path):
    with pytest.raises(Unavailable):
        sound_store.keep(Breaking())
    assert everything_in(tmp_path / "sounds") == []


def test_a_disk_with_no_room_is_unavailable_and_leaves_no_half_file(sound_store, recording, tmp_path):
    """A limit on the size of files stands for the disk's, so that the test needs no rights."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(SOUND) // 2, before[1]))
    try:
        with pytest.raises(Unavailable):
            sound_store.keep(recording)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert everything_in(tmp_path / "sounds") == []
    sound_store.keep(recording)


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


def test_a_full_disk_is_named_and_keeps_no_half_file(store, small_disk, recording):
    sounds = SoundStore(small_disk, store.sound_keys)
    with pytest.raises(Unavailable, match="disk for recordings is full"):
        sounds.keep(recording)
    assert everything_in(small_disk) == []
    assert sounds.keep(io.BytesIO(b"there is room for this")).size_bytes == 22


KEEP_SLOWLY = """
import io, sys, time
from tests.keys import KEYS
from worker.record.sounds import SoundStore
from worker.record.store import Store
class Slow(io.RawIOBase):
    def read(self, size=-1):
        print("reading", flush=True)
        time.sleep(0.2)
        return b"x" * size
SoundStore(sys.argv[1], Store(sys.argv[2], KEYS).sound_keys).keep(Slow())
"""


@pytest.fixture
def local(tmp_path: Path) -> Callable[..., SoundStore]:
    """Opens a place, with a database that is not asked."""
    keys = Store(f"sqlite:///{tmp_path / 'unused.db'}", KEYS).sound_keys
    return lambda place: SoundStore(place, keys)


def test_a_kill_while_keeping_leaves_no_recording_and_its_rest_is_cleared_later(local, tmp_path):
    folder = tmp_path / "sounds"
    arguments = [str(folder), f"sqlite:///{tmp_path / 'unused.db'}"]
    writer = subprocess.Popen([sys.executable, "-c", KEEP_SLOWLY, *arguments], stdout=subprocess.PIPE)
    for _ in range(3):
        writer.stdout.readline()
    writer.send_signal(signal.SIGKILL)
    writer.communicate()
    (rest,) = everything_in(folder)
    assert rest.parent.name == "incoming"
    assert b"xxxx" not in rest.read_bytes(), "half of it is sealed too"
    local(folder)
    assert everything_in(folder) == [rest], "somebody may still be writing it"
    long_ago = rest.stat().st_mtime - ABANDONED_S - 1
    os.utime(rest, (long_ago, long_ago))
    local(folder)
    assert everything_in(folder) == []


def test_a_folder_that_cannot_be_made_is_unavailable(local, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable):
        local(tmp_path / "file" / "sounds")


@pytest.mark.parametrize("address", ["ftp://host/x", "bogus://x", "http://[", "az://account/container"])
def test_an_address_that_is_no_store_is_refused(local, address):
    with pytest.raises(Invalid):
        local(address)


def test_a_folder_is_also_named_by_a_file_address(local, recording, tmp_path):
    local(f"file://{tmp_path}/with%20space").keep(recording)
    assert len(everything_in(tmp_path / "with space")) == 1


def test_recordings_are_readable_by_their_owner_alone(local, recording, tmp_path):
    local(tmp_path / "sounds").keep(recording)
    (kept,) = everything_in(tmp_path / "sounds")
    assert kept.stat().st_mode & 0o077 == 0
    assert kept.parent.stat().st_mode & 0o077 == 0
