"""The API: what programs can ask and say, and how they are told that something did not work."""

from __future__ import annotations

import base64
import json

import pytest

from tests.web.conftest import Site
from tests.web.records import short_call
from worker.core.call import Party
from worker.core.dialogue.values import Act, Annotation, Looked, OnPromise, Way, WholeCall
from worker.core.log.checkpoint import read_checkpoint
from worker.core.log.entry import BEFORE_THE_FIRST, Actor, EntryKind, Role
from worker.core.log.merkle import check_inclusion
from worker.core.record import SCHEMA_VERSION
from worker.exchange.result_json import record_from_json
from worker.record.signing import Verifier
from worker.web.api.bounds import LARGEST_BODY

API = "/api/v1"
AGREE = {"act": "agree", "target": {"on": "statement", "id": "s1"}}


@pytest.fixture
def call_id(site: Site) -> str:
    """A call with a record, opened by its customer."""
    call_id = site.publish(short_call())
    as_party(site, call_id, Party.CUSTOMER)
    return call_id


def as_party(site: Site, call_id: str, party: Party) -> None:
    site.sign_in(site.store.people.side(call_id, Role(party.value)))


def get(site: Site, path: str, status: int = 200) -> dict:
    response = site.client.get(f"{API}{path}")
    assert response.status_code == status, response.text
    return response.json()


def say(site: Site, call_id: str, body: object, status: int = 201) -> dict:
    response = site.client.post(f"{API}/calls/{call_id}/annotations", json=body)
    assert response.status_code == status, response.text
    return response.json()


def looks(site: Site, call_id: str) -> list[Way]:
    return [item.content.way for item in site.store.log.items(call_id) if isinstance(item.content, Looked)]


# Calls


def test_whoever_is_signed_in_learns_who_they_are_here(site, call_id):
    customer = site.store.people.side(call_id, Role.CUSTOMER)
    me = get(site, "/me")
    assert (me["id"], me["kind"]) == (customer.id, "customer")
    assert me["csrf"] == site.client.headers["X-CSRF-Token"]


def test_my_calls_are_listed_the_last_one_first_and_nobody_elses(site, with_hash):
    mine = [site.publish(with_hash(short_call(), f"{number:02x}" * 32)) for number in range(3)]
    customer = site.store.people.side(mine[0], Role.CUSTOMER)
    for other in mine[1:]:
        site.store.people.give_role(other, customer.id, Role.CUSTOMER)
    site.publish(short_call())
    site.sign_in(customer)
    listed = get(site, "/calls")
    assert [one["id"] for one in listed["calls"]] == mine[::-1]
    assert {(one["role"], one["standing"]["state"]) for one in listed["calls"]} == {("customer", "ready")}
    assert listed["next"] is None


def test_a_long_list_comes_in_parts_that_leave_none_out(site, with_hash):
    mine = [site.publish(with_hash(short_call(), f"{number:02x}" * 32)) for number in range(5)]
    customer = site.store.people.side(mine[0], Role.CUSTOMER)
    for other in mine[1:]:
        site.store.people.give_role(other, customer.id, Role.CUSTOMER)
    site.sign_in(customer)
    found, after = [], ""
    while True:
        part = get(site, f"/calls?limit=2{after}")
        assert len(part["calls"]) <= 2
        found += [one["id"] for one in part["calls"]]
        if part["next"] is None:
            break
        after = f"&after={part['next']}"
    assert found == mine[::-1]
    assert "next" in get(site, "/calls?after=nothing", 422)["detail"]


def test_a_call_that_was_taken_is_listed_while_something_in_it_is_open(site, call_id):
    other = site.store.people.add("paula@example.com", name="Paula")
    site.store.people.give_role(call_id, other.id, Role.NEXT_AGENT)
    site.sign_in(other)
    assert [one["role"] for one in get(site, "/calls")["calls"]] == ["next_agent"]
    kept = Annotation(Act.KEPT, OnPromise("p1"))
    customer = site.store.people.side(call_id, Role.CUSTOMER)
    site.store.log.append(call_id, Actor(Role.CUSTOMER, customer.id), kept, by="Maria Lopez")
    assert get(site, "/calls")["calls"] == []
    get(site, f"/calls/{call_id}", 404)


def test_a_call_that_is_being_worked_says_where_it_stands(site):
    call_id = site.begin("aa" * 32, stage="transcribe")
    as_party(site, call_id, Party.AGENT)
    one = get(site, f"/calls/{call_id}")
    assert one["standing"] == {"state": "running", "stage": "transcribe", "progress": 0.0}
    assert one["role"] == "agent"
    assert {"read", "say", "vouch"} <= set(one["rights"])
    assert get(site, f"/calls/{call_id}/record", 404)["title"] == "Not Found"
    assert looks(site, call_id) == [], "there was nothing to look at"


def test_the_record_is_the_one_that_the_stages_gave_and_each_look_is_noted(site, call_id):
    response = site.client.get(f"{API}/calls/{call_id}/record")
    assert record_from_json(response.text) == short_call()
    assert response.headers["cache-control"] == "private, no-store"
    assert looks(site, call_id) == [Way.DATA]


def test_the_page_comes_as_data_too_in_the_reader_s_language(site, call_id):
    page = get(site, f"/calls/{call_id}/page")
    assert page["headline"]["text"] == "A washing machine that leaks."
    assert looks(site, call_id) == [Way.DATA]
    german = site.client.get(f"{API}/calls/{call_id}/page", headers={"accept-language": "de"}).json()
    assert german["when"] != page["when"]


# Entries and annotations


def test_entries_are_numbered_and_each_holds_the_hash_of_the_one_before(site, call_id):
    say(site, call_id, AGREE)
    entries = get(site, f"/calls/{call_id}/entries")["entries"]
    assert [one["number"] for one in entries] == list(range(len(entries)))
    assert [one["kind"] for one in entries] == ["received", "made", "annotated"]
    before = BEFORE_THE_FIRST.hex()
    for one, held in zip(entries, site.store.log.held(call_id), strict=False):
        assert one["before"] == before
        before = one["hash"]
        assert one["hash"] == held.entry.hash.hex()
        assert one["content_hash"] == held.entry.content_hash.hex()
    assert entries[1]["says"] == {"schema_version": SCHEMA_VERSION, "turns": 6, "statements": 3, "promises": 1}
    assert (entries[2]["says"]["act"], entries[2]["role"]) == ("agree", "customer")


def test_entries_come_in_parts(site, call_id):
    first = get(site, f"/calls/{call_id}/entries?limit=1")
    assert ([one["number"] for one in first["entries"]], first["next"]) == ([0], 1)
    rest = get(site, f"/calls/{call_id}/entries?since=1&limit=50")
    assert [one["kind"] for one in rest["entries"]] == ["made", "looked"]
    assert rest["next"] is None


def test_who_looked_is_not_told_to_the_agent_of_the_next_call(site, call_id):
    get(site, f"/calls/{call_id}/record")
    other = site.store.people.add("paula@example.com", name="Paula")
    site.store.people.give_role(call_id, other.id, Role.NEXT_AGENT)
    site.sign_in(other)
    look = get(site, f"/calls/{call_id}/entries")["entries"][2]
    assert (look["kind"], look["person"], look["by"], look["says"]) == ("looked", None, None, None)
    assert look["role"] is None, "which of the two sides it was would say who"
    assert len(look["hash"]) == 64, "the entry itself stands there, and can be checked"


def test_what_is_said_through_the_api_is_an_entry_like_any_other(site, call_id):
    made = say(site, call_id, AGREE)
    (item,) = site.store.log.items(call_id, made["number"])
    assert item.content.act is Act.AGREE
    assert item.actor.person == site.store.people.side(call_id, Role.CUSTOMER).id
    (listed,) = get(site, f"/calls/{call_id}/annotations")["annotations"]
    assert (listed["number"], listed["state"], listed["role"]) == (made["number"], "stands", "customer")
    assert listed["annotation"]["target"] == {"id": "s1", "on": "statement"}


def test_words_are_named_by_number_and_completed_from_the_record(site, call_id):
    correction = {
        "act": "correct",
        "target": {"on": "words", "turn": "t2", "first": 8, "end": 10},
        "correction": {"to": "words", "text": "it squeaks."},
    }
    target = say(site, call_id, correction)["says"]["target"]
    assert (target["quote"], target["start_s"]) == ("it leaks.", pytest.approx(9.84, abs=0.01))
    outside = correction | {"target": {"on": "words", "turn": "t2", "first": 8, "end": 99}}
    assert "no such words" in say(site, call_id, outside, 422)["detail"]


def test_the_other_side_accepts_and_the_state_of_the_proposal_says_so(site, call_id):
    proposal = {
        "act": "correct",
        "target": {"on": "words", "turn": "t2", "first": 8, "end": 10},
        "correction": {"to": "words", "text": "it squeaks."},
    }
    number = say(site, call_id, proposal)["number"]
    accept = {"act": "accept", "target": {"on": "entry", "number": number}}
    assert say(site, call_id, accept, 403)["status"] == 403, "one's own proposal is for the other side to accept"
    as_party(site, call_id, Party.AGENT)
    say(site, call_id, accept)
    said = get(site, f"/calls/{call_id}/annotations")["annotations"]
    assert [(one["annotation"]["act"], one["state"]) for one in said] == [("correct", "accepted"), ("accept", "stands")]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/body/act"),
        (AGREE | {"act": "applaud"}, "/body/act"),
        (AGREE | {"target": {"on": "statement"}}, "/body/target/statement/id"),
        (AGREE | {"target": {"on": "statement", "id": "s1", "colour": "red"}}, "/body/target/statement/colour"),
        (AGREE | {"note": "misspelt"}, "/body/note"),
        (AGREE | {"day": "2026-02-30"}, "/body/day"),
    ],
)
def test_what_does_not_fit_is_named_by_its_place(site, call_id, body, pointer):
    problem = say(site, call_id, body, 422)
    assert pointer in [one["pointer"] for one in problem["errors"]]
    assert "Not" not in problem["title"]


@pytest.mark.parametrize(
    "body",
    [
        AGREE | {"text": "with words"},
        {"act": "ask", "target": {"on": "call"}},
        {"act": "kept", "target": {"on": "statement", "id": "s1"}},
        {"act": "agree", "target": {"on": "statement", "id": "nothing"}},
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_written(site, call_id, body):
    assert say(site, call_id, body, 422)["detail"].endswith(".")
    assert [item.kind for item in site.store.log.items(call_id)] == [EntryKind.RECEIVED, EntryKind.MADE]


def test_what_was_said_comes_as_web_annotations_for_whoever_asks_for_them(site, call_id):
    number = say(site, call_id, AGREE)["number"]
    asked = {"accept": 'application/ld+json; profile="http://www.w3.org/ns/anno.jsonld"'}
    response = site.client.get(f"{API}/calls/{call_id}/annotations", headers=asked)
    assert response.headers["content-type"] == asked["accept"]
    assert response.headers["vary"].startswith("Accept")
    collection = response.json()
    assert (collection["type"], collection["total"]) == ("AnnotationCollection", 1)
    assert collection["id"] == f"{site.parts.base_url}{API}/calls/{call_id}/annotations"
    (annotation,) = collection["first"]["items"]
    assert annotation["id"].endswith(f"/calls/{call_id}#entry-{number}")


# Proofs


def test_a_call_is_proved_with_the_public_key_and_nothing_else(site, call_id):
    site.store.log.include()
    site.store.log.publish(site.parts.now())
    verifier = Verifier.from_key(site.client.get(f"{API}/log/key").text)
    proof = get(site, f"/calls/{call_id}/proof")
    checkpoint = read_checkpoint(verifier.open(proof["checkpoint"]))
    assert checkpoint.size == proof["size"]
    entries = {one["number"]: one["hash"] for one in get(site, f"/calls/{call_id}/entries")["entries"]}
    assert [one["number"] for one in proof["entries"]] == [0, 1]
    for one in proof["entries"]:
        assert one["hash"] == entries[one["number"]]
        hashes = [bytes.fromhex(step) for step in one["hashes"]]
        check_inclusion(bytes.fromhex(one["hash"]), one["position"], checkpoint.size, hashes, checkpoint.root)


def test_key_and_checkpoint_are_for_everybody(site, call_id):
    site.sign_out()
    assert get(site, "/log/checkpoint", 404)["detail"].startswith("Nothing is published yet")
    site.store.log.include()
    site.store.log.publish(site.parts.now())
    note = site.client.get(f"{API}/log/checkpoint")
    assert note.headers["content-type"].startswith("text/plain")
    assert base64.b64decode(note.text.splitlines()[2])
    assert site.client.get(f"{API}/log/key").text.count("+") >= 2


# What does not work


@pytest.mark.parametrize("path", ["/me", "/calls", "/calls/{id}", "/calls/{id}/record", "/calls/{id}/entries"])
def test_nobody_is_told_anything_who_is_not_signed_in(site, call_id, path):
    site.sign_out()
    response = site.client.get(f"{API}{path.format(id=call_id)}")
    assert response.status_code == 401
    assert response.headers["www-authenticate"]
    assert response.json()["detail"].startswith("Nobody is signed in")


def test_anothers_call_and_one_that_is_not_there_are_answered_alike(site, call_id, with_hash):
    other = site.publish(with_hash(short_call(), "bb" * 32))
    problems = [get(site, f"/calls/{one}/record", 404) for one in (other, "0" * 16)]
    assert problems[0] == problems[1]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nothing", 404), ("DELETE", "/calls", 405), ("PUT", "/me", 405), ("GET", "/calls?limit=0", 422)],
)
def test_every_error_is_problem_details_whatever_the_asker_would_rather_have(site, call_id, method, path, status):
    response = site.client.request(method, f"{API}{path}", headers={"accept": "text/html"})
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert {"type", "title", "status", "detail"} <= set(problem)
    assert problem["status"] == status
    assert ("allow" in response.headers) == (status == 405)


def test_without_the_token_of_the_session_nothing_is_changed(site, call_id):
    del site.client.headers["X-CSRF-Token"]
    say(site, call_id, AGREE, 403)
    site.client.headers["X-CSRF-Token"] = "made up"
    say(site, call_id, AGREE, 403)
    assert len(site.store.log.items(call_id)) == 2


@pytest.mark.parametrize("content", [b'{"act":"agree"', b"", b"\xff\xfe", b"[" * 5000, b'{"act":"agree","act":NaN}'])
def test_bytes_that_are_no_json_are_refused(site, call_id, content):
    response = site.client.post(
        f"{API}/calls/{call_id}/annotations", content=content, headers={"content-type": "application/json"}
    )
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"


def test_more_than_makes_sense_is_refused_before_it_is_read(site, call_id):
    body = json.dumps(AGREE | {"text": "x" * LARGEST_BODY})
    in_parts = (body[at : at + 1000].encode() for at in range(0, len(body), 1000))  # so that no length is said before
    for content in (body, in_parts):
        response = site.client.post(
            f"{API}/calls/{call_id}/annotations", content=content, headers={"content-type": "application/json"}
        )
        assert response.status_code == 413
        assert response.json()["title"]


def test_a_bug_tells_programs_nothing_either(site, call_id, monkeypatch):
    def broken(_call_ids: object) -> None:
        raise RuntimeError("Maria Lopez said")

    monkeypatch.setattr(site.store, "those", broken)
    with site.client_of(site.parts) as client:
        client.cookies, client._transport.raise_server_exceptions = site.client.cookies, False
        response = client.get(f"{API}/calls")
    assert response.status_code == 500
    assert response.headers["content-type"] == "application/problem+json"
    assert "Maria" not in response.text


def test_whole_call_annotations_have_the_same_form_in_both_directions(site, call_id):
    made = say(site, call_id, {"act": "add", "target": {"on": "call"}, "text": "The crew came on Monday."})
    (item,) = site.store.log.items(call_id, made["number"])
    assert item.content == Annotation(Act.ADD, WholeCall(), "The crew came on Monday.")
    assert made["says"]["text"] == "The crew came on Monday."
