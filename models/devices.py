"""Where models run: a GPU where there is one, else the processor; and what is said when they cannot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from worker.core.errors import BrokenModel, Invalid, Unavailable


def read_device(device: str, *, of: str) -> tuple[str, int]:
    """``cpu`` or ``cuda``, and the number of the GPU: cuda:1 is its second. Raises Invalid, about the "speech model",
    say, for what is no device of either kind."""
    kind, _, number = device.partition(":")
    if kind == "cuda" and (device == kind or (number.isascii() and number.isdecimal())):
        return kind, int(number or 0)
    if device == "cpu":
        return device, 0
    raise Invalid(f"The {of} runs on cpu, on cuda or on one of several GPUs, such as cuda:1, and on no other device.")


def pick_device(wish: str) -> str:
    """``cpu``, ``cuda`` or ``cuda:1`` for a wish of one of these or of auto, which takes a GPU where there is one.

    Raises Unavailable if a GPU is wished for and absent.
    """
    if wish == "cpu":
        return "cpu"
    import torch

    if wish == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    _, number = read_device(wish, of="model")
    if number >= (torch.cuda.device_count() if torch.cuda.is_available() else 0):
        raise Unavailable(
            f"The device {wish} cannot be used here. Set ONRECORD_DEVICE=cpu, or run this worker where it is."
        )
    return wish


def demand_cuda(model: str, number: int = 0) -> None:
    """Raises Unavailable, about the "speech model", say, where CTranslate2 does not find this CUDA device.

    Asked first, because it raises for an absent driver once in a process, and later only finds that nothing works.
    """
    import ctranslate2

    try:
        found = ctranslate2.get_cuda_device_count()
    except RuntimeError:  # no driver
        found = 0
    if found <= number:
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
