"""The recordings of calls as they arrive, what makes two of them the same call, and whose turn it is.

A call has one leg for each recording of it. ``identities`` has the names under which a call is the same again; what
they are made of is in ``worker.record.arriving``.
"""

from __future__ import annotations

import sqlalchemy as sa

from worker.core.arrival import LONGEST_SENDER
from worker.record.tables.base import Instant, call_id_type, metadata
from worker.record.tables.calls import LINE_LENGTH

HASH_LENGTH = 64  # SHA-256, as hexadecimal digits

legs = sa.Table(
    "legs",
    metadata,
    sa.Column("call_id", call_id_type(), sa.ForeignKey("calls.id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),  # of this call, from 1 as they were told of
    sa.Column("sha256", sa.String(HASH_LENGTH)),  # none until its bytes are here
    sa.Column("size_bytes", sa.BigInteger),
    sa.Column("file_name", sa.Text, nullable=False),
    sa.Column("started_at", Instant),
    sa.Column("started_offset_s", sa.Integer),  # of the zone in which the sender told the start, seconds east of UTC
    sa.Column("party_of_channel", sa.Text, nullable=False),  # JSON: party by channel number
    sa.Column("arrived_at", Instant),
    sa.Column("address", sa.LargeBinary),  # sealed; emptied when the bytes are here
    sa.Column("address_hash", sa.String(HASH_LENGTH)),  # stays: the same address again is the same leg
    sa.Column("access", sa.Text),  # which of the installation's credentials open the address
    sa.Column("content_hash", sa.Text),  # what the sender said of the bytes
    sa.Column("first_tried_at", Instant),  # when fetching was first tried
    sa.Column("same_as", sa.Integer),  # the leg of this call whose bytes these turned out to be
)

identities = sa.Table(
    "identities",
    metadata,
    sa.Column("identity", sa.String(HASH_LENGTH), primary_key=True),
    # Written before the call itself, which is made only where this is new. No key says so: SQLite looks through all
    # rows for one that may be written late.
    sa.Column("call_id", call_id_type(), nullable=False),
)

turns_of_lines = sa.Table(
    "turns_of_lines",
    metadata,
    sa.Column("priority", sa.String(8), primary_key=True),
    sa.Column("sender", sa.String(LONGEST_SENDER), primary_key=True),
    sa.Column("line", sa.String(LINE_LENGTH), primary_key=True),  # empty where the sender named none
    sa.Column("last", sa.BigInteger, nullable=False),  # the turn of its last call
    sa.Index(None, "last"),
    sa.Index(None, "priority", "sender", "last"),
)
