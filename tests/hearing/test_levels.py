"""A clipped agent, and a customer who is 30 dB fainter: both are heard."""

from __future__ import annotations

import pytest
from built import count_errors, plain, share_missing

pytestmark = pytest.mark.models


def test_a_party_who_is_thirty_decibels_fainter_is_heard(quiet):
    call, heard = quiet
    assert count_errors(call.on(1), heard.on(1)) <= 0.1 * len(plain(call.on(1)))


def test_no_digit_of_the_faint_party_is_cut_away(quiet):
    call, heard = quiet
    digits = [word for word in plain(call.on(1)) if word.isdigit()]
    assert share_missing(" ".join(digits), " ".join(word for word in plain(heard.on(1)) if word.isdigit())) <= 0.05


def test_a_clipped_party_is_heard_and_the_record_says_that_it_is_clipped(quiet):
    call, heard = quiet
    assert count_errors(call.on(0), heard.on(0)) <= 0.1 * len(plain(call.on(0)))
    assert "clipped" in heard.codes
