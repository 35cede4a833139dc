"""The keys of packages: each sealed under the keys of all its calls, so that erasing one of them erases the package."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from worker.core.errors import BrokenRecord, NotFound
from worker.record.keys import KEY_BYTES
from worker.record.log import Log
from worker.record.tables.packages import package_calls, packages
from worker.record.vault import seal, unseal

CODE, BYTES = "code", "bytes"
GONE = "This package is there no more. Ask for another one."


def make_in(connection: sa.Connection, log: Log, package_id: str, call_ids: Sequence[str]) -> tuple[AESGCM, bytes]:
    """A new key for a package of these calls: open, and sealed under theirs. The rows of its calls are written.

    Raises NotFound for a call that is not there.
    """
    for call_id in sorted(call_ids):  # in this order for everybody, so that none wait in a ring
        log.hold_in(connection, call_id)
    key = secrets.token_bytes(KEY_BYTES)
    sealed = key
    rows = []
    for place, call_id in enumerate(call_ids):
        key_from, sealed = log.seal_in(connection, call_id, sealed, about=_about(package_id, place))
        rows.append({"package_id": package_id, "place": place, "call_id": call_id, "key_from": key_from})
    connection.execute(sa.insert(package_calls), rows)
    return AESGCM(key), sealed


def open_in(connection: sa.Connection, log: Log, package_id: str) -> AESGCM:
    """The key of a package. Raises NotFound once it or one of its calls was erased, BrokenRecord if it was altered."""
    select = sa.select(packages.c.sealed_key).where(packages.c.id == package_id)
    sealed = connection.execute(select).scalar_one_or_none()
    if sealed is None:
        raise NotFound(GONE)
    of_it = sa.select(package_calls).where(package_calls.c.package_id == package_id)
    opened = bytes(sealed)
    for row in connection.execute(of_it.order_by(package_calls.c.place.desc())).all():
        call_key = log.key_in(connection, row.call_id, row.key_from)
        opened = unsealed(call_key, opened, about=_about(package_id, row.place))
    return AESGCM(opened)


def sealed_in(key: AESGCM, plain: bytes, package_id: str, what: str) -> bytes:
    """Something small of a package under its key: ``CODE``, or the key of its ``BYTES``."""
    return seal(key, plain, about=f"package {package_id}/{what}")


def unsealed_from(key: AESGCM, sealed: bytes, package_id: str, what: str) -> bytes:
    """What ``sealed_in`` sealed. Raises BrokenRecord if it was altered."""
    return unsealed(key, sealed, about=f"package {package_id}/{what}")


def unsealed(key: AESGCM, sealed: bytes, *, about: str) -> bytes:
    """The plain bytes. Raises BrokenRecord if they were altered."""
    try:
        return unseal(key, sealed, about=about)
    except (InvalidTag, ValueError) as error:
        raise BrokenRecord("The key of a package was altered. Ask for the package anew.") from error


def _about(package_id: str, place: int) -> str:
    return f"package {package_id}/{place}"
