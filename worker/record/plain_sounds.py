"""Sound that earlier versions kept in the clear, under its hash: found, sealed by and by, and removed."""

from __future__ import annotations

from worker.core.call import sound_id
from worker.core.errors import NotFound
from worker.record.blobs import Blobs
from worker.record.sealed_sounds import SealedSounds
from worker.record.sound_keys import COPY, PEAKS, PLAIN_COPIES, PLAIN_RECORDINGS, SoundKeys


class PlainSounds(SealedSounds):
    """Where the sound of calls lies that no row of ``SoundKeys`` names. Every method raises Unavailable."""

    def __init__(self, blobs: Blobs, keys: SoundKeys) -> None:
        super().__init__(blobs)
        self._keys = keys

    def seal_plain(self) -> int:
        """Seals what lies in the clear, and removes it there once all of it is sealed; how many recordings it were.

        It may be stopped at any time, and goes on where it was.
        """
        waiting = self._keys.in_the_clear()
        sealed = sum(self._seal(call_id, leg) for call_id, leg in waiting)
        if sealed == len(waiting):
            self.blobs.remove_below(PLAIN_RECORDINGS)
            self.blobs.remove_below(PLAIN_COPIES)
        return sealed

    def _seal(self, call_id: str, leg: int) -> bool:
        """Seals one recording, and what was made of its call for listening; False where there is none."""
        there = self._keys.leg(call_id, leg)
        if there is None or there.sha256 is None:
            return True
        for what, name in (
            (COPY, self._plain_copy(call_id, ".flac")),
            (PEAKS, self._plain_copy(call_id, ".peaks.json")),
            (str(leg), f"{PLAIN_RECORDINGS}/{there.sha256}"),  # the last: then nothing asks again
        ):
            try:
                with self.incoming() as incoming:
                    for block in self.blobs.read(name):
                        incoming.write(block)
                    kept = self.keep(incoming)
            except NotFound:
                if what == str(leg):
                    return False
                continue
            if what == str(leg) and kept.sha256 != there.sha256:
                self.discard(kept)
                return False
            if not self._keys.note(call_id, what, kept, if_new=True):
                self.discard(kept)
        return True

    def _plain_recording(self, call_id: str, leg: int) -> str | None:
        there = self._keys.leg(call_id, leg)
        return f"{PLAIN_RECORDINGS}/{there.sha256}" if there is not None and there.sha256 is not None else None

    def _plain_copy(self, call_id: str, ending: str) -> str:
        shas = [leg.sha256 for leg in self._keys.legs(call_id) if leg.sha256 is not None]
        return f"{PLAIN_COPIES}/{sound_id(shas)}{ending}"

    def _remove_plain(self, sha256: str) -> None:
        """Removes a recording in the clear unless others have no other one yet; those are sealed by and by."""
        if not self._keys.in_the_clear(sha256):
            self.blobs.remove(f"{PLAIN_RECORDINGS}/{sha256}")
