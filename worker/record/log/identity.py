"""Whose log this is: the first process to open it says so, and no other keys are used with it.

Without this, a host that was started without the installation's keys would make its own, seal what people say under
them, and sign a log that nobody knows.
"""

from __future__ import annotations

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from worker.core.errors import BrokenRecord
from worker.record.keys import Keys
from worker.record.tables.log import log_identity
from worker.record.vault import seal, unseal

PLACE = "identity"
PLAIN = b"onrecord"
IDENTITY_LOCK = 0x6F6E7265696400  # "onreid": the number under which PostgreSQL lets one process say whose log it is


def write(connection: sa.Connection, keys: Keys) -> None:
    """Says that this is the log of these keys. Raises BrokenRecord if somebody has just said that it is another's."""
    if connection.dialect.name == "postgresql":  # a writer on SQLite is alone as it is
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(IDENTITY_LOCK)))
    if check(connection, keys):
        return
    sealed = seal(AESGCM(keys.master), PLAIN, about=PLACE)
    row = {"id": 1, "origin": keys.origin, "public_key": keys.public, "sealed": sealed}
    connection.execute(sa.insert(log_identity).values(row))


def check(connection: sa.Connection, keys: Keys) -> bool:
    """Whether anybody has said whose log this is. Raises BrokenRecord if it is that of other keys."""
    row = connection.execute(sa.select(log_identity)).one_or_none()
    if row is None:
        return False
    if row.origin != keys.origin:
        raise BrokenRecord(f"This log is named {row.origin}, and a log keeps its name. Set ONRECORD_LOG_NAME to it.")
    if bytes(row.public_key) != keys.public:
        raise BrokenRecord(
            "This log is signed with another key. Restore it: ONRECORD_SIGNING_KEY, or the file signing.key in the "
            "folder keys of the data folder."
        )
    try:
        unseal(AESGCM(keys.master), row.sealed, about=PLACE)
    except (InvalidTag, ValueError) as error:
        raise BrokenRecord(
            "What this log says is sealed under another master key. Restore it: ONRECORD_MASTER_KEY, or the file "
            "master.key in the folder keys of the data folder."
        ) from error
    return True
