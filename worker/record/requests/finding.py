"""Which calls a request is about: those of its asker, found by what they were on; and that the same is asked once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from worker.core.errors import Invalid, NotAllowed, NotFound
from worker.core.log.entry import SIDES, Role
from worker.core.requests.values import OF_ONE_CALL, By, RequestKind, RequestState, Step
from worker.record.people import Kind, OnCall, Person
from worker.record.requests.effects import Asker, Effects
from worker.record.requests.kept import MACHINE, Change
from worker.record.requests.values import Request
from worker.record.tables.calls import IS_APART, calls
from worker.record.tables.requests import IS_OPEN, requests


class Finding(Effects):
    """The calls that are meant."""

    def possible_calls(self, request_id: str, *, now: datetime) -> tuple[OnCall, ...]:
        """The asker's calls, the last first: for whoever says which are meant. None before it is proved who asks."""
        one = self.get(request_id, now=now)
        if one.clock.proved_at is None or one.person is None:
            return ()
        return self._on(self._people.person(one.person), now)

    def found_calls(self, request_id: str, call_ids: Sequence[str], *, by: By, now: datetime) -> Request:
        """These calls are meant: said by the asker of their own ones, or by the desk.

        Where the same is asked for in another request, that is the one that goes on, and is given.
        """
        one = self.get(request_id, now=now)
        if not call_ids or (one.kind in OF_ONE_CALL and len(call_ids) != 1):
            raise Invalid("Choose one call." if one.kind in OF_ONE_CALL else "Choose at least one call.")
        if by.actor.role is not Role.DESK:
            mine = {call.call_id for call in self.possible_calls(request_id, now=now)}
            if by.actor.person != one.person or not mine.issuperset(call_ids):
                raise NotAllowed("People ask about calls that they were on.")
        self._check_there(call_ids)
        person = None if one.person is None else self._people.person(one.person)
        asker = Asker(person, one.details.address)
        writer = self._writer(one.kind, asker, tuple(call_ids))
        with self._changing(request_id, now=now) as change:
            if change.request.package is not None:
                raise Invalid("A package of the calls is being made. Wait for it, or ask anew.")
            if (other := self._settle(change, asker, call_ids)) is None:
                change.of(looked_at=None, reviewed_at=None)
                self._details(change, places=(), left_out=())
                self._step(change, Step.CALLS_FOUND, by)
                self._take_effect(change, writer)
        return self.advance(other or request_id, now=now)

    def _settle(self, change: Change, asker: Asker, call_ids: Sequence[str]) -> str | None:
        """The request concerns these calls; the id of another one that asks the same and goes on in its place."""
        one = change.request
        if len(call_ids) == 1 and one.call_id != call_ids[0] and one.kind in OF_ONE_CALL:
            same = None if asker.key is None else self._same_name(asker.key, one.kind, call_ids[0])
            which = (requests.c.same == same) & (requests.c.id != one.id) & requests.c.proved_at.is_not(None)
            other: str | None = change.connection.execute(sa.select(requests.c.id).where(which, IS_OPEN)).scalar()
            if other is not None and one.clock.proved_at is not None:
                self._end(change, RequestState.WITHDRAWN)
                self._step(change, Step.ASKED_AGAIN, MACHINE)
                return other
            is_free = sa.select(requests.c.id).where(requests.c.same == same, requests.c.id != one.id, IS_OPEN)
            if change.connection.execute(is_free).first() is None:
                change.of(same=same)
            change.of(call_id=call_ids[0])
            change.request = replace(change.request, call_id=call_ids[0])
        self._concern(change, call_ids)
        return None

    def _same_name(self, who: str, kind: RequestKind, about: str) -> str:
        """By what the same, asked again, is known."""
        return self._sealer.name("same", who, kind, about)

    def _all_of(self, person: Person | None, kind: RequestKind, *, now: datetime) -> tuple[str, ...]:
        """All calls of the asker; of a request about one call the only one, if there is but one."""
        found = tuple(one.call_id for one in self._on(person, now))
        return found if kind not in OF_ONE_CALL or len(found) == 1 else ()

    def _on(self, person: Person | None, now: datetime) -> tuple[OnCall, ...]:
        """The calls of which somebody was a side, the last first, without own recordings of them."""
        if person is None:
            return ()
        found = [one for one in self._people.calls_of(person.id, now=now) if one.role in SIDES]
        select = sa.select(calls.c.id).where(calls.c.id.in_([one.call_id for one in found]), ~IS_APART)
        with self._database.reading() as connection:
            themselves = set(connection.execute(select).scalars())
        return tuple(one for one in found if one.call_id in themselves)

    def _customer_at(self, address: str) -> Person | None:
        try:
            return self._people.find(address, Kind.CUSTOMER)
        except NotFound:
            return None

    def _check_there(self, call_ids: Collection[str]) -> None:
        select = sa.select(sa.func.count()).select_from(calls).where(calls.c.id.in_(call_ids), ~IS_APART)
        with self._database.reading() as connection:
            if connection.execute(select).scalar_one() != len(set(call_ids)):
                raise NotFound("There is no such call. `onrecord calls` shows which there are.")
