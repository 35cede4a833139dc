"""Rewrites weights, once and at fetch, into files that load fast and that hold nothing but numbers and text.

A pickled checkpoint can run code when it is opened, and a GGUF file is dequantised every time it is opened (most of a
minute). Both become safetensors plus JSON here, or CTranslate2's own files, after `models.weights` has checked the
source's SHA-256, so that an adapter never opens either. Loading and running the models is the adapters' work, not done
here.

Nothing in a pickle is trusted even here: it is read by torch's restricted reader, and each class that a checkpoint
names (pyannote's, Lightning's, omegaconf's) is replaced by an inert stand-in, so none of those libraries is needed.
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import io
import json
import pickle
import tempfile
import zipfile
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.instructed_model import ChatFrame
from worker.core.errors import BrokenModel, Unavailable

if TYPE_CHECKING:
    import torch

WEIGHTS_FILE = "model.safetensors"
CONFIG_FILE = "config.json"
TOKENIZER_FILE = "tokenizer.json"
PROMPT_FILE = "prompt.json"
"""How a language model of CTranslate2 is asked. before, after: what its chat template puts around a message; stops: the
tokens that end an answer; longest: how many tokens it reads and writes together, 0 if nothing is known of a limit."""

TWINS = 0.2
"""How far apart two matrices are at most, as a share of their size, that are one matrix rounded in two ways. Measured:
0.04 (8 bits and 5), 0.07 (6 bits and 4); two that have nothing in common are 1.4 apart."""


class Conversion(StrEnum):
    """What has to be done to a model's source files before an adapter can load them."""

    NONE = "none"  # laid down as they came
    GGUF = "gguf"  # a quantised causal language model -> a transformers folder in float32
    GGUF_INT8 = "gguf to int8"  # the same -> a CTranslate2 folder in 8-bit integers, a fifth of that size
    PYANNOTE = "pyannote"  # a Lightning checkpoint of a pyannote model -> model.safetensors, config.json
    STATE_DICT = "state dict"  # a pickled state dict, or a training checkpoint with one -> model.safetensors


def convert(conversion: Conversion, *, source: Path, target: Path) -> None:
    """Write into the empty folder `target` what adapters load, made from the checked files in the folder `source`.

    Raises: BrokenModel if the files are not what the conversion expects; Unavailable if the disk is full.
    """
    try:
        if conversion is Conversion.NONE:
            for path in sorted(path for path in source.rglob("*") if path.is_file()):
                place = target / path.relative_to(source)
                place.parent.mkdir(parents=True, exist_ok=True)
                path.replace(place)
        elif conversion is Conversion.GGUF:
            _run_aside(_convert_gguf, _find_one(source, ".gguf"), target)
        elif conversion is Conversion.GGUF_INT8:
            _run_aside(_convert_gguf_to_int8, _find_one(source, ".gguf"), target)
        elif conversion is Conversion.PYANNOTE:
            _convert_pyannote(_find_one(source, ".bin"), target)
        else:
            _convert_state_dict(_find_one(source, ".pt"), target)
    except ImportError as error:
        raise Unavailable(f"This model has to be converted, and the library for it is not here: {error}.") from error


def _find_one(folder: Path, ending: str) -> Path:
    found = [path for path in folder.iterdir() if path.name.endswith(ending)]
    if len(found) != 1:
        raise BrokenModel(f"Expected one *{ending} file to convert and found {len(found)}. Fetch the model again.")
    return found[0]


def _run_aside(conversion: Callable[[Path, Path], None], path: Path, target: Path) -> None:
    """Convert in a process of its own, which gives back its gigabytes when it ends and may be the one that is killed
    where there is too little memory."""
    import concurrent.futures.process
    import multiprocessing

    aside = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(max_workers=1, mp_context=aside) as pool:
        try:
            pool.submit(conversion, path, target).result()
        except concurrent.futures.process.BrokenProcessPool as error:
            raise Unavailable(
                "The process that converts this model was killed, most likely because the memory is too small for it."
            ) from error


def _convert_gguf(path: Path, target: Path) -> None:
    """A GGUF language model as transformers reads it: config, generation settings, tokenizer, float32 weights.

    `save_pretrained` refuses a model that was loaded from GGUF, so the weights are written by hand.
    """
    model, tokenizer = _read_gguf(path)
    model.config.save_pretrained(target)
    model.generation_config.save_pretrained(target)
    tokenizer.save_pretrained(target)
    state = dict(model.state_dict())
    if model.config.tie_word_embeddings:
        state.pop("lm_head.weight", None)  # the same tensor as the embedding: safetensors refuses to write it twice
    _save(state, target)


def _convert_gguf_to_int8(path: Path, target: Path) -> None:
    """A GGUF language model as CTranslate2 reads it, in 8-bit integers."""
    model, tokenizer = _read_gguf(path)
    save_for_ctranslate2(model, tokenizer, target, quantization="int8")


def save_for_ctranslate2(model: Any, tokenizer: Any, target: Path, *, quantization: str) -> None:
    """Write a causal language model of transformers into the folder `target` as `models.ct2_summarizer` loads it.

    The model is taken apart on the way and cannot be used any more. `quantization` as CTranslate2 names it.
    Raises: BrokenModel if CTranslate2 does not know this kind of model.
    """
    from ctranslate2.converters import TransformersConverter

    stops = model.generation_config.eos_token_id
    prompt = dataclasses.asdict(ChatFrame.read(tokenizer)) | {
        "stops": sorted({tokenizer.eos_token_id, *(stops if isinstance(stops, list) else [stops])} - {None}),
        "longest": int(getattr(model.config, "max_position_embeddings", 0) or 0),
    }
    with tempfile.TemporaryDirectory() as config:
        model.config.save_pretrained(config)
        converter = TransformersConverter(config)
        # It would read both from a folder, into which gigabytes would have to be written first.
        converter.load_model = lambda *_, **__: model
        converter.load_tokenizer = lambda *_, **__: tokenizer
        try:
            converter.convert(str(target), quantization=quantization, force=True)
        except (ValueError, NotImplementedError) as error:
            raise BrokenModel("CTranslate2 cannot run this kind of model. Fetch it for transformers.") from error
    # For a mark that the tokenizer does not have it writes null, and then cannot read it.
    marks = json.loads((target / CONFIG_FILE).read_text(encoding="utf-8"))
    known = {name: "" if value is None else value for name, value in marks.items()}
    (target / CONFIG_FILE).write_text(json.dumps(known, indent=2) + "\n", encoding="utf-8")
    tokenizer.backend_tokenizer.save(str(target / TOKENIZER_FILE), pretty=False)
    (target / PROMPT_FILE).write_text(json.dumps(prompt, indent=2) + "\n", encoding="utf-8")


def _read_gguf(path: Path) -> tuple[Any, Any]:
    """The model in float32, and its tokenizer."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    try:
        # The caller shows progress in its own way, and this is the one switch that all of the libraries' bars mind.
        with contextlib.redirect_stderr(io.StringIO()):
            model = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32)
            tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
    except (ValueError, KeyError, IndexError, RuntimeError) as error:
        raise BrokenModel("transformers cannot read this GGUF file. Fetch the model again.") from error
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config  # it is no longer quantised
    model.config.architectures = [type(model).__name__]
    tie_twins(model)
    return model, tokenizer


def tie_twins(model: Any) -> None:
    """Make one matrix of a model's first and last where they are the same, rounded in two ways.

    A GGUF file may hold the one matrix of a tied model twice, and the last, which decides between words, more finely:
    that one is kept for both. In a small model it is a fifth of all weights.
    """
    first, last = model.get_input_embeddings(), model.get_output_embeddings()
    if last is None or model.config.tie_word_embeddings or first.weight.shape != last.weight.shape:
        return
    if (first.weight - last.weight).norm() < TWINS * last.weight.norm():
        first.weight = last.weight
        model.config.tie_word_embeddings = True


def _convert_pyannote(path: Path, target: Path) -> None:
    """A pyannote checkpoint's weights, and in config.json what is needed to build the model around them.

    config.json: architecture (a dotted name), hyper_parameters (its arguments), specifications (problem and resolution
    by the names of pyannote's enums, duration in seconds, classes, powerset_max_classes or null, ...).
    Source: pyannote/pyannote-audio, pyannote/audio/core/model.py (on_save_checkpoint) and core/task.py, version 4.0.7.
    """
    checkpoint = read_checkpoint(path)
    try:
        home = checkpoint["pyannote.audio"]
        architecture, specifications = home["architecture"], dict(home["specifications"].state)
        config = {
            "architecture": architecture["module"] + "." + architecture["class"],
            "hyper_parameters": checkpoint["hyper_parameters"],
            "specifications": {
                "problem": _PROBLEMS[specifications["problem"].arguments[0]],
                "resolution": _RESOLUTIONS[specifications["resolution"].arguments[0]],
                "duration": specifications["duration"],
                "min_duration": specifications.get("min_duration"),
                "warm_up": list(specifications["warm_up"]),
                "classes": list(specifications["classes"]),
                "powerset_max_classes": specifications.get("powerset_max_classes"),
                "permutation_invariant": specifications["permutation_invariant"],
            },
        }
        state = dict(checkpoint["state_dict"])
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise BrokenModel("This checkpoint does not hold a pyannote model. Fetch the model again.") from error
    _save(state, target)
    (target / CONFIG_FILE).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


_PROBLEMS = (
    "BINARY_CLASSIFICATION",
    "MONO_LABEL_CLASSIFICATION",
    "MULTI_LABEL_CLASSIFICATION",
    "REPRESENTATION",
    "REGRESSION",
)
_RESOLUTIONS = {1: "FRAME", 2: "CHUNK"}


def _convert_state_dict(path: Path, target: Path) -> None:
    """The weights of a pickled state dict. Of a training checkpoint only "model_state" is kept, not the optimizer's."""
    checkpoint = read_checkpoint(path)
    state = checkpoint.get("model_state", checkpoint)
    try:
        _save(state, target)
    except (ValueError, AttributeError) as error:
        raise BrokenModel("This checkpoint is not a plain state dict. Fetch the model again.") from error


def _save(state: dict[str, torch.Tensor], target: Path) -> None:
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    # Each tensor on its own and in order, since safetensors writes nothing else; the mark is one transformers asks for.
    plain = {name: tensor.detach().contiguous() for name, tensor in state.items()}
    try:
        save_file(plain, target / WEIGHTS_FILE, metadata={"format": "pt"})
    except SafetensorError as error:
        raise Unavailable(f"The converted weights cannot be written: {error}.") from error


class _Inert:
    """Stands in for a class that a checkpoint names: keeps what it would have been built from and does nothing."""

    arguments: tuple[Any, ...]
    state: Any

    def __new__(cls, *arguments: Any, **_: Any) -> _Inert:
        made = super().__new__(cls)
        made.arguments, made.state = arguments, {}
        return made

    def __init__(self, *_: Any, **__: Any) -> None:
        """Takes anything, so that no checkpoint fails on a class that we do not need."""

    def __setstate__(self, state: Any) -> None:
        self.state = state


_HARMLESS: dict[str, Any] = {
    "builtins.int": int,
    "builtins.list": list,
    "builtins.dict": dict,
    "collections.defaultdict": collections.defaultdict,
}


def read_checkpoint(path: Path) -> dict[str, Any]:
    import torch
    from torch.serialization import get_unsafe_globals_in_checkpoint, safe_globals

    try:
        # The old format (before torch 1.6) cannot be asked for its names. It then has to do without any.
        names = get_unsafe_globals_in_checkpoint(str(path)) if zipfile.is_zipfile(path) else []
        stand_ins: list[Any] = [(_HARMLESS.get(name) or type(name, (_Inert,), {}), name) for name in names]
        with safe_globals(stand_ins):
            checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, ValueError, EOFError) as error:
        raise BrokenModel("This checkpoint cannot be read safely. Fetch the model again.") from error
    if not isinstance(checkpoint, dict):
        raise BrokenModel("This checkpoint does not hold a table of weights. Fetch the model again.")
    return checkpoint
