"""What the diarizer owes beyond its port's contract (tests/contract): no call home, honest limits, plain errors."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from models.diarizer import PyannoteDiarizer, import_pyannote_parts
from worker.core.errors import BrokenModel, Invalid, Unavailable
from worker.core.ports import MadeWith, Progress
from worker.core.sound import SAMPLE_RATE_HZ, Interval, Samples, Track
from worker.core.transcript import SpeakerStretch

ROOT = Path(__file__).parent.parent.parent
CALLS = ROOT.parent / "shared" / "data" / "calls" / "built"
PAIR = ("pyannote-segmentation-3.0", "campplus-zh-en")
OTHER_PAIR = ("pyannote-segmentation", "ge2e")

Weights = Callable[[str], Path]
Array = np.ndarray


def ignore(_: float) -> None:
    """A progress that nobody watches."""


def as_samples(sound: Array) -> Samples:
    return np.ascontiguousarray(sound, dtype=np.float32).data.toreadonly()


def tell_apart(
    diarizer: PyannoteDiarizer, samples: Samples, *, least: int = 1, most: int = 4, progress: Progress = ignore
) -> tuple[SpeakerStretch, ...]:
    everything = (Interval(0.0, len(samples) / SAMPLE_RATE_HZ),)
    return diarizer.diarize(samples, stretches=everything, min_speakers=least, max_speakers=most, progress=progress)


def load(weights: Weights, pair: tuple[str, str] = PAIR) -> PyannoteDiarizer:
    return PyannoteDiarizer(weights(pair[0]), weights(pair[1]), made_with=MadeWith(" + ".join(pair), "as fetched"))


@pytest.fixture(scope="session")
def diarizer(weights: Weights) -> PyannoteDiarizer:
    return load(weights)


@pytest.fixture(scope="session")
def mixed(sample_call: tuple[Samples, Samples]) -> Array:
    """24 s of the sample call: the agent (a man) greets, the customer (a woman) answers, twice."""
    agent, customer = (np.asarray(track[: 24 * SAMPLE_RATE_HZ]) for track in sample_call)
    return agent + customer


def built_call(name: str, *, start_s: float, end_s: float) -> Array:
    path = CALLS / f"{name}.wav"
    if not path.is_file():
        pytest.skip(f"The shared call {name} is not here.")
    sound, rate_hz = soundfile.read(path, dtype="float32")
    return soxr.resample(sound[int(start_s * rate_hz) : int(end_s * rate_hz)], rate_hz, SAMPLE_RATE_HZ)


@pytest.mark.models
class TestVoices:
    @pytest.mark.parametrize("pair", [PAIR, OTHER_PAIR], ids=" + ".join)
    def test_two_people_who_take_turns_are_told_apart(
        self, weights: Weights, mixed: Array, pair: tuple[str, str]
    ) -> None:
        """Who speaks at these moments is in scripts/sample_call/reference.json."""
        stretches = tell_apart(load(weights, pair), as_samples(mixed))
        at_s = {3.0: "speaker 1", 8.0: "speaker 2", 12.5: "speaker 1", 18.0: "speaker 2"}
        heard = {at: {s.speaker for s in stretches if s.start_s <= at < s.end_s} for at in at_s}
        assert heard == {at: {speaker} for at, speaker in at_s.items()}

    def test_a_third_voice_is_a_third_speaker(self, diarizer: PyannoteDiarizer) -> None:
        """A machine answers, then an agent and a customer talk: nobody said that a call has two voices."""
        stretches = tell_apart(diarizer, as_samples(built_call("built_dev_1_ivr_hold_mono", start_s=0, end_s=74)))
        assert {s.speaker for s in stretches} == {"speaker 1", "speaker 2", "speaker 3"}

    def test_hold_music_is_nobody(self, diarizer: PyannoteDiarizer) -> None:
        assert tell_apart(diarizer, as_samples(built_call("built_dev_4_no_speech_mono", start_s=0, end_s=30))) == ()

    def test_one_voice_alone_is_one_speaker(
        self, diarizer: PyannoteDiarizer, sample_call: tuple[Samples, Samples]
    ) -> None:
        agent, _ = sample_call
        assert {s.speaker for s in tell_apart(diarizer, agent[: 20 * SAMPLE_RATE_HZ])} == {"speaker 1"}

    def test_what_both_say_at_once_is_given_to_both(
        self, diarizer: PyannoteDiarizer, sample_call: tuple[Samples, Samples]
    ) -> None:
        """The customer's first words are laid over the agent's greeting."""
        agent, customer = (np.asarray(track) for track in sample_call)
        greeting = agent[: 6 * SAMPLE_RATE_HZ].copy()
        answer = customer[round(6.4 * SAMPLE_RATE_HZ) : round(10.8 * SAMPLE_RATE_HZ)]
        both = greeting.copy()
        both[SAMPLE_RATE_HZ : SAMPLE_RATE_HZ + len(answer)] += answer
        sound = np.concatenate([greeting, answer, both])
        stretches = tell_apart(diarizer, as_samples(sound))
        overlap_s = sum(
            max(0.0, min(one.end_s, other.end_s) - max(one.start_s, other.start_s))
            for one in stretches
            for other in stretches
            if one.speaker < other.speaker
        )
        assert overlap_s > 1.0

    def test_a_short_answer_between_two_long_turns_is_not_the_others(
        self, diarizer: PyannoteDiarizer, sample_call: tuple[Samples, Samples]
    ) -> None:
        """ "No." at 28.0 s and "One two three." at 106.7 s, each in the middle of what the agent says."""
        agent, customer = (np.asarray(track) for track in sample_call)
        stretches = tell_apart(diarizer, as_samples(agent + customer))
        heard = {at: {s.speaker for s in stretches if s.start_s <= at < s.end_s} for at in (3.0, 28.25, 107.3)}
        assert heard == {3.0: {"speaker 1"}, 28.25: {"speaker 2"}, 107.3: {"speaker 2"}}

    def test_outside_of_speech_nothing_is_asked_and_nobody_is_heard(
        self, diarizer: PyannoteDiarizer, mixed: Array
    ) -> None:
        """An hour of sound that is no speech costs nothing: seen by how often progress is reported."""
        hour = np.zeros(3600 * SAMPLE_RATE_HZ, dtype=np.float32)
        hour[: len(mixed)] = mixed
        speech = (Interval(0.0, 12.0),)
        reports: list[float] = []
        found = diarizer.diarize(
            as_samples(hour), stretches=speech, min_speakers=1, max_speakers=4, progress=reports.append
        )
        assert found
        assert max(stretch.end_s for stretch in found) <= 12.0
        assert len(reports) < 10

    def test_side_by_side_the_answer_is_the_same(
        self, diarizer: PyannoteDiarizer, weights: Weights, mixed: Array
    ) -> None:
        two = PyannoteDiarizer(weights(PAIR[0]), weights(PAIR[1]), made_with=MadeWith("a", "b"), threads=2)
        assert tell_apart(two, as_samples(mixed)) == tell_apart(diarizer, as_samples(mixed))

    @pytest.mark.parametrize("length_s", [0.05, 0.4, 1.0])
    def test_the_shortest_sounds_have_one_speaker_or_none(
        self, diarizer: PyannoteDiarizer, mixed: Array, length_s: float
    ) -> None:
        start = 2 * SAMPLE_RATE_HZ
        sound = mixed[start : start + round(length_s * SAMPLE_RATE_HZ)]
        assert {s.speaker for s in tell_apart(diarizer, as_samples(sound), least=2)} <= {"speaker 1"}

    def test_sound_in_a_mapped_file_is_read_where_it_lies(
        self, diarizer: PyannoteDiarizer, mixed: Array, tmp_path: Path
    ) -> None:
        """The mapping is read-only: a single write to it would end the process."""
        path = tmp_path / "track.f32"
        sound = mixed[: 12 * SAMPLE_RATE_HZ].astype(np.float32)
        path.write_bytes(sound.tobytes())
        track = Track(0, path, len(sound), peak=1.0, rms=0.1)
        assert tell_apart(diarizer, track.samples()) == tell_apart(diarizer, as_samples(sound))


@pytest.mark.models
class TestErrors:
    def test_no_memory_is_worth_another_try(self, diarizer: PyannoteDiarizer, mixed: Array) -> None:
        def fill(_: float) -> None:
            raise MemoryError

        with pytest.raises(Unavailable, match="memory"):
            tell_apart(diarizer, as_samples(mixed), progress=fill)

    def test_what_its_caller_raises_goes_through(self, diarizer: PyannoteDiarizer, mixed: Array) -> None:
        class OutOfTime(RuntimeError):
            pass

        def stop(_: float) -> None:
            raise OutOfTime

        with pytest.raises(OutOfTime):
            tell_apart(diarizer, as_samples(mixed), progress=stop)

    @pytest.mark.parametrize(("least", "most"), [(0, 2), (3, 2)])
    def test_bounds_that_make_no_sense_are_refused(self, diarizer: PyannoteDiarizer, least: int, most: int) -> None:
        with pytest.raises(Invalid):
            tell_apart(diarizer, as_samples(np.zeros(10)), least=least, most=most)

    def test_an_unknown_device_is_refused(self, weights: Weights) -> None:
        with pytest.raises(Invalid):
            PyannoteDiarizer(weights(PAIR[0]), weights(PAIR[1]), made_with=MadeWith("a", "b"), device="abacus")

    @pytest.mark.parametrize("lost", ["config.json", "model.safetensors"])
    def test_missing_weights_are_named(self, weights: Weights, tmp_path: Path, lost: str) -> None:
        shutil.copytree(weights(PAIR[0]), tmp_path / "half", ignore=shutil.ignore_patterns(lost))
        with pytest.raises(BrokenModel, match="half"):
            PyannoteDiarizer(tmp_path / "half", weights(PAIR[1]), made_with=MadeWith("a", "b"))
        with pytest.raises(BrokenModel, match="nowhere"):
            PyannoteDiarizer(weights(PAIR[0]), tmp_path / "nowhere", made_with=MadeWith("a", "b"))

    def test_truncated_weights_are_refused(self, weights: Weights, tmp_path: Path) -> None:
        whole = (weights(PAIR[1]) / "model.safetensors").read_bytes()
        (tmp_path / "model.safetensors").write_bytes(whole[: len(whole) // 2])
        with pytest.raises(BrokenModel):
            PyannoteDiarizer(weights(PAIR[0]), tmp_path, made_with=MadeWith("a", "b"))

    def test_weights_of_another_kind_of_model_are_refused(self, weights: Weights) -> None:
        with pytest.raises(BrokenModel):
            PyannoteDiarizer(weights(PAIR[0]), weights(PAIR[0]), made_with=MadeWith("a", "b"))
        with pytest.raises(BrokenModel):
            PyannoteDiarizer(weights(PAIR[1]), weights(PAIR[1]), made_with=MadeWith("a", "b"))

    @pytest.mark.parametrize("spoiled", PAIR)
    def test_weights_that_are_no_numbers_are_refused(self, weights: Weights, tmp_path: Path, spoiled: str) -> None:
        from safetensors.torch import load_file, save_file

        folders = {name: weights(name) for name in PAIR}
        tensors = load_file(weights(spoiled) / "model.safetensors")
        first = next(name for name, tensor in tensors.items() if tensor.is_floating_point())
        folders[spoiled] = tmp_path / spoiled
        shutil.copytree(weights(spoiled), folders[spoiled])
        save_file({**tensors, first: tensors[first] * float("nan")}, folders[spoiled] / "model.safetensors")
        with pytest.raises(BrokenModel, match="damaged"):
            PyannoteDiarizer(folders[PAIR[0]], folders[PAIR[1]], made_with=MadeWith("a", "b"))


QUIET_RUN = """
import os, socket, sys, threading
from pathlib import Path

def refuse(*_):
    os.write(2, b"somebody calls home")
    os._exit(3)  # an exception could be swallowed, or raised in another thread

socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refuse

import numpy as np
from models.diarizer import PyannoteDiarizer
from worker.core.ports import MadeWith
from worker.core.sound import Interval

diarizer = PyannoteDiarizer(Path(sys.argv[1]), Path(sys.argv[2]), made_with=MadeWith("a", "b"))
noise = np.random.default_rng(1).normal(0, 0.1, 5 * 16_000).astype(np.float32)
everything = [Interval(0.0, 5.0)]
sound = noise.data.toreadonly()
diarizer.diarize(sound, stretches=everything, min_speakers=1, max_speakers=4, progress=lambda _: None)
assert threading.active_count() == 1, threading.enumerate()
assert os.environ["PYANNOTE_METRICS_ENABLED"] == "0"
assert os.environ["OTEL_SDK_DISABLED"] == "false"
"""


@pytest.mark.models
def test_nobody_is_called_and_nothing_is_warned_of(weights: Weights) -> None:
    """Even where the machine's settings ask for telemetry. Every warning is an error there, as it is here."""
    settings = {**os.environ, "PYANNOTE_METRICS_ENABLED": "true", "OTEL_SDK_DISABLED": "false", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", QUIET_RUN, str(weights(PAIR[0])), str(weights(PAIR[1]))],
        env=settings,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.fixture(scope="session", params=["CamPlusPlus", "VoiceEncoder"])
def network(request: pytest.FixtureRequest):
    import torch

    import_pyannote_parts()  # switches off what would warn
    from models import voices

    torch.manual_seed(5)
    return getattr(voices, request.param)().eval()


class TestVoiceNetworks:
    """Whatever their weights, these hold. Random weights are enough."""

    def test_a_second_of_sound_is_a_hundred_frames(self, network) -> None:
        import torch

        assert len(network.find_features(torch.zeros(SAMPLE_RATE_HZ))) in (98, 101)

    def test_utterances_of_any_length_become_points(self, network) -> None:
        import torch

        frames = network.find_features(torch.randn(5 * SAMPLE_RATE_HZ) / 10)
        with torch.inference_mode():
            points = network.embed([frames[: network.fewest_frames], frames[:150], frames])
        assert points.shape == (3, network.dimension)
        assert points.isfinite().all()

    def test_an_utterance_is_the_same_point_in_any_company(self, network) -> None:
        import torch

        frames = network.find_features(torch.randn(5 * SAMPLE_RATE_HZ) / 10)
        with torch.inference_mode():
            together = network.embed([frames[:150], frames[100:250], frames[:80]])
            alone = torch.cat([network.embed([one]) for one in (frames[:150], frames[100:250], frames[:80])])
        assert torch.allclose(together, alone, atol=1e-4)

    def test_a_quiet_voice_is_the_same_voice(self, network) -> None:
        import torch

        voice = torch.randn(3 * SAMPLE_RATE_HZ) / 100
        with torch.inference_mode():
            normal, quiet = network.embed([network.find_features(voice), network.find_features(voice / 10)])
        assert torch.cosine_similarity(normal, quiet, dim=0) > 0.99


@pytest.mark.models
@pytest.mark.parametrize("name", ["campplus-zh-en", "ge2e"])
def test_points_of_one_voice_lie_nearer_than_those_of_two(
    weights: Weights, sample_call: tuple[Samples, Samples], name: str
) -> None:
    import torch

    from models.voices import load_voice_network

    network = load_voice_network(weights(name) / "model.safetensors")
    spoken_s = ((0, 0.9, 3.2), (0, 3.4, 5.8), (1, 14.4, 17.4), (1, 18.0, 23.5))
    with torch.inference_mode():
        points = network.embed(
            [
                network.find_features(
                    torch.tensor(
                        sample_call[track][round(start * SAMPLE_RATE_HZ) : round(end * SAMPLE_RATE_HZ)].tolist()
                    )
                )
                for track, start, end in spoken_s
            ]
        )
    near = torch.nn.functional.normalize(points) @ torch.nn.functional.normalize(points).T
    assert min(near[0, 1], near[2, 3]) > near[:2, 2:].max() + 0.1
