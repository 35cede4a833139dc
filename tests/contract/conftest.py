"""One adapter after the other for each port: the fake, and the real one with the quickest weights that it can have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from contract_sounds import SOUNDS, as_samples

from models.fakes import FakeDiarizer, FakeSummarizer, FakeTranscriber, FakeVoiceDetector
from tests.chat_server import KEY, MODEL, ChatServer, serving
from worker.core.ports import Diarizer, MadeWith, Summarizer, Transcriber, VoiceDetector
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


@pytest.fixture(scope="session", params=["fake", "remote", real("smollm2-135m-instruct")])
def summarizer(request: pytest.FixtureRequest, weights: Weights) -> Summarizer:
    if request.param == "fake":
        return FakeSummarizer()
    if request.param == "remote":
        return request.getfixturevalue("remote_summarizer")
    from models.summarizer import TransformersSummarizer

    return TransformersSummarizer(
        weights(request.param), made_with=MadeWith(request.param, "as fetched"), device="cpu", threads=1
    )
