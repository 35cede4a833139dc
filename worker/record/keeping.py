"""Legal holds, and erasures from the first key that goes to the receipt.

An erasure begins with one transaction: the keys of the call go, and with them everything that they open, here and on
every backup; what the tables said of it goes too, and an entry under a new key says so. What then lies in other places
opens no more, and is removed there by ``worker.owed.erasing``. Until every place has answered, the erasure is under
way.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeAlias

import sqlalchemy as sa

from worker.core.errors import NotAllowed, NotFound
from worker.core.keeping.rules import KeepRules
from worker.core.keeping.values import Erased, KeptKind, LegalHold, Proof, Receipt, Where, Why
from worker.core.log.entry import Actor, EntryKind
from worker.record.database import Database
from worker.record.forgetting import (
    forget_call_in,
    forget_letters_in,
    forget_people_in,
    has_part,
    people_of,
    uploads_of,
)
from worker.record.ids import new_id
from worker.record.log import Log
from worker.record.log.append import draft, lock
from worker.record.part import hold
from worker.record.people import Kind
from worker.record.sound_keys import forget_in
from worker.record.tables.arrivals import legs
from worker.record.tables.base import CALL_ID_LENGTH
from worker.record.tables.calls import calls
from worker.record.tables.keeping import IS_UNDER_WAY, erasures, holds
from worker.record.tables.log import entries
from worker.record.tables.people import persons
from worker.record.tables.requests import request_calls, requests, restrictions
from worker.record.tables.sounds import sounds
from worker.record.upsert import insert_once
from worker.record.values import from_json, to_json

IS_HELD = "A legal hold is on this call, so nothing of it may be erased. Release the hold first, if that is right."
IS_WANTED = "Somebody asks for this call, or contests it, so it stays though its time is over."
DUE_AT_ONCE = 200

Forget: TypeAlias = Callable[[sa.Connection, str], int]
"""Forgets what a part of the store holds of a call, within the transaction; how much that was."""


class Keeping:
    """What must be kept and what has to go. Every method raises Unavailable."""

    def __init__(self, database: Database, log: Log, forgets: Mapping[str, Forget]) -> None:
        self._database, self._log, self._forgets = database, log, forgets

    # Legal holds

    def hold(self, call_id: str, reason: str, *, by: Actor, name: str | None, now: datetime) -> bool:
        """Puts a legal hold on a call, with an entry; False where there is one. Raises NotFound for a call that is not
        there, NotAllowed for one that was erased."""
        return self._change_hold(call_id, LegalHold(True, reason), by, name, now)

    def release(self, call_id: str, reason: str, *, by: Actor, name: str | None, now: datetime) -> bool:
        """Takes the legal hold from a call, with an entry; False where there is none."""
        return self._change_hold(call_id, LegalHold(False, reason), by, name, now)

    def _change_hold(self, call_id: str, content: LegalHold, by: Actor, name: str | None, now: datetime) -> bool:
        with self._database.writing() as connection:
            lock(connection, [call_id])
            if content.is_on:
                if connection.execute(sa.select(calls.c.erased_at).where(calls.c.id == call_id)).scalar():
                    raise NotAllowed("This call was erased: nothing is left to be held.")
                is_changed = insert_once(connection, holds, {"call_id": call_id, "since": now})
            else:
                is_changed = connection.execute(sa.delete(holds).where(holds.c.call_id == call_id)).rowcount == 1
            if is_changed:
                self._log.append_in(connection, draft(call_id, by, content, name))
        return is_changed

    def held(self) -> dict[str, datetime]:
        """Every call that is held, and since when."""
        with self._database.reading() as connection:
            return {row.call_id: row.since for row in connection.execute(sa.select(holds).order_by(holds.c.since))}

    # Erasing

    def begin(
        self, call_id: str, what: KeptKind, why: Why, *, by: Actor, name: str | None, now: datetime
    ) -> tuple[str, Receipt, tuple[str, ...]]:
        """Destroys the keys, and what the tables say; the erasure's id, its receipt so far, and uploads to be removed.

        Asked again, it gives what was begun. Raises NotFound for a call that is not there, NotAllowed for one that is
        held, and for one whose time is over that somebody asked for since: then nothing was changed.
        """
        with self._database.writing() as connection:
            family = _family(connection, call_id)
            hold(connection, *family)
            kin = sorted({*family, *_recorded_by(connection, call_id)})
            lock(connection, kin)
            if held_in(connection, kin):
                raise NotAllowed(IS_HELD)
            known = connection.execute(_erasure(call_id, what)).one_or_none()
            its_uploads = tuple(uploads_of(connection, family))
            if known is not None:
                receipt = from_json(known.receipt, Receipt)
                if known.ended_at is None or _is_done(connection, family, what):
                    return known.id, receipt, its_uploads
                connection.execute(sa.delete(erasures).where(erasures.c.id == known.id))
            elif (
                why is Why.RETENTION
                and connection.execute(sa.select(calls.c.id).where(calls.c.id == call_id, _STAYS)).first()
            ):
                raise NotAllowed(IS_WANTED)
            receipt = self._destroy(connection, call_id, family, what, why, now)
            erased = Erased(what, why, _entries_of(connection, call_id), receipt.recordings)
            if what is KeptKind.RECORDING:
                erased = replace(erased, entries=0)
            self._log.append_in(connection, draft(call_id, by, erased, name))
            erasure = new_id(CALL_ID_LENGTH)
            row = {"id": erasure, "call_id": call_id, "what": what.value, "begun_at": now, "receipt": to_json(receipt)}
            connection.execute(sa.insert(erasures).values(row))
        return erasure, receipt, its_uploads

    def _destroy(
        self, connection: sa.Connection, call_id: str, family: tuple[str, ...], what: KeptKind, why: Why, now: datetime
    ) -> Receipt:
        recordings = _recordings_of(connection, family)
        counted: dict[str, int] = {"recordings' keys": 0}
        people = people_of(connection, family)
        for one in family:
            counted["recordings' keys"] += forget_in(connection, one, sa.true())
            if what is KeptKind.RECORDING:
                connection.execute(sa.update(calls).where(calls.c.id == one).values(sound_erased_at=now))
                continue
            for name, number in forget_call_in(connection, one, now=now).items():
                counted[name] = counted.get(name, 0) + number
            for name, forget in self._forgets.items():
                counted[name] = counted.get(name, 0) + forget(connection, one)
        letters: dict[str, int] = {}
        if what is KeptKind.RECORD:
            letters = {"letters": forget_letters_in(connection, family)}
            found = forget_people_in(connection, people)
            letters["letters"] += found.pop("letters", 0)
            counted |= found
        destroyed = {Where.DATABASE: _some(counted)}
        if what is KeptKind.RECORD:
            destroyed[Where.OUTBOX] = _some(letters)
        return Receipt(call_id, what, why, now, None, destroyed, recordings, missing=(), calls=family)

    def note(self, erasure: str, receipt: Receipt) -> None:
        """Notes how far an erasure is; with ``ended_at``, that it is done."""
        values = {"receipt": to_json(receipt), "ended_at": receipt.ended_at}
        with self._database.writing() as connection:
            connection.execute(sa.update(erasures).where(erasures.c.id == erasure).values(values))

    def removed_for_good(self) -> None:
        """Clears what was removed from the files of the database. Raises Unavailable while somebody still reads it."""
        self._database.forget_removed(for_good=True)

    def receipts(self, call_id: str) -> tuple[Receipt, ...]:
        """What was erased of a call, in its order."""
        select = sa.select(erasures.c.receipt).where(erasures.c.call_id == call_id).order_by(erasures.c.begun_at)
        with self._database.reading() as connection:
            return tuple(from_json(text, Receipt) for text in connection.execute(select).scalars())

    def under_way(self) -> tuple[tuple[str, KeptKind, Why], ...]:
        """Erasures that some place has not answered yet, as call, what and why."""
        with self._database.reading() as connection:
            rows = connection.execute(sa.select(erasures).where(IS_UNDER_WAY).order_by(erasures.c.begun_at)).all()
        return tuple((row.call_id, KeptKind(row.what), from_json(row.receipt, Receipt).why) for row in rows)

    def proof(self, call_id: str) -> Proof | None:
        """What goes on proving that there was this call, by the newest checkpoint; None before there is one."""
        checkpoint = self._log.latest_checkpoint()
        held = self._log.held(call_id)
        if checkpoint is None or not held:
            return None
        name = checkpoint.note.partition("\n")[0]
        return Proof(len(held), held[-1].entry.hash.hex(), name, checkpoint.size, checkpoint.root.hex())

    def forget_nobodys(self) -> int:
        """Forgets customers who have no call and no open request any more; how many."""
        lost = sa.select(persons.c.id).where(persons.c.kind == Kind.CUSTOMER)
        named = persons.c.name.is_not(None) | persons.c.address.is_not(None)
        with self._database.writing() as connection:
            ids = list(connection.execute(lost.where(named, ~has_part())).scalars())
            for first in range(0, len(ids), DUE_AT_ONCE):
                forget_people_in(connection, ids[first : first + DUE_AT_ONCE])
        return len(ids)

    # Whose time is over

    def due(self, rules: KeepRules, kind: KeptKind, *, now: datetime, after: str = "") -> tuple[list[str], str | None]:
        """Calls of which this kind was kept long enough, some at a time: those after the id ``after``, and the id to go
        on from; None at the end.

        Not those that are held, that are restricted, or about which a request is open; nor what was erased already.
        """
        is_left = (calls.c.sound_erased_at if kind is KeptKind.RECORDING else calls.c.erased_at).is_(None)
        began = sa.func.coalesce(calls.c.started_at, calls.c.received_at)
        select = (
            sa.select(calls.c.id, calls.c.line, calls.c.started_at, calls.c.received_at)
            .where(calls.c.id > after, calls.c.own_recording_of.is_(None), calls.c.same_as.is_(None))
            .where(is_left, ~_STAYS, began < now)
            .order_by(calls.c.id)
            .limit(DUE_AT_ONCE)
        )
        with self._database.reading() as connection:
            rows = connection.execute(select).all()
        over = [row.id for row in rows if rules.is_over(kind, row.line, row.started_at or row.received_at, now)]
        return over, rows[-1].id if len(rows) == DUE_AT_ONCE else None


_STAYS = sa.or_(
    sa.exists().where(holds.c.call_id == calls.c.id),
    sa.exists().where(restrictions.c.call_id == calls.c.id),
    sa.exists().where(
        request_calls.c.call_id == calls.c.id,
        requests.c.id == request_calls.c.request_id,
        requests.c.ended_at.is_(None),
    ),
)
"""A call that no rule destroys now, however long it was kept."""


def held_in(connection: sa.Connection, call_ids: Collection[str]) -> frozenset[str]:
    """Those of these calls that are under a legal hold."""
    found = sa.select(holds.c.call_id).where(holds.c.call_id.in_(call_ids))
    return frozenset(connection.execute(found).scalars())


def _family(connection: sa.Connection, call_id: str) -> tuple[str, ...]:
    """The call, the recordings that its sides made of it, and what turned out to be it. Raises NotFound."""
    of_it = (calls.c.id == call_id) | (calls.c.own_recording_of == call_id) | (calls.c.same_as == call_id)
    found = connection.execute(sa.select(calls.c.id).where(of_it).order_by(calls.c.id)).scalars().all()
    if call_id not in found:
        raise NotFound("There is no such call. `onrecord calls` shows which there are.")
    return (call_id, *(one for one in found if one != call_id))


def _recorded_by(connection: sa.Connection, call_id: str) -> tuple[str, ...]:
    """The call of which this is one more recording, if it is: a hold on it covers what was recorded of it."""
    row = connection.execute(sa.select(calls.c.own_recording_of, calls.c.same_as).where(calls.c.id == call_id)).one()
    return tuple(one for one in row if one is not None)


def _is_done(connection: sa.Connection, family: Sequence[str], what: KeptKind) -> bool:
    """Nothing has come since it was erased."""
    if what is KeptKind.RECORDING:
        return connection.execute(sa.select(sounds.c.name).where(sounds.c.call_id.in_(family)).limit(1)).first() is None
    left = sa.select(calls.c.id).where(calls.c.id.in_(family), calls.c.erased_at.is_(None)).limit(1)
    last = sa.select(entries.c.kind).where(entries.c.call_id == family[0]).order_by(entries.c.number.desc()).limit(1)
    return connection.execute(left).first() is None and connection.execute(last).scalar() == EntryKind.ERASED


def _recordings_of(connection: sa.Connection, family: Sequence[str]) -> tuple[str, ...]:
    its = sa.select(legs.c.sha256).where(legs.c.call_id.in_(family), legs.c.sha256.is_not(None))
    return tuple(dict.fromkeys(connection.execute(its.order_by(legs.c.call_id, legs.c.number)).scalars()))


def _entries_of(connection: sa.Connection, call_id: str) -> int:
    count = sa.select(sa.func.count()).select_from(entries).where(entries.c.call_id == call_id)
    return int(connection.execute(count).scalar_one())


def _erasure(call_id: str, what: KeptKind) -> sa.Select[tuple[str, str, datetime | None]]:
    row = erasures.c
    return sa.select(row.id, row.receipt, row.ended_at).where(row.call_id == call_id, row.what == what.value)


def _some(counted: Mapping[str, int]) -> dict[str, int]:
    return {name: number for name, number in counted.items() if number}
