"""Making what a stage gives: its values are gathered from the store, its files brought to this machine, and it is run.

What can be made again from the same bytes is made again where it is missing: decoded sound that lies on another
machine's disk, and what an earlier version stored in another form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from worker.core.call import KeptAs, Recording
from worker.core.errors import BrokenRecord
from worker.core.ports import Progress
from worker.core.protection import Protected
from worker.core.sound import Sound
from worker.core.stage import Made, Stage, run_stage
from worker.core.transcript import Conversation
from worker.jobs.protecting import Overwriting
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
                return self._recordings(with_bytes=stage.on_scratch)
            case _:
                maker = self.way.maker_of(name)
                try:
                    value: object = self.store.value(self.call.id, maker.name, maker.gives)
                except BrokenRecord:
                    # Stored by a version that gave it in another form: the call was on its way during an upgrade.
                    return self.make(maker, _ignore).value
                if stage.hears and maker.on_scratch and not _is_here(value):
                    # Another machine decoded it, or this one was cleaned: the same bytes give the same samples.
                    value = self.make(maker, _ignore).value
                return value

    def _recordings(self, *, with_bytes: bool) -> tuple[Recording, ...]:
        found = self.scratch.recordings(self.call, self.sounds if with_bytes else None)
        items = self.store.log.items(self.call.id)
        kept_as = {
            said.leg: KeptAs(said.sha256, said.file_name, said.codec)
            for said in (item.content for item in items)
            if isinstance(said, Protected)
        }
        return tuple(
            replace(one, kept_as=kept_as.get(leg.number)) for one, leg in zip(found, self.call.legs, strict=True)
        )

    def overwrite_sound(self, conversation: object) -> None:
        """Overwrites the sound of what was cut from a conversation wherever it lies, and makes what pages play.

        Raises Unavailable.
        """
        sound = self.used["sound"]
        if isinstance(sound, Sound) and isinstance(conversation, Conversation):
            Overwriting(self.call, self.sounds, self.scratch).run(sound, conversation.cuts)


def _is_here(value: object) -> bool:
    return isinstance(value, Sound) and all(track.path.exists() for track in value.tracks)


def _ignore(share: float) -> None:
    """Progress of a value that is made again: the stage that needs it reports its own."""
