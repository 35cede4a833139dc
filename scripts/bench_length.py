"""Measures whether long calls cost more than short ones: memory held, and time per minute of sound, stage by stage.

Usage: ``python -m scripts.bench_length RECORDING ... [--minutes 5 60 240] [--json]``. The recordings, all of one number
of channels, are joined again and again until a call of each length is made; all stages up to the statements work it in
a process of its own. Memory is the most that the process held, beside what it held for a call of 40 s; time is that of
the processors, without loading, so that it can be compared on a busy machine.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from itertools import cycle
from multiprocessing import get_context
from pathlib import Path

import soundfile
import soxr
from rich.console import Console
from rich.table import Table

from scripts.hearing.hearers import OnRecord, forget_peak, peak_mb

RATE_HZ = 8000
WARM_UP_S = 40.0


@dataclass(frozen=True)
class Cost:
    """What one length cost: processor seconds per minute of sound by stage, and megabytes."""

    minutes: float
    channels: int
    seconds_per_minute: float
    seconds_per_minute_by_stage: dict[str, float]
    loaded_mb: float
    peak_mb: float
    words: int
    speakers: int


def join(recordings: Sequence[Path], seconds: float, into: Path) -> None:
    """Writes a call of that length, made of the recordings one after the other, at 8 kHz."""
    left = round(seconds * RATE_HZ)
    with soundfile.SoundFile(into, "w", RATE_HZ, soundfile.info(recordings[0]).channels, "PCM_16") as file:
        for path in cycle(recordings):
            sound, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
            part = soxr.resample(sound, rate_hz, RATE_HZ)[:left]
            file.write(part)
            left -= len(part)
            if left == 0:
                return


def measure(recordings: Sequence[Path], minutes: float) -> Cost:
    """Works a call of that length, after a short one that loads and warms what is needed."""
    hearer = OnRecord()
    by_stage: dict[str, float] = {}

    def note(stage: str, share: float) -> None:
        if share == 0.0:
            by_stage[stage] = -time.process_time()
        elif share == 1.0 and by_stage[stage] < 0:
            by_stage[stage] += time.process_time()

    with tempfile.TemporaryDirectory(prefix="onrecord-") as folder:
        warm, long = Path(folder) / "warm.wav", Path(folder) / "long.wav"
        join(recordings, WARM_UP_S, warm)
        join(recordings, minutes * 60, long)
        forget_peak()
        hearer.work(warm, note)
        loaded_mb = peak_mb()
        by_stage.clear()
        forget_peak()
        values, _ = hearer.work(long, note)
    return Cost(
        minutes=minutes,
        channels=soundfile.info(recordings[0]).channels,
        seconds_per_minute=round(sum(by_stage.values()) / minutes, 3),
        seconds_per_minute_by_stage={stage: round(took / minutes, 3) for stage, took in by_stage.items()},
        loaded_mb=round(loaded_mb),
        peak_mb=round(peak_mb()),
        words=sum(len(turn.words) for turn in values["spoken"].turns),
        speakers=len({voice.speaker for voice in values["voices"].stretches}),
    )


def main() -> None:
    """Reads the arguments, measures each length and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recordings", type=Path, nargs="+")
    parser.add_argument("--minutes", type=float, nargs="+", default=[5.0, 60.0, 240.0])
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    given = parser.parse_args()
    if len({soundfile.info(path).channels for path in given.recordings}) > 1:
        parser.error("The recordings must all have the same number of channels.")
    costs = []
    for minutes in given.minutes:
        with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as apart:
            costs.append(apart.submit(measure, given.recordings, minutes).result())
    if given.json:
        print(json.dumps([asdict(cost) for cost in costs], indent=2))
        return
    table = Table("minutes", "s per minute", *costs[0].seconds_per_minute_by_stage, "MB loaded", "MB at most", "words")
    for cost in costs:
        stages = (f"{took:.2f}" for took in cost.seconds_per_minute_by_stage.values())
        table.add_row(
            f"{cost.minutes:g}",
            f"{cost.seconds_per_minute:.2f}",
            *stages,
            f"{cost.loaded_mb:.0f}",
            f"{cost.peak_mb:.0f}",
            str(cost.words),
        )
    Console().print(table)


if __name__ == "__main__":
    main()
