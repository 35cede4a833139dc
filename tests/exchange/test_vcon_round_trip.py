"""Out as a vCon and in again: what was said of the call is what was said of it, and going out again gives the same."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.exchange.exported_calls import NOW, RECEIVED, SOUND, TEXT, details, material_of, records
from tests.web.records import short_call
from worker.core.call import CallDetails
from worker.core.errors import Invalid
from worker.core.record import CallRecord
from worker.exchange.vcon import build_vcon, vcon_to_json
from worker.intake.vcon import read_vcon

OF_A_VERSION = ("uuid", "created_at")
"""What is another of every vCon that is made."""

CALL = ("external_id", "started_at", "zone", "language", "direction", "line", "notice_given", "party_of_channel")


def out(record: CallRecord, of: CallDetails, **changed: Any) -> bytes:
    return vcon_to_json(build_vcon(material_of(record, of, **changed)))


def back_in(text: bytes) -> CallDetails:
    with TemporaryDirectory() as folder:
        ((path, handover),) = read_vcon(text, folder=Path(folder))
        assert isinstance(path, Path)
        assert path.read_bytes() == SOUND.data
    assert handover.legs is None
    return handover.details


@given(records(), details())
@example(short_call(), CallDetails(customer_address="a%41?b@example.com", agent='O\'Neil <x> & "y"'))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_what_was_said_of_a_call_comes_in_again_as_it_went_out(record: CallRecord, of: CallDetails) -> None:
    text = out(record, of)
    again = back_in(text)
    assert again == of
    assert str(again.started_at) == str(of.started_at), "in its own zone"
    later = NOW + timedelta(days=1)
    first, second = json.loads(text), json.loads(out(record, again, now=later))
    for name in OF_A_VERSION:
        assert first.pop(name) != second.pop(name)
    assert first == second


def test_a_call_of_another_installation_gets_its_own_ids_and_times_and_nothing_else() -> None:
    """Its less redacted form, its id and when it was received and made are those of where it is now."""
    of = CallDetails(agent="Ann", external_id="pbx-9", line="sales")
    elsewhere: dict[str, Any] = {
        "call_id": "another000000000",
        "received_at": RECEIVED + timedelta(hours=3),
        "record_at": NOW,
        "host": "b.example",
    }
    first = json.loads(out(short_call(), of))
    second = json.loads(out(short_call(), back_in(out(short_call(), of)), **elsewhere))
    call_1, call_2 = (one["attachments"][0]["body"] for one in (first, second))
    assert (call_1.pop("call"), call_2.pop("call")) == ("call0000000000aa", "another000000000")
    assert call_1 == call_2
    assert first["parties"] == second["parties"]
    assert first["analysis"][1:] == second["analysis"][1:]


@given(
    st.dictionaries(
        st.sampled_from([*CALL, "call", "more"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
            max_leaves=5,
        ),
    )
    | st.lists(st.none(), max_size=1)
    | TEXT
)
@settings(max_examples=80, deadline=None)
def test_what_others_write_in_our_name_is_taken_or_refused_and_never_breaks_anything(body: Any) -> None:
    document = json.loads(out(short_call(), CallDetails()))
    document["attachments"][0]["body"] = body
    with suppress(Invalid):  # and nothing else is raised
        assert isinstance(back_in(json.dumps(document).encode()), CallDetails)


def test_it_is_also_read_where_another_program_wrote_it_out_as_text() -> None:
    document = json.loads(out(short_call(), CallDetails(line="sales")))
    document["attachments"][0]["body"] = json.dumps(document["attachments"][0]["body"])
    assert back_in(json.dumps(document).encode()).line == "sales"


def test_a_start_of_old_days_has_an_offset_that_every_reader_knows() -> None:
    """Zones of a hundred years ago were off by seconds, which RFC 3339 cannot say."""
    of = CallDetails(zone="Europe/Amsterdam", started_at=RECEIVED.replace(year=1901, tzinfo=None))
    text = out(replace(short_call(), started_at=of.started_at), of)
    assert json.loads(text)["dialog"][0]["start"].endswith("Z")
    assert back_in(text) == of
