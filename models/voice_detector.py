"""Finds where somebody speaks, with Silero VAD: the copy that faster-whisper carries, run by onnxruntime.

The network is read block by block with its state carried over, so hours of sound cost the memory of one block and get
the same answer as if they had been read whole. It says how likely each 32 ms are speech; the rules that turn this into
stretches are here. Music and silence are told apart elsewhere: this only knows speech from the rest.

Source: snakers4/silero-vad, version 6; the meaning of its two thresholds is that of its ``get_speech_timestamps``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from worker.core.errors import BrokenModel, Invalid, Unavailable
from worker.core.ports import MadeWith
from worker.core.sound import SAMPLE_RATE_HZ, Interval, Samples

Array: TypeAlias = npt.NDArray[np.float32]

WINDOW = 512
"""Samples that the network judges at once: 32 ms."""
CONTEXT = 64
"""Samples before the window that it is shown as well."""
BLOCK_WINDOWS = 4_000
"""Windows per call of the network: 128 s of sound, 9 MB."""

LEEWAY = 0.15
"""Speech that has begun goes on until its probability falls this far below the threshold."""
MIN_SILENCE_S = 0.5
"""A shorter pause does not end a stretch. More than twice the margin, so stretches never touch."""
MIN_SPEECH_S = 0.1
"""Anything shorter is a click. A "yes" lasts 0.2 s, and short answers carry agreement."""
SURE = 0.8
"""The threshold for what is surely speech: sung and played sound reaches it for 0.1 s in one of ten mistakes."""
MARGIN_S = 0.2
"""Put before and after each stretch: soft first and last sounds are below the threshold."""


class SileroVoiceDetector:
    """Keeps the port ``VoiceDetector``. A lower ``threshold`` finds quieter speech, and more that is none.

    Raises Invalid for a threshold that is no probability, BrokenModel where the installed faster-whisper carries no
    such network, Unavailable where faster-whisper itself is missing.
    """

    def __init__(self, *, threshold: float = 0.5, threads: int = 1) -> None:
        if not LEEWAY < threshold < 1.0:
            raise Invalid(f"The threshold for speech lies between {LEEWAY} and 1.")
        try:
            import faster_whisper
            import onnxruntime
            from faster_whisper.utils import get_assets_path
        except ImportError as error:
            raise Unavailable("The voice detector needs faster-whisper, and it is not installed.") from error

        network = Path(get_assets_path()) / "silero_vad_v6.onnx"
        if not network.is_file():
            raise BrokenModel("The installed faster-whisper carries no Silero VAD version 6. Install it anew.")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False  # the arena would keep the largest block for the life of the process
        options.log_severity_level = 4
        self._network = onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
        self._threshold = threshold
        self.made_with = MadeWith("silero-vad", f"faster-whisper {faster_whisper.__version__}")

    def find_speech(self, samples: Samples, *, sure: bool = False) -> tuple[Interval, ...]:
        """See ``VoiceDetector``. Each stretch has a margin of 0.2 s around what was heard, within the samples."""
        track: Array = np.asarray(samples, dtype=np.float32)  # (samples,), no copy
        threshold = max(SURE, self._threshold) if sure else self._threshold
        return _stretches(self._probabilities(track), threshold=threshold, length_s=len(track) / SAMPLE_RATE_HZ)

    def _probabilities(self, track: Array) -> Iterator[float]:
        """How likely each window is speech, in order; the last window is filled up with silence."""
        hidden = cell = np.zeros((1, 1, 128), dtype=np.float32)
        context = np.zeros(CONTEXT, dtype=np.float32)
        for first in range(0, len(track), BLOCK_WINDOWS * WINDOW):
            block = track[first : first + BLOCK_WINDOWS * WINDOW]
            block = np.pad(block, (0, -len(block) % WINDOW)).reshape(-1, WINDOW)  # (windows, 512)
            before = np.vstack([context, block[:-1, -CONTEXT:]])  # (windows, 64)
            said, hidden, cell = self._network.run(
                None, {"input": np.hstack([before, block]), "h": hidden, "c": cell}
            )  # said: (windows,)
            if not np.isfinite(said).all():
                raise BrokenModel("The voice detector gave something that is no probability.")
            context = block[-1, -CONTEXT:]
            yield from said.tolist()


def _stretches(probabilities: Iterable[float], *, threshold: float, length_s: float) -> tuple[Interval, ...]:
    """Speech begins at the threshold and ends where it stays below threshold less leeway for ``MIN_SILENCE_S``."""
    found: list[Interval] = []
    start_s: float | None = None  # of the speech that is going on
    quiet_s: float | None = None  # since when it has been quiet in it
    at_s = 0.0
    for number, probability in enumerate(probabilities):
        at_s = number * WINDOW / SAMPLE_RATE_HZ
        if probability >= threshold:
            quiet_s = None
            if start_s is None:
                start_s = at_s
        elif start_s is not None and probability < threshold - LEEWAY:
            if quiet_s is None:
                quiet_s = at_s
            elif at_s - quiet_s >= MIN_SILENCE_S:
                found.append(Interval(start_s, quiet_s))
                start_s = quiet_s = None
    if start_s is not None:
        found.append(Interval(start_s, length_s if quiet_s is None else quiet_s))
    return tuple(
        Interval(max(0.0, stretch.start_s - MARGIN_S), min(length_s, stretch.end_s + MARGIN_S))
        for stretch in found
        if stretch.length_s >= MIN_SPEECH_S
    )
