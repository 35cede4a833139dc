"""Requests on both databases: from the asking to the answer, with the clock, the proof, and what records are told."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from tests.handed_over import hand_over
from tests.keys import KEYS
from tests.web.records import AGENT, CUSTOMER, MADE_BY, record_of, said
from worker.core.call import CallDetails, Party
from worker.core.dialogue.values import Act, Annotation, Item
from worker.core.errors import Invalid, NotAllowed, NotFound
from worker.core.events import EventType
from worker.core.log.entry import SYSTEM, Actor, EntryKind, Role
from worker.core.record import CallRecord
from worker.core.requests.clock import Calendar
from worker.core.requests.values import (
    Asked,
    Block,
    By,
    CameBy,
    Ground,
    Requested,
    RequestKind,
    RequestState,
    Restricted,
    Sign,
    Step,
)
from worker.core.transcript import Turn
from worker.record.requests.values import HistoryLine, Request
from worker.record.store import Store

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 3, 12, 9, 0, tzinfo=UTC)
MARIA, DANIEL, OTHER = "maria@example.org", "daniel@brightwater.example", "other@example.org"
WORKER = {"worker": "w", "lease_s": 60.0}

PLAIN = (
    said("t1", Party.AGENT, "Thank you for calling. How can I help you?", 0.5, 3.0),
    said("t2", Party.CUSTOMER, "The washing machine leaks, and I want it repaired.", 3.5, 7.0),
)
WITH_HUSBAND = (*PLAIN, said("t3", Party.CUSTOMER, "It is my husband Peter who was there.", 7.5, 9.0))


@pytest.fixture
def store(store_url: str):
    store = Store(store_url, KEYS, calendar=Calendar(BERLIN))
    store.migrate()
    yield store
    store.close()


@dataclass
class Desk:
    """A store with its desk, and hands for what tests do again and again."""

    store: Store
    calls: int = 0

    @property
    def by(self) -> By:
        person = self.store.people.add("desk@brightwater.example", name="Dana Desk", is_desk=True)
        return By(Actor(Role.DESK, person.id), person.name)

    def call(self, turns: Sequence[Turn] | None = PLAIN, *, customer: str = MARIA, parties=(AGENT, CUSTOMER)) -> str:
        """A call that is ready; without turns one whose record is not made yet."""
        self.calls += 1
        details = CallDetails(
            agent="Daniel Price", customer="Maria Lopez", agent_address=DANIEL, customer_address=customer
        )
        call_id = hand_over(self.store, details, sha256=f"{self.calls:064x}", first_stage="publish").call_id
        if turns is not None:
            self.make(call_id, record_of(turns, duration_s=20.0, parties=parties))
        return call_id

    def make(self, call_id: str, record: CallRecord) -> None:
        assert self.store.begin(call_id, "publish", **WORKER, now=datetime.now(UTC))
        self.store.finish(call_id, "publish", worker="w", value=record, made_by=MADE_BY[0], next_stage=None)

    def customer(self, address: str = MARIA) -> By:
        person = self.store.people.customer(address)
        return By(Actor(Role.CUSTOMER, person.id), person.name)

    def ask(self, kind: RequestKind, call_id: str | None, *, text: str | None = None, now: datetime = NOW) -> Request:
        """Asked by Maria, signed in with her address."""
        by = self.customer()
        asked = Asked(kind, CameBy.HOME, person=by.actor.person, call_id=call_id, is_proved=True, text=text)
        return self.store.requests.ask(asked, by=by, now=now)

    def ask_publicly(
        self, kind: RequestKind = RequestKind.ACCESS, *, address: str = MARIA, text: str | None = None
    ) -> Request:
        asked = Asked(kind, CameBy.PUBLIC, address=address, text=text, about_when="last week")
        return self.store.requests.ask(asked, by=By(SYSTEM), now=NOW)

    def letter(self, kind: RequestKind, call_id: str | None = None, *, now: datetime = NOW, **more: object) -> Request:
        asked = Asked(kind, CameBy.LETTER, call_id=call_id, **{"address": MARIA, **more})  # type: ignore[arg-type]
        return self.store.requests.ask(asked, by=self.by, now=now)

    def steps(self, one: Request) -> list[Step]:
        return [line.step for line in self.store.requests.history(one.id)]

    def entries(self, call_id: str) -> list[Item]:
        kinds = (EntryKind.REQUESTED, EntryKind.RESTRICTED, EntryKind.ANNOTATED)
        return [item for item in self.store.log.items(call_id) if item.kind in kinds]

    def told(self, call_id: str) -> list[Step]:
        """What the record of a call says of requests."""
        contents = [item.content for item in self.entries(call_id)]
        return [one.step for one in contents if isinstance(one, Requested)]

    def events(self, kind: EventType) -> list[dict[str, str]]:
        return [dict(told.event.says) for told in reversed(self.store.events.list(kind=kind))]

    def letters(self, *, now: datetime = NOW) -> list[tuple[str, Step]]:
        """Writes what is due; who is written of which step."""
        written: list[tuple[str, Step]] = []

        def write(one: Request, line: HistoryLine) -> tuple[str, str]:
            written.append((one.details.address or "", line.step))
            return line.step.value, f"{one.id} {line.due}"

        self.store.requests.write_letters(write, now=now, until=now + timedelta(days=30))
        return written

    def make_package(self) -> None:
        """Makes the package that waits, as a worker does."""
        from worker.record.package_jobs import Made

        job = self.store.packages.jobs.take(lease_s=60)
        assert job is not None
        assert self.store.packages.jobs.ready(job, Made(bytes(32), 10, "0" * 64), kept_for=timedelta(days=30))


@pytest.fixture
def desk(store: Store) -> Desk:
    return Desk(store)


# Asking, and the day


def test_a_request_is_due_a_month_from_its_receipt_and_says_so_from_the_start(desk: Desk):
    one = desk.ask(RequestKind.ACCESS, None, now=NOW)
    assert one.due.day == date(2026, 4, 13), "12 April 2026 is a Sunday"
    assert one.due.ends_at == datetime(2026, 4, 13, 22, tzinfo=UTC), "midnight in Berlin, in summer"
    assert desk.letters() == [(MARIA, Step.ASKED)]
    assert desk.store.requests.history(one.id)[0].due == one.due.day


def test_what_came_by_letter_counts_from_the_day_on_which_it_came(desk: Desk):
    one = desk.letter(RequestKind.ACCESS, received_at=datetime(2026, 3, 2, 12, tzinfo=UTC))
    assert one.due.day == date(2026, 4, 2)
    with pytest.raises(Invalid, match="came before"):
        Asked(RequestKind.ACCESS, CameBy.HOME, person="p", received_at=NOW)


def test_the_same_asked_again_while_it_is_open_is_one_request_whichever_way_it_comes(desk: Desk):
    call_id = desk.call(WITH_HUSBAND)
    first = desk.ask(RequestKind.TRANSCRIPT, call_id)
    assert desk.ask(RequestKind.TRANSCRIPT, call_id, now=NOW + timedelta(days=1)).id == first.id
    assert desk.letter(RequestKind.TRANSCRIPT, call_id, now=NOW + timedelta(days=2)).id == first.id
    assert desk.ask(RequestKind.SOUND, call_id).id != first.id
    assert desk.ask(RequestKind.TRANSCRIPT, desk.call(WITH_HUSBAND)).id != first.id
    assert desk.store.requests.get(first.id, now=NOW).received_at == NOW
    assert desk.told(call_id).count(Step.ASKED) == 2, "the sound was asked for too"
    desk.store.requests.withdraw(first.id, by=desk.customer(), now=NOW)
    assert desk.ask(RequestKind.TRANSCRIPT, call_id).id != first.id


def test_two_who_ask_the_same_at_once_make_one_request(desk: Desk):
    call_id = desk.call(WITH_HUSBAND)
    desk.customer()
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(desk.ask(RequestKind.TRANSCRIPT, call_id).id)) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1
    assert desk.told(call_id).count(Step.ASKED) == 1


def test_nobody_asks_from_their_page_about_a_call_that_they_were_not_on(desk: Desk):
    call_id = desk.call(customer=OTHER)
    with pytest.raises(NotAllowed):
        desk.ask(RequestKind.TRANSCRIPT, call_id)
    with pytest.raises(NotFound):
        desk.ask(RequestKind.TRANSCRIPT, "0" * 16)


def test_the_records_of_all_calls_concerned_are_told_and_no_others(desk: Desk):
    mine, also_mine, not_mine = desk.call(), desk.call(), desk.call(customer=OTHER)
    one = desk.ask(RequestKind.ERASURE, None)
    assert set(one.calls) == {mine, also_mine}
    entry = desk.entries(mine)[0]
    assert isinstance(entry.content, Requested)
    assert entry.content.due == one.due.day
    assert (entry.actor.role, entry.content.step, desk.told(also_mine)) == (Role.CUSTOMER, Step.ASKED, [Step.ASKED])
    assert desk.told(not_mine) == []


# The machine answers


def test_a_transcript_of_ones_own_call_is_answered_by_the_machine_and_nobody_decides(desk: Desk):
    call_id = desk.call()
    one = desk.ask(RequestKind.TRANSCRIPT, call_id)
    assert (one.blocks, one.package is not None) == ((Block.PACKAGE,), True)
    package = desk.store.packages.of_request(one.id)
    assert package is not None
    assert (package.call_ids, package.person) == ((call_id,), one.person)
    desk.make_package()
    answered = desk.store.requests.advance(one.id, now=NOW + timedelta(minutes=2))
    assert (answered.state, answered.blocks) == (RequestState.ANSWERED, ())
    assert desk.steps(one) == [Step.ASKED, Step.PACKAGE_ASKED, Step.ANSWERED]
    assert desk.told(call_id) == [Step.ASKED, Step.ANSWERED]
    assert desk.letters() == [(MARIA, Step.ASKED), (MARIA, Step.ANSWERED)]
    assert [says["state"] for says in desk.events(EventType.REQUEST_ANSWERED)] == ["answered"]


def test_where_somebody_else_is_named_the_desk_is_asked_first_and_sees_where(desk: Desk):
    call_id = desk.call(WITH_HUSBAND)
    one = desk.ask(RequestKind.TRANSCRIPT, call_id)
    assert (one.blocks, one.package) == ((Block.THIRD_PERSONS,), None)
    (place,) = one.details.places
    assert (place.turn, place.words, place.sign) == ("t3", "my husband Peter", Sign.RELATION)
    assert 7.5 <= place.start_s < place.end_s <= 9.0
    left_out = [place.left_out()]
    reviewed = desk.store.requests.review(one.id, left_out, by=desk.by, now=NOW)
    assert (reviewed.blocks, reviewed.is_reviewed) == ((Block.PACKAGE,), True)
    job = desk.store.packages.jobs.take(lease_s=60)
    assert job is not None
    assert job.leave_out == tuple(left_out)
    assert desk.steps(one) == [Step.ASKED, Step.THIRD_PERSONS_FOUND, Step.REVIEWED, Step.PACKAGE_ASKED]


def test_what_is_not_ready_is_answered_when_it_is(desk: Desk):
    call_id = desk.call(None)
    one = desk.ask(RequestKind.TRANSCRIPT, call_id)
    assert one.blocks == (Block.NOT_READY,)
    desk.make(call_id, record_of(PLAIN, duration_s=20.0))
    desk.store.requests.advance_all(now=NOW)
    assert desk.store.requests.get(one.id, now=NOW).blocks == (Block.PACKAGE,)


def test_everything_that_is_held_is_for_the_desk_to_hand_over(desk: Desk):
    desk.call()
    one = desk.ask(RequestKind.ACCESS, None)
    assert one.blocks == (Block.DECISION,)
    assert desk.store.requests.make_package(one.id, by=desk.by, now=NOW).blocks == (Block.PACKAGE,)
    desk.make_package()
    desk.store.requests.advance_all(now=NOW)
    assert desk.store.requests.get(one.id, now=NOW).state is RequestState.ANSWERED


def test_a_package_that_is_gone_is_told_to_the_desk_and_made_again(desk: Desk):
    one = desk.ask(RequestKind.TRANSCRIPT, desk.call())
    assert one.package
    desk.store.packages.cancel(one.package)
    gone = desk.store.requests.advance(one.id, now=NOW)
    assert Block.FAILED in gone.blocks
    assert gone.failure
    again = desk.store.requests.make_package(one.id, by=desk.by, now=NOW)
    assert (again.blocks, again.package != one.package) == ((Block.PACKAGE,), True)


def test_what_staff_entered_and_nobody_proved_is_not_handed_out_by_the_machine(desk: Desk):
    one = desk.letter(RequestKind.TRANSCRIPT, desk.call())
    assert (one.blocks, one.package) == ((Block.DECISION,), None)
    proved = desk.store.requests.proved(one.id, "signature compared", by=desk.by, now=NOW)
    assert (proved.blocks, proved.due.day) == ((Block.PACKAGE,), one.due.day), (
        "proof that nobody asked for moves no day"
    )


# Proof


def test_the_desk_asks_for_proof_and_the_month_begins_when_it_comes(desk: Desk):
    one = desk.letter(RequestKind.ACCESS)
    waiting = desk.store.requests.ask_for_proof(one.id, "a copy of a bill", by=desk.by, now=NOW + timedelta(days=1))
    assert (waiting.due.is_paused, waiting.blocks[0]) == (True, Block.PROOF)
    late = NOW + timedelta(days=40)
    assert not desk.store.requests.get(one.id, now=late).due.is_late(late)
    proved = desk.store.requests.proved(one.id, "a bill, by post", by=desk.by, now=late)
    assert proved.due.day == date(2026, 5, 21), "a month from 21 April"
    with pytest.raises(Invalid, match="asked for once"):
        desk.store.requests.ask_for_proof(one.id, "more", by=desk.by, now=late)
    assert desk.letters() == [(MARIA, Step.ASKED), (MARIA, Step.PROOF_ASKED), (MARIA, Step.PROVED)]


def test_by_the_page_for_everybody_nothing_is_told_to_anybody_before_the_code_came_back(desk: Desk):
    call_id = desk.call()
    one = desk.ask_publicly(RequestKind.TRANSCRIPT)
    assert (one.calls, one.person, one.due.is_paused) == ((), None, True)
    assert (desk.told(call_id), desk.letters(), desk.events(EventType.REQUEST_RECEIVED)) == ([], [], [])
    assert not desk.store.requests.is_asked(call_id)
    code = desk.store.requests.new_code(one.id, now=NOW)
    assert code
    wrong = "000000" if code != "000000" else "000001"
    assert desk.store.requests.prove_by_code(one.id, wrong, now=NOW) is None
    proved = desk.store.requests.prove_by_code(one.id, code, now=NOW + timedelta(minutes=1))
    assert proved is not None
    assert (proved.calls, proved.blocks) == ((call_id,), (Block.PACKAGE,)), "the only call at this address is meant"
    assert desk.letters() == [(MARIA, Step.PROVED)]
    assert len(desk.events(EventType.REQUEST_RECEIVED)) == 1


def test_with_several_calls_the_asker_says_which_is_meant_of_their_own_alone(desk: Desk):
    mine, also, not_mine = desk.call(), desk.call(), desk.call(customer=OTHER)
    one = desk.ask_publicly(RequestKind.TRANSCRIPT)
    assert desk.store.requests.possible_calls(one.id, now=NOW) == (), "nothing is shown before the proof"
    code = desk.store.requests.new_code(one.id, now=NOW) or ""
    proved = desk.store.requests.prove_by_code(one.id, code, now=NOW)
    assert proved is not None
    assert proved.blocks == (Block.CALL,)
    assert {call.call_id for call in desk.store.requests.possible_calls(one.id, now=NOW)} == {mine, also}
    with pytest.raises(NotAllowed):
        desk.store.requests.found_calls(one.id, [not_mine], by=desk.customer(), now=NOW)
    with pytest.raises(Invalid, match="one call"):
        desk.store.requests.found_calls(one.id, [mine, also], by=desk.customer(), now=NOW)
    found = desk.store.requests.found_calls(one.id, [also], by=desk.customer(), now=NOW)
    assert (found.calls, found.call_id, found.blocks) == ((also,), also, (Block.PACKAGE,))
    assert desk.told(mine) == []


def test_what_turns_out_to_be_asked_already_goes_on_as_the_one_that_there_was(desk: Desk):
    mine, _also = desk.call(WITH_HUSBAND), desk.call()
    first = desk.ask(RequestKind.TRANSCRIPT, mine)
    second = desk.ask_publicly(RequestKind.TRANSCRIPT)
    desk.store.requests.prove_by_code(second.id, desk.store.requests.new_code(second.id, now=NOW) or "", now=NOW)
    found = desk.store.requests.found_calls(second.id, [mine], by=desk.customer(), now=NOW)
    assert found.id == first.id
    assert desk.store.requests.get(second.id, now=NOW).state is RequestState.WITHDRAWN
    assert desk.store.requests.desk(now=NOW).total == 1
    assert (MARIA, Step.WITHDRAWN) not in desk.letters(), "the asker took nothing back"


def test_what_was_found_to_be_about_a_call_is_the_same_as_what_is_asked_of_that_call(desk: Desk):
    mine, _also = desk.call(WITH_HUSBAND), desk.call()
    first = desk.ask_publicly(RequestKind.TRANSCRIPT)
    desk.store.requests.prove_by_code(first.id, desk.store.requests.new_code(first.id, now=NOW) or "", now=NOW)
    desk.store.requests.found_calls(first.id, [mine], by=desk.customer(), now=NOW)
    assert desk.ask(RequestKind.TRANSCRIPT, mine).id == first.id


def test_who_is_known_and_who_is_not_are_treated_alike(desk: Desk):
    desk.call()
    known, unknown = desk.ask_publicly(), desk.ask_publicly(address="nobody@example.org")
    assert replace(known, id="", details=None) == replace(unknown, id="", details=None)  # type: ignore[arg-type]
    for one in (known, unknown):
        codes = [desk.store.requests.new_code(one.id, now=NOW) for _ in range(6)]
        assert [code is not None for code in codes] == [True] * 5 + [False], "five codes an hour to any address"
    assert desk.store.requests.prove_by_code("0" * 16, "123456", now=NOW) is None


def test_a_code_that_was_guessed_at_too_often_is_right_no_more(desk: Desk):
    one = desk.ask_publicly()
    code = desk.store.requests.new_code(one.id, now=NOW) or ""
    for guess in range(5):
        desk.store.requests.prove_by_code(one.id, f"{(int(code) + guess + 1) % 10**6:06d}", now=NOW)
    assert desk.store.requests.prove_by_code(one.id, code, now=NOW) is None


def test_a_network_asks_twenty_times_an_hour_and_a_household_is_one_network(desk: Desk):
    requests = desk.store.requests
    assert [requests.may_ask("192.0.2.7", now=NOW) for _ in range(21)] == [True] * 20 + [False]
    assert requests.may_ask("192.0.2.8", now=NOW)
    assert requests.may_ask("192.0.2.7", now=NOW + timedelta(hours=1, seconds=1))
    household = [f"2001:db8:1:2::{number:x}" for number in range(1, 22)]
    assert [requests.may_ask(one, now=NOW) for one in household] == [True] * 20 + [False]
    assert not requests.may_ask("::ffff:192.0.2.7", now=NOW) or requests.may_ask("192.0.2.7", now=NOW)


def test_what_nobody_proved_lapses_after_ninety_days_and_is_forgotten(desk: Desk):
    one = desk.ask_publicly(text="a secret word")
    assert desk.store.requests.lapse(now=NOW + timedelta(days=89)) == 0
    assert desk.store.requests.lapse(now=NOW + timedelta(days=91)) == 1
    ended = desk.store.requests.get(one.id, now=NOW)
    assert (ended.state, ended.details.address, ended.details.text) == (RequestState.LAPSED, None, None)


def test_asked_signed_in_what_was_asked_publicly_is_proved_by_that(desk: Desk):
    call_id = desk.call()
    public = desk.ask_publicly(RequestKind.PORTABILITY)
    asked = Asked(RequestKind.PORTABILITY, CameBy.PUBLIC, address=MARIA)
    assert desk.store.requests.ask(asked, by=By(SYSTEM), now=NOW).id != public.id, "about another time"
    second = desk.store.requests.ask(asked, by=By(SYSTEM), now=NOW)
    one = desk.ask(RequestKind.PORTABILITY, None, now=NOW + timedelta(days=3))
    assert (one.id, one.due.began_on, one.calls) == (second.id, date(2026, 3, 15), (call_id,))


def test_what_somebody_else_wrote_under_an_address_does_not_become_the_words_of_its_owner(desk: Desk):
    call_id = desk.call()
    forged = Asked(RequestKind.CORRECTION, CameBy.PUBLIC, address=MARIA, about_when=call_id, text="I owe them 900.")
    before = desk.store.requests.ask(forged, by=By(SYSTEM), now=NOW)
    one = desk.ask(RequestKind.CORRECTION, call_id, text="I said thirty, not thirteen.")
    assert one.id == before.id
    said = [item.content.text for item in desk.entries(call_id) if isinstance(item.content, Annotation)]
    assert said == ["I said thirty, not thirteen."]


@pytest.mark.parametrize("kind", [RequestKind.CORRECTION, RequestKind.RESTRICTION, RequestKind.TRANSCRIPT])
def test_a_code_proves_an_address_and_no_letter_about_a_call_of_somebody_else(desk: Desk, kind: RequestKind):
    call_id = desk.call()
    one = desk.letter(kind, call_id, address=OTHER, text="I am Maria Lopez, and I owe them 900.")
    code = desk.store.requests.new_code(one.id, now=NOW) or ""
    assert desk.store.requests.prove_by_code(one.id, code, now=NOW) is None
    assert desk.store.requests.get(one.id, now=NOW).clock.proved_at is None
    assert desk.store.requests.restriction(call_id) is None
    assert not any(item.kind is EntryKind.ANNOTATED for item in desk.entries(call_id))


def test_a_code_signs_in_no_staff(desk: Desk):
    agent = desk.store.people.side(desk.call(), Role.AGENT)
    asked = Asked(RequestKind.ACCESS, CameBy.HOME, person=agent.id, is_proved=True)
    one = desk.store.requests.ask(asked, by=By(Actor(Role.AGENT, agent.id), agent.name), now=NOW)
    code = desk.store.requests.new_code(one.id, now=NOW) or ""
    assert desk.store.requests.prove_by_code(one.id, code, now=NOW) is None


# Deciding


def test_more_time_is_taken_once_within_the_first_month_and_the_asker_is_written_why(desk: Desk):
    one = desk.ask(RequestKind.ERASURE, desk.call())
    more = desk.store.requests.extend(one.id, 2, "Forty calls on tape.", by=desk.by, now=NOW + timedelta(days=20))
    assert more.due.day == date(2026, 6, 12)
    assert desk.told(one.calls[0]) == [Step.ASKED, Step.EXTENDED]
    assert desk.letters() == [(MARIA, Step.ASKED), (MARIA, Step.EXTENDED)]
    for now in (NOW + timedelta(days=21), NOW + timedelta(days=40)):
        with pytest.raises(Invalid):
            desk.store.requests.extend(one.id, 1, "More still.", by=desk.by, now=now)


@pytest.mark.parametrize("role", [Role.CUSTOMER, Role.AGENT, Role.REVIEWER, Role.OPERATOR])
def test_nobody_but_the_desk_decides(desk: Desk, role: Role):
    one = desk.ask(RequestKind.ACCESS, desk.call())
    by = By(Actor(role, "somebody"))
    requests = desk.store.requests
    for do in (
        lambda: requests.extend(one.id, 1, "why", by=by, now=NOW),
        lambda: requests.refuse(one.id, Ground.OTHER, "why", by=by, now=NOW),
        lambda: requests.answer(one.id, None, by=by, now=NOW),
        lambda: requests.review(one.id, (), by=by, now=NOW),
        lambda: requests.make_package(one.id, by=by, now=NOW),
        lambda: requests.ask_for_proof(one.id, "what", by=by, now=NOW),
        lambda: requests.proved(one.id, "how", by=by, now=NOW),
        lambda: requests.withdraw(one.id, by=by, now=NOW),
        lambda: requests.lift(one.calls[0], by=by, now=NOW),
    ):
        with pytest.raises(NotAllowed):
            do()
    assert desk.steps(one) == [Step.ASKED]


def test_a_refusal_has_its_ground_and_its_reason_in_the_record_and_ends_the_request(desk: Desk):
    call_id = desk.call()
    one = desk.ask(RequestKind.ERASURE, call_id)
    refused = desk.store.requests.refuse(
        one.id, Ground.LEGAL_OBLIGATION, "Kept for ten years.", by=desk.by, now=NOW + timedelta(days=1)
    )
    assert (refused.state, refused.ground) == (RequestState.REFUSED, Ground.LEGAL_OBLIGATION)
    content = desk.entries(call_id)[-1].content
    assert isinstance(content, Requested)
    assert (content.step, content.ground, content.text) == (
        Step.REFUSED,
        Ground.LEGAL_OBLIGATION,
        "Kept for ten years.",
    )
    with pytest.raises(Invalid, match="refused"):
        desk.store.requests.answer(one.id, None, by=desk.by, now=NOW)


def test_what_is_not_proved_is_not_answered(desk: Desk):
    one = desk.ask_publicly()
    with pytest.raises(Invalid, match="proved"):
        desk.store.requests.answer(one.id, None, by=desk.by, now=NOW)


def test_a_request_that_is_taken_back_ends_with_its_package(desk: Desk):
    one = desk.ask(RequestKind.TRANSCRIPT, desk.call())
    with pytest.raises(NotAllowed):
        desk.store.requests.withdraw(one.id, by=desk.customer(OTHER), now=NOW)
    assert desk.store.requests.withdraw(one.id, by=desk.customer(), now=NOW).state is RequestState.WITHDRAWN
    package = desk.store.packages.of_request(one.id)
    assert package is not None
    assert package.ended_because is not None


# Correction and restriction


def test_a_supplementary_statement_stands_in_the_record_at_once_in_the_askers_name(desk: Desk):
    call_id = desk.call()
    one = desk.ask(RequestKind.CORRECTION, call_id, text="I said thirty, not thirteen.")
    annotation = next(item for item in desk.entries(call_id) if item.kind is EntryKind.ANNOTATED)
    assert isinstance(annotation.content, Annotation)
    assert (annotation.content.act, annotation.content.text) == (Act.ADD, "I said thirty, not thirteen.")
    assert annotation.actor == Actor(Role.CUSTOMER, one.person or "")
    assert one.blocks == (Block.DECISION,)
    refused = desk.store.requests.refuse(one.id, Ground.IS_ACCURATE, "Thirteen is heard.", by=desk.by, now=NOW)
    assert refused.state is RequestState.REFUSED
    assert annotation in desk.entries(call_id), "the statement stays whatever is decided"


def test_a_statement_by_letter_stands_in_the_record_once_it_is_proved_who_wrote_it(desk: Desk):
    call_id = desk.call()
    one = desk.letter(RequestKind.CORRECTION, call_id, text="It was the other machine.", address="aunt@example.org")
    assert [item.kind for item in desk.entries(call_id)] == [EntryKind.REQUESTED]
    desk.store.requests.proved(one.id, "known by voice", by=desk.by, now=NOW)
    annotation = next(item for item in desk.entries(call_id) if item.kind is EntryKind.ANNOTATED)
    assert annotation.actor.role is Role.CUSTOMER


def test_a_call_is_restricted_when_its_customer_contests_it_and_lifted_after_notice_alone(desk: Desk):
    call_id = desk.call()
    one = desk.ask(RequestKind.RESTRICTION, call_id, text="The sum is wrong.")
    assert one.state is RequestState.ANSWERED, "it is done"
    restriction = desk.store.requests.restriction(call_id)
    assert restriction is not None
    assert restriction.request == one.id
    assert desk.store.requests.restrictions() == (restriction,)
    with pytest.raises(Invalid, match="told before"):
        desk.store.requests.lift(call_id, by=desk.by, now=NOW)
    desk.store.requests.tell_lifting(call_id, "The sum was checked.", by=desk.by, now=NOW)
    with pytest.raises(Invalid, match="later"):
        desk.store.requests.lift(call_id, by=desk.by, now=NOW + timedelta(days=6))
    desk.store.requests.lift(call_id, by=desk.by, now=NOW + timedelta(days=7))
    assert desk.store.requests.restriction(call_id) is None
    kept = [item.content for item in desk.entries(call_id) if isinstance(item.content, Restricted)]
    assert [content.is_restricted for content in kept] == [True, False]
    assert (MARIA, Step.LIFTING_TOLD) in desk.letters()


def test_what_an_agent_asks_to_be_restricted_the_desk_decides(desk: Desk):
    call_id = desk.call()
    agent = desk.store.people.find(DANIEL)
    by = By(Actor(Role.AGENT, agent.id), agent.name)
    asked = Asked(RequestKind.RESTRICTION, CameBy.HOME, person=agent.id, call_id=call_id, is_proved=True, text="Wrong.")
    one = desk.store.requests.ask(asked, by=by, now=NOW)
    assert (one.blocks, desk.store.requests.restriction(call_id)) == ((Block.DECISION,), None)
    desk.store.requests.restrict(one.id, by=desk.by, now=NOW)
    assert desk.store.requests.restriction(call_id) is not None


def test_an_erasure_on_a_legal_hold_says_so(desk: Desk):
    call_id = desk.call()
    desk.store.requests.is_held = lambda _connection, call_ids: frozenset(call_ids)
    assert desk.ask(RequestKind.ERASURE, call_id).blocks == (Block.LEGAL_HOLD, Block.DECISION)


# Lists, events, letters


def test_the_desk_sees_open_requests_by_due_day_and_what_waits_for_proof_last(desk: Desk):
    later = desk.ask(RequestKind.ACCESS, None, now=NOW + timedelta(days=5))
    unproved = desk.ask_publicly(address=OTHER)
    sooner = desk.letter(RequestKind.ERASURE, desk.call(customer=OTHER), address=OTHER)
    assert [one.id for one in desk.store.requests.desk(now=NOW).items] == [sooner.id, later.id, unproved.id]
    desk.store.requests.refuse(sooner.id, Ground.OTHER, "No.", by=desk.by, now=NOW)
    assert [one.id for one in desk.store.requests.desk(now=NOW, is_open=False).items] == [sooner.id]
    assert desk.store.requests.desk(now=NOW).total == 2


def test_people_see_what_they_asked_and_calls_what_concerns_them(desk: Desk):
    call_id, other = desk.call(WITH_HUSBAND), desk.call(WITH_HUSBAND)
    one, two = desk.ask(RequestKind.TRANSCRIPT, call_id), desk.ask(RequestKind.TRANSCRIPT, other)
    person = one.person or ""
    assert {found.id for found in desk.store.requests.of_person(person, now=NOW)} == {one.id, two.id}
    assert [found.id for found in desk.store.requests.of_person(person, now=NOW, only_call=other)] == [two.id]
    assert [found.id for found in desk.store.requests.of_call(call_id, now=NOW)] == [one.id]
    assert {found.id for found in desk.store.requests.of_address(" Maria@Example.org", now=NOW)} == {one.id, two.id}
    assert desk.store.requests.of_address(OTHER, now=NOW) == ()
    assert desk.store.requests.is_asked(call_id)
    desk.store.requests.withdraw(one.id, by=desk.customer(), now=NOW)
    assert not desk.store.requests.is_asked(call_id)


def test_that_a_request_ends_soon_is_told_a_week_before_two_days_before_and_late_once_each(desk: Desk):
    one = desk.ask(RequestKind.ACCESS, None)  # of no call at all: nothing is held by this address
    assert one.calls == ()
    heard = []
    for hours in range(0, 40 * 24, 12):
        now = NOW + timedelta(hours=hours)
        if desk.store.requests.tell_due(now=now):
            heard.append((desk.events(EventType.REQUEST_DUE)[-1]["is_in"], (now.astimezone(BERLIN)).date().isoformat()))
        assert desk.store.requests.tell_due(now=now) == 0, "once each, whoever looks"
    assert heard == [("week", "2026-04-07"), ("days", "2026-04-12"), ("late", "2026-04-14")]
    assert {says["request"] for says in desk.events(EventType.REQUEST_DUE)} == {one.id}


def test_more_time_lets_the_warnings_come_anew_and_an_end_lets_none_come(desk: Desk):
    one = desk.ask(RequestKind.ACCESS, None)
    assert desk.store.requests.tell_due(now=NOW + timedelta(days=27)) == 1
    desk.store.requests.extend(one.id, 1, "Many calls.", by=desk.by, now=NOW + timedelta(days=28))
    assert desk.store.requests.tell_due(now=NOW + timedelta(days=33)) == 0
    assert desk.store.requests.tell_due(now=NOW + timedelta(days=57)) == 1
    desk.store.requests.refuse(one.id, Ground.NOT_HELD, "Nothing is here.", by=desk.by, now=NOW + timedelta(days=58))
    assert desk.store.requests.tell_due(now=NOW + timedelta(days=90)) == 0


def test_letters_about_requests_stay_beside_a_code_and_do_not_take_its_place(desk: Desk):
    outbox = desk.store.people.outbox
    outbox.put(MARIA, subject="Your code", text="123456", now=NOW, until=NOW + timedelta(minutes=10))
    desk.ask(RequestKind.ACCESS, None)
    desk.letters()
    outbox.put(MARIA, subject="Your code", text="654321", now=NOW, until=NOW + timedelta(minutes=10))
    waiting = {letter.subject: letter.text for letter in outbox.letters() if letter.text}
    assert (waiting["Your code"], "asked" in waiting) == ("654321", True)


def test_who_has_no_address_is_not_written_by_the_outbox(desk: Desk):
    one = desk.letter(RequestKind.ACCESS, address=None, name="Erika Mustermann")
    assert (desk.letters(), one.details.name) == ([], "Erika Mustermann")


def test_what_people_wrote_lies_sealed(desk: Desk, store_url: str):
    one = desk.letter(RequestKind.CORRECTION, desk.call(), text="The word xylophone was never said.", name="Xaver")
    with desk.store._database.reading() as connection:
        for table in ("requests", "request_steps", "request_calls"):
            rows = connection.execute(sa.text(f"SELECT * FROM {table}")).all()
            assert rows
            assert not any(word in repr(rows) for word in ("xylophone", "Xaver", "maria"))
    assert "xylophone" in (desk.store.requests.get(one.id, now=NOW).details.text or "")
    assert "xylophone" not in repr(one)


def test_three_years_after_its_end_a_request_says_no_more_than_that_it_was(desk: Desk):
    one = desk.ask(RequestKind.CORRECTION, desk.call(), text="It was otherwise.")
    desk.store.requests.refuse(one.id, Ground.OTHER, "No.", by=desk.by, now=NOW)
    assert desk.store.requests.forget_old(now=NOW + timedelta(days=1000)) == 0
    assert desk.store.requests.forget_old(now=NOW + timedelta(days=1100)) == 1
    assert desk.store.requests.forget_old(now=NOW + timedelta(days=1101)) == 0
    bare = desk.store.requests.get(one.id, now=NOW)
    assert (bare.person, bare.details.address, bare.details.text, bare.details.reason) == (None, None, None, None)
    assert (bare.received_at, bare.state) == (NOW, RequestState.REFUSED)


def test_erasing_a_call_forgets_what_was_written_about_it_and_not_that_it_was_asked(desk: Desk):
    call_id = desk.call()
    one = desk.ask(RequestKind.CORRECTION, call_id, text="It was otherwise.")
    with desk.store._database.writing() as connection:
        assert desk.store.requests.forget_in(connection, call_id, now=NOW) == 1
    bare = desk.store.requests.get(one.id, now=NOW)
    assert (bare.details.text, bare.details.address) == (None, MARIA), "an open one is still to be answered"
    assert [line.text for line in desk.store.requests.history(one.id)] == [None, None]
    assert bare.due == one.due
