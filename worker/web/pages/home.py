"""The home of whoever is signed in: for a customer their calls, for staff the parts of what they do here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from worker.core.log.entry import Role
from worker.record.matters import Whose
from worker.record.store import Store
from worker.web.pages.desk import Desk
from worker.web.pages.lists import CallRow, PromiseRow, Rows, WaitingRow, call_rows, promise_row, rows_of, waiting_row
from worker.web.pages.operations import Operations
from worker.web.pages.requests.desk import open_in_short
from worker.web.pages.requests.status import RequestRow
from worker.web.pages.reviews import Reviews
from worker.web.texts import _, plural

PageOf = Callable[[str], int]
"""Which page of a list is asked for, by the list's name: 1 where none is."""


@dataclass(frozen=True)
class CustomerHome:
    """What a customer finds: what is late and what waits in a line, then their promises and calls."""

    in_short: str
    waiting: Rows[WaitingRow]
    promised: Rows[PromiseRow]
    own_promises: Rows[PromiseRow]
    calls: Rows[CallRow]
    requests: tuple[RequestRow, ...]


@dataclass(frozen=True)
class Answering:
    """What the desk finds: how many requests are open, and whether any is late."""

    in_short: str
    is_late: bool


@dataclass(frozen=True)
class HomePage:
    """Everything on the first page, one part under the other; None for what its reader has nothing to do with."""

    name: str | None
    customer: CustomerHome | None
    desk: Desk | None
    reviews: Reviews | None
    operations: Operations | None
    requests: Answering | None = None
    template: ClassVar[str] = "home.html"

    @property
    def title(self) -> str:
        """The heading of the first part."""
        if self.customer is not None:
            return _("Your calls")
        if self.desk is not None:
            return _("Your desk")
        if self.reviews is not None:
            return _("Your reviews")
        return _("Requests") if self.requests is not None else _("How the work stands")


def answering(store: Store, *, now: datetime) -> Answering:
    """How the desk for requests stands."""
    listed = store.requests.desk(now=now)
    return Answering(open_in_short(listed, now), any(one.due.is_late(now) for one in listed.items))


def customer_home(
    store: Store, whose: Whose, requests: tuple[RequestRow, ...], *, page: PageOf, now: datetime
) -> CustomerHome:
    """The home of a customer; of one who was let in to a single call, that call's alone."""
    matters = store.matters
    matters.catch_up(whose, now=now)
    you = Role.CUSTOMER
    waiting = matters.waiting_for(whose, now=now, page=page("waiting"))
    promised = matters.promised_to(whose, now=now, page=page("promised"))
    own = matters.promised_by(whose, now=now, page=page("own-promises"))
    calls = matters.calls(whose, now=now, page=page("calls"))
    _own_late, late = matters.late(whose, now=now)
    return CustomerHome(
        in_short=_in_short(late, waiting.total),
        waiting=rows_of(waiting, lambda one: waiting_row(one, you=you), name="waiting"),
        promised=rows_of(promised, lambda one: promise_row(one, you=you, now=now), name="promised"),
        own_promises=rows_of(own, lambda one: promise_row(one, you=you, now=now), name="own-promises"),
        calls=call_rows(store, calls, you=you, now=now, name="calls"),
        requests=requests,
    )


def _in_short(late: int, waiting: int) -> str:
    """What presses, in one line."""
    sentences = []
    if late:
        sentences.append(
            plural("{count} promise to you is late.", "{count} promises to you are late.", late).format(count=late)
        )
    if waiting:
        sentences.append(
            plural("{count} thing waits for your answer.", "{count} things wait for your answer.", waiting).format(
                count=waiting
            )
        )
    return " ".join(sentences) or _("Nothing is late, and nothing waits for your answer.")
