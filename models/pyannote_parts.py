"""On Record's own way of telling voices apart, around pyannote's segmentation model: windows, pieces, voices.

A segmentation model hears windows of some seconds and says who of at most three speaks in each frame; a voice network
turns pieces of one speaker into points; ``models.voice_trails`` joins the windows and groups the points. What differs
from pyannote's pipeline, which ``scripts/bench_diarization.py`` runs with the same weights for comparison:

- only windows that hold speech are heard, and only speech in them: music and holds cost nothing and become nobody;
- windows are 5 s long. In 10 s, for which segmentation-3.0 was trained, it takes two like voices for one. Much shorter
  windows take music for speech;
- windows are joined first, by the frames that they share, so that each second of speech is asked about once; pyannote
  asks about each speaker of each window, and windows overlap four times;
- a piece that is nearly as much like a second voice is looked at again in shorter parts: a short answer hides there;
- models are built from ``config.json`` and ``model.safetensors`` (see ``models.conversion``): nothing is unpickled and
  nothing is asked of a hub.

This module imports torch and pyannote.audio when it is imported: ``models.diarizer`` does so when it is built, after it
has switched off what calls home.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import numpy as np
import torch
from pyannote.audio.core.task import Problem, Resolution, Specifications
from pyannote.audio.models.segmentation import PyanNet
from pyannote.audio.utils.powerset import Powerset

from models.conversion import CONFIG_FILE, WEIGHTS_FILE
from models.voice_trails import (
    FRAME_SAMPLES,
    FRAMES_PER_S,
    Numbers,
    Piece,
    Trails,
    as_directions,
    cut_evenly,
    group_voices,
    voice_runs,
)
from models.voices import FRAME_STEP, SAMPLE_RATE_HZ, VoiceNetwork, read_weights
from worker.core.errors import BrokenModel
from worker.core.ports import Progress
from worker.core.sound import Interval, Samples, let_go

Given = TypeVar("Given")
Made = TypeVar("Made")
Heard: TypeAlias = tuple[int, float, float]
"""A voice, counted from 0, and the seconds from which to which it is heard."""

ARCHITECTURE = "pyannote.audio.models.segmentation.PyanNet.PyanNet"

WINDOW_S = 5.0
"""Half of what segmentation-3.0 was trained on, and just what the older one was."""
STEP_FRAMES = 74
"""From one window to the next: 1.25 s. Every frame is heard four times; with half as many windows errors grew by a
tenth, and a fifth of the time was saved."""
FRAME_OFFSET = 360
"""Samples before the first frame: a frame is the middle of the 991 samples that the model sees for it."""
ONSET = 0.5
"""The older model gives each speaker a probability: here speech begins. The newer one says yes or no itself."""
SEGMENTATION_BATCH = {"cpu": 8, "cuda": 256}
"""Windows at once. On a processor more is no quicker and takes memory, 6 MB a window."""
EMBEDDING_BATCH = {"cpu": 8, "cuda": 256}
"""Pieces at once, likewise."""

UNDECIDED = 2.0
"""A piece that is less than this much more like one voice than like the next, counted in what makes two voices of one,
may be of both."""
PART_S = 0.7
"""Such a piece is cut into parts of this length; a part goes to another voice where it is more like that one by what
makes two voices of one. Short parts are vague."""


def load_segmentation(folder: Path, *, window_s: float | None = WINDOW_S) -> PyanNet:
    """A segmentation model from its folder, to be run in windows of at most ``window_s`` (None: as it was trained).

    Raises: BrokenModel if the files are missing, damaged, or of another model than they say.
    """
    try:
        config = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BrokenModel(f"The config.json in {folder.name} cannot be read. Run `onrecord models fetch`.") from error
    weights = read_weights(folder / WEIGHTS_FILE)
    try:
        if config["architecture"] != ARCHITECTURE:
            raise BrokenModel("The segmentation model is of a kind that is not known here. Choose another one.")
        made_for = config["specifications"]
        model = PyanNet(**config["hyper_parameters"])
        model.specifications = Specifications(
            problem=Problem[made_for["problem"]],
            resolution=Resolution[made_for["resolution"]],
            duration=min(made_for["duration"], window_s or math.inf),
            warm_up=tuple(made_for["warm_up"]),
            classes=made_for["classes"],
            powerset_max_classes=made_for["powerset_max_classes"],
            permutation_invariant=made_for["permutation_invariant"],
        )
        # Adds the last layer, whose size depends on the specifications. (pyannote gives this method no types.)
        model.setup()  # type: ignore[no-untyped-call]
        model.load_state_dict(weights)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise BrokenModel("The segmentation model's files do not fit together. Run `onrecord models check`.") from error
    return model.eval()


class Diarization:
    """Who speaks when, with a segmentation model and a voice network. ``threads`` batches at once on a processor."""

    def __init__(self, segmentation: PyanNet, voices: VoiceNetwork, *, device: str, threads: int) -> None:
        self._device = torch.device(device)
        self._segmentation = segmentation.to(self._device)
        self._voices = voices.to(self._device)
        made_for: Any = segmentation.specifications  # pyannote allows for several, and this model has one
        self._powerset: Powerset | None = None
        if made_for.powerset:
            self._powerset = Powerset(len(made_for.classes), made_for.powerset_max_classes).to(self._device)
        self._window = round(made_for.duration * SAMPLE_RATE_HZ)  # samples
        self._window_frames = segmentation.num_frames(self._window)
        self._threads = 1 if self._device.type == "cuda" else threads

    def __call__(
        self,
        samples: Samples,
        stretches: Sequence[Interval],
        *,
        min_speakers: int,
        max_speakers: int,
        segmented: Progress,
        asked: Progress,
    ) -> list[Heard]:
        """Who is heard in the stretches, in no order. Progress comes apart for the windows and for the pieces."""
        trails = self._follow(samples, stretches, segmented)
        pieces = trails.pieces()
        if not pieces:
            return []
        points = self._find_points(samples, pieces, asked)
        lengths_s = np.array([piece.length_s for piece in pieces])
        centres = group_voices(
            points, lengths_s, two_voices=self._voices.two_voices, least=min_speakers, most=max_speakers
        )
        likeness = points @ centres.T  # (pieces, voices)
        voices = likeness.argmax(axis=1)
        pieces, voices = self._look_again(samples, trails, pieces, voices, likeness, centres)
        runs = voice_runs(trails.found, pieces, voices.tolist())
        return [(voice, _seconds(first), _seconds(last)) for voice, (first, last) in runs]

    def _follow(self, samples: Samples, stretches: Sequence[Interval], progress: Progress) -> Trails:
        """The trails of all windows that hold speech."""
        count = 1 + max(0, math.ceil((len(samples) - self._window) / (STEP_FRAMES * FRAME_SAMPLES)))
        frames = (count - 1) * STEP_FRAMES + self._window_frames
        is_speech = np.zeros(frames, dtype=np.uint8)
        for stretch in stretches:
            is_speech[max(0, _frame(stretch.start_s)) : max(0, _frame(stretch.end_s) + 1)] = 1
        firsts = [
            first
            for first in range(0, count * STEP_FRAMES, STEP_FRAMES)
            if is_speech[first : first + self._window_frames].any()
        ]
        trails = Trails(frames=frames, window=self._window_frames)
        batches = _batches(firsts, SEGMENTATION_BATCH[self._device.type])
        with closing(self._each(lambda batch: self._segment(samples, batch), batches)) as work:
            for done, (batch, speaks) in enumerate(zip(batches, work, strict=True), start=1):
                for first, window in zip(batch, speaks, strict=True):
                    trails.add(first, window * is_speech[first : first + self._window_frames, None])
                let_go(samples)
                progress(done / len(batches))
        trails.close()
        return trails

    def _segment(self, samples: Samples, firsts: Sequence[int]) -> Numbers:
        """Who speaks in the windows that begin at these frames: (windows, frames, speakers) of 0 and 1."""
        windows = np.zeros((len(firsts), 1, self._window), dtype=np.float32)
        for window, first in zip(windows, firsts, strict=True):
            heard = samples[first * FRAME_SAMPLES : first * FRAME_SAMPLES + self._window]
            window[0, : len(heard)] = heard
        scores = self._segmentation(torch.from_numpy(windows).to(self._device))
        speaks = scores > ONSET if self._powerset is None else self._powerset.to_multilabel(scores)
        found: Numbers = speaks.to(torch.uint8).cpu().numpy()
        return found

    def _find_points(self, samples: Samples, pieces: Sequence[Piece], progress: Progress) -> Numbers:
        """The direction of each piece, (pieces, dimension)."""
        # By length, so that those of a batch can be asked about together; the order in which they come is kept aside.
        order = sorted(range(len(pieces)), key=lambda place: pieces[place].asked[1] - pieces[place].asked[0])
        batches = _batches(order, EMBEDDING_BATCH[self._device.type])
        points = np.zeros((len(pieces), self._voices.dimension), dtype=np.float32)
        with closing(
            self._each(lambda batch: self._embed(samples, [pieces[at].asked for at in batch]), batches)
        ) as work:
            for done, (batch, found) in enumerate(zip(batches, work, strict=True), start=1):
                points[batch] = found
                let_go(samples)
                progress(done / len(batches))
        return as_directions(points)

    def _embed(self, samples: Samples, asked: Sequence[tuple[int, int]]) -> Numbers:
        """The point of the sound in each run of frames, (runs, dimension)."""
        utterances = []
        for first, last in asked:
            start = first * FRAME_SAMPLES + FRAME_OFFSET
            # The end of a call may come amid a frame; what is too short for the network is filled up with silence.
            end = max(last * FRAME_SAMPLES + FRAME_OFFSET, start + (self._voices.fewest_frames + 2) * FRAME_STEP)
            sound = np.zeros(end - start, dtype=np.float32)
            heard = samples[start:end]
            sound[: len(heard)] = heard
            utterances.append(self._voices.find_features(torch.from_numpy(sound).to(self._device)))
        found: Numbers = self._voices.embed(utterances).cpu().numpy()
        return found

    def _look_again(
        self,
        samples: Samples,
        trails: Trails,
        pieces: Sequence[Piece],
        voices: Numbers,
        likeness: Numbers,
        centres: Numbers,
    ) -> tuple[list[Piece], Numbers]:
        """The pieces, the undecided ones in shorter parts, and the voice of each."""
        sure: list[tuple[Piece, int]] = []
        parts: list[tuple[Piece, int]] = []
        for piece, voice, row in zip(pieces, voices.tolist(), likeness, strict=True):
            others = np.delete(row, voice)
            cuts = cut_evenly((piece.first, piece.last), longest_s=PART_S)
            if len(others) and row[voice] - others.max() < UNDECIDED * self._voices.two_voices and len(cuts) > 1:
                parts += [(trails.piece(piece.trail, *cut), voice) for cut in cuts]
            else:
                sure.append((piece, voice))
        if parts:
            nearness = self._find_points(samples, [part for part, _ in parts], lambda _: None) @ centres.T
            nearness[np.arange(len(parts)), [voice for _, voice in parts]] += self._voices.two_voices
            sure += [(part, int(voice)) for (part, _), voice in zip(parts, nearness.argmax(axis=1), strict=True)]
        return [piece for piece, _ in sure], np.array([voice for _, voice in sure])

    def _each(self, work: Callable[[Given], Made], given: Sequence[Given]) -> Generator[Made, None, None]:
        """What the work makes of each, in order. torch's own threads hardly help with models of this size: on a
        processor whole batches run side by side instead. Closed early, it leaves the rest undone."""

        def run(one: Given) -> Made:
            with torch.inference_mode():  # holds for the thread that says it
                return work(one)

        pool = ThreadPoolExecutor(self._threads)
        try:
            yield from pool.map(run, given)
        finally:
            pool.shutdown(cancel_futures=True)


def _batches(given: Sequence[int], size: int) -> list[Sequence[int]]:
    return [given[start : start + size] for start in range(0, len(given), size)]


def _frame(second: float) -> int:
    return math.floor(second * FRAMES_PER_S - FRAME_OFFSET / FRAME_SAMPLES)


def _seconds(frame: int) -> float:
    return (frame * FRAME_SAMPLES + FRAME_OFFSET) / SAMPLE_RATE_HZ
