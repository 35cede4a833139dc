"""What is open across the calls of a person, and the gist of each call: what lists are made of.

Both are drawn from the log and lie beside it, so that a list of 50 opens 50 short gists and not 50 records. A gist says
of which entry it was made last: where the log has said more since that could matter, it is drawn anew before it is
shown. So nobody has to tell that something was added, and losing a gist loses nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
import structlog
from cryptography.exceptions import InvalidTag
from pydantic import TypeAdapter

from worker.core.dialogue.reading import newest_record, read_dialogue
from worker.core.errors import BrokenRecord, CallError
from worker.core.log.entry import EntryKind, Role
from worker.core.matters import SPOKEN, Gist, Matter, MatterKind, gist_of
from worker.record.database import Database
from worker.record.log import Log
from worker.record.log.contents import key_place
from worker.record.tables.calls import calls
from worker.record.tables.log import call_keys, contents, entries
from worker.record.tables.matters import gists, open_matters
from worker.record.tables.people import call_roles
from worker.record.tables.requests import restrictions
from worker.record.vault import Vault, seal, unseal

log = structlog.get_logger()

T = TypeVar("T")

A_PAGE = 50

THAT_MATTER = (EntryKind.MADE, EntryKind.ANNOTATED)
"""Entries of other kinds neither open nor close anything."""

_gist = TypeAdapter(Gist)


@dataclass(frozen=True)
class Whose:
    """Whose calls: those of a person as one of their roles; one call alone for whoever was let in to no other.

    ``in_use``: without those whose record is kept and not used, which is for the two sides of it alone.
    """

    person: str
    role: Role
    only_call: str | None = None
    in_use: bool = False


@dataclass(frozen=True)
class Listed(Generic[T]):
    """One page of a list, counted from 1, of ``total`` things in all."""

    items: tuple[T, ...]
    page: int
    total: int


@dataclass(frozen=True)
class OpenMatter:
    """A matter in its call."""

    call_id: str
    gist: Gist
    matter: Matter


class Matters:
    """What is open in the calls of one installation. Safe to share between threads.

    Every method raises Unavailable if the database cannot be reached or cannot do it now. A call whose record does not
    hold together has no gist and nothing open: its own page says what is wrong, and lists go on without it.
    """

    def __init__(self, database: Database, log: Log, vault: Vault) -> None:
        self._database = database
        self._log = log
        self._vault = vault

    # Lists, as they were when ``catch_up`` was asked for last

    def catch_up(self, whose: Whose, *, now: datetime) -> None:
        """Draws anew what the log has said more of since, in somebody's calls: once before a page of lists."""
        self._catch_up(_mine(whose, now))

    def calls(self, whose: Whose, *, now: datetime, page: int = 1) -> Listed[str]:
        """The ids of somebody's calls, the last one first."""
        return self._ids(whose, now, sa.true(), page)

    def unopened(self, whose: Whose, *, now: datetime, page: int = 1) -> Listed[str]:
        """The ids of those whose record is made and which this person has neither opened nor written in."""
        of_call = entries.c.call_id == call_roles.c.call_id
        is_made = sa.exists().where(of_call, entries.c.kind == EntryKind.MADE)
        is_touched = sa.exists().where(of_call, entries.c.person == whose.person)
        return self._ids(whose, now, is_made & ~is_touched, page)

    def promised_by(self, whose: Whose, *, now: datetime, page: int = 1) -> Listed[OpenMatter]:
        """What somebody's side promised in their calls and is not kept, due first."""
        return self._open(whose, now, _IS_PROMISE & (open_matters.c.by_role == whose.role), page)

    def promised_to(self, whose: Whose, *, now: datetime, page: int = 1) -> Listed[OpenMatter]:
        """What somebody's side was promised in their calls and is not kept, due first."""
        return self._open(whose, now, _IS_PROMISE & (open_matters.c.to_role == whose.role), page)

    def waiting_for(self, whose: Whose, *, now: datetime, page: int = 1) -> Listed[OpenMatter]:
        """Questions, proposals and disputes on which somebody's side is the one to speak, the oldest first."""
        row = open_matters.c
        to_them = row.by_role.is_distinct_from(whose.role) & (row.to_role.is_(None) | (row.to_role == whose.role))
        return self._open(whose, now, row.kind.in_(SPOKEN) & to_them, page)

    def spoken(self, whose: Whose, *, now: datetime, page: int = 1) -> Listed[OpenMatter]:
        """All questions, proposals and disputes in somebody's calls, whichever side they wait for, the oldest first."""
        return self._open(whose, now, open_matters.c.kind.in_(SPOKEN), page)

    def open_calls(self, whose: Whose, *, now: datetime) -> tuple[str, ...]:
        """The ids of somebody's calls in which anything is open, the last one first."""
        is_open = sa.exists().where(open_matters.c.call_id == calls.c.id)
        select = sa.select(calls.c.id).where(calls.c.id.in_(_mine(whose, now)), is_open)
        with self._database.reading() as connection:
            return tuple(connection.execute(select.order_by(_BEGAN_AT.desc(), calls.c.id)).scalars())

    def called_since(self, whose: Whose, since: datetime, *, now: datetime) -> int:
        """How many of somebody's calls began at this instant or later."""
        select = sa.select(sa.func.count()).where(calls.c.id.in_(_mine(whose, now)), since <= _BEGAN_AT)
        with self._database.reading() as connection:
            return connection.execute(select).scalar_one()

    def late(self, whose: Whose, *, now: datetime) -> tuple[int, int]:
        """How many promises by somebody's side are late, and how many to it."""
        row = open_matters.c
        select = sa.select(
            sa.func.count().filter(row.by_role == whose.role), sa.func.count().filter(row.to_role == whose.role)
        ).where(row.call_id.in_(_mine(whose, now)), _IS_PROMISE, row.late_from <= now)
        with self._database.reading() as connection:
            by_them, to_them = connection.execute(select).one()
        return by_them, to_them

    def _ids(self, whose: Whose, now: datetime, which: sa.ColumnElement[bool], page: int) -> Listed[str]:
        select = (
            sa.select(calls.c.id)
            .join_from(call_roles, calls, calls.c.id == call_roles.c.call_id)
            .where(_is_whose(whose, now), which)
        )
        with self._database.reading() as connection:
            total = connection.execute(sa.select(sa.func.count()).select_from(select.subquery())).scalar_one()
            in_order = select.order_by(_BEGAN_AT.desc(), calls.c.id)
            return Listed(tuple(connection.execute(_only(page, in_order)).scalars()), page, total)

    def _open(self, whose: Whose, now: datetime, which: sa.ColumnElement[bool], page: int) -> Listed[OpenMatter]:
        """What they say is read from the gists of the calls on this page alone."""
        row = open_matters.c
        select = sa.select(row.call_id, row.number).where(row.call_id.in_(_mine(whose, now)), which)
        in_order = select.order_by(
            row.late_from.asc().nulls_last(), row.since.asc().nulls_last(), row.call_id, row.number
        )
        with self._database.reading() as connection:
            total = connection.execute(sa.select(sa.func.count()).select_from(select.subquery())).scalar_one()
            places = connection.execute(_only(page, in_order)).all()
        found = self._read({call_id for call_id, _ in places})
        # A gist that was drawn anew in between may have fewer matters: the next look at the list has them right.
        known = [(call_id, found[call_id], number) for call_id, number in places if call_id in found]
        items = (OpenMatter(one, gist, gist.matters[at]) for one, gist, at in known if at < len(gist.matters))
        return Listed(tuple(items), page, total)

    # Gists

    def gists(self, call_ids: Collection[str]) -> Mapping[str, Gist]:
        """The gists of these calls as the log has them now; a call whose record is not made, or erased, has none."""
        self._catch_up(sa.select(calls.c.id).where(calls.c.id.in_(call_ids)))
        return self._read(call_ids)

    def prepare(self, call_id: str) -> None:
        """Draws a gist before anybody asks for it. What cannot be done now is done then."""
        with suppress(CallError):
            self.gists((call_id,))

    def is_open(self, call_id: str) -> bool:
        """Whether anything is open in this call now. A call without a record is open: nobody knows what it holds."""
        gist = self.gists((call_id,)).get(call_id)
        return gist is None or bool(gist.matters)

    def _catch_up(self, call_ids: sa.Select[tuple[str]]) -> None:
        """Draws anew what the log has said more of since, and forgets what was erased there."""
        of_call = entries.c.call_id == calls.c.id
        news = sa.exists().where(
            of_call, entries.c.kind.in_(THAT_MATTER), entries.c.number > sa.func.coalesce(gists.c.made_of, -1)
        )
        has_key = sa.exists().where(call_keys.c.call_id == calls.c.id, call_keys.c.key_from == gists.c.key_from)
        select = (
            sa.select(calls.c.id)
            .outerjoin_from(calls, gists, gists.c.call_id == calls.c.id)
            .where(calls.c.id.in_(call_ids), news | (gists.c.key_from.is_not(None) & ~has_key))
        )
        with self._database.reading() as connection:
            behind = connection.execute(select).scalars().all()
        for call_id in behind:
            self._drawn(call_id)

    def _drawn(self, call_id: str) -> Gist | None:
        """The gist of a call, drawn anew; None where there is nothing to draw it from."""
        try:
            return self._draw(call_id)
        except BrokenRecord as error:
            log.error("gist.broken", call=call_id, error=type(error).__name__)
            return None

    def _draw(self, call_id: str) -> Gist | None:
        items = self._log.items(call_id)
        newest = newest_record(items)
        made_of = max((one.number for one in items if one.kind in THAT_MATTER), default=-1)
        gist, key = None, None
        if newest is not None:
            gist = gist_of(newest[1], read_dialogue(newest[1], items, now=datetime.now(UTC)))
        with self._database.writing() as connection:
            # The row of the call is held: of two who draw at once, the one who read less gives way.
            connection.execute(sa.select(calls.c.id).where(calls.c.id == call_id).with_for_update(key_share=True))
            before = connection.execute(sa.select(gists.c.made_of).where(gists.c.call_id == call_id)).scalar()
            if newest is not None:
                key = connection.execute(_key_of(call_id, newest[0].number)).one_or_none()
            if before is None or before <= made_of:
                self._replace(connection, call_id, gist, made_of, key)
        return gist

    def _replace(
        self, connection: sa.Connection, call_id: str, gist: Gist | None, made_of: int, key: sa.Row[Any] | None
    ) -> None:
        for table in (open_matters, gists):
            connection.execute(sa.delete(table).where(table.c.call_id == call_id))
        row: dict[str, object] = {"call_id": call_id, "made_of": made_of, "key_from": None, "sealed": b""}
        if gist is not None and key is not None:
            opened = self._vault.open_key(key.sealed, key_place(call_id, key.key_from))
            sealed = seal(opened, _gist.dump_json(gist), about=_place(call_id, made_of))
            row |= {"key_from": key.key_from, "sealed": sealed}
            if gist.matters:
                connection.execute(sa.insert(open_matters), [_row(call_id, *one) for one in enumerate(gist.matters)])
        connection.execute(sa.insert(gists).values(row))

    def _read(self, call_ids: Collection[str]) -> Mapping[str, Gist]:
        """The gists as they lie there. One that cannot be read, as an older version wrote it, is drawn anew."""
        if not call_ids:
            return {}
        of_gist = (call_keys.c.call_id == gists.c.call_id) & (call_keys.c.key_from == gists.c.key_from)
        select = (
            sa.select(gists, call_keys.c.sealed.label("sealed_key"))
            .join_from(gists, call_keys, of_gist)
            .where(gists.c.call_id.in_(call_ids))
        )
        with self._database.reading() as connection:
            found = {row.call_id: self._unseal(row) for row in connection.execute(select)}
        drawn = {call_id: self._drawn(call_id) for call_id, gist in found.items() if gist is None}
        return {call_id: gist for call_id, gist in {**found, **drawn}.items() if gist is not None}

    def _unseal(self, row: sa.Row[Any]) -> Gist | None:
        key = self._vault.open_key(row.sealed_key, key_place(row.call_id, row.key_from))
        try:
            return _gist.validate_json(unseal(key, row.sealed, about=_place(row.call_id, row.made_of)))
        except (InvalidTag, ValueError):
            return None


_BEGAN_AT = sa.func.coalesce(calls.c.started_at, calls.c.received_at)
"""When a call took place; where nobody told it, when its recording came."""

_IS_PROMISE = open_matters.c.kind == MatterKind.PROMISE


def _is_whose(whose: Whose, now: datetime) -> sa.ColumnElement[bool]:
    role = call_roles.c
    which = (role.person_id == whose.person) & (role.role == whose.role) & (role.until.is_(None) | (role.until > now))
    if whose.in_use:
        which &= role.call_id.not_in(sa.select(restrictions.c.call_id))
    return which if whose.only_call is None else which & (role.call_id == whose.only_call)


def _mine(whose: Whose, now: datetime) -> sa.Select[tuple[str]]:
    return sa.select(call_roles.c.call_id).where(_is_whose(whose, now))


def _only(page: int, select: sa.Select[Any]) -> sa.Select[Any]:
    return select.limit(A_PAGE).offset((page - 1) * A_PAGE)


def _key_of(call_id: str, number: int) -> sa.Select[Any]:
    """The key that seals an entry; none once it was erased. What is drawn from that entry is sealed under no other:
    erased while it was drawn, it would else come back under the next one."""
    of_entry = (call_keys.c.call_id == contents.c.call_id) & (call_keys.c.key_from == contents.c.key_from)
    select = sa.select(call_keys).join_from(contents, call_keys, of_entry)
    return select.where(contents.c.call_id == call_id, contents.c.number == number)


def _place(call_id: str, made_of: int) -> str:
    """What a sealed gist is bound to."""
    return f"gist {call_id}/{made_of}"


def _row(call_id: str, number: int, matter: Matter) -> dict[str, object]:
    return {
        "call_id": call_id,
        "number": number,
        "kind": matter.kind,
        "by_role": matter.by,
        "to_role": matter.to,
        "since": matter.since,
        "late_from": matter.late_from,
    }
