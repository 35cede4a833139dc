"""The trial calls are what their references say: the benchmark of hearing rests on them.

They are built here with a voice of tones in the place of the voice model, so that the rules are tested and no weights
are needed.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from scripts import make_trial_calls
from scripts.make_trial_calls import Call, Cast, Line, Noise, lay_out, read_call, send_through, write_call
from scripts.speech_synthesis import VOICE_SHA256, SpokenWord, Utterance, group_words, with_output
from scripts.telephone_sounds import SAMPLE_RATE_HZ, TUNES, make_tones, measure_levels, play_hold_music

PATHS = sorted((Path(make_trial_calls.__file__).parent / "trial_calls").glob("*.json"))
CALLS = [read_call(path) for path in PATHS]


class ToneSpeaker:
    """Says every text as two bursts of a tone of its voice's own pitch, half a second each and half a second apart."""

    def speak(self, text: str, *, voice: str, speed: float, language: str | None = None) -> Utterance:
        burst = 0.1 * make_tones((float(400 + 50 * sorted(VOICE_SHA256).index(voice)),), 0.5)
        return Utterance(np.concatenate([burst, np.zeros(4000), burst]), (SpokenWord(text, 0.0, 1.5),))


AGENT, CUSTOMER = Cast("am_onyx", 0, "agent"), Cast("af_nova", 1, "customer")


def call_of(*parts: tuple[str, float, str, float] | Noise, line: Line | None = None, **cast: Cast) -> Call:
    return Call("try", "a try", "en", {"anna": AGENT, "bob": CUSTOMER, **cast}, parts, line or Line())


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.id)
def test_every_trial_call_names_voices_sounds_and_people_that_there_are(call: Call):
    for part in call.parts:
        if isinstance(part, Noise):
            assert part.sound in {"hold_music", "ringing", "busy_tone", "dtmf", "comfort_noise", "silence"}
            assert part.tune in TUNES
            assert (part.channel is None) == (part.sound == "silence")
        else:
            assert part[0] in call.cast
    assert {cast.voice for cast in call.cast.values()} <= set(VOICE_SHA256)
    assert {cast.role for cast in call.cast.values()} <= {"agent", "customer", "ivr"}


def test_the_trial_calls_bring_more_voices_than_we_tuned_on():
    english = {cast.voice for call in CALLS for cast in call.cast.values() if cast.voice[0] in "ab"}
    assert len(english) >= 6


def test_a_pause_is_counted_from_the_end_of_all_before_and_may_overlap_it():
    tracks = lay_out(
        call_of(("anna", 0.5, "one", 1.0), ("bob", -0.4, "two", 1.0), ("anna", 0.2, "three", 1.0)), ToneSpeaker()
    )
    assert [(said["text"], said["start"], said["end"]) for said in tracks.utterances] == [
        ("one", 0.5, 2.0),
        ("two", 1.6, 3.1),
        ("three", 3.3, 4.8),
    ]
    assert tracks.utterances[0]["speech"] == [[0.5, 1.0], [1.5, 2.0]], "a pause splits speech"
    assert tracks.utterances[1]["words"] == [{"text": "two", "start": 1.6, "end": 3.1}]
    assert tracks.sounds[0].size == tracks.sounds[1].size


def test_sounds_and_silence_are_told_with_their_track_and_time():
    ring, wait = Noise("ringing", 3.0, channel=0, pause_s=1.0), Noise("silence", 5.0, pause_s=0.5)
    tracks = lay_out(call_of(ring, wait), ToneSpeaker())
    assert tracks.nonspeech == [
        {"channel": 0, "kind": "ringing", "start": 1.0, "end": 4.0},
        {"channel": None, "kind": "silence", "start": 4.5, "end": 9.5},
    ]


def level_dbfs(samples) -> float:
    return float(10 * np.log10(np.mean(np.square(samples / 32768)) + 1e-12))


def test_a_leaking_line_puts_each_track_on_the_other_as_much_fainter_as_it_says():
    tracks = lay_out(call_of(("anna", 0.0, "one", 1.0), ("bob", 1.0, "two", 1.0)), ToneSpeaker())
    heard = send_through(Line(noise_dbfs=-90, leak_db=-20), tracks.sounds)
    for channel, start in ((0, 0), (1, 20000)):
        own, other = heard[start + 800 : start + 3200, channel], heard[start + 800 : start + 3200, 1 - channel]
        assert level_dbfs(own) - level_dbfs(other) == pytest.approx(20, abs=0.5)


def test_one_sound_on_both_tracks_is_the_same_sound():
    tracks = lay_out(call_of(("anna", 0.0, "one", 1.0), ("bob", 1.0, "two", 1.0)), ToneSpeaker())
    heard = send_through(Line(noise_dbfs=-90, same_sound=True), tracks.sounds).astype(float)
    assert np.corrcoef(heard.T)[0, 1] > 0.999


def test_somebody_too_loud_is_clipped_and_somebody_quiet_is_not():
    loud, quiet = Cast("am_onyx", 0, "agent", overdrive_db=30), Cast("af_nova", 1, "customer", level_dbfs=-51)
    tracks = lay_out(call_of(("loud", 0.0, "a", 1.0), ("quiet", 1.0, "b", 1.0), loud=loud, quiet=quiet), ToneSpeaker())
    assert np.mean(np.abs(tracks.sounds[0][:4000]) >= 1.0) > 0.3
    assert np.abs(tracks.sounds[1]).max() < 0.01


def test_what_is_written_is_what_the_benchmark_reads(tmp_path: Path):
    call = call_of(("anna", 0.5, "Hello.", 1.0), ("bob", 0.5, "Hi.", 1.0))
    entries = write_call(call, lay_out(call, ToneSpeaker()), tmp_path)
    assert [(entry["id"], entry["channels"]) for entry in entries] == [("try", 2), ("try_mono", 1)]
    for entry in entries:
        info = soundfile.info(tmp_path / entry["file"])
        assert (info.samplerate, info.channels) == (8000, entry["channels"])
        assert info.duration == pytest.approx(entry["duration"], abs=0.001)
        lines = (tmp_path / entry["rttm"]).read_text().splitlines()
        assert lines[0] == f"SPEAKER {entry['id']} 1 0.500 0.500 <NA> <NA> anna <NA> <NA>"
        assert len(lines) == 4
    reference = json.loads((tmp_path / entries[0]["reference"]).read_text())
    assert [said["role"] for said in reference["utterances"]] == ["agent", "customer"]


def test_the_generator_names_everything_that_is_missing_in_one_error(tmp_path: Path):
    with pytest.raises(SystemExit, match=r"(?s)kokoro-js.*sample_call/README.md") as stop:
        make_trial_calls.main([str(tmp_path / "out"), "--packages", str(tmp_path)])
    assert "missing" in str(stop.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("tune", sorted(TUNES))
def test_hold_music_has_no_long_rest_and_ends_when_it_should(tune: str):
    music = play_hold_music(6, tune=tune)
    assert music.size == 6 * SAMPLE_RATE_HZ
    levels = measure_levels(music[SAMPLE_RATE_HZ:-SAMPLE_RATE_HZ])
    half_seconds = levels[: levels.size // 50 * 50].reshape(-1, 50).max(axis=1)
    assert half_seconds.min() > half_seconds.max() - 15


def test_an_added_output_is_one_more_field_behind_the_model():
    name = "/inner"
    assert with_output(b"model", name) == b"model" + b"\x3a\x0a" + b"\x62\x08" + b"\x0a\x06" + name.encode()


def test_words_that_are_run_together_are_shared_out_by_their_sound():
    alone = {"on": "ɔn", "the": "ðə", "back": "bæk", "of": "ʌv", "card": "kɑɹd"}
    words = ["on", "the", "back", "of", "the", "card"]
    shared = group_words(words, ["ɔnðə", "bæk", "ʌvðə", "kɑɹd"], alone.__getitem__)
    assert shared == [["on", "the"], ["back"], ["of", "the"], ["card"]]
