"""Calls that are restricted: kept and not used, until the desk has told the asker that this ends, and then ends it."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from worker.core.errors import Invalid, NotFound
from worker.core.requests.rules import NOTICE, check_may
from worker.core.requests.values import By, Restricted, Step
from worker.record.log.append import draft
from worker.record.requests.kept import Change, Kept
from worker.record.requests.values import Restriction
from worker.record.tables.requests import requests, restrictions


class Restricting(Kept):
    """Restrictions of calls (Art. 18)."""

    def restriction(self, call_id: str) -> Restriction | None:
        """How a call is restricted now; None if it may be used."""
        with self._database.reading() as connection:
            row = connection.execute(sa.select(restrictions).where(restrictions.c.call_id == call_id)).one_or_none()
        return None if row is None else _restriction(row)

    def restrictions(self) -> tuple[Restriction, ...]:
        """All that hold, the oldest first: for the desk."""
        select = sa.select(restrictions).order_by(restrictions.c.since, restrictions.c.call_id)
        with self._database.reading() as connection:
            return tuple(_restriction(row) for row in connection.execute(select))

    def tell_lifting(self, call_id: str, why: str, *, by: By, now: datetime) -> Restriction:
        """The asker is written that the restriction will be lifted, in seven days, and why."""
        check_may(Step.LIFTING_TOLD, by.actor.role)
        if not (why := why.strip()):
            raise Invalid("Say why it may be used again: the asker is written so.")
        with self._database.writing() as connection:
            held = self._held(connection, call_id)
            if held.lifting_told_at is not None:
                raise Invalid("The asker was told already. Lift it when the time is over.")
            told = {"lifting_told_at": now, "lifts_at": now + NOTICE}
            connection.execute(sa.update(restrictions).where(restrictions.c.call_id == call_id).values(told))
            change = self._of_request(connection, held.request, now)
            self._details(change, note=why)
            self._step(change, Step.LIFTING_TOLD, by, why)
            self._write(change)
        return Restriction(call_id, held.request, held.since, now, now + NOTICE)

    def lift(self, call_id: str, *, by: By, now: datetime) -> None:
        """Lifts it. Raises Invalid before the asker was told, and before the seven days are over."""
        check_may(Step.LIFTED, by.actor.role)
        with self._database.writing() as connection:
            held = self._held(connection, call_id)
            if held.lifts_at is None:
                raise Invalid("The asker has to be told before a restriction is lifted. Tell them first.")
            if now < held.lifts_at:
                raise Invalid("The asker was told that it is lifted later. Wait until then.")
            connection.execute(sa.delete(restrictions).where(restrictions.c.call_id == call_id))
            self._log.append_in(connection, draft(call_id, by.actor, Restricted(held.request, False), by.name))
            self._step(self._of_request(connection, held.request, now), Step.LIFTED, by)

    def _held(self, connection: sa.Connection, call_id: str) -> Restriction:
        select = sa.select(restrictions).where(restrictions.c.call_id == call_id).with_for_update()
        row = connection.execute(select).one_or_none()
        if row is None:
            raise NotFound("This call is not restricted.")
        return _restriction(row)

    def _of_request(self, connection: sa.Connection, request_id: str, now: datetime) -> Change:
        """The request by which it was restricted, which has ended since."""
        select = sa.select(requests).where(requests.c.id == request_id).with_for_update()
        (one,) = self._read(connection, select, now)
        return Change(connection, one, {}, now)


def _restriction(row: sa.Row[tuple[object, ...]]) -> Restriction:
    return Restriction(row.call_id, row.request_id, row.since, row.lifting_told_at, row.lifts_at)
