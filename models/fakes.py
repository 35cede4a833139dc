"""Stand-ins for the models, for tests: small, exact, and true to the same ports as the real adapters.

They know loud from quiet and high from low, nothing else. ``tests/contract`` holds them to what it holds the real ones
to. Each says "fake" for its model, so whatever it made cannot pass for the work of a model.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from worker.core.errors import Invalid
from worker.core.ports import MadeWith, Progress
from worker.core.sound import SAMPLE_RATE_HZ, Interval, Samples
from worker.core.transcript import SpeakerStretch, Transcription, Word
from worker.core.wording import content_stems, tokenize

Array: TypeAlias = npt.NDArray[np.float32]

FAKE = MadeWith("fake", "1")

LOUD = 0.003
"""RMS from which the fakes take sound for speech: -50 dB."""
FRAME = SAMPLE_RATE_HZ // 50
PAUSE_FRAMES = 15
"""Quiet frames, 20 ms each, that do not end a burst of sound."""


def find_bursts(samples: Samples) -> tuple[Interval, ...]:
    """Stretches of sound that are not quiet for 0.3 s, to 20 ms; what the fakes take for speech."""
    track: Array = np.asarray(samples, dtype=np.float32)
    frames = np.pad(track, (0, -len(track) % FRAME)).reshape(-1, FRAME)  # (frames, 320)
    loud = np.flatnonzero(np.sqrt(np.square(frames).mean(axis=1)) >= LOUD)
    bursts: list[Interval] = []
    for group in np.split(loud, np.flatnonzero(np.diff(loud) > PAUSE_FRAMES) + 1):
        if len(group):
            last = min((int(group[-1]) + 1) * FRAME, len(track))
            bursts.append(Interval(int(group[0]) * FRAME / SAMPLE_RATE_HZ, last / SAMPLE_RATE_HZ))
    return tuple(bursts)


class FakeVoiceDetector:
    """Takes every loud sound for speech, music as well."""

    made_with = FAKE

    def find_speech(
        self,
        samples: Samples,
        *,
        sure: bool = False,  # noqa: ARG002  # the port has it; the fake is never in doubt
    ) -> tuple[Interval, ...]:
        """See ``VoiceDetector``."""
        return find_bursts(samples)


class FakeTranscriber:
    """Hears the words of its script where there is sound and it is asked to listen; without one, numerals.

    ``script`` holds words in seconds of the track, ordered by start. One script serves all tracks of a call: a word is
    heard on the tracks that are loud in the middle of it. ``languages`` are those it knows, the first the one it hears.
    """

    made_with = FAKE

    NUMERALS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    WORD_S = 0.4

    def __init__(
        self,
        script: Sequence[Word] = (),
        *,
        languages: Sequence[str] = ("en", "de"),
        language_confidence: float = 0.97,
    ) -> None:
        self._script = tuple(script)
        self._languages = tuple(languages)
        self._language_confidence = language_confidence

    def transcribe(
        self, samples: Samples, *, stretches: Sequence[Interval], language: str | None, progress: Progress
    ) -> Transcription:
        """See ``Transcriber``."""
        if language is not None and language not in self._languages:
            raise Invalid("The fake does not know this language.")
        progress(1.0)
        if not stretches:
            return Transcription((), None, None)
        bursts = _heard_within(samples, stretches)
        script = self._script or self._count(bursts)
        words = tuple(
            Word(word.text, max(word.start_s, stretch.start_s), min(word.end_s, stretch.end_s), word.confidence)
            for word in script
            for stretch in stretches
            if _holds(stretch, word) and any(_holds(burst, word) for burst in bursts)
        )
        if language is not None:
            return Transcription(words, language, None)
        if not words:
            return Transcription((), None, None)
        return Transcription(words, self._languages[0], self._language_confidence)

    def _count(self, bursts: Sequence[Interval]) -> tuple[Word, ...]:
        words: list[Word] = []
        for burst in bursts:
            for number in range(max(1, int(burst.length_s / self.WORD_S))):
                start_s = round(burst.start_s + number * self.WORD_S, 3)
                end_s = min(round(start_s + self.WORD_S, 3), burst.end_s)
                words.append(Word(self.NUMERALS[len(words) % len(self.NUMERALS)], start_s, end_s, 0.9))
        return tuple(words)


def _heard_within(samples: Samples, stretches: Sequence[Interval]) -> tuple[Interval, ...]:
    """The bursts of sound in the stretches, as if there were nothing else."""
    return tuple(
        Interval(first / SAMPLE_RATE_HZ + burst.start_s, first / SAMPLE_RATE_HZ + burst.end_s)
        for stretch in stretches
        for first in (round(stretch.start_s * SAMPLE_RATE_HZ),)
        for burst in find_bursts(samples[first : round(stretch.end_s * SAMPLE_RATE_HZ)])
    )


def _holds(stretch: Interval, word: Word) -> bool:
    """Whether the middle of the word lies in the stretch."""
    return stretch.start_s <= (word.start_s + word.end_s) / 2 < stretch.end_s


class FakeDiarizer:
    """Tells tones apart by their pitch: a burst that is a quarter higher or lower than all before is a new speaker."""

    made_with = FAKE

    def diarize(
        self,
        samples: Samples,
        *,
        stretches: Sequence[Interval],
        min_speakers: int,  # noqa: ARG002  # the port has it; a fake invents no second voice
        max_speakers: int,
        progress: Progress,
    ) -> tuple[SpeakerStretch, ...]:
        """See ``Diarizer``. Never finds two at once."""
        track: Array = np.asarray(samples, dtype=np.float32)
        pitches_hz: list[float] = []  # of the speakers, in order of appearance
        found: list[SpeakerStretch] = []
        for burst in _heard_within(samples, stretches):
            first, last = (round(edge_s * SAMPLE_RATE_HZ) for edge_s in (burst.start_s, burst.end_s))
            pitch_hz = _pitch_hz(track[first:last])
            distances = [abs(float(np.log(pitch_hz / known_hz))) for known_hz in pitches_hz]
            if not distances or (min(distances) > np.log(1.25) and len(pitches_hz) < max_speakers):
                pitches_hz.append(pitch_hz)
                number = len(pitches_hz)
            else:
                number = distances.index(min(distances)) + 1
            found.append(SpeakerStretch(f"speaker {number}", burst.start_s, burst.end_s))
        progress(1.0)
        return tuple(found)


def _pitch_hz(sound: Array) -> float:
    """The strongest frequency above the lowest rumble, in the first second of the sound."""
    spectrum = np.abs(np.fft.rfft(sound[:SAMPLE_RATE_HZ], n=SAMPLE_RATE_HZ))  # (8001,), one a hertz
    return float(spectrum[50:].argmax() + 50)


class Misbehaviour(StrEnum):
    """What real writing models have been seen to do."""

    INVENTS_A_NUMBER = "invents a number"
    SAYS_NOTHING = "says nothing"
    OBEYS_THE_PASSAGE = "obeys the passage"  # writes what the passage tells it to, after "write:"
    REPEATS_ITSELF = "repeats itself"  # until it is stopped


class FakeSummarizer:
    """Gives back the first line of the passage, without who said it; or misbehaves, when told to."""

    made_with = FAKE

    def __init__(self, *, misbehaviour: Misbehaviour | None = None) -> None:
        self._misbehaviour = misbehaviour

    def write(
        self,
        instruction: str,  # noqa: ARG002  # the port has it; the fake answers every one alike
        passage: str,
        *,
        max_words: int,
    ) -> str:
        """See ``Summarizer``."""
        lines = [line.strip() for line in passage.splitlines() if line.strip()]
        line = lines[0] if lines else ""
        speaker, colon, said = line.partition(": ")
        words = (said if colon and " " not in speaker else line).split()
        match self._misbehaviour:
            case Misbehaviour.SAYS_NOTHING:
                words = []
            case Misbehaviour.INVENTS_A_NUMBER:
                words = ["4711", "euros:", *words]
            case Misbehaviour.OBEYS_THE_PASSAGE if "write:" in passage:
                words = passage.partition("write:")[2].split()
            case Misbehaviour.REPEATS_ITSELF:
                words = words[:1] * max_words
        return " ".join(words[:max_words])


class FakeEntailment:
    """Holds a sentence for true by the share of its words of meaning that stand in the passage."""

    made_with = FAKE

    def entails(self, passage: str, sentence: str) -> float:
        """See ``Entailment``."""
        said = set(content_stems(tokenize(passage)))
        meant = content_stems(tokenize(sentence))
        return sum(meaning in said for meaning in meant) / len(meant) if meant else 0.0
