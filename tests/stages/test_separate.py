"""Who is heard when: from the tracks where they carry the parties, else from a diarizer that hears only speech."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import pytest

from worker.core.ports import Load, MadeWith, Progress
from worker.core.sound import SAMPLE_RATE_HZ, Interval, RecordingFacts, Samples, Sound, Track
from worker.core.transcript import Layout, Listening, SoundKind, SpeakerStretch, Stretch, Voices
from worker.stages.separate import MAX_SPEAKERS, SPEECH_MARGIN_S, separate


class ScriptedDiarizer:
    """Hears what it is told to, and keeps what it was asked."""

    made_with = MadeWith("scripted", "1")

    def __init__(self, *heard: SpeakerStretch) -> None:
        self.heard = heard
        self.asked: list[tuple[int, int, int]] = []
        self.stretches: tuple[Interval, ...] = ()

    def diarize(
        self,
        samples: Samples,
        *,
        stretches: Sequence[Interval],
        min_speakers: int,
        max_speakers: int,
        progress: Progress,
    ) -> tuple[SpeakerStretch, ...]:
        self.stretches = tuple(stretches)
        self.asked.append((len(samples), min_speakers, max_speakers))
        progress(1.0)
        return self.heard


def no_diarizer() -> ScriptedDiarizer:
    raise AssertionError("a diarizer is loaded where none is needed")


@pytest.fixture
def sound(tmp_path: Path) -> Sound:
    """Two tracks of 2 and 3 samples, so that it can be seen which one was heard."""
    tracks = []
    for channel, count in enumerate((2, 3)):
        path = tmp_path / f"{channel}.f32"
        path.write_bytes(struct.pack(f"{count}f", *([0.5] * count)))
        tracks.append(Track(channel, path, count, 0.5, 0.5))
    return Sound(RecordingFacts(30.0, 2, SAMPLE_RATE_HZ, "pcm_s16le"), tuple(tracks))


def listening(layout: Layout, heard: tuple[int, ...], *speech: tuple[int, float, float]) -> Listening:
    return Listening(
        layout,
        heard,
        tuple(Stretch(channel, SoundKind.SPEECH, start_s, end_s) for channel, start_s, end_s in speech),
        (),
    )


def run(sound: Sound, heard: Listening, diarizer: Load[ScriptedDiarizer]) -> Voices:
    done: list[float] = []
    voices = separate(sound, heard, diarizer=diarizer, progress=done.append)
    assert done[-1] == 1.0
    return voices


def test_each_track_is_a_speaker_where_the_tracks_carry_the_parties(sound: Sound) -> None:
    heard = listening(Layout.TRACK_PER_PARTY, (0, 1), (0, 0.0, 2.0), (0, 5.0, 6.0), (1, 1.5, 4.0))
    assert run(sound, heard, no_diarizer) == Voices(
        (SpeakerStretch("track 0", 0.0, 2.0), SpeakerStretch("track 1", 1.5, 4.0), SpeakerStretch("track 0", 5.0, 6.0)),
        {"track 0": 0, "track 1": 1},
    )


def test_a_party_that_is_silent_throughout_has_no_voice(sound: Sound) -> None:
    heard = listening(Layout.TRACK_PER_PARTY, (0, 1), (1, 1.5, 4.0))
    assert run(sound, heard, no_diarizer) == Voices((SpeakerStretch("track 1", 1.5, 4.0),), {"track 1": 1})


@pytest.mark.parametrize(
    ("layout", "heard"), [(Layout.MIXED, (0,)), (Layout.TRACK_PER_PARTY, (0, 1)), (Layout.MIXED, ())]
)
def test_a_call_in_which_nobody_speaks_has_no_voices_and_loads_no_model(
    sound: Sound, layout: Layout, heard: tuple[int, ...]
) -> None:
    assert run(sound, listening(layout, heard), no_diarizer) == Voices((), {})


def test_a_mixed_call_is_diarized_on_the_heard_track_without_nailing_the_number_of_speakers(sound: Sound) -> None:
    diarizer = ScriptedDiarizer(SpeakerStretch("speaker 1", 1.0, 2.0), SpeakerStretch("speaker 2", 2.0, 3.0))
    voices = run(sound, listening(Layout.MIXED, (1,), (1, 0.0, 10.0)), lambda: diarizer)
    assert diarizer.asked == [(3, 1, MAX_SPEAKERS)], "the track of 3 samples, once"
    assert voices == Voices(diarizer.heard, {}), "no speaker of a mixed call has a channel"


def test_the_diarizer_is_given_the_stretches_of_speech_alone_with_a_margin(sound: Sound) -> None:
    """Hold music and silence cost nothing, and no singer becomes a speaker."""
    assert SPEECH_MARGIN_S == 0.25
    diarizer = ScriptedDiarizer()
    run(sound, listening(Layout.MIXED, (0,), (0, 0.1, 2.0), (0, 10.0, 12.0), (0, 12.3, 13.0)), lambda: diarizer)
    assert diarizer.stretches == (Interval(0.0, 2.25), Interval(9.75, 13.25)), "Margins that touch are one stretch."


def test_a_diarizer_that_hears_nobody_gives_no_voices(sound: Sound) -> None:
    assert run(sound, listening(Layout.MIXED, (0,), (0, 1.0, 2.0)), ScriptedDiarizer) == Voices((), {})
