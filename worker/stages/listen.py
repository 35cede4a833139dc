"""The second stage: what kind of sound lies where, before anything is taken for words.

1. Every track is measured in frames of 32 ms: how loud, and how much like noise or like tones.
2. Tracks are compared in pairs: do they carry one sound, and does one leak into the other?
3. What leaks into a track is taken away from it, and the track is measured again.
4. A voice detector hears each track, its level evened out so that a quiet party is not cut away. Speech no louder than
   what remains of a leak is not the track's own.
5. Lasting tones that are not speech are music; where somebody waits to them, or in silence, is a hold.

All is decided by level, tones and likeness; who speaks is for later stages. What a step is made of lies in
``worker.stages.listening``, one subject a file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from worker.core.listening import Intervals, joined, music_holds, silent_holds, without
from worker.core.ports import Load, Progress, VoiceDetector, part_of
from worker.core.sound import Interval, Sound
from worker.core.transcript import CallWarning, Code, Hold, Layout, Leak, Listening, SoundKind, Stretch
from worker.stages.listening.leaks import Cleaned, find_leak, louder_than_leaks
from worker.stages.listening.measures import Ear, Mask, Measure, Plain, measure, smooth_db
from worker.stages.listening.music import find_music
from worker.stages.listening.speech import Hearing, kept
from worker.stages.listening.tracks import lay_out

OWN_ABOVE_NOISE_DB = 6.0
CLIPPED_SHARE = 0.001
"""Loud speech touches full scale in a few samples; distorted speech in more than one of a thousand."""


def listen(sound: Sound, *, voice_detector: Load[VoiceDetector], progress: Progress) -> Listening:
    """Kinds of sound on each heard track, holds, and how the parties lie on the tracks.

    The stretches of a heard track cover it from start to end. A call in which nobody speaks is an ordinary result, with
    a warning. At least one channel is heard, so that later stages need not ask.
    """
    ears: list[Ear] = [Plain(track) for track in sound.tracks]
    measures = [measure(ear) for ear in ears]
    progress(0.1)
    parts = lay_out(sound, ears, measures)
    leaks = {channel: _leaks_into(channel, parts.heard, ears, measures) for channel in parts.heard}
    progress(0.2)

    speech: dict[int, Intervals] = {}
    music: dict[int, Intervals] = {}
    detector = voice_detector()
    for number, channel in enumerate(parts.heard):
        share = 0.8 / len(parts.heard)
        speech[channel], music[channel] = _speech_and_music(
            channel,
            leaks[channel],
            ears,
            measures,
            detector,
            progress=part_of(progress, start=0.2 + number * share, share=share),
        )
    duration_s = sound.tracks[0].duration_s
    warnings = (*parts.warnings, *_about_what_is_heard(speech, measures))
    progress(1.0)
    return Listening(
        layout=parts.layout,
        heard_channels=parts.heard,
        stretches=tuple(
            stretch
            for channel in parts.heard
            for stretch in _stretches(channel, speech[channel], music[channel], duration_s)
        ),
        holds=_holds(speech, music, duration_s),
        warnings=warnings,
        leaks=tuple(leak for into in leaks.values() for leak in into),
        mixed_channels=_mixed(sound, parts.layout, parts.heard),
        legs=sound.legs,
    )


def _mixed(sound: Sound, layout: Layout, heard: Sequence[int]) -> tuple[int, ...]:
    mixed = () if sound.legs is None or layout is Layout.MIXED else sound.legs.mixed_tracks
    return tuple(channel for channel in heard if channel in mixed)


def _leaks_into(channel: int, heard: Sequence[int], ears: Sequence[Ear], measures: Sequence[Measure]) -> list[Leak]:
    found = (find_leak(other, channel, ears, measures) for other in heard if other != channel)
    return [leak for leak in found if leak is not None]


def _speech_and_music(
    channel: int,
    leaks: Sequence[Leak],
    ears: Sequence[Ear],
    measures: Sequence[Measure],
    detector: VoiceDetector,
    *,
    progress: Progress,
) -> tuple[Intervals, Intervals]:
    """What is spoken and what music plays on one track, without what leaks into it."""
    ear, heard = ears[channel], measures[channel]
    if leaks:
        ear = Cleaned(ear, ears, leaks)
        heard = measure(ear)
    own = _own_sound(heard, leaks, measures)
    hearing = Hearing(ear, heard, detector)
    speech = hearing.find_speech(progress=progress)
    if leaks:
        speech = kept(speech, own)
    music = find_music(heard, own, speech)
    while doubted := hearing.doubted(speech, music):
        speech = tuple(stretch for stretch in speech if stretch not in doubted)
        music = find_music(heard, own, speech)
    return speech, music


def _own_sound(heard: Measure, leaks: Sequence[Leak], measures: Sequence[Measure]) -> Mask:
    """Frames on which a track is louder than its noise and than what is left of other tracks in it."""
    loud: Mask = smooth_db(heard.level_db) > heard.floor_db + OWN_ABOVE_NOISE_DB
    return loud & louder_than_leaks(heard, leaks, measures)


def _stretches(channel: int, speech: Intervals, music: Intervals, duration_s: float) -> list[Stretch]:
    kinds = [*((stretch, SoundKind.SPEECH) for stretch in speech), *((stretch, SoundKind.MUSIC) for stretch in music)]
    silence = without((Interval(0.0, duration_s),), joined(stretch for stretch, _ in kinds))
    kinds.extend((stretch, SoundKind.SILENCE) for stretch in silence)
    return [Stretch(channel, kind, stretch.start_s, stretch.end_s) for stretch, kind in sorted(kinds)]


def _holds(speech: Mapping[int, Intervals], music: Mapping[int, Intervals], duration_s: float) -> tuple[Hold, ...]:
    holds: list[Hold] = []
    for channel, pieces in music.items():
        others = joined(stretch for other, found in speech.items() if other != channel for stretch in found)
        waits = music_holds(pieces, own_speech=speech[channel], others_speech=others)
        known = joined(Interval(hold.start_s, hold.end_s) for hold in holds)
        holds.extend(Hold(wait.start_s, wait.end_s, SoundKind.MUSIC, channel) for wait in without(waits, known))
    sounding = [stretch for kind in (speech, music) for found in kind.values() for stretch in found]
    holds.extend(
        Hold(wait.start_s, wait.end_s, SoundKind.SILENCE, None)
        for wait in silent_holds(sounding, duration_s=duration_s)
    )
    return tuple(sorted(holds, key=lambda hold: hold.start_s))


def _about_what_is_heard(speech: Mapping[int, Intervals], measures: Sequence[Measure]) -> tuple[CallWarning, ...]:
    warnings = [
        CallWarning(
            Code.CLIPPED,
            f"Track {channel} was recorded too loud and is distorted in places. Words there may be heard wrongly.",
        )
        for channel in speech
        if measures[channel].clipped_share > CLIPPED_SHARE
    ]
    if not any(speech.values()):
        warnings.append(
            CallWarning(
                Code.NO_SPEECH, "Nobody was heard to speak in this recording. Listen to it if somebody should be."
            )
        )
    return tuple(warnings)
