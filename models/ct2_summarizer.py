"""The writing models that CTranslate2 runs: the same models in 8-bit integers, for a processor.

A folder is what ``models.conversion`` makes of a GGUF file: CTranslate2's weights, the tokenizer, and how the model is
asked, so that neither torch nor transformers is loaded here. Nothing here reaches a network.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import math
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from models.conversion import PROMPT_FILE, TOKENIZER_FILE
from models.devices import ctranslate2_errors, demand_cuda, read_device
from models.instructed_model import REMEMBERED_INSTRUCTIONS, ChatFrame, InstructedModel, Question
from worker.core.errors import BrokenModel, Invalid, Unavailable
from worker.core.ports import MadeWith

LONGEST_PIECE = 32
"""Tokens that are written at once; a sentence without end is noticed behind them."""

# A token in which a sentence or a line may end, as byte-level and other vocabularies write it.
_MAY_END = re.compile(r"[.!?\n\u010a]|<0x0A>")


class Ct2Summarizer(InstructedModel):
    """A causal language model that was converted for CTranslate2, loaded once, here.

    ``device`` is cpu, cuda or cuda:1; ``compute_type`` as CTranslate2 names it, "default" for the numbers that the
    weights lie in. ``threads`` work on one answer.

    Raises BrokenModel if the folder does not hold such a model, Unavailable if its libraries, its device or the memory
    for it are not there, Invalid for a compute type that the device does not have.
    """

    def __init__(
        self, folder: Path, *, made_with: MadeWith, device: str = "cpu", threads: int = 2, compute_type: str = "default"
    ) -> None:
        if not (folder / PROMPT_FILE).is_file():
            raise BrokenModel("The writing model is not in its folder. Run `onrecord models fetch`.")
        try:
            import ctranslate2
            from tokenizers import Tokenizer
        except ImportError as error:
            raise Unavailable("The writing model needs ctranslate2 and tokenizers; one is not installed.") from error

        try:
            prompt = json.loads((folder / PROMPT_FILE).read_text(encoding="utf-8"))
            super().__init__(
                made_with=made_with,
                chat=ChatFrame(prompt["before"], prompt["after"]),
                longest=int(prompt["longest"]),
            )
            self._stops = [int(stop) for stop in prompt["stops"]]
            self._tokenizer = Tokenizer.from_buffer((folder / TOKENIZER_FILE).read_bytes())
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BrokenModel("The writing model's tokenizer cannot be read. Run `onrecord models check`.") from error
        self._tokenizer.no_truncation()
        kind, number = read_device(device, of="writing model")
        if kind == "cuda":
            demand_cuda("writing model", number)
        with ctranslate2_errors("writing model"):
            if compute_type not in {"default", "auto", *ctranslate2.get_supported_compute_types(kind, number)}:
                raise Invalid("This device cannot run the writing model with this compute type.")
            self._model = ctranslate2.Generator(
                str(folder),
                device=kind,
                device_index=number,
                compute_type=compute_type,
                inter_threads=1,
                intra_threads=threads,
            )
        _give_back_memory()
        vocabulary = self._tokenizer.get_vocab().items()
        self._pauses = [*self._stops, *(number for token, number in vocabulary if _MAY_END.search(token))]
        self._space = self._encode(" ")
        self._remembered: set[tuple[int, ...]] = set()

    def _continue(self, question: Question, most: int, is_enough: Callable[[list[int]], bool]) -> list[int]:
        """In pieces that end where a sentence may end.

        A callback could look at each token, but it would run on a thread of CTranslate2, which aborts the process where
        Python ends, or collects an older model, at that moment. Reading a question again costs a few tokens' time.
        """
        beginning, is_kept = self._name_tokens(question.beginning), self._is_remembered(question.beginning)
        written: list[int] = []
        while len(written) < most and not is_enough(written):
            is_ended = is_enough([*written, *self._space])  # unless its mark is one inside "$75.34"
            with ctranslate2_errors("writing model"):
                (result,) = self._model.generate_batch(
                    [self._name_tokens([*question.rest, *written])],
                    static_prompt=beginning,
                    cache_static_prompt=is_kept,
                    include_prompt_in_result=False,
                    max_length=1 if is_ended else min(LONGEST_PIECE, most - len(written)),
                    end_token=self._pauses,
                    return_end_token=True,
                    return_scores=True,
                )
            _check_numbers(result.scores)
            piece = list(result.sequences_ids[0])
            if not piece or piece[-1] in self._stops:
                return written + piece[:-1]
            written += piece
        return written

    def _score_next(self, question: Question) -> np.ndarray[Any, Any]:
        import ctranslate2

        with ctranslate2_errors("writing model"):
            (result,) = self._model.generate_batch(
                [self._name_tokens(question.rest)],
                static_prompt=self._name_tokens(question.beginning),
                cache_static_prompt=self._is_remembered(question.beginning),
                include_prompt_in_result=False,
                max_length=1,
                return_logits_vocab=True,
            )
            ((scores,),) = result.logits  # one step of one answer: (vocabulary,)
            return np.array(scores.to(ctranslate2.DataType.float32).to_device(ctranslate2.Device.cpu))

    def _is_remembered(self, beginning: Sequence[int]) -> bool:
        """CTranslate2 never forgets what it keeps, so it is given only so much to keep."""
        key = tuple(beginning)
        if len(self._remembered) < REMEMBERED_INSTRUCTIONS:
            self._remembered.add(key)
        return key in self._remembered

    def _name_tokens(self, tokens: Sequence[int]) -> list[str]:
        return [str(self._tokenizer.id_to_token(token)) for token in tokens]

    def _encode(self, text: str, *, as_plain_text: bool = False) -> list[int]:
        self._tokenizer.encode_special_tokens = as_plain_text
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def _decode(self, tokens: Sequence[int]) -> str:
        return str(self._tokenizer.decode(list(tokens), skip_special_tokens=True))


def _give_back_memory() -> None:
    """To the system, what loading needed for a moment: on a processor CTranslate2 lays each weight out anew.

    That costs half of the time to load and the model's size once more, and makes it write about 1.5 times as fast
    (CT2_PACKED_GEMM=0 turns it off). glibc keeps what is freed then: 1.2 of 3 GB for 1.5 billion weights.
    """
    with contextlib.suppress(OSError, TypeError, AttributeError):  # other C libraries know no such function
        ctypes.CDLL(None).malloc_trim(0)


def _check_numbers(numbers: Sequence[float]) -> None:
    if not all(math.isfinite(number) for number in numbers):
        raise BrokenModel("The writing model gave numbers that are not numbers. Fetch it again.")
