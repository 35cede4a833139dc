"""Uploads that resume: which part of each has arrived, and the blobs that hold it.

Each chunk is a blob of its own beside the recordings, so that any host with pages may take any chunk. It is durable
before the database says that it is there; two who send the same stretch at once both keep theirs, and one is counted.
It lies sealed: first a key of its own under that of the upload, then the bytes (``worker.record.sealed``). The key of
an upload goes when that was handed over, and with it what a backup may hold of its chunks.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any, BinaryIO

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from worker.core.errors import BrokenRecord, NotFound
from worker.record.blobs import Blobs, our_errors
from worker.record.database import Database
from worker.record.ids import new_id
from worker.record.keys import KEY_BYTES
from worker.record.sealed import TAG_BYTES, Lock, Pieces, Sealing, open_all
from worker.record.tables.senders import UPLOAD_ID_LENGTH, upload_chunks, uploads
from worker.record.vault import NONCE_BYTES, Vault, seal, unseal

ENDS_AFTER = timedelta(days=2)
MOST_OPEN = 1000  # uploads of one sender, which are files, rows and room on the disk until they end
CLEARED_AT_ONCE = 20
BLOB_ID_LETTERS = 16
HEAD_BYTES = NONCE_BYTES + KEY_BYTES + TAG_BYTES
IS_NOT_WHOLE = "What came of this upload was altered. Take it away, and begin a new one."


@dataclass(frozen=True)
class Upload:
    """One upload of a sender: what is to come of it, and what has come. ``metadata`` is as its sender wrote it.

    ``call_id`` and ``leg`` are there once it was handed over.
    """

    id: str
    sender: str
    size_bytes: int
    arrived_bytes: int
    metadata: str
    ends_at: datetime
    call_id: str | None
    leg: int | None

    @property
    def is_whole(self) -> bool:
        """Every byte has arrived."""
        return self.arrived_bytes == self.size_bytes


class Uploads:
    """The uploads of one installation.

    Every method raises Unavailable if the store or the database cannot be reached or cannot do it now.
    """

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database, self._vault = database, vault

    def begin(self, sender: str, size_bytes: int, metadata: str, *, now: datetime) -> Upload:
        """A new upload of so many bytes, none of which is here."""
        upload = Upload(new_id(UPLOAD_ID_LENGTH), sender, size_bytes, 0, metadata, now + ENDS_AFTER, None, None)
        with self._database.writing() as connection:
            sealed_key = self._vault.make_key(_about(upload.id))
            connection.execute(sa.insert(uploads).values(**vars(upload), sealed_key=sealed_key))
        return upload

    def key(self, upload_id: str) -> AESGCM | None:
        """What opens the keys of its chunks; None for one that a version before began, whose chunks are not sealed.

        Raises NotFound where there is none."""
        select = sa.select(uploads.c.sealed_key).where(uploads.c.id == upload_id)
        with self._database.reading() as connection:
            row = connection.execute(select).one_or_none()
        if row is None:
            raise NotFound("There is no such upload, or it has ended. Begin a new one.")
        return None if row.sealed_key is None else self._vault.open_key(bytes(row.sealed_key), _about(upload_id))

    def open_of(self, sender: str, *, now: datetime) -> int:
        """How many uploads of a sender have neither ended nor been handed over; at most ``MOST_OPEN`` are counted."""
        is_open = (uploads.c.sender == sender) & uploads.c.call_id.is_(None) & (uploads.c.ends_at > now)
        some = sa.select(uploads.c.id).where(is_open).limit(MOST_OPEN).subquery()
        with self._database.reading() as connection:
            return connection.execute(sa.select(sa.func.count()).select_from(some)).scalar_one()

    def find(self, sender: str, upload_id: str, *, now: datetime) -> Upload:
        """An upload of this sender that has not ended. Raises NotFound for any other."""
        is_it = (uploads.c.id == upload_id) & (uploads.c.sender == sender) & (uploads.c.ends_at > now)
        with self._database.reading() as connection:
            row = connection.execute(sa.select(uploads).where(is_it)).one_or_none()
        if row is None:
            raise NotFound("There is no such upload, or it has ended. Begin a new one.")
        return _upload(row)

    def add(self, upload: Upload, size_bytes: int, blob: str, *, now: datetime) -> Upload | None:
        """Counts a chunk that was kept, at the end of what has come; None if more has come in the meantime."""
        ends_at = now + ENDS_AFTER
        grows = (
            sa.update(uploads)
            .where(uploads.c.id == upload.id, uploads.c.arrived_bytes == upload.arrived_bytes)
            .values(arrived_bytes=upload.arrived_bytes + size_bytes, ends_at=ends_at)
            .returning(*uploads.c)
        )
        chunk = {
            "upload_id": upload.id,
            "start_byte": upload.arrived_bytes,
            "size_bytes": size_bytes,
            "blob": blob,
        }
        with self._database.writing() as connection:
            grown = connection.execute(grows).one_or_none()
            if grown is None:
                return None
            connection.execute(sa.insert(upload_chunks).values(chunk))
        return _upload(grown)

    def blobs(self, upload_id: str) -> tuple[str, ...]:
        """The names of the blobs of an upload, in the order of their bytes."""
        select = sa.select(upload_chunks.c.blob).where(upload_chunks.c.upload_id == upload_id)
        with self._database.reading() as connection:
            return tuple(connection.execute(select.order_by(upload_chunks.c.start_byte)).scalars())

    def hand_over(self, upload: Upload, call_id: str, leg: int) -> None:
        """Notes which call, and which leg of it, came of an upload."""
        noting = sa.update(uploads).where(uploads.c.id == upload.id).values(call_id=call_id, leg=leg)
        with self._database.writing() as connection:
            connection.execute(noting)

    def ended(self, *, now: datetime) -> tuple[str, ...]:
        """Some uploads whose time is over."""
        select = sa.select(uploads.c.id).where(uploads.c.ends_at <= now).limit(CLEARED_AT_ONCE)
        with self._database.reading() as connection:
            return tuple(connection.execute(select).scalars())

    def forget_chunks(self, upload_id: str) -> None:
        """The blobs of an upload are gone."""
        with self._database.writing() as connection:
            connection.execute(sa.delete(upload_chunks).where(upload_chunks.c.upload_id == upload_id))
            connection.execute(sa.update(uploads).where(uploads.c.id == upload_id).values(sealed_key=None))

    def remove(self, upload_id: str) -> None:
        """The upload is gone, its blobs before it."""
        with self._database.writing() as connection:
            connection.execute(sa.delete(upload_chunks).where(upload_chunks.c.upload_id == upload_id))
            connection.execute(sa.delete(uploads).where(uploads.c.id == upload_id))


class Chunk:
    """What follows of an upload, sealed as it comes: a file of ``UploadStore.incoming``."""

    def __init__(self, file: IO[bytes], path: Path, upload_id: str, key: AESGCM | None) -> None:
        self.file, self.path, self.size_bytes = file, path, 0
        self._sealing: Sealing | None = None
        if key is not None:
            lock = Lock.new(_about(upload_id), IS_NOT_WHOLE)
            file.write(seal(key, lock.key, about=lock.about))
            self._sealing = Sealing(file, lock)

    def write(self, block: bytes) -> None:
        """Writes the bytes that follow. Raises Unavailable where there is no room for them."""
        with our_errors():
            (self._sealing or self.file).write(block)
        self.size_bytes += len(block)

    def end(self) -> None:
        """All is written."""
        if self._sealing is not None:
            with our_errors():
                self._sealing.end()


class UploadStore:
    """Uploads with their bytes, in the place where the recordings are."""

    def __init__(self, blobs: Blobs, uploads: Uploads) -> None:
        self._blobs, self._uploads = blobs, uploads

    def begin(self, sender: str, size_bytes: int, metadata: str, *, now: datetime) -> Upload:
        """A new upload. Some of those whose time is over are cleared away."""
        for upload_id in self._uploads.ended(now=now):
            self._clear(upload_id)
            self._uploads.remove(upload_id)
        return self._uploads.begin(sender, size_bytes, metadata, now=now)

    @contextmanager
    def incoming(self, upload: Upload) -> Iterator[Chunk]:
        """A chunk to be written as it comes, and then added; where it is not, it is gone when the block ends."""
        key = self._uploads.key(upload.id)
        with self._blobs.incoming() as (file, path):
            yield Chunk(file, path, upload.id, key)

    def add(self, upload: Upload, chunk: Chunk, *, now: datetime) -> Upload | None:
        """Keeps a chunk as the next one; None if another one was there first."""
        blob = f"{_place(upload.id)}/{upload.arrived_bytes}-{new_id(BLOB_ID_LETTERS)}"
        chunk.end()
        self._blobs.place(chunk.file, chunk.path, blob)
        grown = self._uploads.add(upload, chunk.size_bytes, blob, now=now)
        if grown is None:
            self._blobs.remove(blob)
        return grown

    def read(self, upload: Upload) -> BinaryIO:
        """All that has come, as one stream."""
        return io.BufferedReader(_Stream(self._blocks(upload)))

    def _blocks(self, upload: Upload) -> Iterator[bytes]:
        key = self._uploads.key(upload.id)
        for blob in self._uploads.blobs(upload.id):
            blocks = self._blobs.read(blob)
            yield from blocks if key is None else _opened(blocks, key, upload.id)

    def hand_over(self, upload: Upload, call_id: str, leg: int) -> None:
        """Notes the call that came of an upload; its bytes here are of no use any more."""
        self._uploads.hand_over(upload, call_id, leg)
        self._clear(upload.id)
        self._uploads.forget_chunks(upload.id)

    def remove(self, upload: Upload) -> None:
        """Takes an upload away, and all that has come of it."""
        self._clear(upload.id)
        self._uploads.remove(upload.id)

    def erase(self, upload_id: str) -> None:
        """Takes an upload away by its id, whatever became of it."""
        self._clear(upload_id)
        self._uploads.remove(upload_id)

    def _clear(self, upload_id: str) -> None:
        """Removes the bytes of an upload; also those that the database never heard of, because a process was killed."""
        self._blobs.remove_below(_place(upload_id))


class _Stream(io.RawIOBase):
    """Blocks of bytes as a file that is read once from end to end."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks, self._held = blocks, b""

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, into: Any) -> int:
        """Fills what is given as far as one block goes; 0 at the end."""
        while not self._held:
            block = next(self._blocks, None)
            if block is None:
                return 0
            self._held = block
        taken = min(len(into), len(self._held))
        into[:taken], self._held = self._held[:taken], self._held[taken:]
        return taken


def _opened(blocks: Iterator[bytes], key: AESGCM, upload_id: str) -> Iterator[bytes]:
    """The bytes of a chunk. Raises BrokenRecord where they were altered."""
    pieces = Pieces(blocks)
    try:
        own_key = unseal(key, pieces.take(HEAD_BYTES), about=_about(upload_id))
    except (InvalidTag, ValueError) as error:
        raise BrokenRecord(IS_NOT_WHOLE) from error
    return open_all(pieces.rest(), Lock(own_key, _about(upload_id), IS_NOT_WHOLE))


def _about(upload_id: str) -> str:
    """What the seals of an upload are bound to."""
    return f"upload {upload_id}"


def _place(upload_id: str) -> str:
    """Below which the chunks of an upload lie."""
    return f"uploads/{upload_id}"


def _upload(row: sa.Row[Any]) -> Upload:
    return Upload(**{name: row._mapping[name] for name in Upload.__dataclass_fields__})
