"""An email or a plain text that was added, as a page: what it says and nothing that it would load or run.

Nothing of it is believed: anybody can write any name and any day into an email.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from typing import ClassVar

from worker.core.dialogue.values import KeptFile
from worker.intake.attach import FileKind, clean_name, decoded
from worker.web.pages.words import instant_in_words
from worker.web.texts import _

LETTERS = (FileKind.EMAIL.media_type, FileKind.TEXT.media_type)
"""Media types of what is shown as a page."""

LETTER_BYTES = 2_000_000
"""So much of a file is read for its page: all but what is attached of nearly every email."""

LONGEST_SHOWN = 100_000  # letters: fifty pages
LONGEST_HEADER = 1000  # bytes: what the library takes apart in no time

# What a library raises that takes any bytes for an email: its own errors, and what it trips over.
_TRIPS = (MessageError, ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError)


@dataclass(frozen=True)
class HeaderLine:
    """One line of an email's head: "From", "Maria Lopez <maria@example.org>"."""

    label: str
    text: str


@dataclass(frozen=True)
class LetterPage:
    """What a letter says. ``text`` is None where an email has no plain text; ``attached`` are names of files in it."""

    title: str
    file_name: str
    headers: tuple[HeaderLine, ...]
    text: str | None
    attached: tuple[str, ...]
    is_cut: bool
    back: str
    address: str

    template: ClassVar[str] = "letter.html"


@dataclass(frozen=True)
class Email:
    """An email as it is read here, however badly it was made."""

    subject: str
    sender: str
    to: str
    date: str
    text: str | None
    attached: tuple[str, ...]


def letter_page(file: KeptFile, content: bytes, *, call_id: str, number: int) -> LetterPage:
    """The page of a letter, from the beginning of its file."""
    headers: tuple[HeaderLine, ...] = ()
    attached: tuple[str, ...] = ()
    title = file.name
    if file.media_type == FileKind.EMAIL.media_type:
        email = read_email(content)
        lines = (_("From"), email.sender), (_("To"), email.to), (_("Date"), email.date)
        headers = tuple(HeaderLine(label, said) for label, said in lines if said)
        title, text, attached = email.subject or _("An email without a subject"), email.text, email.attached
    else:
        text = decoded(content) or ""
    shown = None if text is None else re.sub(r"\r\n?", "\n", text)
    return LetterPage(
        title=title,
        file_name=file.name,
        headers=headers,
        text=shown and shown[:LONGEST_SHOWN],
        attached=attached,
        is_cut=len(content) < file.size_bytes or len(shown or "") > LONGEST_SHOWN,
        back=f"/calls/{call_id}#entry-{number}",
        address=f"/calls/{call_id}/files/{number}",
    )


def read_email(content: bytes) -> Email:
    """Reads an email. Its HTML, and whatever it would load from elsewhere, is left out."""
    try:
        message = message_from_bytes(content, policy=policy.default)
    except _TRIPS:
        return Email("", "", "", "", None, ())
    return Email(
        subject=_header(message, "subject"),
        sender=_header(message, "from"),
        to=_header(message, "to"),
        date=_date(_header(message, "date")),
        text=_plain_text(message),
        attached=_attached(message),
    )


def _header(message: EmailMessage, name: str) -> str:
    raw = next((value for key, value in message.raw_items() if key.lower() == name), "")
    try:
        said = str(policy.default.header_fetch_parse(name, str(raw)[:LONGEST_HEADER]))
    except _TRIPS:
        return ""
    return _printable(" ".join(said.split()))


def _date(said: str) -> str:
    """The day and the time in words; as it was written where it is neither, or in no zone."""
    try:
        at = parsedate_to_datetime(said)
    except _TRIPS:
        return said
    return instant_in_words(at) if at.tzinfo else said


def _plain_text(message: EmailMessage) -> str | None:
    try:
        body = message.get_body(("plain",))
        return None if body is None else _printable(str(body.get_content()).strip())
    except _TRIPS:
        return None


def _attached(message: EmailMessage) -> tuple[str, ...]:
    try:
        names = [part.get_filename() for part in message.iter_attachments()]
    except _TRIPS:
        return ()
    # What is in them is not looked at, so any ending is let stand, as that of a recording is.
    return tuple(clean_name(name, FileKind.RECORDING) for name in names if name)


def _printable(text: str) -> str:
    """Bytes that are in no known coding come as halves of letters, which no page can carry."""
    return text.encode("utf-8", "replace").decode("utf-8")
