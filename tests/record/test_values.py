"""What stages give, to JSON and back: every type, every field, and nothing that would come back as something else."""

from __future__ import annotations

import math
import types
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from worker.core.call import CallDetails
from worker.core.errors import BrokenModel, BrokenRecord
from worker.core.record import CallRecord
from worker.core.sound import RecordingFacts, Sound, Track
from worker.core.summary import Drafts, Statement, Summary
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
    datetime: st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1), timezones=ZONES),
}


def values_of(kind: Any) -> st.SearchStrategy[Any]:
    """Any value of a type, as its annotations say; statements and call details keep rules of their own."""
    if kind in PLAIN:
        return PLAIN[kind]
    if kind is Statement:
        hints = get_type_hints(kind)
        free = {field.name: values_of(hints[field.name]) for field in fields(kind)}
        evidence = hints["evidence"]
        return st.builds(
            kind,
            **{
                **free,
                "support": st.floats(0, 1),
                "evidence": values_of(get_args(evidence)[0]).map(lambda one: (one,)),
            },
        )
    if kind is CallDetails:
        hints = get_type_hints(kind)
        free = {field.name: values_of(hints[field.name]) for field in fields(kind)}
        return st.builds(kind, **{**free, "language": st.sampled_from([None, "en", "yue"])})
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return st.builds(kind, **{field.name: values_of(hints[field.name]) for field in fields(kind)})
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return st.one_of(*map(values_of, parts))
    if origin is tuple:
        return st.lists(values_of(parts[0]), max_size=2).map(tuple)
    if origin is dict:
        return st.dictionaries(values_of(parts[0]), values_of(parts[1]), max_size=2)
    assert issubclass(kind, Enum), f"this test does not know how to make a {kind}"
    return st.sampled_from(list(kind))


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
