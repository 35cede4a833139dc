"""Accepting a recording: the one door behind every way in.

Accepted means safe: the bytes are kept and the call is in the database before anybody is told "accepted". The queue
comes last and may fail, because a worker's sweeper finds the call there without it.
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import structlog

from worker.core.call import CallDetails
from worker.core.errors import BadRecording, Invalid, Unavailable
from worker.jobs import JobQueue
from worker.record.sounds import SoundStore
from worker.record.standing import Accepted
from worker.record.store import Store
from worker.stages import STAGES

log = structlog.get_logger()


def check_file(path: Path) -> None:
    """Raises Invalid for what is no file that can be read, BadRecording for an empty one: there is nothing to keep."""
    try:
        if not path.is_file():
            raise Invalid(f"There is no file {path}. Nothing was changed.")
        if path.stat().st_size == 0:
            raise BadRecording(f"The file {path.name} is empty. Nothing was changed. Send the recording again.")
    except OSError as error:
        raise Invalid(f"The file cannot be looked at: {error.strerror}. Nothing was changed.") from error


def accept_file(
    path: Path, details: CallDetails, *, store: Store, sounds: SoundStore, queue: JobQueue | None
) -> Accepted:
    """Accepts the recording in a file. Raises what ``accept`` does, and Invalid for what is no file."""
    check_file(path)
    return accept(path, path.name, details, store=store, sounds=sounds, queue=queue)


def accept(
    recording: Path | BinaryIO,
    file_name: str,
    details: CallDetails,
    *,
    store: Store,
    sounds: SoundStore,
    queue: JobQueue | None,
    own_recording_of: str | None = None,
) -> Accepted:
    """Keeps a recording's bytes, opens its call, and puts the first stage on the queue.

    The same recording under the same external id is one call, however often it is handed over. Whether the bytes are
    sound is found out later, by ``decode``: what arrived is kept first. ``own_recording_of`` is the call of which one
    of its sides made this recording. Raises BadRecording for no bytes at all (there is nothing to keep), Unavailable
    if the bytes or the call cannot be stored.
    """
    kept = sounds.keep(recording)
    if kept.size_bytes == 0:
        raise BadRecording("This recording is empty. Nothing was changed. Send the recording again.")
    accepted = store.accept(
        details,
        sha256=kept.sha256,
        file_name=file_name,
        size_bytes=kept.size_bytes,
        first_stage=STAGES[0].name,
        own_recording_of=own_recording_of,
    )
    log.info("call.accepted", call=accepted.call_id, new=accepted.is_new)
    if accepted.is_new and queue is not None:
        try:
            queue.put(accepted.call_id, STAGES[0].name)
        except Unavailable:
            log.warning("queue.unreachable", call=accepted.call_id)
    return accepted
