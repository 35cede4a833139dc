"""Words per track: the language heard once and used for all, and what was not understood said to be so."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import pytest

from worker.core.call import CallDetails
from worker.core.ports import MadeWith, Progress
from worker.core.sound import SAMPLE_RATE_HZ, Interval, RecordingFacts, Samples, Sound, Track
from worker.core.transcript import (
    Code,
    Layout,
    Listening,
    OtherLanguage,
    SoundKind,
    Stretch,
    Transcript,
    Transcription,
    Word,
)
from worker.stages.transcribe import transcribe

HELLO = Word("hello", 1.0, 1.4, 0.9)
NOTHING = Transcription((), None, None)


class ScriptedTranscriber:
    """Hears what it is told to, track by track as it is asked, and keeps in which languages."""

    made_with = MadeWith("scripted", "1")

    def __init__(self, *heard: Transcription) -> None:
        self._heard = list(heard)
        self.asked: list[tuple[int, str | None]] = []

    def transcribe(
        self, samples: Samples, *, stretches: Sequence[Interval], language: str | None, progress: Progress
    ) -> Transcription:
        self.asked.append((len(samples), language))
        progress(1.0)
        return self._heard.pop(0)


@pytest.fixture
def sound(tmp_path: Path) -> Sound:
    """Two tracks of 2 and 3 samples, so that it can be seen which one was heard."""
    tracks = []
    for channel, count in enumerate((2, 3)):
        path = tmp_path / f"{channel}.f32"
        path.write_bytes(struct.pack(f"{count}f", *([0.5] * count)))
        tracks.append(Track(channel, path, count, 0.5, 0.5))
    return Sound(RecordingFacts(60.0, 2, SAMPLE_RATE_HZ, "pcm_s16le"), tuple(tracks))


def listening(*speech: tuple[int, float, float]) -> Listening:
    stretches = tuple(Stretch(channel, SoundKind.SPEECH, start_s, end_s) for channel, start_s, end_s in speech)
    return Listening(Layout.TRACK_PER_PARTY, (0, 1), stretches, ())


def run(
    sound: Sound,
    transcriber: ScriptedTranscriber,
    *,
    speech: Sequence[tuple[int, float, float]] = ((0, 0.0, 9.0), (1, 10.0, 30.0)),
    language: str | None = None,
) -> Transcript:
    return transcribe(
        sound,
        listening(*speech),
        CallDetails(language=language),
        transcriber=lambda: transcriber,
        progress=lambda _: None,
    )


def codes(transcript: Transcript) -> list[tuple[Code, float | None, float | None]]:
    return [(warning.code, warning.start_s, warning.end_s) for warning in transcript.warnings]


def test_the_language_is_heard_where_most_is_said_and_used_for_the_other_track(sound: Sound) -> None:
    transcriber = ScriptedTranscriber(Transcription((HELLO,), "de", 0.98), Transcription((HELLO,), "de", None))
    transcript = run(sound, transcriber)
    assert transcriber.asked == [(3, None), (2, "de")]
    assert (transcript.language, transcript.language_confidence) == ("de", 0.98)
    assert [track.channel for track in transcript.tracks] == [0, 1]
    assert codes(transcript) == []


def test_a_language_that_was_set_is_used_and_not_said_to_have_been_heard(sound: Sound) -> None:
    transcriber = ScriptedTranscriber(*[Transcription((HELLO,), "fr", None)] * 2)
    transcript = run(sound, transcriber, language="fr")
    assert [language for _, language in transcriber.asked] == ["fr", "fr"]
    assert (transcript.language, transcript.language_confidence) == ("fr", None)


def test_a_guessed_language_is_said_to_be_a_guess(sound: Sound) -> None:
    transcriber = ScriptedTranscriber(Transcription((HELLO,), "cy", 0.31), Transcription((HELLO,), "cy", None))
    assert codes(run(sound, transcriber)) == [(Code.LANGUAGE_UNSURE, None, None)]


def test_a_track_without_a_word_does_not_say_in_which_language_the_other_is(sound: Sound) -> None:
    transcriber = ScriptedTranscriber(NOTHING, Transcription((HELLO,), "en", 0.9))
    transcript = run(sound, transcriber)
    assert transcriber.asked == [(3, None), (2, None)]
    assert transcript.language == "en"


def test_a_change_of_language_is_told_once_for_each_part_of_the_call(sound: Sound) -> None:
    spanish = (OtherLanguage("es", 0.93, 12.0, 14.0), OtherLanguage("es", 0.97, 20.0, 26.0))
    transcriber = ScriptedTranscriber(
        Transcription((HELLO,), "en", 0.9, other_languages=spanish),
        Transcription((HELLO,), "en", None, other_languages=(OtherLanguage("es", 0.95, 14.0, 19.0),)),
    )
    transcript = run(sound, transcriber)
    assert codes(transcript) == [(Code.LANGUAGE_CHANGES, 12.0, 26.0)]
    assert "'es'" in transcript.warnings[0].message
    assert "0.97" in transcript.warnings[0].message


def test_what_was_not_heard_is_named_with_its_stretch(sound: Sound) -> None:
    transcriber = ScriptedTranscriber(
        Transcription((HELLO,), "en", 0.9, not_heard=(Interval(20.0, 24.0),)), Transcription((HELLO,), "en", None)
    )
    assert codes(run(sound, transcriber)) == [(Code.NOT_HEARD, 20.0, 24.0)]


def test_speech_in_which_no_word_is_heard_is_no_speech_and_has_no_language(sound: Sound) -> None:
    transcript = run(sound, ScriptedTranscriber(NOTHING, NOTHING))
    assert (transcript.language, transcript.language_confidence) == (None, None)
    assert codes(transcript) == [(Code.NO_SPEECH, None, None)]


def test_a_call_in_which_nobody_speaks_loads_no_model(sound: Sound) -> None:
    transcriber = ScriptedTranscriber()
    transcript = run(sound, transcriber, speech=())
    assert transcriber.asked == []
    assert all(track.words == () for track in transcript.tracks)
    assert codes(transcript) == [], "The stage before this one has said so."
