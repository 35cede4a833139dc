"""Speech into words: each track worth hearing, where the stage before it found speech, and nowhere else.

Sound that is not speech is never handed to the model, because a recogniser that is given music or silence answers with
sentences. The language is heard once for the call and then used for all of its tracks; a stretch that is in another is
written down in its own and said to be. Where somebody was not understood, a warning names the stretch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from worker.core.call import CallDetails
from worker.core.listening import joined
from worker.core.ports import Load, Progress, Transcriber, part_of
from worker.core.sound import Interval, Sound
from worker.core.transcript import (
    SURE_LANGUAGE,
    CallWarning,
    Code,
    Listening,
    OtherLanguage,
    TrackWords,
    Transcript,
    Transcription,
)
from worker.stages.listening.leaks import cleaned_track

LANGUAGE_GAP_S = 30.0
"""Between two stretches in one language that are told as one: a question in another language and its answer."""


def transcribe(
    sound: Sound, listening: Listening, details: CallDetails, *, transcriber: Load[Transcriber], progress: Progress
) -> Transcript:
    """Words per heard track. A call in which nobody speaks has no words, no language, and loads no model."""
    speech = {channel: listening.speech(channel) for channel in listening.heard_channels}
    seconds = {channel: sum(stretch.length_s for stretch in stretches) for channel, stretches in speech.items()}
    total_s = sum(seconds.values())
    if total_s == 0.0:
        progress(1.0)
        nothing = tuple(TrackWords(channel, ()) for channel in listening.heard_channels)
        return Transcript(nothing, details.language, None)

    language, confidence = details.language, None
    done_s = 0.0
    heard: dict[int, Transcription] = {}
    # The track with most speech goes first: the language is heard best there.
    for channel in sorted(speech, key=lambda channel: -seconds[channel]):
        if not speech[channel]:
            continue
        heard[channel] = transcriber().transcribe(
            cleaned_track(sound, channel, listening.leaks).samples(),
            stretches=speech[channel],
            language=language,
            progress=part_of(progress, start=done_s / total_s, share=seconds[channel] / total_s),
        )
        if language is None:
            language, confidence = heard[channel].language, heard[channel].language_confidence
        done_s += seconds[channel]
    return Transcript(
        tracks=tuple(
            TrackWords(channel, heard[channel].words if channel in heard else ())
            for channel in listening.heard_channels
        ),
        language=language,
        language_confidence=confidence,
        warnings=(
            *_about_the_language(language, confidence),
            *_about_other_languages(heard.values()),
            *_about_what_was_not_heard(heard.values()),
            *_about_no_words(heard.values()),
        ),
    )


def _about_the_language(language: str | None, confidence: float | None) -> Iterator[CallWarning]:
    if confidence is not None and confidence < SURE_LANGUAGE:
        message = (
            f"The language was taken to be {language!r}, with a probability of {confidence:.2f}. If it is another one, "
            "hand the recording over again under another external id, with its language."
        )
        yield CallWarning(Code.LANGUAGE_UNSURE, message)


def _about_other_languages(heard: Iterable[Transcription]) -> Iterator[CallWarning]:
    found: dict[str, list[OtherLanguage]] = {}
    for track in heard:
        for stretch in track.other_languages:
            found.setdefault(stretch.language, []).append(stretch)
    for language, stretches in found.items():
        for told in joined((Interval(one.start_s, one.end_s) for one in stretches), gap_s=LANGUAGE_GAP_S):
            surest = max(one.confidence for one in stretches if told.overlap_s(Interval(one.start_s, one.end_s)))
            message = (
                f"Another language is spoken here: {language!r}, with a probability of {surest:.2f}. "
                "The words were written down in it, not translated."
            )
            yield CallWarning(Code.LANGUAGE_CHANGES, message, told.start_s, told.end_s)


def _about_what_was_not_heard(heard: Iterable[Transcription]) -> Iterator[CallWarning]:
    message = "What was said here could not be made out, or not all of it. Listen to it."
    for stretch in joined(stretch for track in heard for stretch in track.not_heard):
        yield CallWarning(Code.NOT_HEARD, message, stretch.start_s, stretch.end_s)


def _about_no_words(heard: Iterable[Transcription]) -> Iterator[CallWarning]:
    """Sound was taken for speech, and not a word is in it: tones, breath, a cough."""
    if not any(track.words for track in heard):
        message = "Nobody was heard to say a word in this recording. Listen to it if somebody should be."
        yield CallWarning(Code.NO_SPEECH, message)
