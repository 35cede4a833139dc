"""What of watched buckets was taken: nothing is moved there, so what was seen before is remembered here."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from worker.record.database import Database
from worker.record.tables.watching import LONGEST_ETAG, watched_objects
from worker.record.upsert import insert_of

AT_ONCE = 500
"""Objects asked for in one statement: SQLite takes no more than some thousand values."""


@dataclass(frozen=True)
class RefusedObject:
    """An object that will never be taken as it is. ``reason`` is the line for people."""

    bucket: str
    path: str
    reason: str
    at: datetime


class Watched:
    """The objects of watched buckets."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def taken(self, bucket: str, paths: Collection[str]) -> dict[str, str]:
        """Those of these objects that were taken or refused, by their path, each with its etag of then."""
        columns = watched_objects.c
        by_hash = {_hash(bucket, path): path for path in paths}
        hashes = list(by_hash)
        found: dict[str, str] = {}
        with self._database.reading() as connection:
            for first in range(0, len(hashes), AT_ONCE):
                some = columns.object_hash.in_(hashes[first : first + AT_ONCE])
                rows = connection.execute(sa.select(columns.object_hash, columns.e_tag).where(some))
                found.update((by_hash[bytes(row.object_hash)], row.e_tag) for row in rows)
        return found

    def note(self, bucket: str, path: str, e_tag: str, *, refused: str | None = None, now: datetime) -> None:
        """This object, as it is now, was taken; or was refused, for this reason.

        Of what was taken its path is not kept: callers' numbers and names stand in paths, and would outlive the call.
        """
        values = {
            "bucket": bucket,
            "path": "" if refused is None else path,
            "e_tag": e_tag[:LONGEST_ETAG],
            "taken_at": now,
            "refused": refused,
        }
        with self._database.writing() as connection:
            row = insert_of(connection, watched_objects).values(values | {"object_hash": _hash(bucket, path)})
            connection.execute(row.on_conflict_do_update(index_elements=["object_hash"], set_=values))

    def refused(self, *, limit: int = 50) -> tuple[RefusedObject, ...]:
        """What was refused, the last first."""
        columns = watched_objects.c
        select = sa.select(columns.bucket, columns.path, columns.refused, columns.taken_at)
        last = select.where(columns.refused.is_not(None)).order_by(columns.taken_at.desc(), columns.path).limit(limit)
        with self._database.reading() as connection:
            return tuple(RefusedObject(*row) for row in connection.execute(last))


def _hash(bucket: str, path: str) -> bytes:
    return hashlib.sha256(f"{bucket}\n{path}".encode("utf-8", "surrogatepass")).digest()
