"""What other persons said or what was said of them stays out of what is handed over, and everything else still fits."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.web.records import evidence, record_of, said, stated
from worker.core.call import Party
from worker.core.dialogue.reading import read_dialogue
from worker.core.dialogue.selecting import stands_there, words_target
from worker.core.dialogue.values import Act, Annotation, Item, OnEntry, OnStatement
from worker.core.errors import Invalid
from worker.core.leaving_out import Left, leave_out
from worker.core.log.entry import SYSTEM, Actor, EntryKind, Role
from worker.core.protection import Action, Cut, Kind
from worker.core.requests.values import LeftOut
from worker.core.summary import StatementKind
from worker.core.transcript import Participant

AT = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
SAYS = "[left out]"
GONE = "[left\N{NO-BREAK SPACE}out]"
FIRST = said("t1", Party.CUSTOMER, "My husband Karl broke his leg so the date must move.", 0.0, 11.0)
SECOND = said(
    "t2", Party.OTHER, "Tell them I am Karl.", 12.0, 14.0, voice=Participant(Party.OTHER, "Karl", "s3", 1, "x")
)
ABOUT_KARL = evidence(FIRST, "My husband Karl broke his leg")
ABOUT_DATE = evidence(FIRST, "the date must move.")
RECORD = replace(
    record_of(
        (FIRST, SECOND),
        duration_s=20.0,
        statements=(
            stated(
                "s1", StatementKind.EXPLAINED, Party.CUSTOMER, "Her husband broke his leg.", ABOUT_KARL, support=0.9
            ),
            stated("s2", StatementKind.ASKED, Party.CUSTOMER, "She wants another date.", ABOUT_DATE, support=0.9),
        ),
    ),
    cuts=(Cut(Kind.PHONE, Action.CUT, "t1", 1, (1,), 1.0, 2.0), Cut(Kind.PHONE, Action.CUT, "t1", 9, (1,), 9.0, 10.0)),
    parties=(Participant(Party.OTHER, "Karl", "s3", 1, "said “I am Karl”"),),
)


def stretch(turn: str, first: int, end: int) -> LeftOut:
    words = next(one for one in RECORD.turns if one.id == turn).words
    return LeftOut("c", turn, first, end, words[first].start_s, words[end - 1].end_s)


def entry(number: int, content: object, kind: EntryKind = EntryKind.ANNOTATED) -> Item:
    actor = SYSTEM if kind is EntryKind.MADE else Actor(Role.CUSTOMER, "p1")
    return Item(number, actor, AT, kind, "Maria", content)  # type: ignore[arg-type]


def left(*items: Item) -> Left:
    made = entry(0, RECORD, EntryKind.MADE)
    return leave_out(RECORD, (made, *items), [stretch("t1", 0, 6), stretch("t2", 0, 5)], says=SAYS)


def test_one_word_stands_in_place_of_each_stretch():
    first, second = left().record.turns
    assert first.text == f"{GONE} so the date must move."
    assert [word.text for word in first.words] == [GONE, "so", "the", "date", "must", "move."]
    assert (first.words[0].start_s, first.words[0].end_s) == (0.0, 6.0)
    assert second.text == GONE


def test_nothing_of_what_stays_out_is_anywhere_in_what_is_left():
    asked = Annotation(Act.ASK, words_target(RECORD, "t1", 2, 3), "Is Karl well?")
    answered = Annotation(Act.ANSWER, OnEntry(1), "Karl is.")
    agreed = Annotation(Act.DISPUTE, OnStatement("s1"), "It was his arm, said Karl.")
    kept = left(entry(1, asked), entry(2, answered), entry(3, agreed))
    assert "Karl" not in repr(kept)
    assert "husband" not in repr(kept)
    assert kept.withheld == {0, 1, 2, 3}


def test_statements_that_rest_on_it_are_left_out_and_others_stay():
    first, second = left().record.summary.statements
    assert (first.text, first.quoted, first.written_by, first.evidence[0].quote) == (GONE, True, None, GONE)
    assert second == RECORD.summary.statements[1]


def test_what_was_said_of_words_that_stay_points_at_them_by_their_new_numbers():
    annotation = Annotation(Act.ASK, words_target(RECORD, "t1", 8, 9), "Which date?")
    kept = left(entry(1, annotation))
    (turn, _other) = kept.record.turns
    target = kept.items[1].content.target  # type: ignore[union-attr]
    assert (target.first, target.end, target.quote) == (3, 4, "date")
    assert stands_there(target, turn)
    (shown,) = read_dialogue(kept.record, kept.items, now=AT).said
    assert shown.annotation.text == "Which date?"
    assert 1 in kept.withheld, "as it was entered, it holds letters of what stands before"


def test_cuts_are_counted_anew_and_those_within_go():
    assert [(cut.turn, cut.word) for cut in left().record.cuts] == [("t1", 4)]


def test_a_voice_of_which_nothing_is_left_has_no_name():
    (party,) = left().record.parties
    assert (party.name, party.reason) == (None, GONE)


def test_of_several_records_in_the_log_the_older_ones_stay_out_whole():
    older, newer = entry(0, RECORD, EntryKind.MADE), entry(1, RECORD, EntryKind.MADE)
    kept = leave_out(RECORD, (older, newer), [stretch("t1", 0, 6)], says=SAYS)
    assert kept.items[0].content is None
    assert kept.items[1].content == kept.record
    assert kept.withheld == {0, 1}


def test_without_stretches_everything_stays_as_it_is():
    items = (entry(0, RECORD, EntryKind.MADE),)
    assert leave_out(RECORD, items, (), says=SAYS) == Left(RECORD, items, frozenset())


@pytest.mark.parametrize(
    "wrong",
    [LeftOut("c", "t1", 0, 99, 0.0, 1.0), LeftOut("c", "t9", 0, 1, 0.0, 1.0), LeftOut("c", "t1", 0, 1, 5.0, 6.0)],
)
def test_a_stretch_that_is_not_where_it_was_is_refused_and_nothing_is_guessed(wrong: LeftOut):
    with pytest.raises(Invalid, match="made anew"):
        leave_out(RECORD, (), [wrong], says=SAYS)
