"""An own recording of a call beside ours: the same words in both, what differs, and what is another call altogether."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.web.records import BEGINS, ENDS, MIDDLES, long_call, record_of, silent_call
from worker.core.call import Party
from worker.core.dialogue.alignment import Comparison, Difference, Differing, Place, compare
from worker.core.record import CallRecord
from worker.core.transcript import Turn, Word

WORD_S = 0.4
TALK_TEXT = (
    "thank you for calling brightwater how can I help you the machine that I bought in march leaks at the door "
    "I am sorry to hear that we will send a technician to you by friday and the repair is free of charge "
    "good by friday then that is what I wanted thank you very much goodbye"
)
TALK = TALK_TEXT.split()


def spoken(words: Sequence[str], *, start_s: float = 0.0, pauses: dict[int, float] | None = None) -> CallRecord:
    """A record of these words, one after the other, ten to a turn; ``pauses`` are seconds before a word."""
    at_s = start_s
    heard = []
    for number, text in enumerate(words):
        at_s += (pauses or {}).get(number, 0.0)
        heard.append(Word(text, round(at_s, 3), round(at_s + WORD_S * 0.9, 3), 0.9))
        at_s += WORD_S
    turns = []
    for number, first in enumerate(range(0, len(heard), 10)):
        part = tuple(heard[first : first + 10])
        party = (Party.AGENT, Party.CUSTOMER)[number % 2]
        text = " ".join(word.text for word in part)
        turns.append(Turn(f"t{number + 1}", party, None, None, part[0].start_s, part[-1].end_s, text, part))
    return record_of(turns, duration_s=at_s + 1.0)


def only(comparison: Comparison) -> Differing:
    (one,) = comparison.differences
    return one


def test_a_recording_beside_itself_differs_in_nothing():
    assert compare(spoken(TALK), spoken(TALK)) == Comparison(True, 0.0, len(TALK), 1.0, ())


def test_signs_and_capitals_are_no_difference():
    written = [f"{word.capitalize()}," for word in TALK]
    assert compare(spoken(TALK), spoken([*written, "–"])).differences == ()


def test_one_that_began_earlier_is_later_by_so_much_and_holds_what_was_said_before():
    before = ["hello", "is", "this", "recording", "now", "yes", "it", "is"]
    comparison = compare(spoken(TALK), spoken([*before, *TALK]))
    assert comparison.offset_s == pytest.approx(len(before) * WORD_S)
    one = only(comparison)
    assert (one.difference, one.place) == (Difference.ONLY_THEIRS, Place.BEFORE)
    assert one.theirs.text == " ".join(before)
    assert (one.theirs.start_s, one.theirs.end_s) == (0.0, pytest.approx(len(before) * WORD_S - 0.04))
    assert (one.ours.text, one.ours.end_s) == ("", 0.0)


def test_one_that_began_later_and_ended_earlier_lacks_both_ends():
    comparison = compare(spoken(TALK), spoken(TALK[12:40]))
    assert comparison.offset_s == pytest.approx(-12 * WORD_S)
    assert comparison.share == 1.0
    assert [(one.difference, one.place) for one in comparison.differences] == [
        (Difference.ONLY_OURS, Place.BEFORE),
        (Difference.ONLY_OURS, Place.AFTER),
    ]
    assert comparison.differences[0].ours.text == " ".join(TALK[:12])
    assert comparison.differences[1].ours.text == " ".join(TALK[40:])


def test_a_misheard_word_is_shown_in_both_readings_with_its_seconds():
    heard = list(TALK)
    at = heard.index("friday")
    heard[at] = "monday"
    one = only(compare(spoken(TALK), spoken(heard, start_s=100.0)))
    assert (one.difference, one.place) == (Difference.OTHER_WORDS, Place.INSIDE)
    assert (one.ours.text, one.theirs.text) == ("friday", "monday")
    assert one.ours.start_s == pytest.approx(at * WORD_S)
    assert one.theirs.start_s == pytest.approx(100.0 + at * WORD_S)
    assert one.longer_s == 0.0


def test_the_first_and_the_last_word_heard_otherwise_are_other_words_and_not_missing_ones():
    comparison = compare(spoken(TALK), spoken(["thanks", *TALK[1:-1], "bye"]))
    assert [(one.difference, one.place, one.theirs.text) for one in comparison.differences] == [
        (Difference.OTHER_WORDS, Place.BEFORE, "thanks"),
        (Difference.OTHER_WORDS, Place.AFTER, "bye"),
    ]


def test_a_part_cut_out_of_ours_shows_with_how_long_it_is():
    cut = [*TALK[:23], *TALK[38:]]
    one = only(compare(spoken(cut), spoken(TALK)))
    assert (one.difference, one.place) == (Difference.ONLY_THEIRS, Place.INSIDE)
    assert one.theirs.text == " ".join(TALK[23:38])
    assert one.longer_s == pytest.approx(15 * WORD_S)


def test_a_part_cut_out_of_theirs_shows_the_other_way_round():
    cut = [*TALK[:23], *TALK[38:]]
    one = only(compare(spoken(TALK), spoken(cut)))
    assert (one.difference, one.ours.text) == (Difference.ONLY_OURS, " ".join(TALK[23:38]))
    assert one.longer_s == pytest.approx(-15 * WORD_S)


def test_a_cut_in_which_nobody_spoke_shows_too():
    """Minutes on hold that are missing from one recording: no word is, but the time is."""
    one = only(compare(spoken(TALK), spoken(TALK, pauses={20: 240.0})))
    assert (one.difference, one.place, one.longer_s) == (Difference.ONLY_THEIRS, Place.INSIDE, 240.0)
    assert (one.theirs.text, round(one.theirs.end_s - one.theirs.start_s)) == ("", 240)
    shorter = only(compare(spoken(TALK, pauses={20: 240.0}), spoken(TALK)))
    assert (shorter.difference, shorter.longer_s) == (Difference.ONLY_OURS, -240.0)


def test_a_clock_that_runs_a_little_faster_is_no_difference():
    record = long_call(turns=200, words=4000)
    drifted = replace(
        record,
        turns=tuple(
            replace(
                turn,
                words=tuple(
                    replace(word, start_s=word.start_s * 1.002, end_s=word.end_s * 1.002) for word in turn.words
                ),
            )
            for turn in record.turns
        ),
    )
    comparison = compare(record, drifted)
    assert comparison.differences == ()
    assert comparison.share == 1.0


def test_who_is_said_to_have_spoken_makes_no_difference():
    record = spoken(TALK)
    swapped = replace(
        record,
        turns=tuple(
            replace(turn, party=Party.CUSTOMER if turn.party is Party.AGENT else Party.AGENT) for turn in record.turns
        ),
    )
    assert compare(record, swapped) == compare(record, record)


def test_one_that_hears_only_one_side_is_of_the_same_call():
    record = spoken(TALK)
    near = replace(record, turns=record.turns[1::2])
    comparison = compare(record, near)
    assert comparison.is_same_call
    assert {one.difference for one in comparison.differences} == {Difference.ONLY_OURS}


OTHER_TEXT = (
    "good morning this is the city library my card does not work any longer and I wanted to borrow a book about bees "
    "let me have a look your card has run out you can renew it here at the desk thank you I will do that goodbye"
)
OTHER_TALK = OTHER_TEXT.split()


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (spoken(TALK), spoken(OTHER_TALK)),
        (spoken(TALK), silent_call()),
        (silent_call(), spoken(TALK)),
        (silent_call(), silent_call()),
        (spoken(["thank", "you"]), spoken(["thank", "you"])),
        (spoken(TALK), spoken([*TALK[:9], *OTHER_TALK])),
        (long_call(turns=50, words=1000), spoken(TALK)),
    ],
)
def test_another_call_is_not_laid_beside_ours(ours: CallRecord, theirs: CallRecord):
    comparison = compare(ours, theirs)
    assert not comparison.is_same_call
    assert (comparison.offset_s, comparison.differences) == (None, ())


VOCABULARY = [f"{begin}{middle}{end}" for begin in BEGINS for middle in MIDDLES for end in ENDS]


def heard_again(words: Sequence[str], chance: random.Random, *, wrong: float) -> list[str]:
    """The words as another hearing has them: this share of them otherwise, left out, or with one more."""
    heard = []
    for word in words:
        draw = chance.random()
        if draw < wrong / 3:
            heard.append(chance.choice(VOCABULARY))
        elif draw < wrong * 2 / 3:
            heard.extend((word, chance.choice(VOCABULARY)))
        elif draw >= wrong:
            heard.append(word)
    return heard


def common_words(count: int, chance: random.Random) -> list[str]:
    """Words of a talk: few of them make up most of it, as in any language."""
    weights = [1.0 / rank for rank in range(1, len(VOCABULARY) + 1)]
    return chance.choices(VOCABULARY, weights, k=count)


def test_an_hour_is_compared_in_no_time_though_a_fifth_was_heard_otherwise():
    chance = random.Random(5)
    words = common_words(10_000, chance)
    # Words run away from each other where one more or less is heard: the times are those of the words themselves.
    theirs = heard_again(words, chance, wrong=0.2)
    began = time.process_time()
    comparison = compare(spoken(words), spoken(theirs, start_s=30.0))
    assert time.process_time() - began < 2.0
    assert comparison.is_same_call
    assert 0.75 < comparison.share < 0.95


def test_two_long_calls_in_the_same_language_are_not_taken_for_one():
    chance = random.Random(7)
    comparison = compare(spoken(common_words(10_000, chance)), spoken(common_words(10_000, chance)))
    assert not comparison.is_same_call
    assert comparison.share < 0.3


def test_what_both_hold_and_what_differs_is_all_that_was_said():
    """No word is lost between the found ones and the differences, whatever was done to it."""
    chance = random.Random(3)
    for _ in range(60):
        words = common_words(chance.randrange(30, 300), chance)
        first, end = sorted(chance.sample(range(len(words)), 2))
        theirs = heard_again(
            [*common_words(chance.randrange(20), chance), *words[:first], *words[end:]], chance, wrong=0.1
        )
        comparison = compare(spoken(words), spoken(theirs, start_s=chance.random() * 60))
        if not comparison.is_same_call:
            continue
        for side, said in (("ours", words), ("theirs", theirs)):
            different = sum(len(getattr(one, side).text.split()) for one in comparison.differences)
            assert comparison.agreed_words + different == len(said)
        for one in comparison.differences:
            assert one.ours.start_s <= one.ours.end_s
            assert one.theirs.start_s <= one.theirs.end_s
