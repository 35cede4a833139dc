"""The committed sample call is what its reference says: every other test that measures against it rests on this one.

It listens to no words, only to levels: what was said is checked where a speech model is at hand.
"""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from scripts import make_sample_call
from scripts.speech_synthesis import MODEL_PARTS, VOICES_TARBALL

FOLDER = Path(__file__).parent.parent / "scripts" / "sample_call"


@pytest.fixture(scope="module")
def reference() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((FOLDER / "reference.json").read_text(encoding="utf-8"))
    return content


@pytest.fixture(scope="module")
def tracks() -> NDArray[np.int16]:
    samples, _ = soundfile.read(FOLDER / "call.flac", dtype="int16")
    return np.asarray(samples)  # (samples, 2)


def cut(tracks: NDArray[np.int16], channel: int, span: dict[str, Any]) -> NDArray[np.float64]:
    """The sound of `[start_s, end_s)` on one channel, in [-1, 1]."""
    start, end = (round(span[edge] * 8000) for edge in ("start_s", "end_s"))
    return tracks[start:end, channel] / 32768


def measure_dbfs(sound: NDArray[np.float64]) -> float:
    return float(10 * np.log10(np.mean(sound**2) + 1e-12))


def test_the_files_have_the_rate_channels_and_length_of_the_reference(reference: dict[str, Any]) -> None:
    for name, channels in (("call.flac", 2), ("call_mono.flac", 1)):
        info = soundfile.info(FOLDER / name)
        assert (info.samplerate, info.channels) == (reference["sample_rate"], channels)
        assert (info.format, info.subtype) == ("FLAC", "PCM_16")
        assert info.duration == pytest.approx(reference["duration_s"], abs=0.001)
        assert (FOLDER / name).stat().st_size < 1_500_000, "the sample call must stay small enough to be committed"
    assert 90 <= reference["duration_s"] <= 130


def test_the_mono_call_is_half_the_sum_of_the_tracks(tracks: NDArray[np.int16]) -> None:
    mono, _ = soundfile.read(FOLDER / "call_mono.flac", dtype="int16")
    assert np.array_equal(mono.astype(np.int32) * 2, tracks.sum(axis=1, dtype=np.int32))


def test_no_sample_is_clipped(tracks: NDArray[np.int16]) -> None:
    assert np.abs(tracks.astype(np.int32)).max() < 0.95 * 32768


def test_each_utterance_is_heard_on_its_own_channel_and_nothing_is_heard_outside(
    reference: dict[str, Any], tracks: NDArray[np.int16]
) -> None:
    silent = tracks / 32768
    for utterance in reference["utterances"]:
        assert reference["channels"][str(utterance["channel"])] == utterance["role"]
        assert -27 < measure_dbfs(cut(tracks, utterance["channel"], utterance)) < -17, utterance["text"]
    for span in reference["utterances"] + reference["holds"]:
        start, end = (round(span[edge] * 8000) for edge in ("start_s", "end_s"))
        silent[start:end, span["channel"]] = np.nan
    for channel in (0, 1):
        rest = silent[:, channel][~np.isnan(silent[:, channel])]
        assert -67 < measure_dbfs(rest) < -60, "between the utterances there is faint line noise and nothing else"


def test_during_the_hold_the_agent_leg_carries_music_and_the_customer_is_silent(
    reference: dict[str, Any], tracks: NDArray[np.int16]
) -> None:
    (hold,) = reference["holds"]
    assert hold["channel"] == 0
    assert 15 <= hold["end_s"] - hold["start_s"] <= 20
    assert measure_dbfs(cut(tracks, 1, hold)) < -60
    music = cut(tracks, 0, hold)
    half_seconds = music[: music.size // 4000 * 4000].reshape(-1, 4000)
    assert all(measure_dbfs(sound) > -35 for sound in half_seconds), "music does not pause as speech does"
    power = np.sort(np.abs(np.fft.rfft(half_seconds * np.hanning(4000), axis=1)) ** 2, axis=1)
    tonal_share = power[:, -40:].sum(axis=1) / power.sum(axis=1)  # 40 of 2001 bins: a handful of notes
    assert tonal_share.min() > 0.8, "music keeps its power in a few steady tones"


def test_the_reference_says_the_script_word_for_word_and_in_its_order(reference: dict[str, Any]) -> None:
    script = json.loads((FOLDER / "script.json").read_text(encoding="utf-8"))
    spoken = [(part["channel"], part["text"]) for part in script["parts"] if "text" in part]
    assert [(utterance["channel"], utterance["text"]) for utterance in reference["utterances"]] == spoken
    starts_s = [utterance["start_s"] for utterance in reference["utterances"]]
    assert starts_s == sorted(starts_s)


def test_exactly_one_pair_of_utterances_overlaps_and_only_briefly(reference: dict[str, Any]) -> None:
    utterances = reference["utterances"]
    overlaps_s = [before["end_s"] - after["start_s"] for before, after in pairwise(utterances)]
    (overlap_s,) = [overlap_s for overlap_s in overlaps_s if overlap_s > 0]
    assert 0.2 < overlap_s < 1


def test_the_generator_names_everything_that_is_missing_in_one_error(tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as stop:
        make_sample_call.main(["--packages", str(tmp_path), "--out", str(tmp_path)])
    message = str(stop.value)
    assert all(name in message for name in (*MODEL_PARTS, VOICES_TARBALL, "README.md"))
    assert list(tmp_path.iterdir()) == []
