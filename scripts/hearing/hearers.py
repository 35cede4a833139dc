"""Those who hear the calls: On Record's own stages up to the statements, and plain faster-whisper beside them.

Both have their models loaded before the first call. Each lives in a process of its own, so that the memory of one says
nothing of the other, and they work in turn.
"""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from models.devices import pick_device
from scripts.hearing.tokens import HeardWord
from worker.bootstrap.adapters import model_folder, ports
from worker.core.call import CallDetails
from worker.core.listening import joined, without
from worker.core.record import MadeBy
from worker.core.sound import Interval
from worker.core.transcript import SpeakerStretch, Turn
from worker.process import ShowStage, work_stages
from worker.settings import read_settings
from worker.stages import PROTECT, STAGES

NOBODY = "nobody"
"""The speaker of words that nobody was found to say."""


@dataclass(frozen=True)
class Heard:
    """What one hearer made of one call. ``voices`` are None of one that tells none apart."""

    words: tuple[HeardWord, ...]
    voices: tuple[SpeakerStretch, ...] | None
    seconds_by_stage: Mapping[str, float]
    peak_mb: float


class Hearer(Protocol):
    """Hears one recording after the other."""

    def hear(self, sound: Path) -> Heard: ...


class OnRecord:
    """The stages before the statements, with the models that the settings name."""

    def __init__(self) -> None:
        self._ports = ports(read_settings())
        for name in ("voice_detector", "transcriber", "diarizer"):
            load: Any = self._ports[name]
            load()

    def work(self, sound: Path, show: ShowStage) -> tuple[dict[str, Any], list[MadeBy]]:
        """What every stage before anything is protected gives of one recording, with no details of the call given."""
        names = [stage.name for stage in STAGES]
        with tempfile.TemporaryDirectory(prefix="onrecord-") as scratch:
            return work_stages(
                sound,
                CallDetails(),
                stages=STAGES[: names.index(PROTECT)],
                ports=self._ports,
                scratch=Path(scratch),
                code_revision="bench",
                show=show,
            )

    def hear(self, sound: Path) -> Heard:
        """What the stages heard in one recording."""
        forget_peak()
        values, made_by = self.work(sound, lambda stage, share: None)  # noqa: ARG005 -- nobody watches
        conversation, voices = values["spoken"], values["voices"]
        return Heard(
            words=tuple(
                HeardWord(
                    word.text,
                    word.start_s,
                    word.end_s,
                    word.confidence,
                    turn.channel,
                    turn.speaker or NOBODY,
                    turn.party.value,
                )
                for turn in conversation.turns
                for word in turn.words
            ),
            voices=with_machines(voices.stretches, conversation.turns),
            seconds_by_stage={made.stage: made.seconds for made in made_by},
            peak_mb=peak_mb(),
        )


def with_machines(voices: Sequence[SpeakerStretch], turns: Sequence[Turn]) -> tuple[SpeakerStretch, ...]:
    """The voices with announcements on a mixed track under the speaker that the record gives them."""
    known = {voice.speaker for voice in voices}
    announced = [turn for turn in turns if turn.channel is None and turn.speaker not in {None, *known}]
    cut = joined(Interval(turn.start_s, turn.end_s) for turn in announced)
    told = [SpeakerStretch(str(turn.speaker), turn.start_s, turn.end_s) for turn in announced]
    for voice in voices:
        left = without((Interval(voice.start_s, voice.end_s),), cut)
        told.extend(SpeakerStretch(voice.speaker, part.start_s, part.end_s) for part in left)
    return tuple(sorted(told, key=lambda stretch: (stretch.start_s, stretch.end_s)))


class FasterWhisper:
    """Plain faster-whisper with the same weights, beam and word times, batched, its own voice detector on."""

    BEAM = 5
    BATCH = 8

    def __init__(self) -> None:
        from faster_whisper import BatchedInferencePipeline, WhisperModel

        settings = read_settings()
        folder = model_folder(settings, settings.speech_model)
        device = pick_device(settings.device)
        self._model = BatchedInferencePipeline(
            WhisperModel(
                str(folder),
                device=device,
                compute_type="float16" if device == "cuda" else "int8",
                cpu_threads=settings.threads,
                local_files_only=True,
            )
        )

    def hear(self, sound: Path) -> Heard:
        """Each track transcribed alone. Only the transcription is timed, not the reading of the file."""
        import av
        from faster_whisper import decode_audio

        with av.open(str(sound)) as opened:
            stereo = opened.streams.audio[0].channels == 2
        forget_peak()
        tracks = decode_audio(str(sound), split_stereo=True) if stereo else (decode_audio(str(sound)),)
        words: list[HeardWord] = []
        seconds = 0.0
        for channel, track in enumerate(tracks):
            started = time.perf_counter()
            segments, _ = self._model.transcribe(
                track, beam_size=self.BEAM, batch_size=self.BATCH, word_timestamps=True
            )
            words.extend(
                HeardWord(word.word.strip(), word.start, word.end, word.probability, channel if stereo else None)
                for segment in segments
                for word in segment.words
            )
            seconds += time.perf_counter() - started
        return Heard(tuple(words), None, {"transcribe": seconds}, peak_mb())


HEARERS: Mapping[str, type[OnRecord] | type[FasterWhisper]] = {
    "on-record": OnRecord,
    "faster-whisper": FasterWhisper,
}

_loaded: dict[str, Hearer] = {}


def hear(name: str, sound: Path) -> Heard:
    """What the hearer of that name makes of a recording; it is loaded the first time, in the process that asks."""
    if name not in _loaded:
        _loaded[name] = HEARERS[name]()
    return _loaded[name].hear(sound)


def forget_peak() -> None:
    """The system's note of the most memory held is of what comes from here on; off Linux, of the whole process."""
    notes = Path("/proc/self/clear_refs")
    if notes.exists():
        notes.write_text("5")


def peak_mb() -> float:
    """The most memory that this process held since."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
