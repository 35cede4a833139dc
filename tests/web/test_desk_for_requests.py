"""The desk: what is due first, what blocks it, third persons, extension, refusal, erasure, and who may do it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.web.calls_of_people import MARIA, agent_of, call_between, customer_of
from tests.web.conftest import AS_BROWSER, Site
from tests.web.reading import Element, read
from tests.web.records import record_of, said
from worker.core.call import Party
from worker.core.dialogue.values import Looked
from worker.core.keeping.values import Erased
from worker.core.log.entry import SYSTEM, Actor, Role
from worker.core.record import CallRecord
from worker.core.requests.values import Asked, Block, By, CameBy, Ground, RequestKind, RequestState
from worker.owed.answering import erase_as_asked
from worker.owed.erasing import Stores
from worker.record.people import Person
from worker.record.requests.values import Request


def with_neighbour() -> CallRecord:
    """Maria speaks of her husband, and Daniel of nobody."""
    turns = (
        said("t1", Party.AGENT, "How can I help you today?", 0.5, 2.0),
        said("t2", Party.CUSTOMER, "My husband Stefan will be at home to open the door.", 2.5, 6.0),
    )
    return record_of(turns, duration_s=8.0)


@pytest.fixture
def dora(site: Site) -> Person:
    return site.store.people.add("dora@brightwater.example", name="Dora Winter", is_desk=True)


def asks(site: Site, kind: RequestKind, call_id: str | None, text: str | None = None) -> Request:
    maria = customer_of(site)
    asked = Asked(kind, CameBy.HOME, person=maria.id, call_id=call_id, is_proved=True, text=text)
    return site.store.requests.ask(asked, by=By(Actor(Role.CUSTOMER, maria.id), maria.name), now=site.now)


def page(site: Site, address: str) -> Element:
    response = site.client.get(address, headers=AS_BROWSER)
    assert response.status_code == 200, response.text
    return read(response.text)


def does(site: Site, request: Request, act: str, **fields: str):
    sent = {"act": act, **fields}
    return site.client.post(f"/requests/{request.id}/acts", data=sent, headers=AS_BROWSER, follow_redirects=False)


def now_is(site: Site, request: Request) -> Request:
    return site.store.requests.get(request.id, now=site.now)


# The list


def test_the_desk_lists_by_due_day_with_what_blocks_each_and_late_ones_first(site: Site, dora: Person) -> None:
    call_id = call_between(site)
    asks(site, RequestKind.ERASURE, call_id)
    site.now += timedelta(days=20)
    asks(site, RequestKind.ACCESS, call_id)
    site.now += timedelta(days=13)
    site.sign_in(dora)
    desk = page(site, "/requests")
    assert desk.all("p", class_="in-short")[0].text == "2 requests are open. 1 is late."
    lines = [one.text for one in desk.all("li")]
    assert [line.partition(",")[0] for line in lines] == ["Erasure", "Everything that is held"]
    assert "Due by Monday 13 April 2026 1 day late" in lines[0]
    assert "To be decided" in lines[0]
    assert "days left" in lines[1]


def test_the_desk_is_for_those_who_answer_alone(site: Site, dora: Person) -> None:
    call_between(site)
    for person in (agent_of(site), customer_of(site), site.store.people.add("ops@x.example", is_operator=True)):
        site.sign_in(person)
        assert site.client.get("/requests", headers=AS_BROWSER).status_code == 404
    site.sign_in(dora, only_call="0123456789abcdef")
    assert site.client.get("/requests", headers=AS_BROWSER).status_code == 404


def test_the_desk_reads_a_call_while_something_is_asked_about_it_and_each_look_is_in_the_record(
    site: Site, dora: Person
) -> None:
    call_id = call_between(site)
    site.sign_in(dora)
    assert site.client.get(f"/calls/{call_id}", headers=AS_BROWSER).status_code == 404
    request = asks(site, RequestKind.ERASURE, call_id)
    assert site.client.get(f"/calls/{call_id}", headers=AS_BROWSER).status_code == 200
    looks = [one.actor for one in site.store.log.items(call_id) if isinstance(one.content, Looked)]
    assert looks == [Actor(Role.DESK, dora.id)]
    assert site.client.get(f"/calls/{call_id}.json").status_code == 403, "and takes nothing away"
    does(site, request, "refuse", ground="legal_claims", text="We need it.")
    assert site.client.get(f"/calls/{call_id}", headers=AS_BROWSER).status_code == 404


# A letter


def test_a_letter_is_entered_as_of_the_day_on_which_it_came(site: Site, dora: Person) -> None:
    call_between(site)
    site.sign_in(dora)
    sent = {
        "came_by": "letter",
        "day": "2026-02-27",
        "what": "access",
        "name": "Maria Lopez",
        "address": MARIA,
        "text": "All you have.\r\nThank you.",
        "is_proved": "1",
    }
    response = site.client.post("/requests/entry", data=sent, follow_redirects=False)
    request = site.store.requests.get(response.headers["location"].rpartition("/")[2], now=site.now)
    assert (request.came_by, request.received_at.date().isoformat()) == (CameBy.LETTER, "2026-02-27")
    shown = page(site, response.headers["location"])
    assert "Due by Friday 27 March 2026" in shown.text
    assert "Came by letter, Friday 27 February 2026" in shown.text
    assert request.details.text == "All you have.\nThank you."


@pytest.mark.parametrize(
    ("wrong", "said_so"),
    [
        ({"day": "2026-03-13"}, "What came, came by today"),
        ({"day": "yesterday"}, "This is no day"),
        ({"name": ""}, "Say who asks"),
        ({"what": "money"}, "It is not known what is asked for"),
        ({"call": "0123456789abcdef"}, "There is no such call"),
    ],
)
def test_what_does_not_fit_comes_back_filled_in(site: Site, dora: Person, wrong: dict[str, str], said_so: str) -> None:
    site.sign_in(dora)
    sent = {"came_by": "telephone", "day": "2026-03-12", "what": "access", "name": "Paul", **wrong}
    response = site.client.post("/requests/entry", data=sent, headers=AS_BROWSER)
    assert response.status_code in (404, 422)
    form = read(response.text)
    assert said_so in form.one(role="alert").text
    assert form.one("input", name="name").attributes["value"] == sent["name"]


# Deciding


def test_time_is_taken_once_within_the_month_and_the_asker_is_told_why(site: Site, dora: Person) -> None:
    request = asks(site, RequestKind.ACCESS, call_between(site))
    site.sign_in(dora)
    assert "2 months, due by Friday 12 June 2026" in page(site, f"/requests/{request.id}").text
    does(site, request, "extend", months="2", text="Six years of calls.")
    assert now_is(site, request).due.day.isoformat() == "2026-06-12"
    assert "Take more time" not in page(site, f"/requests/{request.id}").text
    site.sign_in(customer_of(site))
    status = page(site, f"/requests/{request.id}").text
    assert "It is answered by Friday 12 June 2026 at the latest." in status
    assert "2 months more were taken. Six years of calls." in status
    assert "you can complain" in status


def test_a_refusal_says_its_ground_and_where_to_complain(site: Site, dora: Person) -> None:
    request = asks(site, RequestKind.ERASURE, call_between(site))
    site.sign_in(dora)
    refused = does(site, request, "refuse", ground="legal_obligation", text=" ")
    assert refused.status_code == 422, "without a reason nothing is refused"
    again = read(refused.text)
    assert again.one("option", value="legal_obligation").attributes.keys() >= {"selected"}, "what was chosen stays"
    does(site, request, "refuse", ground="legal_obligation", text="Receipts are kept for ten years.")
    assert (now_is(site, request).state, now_is(site, request).ground) == (
        RequestState.REFUSED,
        Ground.LEGAL_OBLIGATION,
    )
    site.sign_in(customer_of(site))
    status = page(site, f"/requests/{request.id}").text
    assert "A law says that it has to be kept." in status
    assert "Receipts are kept for ten years." in status
    assert "you can complain" in status


def test_nobody_answers_what_they_asked_for_themselves_and_no_asker_decides(site: Site, dora: Person) -> None:
    request = asks(site, RequestKind.ERASURE, call_between(site))
    site.sign_in(customer_of(site))
    for act in ("answer", "refuse", "proved", "erase", "extend"):
        assert does(site, request, act).status_code == 404
    assert now_is(site, request).is_open


def test_what_the_desk_has_no_button_for_is_refused(site: Site, dora: Person) -> None:
    request = asks(site, RequestKind.ERASURE, call_between(site))
    site.sign_in(dora)
    assert does(site, request, "burn").status_code == 422


# Third persons


def test_each_place_of_a_third_person_is_shown_with_its_words_and_its_sound(site: Site, dora: Person) -> None:
    call_id = call_between(site, record=with_neighbour())
    request = asks(site, RequestKind.TRANSCRIPT, call_id)
    assert request.blocks == (Block.THIRD_PERSONS,)
    site.sign_in(dora)
    review = page(site, f"/requests/{request.id}/review")
    (place,) = review.one("ul").all("li")
    assert place.one("mark").text == "My husband Stefan"
    assert "will be at home to open the door." in place.text
    play = place.one("a", class_="play")
    assert float(play.attributes["data-start"]) == pytest.approx(2.5)
    assert review.one("audio").attributes["src"] == f"/calls/{call_id}/sound"
    assert place.one("input", type="checkbox").attributes.keys() >= {"checked"}
    looks = [one.actor.role for one in site.store.log.items(call_id) if isinstance(one.content, Looked)]
    assert looks == [Role.DESK], "who reads the places has read the record"


def test_what_is_ticked_stays_out_and_the_rest_is_put_together(site: Site, dora: Person) -> None:
    request = asks(site, RequestKind.TRANSCRIPT, call_between(site, record=with_neighbour()))
    site.sign_in(dora)
    ticked = page(site, f"/requests/{request.id}/review").one("input", name="out").attributes["value"]
    site.client.post(f"/requests/{request.id}/review", data={"out": ticked})
    reviewed = now_is(site, request)
    (out,) = reviewed.details.left_out
    assert (out.turn, out.first, out.end) == ("t2", 0, 3)
    assert reviewed.blocks == (Block.PACKAGE,)


def test_what_is_not_ticked_goes_along(site: Site, dora: Person) -> None:
    request = asks(site, RequestKind.TRANSCRIPT, call_between(site, record=with_neighbour()))
    site.sign_in(dora)
    site.client.post(f"/requests/{request.id}/review", data={"out": "of another request"})
    assert now_is(site, request).details.left_out == ()
    assert now_is(site, request).is_reviewed


def test_nothing_is_handed_over_for_a_letter_before_it_is_noted_who_wrote_it(site: Site, dora: Person) -> None:
    wish = Asked(RequestKind.ACCESS, CameBy.LETTER, address=MARIA, call_id=call_between(site))
    request = site.store.requests.ask(wish, by=By(Actor(Role.DESK, dora.id), dora.name), now=site.now)
    site.sign_in(dora)

    def acts() -> list[str]:
        return [one.attributes["value"] for one in page(site, f"/requests/{request.id}").all("input", name="act")]

    assert "package" not in acts()
    assert "It is not proved who asks." in does(site, request, "package").text
    assert does(site, request, "proved", text="Her passport, at the counter.").status_code == 303
    assert now_is(site, request).due.day == request.due.day, "proof that nobody asked for moves no day"
    assert "package" in acts()
    assert does(site, request, "package").status_code == 303
    assert now_is(site, request).blocks == (Block.PACKAGE,)


# Erasure


def erasing(site: Site):
    """The site whose desk can erase."""
    stores = Stores(site.store, site.sounds)
    parts = replace(
        site.parts,
        erase_as_asked=lambda request_id, by: erase_as_asked(request_id, by=by, stores=stores, now=lambda: site.now),
    )
    return site.client_of(parts)


def test_what_is_erased_leaves_a_page_that_says_so_with_its_receipt(site: Site, dora: Person) -> None:
    call_id = call_between(site)
    request = asks(site, RequestKind.ERASURE, call_id)
    site.sign_in(customer_of(site))
    with erasing(site) as client:
        site.sign_in(dora, client=client)
        sent = {"act": "erase", "sure": "1"}
        response = client.post(f"/requests/{request.id}/acts", data=sent, follow_redirects=False)
        assert response.status_code == 303, response.text
    assert now_is(site, request).state is RequestState.ANSWERED
    assert any(isinstance(one.content, Erased) for one in site.store.log.items(call_id))
    status = page(site, f"/requests/{request.id}")
    (receipt,) = [one for one in status.all("a", class_="button") if "receipt" in one.text]
    shown = page(site, receipt.attributes["href"]).text
    assert "This record was erased" in shown
    assert "Somebody had a right to it and asked for it." in shown
    assert "washing machine" not in shown
    saved = site.client.get(f"/calls/{call_id}/receipt").json()
    assert (saved["call_id"], saved["missing"]) == (call_id, [])
    site.sign_in(site.store.people.add("sam@brightwater.example"))
    assert site.client.get(f"/calls/{call_id}", headers=AS_BROWSER).status_code == 404, "nobody else learns of it"


def test_nothing_is_erased_without_saying_that_no_law_wants_it_kept(site: Site, dora: Person) -> None:
    call_id = call_between(site)
    request = asks(site, RequestKind.ERASURE, call_id)
    with erasing(site) as client:
        site.sign_in(dora, client=client)
        response = client.post(f"/requests/{request.id}/acts", data={"act": "erase"}, headers=AS_BROWSER)
    assert response.status_code == 422
    assert site.store.record(call_id)


def test_a_legal_hold_is_shown_and_nothing_is_erased_while_it_is_on(site: Site, dora: Person) -> None:
    call_id = call_between(site)
    request = asks(site, RequestKind.ERASURE, call_id)
    site.store.keeping.hold(call_id, "Claim 17 before the court.", by=SYSTEM, name=None, now=site.now)
    with erasing(site) as client:
        site.sign_in(dora, client=client)
        shown = client.get(f"/requests/{request.id}", headers=AS_BROWSER).text
        sent = {"act": "erase", "sure": "1"}
        response = client.post(f"/requests/{request.id}/acts", data=sent, headers=AS_BROWSER)
    assert "Claim 17 before the court." in shown
    assert "A legal hold forbids to erase" in shown
    assert "Destroy it" not in shown
    assert response.status_code == 403
    assert site.store.record(call_id)


# Restriction


CONTESTED = "I never said that it may cost thirty dollars."


def test_both_sides_see_that_a_record_is_kept_and_not_used(site: Site) -> None:
    call_id = call_between(site)
    asks(site, RequestKind.RESTRICTION, call_id, CONTESTED)
    for person in (customer_of(site), agent_of(site)):
        site.sign_in(person)
        notice = page(site, f"/calls/{call_id}").one(class_="restricted").text
        assert "Since Thursday 12 March 2026 this record is kept and not used" in notice


def test_a_restricted_record_is_taken_by_nobody_but_its_customer(site: Site) -> None:
    call_id = call_between(site)
    asks(site, RequestKind.RESTRICTION, call_id, CONTESTED)
    addresses = (f"/calls/{call_id}.json", f"/api/v1/calls/{call_id}/record", f"/api/v1/calls/{call_id}/entries")
    addresses += (f"/api/v1/calls/{call_id}/export?format=txt",)
    for person, status in ((agent_of(site), 403), (customer_of(site), 200)):
        site.sign_in(person)
        assert {site.client.get(one).status_code for one in addresses} == {status}


def test_a_package_from_before_a_restriction_is_taken_by_its_customer_alone(site: Site) -> None:
    call_id = call_between(site)
    packed = {}
    for role, person in ((Role.AGENT, agent_of(site)), (Role.CUSTOMER, customer_of(site))):
        asked = Asked(RequestKind.TRANSCRIPT, CameBy.HOME, person=person.id, call_id=call_id, is_proved=True)
        packed[role] = site.store.requests.ask(asked, by=By(Actor(role, person.id), person.name), now=site.now)
        job = site.store.packages.jobs.take(lease_s=60)
        with site.parts.package_files.writing(job.id) as writer:
            writer.write(b"PK of a package")
            made = writer.end()
        assert site.store.packages.jobs.ready(job, made, kept_for=timedelta(days=30))
    asks(site, RequestKind.RESTRICTION, call_id, CONTESTED)
    for role, person, status in ((Role.AGENT, agent_of(site), 403), (Role.CUSTOMER, customer_of(site), 200)):
        site.sign_in(person)
        assert site.client.get(f"/requests/{packed[role].id}/package").status_code == status


def test_the_agent_of_the_next_call_gets_nothing_of_a_restricted_record(site: Site) -> None:
    call_id = call_between(site)
    emma = site.store.people.add("emma@brightwater.example", name="Emma Stone")
    site.store.people.give_role(call_id, emma.id, Role.NEXT_AGENT, until=site.now + timedelta(hours=1))
    site.sign_in(emma)
    assert site.client.get(f"/calls/{call_id}", headers=AS_BROWSER).status_code == 200
    asks(site, RequestKind.RESTRICTION, call_id, CONTESTED)
    assert site.client.get(f"/calls/{call_id}", headers=AS_BROWSER).status_code == 404
    assert site.client.get(f"/calls/{call_id}/sound").status_code == 404
    assert site.client.get("/api/v1/calls").json()["calls"] == []
    found = site.client.post("/next-call", data={"who": MARIA}, headers=AS_BROWSER)
    assert "Nothing is open" in read(found.text).text or "nothing" in found.text.lower()
    assert "technician" not in found.text


def test_of_several_calls_the_restricted_one_is_left_out_of_what_the_next_agent_reads(site: Site) -> None:
    contested, other = call_between(site), call_between(site, 1)
    asks(site, RequestKind.RESTRICTION, contested, CONTESTED)
    emma = site.store.people.add("emma@brightwater.example", name="Emma Stone")
    site.sign_in(emma)
    site.client.post(f"/next-call/{customer_of(site).id}")
    shown = site.client.get(f"/next-call/{customer_of(site).id}", headers=AS_BROWSER).text
    assert f"/calls/{other}" in shown
    assert contested not in shown


def test_a_restriction_that_came_by_letter_is_set_by_a_button_of_the_desk(site: Site, dora: Person) -> None:
    call_id = call_between(site)
    wish = Asked(RequestKind.RESTRICTION, CameBy.LETTER, address=MARIA, call_id=call_id, text=CONTESTED)
    request = site.store.requests.ask(wish, by=By(Actor(Role.DESK, dora.id), dora.name), now=site.now)
    assert site.store.requests.restriction(call_id) is None, "nobody has shown who wrote it"
    site.sign_in(dora)
    acts = [one.attributes["value"] for one in page(site, f"/requests/{request.id}").all("input", name="act")]
    assert page(site, f"/requests/{request.id}").text.count(CONTESTED) == 1, "what was written stands there once"
    assert "restrict" in acts
    assert "answer" not in acts, "that says to who asked that it is restricted"
    assert does(site, request, "answer").status_code == 422
    assert does(site, request, "restrict").status_code == 303
    assert now_is(site, request).state is RequestState.ANSWERED
    assert site.store.requests.restriction(call_id) is not None
    shown = page(site, f"/requests/{request.id}")
    assert "The record is kept and not used" in shown.text
    assert "restrict" not in [one.attributes["value"] for one in shown.all("input", name="act")]


def test_nothing_is_restricted_at_the_word_of_who_has_yet_to_show_who_they_are(site: Site, dora: Person) -> None:
    call_id = call_between(site)
    wish = Asked(RequestKind.RESTRICTION, CameBy.LETTER, address=MARIA, call_id=call_id, text=CONTESTED)
    request = site.store.requests.ask(wish, by=By(Actor(Role.DESK, dora.id), dora.name), now=site.now)
    site.sign_in(dora)
    does(site, request, "ask_for_proof", text="A copy of your last bill.")
    assert "It is not proved who asks." in does(site, request, "restrict").text
    assert site.store.requests.restriction(call_id) is None


def test_a_restriction_is_lifted_seven_days_after_who_asked_was_told(site: Site, dora: Person) -> None:
    call_id = call_between(site)
    request = asks(site, RequestKind.RESTRICTION, call_id, CONTESTED)
    site.sign_in(dora)
    does(site, request, "tell_lifting", text="Both of you agreed on the words.")
    early = does(site, request, "lift")
    assert early.status_code == 422
    site.now += timedelta(days=7)
    site.sign_in(dora)
    assert does(site, request, "lift").status_code == 303
    assert site.store.requests.restriction(call_id) is None
