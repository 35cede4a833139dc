"""Which words were said where, so that they are found again: keyed hashes of words, which tell nobody what they are.

``search_calls`` says of which entry a call's words were drawn last, and with which key of the call that entry is
sealed; ``search_lines`` has a row for each turn and each sentence; and ``search_words``, under the same numbers, the
hashes of its words in their order. That table is made by the migration alone: a virtual one of FTS5 on SQLite, one with
a ``tsvector`` and its index on PostgreSQL.
"""

from __future__ import annotations

import sqlalchemy as sa

from worker.record.tables.base import call_id_type, metadata

LONGEST_PLACE = 64

search_calls = sa.Table(
    "search_calls",
    metadata,
    sa.Column("call_id", call_id_type(), sa.ForeignKey("calls.id"), primary_key=True),
    sa.Column("made_of", sa.Integer, nullable=False),  # the number of the last entry that was read for it
    sa.Column("key_from", sa.Integer),  # which of the call's keys sealed its record; none where that was erased
)

search_lines = sa.Table(
    "search_lines",
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("call_id", call_id_type(), sa.ForeignKey("calls.id"), nullable=False),
    sa.Column("place", sa.String(LONGEST_PLACE), nullable=False),  # id of the turn, or of the sentence
    sa.Column("start_s", sa.Float, nullable=False),
    sa.Index(None, "call_id"),
)

search_words = sa.table("search_words", sa.column("rowid", sa.BigInteger), sa.column("words", sa.Text))
