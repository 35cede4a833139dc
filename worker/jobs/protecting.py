"""The sound of a call after it was protected: overwritten wherever it lies, and only then made ready to be heard.

1. Where the call says what nobody may keep, the kept recording itself is overwritten, with an entry in the log.
2. The tracks on this machine's scratch disk are overwritten, and its copies of the recordings removed.
3. The copy for listening is made of what is left.

All of it follows from the recording and the cuts, and is done again from the beginning by whoever takes the stage over:
what was overwritten before stays as it is.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from worker.core.call import Recording
from worker.core.errors import Unavailable
from worker.core.protection import NEVER_KEPT, WHY_OVERWRITTEN, Cut, Overwritten, Protected
from worker.core.sound import Sound
from worker.exchange.listening_copy import write_listening_copy
from worker.exchange.peaks import peaks_of
from worker.jobs.scratch import Scratch
from worker.record.sound_keys import Kept
from worker.record.sounds import SoundStore
from worker.record.standing import StoredCall
from worker.stages.protecting.sound_cuts import CutRecording, cut_recording, in_recordings, overwrite_tracks, shred


@dataclass(frozen=True)
class Overwriting:
    """The overwriting of one call's sound. Every method raises Unavailable where a disk or a store cannot be used."""

    call: StoredCall
    sounds: SoundStore
    scratch: Scratch

    def run(self, sound: Sound, cuts: Sequence[Cut]) -> None:
        """All three steps."""
        self._overwrite_recordings(in_recordings([cut for cut in cuts if cut.kind in NEVER_KEPT], sound))
        overwrite_tracks(sound, cuts)
        self._keep_listening_copy(sound)

    def _overwrite_recordings(self, of_leg: dict[int, tuple[Overwritten, ...]]) -> None:
        # Known by what is kept now: what lies on the scratch disk may be what was kept before.
        for one in self.scratch.recordings(self.call, None):
            shred(one.path)
        if not of_leg:
            return
        for place, recording in enumerate(self.scratch.recordings(self.call, self.sounds)):
            leg, stretches = self.call.legs[place], of_leg.get(place + 1, ())
            if stretches:
                self._overwrite(leg.number, recording, stretches)
            shred(recording.path)

    def _overwrite(self, leg: int, recording: Recording, stretches: tuple[Overwritten, ...]) -> None:
        was = self.sounds.hashed(self.call.id, leg).sha256
        with self._new_file() as path:
            cut = cut_recording(recording, stretches, path)
            if cut is None:  # whoever had this stage before did it
                return
            says = partial(_says, leg=leg, was=was, cut=cut, stretches=stretches)
            self.sounds.replace(self.call.id, leg, path, saying=says)

    def _keep_listening_copy(self, sound: Sound) -> None:
        # In a file of its own: another worker that was given this stage too may be writing one.
        with self._new_file(suffix=".flac") as path:
            write_listening_copy(sound, path)
            self.sounds.put_copy(self.call.id, path)
            self.sounds.put_peaks(self.call.id, peaks_of(path))

    @contextmanager
    def _new_file(self, *, suffix: str = "") -> Iterator[Path]:
        """A file of its own on the scratch disk, gone afterwards."""
        folder = self.scratch.of(self.call)
        try:
            folder.mkdir(parents=True, exist_ok=True)  # the tracks may lie in that of another worker of this machine
            with tempfile.NamedTemporaryFile(dir=folder, suffix=suffix, delete=False) as file:
                path = Path(file.name)
        except OSError as error:
            raise Unavailable("The scratch disk cannot be written. Is it full?") from error
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)


def _says(kept: Kept, *, leg: int, was: str, cut: CutRecording, stretches: tuple[Overwritten, ...]) -> Protected:
    return Protected(leg, was, kept.sha256, kept.size_bytes, cut.file_name, cut.codec, stretches, WHY_OVERWRITTEN)
