"""Whisper's words: where they lie in time, that they are said once, and that they are the library's own."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from models.chunks import Array, longest_s
from models.transcriber import WhisperTranscriber, without_loops, words_of
from worker.core.errors import BrokenModel, Invalid, Unavailable
from worker.core.ports import MadeWith
from worker.core.sound import SAMPLE_RATE_HZ, Interval, Samples
from worker.core.transcript import Transcription, Word

REFERENCE = Path(__file__).parents[2] / "scripts" / "sample_call" / "reference.json"


def silence(length_s: float) -> Array:
    return np.zeros(round(length_s * SAMPLE_RATE_HZ), dtype=np.float32)


def hum(length_s: float) -> Array:
    return np.full(round(length_s * SAMPLE_RATE_HZ), 0.1, dtype=np.float32)


def as_samples(*parts: Array) -> Samples:
    return memoryview(np.concatenate(parts).tobytes()).cast("f")


def said(text: str) -> tuple[Word, ...]:
    return tuple(Word(word, number * 0.4, number * 0.4 + 0.3, 0.9) for number, word in enumerate(text.split()))


def texts(words: Iterable[Word]) -> str:
    return " ".join(word.text for word in words)


# Words


def library_words(*words: str, probability: float = 0.8, word_s: float = 0.4) -> list[dict[str, object]]:
    return [
        {
            "word": word,
            "start": number * word_s,
            "end": (number + 1) * word_s,
            "probability": probability - number / 10,
        }
        for number, word in enumerate(words)
    ]


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ((" My", " name."), "My name."),
        ((" K", "-I", "-N", "-G."), "K-I-N-G."),
        ((" it's", " $25", ".50", "."), "it's $25.50."),
        ((" an", " e", "-mail"), "an e-mail"),
        ((" -", " Yes", " ...", " ♪"), "Yes"),
        (("你好", "吗"), "你好 吗"),
        ((), ""),
    ],
)
def test_words_are_whole_and_are_words(parts: tuple[str, ...], expected: str) -> None:
    assert texts(words_of(library_words(*parts))) == expected


def test_a_word_in_parts_lasts_from_the_first_to_the_last_and_is_as_sure_as_the_least_sure() -> None:
    (word,) = words_of(library_words(" e", "-mail"))
    assert (word.start_s, word.end_s) == (0.0, 0.8)
    assert word.confidence == pytest.approx(0.7)


def test_a_number_that_is_read_slowly_is_a_word_for_each_of_its_groups() -> None:
    """Otherwise one word lasts as long as a sentence, and nobody finds a group of it again in the sound."""
    assert texts(words_of(library_words(" 555", "-01", "-62", word_s=0.6))) == "555-01-62"
    assert texts(words_of(library_words(" 555", "-01", "-62", word_s=1.5))) == "555- 01- 62"
    assert texts(words_of(library_words(" $25", ".50", word_s=1.5))) == "$25.50", "An amount is never two."


def test_what_is_no_probability_is_not_passed_on() -> None:
    with pytest.raises(BrokenModel):
        words_of(library_words(" hello", probability=float("nan")))


# Loops


def test_a_phrase_said_over_and_over_is_kept_once() -> None:
    """app-vox/vox PR 381: one phrase 28 times in 81 s."""
    looped = said("so then " + "I'll be right back. " * 28 + "thanks")
    assert texts(without_loops(looped)) == "so then I'll be right back. thanks"
    assert without_loops(looped)[-1].start_s == looped[-1].start_s, "What is kept keeps its time."


@pytest.mark.parametrize(
    "text",
    [
        "no, no, no, no, no",
        "it's not, it's not, it's not fair",
        "oh oh oh one one two two",
        "it is 0 0 0 0 0 0 0 0 0 7",
        "6 1, 6 1, 6 1, 6 1, 6 1, 9",
    ],
)
def test_people_may_repeat_themselves(text: str) -> None:
    assert texts(without_loops(said(text))) == text


# The model itself


@pytest.fixture(scope="module")
def tiny(weights: Callable[[str], Path]) -> Path:
    return weights("whisper-tiny.en")


@pytest.fixture(scope="module")
def transcriber(tiny: Path) -> WhisperTranscriber:
    return load(tiny)


@pytest.fixture(scope="module")
def agent(sample_call: tuple[Samples, Samples]) -> Array:
    return np.asarray(sample_call[0])


@pytest.fixture(scope="module")
def utterances() -> list[tuple[Interval, str]]:
    """What the agent says in the sample call, and when."""
    return [
        (Interval(utterance["start_s"], utterance["end_s"]), utterance["text"])
        for utterance in json.loads(REFERENCE.read_text(encoding="utf-8"))["utterances"]
        if utterance["channel"] == 0
    ]


def load(folder: Path, *, device: str = "cpu", compute_type: str = "int8") -> WhisperTranscriber:
    return WhisperTranscriber(
        folder, made_with=MadeWith("whisper", "as fetched"), device=device, compute_type=compute_type
    )


def hear(
    transcriber: WhisperTranscriber, samples: Samples, *stretches: Interval, language: str | None = "en"
) -> Transcription:
    return transcriber.transcribe(samples, stretches=stretches, language=language, progress=lambda _: None)


def cut(track: Array, stretch: Interval) -> Array:
    return track[round(stretch.start_s * SAMPLE_RATE_HZ) : round(stretch.end_s * SAMPLE_RATE_HZ)]


@pytest.mark.models
def test_the_words_are_those_of_the_library(transcriber: WhisperTranscriber, tiny: Path, agent: Array) -> None:
    """One stretch, cut out and handed to faster-whisper itself, which encodes 30 s where ours ends with the sound."""
    import faster_whisper

    stretch = Interval(11.0, 14.0)
    library = faster_whisper.BatchedInferencePipeline(
        faster_whisper.WhisperModel(str(tiny), device="cpu", compute_type="int8", cpu_threads=2)
    )
    segments, _ = library.transcribe(cut(agent, stretch), language="en", word_timestamps=True, vad_filter=False)
    theirs = [word for segment in segments for word in segment.words]
    ours = hear(transcriber, as_samples(agent), stretch).words
    assert [word.text for word in ours] == [word.word.strip() for word in theirs]
    for our, their in zip(ours, theirs, strict=True):
        assert our.start_s == pytest.approx(stretch.start_s + their.start, abs=0.25)
        assert our.end_s == pytest.approx(stretch.start_s + their.end, abs=0.25)
        assert our.confidence == pytest.approx(their.probability, abs=0.1)


@pytest.mark.models
def test_times_do_not_drift_over_a_call(
    transcriber: WhisperTranscriber, agent: Array, utterances: list[tuple[Interval, str]]
) -> None:
    stretches = [Interval(spoken.start_s - 0.2, spoken.end_s + 0.2) for spoken, _ in utterances]
    words = hear(transcriber, as_samples(agent), *stretches).words
    for stretch, (spoken, _) in zip(stretches, utterances, strict=True):
        within = [word for word in words if stretch.start_s <= word.start_s and word.end_s <= stretch.end_s]
        assert within, "Something is heard in each stretch of speech."
        assert abs(within[0].start_s - spoken.start_s) < 0.5
        assert abs(within[-1].end_s - spoken.end_s) < 0.7


@pytest.mark.models
def test_the_first_word_after_a_long_silence_is_not_early(transcriber: WhisperTranscriber, agent: Array) -> None:
    """The voice detector may take in silence before speech: 10 s of it here, then the greeting."""
    words = hear(transcriber, as_samples(silence(10.0), cut(agent, Interval(0.8, 6.0))), Interval(0.0, 15.2)).words
    assert 9.7 < words[0].start_s < 10.7


@pytest.mark.models
def test_no_word_is_longer_than_it_can_be_spoken(
    transcriber: WhisperTranscriber, agent: Array, utterances: list[tuple[Interval, str]]
) -> None:
    stretches = [Interval(one.start_s, other.end_s) for (one, _), (other, _) in pairwise(utterances[:4])]
    for word in hear(transcriber, as_samples(agent), *stretches).words:
        assert word.end_s - word.start_s <= longest_s(word.text) + 0.001


@pytest.mark.models
def test_a_loop_is_decoded_again_and_then_cut_and_said_to_be(transcriber: WhisperTranscriber, agent: Array) -> None:
    """A question that is really played eleven times without a pause: nothing sounds more like a loop."""
    once = np.concatenate([cut(agent, Interval(28.8, 30.9)), silence(0.4)])
    heard = hear(transcriber, as_samples(*[once] * 11), Interval(0.0, 27.5))
    assert 3 <= len(heard.words) <= 40, "Of a loop one round is kept."
    assert sum(stretch.length_s for stretch in heard.not_heard) > 5.0, "What was cut is not passed over in silence."


@pytest.mark.models
def test_a_language_is_heard_on_speech_and_not_on_what_comes_before_it(
    weights: Callable[[str], Path], agent: Array
) -> None:
    at_s = np.arange(40 * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    music = np.asarray(0.2 * np.sin(2 * np.pi * 440 * at_s) + 0.1 * np.sin(2 * np.pi * 554 * at_s), dtype=np.float32)
    transcriber = load(weights("whisper-base"))
    samples = as_samples(music, cut(agent, Interval(0.8, 6.0)))
    heard = hear(transcriber, samples, Interval(40.0, 45.2), language=None)
    assert heard.language == "en"
    assert heard.language_confidence is not None
    assert heard.language_confidence > 0.8
    assert "Brightwater" in texts(heard.words) or "calling" in texts(heard.words)


@pytest.mark.models
def test_a_model_of_one_language_refuses_another_and_does_not_claim_to_have_heard_its_own(
    transcriber: WhisperTranscriber, agent: Array
) -> None:
    with pytest.raises(Invalid):
        hear(transcriber, as_samples(agent), Interval(0.8, 6.0), language="de")
    heard = hear(transcriber, as_samples(agent), Interval(0.8, 6.0), language=None)
    assert (heard.language, heard.language_confidence) == ("en", None)


@pytest.mark.models
def test_nothing_is_fetched(tiny: Path, agent: Array, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("Neither loading nor hearing may reach for a network.")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert hear(load(tiny), as_samples(agent), Interval(0.8, 6.0)).words


@pytest.mark.models
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("model.bin", None),
        ("model.bin", b""),
        ("model.bin", b"\x06\x00\x00\x00\x0c\x00WhisperSpec"),  # how a whole one begins
        ("model.bin", b"no weights at all" * 100),
        ("config.json", None),
        ("config.json", b'{"lang_ids": ['),
        ("tokenizer.json", None),
        ("tokenizer.json", b'{"version": "1.0"'),
        ("tokenizer.json", b"[1, 2]"),
        ("vocabulary.txt", None),
    ],
)
def test_a_folder_without_whole_weights_is_a_broken_model(
    tiny: Path, tmp_path: Path, name: str, content: bytes | None
) -> None:
    for file in tiny.iterdir():
        if file.name != name:
            (tmp_path / file.name).symlink_to(file)
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(BrokenModel):
        load(tmp_path)


def test_a_folder_that_is_not_there_is_a_broken_model(tmp_path: Path) -> None:
    with pytest.raises(BrokenModel):
        load(tmp_path / "nowhere")


@pytest.mark.models
def test_a_device_that_is_not_there_may_come_back_and_one_that_is_unknown_never_will(tiny: Path) -> None:
    with pytest.raises(Invalid):
        load(tiny, device="abacus")
    with pytest.raises(Invalid):
        load(tiny, compute_type="int7")
    import ctranslate2

    try:
        there = ctranslate2.get_cuda_device_count() > 0
    except RuntimeError:  # no driver
        there = False
    if not there:
        with pytest.raises(Unavailable):
            load(tiny, device="cuda", compute_type="float16")
