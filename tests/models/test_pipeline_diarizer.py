"""A whole pyannote pipeline in a folder, as ``pyannote-community-1`` is one, keeps the port and runs nothing in it.

Its own weights cannot be had without an account, so the folder is made here in their shape: community-1's settings, a
segmentation model with random weights (or the fetched one of 3.0), a voice model and a PLDA with random ones. How well
voices are told apart is therefore not tested; that the answers keep their shape and their bounds is.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import nullcontext
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import soxr

from models.diarizer import PyannotePipelineDiarizer, import_pyannote_parts
from worker.core.errors import BrokenModel, Invalid
from worker.core.ports import MadeWith, Progress
from worker.core.sound import SAMPLE_RATE_HZ, Interval, Samples
from worker.core.transcript import SpeakerStretch

ROOT = Path(__file__).parent.parent.parent
MONO_CALL = ROOT / "scripts" / "sample_call" / "call_mono.flac"

# As community-1 has it, but for the step, which is 0.1 there and would make these tests slow.
CONFIG = """
dependencies:
  pyannote.audio: 4.0.0
pipeline:
  name: pyannote.audio.pipelines.SpeakerDiarization
  params:
    clustering: VBxClustering
    segmentation: $model/segmentation
    segmentation_step: 0.25
    segmentation_batch_size: 32
    embedding: $model/embedding
    embedding_batch_size: 32
    embedding_exclude_overlap: true
    plda: $model/plda
params:
  clustering: {threshold: 0.6, Fa: 0.07, Fb: 0.8}
  segmentation: {min_duration_off: 0.0}
"""

Weights = Callable[[str], Path]


def ignore(_: float) -> None:
    """A progress that nobody watches."""


def load(folder: Path) -> PyannotePipelineDiarizer:
    return PyannotePipelineDiarizer(folder, made_with=MadeWith("pipeline", "made here"))


def as_samples(sound: np.ndarray) -> Samples:
    return memoryview(np.asarray(sound, dtype=np.float32).tobytes()).cast("f")


def tell_apart(
    diarizer: PyannotePipelineDiarizer, samples: Samples, *, least: int = 1, most: int = 4, progress: Progress = ignore
) -> tuple[SpeakerStretch, ...]:
    everything = (Interval(0.0, len(samples) / SAMPLE_RATE_HZ),)
    return diarizer.diarize(samples, stretches=everything, min_speakers=least, max_speakers=most, progress=progress)


def save_checkpoint(model: Any, place: Path) -> None:
    """As Lightning and pyannote write one; of Lightning's many other entries, one class that has to be overlooked."""
    import lightning
    import torch
    from torch.torch_version import TorchVersion

    checkpoint = {
        "pytorch-lightning_version": lightning.__version__,
        "state_dict": model.state_dict(),
        "hyper_parameters": dict(model.hparams),
        "hparams_name": "kwargs",
        "callbacks": {"made by": TorchVersion("2.0.0"), "where": Path("lightning_logs")},
    }
    model.on_save_checkpoint(checkpoint)
    place.parent.mkdir()
    torch.save(checkpoint, place)


@pytest.fixture(scope="module")
def write_folder() -> Callable[..., Path]:
    """Makes a pipeline's folder around a segmentation model, or around one with random weights."""
    parts = import_pyannote_parts()
    import torch
    from pyannote.audio.core.task import Problem, Resolution, Specifications
    from pyannote.audio.models.embedding import WeSpeakerResNet34
    from pyannote.audio.models.segmentation import PyanNet

    def segmentation_of_no_use() -> Any:
        model: Any = PyanNet(lstm={"hidden_size": 16, "num_layers": 1}, linear={"hidden_size": 16, "num_layers": 1})
        model.specifications = Specifications(
            problem=Problem.MONO_LABEL_CLASSIFICATION,
            resolution=Resolution.FRAME,
            duration=10.0,
            classes=["speaker#1", "speaker#2", "speaker#3"],
            powerset_max_classes=2,
            permutation_invariant=True,
        )
        assert model.specifications.powerset  # kept among the specifications once it was asked for, and so saved
        model.setup()
        return model

    def write(folder: Path, *, segmentation: Path | None = None) -> Path:
        torch.manual_seed(4)
        folder.mkdir()
        (folder / "config.yaml").write_text(CONFIG)
        model = parts.load_segmentation(segmentation, window_s=None) if segmentation else segmentation_of_no_use()
        save_checkpoint(model, folder / "segmentation" / "pytorch_model.bin")
        voices = WeSpeakerResNet34()
        voices.specifications = Specifications(
            problem=Problem.REPRESENTATION, resolution=Resolution.CHUNK, duration=5.0
        )
        save_checkpoint(voices, folder / "embedding" / "pytorch_model.bin")
        numbers = np.random.default_rng(4)
        (folder / "plda").mkdir()
        np.savez(
            folder / "plda" / "xvec_transform.npz",
            mean1=numbers.normal(size=256).astype(np.float32),
            mean2=numbers.normal(size=128).astype(np.float32),
            lda=numbers.normal(size=(256, 128)).astype(np.float32),
        )
        np.savez(
            folder / "plda" / "plda.npz",
            mu=numbers.normal(size=128),
            tr=numbers.normal(size=(128, 128)),
            psi=numbers.uniform(0.1, 2.0, size=128),
        )
        return folder

    return write


@pytest.fixture(scope="module")
def pipeline_folder(write_folder: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_folder(tmp_path_factory.mktemp("random") / "pipeline")


@pytest.fixture
def own_folder(pipeline_folder: Path, tmp_path: Path) -> Path:
    """A copy of the folder, to be spoiled."""
    return Path(shutil.copytree(pipeline_folder, tmp_path / "pipeline"))


@pytest.fixture(scope="module")
def hearing(
    write_folder: Callable[..., Path], weights: Weights, tmp_path_factory: pytest.TempPathFactory
) -> PyannotePipelineDiarizer:
    """A pipeline that knows speech when it hears it: its segmentation model is the fetched one."""
    return load(
        write_folder(tmp_path_factory.mktemp("real") / "pipeline", segmentation=weights("pyannote-segmentation-3.0"))
    )


@pytest.fixture(scope="module")
def call() -> Samples:
    """The first 15 s of the sample call, both parties on one track."""
    sound, rate_hz = soundfile.read(MONO_CALL, dtype="float32")
    return as_samples(soxr.resample(sound[: 15 * rate_hz], rate_hz, SAMPLE_RATE_HZ))


def check_stretches(stretches: tuple[SpeakerStretch, ...], samples: Samples, *, most: int) -> None:
    for stretch in stretches:
        assert 0.0 <= stretch.start_s < stretch.end_s <= len(samples) / SAMPLE_RATE_HZ
    assert all(one.start_s <= following.start_s for one, following in pairwise(stretches))
    speakers = list(dict.fromkeys(stretch.speaker for stretch in stretches))
    assert speakers == [f"speaker {number}" for number in range(1, len(speakers) + 1)], "Numbered as they appear."
    assert len(speakers) <= most
    for one, other in combinations(stretches, 2):
        assert one.speaker != other.speaker or one.end_s <= other.start_s, "Nobody is heard twice at once."


@pytest.mark.models
class TestHearing:
    @pytest.mark.parametrize(("least", "most"), [(1, 1), (3, 4)])
    def test_a_call_gets_stretches_within_the_bounds(
        self, hearing: PyannotePipelineDiarizer, call: Samples, least: int, most: int
    ) -> None:
        shares: list[float] = []
        stretches = tell_apart(hearing, call, least=least, most=most, progress=shares.append)
        check_stretches(stretches, call, most=most)
        assert sum(stretch.end_s - stretch.start_s for stretch in stretches) > 8.0, "It is mostly speech."
        assert len({stretch.speaker for stretch in stretches}) >= min(least, 2), "The least number is a wish."
        assert shares == sorted(shares)
        assert shares[-1] == 1.0

    def test_the_same_sound_gets_the_same_answer(self, hearing: PyannotePipelineDiarizer, call: Samples) -> None:
        assert tell_apart(hearing, call) == tell_apart(hearing, call)

    @pytest.mark.parametrize("length_s", [0.0, 0.01, 0.4, 10.0])  # the last is one window, in which two speak
    def test_a_sound_too_short_for_so_many_speakers_has_fewer(
        self, hearing: PyannotePipelineDiarizer, call: Samples, length_s: float
    ) -> None:
        start = 2 * SAMPLE_RATE_HZ
        sound = call[start : start + round(length_s * SAMPLE_RATE_HZ)]
        check_stretches(tell_apart(hearing, sound, least=4), sound, most=4)

    def test_in_silence_nobody_is_heard(self, hearing: PyannotePipelineDiarizer) -> None:
        assert tell_apart(hearing, as_samples(np.zeros(12 * SAMPLE_RATE_HZ))) == ()


class TestShape:
    """With random weights there is no telling who is heard where, but whatever is heard keeps its shape."""

    @pytest.mark.parametrize("most", [1, 4])
    def test_noise_keeps_the_shape_of_an_answer(self, pipeline_folder: Path, most: int) -> None:
        noise = as_samples(np.random.default_rng(1).normal(0, 0.1, 12 * SAMPLE_RATE_HZ))
        check_stretches(tell_apart(load(pipeline_folder), noise, most=most), noise, most=most)

    def test_bounds_that_make_no_sense_are_refused(self, pipeline_folder: Path) -> None:
        with pytest.raises(Invalid):
            tell_apart(load(pipeline_folder), as_samples(np.zeros(10)), least=3, most=2)

    def test_the_pipeline_is_set_up_as_its_folder_says(self, pipeline_folder: Path) -> None:
        """Against pyannote's own loader, which may be asked here: this folder was made a moment ago."""
        import torch
        from pyannote.audio import Pipeline

        noise = as_samples(np.random.default_rng(1).normal(0, 0.1, 12 * SAMPLE_RATE_HZ))
        pipeline: Any = Pipeline.from_pretrained(pipeline_folder)
        theirs = pipeline({"waveform": torch.tensor(np.asarray(noise)[None]), "sample_rate": SAMPLE_RATE_HZ})
        ours = tell_apart(load(pipeline_folder), noise, most=20)
        tracks = theirs.speaker_diarization.itertracks()
        heard = sorted((round(stretch.start, 3), min(12.0, round(stretch.end, 3))) for stretch, _ in tracks)
        assert heard
        assert [(stretch.start_s, stretch.end_s) for stretch in ours] == heard
        assert len({stretch.speaker for stretch in ours}) == len(theirs.speaker_diarization.labels())


class TestFolder:
    @pytest.mark.parametrize(
        "lost",
        [
            "config.yaml",
            "segmentation/pytorch_model.bin",
            "embedding/pytorch_model.bin",
            "plda/plda.npz",
            "plda/xvec_transform.npz",
        ],
    )
    def test_a_folder_whose_files_are_missing_or_damaged_is_a_broken_model(self, own_folder: Path, lost: str) -> None:
        whole = (own_folder / lost).read_bytes()
        (own_folder / lost).write_bytes(b"\xff" + whole[1 : len(whole) // 2])
        with pytest.raises(BrokenModel):
            load(own_folder)
        (own_folder / lost).unlink()
        with pytest.raises(BrokenModel):
            load(own_folder)

    def test_no_folder_is_a_broken_model(self, tmp_path: Path) -> None:
        with pytest.raises(BrokenModel, match="nowhere"):
            load(tmp_path / "nowhere")

    @pytest.mark.parametrize(
        ("said", "instead"),
        [
            ("$model/embedding", "pyannote/wespeaker-voxceleb-resnet34-LM"),  # a hub's
            ("$model/embedding", "$model/../embedding"),
            ("$model/embedding", "$model/segmentation"),  # a model of another kind
            ("    plda: $model/plda\n", ""),  # pyannote would ask a hub for it
            ("pyannote.audio.pipelines.SpeakerDiarization", "os.system"),
            ("VBxClustering", "AgglomerativeClustering"),
            ("embedding_batch_size: 32", "batch_size: 32"),
            ("Fa: 0.07", "Fc: 0.07"),
            ("dependencies:", "preprocessors:"),
            ("pipeline:", "pipeline"),
            ("params:", "params: 3"),
        ],
    )
    def test_settings_that_are_not_known_are_refused(self, own_folder: Path, said: str, instead: str) -> None:
        assert said in CONFIG
        (own_folder / "config.yaml").write_text(CONFIG.replace(said, instead))
        with pytest.raises(BrokenModel):
            load(own_folder)

    def test_weights_that_are_no_numbers_are_refused(self, own_folder: Path) -> None:
        import torch

        place = own_folder / "embedding" / "pytorch_model.bin"
        checkpoint = torch.load(place, weights_only=False)  # made here
        next(iter(checkpoint["state_dict"].values())).fill_(float("nan"))
        torch.save(checkpoint, place)
        with pytest.raises(BrokenModel, match="damaged"):
            load(own_folder)

    @pytest.mark.parametrize(
        ("trap", "is_refused"),
        [(os.mkdir, True), (shutil.copytree, False)],
        ids=["one that torch knows as bad", "one that becomes a stand-in"],
    )
    def test_what_a_checkpoint_would_run_is_not_run(
        self, own_folder: Path, tmp_path: Path, trap: Callable[..., Any], is_refused: bool
    ) -> None:
        import torch

        class Trap:
            def __reduce__(self) -> tuple[Any, ...]:
                arguments = (tmp_path / "sprung",) if trap is os.mkdir else (own_folder, tmp_path / "sprung")
                return trap, tuple(str(argument) for argument in arguments)

        place = own_folder / "segmentation" / "pytorch_model.bin"
        torch.save({**torch.load(place, weights_only=False), "callbacks": Trap()}, place)
        with pytest.raises(BrokenModel) if is_refused else nullcontext():
            load(own_folder)
        assert not (tmp_path / "sprung").exists()


QUIET_RUN = """
import os, socket, sys, threading
from pathlib import Path

def refuse(*_):
    os.write(2, b"somebody calls home")
    os._exit(3)  # an exception could be swallowed, or raised in another thread

socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refuse

import numpy as np
from models.diarizer import PyannotePipelineDiarizer
from worker.core.ports import MadeWith
from worker.core.sound import Interval

diarizer = PyannotePipelineDiarizer(Path(sys.argv[1]), made_with=MadeWith("a", "b"))
noise = np.random.default_rng(1).normal(0, 0.1, 5 * 16_000).astype(np.float32)
everything = [Interval(0.0, 5.0)]
sound = noise.data.toreadonly()
diarizer.diarize(sound, stretches=everything, min_speakers=1, max_speakers=4, progress=lambda _: None)
assert threading.active_count() == 1, threading.enumerate()
"""


def test_nobody_is_called_and_nothing_is_warned_of(pipeline_folder: Path) -> None:
    """Even where the machine's settings ask for telemetry. Every warning is an error there, as it is here."""
    settings = {**os.environ, "PYANNOTE_METRICS_ENABLED": "true", "OTEL_SDK_DISABLED": "false", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", QUIET_RUN, str(pipeline_folder)],
        env=settings,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
