"""Overlap and interruption, voices that are alike, and a third voice."""

from __future__ import annotations

import pytest
from built import count_errors, plain, share_given_rightly, share_missing

from worker.core.call import Party
from worker.core.sound import Interval

pytestmark = pytest.mark.models


@pytest.mark.parametrize("channel", [0, 1])
def test_on_two_tracks_an_interruption_costs_neither_party_a_word(interrupted, channel):
    call, _, heard = interrupted
    assert count_errors(call.on(channel), heard.on(channel)) <= 0.1 * len(plain(call.on(channel)))


def test_on_two_tracks_what_is_said_at_once_stands_in_its_true_order(interrupted):
    _, overlap, heard = interrupted
    assert [turn.start_s for turn in heard.turns] == sorted(turn.start_s for turn in heard.turns)
    (turn,) = [turn for turn in heard.turns if turn.channel == 1 and "fair" in turn.text]
    assert turn.start_s == pytest.approx(overlap.start_s, abs=0.5)
    assert turn.overlaps, "the turn says that it was spoken into another's"
    before, after = ("warranty", "technician")
    agent = [word for turn in heard.turns if turn.channel == 0 for word in turn.words]
    (first,) = [word for word in agent if before in word.text.lower()]
    (second,) = [word for word in agent if after in word.text.lower()]
    assert first.start_s < second.start_s


def test_on_one_track_speech_at_once_is_stated_and_not_dropped(interrupted_mono):
    call, overlap, heard = interrupted_mono
    over = [turn for turn in heard.turns if Interval(turn.start_s, turn.end_s).overlap_s(overlap) > 0]
    stated = any(turn.overlaps for turn in over)
    assert stated or heard.warned_about(overlap), "a reader is told that two speak here"
    assert share_missing(call.by("agent", "customer"), heard.text) <= 0.25, "what can be heard is kept"


def test_two_women_on_one_telephone_track_are_told_apart(two_women_mono):
    call, heard = two_women_mono
    assert share_given_rightly(call.said, heard) >= 0.92


def test_very_short_turns_of_one_track_are_kept(two_women_mono):
    _, heard = two_women_mono
    assert {"yes", "no"} <= set(plain(heard.text))


def test_two_women_on_one_track_are_two_speakers(two_women_mono):
    _, heard = two_women_mono
    assert len({turn.speaker for turn in heard.turns} - {None}) == 2


def test_after_a_transfer_a_third_voice_is_a_speaker_of_its_own_on_one_track(transferred_mono):
    call, _, heard = transferred_mono
    assert len({turn.speaker for turn in heard.turns} - {None}) == 3
    assert share_given_rightly(call.said, heard) >= 0.92


def test_after_a_transfer_no_word_of_either_agent_goes_to_the_customer(transferred):
    call, _, heard = transferred
    said = call.on(0)
    assert count_errors(said, heard.on(0)) <= 0.1 * len(plain(said))
    assert share_missing(said, heard.by(Party.CUSTOMER)) >= 0.5
