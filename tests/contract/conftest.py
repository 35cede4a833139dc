"""One adapter after the other for each port: the fake, and the real one with the quickest weights that it can have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from contract_sounds import SOUNDS, as_samples

from models.fakes import FakeDiarizer, FakeEntailment, FakeSummarizer, FakeTranscriber, FakeVoiceDetector
from models.instructed_model import InstructedModel
from tests.chat_server import KEY, MODEL, ChatServer, say_yes_or_no, serving
from worker.core.ports import Diarizer, Entailment, MadeWith, Summarizer, Transcriber, VoiceDetector
from worker.core.sound import Samples

Weights = Callable[[str], Path]


def real(name: str) -> object:
    """A parameter that needs fetched weights."""
    return pytest.param(name, marks=pytest.mark.models)


@pytest.fixture(params=sorted(SOUNDS))
def any_sound(request: pytest.FixtureRequest) -> Samples:
    """Each of the sounds in turn."""
    return as_samples(SOUNDS[request.param]())


@pytest.fixture(scope="session", params=["fake", "silero-vad"])
def voice_detector(request: pytest.FixtureRequest) -> VoiceDetector:
    if request.param == "fake":
        return FakeVoiceDetector()
    from models.voice_detector import SileroVoiceDetector

    return SileroVoiceDetector()


@pytest.fixture(scope="session", params=["fake", real("whisper-tiny.en")])
def transcriber(request: pytest.FixtureRequest, weights: Weights) -> Transcriber:
    if request.param == "fake":
        return FakeTranscriber()
    from models.transcriber import WhisperTranscriber

    return WhisperTranscriber(weights(request.param), made_with=MadeWith(request.param, "as fetched"), beam_size=1)


@pytest.fixture(scope="session", params=["fake", real("pyannote-segmentation-3.0 + campplus-zh-en")])
def diarizer(request: pytest.FixtureRequest, weights: Weights) -> Diarizer:
    if request.param == "fake":
        return FakeDiarizer()
    from models.diarizer import PyannoteDiarizer

    segmentation, embedding = request.param.split(" + ")
    return PyannoteDiarizer(
        weights(segmentation), weights(embedding), made_with=MadeWith(request.param, "as fetched"), device="cpu"
    )


@pytest.fixture(scope="session")
def remote_summarizer() -> Iterator[Summarizer]:
    from models.remote_summarizer import RemoteSummarizer

    with serving(ChatServer(key=KEY)) as server:
        remote = RemoteSummarizer(server.url, model=MODEL, key=KEY)
        yield remote
        remote.close()


@pytest.fixture(
    scope="session", params=["fake", "remote", real("smollm2-135m-instruct"), real("smollm2-135m-instruct-int8")]
)
def summarizer(request: pytest.FixtureRequest, weights: Weights) -> Summarizer:
    if request.param == "fake":
        return FakeSummarizer()
    if request.param == "remote":
        return request.getfixturevalue("remote_summarizer")
    return load_writer(request.param, weights)


@pytest.fixture(scope="session")
def answered_entailment() -> Iterator[Entailment]:
    """A server of which each answer is one word: whether the passage holds the claim's words, by the fake's share."""
    from models.entailment import AnsweredEntailment
    from models.remote_summarizer import RemoteSummarizer

    with serving(ChatServer(key=KEY)) as server:
        server.answer = say_yes_or_no
        remote = RemoteSummarizer(server.url, model=MODEL, key=KEY)
        yield AnsweredEntailment(remote)
        remote.close()


@pytest.fixture(scope="session", params=["fake", "answered", real("qwen2.5-coder-0.5b-instruct-int8")])
def entailment(request: pytest.FixtureRequest, weights: Weights) -> Entailment:
    if request.param == "fake":
        return FakeEntailment()
    if request.param == "answered":
        return request.getfixturevalue("answered_entailment")
    from models.entailment import ScoredEntailment

    return ScoredEntailment(load_writer(request.param, weights))


def load_writer(name: str, weights: Weights) -> InstructedModel:
    from models.summarizer import load_summarizer

    return load_summarizer(weights(name), made_with=MadeWith(name, "as fetched"), threads=1)
