"""Who is heard when, as anonymous speakers: from the tracks where each carries a party, else by diarization.

Two parties on two tracks are separated already, and better than any model could; the diarizer is not even loaded then.
"""

from __future__ import annotations

from collections.abc import Sequence

from worker.core.attribution import track_speaker
from worker.core.listening import Intervals, joined
from worker.core.ports import Diarizer, Load, Progress
from worker.core.sound import Interval, Sound
from worker.core.transcript import Layout, Listening, SpeakerStretch, Voices

MAX_SPEAKERS = 4
"""A menu's voice, the customer, an agent and the one the call is handed to. More are seldom people: rather sounds."""

SPEECH_MARGIN_S = 0.25
"""Voice detectors cut the first and last sounds of speech; a diarizer's border may be right that far outside."""


def separate(sound: Sound, listening: Listening, *, diarizer: Load[Diarizer], progress: Progress) -> Voices:
    """Stretches per speaker, ordered by start, only where ``listen`` found speech.

    A track per party: speakers are ``track 0``, ``track 1``; a track without speech has no speaker. Mixed, or a track
    that is: ``speaker 1`` ... in order of appearance, on no channel of their own. A call in which nobody speaks has no
    voices and loads no model.
    """
    speech = {channel: listening.speech(channel) for channel in listening.heard_channels}
    spoken = {channel: stretches for channel, stretches in speech.items() if stretches}
    is_apart = listening.layout is Layout.TRACK_PER_PARTY
    own = [channel for channel in spoken if is_apart and channel not in listening.mixed_channels]
    found = [
        SpeakerStretch(track_speaker(channel), stretch.start_s, stretch.end_s)
        for channel in own
        for stretch in spoken[channel]
    ]
    for channel in spoken.keys() - own:  # one at the most
        found.extend(
            diarizer().diarize(
                sound.tracks[channel].samples(),
                stretches=_widened(spoken[channel]),
                min_speakers=1,
                max_speakers=MAX_SPEAKERS,
                progress=progress,
            )
        )
    progress(1.0)
    return Voices(tuple(sorted(found, key=_by_start)), {track_speaker(channel): channel for channel in own})


def _widened(speech: Sequence[Interval]) -> Intervals:
    return joined(
        Interval(max(0.0, stretch.start_s - SPEECH_MARGIN_S), stretch.end_s + SPEECH_MARGIN_S) for stretch in speech
    )


def _by_start(stretch: SpeakerStretch) -> tuple[float, float]:
    return stretch.start_s, stretch.end_s
