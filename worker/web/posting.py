"""Letters to people: kept in the outbox, then sent; on the embedded default they stay there and are shown."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from worker.core.errors import CallError
from worker.core.people import is_phone
from worker.record.codes import VALID_FOR
from worker.web.parts import Parts
from worker.web.texts import _

CODE_IS_TRIED_FOR = timedelta(days=1)
"""The code of a package, which opens it longer than that."""


def post_code(parts: Parts, address: str, code: str, line: str) -> None:
    """Sends a code; ``line`` says what it is for, and leaves ``{code}`` to be filled in. Raises as ``post_letter``."""
    lines = [
        line.format(code=code),
        _("Nobody who works here will ask you for it. If you did not ask for a code, do nothing."),
    ]
    if is_phone(address):  # telephones fill such a code in by themselves, and on that site alone
        lines.append(f"@{urlsplit(parts.base_url).hostname} #{code}")
    post_letter(parts, address, subject=_("Your code"), text="\n\n".join(lines), valid_for=VALID_FOR)


def post_package_code(parts: Parts, address: str, code: str) -> None:
    """Sends the code of a package, which whoever has the file or its link opens it with. Raises as ``post_letter``."""
    lines = [
        _("{code} opens what somebody asked for here and hands to you.").format(code=code),
        _("The file, or the link to it, comes to you another way. If you expect nothing, do nothing."),
    ]
    post_letter(parts, address, subject=_("The code of a file"), text="\n\n".join(lines), valid_for=CODE_IS_TRIED_FOR)


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
