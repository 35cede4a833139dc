"""The content of an entry as bytes and back: JSON with the name under which its actor was shown, and what it says."""

from __future__ import annotations

import json
from collections.abc import Mapping

from worker.core.dialogue.values import CONTENT_OF, Content
from worker.core.errors import BrokenModel, BrokenRecord, Invalid
from worker.core.log.entry import EntryKind
from worker.record.values import from_json, to_json

KIND_OF: Mapping[type, EntryKind] = {content: kind for kind, content in CONTENT_OF.items()}

_BY, _CONTENT, _END = '{"by":', ',"content":', "}"
_decoder = json.JSONDecoder()


def kind_of(content: Content) -> EntryKind:
    """The kind of entry that has this content. Raises Invalid for a value that is no content of any."""
    try:
        return KIND_OF[type(content)]
    except KeyError:
        raise Invalid(f"A {type(content).__name__} is nothing that an entry can say.") from None


def encode_content(content: Content, by: str | None) -> bytes:
    """The body of an entry. Raises Invalid for what cannot be stored, such as half a letter; of records BrokenModel."""
    try:
        return f"{_BY}{json.dumps(by, ensure_ascii=False)}{_CONTENT}{to_json(content)}{_END}".encode()
    except (BrokenModel, UnicodeEncodeError):
        if kind_of(content) is EntryKind.MADE:
            raise
        # The cause is not passed on: it may quote a name.
        raise Invalid("This has signs in it that are no text. Write it without them, and send it again.") from None


def decode_content(body: bytes, kind: EntryKind) -> tuple[str | None, Content]:
    """The name and the content that ``encode_content`` wrote, now or in an earlier version.

    Raises BrokenRecord for any other bytes.
    """
    try:
        text = body.decode()
        by, end = _decoder.raw_decode(text, len(_BY))
    except ValueError as error:
        raise BrokenRecord("The content of an entry is damaged. Restore the record from a copy.") from error
    is_ours = text.startswith(_BY) and text.startswith(_CONTENT, end) and text.endswith(_END)
    if not is_ours or not (by is None or isinstance(by, str)):
        raise BrokenRecord("The content of an entry is damaged. Restore the record from a copy.")
    content: Content = from_json(text[end + len(_CONTENT) : -len(_END)], CONTENT_OF[kind])
    return by, content


def content_place(call_id: str, number: int) -> str:
    """What sealed content is bound to."""
    return f"content {call_id}/{number}"


def key_place(call_id: str, key_from: int) -> str:
    """What the sealed key of a call is bound to."""
    return f"key {call_id}/{key_from}"
