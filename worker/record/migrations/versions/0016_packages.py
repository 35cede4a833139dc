"""Packages that are made for somebody, and how far they are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Nothing that was there is changed."""
    call_id = sa.String(16).with_variant(sa.String(16, collation="C"), "postgresql")
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "packages",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("person_id", sa.String(16)),
        sa.Column("request_id", sa.String(16)),
        sa.Column("protection", sa.String(8), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("leave_out", sa.Text, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("step", sa.String(8)),
        sa.Column("done", sa.Integer, nullable=False),
        sa.Column("total", sa.Integer, nullable=False),
        sa.Column("asked_at", instant, nullable=False),
        sa.Column("due_at", instant),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("held_by", sa.String(16)),
        sa.Column("failure", sa.Text),
        sa.Column("ready_at", instant),
        sa.Column("ends_at", instant),
        sa.Column("ended_because", sa.String(10)),
        sa.Column("size_bytes", sa.BigInteger),
        sa.Column("sha256", sa.String(64)),
        sa.Column("sealed_key", sa.LargeBinary),
        sa.Column("bytes_key", sa.LargeBinary),
        sa.Column("code", sa.LargeBinary),
        sa.Column("is_code_shown", sa.Boolean, nullable=False),
        sa.Column("code_salt", sa.LargeBinary(32)),
        sa.Column("code_hash", sa.LargeBinary(32)),
        sa.Column("tried", sa.Integer, nullable=False),
        sa.Column("wait_until", instant),
        sa.Column("taken", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_packages"),
    )
    for column in ("request_id", "person_id", "ends_at"):
        op.create_index(f"ix_packages_{column}", "packages", [column])
    is_due = sa.text("due_at IS NOT NULL")
    op.create_index("ix_packages_due_at", "packages", ["due_at"], sqlite_where=is_due, postgresql_where=is_due)
    op.create_table(
        "package_calls",
        sa.Column("package_id", sa.String(16), nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("call_id", call_id, nullable=False),
        sa.Column("key_from", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("package_id", "place", name="pk_package_calls"),
        sa.ForeignKeyConstraint(["package_id"], ["packages.id"], name="fk_package_calls_package_id"),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name="fk_package_calls_call_id"),
    )
    op.create_index("ix_package_calls_call_id", "package_calls", ["call_id"])
