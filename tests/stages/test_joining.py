"""Several recordings of one call: in which order they stand, what lies between them, and on which tracks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from sounds import Array, ToneDetector, music, recording_of, silence, speech, with_soundfile

from worker.core.call import CallDetails, Party, Recording, sound_id
from worker.core.errors import BadRecording
from worker.core.record import SCHEMA_VERSION, CallRecord, Leg
from worker.core.sound import SAMPLE_RATE_HZ, Interval, Sound
from worker.core.summary import Summary
from worker.core.transcript import (
    CallWarning,
    Code,
    Conversation,
    Layout,
    Listening,
    SoundKind,
    SpeakerStretch,
    TrackWords,
    Transcript,
    Voices,
    Word,
)
from worker.stages import STAGES
from worker.stages.attribute import attribute
from worker.stages.decode import decode
from worker.stages.joining import CLOCK_S, LONGEST_WAIT_S, SEAM_S, about_legs
from worker.stages.listen import listen
from worker.stages.publish import publish
from worker.stages.separate import separate

TEN = datetime(2026, 3, 10, 10, 0, tzinfo=UTC)
AGENT_FIRST = {0: Party.AGENT, 1: Party.CUSTOMER}
CUSTOMER_FIRST = {0: Party.CUSTOMER, 1: Party.AGENT}


def leg(
    folder: Path,
    *tracks: Array,
    at_s: float | None = None,
    parties: dict[int, Party] | None = None,
    rate_hz: int = SAMPLE_RATE_HZ,
    name: str = "leg.wav",
) -> Recording:
    """A recording with these tracks that began so many seconds after ten."""
    data = with_soundfile(np.stack(tracks, axis=1), rate_hz=rate_hz, container="WAV", coding="FLOAT")
    started_at = None if at_s is None else TEN + timedelta(seconds=at_s)
    return replace(
        recording_of(data, folder=folder, file_name=name), started_at=started_at, party_of_channel=parties or {}
    )


def level(value: float, duration_s: float = 1.0) -> Array:
    """Samples that are all this value, so that it can be seen where each came to lie."""
    return np.full(round(duration_s * SAMPLE_RATE_HZ), value, np.float32)


def joined(folder: Path, *legs: Recording) -> Sound:
    done: list[float] = []
    sound = decode(legs, scratch=folder / "scratch", progress=done.append)
    assert done == sorted(done)
    assert done[-1] == 1.0
    assert len({track.sample_count for track in sound.tracks}) == 1, "tracks are of one length"
    assert sound.tracks[0].duration_s == pytest.approx(sound.facts.duration_s)
    return sound


def at(sound: Sound, second: float) -> list[float]:
    """What each track holds in the middle of a second."""
    first = round((second + 0.5) * SAMPLE_RATE_HZ)
    return [round(float(track.samples()[first]), 3) for track in sound.tracks]


def places(sound: Sound) -> list[tuple[int, float]]:
    """The numbers of the legs and where they begin, in the order of the call."""
    assert sound.legs is not None
    return [(one.number, one.start_s) for one in sound.legs.placed]


def warned(sound: Sound) -> list[CallWarning]:
    assert sound.legs is not None
    return list(about_legs(sound.legs))


# Order and time --------------------------------------------------------------------------------------------------


def test_one_recording_is_the_call_and_nothing_is_joined(tmp_path: Path) -> None:
    only = leg(tmp_path, level(0.1), level(0.2))
    sound = joined(tmp_path, only)
    assert sound.legs is None
    assert [track.path.parent.name for track in sound.tracks] == [only.sha256] * 2


def test_legs_stand_in_the_order_of_their_start_with_the_time_between_them_as_silence(tmp_path: Path) -> None:
    """Webhooks come in any order: the second leg of this call was handed over first."""
    second = leg(tmp_path, level(0.2), at_s=3.0)
    first = leg(tmp_path, level(0.1), at_s=0.0)
    sound = joined(tmp_path, second, first)
    assert places(sound) == [(2, 0.0), (1, 3.0)]
    assert [at(sound, second) for second in (0, 1, 2, 3)] == [[0.1], [0.0], [0.0], [0.2]]
    assert sound.facts.duration_s == 4.0
    assert warned(sound) == [], "what is known to the second needs no warning"


def test_a_wait_in_a_transfer_is_as_long_as_it_was(tmp_path: Path) -> None:
    sound = joined(tmp_path, leg(tmp_path, speech(4.0), at_s=0.0), leg(tmp_path, speech(4.0, seed=2), at_s=604.0))
    assert places(sound)[1] == (2, 604.0)
    heard = listen(sound, voice_detector=ToneDetector(), progress=lambda share: None)
    (hold,) = heard.holds
    assert (hold.kind, round(hold.start_s), round(hold.end_s)) == (SoundKind.SILENCE, 4, 604)


def test_a_wait_that_no_call_has_is_cut_and_said(tmp_path: Path) -> None:
    """An hour is what a clock in the wrong zone makes; nobody is said to have waited it."""
    sound = joined(tmp_path, leg(tmp_path, level(0.1), at_s=0.0), leg(tmp_path, level(0.2), at_s=3601.0))
    assert places(sound)[1] == (2, 1.0 + LONGEST_WAIT_S)
    (warning,) = warned(sound)
    assert (warning.code, warning.start_s) == (Code.LEGS_APART, 1.0 + LONGEST_WAIT_S)
    assert "60 minutes went by" in warning.message
    assert "30 minutes of silence" in warning.message


def test_a_wait_takes_no_room_on_the_disk(tmp_path: Path) -> None:
    sound = joined(tmp_path, leg(tmp_path, level(0.1), at_s=0.0), leg(tmp_path, level(0.2), at_s=1201.0))
    stat = sound.tracks[0].path.stat()
    assert stat.st_size == 1202 * SAMPLE_RATE_HZ * 4
    assert stat.st_blocks * 512 < stat.st_size / 10


def test_without_a_start_legs_stand_as_they_arrived_and_it_is_said(tmp_path: Path) -> None:
    sound = joined(tmp_path, leg(tmp_path, level(0.2)), leg(tmp_path, level(0.1)))
    assert places(sound) == [(1, 0.0), (2, 1.0 + SEAM_S)], "no time is made up; words do not run into one another"
    assert [(one.code, one.start_s) for one in warned(sound)] == [(Code.LEG_TIME_UNKNOWN, 1.0 + SEAM_S)]


def test_one_leg_without_a_start_keeps_its_place_and_the_others_are_put_in_order(tmp_path: Path) -> None:
    late = leg(tmp_path, level(0.3), at_s=60.0)
    unknown = leg(tmp_path, level(0.2))
    early = leg(tmp_path, level(0.1), at_s=0.0)
    sound = joined(tmp_path, late, unknown, early)
    assert [number for number, _ in places(sound)] == [3, 2, 1]
    assert [one.code for one in warned(sound)] == [Code.LEG_TIME_UNKNOWN] * 2


def test_starts_in_other_zones_are_compared_as_instants(tmp_path: Path) -> None:
    berlin = TEN.astimezone().replace(tzinfo=None).replace(hour=11, minute=0, second=2)
    later = replace(leg(tmp_path, level(0.2)), started_at=datetime.fromisoformat(f"{berlin.isoformat()}+01:00"))
    sound = joined(tmp_path, later, leg(tmp_path, level(0.1), at_s=0.0))
    assert places(sound) == [(2, 0.0), (1, 2.0)]


def test_recordings_that_ran_at_once_are_all_kept_after_one_another_and_it_is_said(tmp_path: Path) -> None:
    long = leg(tmp_path, level(0.1, 10.0), at_s=0.0)
    within = leg(tmp_path, level(0.2, 2.0), at_s=4.0)
    after = leg(tmp_path, level(0.3, 1.0), at_s=11.0)
    sound = joined(tmp_path, long, within, after)
    assert places(sound) == [(1, 0.0), (2, 10.0 + SEAM_S), (3, 13.5)], "one second after the end of the long one"
    assert at(sound, 11) == [0.2]
    (warning,) = warned(sound)
    assert (warning.code, warning.start_s) == (Code.LEGS_OVERLAP, 10.5)
    assert "began 6 s before the end" in warning.message
    assert "heard twice" in warning.message


def test_an_overlap_within_the_rounding_of_clocks_is_nothing_to_speak_of(tmp_path: Path) -> None:
    sound = joined(tmp_path, leg(tmp_path, level(0.1, 10.0), at_s=0.0), leg(tmp_path, level(0.2), at_s=10.0 - CLOCK_S))
    assert places(sound)[1] == (2, 10.0 + SEAM_S)
    assert warned(sound) == []


def test_a_recording_for_each_side_stands_at_its_own_time(tmp_path: Path) -> None:
    """Some switches write one file for what the agent says and one for the customer."""
    agent = leg(tmp_path, level(0.1, 4.0), at_s=0.0, parties={0: Party.AGENT})
    customer = leg(tmp_path, level(0.2, 4.0), at_s=1.0, parties={0: Party.CUSTOMER})
    sound = joined(tmp_path, agent, customer)
    assert places(sound) == [(1, 0.0), (2, 1.0)]
    assert [at(sound, second) for second in (0, 2, 4)] == [[0.1, 0.0], [0.1, 0.2], [0.0, 0.2]]
    assert warned(sound) == []


# Tracks ----------------------------------------------------------------------------------------------------------


def test_each_party_has_one_track_wherever_it_lay_in_its_recording(tmp_path: Path) -> None:
    one = leg(tmp_path, level(0.1), level(0.2), at_s=0.0, parties=AGENT_FIRST)
    other = leg(tmp_path, level(0.2), level(0.1), at_s=2.0, parties=CUSTOMER_FIRST)
    sound = joined(tmp_path, one, other)
    assert [at(sound, second) for second in (0, 2)] == [[0.1, 0.2], [0.1, 0.2]]
    assert sound.legs is not None
    assert sound.legs.party_of_track == AGENT_FIRST
    assert warned(sound) == [], "matched by what was said of them, they do not differ"


def test_channels_of_which_nothing_was_said_are_matched_by_their_number(tmp_path: Path) -> None:
    sound = joined(
        tmp_path, leg(tmp_path, level(0.1), level(0.2), at_s=0.0), leg(tmp_path, level(0.3), level(0.4), at_s=2.0)
    )
    assert at(sound, 2) == [0.3, 0.4]
    assert sound.legs is not None
    assert sound.legs.party_of_track == {}
    assert warned(sound) == []


def test_a_channel_is_not_taken_for_a_partys_because_another_recording_has_that_party_there(tmp_path: Path) -> None:
    told = leg(tmp_path, level(0.1), level(0.2), at_s=0.0, parties=AGENT_FIRST)
    not_told = leg(tmp_path, level(0.3), level(0.4), at_s=2.0)
    sound = joined(tmp_path, told, not_told)
    assert at(sound, 2) == [0.0, 0.0, 0.3, 0.4]
    assert sound.legs is not None
    assert sound.legs.party_of_track == AGENT_FIRST
    assert [one.code for one in warned(sound)] == [Code.LEGS_DIFFER]


def test_a_recording_with_everybody_on_one_channel_has_a_track_of_its_own(tmp_path: Path) -> None:
    stereo = leg(tmp_path, level(0.1), level(0.2), at_s=0.0, parties=AGENT_FIRST)
    mono = leg(tmp_path, level(0.3), at_s=2.0)
    again = leg(tmp_path, level(0.4), at_s=4.0)
    sound = joined(tmp_path, stereo, mono, again)
    assert [at(sound, second) for second in (0, 2, 4)] == [[0.1, 0.2, 0.0], [0.0, 0.0, 0.3], [0.0, 0.0, 0.4]]
    assert sound.legs is not None
    assert sound.legs.mixed_tracks == (2,)
    assert [one.code for one in warned(sound)] == [Code.LEGS_DIFFER]


def test_two_channels_of_one_party_stay_two_tracks(tmp_path: Path) -> None:
    three = {0: Party.AGENT, 1: Party.CUSTOMER, 2: Party.AGENT}
    sound = joined(
        tmp_path,
        leg(tmp_path, level(0.1), level(0.2), at_s=0.0, parties=CUSTOMER_FIRST),
        leg(tmp_path, level(0.2), level(0.1), level(0.3), at_s=2.0, parties=three),
    )
    assert [at(sound, second) for second in (0, 2)] == [[0.1, 0.2, 0.0], [0.1, 0.2, 0.3]]


def test_more_tracks_than_a_call_can_have_are_refused_with_the_recordings_kept(tmp_path: Path) -> None:
    many = [level(0.1)] * 5
    everybody = dict.fromkeys(range(5), Party.OTHER)
    with pytest.raises(BadRecording, match="10 tracks, more than 8"):
        joined(tmp_path, leg(tmp_path, *many, parties=everybody), leg(tmp_path, *([level(0.2)] * 5)))


# Facts, disk and mistakes ----------------------------------------------------------------------------------------


def test_the_facts_are_those_of_the_whole(tmp_path: Path) -> None:
    sound = joined(
        tmp_path,
        leg(tmp_path, level(0.1), at_s=0.0),
        leg(tmp_path, np.full(8000, 0.2, np.float32), at_s=2.0, rate_hz=8000),
    )
    assert (sound.facts.channels, sound.facts.sample_rate_hz, sound.facts.codec) == (1, 16000, "pcm_f32le")
    assert sound.tracks[0].peak == pytest.approx(0.2, rel=0.2)
    assert sound.tracks[0].rms == pytest.approx(np.sqrt((0.1**2 + 0.2**2) / 3), rel=0.02)


def test_the_disk_holds_the_sound_of_a_call_once(tmp_path: Path) -> None:
    legs = [leg(tmp_path, level(0.1)), leg(tmp_path, level(0.2))]
    sound = joined(tmp_path, *legs)
    whole = sound_id([one.sha256 for one in legs])
    assert {path.parent.name for path in (tmp_path / "scratch").rglob("*.f32")} == {whole}
    assert joined(tmp_path, *legs) == sound, "and a second time gives the same"


def test_which_recording_cannot_be_used_is_said(tmp_path: Path) -> None:
    broken = recording_of(b"no sound at all", folder=tmp_path, file_name="second.wav")
    with pytest.raises(BadRecording, match="Recording 2 of the 2 of this call cannot be used") as caught:
        joined(tmp_path, leg(tmp_path, level(0.1)), broken)
    assert "holds text" in caught.value.message


def test_recordings_longer_than_any_call_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.stages.joining.MAX_DURATION_S", 3.6)
    with pytest.raises(BadRecording, match=r"longer than 0\.001 hours"):
        joined(tmp_path, leg(tmp_path, level(0.1, 2.0)), leg(tmp_path, level(0.2, 2.0)))


# What later stages make of it ------------------------------------------------------------------------------------


def spoken(text: str, start_s: float) -> tuple[Word, ...]:
    return tuple(
        Word(part, start_s + place * 0.3, start_s + (place + 1) * 0.3, 0.9) for place, part in enumerate(text.split())
    )


def published(recordings: Sequence[Recording], sound: Sound) -> CallRecord:
    return publish(
        recordings,
        CallDetails(),
        sound,
        Listening(Layout.MIXED, (0,), (), ()),
        Conversation((), ()),
        Summary(()),
        (),
        progress=lambda share: None,
    )


def test_the_record_says_where_each_recording_begins(tmp_path: Path) -> None:
    legs = [leg(tmp_path, level(0.1), name="b.wav"), leg(tmp_path, level(0.2, 2.0), name="a.wav")]
    record = published(legs, joined(tmp_path, *legs))
    assert record.schema_version == SCHEMA_VERSION == 4
    assert record.legs == (Leg(legs[0].sha256, "b.wav", 0.0, 1.0), Leg(legs[1].sha256, "a.wav", 1.5, 2.0))
    assert record.recording.sha256 == sound_id([one.sha256 for one in legs])
    assert record.recording.file_name == "b.wav + a.wav"
    assert record.recording.duration_s == 3.5
    assert [one.code for one in record.warnings] == [Code.LEG_TIME_UNKNOWN]


def test_the_record_of_one_recording_has_one_leg(tmp_path: Path) -> None:
    only = leg(tmp_path, level(0.1), name="a.wav")
    record = published([only], joined(tmp_path, only))
    assert record.legs == (Leg(only.sha256, "a.wav", 0.0, 1.0),)
    assert record.recording.sha256 == only.sha256


def test_a_recording_that_breaks_off_is_named_at_its_own_end(tmp_path: Path) -> None:
    whole = leg(tmp_path, level(0.2), at_s=5.0)
    data = with_soundfile(level(0.1, 2.0), rate_hz=SAMPLE_RATE_HZ, container="WAV", coding="FLOAT")
    cut = replace(recording_of(data[: len(data) // 2], folder=tmp_path), started_at=TEN)
    record = published([cut, whole], joined(tmp_path, cut, whole))
    (warning,) = record.warnings
    assert warning.code is Code.TRUNCATED
    assert warning.start_s == pytest.approx(1.0, abs=0.01)


def test_a_mixed_recording_beside_tracks_for_the_parties_has_its_voices_told_apart(tmp_path: Path) -> None:
    def beat(start_s: float, end_s: float, *, of: float = 12.0, seed: int = 1) -> Array:
        track = silence(of)
        first = round(start_s * SAMPLE_RATE_HZ)
        voice = speech(end_s - start_s, seed=seed)
        track[first : first + len(voice)] = voice
        return track

    stereo = leg(tmp_path, beat(0, 4), beat(5, 9, seed=2), at_s=0.0, parties=AGENT_FIRST)
    mono = leg(tmp_path, beat(0, 4, seed=3) + beat(5, 9, seed=4), at_s=13.0)
    sound = joined(tmp_path, stereo, mono)
    heard = listen(sound, voice_detector=ToneDetector(), progress=lambda share: None)
    assert (heard.layout, heard.heard_channels, heard.mixed_channels) == (Layout.TRACK_PER_PARTY, (0, 1, 2), (2,))

    class Diarizer:
        """Hears two people on the track that it is given."""

        made_with = None

        def diarize(self, samples: memoryview, *, stretches: Sequence[Interval], **_: object) -> tuple[object, ...]:
            assert all(stretch.start_s >= 12.0 for stretch in stretches), "of the mixed track alone"
            return (SpeakerStretch("speaker 1", 13.0, 17.0), SpeakerStretch("speaker 2", 18.0, 22.0))

    voices = separate(sound, heard, diarizer=Diarizer, progress=lambda share: None)  # type: ignore[arg-type]
    assert voices.channel_of == {"track 0": 0, "track 1": 1}
    transcript = Transcript(
        (
            TrackWords(0, spoken("Thank you for calling Northwind.", 0.0)),
            TrackWords(1, spoken("I have a problem with my bill.", 5.0)),
            TrackWords(2, (*spoken("Billing, how can I help you?", 13.0), *spoken("I was charged twice.", 18.0))),
        ),
        "en",
        0.9,
    )
    details = CallDetails(agent="Ann", customer="Bo")
    conversation = attribute(heard, transcript, voices, details, progress=lambda share: None)
    assert [(turn.speaker, turn.channel) for turn in conversation.turns] == [
        ("track 0", 0),
        ("track 1", 1),
        ("speaker 1", None),
        ("speaker 2", None),
    ], "nobody's words are given to a party because of a track on which several speak"
    told = {one.speaker: (one.party, one.reason) for one in conversation.participants}
    assert told["track 0"] == (Party.AGENT, "the sender of the call said so")
    assert told["track 1"] == (Party.CUSTOMER, "the sender of the call said so")
    assert "Ann" not in {one.name for one in conversation.participants}


def test_no_turn_runs_from_one_recording_into_the_next(tmp_path: Path) -> None:
    legs = [leg(tmp_path, level(0.1), parties={0: Party.AGENT}), leg(tmp_path, level(0.2), parties={0: Party.AGENT})]
    sound = joined(tmp_path, *legs)
    heard = replace(Listening(Layout.MIXED, (0,), (), ()), legs=sound.legs)
    words = (Word("one", 0.5, 0.9, 0.9), Word("moment", 1.6, 2.0, 0.9))
    conversation = attribute(
        heard,
        Transcript((TrackWords(0, words),), "en", 0.9),
        Voices((SpeakerStretch("speaker 1", 0.4, 2.1),), {}),
        CallDetails(agent="Ann", party_of_channel={0: Party.CUSTOMER}),
        progress=lambda share: None,
    )
    assert [turn.text for turn in conversation.turns] == ["one", "moment"]
    assert {turn.party for turn in conversation.turns} == {Party.AGENT}, "what was said of the recordings counts"
    assert [one.name for one in conversation.participants] == [None], "another agent may have taken over"


def test_music_in_a_leg_stays_on_its_track(tmp_path: Path) -> None:
    sound = joined(
        tmp_path,
        leg(tmp_path, speech(6.0), silence(6.0), at_s=0.0, parties=AGENT_FIRST),
        leg(tmp_path, silence(20.0), music(20.0), at_s=7.0, parties=CUSTOMER_FIRST),
    )
    heard = listen(sound, voice_detector=ToneDetector(), progress=lambda share: None)
    assert [(hold.kind, hold.channel) for hold in heard.holds if hold.kind is SoundKind.MUSIC] == [(SoundKind.MUSIC, 0)]


def test_the_first_stage_takes_all_recordings() -> None:
    assert STAGES[0].requires == ("recordings",)
    assert "recordings" in STAGES[-1].requires
