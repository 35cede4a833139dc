"""Who speaks when on one track, wholly from local weights, in two ways to the same port.

The sound is handed over in memory and read where it lies; nothing is decoded, fetched or reported to anybody.

- ``PyannoteDiarizer``, the default: a segmentation model of pyannote's and a voice network, put together as
  ``models.pyannote_parts`` says, in a seventh of the time of pyannote's own pipeline with the same weights. These are
  ``pyannote-segmentation-3.0`` with ``campplus-zh-en``. ``pyannote-segmentation`` (older) and ``ge2e`` work as well, in
  any pair; ``scripts/bench_diarization.py`` measures how much each gets wrong.
- ``PyannotePipelineDiarizer``: a whole pipeline of pyannote's own, ``pyannote-community-1``, as its owner set it up.
"""

from __future__ import annotations

import math
import os
import re
import warnings
import zipfile
from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from models.devices import read_device
from worker.core.errors import BrokenModel, Invalid, Unavailable
from worker.core.listening import Intervals, joined
from worker.core.ports import MadeWith, Progress, part_of
from worker.core.sound import SAMPLE_RATE_HZ, Interval, Samples
from worker.core.transcript import SpeakerStretch

if TYPE_CHECKING:
    from types import ModuleType

SEGMENTATION_SHARE = 0.4
"""Of the whole time, on a processor; the points of the voices take nearly all the rest."""
POINTS_SHARE = 0.58

PAUSE_S = 0.3
"""A shorter pause does not end a stretch."""


class _Diarizer:
    """What both ways share: when they are loaded, what they refuse, and how their answer is put to the port."""

    def __init__(self, *, made_with: MadeWith, device: str, threads: int) -> None:
        kind, number = read_device(device, of="diarizer")
        self._parts: Any = import_pyannote_parts()
        import torch

        if kind == "cuda" and number >= (torch.cuda.device_count() if torch.cuda.is_available() else 0):
            raise Unavailable(
                f"The device {device} cannot be used here. Set the device to cpu, or run this worker where it is."
            )
        self._threads = threads
        self.made_with = made_with

    def diarize(
        self,
        samples: Samples,
        *,
        stretches: Sequence[Interval],
        min_speakers: int,
        max_speakers: int,
        progress: Progress,
    ) -> tuple[SpeakerStretch, ...]:
        """See ``Diarizer``. Times are whole milliseconds. Fewer than ``min_speakers`` where fewer can be told apart.

        Raises Invalid for a least number of speakers below 1 or above the most.
        """
        if not 1 <= min_speakers <= max_speakers:
            raise Invalid("The least number of speakers is 1 or more, and not above the most.")
        length_s = len(samples) / SAMPLE_RATE_HZ
        listened = joined(Interval(s.start_s, min(s.end_s, length_s)) for s in stretches if s.start_s < length_s)
        heard: list[tuple[Hashable, float, float]] = []
        if listened:
            with _foreign_errors(), _expected_warnings():
                heard = self._hear(samples, listened, min_speakers, max_speakers, progress)
        progress(1.0)
        return _name_by_appearance(_limited_to(listened, heard))

    def _hear(
        self, samples: Samples, stretches: Intervals, min_speakers: int, max_speakers: int, progress: Progress
    ) -> list[tuple[Hashable, float, float]]:
        """Labels of speakers, with the start and the end in seconds of where each is heard, in no order."""
        raise NotImplementedError


class PyannoteDiarizer(_Diarizer):
    """Keeps the port ``Diarizer`` with the weights in two folders, loaded once, here.

    ``segmentation`` holds config.json and model.safetensors of a pyannote segmentation model, ``embedding`` the
    model.safetensors of a voice network. ``device`` "cpu", "cuda" or "cuda:1"; on a CPU ``threads`` batches run side by
    side. Raises BrokenModel for weights that are missing or damaged, Unavailable where pyannote.audio cannot be
    imported, the device is missing or its memory full, Invalid for any other device.
    """

    def __init__(
        self, segmentation: Path, embedding: Path, *, made_with: MadeWith, device: str = "cpu", threads: int = 1
    ) -> None:
        super().__init__(made_with=made_with, device=device, threads=threads)
        from models.conversion import WEIGHTS_FILE
        from models.voices import load_voice_network

        with _foreign_errors():
            self._diarization = self._parts.Diarization(
                self._parts.load_segmentation(segmentation),
                load_voice_network(embedding / WEIGHTS_FILE),
                device=device,
                threads=threads,
            )

    def _hear(
        self, samples: Samples, stretches: Intervals, min_speakers: int, max_speakers: int, progress: Progress
    ) -> list[tuple[Hashable, float, float]]:
        with _limited_threads(1):
            found: list[tuple[Hashable, float, float]] = self._diarization(
                samples,
                stretches,
                min_speakers=min_speakers,
                max_speakers=max_speakers,
                segmented=part_of(progress, start=0.0, share=SEGMENTATION_SHARE),
                asked=part_of(progress, start=SEGMENTATION_SHARE, share=POINTS_SHARE),
            )
        return found


class PyannotePipelineDiarizer(_Diarizer):
    """Keeps the port ``Diarizer`` with a whole pipeline in one folder, as pyannote publishes it, loaded once, here.

    ``folder`` is laid out like ``pyannote/speaker-diarization-community-1``: config.yaml names, as ``$model/NAME``,
    the folders of a segmentation model and of a voice model (pytorch_model.bin each) and of a PLDA (plda.npz and
    xvec_transform.npz). ``device`` "cpu", "cuda" or "cuda:1"; ``threads`` on a CPU. How many voices are asked for at
    once, between two reports of progress, is in config.yaml.

    The two models are pickles, the only ones that On Record opens after a fetch. Opening them runs nothing that they
    hold: torch's restricted reader takes numbers, text and containers out of them, and every class that they name
    becomes an empty stand-in (see ``models.conversion``). pyannote's own loader would run them, and would build any
    class that config.yaml names, which is why it is not asked. So a folder of the operator's own is no danger either;
    the hashes that ``models.weights`` checks at fetch say that the catalogue's is the one that its owner published.

    Raises BrokenModel for a folder that is not of this shape, or whose files are missing or damaged; else as
    ``PyannoteDiarizer``.
    """

    def __init__(self, folder: Path, *, made_with: MadeWith, device: str = "cpu", threads: int = 1) -> None:
        super().__init__(made_with=made_with, device=device, threads=threads)
        import torch

        with _foreign_errors():
            self._pipeline = _load_pipeline(folder)
            self._pipeline.to(torch.device(device))

    def _hear(
        self,
        samples: Samples,
        stretches: Intervals,  # noqa: ARG002  # its windows are its own: it hears all, and what is elsewhere is cut off
        min_speakers: int,
        max_speakers: int,
        progress: Progress,
    ) -> list[tuple[Hashable, float, float]]:
        with _limited_threads(self._threads):
            annotation: Annotation = self._pipeline(
                {"waveform": _as_waveform(samples), "sample_rate": SAMPLE_RATE_HZ},
                min_speakers=min_speakers,
                max_speakers=max_speakers,
                hook=_hook(progress),
            )
        return [(label, stretch.start, stretch.end) for stretch, _, label in annotation.itertracks(yield_label=True)]


class Annotation(Protocol):
    """What is used of pyannote's annotation."""

    def itertracks(self, *, yield_label: bool) -> Iterator[tuple[Any, object, str]]:
        """Stretches with their speakers."""
        ...


def import_pyannote_parts() -> ModuleType:
    """``models.pyannote_parts``, and with it pyannote.audio, whose telemetry is off and stays off.

    Raises: Unavailable if pyannote.audio, or a library that it needs, cannot be imported.
    """
    # It asks this variable each time it would report, so it stays set; read at import as well.
    os.environ["PYANNOTE_METRICS_ENABLED"] = "0"
    before = os.environ.get("OTEL_SDK_DISABLED")
    os.environ["OTEL_SDK_DISABLED"] = "true"  # for the exporter that it builds at import; not for the operator's own
    try:
        with warnings.catch_warnings():
            # It decodes no sound here: that is handed over decoded.
            warnings.filterwarnings("ignore", message=r"\s*torchcodec is not installed correctly", category=UserWarning)
            from models import pyannote_parts
    except (ImportError, OSError) as error:  # a compiled part that does not load is an OSError
        raise Unavailable(
            "pyannote.audio cannot be imported. Where torchaudio is at fault, install its build for this torch, or run "
            "scripts/repair_torchaudio.py."
        ) from error
    finally:
        if before is None:
            del os.environ["OTEL_SDK_DISABLED"]
        else:
            os.environ["OTEL_SDK_DISABLED"] = before
    from pyannote.audio.telemetry import metrics

    metrics.provider.shutdown()  # ends the thread that waits to send
    return pyannote_parts


def _load_pipeline(folder: Path) -> Any:
    """pyannote's SpeakerDiarization as the folder's config.yaml sets it up. pyannote.audio has to be imported before.

    Source: pyannote/pyannote-audio, pyannote/audio/core/pipeline.py (from_pretrained), version 4.0.7.
    """
    from pyannote.audio.core.plda import PLDA
    from pyannote.audio.models.embedding import WeSpeakerResNet34
    from pyannote.audio.models.segmentation import PyanNet
    from pyannote.audio.pipelines import SpeakerDiarization

    parts, settings, parameters = _read_pipeline_config(folder)
    try:
        plda = PLDA(parts["plda"] / "xvec_transform.npz", parts["plda"] / "plda.npz")
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise BrokenModel(f"The PLDA in {folder.name} cannot be read. {_FETCH_AGAIN}") from error
    segmentation = _load_checkpoint(parts["segmentation"], PyanNet)
    voices = _load_checkpoint(parts["embedding"], WeSpeakerResNet34)
    try:
        pipeline = SpeakerDiarization(
            legacy=True, segmentation=segmentation, embedding=voices, plda=plda, clustering=_CLUSTERING, **settings
        )
        pipeline.clustering = _clustering_of_what_is_there(plda)
        pipeline.instantiate(parameters)
    except (KeyError, TypeError, ValueError) as error:
        raise BrokenModel(f"The settings in {folder.name} are not of this pipeline. {_FETCH_AGAIN}") from error
    return pipeline


_FETCH_AGAIN = "Run `onrecord models check`, or fetch the model again."
_CLUSTERING = "VBxClustering"


def _read_pipeline_config(folder: Path) -> tuple[dict[str, Path], dict[str, Any], dict[str, Any]]:
    """Where the pipeline's three parts lie, its other settings, and the parameters that it was tuned to.

    A setting that is not known here is refused, not passed over: left out, the pipeline would answer differently.
    """
    import yaml  # type: ignore[import-untyped]

    try:
        config = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise BrokenModel(f"The config.yaml in {folder.name} cannot be read. {_FETCH_AGAIN}") from error
    try:
        settings, parameters = dict(config["pipeline"]["params"]), dict(config["params"])
        kind = (config["pipeline"]["name"], settings.pop("clustering"))
        named = {part: settings.pop(part) for part in ("segmentation", "embedding", "plda")}
        is_known = kind == ("pyannote.audio.pipelines.SpeakerDiarization", _CLUSTERING)
        is_known &= config.keys() <= {"dependencies", "pipeline", "params"}
        # Anything else than a folder beside config.yaml is the name of a model on a hub, which would be asked for it.
        is_known &= all(re.fullmatch(r"\$model/[\w-]+", name) for name in named.values())
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BrokenModel(f"The config.yaml in {folder.name} lacks what a pipeline needs. {_FETCH_AGAIN}") from error
    if not is_known:
        raise BrokenModel(f"The pipeline in {folder.name} is of a kind that is not known here. Choose another one.")
    return {part: folder / name.removeprefix("$model/") for part, name in named.items()}, settings, parameters


def _load_checkpoint(folder: Path, kind: type[Any]) -> Any:
    """The pyannote model of this kind whose checkpoint lies in a folder. Nothing in the checkpoint is run.

    Source: pyannote/pyannote-audio, pyannote/audio/core/model.py (from_pretrained, on_load_checkpoint), version 4.0.7.
    """
    from pyannote.audio.core.task import Problem, Resolution, Specifications

    from models.conversion import read_checkpoint

    try:
        checkpoint = read_checkpoint(folder / "pytorch_model.bin")
    except OSError as error:
        raise BrokenModel(f"The checkpoint in {folder.name} cannot be read. {_FETCH_AGAIN}") from error
    try:
        home = checkpoint["pyannote.audio"]
        if home["architecture"]["class"] != kind.__name__:
            raise BrokenModel(f"The model in {folder.name} is of a kind that is not known here. Choose another one.")
        # A model also saves what it sets by itself and nobody can choose: Lightning leaves that out again, as we do.
        chosen = checkpoint["hyper_parameters"].items()
        model = kind(**{name: value for name, value in chosen if name in signature(kind).parameters})
        # Only what the specifications were made with: what pyannote worked out from that, and kept, comes by itself.
        saved = home["specifications"].state
        made_for = {field.name: saved[field.name] for field in fields(Specifications) if field.name in saved}
        made_for["problem"] = Problem(*made_for["problem"].arguments)
        made_for["resolution"] = Resolution(*made_for["resolution"].arguments)
        model.specifications = Specifications(**made_for)
        model.setup()  # adds the last layer, whose size depends on the specifications
        # What a checkpoint holds beyond the model is of its training.
        absent = model.load_state_dict(checkpoint["state_dict"], strict=False).missing_keys
        is_whole = not absent and all(tensor.isfinite().all() for tensor in model.state_dict().values())
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise BrokenModel(f"The checkpoint in {folder.name} does not hold its model. {_FETCH_AGAIN}") from error
    if not is_whole:
        raise BrokenModel(f"The checkpoint in {folder.name} is damaged. {_FETCH_AGAIN}")
    return model.eval()


def _clustering_of_what_is_there(plda: Any) -> Any:
    """pyannote's clustering, which fails where it is to make more clusters than it has points: here it makes fewer.

    And where it has none, since what was heard is too short to tell who it was, all of it is one speaker's.
    """
    from pyannote.audio.pipelines.clustering import VBxClustering

    class Clustering(VBxClustering):
        # pyannote says "an array" where it gives, and expects, three.
        def __call__(  # type: ignore[override]
            self,
            embeddings: Any,
            segmentations: Any,
            num_clusters: int | None = None,
            min_clusters: int = 1,
            **others: Any,
        ) -> Any:
            points = len(self.filter_embeddings(embeddings, segmentations=segmentations)[0])
            if points == 0:
                windows, speakers, dimension = embeddings.shape
                clusters = np.zeros((windows, speakers), dtype=np.int8)
                return clusters, np.ones((windows, speakers, 1)), np.full((1, dimension), np.nan)
            return super().__call__(
                embeddings,
                segmentations=segmentations,
                num_clusters=num_clusters and min(num_clusters, points),
                min_clusters=min(min_clusters, points),
                **others,
            )

    return Clustering(plda, metric="cosine")


def _as_waveform(samples: Samples) -> Any:
    """(1, samples) as a torch tensor, without a copy: of a long call they lie in a mapped file."""
    import torch

    with warnings.catch_warnings():
        # True, and as it should be: nothing in the pipeline writes to the sound it is given.
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable", category=UserWarning)
        return torch.from_numpy(np.asarray(samples, dtype=np.float32)[None])


def _hook(progress: Progress) -> Callable[..., None]:
    """What the pipeline calls after each step, and within the long ones after each batch."""

    def watch(step: str, _: object, *, total: int | None = None, completed: int | None = None, **__: object) -> None:
        if total is None or completed is None:
            return
        done = min(1.0, float(completed) / max(1, total))
        if step == "segmentation":
            progress(done * SEGMENTATION_SHARE)
        elif step == "embeddings":
            progress(SEGMENTATION_SHARE + done * POINTS_SHARE)

    return watch


def _limited_to(
    stretches: Intervals, heard: Iterable[tuple[Hashable, float, float]]
) -> list[tuple[float, float, Hashable]]:
    """What each speaker says within the stretches, ordered by start; short pauses within a stretch are bridged."""
    by_label: dict[Hashable, list[Interval]] = {}
    for label, start_s, end_s in heard:
        by_label.setdefault(label, []).append(Interval(start_s, end_s))
    ends_s = [stretch.end_s for stretch in stretches]
    found = []
    for label, intervals in by_label.items():
        for said in joined(intervals, gap_s=PAUSE_S):
            for stretch in stretches[bisect_right(ends_s, said.start_s) :]:
                if stretch.start_s >= said.end_s:
                    break
                start_s = round(max(said.start_s, stretch.start_s), 3)
                end_s = math.floor(min(said.end_s, stretch.end_s) * 1000) / 1000
                if start_s < end_s:
                    found.append((start_s, end_s, label))
    return sorted(found, key=lambda one: one[:2])


def _name_by_appearance(heard: Iterable[tuple[float, float, Hashable]]) -> tuple[SpeakerStretch, ...]:
    names: dict[Hashable, str] = {}
    return tuple(
        SpeakerStretch(names.setdefault(label, f"speaker {len(names) + 1}"), start_s, end_s)
        for start_s, end_s, label in heard
    )


@contextmanager
def _expected_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        # The caller's bounds are wishes: a short sound may hold fewer voices.
        warnings.filterwarnings("ignore", message=r"\s*The detected number of speakers", category=UserWarning)
        # On a GPU: pyannote switches TensorFloat-32 off, as it should, and says so each time.
        warnings.filterwarnings("ignore", message="TensorFloat-32 .* has been disabled", category=UserWarning)
        yield


@contextmanager
def _limited_threads(threads: int) -> Iterator[None]:
    """torch's number of threads is one for all that runs in this process, so it is put back."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def _foreign_errors() -> Iterator[None]:
    """Memory and device troubles become ours. Anything else is a bug, or the caller's own, and goes through."""
    import torch

    try:
        yield
    except (MemoryError, torch.OutOfMemoryError) as error:
        raise Unavailable("There is not enough memory to tell the voices apart.") from error
    except torch.AcceleratorError as error:
        raise Unavailable("The accelerator that the diarizer is set to run on cannot be used.") from error
    except RuntimeError as error:
        if "allocate memory" in str(error) or "out of memory" in str(error).lower():
            raise Unavailable("There is not enough memory to tell the voices apart.") from error
        raise
