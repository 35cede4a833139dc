"""Erasing a call everywhere: its keys, its sound, its text, the words by which it is found, and every copy of it.

    erase_call(call_id, why=Why.REQUEST, by=actor, name="…", now=…, stores=Stores(store, sounds, files)) -> Receipt

1. The database: keys and names go in one transaction with the entry that says so. Nothing opens any more from here on,
   whatever still lies in other places and on backups.
2. Every other place removes what it has; one that does not answer keeps none of the others from it.
3. The receipt says what was destroyed where and what proof remains. Where a place did not answer, Unavailable is raised
   with its name, and the erasure stays under way: asked again, by anybody or by the daily run, it goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from worker.core.errors import Unavailable
from worker.core.keeping.values import KeptKind, Proof, Receipt, Where, Why
from worker.core.log.entry import Actor
from worker.core.now import now_utc
from worker.jobs.scratch import Scratch
from worker.record.files import FileStore
from worker.record.sounds import SoundStore
from worker.record.store import Store
from worker.record.uploads import UploadStore

log = structlog.get_logger()

NAMES = {
    Where.DATABASE: "the database",
    Where.SEARCH: "the search index",
    Where.PACKAGES: "the packages",
    Where.OUTBOX: "the outbox",
    Where.RECORDINGS: "the store of recordings",
    Where.SCRATCH: "the scratch folder of this machine",
}


@dataclass(frozen=True)
class Stores:
    """Every place in which something of a call may lie. ``scratch`` is None on a host without workers."""

    store: Store
    sounds: SoundStore
    scratch: Scratch | None = None

    @property
    def files(self) -> FileStore:
        """Added files, in the place of recordings."""
        return FileStore(self.sounds.blobs, self.store.log)

    @property
    def uploads(self) -> UploadStore:
        """What arrived in parts, in the place of recordings."""
        return UploadStore(self.sounds.blobs, self.store.uploads)


def erase_call(
    call_id: str,
    *,
    why: Why,
    by: Actor,
    name: str | None,
    stores: Stores,
    what: KeptKind = KeptKind.RECORD,
    now: Callable[[], datetime] = now_utc,
) -> Receipt:
    """Erases a call with the recordings that its sides made of it, or its sound alone; gives the receipt.

    ``by`` is who does it, shown under ``name``; SYSTEM and None for the machine. What was erased before gives the
    receipt of then. Raises NotFound for a call that is not there, NotAllowed while a legal hold is on it: then nothing
    was changed. Raises Unavailable, naming each place that did not answer: ask again until none is left.
    """
    keeping = stores.store.keeping
    try:
        erasure, receipt, uploads = keeping.begin(call_id, what, why, by=by, name=name, now=now())
    except Unavailable as error:
        raise _not_answered([Where.DATABASE]) from error
    if receipt.ended_at is not None:
        return receipt
    destroyed = {place: dict(counted) for place, counted in receipt.destroyed.items()}
    missing: list[Where] = []
    for place, removing in _places(stores, receipt, uploads).items():
        try:
            for of_what, number in removing().items():
                destroyed.setdefault(place, {})
                destroyed[place][of_what] = destroyed[place].get(of_what, 0) + number
        except Unavailable as error:
            log.error("erase.not_answered", call=call_id, place=place.value, error=error.message)
            missing.append(place)
    receipt = replace(receipt, destroyed=destroyed, missing=tuple(missing))
    try:
        if not missing:
            receipt = replace(receipt, ended_at=now(), proof=_proof(stores.store, call_id, now()))
        keeping.note(erasure, receipt)
    except Unavailable as error:
        raise _not_answered([Where.DATABASE]) from error
    if missing:
        raise _not_answered(missing)
    log.info("call.erased", call=call_id, what=what.value, why=why.value)
    return receipt


def _places(stores: Stores, receipt: Receipt, uploads: tuple[str, ...]) -> Mapping[Where, Callable[[], dict[str, int]]]:
    """What each place does. The database comes last: only then is all gone that was noted there on the way."""
    store, sounds, calls = stores.store, stores.sounds, receipt.calls
    is_all = receipt.what is KeptKind.RECORD

    def search() -> dict[str, int]:
        for one in calls:
            store.search.forget(one)
        return {"calls": len(calls)}

    def packages() -> dict[str, int]:
        return {"packages": sum(store.packages.erase(one) for one in calls)}

    def recordings() -> dict[str, int]:
        counted = {"pieces of sound, packages": 0, "added files": 0}
        for one in calls:
            counted["pieces of sound, packages"] += sounds.erase(one)
            if is_all:
                counted["added files"] += stores.files.erase(one)
        for upload in uploads if is_all else ():
            stores.uploads.erase(upload)
        counted["pieces of sound, packages"] += sounds.remove_noted()
        return {name: number for name, number in counted.items() if number}

    def scratch() -> dict[str, int]:
        if stores.scratch is not None:
            for one in calls:
                stores.scratch.clear(one)
        return {}

    def database() -> dict[str, int]:
        store.keeping.removed_for_good()
        return {}

    # A package holds the sound, too.
    places = {Where.PACKAGES: packages, Where.RECORDINGS: recordings, Where.SCRATCH: scratch, Where.DATABASE: database}
    return {Where.SEARCH: search, **places} if is_all else places


def _proof(store: Store, call_id: str, now: datetime) -> Proof | None:
    """What remains, under a checkpoint that is signed for it."""
    store.log.include()
    store.log.publish(now)
    return store.keeping.proof(call_id)


def _not_answered(places: list[Where]) -> Unavailable:
    names = ", ".join(NAMES[one] for one in places)
    return Unavailable(
        f"Not everything is erased: {names} did not answer. What is left opens for nobody. Erase this call again until "
        "nothing is left; the daily run does so too."
    )
