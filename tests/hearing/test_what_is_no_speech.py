"""Music, ringing, dialled digits, comfort noise and long silence: no words from them, and waits said to be waits."""

from __future__ import annotations

import pytest
from built import count_errors, plain, share_missing

from worker.core.call import Party
from worker.core.transcript import SoundKind

pytestmark = pytest.mark.models


def test_a_call_without_speech_has_no_words_and_no_language_and_says_so(no_speech):
    assert no_speech.text == ""
    assert no_speech.transcript.language is None
    assert "no_speech" in no_speech.codes


@pytest.mark.parametrize("place", ["ringing", "digits", "silence"])
def test_no_word_is_heard_where_nobody_speaks(waiting, place):
    _, places, heard = waiting
    assert heard.words_in(places[place], margin_s=min(0.3, places[place].length_s / 4)) == []


def test_the_comfort_noise_of_one_line_gives_no_words_while_the_other_party_speaks(waiting):
    _, places, heard = waiting
    noisy = [turn for turn in heard.turns if turn.channel == 0]
    assert [word for turn in noisy for word in turn.words if word in heard.words_in(places["comfort noise"])] == []


def test_no_word_comes_from_the_music_itself(waiting):
    _, places, heard = waiting
    announcement = places["announcement"]
    inside = heard.words_in(places["hold"], margin_s=0.3)
    assert [w for w in inside if not announcement.start_s - 0.3 <= w.start_s <= announcement.end_s] == []


def test_a_hold_with_music_is_found_to_a_second_on_the_side_that_plays_it(waiting):
    _, places, heard = waiting
    hold = heard.hold_over(places["hold"])
    assert hold.kind is SoundKind.MUSIC
    assert hold.channel == 0
    assert hold.start_s == pytest.approx(places["hold"].start_s, abs=1.0)
    assert hold.end_s == pytest.approx(places["hold"].end_s, abs=1.0)


def test_on_one_track_a_hold_is_found_to_a_second_too_and_gives_no_words(transferred_mono):
    _, music, heard = transferred_mono
    hold = heard.hold_over(music)
    assert hold.start_s == pytest.approx(music.start_s, abs=1.0)
    assert hold.end_s == pytest.approx(music.end_s, abs=1.0)
    assert heard.words_in(music, margin_s=0.3) == []


def test_a_long_silence_is_found_to_a_second_as_a_wait(waiting):
    _, places, heard = waiting
    hold = heard.hold_over(places["silence"])
    assert hold.kind is SoundKind.SILENCE
    assert hold.start_s == pytest.approx(places["silence"].start_s, abs=1.0)
    assert hold.end_s == pytest.approx(places["silence"].end_s, abs=1.0)


def test_an_announcement_over_hold_music_is_kept_as_spoken_by_the_system(waiting, more):
    _, places, heard = waiting
    announcement = more["system"][0].text
    assert share_missing(announcement, heard.by(Party.OTHER)) <= 0.2
    assert "busy" not in heard.by(Party.AGENT), "the agent never said it"
    assert heard.hold_over(places["announcement"]) == heard.hold_over(places["hold"]), "the wait goes on under it"


def test_all_that_was_said_before_and_after_the_waits_is_heard(waiting, more):
    call, _, heard = waiting
    announced = len(plain(more["system"][0].text))  # heard on the agent's side, and said by neither party
    assert count_errors(call.on(0), heard.on(0)) <= 0.1 * len(plain(call.on(0))) + announced
    assert count_errors(call.on(1), heard.on(1)) <= 0.1 * len(plain(call.on(1)))
