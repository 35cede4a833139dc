"""What a reader may ask for of a record, what they asked for, and whether it is kept and not used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from worker.core.requests.clock import Calendar
from worker.record.requests.values import Request, Restriction
from worker.web.pages.requests.naming import day_in_zone
from worker.web.pages.requests.status import RequestRow, request_row
from worker.web.texts import _


@dataclass(frozen=True)
class Owed:
    """The part of a record's page. ``may_ask``: the reader may ask for something of it."""

    may_ask: bool = False
    requests: tuple[RequestRow, ...] = ()
    restricted: tuple[str, ...] = field(default=())


NOTHING = Owed()


def owed_of(
    call_id: str, asked: Sequence[Request], restriction: Restriction | None, calendar: Calendar, *, may_ask: bool
) -> Owed:
    """The part for one reader. ``asked`` is what they asked for, of this call or others."""
    mine = [one for one in asked if call_id in one.calls or one.call_id == call_id]
    rows = tuple(request_row(one, {}, calendar) for one in mine)
    return Owed(may_ask, rows, _restricted(restriction, calendar))


def _restricted(restriction: Restriction | None, calendar: Calendar) -> tuple[str, ...]:
    if restriction is None:
        return ()
    since = _("Since {day} this record is kept and not used, because it is said to be wrong.").format(
        day=day_in_zone(restriction.since, calendar.zone)
    )
    means = _("Both sides can read it. No agent of a later call sees it, and nobody but the customer takes a copy.")
    if restriction.lifts_at is None:
        return since, means
    day = day_in_zone(restriction.lifts_at, calendar.zone)
    return since, means, _("It is used again from {day} at the earliest.").format(day=day)
