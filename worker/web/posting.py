"""Letters to people: kept in the outbox, then sent; on the embedded default they stay there and are shown."""

from __future__ import annotations

from datetime import timedelta

from worker.core.errors import CallError
from worker.web.parts import Parts


def post_letter(parts: Parts, address: str, *, subject: str, text: str, valid_for: timedelta) -> None:
    """Sends a letter now. Raises Unavailable if it cannot be sent now: it is tried again as long as it is valid."""
    outbox, now = parts.store.people.outbox, parts.now()
    until = None if parts.shows_outbox else now + valid_for
    number = outbox.put(address, subject=subject, text=text, now=now, until=until)
    if until is None:
        return
    try:
        parts.sending.carrier(address).send(address, subject=subject, text=text)
    except CallError as error:
        outbox.failed(number, error, now=parts.now())
        raise
    outbox.sent(number, now=parts.now())
