"""What stages give, to JSON and back: every type, every field, and nothing that would come back as something else."""

from __future__ import annotations

import math
import types
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from enum import Enum
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from worker.core.call import CallDetails, Party
from worker.core.errors import BrokenModel, BrokenRecord
from worker.core.record import SCHEMA_VERSION, CallRecord
from worker.core.sound import RecordingFacts, Sound, Track
from worker.core.summary import Commitment, Draft, Drafts, Due, Ending, EndState, Statement, Summary
from worker.core.transcript import Conversation, Listening, Transcript, Voices, Word
from worker.record.values import from_json, to_json

KINDS = (CallDetails, Sound, Listening, Transcript, Voices, Conversation, Drafts, Summary, CallRecord)

ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(max_size=8),
    int: st.integers(0, 2**40),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    type(None): st.none(),
    Path: st.text("abc/ü %?", min_size=1, max_size=8).map(Path),
    date: st.dates(date(1970, 1, 2), date(2100, 1, 1)),
    datetime: st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1), timezones=ZONES),
}


def values_of(kind: Any) -> st.SearchStrategy[Any]:
    """Any value of a type, as its annotations say, and as the rules of its own that it keeps."""
    if kind in PLAIN:
        return PLAIN[kind]
    if is_dataclass(kind):
        return instances_of(kind)
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return st.one_of(*map(values_of, parts))
    if origin is tuple:
        return st.lists(values_of(parts[0]), max_size=2).map(tuple)
    if origin is dict:
        return st.dictionaries(values_of(parts[0]), values_of(parts[1]), max_size=2)
    assert issubclass(kind, Enum), f"this test does not know how to make a {kind}"
    return st.sampled_from(list(kind))


def instances_of(kind: Any) -> st.SearchStrategy[Any]:
    hints = get_type_hints(kind)
    free = {field.name: values_of(hints[field.name]) for field in fields(kind)}
    if kind is CallDetails:
        free["language"] = st.sampled_from([None, "en", "yue"])
        free["zone"] = st.sampled_from([None, "Europe/Berlin", "Asia/Kolkata"])
        for address in ("agent_address", "customer_address"):
            free[address] = st.sampled_from([None, "ann@example.com", "+4930123456"])
    if kind in (Statement, Commitment):
        free["evidence"] = values_of(get_args(hints["evidence"])[0]).map(lambda one: (one,))
    if kind is Statement:
        writers = st.one_of(st.none(), st.text(max_size=8))
        free["support"] = st.floats(0, 1)
        return writers.flatmap(
            lambda who: st.builds(kind, **{**free, "written_by": st.just(who), "quoted": st.just(who is None)})
        )
    if kind is Draft:
        written = st.one_of(st.just((None, None)), st.tuples(st.text(max_size=8), st.text(max_size=8)))
        return written.flatmap(
            lambda pair: st.builds(kind, **{**free, "text": st.just(pair[0]), "written_by": st.just(pair[1])})
        )
    if kind is CallRecord:
        free["schema_version"] = st.just(SCHEMA_VERSION)  # records of other versions are brought up to this one
    if kind is Commitment:
        free["promisor"], free["beneficiary"] = st.just(Party.AGENT), st.just(Party.CUSTOMER)
    if kind is Ending:
        words = values_of(get_args(hints["evidence"])[0]).map(lambda one: (one,))
        shown = st.builds(kind, state=st.sampled_from([EndState.RESOLVED, EndState.OPEN]), evidence=words)
        return st.one_of(st.just(Ending()), shown)
    return st.builds(kind, **free)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_what_a_stage_gives_reads_back_as_it_was(kind):
    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
    @given(values_of(kind))
    def reads_back(value):
        back = from_json(to_json(value), kind)
        assert back == value
        assert type(back) is kind

    reads_back()


def test_every_stage_gives_a_type_that_is_tried_here():
    from worker.stages import STAGES

    assert {stage.gives for stage in STAGES} <= set(KINDS)


def test_a_path_comes_back_as_a_path_and_a_tuple_as_a_tuple():
    sound = Sound(RecordingFacts(1.0, 1, 8000, "mulaw"), (Track(0, Path("/scratch/ü 0.f32"), 16000, 0.5, 0.1),))
    back = from_json(to_json(sound), Sound)
    assert isinstance(back.tracks, tuple)
    assert isinstance(back.tracks[0].path, Path)


def test_an_instant_keeps_its_zone():
    told = datetime(2026, 3, 29, 2, 30, tzinfo=timezone(timedelta(hours=2)))
    back = from_json(to_json(CallDetails(started_at=told)), CallDetails)
    assert back.started_at is not None
    assert back.started_at.utcoffset() == timedelta(hours=2)
    assert back.started_at.astimezone(UTC) == told


def test_the_day_and_the_instant_of_a_promise_come_back_with_their_zone():
    told = Due(
        "by five on Friday", date(2026, 3, 13), datetime(2026, 3, 13, 17, 0, tzinfo=timezone(timedelta(hours=1)))
    )
    back = from_json(to_json(told), Due)
    assert back == told
    assert back.instant is not None
    assert back.instant.utcoffset() == timedelta(hours=1)


RECORD_OF_VERSION_1 = (
    '{"schema_version":1,"external_id":null,"started_at":null,"recording":{"sha256":"5e","file_name":"a.wav",'
    '"duration_s":9.0,"channels":1,"sample_rate_hz":8000,"codec":"mulaw"},"layout":"mixed","language":"en",'
    '"language_confidence":0.9,"parties":[],"holds":[],"turns":[],"summary":{"statements":['
    '{"id":"s1","kind":"asked","party":"customer","text":"The customer asked for a refund.","quoted":false,"evidence":'
    '[{"turn":"t1","start_s":0.0,"end_s":1.0,"quote":"I want my money back."}],"support":0.9},'
    '{"id":"s2","kind":"refused","party":"agent","text":"The agent said: “No.”","quoted":true,"evidence":'
    '[{"turn":"t2","start_s":2.0,"end_s":3.0,"quote":"No."}],"support":1.0}],"warnings":[]},"warnings":[],"made_by":['
    '{"stage":"summarise","model":"a model","revision":"7","seconds":1.5}]}'
)


def test_a_record_of_version_1_is_read_with_the_model_that_wrote_all_its_statements():
    record = from_json(RECORD_OF_VERSION_1, CallRecord)
    assert [one.written_by for one in record.summary.statements] == ["a model", None]
    assert record.summary.commitments == ()
    assert record.schema_version == 1, "it does not claim that anybody looked for what version 2 has"
    assert from_json(to_json(record), CallRecord) == record


@pytest.mark.parametrize(
    ("old", "new"),
    [('"made_by":[', '"made_by":[5,'), ('"summarise"', '"check"'), ('"quoted":false,', ""), ("}]}", "}]")],
    ids=["no such note", "nobody wrote", "neither quoted nor written", "cut off"],
)
def test_a_record_of_version_1_that_is_broken_is_a_broken_record(old: str, new: str):
    assert old in RECORD_OF_VERSION_1
    with pytest.raises(BrokenRecord):
        from_json(RECORD_OF_VERSION_1.replace(old, new), CallRecord)


def test_a_record_of_this_version_does_not_go_the_way_of_old_ones():
    """An old one is known by how its text begins, which is the record's first field."""
    assert fields(CallRecord)[0].name == "schema_version"
    text = RECORD_OF_VERSION_1.replace('"schema_version":1', f'"schema_version":{SCHEMA_VERSION}')
    with pytest.raises(BrokenRecord):
        from_json(text, CallRecord)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_json_does_not_have_is_refused_when_it_is_written(number):
    with pytest.raises(BrokenModel) as caught:
        to_json(Word("secret", 0.0, number, 0.5))
    assert "secret" not in str(caught.value)


@dataclass(frozen=True)
class Loose:
    """A dataclass whose value is not of the type that it says."""

    items: tuple[int, ...]


def test_a_value_that_would_come_back_as_something_else_is_refused():
    with pytest.raises(BrokenModel):
        to_json(Loose([1, 2]))  # type: ignore[arg-type] # it is the mistake that this is about


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"text": 1}', '{"text": "a", "start_s": "secret"}', "{"])
def test_text_that_is_no_such_value_is_a_broken_record(text):
    with pytest.raises(BrokenRecord) as caught:
        from_json(text, Word)
    assert "secret" not in str(caught.value)


def test_a_statement_without_evidence_is_not_read_either():
    text = '{"id":"s1","kind":"asked","party":"agent","text":"a","quoted":false,"evidence":[],"support":0.5}'
    with pytest.raises(BrokenRecord):
        from_json(text, Statement)


def test_a_zone_by_its_name_comes_back_with_its_rules():
    told = CallDetails(started_at=datetime(2026, 3, 28, 12, 0, tzinfo=UTC), zone="Europe/Berlin")
    back = from_json(to_json(told), CallDetails)
    assert back == told
    assert back.started_at is not None
    assert (back.started_at + timedelta(days=1)).utcoffset() == timedelta(hours=2)
