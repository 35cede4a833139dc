"""Where models run: a GPU where there is one, else the processor."""

from __future__ import annotations

from worker.core.errors import Unavailable


def pick_device(wish: str) -> str:
    """``cpu`` or ``cuda`` for a wish of auto, cpu or cuda. Raises Unavailable if cuda is wished for and absent."""
    if wish == "cpu":
        return "cpu"
    import torch

    if torch.cuda.is_available():
        return "cuda"
    if wish == "cuda":
        raise Unavailable("No CUDA device can be used here. Set ONRECORD_DEVICE=cpu, or run this worker where one is.")
    return "cpu"
