"""Who hands recordings over: their API keys, what they said before under which key of idempotency, their uploads.

No secret lies here as it is: of an API key's there is a hash. What of an upload has come lies in the store of
recordings; here is which blobs it is made of.
"""

from __future__ import annotations

import sqlalchemy as sa

from worker.core.arrival import LONGEST_SENDER
from worker.record.tables.base import Instant, call_id_type, metadata

HASH_BYTES = 32
KEY_ID_LENGTH = 10
UPLOAD_ID_LENGTH = 26
LONGEST_BLOB_NAME = 100


def _sender() -> sa.Column[str]:
    return sa.Column("sender", sa.String(LONGEST_SENDER), nullable=False)


api_keys = sa.Table(
    "api_keys",
    metadata,
    sa.Column("id", sa.String(KEY_ID_LENGTH), primary_key=True),
    _sender(),
    sa.Column("scopes", sa.Text, nullable=False),  # separated by spaces
    sa.Column("secret_hash", sa.LargeBinary(HASH_BYTES), nullable=False),
    sa.Column("made_at", Instant, nullable=False),
    sa.Column("last_used_at", Instant),
    sa.Column("revoked_at", Instant),
)

said_before = sa.Table(
    "said_before",
    metadata,
    # Of sender and key in one, since senders choose their keys themselves.
    sa.Column("key_hash", sa.LargeBinary(HASH_BYTES), primary_key=True),
    sa.Column("begun_at", Instant, nullable=False),
    sa.Column("content_hash", sa.LargeBinary(HASH_BYTES)),  # with the rest, once it was accepted
    sa.Column("call_id", call_id_type()),
    sa.Column("leg", sa.Integer),
    sa.Index(None, "begun_at"),
)

uploads = sa.Table(
    "uploads",
    metadata,
    sa.Column("id", sa.String(UPLOAD_ID_LENGTH), primary_key=True),
    _sender(),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),  # of the whole, as its sender announced it
    sa.Column("arrived_bytes", sa.BigInteger, nullable=False),
    sa.Column("metadata", sa.Text, nullable=False),  # as its sender wrote it (tus, Upload-Metadata)
    sa.Column("ends_at", Instant, nullable=False),
    sa.Column("call_id", call_id_type()),  # once it was handed over
    sa.Column("leg", sa.Integer),
    sa.Column("sealed_key", sa.LargeBinary),  # of its chunks; emptied when it was handed over
    sa.Index(None, "ends_at"),
)

upload_chunks = sa.Table(
    "upload_chunks",
    metadata,
    sa.Column("upload_id", sa.String(UPLOAD_ID_LENGTH), sa.ForeignKey("uploads.id"), primary_key=True),
    sa.Column("start_byte", sa.BigInteger, primary_key=True),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("blob", sa.String(LONGEST_BLOB_NAME), nullable=False),
)
