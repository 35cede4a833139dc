"""Letters to people: kept in the outbox, then sent; on the embedded default they stay there and are shown."""

from __future__ import annotations

from worker.core.errors import CallError
from worker.web.parts import Parts


def post_letter(parts: Parts, address: str, *, subject: str, text: str) -> None:
    """Sends a letter now. Raises Unavailable if it cannot be sent; the outbox then names the type of the error."""
    outbox = parts.store.people.outbox
    number = outbox.put(address, subject=subject, text=text, now=parts.now())
    if parts.shows_outbox:
        return
    try:
        parts.sending.sender(address).send(address, subject=subject, text=text)
    except CallError as error:
        outbox.failed(number, error)
        raise
    outbox.sent(number, now=parts.now())
