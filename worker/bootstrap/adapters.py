"""The models behind the ports of the stages, as the settings name them. Each is loaded when a call first needs it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TypeVar

from models.catalogue import find
from models.weights import locate, read_revision
from worker.core.errors import BrokenModel
from worker.core.evidence import NO_MODEL
from worker.core.ports import Diarizer, Entailment, Load, MadeWith, Summarizer, Transcriber, VoiceDetector
from worker.core.protection import Rules
from worker.settings import Settings

A = TypeVar("A")

SPEECH_THRESHOLD = 0.35
"""Below the detector's own 0.5: with that, 4.5 s of 26 s of a quiet party's digits were lost, with this 1.8 s, for
1.4 s of music more in five minutes of it."""


def ports(settings: Settings) -> dict[str, object]:
    """A loader for each model port of the stages, and the rules of protection. The scratch folder, a port too, is each
    call's own. Raises Invalid for rules that are none."""
    summarizer = _once(lambda: _summarizer(settings))
    return {
        "voice_detector": _once(_voice_detector),
        "transcriber": _once(lambda: _transcriber(settings)),
        "diarizer": _once(lambda: _diarizer(settings)),
        "summarizer": summarizer,
        "entailment": _once(lambda: _entailment(summarizer())),
        "protection": Rules.read(settings.protect),
    }


def _once(build: Callable[[], A]) -> Load[A]:
    """A loader that builds its adapter the first time and gives the same one ever after, from any thread."""
    lock = Lock()
    built = cache(build)

    def load() -> A:
        with lock:
            return built()

    return load


def model_folder(settings: Settings, name: str) -> Path:
    """Where a model lies: as the catalogue's name says, or in the folder of the operator's own that is named."""
    return Path(name) if _is_own(name) else locate(find(name), models_dir=settings.models_dir)


def _made_with(settings: Settings, *names: str) -> MadeWith:
    return MadeWith(
        " + ".join(Path(name).name for name in names),
        " + ".join(
            "operator's folder" if _is_own(name) else read_revision(find(name), models_dir=settings.models_dir)
            for name in names
        ),
    )


def _is_own(name: str) -> bool:
    return "/" in name


def _voice_detector() -> VoiceDetector:
    from models.voice_detector import SileroVoiceDetector

    return SileroVoiceDetector(threshold=SPEECH_THRESHOLD)


def _transcriber(settings: Settings) -> Transcriber:
    from models.devices import pick_device
    from models.transcriber import WhisperTranscriber

    device = pick_device(settings.device)
    return WhisperTranscriber(
        model_folder(settings, settings.speech_model),
        made_with=_made_with(settings, settings.speech_model),
        device=device,
        compute_type="int8" if device == "cpu" else "float16",
        threads=settings.threads,
    )


def _diarizer(settings: Settings) -> Diarizer:
    from models.devices import pick_device
    from models.diarizer import PyannoteDiarizer, PyannotePipelineDiarizer

    if settings.diarization_model:
        return PyannotePipelineDiarizer(
            model_folder(settings, settings.diarization_model),
            made_with=_made_with(settings, settings.diarization_model),
            device=pick_device(settings.device),
            threads=settings.threads,
        )
    return PyannoteDiarizer(
        model_folder(settings, settings.segmentation_model),
        model_folder(settings, settings.voices_model),
        made_with=_made_with(settings, settings.segmentation_model, settings.voices_model),
        device=pick_device(settings.device),
        threads=settings.threads,
    )


def _summarizer(settings: Settings) -> Summarizer:
    from models.devices import pick_device
    from models.summarizer import ExtractiveSummarizer, load_summarizer

    if settings.writing_model == NO_MODEL:
        return ExtractiveSummarizer()
    if settings.summarizer_url:
        from models.remote_summarizer import RemoteSummarizer

        return RemoteSummarizer(settings.summarizer_url, model=settings.writing_model, key=settings.summarizer_key)
    return load_summarizer(
        model_folder(settings, settings.writing_model),
        made_with=_made_with(settings, settings.writing_model),
        device=pick_device(settings.device),
        threads=settings.threads,
    )


def _entailment(summarizer: Summarizer) -> Entailment:
    """The model that writes also reads: it is there, and no smaller one is known to read better."""
    from models.entailment import AnsweredEntailment, NoEntailment, ScoredEntailment
    from models.instructed_model import InstructedModel
    from models.summarizer import ExtractiveSummarizer

    if isinstance(summarizer, ExtractiveSummarizer):
        return NoEntailment()
    return ScoredEntailment(summarizer) if isinstance(summarizer, InstructedModel) else AnsweredEntailment(summarizer)


def is_fetched(settings: Settings, name: str) -> bool:
    """The model of this catalogue name is in the models folder."""
    try:
        locate(find(name), models_dir=settings.models_dir)
    except BrokenModel:
        return False
    return True


def wanted_models(settings: Settings) -> tuple[str, ...]:
    """Catalogue names of the models that run here; an operator's own folder is not fetched."""
    pair = (settings.segmentation_model, settings.voices_model)
    voices = (settings.diarization_model,) if settings.diarization_model else pair
    writing = () if settings.summarizer_url else (settings.writing_model,)
    used = (settings.speech_model, *voices, *writing)
    return tuple(name for name in used if name != NO_MODEL and not _is_own(name))
