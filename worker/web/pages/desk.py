"""The agent's desk: what waits for them, what they promised, which records are new; and who is calling."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from worker.core.log.entry import Role
from worker.record.matters import Whose
from worker.record.store import Store
from worker.web.pages.lists import CallRow, PromiseRow, Rows, WaitingRow, call_rows, promise_row, rows_of, waiting_row
from worker.web.pages.requests.status import RequestRow
from worker.web.texts import _, plural


@dataclass(frozen=True)
class Desk:
    """What an agent finds. ``unopened`` are records that were made and that they have not looked at.

    ``may_ask``: they may find what is open with somebody who calls.
    """

    in_short: str
    may_ask: bool
    waiting: Rows[WaitingRow]
    own_promises: Rows[PromiseRow]
    promised: Rows[PromiseRow]
    unopened: Rows[CallRow]
    calls: Rows[CallRow]
    requests: tuple[RequestRow, ...]


def desk_of(
    store: Store, whose: Whose, requests: tuple[RequestRow, ...], *, page: Callable[[str], int], now: datetime
) -> Desk:
    """The desk of an agent, with what they ask for themselves.

    ``page`` says which page of a list is asked for, by the list's name.
    """
    matters = store.matters
    matters.catch_up(whose, now=now)
    you = Role.AGENT
    waiting = matters.waiting_for(whose, now=now, page=page("waiting"))
    own = matters.promised_by(whose, now=now, page=page("own-promises"))
    promised = matters.promised_to(whose, now=now, page=page("promised"))
    unopened = matters.unopened(whose, now=now, page=page("unopened"))
    calls = matters.calls(whose, now=now, page=page("calls"))
    late, _late_to_them = matters.late(whose, now=now)
    return Desk(
        in_short=_in_short(late, waiting.total, unopened.total),
        may_ask=whose.only_call is None,
        waiting=rows_of(waiting, lambda one: waiting_row(one, you=you), name="waiting"),
        own_promises=rows_of(own, lambda one: promise_row(one, you=you, now=now), name="own-promises"),
        promised=rows_of(promised, lambda one: promise_row(one, you=you, now=now), name="promised"),
        unopened=call_rows(store, unopened, you=you, now=now, name="unopened"),
        calls=call_rows(store, calls, you=you, now=now, name="calls"),
        requests=requests,
    )


def _in_short(late: int, waiting: int, unopened: int) -> str:
    """What presses, in one line."""
    sentences = []
    if late:
        text = plural("{count} promise of yours is late.", "{count} promises of yours are late.", late)
        sentences.append(text.format(count=late))
    if waiting:
        text = plural("{count} thing waits for your answer.", "{count} things wait for your answer.", waiting)
        sentences.append(text.format(count=waiting))
    if unopened:
        text = plural("{count} record is new.", "{count} records are new.", unopened)
        sentences.append(text.format(count=unopened))
    return " ".join(sentences) or _("Nothing is late, nothing waits for your answer, and no record is new.")
