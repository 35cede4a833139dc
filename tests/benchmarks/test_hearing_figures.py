"""The figures of scripts.bench_hearing, on references and answers small enough to be counted by hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.benchmarks.needs import need_scoring

need_scoring()

from scripts.hearing.hearers import Heard
from scripts.hearing.references import Call, Reference, Utterance, kinds_of
from scripts.hearing.report import figures, reliability, report
from scripts.hearing.scores import count_loops, score
from scripts.hearing.tokens import HeardWord, spell
from worker.core.sound import Interval
from worker.core.transcript import SpeakerStretch

AGENT = Utterance(0, "agent", "a", "how can I help you today", (Interval(0.0, 3.0),))
CUSTOMER = Utterance(1, "customer", "c", "yes my washing machine leaks", (Interval(4.0, 7.0),))


def call(utterances: Sequence[Utterance], *, channels: int = 1, duration_s: float = 60.0, spelled: bool = True) -> Call:
    reference = Reference(
        tuple(utterances), (), "en", is_spelled=spelled, tells_roles=True, has_times=True, is_known=True
    )
    return Call("one", Path("one.wav"), duration_s, channels, ("hold",), reference)


def said_by(
    text: str, start_s: float, *, speaker: str | None = None, channel: int | None = None, party: str | None = None
) -> list[HeardWord]:
    """The words of a text, half a second each."""
    return [
        HeardWord(word, start_s + at / 2, start_s + at / 2 + 0.4, 0.9, channel, speaker, party)
        for at, word in enumerate(text.split())
    ]


def heard(*lines: list[HeardWord], voices: tuple[SpeakerStretch, ...] | None = None) -> Heard:
    return Heard(tuple(word for line in lines for word in line), voices, {"transcribe": 6.0}, peak_mb=100.0)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("four zero seven one", "4071"),
        ("four zero seven one", "4 0 7 1"),
        ("It's twenty-five dollars.", "it is $25"),
        ("OK", "okay"),
        ("mister Hale", "Mr. Hale"),
        ("one", "1"),
    ],
)
def test_words_are_spelled_alike_however_they_were_written(one: str, other: str) -> None:
    assert spell(one, "en") == spell(other, "en")


def test_what_is_wrong_is_counted_for_the_party_that_said_it() -> None:
    answer = heard(
        said_by("how can I help you today", 0.0, speaker="1"),
        said_by("yes my washing machine leeks", 4.0, speaker="2"),
    )
    shown = figures(score(call([AGENT, CUSTOMER]), answer))
    assert shown["wer"] == pytest.approx(1 / 11, abs=1e-4)
    assert (shown["wer_agent"], shown["wer_customer"]) == (0.0, pytest.approx(1 / 5))
    assert shown["cpwer"] == pytest.approx(1 / 11, abs=1e-4)
    assert shown["wer_gap"] == pytest.approx(0.2)


def test_a_draft_by_a_machine_is_never_scored_as_word_errors() -> None:
    answer = heard(said_by("anything else", 0.0, speaker="1"))
    shown = figures(score(call([AGENT, CUSTOMER], spelled=False), answer))
    assert shown["wer"] is None
    assert shown["cpwer"] is None


def test_words_given_to_the_other_speaker_lower_attribution_and_raise_cpwer_alone() -> None:
    answer = heard(
        said_by("how can I help you today yes", 0.0, speaker="1"),
        said_by("my washing machine leaks", 4.5, speaker="2"),
    )
    shown = figures(score(call([AGENT, CUSTOMER]), answer))
    assert shown["wer"] == 0.0
    assert shown["attribution"] == pytest.approx(10 / 11, abs=1e-4)
    assert shown["cpwer"] == pytest.approx(2 / 11, abs=1e-4), "one word missing with one, one too many with the other"


def test_speakers_are_matched_once_each_so_one_voice_for_two_is_half_wrong() -> None:
    answer = heard(said_by("how can I help you today yes my washing machine leaks", 0.0, speaker="1"))
    assert figures(score(call([AGENT, CUSTOMER]), answer))["attribution"] == pytest.approx(6 / 11, abs=1e-4)


def test_two_who_speak_at_once_have_no_order() -> None:
    both = [AGENT, Utterance(0, "customer", "c", "yes my washing machine leaks", (Interval(1.0, 4.0),))]
    answer = heard(
        said_by("yes my washing machine leaks", 0.0, speaker="2"),
        said_by("how can I help you today", 2.6, speaker="1"),
    )
    assert figures(score(call(both), answer))["wer"] == 0.0


def test_the_other_partys_words_on_ones_own_track_count_against_attribution_and_as_invented() -> None:
    answer = heard(
        said_by("how can I help you today", 0.0, speaker="track 0", channel=0),
        said_by("washing machine", 5.0, speaker="track 0", channel=0),
        said_by("yes my washing machine leaks", 4.0, speaker="track 1", channel=1),
    )
    shown = figures(score(call([AGENT, CUSTOMER], channels=2), answer))
    assert shown["attribution"] == pytest.approx(11 / 13, abs=1e-4)
    assert shown["invented_words"] == 2


def test_only_words_far_from_all_speech_are_invented() -> None:
    answer = heard(
        said_by("how can I help you today", 0.3, speaker="1"),
        said_by("thank you for watching", 30.0, speaker="1"),
    )
    result = score(call([AGENT]), answer)
    assert result.invented_words == 4
    assert result.idle_s == pytest.approx(60.0 - 3.5)
    assert figures(result)["invented_per_minute"] == pytest.approx(4 / (56.5 / 60), abs=1e-3)


def test_every_word_of_a_call_in_which_nobody_speaks_is_invented() -> None:
    shown = figures(score(call([], channels=2), heard(said_by("thank you", 3.0, channel=1))))
    assert shown["invented_words"] == 2
    assert shown["wer"] is None


def test_short_answers_are_counted_wherever_they_are_said_and_numbers_where_they_stand_alone() -> None:
    digits = Utterance(0, "customer", "c", "four zero", (Interval(8.0, 9.0),))
    answer = heard(said_by("how can I help you today", 0.0), said_by("my washing machine leaks", 4.5), said_by("40", 8))
    result = score(call([AGENT, CUSTOMER, digits]), answer)
    assert (result.short_kept, result.short_said) == (2, 3)


@pytest.mark.parametrize(
    ("agent", "customer", "judged"),
    [
        ("agent", "customer", "right"),
        ("agent", "unknown", "unknown"),
        ("unknown", "unknown", "unknown"),
        ("agent", None, "unknown"),
        ("customer", "agent", "wrong"),
        ("agent", "agent", "wrong"),
    ],
)
def test_roles_are_right_open_or_wrong_for_a_call_as_a_whole(agent: str, customer: str | None, judged: str) -> None:
    lines = [said_by(AGENT.text, 0.0, speaker="1", party=agent)]
    if customer is not None:  # else that party was not heard at all
        lines.append(said_by(CUSTOMER.text, 4.0, speaker="2", party=customer))
    answer = heard(*lines)
    assert score(call([AGENT, CUSTOMER]), answer).role_calls == {judged: 1}


def test_a_phrase_said_over_and_over_is_one_loop() -> None:
    assert count_loops(["so", "I", "said", "no", "no", "no", "to", "him"]) == 0
    assert count_loops(("thank you " * 6 + "bye").split()) == 1
    assert count_loops(["no"] * 9) == 1


def test_first_words_after_silence_are_held_against_their_true_start() -> None:
    later = Utterance(0, "agent", "a", "sure", (Interval(12.0, 12.4),))
    answer = heard(said_by(AGENT.text, 0.0), said_by(CUSTOMER.text, 4.5), said_by("sure", 12.1))
    result = score(call([AGENT, CUSTOMER, later]), answer)
    assert result.start_errors_s == pytest.approx([0.1]), "the agent's next words after nine seconds"


def test_reliability_says_for_each_tenth_how_many_words_are_right() -> None:
    assert reliability([(0.95, True), (0.95, True), (0.85, False), (0.85, True)]) == [
        {"from": 0.8, "to": 0.9, "words": 2, "said": 0.85, "right": 0.5},
        {"from": 0.9, "to": 1.0, "words": 2, "said": 0.95, "right": 1.0},
    ]


def test_a_report_has_the_same_figures_for_all_calls_each_layout_and_kind_and_each_call_with_the_peer_beside() -> None:
    one = call([AGENT, CUSTOMER])
    ours = score(one, heard(said_by(AGENT.text, 0.0, speaker="1"), said_by(CUSTOMER.text, 4.0, speaker="2")))
    peer = score(one, heard(said_by("how can I help you", 0.0)))
    found = report([one], [ours], [peer])
    assert set(found) == {"all", "mono", "hold", "calls"}
    assert set(found["all"]["peer"]) == set(found["all"]) - {"peer"} | {"time_ratio", "wer_ratio"}
    assert found["all"]["peer"]["time_ratio"] == 1.0
    assert found["calls"]["one"]["peer"]["wer"] == pytest.approx(6 / 11, abs=1e-4)


def test_kinds_are_read_from_the_manifests_description() -> None:
    assert kinds_of("two speakers of the same gender, each leg leaks into the other; hold music") == (
        "crosstalk",
        "hold",
        "same_gender",
    )


def test_on_tracks_words_that_are_said_to_be_the_other_partys_are_given_wrongly() -> None:
    answer = heard(
        said_by("how can I help you today", 0.0, speaker="track 0", channel=0, party="customer"),
        said_by("yes my washing machine leaks", 4.0, speaker="track 1", channel=1, party="customer"),
    )
    assert figures(score(call([AGENT, CUSTOMER], channels=2), answer))["attribution"] == pytest.approx(5 / 11, abs=1e-4)


def test_words_that_nobody_was_found_to_say_are_given_to_no_one() -> None:
    answer = heard(said_by(AGENT.text, 0.0, speaker="nobody"), said_by(CUSTOMER.text, 4.0, speaker="1"))
    assert figures(score(call([AGENT, CUSTOMER]), answer))["attribution"] == pytest.approx(5 / 11, abs=1e-4)
