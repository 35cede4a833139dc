"""Cross-talk, tracks with one sound, and a party of whom there is nothing to hear."""

from __future__ import annotations

import pytest
from built import count_errors, plain

from worker.core.call import Party
from worker.core.transcript import Layout

pytestmark = pytest.mark.models


@pytest.mark.parametrize("channel", [0, 1])
def test_leakage_costs_hardly_a_word(clean, leaking, channel):
    call, heard_clean = clean
    said = call.on(channel)
    errors = count_errors(said, heard_clean.on(channel))
    assert errors <= 0.1 * len(plain(said)), "without leakage the track is heard well"
    assert count_errors(said, leaking[1].on(channel)) <= max(1.1 * errors, errors + 1)


@pytest.mark.parametrize("channel", [0, 1])
def test_what_leaks_into_the_other_track_is_not_heard_a_second_time(clean, leaking, channel):
    call, heard_clean = clean
    own = {*plain(call.on(channel)), *plain(heard_clean.on(channel))}  # rightly or wrongly, heard without leakage too
    of_the_other = {word for word in plain(call.on(1 - channel)) if len(word) > 3} - own  # "at" and "it" are mistaken
    assert [word for word in plain(leaking[-1].on(channel)) if word in of_the_other] == []


def test_a_short_answer_survives_the_leakage(leaking):
    assert "yes" in plain(leaking[-1].on(1))


def test_two_tracks_with_the_same_sound_are_one_mono_call(same_sound):
    call, heard = same_sound
    assert heard.listening.layout is Layout.MIXED
    assert "same_sound_on_tracks" in heard.codes
    said = call.by("agent", "customer")
    assert count_errors(said, heard.text) <= 0.1 * len(plain(said)), "each word once"


def test_a_party_who_is_silent_throughout_is_given_no_words(one_silent):
    call, heard = one_silent
    assert count_errors(call.on(0), heard.text) <= 0.1 * len(plain(call.on(0)))
    assert heard.by(Party.CUSTOMER) == ""
    assert "silent_track" in heard.codes or heard.on(1) == ""
