"""Hands a whole installation to ``worker.core.log.whole``, as it lies in the database and batch by batch.

It reads the tables itself, value by value as the driver gives them: what was altered behind the program's back may be
of another type, or no text, and is to be named and not to end the check.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag

from worker.core.errors import BrokenRecord, Invalid
from worker.core.log.entry import SALT_BYTES, Actor, Entry, EntryKind, Role
from worker.core.log.findings import Finding
from worker.core.log.note import OpenNote
from worker.core.log.verify import KeptEntry
from worker.core.log.whole import KeptCall, KeptCheckpoint, KeptLeaf, KeptNode, Report, check_installation
from worker.record.database import Database
from worker.record.log.contents import content_place, key_place
from worker.record.tables.log import call_keys, checkpoints, contents, entries, leaves, not_included, tree_nodes
from worker.record.vault import Vault, unseal

CALLS_AT_ONCE = 200
ROWS_AT_ONCE = 2000
NO_NUMBER = -1  # stands for what should be a number and is none

Counted = Callable[[int], None]


def audit(
    database: Database, vault: Vault, open_note: OpenNote, *, since: str | None = None, counted: Counted | None = None
) -> Report:
    """Checks all that the log holds, as it is at one instant, while others go on writing.

    ``since`` is a signed checkpoint that the checker kept; ``counted`` is told how many entries were read so far.
    """
    with database.reading() as connection, _any_text(connection):
        if connection.dialect.name == "postgresql":  # on SQLite a transaction sees one instant as it is
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        report = check_installation(
            checkpoints=_checkpoints(connection),
            leaves=_leaves(connection),
            nodes=_nodes(connection),
            calls=_calls(connection, vault, counted or (lambda _count: None)),
            open_note=open_note,
            since=since,
        )
        return replace(report, findings=report.findings + _lost(connection))


@contextmanager
def _any_text(connection: sa.Connection) -> Iterator[None]:
    """Text in a file of SQLite may be none any more; PostgreSQL sees to it that it is."""
    if connection.dialect.name != "sqlite":
        yield
        return
    driver: Any = connection.connection.driver_connection
    before = driver.text_factory
    driver.text_factory = lambda data: data.decode("utf-8", "replace")
    try:
        yield
    finally:
        driver.text_factory = before


def _checkpoints(connection: sa.Connection) -> Iterator[KeptCheckpoint]:
    for row in _rows(connection, sa.select(*_raw(checkpoints)).order_by(checkpoints.c.size)):
        yield KeptCheckpoint(_number(row.size), _text(row.note), _bytes(row.root), _instant(row.at))


def _leaves(connection: sa.Connection) -> Iterator[KeptLeaf]:
    for row in _rows(connection, sa.select(*_raw(leaves)).order_by(leaves.c.position)):
        yield KeptLeaf(_number(row.position), _bytes(row.hash), _text(row.call_id), _number(row.number))


def _nodes(connection: sa.Connection) -> Iterator[KeptNode]:
    """In the order in which leaves make them final."""
    level, index = tree_nodes.c["level"], tree_nodes.c["index"]
    raw = (_as_given(level).label("level"), _as_given(index).label("place"), _as_given(tree_nodes.c.hash).label("hash"))
    for row in _rows(connection, sa.select(*raw).order_by((index + 1).op("<<")(level), level)):
        yield KeptNode(_number(row.level), _number(row.place), _bytes(row.hash))


def _calls(connection: sa.Connection, vault: Vault, counted: Counted) -> Iterator[KeptCall]:
    """Each call with entries, a batch of calls in memory at a time."""
    after, count = "", 0
    while ids := connection.execute(_some_calls(after)).scalars().all():
        if ids[-1] == after:
            return  # an id that is no text any more; its leaves stay without entries, and that is found
        after = ids[-1]
        places: dict[str, dict[int, int]] = {}
        for row in connection.execute(sa.select(*_raw(leaves)).where(leaves.c.call_id.in_(ids))):
            places.setdefault(row.call_id, {})[_number(row.number)] = _number(row.position)
        of_these = _ENTRIES.where(entries.c.call_id.in_(ids)).order_by(entries.c.call_id, entries.c.number)
        for call_id, rows in groupby(_rows(connection, of_these), key=lambda row: _text(row.call_id)):
            kept = [_kept(row, vault) for row in rows]
            count += len(kept)
            counted(count)
            yield KeptCall(call_id, kept, places.get(call_id, {}))


def _some_calls(after: str) -> sa.Select[Any]:
    of = entries.c.call_id
    return sa.select(of).where(of > after).group_by(of).order_by(of).limit(CALLS_AT_ONCE)


def _kept(row: sa.Row[Any], vault: Vault) -> KeptEntry:
    try:
        encoded = _entry(row).encode()
    except (ValueError, Invalid):
        encoded = b""  # which is no entry either, and the check says so
    salt, body, fault = _content(row, vault)
    return KeptEntry(_number(row.number), encoded, salt, body, fault, _bytes(row.hash))


def _entry(row: sa.Row[Any]) -> Entry:
    at = _instant(row.at)
    if at is None:
        raise ValueError
    return Entry(
        call_id=_text(row.call_id),
        number=_number(row.number),
        actor=Actor(Role(row.role), _text(row.person)),
        at=at,
        kind=EntryKind(row.kind),
        content_hash=_bytes(row.content_hash),
        before=_bytes(row.before),
    )


def _content(row: sa.Row[Any], vault: Vault) -> tuple[bytes | None, bytes | None, str | None]:
    """Salt and body, both None where they were erased with their key, and why they cannot be read, if so."""
    if row.sealed is None:
        return None, None, "its content is missing"
    if row.sealed_key is None:
        return None, None, None
    call_id, number = _text(row.call_id), _number(row.number)
    try:
        key = vault.open_key(_bytes(row.sealed_key), key_place(call_id, _number(row.key_from)))
        plain = unseal(key, _bytes(row.sealed), about=content_place(call_id, number))
    except BrokenRecord:
        return None, None, "the key of its content does not open: it was altered, or the master key is another one"
    except (InvalidTag, ValueError):
        return None, None, "its sealed content was altered"
    return plain[:SALT_BYTES], plain[SALT_BYTES:], None


def _lost(connection: sa.Connection) -> tuple[Finding, ...]:
    """Entries that are neither in the tree nor wait for it, so that nobody would ever take them in; those in both."""
    both = entries.outerjoin(leaves, _same(entries, leaves)).outerjoin(not_included, _same(entries, not_included))
    is_lost = leaves.c.position.is_(None) & not_included.c.number.is_(None)
    is_twice = leaves.c.position.is_not(None) & not_included.c.number.is_not(None)
    select = sa.select(entries.c.call_id, entries.c.number, is_lost.label("is_lost")).select_from(both)
    rows = connection.execute(select.where(is_lost | is_twice).order_by(entries.c.call_id, entries.c.number))
    return tuple(
        Finding(
            "it is not in the tree and does not wait for it" if row.is_lost else "it is in the tree and waits for it",
            row.call_id,
            row.number,
        )
        for row in rows
    )


def _rows(connection: sa.Connection, select: sa.Select[Any]) -> Iterator[sa.Row[Any]]:
    return iter(connection.execute(select.execution_options(yield_per=ROWS_AT_ONCE)))


def _raw(*tables: sa.Table) -> list[sa.ColumnElement[Any]]:
    """All columns, each value as the driver gives it."""
    return [_as_given(column).label(column.name) for table in tables for column in table.c]


def _as_given(column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    return sa.type_coerce(column, sa.types.NullType())


def _same(one: sa.Table, other: sa.Table) -> sa.ColumnElement[bool]:
    return sa.and_(one.c.call_id == other.c.call_id, one.c.number == other.c.number)


def _bytes(value: object) -> bytes:
    return bytes(value) if isinstance(value, bytes | bytearray | memoryview) else b""


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(value: object) -> int:
    return value if isinstance(value, int) else NO_NUMBER


def _instant(value: object) -> datetime | None:
    """The instant, which SQLite keeps as text; None if it is none."""
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    try:
        return datetime.fromisoformat(_text(value)).replace(tzinfo=UTC)
    except ValueError:
        return None


_ENTRIES = sa.select(
    *_raw(entries),
    _as_given(contents.c.key_from).label("key_from"),
    _as_given(contents.c.sealed).label("sealed"),
    _as_given(call_keys.c.sealed).label("sealed_key"),
).select_from(
    entries.outerjoin(contents, _same(entries, contents)).outerjoin(
        call_keys, sa.and_(call_keys.c.call_id == contents.c.call_id, call_keys.c.key_from == contents.c.key_from)
    )
)
