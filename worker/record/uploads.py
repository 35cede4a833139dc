"""Uploads that resume: which part of each has arrived, and the blobs that hold it.

Each chunk is a blob of its own beside the recordings, so that any host with pages may take any chunk. It is durable
before the database says that it is there; two who send the same stretch at once both keep theirs, and one is counted.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any, BinaryIO

import sqlalchemy as sa

from worker.core.errors import NotFound
from worker.record.blobs import Blobs
from worker.record.database import Database
from worker.record.ids import new_id
from worker.record.tables.senders import UPLOAD_ID_LENGTH, upload_chunks, uploads

ENDS_AFTER = timedelta(days=2)
MOST_OPEN = 1000  # uploads of one sender, which are files, rows and room on the disk until they end
CLEARED_AT_ONCE = 20
BLOB_ID_LETTERS = 16


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

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, sender: str, size_bytes: int, metadata: str, *, now: datetime) -> Upload:
        """A new upload of so many bytes, none of which is here."""
        upload = Upload(new_id(UPLOAD_ID_LENGTH), sender, size_bytes, 0, metadata, now + ENDS_AFTER, None, None)
        with self._database.writing() as connection:
            connection.execute(sa.insert(uploads).values(vars(upload)))
        return upload

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

    def remove(self, upload_id: str) -> None:
        """The upload is gone, its blobs before it."""
        with self._database.writing() as connection:
            connection.execute(sa.delete(upload_chunks).where(upload_chunks.c.upload_id == upload_id))
            connection.execute(sa.delete(uploads).where(uploads.c.id == upload_id))


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

    def add(self, upload: Upload, file: IO[bytes], path: Path, size_bytes: int, *, now: datetime) -> Upload | None:
        """Keeps a file of ``Blobs.incoming`` as the next chunk; None if another one was there first."""
        blob = f"{_place(upload.id)}/{upload.arrived_bytes}-{new_id(BLOB_ID_LETTERS)}"
        self._blobs.place(file, path, blob)
        grown = self._uploads.add(upload, size_bytes, blob, now=now)
        if grown is None:
            self._blobs.remove(blob)
        return grown

    def read(self, upload: Upload) -> BinaryIO:
        """All that has come, as one stream."""
        return io.BufferedReader(_Stream(self._blocks(upload)))

    def _blocks(self, upload: Upload) -> Iterator[bytes]:
        for blob in self._uploads.blobs(upload.id):
            yield from self._blobs.read(blob)

    def hand_over(self, upload: Upload, call_id: str, leg: int) -> None:
        """Notes the call that came of an upload; its bytes here are of no use any more."""
        self._uploads.hand_over(upload, call_id, leg)
        self._clear(upload.id)
        self._uploads.forget_chunks(upload.id)

    def remove(self, upload: Upload) -> None:
        """Takes an upload away, and all that has come of it."""
        self._clear(upload.id)
        self._uploads.remove(upload.id)

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


def _place(upload_id: str) -> str:
    """Below which the chunks of an upload lie."""
    return f"uploads/{upload_id}"


def _upload(row: sa.Row[Any]) -> Upload:
    return Upload(**row._mapping)
