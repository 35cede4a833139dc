"""Measures who-spoke-when on calls whose true answer is known, for each way of diarizing that On Record has.

FOLDER holds a manifest.json with a list "audio" of {"file", "rttm", "channels", ...}, paths relative to it. Every file
of one channel that has an RTTM is diarized. For each way there are two lines: with 1 to 4 speakers allowed, as On
Record runs it, and with exactly 2 asked for. What is counted, as pyannote.metrics does, with a collar of 0.25 s and
overlapping speech included, in per cent of the true speech:

    DER    diarization error rate: the sum of the next three
    miss   speech of somebody that was given to nobody
    false  speech that was given to somebody and is none of theirs or no speech at all
    conf   speech that was given to the wrong speaker: what makes a record say that the customer said the agent's words

Every way is told where speech is, as the worker's ``listen`` stage tells it: here that is the true speech, with short
pauses and a margin, so that the figures are of voices told apart and not of speech found. ``stock`` is pyannote's own
pipeline with the same weights, told nothing, and cut to the same speech afterwards.

Each way runs in a process of its own on one thread. Time is processor time per second of sound, without loading;
memory is the most that the process held.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr

from worker.core.listening import Intervals, joined
from worker.core.ports import MadeWith
from worker.core.sound import SAMPLE_RATE_HZ, Interval, Samples
from worker.core.transcript import SpeakerStretch

COLLAR_S = 0.25
BOUNDS = ((1, 4), (2, 2))

NEWER, OLDER = "pyannote-segmentation-3.0", "pyannote-segmentation"
CAMPPLUS, GE2E = "campplus-zh-en", "ge2e"
STOCK = "stock"
"""pyannote's own pipeline as its release 3.1 sets it up, with the same weights: what our way is held against."""
WAYS = {
    f"{NEWER} + {CAMPPLUS}": (NEWER, CAMPPLUS),
    f"{NEWER} + {GE2E}": (NEWER, GE2E),
    f"{OLDER} + {CAMPPLUS}": (OLDER, CAMPPLUS),
    f"{OLDER} + {GE2E}": (OLDER, GE2E),
    STOCK: (NEWER, CAMPPLUS),
}

Diarize = Callable[[Samples, Intervals, int, int], list[SpeakerStretch]]

MARGIN_S = 0.25
PAUSE_S = 0.5
"""What a voice detector adds around speech, and the pauses that it does not see."""


@dataclass(frozen=True)
class Measured:
    """One file, diarized one way. Times in seconds, errors in per cent of the true speech (None: there is none)."""

    way: str
    speakers_asked: str
    file: str
    der: float | None
    miss: float | None
    false: float | None
    conf: float | None
    speakers: int
    true_speakers: int
    heard_s: float
    sound_s: float
    processor_s: float
    peak_memory_mb: int


def main() -> None:
    """Measures and prints a table, or JSON lines."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder of calls with their manifest.json")
    parser.add_argument("--json", action="store_true", help="one JSON object per file and way instead of tables")
    parser.add_argument("--way", action="append", choices=sorted(WAYS), help="only this way; may be given again")
    parser.add_argument(
        "--file", action="append", default=[], help="only files whose name has this in it; again as well"
    )
    parser.add_argument(
        "--models", type=Path, default=Path.home() / ".cache" / "onrecord" / "models", help="folder of fetched weights"
    )
    arguments = parser.parse_args()
    calls = list(find_calls(arguments.folder, arguments.file))
    if not calls:
        parser.error(f"No file of one channel with an RTTM is named in {arguments.folder / 'manifest.json'}.")
    for way in arguments.way or WAYS:
        with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as apart:
            found = apart.submit(measure, way, calls, arguments.models).result()
        if arguments.json:
            for one in found:
                print(json.dumps(asdict(one)), flush=True)
        else:
            print_tables(way, found)


def find_calls(folder: Path, wanted: list[str]) -> Iterator[tuple[Path, Path]]:
    """Sound and RTTM of each call."""
    for entry in json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["audio"]:
        is_wanted = not wanted or any(part in entry["file"] for part in wanted)
        if entry.get("rttm") and entry["channels"] == 1 and is_wanted:
            yield folder / entry["file"], folder / entry["rttm"]


def measure(way: str, calls: list[tuple[Path, Path]], models: Path) -> list[Measured]:
    """Diarizes every call one way, each with both bounds."""
    with contextlib.redirect_stdout(sys.stderr):  # pyannote's clustering prints
        diarize = load_stock(models) if way == STOCK else load_ours(models, *WAYS[way])
        return [_measure_one(way, diarize, *call, bounds) for bounds in BOUNDS for call in calls]


def load_ours(models: Path, segmentation: str, voices: str) -> Diarize:
    """Our adapter, as the worker runs it."""
    from models.diarizer import PyannoteDiarizer

    diarizer = PyannoteDiarizer(models / segmentation, models / voices, made_with=MadeWith("bench", "bench"))

    def diarize(samples: Samples, speech: Intervals, least: int, most: int) -> list[SpeakerStretch]:
        found = diarizer.diarize(
            samples, stretches=speech, min_speakers=least, max_speakers=most, progress=lambda _: None
        )
        return list(found)

    return diarize


def load_stock(models: Path) -> Diarize:
    """pyannote's SpeakerDiarization with the settings of pyannote/speaker-diarization-3.1, and our voice network."""
    import warnings

    from models.diarizer import import_pyannote_parts

    parts = import_pyannote_parts()
    import torch
    from pyannote.audio.core.plda import PLDA
    from pyannote.audio.pipelines import SpeakerDiarization

    from models.conversion import WEIGHTS_FILE
    from models.voices import load_voice_network

    class NoPLDA(PLDA):
        """The pipeline insists on one, though only another clustering uses it, and would ask a hub for it."""

        def __init__(self) -> None:
            """Nothing to load."""

    torch.set_num_threads(1)
    pipeline: Any = SpeakerDiarization(
        legacy=True,
        segmentation=parts.load_segmentation(models / NEWER, window_s=None),
        segmentation_batch_size=32,
        embedding=_as_pyannote_model(load_voice_network(models / CAMPPLUS / WEIGHTS_FILE)),
        embedding_batch_size=32,
        clustering="AgglomerativeClustering",
        plda=NoPLDA(),
    )
    clustering = {"method": "centroid", "min_cluster_size": 12, "threshold": 0.7045654963945799}
    pipeline.instantiate({"segmentation": {"min_duration_off": 0.0}, "clustering": clustering})

    def diarize(samples: Samples, speech: Intervals, least: int, most: int) -> list[SpeakerStretch]:
        sound = {"waveform": torch.from_numpy(np.array(samples)[None]), "sample_rate": SAMPLE_RATE_HZ}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = pipeline(sound, min_speakers=least, max_speakers=most)
        return [
            SpeakerStretch(name, max(part.start, heard.start_s), min(part.end, heard.end_s))
            for part, _, name in found.itertracks(yield_label=True)
            for heard in speech
            if heard.overlap_s(Interval(part.start, part.end)) > 0
        ]

    return diarize


def _as_pyannote_model(network: Any) -> Any:
    """A voice network in the shape that pyannote's pipeline asks for."""
    import math

    import torch
    import torch.nn.functional as F  # noqa: N812 - the name by which everybody knows it
    from pyannote.audio import Model
    from pyannote.audio.core.task import Problem, Resolution, Specifications

    class VoicePoint(Model):
        def __init__(self) -> None:
            super().__init__(sample_rate=SAMPLE_RATE_HZ)
            self.network = network
            self.specifications = Specifications(
                problem=Problem.REPRESENTATION, resolution=Resolution.CHUNK, duration=10.0
            )

        @property
        def dimension(self) -> int:
            return int(network.dimension)

        def forward(self, waveforms: Any, weights: Any) -> Any:  # type: ignore[override]  # pyannote narrows it as well
            """Windows (batch, 1, samples) and where one speaks in each (batch, frames) -> (batch, dimension).

            The frames are cut out. Where there are too few the numbers are NaN, which the clustering knows.
            """
            points = torch.full((len(waveforms), self.dimension), math.nan)
            for row, (waveform, speaks) in enumerate(zip(waveforms[:, 0], weights, strict=True)):
                features = network.find_features(waveform)
                chosen = F.interpolate(speaks[None, None], size=len(features), mode="nearest")[0, 0] > 0.5
                if chosen.sum() >= network.fewest_frames:
                    points[row] = network.embed([features[chosen]])[0]
            return points

    return VoicePoint()


def _measure_one(way: str, diarize: Diarize, sound: Path, rttm: Path, bounds: tuple[int, int]) -> Measured:
    import warnings

    from pyannote.metrics.diarization import DiarizationErrorRate

    samples, truth = read_sound(sound), read_rttm(rttm)
    speech = joined((Interval(max(0.0, one.start_s - MARGIN_S), one.end_s + MARGIN_S) for one in truth), gap_s=PAUSE_S)
    started = time.process_time()
    stretches = diarize(samples, speech, *bounds)
    processor_s = time.process_time() - started
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="'uem' was approximated")  # all of the sound is to be judged
        counts = DiarizationErrorRate(collar=COLLAR_S)(_annotate(truth), _annotate(stretches), detailed=True)

    def per_cent(name: str) -> float | None:
        return round(100 * counts[name] / counts["total"], 2) if counts["total"] else None

    parts = [per_cent(name) for name in ("missed detection", "false alarm", "confusion")]
    return Measured(
        way=way,
        speakers_asked=f"{bounds[0]}..{bounds[1]}",
        file=sound.stem,
        der=None if None in parts else round(sum(part for part in parts if part is not None), 2),
        miss=parts[0],
        false=parts[1],
        conf=parts[2],
        speakers=len({stretch.speaker for stretch in stretches}),
        true_speakers=len({stretch.speaker for stretch in truth}),
        heard_s=round(sum(stretch.end_s - stretch.start_s for stretch in stretches), 2),
        sound_s=round(len(samples) / SAMPLE_RATE_HZ, 2),
        processor_s=round(processor_s, 2),
        peak_memory_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    )


def read_sound(path: Path) -> Samples:
    """One channel at 16 kHz, read-only, as the stages hand it over."""
    sound, rate_hz = soundfile.read(path, dtype="float32")
    return memoryview(soxr.resample(sound, rate_hz, SAMPLE_RATE_HZ).astype(np.float32).tobytes()).cast("f")


def read_rttm(path: Path) -> list[SpeakerStretch]:
    """The true stretches: SPEAKER file channel start length <NA> <NA> name."""
    fields = (line.split() for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("SPEAKER"))
    return [SpeakerStretch(part[7], float(part[3]), float(part[3]) + float(part[4])) for part in fields]


def _annotate(stretches: list[SpeakerStretch]) -> Any:
    from pyannote.core import Annotation, Segment

    annotation = Annotation()
    for number, stretch in enumerate(stretches):
        annotation[Segment(stretch.start_s, stretch.end_s), number] = stretch.speaker
    return annotation


def print_tables(way: str, found: list[Measured]) -> None:
    """A line per file, and the mean over the files in which anybody speaks."""
    sound_s = sum(one.sound_s for one in found)
    speed = sum(one.processor_s for one in found) / sound_s
    print(f"\n{way}: {speed:.3f} s of one processor per second of sound, at most {found[-1].peak_memory_mb} MB")
    for asked in dict.fromkeys(one.speakers_asked for one in found):
        lines = [one for one in found if one.speakers_asked == asked]
        print(f"  {asked + ' speakers':<40} {'DER':>6} {'miss':>6} {'false':>6} {'conf':>6}  speakers (true)")
        for one in lines:
            errors = (one.der, one.miss, one.false, one.conf)
            shown = "".join("      –" if error is None else f" {error:6.1f}" for error in errors)
            heard = "" if one.der is not None else f", {one.heard_s:.1f} s taken for speech"
            print(f"  {one.file:<40}{shown}  {one.speakers} ({one.true_speakers}){heard}")
        spoken = [one for one in lines if one.der is not None]
        means = (np.mean([getattr(one, name) for one in spoken]) for name in ("der", "miss", "false", "conf"))
        print(f"  {'mean':<40}" + "".join(f" {mean:6.1f}" for mean in means), flush=True)


if __name__ == "__main__":
    main()
