"""What follows from what both sides put into a record: standings of statements and promises, questions, looks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.random_talk import LOGS, MINE, MONDAY, NUMBERS, OTHER_SENTENCES, THEIRS
from tests.core.talk import (
    AGENT,
    BEGAN,
    CALL,
    COLLEAGUE,
    CUSTOMER,
    NEXT_AGENT,
    OPERATOR,
    PROMISE,
    RECORD,
    REVIEWER,
    SENTENCE,
    accept,
    add,
    agree,
    answer,
    ask,
    correct,
    decline,
    dispute,
    kept,
    log,
    machine,
    new_day,
    not_kept,
    read,
    withdraw,
)
from worker.core.call import Party
from worker.core.dialogue.lateness import has_passed
from worker.core.dialogue.reading import newest_record, read_dialogue
from worker.core.dialogue.state import Agreement, Dialogue, PromiseState, SaidState, StatementState, Version
from worker.core.dialogue.values import (
    Added,
    Content,
    Item,
    LetIn,
    Looked,
    OnStatement,
    Reason,
    Way,
)
from worker.core.log.entry import SIDES, SYSTEM, Actor, EntryKind, Role
from worker.core.record import CallRecord
from worker.core.summary import Commitment, Due


def first(*said: tuple[Actor, Content], record: CallRecord = RECORD) -> StatementState:
    return read(*said, record=record).statements["s1"]


def held(state: StatementState) -> list[tuple[str | None, tuple[Role, ...]]]:
    return [(version.text, version.held_by) for version in state.versions]


def test_a_record_of_which_nobody_has_said_anything_is_unread():
    dialogue = read()
    assert set(dialogue.statements) == {"s0", "s1", "s2", "s3"}, "the headline is a statement too"
    assert {one.agreement for one in dialogue.statements.values()} == {Agreement.UNREAD}
    assert held(dialogue.statements["s1"]) == [(SENTENCE, ())]
    assert dialogue.call is Agreement.UNREAD
    assert not dialogue.is_disputed


@pytest.mark.parametrize(
    ("said", "agreement", "agreed"),
    [
        ([agree(AGENT)], Agreement.AGREED_BY_ONE, (Role.AGENT,)),
        ([agree(CUSTOMER)], Agreement.AGREED_BY_ONE, (Role.CUSTOMER,)),
        ([agree(AGENT), agree(COLLEAGUE)], Agreement.AGREED_BY_ONE, (Role.AGENT,)),
        ([agree(CUSTOMER), agree(AGENT)], Agreement.AGREED_BY_BOTH, SIDES),
        ([dispute(CUSTOMER)], Agreement.DISPUTED, ()),
        ([dispute(CUSTOMER), agree(AGENT)], Agreement.DISPUTED, (Role.AGENT,)),
        ([agree(AGENT), dispute(CUSTOMER), agree(CUSTOMER)], Agreement.SETTLED, SIDES),
        ([dispute(CUSTOMER), agree(CUSTOMER)], Agreement.AGREED_BY_ONE, (Role.CUSTOMER,)),
        ([agree(CUSTOMER), agree(AGENT), dispute(AGENT)], Agreement.DISPUTED, (Role.CUSTOMER,)),
        ([dispute(AGENT), dispute(CUSTOMER)], Agreement.DISPUTED, ()),
        ([agree(REVIEWER), dispute(REVIEWER)], Agreement.UNREAD, ()),
        ([agree(NEXT_AGENT), agree(OPERATOR)], Agreement.UNREAD, ()),
    ],
)
def test_the_standing_of_a_statement_follows_from_the_last_word_of_each_side(said, agreement, agreed):
    state = first(*said)
    assert (state.agreement, state.agreed, state.shown) == (agreement, agreed, SENTENCE)


def test_a_dispute_shows_both_versions_side_by_side():
    state = first(agree(AGENT), dispute(CUSTOMER, "It was a dryer."))
    assert held(state) == [(SENTENCE, (Role.AGENT,)), ("It was a dryer.", (Role.CUSTOMER,))]
    assert state.versions[1] == Version(
        Role.CUSTOMER, "Maria Lopez", BEGAN + timedelta(minutes=1), 1, "It was a dryer.", (Role.CUSTOMER,)
    )
    assert state.shown == SENTENCE, "neither is shown as the one that is right"


def test_a_dispute_without_words_is_a_version_without_words():
    assert held(first(dispute(CUSTOMER))) == [(SENTENCE, ()), (None, (Role.CUSTOMER,))]


def test_when_both_dispute_there_are_three_versions_in_the_order_of_time():
    state = first(dispute(CUSTOMER, "It was a dryer."), correct(AGENT, MINE))
    assert held(state) == [(SENTENCE, ()), ("It was a dryer.", (Role.CUSTOMER,)), (MINE, (Role.AGENT,))]
    assert state.agreement is Agreement.DISPUTED


def test_two_who_say_only_that_it_was_otherwise_have_not_agreed_on_anything():
    assert first(dispute(AGENT), dispute(CUSTOMER)).agreement is Agreement.DISPUTED


def test_an_accepted_sentence_is_shown_and_the_statement_is_settled():
    dialogue = read(correct(CUSTOMER, MINE), accept(AGENT, 0))
    state = dialogue.statements["s1"]
    assert (state.agreement, state.shown, state.agreed) == (Agreement.SETTLED, MINE, SIDES)
    assert held(state) == [(SENTENCE, ()), (MINE, SIDES)], "the machine's sentence stays among the versions"
    assert dialogue.said[0].state is SaidState.ACCEPTED
    assert dialogue.said[0].replies == (1,)
    assert [one.number for one in dialogue.decisions] == [1]
    assert dialogue.open_proposals == ()


def test_a_proposed_sentence_waits_and_is_a_dispute_until_it_is_accepted():
    dialogue = read(agree(AGENT), correct(CUSTOMER, MINE))
    assert dialogue.statements["s1"].agreement is Agreement.DISPUTED
    assert dialogue.statements["s1"].shown == SENTENCE
    assert dialogue.open_proposals == (1,)


def test_a_declined_sentence_stays_its_sides_version():
    dialogue = read(correct(CUSTOMER, MINE), decline(AGENT, 0))
    assert dialogue.said[0].state is SaidState.DECLINED
    assert dialogue.open_proposals == ()
    assert held(dialogue.statements["s1"]) == [(SENTENCE, ()), (MINE, (Role.CUSTOMER,))]


def test_of_two_answers_to_a_proposal_the_first_counts():
    declined = read(correct(CUSTOMER, MINE), decline(AGENT, 0), accept(COLLEAGUE, 0))
    assert declined.statements["s1"].agreement is Agreement.DISPUTED
    accepted = read(correct(CUSTOMER, MINE), accept(AGENT, 0), decline(COLLEAGUE, 0))
    assert accepted.statements["s1"].agreement is Agreement.SETTLED
    assert [one.number for one in accepted.decisions] == [1]


def test_once_a_refusal_is_withdrawn_the_proposal_waits_again():
    said = [correct(CUSTOMER, MINE), decline(AGENT, 0), withdraw(AGENT, 1)]
    assert read(*said).open_proposals == (0,)
    assert first(*said, accept(AGENT, 0)).agreement is Agreement.SETTLED


@pytest.mark.parametrize("who", [CUSTOMER, REVIEWER, NEXT_AGENT, Actor(Role.AGENT, "maria")])
def test_only_the_other_side_accepts(who):
    assert first(correct(CUSTOMER, MINE), accept(who, 0)).agreement is Agreement.DISPUTED


def test_a_side_can_agree_with_what_the_other_says_instead():
    state = first(dispute(CUSTOMER, "It was a dryer."), accept(AGENT, 0))
    assert (state.agreement, state.shown) == (Agreement.SETTLED, "It was a dryer.")
    assert read(dispute(CUSTOMER, "It was a dryer.")).open_proposals == (), "but a dispute waits for nothing"


def test_of_two_sentences_of_one_side_the_later_one_is_proposed():
    said = [correct(AGENT, MINE), correct(AGENT, THEIRS)]
    assert read(*said).open_proposals == (1,)
    assert first(*said, accept(CUSTOMER, 0)).agreement is Agreement.DISPUTED, "nobody stands by the first one now"
    assert first(*said, accept(CUSTOMER, 1)).shown == THEIRS


def test_a_sentence_settled_on_can_be_corrected_again():
    said = [correct(AGENT, MINE), accept(CUSTOMER, 0), correct(CUSTOMER, THEIRS)]
    state = first(*said)
    assert state.agreement is Agreement.DISPUTED
    assert held(state) == [(SENTENCE, ()), (MINE, (Role.AGENT,)), (THEIRS, (Role.CUSTOMER,))]
    assert first(*said, accept(AGENT, 2)).shown == THEIRS


def test_of_two_sentences_of_both_sides_either_can_be_accepted():
    said = [correct(AGENT, MINE), correct(CUSTOMER, THEIRS)]
    assert read(*said).open_proposals == (0, 1)
    assert first(*said, accept(CUSTOMER, 0)).shown == MINE
    assert first(*said, accept(AGENT, 1)).shown == THEIRS
    assert read(*said, accept(AGENT, 1)).open_proposals == (), "the agent has let go of the other one"


def test_both_who_write_the_same_sentence_have_settled_it():
    dialogue = read(correct(AGENT, MINE), correct(CUSTOMER, f" {MINE}  "))
    assert dialogue.statements["s1"].agreement is Agreement.SETTLED
    assert held(dialogue.statements["s1"]) == [(SENTENCE, ()), (MINE, SIDES)]
    assert dialogue.open_proposals == ()


def test_to_agree_again_with_a_settled_sentence_unsettles_nothing():
    state = first(correct(AGENT, MINE), accept(CUSTOMER, 0), agree(AGENT), agree(CUSTOMER))
    assert (state.agreement, state.shown) == (Agreement.SETTLED, MINE)


def test_withdrawing_goes_back_to_what_stood_before():
    said = [agree(AGENT), agree(CUSTOMER), dispute(CUSTOMER, "It was a dryer.")]
    assert first(*said).agreement is Agreement.DISPUTED
    assert first(*said, withdraw(CUSTOMER, 2)) == first(*said[:2])
    settled = [correct(AGENT, MINE), accept(CUSTOMER, 0)]
    assert first(*settled, withdraw(CUSTOMER, 1)) == first(settled[0])
    assert first(*settled, withdraw(AGENT, 0)).agreement is Agreement.UNREAD, "nobody agreed with the machine"


def test_what_was_withdrawn_stays_readable_as_withdrawn():
    dialogue = read(dispute(CUSTOMER, "It was a dryer."), withdraw(CUSTOMER, 0))
    assert [(one.number, one.state) for one in dialogue.said] == [(0, SaidState.WITHDRAWN)]
    assert dialogue.said[0].annotation.text == "It was a dryer."


@pytest.mark.parametrize("who", [AGENT, REVIEWER, Actor(Role.CUSTOMER, "maria's brother")])
def test_nobody_withdraws_what_somebody_else_said(who):
    assert first(dispute(CUSTOMER), withdraw(who, 0)).agreement is Agreement.DISPUTED


def test_a_withdrawal_is_not_withdrawn():
    assert first(dispute(CUSTOMER), withdraw(CUSTOMER, 0), withdraw(CUSTOMER, 1)).agreement is Agreement.UNREAD


def test_what_was_agreed_of_another_sentence_does_not_count_for_the_one_that_took_its_place():
    other = replace(RECORD.summary.statements[0], text="The customer had bought a dryer.")
    before = replace(RECORD, summary=replace(RECORD.summary, statements=(other, *RECORD.summary.statements[1:])))
    said = [machine(before), agree(AGENT), agree(CUSTOMER, OnStatement("s2")), machine(RECORD)]
    dialogue = read(*said)
    assert dialogue.statements["s1"].agreement is Agreement.UNREAD
    assert dialogue.statements["s2"].agreement is Agreement.AGREED_BY_ONE, "this one says the same as before"
    assert len(dialogue.said) == 2, "and what was written is shown all the same"
    assert read(*said, agree(AGENT)).statements["s1"].agreement is Agreement.AGREED_BY_ONE


def test_the_call_as_a_whole_has_a_standing_too():
    assert read(agree(AGENT, CALL), agree(CUSTOMER, CALL)).call is Agreement.AGREED_BY_BOTH
    disputed = read(agree(AGENT, CALL), dispute(CUSTOMER, "This was another call.", CALL))
    assert disputed.call is Agreement.DISPUTED
    assert disputed.is_disputed
    assert read(dispute(AGENT, "No.", CALL), dispute(CUSTOMER, "No.", CALL)).call is Agreement.DISPUTED


# Promises: p1, the agent's to the customer, "by Friday", 13 March 2026; the call was in UTC.

THURSDAY = datetime(2026, 3, 12, 12, tzinfo=UTC)
SATURDAY = datetime(2026, 3, 14, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "now", "state", "decided_by"),
    [
        ([], THURSDAY, PromiseState.OPEN, None),
        ([], SATURDAY, PromiseState.LATE, None),
        ([kept(CUSTOMER)], SATURDAY, PromiseState.KEPT, 0),
        ([not_kept(CUSTOMER)], THURSDAY, PromiseState.NOT_KEPT, 0),
        ([not_kept(CUSTOMER), kept(CUSTOMER)], SATURDAY, PromiseState.KEPT, 1),
        ([kept(CUSTOMER), withdraw(CUSTOMER, 0)], SATURDAY, PromiseState.LATE, None),
        ([kept(AGENT)], SATURDAY, PromiseState.LATE, None),
        ([kept(REVIEWER), not_kept(NEXT_AGENT)], THURSDAY, PromiseState.OPEN, None),
    ],
)
def test_only_the_one_it_was_made_to_says_that_a_promise_was_kept(said, now, state, decided_by):
    standing = read(*said, now=now).promises["p1"]
    assert (standing.state, standing.decided_by) == (state, decided_by)


@pytest.mark.parametrize("beneficiary", [Party.UNKNOWN, Party.OTHER])
def test_where_it_is_not_known_to_whom_it_was_made_nobody_says_that_it_was_kept(beneficiary):
    promise = replace(RECORD.summary.commitments[0], beneficiary=beneficiary)
    record = replace(RECORD, summary=replace(RECORD.summary, commitments=(promise,)))
    assert read(kept(AGENT), kept(CUSTOMER), record=record).promises["p1"].state is PromiseState.OPEN


def test_another_day_counts_once_the_other_side_accepts_it():
    proposed = read(new_day(AGENT, MONDAY), now=SATURDAY)
    assert (proposed.promises["p1"].state, proposed.promises["p1"].proposals) == (PromiseState.LATE, (0,))
    assert proposed.open_proposals == (0,)
    agreed = read(new_day(AGENT, MONDAY), accept(CUSTOMER, 0), now=SATURDAY).promises["p1"]
    assert (agreed.state, agreed.day, agreed.proposals) == (PromiseState.OPEN, MONDAY, ())
    past = read(new_day(AGENT, MONDAY), accept(CUSTOMER, 0), now=SATURDAY + timedelta(days=3)).promises["p1"]
    assert past.state is PromiseState.LATE


def test_a_promise_not_kept_is_open_again_once_both_agree_on_another_day():
    said = [not_kept(CUSTOMER), new_day(AGENT, MONDAY), accept(CUSTOMER, 1)]
    standing = read(*said, now=SATURDAY).promises["p1"]
    assert (standing.state, standing.decided_by) == (PromiseState.OPEN, None)
    assert read(*said, not_kept(CUSTOMER), now=SATURDAY).promises["p1"].state is PromiseState.NOT_KEPT


def test_a_promise_kept_needs_no_other_day():
    dialogue = read(new_day(AGENT, MONDAY), kept(CUSTOMER), accept(CUSTOMER, 0))
    assert dialogue.open_proposals == ()
    assert dialogue.promises["p1"].day is None


@pytest.mark.parametrize(
    ("due", "zone", "now", "is_past"),
    [
        (None, None, datetime(2999, 1, 1, tzinfo=UTC), False),
        (Due("soon", None), ZoneInfo("Europe/Berlin"), datetime(2999, 1, 1, tzinfo=UTC), False),
        (
            Due("by Friday", date(2026, 3, 13)),
            ZoneInfo("Europe/Berlin"),
            datetime(2026, 3, 13, 22, 59, tzinfo=UTC),
            False,
        ),
        (
            Due("by Friday", date(2026, 3, 13)),
            ZoneInfo("Europe/Berlin"),
            datetime(2026, 3, 13, 23, 0, tzinfo=UTC),
            True,
        ),
        (Due("by Friday", date(2026, 3, 13)), None, datetime(2026, 3, 14, 11, 59, tzinfo=UTC), False),
        (Due("by Friday", date(2026, 3, 13)), None, datetime(2026, 3, 14, 12, 0, tzinfo=UTC), True),
        (
            Due("by 5", date(2026, 3, 13), datetime(2026, 3, 13, 17, tzinfo=UTC)),
            None,
            datetime(2026, 3, 13, 17, tzinfo=UTC),
            False,
        ),
        (
            Due("by 5", date(2026, 3, 13), datetime(2026, 3, 13, 17, tzinfo=UTC)),
            None,
            datetime(2026, 3, 13, 17, 1, tzinfo=UTC),
            True,
        ),
    ],
)
def test_a_day_lasts_until_its_midnight_where_the_call_was_and_an_instant_until_it_has_come(due, zone, now, is_past):
    assert has_passed(due, zone, now) is is_past


# Questions, looks, things added, ways in.


def test_a_question_is_open_until_somebody_else_answers_it():
    assert read(ask(CUSTOMER)).open_questions == (0,)
    for answered_by in (AGENT, REVIEWER, Actor(Role.CUSTOMER, "maria's brother")):
        dialogue = read(ask(CUSTOMER), answer(answered_by, 0))
        assert dialogue.open_questions == ()
        assert (dialogue.said[0].state, dialogue.said[0].replies) == (SaidState.ANSWERED, (1,))
    assert read(ask(CUSTOMER), answer(CUSTOMER, 0)).open_questions == (0,)
    assert read(ask(CUSTOMER), answer(NEXT_AGENT, 0)).open_questions == (0,)
    assert read(ask(CUSTOMER), withdraw(CUSTOMER, 0)).open_questions == ()
    assert read(ask(CUSTOMER), answer(AGENT, 0), withdraw(AGENT, 1)).open_questions == (0,)


def test_looks_of_one_person_in_one_way_are_one_line_with_a_count():
    page, sound = Looked(Way.PAGE), Looked(Way.SOUND)
    looks = read((CUSTOMER, page), (AGENT, page), (CUSTOMER, sound), (CUSTOMER, page)).looks
    assert [(one.actor, one.way, one.times) for one in looks] == [
        (CUSTOMER, Way.PAGE, 2),
        (AGENT, Way.PAGE, 1),
        (CUSTOMER, Way.SOUND, 1),
    ]
    assert (looks[0].first_at, looks[0].last_at) == (BEGAN, BEGAN + timedelta(minutes=3))


def test_what_was_added_can_be_withdrawn_by_the_one_who_added_it():
    added = (CUSTOMER, Added("The technician came on 14 March."))
    assert [(one.number, one.is_withdrawn) for one in read(added, withdraw(AGENT, 0)).added] == [(0, False)]
    assert [(one.number, one.is_withdrawn) for one in read(added, withdraw(CUSTOMER, 0)).added] == [(0, True)]


def test_whoever_was_let_in_is_told():
    (entrance,) = read((AGENT, LetIn("maria", "Maria Lopez", Reason.VOUCHED))).entrances
    assert (entrance.actor, entrance.name, entrance.reason) == (AGENT, "Maria Lopez", Reason.VOUCHED)


def test_what_was_erased_says_nothing_any_more():
    items = [replace(one, content=None) for one in log(dispute(CUSTOMER), (CUSTOMER, Looked(Way.PAGE)))]
    dialogue = read_dialogue(RECORD, items, now=BEGAN)
    assert dialogue == read()


def test_of_records_the_one_that_was_made_last_is_read_whatever_was_said_after_it():
    again = replace(RECORD, external_id="made anew")
    items = log((SYSTEM, RECORD), dispute(CUSTOMER), (SYSTEM, again), (CUSTOMER, Looked(Way.PAGE)))
    assert newest_record(items) == (items[2], again)
    assert newest_record(log(dispute(CUSTOMER))) is None
    assert newest_record([replace(one, content=None) for one in items]) is None, "it was erased"


# Any log can be read. What follows is for logs that nobody would write.


@settings(max_examples=250, deadline=None)
@given(LOGS, st.data())
def test_every_log_can_be_read(said, data):
    items = list(log(*said))
    for at, one in enumerate(items):
        match data.draw(st.integers(0, 9)):
            case 0:
                items[at] = replace(one, content=None)
            case 1:
                items[at] = replace(one, kind=data.draw(st.sampled_from(EntryKind)))
            case 2:
                items[at] = replace(one, number=data.draw(NUMBERS))
    dialogue = read_dialogue(RECORD, items, now=SATURDAY)
    assert dialogue == read_dialogue(RECORD, items, now=SATURDAY), "the same entries give the same state"
    for state in dialogue.statements.values():
        assert state.versions[0].role is None
        assert len({version.text for version in state.versions if version.text}) == len(
            [version for version in state.versions if version.text]
        ), "versions are only there where they differ"
        holders = [role for version in state.versions for role in version.held_by]
        assert len(holders) == len(set(holders)), "a side holds one version"
        if state.agreement in (Agreement.SETTLED, Agreement.AGREED_BY_BOTH):
            assert state.agreed == SIDES
        assert any(version.text == state.shown for version in state.versions)


@settings(max_examples=200, deadline=None)
@given(LOGS)
def test_once_everything_is_withdrawn_the_record_stands_as_if_unread(said):
    withdrawals = [
        withdraw(actor, number) for number, (actor, content) in enumerate(said) if actor.person and content != RECORD
    ]
    dialogue = read(*said, *withdrawals, now=THURSDAY)
    unread = read(now=THURSDAY)
    assert dialogue.statements == unread.statements
    assert dialogue.promises == unread.promises
    assert (dialogue.call, dialogue.readings, dialogue.open_proposals) == (Agreement.UNREAD, {}, ())
    assert dialogue.open_questions == ()


OTHER_SIDE = {Role.AGENT: Role.CUSTOMER, Role.CUSTOMER: Role.AGENT}
OTHER_PARTY = {Party.AGENT: Party.CUSTOMER, Party.CUSTOMER: Party.AGENT}


def other(role: Role | None) -> Role | None:
    return OTHER_SIDE.get(role, role) if role else None


def exchanged(actor: Actor) -> Actor:
    return Actor(OTHER_SIDE.get(actor.role, actor.role), actor.person)


@settings(max_examples=200, deadline=None)
@given(LOGS)
def test_exchanging_the_sides_exchanges_what_follows(said):
    """Neither side is the one of record: the same words from the other one have the same weight."""
    one: Commitment = RECORD.summary.commitments[0]
    mirrored = replace(one, promisor=OTHER_PARTY[one.promisor], beneficiary=OTHER_PARTY[one.beneficiary])
    mirror = replace(RECORD, summary=replace(RECORD.summary, commitments=(mirrored,)))
    same = [(actor, content) for actor, content in said if not isinstance(content, CallRecord)]
    here = read(*same, now=SATURDAY)
    there = read(*((exchanged(actor), content) for actor, content in same), record=mirror, now=SATURDAY)
    for name, state in here.statements.items():
        mirrored_state = there.statements[name]
        assert (mirrored_state.agreement, mirrored_state.shown) == (state.agreement, state.shown)
        assert set(mirrored_state.agreed) == {other(role) for role in state.agreed}
        assert [(v.number, v.text, set(v.held_by), v.role) for v in mirrored_state.versions] == [
            (v.number, v.text, {other(role) for role in v.held_by}, other(v.role)) for v in state.versions
        ]
        assert mirrored_state.look_again is state.look_again
    assert there.promises == here.promises
    assert (there.call, there.readings, there.open_proposals) == (here.call, here.readings, here.open_proposals)


@settings(max_examples=200, deadline=None)
@given(LOGS, st.integers(0, 14))
def test_later_entries_take_nothing_away_from_what_was_said(said, until):
    before, after = read(*said[:until]), read(*said)
    assert [one.number for one in after.said][: len(before.said)] == [one.number for one in before.said]
    gone = {one.number for one in before.said if one.state is SaidState.WITHDRAWN}
    assert gone <= {one.number for one in after.said if one.state is SaidState.WITHDRAWN}


def test_a_reviewers_words_are_shown_and_count_for_neither_side():
    dialogue = read(correct(REVIEWER, MINE), accept(AGENT, 0), add(REVIEWER), dispute(REVIEWER, "No.", CALL))
    assert [one.number for one in dialogue.said] == [0, 2, 3]
    assert dialogue.statements["s1"].agreement is Agreement.UNREAD
    assert (dialogue.call, dialogue.open_proposals) == (Agreement.UNREAD, ())


@pytest.mark.parametrize("who", [NEXT_AGENT, OPERATOR, SYSTEM], ids=lambda who: who.role)
def test_of_those_who_may_not_write_nothing_is_read(who):
    """However it came into the log: the rules are asked before, and the log is read without trust in that."""
    said = [agree(who), dispute(who, "No.", CALL), ask(who), kept(who), correct(CUSTOMER, MINE), accept(who, 4)]
    dialogue, without = read(*said), read(correct(CUSTOMER, MINE))
    assert [one.actor for one in dialogue.said] == [CUSTOMER]
    assert (dialogue.open_questions, dialogue.call, dialogue.promises) == ((), Agreement.UNREAD, without.promises)
    assert dialogue.statements["s1"].agreement is Agreement.DISPUTED, "nobody but the agent accepted it"


def test_a_long_log_is_read_in_no_time():
    """Of 3,000 entries on one call, far more than people write: read at every view of a page."""
    said = [agree(AGENT), dispute(CUSTOMER, "No."), ask(AGENT), (CUSTOMER, Looked(Way.PAGE)), new_day(AGENT, MONDAY)]
    items: tuple[Item, ...] = log(*(said * 600))
    began = datetime.now(UTC)
    dialogue: Dialogue = read_dialogue(RECORD, items, now=SATURDAY)
    assert len(dialogue.said) == 2400
    assert datetime.now(UTC) - began < timedelta(seconds=1)


def test_a_promise_of_another_making_is_another_promise():
    said = [machine(OTHER_SENTENCES), kept(CUSTOMER), machine(RECORD)]
    assert read(*said).promises["p1"].state is PromiseState.OPEN
    assert PROMISE.id in read(*said).promises
