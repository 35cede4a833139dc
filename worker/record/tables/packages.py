"""Packages: which calls are in each, who makes it now, and what opens it.

A package has a key that is sealed under the key of each of its calls in turn, so that erasing any one of them erases
it, here and on every backup. Under it lie the key of its bytes and, until it was shown, its code.
"""

from __future__ import annotations

import sqlalchemy as sa

from worker.record.tables.base import CALL_ID_LENGTH, Instant, call_id_type, metadata
from worker.record.tables.people import HASH_BYTES

packages = sa.Table(
    "packages",
    metadata,
    sa.Column("id", sa.String(CALL_ID_LENGTH), primary_key=True),
    sa.Column("person_id", sa.String(CALL_ID_LENGTH)),
    sa.Column("request_id", sa.String(CALL_ID_LENGTH)),
    sa.Column("protection", sa.String(8), nullable=False),
    sa.Column("language", sa.String(8), nullable=False),
    sa.Column("leave_out", sa.Text, nullable=False),  # numbers of words and seconds, and never what stands there
    sa.Column("state", sa.String(8), nullable=False),
    sa.Column("step", sa.String(8)),
    sa.Column("done", sa.Integer, nullable=False),
    sa.Column("total", sa.Integer, nullable=False),
    sa.Column("asked_at", Instant, nullable=False),
    sa.Column("due_at", Instant),  # of one that waits: when anybody may make it; of one being made: its lease's end
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("held_by", sa.String(CALL_ID_LENGTH)),  # one try
    sa.Column("failure", sa.Text),
    sa.Column("ready_at", Instant),
    sa.Column("ends_at", Instant),
    sa.Column("ended_because", sa.String(10)),
    sa.Column("size_bytes", sa.BigInteger),
    sa.Column("sha256", sa.String(64)),
    sa.Column("sealed_key", sa.LargeBinary),  # of the package, under the keys of its calls
    sa.Column("bytes_key", sa.LargeBinary),  # of the zip, under that
    sa.Column("code", sa.LargeBinary),  # under that, as long as it is needed
    sa.Column("is_code_shown", sa.Boolean, nullable=False),
    sa.Column("code_salt", sa.LargeBinary(HASH_BYTES)),
    sa.Column("code_hash", sa.LargeBinary(HASH_BYTES)),
    sa.Column("tried", sa.Integer, nullable=False),
    sa.Column("wait_until", Instant),
    sa.Column("taken", sa.Integer, nullable=False),
    sa.Index("ix_packages_request_id", "request_id"),
    sa.Index("ix_packages_person_id", "person_id"),
    sa.Index("ix_packages_ends_at", "ends_at"),
)

IS_UNDER_WAY = packages.c.due_at.is_not(None)
sa.Index("ix_packages_due_at", packages.c.due_at, sqlite_where=IS_UNDER_WAY, postgresql_where=IS_UNDER_WAY)

package_calls = sa.Table(
    "package_calls",
    metadata,
    sa.Column("package_id", sa.String(CALL_ID_LENGTH), sa.ForeignKey("packages.id"), primary_key=True),
    sa.Column("place", sa.Integer, primary_key=True),
    sa.Column("call_id", call_id_type(), sa.ForeignKey("calls.id"), nullable=False),
    sa.Column("key_from", sa.Integer, nullable=False),  # which of the call's keys
    sa.Index("ix_package_calls_call_id", "call_id"),
)
