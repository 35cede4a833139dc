"""Which sealed bytes are the sound of which call, and what opens them: in the database, under the key of the call.

Whoever opens has asked the database just now: where the key of the call was erased, nothing opens. What lies in the
clear, of an earlier version, has no row here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag

from worker.core.arrival import Arrived, Sealed
from worker.core.dialogue.values import Content
from worker.core.errors import BrokenRecord, NotFound
from worker.core.log.entry import SYSTEM
from worker.record.database import Database
from worker.record.log import Log
from worker.record.log.append import draft
from worker.record.standing import Leg
from worker.record.tables.arrivals import legs
from worker.record.tables.calls import calls
from worker.record.tables.sounds import blobs_to_remove, sounds
from worker.record.upsert import insert_once
from worker.record.vault import unseal

COPY, PEAKS = "copy", "peaks"
FOLDER = "sealed"
ASKED_AT_ONCE = 500
PLAIN_RECORDINGS, PLAIN_COPIES = "recordings", "listening"
"""Where earlier versions kept sound, under its hash and in the clear."""


@dataclass(frozen=True)
class Kept:
    """What was kept: the SHA-256 of the bytes in the clear, how many they are, and how they lie."""

    sha256: str
    size_bytes: int
    sealed: Sealed

    def arrived(self, file_name: str) -> Arrived:
        """The same as a recording that arrived under a name."""
        return Arrived(self.sha256, file_name, self.size_bytes, self.sealed)


def place(name: str) -> str:
    """Where the sealed bytes of a name lie."""
    return f"{FOLDER}/{name[:2]}/{name}"


def write_in(connection: sa.Connection, log: Log, call_id: str, what: str, kept: Kept) -> None:
    """Notes how the sound of a call lies, in place of what was noted; the bytes of that are to be removed.

    The call is held by whoever calls. ``what`` is the number of a leg, or ``COPY`` or ``PEAKS``.
    """
    forget_in(connection, call_id, sounds.c.what == what)
    key_from, sealed = log.seal_in(connection, call_id, kept.sealed.key, about=_about(call_id, what, kept.sealed.name))
    row = {
        "call_id": call_id,
        "what": what,
        "name": kept.sealed.name,
        "key_from": key_from,
        "sealed": sealed,
        "sha256": kept.sha256,
        "size_bytes": kept.size_bytes,
    }
    connection.execute(sa.insert(sounds).values(row))


def forget_in(connection: sa.Connection, call_id: str, which: sa.ColumnElement[bool]) -> int:
    """Forgets some of a call's sound; how many pieces. Their bytes open no more, and are to be removed."""
    forgetting = sa.delete(sounds).where(sounds.c.call_id == call_id, which).returning(sounds.c.name)
    names = connection.execute(forgetting).scalars().all()
    note_to_remove_in(connection, call_id, *map(place, names))
    return len(names)


def note_to_remove_in(connection: sa.Connection, call_id: str, *names: str) -> None:
    """Notes that bytes have to go, by their whole names in the place of recordings."""
    for name in names:
        insert_once(connection, blobs_to_remove, {"name": name, "call_id": call_id, "since": datetime.now(UTC)})


class SoundKeys:
    """What the database knows of the sound of calls. Every method raises Unavailable."""

    def __init__(self, database: Database, log: Log) -> None:
        self._database, self._log = database, log

    def find(self, call_id: str, what: str) -> Kept | None:
        """How it lies sealed; None where nothing does, as of what was erased or lies in the clear.

        Raises BrokenRecord where its key was altered.
        """
        which = (sounds.c.call_id == call_id) & (sounds.c.what == what)
        with self._database.reading() as connection:
            row = connection.execute(sa.select(sounds).where(which)).one_or_none()
            if row is None:
                return None
            try:
                key = self._log.key_in(connection, call_id, row.key_from)
            except NotFound:  # its call was erased
                return None
        try:
            own = unseal(key, bytes(row.sealed), about=_about(call_id, what, row.name))
        except (InvalidTag, ValueError) as error:
            raise BrokenRecord("The key of this sound was altered. Restore the database from a copy.") from error
        return Kept(row.sha256, row.size_bytes, Sealed(row.name, own))

    def leg(self, call_id: str, number: int) -> Leg | None:
        """One recording as it was handed over; None for one that is not there, or whose call was erased."""
        select = sa.select(legs).where(legs.c.call_id == call_id, legs.c.number == number)
        with self._database.reading() as connection:
            row = connection.execute(select).one_or_none()
        if row is None:
            return None
        return Leg(row.number, row.file_name, row.sha256, row.size_bytes, None, {}, row.arrived_at)

    def legs(self, call_id: str) -> tuple[Leg, ...]:
        """All recordings of a call that are here, in their order."""
        select = sa.select(legs).where(legs.c.call_id == call_id, legs.c.sha256.is_not(None)).order_by(legs.c.number)
        with self._database.reading() as connection:
            rows = connection.execute(select).all()
        return tuple(Leg(r.number, r.file_name, r.sha256, r.size_bytes, None, {}, r.arrived_at) for r in rows)

    def note(
        self,
        call_id: str,
        what: str,
        kept: Kept,
        *,
        saying: Callable[[Kept], Content] | None = None,
        if_new: bool = False,
    ) -> bool:
        """Notes how the sound of a call lies; with an entry of what ``saying`` gives, both or neither.

        ``if_new``: False, and nothing is changed, where something is noted already. Raises NotFound for a call that is
        not there, or whose sound was erased.
        """
        with self._database.writing() as connection:
            self._log.hold_in(connection, call_id)
            if connection.execute(sa.select(calls.c.sound_erased_at).where(calls.c.id == call_id)).scalar():
                raise NotFound("The sound of this call was erased.")
            if if_new and connection.execute(_SOME.where(sounds.c.call_id == call_id, sounds.c.what == what)).first():
                return False
            write_in(connection, self._log, call_id, what, kept)
            if saying is not None:
                self._log.append_in(connection, draft(call_id, SYSTEM, saying(kept)))
        self._database.forget_removed()
        return True

    def forget(self, call_id: str, *plain: str) -> None:
        """Forgets all sound of a call, and notes that its bytes have to go; what lies in the clear by its name."""
        with self._database.writing() as connection:
            self._log.hold_in(connection, call_id)
            forget_in(connection, call_id, sa.true())
            note_to_remove_in(connection, call_id, *plain)
        self._database.forget_removed()

    def is_named(self, name: str) -> bool:
        """Whether these sealed bytes are the sound of a call."""
        with self._database.reading() as connection:
            return connection.execute(_SOME.where(sounds.c.name == name)).first() is not None

    def named(self, names: list[str]) -> set[str]:
        """Those among these that are the sound of a call."""
        found: set[str] = set()
        with self._database.reading() as connection:
            for first in range(0, len(names), ASKED_AT_ONCE):
                some = sa.select(sounds.c.name).where(sounds.c.name.in_(names[first : first + ASKED_AT_ONCE]))
                found.update(connection.execute(some).scalars())
        return found

    # What has to go

    def to_remove(self, call_id: str | None = None) -> tuple[str, ...]:
        """What is still to be removed: of one call, or of all."""
        select = sa.select(blobs_to_remove.c.name).order_by(blobs_to_remove.c.since)
        if call_id is not None:
            select = select.where(blobs_to_remove.c.call_id == call_id)
        with self._database.reading() as connection:
            return tuple(connection.execute(select).scalars())

    def removed(self, name: str) -> None:
        """These bytes have gone."""
        with self._database.writing() as connection:
            connection.execute(sa.delete(blobs_to_remove).where(blobs_to_remove.c.name == name))

    # What lies in the clear

    def in_the_clear(self, sha256: str | None = None) -> tuple[tuple[str, int], ...]:
        """Recordings that no row here names, as call and leg: of all calls, or those with these bytes."""
        is_sealed = sa.exists().where(sounds.c.call_id == legs.c.call_id, sounds.c.what == _WHAT)
        select = (
            sa.select(legs.c.call_id, legs.c.number)
            .join_from(legs, calls, calls.c.id == legs.c.call_id)
            .where(legs.c.sha256.is_not(None), legs.c.same_as.is_(None), calls.c.same_as.is_(None), ~is_sealed)
            .where(calls.c.sound_erased_at.is_(None))
            .order_by(legs.c.call_id, legs.c.number)
        )
        if sha256 is not None:
            select = select.where(legs.c.sha256 == sha256)
        with self._database.reading() as connection:
            return tuple((row.call_id, row.number) for row in connection.execute(select))


_SOME = sa.select(sounds.c.name).limit(1)
_WHAT = sa.cast(legs.c.number, sa.String)


def _about(call_id: str, what: str, name: str) -> str:
    """What the sealed key is bound to."""
    return f"sound {call_id}/{what}/{name}"
