"""Erasure that somebody asked for and the desk has decided on: every call of the request goes, and then it is answered.

Where a place does not answer, the request stays open and says so; done again, it goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from worker.core.errors import Invalid, NotAllowed, Unavailable
from worker.core.keeping.values import Receipt, Why
from worker.core.now import now_utc
from worker.core.requests.rules import check_may
from worker.core.requests.values import LONGEST_TEXT, Block, By, RequestKind, Step
from worker.owed.erasing import Stores, erase_call
from worker.owed.receipts import in_words
from worker.record.requests.values import Request

IS_HELD = "A legal hold is on a call of this request, so nothing of it may be erased. Tell the asker, or wait."


@dataclass(frozen=True)
class Erasure:
    """What was done: the request as it is then, and a receipt for each of its calls."""

    request: Request
    receipts: tuple[Receipt, ...]


def erase_as_asked(request_id: str, *, by: By, stores: Stores, now: Callable[[], datetime] = now_utc) -> Erasure:
    """Erases every call of a request for erasure, and answers it with the receipts.

    Raises NotFound; NotAllowed for who is not of the desk, and while a legal hold is on one of the calls, before
    anything is erased; Invalid for what is no such request, is not open, not proved, or not known of which calls.
    Raises Unavailable, naming the places that did not answer: the request is then open, and says so.
    """
    check_may(Step.REVIEWED, by.actor.role)
    requests = stores.store.requests
    one = requests.get(request_id, now=now())
    if one.kind is not RequestKind.ERASURE or not one.is_open:
        raise Invalid("Erasure is not what is asked for here, or it was answered already.")
    if one.clock.proved_at is None:
        raise Invalid("It is not proved who asks. Nothing is erased before that.")
    if not one.calls:
        raise Invalid("It is not known which calls are meant. Find them first, or refuse it: nothing is held.")
    if Block.LEGAL_HOLD in one.blocks:
        raise NotAllowed(IS_HELD)
    receipts, missing = [], []
    for call_id in one.calls:
        try:
            receipts.append(erase_call(call_id, why=Why.REQUEST, by=by.actor, name=by.name, stores=stores, now=now))
        except Unavailable as error:  # the others go all the same
            missing.append(error)
    if missing:
        requests.failed(one.id, missing[0].message, now=now())
        raise missing[0]
    return Erasure(requests.answer(one.id, _note(receipts), by=by, now=now()), tuple(receipts))


def _note(receipts: Sequence[Receipt]) -> str:
    """The receipts as the asker is written them; of very many calls, which they were."""
    whole = "\n".join(in_words(one) for one in receipts)
    return whole if len(whole) <= LONGEST_TEXT else f"Erased: {len(receipts)} calls. Ask for their receipts."
