"""What the tables forget of a call that is erased, within the one transaction that destroys its keys.

What stays is what goes on proving that there was a call: its entries, which carry no word; its row without anybody's
name, with its instants, its line and its sender; and the hashes by which the same recording, sent again, is not a new
call.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from worker.record.people import Kind
from worker.record.tables.arrivals import legs
from worker.record.tables.calls import calls, stage_runs
from worker.record.tables.events import deliveries, events, promises_told
from worker.record.tables.log import call_keys
from worker.record.tables.matters import gists, open_matters
from worker.record.tables.people import IS_TO_SEND, call_roles, codes, one_time_tokens, outbox, persons, sessions
from worker.record.tables.requests import requests
from worker.record.tables.senders import uploads

NAMELESS = {
    "agent": None,
    "customer": None,
    "agent_address": None,
    "customer_address": None,
    "external_id": "",
    "language": None,
    "zone": None,
    "continues": None,
    "party_of_channel": "{}",
}


def forget_call_in(connection: sa.Connection, call_id: str, *, now: datetime) -> dict[str, int]:
    """Destroys the keys of a call and removes what was said of it elsewhere; how much of each that was."""
    which = {table.name: table.c.call_id == call_id for table in (call_keys, stage_runs, gists, open_matters)}
    counted = {
        "keys": _delete(connection, call_keys, which["call_keys"]),
        "results of stages": _delete(connection, stage_runs, which["stage_runs"]),
        "lines of lists": _delete(connection, gists, which["gists"]),
        "open matters": _delete(connection, open_matters, which["open_matters"]),
        "ways in": _forget_ways_in(connection, call_id),
    }
    _delete(connection, promises_told, promises_told.c.call_id == call_id)
    about = sa.select(events.c.id).where(events.c.call_id == call_id)
    waiting = deliveries.c.event_id.in_(about) & deliveries.c.ended_at.is_(None)
    counted["events still to be told"] = _delete(connection, deliveries, waiting)
    bare = {"file_name": "", "address": None, "access": None, "content_hash": None, "party_of_channel": "{}"}
    connection.execute(sa.update(legs).where(legs.c.call_id == call_id).values(bare))
    gone = {"erased_at": now, "sound_erased_at": now}
    connection.execute(sa.update(calls).where(calls.c.id == call_id).values(NAMELESS | gone))
    return {name: number for name, number in counted.items() if number}


def has_part() -> sa.ColumnElement[bool]:
    """A person has a part in some call, or asks for something."""
    in_a_call = sa.exists().where(call_roles.c.person_id == persons.c.id)
    asks = sa.exists().where(requests.c.person_id == persons.c.id, requests.c.ended_at.is_(None))
    return in_a_call | asks


def forget_people_in(connection: sa.Connection, people: Sequence[str]) -> dict[str, int]:
    """Forgets the names and addresses of those among these customers who have no part in anything any more, and the
    letters to them, save those that are still to be sent and stay; how many of each."""
    nobodys = persons.c.id.in_(people) & (persons.c.kind == Kind.CUSTOMER) & ~has_part()
    found = connection.execute(sa.select(persons.c.id, persons.c.address).where(nobodys)).all()
    ids, addresses = [row.id for row in found], [row.address for row in found if row.address]
    _delete(connection, sessions, sessions.c.person_id.in_(ids))
    nameless = {"name": None, "address": None, "subject": None}
    connection.execute(sa.update(persons).where(persons.c.id.in_(ids)).values(nameless))
    letters = _delete(connection, outbox, outbox.c.address.in_(addresses) & ~(IS_TO_SEND & outbox.c.stays))
    counted = {"persons without another call": len(ids), "letters": letters}
    return {name: number for name, number in counted.items() if number}


def forget_letters_in(connection: sa.Connection, call_ids: Sequence[str]) -> int:
    """Forgets letters in which a call is named, as in a link; how many."""
    named = sa.or_(*(outbox.c.text.contains(one, autoescape=True) for one in call_ids))
    return _delete(connection, outbox, named)


def people_of(connection: sa.Connection, call_ids: Sequence[str]) -> list[str]:
    """Who has a part in any of these calls."""
    select = sa.select(call_roles.c.person_id).where(call_roles.c.call_id.in_(call_ids)).distinct()
    return list(connection.execute(select).scalars())


def uploads_of(connection: sa.Connection, call_ids: Sequence[str]) -> list[str]:
    """The uploads of which these calls came."""
    return list(connection.execute(sa.select(uploads.c.id).where(uploads.c.call_id.in_(call_ids))).scalars())


def _forget_ways_in(connection: sa.Connection, call_id: str) -> int:
    ways = (
        _delete(connection, call_roles, call_roles.c.call_id == call_id),
        _delete(connection, sessions, sessions.c.only_call == call_id),
        _delete(connection, one_time_tokens, one_time_tokens.c.only_call == call_id),
        _delete(connection, codes, codes.c.of == f"word {call_id}"),
    )
    return sum(ways)


def _delete(connection: sa.Connection, table: sa.Table, which: sa.ColumnElement[bool]) -> int:
    return connection.execute(sa.delete(table).where(which)).rowcount
