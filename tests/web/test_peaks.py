"""How loud a call is from end to end: what the player draws it from, counted once and kept beside the sound."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.web.conftest import Site
from tests.web.records import short_call
from worker.core.errors import BrokenRecord
from worker.exchange.peaks import LOUDEST, POINTS, peaks_of

RATE_HZ = 8000


def written(path: Path, samples: np.ndarray) -> Path:
    """A copy for listening with these samples, (frames, tracks)."""
    soundfile.write(path, samples, RATE_HZ, format="FLAC", subtype="PCM_16")
    return path


def test_each_track_is_drawn_by_itself_and_to_scale_with_time(tmp_path: Path) -> None:
    samples = np.zeros((2 * POINTS * 100, 2))
    samples[: POINTS * 100, 0] = 0.5  # the first half of one track
    samples[POINTS * 100 :, 1] = -0.25  # the second half of the other
    found = json.loads(peaks_of(written(tmp_path / "a.flac", samples)))
    one, other = found["peaks"]
    half = POINTS // 2
    assert found["duration_s"] == pytest.approx(len(samples) / RATE_HZ)
    assert (set(one[:half]), set(one[half:])) == ({LOUDEST // 2}, {0})
    assert (set(other[:half]), set(other[half:])) == ({0}, {LOUDEST // 4})


def test_one_loud_sample_shows_however_long_the_call_is(tmp_path: Path) -> None:
    samples = np.zeros((RATE_HZ * 300, 1))
    samples[RATE_HZ * 150] = 0.9
    (peaks,) = json.loads(peaks_of(written(tmp_path / "a.flac", samples)))["peaks"]
    assert [(at, loudness) for at, loudness in enumerate(peaks) if loudness] == [(POINTS // 2, 90)]


def test_a_call_shorter_than_the_drawing_has_a_point_for_each_sample(tmp_path: Path) -> None:
    found = json.loads(peaks_of(written(tmp_path / "a.flac", np.full((7, 1), 0.5))))
    assert found["peaks"] == [[LOUDEST // 2] * 7]


def test_what_is_no_sound_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "a.flac").write_bytes(b"no sound")
    with pytest.raises(BrokenRecord):
        peaks_of(tmp_path / "a.flac")


def test_a_copy_without_them_gets_them_when_the_page_asks_and_keeps_them(site: Site, tmp_path: Path) -> None:
    record = short_call()
    sound = written(tmp_path / "a.flac", np.full((800, 2), 0.5)).read_bytes()
    call_id = site.publish(record, sound=sound)
    address = site.link(call_id)
    answer = site.client.get(f"{address}/peaks.json")
    assert answer.json() == {"duration_s": 0.1, "peaks": [[50] * 800] * 2}
    assert site.sounds.read_peaks(call_id) == answer.content


def test_without_sound_there_is_nothing_to_draw(site: Site) -> None:
    assert site.client.get(f"{site.link(site.publish(short_call()))}/peaks.json").status_code == 404
