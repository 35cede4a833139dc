"""Puts together the copy of one call's record: its entries and proofs from the log, the bytes from their stores.

``worker.exchange.package`` writes what this gives.
"""

from __future__ import annotations

import json
from datetime import datetime
from functools import partial

from worker.core.dialogue.reading import read_dialogue
from worker.core.dialogue.values import Added, Item, Received
from worker.core.errors import BrokenRecord, NotFound
from worker.core.record import CallRecord
from worker.exchange.package import Attached, CopiedEntry, Copy, Earlier
from worker.exchange.web_annotation import Addresses, collection_of
from worker.record.files import FileStore
from worker.record.log import Log
from worker.record.log.tree import Published
from worker.record.sounds import SoundStore


def copy_of(
    call_id: str,
    *,
    log: Log,
    sounds: SoundStore,
    files: FileStore,
    with_recording: bool = True,
    addresses: Addresses,
    now: datetime,
    since: int | None = None,
) -> Copy:
    """The copy of a call's record as it is now; what is not yet in the tree is taken in, and its head signed, first.

    ``addresses`` are those under which what both sides said is found by other programs, as it stands ``now`` (UTC);
    ``since`` is the size of an earlier checkpoint to which the copy is tied by a proof. Raises NotFound for a call
    without entries, or if no such checkpoint was signed.
    """
    log.include()
    log.publish(now)
    newest = log.latest_checkpoint()
    proofs = () if newest is None else log.proofs(call_id, newest.size)
    if newest is None or not proofs:
        raise NotFound("There is no such call, or nothing of it is in the log. `onrecord calls` shows which there are.")
    held = log.held(call_id, 0, len(proofs))
    if [proof.leaf.number for proof in proofs] != [one.entry.number for one in held]:
        raise BrokenRecord("The log of this call is not whole. `onrecord verify` says what is missing.")
    items = log.items(call_id)[: len(held)]
    return Copy(
        call_id=call_id,
        key=log.verifier_key,
        checkpoint=newest.note,
        entries=tuple(
            CopiedEntry(one.entry.encode(), one.salt, one.body, proof.leaf.position, proof.hashes)
            for one, proof in zip(held, proofs, strict=True)
        ),
        earlier=_earlier(log, since, newest),
        recordings=_recordings(items, sounds) if with_recording else (),
        sound=_sound(items, sounds),
        files=_files(call_id, items, files),
        annotations=_annotations(items, addresses, now),
    )


def _annotations(items: tuple[Item, ...], addresses: Addresses, now: datetime) -> bytes | None:
    """What was said about the newest record; None where there is none yet, or it was erased."""
    records = [one.content for one in items if isinstance(one.content, CallRecord)]
    if not records:
        return None
    dialogue = read_dialogue(records[-1], items, now=now)
    collection = collection_of(dialogue, records[-1], addresses)
    return f"{json.dumps(collection, ensure_ascii=False, indent=1)}\n".encode()


def _earlier(log: Log, since: int | None, newest: Published) -> Earlier | None:
    if since is None or since == newest.size:
        return None
    return Earlier(log.checkpoint(since).note, log.consistency(since, newest.size))


def _received(items: tuple[Item, ...]) -> list[Received]:
    """The recordings of the call that were not erased, in the order in which they came in."""
    return [one.content for one in items if isinstance(one.content, Received)]


def _recordings(items: tuple[Item, ...], sounds: SoundStore) -> tuple[Attached, ...]:
    return tuple(
        Attached(one.file_name, one.size_bytes, partial(sounds.read, one.sha256), one.sha256)
        for one in _received(items)
        if sounds.exists(one.sha256)
    )


def _sound(items: tuple[Item, ...], sounds: SoundStore) -> Attached | None:
    """The sound of the call as a whole: that of its one recording, or of several by the name that their record has."""
    named = [one.sha256 for one in _received(items)]
    if len(named) > 1:
        named = [one.content.recording.sha256 for one in items if isinstance(one.content, CallRecord)]
    if not named:
        return None
    try:
        size = sounds.copy_size(named[-1])
    except NotFound:  # nobody has made it yet
        return None
    return Attached("sound.flac", size, partial(sounds.read_copy, named[-1]))


def _files(call_id: str, items: tuple[Item, ...], files: FileStore) -> dict[int, Attached]:
    return {
        one.number: Attached(file.name, file.size_bytes, partial(files.read, call_id, file), file.sha256)
        for one in items
        if isinstance(one.content, Added) and (file := one.content.file) is not None
    }
