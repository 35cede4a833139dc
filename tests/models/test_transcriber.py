"""Whisper's words: where they lie in time, that they are said once, and that they are the library's own."""

from __future__ import annotations

import json
import random
import socket
from collections.abc import Callable, Iterable
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from models.transcriber import (
    CHUNK,
    LONGEST_PAUSE,
    SHORTEST,
    Array,
    Piece,
    WhisperTranscriber,
    lay_out,
    longest_s,
    put_back,
    sound_of,
    without_loops,
    words_of,
)
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


# Chunks


def test_chunks_hold_every_stretch_once_and_nothing_else() -> None:
    dice = random.Random(4)
    for _ in range(40):
        track = silence(dice.uniform(0, 400))
        edges = sorted(dice.sample(range(len(track) + 1), k=min(len(track), 2 * dice.randrange(12)) // 2 * 2))
        spans = [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a >= SHORTEST]
        chunks = lay_out(track, [Interval(a / SAMPLE_RATE_HZ, b / SAMPLE_RATE_HZ) for a, b in spans])
        pieces = [piece for chunk in chunks for piece in chunk]
        for one, following in pairwise(pieces):
            assert one.last <= following.first
        assert sum(piece.length for piece in pieces) == sum(b - a for a, b in spans)
        assert all(any(a <= piece.first < piece.last <= b for a, b in spans) for piece in pieces)
        for chunk in chunks:
            assert chunk[0].at == 0
            assert chunk[-1].at + chunk[-1].length <= CHUNK
            for one, following in pairwise(chunk):
                pause = following.at - one.at - one.length
                assert pause == min(following.first - one.last, LONGEST_PAUSE)


def test_a_long_stretch_is_cut_where_it_is_quietest() -> None:
    track = np.concatenate([hum(26.0), silence(0.5), hum(20.0)])
    first, second = lay_out(track, [Interval(0.0, 46.5)])
    assert 26.0 <= first[0].last / SAMPLE_RATE_HZ <= 26.5
    assert second[0].first == first[0].last


def test_overlapping_stretches_are_heard_once_and_too_short_ones_not_at_all() -> None:
    stretches = [Interval(1.0, 3.0), Interval(2.0, 4.0), Interval(6.0, 6.01), Interval(9.0, 20.0)]
    (chunk,) = lay_out(hum(10.0), stretches)
    assert [(piece.first / SAMPLE_RATE_HZ, piece.last / SAMPLE_RATE_HZ) for piece in chunk] == [(1.0, 4.0), (9.0, 10.0)]


def test_between_stretches_there_is_silence_whatever_the_track_holds() -> None:
    (chunk,) = lay_out(hum(10.0), [Interval(1.0, 2.0), Interval(5.0, 6.0)])
    sound = sound_of(chunk, hum(10.0))
    assert len(sound) == 2.5 * SAMPLE_RATE_HZ
    assert not sound[SAMPLE_RATE_HZ : SAMPLE_RATE_HZ + LONGEST_PAUSE].any()


# Times

APART = (Piece(16_000, 32_000, 0), Piece(480_000, 496_000, 24_000))
"""Two stretches of a second, at 1 s and at 30 s, with half a second between them in the chunk."""


@pytest.mark.parametrize(
    ("heard_s", "expected_s"),
    [
        ((0.2, 0.5), (1.2, 1.5)),
        ((1.7, 2.1), (30.2, 30.6)),
        ((0.8, 1.2), (1.8, 2.0)),  # ends in the pause
        ((1.3, 1.8), (30.0, 30.3)),  # begins in the pause
        ((0.9, 2.2), (30.0, 30.7)),  # 0.1 s of it in the first, 0.7 s in the second
        ((1.05, 1.15), (1.98, 2.0)),  # wholly in the pause, nearer to the first
        ((1.4, 1.4), (30.0, 30.02)),  # a word with no length
        ((2.4, 3.0), (30.9, 31.0)),  # beyond the end
    ],
)
def test_a_word_lies_in_the_stretch_it_was_heard_in(
    heard_s: tuple[float, float], expected_s: tuple[float, float]
) -> None:
    (word,) = put_back([Word("certainly", *heard_s, 0.5)], APART, hum(31.0))
    assert (word.start_s, word.end_s) == expected_s


def test_a_word_is_as_long_as_it_can_be_spoken_and_lies_where_it_is_loud() -> None:
    """SYSTRAN/faster-whisper 125 (a first word 10 s early), suitenumerique/meet PR 1323 (a word that lasts 4 s)."""
    track = np.concatenate([silence(9.0), hum(0.5), silence(0.5)])
    (word,) = put_back([Word("hello", 0.0, 10.0, 0.5)], (Piece(0, len(track), 0),), track)
    assert word.end_s - word.start_s == pytest.approx(longest_s("hello"), abs=0.001)
    assert word.start_s <= 9.0
    assert word.end_s >= 9.5


def test_a_number_read_out_digit_by_digit_keeps_its_time() -> None:
    track = hum(10.0)
    (word,) = put_back([Word("4111-2222-33", 0.0, 8.0, 0.5)], (Piece(0, len(track), 0),), track)
    assert (word.start_s, word.end_s) == (0.0, 8.0)


# Words


def library_segment(*words: str, probability: float = 0.8) -> SimpleNamespace:
    return SimpleNamespace(
        words=[
            SimpleNamespace(word=word, start=100 + number, end=101 + number, probability=probability - number / 10)
            for number, word in enumerate(words)
        ]
    )


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
    assert texts(words_of(library_segment(*parts), shift_s=100)) == expected


def test_a_word_in_parts_lasts_from_the_first_to_the_last_and_is_as_sure_as_the_least_sure() -> None:
    (word,) = words_of(library_segment(" e", "-mail"), shift_s=100)
    assert (word.start_s, word.end_s) == (0.0, 2.0)
    assert word.confidence == pytest.approx(0.7)


def test_what_is_no_probability_is_not_passed_on() -> None:
    with pytest.raises(BrokenModel):
        words_of(library_segment(" hello", probability=float("nan")), shift_s=0)


# Loops


def test_a_phrase_said_over_and_over_is_kept_once() -> None:
    """app-vox/vox PR 381: one phrase 28 times in 81 s."""
    looped = said("so then " + "I'll be right back. " * 28 + "thanks")
    assert texts(without_loops(looped)) == "so then I'll be right back. thanks"
    assert without_loops(looped)[-1].start_s == looped[-1].start_s, "What is kept keeps its time."


@pytest.mark.parametrize(
    "text", ["no, no, no, no, no", "it's not, it's not, it's not fair", "oh oh oh one one two two"]
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
    """One stretch, cut out and handed to faster-whisper itself: the same text, times and probabilities."""
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
        assert our.start_s == pytest.approx(stretch.start_s + their.start, abs=0.021)
        assert our.end_s == pytest.approx(stretch.start_s + their.end, abs=0.021)
        assert our.confidence == pytest.approx(their.probability, abs=0.001)


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
def test_a_loop_is_decoded_again_and_then_cut(transcriber: WhisperTranscriber, agent: Array) -> None:
    """A question that is really played eleven times: nothing sounds more like a loop."""
    once = np.concatenate([cut(agent, Interval(28.8, 30.9)), silence(0.4)])
    words = hear(transcriber, as_samples(*[once] * 11), Interval(0.0, 27.5)).words
    assert 3 <= len(words) <= 20, "Of a loop one round is kept."


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
