"""The endpoints of other systems that are told of events: where they are, what they want, how they do.

An address may carry a token, and secrets are secrets: both lie sealed under a key of the endpoint's own.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from pydantic import TypeAdapter

from worker.core.errors import BrokenRecord, Invalid, NotFound
from worker.core.events import EventType
from worker.record.database import Database
from worker.record.ids import as_meant, new_id
from worker.record.tables.calls import calls
from worker.record.tables.events import IS_OPEN, deliveries, endpoints, events
from worker.record.vault import Vault, seal, unseal


class Disabled(StrEnum):
    """Why an endpoint is told nothing."""

    BY_OPERATOR = "operator"
    GONE = "gone"  # it answered 410: it wants nothing more


@dataclass(frozen=True)
class Destination:
    """How an endpoint is reached, and with which secrets what is sent there is signed.

    ``former`` still signs beside ``secret`` up to ``former_until``, so that its receiver has time to change over.
    """

    address: str = field(repr=False)
    secret: str = field(repr=False)
    former: str | None = field(default=None, repr=False)
    former_until: datetime | None = None

    def secrets(self, now: datetime) -> tuple[str, ...]:
        """Those that sign at this instant, the newest first."""
        is_both = self.former is not None and self.former_until is not None and now < self.former_until
        return (self.secret, self.former) if is_both and self.former else (self.secret,)


@dataclass(frozen=True)
class Endpoint:
    """One endpoint, as operators are shown it. ``types`` empty: all; ``sender`` None: the calls of all senders.

    ``failing_since`` is the first of its tries that failed one after another, up to now. ``waiting`` and ``given_up``
    count what is still to be sent there, and what no try is left for.
    """

    id: str
    host: str
    types: tuple[str, ...]
    sender: str | None
    made_at: datetime
    disabled_at: datetime | None
    disabled_because: str | None
    failing_since: datetime | None
    last_failure: str | None
    waiting: int
    given_up: int


_destination = TypeAdapter(Destination)

WANTS = (
    endpoints.c.disabled_at.is_(None)
    & (endpoints.c.sender.is_(None) | (endpoints.c.sender == calls.c.sender))
    & ((endpoints.c.types == "") | endpoints.c.types.like(sa.literal("%|") + events.c.type + sa.literal("|%")))
)
"""Whether an endpoint is told of an event of a call."""


class Endpoints:
    """The endpoints of one installation."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database, self._vault = database, vault

    def add(
        self, address: str, secret: str, *, types: Collection[EventType], sender: str | None, now: datetime
    ) -> Endpoint:
        """An endpoint that is told of what happens from now on. Raises Invalid for what is no address of the web."""
        parts = urlsplit(address)
        if parts.scheme not in ("https", "http") or not parts.hostname:
            raise Invalid("An endpoint has an address such as https://crm.example/events.")
        name = new_id()
        key = self._vault.make_key(_place(name))
        row = {
            "id": name,
            "sealed_key": key,
            "sealed": self._seal(name, key, Destination(address, secret)),
            "types": "".join(f"|{one.value}" for one in sorted(set(types))) + ("|" if types else ""),
            "sender": sender,
            "made_at": now,
        }
        with self._database.writing() as connection:
            connection.execute(sa.insert(endpoints).values(row))
        return self.find(name)

    def all(self) -> tuple[Endpoint, ...]:
        """Every endpoint, the oldest first."""
        return self._found(sa.true())

    def find(self, name: str) -> Endpoint:
        """The endpoint with this id, or the only one whose id begins with it. Raises NotFound, Invalid for several."""
        beginning = as_meant(name)
        found = self._found(endpoints.c.id.startswith(beginning, autoescape=True)) if beginning else ()
        if not found:
            raise NotFound("There is no such endpoint. `onrecord events endpoints list` shows them.")
        if len(found) > 1:
            raise Invalid("Several endpoints begin with this id. Give more of its letters.")
        return found[0]

    def _found(self, which: sa.ColumnElement[bool]) -> tuple[Endpoint, ...]:
        of_it = deliveries.c.endpoint_id == endpoints.c.id
        waiting = sa.select(sa.func.count()).select_from(deliveries).where(of_it, IS_OPEN)
        given_up = (
            sa.select(sa.func.count())
            .select_from(deliveries)
            .where(of_it, deliveries.c.ended_at.is_not(None), ~deliveries.c.is_delivered)
        )
        columns = (endpoints, waiting.scalar_subquery().label("waiting"), given_up.scalar_subquery().label("given_up"))
        select = sa.select(*columns).where(which).order_by(endpoints.c.made_at, endpoints.c.id)
        with self._database.reading() as connection:
            return tuple(self._endpoint(row) for row in connection.execute(select))

    def destination(self, name: str) -> Destination:
        """How this endpoint is reached. Raises NotFound."""
        with self._database.reading() as connection:
            return self._held(connection, name, for_update=False)[1]

    def rotate(self, name: str, secret: str, *, former_for: timedelta, now: datetime) -> None:
        """Gives an endpoint a new secret; the one before signs beside it for so long. Raises NotFound."""
        with self._database.writing() as connection:
            key, destination = self._held(connection, name, for_update=True)
            destination = replace(destination, secret=secret, former=destination.secret, former_until=now + former_for)
            sealed = self._seal(name, key, destination)
            connection.execute(sa.update(endpoints).where(endpoints.c.id == name).values(sealed=sealed))

    def enable(self, name: str) -> None:
        """Lets an endpoint be told again of what happens from now on."""
        anew = {"disabled_at": None, "disabled_because": None, "failing_since": None, "last_failure": None}
        with self._database.writing() as connection:
            connection.execute(sa.update(endpoints).where(endpoints.c.id == name).values(anew))

    def disable(self, name: str, why: Disabled, *, now: datetime) -> None:
        """Tells an endpoint nothing more; what waits for it is given up, and can be replayed."""
        with self._database.writing() as connection:
            disable_in(connection, name, why, now=now)

    def _held(self, connection: sa.Connection, name: str, *, for_update: bool) -> tuple[bytes, Destination]:
        select = sa.select(endpoints.c.sealed_key, endpoints.c.sealed).where(endpoints.c.id == name)
        row = connection.execute(select.with_for_update() if for_update else select).one_or_none()
        if row is None:
            raise NotFound("There is no such endpoint. `onrecord events endpoints list` shows them.")
        return bytes(row.sealed_key), self.open(name, row.sealed_key, row.sealed)

    def open(self, name: str, sealed_key: bytes, sealed: bytes) -> Destination:
        """The destination as it lies in its row. Raises BrokenRecord under another master key."""
        key = self._vault.open_key(bytes(sealed_key), _place(name))
        try:
            return _destination.validate_json(unseal(key, bytes(sealed), about=_place(name)))
        except ValueError as error:
            raise BrokenRecord("An endpoint's address is not as it was stored. Disable it and add it anew.") from error

    def _seal(self, name: str, sealed_key: bytes, destination: Destination) -> bytes:
        return seal(
            self._vault.open_key(sealed_key, _place(name)), _destination.dump_json(destination), about=_place(name)
        )

    def _endpoint(self, row: sa.Row[Any]) -> Endpoint:
        parts = urlsplit(self.open(row.id, row.sealed_key, row.sealed).address)
        return Endpoint(
            id=row.id,
            host=f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname or "",
            types=tuple(one for one in row.types.split("|") if one),
            sender=row.sender,
            made_at=row.made_at,
            disabled_at=row.disabled_at,
            disabled_because=row.disabled_because,
            failing_since=row.failing_since,
            last_failure=row.last_failure,
            waiting=row.waiting,
            given_up=row.given_up,
        )


def disable_in(connection: sa.Connection, name: str, why: Disabled, *, now: datetime) -> None:
    """The same as ``Endpoints.disable``, within a transaction."""
    off = {"disabled_at": now, "disabled_because": why.value}
    connection.execute(
        sa.update(endpoints).where(endpoints.c.id == name, endpoints.c.disabled_at.is_(None)).values(off)
    )
    waiting = sa.update(deliveries).where(deliveries.c.endpoint_id == name, IS_OPEN)
    connection.execute(waiting.values(ended_at=now, is_delivered=False, held_by=None))


def _place(name: str) -> str:
    """What a sealed destination is bound to."""
    return f"endpoint {name}"
