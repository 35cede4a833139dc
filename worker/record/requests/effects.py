"""What a request does by itself once it is known who asks: a statement stands in the record, a call is restricted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from worker.core.dialogue.values import Act, Annotation, WholeCall
from worker.core.log.entry import SIDES, Actor, Role
from worker.core.requests.values import By, RequestKind, RequestState, Restricted, Step
from worker.record.log.append import draft
from worker.record.people import Kind, Person
from worker.record.requests.kept import MACHINE, Change, Kept
from worker.record.requests.machine import Machine
from worker.record.tables.requests import request_steps, restrictions
from worker.record.upsert import insert_once


@dataclass(frozen=True)
class Asker:
    """Who asks, as far as it is known here."""

    person: Person | None
    address: str | None

    @property
    def id(self) -> str | None:
        """The id of the person."""
        return None if self.person is None else self.person.id

    @property
    def key(self) -> str | None:
        """By what they are known again; None for a name alone, which may be anybody's. Who is staff and customer is
        two askers, as they are two persons."""
        is_staff = self.person is not None and self.person.kind is Kind.STAFF
        return f"{'staff' if is_staff else 'at'} {self.address}" if self.address else self.id


class Effects(Machine, Kept):
    """What follows from a proved request at once, in the transaction in which it is proved."""

    def _writer(self, kind: RequestKind, asker: Asker, concerned: Sequence[str]) -> By | None:
        """As whom a supplementary statement is written into its call: as the side that the asker is, or speaks for.

        Asked before the transaction, because a customer may have to be made.
        """
        if kind is not RequestKind.CORRECTION or len(concerned) != 1:
            return None
        (call_id,) = concerned
        if asker.person is not None:
            for one in self._people.on_call(call_id):
                if one.person.id == asker.person.id and one.role in SIDES:
                    return By(Actor(one.role, one.person.id), one.person.name)
        customer = self._people.side(call_id, Role.CUSTOMER)
        return By(Actor(Role.CUSTOMER, customer.id), customer.name)

    def _take_effect(self, change: Change, writer: By | None) -> None:
        """Does what follows, once; nothing before it is proved who asks."""
        one = change.request
        if one.clock.proved_at is None or not one.is_open:
            return
        if writer is not None and one.details.text is not None and not self._was(change, Step.STATEMENT_ADDED):
            statement = Annotation(Act.ADD, WholeCall(), one.details.text)
            self._log.append_in(change.connection, draft(one.calls[0], writer.actor, statement, writer.name))
            self._step(change, Step.STATEMENT_ADDED, writer)
        if one.kind is RequestKind.RESTRICTION and one.calls and self._is_customers(change):
            self._restrict(change, MACHINE)
            self._end(change, RequestState.ANSWERED)
            self._step(change, Step.ANSWERED, MACHINE)

    def _was(self, change: Change, step: Step) -> bool:
        this = (request_steps.c.request_id == change.request.id) & (request_steps.c.step == step)
        return bool(change.connection.execute(sa.select(sa.exists().where(this))).scalar())

    def _is_customers(self, change: Change) -> bool:
        """Whether a customer asks: what somebody of the company asks for themselves, the desk decides."""
        person = change.request.person
        return person is None or self._people.kind_in(change.connection, person) is Kind.CUSTOMER

    def _restrict(self, change: Change, by: By) -> None:
        """Sets it on every call of the request that is not restricted yet, and says so in its record."""
        one = change.request
        for call_id in one.calls:
            row = {"call_id": call_id, "request_id": one.id, "since": change.now}
            if insert_once(change.connection, restrictions, row):
                said = draft(call_id, by.actor, Restricted(one.id, is_restricted=True), by.name)
                self._log.append_in(change.connection, said)
        self._step(change, Step.RESTRICTED, by)
