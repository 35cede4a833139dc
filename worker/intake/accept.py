"""Accepting a recording: the one door behind every way in.

Accepted means safe: the bytes are kept and the call is in the database before anybody is told "accepted"; of a
recording that was announced, its address. The queue comes last and may fail, because a worker's sweeper finds the call
without it. What there is no room for is refused before anything is kept.
"""

from __future__ import annotations

import hashlib
import io
import time
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

import structlog

from worker.core.arrival import Announced, Arrived, Handover
from worker.core.dialogue.values import Added, KeptFile
from worker.core.errors import BadRecording, CallError, Invalid, Unavailable
from worker.core.log.entry import SYSTEM
from worker.intake.limits import Gate, Limits
from worker.jobs import JobQueue
from worker.record.files import FileStore
from worker.record.sealed_sounds import Incoming
from worker.record.sound_keys import Kept
from worker.record.sounds import SoundStore
from worker.record.standing import Accepted
from worker.record.store import Store
from worker.record.uploads import UploadStore
from worker.stages import STAGES

log = structlog.get_logger()

QUEUE_RESTS_S = 5.0
"""For how long the queue is not asked again after it did not answer: whoever hands over does not wait for it."""


def check_file(path: Path) -> None:
    """Raises Invalid for what is no file that can be read, BadRecording for an empty one: there is nothing to keep."""
    try:
        if not path.is_file():
            raise Invalid(f"There is no file {path}. Nothing was changed.")
        if path.stat().st_size == 0:
            raise BadRecording(f"The file {path.name} is empty. Nothing was changed. Send the recording again.")
    except OSError as error:
        raise Invalid(f"The file cannot be looked at: {error.strerror}. Nothing was changed.") from error


class Intake:
    """The door of one installation. Safe to share between threads.

    Every method raises Busy (an Unavailable) where the limits are reached, and Unavailable where the bytes or the call
    cannot be stored: then nothing was accepted. When one returns, what was handed over is durable. ``queue`` may be
    None: then the call waits until a worker's sweeper finds it.
    """

    def __init__(
        self, store: Store, sounds: SoundStore, queue: JobQueue | None = None, limits: Limits | None = None
    ) -> None:
        self.limits = limits or Limits()
        self.gate = Gate(self.limits, store.waiting_count)
        self._store, self._sounds, self._queue = store, sounds, queue
        self._ask_queue_at = float("-inf")

    @cached_property
    def uploads(self) -> UploadStore:
        """Recordings that arrive in parts and are not handed over yet."""
        return UploadStore(self._sounds.blobs, self._store.uploads)

    def has_call(self, call_id: str, sender: str) -> bool:
        """Whether there is a call of just this id, and this sender's."""
        return any(call.sender == sender for call in self._store.those([call_id]).values())

    def keep_beside(self, call_id: str, data: bytes, name: str) -> None:
        """Keeps what came with a recording as a text that was added to its record, once. Both sides see it there."""
        sha256 = hashlib.sha256(data).hexdigest()
        for item in self._store.log.items(call_id, with_record=False):
            if isinstance(item.content, Added) and item.content.file and item.content.file.sha256 == sha256:
                return
        kept = FileStore(self._sounds.blobs, self._store.log).keep(call_id, io.BytesIO(data))
        file = KeptFile(kept.sha256, name, "text/plain", kept.size_bytes)
        self._store.log.append(call_id, SYSTEM, Added(file=file), by=None)

    def accept_file(self, path: Path, handover: Handover | None = None, *, file_name: str | None = None) -> Accepted:
        """Accepts the recording in a file. Raises what ``accept`` does, and Invalid for what is no file."""
        check_file(path)
        return self.accept(path, file_name or path.name, handover)

    def accept(
        self,
        recording: Path | BinaryIO | Incoming,
        file_name: str,
        handover: Handover | None = None,
        *,
        own_recording_of: str | None = None,
    ) -> Accepted:
        """Keeps a recording's bytes, opens its call or adds a leg to it, and puts its first stage on the queue.

        The same recording of the same sender under the same external id is one call, however often it is handed over.
        Whether the bytes are sound is found out later, by ``decode``: what arrived is kept first. ``own_recording_of``
        is the call of which one of its sides made this recording; for that no queue is too long. Raises BadRecording
        for no bytes at all, and for more than are taken.
        """
        size_bytes = _size(recording)
        if size_bytes > self.limits.largest_bytes:
            raise BadRecording(
                f"This recording is larger than {self.limits.largest_bytes // 1_000_000} MB, which is the most that is "
                "taken here. Nothing was accepted."
            )
        self.gate.check_room(size_bytes) if own_recording_of else self.gate.check(size_bytes)
        kept = self._sounds.keep(recording)
        try:
            if kept.size_bytes == 0:
                raise BadRecording("This recording is empty. Nothing was changed. Send the recording again.")
            accepted = self._open(handover or Handover(), kept.arrived(file_name), own_recording_of=own_recording_of)
        except CallError as error:
            if not isinstance(error, Unavailable):  # the answer may have been lost, and not the call
                self._sounds.discard(kept)
            raise
        if not accepted.is_new:
            self._settle(kept, accepted)
        return accepted

    def announce(self, announced: Announced, handover: Handover | None = None) -> Accepted:
        """Opens the call of a recording that lies elsewhere, or adds a leg to it; a worker fetches the bytes.

        Until it has them, what is safe is the address: whoever announces keeps the recording for that long.
        """
        self.gate.check()
        return self._open(handover or Handover(), announced)

    def _open(
        self,
        handover: Handover,
        recording: Arrived | Announced,
        *,
        own_recording_of: str | None = None,
    ) -> Accepted:
        accepted = self._store.accept(
            handover, recording, first_stage=STAGES[0].name, own_recording_of=own_recording_of
        )
        log.info("call.accepted", call=accepted.call_id, new=accepted.is_new, leg=accepted.leg)
        if accepted.stage is not None:
            self._put(accepted.call_id, accepted.stage)
        return accepted

    def _settle(self, kept: Kept, accepted: Accepted) -> None:
        try:
            self._sounds.settle(kept, accepted.call_id, accepted.leg)
        except Unavailable:  # it opens for nobody, and the daily run removes it
            log.warning("sound.not_settled", call=accepted.call_id)

    def _put(self, call_id: str, stage: str) -> None:
        if self._queue is None or time.monotonic() < self._ask_queue_at:
            return
        try:
            self._queue.put(call_id, stage)
        except Unavailable:
            self._ask_queue_at = time.monotonic() + QUEUE_RESTS_S
            log.warning("queue.unreachable", call=call_id)


def _size(recording: Path | BinaryIO | Incoming) -> int:
    """Bytes from here to the end; 0 for a stream that does not know."""
    if isinstance(recording, Path):
        try:
            return recording.stat().st_size
        except OSError as error:
            raise Invalid(f"The file cannot be looked at: {error.strerror}. Nothing was changed.") from error
    if isinstance(recording, Incoming):
        return recording.size_bytes
    if not recording.seekable():
        return 0
    here = recording.tell()
    size_bytes = recording.seek(0, io.SEEK_END) - here
    recording.seek(here)
    return size_bytes
