"""What is open in a call: from a record and the state of what was said about it, both built by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from pydantic import TypeAdapter

from tests.web.records import AGENT, CUSTOMER, evidence, record_of, said, short_call
from worker.core.call import Party
from worker.core.dialogue.lateness import has_passed
from worker.core.dialogue.state import (
    Agreement,
    Dialogue,
    PromiseStanding,
    PromiseState,
    Said,
    SaidState,
    StatementState,
    Version,
)
from worker.core.dialogue.values import (
    Act,
    Annotation,
    NewSentence,
    OnPromise,
    OnStatement,
    OnWords,
    WholeCall,
)
from worker.core.log.entry import Actor, Role
from worker.core.matters import Gist, MatterKind, gist_of, late_from, open_matters
from worker.core.record import CallRecord
from worker.core.summary import Commitment, Due, Ending, EndState

AT = datetime(2026, 3, 11, 8, 0, tzinfo=UTC)
DANIEL, MARIA, JUDGE = Actor(Role.AGENT, "daniel"), Actor(Role.CUSTOMER, "maria"), Actor(Role.REVIEWER, "judge")
NAMES = {"daniel": "Daniel Price", "maria": "Maria Lopez", "judge": "Ada Judge"}
TURN = said("t1", Party.AGENT, "I will call you back by Friday at five.", 1.0, 4.0)
WORDS = evidence(TURN, "I will call you back by Friday at five.")
PROMISE = Commitment("p1", Party.AGENT, Party.CUSTOMER, "call you back", None, (WORDS,))


def dialogue_of(record: CallRecord, **changed: object) -> Dialogue:
    """Nobody has said anything yet, save what is given."""
    statements = {
        one.id: StatementState(Agreement.UNREAD, one.text, (), (Version(None, None, None, None, one.text, ()),), False)
        for one in (*record.summary.statements, *((record.summary.headline,) if record.summary.headline else ()))
    }
    promises = {one.id: PromiseStanding(PromiseState.OPEN, None, None, ()) for one in record.summary.commitments}
    silent = Dialogue((), statements, promises, {}, Agreement.UNREAD, (), (), (), (), ())
    return replace(silent, **changed)  # type: ignore[arg-type]


def call_with(*promises: Commitment, **changed: object) -> CallRecord:
    return record_of((TURN,), duration_s=5.0, promises=promises, **changed)  # type: ignore[arg-type]


def says(number: int, actor: Actor, annotation: Annotation, state: SaidState = SaidState.STANDS) -> Said:
    at = AT + timedelta(minutes=number)
    return Said(number, actor, NAMES[actor.person], at, annotation, state, ())


def disputed(text: str, *versions: Version) -> StatementState:
    machine = Version(None, None, None, None, text, ())
    return StatementState(Agreement.DISPUTED, text, (), (machine, *versions), look_again=False)


def version(role: Role, by: str, text: str | None = None) -> Version:
    return Version(role, by, AT, 4, text, (role,))


# Promises


def test_a_promise_is_open_by_whom_it_was_made_to_whom() -> None:
    record = call_with(PROMISE)
    (open_,) = open_matters(record, dialogue_of(record))
    assert (open_.kind, open_.place, open_.text) == (MatterKind.PROMISE, "p1", "call you back")
    assert (open_.by, open_.by_name, open_.to) == (Role.AGENT, "Daniel Price", Role.CUSTOMER)
    assert open_.since == record.started_at


def test_a_promise_is_open_until_the_one_it_was_made_to_says_that_it_was_kept() -> None:
    record = call_with(PROMISE)
    kept = {"p1": PromiseStanding(PromiseState.KEPT, None, 3, ())}
    assert not open_matters(record, dialogue_of(record, promises=kept))
    for state in (PromiseState.OPEN, PromiseState.LATE, PromiseState.NOT_KEPT):
        standing = {"p1": PromiseStanding(state, None, None, ())}
        (open_,) = open_matters(record, dialogue_of(record, promises=standing))
        assert open_.is_broken is (state is PromiseState.NOT_KEPT)


BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("due", "zone", "late"),
    [
        # A day lasts until midnight where the call took place: 23:00 UTC in winter, 22:00 in summer.
        (Due("by Friday", date(2026, 3, 13)), BERLIN, datetime(2026, 3, 13, 23, 0, tzinfo=UTC)),
        (Due("by Friday", date(2026, 7, 10)), BERLIN, datetime(2026, 7, 10, 22, 0, tzinfo=UTC)),
        (Due("by Friday", date(2026, 3, 13)), UTC, datetime(2026, 3, 14, 0, 0, tzinfo=UTC)),
        (Due("by Friday", date(2026, 3, 13)), None, datetime(2026, 3, 14, 12, 0, tzinfo=UTC)),
        (
            Due("at five", date(2026, 3, 13), datetime(2026, 3, 13, 17, 0, tzinfo=BERLIN)),
            BERLIN,
            datetime(2026, 3, 13, 16, 0, 0, 1, tzinfo=UTC),
        ),
    ],
)
def test_a_promise_is_late_from_the_first_instant_at_which_its_time_has_passed(
    due: Due, zone: tzinfo | None, late: datetime
) -> None:
    assert late_from(due, zone) == late
    assert has_passed(due, zone, late)
    assert not has_passed(due, zone, late - datetime.resolution)


def test_what_was_said_without_a_time_is_never_late() -> None:
    assert late_from(Due("soon", None), BERLIN) is None


def test_that_it_is_late_is_asked_when_it_is_shown() -> None:
    record = call_with(replace(PROMISE, due=Due("by Friday", date(2026, 3, 13))))
    (open_,) = open_matters(record, dialogue_of(record))
    assert not open_.is_late(datetime(2026, 3, 13, 23, 59, tzinfo=UTC))
    assert open_.is_late(datetime(2026, 3, 14, 0, 0, tzinfo=UTC))


def test_another_day_that_both_agreed_on_takes_the_place_of_the_first() -> None:
    record = call_with(replace(PROMISE, due=Due("by Friday", date(2026, 3, 13))))
    moved = {"p1": PromiseStanding(PromiseState.OPEN, date(2026, 3, 20), None, ())}
    (open_,) = open_matters(record, dialogue_of(record, promises=moved))
    assert open_.due == Due("by Friday", date(2026, 3, 20))
    assert open_.late_from == datetime(2026, 3, 21, tzinfo=UTC)


def test_of_a_promise_by_nobody_known_no_side_is_guessed() -> None:
    record = call_with(replace(PROMISE, promisor=Party.UNKNOWN, beneficiary=Party.UNKNOWN))
    (open_,) = open_matters(record, dialogue_of(record))
    assert (open_.by, open_.by_name, open_.to) == (None, None, None)


def test_where_two_agents_spoke_neither_name_stands_for_the_promise() -> None:
    second = replace(AGENT, name="Ruth Hill", speaker="track 2")
    record = call_with(PROMISE, parties=(AGENT, second, CUSTOMER))
    (open_,) = open_matters(record, dialogue_of(record))
    assert (open_.by, open_.by_name) == (Role.AGENT, None)


# Disputes, questions, proposals


def test_a_dispute_waits_for_the_side_that_did_not_bring_it() -> None:
    record = short_call()
    states = {**dialogue_of(record).statements, "s1": disputed("It leaks.", version(Role.CUSTOMER, "Maria Lopez"))}
    matters = open_matters(record, dialogue_of(record, statements=states))
    (dispute,) = [one for one in matters if one.kind is MatterKind.DISPUTE]
    assert (dispute.place, dispute.text, dispute.by, dispute.by_name) == (
        "s1",
        "It leaks.",
        Role.CUSTOMER,
        "Maria Lopez",
    )
    assert dispute.waits_for(Role.AGENT)
    assert not dispute.waits_for(Role.CUSTOMER)


def test_where_both_put_a_version_the_dispute_waits_for_both() -> None:
    record = short_call()
    both = disputed(
        "It leaks.", version(Role.CUSTOMER, "Maria Lopez"), version(Role.AGENT, "Daniel Price", "It drips.")
    )
    states = {**dialogue_of(record).statements, "s1": both}
    matters = open_matters(record, dialogue_of(record, statements=states))
    (dispute,) = [one for one in matters if one.kind is MatterKind.DISPUTE]
    assert (dispute.by, dispute.by_name, dispute.to) == (None, None, None)
    assert dispute.waits_for(Role.AGENT)
    assert dispute.waits_for(Role.CUSTOMER)


def test_a_dispute_of_words_and_one_of_the_whole_call_are_open_until_withdrawn() -> None:
    record = call_with()
    words = OnWords("t1", 0, 4, "I will call you", "", "", 1.0, 2.0)
    on_words = says(5, DANIEL, Annotation(Act.DISPUTE, words))
    on_call = says(6, MARIA, Annotation(Act.DISPUTE, WholeCall()))
    state = dialogue_of(record, said=(on_words, on_call), call=Agreement.DISPUTED)
    whole, part = open_matters(record, state)[::-1][:2]
    assert {(one.place, one.text, one.by) for one in (whole, part)} == {
        ("", "", Role.CUSTOMER),
        ("entry-5", "I will call you", Role.AGENT),
    }
    gone = tuple(replace(one, state=SaidState.WITHDRAWN) for one in (on_words, on_call))
    assert not open_matters(record, replace(state, said=gone, call=Agreement.UNREAD))


def test_a_question_waits_for_the_other_side_and_a_reviewers_for_both() -> None:
    record = short_call()
    asked = says(5, MARIA, Annotation(Act.ASK, OnPromise("p1"), "Morning or afternoon?"))
    judged = says(6, JUDGE, Annotation(Act.ASK, WholeCall(), "Was the repair free?"))
    state = dialogue_of(record, said=(asked, judged), open_questions=(5, 6))
    first, second = [one for one in open_matters(record, state) if one.kind is MatterKind.QUESTION]
    assert (first.place, first.text, first.by_name, first.since) == (
        "entry-5",
        "Morning or afternoon?",
        "Maria Lopez",
        asked.at,
    )
    assert (first.waits_for(Role.AGENT), first.waits_for(Role.CUSTOMER)) == (True, False)
    assert (second.waits_for(Role.AGENT), second.waits_for(Role.CUSTOMER)) == (True, True)


def test_another_version_that_waits_for_an_answer_is_one_matter_and_not_two() -> None:
    record = short_call()
    sentence = says(4, MARIA, Annotation(Act.CORRECT, OnStatement("s1"), correction=NewSentence("It drips.")))
    state = disputed("It leaks.", version(Role.CUSTOMER, "Maria Lopez", "It drips."))
    states = {**dialogue_of(record).statements, "s1": state}
    waiting = dialogue_of(record, said=(sentence,), statements=states, open_proposals=(4,))
    (open_,) = [one for one in open_matters(record, waiting) if one.is_disputed]
    assert open_.kind is MatterKind.PROPOSAL
    declined = replace(waiting, open_proposals=())
    (open_,) = [one for one in open_matters(record, declined) if one.is_disputed]
    assert open_.kind is MatterKind.DISPUTE


def test_a_proposal_says_what_is_proposed() -> None:
    record = short_call()
    sentence = says(5, MARIA, Annotation(Act.CORRECT, OnStatement("s1"), correction=NewSentence("It drips.")))
    day = says(6, DANIEL, Annotation(Act.NEW_DAY, OnPromise("p1"), day=date(2026, 3, 20)))
    state = dialogue_of(record, said=(sentence, day), open_proposals=(5, 6))
    first, second = [one for one in open_matters(record, state) if one.kind is MatterKind.PROPOSAL]
    assert (first.correction, first.day, first.to) == (NewSentence("It drips."), None, Role.AGENT)
    assert (second.correction, second.day, second.to) == (None, date(2026, 3, 20), Role.CUSTOMER)
    assert second.text == "send a technician"


# The ending, the order, the gist


def test_a_call_that_ended_open_stays_so_until_all_that_was_promised_was_kept() -> None:
    record = call_with(PROMISE, ending=Ending(EndState.OPEN, (WORDS,)))
    assert {one.kind for one in open_matters(record, dialogue_of(record))} == {MatterKind.PROMISE, MatterKind.ENDING}
    for state, is_open in ((PromiseState.KEPT, False), (PromiseState.NOT_KEPT, True)):
        decided = dialogue_of(record, promises={"p1": PromiseStanding(state, None, 3, ())})
        assert bool(open_matters(record, decided)) is is_open


@pytest.mark.parametrize("ending", [Ending(), Ending(EndState.RESOLVED, (WORDS,))])
def test_an_ending_that_is_resolved_or_unclear_is_no_open_matter(ending: Ending) -> None:
    record = call_with(ending=ending)
    assert not open_matters(record, dialogue_of(record))


def test_what_is_due_first_comes_first_and_what_has_no_time_last() -> None:
    dues = [None, Due("by Friday", date(2026, 3, 13)), Due("tomorrow", date(2026, 3, 11)), Due("soon", None)]
    record = call_with(*(replace(PROMISE, id=f"p{at}", due=due) for at, due in enumerate(dues)))
    assert [one.place for one in open_matters(record, dialogue_of(record))] == ["p2", "p1", "p0", "p3"]


def test_a_gist_reads_back_as_it_was_written() -> None:
    record = short_call()
    correction = says(5, MARIA, Annotation(Act.CORRECT, OnStatement("s1"), correction=NewSentence("It drips.")))
    gist = gist_of(record, dialogue_of(record, said=(correction,), open_proposals=(5,)))
    assert (gist.headline, gist.agent, gist.customer) == (
        "A washing machine that leaks.",
        "Daniel Price",
        "Maria Lopez",
    )
    assert gist.ending is EndState.OPEN
    assert [one.kind for one in gist.matters] == [MatterKind.PROMISE, MatterKind.ENDING, MatterKind.PROPOSAL]
    adapter = TypeAdapter(Gist)
    assert adapter.validate_json(adapter.dump_json(gist)) == gist


def test_a_gist_shows_the_matter_in_the_sentence_that_both_agreed_on() -> None:
    record = short_call()
    states = dict(dialogue_of(record).statements)
    states["s0"] = replace(states["s0"], agreement=Agreement.SETTLED, shown="A machine that drips.")
    assert gist_of(record, dialogue_of(record, statements=states)).headline == "A machine that drips."
