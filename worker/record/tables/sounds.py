"""Where the sound of calls lies sealed, and what opens it; and what is still to be taken away.

A call has a row for each of its recordings, one for the copy for listening and one for how loud that is. The key of
each is sealed under the key of its call, so that erasing that erases them, here and on every backup.
"""

from __future__ import annotations

import sqlalchemy as sa

from worker.record.tables.arrivals import HASH_LENGTH
from worker.record.tables.base import Instant, call_id_type, metadata

NAME_LENGTH = 32
WHAT_LENGTH = 16

sounds = sa.Table(
    "sounds",
    metadata,
    sa.Column("call_id", call_id_type(), sa.ForeignKey("calls.id"), primary_key=True),
    sa.Column("what", sa.String(WHAT_LENGTH), primary_key=True),  # the number of a leg; or "copy", or "peaks"
    sa.Column("name", sa.String(NAME_LENGTH), nullable=False, unique=True),  # random: tells nothing
    sa.Column("key_from", sa.Integer, nullable=False),  # which of the call's keys sealed the one of these bytes
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("sha256", sa.String(HASH_LENGTH), nullable=False),  # of what lies there: after a cut, not what arrived
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
)

blobs_to_remove = sa.Table(
    "blobs_to_remove",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),  # in the place of recordings
    sa.Column("call_id", call_id_type(), nullable=False),
    sa.Column("since", Instant, nullable=False),
)
"""What nothing opens any more. A row goes when its bytes have gone, so that a store that was away is asked again."""
