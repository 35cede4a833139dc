"""The writing models that transformers runs, any of them from a local folder, and what stands in where there is none.

Two families: causal models that follow instructions (they have a chat template), and encoder-decoders such as T5 and
BART, which need none. On a processor the same model runs several times as fast in ``models.ct2_summarizer``; this one
is for a GPU, for whatever CTranslate2 cannot convert, and for comparing. Nothing here reaches a network.
"""

from __future__ import annotations

import copy
import inspect
import os
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np

from models.conversion import PROMPT_FILE
from models.instructed_model import REMEMBERED_INSTRUCTIONS, ChatFrame, InstructedModel, Question
from worker.core.errors import BrokenModel, Invalid, Unavailable
from worker.core.evidence import NO_MODEL
from worker.core.ports import MadeWith


def load_summarizer(folder: Path, *, made_with: MadeWith, device: str = "cpu", threads: int = 2) -> InstructedModel:
    """The writing model in a folder, run by the library that the folder was made for.

    ``device`` is cpu, cuda or cuda:1. Raises as ``TransformersSummarizer`` does.
    """
    on_gpu = device != "cpu"
    if (folder / PROMPT_FILE).is_file():
        from models.ct2_summarizer import Ct2Summarizer

        compute_type = "int8_float16" if on_gpu else "default"
        return Ct2Summarizer(folder, made_with=made_with, device=device, threads=threads, compute_type=compute_type)
    dtype = "bfloat16" if on_gpu else "float32"
    return TransformersSummarizer(folder, made_with=made_with, device=device, threads=threads, dtype=dtype)


class TransformersSummarizer(InstructedModel):
    """Any causal language model with a chat template, or any encoder-decoder.

    ``folder`` holds config, tokenizer and safetensors; nothing is looked up elsewhere and no code from it is run.
    ``dtype`` is float32, bfloat16 or float16 (on most processors float32 is the quickest of them). ``threads`` sets
    torch's threads for the whole process.

    Raises BrokenModel if the folder does not hold such a model, Unavailable if its libraries, its device or the memory
    for it are not there.
    """

    def __init__(
        self, folder: Path, *, made_with: MadeWith, device: str = "cpu", threads: int = 2, dtype: str = "float32"
    ) -> None:
        # Read by huggingface_hub when it is first imported; local_files_only below holds in any case.
        os.environ["HF_HUB_OFFLINE"] = "1"
        os.environ["TRANSFORMERS_OFFLINE"] = "1"
        if dtype not in ("float32", "bfloat16", "float16"):
            raise Invalid("The number type of a language model is float32, bfloat16 or float16.")
        if not (folder / "config.json").is_file():
            raise BrokenModel("The writing model is not in its folder. Run `onrecord models fetch`.")
        try:
            import torch
        except ImportError as error:
            raise Unavailable("The writing model needs torch and transformers, and they are not installed.") from error

        torch.set_num_threads(threads)
        self._tokenizer, model = _load(folder, getattr(torch, dtype))
        with_chat = bool(getattr(self._tokenizer, "chat_template", None))
        if not with_chat and not model.config.is_encoder_decoder:
            raise BrokenModel("The writing model has no chat template, so it is not one that follows instructions.")
        try:
            model = model.to(device).eval()
        except (RuntimeError, AssertionError) as error:  # torch asserts where it was built without CUDA
            raise Unavailable("The device chosen for the writing model cannot be used.") from error
        self._reader: _Reader
        if model.config.is_encoder_decoder:
            self._reader = _EncoderDecoder(model, device, *_sequence_marks(self._tokenizer))
        else:
            self._reader = _Causal(model, device)
        self._stops = _stop_tokens(self._tokenizer, model)
        super().__init__(
            made_with=made_with,
            chat=ChatFrame.read(self._tokenizer) if with_chat else ChatFrame(),
            longest=int(getattr(model.config, "max_position_embeddings", 0) or 0),
        )

    def _continue(self, question: Question, most: int, is_enough: Callable[[list[int]], bool]) -> list[int]:
        written: list[int] = []
        with _working():
            scores, state = self._reader.begin(question)
            while (token := int(_checked(scores)[-1].argmax())) not in self._stops:
                written.append(token)
                if len(written) == most or is_enough(written):
                    break
                scores, state = self._reader.go_on([token], state)
        return written

    def _score_next(self, question: Question) -> np.ndarray[Any, Any]:
        with _working():
            scores, _ = self._reader.begin(question)
            last: np.ndarray[Any, Any] = scores[-1].float().cpu().numpy()
        return last

    def _encode(self, text: str, *, as_plain_text: bool = False) -> list[int]:
        encoded = self._tokenizer(text, add_special_tokens=False, split_special_tokens=as_plain_text)
        return [int(token) for token in encoded["input_ids"]]

    def _decode(self, tokens: Sequence[int]) -> str:
        return str(self._tokenizer.decode(tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False))


def _load(folder: Path, dtype: Any) -> tuple[Any, Any]:
    """A folder's tokenizer and model; of what transformers makes of it, one of a hundred classes, all is untyped."""
    try:
        from safetensors import SafetensorError
        from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer
        from transformers.utils import logging
    except ImportError as error:
        raise Unavailable("The writing model needs transformers, and it is not installed.") from error

    logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # transformers leaves it untyped
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        kind = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
        model = kind.from_pretrained(folder, local_files_only=True, trust_remote_code=False, dtype=dtype)
    except (OSError, ValueError, KeyError, TypeError, ImportError, SafetensorError) as error:
        raise BrokenModel("transformers cannot load the writing model. Run `onrecord models check`.") from error
    except RuntimeError as error:
        raise Unavailable("There was no memory for the writing model, or its weights do not fit it.") from error
    return cast(Any, tokenizer), cast(Any, model)


class _Reader(Protocol):
    """A model that has read something and goes on from there. Scores: (tokens, vocabulary), of what comes next."""

    def begin(self, question: Question) -> tuple[Any, Any]:
        """Scores of which the last row is for the answer's first token, and the state from which to go on."""
        ...

    def go_on(self, tokens: list[int], state: Any) -> tuple[Any, Any]:
        """Scores behind each of the answer's next tokens, and the state behind them; the given one is used up."""
        ...


class _Causal:
    """A model that reads question and answer as one text."""

    def __init__(self, model: Any, device: str) -> None:
        self._model, self._device = model, device
        self._read: OrderedDict[tuple[int, ...], Any] = OrderedDict()
        # The scores of a token are a fifth of a small model's work, and of a question only the last one's are needed.
        keeps = "logits_to_keep" in inspect.signature(model.forward).parameters
        self._last_only = {"logits_to_keep": 1} if keeps else {}

    def begin(self, question: Question) -> tuple[Any, Any]:
        return self._forward(question.rest, self._read_beginning(question.beginning), **self._last_only)

    def go_on(self, tokens: list[int], state: Any) -> tuple[Any, Any]:
        return self._forward(tokens, state)

    def _forward(self, tokens: Sequence[int], state: Any, **options: Any) -> tuple[Any, Any]:
        import torch

        step = torch.tensor([tokens], device=self._device)  # (1, tokens)
        answer = self._model(input_ids=step, past_key_values=state, use_cache=True, **options)
        return answer.logits[0], answer.past_key_values

    def _read_beginning(self, beginning: Sequence[int]) -> Any:
        """A copy of what the model made of a question's beginning, worked out once.

        Always read in a step of its own, so that a remembered beginning and a new one give the same numbers.
        """
        key = tuple(beginning)
        if key not in self._read:
            _, self._read[key] = self._forward(key, None, **self._last_only)
            if len(self._read) > REMEMBERED_INSTRUCTIONS:
                self._read.popitem(last=False)
        self._read.move_to_end(key)
        return copy.deepcopy(self._read[key])  # the answer goes into the copy: a few MB for a small model


class _EncoderDecoder:
    """A model that reads the question as a whole and then writes the answer.

    ``opening`` and ``closing`` are the marks that its tokenizer puts around a text.
    """

    def __init__(self, model: Any, device: str, opening: list[int], closing: list[int]) -> None:
        self._model, self._device, self._opening, self._closing = model, device, opening, closing
        settings = (model.generation_config, model.config)
        starts = [getattr(one, "decoder_start_token_id", None) for one in settings]
        start = next((one for one in starts if one is not None), None)
        if start is None:
            raise BrokenModel("The writing model does not say with which token its answers start.")
        forced = getattr(model.generation_config, "forced_bos_token_id", None)
        self._start = [int(start)] if forced is None else [int(start), int(forced)]

    def begin(self, question: Question) -> tuple[Any, Any]:
        import torch

        whole = [*self._opening, *question.beginning, *question.rest, *self._closing]
        read = self._model.get_encoder()(input_ids=torch.tensor([whole], device=self._device))  # (1, tokens, width)
        return self.go_on(self._start, (read, None))

    def go_on(self, tokens: list[int], state: Any) -> tuple[Any, Any]:
        import torch

        read, written = state
        step = torch.tensor([tokens], device=self._device)  # (1, tokens)
        answer = self._model(encoder_outputs=read, decoder_input_ids=step, past_key_values=written, use_cache=True)
        return answer.logits[0], (read, answer.past_key_values)


def _sequence_marks(tokenizer: Any) -> tuple[list[int], list[int]]:
    """What a tokenizer puts before and behind a text by itself, T5 an end mark for one."""
    encoded = tokenizer("a", return_special_tokens_mask=True)
    tokens, is_mark = encoded["input_ids"], encoded["special_tokens_mask"]
    text = [number for number, mark in enumerate(is_mark) if not mark]
    return tokens[: text[0]], tokens[text[-1] + 1 :]


def _stop_tokens(tokenizer: Any, model: Any) -> frozenset[int]:
    configured = getattr(model.generation_config, "eos_token_id", None)
    stops = {tokenizer.eos_token_id, *(configured if isinstance(configured, list) else [configured])}
    return frozenset(int(stop) for stop in stops if stop is not None)


def _checked(scores: Any) -> Any:
    import torch

    if not bool(torch.isfinite(scores).all()):
        raise BrokenModel("The writing model gave numbers that are not numbers. Fetch it again.")
    return scores


@contextmanager
def _working() -> Iterator[None]:
    import torch

    try:
        with torch.inference_mode():
            yield
    except RuntimeError as error:  # torch's out-of-memory errors, on any device
        raise Unavailable("The writing model ran out of memory.") from error


class ExtractiveSummarizer:
    """A ``Summarizer`` for those who want no model: it writes nothing, and what is not written is quoted."""

    made_with = MadeWith(NO_MODEL, "1")

    def write(self, instruction: str, passage: str, *, max_words: int) -> str:  # noqa: ARG002  # the port has them
        """Always empty."""
        return ""
