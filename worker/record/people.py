"""Persons and what they are on which call; with them the sessions, codes and letters of this installation.

A person is found by the address under which a call was handed over, or made then. A call that came without addresses
has no persons until somebody makes links for it; those persons then are of that one call.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from worker.core.call import CallDetails
from worker.core.errors import Invalid, NotAllowed, NotFound
from worker.core.log.entry import Role
from worker.core.people import LONGEST_NAME, normal_address
from worker.record.codes import Codes
from worker.record.database import Database
from worker.record.ids import new_id
from worker.record.outbox import Outbox
from worker.record.sessions import Sessions
from worker.record.tables.calls import calls
from worker.record.tables.people import call_roles, persons
from worker.record.upsert import insert_of


class Kind(StrEnum):
    """Whose side a person is on, whatever they are on one call. Who is both is two persons, with two ways in."""

    STAFF = "staff"
    CUSTOMER = "customer"


KIND_OF = {Role.AGENT: Kind.STAFF, Role.CUSTOMER: Kind.CUSTOMER}


@dataclass(frozen=True)
class Person:
    """Somebody who may be let in. ``address`` is an e-mail address or a telephone number in its normal spelling."""

    id: str
    kind: Kind
    name: str | None
    address: str | None
    is_reviewer: bool = False
    is_operator: bool = False
    is_agent: bool | None = None  # None where nobody said it: see ``worker.web.access.Access.is_agent``
    is_desk: bool = False  # answers requests


@dataclass(frozen=True)
class OnCall:
    """What somebody is on a call. ``until`` is when that ends by itself; None where it does not."""

    call_id: str
    person: Person
    role: Role
    until: datetime | None


_FIRST = {role: place for place, role in enumerate((Role.AGENT, Role.CUSTOMER, Role.REVIEWER, Role.NEXT_AGENT))}


class People:
    """The persons of one installation. Safe to share between threads, as the database under it is.

    Every method raises Unavailable if the database cannot be reached or cannot do it now.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.sessions = Sessions(database)
        self.codes = Codes(database)
        self.outbox = Outbox(database)

    # Persons

    def person(self, person_id: str) -> Person:
        """The person with this id. Raises NotFound if there is none."""
        return self._one(persons.c.id == person_id)

    def find(self, address: str, kind: Kind = Kind.STAFF) -> Person:
        """The person with this address. Raises NotFound if there is none, Invalid if it is no address."""
        return self._one((persons.c.address == normal_address(address)) & (persons.c.kind == kind))

    def kind_in(self, connection: sa.Connection, person_id: str) -> Kind | None:
        """Whose side somebody is on, asked within a transaction; None if there is no such person."""
        kind = connection.execute(sa.select(persons.c.kind).where(persons.c.id == person_id)).scalar_one_or_none()
        return None if kind is None else Kind(kind)

    def known_as(self, subject: str) -> Person | None:
        """The person whom the company's own sign-in knows under this name; None if it is nobody here yet."""
        with self._database.reading() as connection:
            row = connection.execute(sa.select(persons).where(persons.c.subject == subject)).one_or_none()
        return None if row is None else _person(row)

    def all(self) -> tuple[Person, ...]:
        """Everybody on the company's side, by name and address."""
        select = sa.select(persons).where(persons.c.kind == Kind.STAFF).order_by(persons.c.name, persons.c.address)
        with self._database.reading() as connection:
            return tuple(_person(row) for row in connection.execute(select))

    def add(
        self,
        address: str,
        *,
        name: str | None = None,
        is_reviewer: bool | None = None,
        is_operator: bool | None = None,
        is_agent: bool | None = None,
        is_desk: bool | None = None,
        subject: str | None = None,
    ) -> Person:
        """Somebody on the company's side, found by their address or made; what is None stays as it is.

        Raises Invalid for what is no address or no name, NotAllowed where the address is that of another ``subject``:
        an address that was given to somebody new does not open what it opened before.
        """
        told: dict[str, object] = {"is_reviewer": is_reviewer, "is_operator": is_operator, "is_agent": is_agent}
        told |= {"is_desk": is_desk, "subject": subject}
        told |= {"name": _name(name)} if name else {}
        known = {key: value for key, value in told.items() if value is not None}
        with self._database.writing() as connection:
            person_id = self._found_or_made(connection, Kind.STAFF, normal_address(address), None)
            this = sa.update(persons).where(persons.c.id == person_id)
            if subject is not None:
                this = this.where(persons.c.subject.is_(None) | (persons.c.subject == subject))
            if known and connection.execute(this.values(known)).rowcount == 0:
                raise NotAllowed("This address was somebody else's here. Ask who runs the service.")
        return self.person(person_id)

    def customer(self, address: str) -> Person:
        """The customer with this address, made where there was none. Raises Invalid for what is no address."""
        with self._database.writing() as connection:
            person_id = self._found_or_made(connection, Kind.CUSTOMER, normal_address(address), None)
        return self.person(person_id)

    def call_known_as(self, external_id: str) -> str | None:
        """The call that the company's own system knows under this id, the one received last; None if there is none."""
        if not external_id:
            return None
        select = sa.select(calls.c.id).where(calls.c.external_id == external_id, calls.c.same_as.is_(None))
        with self._database.reading() as connection:
            return connection.execute(select.order_by(calls.c.received_at.desc()).limit(1)).scalar_one_or_none()

    def _one(self, which: sa.ColumnElement[bool]) -> Person:
        with self._database.reading() as connection:
            row = connection.execute(sa.select(persons).where(which)).one_or_none()
        if row is None:
            raise NotFound("There is no such person. `onrecord people` shows who is known here.")
        return _person(row)

    def _found_or_made(self, connection: sa.Connection, kind: Kind, address: str | None, name: str | None) -> str:
        fresh = {"id": new_id(), "kind": kind, "name": name, "address": address, "made_at": datetime.now(UTC)}
        insert = insert_of(connection, persons).values(fresh)
        connection.execute(insert.on_conflict_do_nothing(index_elements=["kind", "address"]))
        if address is None:  # equal to no other: it was made
            return str(fresh["id"])
        same = (persons.c.kind == kind) & (persons.c.address == address)
        return str(connection.execute(sa.select(persons.c.id).where(same)).scalar_one())

    # What they are on calls

    def take_in(self, connection: sa.Connection, call_id: str, details: CallDetails) -> None:
        """Both sides of a call that was just accepted, in the transaction of that: those whose address was given."""
        for role, address, name in (
            (Role.AGENT, details.agent_address, details.agent),
            (Role.CUSTOMER, details.customer_address, details.customer),
        ):
            if address is not None:
                person_id = self._found_or_made(connection, KIND_OF[role], address, name)
                self._give(connection, call_id, person_id, role, until=None)

    def side(self, call_id: str, role: Role) -> Person:
        """The agent or the customer of a call; made for this call alone where nobody is known. Raises NotFound."""
        if role not in KIND_OF:
            raise Invalid("A call has an agent and a customer.")
        with self._database.writing() as connection:
            # The row of the call is held, so that two who ask at once make one person.
            call = connection.execute(
                sa.select(calls.c.agent, calls.c.customer).where(calls.c.id == call_id).with_for_update(key_share=True)
            ).one_or_none()
            if call is None:
                raise NotFound("There is no such call. `onrecord calls` shows which there are.")
            known = sa.select(call_roles.c.person_id).where(call_roles.c.call_id == call_id, call_roles.c.role == role)
            person_id = connection.execute(known.order_by(call_roles.c.made_at).limit(1)).scalar_one_or_none()
            if person_id is None:
                name = call.agent if role is Role.AGENT else call.customer
                person_id = self._found_or_made(connection, KIND_OF[role], None, name)
                self._give(connection, call_id, person_id, role, until=None)
        return self.person(person_id)

    def customer_of(self, call_id: str) -> Person | None:
        """The customer of a call, where one is known; nobody is made."""
        return next((one.person for one in self.on_call(call_id) if one.role is Role.CUSTOMER), None)

    def give_role(self, call_id: str, person_id: str, role: Role, *, until: datetime | None = None) -> None:
        """Makes somebody this on a call, up to an instant where there is one; the later one where it was so before."""
        with self._database.writing() as connection:
            self._give(connection, call_id, person_id, role, until=until)

    def _give(
        self, connection: sa.Connection, call_id: str, person_id: str, role: Role, *, until: datetime | None
    ) -> None:
        row = {"call_id": call_id, "person_id": person_id, "role": role, "until": until, "made_at": datetime.now(UTC)}
        insert = insert_of(connection, call_roles).values(row)
        key = ["call_id", "person_id", "role"]
        connection.execute(insert.on_conflict_do_update(index_elements=key, set_={"until": until}))

    def on_call(self, call_id: str, *, now: datetime | None = None) -> tuple[OnCall, ...]:
        """Everybody on a call, in the order in which they came; without those whose time had run out ``now``."""
        return self._roles(call_roles.c.call_id == call_id, now)

    def calls_of(self, person_id: str, *, now: datetime, only_call: str | None = None) -> tuple[OnCall, ...]:
        """What somebody is on which calls, the call received last first; of one call alone where it is named."""
        which = call_roles.c.person_id == person_id
        if only_call is not None:
            which &= call_roles.c.call_id == only_call
        return self._roles(which, now, calls.c.received_at.desc(), calls.c.id)

    def role(self, call_id: str, person_id: str, *, now: datetime) -> OnCall | None:
        """As what somebody is on a call; the one that may do most where there are several, None where there is none."""
        found = self._roles((call_roles.c.call_id == call_id) & (call_roles.c.person_id == person_id), now)
        return min(found, key=lambda one: _FIRST[one.role], default=None)

    def _roles(
        self, which: sa.ColumnElement[bool], now: datetime | None, *order: sa.ColumnElement[Any]
    ) -> tuple[OnCall, ...]:
        if now is not None:
            which &= call_roles.c.until.is_(None) | (call_roles.c.until > now)
        which &= (call_roles.c.role != Role.REVIEWER) | persons.c.is_reviewer  # who is none any more lost them all
        select = (
            sa.select(persons, call_roles.c.call_id, call_roles.c.role, call_roles.c.until)
            .join_from(call_roles, persons, persons.c.id == call_roles.c.person_id)
            .join(calls, calls.c.id == call_roles.c.call_id)
            .where(which)
            .order_by(*order, call_roles.c.made_at, call_roles.c.person_id)
        )
        with self._database.reading() as connection:
            return tuple(
                OnCall(row.call_id, _person(row), Role(row.role), row.until) for row in connection.execute(select)
            )


def _person(row: sa.Row[Any]) -> Person:
    duties = (row.is_reviewer, row.is_operator, row.is_agent, row.is_desk)
    return Person(row.id, Kind(row.kind), row.name, row.address, *duties)


def _name(name: str) -> str:
    clean = " ".join(name.split())
    if not clean or len(clean) > LONGEST_NAME or not clean.isprintable():
        raise Invalid(f"A name has one to {LONGEST_NAME} letters, all of them printable.")
    return clean
