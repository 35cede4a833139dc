"""What is told of requests: letters to who asked, and events that say that one is due soon or late.

Each is written in the transaction that notes that it was: told once, whoever looks, and not at all if that fails.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TypeAlias

import sqlalchemy as sa

from worker.core.events import EventType
from worker.core.log.entry import Role
from worker.core.requests.rules import FORGOTTEN_AFTER, LAPSES_AFTER, LONGEST_WARNING, DueWarning, warning_due
from worker.core.requests.values import CameBy, RequestState, Step
from worker.record.requests.kept import MACHINE, Change, Kept, event_of
from worker.record.requests.values import Details, HistoryLine, Request
from worker.record.tables.requests import IS_OPEN, IS_TO_WRITE, request_calls, request_steps, requests

WRITTEN_AT_ONCE = 100

Written: TypeAlias = Callable[[Request, HistoryLine], tuple[str, str]]
"""The subject and the text of the letter about one step."""


class Telling(Kept):
    """What goes out about requests."""

    def write_letters(self, written: Written, *, now: datetime, until: datetime | None) -> int:
        """Hands what the askers are to be told to the outbox, in order; how many letters. ``until`` as for those."""
        select = sa.select(request_steps.c.request_id, request_steps.c.number).where(IS_TO_WRITE)
        with self._database.reading() as connection:
            due = connection.execute(
                select.order_by(request_steps.c.request_id, request_steps.c.number).limit(WRITTEN_AT_ONCE)
            ).all()
        return sum(self._write_letter(row.request_id, row.number, written, now, until) for row in due)

    def _write_letter(
        self, request_id: str, number: int, written: Written, now: datetime, until: datetime | None
    ) -> int:
        this = (request_steps.c.request_id == request_id) & (request_steps.c.number == number)
        with self._database.writing() as connection:
            taken = sa.update(request_steps).where(this, IS_TO_WRITE).values(is_to_write=False)
            if connection.execute(taken).rowcount == 0:  # somebody else has just written it
                return 0
            row = connection.execute(sa.select(request_steps).where(this)).one()
            (one,) = self._read(connection, sa.select(requests).where(requests.c.id == request_id), now)
            if one.details.address is None:
                return 0
            said = self._sealer.said(request_id, number, row.sealed)
            line = HistoryLine(number, row.at, Step(row.step), said.by, said.text, said.due)
            subject, text = written(one, line)
            self._people.outbox.put_to_stay(
                connection, one.details.address, subject=subject, text=text, now=now, until=until
            )
        return 1

    def tell_due(self, *, now: datetime) -> int:
        """Tells of open requests that end in 7 days, in 2, or are late, once each; how many."""
        row = requests.c
        near = IS_OPEN & (row.due_at <= now + LONGEST_WARNING)
        near &= row.told.is_(None) | (row.told != DueWarning.LATE)
        with self._database.reading() as connection:
            found = connection.execute(sa.select(row.id).where(near).order_by(row.due_at)).scalars().all()
        return sum(self._tell_due(request_id, now) for request_id in found)

    def _tell_due(self, request_id: str, now: datetime) -> int:
        select = sa.select(requests).where(requests.c.id == request_id, IS_OPEN).with_for_update()
        with self._database.writing() as connection:
            rows = connection.execute(select).all()
            if not rows:
                return 0
            told = None if rows[0].told is None else DueWarning(rows[0].told)
            (one,) = self._read(connection, select, now)
            warning = warning_due(one.due, told, now=now)
            if warning is None:
                return 0
            change = Change(connection, one, {"told": warning}, now)
            self._step(change, Step.DUE_TOLD, MACHINE)
            self._write(change)
            blocks = ",".join(one.blocks)
            event = event_of(one, EventType.REQUEST_DUE, now, is_in=warning.value, waits_for=blocks)
            self._events.tell_in(connection, [event])
        return 1

    def lapse(self, *, now: datetime) -> int:
        """Ends what came by the page for everybody and nobody ever proved, and forgets what it said; how many."""
        unproved = (requests.c.came_by == CameBy.PUBLIC) & requests.c.proved_at.is_(None)
        old = sa.select(requests.c.id).where(IS_OPEN, unproved, requests.c.made_at <= now - LAPSES_AFTER)
        with self._database.reading() as connection:
            found = connection.execute(old).scalars().all()
        for request_id in found:
            with self._changing(request_id, now=now) as change:
                self._end(change, RequestState.LAPSED, address_name=None, same=None)
                self._step(change, Step.LAPSED, MACHINE)
                self._forget(change)
        return len(found)

    def forget_old(self, *, now: datetime) -> int:
        """Forgets what requests said, and who asked, that ended three years ago; how many. Their days stay."""
        is_old = (requests.c.ended_at <= now - FORGOTTEN_AFTER) & requests.c.address_name.is_not(None)
        with self._database.reading() as connection:
            found = connection.execute(sa.select(requests.c.id).where(is_old)).scalars().all()
        for request_id in found:
            with self._database.writing() as connection:
                select = sa.select(requests).where(requests.c.id == request_id).with_for_update()
                (one,) = self._read(connection, select, now)
                change = Change(connection, one, {}, now)
                change.of(address_name=None, person_id=None)
                self._forget(change)
                self._write(change)
        return len(found)

    def forget_in(self, connection: sa.Connection, call_id: str, *, now: datetime) -> int:
        """Forgets what people wrote in requests about a call, within a transaction that erases it; how many requests.

        Where an open one is to be answered stays, and that there were requests, with their days.
        """
        concerns = sa.exists().where(request_calls.c.request_id == requests.c.id, request_calls.c.call_id == call_id)
        select = sa.select(requests).where(concerns).order_by(requests.c.id).with_for_update()
        found = self._read(connection, select, now)
        for one in found:
            change = Change(connection, one, {}, now)
            self._forget(change)
            self._write(change)
        return len(found)

    def _forget(self, change: Change) -> None:
        one, connection = change.request, change.connection
        kept = one.details if one.is_open else Details()
        bare = Details(address=kept.address, name=kept.name, language=one.details.language)
        change.request = replace(one, details=bare)
        change.of(sealed=self._sealer.seal_details(one.id, bare))
        steps = sa.select(request_steps).where(request_steps.c.request_id == one.id)
        for row in connection.execute(steps).all():
            said = self._sealer.said(one.id, row.number, row.sealed)
            by = said.by if row.role == Role.DESK else None
            sealed = self._sealer.seal_said(one.id, row.number, replace(said, text=None, by=by))
            this = (request_steps.c.request_id == one.id) & (request_steps.c.number == row.number)
            connection.execute(sa.update(request_steps).where(this).values(sealed=sealed))
