"""Where models run: a GPU where there is one, else the processor; and what is said when they cannot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from worker.core.errors import BrokenModel, Unavailable


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


def demand_cuda(model: str) -> None:
    """Raises Unavailable, about the "speech model", say, where CTranslate2 finds no CUDA device.

    Asked first, because it raises for an absent driver once in a process, and later only finds that nothing works.
    """
    import ctranslate2

    try:
        found = ctranslate2.get_cuda_device_count()
    except RuntimeError:  # no driver
        found = 0
    if not found:
        raise Unavailable(f"The accelerator that the {model} is set to run on cannot be used.")


@contextmanager
def ctranslate2_errors(model: str) -> Iterator[None]:
    """Errors of CTranslate2 as ours, about the "speech model", say.

    It raises RuntimeError for whatever goes wrong while it works, so its message must be read.
    """
    try:
        yield
    except MemoryError as error:
        raise Unavailable(f"There is not enough memory for the {model}.") from error
    except (RuntimeError, ValueError) as error:
        message = str(error).lower()
        if "out of memory" in message or "alloc" in message:
            raise Unavailable(f"There is not enough memory for the {model} on its device.") from error
        if "cuda" in message or "cublas" in message or "cudnn" in message:
            raise Unavailable(f"The accelerator that the {model} is set to run on cannot be used.") from error
        raise BrokenModel(f"The {model} cannot be run. Run `onrecord models check`.") from error
