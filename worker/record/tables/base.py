"""What all tables share: their register, ids of calls, instants."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

CALL_ID_LENGTH = 16


class Instant(sa.types.TypeDecorator[datetime]):
    """An instant in UTC, aware on both sides; SQLite keeps it as text of one width, whose order is that of time."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """What the driver is given."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("An instant without a time zone is no instant.")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """What the driver gave."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


def call_id_type() -> sa.types.TypeEngine[str]:
    """Compared byte by byte on both databases, so that a typed prefix is a range of the index."""
    return sa.String(CALL_ID_LENGTH).with_variant(sa.String(CALL_ID_LENGTH, collation="C"), "postgresql")


metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)
