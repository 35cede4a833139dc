"""What every Transcriber keeps, whoever made it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from contract_sounds import as_samples, noise, silence

from worker.core.errors import Invalid
from worker.core.ports import Progress, Transcriber
from worker.core.sound import SAMPLE_RATE_HZ, Interval, Samples
from worker.core.transcript import Word

GREETING = Interval(0.6, 6.2)
QUESTION = Interval(10.9, 13.9)


def ignore(_: float) -> None:
    """A progress that nobody watches."""


def hear(
    transcriber: Transcriber, samples: Samples, *stretches: Interval, progress: Progress = ignore
) -> tuple[Word, ...]:
    return transcriber.transcribe(samples, stretches=stretches, language="en", progress=progress).words


@pytest.fixture(scope="module")
def agent(sample_call: tuple[Samples, Samples]) -> Samples:
    """The first 15 s of the agent's track: a greeting, silence, a question."""
    return sample_call[0][: 15 * SAMPLE_RATE_HZ]


def check_words(words: tuple[Word, ...], *stretches: Interval) -> None:
    for word in words:
        assert word.text
        assert not any(sign.isspace() for sign in word.text)
        assert 0.0 <= word.confidence <= 1.0
        assert word.start_s < word.end_s
        assert any(stretch.start_s <= word.start_s and word.end_s <= stretch.end_s for stretch in stretches), (
            "A word lies within one of the stretches that were listened to."
        )
    for one, following in pairwise(words):
        assert one.start_s <= following.start_s


def test_it_names_the_model_that_answers(transcriber: Transcriber) -> None:
    assert transcriber.made_with.model
    assert transcriber.made_with.revision


def test_whatever_the_sound_words_keep_their_shape(transcriber: Transcriber, any_sound: Samples) -> None:
    everything = Interval(0.0, len(any_sound) / SAMPLE_RATE_HZ)
    check_words(hear(transcriber, any_sound, everything), everything)


def test_whatever_the_sound_what_was_not_heard_lies_in_it_and_without_words_there_is_no_language(
    transcriber: Transcriber, any_sound: Samples
) -> None:
    length_s = len(any_sound) / SAMPLE_RATE_HZ
    heard = transcriber.transcribe(any_sound, stretches=(Interval(0.0, length_s),), language=None, progress=ignore)
    for stretch in (*heard.not_heard, *(Interval(one.start_s, one.end_s) for one in heard.other_languages)):
        assert 0.0 <= stretch.start_s < stretch.end_s <= length_s
    assert list(heard.not_heard) == sorted(heard.not_heard)
    if not heard.words:
        assert (heard.language, heard.language_confidence) == (None, None)


def test_words_are_heard_in_each_stretch_of_speech(transcriber: Transcriber, agent: Samples) -> None:
    words = hear(transcriber, agent, GREETING, QUESTION)
    check_words(words, GREETING, QUESTION)
    assert any(word.end_s <= GREETING.end_s for word in words)
    assert any(word.start_s >= QUESTION.start_s for word in words)


def test_only_the_stretches_are_listened_to(transcriber: Transcriber, agent: Samples) -> None:
    elsewhere = noise(15.0)
    first, last = (round(edge_s * SAMPLE_RATE_HZ) for edge_s in (GREETING.start_s, GREETING.end_s))
    elsewhere[first:last] = np.asarray(agent)[first:last]
    assert hear(transcriber, agent, GREETING) == hear(transcriber, as_samples(elsewhere), GREETING)


def test_a_stretch_that_reaches_beyond_the_samples_ends_with_them(transcriber: Transcriber, agent: Samples) -> None:
    check_words(hear(transcriber, agent, Interval(10.9, 99.0), Interval(120.0, 130.0)), Interval(10.9, 15.0))


def test_without_stretches_there_are_no_words_and_no_language(transcriber: Transcriber, agent: Samples) -> None:
    heard = transcriber.transcribe(agent, stretches=(), language=None, progress=ignore)
    assert heard.words == ()
    assert heard.language is None
    assert heard.language_confidence is None


def test_a_language_that_nobody_named_is_heard(transcriber: Transcriber, agent: Samples) -> None:
    heard = transcriber.transcribe(agent, stretches=(GREETING,), language=None, progress=ignore)
    assert heard.language == "en"
    assert heard.language_confidence is None or 0.5 < heard.language_confidence <= 1.0


def test_a_language_that_was_named_is_kept_and_not_said_to_have_been_heard(
    transcriber: Transcriber, agent: Samples
) -> None:
    heard = transcriber.transcribe(agent, stretches=(GREETING,), language="en", progress=ignore)
    assert heard.language == "en"
    assert heard.language_confidence is None


@pytest.mark.parametrize("language", ["tlh", "EN", "", "english"])
def test_a_language_that_the_model_does_not_know_is_refused(transcriber: Transcriber, language: str) -> None:
    with pytest.raises(Invalid):
        transcriber.transcribe(
            as_samples(silence(1.0)), stretches=(Interval(0, 1),), language=language, progress=ignore
        )


def test_the_same_sound_gets_the_same_words(transcriber: Transcriber, agent: Samples) -> None:
    assert hear(transcriber, agent, GREETING) == hear(transcriber, agent, GREETING)


def test_progress_rises_to_one(transcriber: Transcriber, agent: Samples) -> None:
    for stretches in ((), (GREETING, QUESTION)):
        shares: list[float] = []
        hear(transcriber, agent, *stretches, progress=shares.append)
        assert shares == sorted(shares)
        assert shares[0] >= 0.0
        assert shares[-1] == 1.0


def test_the_work_can_be_stopped_from_its_progress(transcriber: Transcriber, agent: Samples) -> None:
    class Stopped(Exception):
        pass

    def stop(_: float) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        hear(transcriber, agent, GREETING, progress=stop)
