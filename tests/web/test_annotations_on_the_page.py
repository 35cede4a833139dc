"""Both sides write in the record's page: what each can say, where it stands then, and that nothing is lost."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from tests.handed_over import hand_over
from tests.web.conftest import AS_BROWSER, LASTS, Site
from tests.web.reading import Element, read
from tests.web.records import AGENT, CUSTOMER, long_call, page_of, short_call
from worker.core.call import CallDetails, Party
from worker.core.dialogue.selecting import words_target
from worker.core.dialogue.values import Act, Annotation, Item, OnStatement
from worker.core.log.entry import SIDES, Actor, Role
from worker.core.record import CallRecord
from worker.core.summary import HEADINGS
from worker.web.pages.words import KINDS_IN_WORDS

AS_SCRIPT = {**AS_BROWSER, "hx-request": "true"}


@dataclass
class Call:
    """A call whose two sides have its page open."""

    site: Site
    id: str

    def say(
        self, party: Party, target: str, act: Act, *, headers: dict[str, str] | None = None, **fields: str
    ) -> Element:
        """What a browser shows after this was sent."""
        address = self.site.link(self.id, party)
        form = {"target": target, "act": act.value, **fields}
        response = self.site.client.post(f"{address}/annotations", data=form, headers=headers or AS_BROWSER)
        assert response.status_code == 200, response.text
        return read(response.text)

    def refused(self, party: Party, target: str, act: Act, *, status: int = 422, **fields: str) -> Element:
        """The page that says why this was not taken."""
        address = self.site.link(self.id, party)
        form = {"target": target, "act": act.value, **fields}
        response = self.site.client.post(f"{address}/annotations", data=form, headers=AS_BROWSER)
        assert response.status_code == status
        return read(response.text)

    def page(self, party: Party = Party.CUSTOMER) -> Element:
        return self.site.open(self.id, party)

    @property
    def said(self) -> list[Item]:
        return [item for item in self.site.store.log.items(self.id) if isinstance(item.content, Annotation)]


@pytest.fixture
def call(site: Site) -> Call:
    return Call(site, publish(site, short_call()))


def publish(site: Site, record: CallRecord) -> str:
    """A call that was handed over with the names of both."""
    sha256 = record.recording.sha256
    details = CallDetails(agent="Daniel Price", customer="Maria Lopez")
    call_id = hand_over(
        site.store, details, sha256=sha256, file_name="call.wav", size_bytes=1, first_stage="publish"
    ).call_id
    assert site.store.begin(call_id, "publish", worker="w", lease_s=60.0, now=site.now)
    site.store.finish(call_id, "publish", worker="w", value=record, made_by=record.made_by[0], next_stage=None)
    return call_id


def offers(part: Element) -> set[str]:
    """The acts that are offered somewhere in a part of the page."""
    return {one.attributes["value"] for one in part.all("input", name="act")}


# What is offered


def test_both_sides_are_offered_the_same_powers_over_a_statement(call: Call) -> None:
    customer, agent = (call.page(party).one("li", id="s1") for party in (Party.CUSTOMER, Party.AGENT))
    assert offers(customer) == offers(agent) == {"agree", "dispute", "correct", "ask", "add"}


def test_only_the_one_to_whom_it_was_made_is_asked_whether_a_promise_was_kept(call: Call) -> None:
    assert {"kept", "not_kept"} <= offers(call.page(Party.CUSTOMER).one("li", id="p1"))
    assert not {"kept", "not_kept"} & offers(call.page(Party.AGENT).one("li", id="p1"))


def test_who_takes_the_next_call_reads_everything_and_is_offered_nothing() -> None:
    page = page_of(short_call(), role=Role.NEXT_AGENT)
    assert not page.may_write
    assert not any(line.standing.saying.offers for group in page.groups for line in group.lines)
    assert page.unknown_you == "You read this as agent of a later call."


def test_a_reviewer_writes_beside_both_and_decides_nothing() -> None:
    page = page_of(short_call(), role=Role.REVIEWER)
    assert {offer.act for offer in page.promises[0].saying.offers} == {Act.ASK, Act.ADD}
    assert not any(person.is_you for person in page.people)


def test_every_form_works_without_a_script(call: Call) -> None:
    forms = call.page().one("main").all("form")
    assert forms
    for form in forms:
        assert form.attributes["method"] == "post"
        leads_to = form.attributes["action"]
        assert leads_to in (f"/calls/{call.id}/annotations", f"/calls/{call.id}/added", "/requests/new")
        assert form.one("input", name="csrf").attributes["value"]
        assert form.all("button")


def test_each_turn_leads_to_a_page_where_its_words_are_chosen_and_spoken_of(call: Call) -> None:
    link = call.page().one("li", id="t2").one("a", class_="say")
    page = read(call.site.client.get(link.attributes["href"], headers=AS_BROWSER).text)
    assert [option.text for option in page.one("select", name="first").all("option")][:3] == [
        "1: I",
        "2: bought",
        "3: a",
    ]
    assert offers(page) == {"agree", "dispute", "correct", "ask", "add"}
    chosen = call.site.client.get(f"/calls/{call.id}/say?turn=t2&first=8&last=9", headers=AS_BROWSER)
    assert read(chosen.text).one("p", class_="quoted").text == "“it leaks.”"


# What follows from it


def test_a_statement_says_who_agrees_with_it(call: Call) -> None:
    page = call.say(Party.CUSTOMER, "statement:s1", Act.AGREE)
    assert page.one("li", id="s1").one("p", class_="standing").text == "Maria Lopez agrees"
    page = call.say(Party.AGENT, "statement:s1", Act.AGREE)
    assert page.one("li", id="s1").one("p", class_="standing").text == "Both agree"


def test_each_agreement_says_whose_it_is_and_when_and_can_be_withdrawn(call: Call) -> None:
    page = call.say(Party.CUSTOMER, "statement:s1", Act.AGREE)
    line = page.one("li", id=f"entry-{call.said[-1].number}")
    assert "Maria Lopez, customer (you), agreed" in line.text
    assert line.one("time")
    assert "withdraw" in offers(line)
    page = call.say(Party.CUSTOMER, f"entry:{call.said[-1].number}", Act.WITHDRAW)
    assert not page.one("li", id="s1").all("p", class_="standing")


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.CUSTOMER])
def test_an_agreement_that_counts_for_nothing_or_no_longer_is_still_read(call: Call, role: Role) -> None:
    actor = Actor(role, "somebody")
    item = call.site.store.log.append(call.id, actor, Annotation(Act.AGREE, OnStatement("s1")), by="Ruth Amt")
    call.say(Party.CUSTOMER, "statement:s1", Act.DISPUTE)
    assert "Ruth Amt" in call.page().one("li", id=f"entry-{item.number}").text


def test_what_is_disputed_stands_in_two_equal_boxes_in_the_order_of_time(call: Call) -> None:
    call.say(Party.AGENT, "statement:s3", Act.CORRECT, sentence="The customer asked for Friday.")
    page = call.say(Party.CUSTOMER, "statement:s3", Act.DISPUTE, text="I only agreed to the morning.")
    part = page.one("li", id="s3")
    first, second = part.one("ul", class_="boxes").all("li")
    assert "Disputed. The versions stand in the order in which they were put." in part.text
    assert first.one("p", class_="version").text == "The customer asked for Friday."
    assert first.one("p", class_="by").text == "Daniel Price"
    assert second.one("p", class_="version").text == "I only agreed to the morning."
    assert second.one("p", class_="by").text == "Maria Lopez (you)"
    assert {one.attributes["class"].split()[0] for one in (first, second)} == {"agent", "customer"}
    machine = next(one for one in part.all("details") if "As it stood at first" in one.text)
    assert "The customer agreed to Friday." in machine.text
    assert page.one("ul", id="stands").one("a", href="#s3").text == "1 sentence is disputed"


def test_a_dispute_that_says_nothing_more_stands_beside_what_was_written_by_machine(call: Call) -> None:
    part = call.say(Party.CUSTOMER, "statement:s1", Act.DISPUTE).one("li", id="s1")
    machine, customer = part.one("ul", class_="boxes").all("li")
    assert machine.one("p", class_="by").text == "Written by machine"
    assert "Nobody has agreed with this" in machine.text
    assert customer.one("p", class_="version").text == "This is not what happened."
    assert part.all("a", class_="play"), "the words it is about can still be played"


def test_a_disputed_quotation_is_not_called_written(call: Call) -> None:
    part = call.say(Party.CUSTOMER, "statement:s2", Act.DISPUTE).one("li", id="s2")
    said, _ = part.one("ul", class_="boxes").all("li")
    assert said.one("p", class_="by").text == "In the words of the call"


def test_both_read_the_same_boxes_but_for_who_you_is(call: Call) -> None:
    call.say(Party.CUSTOMER, "statement:s1", Act.DISPUTE, text="It was a dishwasher.")

    def boxes(party: Party) -> list[tuple[str, str]]:
        found = call.page(party).one("li", id="s1").one("ul", class_="boxes").all("li")
        return [(one.one("p", class_="by").text, one.one("p", class_="version").text) for one in found]

    assert [(by.replace(" (you)", ""), text) for by, text in boxes(Party.CUSTOMER)] == boxes(Party.AGENT)


def test_once_both_hold_one_version_it_is_shown_and_the_machines_is_one_step_away(call: Call) -> None:
    page = call.say(Party.CUSTOMER, "statement:s1", Act.CORRECT, sentence="Maria had bought a dishwasher.")
    page = call.say(Party.AGENT, f"entry:{call.said[-1].number}", Act.ACCEPT)
    part = page.one("li", id="s1")
    assert not part.all("ul", class_="boxes")
    assert part.text.startswith("Maria had bought a dishwasher.")
    assert "Settled: both agree on this wording" in part.text
    machine = next(one for one in part.all("details") if "As it stood at first" in one.text)
    assert "The customer had bought a washing machine that leaks." in machine.text


def test_an_accepted_correction_is_what_is_shown_and_the_machines_reading_is_one_step_away(call: Call) -> None:
    page = call.say(Party.CUSTOMER, "words:t2:8-10", Act.CORRECT, words="it really smokes.")
    assert not page.one("li", id="t2").all("ins"), "a proposal changes nothing yet"
    page = call.say(Party.AGENT, f"entry:{call.said[-1].number}", Act.ACCEPT)
    turn = page.one("li", id="t2")
    words = turn.one("p", class_="words")
    assert words.text == "I bought a washing machine from you, and it really smokes."
    changed = turn.one("ins", class_="changed")
    assert (changed.text, changed.attributes["data-from"], changed.attributes["data-to"]) == (
        "it really smokes.",
        "8",
        "10",
    )
    assert len(words.attributes["data-times"].split()) == len(words.text.split()), "each shown word has its time"
    assert short_call().turns[1].text in turn.one("details", class_="heard").text
    assert "to be looked at again" in page.one("li", id="s1").text, "it rested on the changed words"


def test_corrected_words_that_are_chosen_again_are_read_as_they_are_shown(call: Call) -> None:
    call.say(Party.CUSTOMER, "words:t2:8-10", Act.CORRECT, words="it really smokes.")
    call.say(Party.AGENT, f"entry:{call.said[-1].number}", Act.ACCEPT)
    page = read(call.site.client.get(f"/calls/{call.id}/say?turn=t2&first=7&last=9", headers=AS_BROWSER).text)
    assert page.one("p", class_="quoted").text == "“and it really smokes.”"
    assert page.one("input", name="words").attributes["value"] == "and it really smokes."


def test_words_that_were_never_said_are_shown_as_nothing_said(call: Call) -> None:
    call.say(Party.CUSTOMER, "words:t4:0-2", Act.CORRECT, words="")
    page = call.say(Party.AGENT, f"entry:{call.said[-1].number}", Act.ACCEPT)
    assert page.one("li", id="t4").one("ins").text == "[nothing\u00a0was\u00a0said]"


def test_another_speaker_that_both_hold_is_named_and_the_machine_s_is_one_step_away(call: Call) -> None:
    call.say(Party.AGENT, "words:t6:0-3", Act.CORRECT, speaker="agent")
    page = call.say(Party.CUSTOMER, f"entry:{call.said[-1].number}", Act.ACCEPT)
    turn = page.one("li", id="t6")
    assert "agent" in turn.attributes["class"].split()
    assert turn.one("p", class_="who").text == "Daniel Price, agent"
    assert "Maria Lopez: By Friday, good." in turn.one("details", class_="heard").text


def test_a_question_stands_beside_its_words_until_it_is_answered(call: Call) -> None:
    page = call.say(Party.AGENT, "words:t6:0-2", Act.ASK, text="Did they ring?")
    number = call.said[-1].number
    note = page.one("li", id=f"entry-{number}")
    assert "Daniel Price, agent (you), asked" in note.text
    assert note.one("q").text == "By Friday,"
    assert "Waits for an answer" in note.text
    assert page.one("ul", id="stands").one("a", href=f"#entry-{number}").text == "1 question waits for an answer"
    page = call.say(Party.CUSTOMER, f"entry:{number}", Act.ANSWER, text="Nobody rang.")
    note = page.one("li", id=f"entry-{number}")
    assert "Waits for an answer" not in note.text
    assert "Nobody rang." in note.one("li").text


def test_a_promise_says_that_it_was_kept_once_the_one_it_was_made_to_said_so(call: Call) -> None:
    page = call.say(Party.CUSTOMER, "promise:p1", Act.KEPT)
    assert page.one("li", id="p1").one("p", class_="standing").text == "It was done, says Maria Lopez"


def test_who_said_that_a_promise_was_kept_can_withdraw_it_and_be_answered(call: Call) -> None:
    page = call.say(Party.CUSTOMER, "promise:p1", Act.NOT_KEPT, text="Nobody came.")
    number = call.said[-1].number
    verdict = page.one("div", id=f"entry-{number}")
    assert "It was not done, says Maria Lopez" in verdict.text
    assert "Nobody came." in verdict.text
    stands = page.one("ul", id="stands")
    assert stands.one("a", href="#p1").text == "1 promise was not kept, says the one to whom it was made"
    assert verdict.one("time")
    assert "withdraw" in offers(verdict)
    page = call.say(Party.AGENT, f"entry:{number}", Act.ADD, text="We rang twice.")
    assert "We rang twice." in page.one("div", id=f"entry-{number}").text
    page = call.say(Party.CUSTOMER, f"entry:{number}", Act.WITHDRAW)
    assert "Withdrawn" in page.one("li", id=f"entry-{number}").text


def test_another_day_for_a_promise_waits_for_the_other_side(call: Call) -> None:
    page = call.say(Party.AGENT, "promise:p1", Act.NEW_DAY, day="2026-03-20", text="The part is missing.")
    number = call.said[-1].number
    assert "Waits for the other side" in page.one("li", id=f"entry-{number}").text
    asked = call.page(Party.CUSTOMER).one("li", id=f"entry-{number}")
    assert {"accept", "decline"} <= offers(asked)
    assert "Waits for you" in asked.text
    page = call.say(Party.CUSTOMER, f"entry:{number}", Act.ACCEPT)
    promise = page.one("li", id="p1")
    assert promise.one("p", class_="due").text == "By Friday 20 March 2026, as both agreed"
    assert "In the call: By Friday 13 March 2026" in promise.text


def test_a_refusal_stays_readable_with_its_reason(call: Call) -> None:
    call.say(Party.AGENT, "promise:p1", Act.NEW_DAY, day="2026-03-20")
    number = call.said[-1].number
    page = call.say(Party.CUSTOMER, f"entry:{number}", Act.DECLINE, text="I am away that week.")
    note = page.one("li", id=f"entry-{number}")
    assert "Declined by Maria Lopez" in note.text
    assert "I am away that week." in note.text


def test_what_is_withdrawn_stays_readable_as_withdrawn(call: Call) -> None:
    call.say(Party.CUSTOMER, "call", Act.ADD, text="I had called three times before.")
    number = call.said[-1].number
    page = call.say(Party.CUSTOMER, f"entry:{number}", Act.WITHDRAW)
    note = page.one("li", id=f"entry-{number}")
    assert "Withdrawn" in note.text
    assert "I had called three times before." in note.text
    assert "withdrawn" in note.attributes["class"].split()


def test_a_reviewer_is_called_one_wherever_the_name_stands(call: Call) -> None:
    question = Annotation(Act.ASK, OnStatement("s1"), "Who said this?")
    call.site.store.log.append(call.id, Actor(Role.REVIEWER, "a reviewer"), question, by="Ruth Amt")
    note = call.page().one("li", id=f"entry-{call.said[-1].number}")
    assert "Ruth Amt, reviewer, asked" in note.text
    assert note.attributes["class"].strip() not in ("agent", "customer"), "neither side's hue is a reviewer's"


def test_programs_read_the_same_standing_as_people(call: Call) -> None:
    page = call.say(Party.CUSTOMER, "statement:s1", Act.AGREE)
    data = call.site.client.get(f"/calls/{call.id}.json").json()
    asked = data["groups"][0]["lines"][0]
    assert asked["standing"]["words"] == page.one("li", id="s1").one("p", class_="standing").text
    assert [one["number"] for one in asked["standing"]["agreements"]] == [call.said[-1].number]


# Nothing that was written is lost


def test_whoever_writes_is_led_back_to_what_was_written(call: Call) -> None:
    address = call.site.link(call.id)
    form = {"target": "statement:s1", "act": "ask", "text": "Which machine?"}
    response = call.site.client.post(f"{address}/annotations", data=form, headers=AS_BROWSER, follow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (303, f"{address}#entry-{call.said[-1].number}")


def test_whoever_withdraws_is_led_to_what_they_withdrew(call: Call) -> None:
    call.say(Party.CUSTOMER, "call", Act.ADD, text="I had called before.")
    place = f"entry-{call.said[-1].number}"
    answer = call.say(Party.CUSTOMER, place.replace("-", ":"), Act.WITHDRAW, headers=AS_SCRIPT)
    assert answer.one("span", **{"data-place": place})
    assert "Withdrawn" in answer.one("li", id=place).text


def test_every_entry_that_somebody_wrote_has_its_place_on_the_page(call: Call) -> None:
    call.say(Party.CUSTOMER, "statement:s1", Act.AGREE)
    call.say(Party.AGENT, "statement:s3", Act.DISPUTE, text="It was Saturday.")
    call.say(Party.CUSTOMER, "statement:s3", Act.AGREE)
    call.say(Party.CUSTOMER, "promise:p1", Act.KEPT)
    call.say(Party.AGENT, "words:t6:0-2", Act.ASK, text="Did they ring?")
    call.say(Party.CUSTOMER, f"entry:{call.said[-1].number}", Act.ANSWER, text="No.")
    call.say(Party.CUSTOMER, "words:t2:8-10", Act.CORRECT, words="it smokes.")
    call.say(Party.AGENT, f"entry:{call.said[-1].number}", Act.DECLINE)
    page = call.page()
    ids = [one.attributes["id"] for one in page if "id" in one.attributes]
    assert len(ids) == len(set(ids))
    assert {f"entry-{item.number}" for item in call.said} <= set(ids)


@pytest.mark.parametrize(
    ("target", "act", "fields", "kept"),
    [
        (
            "statement:s1",
            Act.CORRECT,
            {"sentence": "The customer had bought a washing machine that leaks."},
            "sentence",
        ),
        ("words:t2:8-10", Act.CORRECT, {"words": "it  leaks."}, "words"),
        ("promise:p1", Act.NEW_DAY, {"day": "no day", "text": "The part is missing."}, "text"),
        ("statement:s1", Act.ASK, {"text": "x" * 4001}, "text"),
    ],
    ids=["the same sentence", "the same words", "no day", "too long"],
)
def test_what_does_not_fit_comes_back_with_everything_that_was_written(
    call: Call, target: str, act: Act, fields: dict[str, str], kept: str
) -> None:
    page = call.refused(Party.CUSTOMER, target, act, **fields)
    assert page.one("p", role="alert").text
    form = page.one("main").one("form")
    (field,) = [one for one in form if one.attributes.get("name") == kept]
    assert (field.attributes.get("value") or field.raw_text).split() == fields[kept].split()
    assert not call.said


def test_what_is_about_nothing_here_is_at_least_shown_again(call: Call) -> None:
    page = call.refused(Party.CUSTOMER, "statement", Act.ASK, text="A long and careful question.")
    assert page.one("textarea").text == "A long and careful question."
    page = call.refused(Party.CUSTOMER, "words:t99:0-1", Act.ASK, text="A long and careful question.")
    assert page.one("textarea").text == "A long and careful question."


@pytest.mark.parametrize("headers", [AS_BROWSER, AS_SCRIPT], ids=["without a script", "with one"])
def test_what_is_sent_twice_is_written_once(call: Call, headers: dict[str, str]) -> None:
    call.say(Party.CUSTOMER, "statement:s1", Act.ASK, text="Which machine?")
    page = call.say(Party.CUSTOMER, "statement:s1", Act.ASK, headers=headers, text="Which machine?")
    (asked,) = call.said
    assert page.one("li", id=f"entry-{asked.number}")


def test_what_was_written_by_whom_is_signed_in_no_longer_is_shown_again_with_the_way_back(call: Call) -> None:
    address = call.site.link(call.id)
    call.site.now += LASTS
    form = {"target": "statement:s1", "act": "ask", "text": "A long and careful question."}
    headers = {**AS_BROWSER, "referer": f"http://localhost{address}"}
    response = call.site.client.post(f"{address}/annotations", data=form, headers=headers)
    assert response.status_code == 401
    page = read(response.text)
    assert page.one("textarea").text == "A long and careful question."
    assert page.one("a", class_="button").attributes["href"] == f"/sign-in?next={address}"
    assert not call.said


def test_what_is_for_the_other_to_say_is_refused_in_words(call: Call) -> None:
    page = call.refused(Party.AGENT, "promise:p1", Act.KEPT, status=403)
    assert "Only the one to whom this was promised can say if it was done." in page.text
    assert not call.said


# Without loading again


def test_a_script_gets_only_the_parts_that_changed(call: Call) -> None:
    answer = call.say(Party.CUSTOMER, "statement:s1", Act.DISPUTE, headers=AS_SCRIPT, text="It was a dishwasher.")
    places = [one.attributes["hx-target"] for one in answer.all("hx-partial")]
    assert places == ["#s1", "#stands", "#proof-count", "#proof-words", "#said"]
    assert answer.one("li", id="s1").one("ul", class_="boxes")
    told = answer.one("span", **{"data-place": f"entry-{call.said[-1].number}"})
    assert told.text == "It is in the record now, and both sides can read it."


def test_an_accepted_correction_changes_the_turn_and_every_statement_that_rests_on_it(call: Call) -> None:
    call.say(Party.CUSTOMER, "words:t2:8-10", Act.CORRECT, words="it smokes.")
    answer = call.say(Party.AGENT, f"entry:{call.said[-1].number}", Act.ACCEPT, headers=AS_SCRIPT)
    places = {one.attributes["hx-target"] for one in answer.all("hx-partial")}
    assert places == {"#s0", "#s1", "#t2", "#stands", "#proof-count", "#proof-words", "#said"}


def test_each_part_that_a_script_gets_is_the_one_that_the_page_shows(call: Call) -> None:
    answer = call.say(Party.CUSTOMER, "words:t2:8-10", Act.ASK, headers=AS_SCRIPT, text="Heard right?")
    part = answer.one("li", id="t2")
    assert part.text == call.page(Party.CUSTOMER).one("li", id="t2").text


def test_a_script_that_is_refused_gets_the_form_again(call: Call) -> None:
    address = call.site.link(call.id)
    form = {"target": "words:t2:8-10", "act": "correct", "words": "it leaks."}
    response = call.site.client.post(f"{address}/annotations", data=form, headers=AS_SCRIPT)
    assert response.status_code == 422
    answer = read(response.text)
    assert not answer.all("html")
    assert "These are the words as they stand." in answer.one("form").one("p", role="alert").text


# Looks, and the proof


def test_both_sides_see_who_looked(call: Call) -> None:
    call.page(Party.AGENT)
    call.page(Party.AGENT)
    looks = call.page(Party.CUSTOMER).one("details", id="looks")
    assert [line.text.split(" last on")[0] for line in looks.all("li")] == [
        "Maria Lopez, customer (you), read it",
        "Daniel Price, agent, read it, 2 times",
    ]


def test_who_writes_without_having_looked_is_noted_as_looking(call: Call) -> None:
    call.site.client.get(f"{call.site.link(call.id)}/say?target=statement:s1", headers=AS_BROWSER)
    assert "Maria Lopez, customer, read it" in call.page(Party.AGENT).one("details", id="looks").text


def test_the_proof_says_how_many_entries_there_are_and_that_nothing_was_changed(call: Call) -> None:
    proof = call.page().one("details", id="proof")
    entries = len(call.site.store.log.items(call.id))
    assert f"This record has {entries} entries, and nothing in them was changed." in proof.text
    assert call.site.store.log.verifier_key in proof.text
    assert proof.one("a", class_="button").attributes["href"] == f"/requests/new?call={call.id}"
    assert short_call().recording.sha256 in proof.text


# Long, hostile, elsewhere


def test_what_people_write_is_text_and_nothing_else(call: Call) -> None:
    evil = "<script>alert(1)</script></li><hx-partial hx-target='#s2'>x</hx-partial> {{ page }}"
    answer = call.say(Party.CUSTOMER, "statement:s1", Act.ASK, headers=AS_SCRIPT, text=evil)
    assert not answer.all("script")
    assert len(answer.all("hx-partial")) == 5
    assert call.page().one("li", id="s1").one("p", class_="text").text == evil


def test_names_and_words_in_notes_keep_to_themselves_in_any_direction(site: Site) -> None:
    parties = (replace(AGENT, name="عبد الرحمن"), replace(CUSTOMER, name="שרה לוי"))
    call = Call(site, publish(site, replace(short_call(), parties=parties)))
    page = call.say(Party.CUSTOMER, "statement:s1", Act.ASK, text="מה?")
    note = page.one("li", id=f"entry-{call.said[-1].number}")
    assert note.one("bdi")
    assert note.one("p", class_="text").attributes["dir"] == "auto"


def test_a_page_in_another_language_has_its_dates_in_it(call: Call) -> None:
    address = call.site.link(call.id)
    response = call.site.client.get(address, headers={**AS_BROWSER, "accept-language": "de"})
    page = read(response.text)
    assert page.one("html").attributes["lang"] == "de"
    assert "10. März 2026" in page.one("p", class_="when").text


def test_an_hour_with_forty_annotations_stays_below_300_kilobytes(site: Site) -> None:
    record = long_call(turns=600, words=10_200)
    call = Call(site, publish(site, record))
    for number in range(40):
        role = SIDES[number % 2]
        target = words_target(record, f"t{number * 10 + 1}", 0, 3)
        question = Annotation(Act.ASK, target, f"What does number {number} mean?")
        actor = Actor(role, site.store.people.side(call.id, role).id)
        site.store.log.append(call.id, actor, question, by="Somebody")
    response = site.client.get(site.link(call.id), headers={**AS_BROWSER, "accept-encoding": "gzip"})
    assert int(response.headers["content-length"]) < 300_000
    assert len(read(response.text).all("ul", class_="notes")) == 40


def test_every_kind_of_statement_has_the_heading_of_the_record() -> None:
    assert KINDS_IN_WORDS == HEADINGS


def test_a_stranger_says_nothing_here(site: Site, call: Call) -> None:
    site.sign_out()
    form = {"target": "statement:s1", "act": "agree"}
    response = site.client.post(f"/calls/{call.id}/annotations", data=form, headers=AS_BROWSER)
    assert response.status_code == 401
    assert not call.said
