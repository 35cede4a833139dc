"""The keys of a call, for what lies sealed beside its entries: erased with them."""

from __future__ import annotations

import sqlalchemy as sa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from worker.core.errors import NotFound
from worker.record.log.append import lock
from worker.record.log.contents import key_place
from worker.record.tables.log import call_keys
from worker.record.vault import Vault


def newest(connection: sa.Connection, vault: Vault, call_id: str) -> tuple[int, AESGCM]:
    """The number and the key with which the call goes on; made where it has none, as after it was erased.

    Raises NotFound for a call that is not there.
    """
    end = lock(connection, [call_id])[call_id]
    if end.key is None:
        end.key, end.key_from = vault.make_key(key_place(call_id, end.next)), end.next
        row = {"call_id": call_id, "key_from": end.key_from, "sealed": end.key}
        connection.execute(sa.insert(call_keys).values(row))
    return end.key_from, vault.open_key(end.key, key_place(call_id, end.key_from))


def of_number(connection: sa.Connection, vault: Vault, call_id: str, key_from: int) -> AESGCM:
    """A key by its number. Raises NotFound once it was erased."""
    which = (call_keys.c.call_id == call_id) & (call_keys.c.key_from == key_from)
    sealed = connection.execute(sa.select(call_keys.c.sealed).where(which)).scalar_one_or_none()
    if sealed is None:
        raise NotFound("This was erased. The record still shows that something stood here.")
    return vault.open_key(bytes(sealed), key_place(call_id, key_from))
