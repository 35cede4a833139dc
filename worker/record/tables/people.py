"""Persons, what they are on which call, how they are let in, and what is sent to them.

No secret lies here as it is: of sessions, links and codes there is a hash, of code words one that is slow to make.
"""

from __future__ import annotations

import sqlalchemy as sa

from worker.core.people import LONGEST_ADDRESS
from worker.record.tables.base import CALL_ID_LENGTH, Instant, call_id_type, metadata

HASH_BYTES = 32


def _person() -> sa.Column[str]:
    return sa.Column("person_id", sa.String(CALL_ID_LENGTH), sa.ForeignKey("persons.id"), nullable=False)


persons = sa.Table(
    "persons",
    metadata,
    sa.Column("id", sa.String(CALL_ID_LENGTH), primary_key=True),
    sa.Column("kind", sa.String(8), nullable=False),  # staff or customer: who is both is two persons here
    sa.Column("name", sa.Text),
    sa.Column("address", sa.String(LONGEST_ADDRESS)),  # in its normal spelling
    sa.Column("subject", sa.String(512)),  # who it is to the company's own sign-in
    sa.Column("is_reviewer", sa.Boolean, nullable=False, default=False),
    sa.Column("is_operator", sa.Boolean, nullable=False, default=False),
    sa.Column("made_at", Instant, nullable=False),
    sa.Column("is_agent", sa.Boolean),  # takes calls; null where nobody said it
    sa.Column("is_desk", sa.Boolean, nullable=False, server_default=sa.false()),  # answers requests
    sa.UniqueConstraint("kind", "address"),
    sa.UniqueConstraint("subject"),
)

call_roles = sa.Table(
    "call_roles",
    metadata,
    sa.Column("call_id", call_id_type(), sa.ForeignKey("calls.id"), primary_key=True),
    sa.Column("person_id", sa.String(CALL_ID_LENGTH), sa.ForeignKey("persons.id"), primary_key=True),
    sa.Column("role", sa.String(16), primary_key=True),
    sa.Column("until", Instant),  # of one that ends by itself
    sa.Column("made_at", Instant, nullable=False),
    sa.Index(None, "person_id"),
)

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("token_hash", sa.LargeBinary(HASH_BYTES), primary_key=True),
    _person(),
    sa.Column("only_call", call_id_type()),  # what let this person in was about this call alone
    sa.Column("seen_at", Instant, nullable=False),
    sa.Column("ends_at", Instant, nullable=False),
    sa.Index(None, "ends_at"),
)

one_time_tokens = sa.Table(
    "one_time_tokens",
    metadata,
    sa.Column("token_hash", sa.LargeBinary(HASH_BYTES), primary_key=True),
    sa.Column("person_id", sa.String(CALL_ID_LENGTH), sa.ForeignKey("persons.id")),  # none: a hand-over that was used
    sa.Column("only_call", call_id_type()),
    sa.Column("ends_at", Instant, nullable=False),
    sa.Column("used_at", Instant),
    sa.Index(None, "ends_at"),
)

codes = sa.Table(
    "codes",
    metadata,
    sa.Column("of", sa.String(32), primary_key=True),  # "sent" to a person, or the "word" of a call: its kind and id
    sa.Column("salt", sa.LargeBinary(HASH_BYTES)),
    sa.Column("code_hash", sa.LargeBinary(HASH_BYTES)),
    sa.Column("ends_at", Instant),  # none: a code word, which does not end
    sa.Column("tried", sa.Integer, nullable=False, default=0),
    sa.Column("wait_until", Instant),
    sa.Column("sent", sa.Integer, nullable=False, default=0),
    sa.Column("send_again_at", Instant),
)

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("address", sa.String(LONGEST_ADDRESS), nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),  # emptied when it was sent: it may hold a code
    sa.Column("made_at", Instant, nullable=False),
    sa.Column("sent_at", Instant),
    sa.Column("failure", sa.Text),  # type of the error that kept it from being sent
    sa.Column("until", Instant),  # so long it is tried to be sent; none: it is shown on a page, and stays
    sa.Column("due_at", Instant),  # of one still to be sent: when anybody may try it
    sa.Column("tries", sa.Integer, nullable=False, server_default="0"),  # that failed
    sa.Column("stays", sa.Boolean, nullable=False, server_default=sa.false()),  # and takes no other's place
)

IS_TO_SEND = outbox.c.due_at.is_not(None)
"""A letter that was neither sent nor given up."""

sa.Index("ix_outbox_due_at", outbox.c.due_at, sqlite_where=IS_TO_SEND, postgresql_where=IS_TO_SEND)
