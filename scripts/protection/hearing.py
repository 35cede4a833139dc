"""The spoken examples through the real stages, from the recording to the cuts, and whether what is marked can be heard.

A marked stretch is known to the sample (`voices`). It counts as found if no more of its sound than `AUDIBLE_S` is left
uncovered by the cuts of its channel: frames of 10 ms louder than `LOUD_DBFS`, counted together. A spoken digit lasts
longer, so a stretch of which one digit can still be heard is missed. By which kind it was cut does not matter here:
what is gone is gone. A look-alike counts as cut if kinds that are cut or masked by default cover a
quarter of its sound.
"""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from scripts.protection.reading import Example
from scripts.protection.scores import Score
from scripts.protection.voices import Heard, Voices, speak_example
from scripts.telephone_sounds import FRAME_SAMPLES, SAMPLE_RATE_HZ, Sound, measure_levels
from worker.core.call import CallDetails
from worker.core.protection import DEFAULT_ACTIONS, NEVER_KEPT, Action, Cut, Kind, Rules
from worker.core.transcript import Conversation
from worker.settings import read_settings
from worker.stages import PROTECT, STAGES

AUDIBLE_S = 0.15
LOUD_DBFS = -45.0
LOOKALIKE_SHARE = 0.25
EVERYTHING = Rules({kind: Action.CUT for kind in Kind if kind not in NEVER_KEPT})
"""What is kept or masked by default is cut here too, so that each kind's recall can be measured."""

Told = Callable[[str], None]


class Hearing:
    """The stages up to ``protect``, with the models that the settings name, told of a call nothing but its language.

    What is heard in a recording is kept beside it, so that finders can be tried again in no time; ``anew`` forgets it.
    """

    def __init__(self, *, anew: bool = False) -> None:
        self._anew = anew
        names = [stage.name for stage in STAGES]
        self._before, self._protect = STAGES[: names.index(PROTECT)], STAGES[names.index(PROTECT)]

    @cached_property
    def _ports(self) -> dict[str, Any]:
        from worker.bootstrap.adapters import ports

        return {**ports(read_settings()), "protection": EVERYTHING}

    def hear(self, recording: Path, language: str) -> Conversation:
        """The protected conversation. The language is told, as a line that is set up tells it; nothing else is."""
        kept = recording.with_suffix(".heard")
        if self._anew or not kept.is_file():
            from worker.process import work_stages

            with tempfile.TemporaryDirectory(prefix="onrecord-") as scratch:
                values, _ = work_stages(
                    recording,
                    CallDetails(language=language),
                    stages=self._before,
                    ports=self._ports,
                    scratch=Path(scratch),
                    code_revision="bench",
                    show=lambda stage, share: None,  # noqa: ARG005 -- nobody watches
                )
            kept.write_bytes(pickle.dumps([values[name] for name in self._protect.requires]))
        given = pickle.loads(kept.read_bytes())  # noqa: S301 -- written above
        run: Any = self._protect.run
        protected: Conversation = run(*given, protection=EVERYTHING, progress=lambda share: None)  # noqa: ARG005 -- as above
        return protected


def score_spoken(examples: Iterable[Example], folder: Path, packages: Path, *, anew: bool, tell: Told) -> Score:
    """What is left to hear of the examples that are spoken. Sounds and what was heard are kept in the folder."""
    hearing, voices = Hearing(anew=anew), Voices(packages)
    score = Score()
    for example in examples:
        if example.spoken is not None:
            path, heard = speak_example(example.spoken, voices, folder)
            score.add(score_one(example.spoken, heard, hearing.hear(path, example.language), path))
            tell(example.id)
    return score


def score_one(example: Example, heard: Sequence[Heard], protected: Conversation, recording: Path) -> Score:
    """One example: ``heard`` says where its marks are in the recording."""
    sound, _ = soundfile.read(recording, always_2d=True)
    score = Score()
    for one in heard:
        mark = example.marks[one.mark]
        text = " ".join(example.turns[mark.turn].words[mark.first : mark.end])
        own = [cut for cut in protected.cuts if one.channel in cut.channels]
        left_s, whole_s = audible_s(sound[:, one.channel], one, own)
        for kind in mark.kinds:
            score.marked[kind] += 1
            score.found[kind] += left_s <= AUDIBLE_S
            if left_s > AUDIBLE_S:
                score.misses.append(f"{example.id}: {kind} is heard for {left_s:.2f} s of {whole_s:.2f}: {text}")
        if mark.is_lookalike:
            shown, _ = audible_s(
                sound[:, one.channel], one, [c for c in own if DEFAULT_ACTIONS[c.kind] is not Action.KEEP]
            )
            is_cut = whole_s - shown > LOOKALIKE_SHARE * whole_s
            score.lookalikes += 1
            score.lookalikes_cut += is_cut
            if is_cut:
                score.misses.append(f"{example.id}: look-alike cut: {text}")
    return score


def audible_s(track: Sound, one: Heard, cuts: Sequence[Cut]) -> tuple[float, float]:
    """How long a marked stretch sounds outside of the cuts, and how long it sounds at all, in seconds."""
    first, end = (round(edge_s * SAMPLE_RATE_HZ) for edge_s in (one.start_s, one.end_s))
    loud = measure_levels(track[first:end]) > LOUD_DBFS  # (frames,)
    starts_s = one.start_s + np.arange(loud.size) * FRAME_SAMPLES / SAMPLE_RATE_HZ
    covered = np.zeros(loud.size, dtype=bool)
    for cut in cuts:
        covered |= (starts_s >= cut.start_s) & (starts_s + FRAME_SAMPLES / SAMPLE_RATE_HZ <= cut.end_s)
    frame_s = FRAME_SAMPLES / SAMPLE_RATE_HZ
    return float((loud & ~covered).sum() * frame_s), float(loud.sum() * frame_s)
