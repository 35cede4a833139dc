"""Who speaks when on one track, with pyannote.audio's SpeakerDiarization, wholly from local weights.

The sound is handed over in memory and is not copied; nothing is decoded, fetched or reported to anybody. What is ours
in the pipeline, and why, is in ``models.pyannote_parts``; the networks that tell voices apart are in ``models.voices``.

Which weights: ``pyannote-segmentation-3.0`` with ``campplus-zh-en`` by default. ``pyannote-segmentation`` (older) and
``ge2e`` work as well, in any pair; ``scripts/bench_diarization.py`` measures how much each gets wrong.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from worker.core.errors import Invalid, Unavailable
from worker.core.ports import MadeWith, Progress
from worker.core.sound import SAMPLE_RATE_HZ, Samples
from worker.core.transcript import SpeakerStretch

if TYPE_CHECKING:
    from types import ModuleType

SEGMENTATION_SHARE = 0.15
"""Of the whole time, on a processor; the voice points take nearly all the rest."""
POINTS_SHARE = 0.83


class PyannoteDiarizer:
    """Keeps the port ``Diarizer`` with the weights in two folders, loaded once, here.

    ``segmentation`` holds config.json and model.safetensors of a pyannote segmentation model, ``embedding`` the
    model.safetensors of a voice network. ``device`` "cpu" or "cuda"; ``threads`` on a CPU; ``embedding_batch_size``
    voices are asked for at once, between two reports of progress.
    Raises BrokenModel for weights that are missing or damaged, Unavailable where pyannote.audio cannot be imported, the
    device is missing or its memory full, Invalid for any other device.
    """

    def __init__(
        self,
        segmentation: Path,
        embedding: Path,
        *,
        made_with: MadeWith,
        device: str = "cpu",
        threads: int = 1,
        embedding_batch_size: int = 32,
    ) -> None:
        if device not in ("cpu", "cuda"):
            raise Invalid("The diarizer runs on cpu or on cuda, and on no other device.")
        parts = import_pyannote_parts()
        import torch

        from models.conversion import WEIGHTS_FILE
        from models.voices import load_voice_network

        if device == "cuda" and not torch.cuda.is_available():
            raise Unavailable(
                "No CUDA device can be used here. Set the device to cpu, or run this worker where one is."
            )
        with _foreign_errors():
            self._pipeline = parts.Diarization(
                parts.load_segmentation(segmentation),
                load_voice_network(embedding / WEIGHTS_FILE),
                embedding_batch_size=embedding_batch_size,
            )
            self._pipeline.to(torch.device(device))
        self._threads = threads
        self.made_with = made_with

    def diarize(
        self, samples: Samples, *, min_speakers: int, max_speakers: int, progress: Progress
    ) -> tuple[SpeakerStretch, ...]:
        """See ``Diarizer``. Times are whole milliseconds. Fewer than ``min_speakers`` where fewer can be told apart.

        Raises Invalid for a least number of speakers below 1 or above the most.
        """
        if not 1 <= min_speakers <= max_speakers:
            raise Invalid("The least number of speakers is 1 or more, and not above the most.")
        if len(samples) == 0:
            progress(1.0)
            return ()
        with _foreign_errors(), _limited_threads(self._threads), _expected_warnings():
            annotation = self._pipeline(
                {"waveform": _as_waveform(samples), "sample_rate": SAMPLE_RATE_HZ},
                min_speakers=min_speakers,
                max_speakers=max_speakers,
                hook=_hook(progress),
            )
        progress(1.0)
        return _name_by_appearance(annotation, last_s=len(samples) * 1000 // SAMPLE_RATE_HZ / 1000)


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


def _name_by_appearance(annotation: Annotation, *, last_s: float) -> tuple[SpeakerStretch, ...]:
    """The pipeline's stretches within ``[0, last_s)``, its speakers numbered as they appear."""
    found = []
    for stretch, _, label in annotation.itertracks(yield_label=True):
        start_s, end_s = max(0.0, round(stretch.start, 3)), min(last_s, round(stretch.end, 3))
        if start_s < end_s:  # the last window may reach beyond the sound
            found.append((start_s, end_s, label))
    names: dict[str, str] = {}
    for _, _, label in sorted(found):
        names.setdefault(label, f"speaker {len(names) + 1}")
    return tuple(SpeakerStretch(names[label], start_s, end_s) for start_s, end_s, label in sorted(found))


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
