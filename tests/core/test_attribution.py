"""Words to speakers to turns: the arithmetic stands beside each case; random calls check what must hold for all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.core.attribution import (
    OVERLAP_S,
    PAUSE_S,
    REACH_S,
    Spoken,
    ends_sentence,
    give_to_speakers,
    group_turns,
    overlapping,
    uncertain_stretches,
)
from worker.core.sound import Interval
from worker.core.transcript import Hold, SoundKind, SpeakerStretch, Turn, Word

A, B = "speaker 1", "speaker 2"


def word(text: str, start_s: float, end_s: float, confidence: float = 0.9) -> Word:
    return Word(text, start_s, end_s, confidence)


def line(text: str, start_s: float, *, each_s: float = 0.3) -> list[Word]:
    """Words of equal length, one right after the other."""
    return [
        word(part, round(start_s + place * each_s, 3), round(start_s + (place + 1) * each_s, 3))
        for place, part in enumerate(text.split())
    ]


def speakers(
    words: Sequence[Word], stretches: Sequence[SpeakerStretch], language: str | None = "en"
) -> list[str | None]:
    return [one.speaker for one in give_to_speakers(words, stretches, language=language)]


def by(speaker: str | None, words: Sequence[Word], channel: int | None = None) -> list[Spoken]:
    return [Spoken(one, speaker, channel) for one in words]


def read(turns: Sequence[Turn]) -> list[tuple[str | None, str]]:
    return [(turn.speaker, turn.text) for turn in turns]


@pytest.mark.parametrize(
    ("stretches", "expected"),
    [
        # The word is 10.0 to 10.4.
        ([SpeakerStretch(A, 9.0, 10.3), SpeakerStretch(B, 10.3, 12.0)], A),  # 0.3 s against 0.1 s
        ([SpeakerStretch(A, 9.0, 10.1), SpeakerStretch(B, 10.1, 12.0)], B),  # 0.1 s against 0.3 s
        ([SpeakerStretch(A, 9.0, 9.8), SpeakerStretch(B, 10.5, 12.0)], B),  # none; 0.2 s away against 0.1 s
        ([SpeakerStretch(A, 9.0, 9.6)], A),  # 0.4 s away is in reach
        ([SpeakerStretch(A, 9.0, 9.4)], None),  # 0.6 s away is not
        ([], None),
    ],
)
def test_a_word_goes_to_the_voice_that_covers_most_of_it_or_else_is_nearest(
    stretches: list[SpeakerStretch], expected: str | None
) -> None:
    assert REACH_S == 0.5
    assert speakers([word("account", 10.0, 10.4)], stretches) == [expected]


def test_a_border_that_cuts_a_sentence_moves_to_the_end_of_the_sentence() -> None:
    # The diarizer changes speaker at 2.25, inside "today?" (2.1 to 2.4): half of it is in the other voice.
    words = line("How can I help you right here today? Hello my order never came.", 0.0)
    stretches = [SpeakerStretch(A, 0.0, 2.25), SpeakerStretch(B, 2.25, 4.0)]
    assert speakers(words, stretches) == [A] * 8 + [B] * 5


def test_one_word_in_the_middle_of_a_sentence_is_taken_for_an_error_of_the_diarizer() -> None:
    words = line("I will send the parcel to you tomorrow.", 0.0)
    stretches = [SpeakerStretch(A, 0.0, 1.2), SpeakerStretch(B, 1.2, 1.5), SpeakerStretch(A, 1.5, 2.4)]
    # "parcel" (1.2 to 1.5) is 0.15 s from A's voice on average: 0.3 words missing, less than tearing twice (0.5).
    assert speakers(words, stretches) == [A] * 8


@pytest.mark.parametrize("answer", ["yes", "okay", "No,", "mm-hmm"])
def test_a_short_answer_in_the_middle_of_a_sentence_stays_with_who_gave_it(answer: str) -> None:
    words = line(f"I will send the {answer} parcel to you tomorrow.", 0.0)
    stretches = [SpeakerStretch(A, 0.0, 1.2), SpeakerStretch(B, 1.2, 1.5), SpeakerStretch(A, 1.5, 2.7)]
    given = speakers(words, stretches)
    assert given == [A] * 4 + [B] + [A] * 4, "short answers carry agreement: they are never smoothed away"


@pytest.mark.parametrize("language", ["ja", None])
def test_nothing_is_smoothed_in_a_language_whose_short_answers_are_not_known(language: str | None) -> None:
    words = line("a b c d e f g h.", 0.0)
    stretches = [SpeakerStretch(A, 0.0, 1.2), SpeakerStretch(B, 1.2, 1.5), SpeakerStretch(A, 1.5, 2.4)]
    assert speakers(words, stretches, language) == [A] * 4 + [B] + [A] * 3


def test_without_punctuation_nobody_knows_where_sentences_end_and_nothing_is_smoothed() -> None:
    words = line("i will send the parcel to you tomorrow", 0.0)
    stretches = [SpeakerStretch(A, 0.0, 1.2), SpeakerStretch(B, 1.2, 1.5), SpeakerStretch(A, 1.5, 2.4)]
    assert speakers(words, stretches) == [A] * 4 + [B] + [A] * 3


def test_an_interruption_of_several_words_is_not_smoothed() -> None:
    words = line("I will send the wait that is wrong parcel to you tomorrow.", 0.0)
    stretches = [SpeakerStretch(A, 0.0, 1.2), SpeakerStretch(B, 1.2, 2.4), SpeakerStretch(A, 2.4, 3.6)]
    assert speakers(words, stretches) == [A] * 4 + [B] * 4 + [A] * 4


def test_when_two_speak_at_once_the_words_stay_with_who_was_speaking_and_say_so() -> None:
    words = line("We can send it on Monday or on Tuesday.", 0.0)
    spoken = give_to_speakers(
        words, [SpeakerStretch(A, 0.0, 2.7), SpeakerStretch(B, 0.9, 2.4)], language="en"
    )  # "it" begins at 0.6 and "or" ends at 2.1
    assert {one.speaker for one in spoken} == {A}
    assert [one.shared for one in spoken] == [False] * 3 + [True] * 5 + [False]


def test_a_short_answer_in_two_voices_goes_to_the_one_who_is_heard_only_briefly() -> None:
    words = [*line("We can send it on", 0.0), *line("yes", 1.5), *line("Monday or on Tuesday.", 1.8)]
    stretches = [SpeakerStretch(A, 0.0, 3.0), SpeakerStretch(B, 1.45, 1.85)]
    assert speakers(words, stretches) == [A] * 5 + [B] + [A] * 4


def test_an_exchange_of_short_sentences_keeps_every_change() -> None:
    words = [*line("Is that right?", 0.0), *line("Yes.", 0.9), *line("And the name?", 1.2), *line("Smith.", 2.1)]
    stretches = [
        SpeakerStretch(A, 0.0, 0.95),
        SpeakerStretch(B, 0.95, 1.15),
        SpeakerStretch(A, 1.15, 2.1),
        SpeakerStretch(B, 2.1, 2.4),
    ]
    assert speakers(words, stretches) == [A] * 3 + [B] + [A] * 3 + [B]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("today?", True), ("Yes.", True), ("“No!”", True), ("well…", True), ("well,", False), ("3.5", False), ("", False)],
)
def test_a_sentence_ends_where_its_punctuation_says_so(text: str, expected: bool) -> None:
    assert ends_sentence(text) is expected


def test_a_pause_ends_a_turn_and_a_shorter_one_does_not() -> None:
    spoken = by(A, [*line("One moment.", 0.0), *line("So here", 0.6 + PAUSE_S), *line("it is.", 1.3 + 2 * PAUSE_S)])
    # The gaps are 1.5 s, which is no pause yet, and 1.6 s.
    assert read(group_turns(spoken, holds=(), language="en")) == [(A, "One moment. So here"), (A, "it is.")]


def test_a_hold_ends_a_turn_however_short_the_silence_before_the_music() -> None:
    spoken = by(A, [*line("Please hold", 0.0), *line("hello again", 1.6)])  # a gap of 1.0 s
    hold = Hold(0.7, 1.5, SoundKind.MUSIC, 0)
    assert read(group_turns(spoken, holds=(hold,), language="en")) == [(A, "Please hold"), (A, "hello again")]


def test_on_two_tracks_an_answer_in_the_gap_stands_between_question_and_reply() -> None:
    spoken = [
        *by("track 0", [*line("Is that right?", 0.0), *line("Great.", 2.0)], 0),  # a gap of 1.1 s
        *by("track 1", line("Yes.", 1.2), 1),
    ]
    turns = group_turns(spoken, holds=(), language="en")
    assert read(turns) == [("track 0", "Is that right?"), ("track 1", "Yes."), ("track 0", "Great.")]
    assert not any(turn.overlaps for turn in turns)


def test_a_nod_while_the_other_draws_breath_does_not_cut_the_sentence() -> None:
    spoken = [
        *by("track 0", [*line("So we will send the", 0.0), *line("parcel on Monday.", 2.0)], 0),  # a gap of 0.5 s
        *by("track 1", line("mhm", 1.6), 1),
    ]
    turns = group_turns(spoken, holds=(), language="en")
    assert read(turns) == [("track 0", "So we will send the parcel on Monday."), ("track 1", "mhm")]
    assert [turn.overlaps for turn in turns] == [True, False], "a voice lies within the first; nobody within the second"


def test_an_objection_into_the_others_sentence_is_one_turn_although_it_pauses() -> None:
    spoken = [
        *by("track 0", line("The engineer is booked for tomorrow between eight and twelve.", 0.0), 0),
        *by("track 1", [*line("Tomorrow,", 0.9), *line("no.", 1.8)], 1),  # a gap of 0.6 s, in which track 0 speaks on
    ]
    assert [turn.text for turn in group_turns(spoken, holds=(), language="en")][-1] == "Tomorrow, no."


def test_a_word_that_nobody_was_found_to_say_keeps_its_place_in_the_sentence() -> None:
    spoken = [*by(A, line("I want to", 0.0)), *by(None, line("cancel", 0.9)), *by(A, line("my order.", 1.2))]
    assert read(group_turns(spoken, holds=(), language="en")) == [
        (A, "I want to"),
        (None, "cancel"),
        (A, "my order."),
    ]


def test_an_okay_over_a_long_turn_follows_it_and_does_not_chop_it() -> None:
    long = line("We looked at this. It was our mistake. You will have it back. I am sorry.", 0.0)
    spoken = [*by("track 0", long, 0), *by("track 1", line("okay", 1.3), 1)]
    turns = group_turns(spoken, holds=(), language="en")
    assert [turn.speaker for turn in turns] == ["track 0", "track 1"]
    assert turns[0].start_s < turns[1].start_s < turns[0].end_s
    assert all(turn.overlaps for turn in turns)


def test_an_interruption_stands_where_it_happened_and_tears_no_sentence() -> None:
    long = line("We looked at this. It was our mistake. You will have it back. I am sorry.", 0.0)
    # Sentences end at 1.2, 2.4, 3.9 and 4.8; the other begins at 1.3, so the first end after that is 2.4.
    spoken = [*by("track 0", long, 0), *by("track 1", line("But nobody told me that.", 1.3), 1)]
    assert read(group_turns(spoken, holds=(), language="en")) == [
        ("track 0", "We looked at this. It was our mistake."),
        ("track 1", "But nobody told me that."),
        ("track 0", "You will have it back. I am sorry."),
    ]


def test_touching_turns_do_not_overlap_but_talking_into_each_other_does() -> None:
    spoken = [*by("track 0", line("one two", 0.0), 0), *by("track 1", line("three four", 0.6 - OVERLAP_S / 2), 1)]
    assert not any(turn.overlaps for turn in group_turns(spoken, holds=(), language="en"))
    spoken = [*by("track 0", line("one two", 0.0), 0), *by("track 1", line("three four", 0.55 - OVERLAP_S), 1)]
    assert all(turn.overlaps for turn in group_turns(spoken, holds=(), language="en"))


def test_times_are_given_to_the_millisecond_and_turns_are_numbered() -> None:
    spoken = by(A, [word("Hello", 0.12345, 0.45678), word("there", 0.5, 0.99999)])
    (turn,) = group_turns(spoken, holds=(), language="en")
    assert (turn.id, turn.start_s, turn.end_s, turn.text) == ("t1", 0.123, 1.0, "Hello there")
    assert [(one.start_s, one.end_s) for one in turn.words] == [(0.123, 0.457), (0.5, 1.0)]


def test_no_words_make_no_turns() -> None:
    assert give_to_speakers([], [], language="en") == ()
    assert group_turns([], holds=(), language="en") == ()
    assert uncertain_stretches([]) == ()


@pytest.mark.parametrize(
    ("stretches", "expected"),
    [
        ([(A, 0.0, 5.0), (B, 2.0, 3.0)], [(2.0, 3.0)]),
        ([(A, 0.0, 5.0), (B, 4.9, 8.0)], []),  # 0.1 s is how much borders err
        ([(A, 0.0, 5.0), (A, 4.0, 6.0)], []),  # nobody interrupts himself
        ([(A, 0.0, 9.0), (B, 1.0, 2.0), (B, 6.5, 8.0)], [(1.0, 8.0)]),  # 4.5 s apart: heard in one go
        ([(A, 0.0, 30.0), (B, 1.0, 2.0), (B, 8.0, 9.0)], [(1.0, 2.0), (8.0, 9.0)]),
        ([(A, 0.0, 4.0), (B, 3.0, 10.0), ("speaker 3", 9.5, 12.0)], [(3.0, 4.0), (9.5, 10.0)]),
    ],
)
def test_two_people_at_once_are_named_with_the_stretch_in_which_both_are_heard(
    stretches: list[tuple[str, float, float]], expected: list[tuple[float, float]]
) -> None:
    found = overlapping([SpeakerStretch(*row) for row in stretches])
    assert [(one.start_s, one.end_s) for one in found] == expected


@pytest.mark.parametrize(
    ("confidences", "expected"),
    [
        ([0.9, 0.3, 0.2, 0.3, 0.9], [(1, 4)]),  # three below 0.5, mean 0.27
        ([0.9, 0.3, 0.2, 0.9, 0.9], [(1, 3)]),
        ([0.9, 0.3, 0.9, 0.2, 0.9], []),  # no two in a row
        ([0.45, 0.45, 0.45], []),  # each below 0.5, but the mean is not below 0.4
        ([0.1, 0.1, 0.7, 0.1, 0.9], [(0, 4)]),  # one better word is bridged: mean 0.25
        ([0.3, 0.9, 0.3, 0.3, 0.9], [(2, 4)]),  # bridging would give 0.5
        ([0.1, 0.1, 0.1, 0.9, 0.9, 0.2, 0.2, 0.2], [(0, 3), (5, 8)]),
    ],
)
def test_a_stretch_is_uncertain_where_several_words_in_a_row_are(
    confidences: list[float], expected: list[tuple[int, int]]
) -> None:
    words = [word("x", place, place + 0.5, confidence) for place, confidence in enumerate(confidences)]
    assert uncertain_stretches(words) == tuple(
        (Interval(first, last - 1 + 0.5), last - first) for first, last in expected
    )


TENTHS = st.integers(min_value=0, max_value=600)
LENGTHS = st.integers(min_value=1, max_value=30)
TEXTS = st.sampled_from(["I", "will", "yes", "okay.", "send", "it.", "no,", "Monday?"])
WORDS = st.lists(st.tuples(TEXTS, TENTHS, LENGTHS), max_size=40).map(
    lambda rows: sorted(
        (word(text, start / 10, (start + length) / 10) for text, start, length in rows), key=lambda one: one.start_s
    )
)
STRETCHES = st.lists(st.tuples(st.sampled_from([A, B, "speaker 3"]), TENTHS, LENGTHS), max_size=25).map(
    lambda rows: sorted(
        (SpeakerStretch(name, start / 10, (start + length) / 10) for name, start, length in rows),
        key=lambda stretch: stretch.start_s,
    )
)
HOLDS = st.lists(TENTHS, max_size=2).map(
    lambda starts: tuple(Hold(start / 10, start / 10 + 5, SoundKind.MUSIC, 0) for start in starts)
)


@given(words=WORDS, stretches=STRETCHES, holds=HOLDS, language=st.sampled_from(["en", "de", None]))
def test_on_a_mixed_track_every_word_is_in_exactly_one_turn_and_in_order(
    words: list[Word], stretches: list[SpeakerStretch], holds: tuple[Hold, ...], language: str | None
) -> None:
    spoken = give_to_speakers(words, stretches, language=language)
    assert [one.word for one in spoken] == words
    for one in spoken:
        near = {
            stretch.speaker
            for stretch in stretches
            if max(stretch.start_s - one.word.end_s, one.word.start_s - stretch.end_s) < REACH_S - 1e-9
        }
        assert (one.speaker in near) if near else (one.speaker is None), "a word goes to a voice in reach, or to nobody"
    _check(spoken, holds, language)


@given(tracks=st.lists(WORDS, min_size=1, max_size=3), holds=HOLDS, language=st.sampled_from(["en", None]))
def test_on_tracks_every_word_is_in_exactly_one_turn_and_in_order(
    tracks: list[list[Word]], holds: tuple[Hold, ...], language: str | None
) -> None:
    spoken = [one for channel, words in enumerate(tracks) for one in by(f"track {channel}", words, channel)]
    _check(spoken, holds, language)


def _check(spoken: Sequence[Spoken], holds: tuple[Hold, ...], language: str | None) -> None:
    turns = group_turns(spoken, holds=holds, language=language)
    put = [(turn.speaker, turn.channel, one) for turn in turns for one in turn.words]
    assert Counter(put) == Counter((one.speaker, one.channel, one.word) for one in spoken), "no word lost, none twice"
    assert [turn.id for turn in turns] == [f"t{number}" for number in range(1, len(turns) + 1)]
    assert [turn.start_s for turn in turns] == sorted(turn.start_s for turn in turns)
    for turn in turns:
        assert turn.text == " ".join(one.text for one in turn.words)
        assert turn.start_s == min(one.start_s for one in turn.words)
        assert turn.end_s == max(one.end_s for one in turn.words)
    for key in {(one.speaker, one.channel) for one in spoken}:
        mine = [one.word for one in spoken if (one.speaker, one.channel) == key]
        assert [one for speaker, channel, one in put if (speaker, channel) == key] == mine, (
            "nobody's words change order"
        )
