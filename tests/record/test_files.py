"""Added files: sealed with the key of their call, whole or not at all, and found out when they are altered."""

from __future__ import annotations

import hashlib
import io
import random
from pathlib import Path

import pytest

from tests.handed_over import hand_over
from worker.core.call import CallDetails
from worker.core.dialogue.values import Added, KeptFile
from worker.core.errors import BrokenRecord, NotFound, Unavailable
from worker.core.log.entry import Actor, Role
from worker.record.files import HEAD_BYTES, FileStore
from worker.record.sealed import CHUNK_BYTES, SEALED_CHUNK_BYTES, Hashed
from worker.record.sounds import SoundStore
from worker.record.store import Store

WORDS = b"Dear Mr Price, the technician did not come on Friday. "
CUSTOMER = Actor(Role.CUSTOMER, "person")


def accept(store: Store, sha256: str) -> str:
    return hand_over(
        store, CallDetails(), sha256=sha256, file_name="call.wav", size_bytes=1, first_stage="publish"
    ).call_id


@pytest.fixture
def call_id(store) -> str:
    return accept(store, "a" * 64)


@pytest.fixture(params=["folder", "bucket"])
def files(request, tmp_path, store) -> FileStore:
    """An empty store in a folder, and one behind obstore, whose store in memory stands for any bucket."""
    place = tmp_path / "sounds" if request.param == "folder" else "memory:///"
    return FileStore(SoundStore(place, store.sound_keys).blobs, store.log)


@pytest.fixture
def in_folder(tmp_path, store) -> FileStore:
    return FileStore(SoundStore(tmp_path / "sounds", store.sound_keys).blobs, store.log)


def kept_file(content: bytes) -> KeptFile:
    return KeptFile(hashlib.sha256(content).hexdigest(), "letter.txt", "text/plain", len(content))


def where(folder: Path) -> list[Path]:
    return [path for path in sorted((folder / "sounds" / "files").rglob("*")) if path.is_file()]


def letter(chunks: int) -> bytes:
    return (WORDS * (chunks * CHUNK_BYTES // len(WORDS) + 1))[: chunks * CHUNK_BYTES]


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, 5_000_000])
def test_what_is_added_comes_back_as_it_was(files, call_id, size):
    content = random.Random(size).randbytes(size)
    assert files.keep(call_id, io.BytesIO(content)) == Hashed(hashlib.sha256(content).hexdigest(), size)
    assert b"".join(files.read(call_id, kept_file(content))) == content


def test_a_stream_is_kept_from_its_beginning_wherever_it_stands(files, call_id):
    stream = io.BytesIO(WORDS)
    stream.seek(7)
    files.keep(call_id, stream)
    assert b"".join(files.read(call_id, kept_file(WORDS))) == WORDS


def test_nothing_that_lies_there_tells_what_was_added(in_folder, call_id, tmp_path):
    in_folder.keep(call_id, io.BytesIO(WORDS * 1000))
    (path,) = where(tmp_path)
    assert WORDS[:8] not in path.read_bytes()
    assert hashlib.sha256(WORDS * 1000).hexdigest() not in str(path)
    assert path.stat().st_mode & 0o077 == 0


def test_the_same_file_of_two_calls_lies_under_two_names_and_of_one_call_once(in_folder, store, call_id, tmp_path):
    for one in (call_id, call_id, accept(store, "b" * 64)):
        in_folder.keep(one, io.BytesIO(WORDS))
    names = [path.name for path in where(tmp_path)]
    assert len(names) == len(set(names)) == 2


def test_a_file_of_one_call_is_none_of_another(files, store, call_id):
    files.keep(call_id, io.BytesIO(WORDS))
    with pytest.raises(NotFound):
        files.read(accept(store, "b" * 64), kept_file(WORDS))


def test_once_the_key_of_its_call_is_erased_a_file_is_too(files, store, call_id):
    files.keep(call_id, io.BytesIO(WORDS))
    store.log.erase(call_id)
    with pytest.raises(NotFound, match="erased"):
        files.read(call_id, kept_file(WORDS))


@pytest.mark.parametrize("appended", [False, True])
def test_what_is_added_after_something_was_erased_has_a_key_of_its_own(files, store, call_id, appended):
    files.keep(call_id, io.BytesIO(WORDS))
    store.log.erase(call_id)
    if appended:
        store.log.append(call_id, CUSTOMER, Added(text="Again."), by=None)
    later = WORDS + b"Again."
    files.keep(call_id, io.BytesIO(later))
    store.log.append(call_id, CUSTOMER, Added(file=kept_file(later)), by=None)
    assert b"".join(files.read(call_id, kept_file(later))) == later
    with pytest.raises(NotFound, match="erased"):
        files.read(call_id, kept_file(WORDS))
    assert isinstance(store.log.items(call_id)[-1].content, Added)


def test_no_file_is_kept_for_a_call_that_is_not_there(in_folder, tmp_path):
    with pytest.raises(NotFound):
        in_folder.keep("0" * 16, io.BytesIO(WORDS))
    assert not (tmp_path / "sounds" / "files").exists()


def test_what_was_never_added_is_not_found(files, call_id):
    with pytest.raises(NotFound):
        files.read(call_id, kept_file(WORDS))


def cut(sealed: bytes) -> tuple[bytes, list[bytes]]:
    body = sealed[HEAD_BYTES:]
    return sealed[:HEAD_BYTES], [body[at : at + SEALED_CHUNK_BYTES] for at in range(0, len(body), SEALED_CHUNK_BYTES)]


def flip(at: int):
    def change(head: bytes, chunks: list[bytes]) -> bytes:
        sealed = bytearray(head + b"".join(chunks))
        sealed[at] ^= 1
        return bytes(sealed)

    return change


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda head, chunks: head + b"".join(chunks[:-1]), id="the last chunk left out"),
        pytest.param(lambda head, chunks: head + b"".join(chunks[1:]), id="the first chunk left out"),
        pytest.param(lambda head, chunks: head + b"".join([chunks[1], chunks[0], *chunks[2:]]), id="in another order"),
        pytest.param(lambda head, chunks: head + b"".join([*chunks, chunks[-1]]), id="the last chunk twice"),
        pytest.param(lambda head, chunks: head + b"".join(chunks)[:-1], id="one byte short"),
        pytest.param(lambda head, chunks: head + b"".join(chunks) + b"\0", id="one byte more"),
        pytest.param(lambda head, chunks: head, id="nothing but its head"),
        pytest.param(lambda head, chunks: head[:-1], id="less than its head"),
        pytest.param(lambda head, chunks: b"", id="nothing"),
        pytest.param(lambda head, chunks: WORDS * 100, id="something else"),
        *(pytest.param(flip(at), id=f"a bit at {at}") for at in (0, 20, HEAD_BYTES, HEAD_BYTES + CHUNK_BYTES, -1)),
    ],
)
def test_what_was_altered_is_found_out(in_folder, call_id, tmp_path, change):
    content = letter(3)
    in_folder.keep(call_id, io.BytesIO(content))
    (path,) = where(tmp_path)
    path.write_bytes(change(*cut(path.read_bytes())))
    with pytest.raises(BrokenRecord):
        list(in_folder.read(call_id, kept_file(content)))
    in_folder.keep(call_id, io.BytesIO(content))
    assert b"".join(in_folder.read(call_id, kept_file(content))) == content, "the same file again puts it right"


def test_no_block_of_an_altered_chunk_is_given(in_folder, call_id, tmp_path):
    content = letter(3)
    in_folder.keep(call_id, io.BytesIO(content))
    (path,) = where(tmp_path)
    path.write_bytes(flip(HEAD_BYTES + SEALED_CHUNK_BYTES)(*cut(path.read_bytes())))
    given = []
    with pytest.raises(BrokenRecord):
        given.extend(in_folder.read(call_id, kept_file(content)))
    assert content.startswith(b"".join(given))


def test_a_file_in_the_place_of_another_is_found_out(in_folder, call_id, tmp_path):
    first, second = letter(2), letter(2)[::-1]
    in_folder.keep(call_id, io.BytesIO(first))
    (path,) = where(tmp_path)
    in_folder.keep(call_id, io.BytesIO(second))
    (other,) = (one for one in where(tmp_path) if one != path)
    path.write_bytes(other.read_bytes())
    with pytest.raises(BrokenRecord):
        list(in_folder.read(call_id, kept_file(first)))


def test_chunks_of_two_seals_of_one_file_do_not_mix(in_folder, call_id, tmp_path):
    content = letter(2)
    seals = []
    for _ in range(2):
        in_folder.keep(call_id, io.BytesIO(content))
        seals.append(where(tmp_path)[0].read_bytes())
    (head, chunks), (_, others) = map(cut, seals)
    where(tmp_path)[0].write_bytes(head + chunks[0] + others[1])
    with pytest.raises(BrokenRecord):
        list(in_folder.read(call_id, kept_file(content)))


class Changing(io.BytesIO):
    """A file that somebody writes to while it is being read."""

    def seek(self, offset: int, whence: int = 0) -> int:
        position = super().seek(offset, whence)
        self.getbuffer()[0] ^= 1
        return position


def test_a_file_that_changes_while_it_is_kept_is_not_kept(in_folder, call_id, tmp_path):
    with pytest.raises(BrokenRecord):
        in_folder.keep(call_id, Changing(WORDS))
    assert not (tmp_path / "sounds" / "files").exists()


class Breaking(io.BytesIO):
    """A file on a disk that fails at the second reading."""

    def read(self, size: int | None = -1) -> bytes:
        raise OSError(5, "Input/output error")


def test_a_failure_leaves_nothing_behind(in_folder, call_id, tmp_path):
    with pytest.raises(Unavailable):
        in_folder.keep(call_id, Breaking(WORDS))
    assert [path for path in (tmp_path / "sounds").rglob("*") if path.is_file()] == []
