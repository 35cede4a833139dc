"""Which objects of watched buckets were handed over already, and which were refused."""

from __future__ import annotations

import sqlalchemy as sa

from worker.record.tables.base import Instant, metadata

HASH_BYTES = 32
LONGEST_ETAG = 300

watched_objects = sa.Table(
    "watched_objects",
    metadata,
    # Of bucket and path in one: a path has up to 1024 bytes, and an index of PostgreSQL not room for several.
    sa.Column("object_hash", sa.LargeBinary(HASH_BYTES), primary_key=True),
    sa.Column("bucket", sa.Text, nullable=False),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("e_tag", sa.String(LONGEST_ETAG), nullable=False),
    sa.Column("taken_at", Instant, nullable=False),
    sa.Column("refused", sa.Text),  # why; NULL for what was accepted
    sa.Index(None, "taken_at"),
)
