"""The sound of calls: the bytes of recordings as they arrived, and the copies made for listening.

Each is sealed as it is kept (``sealed_sounds``): the database takes its name and key in, sealed under the key of the
call, in the transaction that takes in the call. What is kept is whole and durable before ``keep`` returns; what is read
opens only where it is as it was kept. Recordings of earlier versions lie in the clear under their hash, are read as
well, and are sealed by ``seal_plain`` (``plain_sounds``).
"""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from worker.core.dialogue.values import Content
from worker.core.errors import BrokenRecord, CallError, Invalid, NotFound, Unavailable
from worker.record.blobs import Blobs, our_errors
from worker.record.plain_sounds import PlainSounds
from worker.record.sealed import Hashed, open_all, open_part, sealed_size
from worker.record.sealed_sounds import IS_NOT_WHOLE, opening
from worker.record.sound_keys import COPY, FOLDER, PEAKS, PLAIN_RECORDINGS, Kept, SoundKeys, place

NOBODYS_AFTER_S = 2 * 24 * 3600.0
"""Sealed bytes that no call names so long after they were kept will never be named: their key is nowhere."""


class SoundStore(PlainSounds):
    """The sound of calls, in a folder or at an address (``file://``, ``s3://``, ``gs://``, ``az://``).

    Every method raises Unavailable if the place or the database cannot be reached or cannot do it now. Raises Invalid
    for an address of no known kind. ``blobs`` is the place itself, for what is kept beside them; ``keys`` is
    ``Store.sound_keys``.
    """

    def __init__(self, location: str | Path, keys: SoundKeys) -> None:
        super().__init__(Blobs(location), keys)

    def settle(self, kept: Kept, call_id: str, leg: int) -> None:
        """After a recording was accepted: what was kept of one that was here already is removed, or takes the place of
        that where it was lost or altered meanwhile."""
        if self._keys.is_named(kept.sealed.name):
            return
        before = self._keys.find(call_id, str(leg))
        if before is not None and before.sha256 == kept.sha256 and not self._is_whole(before):
            self._put(call_id, str(leg), kept)
            return
        self.discard(kept)

    # Recordings of a call

    def exists(self, call_id: str, leg: int) -> bool:
        """This recording of the call is kept."""
        found = self._keys.find(call_id, str(leg))
        name = place(found.sealed.name) if found is not None else self._plain_recording(call_id, leg)
        return name is not None and self.blobs.size(name) is not None

    def leg_of(self, call_id: str, sha256: str) -> int | None:
        """The number of the recording that arrived with this hash; None where it is not kept any more."""
        numbers = [leg.number for leg in self._keys.legs(call_id) if leg.sha256 == sha256]
        return next((number for number in numbers if self.exists(call_id, number)), None)

    def hashed(self, call_id: str, leg: int) -> Hashed:
        """The hash and size of a recording as it is kept: once it was cut, others than those of what arrived.

        Raises NotFound for one that is not here, or was erased.
        """
        if (found := self._keys.find(call_id, str(leg))) is not None:
            return Hashed(found.sha256, found.size_bytes)
        there = self._keys.leg(call_id, leg)
        if there is None or there.sha256 is None or not self.exists(call_id, leg):
            raise NotFound("This recording is not here, or was erased.")
        return Hashed(there.sha256, there.size_bytes or 0)

    def fetch(self, call_id: str, leg: int, to: Path) -> None:
        """Writes a recording into a file. Nobody sees the file before it is whole and its hash is right.

        Raises NotFound if there is no such recording or it was erased, BrokenRecord if its bytes were altered.
        """
        meant, found = self.hashed(call_id, leg), hashlib.sha256()
        with our_errors(), _file_beside(to) as (file, path):
            for block in self.read(call_id, leg):
                found.update(block)
                file.write(block)
            file.close()
            if found.hexdigest() != meant.sha256:
                raise BrokenRecord(IS_NOT_WHOLE)
            path.replace(to)

    def read(self, call_id: str, leg: int) -> Iterator[bytes]:
        """The bytes of a recording in blocks. Raises NotFound if there is none or it was erased, BrokenRecord where it
        was altered; one that lies in the clear is not checked: whoever takes it hashes it."""
        found = self._keys.find(call_id, str(leg))
        if found is not None:
            return open_all(self.blobs.read(place(found.sealed.name)), opening(found.sealed))
        return self.blobs.read(_there(self._plain_recording(call_id, leg)))

    def replace(
        self, call_id: str, leg: int, recording: Path, *, saying: Callable[[Kept], Content] | None = None
    ) -> Kept:
        """Keeps other bytes in place of a recording, of which nothing remains; ``Leg.sha256`` goes on naming what
        arrived, by which it is the same again.

        ``saying`` gives what an entry says of it: written in the same transaction. Killed at any instant, either the
        old or the new one is there, and the entry with the new. Raises NotFound for a recording that is not here.
        """
        self.hashed(call_id, leg)
        plain = self._plain_recording(call_id, leg)
        kept = self.keep(recording)
        try:
            self._keys.note(call_id, str(leg), kept, saying=saying)
        except CallError as error:
            if not isinstance(error, Unavailable):  # the answer may have been lost, and not what was noted
                self.discard(kept)
            raise
        with suppress(Unavailable):  # the old bytes open no more, and the daily run removes them
            self._remove(call_id)
            if plain is not None:
                self._remove_plain(plain.rpartition("/")[2])
        return kept

    # What is made of them for listening

    def put_copy(self, call_id: str, copy: Path) -> None:
        """Keeps the copy for listening (FLAC) of a call, in place of an earlier one."""
        self._put(call_id, COPY, self.keep(copy))

    def copy_size(self, call_id: str) -> int:
        """Bytes of the copy for listening. Raises NotFound if there is none."""
        return self._copy(call_id)[1]

    def read_copy(self, call_id: str, *, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Bytes ``[start, end)`` of the copy for listening in blocks; up to its end if ``end`` is None.

        Raises Invalid if that is not a stretch of the copy, NotFound if there is none.
        """
        found, size = self._copy(call_id)
        end = size if end is None else end
        if not 0 <= start <= end <= size:
            raise Invalid(f"The sound has {size} bytes; {start} to {end} is no part of it.")
        if start == end:
            return iter(())
        if isinstance(found, str):
            return self.blobs.read(found, (start, end))
        name = place(found.sealed.name)

        def read(first: int, after: int) -> Iterator[bytes]:
            return self.blobs.read(name, (first, after))

        return open_part(read, sealed_size(size), opening(found.sealed), (start, end))

    def put_peaks(self, call_id: str, peaks: bytes) -> None:
        """Keeps how loud the copy for listening is from end to end (``worker.exchange.peaks``)."""
        with self.incoming() as incoming:
            incoming.write(peaks)
            self._put(call_id, PEAKS, self.keep(incoming))

    def read_peaks(self, call_id: str) -> bytes:
        """What ``put_peaks`` kept. Raises NotFound where nothing was."""
        found = self._keys.find(call_id, PEAKS)
        if found is None:
            return b"".join(self.blobs.read(self._plain_copy(call_id, ".peaks.json")))
        return b"".join(open_all(self.blobs.read(place(found.sealed.name)), opening(found.sealed)))

    def _copy(self, call_id: str) -> tuple[Kept | str, int]:
        """Where the copy lies, and its size."""
        found = self._keys.find(call_id, COPY)
        name = place(found.sealed.name) if found is not None else self._plain_copy(call_id, ".flac")
        size = self.blobs.size(name)
        if size is None:
            raise NotFound("There is no sound to listen to for this call yet.")
        return (found, found.size_bytes) if found is not None else (name, size)

    def _put(self, call_id: str, what: str, kept: Kept) -> None:
        try:
            self._keys.note(call_id, what, kept)
        except NotFound:
            self.discard(kept)
            raise
        with suppress(Unavailable):  # what was there opens no more, and the daily run removes it
            self._remove(call_id)

    # Erasing

    def erase(self, call_id: str) -> int:
        """Destroys all sound of a call: recordings, copy and peaks; how many pieces were removed.

        Once its keys are gone, nothing of it opens; asked again after a failure, it goes on with what is left. Whoever
        shares bytes in the clear has them sealed first.
        """
        shas = [leg.sha256 for leg in self._keys.legs(call_id) if leg.sha256 is not None]
        copies = [self._plain_copy(call_id, ending) for ending in (".flac", ".peaks.json")] if shas else []
        for sha256 in shas:
            for other, leg in self._keys.in_the_clear(sha256):
                if other != call_id:
                    self._seal(other, leg)
        self._keys.forget(call_id, *(f"{PLAIN_RECORDINGS}/{sha256}" for sha256 in shas), *copies)
        return self._remove(call_id)

    def remove_noted(self) -> int:
        """Removes everything that is noted to be removed, of any call; how much that was."""
        return self._remove()

    def _remove(self, call_id: str | None = None) -> int:
        """Removes what is to be removed, and notes that it is."""
        removed = 0
        for name in self._keys.to_remove(call_id):
            removed += self.blobs.size(name) is not None
            self.blobs.remove(name)
            self._keys.removed(name)
        return removed

    def clear(self) -> int:
        """Removes what is to be removed of any call, and sealed bytes that became no sound of any; how many those
        were. A process was killed before it could."""
        self.remove_noted()
        before = time.time() - NOBODYS_AFTER_S
        old = [name for name, kept_at in self.blobs.names(FOLDER) if kept_at < before]
        named = self._keys.named([name.rpartition("/")[2] for name in old])
        nobodys = [name for name in old if name.rpartition("/")[2] not in named]
        for name in nobodys:
            self.blobs.remove(name)
        return len(nobodys)

    def _is_whole(self, kept: Kept) -> bool:
        hashed = hashlib.sha256()
        try:
            for block in open_all(self.blobs.read(place(kept.sealed.name)), opening(kept.sealed)):
                hashed.update(block)
        except (NotFound, BrokenRecord):
            return False
        return hashed.hexdigest() == kept.sha256


def _there(name: str | None) -> str:
    if name is None:
        raise NotFound("This recording is not here, or was erased.")
    return name


@contextmanager
def _file_beside(to: Path) -> Iterator[tuple[IO[bytes], Path]]:
    """A file in the same folder, to be renamed once it is right; gone if it was not."""
    to.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=to.parent, prefix=f".{to.name}.", delete=False) as file:
        path = Path(file.name)
        try:
            yield file, path
        finally:
            path.unlink(missing_ok=True)
