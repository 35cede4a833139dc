"""What the parts of the store share: the one database, and what writes into it in the same transactions."""

from __future__ import annotations

import sqlalchemy as sa

from worker.record.addresses import Addresses
from worker.record.database import Database
from worker.record.events import Events
from worker.record.log import Log
from worker.record.matters import Matters
from worker.record.people import People
from worker.record.search import Search
from worker.record.tables.calls import calls


class Part:
    """One subject of the store: a class of ``Store`` and nothing by itself."""

    _database: Database
    _addresses: Addresses
    events: Events
    log: Log
    people: People
    matters: Matters
    search: Search


def hold(connection: sa.Connection, *call_ids: str) -> None:
    """Makes everybody wait who changes the recordings or the stages of these calls, until the transaction ends.

    Whoever changes more of a call than one run holds it first, and whoever holds several does so in the order of their
    ids: none wait in a ring. A writer's transaction on SQLite is alone.
    """
    held = sa.select(calls.c.id).where(calls.c.id.in_(call_ids)).order_by(calls.c.id)
    connection.execute(held.with_for_update(key_share=True))
