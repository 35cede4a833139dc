"""What is shown of the transcript once corrections of it were accepted, and what has to be looked at again then.

Turn t5, the agent's: "The repair is free. A technician will come to you by Friday." (words 0 to 11); s2 and the promise
p1 rest on words 4 to 11, nothing on 0 to 3. s1 and s0 rest on t2, the customer's.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from tests.core.talk import (
    AGENT,
    CUSTOMER,
    RECORD,
    REVIEWER,
    accept,
    agree,
    correct,
    decline,
    dispute,
    kept,
    new_day,
    read,
    withdraw,
)
from worker.core.call import Party
from worker.core.dialogue.selecting import (
    parse_target,
    stands_there,
    target_key,
    words_between,
    words_target,
)
from worker.core.dialogue.state import Agreement, ShownWords
from worker.core.dialogue.values import NewSpeaker, NewWords, OnEntry, OnPromise, OnStatement, OnWords, WholeCall
from worker.core.errors import Invalid
from worker.core.log.entry import SIDES, Role

S2 = OnStatement("s2")
FRIDAY = words_target(RECORD, "t5", 10, 12)  # "by Friday."
FREE = words_target(RECORD, "t5", 0, 4)  # "The repair is free."
TO_MONDAY = NewWords("by Monday.")


def test_an_accepted_correction_is_the_reading_that_is_shown():
    dialogue = read(correct(CUSTOMER, TO_MONDAY, FRIDAY), accept(AGENT, 0))
    assert dialogue.readings["t5"].words == (ShownWords(10, 12, "by Monday.", 0),)
    assert dialogue.readings["t5"].party is None, "who spoke stands as it was heard"
    assert set(dialogue.readings) == {"t5"}


@pytest.mark.parametrize(
    "said",
    [
        [correct(CUSTOMER, TO_MONDAY, FRIDAY)],
        [correct(CUSTOMER, TO_MONDAY, FRIDAY), accept(CUSTOMER, 0)],
        [correct(CUSTOMER, TO_MONDAY, FRIDAY), accept(REVIEWER, 0)],
        [correct(REVIEWER, TO_MONDAY, FRIDAY), accept(AGENT, 0)],
        [correct(CUSTOMER, TO_MONDAY, FRIDAY), decline(AGENT, 0), accept(AGENT, 0)],
        [correct(CUSTOMER, TO_MONDAY, FRIDAY), accept(AGENT, 0), withdraw(AGENT, 1)],
        [correct(CUSTOMER, TO_MONDAY, FRIDAY), accept(AGENT, 0), withdraw(CUSTOMER, 0)],
    ],
)
def test_nothing_is_shown_otherwise_without_both_sides(said):
    dialogue = read(*said)
    assert dialogue.readings == {}
    assert not any(state.look_again for state in dialogue.statements.values())


def test_corrections_of_different_words_of_a_turn_are_both_shown_in_their_place():
    dialogue = read(
        correct(CUSTOMER, TO_MONDAY, FRIDAY),
        correct(AGENT, NewWords("This repair is free."), FREE),
        accept(CUSTOMER, 1),
        accept(AGENT, 0),
    )
    assert [(one.first, one.end) for one in dialogue.readings["t5"].words] == [(0, 4), (10, 12)]


def test_of_corrections_of_overlapping_words_the_one_accepted_last_is_shown():
    wider = words_target(RECORD, "t5", 8, 12)
    said = [correct(CUSTOMER, TO_MONDAY, FRIDAY), correct(AGENT, NewWords("to you on Sunday."), wider)]
    assert [one.number for one in read(*said, accept(AGENT, 0), accept(CUSTOMER, 1)).readings["t5"].words] == [1]
    assert [one.number for one in read(*said, accept(CUSTOMER, 1), accept(AGENT, 0)).readings["t5"].words] == [0]
    back = read(*said, accept(AGENT, 0), accept(CUSTOMER, 1), withdraw(CUSTOMER, 3))
    assert [one.number for one in back.readings["t5"].words] == [0], "the earlier one is shown again"


def test_words_can_be_taken_away():
    dialogue = read(correct(CUSTOMER, NewWords(""), FRIDAY), accept(AGENT, 0))
    assert dialogue.readings["t5"].words == (ShownWords(10, 12, "", 0),)


def test_who_spoke_is_corrected_for_the_whole_turn_and_the_last_accepted_one_is_shown():
    said = [correct(AGENT, NewSpeaker(Party.OTHER), FREE), accept(CUSTOMER, 0)]
    assert (read(*said).readings["t5"].party, read(*said).readings["t5"].party_by) == (Party.OTHER, 0)
    later = read(*said, correct(CUSTOMER, NewSpeaker(Party.CUSTOMER), FRIDAY), accept(AGENT, 2))
    assert (later.readings["t5"].party, later.readings["t5"].party_by) == (Party.CUSTOMER, 2)


def test_a_correction_of_words_that_do_not_stand_there_is_shown_to_nobody_as_the_reading():
    elsewhere = OnWords("t5", 10, 12, "by Sunday.", FRIDAY.prefix, "", FRIDAY.start_s, FRIDAY.end_s)
    dialogue = read(correct(CUSTOMER, TO_MONDAY, elsewhere), accept(AGENT, 0))
    assert dialogue.readings == {}
    assert dialogue.open_proposals == ()
    assert len(dialogue.said) == 1, "but what was written is still there to be read"


def test_what_rested_on_corrected_words_is_to_be_looked_at_again():
    dialogue = read(agree(AGENT, S2), agree(CUSTOMER, S2), correct(CUSTOMER, TO_MONDAY, FRIDAY), accept(AGENT, 2))
    assert {name for name, state in dialogue.statements.items() if state.look_again} == {"s2"}
    assert dialogue.promises["p1"].look_again
    assert dialogue.statements["s2"].agreement is Agreement.AGREED_BY_BOTH, "what was said is not unsaid by it"


def test_what_rests_on_other_words_of_the_turn_is_not():
    dialogue = read(correct(CUSTOMER, NewWords("This repair is free."), FREE), accept(AGENT, 0))
    assert not any(state.look_again for state in dialogue.statements.values())
    assert not dialogue.promises["p1"].look_again


def test_another_speaker_touches_everything_that_rests_on_the_turn():
    dialogue = read(correct(CUSTOMER, NewSpeaker(Party.OTHER), FREE), accept(AGENT, 0))
    assert {name for name, state in dialogue.statements.items() if state.look_again} == {"s2"}


def test_it_is_looked_at_until_both_sides_have_agreed_with_it_since():
    said = [agree(AGENT, S2), agree(CUSTOMER, S2), correct(CUSTOMER, TO_MONDAY, FRIDAY), accept(AGENT, 2)]
    one = read(*said, agree(AGENT, S2)).statements["s2"]
    assert (one.look_again, one.looked_again) == (True, (Role.AGENT,))
    both = read(*said, agree(AGENT, S2), agree(CUSTOMER, S2)).statements["s2"]
    assert (both.look_again, both.looked_again) == (False, SIDES)
    disputed = read(*said, agree(AGENT, S2), dispute(CUSTOMER, target=S2)).statements["s2"]
    assert disputed.look_again


def test_a_sentence_settled_on_since_the_correction_has_been_looked_at():
    dialogue = read(
        correct(CUSTOMER, TO_MONDAY, FRIDAY),
        accept(AGENT, 0),
        correct(AGENT, "The agent said that a technician would come by Monday.", S2),
        accept(CUSTOMER, 2),
    )
    assert not dialogue.statements["s2"].look_again


def test_a_promise_is_looked_at_until_something_was_said_of_it_since():
    said = [correct(CUSTOMER, TO_MONDAY, FRIDAY), accept(AGENT, 0)]
    assert not read(*said, kept(CUSTOMER)).promises["p1"].look_again
    proposed = [*said, new_day(CUSTOMER, date(2026, 3, 16))]
    assert read(*proposed).promises["p1"].look_again
    assert not read(*proposed, accept(AGENT, 2)).promises["p1"].look_again


# Choosing words.


def test_chosen_words_carry_their_text_their_seconds_and_what_stands_around():
    chosen = words_target(RECORD, "t5", 4, 6)
    turn = RECORD.turns[4]
    assert chosen == OnWords(
        "t5",
        4,
        6,
        "A technician",
        "The repair is free. ",
        " will come to you by Friday.",
        turn.words[4].start_s,
        turn.words[5].end_s,
    )
    assert f"{chosen.prefix}{chosen.quote}{chosen.suffix}" == turn.text


def test_no_more_than_32_letters_around_are_kept():
    chosen = words_target(RECORD, "t1", 6, 7)
    turn = RECORD.turns[0]
    at = turn.text.index("How")
    assert chosen.quote == "How"
    assert chosen.prefix == turn.text[at - 32 : at]
    assert words_target(RECORD, "t1", 0, 1).suffix == turn.text[5:37]
    assert words_target(RECORD, "t1", 0, 1).prefix == ""


@pytest.mark.parametrize(
    ("turn", "first", "end"), [("t9", 0, 1), ("t5", 0, 13), ("t5", 3, 3), ("t5", -1, 2), ("", 0, 1)]
)
def test_words_that_do_not_exist_cannot_be_chosen(turn, first, end):
    with pytest.raises(Invalid):
        words_target(RECORD, turn, first, end)


@pytest.mark.parametrize(
    "change",
    [{"quote": "by Monday."}, {"start_s": 3.0}, {"end_s": float("nan")}, {"prefix": "x"}, {"suffix": "x"}, {"end": 13}],
)
def test_words_that_were_chosen_otherwise_do_not_stand_there(change):
    assert stands_there(FRIDAY, RECORD.turns[4])
    assert not stands_there(FRIDAY, RECORD.turns[3])
    assert not stands_there(FRIDAY, None)
    assert not stands_there(replace(FRIDAY, **change), RECORD.turns[4])


def test_seconds_written_with_two_decimals_are_the_same_place():
    close = replace(FRIDAY, start_s=round(FRIDAY.start_s, 2), end_s=round(FRIDAY.end_s, 2))
    assert stands_there(close, RECORD.turns[4])


def test_the_words_of_a_piece_of_evidence_are_found_by_its_seconds():
    evidence = RECORD.summary.statements[1].evidence[0]
    assert words_between(RECORD.turns[4], evidence.start_s, evidence.end_s) == range(4, 12)
    assert words_between(RECORD.turns[4], 100.0, 101.0) == range(0)


@pytest.mark.parametrize(
    ("target", "key"),
    [
        (WholeCall(), "call"),
        (OnStatement("s1"), "statement:s1"),
        (OnPromise("p1"), "promise:p1"),
        (OnEntry(12), "entry:12"),
        (FRIDAY, "words:t5:10-12"),
    ],
)
def test_a_choice_has_a_key_from_which_it_is_found_again(target, key):
    assert target_key(target) == key
    assert parse_target(key, RECORD) == target


@pytest.mark.parametrize(
    "key",
    [
        "",
        "calls",
        "statement:",
        "promise",
        "entry:",
        "entry:-1",
        "entry:x",
        "entry:１",
        "entry:99999999999999999999",
        "words:t5:10",
        "words:t5:12-10",
        "words:t5:0-99",
        "words::0-1",
        "words:0-1",
        "words:t5:0-1-2",
        f"statement:{'s' * 1000}",
        "call:",
    ],
)
def test_a_key_that_names_nothing_is_refused(key):
    with pytest.raises(Invalid):
        parse_target(key, RECORD)
