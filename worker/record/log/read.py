"""Reading entries of a call with their contents, each checked against the hash that its entry holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag

from worker.core.dialogue.values import Content, Item
from worker.core.errors import BrokenRecord
from worker.core.log.entry import SALT_BYTES, Actor, Entry, EntryKind, Role, hash_of_content
from worker.record.log.contents import content_place, decode_content, key_place
from worker.record.tables.log import call_keys, contents, entries
from worker.record.vault import Vault, unseal


@dataclass(frozen=True)
class Held:
    """An entry with the salt and the body of its content; both None where it was erased."""

    entry: Entry
    salt: bytes | None
    body: bytes | None


def held(connection: sa.Connection, vault: Vault, which: sa.ColumnElement[bool]) -> Iterator[Held]:
    """The entries of this kind or place in their order, with what can be opened of them.

    Raises BrokenRecord for content that is missing or that is not what its entry holds.
    """
    for row in connection.execute(_SELECT.where(which).order_by(entries.c.call_id, entries.c.number)):
        entry = _entry(row)
        salt, body = _open(row, entry, vault)
        yield Held(entry, salt, body)


def items(connection: sa.Connection, vault: Vault, which: sa.ColumnElement[bool], *, with_record: bool) -> list[Item]:
    """The same with the content as a value. Without the record, entries that hold one are given without content."""
    opened = which if with_record else which & (entries.c.kind != EntryKind.MADE)
    found = [_item(one) for one in held(connection, vault, opened)]
    if not with_record:
        rows = connection.execute(sa.select(entries).where(which, entries.c.kind == EntryKind.MADE))
        found.extend(item_of(_entry(row), None, None) for row in rows)
        found.sort(key=lambda item: item.number)
    return found


def _item(one: Held) -> Item:
    by, content = decode_content(one.body, one.entry.kind) if one.body is not None else (None, None)
    return item_of(one.entry, by, content)


def item_of(entry: Entry, by: str | None, content: Content | None) -> Item:
    """The entry with what it says."""
    return Item(entry.number, entry.actor, entry.at, entry.kind, by, content)


def _entry(row: sa.Row[Any]) -> Entry:
    try:
        return Entry(
            call_id=row.call_id,
            number=row.number,
            actor=Actor(Role(row.role), row.person),
            at=row.at,
            kind=EntryKind(row.kind),
            content_hash=bytes(row.content_hash),
            before=bytes(row.before),
        )
    except ValueError as error:
        raise BrokenRecord("A stored entry is none. Restore the record from a copy.") from error


def _open(row: sa.Row[Any], entry: Entry, vault: Vault) -> tuple[bytes, bytes] | tuple[None, None]:
    place = f"Entry {entry.number} of call {entry.call_id}"
    if row.sealed is None:
        raise BrokenRecord(f"{place} has lost its content. Restore the record from a copy.")
    if row.sealed_key is None:
        return None, None
    key = vault.open_key(row.sealed_key, key_place(entry.call_id, row.key_from))
    try:
        plain = unseal(key, row.sealed, about=content_place(entry.call_id, entry.number))
    except (InvalidTag, ValueError) as error:
        raise BrokenRecord(f"The content of entry {entry.number} of call {entry.call_id} was altered.") from error
    salt, body = plain[:SALT_BYTES], plain[SALT_BYTES:]
    if hash_of_content(salt, body) != entry.content_hash:
        raise BrokenRecord(f"{place} holds another content than it was written with. Restore it from a copy.")
    return salt, body


_SELECT = sa.select(
    entries, contents.c.key_from, contents.c.sealed, call_keys.c.sealed.label("sealed_key")
).select_from(
    entries.outerjoin(
        contents, (contents.c.call_id == entries.c.call_id) & (contents.c.number == entries.c.number)
    ).outerjoin(call_keys, (call_keys.c.call_id == contents.c.call_id) & (call_keys.c.key_from == contents.c.key_from))
)
