"""Calls that were erased: whoever had a part in one is told so, and gets the receipt. Nobody else learns of it."""

from __future__ import annotations

from fastapi import Request

from worker.core.errors import NotFound
from worker.core.keeping.values import KeptKind, Receipt
from worker.web.access import Opened, Right, Visitor, is_desk
from worker.web.parts import Parts


def opened_or_erased(parts: Parts, request: Request, call_id: str) -> Opened | tuple[Visitor, Receipt]:
    """The call, opened to be read; where it was erased, its receipt for who had a part in it. Raises as ``open``."""
    try:
        return parts.access.open(request, call_id, Right.READ)
    except NotFound:
        if (found := receipt_for(parts, request, call_id)) is not None:
            return found
        raise


def receipt_for(parts: Parts, request: Request, call_id: str) -> tuple[Visitor, Receipt] | None:
    """The receipt of a call that was erased as a whole; None for another call, and for who had no part in it.

    What somebody was on a call is forgotten with it. That they did something is in its entries, which stay.
    """
    visitor = parts.access.visitor(request)
    receipts = [one for one in parts.store.keeping.receipts(call_id) if one.what is KeptKind.RECORD]
    if not receipts or visitor.only_call not in (None, call_id):
        return None
    asked = parts.store.requests.of_person(visitor.person.id, now=parts.now())
    acted = {one.entry.actor.person for one in parts.store.log.held(call_id)}
    had_part = visitor.person.id in acted or any(call_id in one.calls for one in asked)
    return (visitor, receipts[-1]) if had_part or is_desk(visitor) else None
