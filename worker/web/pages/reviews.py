"""What a reviewer was asked to look at: each record, what is disputed in it, and what a reviewer may do there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from worker.core.matters import Gist
from worker.record.matters import OpenMatter, Whose
from worker.record.standing import StoredCall
from worker.record.store import Store
from worker.web.pages.lists import CallRow, Rows, WaitingRow, call_row, rows_of, waiting_row


@dataclass(frozen=True)
class ReviewRow:
    """One record and what is disputed in it, each with the place where it stands."""

    call: CallRow
    disputed: tuple[WaitingRow, ...]


@dataclass(frozen=True)
class Reviews:
    """The records that a reviewer was asked to look at."""

    records: Rows[ReviewRow]


def reviews_of(store: Store, whose: Whose, *, page: int, now: datetime) -> Reviews:
    """The records assigned to a reviewer, the last one first."""
    listed = store.matters.calls(whose, now=now, page=page)
    calls, gists = store.those(listed.items), store.matters.gists(listed.items)
    return Reviews(rows_of(listed, lambda call_id: _row(calls[call_id], gists, now), name="reviews"))


def _row(call: StoredCall, gists: Mapping[str, Gist], now: datetime) -> ReviewRow:
    gist = gists.get(call.id)
    disputed = [one for one in (gist.matters if gist else ()) if one.is_disputed]
    return ReviewRow(
        call=call_row(call, gist, you=None, now=now),
        disputed=tuple(waiting_row(OpenMatter(call.id, gist, one), you=None) for one in disputed if gist),
    )
