"""Requests as they come in, each once; and as they are taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from worker.core.errors import Invalid, NotAllowed
from worker.core.log.entry import Role
from worker.core.people import normal_address
from worker.core.requests.clock import Clock, due
from worker.core.requests.rules import check_asks
from worker.core.requests.values import Asked, By, CameBy, RequestState, Step
from worker.record.ids import new_id
from worker.record.requests.effects import Asker
from worker.record.requests.kept import Change
from worker.record.requests.network import NETWORK_LIMIT, network_of
from worker.record.requests.proving import Proving
from worker.record.requests.values import Details, Request
from worker.record.tables.requests import IS_OPEN, request_counts, requests
from worker.record.upsert import insert_once


class Asking(Proving):
    """What the asker does, and what staff do at their word."""

    def ask(self, asked: Asked, *, by: By, now: datetime) -> Request:
        """Takes a request in; the same one that is still open, if this person asks the same again.

        By the public page nothing is proved: the clock waits, no record is told, a code is to be sent (``new_code``).
        What can be done at once is done: a correction's statement stands in the record, a restriction is set, a
        package of one's own call is asked for (see ``advance``). Raises NotFound for a call that is not there.
        """
        check_asks(asked, by.actor)
        asker = self._asker(asked)
        concerned = self._concerned(asker, asked, now=now)
        same = None if asker.key is None else self._same_name(asker.key, asked.kind, _about(asked))
        writer = self._writer(asked.kind, asker, concerned) if asked.is_proved else None
        request_id = new_id()
        with self._database.writing() as connection:
            before = self._before(connection, same, now)
            if before is None and self._insert(connection, request_id, asked, asker, same, now):
                (one,) = self._read(connection, sa.select(requests).where(requests.c.id == request_id), now)
                change = Change(connection, one, {}, now)
                self._concern(change, concerned)
                self._step(change, Step.ASKED, by, asked.text)
                self._take_effect(change, writer)
            else:
                found = before or self._must(connection, same, now)
                change = Change(connection, found, {}, now)
                self._step(change, Step.ASKED_AGAIN, by)
                if asked.is_proved and asked.protection is not None and found.package is None:
                    self._details(change, protection=asked.protection)
                if asked.is_proved and found.clock.proved_at is None:  # proved by being asked signed in
                    change.of(person_id=asker.id)
                    change.request = replace(found, person=asker.id)
                    # What was there before, anybody may have written.
                    self._details(change, text=asked.text, about_when=asked.about_when, language=asked.language)
                    self._details(change, protection=asked.protection)
                    self._concern(change, concerned)
                    self._prove(change, None)
                    self._step(change, Step.PROVED, by)
                    self._take_effect(change, writer)
            self._write(change)
        return self.advance(change.request.id, now=now)

    def may_ask(self, network: str, *, now: datetime) -> bool:
        """Whether one more may be asked by the public page from this address of the internet now; it is counted."""
        name, (times, within) = self._sealer.name("network", network_of(network)), NETWORK_LIMIT
        with self._database.writing() as connection:
            connection.execute(sa.delete(request_counts).where(request_counts.c.since <= now - within))
            insert_once(connection, request_counts, {"name": name, "since": now, "count": 0})
            this = request_counts.c.name == name
            counted = sa.update(request_counts).where(this, request_counts.c.count < times)
            return connection.execute(counted.values(count=request_counts.c.count + 1)).rowcount == 1

    def withdraw(self, request_id: str, *, by: By, now: datetime) -> Request:
        """The asker takes it back; or the desk at their word."""
        with self._changing(request_id, now=now, step=Step.WITHDRAWN, by=by) as change:
            if by.actor.role is not Role.DESK and by.actor.person != change.request.person:
                raise NotAllowed("Only the one who asked takes a request back.")
            self._end(change, RequestState.WITHDRAWN)
            self._step(change, Step.WITHDRAWN, by)
        return self._without_package(request_id, now=now)

    def _asker(self, asked: Asked) -> Asker:
        person = None if asked.person is None else self._people.person(asked.person)
        address = normal_address(asked.address) if asked.address else person.address if person else None
        if person is None and address is not None and asked.came_by is not CameBy.PUBLIC:
            person = self._customer_at(address)
        return Asker(person, address)

    def _concerned(self, asker: Asker, asked: Asked, *, now: datetime) -> tuple[str, ...]:
        """The calls that are known to be meant: of who has proved nothing on the page for everybody, none."""
        if asked.came_by is CameBy.PUBLIC:
            return ()
        if asked.call_id is None:
            return self._all_of(asker.person, asked.kind, now=now)
        self._check_there([asked.call_id])
        if asked.came_by is CameBy.HOME and asked.call_id not in {one.call_id for one in self._on(asker.person, now)}:
            raise NotAllowed("People ask about calls that they were on.")
        return (asked.call_id,)

    def _before(self, connection: sa.Connection, same: str | None, now: datetime) -> Request | None:
        if same is None:
            return None
        select = sa.select(requests).where(requests.c.same == same, IS_OPEN).with_for_update()
        return next(iter(self._read(connection, select, now)), None)

    def _must(self, connection: sa.Connection, same: str | None, now: datetime) -> Request:
        """The one that somebody else entered in this very moment."""
        if (found := self._before(connection, same, now)) is None:
            raise Invalid("The same was asked in this very moment. Look at it before asking again.")
        return found

    def _insert(
        self, connection: sa.Connection, request_id: str, asked: Asked, asker: Asker, same: str | None, now: datetime
    ) -> bool:
        """Whether it is new: of two who ask the same at once, one enters it."""
        received_at = min(asked.received_at or now, now)
        proof_asked_at = received_at if asked.came_by is CameBy.PUBLIC else None
        clock = Clock(received_at, proof_asked_at, received_at if asked.is_proved else None)
        found = due(clock, self.calendar, now=now)
        name = asked.name or (asker.person.name if asker.person else None)
        details = Details(
            asker.address, name, asked.about_when, asked.text, asked.language, protection=asked.protection
        )
        row = {
            "id": request_id,
            "kind": asked.kind,
            "came_by": asked.came_by,
            "state": RequestState.OPEN,
            "person_id": asker.id,
            "address_name": None if asker.address is None else self._sealer.name("address", asker.address),
            "call_id": asked.call_id,
            "same": same,
            "received_at": received_at,
            "made_at": now,
            "proof_asked_at": clock.proof_asked_at,
            "proved_at": clock.proved_at,
            "more_months": 0,
            "due_at": None if found.is_paused else found.ends_at,
            "sealed": self._sealer.seal_details(request_id, details),
        }
        return insert_once(connection, requests, row)


def _about(asked: Asked) -> str:
    """What it is about, as far as that is known: the same of another call, or of another time, is not the same."""
    return asked.call_id or asked.about_when or "all"
