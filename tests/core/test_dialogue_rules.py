"""Who may say what of a record, and when: DESIGN.md, section 7, and what each side can add."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.random_talk import LOGS, MINE, MONDAY, NUMBERS, PEOPLE, THEIRS, annotations
from tests.core.talk import (
    AGENT,
    CALL,
    COLLEAGUE,
    CUSTOMER,
    NEXT_AGENT,
    OPERATOR,
    PROMISE,
    RECORD,
    REVIEWER,
    SENTENCE,
    STATEMENT,
    accept,
    add,
    agree,
    answer,
    ask,
    correct,
    decline,
    dispute,
    kept,
    new_day,
    not_kept,
    read,
    withdraw,
)
from worker.core.call import Party
from worker.core.dialogue.rules import check, offers
from worker.core.dialogue.selecting import words_target
from worker.core.dialogue.state import PromiseState
from worker.core.dialogue.values import (
    TARGETS,
    Act,
    Added,
    Annotation,
    Content,
    NewSentence,
    NewSpeaker,
    NewWords,
    OnEntry,
    OnPromise,
    OnStatement,
    OnWords,
    Target,
)
from worker.core.errors import CallError, Invalid, NotAllowed
from worker.core.log.entry import SYSTEM, Actor, Role
from worker.core.record import CallRecord

FRIDAY = words_target(RECORD, "t5", 10, 12)
S2 = OnStatement("s2")
BROTHER = Actor(Role.CUSTOMER, "maria's brother")

Line = tuple[Actor, Content]


def refusal(last: Line, *before: Line, record: CallRecord = RECORD) -> type[CallError] | None:
    """How this is refused after those; None where it is taken."""
    actor, annotation = last
    assert isinstance(annotation, Annotation)
    try:
        check(annotation, actor, record, read(*before, record=record))
    except (NotAllowed, Invalid) as error:
        return type(error)
    return None


EVERY_ACT = {
    "agree": agree,
    "dispute": dispute,
    "correct": lambda who: correct(who, "The customer asked for a repair."),
    "add": add,
    "ask": ask,
    "answer": lambda who: answer(who, 0),
    "kept": kept,
    "not_kept": not_kept,
    "new_day": lambda who: new_day(who, MONDAY),
    "accept": lambda who: accept(who, 1),
    "decline": lambda who: decline(who, 1),
}
BEFORE = (ask(BROTHER), correct(BROTHER, THEIRS), ask(COLLEAGUE), correct(COLLEAGUE, MINE))
"""A question and a proposal of each side: entries 0 and 1 the customer's, 2 and 3 the agent's."""

TAKEN = {
    "agent": {"agree", "dispute", "correct", "add", "ask", "answer", "new_day", "accept", "decline"},
    "customer": {"agree", "dispute", "correct", "add", "ask", "answer", "kept", "not_kept", "new_day"},
    "reviewer": {"agree", "dispute", "correct", "add", "ask", "answer"},
    "next_agent": set(),
    "operator": set(),
    "system": set(),
}


@pytest.mark.parametrize("who", [AGENT, CUSTOMER, REVIEWER, NEXT_AGENT, OPERATOR, SYSTEM], ids=lambda who: who.role)
@pytest.mark.parametrize("act", EVERY_ACT)
def test_each_role_may_do_what_the_table_says(act: str, who: Actor):
    line = EVERY_ACT[act](who)
    refused = refusal(line, *BEFORE)
    if act in TAKEN[who.role]:
        assert refused is None
    else:
        assert refused is NotAllowed


def test_both_sides_hold_the_same_powers_over_the_other_ones_proposals():
    assert refusal(accept(CUSTOMER, 3), *BEFORE) is None
    assert refusal(accept(AGENT, 1), *BEFORE) is None
    assert refusal(decline(CUSTOMER, 3), *BEFORE) is None
    assert refusal(decline(AGENT, 1), *BEFORE) is None


@pytest.mark.parametrize(
    "line",
    [
        agree(AGENT, OnStatement("s9")),
        dispute(AGENT, target=OnStatement("p1")),
        correct(AGENT, MINE, OnStatement("")),
        (CUSTOMER, Annotation(Act.KEPT, OnPromise("p9"))),
        (CUSTOMER, Annotation(Act.ADD, OnPromise("s1"), "Text.")),
        add(AGENT, OnEntry(7)),
        ask(AGENT, target=OnEntry(7)),
        answer(AGENT, 7),
        accept(AGENT, 7),
        decline(AGENT, 7),
        withdraw(AGENT, 7),
        agree(AGENT, replace(FRIDAY, turn="t9")),
        agree(AGENT, replace(FRIDAY, quote="by Monday.")),
        agree(AGENT, replace(FRIDAY, end=99)),
        agree(AGENT, replace(FRIDAY, start_s=FRIDAY.start_s - 1.0)),
        correct(AGENT, NewWords("x"), replace(FRIDAY, first=9)),
    ],
)
def test_what_is_said_of_a_part_that_does_not_exist_is_refused(line):
    assert refusal(line) is Invalid


@pytest.mark.parametrize(
    ("before", "line", "refused"),
    [
        # Agreement is said once by a side, and again only after something happened.
        ([agree(AGENT)], agree(AGENT), Invalid),
        ([agree(AGENT)], agree(COLLEAGUE), Invalid),
        ([agree(AGENT)], agree(CUSTOMER), None),
        ([agree(AGENT), withdraw(AGENT, 0)], agree(AGENT), None),
        ([agree(AGENT), dispute(AGENT)], agree(AGENT), None),
        ([correct(AGENT, MINE), accept(CUSTOMER, 0)], agree(CUSTOMER), Invalid),
        ([agree(AGENT, CALL)], agree(AGENT, CALL), Invalid),
        ([agree(AGENT, FRIDAY)], agree(COLLEAGUE, FRIDAY), Invalid),
        ([agree(REVIEWER)], agree(REVIEWER), Invalid),
        ([agree(REVIEWER)], agree(Actor(Role.REVIEWER, "another")), None),
        (
            [agree(AGENT, S2), correct(AGENT, NewWords("by Monday."), FRIDAY), accept(CUSTOMER, 1)],
            agree(AGENT, S2),
            None,  # the words beneath it were corrected: both are asked to look again
        ),
        (
            [agree(AGENT, S2), correct(AGENT, NewWords("by Monday."), FRIDAY), accept(CUSTOMER, 1), agree(AGENT, S2)],
            agree(AGENT, S2),
            Invalid,
        ),
        # The same dispute is not said twice, another one is.
        ([dispute(AGENT)], dispute(AGENT), Invalid),
        ([dispute(AGENT)], dispute(AGENT, "It was a dryer."), None),
        ([dispute(AGENT, "No."), agree(AGENT)], dispute(AGENT, "No."), None),
        ([dispute(AGENT, "No.", CALL)], dispute(COLLEAGUE, "No.", CALL), Invalid),
        ([dispute(AGENT, "No.")], dispute(CUSTOMER, "No."), None),
        # A correction says something else than what stands.
        ([], correct(AGENT, SENTENCE), Invalid),
        ([], correct(AGENT, f"  {SENTENCE} "), Invalid),
        ([correct(AGENT, MINE), accept(CUSTOMER, 0)], correct(CUSTOMER, SENTENCE), None),
        ([correct(AGENT, MINE)], correct(AGENT, MINE), Invalid),
        ([correct(AGENT, MINE), decline(CUSTOMER, 0)], correct(AGENT, MINE), Invalid),
        ([correct(AGENT, MINE)], correct(CUSTOMER, MINE), None),
        ([], correct(AGENT, NewWords("by  Friday."), FRIDAY), Invalid),
        ([], correct(AGENT, NewWords(""), FRIDAY), None),
        (
            [correct(AGENT, NewWords("x"), FRIDAY), accept(CUSTOMER, 0)],
            correct(CUSTOMER, NewWords("x"), FRIDAY),
            Invalid,
        ),
        (
            [correct(AGENT, NewWords("x"), FRIDAY), accept(CUSTOMER, 0)],
            correct(CUSTOMER, NewWords("by Friday."), FRIDAY),
            None,
        ),
        (
            [correct(AGENT, NewWords("x"), FRIDAY), accept(CUSTOMER, 0)],
            correct(CUSTOMER, NewWords("Friday."), words_target(RECORD, "t5", 11, 12)),
            None,
        ),
        ([], correct(AGENT, NewSpeaker(Party.AGENT), FRIDAY), Invalid),
        ([], correct(AGENT, NewSpeaker(Party.CUSTOMER), FRIDAY), None),
        # Nobody accepts what came from their own side, and nobody decides twice.
        ([correct(AGENT, MINE)], accept(AGENT, 0), NotAllowed),
        ([correct(AGENT, MINE)], accept(COLLEAGUE, 0), NotAllowed),
        ([correct(AGENT, MINE)], decline(AGENT, 0), NotAllowed),
        ([correct(AGENT, MINE)], accept(Actor(Role.CUSTOMER, AGENT.person), 0), NotAllowed),
        ([correct(AGENT, MINE), decline(CUSTOMER, 0)], accept(CUSTOMER, 0), Invalid),
        ([correct(AGENT, MINE), accept(CUSTOMER, 0)], accept(CUSTOMER, 0), Invalid),
        ([correct(AGENT, MINE), withdraw(AGENT, 0)], accept(CUSTOMER, 0), Invalid),
        ([correct(AGENT, MINE), correct(AGENT, THEIRS)], accept(CUSTOMER, 0), Invalid),
        ([correct(AGENT, MINE), correct(AGENT, THEIRS)], accept(CUSTOMER, 1), None),
        ([correct(AGENT, MINE), agree(AGENT)], accept(CUSTOMER, 0), Invalid),
        ([correct(REVIEWER, MINE)], accept(CUSTOMER, 0), Invalid),
        ([add(AGENT)], accept(CUSTOMER, 0), Invalid),
        ([dispute(AGENT, "It was a dryer.")], accept(CUSTOMER, 0), None),
        ([dispute(AGENT, "It was a dryer.")], decline(CUSTOMER, 0), Invalid),
        ([dispute(AGENT)], accept(CUSTOMER, 0), Invalid),
        ([dispute(AGENT, "Another call.", CALL)], accept(CUSTOMER, 0), Invalid),
        # Only what is one's own is withdrawn, once; a withdrawal never.
        ([add(AGENT)], withdraw(AGENT, 0), None),
        ([add(AGENT)], withdraw(COLLEAGUE, 0), NotAllowed),
        ([add(AGENT)], withdraw(CUSTOMER, 0), NotAllowed),
        ([add(AGENT), withdraw(AGENT, 0)], withdraw(AGENT, 0), Invalid),
        ([add(AGENT), withdraw(AGENT, 0)], withdraw(AGENT, 1), Invalid),
        ([correct(AGENT, MINE), accept(CUSTOMER, 0)], withdraw(CUSTOMER, 1), None),
        ([correct(AGENT, MINE), accept(CUSTOMER, 0)], withdraw(AGENT, 1), NotAllowed),
        ([correct(AGENT, MINE), accept(CUSTOMER, 0)], withdraw(AGENT, 0), None),
        ([(CUSTOMER, Added("A letter came."))], withdraw(CUSTOMER, 0), None),
        ([(CUSTOMER, Added("A letter came."))], withdraw(AGENT, 0), NotAllowed),
        ([(CUSTOMER, Added("A letter came.")), withdraw(CUSTOMER, 0)], withdraw(CUSTOMER, 0), Invalid),
        # One answers a question of somebody else's, and says something of what was not withdrawn.
        ([ask(CUSTOMER)], answer(CUSTOMER, 0), Invalid),
        ([ask(CUSTOMER)], answer(BROTHER, 0), None),
        ([ask(CUSTOMER)], answer(REVIEWER, 0), None),
        ([ask(CUSTOMER), answer(AGENT, 0)], answer(COLLEAGUE, 0), None),
        ([add(CUSTOMER)], answer(AGENT, 0), Invalid),
        ([ask(CUSTOMER), withdraw(CUSTOMER, 0)], answer(AGENT, 0), Invalid),
        ([ask(CUSTOMER), withdraw(CUSTOMER, 0)], add(AGENT, OnEntry(0)), Invalid),
        ([dispute(CUSTOMER)], add(AGENT, OnEntry(0)), None),
        ([(CUSTOMER, Added("A letter came."))], ask(AGENT, target=OnEntry(0)), None),
        # Promises.
        ([kept(CUSTOMER)], kept(CUSTOMER), Invalid),
        ([kept(CUSTOMER)], not_kept(CUSTOMER), None),
        ([kept(CUSTOMER)], new_day(AGENT, MONDAY), Invalid),
        ([not_kept(CUSTOMER)], new_day(AGENT, MONDAY), None),
        ([new_day(AGENT, MONDAY), kept(CUSTOMER)], accept(CUSTOMER, 0), Invalid),
        ([], new_day(AGENT, date(2026, 3, 13)), Invalid),
        ([], new_day(AGENT, date(2026, 3, 9)), Invalid),
        ([], new_day(CUSTOMER, date(2026, 3, 10)), None),
        ([new_day(AGENT, MONDAY)], new_day(CUSTOMER, MONDAY), Invalid),
        ([new_day(AGENT, MONDAY), accept(CUSTOMER, 0)], new_day(CUSTOMER, MONDAY), Invalid),
        ([new_day(AGENT, MONDAY), decline(CUSTOMER, 0)], new_day(AGENT, MONDAY), None),
        ([new_day(AGENT, MONDAY)], accept(AGENT, 0), NotAllowed),
    ],
)
def test_what_stands_already_decides_what_can_be_said_next(before, line, refused):
    assert refusal(line, *before) is refused


@pytest.mark.parametrize("party", [Party.UNKNOWN, Party.OTHER])
def test_nobody_says_that_a_promise_was_kept_that_was_made_to_nobody_known(party):
    promise = replace(RECORD.summary.commitments[0], beneficiary=party)
    record = replace(RECORD, summary=replace(RECORD.summary, commitments=(promise,)))
    for who in (AGENT, CUSTOMER):
        assert refusal(kept(who), record=record) is NotAllowed
        assert not {Act.KEPT, Act.NOT_KEPT} & set(offers(who, PROMISE, record, read(record=record)))


def test_a_promise_of_the_customer_is_the_agents_to_call_kept():
    promise = replace(RECORD.summary.commitments[0], promisor=Party.CUSTOMER, beneficiary=Party.AGENT)
    record = replace(RECORD, summary=replace(RECORD.summary, commitments=(promise,)))
    assert [refusal(kept(who), record=record) for who in (AGENT, CUSTOMER, REVIEWER)] == [None, NotAllowed, NotAllowed]
    assert read(kept(CUSTOMER), record=record).promises["p1"].state is PromiseState.OPEN
    assert read(kept(AGENT), record=record).promises["p1"].state is PromiseState.KEPT


@pytest.mark.parametrize("target", [STATEMENT, S2, FRIDAY, CALL], ids=lambda target: target.on)
def test_both_sides_are_offered_the_same_of_every_part(target):
    assert offers(AGENT, target, RECORD, read()) == offers(CUSTOMER, target, RECORD, read()) != ()


@pytest.mark.parametrize(
    ("who", "target", "before", "offered"),
    [
        (AGENT, STATEMENT, [], (Act.AGREE, Act.DISPUTE, Act.CORRECT, Act.ADD, Act.ASK)),
        (AGENT, STATEMENT, [agree(AGENT)], (Act.DISPUTE, Act.CORRECT, Act.ADD, Act.ASK)),
        (REVIEWER, STATEMENT, [], (Act.AGREE, Act.DISPUTE, Act.CORRECT, Act.ADD, Act.ASK)),
        (NEXT_AGENT, STATEMENT, [], ()),
        (AGENT, CALL, [], (Act.AGREE, Act.DISPUTE, Act.ADD, Act.ASK)),
        (CUSTOMER, FRIDAY, [], (Act.AGREE, Act.DISPUTE, Act.CORRECT, Act.ADD, Act.ASK)),
        (CUSTOMER, PROMISE, [], (Act.ADD, Act.ASK, Act.KEPT, Act.NOT_KEPT, Act.NEW_DAY)),
        (AGENT, PROMISE, [], (Act.ADD, Act.ASK, Act.NEW_DAY)),
        (CUSTOMER, PROMISE, [kept(CUSTOMER)], (Act.ADD, Act.ASK, Act.NOT_KEPT)),
        (REVIEWER, PROMISE, [], (Act.ADD, Act.ASK)),
        (AGENT, OnEntry(0), [correct(AGENT, MINE)], (Act.ADD, Act.ASK, Act.WITHDRAW)),
        (CUSTOMER, OnEntry(0), [correct(AGENT, MINE)], (Act.ADD, Act.ASK, Act.ACCEPT, Act.DECLINE)),
        (AGENT, OnEntry(0), [ask(CUSTOMER)], (Act.ADD, Act.ASK, Act.ANSWER)),
        (CUSTOMER, OnEntry(0), [ask(CUSTOMER), withdraw(CUSTOMER, 0)], ()),
        (CUSTOMER, OnEntry(1), [correct(AGENT, MINE), accept(CUSTOMER, 0)], (Act.WITHDRAW,)),
        (CUSTOMER, OnEntry(5), [], ()),
    ],
)
def test_the_page_offers_what_can_be_said(who, target, before, offered):
    assert offers(who, target, RECORD, read(*before)) == offered


def fresh(act: Act, target: Target) -> Annotation:
    """This act with words that nobody has written yet."""
    text = "Never said before." if act in (Act.ADD, Act.ASK, Act.ANSWER, Act.DISPUTE) else None
    day = date(2031, 5, 5) if act is Act.NEW_DAY else None
    correction = None
    if act is Act.CORRECT:
        correction = NewSentence("Never said before.") if isinstance(target, OnStatement) else NewWords("never said")
    return Annotation(act, target, text, correction, day)


@settings(max_examples=200, deadline=None)
@given(LOGS, st.sampled_from(PEOPLE), st.data())
def test_what_is_offered_is_what_would_be_taken(said, who, data):
    target = data.draw(st.one_of(st.builds(OnEntry, NUMBERS), st.sampled_from([STATEMENT, PROMISE, CALL, FRIDAY])))
    dialogue = read(*said)
    taken = []
    for act in Act:
        if isinstance(target, TARGETS[act]):
            try:
                check(fresh(act, target), who, RECORD, dialogue)
            except (NotAllowed, Invalid):
                continue
            taken.append(act)
    assert offers(who, target, RECORD, dialogue) == tuple(taken)


@settings(max_examples=300, deadline=None)
@given(LOGS, st.sampled_from(PEOPLE), annotations())
def test_what_cannot_be_said_would_change_nothing_and_what_is_taken_always_shows(said, who, annotation):
    """Rules and reading agree: of two who write at the same instant, the later one may stand in the log in vain."""
    before = read(*said)
    after = read(*said, (who, annotation))
    if annotation.act not in offers(who, annotation.target, RECORD, before):
        assert standings(after) == standings(before)
        with pytest.raises((NotAllowed, Invalid)):
            check(annotation, who, RECORD, before)
        return
    with suppress(Invalid):  # what stands there already in the same words
        check(annotation, who, RECORD, before)
        assert after != before


def standings(dialogue):
    statements = {
        name: (one.agreement, one.shown, one.agreed, [(v.text, v.held_by) for v in one.versions], one.look_again)
        for name, one in dialogue.statements.items()
    }
    promises = {name: (one.state, one.day) for name, one in dialogue.promises.items()}
    return statements, promises, dialogue.call, dialogue.readings, [one.state for one in dialogue.decisions]


def test_a_choice_of_words_completed_from_the_record_is_always_taken():
    for turn in RECORD.turns:
        for first in range(len(turn.words)):
            chosen: OnWords = words_target(RECORD, turn.id, first, len(turn.words))
            assert refusal(add(CUSTOMER, chosen)) is None
