"""What the machine does for a request by itself: looks for other persons, has the package made, answers with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa
import structlog

from worker.core.errors import BrokenRecord, CallError, Invalid, NotFound
from worker.core.log.entry import SIDES
from worker.core.packages import Package, PackageState, Protection
from worker.core.requests.rules import check_may, is_for_machine
from worker.core.requests.third_persons import find_places
from worker.core.requests.values import HANDED_OVER, Block, By, Place, RequestState, Step
from worker.record.packages import Packages
from worker.record.requests.kept import MACHINE, Kept, is_handed_over
from worker.record.requests.values import Request
from worker.record.tables.calls import calls
from worker.record.tables.requests import IS_OPEN, requests

log = structlog.get_logger()

LOOKED_AT_ONCE = 500
"""Requests that one round looks through."""

FIRST_STOPS = (Block.PROOF, Block.CALL, Block.NOT_READY)
"""While one of them holds, nothing can be made."""

COULD_NOT = "The package could not be made. Look at why, and have it made again."
IS_GONE = "The package is there no more: its time was over, or what is in it was erased. Have it made again."


class Machine(Kept):
    """The steps that nobody has to take."""

    packages: Packages

    def advance(self, request_id: str, *, now: datetime) -> Request:
        """Does what the machine can do now: finds other persons, asks for the package, answers with it."""
        one = self.get(request_id, now=now)
        if one.package is not None and one.is_open:
            return self._follow(one, now)
        if not one.is_open or not is_handed_over(one) or set(one.blocks) & set(FIRST_STOPS):
            return one
        if not one.is_looked_through:
            one = self._look(one, now)
        is_proved = one.clock.proved_at is not None
        if is_for_machine(one.kind, one.blocks, is_proved=is_proved, is_own=self._is_own(one, now)):
            return self._ask_package(one, MACHINE, now)
        return one

    def advance_all(self, *, now: datetime) -> int:
        """The same for every open request that is answered by handing something over; how many were looked at."""
        kinds = [one.value for one in HANDED_OVER]
        select = sa.select(requests.c.id).where(IS_OPEN, requests.c.kind.in_(kinds), requests.c.due_at.is_not(None))
        with self._database.reading() as connection:
            found = connection.execute(select.order_by(requests.c.due_at).limit(LOOKED_AT_ONCE)).scalars().all()
        for request_id in found:
            try:
                self.advance(request_id, now=now)
            except CallError as error:  # one that cannot be read must not keep the others waiting
                log.warning("request.put_off", request=request_id, error=type(error).__name__)
        return len(found)

    def make_package(self, request_id: str, *, by: By, now: datetime) -> Request:
        """Lets the package be made that answers it; when it is there, the request is answered by itself.

        One that could not be made is made again. Raises Invalid while something else has to come first.
        """
        check_may(Step.REVIEWED, by.actor.role)
        one = self.get(request_id, now=now)
        if not one.is_open or not is_handed_over(one):
            raise Invalid("Nothing is handed over in answer to this, or it was answered already.")
        if one.clock.proved_at is None:
            raise Invalid("It is not proved who asks. Ask for proof, or say that it was shown. Then hand it over.")
        if set(one.blocks) & {*FIRST_STOPS, Block.THIRD_PERSONS} or not one.is_looked_through:
            raise Invalid(
                "Something has to come first: the proof, the calls and their records, a look at other persons."
            )
        if one.package is not None and one.failure is None:
            raise Invalid("The package is being made already. Wait for it.")
        return self._ask_package(one, by, now)

    def failed(self, request_id: str, message: str, *, now: datetime) -> Request:
        """What was to answer it went wrong; the line is shown to the desk. Tried again by what was tried."""
        with self._changing(request_id, now=now) as change:
            change.of(failure=message)
            self._step(change, Step.FAILED, MACHINE, message)
        return self.get(request_id, now=now)

    def _is_own(self, one: Request, now: datetime) -> bool:
        """Whether the asker was a side of every call that is asked for."""
        if one.person is None:
            return False
        on = {call.call_id for call in self._people.calls_of(one.person, now=now) if call.role in SIDES}
        return on.issuperset(one.calls)

    # Other persons

    def _look(self, one: Request, now: datetime) -> Request:
        places = tuple(place for call_id in one.calls for place in self._places(call_id))
        with self._changing(one.id, now=now) as change:
            if change.request.calls == one.calls and not change.request.is_looked_through:
                self._details(change, places=places)
                change.of(looked_at=now)
                if places:
                    self._step(change, Step.THIRD_PERSONS_FOUND, MACHINE)
        return self.get(one.id, now=now)

    def _places(self, call_id: str) -> Iterator[Place]:
        try:
            record = self._log.record(call_id)
        except BrokenRecord:  # it is told where the record is read; nothing of it can be handed over
            record = None
        if record is not None:
            yield from find_places(call_id, record, names=self._names(call_id))

    def _names(self, call_id: str) -> tuple[str | None, ...]:
        """What the two sides are called, as far as anybody has said."""
        with self._database.reading() as connection:
            row = connection.execute(sa.select(calls.c.agent, calls.c.customer).where(calls.c.id == call_id)).one()
        on_call = (one.person.name for one in self._people.on_call(call_id) if one.role in SIDES)
        return row.agent, row.customer, *on_call

    # The package

    def _ask_package(self, one: Request, by: By, now: datetime) -> Request:
        try:
            package = self.packages.ask(
                one.calls,
                for_person=one.person,
                request_id=one.id,
                leave_out=one.details.left_out,
                protection=_protection(one),
                language=one.details.language,
            )
        except (NotFound, Invalid) as error:
            return self.failed(one.id, error.message, now=now)
        with self._changing(one.id, now=now) as change:
            change.of(package=package.id, failure=None)
            change.request = replace(change.request, package=package.id)
            self._step(change, Step.PACKAGE_ASKED, by)
        return self.get(one.id, now=now)

    def _follow(self, one: Request, now: datetime) -> Request:
        """Goes on where the package is there, or cannot be."""
        package = self._package(one)
        if package is not None and package.is_under_way:
            return one
        if package is None or package.state is not PackageState.READY:
            why = COULD_NOT if package is not None and package.state is PackageState.FAILED else IS_GONE
            return one if one.failure is not None else self.failed(one.id, why, now=now)
        with self._changing(one.id, now=now) as change:
            self._end(change, RequestState.ANSWERED)
            self._step(change, Step.ANSWERED, MACHINE)
        return self.get(one.id, now=now)

    def _without_package(self, request_id: str, *, now: datetime) -> Request:
        """The request, whose package is not wanted any more."""
        one = self.get(request_id, now=now)
        package = self._package(one)
        if package is not None:
            self.packages.cancel(package.id)
        return one

    def _package(self, one: Request) -> Package | None:
        return self.packages.of_request(one.id)


def _protection(one: Request) -> Protection:
    """As the asker wants it; who cannot sign in here takes it by a link."""
    if one.person is None:
        return Protection.LINK
    return one.details.protection or Protection.NONE
