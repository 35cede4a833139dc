"""A track's samples: read from a mapped scratch file, and let go again."""

from __future__ import annotations

from array import array
from pathlib import Path

import pytest

from worker.core.sound import Interval, Track, let_go


def track(folder: Path, *, sample_count: int) -> Track:
    path = folder / "0.f32"
    with path.open("wb") as file:
        file.truncate(sample_count * 4)
        file.write(array("f", [0.25, -0.5]).tobytes())
    return Track(0, path, sample_count, peak=0.5, rms=0.1)


def resident_mb() -> float:
    status = Path("/proc/self/status")
    if not status.exists():
        pytest.skip("This system does not say how much memory a process holds.")
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def test_what_was_let_go_is_there_when_it_is_read_again(tmp_path: Path) -> None:
    samples = track(tmp_path, sample_count=16).samples()
    assert samples[:2].tolist() == [0.25, -0.5]
    let_go(samples)
    assert samples[:2].tolist() == [0.25, -0.5]


def test_a_long_track_that_is_walked_along_takes_no_memory_once_let_go(tmp_path: Path) -> None:
    samples = track(tmp_path, sample_count=16_000_000).samples()
    before_mb = resident_mb()
    assert sum(samples[::1024]) == 0.25
    read_mb = resident_mb() - before_mb
    let_go(samples)
    assert read_mb > 30, "mapped sound counts as memory once it was read"
    assert resident_mb() - before_mb < read_mb / 2


def test_a_stretch_is_clamped_to_its_track_and_samples_of_no_file_are_left_alone(tmp_path: Path) -> None:
    samples = track(tmp_path, sample_count=16).samples(Interval(-1.0, 9.0))
    assert len(samples) == 16
    let_go(memoryview(b"\0\0\0\0").cast("f"))
