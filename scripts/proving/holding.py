"""Holds a call in the middle of a transaction, through the product's own connection, until it is killed.

Usage: ``python -m scripts.proving.holding DATABASE_URL CALL``. Says "held" when it does.
"""

from __future__ import annotations

import sys
import time

import sqlalchemy as sa

from worker.record.database import Database
from worker.record.tables.calls import calls

LASTS_S = 600.0


def main() -> None:
    """Holds it."""
    url, call_id = sys.argv[1:]
    with Database(url).writing() as connection:
        connection.execute(sa.update(calls).where(calls.c.id == call_id).values(agent=calls.c.agent))
        sys.stdout.write("held\n")
        sys.stdout.flush()
        time.sleep(LASTS_S)


if __name__ == "__main__":
    main()
