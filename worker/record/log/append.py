"""Writing entries: each bound to the one before it, its content sealed, all in one transaction under the call's lock.

Many threads of a process that append at once share transactions: one of them writes for all that wait, because what
costs time is the disk that each transaction waits for.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from worker.core.dialogue.values import Content
from worker.core.errors import CallError, NotFound, Unavailable
from worker.core.events import Event, said
from worker.core.log.entry import BEFORE_THE_FIRST, SALT_BYTES, Actor, Entry, EntryKind, hash_of_content
from worker.record.database import Database
from worker.record.log.contents import content_place, encode_content, key_place, kind_of
from worker.record.tables.base import call_id_type
from worker.record.tables.calls import calls
from worker.record.tables.log import call_keys, contents, entries, not_included
from worker.record.vault import Vault, seal

MOST_AT_ONCE = 256  # entries in one transaction

Tell: TypeAlias = Callable[[sa.Connection, Sequence[Event]], None]
"""Keeps events of entries within the transaction that writes them."""


@dataclass(frozen=True)
class Draft:
    """What is to be appended to a call's entries; with an event where others may want to know of it."""

    call_id: str
    actor: Actor
    kind: EntryKind
    body: bytes
    event: Event | None = None


def draft(call_id: str, actor: Actor, content: Content, by: str | None = None) -> Draft:
    """An entry before it has its place; ``by`` is None for a machine. Raises Invalid for what cannot be stored."""
    event = said(call_id, actor.role, content, datetime.now(UTC))
    return Draft(call_id, actor, kind_of(content), encode_content(content, by), event)


@dataclass
class _End:
    """Where the entries of a call end, and with which key it goes on."""

    next: int = 0
    hash: bytes = BEFORE_THE_FIRST
    key: bytes | None = None  # sealed
    key_from: int = 0


class Writer:
    """Writes entries of any calls. Safe to share between threads."""

    def __init__(self, vault: Vault, tell: Tell) -> None:
        self._vault, self._tell = vault, tell

    def write(self, connection: sa.Connection, drafts: Sequence[Draft]) -> list[Entry]:
        """Writes the drafts, those of one call in their order, within the transaction that is given.

        Others who append to the same calls wait until it ends. Raises NotFound for a call that is not there.
        """
        ends = lock(connection, sorted({one.call_id for one in drafts}))
        rows: list[dict[str, object]] = []
        sealed: list[dict[str, object]] = []
        keys: list[dict[str, object]] = []
        written: list[Entry] = []
        for one in drafts:
            end = ends[one.call_id]
            if end.key is None:
                end.key = self._vault.make_key(key_place(one.call_id, end.next))
                end.key_from = end.next
                keys.append({"call_id": one.call_id, "key_from": end.next, "sealed": end.key})
            entry, content = self._bind(one, end, end.key)
            end.next, end.hash = entry.number + 1, entry.hash
            rows.append(_row(entry, end.hash))
            sealed.append(content)
            written.append(entry)
        places = [{"call_id": entry.call_id, "number": entry.number} for entry in written]
        connection.execute(sa.insert(entries), rows)
        if keys:
            connection.execute(sa.insert(call_keys), keys)
        connection.execute(sa.insert(contents), sealed)
        connection.execute(sa.insert(not_included), places)
        both = zip(drafts, written, strict=True)
        self._tell(connection, [replace(one.event, at=entry.at) for one, entry in both if one.event is not None])
        return written

    def _bind(self, one: Draft, end: _End, sealed_key: bytes) -> tuple[Entry, dict[str, object]]:
        salt = os.urandom(SALT_BYTES)
        key = self._vault.open_key(sealed_key, key_place(one.call_id, end.key_from))
        entry = Entry(
            call_id=one.call_id,
            number=end.next,
            actor=one.actor,
            at=datetime.now(UTC),
            kind=one.kind,
            content_hash=hash_of_content(salt, one.body),
            before=end.hash,
        )
        return entry, {
            "call_id": one.call_id,
            "number": entry.number,
            "key_from": end.key_from,
            "sealed": seal(key, salt + one.body, about=content_place(one.call_id, entry.number)),
        }


def lock(connection: sa.Connection, call_ids: Sequence[str]) -> dict[str, _End]:
    """Where each call ends now. All who lock several calls do so in the order of their ids: none wait in a ring.

    A writer's transaction on SQLite is alone. On PostgreSQL what others wrote is seen by the statement after.
    Raises NotFound for a call that is not there.
    """
    which = {"ids": call_ids}
    if connection.dialect.name == "postgresql":
        connection.execute(_LOCK, which)
        rows = connection.execute(_ENDS_ON_POSTGRESQL, which)
    else:
        rows = connection.execute(_ENDS_ON_SQLITE, which)
    ends = {}
    for row in rows:
        end = ends[row.id] = _End()
        if row.number is not None:
            end.next, end.hash = row.number + 1, bytes(row.hash)
        if row.sealed is not None:
            end.key, end.key_from = bytes(row.sealed), row.key_from
    if len(ends) < len(call_ids):
        raise NotFound("There is no such call. `onrecord calls` shows which there are.")
    return ends


def _last_entry() -> sa.Select[Any]:
    select = sa.select(entries.c.number, entries.c.hash).where(entries.c.call_id == calls.c.id)
    return select.order_by(entries.c.number.desc()).limit(1)


def _newest_key() -> sa.Select[Any]:
    select = sa.select(call_keys.c.key_from, call_keys.c.sealed).where(call_keys.c.call_id == calls.c.id)
    return select.order_by(call_keys.c.key_from.desc()).limit(1)


def _ends_on_postgresql() -> sa.Select[Any]:
    last, key = _last_entry().lateral(), _newest_key().lateral()
    return (
        sa.select(calls.c.id, last.c.number, last.c.hash, key.c.key_from, key.c.sealed)
        .select_from(calls.outerjoin(last, sa.true()).outerjoin(key, sa.true()))
        .where(_ANY)
    )


def _ends_on_sqlite() -> sa.Select[Any]:
    """The same for a database without lateral joins."""
    last, key = entries.alias(), call_keys.alias()
    number = sa.select(sa.func.max(last.c.number)).where(last.c.call_id == calls.c.id).scalar_subquery()
    key_from = sa.select(sa.func.max(key.c.key_from)).where(key.c.call_id == calls.c.id).scalar_subquery()
    is_last = (entries.c.call_id == calls.c.id) & (entries.c.number == number)
    is_newest = (call_keys.c.call_id == calls.c.id) & (call_keys.c.key_from == key_from)
    return (
        sa.select(calls.c.id, entries.c.number, entries.c.hash, call_keys.c.key_from, call_keys.c.sealed)
        .select_from(calls.outerjoin(entries, is_last).outerjoin(call_keys, is_newest))
        .where(calls.c.id.in_(sa.bindparam("ids", expanding=True)))
    )


# One text for any number of calls, so that the server plans it once.
_ANY = calls.c.id == sa.func.any(sa.bindparam("ids", type_=postgresql.ARRAY(call_id_type())))
# A weaker lock than for an update: it holds up other writers of entries, but no foreign key to calls.
_LOCK = sa.select(calls.c.id).where(_ANY).order_by(calls.c.id).with_for_update(key_share=True)
_ENDS_ON_POSTGRESQL = _ends_on_postgresql()
_ENDS_ON_SQLITE = _ends_on_sqlite()


def _row(entry: Entry, entry_hash: bytes) -> dict[str, object]:
    return {
        "call_id": entry.call_id,
        "number": entry.number,
        "role": entry.actor.role.value,
        "person": entry.actor.person,
        "at": entry.at,
        "kind": entry.kind.value,
        "content_hash": entry.content_hash,
        "before": entry.before,
        "hash": entry_hash,
    }


@dataclass(eq=False)
class _Waiting:
    """A draft whose thread waits until it is written, refused, or until it is this thread's turn to write."""

    draft: Draft
    woken: threading.Event = field(default_factory=threading.Event)
    entry: Entry | None = None
    error: BaseException | None = None


class Group:
    """Appends of many threads, written together.

    The first to come writes what waits then, its own draft among it, and passes the pen to the first who came
    meanwhile: nobody writes for others longer than one transaction.
    """

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database, self._writer = database, writer
        self._begin()
        os.register_at_fork(after_in_child=_beginning_again(self))

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._queue: list[_Waiting] = []
        self._is_writing = False

    def append(self, one: Draft) -> Entry:
        """Writes a draft; when this returns, it is on the disk. Raises what ``Writer.write`` does, and Unavailable."""
        waiting = _Waiting(one)
        with self._lock:
            self._queue.append(waiting)
            is_mine = not self._is_writing
            self._is_writing = True
        if not is_mine:
            self._wait(waiting)
        if waiting.entry is None and waiting.error is None:
            self._write_for_all()
        if waiting.entry is None:
            raise waiting.error or Unavailable()
        return waiting.entry

    def _wait(self, waiting: _Waiting) -> None:
        """Until its draft is written or its turn has come. A signal may end that, and nobody else may wait for it."""
        try:
            waiting.woken.wait()
        except BaseException:
            with self._lock:
                if waiting in self._queue:
                    self._queue.remove(waiting)
                    if waiting.woken.is_set():
                        self._pass_the_pen()
            raise

    def _write_for_all(self) -> None:
        with self._lock:
            batch, self._queue = self._queue[:MOST_AT_ONCE], self._queue[MOST_AT_ONCE:]
        try:
            self._write(batch)
        finally:
            with self._lock:
                self._pass_the_pen()
            for one in batch:
                one.woken.set()

    def _pass_the_pen(self) -> None:
        """To the first who waits; with the lock held, so that who is called is still there."""
        self._is_writing = bool(self._queue)
        if self._queue:
            self._queue[0].woken.set()

    def _write(self, batch: Sequence[_Waiting]) -> None:
        """Writes a batch; where one draft of it cannot be written, each by itself, so that it alone fails."""
        try:
            with self._database.writing() as connection:
                written = self._writer.write(connection, [one.draft for one in batch])
        except BaseException as error:
            if len(batch) > 1 and isinstance(error, CallError) and not isinstance(error, Unavailable):
                for one in batch:
                    self._write([one])
                return
            for one in batch:
                one.error = _copy(error)
            return
        for one, entry in zip(batch, written, strict=True):
            one.entry = entry


def _beginning_again(group: Group) -> Callable[[], None]:
    """In a forked child nobody writes and nobody waits, whatever the parent's threads were at."""
    known = weakref.ref(group)

    def begin() -> None:
        if (still := known()) is not None:
            still._begin()

    return begin


def _copy(error: BaseException) -> BaseException:
    """An error of its own for each thread that raises it: raising writes the thread's way into it."""
    if not isinstance(error, CallError):
        return error
    copied = type(error)(*error.args)
    copied.__cause__ = error
    return copied
