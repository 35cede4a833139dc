"""Making what a stage gives: its values are gathered from the store, its files brought to this machine, and it is run.

What can be made again from the same bytes is made again where it is missing: decoded sound that lies on another
machine's disk, and what an earlier version stored in another form.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from worker.core.errors import BrokenRecord, Unavailable
from worker.core.ports import Progress
from worker.core.sound import Sound
from worker.core.stage import Made, Stage, run_stage
from worker.exchange.listening_copy import write_listening_copy
from worker.exchange.peaks import peaks_of
from worker.jobs.scratch import Scratch
from worker.jobs.way import Way
from worker.record.sounds import SoundStore
from worker.record.standing import StoredCall
from worker.record.store import Store


@dataclass
class Making:
    """The making of one stage of one call. ``used`` are the values that the stage was given, by name."""

    call: StoredCall
    way: Way
    store: Store
    sounds: SoundStore
    scratch: Scratch
    ports: Mapping[str, object]
    code_revision: str
    used: dict[str, object] = field(default_factory=dict)

    def make(self, stage: Stage, progress: Progress) -> Made:
        """What the stage gives. Raises whatever the stage raises, and what the store does."""
        values = {name: self._value(name, stage) for name in stage.requires}
        self.used.update(values)
        ports = {**self.ports, "scratch": self.scratch.of(self.call)}
        return run_stage(stage, values, ports, code_revision=self.code_revision, progress=progress)

    def _value(self, name: str, stage: Stage) -> object:
        """One of the values that a stage requires: given with the call, or made by an earlier stage."""
        match name:
            case "details":
                return self.call.details
            case "made_by":
                return self.store.made_by(self.call.id)
            case "recordings":
                return self.scratch.recordings(self.call, self.sounds if stage.on_scratch else None)
            case _:
                maker = self.way.maker_of(name)
                try:
                    value: object = self.store.value(self.call.id, maker.name, maker.gives)
                except BrokenRecord:
                    # Stored by a version that gave it in another form: the call was on its way during an upgrade.
                    return self.make(maker, _ignore).value
                if maker.on_scratch and not _is_here(value):
                    # Another machine decoded it, or this one was cleaned: the same bytes give the same samples.
                    value = self.make(maker, _ignore).value
                return value

    def keep_listening_copy(self, sound: object) -> None:
        """Makes and keeps what pages play, of the one kind of value on scratch disks. Raises Unavailable."""
        if not isinstance(sound, Sound):
            return
        # In a file of its own: another worker that was given this stage too may be writing one.
        with _new_file(self.scratch.of(self.call), suffix=".flac") as path:
            write_listening_copy(sound, path)
            self.sounds.put_copy(self.call.sound_id, path)
            self.sounds.put_peaks(self.call.sound_id, peaks_of(path))


@contextmanager
def _new_file(folder: Path, *, suffix: str) -> Iterator[Path]:
    """A file of its own in a folder, gone afterwards."""
    try:
        with tempfile.NamedTemporaryFile(dir=folder, suffix=suffix, delete=False) as file:
            path = Path(file.name)
    except OSError as error:
        raise Unavailable("The scratch disk cannot be written. Is it full?") from error
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def _is_here(value: object) -> bool:
    return isinstance(value, Sound) and all(track.path.exists() for track in value.tracks)


def _ignore(share: float) -> None:
    """Progress of a value that is made again: the stage that needs it reports its own."""
