"""Speech into words: each track worth hearing, where the stage before it found speech, and nowhere else.

Sound that is not speech is never handed to the model, because a recogniser that is given music or silence answers with
sentences. The language is heard once for the call and then used for all of its tracks.
"""

from __future__ import annotations

from worker.core.call import CallDetails
from worker.core.ports import Load, Progress, Transcriber, part_of
from worker.core.sound import Sound
from worker.core.transcript import SURE_LANGUAGE, CallWarning, Code, Listening, TrackWords, Transcript


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
    words = {}
    # The track with most speech goes first: the language is heard best there.
    for channel in sorted(speech, key=lambda channel: -seconds[channel]):
        if not speech[channel]:
            words[channel] = TrackWords(channel, ())
            continue
        heard = transcriber().transcribe(
            sound.tracks[channel].samples(),
            stretches=speech[channel],
            language=language,
            progress=part_of(progress, start=done_s / total_s, share=seconds[channel] / total_s),
        )
        if language is None:
            language, confidence = heard.language, heard.language_confidence
        words[channel] = TrackWords(channel, heard.words)
        done_s += seconds[channel]
    return Transcript(
        tracks=tuple(words[channel] for channel in listening.heard_channels),
        language=language,
        language_confidence=confidence,
        warnings=_about_the_language(language, confidence),
    )


def _about_the_language(language: str | None, confidence: float | None) -> tuple[CallWarning, ...]:
    if confidence is None or confidence >= SURE_LANGUAGE:
        return ()
    message = (
        f"The language was taken to be {language!r}, with a probability of {confidence:.2f}. If it is another one, "
        "hand the recording over again under another external id, with its language."
    )
    return (CallWarning(Code.LANGUAGE_UNSURE, message),)
