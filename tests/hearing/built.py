"""Calls put together for the tests of hearing, so that every word, second and party in them is known.

Speech is cut from the sample call, and for other voices and languages from `more_voices.flac`; all else is made by the
rules of `scripts/telephone_sounds.py`. `more_voices.flac` and `more_voices.json` are two of the files that come from
`python -m scripts.make_trial_calls OUT --scripts tests/hearing/scripts --packages VOICES`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

import numpy as np
import soundfile
from numpy.typing import NDArray

from scripts.telephone_sounds import SAMPLE_RATE_HZ, Sound, make_noise
from worker.core.call import Party
from worker.core.sound import Interval
from worker.core.transcript import CallWarning, Conversation, Hold, Listening, Transcript, Turn, Word

HERE = Path(__file__).parent
SAMPLE = HERE.parent.parent / "scripts" / "sample_call"
LINE_DBFS = -62.0
MARGIN_S = 0.04  # what is cut along with a sentence on either side: its softest sounds

Tracks: TypeAlias = NDArray[np.float64]
"""(samples, channels) at 8 kHz."""


@dataclass(frozen=True)
class Sentence:
    """One utterance as it was recorded, and who says it on which side."""

    text: str
    speaker: str
    channel: int
    sound: Sound


@dataclass(frozen=True)
class Said:
    """A sentence in its place in a call."""

    text: str
    speaker: str
    channel: int
    when: Interval


def read_sentences(recording: Path, reference: Path) -> tuple[Sentence, ...]:
    tracks, _ = soundfile.read(recording)  # (samples, 2)
    sentences = []
    for said in json.loads(reference.read_text(encoding="utf-8"))["utterances"]:
        start_s, end_s = (said.get(f"{edge}_s", said.get(edge)) for edge in ("start", "end"))
        first, last = (round(at_s * SAMPLE_RATE_HZ) for at_s in (start_s - MARGIN_S, end_s + MARGIN_S))
        sound = tracks[first:last, said["channel"]]
        sentences.append(Sentence(said["text"], said.get("speaker", said["role"]), said["channel"], sound))
    return tuple(sentences)


@dataclass
class Builder:
    """A call of two tracks while it is put together: each thing comes after all before it has ended."""

    said: list[Said] = field(default_factory=list)
    _placed: list[tuple[Sound, int, int]] = field(default_factory=list)
    end_s: float = 0.0

    def say(self, sentence: Sentence, *, pause_s: float = 0.4, channel: int | None = None) -> Said:
        """Puts a sentence on its own side, or on another; a pause below 0 lets it overlap what came before."""
        channel = sentence.channel if channel is None else channel
        placed = self.play(sentence.sound, channel, pause_s=pause_s - MARGIN_S)
        when = Interval(placed.start_s + MARGIN_S, placed.end_s - MARGIN_S)
        said = Said(sentence.text, sentence.speaker, channel, when)
        self.said.append(said)
        return said

    def play(self, sound: Sound, channel: int, *, pause_s: float = 0.4) -> Interval:
        """Puts any sound on a track."""
        start_s = max(0.0, self.end_s + pause_s)
        self._placed.append((sound, channel, round(start_s * SAMPLE_RATE_HZ)))
        placed = Interval(start_s, start_s + sound.size / SAMPLE_RATE_HZ)
        self.end_s = max(self.end_s, placed.end_s)
        return placed

    def wait(self, length_s: float) -> Interval:
        """Nothing on either track."""
        self.end_s += length_s
        return Interval(self.end_s - length_s, self.end_s)

    def finish(self, *, noise_dbfs: float | None = LINE_DBFS) -> Tracks:
        """The two tracks with the noise of their lines; None: lines that are quite silent."""
        samples = round((self.end_s + 0.8) * SAMPLE_RATE_HZ)
        tracks = np.zeros((samples, 2))
        for sound, channel, start in self._placed:
            tracks[start : start + sound.size, channel] += sound
        return tracks if noise_dbfs is None else add_noise(tracks, noise_dbfs)

    def by(self, *speakers: str) -> str:
        """All that these speakers say, in its order."""
        return " ".join(said.text for said in self.in_order if said.speaker in speakers)

    def on(self, channel: int) -> str:
        """All that is said on one track, in its order."""
        return " ".join(said.text for said in self.in_order if said.channel == channel)

    @property
    def in_order(self) -> list[Said]:
        return sorted(self.said, key=lambda said: said.when)


def add_noise(tracks: Tracks, level_dbfs: float) -> Tracks:
    """The noise of two lines, each its own."""
    noise = [make_noise(len(tracks), level_dbfs=level_dbfs, seed=channel) for channel in (0, 1)]
    return tracks + np.stack(noise, axis=1)


def mix(tracks: Tracks) -> Tracks:
    """Both parties on one track."""
    return tracks.mean(axis=1, keepdims=True)


@dataclass(frozen=True)
class Heard:
    """What the stages made of a call."""

    listening: Listening
    transcript: Transcript
    conversation: Conversation

    @cached_property
    def turns(self) -> tuple[Turn, ...]:
        return self.conversation.turns

    @cached_property
    def words(self) -> tuple[Word, ...]:
        return tuple(sorted((word for turn in self.turns for word in turn.words), key=lambda word: word.start_s))

    @property
    def warnings(self) -> tuple[CallWarning, ...]:
        return (*self.listening.warnings, *self.transcript.warnings, *self.conversation.warnings)

    @property
    def codes(self) -> set[str]:
        return {str(warning.code.value) for warning in self.warnings}

    def on(self, channel: int) -> str:
        """The text heard on one track."""
        return text_of(turn for turn in self.turns if turn.channel == channel)

    def by(self, party: Party) -> str:
        """The text given to one party."""
        return text_of(turn for turn in self.turns if turn.party is party)

    @property
    def text(self) -> str:
        return text_of(self.turns)

    def words_in(self, when: Interval, *, margin_s: float = 0.0) -> list[Word]:
        """Words that begin within a stretch, or a little before its end and after its start."""
        return [word for word in self.words if when.start_s + margin_s <= word.start_s < when.end_s - margin_s]

    def hold_over(self, when: Interval) -> Hold:
        """The one hold that lies on this stretch."""
        found = [hold for hold in self.listening.holds if Interval(hold.start_s, hold.end_s).overlap_s(when) > 0]
        assert len(found) == 1, f"one wait is one hold, but there are {found}"
        return found[0]

    def warned_about(self, when: Interval) -> set[str]:
        """The codes of the warnings that name a stretch which lies on this one."""
        return {
            str(warning.code.value)
            for warning in self.warnings
            if warning.start_s is not None
            and warning.end_s is not None
            and Interval(warning.start_s, warning.end_s).overlap_s(when) > 0
        }


def text_of(turns: Iterable[Turn]) -> str:
    return " ".join(turn.text for turn in turns)


# Comparing -------------------------------------------------------------------------------------------------------

UNITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
DIGITS = {word: str(number) for number, word in enumerate(UNITS)}
DIGITS |= {
    "ten": "1 0",
    "eleven": "1 1",
    "twenty": "2 0",
    "thirty": "3 0",
    "thirty-five": "3 5",
    "forty": "4 0",
    "thirteenth": "1 3",
}


def plain(text: str) -> list[str]:
    """Words to compare: small letters, no punctuation, and numbers as digits one by one, however they were written."""
    words: list[str] = []
    for word in re.findall(r"\d+|[^\W\d_]+(?:['’-][^\W\d_]+)*", text.lower()):
        if word.isdigit():
            words.extend(word)
        elif word not in ("th", "rd", "nd"):  # of a date
            words.extend(DIGITS.get(word, word.replace("’", "'")).split())
    return words


def count_errors(said: str, heard: str) -> int:
    """Words left out, put in and put for another (Levenshtein)."""
    row = list(range(len(plain(heard)) + 1))
    for at, word in enumerate(plain(said), 1):
        before, row[0] = row[0], at
        for other, guess in enumerate(plain(heard), 1):
            before, row[other] = row[other], min(row[other] + 1, row[other - 1] + 1, before + (word != guess))
    return row[-1]


def share_missing(said: str, heard: str) -> float:
    """Which share of what was said cannot be found in what was heard, in its order. What is heard too much is free."""
    words = plain(said)
    found = sum(block.size for block in match(words, plain(heard)))
    return 1 - found / len(words)


def match(said: Sequence[str], heard: Sequence[str]) -> list[tuple[int, int, int]]:
    return SequenceMatcher(None, said, heard, autojunk=False).get_matching_blocks()


def share_given_rightly(said: Sequence[Said], heard: Heard) -> float:
    """Of the words that were heard, how many were given to the voice that said them; voices are known by their most."""
    truth = [(word, one.speaker) for one in said for word in plain(one.text)]
    found = [(word, turn.speaker) for turn in heard.turns for word in plain(turn.text)]
    pairs = [
        (truth[block.a + at][1], found[block.b + at][1])
        for block in match([word for word, _ in truth], [word for word, _ in found])
        for at in range(block.size)
    ]
    assert len(pairs) >= 0.8 * len(truth), "most words are heard at all"
    means: dict[str | None, str] = {}
    for speaker in {label for _, label in pairs}:
        votes = [true for true, label in pairs if label == speaker]
        means[speaker] = max(sorted(set(votes)), key=votes.count)
    return sum(means[label] == true and label is not None for true, label in pairs) / len(pairs)


def count_loops(text: str, *, longest: int = 8, times: int = 4) -> int:
    """How often up to `longest` words come at least `times` times on end, as a recogniser that is stuck writes."""
    words = plain(text)
    return sum(
        words[at : at + size] * times == words[at : at + size * times]
        for size in range(1, longest + 1)
        for at in range(len(words) - size * times + 1)
        if not all(word.isdigit() for word in words[at : at + size])
    )
