"""Taking recordings in: what is a new call, what is a further leg of one, and what was here already.

The same bytes, or the same address, under the same external id of one sender are nothing new. Other ones are a further
leg. It joins its call while there is no record of that, which then begins again with all its legs; once there is one,
the leg becomes a call of its own that continues the first.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from worker.core.arrival import FETCH, MOST_LEGS, Announced, Arrived, Handover
from worker.core.call import CallDetails
from worker.core.dialogue.values import Received
from worker.core.errors import Invalid
from worker.core.events import Event, EventType
from worker.core.log.entry import SYSTEM
from worker.record import identity
from worker.record.beginning import begin_anew, begin_new
from worker.record.database import now_in
from worker.record.ids import new_id
from worker.record.log.append import draft
from worker.record.part import Part, hold
from worker.record.rows import details_of, leg_of, printable, row_of_details, row_of_start
from worker.record.sound_keys import COPY, PEAKS, Kept, forget_in, write_in
from worker.record.standing import Accepted
from worker.record.tables.arrivals import identities, legs
from worker.record.tables.calls import IS_OPEN, IS_RUNNING, calls, stage_runs
from worker.record.tables.people import call_roles
from worker.record.tables.sounds import sounds
from worker.record.turns import Flow, take_turns
from worker.record.upsert import insert_once


class Arriving(Part):
    """How recordings come into the store."""

    def accept(
        self,
        handover: Handover,
        recording: Arrived | Announced,
        *,
        first_stage: str,
        own_recording_of: str | None = None,
    ) -> Accepted:
        """Opens the call of a recording or adds the recording to its call, notes it in the log, and lets the first
        stage wait: all of it, or nothing.

        What was handed over before changes nothing, and what was said about the call the first time stands. The bytes
        of a recording that arrived must be kept already: what opens them is taken in with the rest, and whoever kept
        them settles afterwards (``SoundStore.settle``). One that was announced is fetched first, at the stage
        ``FETCH``. ``own_recording_of`` is the call of which one of its sides made this recording: nobody has a way in
        of their own to that. Raises Invalid for text that cannot be stored, and for more legs than a call may have.
        """
        recording = replace(recording, file_name=printable(recording.file_name))
        row = row_of_details(handover.details)  # raises before anything is begun
        with self._database.writing() as connection:
            call_id = new_id()
            known = self._named(connection, self._identity(handover, recording, own_recording_of), call_id)
            if known is None:
                row["own_recording_of"] = own_recording_of
                stage = self._open(connection, call_id, row, handover, recording, first_stage)
                return Accepted(call_id, is_new=True, stage=stage)
            if own_recording_of is not None or not handover.details.external_id:
                return Accepted(known, is_new=False)
            return self._add(connection, known, row, handover, recording, first_stage)

    def announced(self, call_id: str) -> tuple[tuple[int, Announced], ...]:
        """The recordings of a call that are still to be fetched, each with the number of its leg."""
        with self._database.reading() as connection:
            rows = connection.execute(sa.select(legs).where(_IS_TO_FETCH, legs.c.call_id == call_id)).all()
        return tuple(
            (
                row.number,
                Announced(
                    self._addresses.unseal(row.address, call_id, row.number),
                    row.file_name,
                    row.access,
                    row.content_hash,
                ),
            )
            for row in sorted(rows, key=lambda row: int(row.number))
        )

    def fetched(self, call_id: str, leg: int, arrived: Arrived, *, worker: str) -> bool:
        """Notes that the bytes of an announced leg are kept now. False if the call is no longer this worker's.

        Where its sender had handed over the same bytes before, as the recording of another call without an external id
        of its own or of an earlier leg, nothing is worked twice: the call is ``same_as`` that one and has no stages any
        more, or the leg is that leg.
        """
        arrived = replace(arrived, file_name=printable(arrived.file_name))
        now = datetime.now(UTC)
        with self._database.writing() as connection:
            call = self._held_with_its_first(connection, call_id)
            if call is None or not _is_fetching(connection, call_id, worker):
                return False
            this = sa.select(legs).where(legs.c.call_id == call_id, legs.c.number == leg, _IS_TO_FETCH)
            row = connection.execute(this).one_or_none()
            if row is None:  # this worker said so before
                return True
            twin = _twin_in_call(connection, call_id, arrived.sha256)
            here = {
                "sha256": arrived.sha256,
                "size_bytes": arrived.size_bytes,
                "file_name": arrived.file_name,
                "arrived_at": now,
                "address": None,
                "same_as": twin,
            }
            connection.execute(sa.update(legs).where(_is_leg(call_id, leg)).values(here))
            if twin is not None:
                return True
            said = leg_of(row)
            details = replace(details_of(call), started_at=said.started_at, party_of_channel=said.party_of_channel)
            self._note(connection, call_id, arrived, details)
            other = self._same_call(connection, call, arrived.sha256)
            if other is None:
                self._note_sound(connection, call_id, leg, arrived)
            else:
                _give_up(connection, call_id, other)
                here_already = Event(EventType.CALL_HERE_ALREADY, call_id, now, {"same_as": other})
                self.events.tell_in(connection, [here_already])
        return True

    # One handing-over

    def _identity(self, handover: Handover, recording: Arrived | Announced, own_recording_of: str | None) -> str:
        sender, external_id = handover.sender, handover.details.external_id
        if own_recording_of is not None and isinstance(recording, Arrived):
            return identity.of_own_recording(own_recording_of, recording.sha256)
        if external_id:
            return identity.of_external_id(sender, external_id)
        if isinstance(recording, Arrived):
            return identity.of_recording(sender, recording.sha256)
        return identity.of_address(sender, self._addresses.name(recording.address))

    def _named(self, connection: sa.Connection, name: str, call_id: str) -> str | None:
        """Gives a name to a call; the call that has it already, where one has. Of two who come at once, one waits."""
        if insert_once(connection, identities, {"identity": name, "call_id": call_id}):
            return None
        named = sa.select(identities.c.call_id).where(identities.c.identity == name)
        return str(connection.execute(named).scalar_one())

    def _open(
        self,
        connection: sa.Connection,
        call_id: str,
        row: dict[str, Any],
        handover: Handover,
        recording: Arrived | Announced,
        first_stage: str,
    ) -> str | None:
        """A new call with its first leg; the stage at which it waits."""
        now = now_in(connection)  # from it counts how long the call waits for legs
        row = row | {
            "id": call_id,
            "received_at": now,
            "sender": handover.sender,
            "legs_expected": handover.legs,
            "priority": handover.priority,
        }
        connection.execute(sa.insert(calls), row)
        self._add_leg(connection, call_id, 1, handover.details, recording)
        if row["own_recording_of"] is None:
            self.people.take_in(connection, call_id, handover.details)
            self.events.tell_in(connection, [Event(EventType.CALL_RECEIVED, call_id, now)])
        flow = Flow(handover.priority, handover.sender, row["line"] or "")
        turn = take_turns(connection, flow)[0]
        stage = first_stage if isinstance(recording, Arrived) else FETCH
        return begin_new(connection, call_id, stage, turn=turn, legs_expected=handover.legs, now=now)

    def _add(
        self,
        connection: sa.Connection,
        first: str,
        row: dict[str, Any],
        handover: Handover,
        recording: Arrived | Announced,
        first_stage: str,
    ) -> Accepted:
        """A recording of a call that is here: nothing new, a further leg, or a call that continues it."""
        hold(connection, first)
        known = self._known_leg(connection, first, handover, recording)
        if known is not None:
            known_call, leg = known
            return Accepted(known_call, is_new=False, leg=leg)
        turn = connection.execute(sa.select(stage_runs.c.turn).where(stage_runs.c.call_id == first, IS_OPEN)).scalar()
        if turn is None:  # its record is made
            call_id = new_id()
            row |= {"continues": handover.details.external_id, "own_recording_of": None}
            stage = self._open(connection, call_id, row, handover, recording, first_stage)
            return Accepted(call_id, is_new=True, stage=stage)
        newest = sa.select(sa.func.max(legs.c.number)).where(legs.c.call_id == first)
        number = int(connection.execute(newest).scalar_one()) + 1
        if number > MOST_LEGS:
            raise Invalid(f"A call has 1 to {MOST_LEGS} legs.")
        connection.execute(sa.delete(stage_runs).where(stage_runs.c.call_id == first))
        self._add_leg(connection, first, number, handover.details, recording)
        self.people.take_in(connection, first, handover.details)
        if handover.legs is not None:
            told = sa.update(calls).where(calls.c.id == first)
            connection.execute(told.values(legs_expected=handover.legs))
        stage = begin_anew(connection, first, first_stage, turn=turn, now=datetime.now(UTC))
        return Accepted(first, is_new=True, leg=number, joined=True, stage=stage)

    def _known_leg(
        self, connection: sa.Connection, first: str, handover: Handover, recording: Arrived | Announced
    ) -> tuple[str, int] | None:
        """The leg that was handed over before, of the call that has this external id or of one that continues it. Of
        one that was erased since, the id is forgotten and not the hash: it does not come back."""
        if isinstance(recording, Arrived):
            is_same = legs.c.sha256 == recording.sha256
        else:
            is_same = legs.c.address_hash == self._addresses.name(recording.address)
        select = (
            sa.select(legs.c.call_id, sa.func.coalesce(legs.c.same_as, legs.c.number).label("number"))
            .join_from(calls, legs, legs.c.call_id == calls.c.id)
            .where(is_same, calls.c.sender == handover.sender)
            .where((calls.c.external_id == handover.details.external_id) | (calls.c.id == first))
        )
        row = connection.execute(select.order_by(calls.c.received_at).limit(1)).one_or_none()
        return None if row is None else (row.call_id, row.number)

    def _add_leg(
        self,
        connection: sa.Connection,
        call_id: str,
        number: int,
        details: CallDetails,
        recording: Arrived | Announced,
    ) -> None:
        row = {"call_id": call_id, "number": number, "file_name": recording.file_name, **row_of_start(details)}
        if isinstance(recording, Arrived):
            row |= {
                "sha256": recording.sha256,
                "size_bytes": recording.size_bytes,
                "arrived_at": datetime.now(UTC),
            }
        else:
            row |= {
                "address": self._addresses.seal(recording.address, call_id, number),
                "address_hash": self._addresses.name(recording.address),
                "access": recording.access,
                "content_hash": recording.content_hash,
            }
        connection.execute(sa.insert(legs), row)
        if isinstance(recording, Arrived):
            self._note_sound(connection, call_id, number, recording)
            self._note(connection, call_id, recording, details)

    def _note(self, connection: sa.Connection, call_id: str, arrived: Arrived, details: CallDetails) -> None:
        """That the bytes of a leg are here, in the log of the call."""
        received = Received(arrived.sha256, arrived.file_name, arrived.size_bytes, details)
        self.log.append_in(connection, draft(call_id, SYSTEM, received))

    def _note_sound(self, connection: sa.Connection, call_id: str, leg: int, arrived: Arrived) -> None:
        """How the bytes of a leg lie, and what opens them. What was made of the call before for listening goes."""
        if arrived.sealed is not None:
            kept = Kept(arrived.sha256, arrived.size_bytes, arrived.sealed)
            write_in(connection, self.log, call_id, str(leg), kept)
        forget_in(connection, call_id, sounds.c.what.in_((COPY, PEAKS)))

    # Fetching

    def _held_with_its_first(self, connection: sa.Connection, call_id: str) -> sa.Row[Any] | None:
        """The call, held; and with it the one that its external id names, where its further legs are told apart."""
        call = connection.execute(sa.select(calls).where(calls.c.id == call_id)).one_or_none()
        held = [call_id]
        if call is not None and call.external_id:
            name = identity.of_external_id(call.sender, call.external_id)
            held += connection.execute(sa.select(identities.c.call_id).where(identities.c.identity == name)).scalars()
        hold(connection, *held)
        return call

    def _same_call(self, connection: sa.Connection, call: sa.Row[Any], sha256: str) -> str | None:
        """The call that these bytes made before; where there is none, they now stand for this one."""
        if call.own_recording_of is not None:
            return None
        if not call.external_id:
            return self._named(connection, identity.of_recording(call.sender, sha256), call.id)
        if connection.execute(sa.select(legs.c.number).where(legs.c.call_id == call.id).limit(2)).all()[1:]:
            return None
        select = (
            sa.select(legs.c.call_id)
            .join_from(calls, legs, legs.c.call_id == calls.c.id)
            .where(calls.c.external_id == call.external_id, calls.c.sender == call.sender)
            .where(calls.c.id != call.id, calls.c.same_as.is_(None), legs.c.sha256 == sha256)
        )
        return connection.execute(select.order_by(calls.c.received_at).limit(1)).scalar_one_or_none()


def _is_fetching(connection: sa.Connection, call_id: str, worker: str) -> bool:
    run = stage_runs.c
    held = sa.select(run.stage).where(run.call_id == call_id, run.stage == FETCH, run.worker == worker, IS_RUNNING)
    return connection.execute(held).one_or_none() is not None


def _is_leg(call_id: str, number: int) -> sa.ColumnElement[bool]:
    return sa.and_(legs.c.call_id == call_id, legs.c.number == number)


def _twin_in_call(connection: sa.Connection, call_id: str, sha256: str) -> int | None:
    """The leg of this call that has these bytes already."""
    select = sa.select(legs.c.number).where(
        legs.c.call_id == call_id, legs.c.sha256 == sha256, legs.c.same_as.is_(None)
    )
    return connection.execute(select).scalar_one_or_none()


def _give_up(connection: sa.Connection, call_id: str, other: str) -> None:
    """A call that was announced is found to be another one that is here: nobody works it, or has it in a list."""
    connection.execute(sa.update(calls).where(calls.c.id == call_id).values(same_as=other))
    for table in (stage_runs, call_roles):
        connection.execute(sa.delete(table).where(table.c.call_id == call_id))


_IS_TO_FETCH = legs.c.sha256.is_(None) & legs.c.address.is_not(None)
