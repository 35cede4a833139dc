"""What was said about a record as W3C Web Annotations: motivations, bodies, and the places they point to."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest

from tests.core.talk import (
    AGENT,
    CALL,
    CUSTOMER,
    PROMISE,
    RECORD,
    REVIEWER,
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
from worker.core.dialogue.selecting import words_target
from worker.core.dialogue.values import NewSpeaker, NewWords, OnEntry
from worker.exchange.web_annotation import Addresses, collection_of, web_annotation

HERE = Addresses(
    record="https://record.example/calls/c1",
    sound="https://record.example/calls/c1/sound",
    collection="https://record.example/calls/c1/annotations",
)
FRIDAY = words_target(RECORD, "t5", 10, 12)
STANDARD = "http://www.w3.org/ns/anno.jsonld"


def items(*said):
    """The annotations of the collection, as another program reads them from the wire."""
    collection = json.loads(json.dumps(collection_of(read(*said), RECORD, HERE)))
    return collection["first"]["items"] if "first" in collection else []


def test_everything_said_is_one_collection_of_one_page_in_the_order_of_the_log():
    dialogue = read(correct(CUSTOMER, "It was a dryer."), accept(AGENT, 0), ask(AGENT), withdraw(AGENT, 2))
    collection = collection_of(dialogue, RECORD, HERE)
    assert collection["@context"][0] == STANDARD
    assert (collection["id"], collection["type"], collection["total"]) == (HERE.collection, "AnnotationCollection", 3)
    page = collection["first"]
    assert (page["type"], page["startIndex"]) == ("AnnotationPage", 0)
    assert [one["id"] for one in page["items"]] == [f"{HERE.record}#entry-{number}" for number in (0, 1, 2)]
    assert [one["standing"] for one in page["items"]] == ["accepted", "stands", "withdrawn"]


def test_a_record_of_which_nobody_said_anything_is_an_empty_collection():
    collection = collection_of(read(), RECORD, HERE)
    assert collection["total"] == 0
    assert "first" not in collection


def test_one_annotation_is_a_document_of_its_own():
    (said,) = read(dispute(CUSTOMER, "It was a dryer.")).said
    assert web_annotation(said, RECORD, HERE) == {
        "@context": [
            STANDARD,
            {
                "onrecord": "urn:x-onrecord:",
                "act": "onrecord:act",
                "standing": "onrecord:standing",
                "role": "onrecord:role",
            },
        ],
        "id": "https://record.example/calls/c1#entry-0",
        "type": "Annotation",
        "motivation": "assessing",
        "act": "dispute",
        "standing": "stands",
        "creator": {"type": "Person", "role": "customer", "name": "Maria Lopez"},
        "created": "2026-03-10T10:30:00Z",
        "target": {
            "type": "SpecificResource",
            "source": "https://record.example/calls/c1",
            "selector": {
                "type": "FragmentSelector",
                "conformsTo": "http://tools.ietf.org/rfc/rfc3236",
                "value": "s1",
            },
        },
        "body": [
            {"type": "TextualBody", "value": "It was a dryer.", "format": "text/plain", "purpose": "assessing"},
        ],
    }


def test_chosen_words_are_found_in_the_text_and_in_the_sound():
    (one,) = items(add(CUSTOMER, FRIDAY))
    in_text, in_sound = one["target"]
    assert (in_text["source"], in_sound["source"]) == (HERE.record, HERE.sound)
    assert in_text["selector"]["value"] == "t5"
    quote, position = in_text["selector"]["refinedBy"]
    before = "The repair is free. A technician will come to you "
    assert quote == {"type": "TextQuoteSelector", "exact": "by Friday.", "prefix": before[-32:], "suffix": ""}
    text = RECORD.turns[4].text
    assert position["type"] == "TextPositionSelector"
    assert text[position["start"] : position["end"]] == "by Friday."
    assert in_sound["selector"] == {
        "type": "FragmentSelector",
        "conformsTo": "http://www.w3.org/TR/media-frags/",
        "value": f"t={FRIDAY.start_s:g},{FRIDAY.end_s:g}",
    }


def test_words_that_no_longer_stand_in_the_record_have_their_quote_and_no_position():
    (said,) = read(add(CUSTOMER, FRIDAY)).said
    turns = tuple(replace(turn, text=turn.text.replace("Friday", "Monday")) for turn in RECORD.turns)
    annotation = web_annotation(said, replace(RECORD, turns=turns), HERE)
    assert [one["type"] for one in annotation["target"][0]["selector"]["refinedBy"]] == ["TextQuoteSelector"]
    annotation = web_annotation(said, replace(RECORD, turns=()), HERE)
    assert [one["type"] for one in annotation["target"][0]["selector"]["refinedBy"]] == ["TextQuoteSelector"]


@pytest.mark.parametrize(
    ("said", "motivation", "bodies"),
    [
        ([agree(AGENT)], "assessing", []),
        ([dispute(AGENT, target=CALL)], "assessing", []),
        ([add(REVIEWER)], "commenting", [("The receipt is from 3 March.", "commenting")]),
        ([ask(AGENT)], "questioning", [("When was that?", "questioning")]),
        ([ask(AGENT), answer(CUSTOMER, 0)], "replying", [("In March.", "replying")]),
        ([ask(AGENT), add(CUSTOMER, OnEntry(0))], "replying", [("The receipt is from 3 March.", "replying")]),
        ([correct(AGENT, "It was a dryer.")], "editing", [("It was a dryer.", "editing")]),
        ([correct(AGENT, NewWords(""), FRIDAY)], "editing", [("", "editing")]),
        ([correct(AGENT, NewSpeaker(Party.CUSTOMER), FRIDAY)], "editing", [("customer", "identifying")]),
        ([new_day(AGENT, date(2026, 3, 16))], "editing", [("2026-03-16", "editing")]),
        ([kept(CUSTOMER)], "assessing", []),
        ([not_kept(CUSTOMER)], "assessing", []),
        ([correct(AGENT, "It was a dryer."), accept(CUSTOMER, 0)], "assessing", []),
        ([correct(AGENT, "It was a dryer."), decline(CUSTOMER, 0)], "assessing", []),
    ],
)
def test_each_act_has_its_motivation_and_what_was_written(said, motivation, bodies):
    last = items(*said)[-1]
    assert last["motivation"] == motivation
    assert [(body["value"], body["purpose"]) for body in last.get("body", [])] == bodies


@pytest.mark.parametrize(
    ("said", "target"),
    [
        ([agree(AGENT, CALL)], HERE.record),
        ([ask(AGENT), answer(CUSTOMER, 0)], f"{HERE.record}#entry-0"),
    ],
)
def test_the_whole_call_and_other_entries_are_pointed_to_by_their_address(said, target):
    assert items(*said)[-1]["target"] == target


def test_a_promise_is_found_by_its_id():
    assert items(kept(CUSTOMER))[0]["target"]["selector"]["value"] == PROMISE.id
