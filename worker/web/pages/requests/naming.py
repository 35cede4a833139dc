"""How a request is called: by what is asked for and, where it is about one call, by the day of that."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, tzinfo

from worker.core.matters import Gist
from worker.record.requests.values import Request
from worker.record.standing import StoredCall
from worker.web.pages.lists import isolated
from worker.web.pages.requests.words import KINDS, KINDS_OF_ROW, OF_CALL
from worker.web.pages.words import day_in_words, instant_in_words
from worker.web.texts import _


def path_of(request_id: str) -> str:
    """Where a request stands."""
    return f"/requests/{request_id}"


def day_of_call(call: StoredCall | None, gist: Gist | None) -> date | None:
    """On which day a call was made, where it was; None where nobody knows."""
    if gist is not None and gist.started_at is not None:
        return gist.in_its_zone(gist.started_at).date()
    return call.details.started_at.date() if call is not None and call.details.started_at is not None else None


def call_in_words(call: StoredCall | None, gist: Gist | None, *, with_matter: bool = True) -> str:
    """A call as it is named in a sentence or a list: its day, its time and its matter as far as they are known."""
    started_at = gist.in_its_zone(gist.started_at) if gist and gist.started_at else None
    started_at = started_at or (call.details.started_at if call else None)
    when = instant_in_words(started_at) if started_at else _("A call of a day that is not known")
    return f"{when}: {gist.headline}" if with_matter and gist is not None and gist.headline else when


def title_to_asker(request: Request, days: Mapping[str, date]) -> str:
    """What it is called to who asked."""
    day = days.get(request.call_id) if request.call_id else None
    return _(OF_CALL[request.kind]).format(day=day_in_words(day)) if day else _(KINDS[request.kind])


def title_at_desk(request: Request) -> str:
    """What it is called at the desk: what is asked for, and by whom."""
    who = request.details.name or request.details.address
    kind = _(KINDS_OF_ROW[request.kind])
    return _("{kind}, for {name}").format(kind=kind, name=isolated(who)) if who else kind


def day_in_zone(instant: datetime, zone: tzinfo) -> str:
    """The day of an instant as the company counts days."""
    return day_in_words(instant.astimezone(zone).date())
