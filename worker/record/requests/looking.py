"""Requests as they are listed: for the desk by due day, for the asker, of a call; and the history of one."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from worker.core.people import normal_address
from worker.core.requests.values import Step
from worker.record.matters import A_PAGE, Listed
from worker.record.requests.kept import Kept, open_of_call
from worker.record.requests.values import HistoryLine, Request
from worker.record.tables.requests import IS_OPEN, request_calls, request_steps, requests


class Looking(Kept):
    """Lists of requests."""

    def desk(self, *, now: datetime, is_open: bool = True, page: int = 1) -> Listed[Request]:
        """The open requests by due day, those that wait for proof last; else those that have ended, the last first."""
        row = requests.c
        order = (row.due_at.asc().nulls_last(), row.received_at) if is_open else (row.ended_at.desc(),)
        which = IS_OPEN if is_open else ~IS_OPEN
        select = sa.select(requests).where(which).order_by(*order, row.id)
        with self._database.reading() as connection:
            total = connection.execute(sa.select(sa.func.count()).select_from(requests).where(which)).scalar_one()
            found = self._read(connection, select.limit(A_PAGE).offset((page - 1) * A_PAGE), now)
        return Listed(found, page, total)

    def of_person(self, person_id: str, *, now: datetime, only_call: str | None = None) -> tuple[Request, ...]:
        """What somebody asked for, the newest first; about one call alone for whoever was let in to no other."""
        which = requests.c.person_id == person_id
        if only_call is not None:
            which &= requests.c.call_id == only_call
        return self._newest(which, now)

    def of_address(self, address: str, *, now: datetime) -> tuple[Request, ...]:
        """What was asked from an address, the newest first. Raises Invalid for what is no address."""
        name = self._sealer.name("address", normal_address(address))
        return self._newest(requests.c.address_name == name, now)

    def of_call(self, call_id: str, *, now: datetime) -> tuple[Request, ...]:
        """The requests that concern a call, the newest first."""
        concerns = sa.exists().where(request_calls.c.request_id == requests.c.id, request_calls.c.call_id == call_id)
        return self._newest(concerns, now)

    def _newest(self, which: sa.ColumnElement[bool], now: datetime) -> tuple[Request, ...]:
        select = sa.select(requests).where(which).order_by(requests.c.received_at.desc(), requests.c.id)
        with self._database.reading() as connection:
            return self._read(connection, select, now)

    def is_asked(self, call_id: str) -> bool:
        """Whether an open request that somebody has proved, or that staff entered, concerns this call."""
        with self._database.reading() as connection:
            return bool(connection.execute(sa.select(sa.exists().where(open_of_call(call_id)))).scalar())

    def history(self, request_id: str) -> tuple[HistoryLine, ...]:
        """What happened to it, in order."""
        select = sa.select(request_steps).where(request_steps.c.request_id == request_id)
        with self._database.reading() as connection:
            rows = connection.execute(select.order_by(request_steps.c.number)).all()
        lines = []
        for row in rows:
            said = self._sealer.said(row.request_id, row.number, row.sealed)
            lines.append(HistoryLine(row.number, row.at, Step(row.step), said.by, said.text, said.due))
        return tuple(lines)
