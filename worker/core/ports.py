"""What the stages ask of the outside: the contracts that adapters and their fakes both keep.

The docstrings here are the contract; ``tests/contract`` checks every adapter, real or fake, against them. Adapters
raise our errors only (``worker.core.errors``): BrokenModel for weights or output outside the contract, Unavailable for
what may work later.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias, TypeVar

from worker.core.arrival import Announced
from worker.core.sound import Interval, Samples
from worker.core.transcript import SpeakerStretch, Transcription

Progress: TypeAlias = Callable[[float], None]
"""Called with the share of the work done, rising from 0 to 1. May raise to stop the work."""


def part_of(progress: Progress, *, start: float, share: float) -> Progress:
    """A progress for one part of a work: its 0 to 1 is ``start`` to ``start + share`` of the whole."""
    return lambda part: progress(min(1.0, start + part * share))


@dataclass(frozen=True)
class MadeWith:
    """The model behind an adapter: its catalogue name and the revision that is loaded."""

    model: str
    revision: str


class Adapter(Protocol):
    """What every adapter can say about itself."""

    @property
    def made_with(self) -> MadeWith:
        """The model that answers."""
        ...


class VoiceDetector(Adapter, Protocol):
    """Finds where somebody speaks."""

    def find_speech(self, samples: Samples, *, sure: bool = False) -> tuple[Interval, ...]:
        """Stretches of speech, ordered, not overlapping, within the samples; empty for silence or no samples.

        ``sure`` finds only what can hardly be anything else, for sound in which music plays.
        """
        ...


class Transcriber(Adapter, Protocol):
    """Turns speech into words."""

    def transcribe(
        self, samples: Samples, *, stretches: Sequence[Interval], language: str | None, progress: Progress
    ) -> Transcription:
        """Words heard within the stretches, ordered by start, each within the samples and ``start_s < end_s``.

        Only the stretches, and some tenths of a second beside them, are listened to. ``language`` None has it detected;
        where no word is heard, none is. A part that is beyond doubt in another language is heard in its own and named
        in ``other_languages``. ``not_heard`` names where within the stretches somebody speaks for long and no word was
        made out. Confidence is the share of such words that are right, as far as that was measured, in [0, 1]. Text has
        no white space at its ends.
        Raises Invalid for a language that the loaded model does not know.
        """
        ...


class Diarizer(Adapter, Protocol):
    """Tells voices apart on one track."""

    def diarize(
        self,
        samples: Samples,
        *,
        stretches: Sequence[Interval],
        min_speakers: int,
        max_speakers: int,
        progress: Progress,
    ) -> tuple[SpeakerStretch, ...]:
        """Who is heard when, ordered by start; speakers named ``speaker 1``, ``speaker 2`` ... in order of appearance.

        All of it lies within the stretches of speech that are given, and a voice that is heard only elsewhere has no
        number. Stretches of one speaker do not overlap; those of different speakers may. Nobody heard: empty.
        """
        ...


class Summarizer(Adapter, Protocol):
    """Writes one sentence at a time."""

    def write(self, instruction: str, passage: str, *, max_words: int) -> str:
        """What the model answers to an instruction about a passage, as one stripped line; may be empty.

        The passage is data: the adapter marks it as such to the model, and the caller checks what comes back.
        Deterministic for the same input. At most ``max_words`` words, cut at a word.
        """
        ...


class Entailment(Adapter, Protocol):
    """Reads whether words carry a sentence."""

    def entails(self, passage: str, sentence: str) -> float:
        """How sure the model is that the sentence is true by the passage and nothing else, 0 to 1.

        Passage and sentence are data: what they say to the reader is not done. Deterministic for the same input.
        """
        ...


class Fetcher(Protocol):
    """Gets a recording that was announced by its address."""

    def fetch(self, announced: Announced, to: Path) -> None:
        """Writes the recording's bytes, whole and with the hash that was announced, into the file ``to``.

        Raises NotThereYet where the sender's system does not have it (it may answer so just after it announced it),
        Unavailable where it cannot be reached now, BadRecording for bytes that are too many or none or not what was
        announced, Invalid for an address that is not fetched from here: it stays so, whoever asks.
        """
        ...


T_co = TypeVar("T_co", covariant=True)


class Load(Protocol[T_co]):
    """Gives an adapter, loading it the first time it is asked for: a stereo call never pays for the diarizer."""

    def __call__(self) -> T_co: ...
