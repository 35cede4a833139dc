"""Calls as vCons: what stands where, that the published form is kept, and that a program of others reads the same."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from tests.exchange.exported_calls import (
    ADDRESSES,
    NOW,
    RECEIVED,
    SOUND,
    details,
    material_of,
    protected_call,
    records,
)
from tests.exchange.other_reader import Vcon
from tests.web.records import short_call, silent_call, unknown_voices_call
from worker.core.call import CallDetails, Direction, LawfulBasis, Party
from worker.core.dialogue.values import Act, Annotation, Item, OnStatement, WholeCall
from worker.core.log.entry import Actor, EntryKind, Role
from worker.core.record import CallRecord
from worker.exchange.vcon import Proof, ProvenEntry, SoundAt, build_vcon, vcon_to_json

SCHEMA = Draft7Validator(json.loads((Path(__file__).parent / "vcon_schema.json").read_text()))
MARIA = CallDetails(
    agent="Daniel Price",
    customer="Maria Lopez",
    started_at=datetime(2026, 3, 10, 10, 14, tzinfo=UTC),
    external_id="pbx-1",
    language="en",
    party_of_channel={0: Party.AGENT, 1: Party.CUSTOMER},
    zone="Europe/London",
    agent_address="daniel@example.com",
    customer_address="+4930123456",
    direction=Direction.INBOUND,
    line="support",
    lawful_basis=LawfulBasis.CONSENT,
    notice_given=True,
)


def made(record: CallRecord | None = None, of: CallDetails | None = MARIA, **changed: Any) -> dict[str, Any]:
    """The vCon as a reader has it: written out, and read."""
    found: dict[str, Any] = json.loads(vcon_to_json(build_vcon(material_of(record or short_call(), of, **changed))))
    return found


def analysis(vcon: dict[str, Any], kind: str) -> dict[str, Any]:
    (found,) = [one for one in vcon["analysis"] if one["type"] == kind]
    body: dict[str, Any] = found["body"]
    return body


def attached(vcon: dict[str, Any], purpose: str) -> list[dict[str, Any]]:
    return [one for one in vcon["attachments"] if one["purpose"] == purpose]


# The form --------------------------------------------------------------------------------------------------------


@given(records(), details(), st.booleans())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_whatever_the_call_the_published_form_is_kept(record: CallRecord, of: CallDetails, has_sound: bool) -> None:
    vcon = made(record, of, sound=SOUND if has_sound else None)
    errors = [f"{error.json_path}: {error.message[:200]}" for error in SCHEMA.iter_errors(vcon)]
    assert errors == []
    for index in [one["party"] for one in vcon["attachments"]]:
        assert index < len(vcon["parties"])


@pytest.mark.parametrize("record", [short_call(), protected_call()], ids=["a call", "with a card read out"])
def test_a_program_of_others_builds_it_finds_it_valid_and_reads_the_same(record: CallRecord) -> None:
    ours = made(record)
    read = Vcon.build_from_json(json.dumps(ours))
    assert read.is_valid() == (True, [])
    assert [party.to_dict() for party in read.parties] == ours["parties"]
    assert read.dialog == ours["dialog"]
    assert read.analysis == ours["analysis"]
    assert read.attachments == ours["attachments"]
    assert (read.uuid, read.vcon) == (ours["uuid"], "0.4.0")
    agent = read.find_party_index("role", "agent")
    assert ours["parties"][agent]["mailto"] == "mailto:daniel@example.com"
    dialog = read.find_dialog("type", "recording")
    assert dialog.is_audio()
    assert base64.urlsafe_b64decode(dialog.body + "=" * (-len(dialog.body) % 4)) == SOUND.data


def test_its_id_is_of_version_8_made_of_the_time_and_the_name_of_its_maker() -> None:
    uuid = UUID(made()["uuid"])
    assert uuid.version == 8
    assert uuid.variant == "specified in RFC 4122"
    assert uuid.int >> 80 == int(NOW.timestamp() * 1000)
    hashed = int.from_bytes(hashlib.sha1(b"records.example.com").digest()[:8])
    assert uuid.int & ((1 << 62) - 1) == hashed >> 2, "the high 62 bits"
    assert made()["uuid"] != made()["uuid"], "each is a version of its own"


# Who and when ----------------------------------------------------------------------------------------------------


def test_each_side_is_one_party_with_its_role_and_address_and_what_proves_the_name() -> None:
    assert made()["parties"] == [
        {"role": "agent", "name": "Daniel Price", "validation": "none", "mailto": "mailto:daniel@example.com"},
        {"role": "customer", "name": "Maria Lopez", "validation": "none", "tel": "tel:+4930123456"},
        {"type": "bot", "name": "On Record", "validation": "none"},
    ]


def test_a_voice_that_nobody_knows_is_a_party_without_a_role() -> None:
    vcon = made(unknown_voices_call(), CallDetails())
    assert [one.get("role") for one in vcon["parties"]] == [None, None, None]
    assert [one["name"] for one in vcon["parties"][:2]] == ["Unknown voice 1", "Unknown voice 2"]


def test_channels_have_their_party_and_an_unused_one_has_null() -> None:
    assert made()["dialog"][0]["parties"] == [0, 1]
    alone = replace(short_call(), parties=(short_call().parties[1],), turns=())
    vcon = made(alone, CallDetails(started_at=MARIA.started_at))
    assert vcon["dialog"][0]["parties"] == [None, 0]


def test_holds_stand_in_the_history_of_the_one_who_waited() -> None:
    dialog = made()["dialog"][0]
    assert (dialog["start"], dialog["duration"]) == ("2026-03-10T10:14:00Z", 44.0)
    assert [(one["party"], one["time"], one["event"]) for one in dialog["party_history"]] == [
        (0, "2026-03-10T10:14:00Z", "join"),
        (1, "2026-03-10T10:14:00Z", "join"),
        (1, "2026-03-10T10:14:13.400000Z", "hold"),
        (1, "2026-03-10T10:14:29.800000Z", "unhold"),
        (0, "2026-03-10T10:14:44Z", "drop"),
        (1, "2026-03-10T10:14:44Z", "drop"),
    ]


def test_the_caller_is_named_and_a_start_that_nobody_told_is_said_to_be_unknown() -> None:
    assert made()["dialog"][0]["originator"] == 1
    vcon = made(of=replace(MARIA, started_at=None, direction=None))
    assert vcon["dialog"][0]["start"] == "2026-03-10T11:00:00Z", RECEIVED
    assert "originator" not in vcon["dialog"][0]
    (call,) = attached(vcon, "onrecord_call")
    assert call["body"]["started_at"] is None


# The sound -------------------------------------------------------------------------------------------------------


def test_the_sound_lies_within_or_at_an_address_with_its_hash() -> None:
    inline = made()["dialog"][0]
    assert (inline["encoding"], inline["mediatype"], inline["filename"]) == ("base64url", "audio/x-wav", "call.wav")
    hashed = hashlib.sha512(SOUND.data).digest()
    elsewhere = made(sound=SoundAt(ADDRESSES.sound, hashed, "audio/flac", "call.flac"))["dialog"][0]
    assert elsewhere["url"] == ADDRESSES.sound
    assert elsewhere["content_hash"] == "sha512-" + base64.urlsafe_b64encode(hashed).decode().rstrip("=")
    assert "body" not in elsewhere


# What was made of it ---------------------------------------------------------------------------------------------


def test_the_transcript_has_its_form_with_a_speaker_and_words_for_each_segment() -> None:
    body = analysis(made(), "wtf_transcription")
    assert body["transcript"]["language"] == "en"
    assert body["transcript"]["duration"] == 44.0
    assert body["transcript"]["text"].startswith("Thank you for calling Brightwater Appliances.")
    first, second = body["segments"][:2]
    assert (first["id"], first["start"], first["end"], first["speaker"]) == (0, 0.8, 5.9, 0)
    assert [body["words"][at]["text"] for at in second["words"]] == second["text"].split()
    assert second["speaker"] == 1
    assert second["confidence"] == pytest.approx((9 * 0.95 + 0.2) / 10, abs=0.001)
    assert body["metadata"]["model"] == "whisper-base"
    assert body["metadata"]["provider"] == "whisper"
    assert body["metadata"]["audio"]["duration"] == 44.0
    assert body["quality"]["low_confidence_words"] == 1
    assert body["speakers"]["1"]["label"] == "Maria Lopez"


@given(records())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_every_stretch_of_a_transcript_ends_after_it_begins_and_is_sure_within_bounds(record: CallRecord) -> None:
    body = analysis(made(record, CallDetails()), "wtf_transcription")
    for one in [*body["segments"], *body["words"]]:
        assert 0 <= one["start"] < one["end"]
        assert 0 <= one["confidence"] <= 1
        assert one.get("speaker", 0) < len(made(record, CallDetails())["parties"])
    assert [one["id"] for one in body["segments"]] == list(range(len(record.turns)))
    assert [at for one in body["segments"] for at in one["words"]] == list(range(len(body["words"])))


def test_every_statement_has_its_evidence_who_wrote_it_and_where_the_sides_stand() -> None:
    agreed = Item(
        5, Actor(Role.CUSTOMER, "m"), NOW, EntryKind.ANNOTATED, "Maria", Annotation(Act.AGREE, OnStatement("s1"))
    )
    vcon = made(items=(agreed,))
    body = analysis(vcon, "summary")
    (first, *_rest) = body["statements"]
    assert first["text"] == "The customer had bought a washing machine that leaks."
    assert first["written_by"] == "writer-0.5b"
    assert [one["quote"] for one in first["evidence"]] == ["I bought a washing machine", "and it leaks."]
    assert body["turns"][1] == first["evidence"][0]["turn"]
    assert first["standing"]["agreement"] == "agreed_by_one"
    assert "machine" in body["note"]
    assert vcon["subject"] == "A washing machine that leaks."
    (promise,) = analysis(vcon, "promises")["promises"]
    assert (promise["promisor"], promise["due"]["day"]) == ("agent", "2026-03-13")
    assert promise["standing"]["state"] == "open"


def test_what_each_side_wrote_is_an_attachment_of_that_side() -> None:
    items = tuple(
        Item(number, Actor(role, role.value), NOW, EntryKind.ANNOTATED, role.value, Annotation(act, target, text))
        for number, (role, act, target, text) in enumerate(
            [
                (Role.AGENT, Act.ADD, WholeCall(), "She was kind."),
                (Role.CUSTOMER, Act.DISPUTE, OnStatement("s1"), "It was a dryer."),
                (Role.REVIEWER, Act.ADD, WholeCall(), "Looked at."),
            ]
        )
    )
    found = attached(made(items=items), "annotations")
    assert [one["party"] for one in found] == [0, 1, 2], "agent, customer, keeper"
    (said,) = found[1]["body"]["first"]["items"]
    assert said["body"][0]["value"] == "It was a dryer."
    assert said["creator"]["role"] == "customer"


def test_the_ground_of_recording_is_attached_only_where_somebody_gave_one() -> None:
    vcon = made()
    (basis,) = attached(vcon, "lawful_basis")
    assert basis["body"]["lawful_basis"] == "consent"
    assert basis["body"]["purpose_grants"][0]["purpose"] == "recording"
    assert basis["body"]["metadata"] == {"notice_given": True}
    assert vcon["extensions"] == ["CC", "lawful_basis", "wtf_transcription", "onrecord"]
    bare = made(of=CallDetails())
    assert attached(bare, "lawful_basis") == []
    assert "lawful_basis" not in bare["extensions"]


# What was cut ----------------------------------------------------------------------------------------------------


def test_what_was_cut_makes_it_the_redacted_form_which_names_the_less_redacted_one() -> None:
    vcon = made(protected_call())
    assert vcon["redacted"]["type"] == "card_code:cut card_number:mask"
    assert UUID(vcon["redacted"]["uuid"]).version == 8
    assert vcon["redacted"] == made(protected_call())["redacted"], "of one call it is always the same one"
    assert vcon["redacted"] != made(protected_call(), call_id="another000000000")["redacted"]
    (_number, code) = analysis(vcon, "redactions")["cuts"]
    assert (code["kind"], code["start_s"], code["channels"]) == ("card_code", 5.6, [1])
    assert "[card_number:4242]" in analysis(vcon, "wtf_transcription")["transcript"]["text"]


def test_a_call_that_came_as_a_vcon_names_that_one() -> None:
    came_as = "0199e054-ed10-8035-b9a2-279e0d16bc46"
    rest = {"uuid": came_as, "analysis": [{"type": "sentiment", "vendor": "x", "body": "calm", "encoding": "none"}]}
    assert made(protected_call(), came_with=rest)["redacted"]["uuid"] == came_as
    whole = made(came_with=rest)
    assert whole["amended"] == {"uuid": came_as}
    assert [one["body"] for one in attached(whole, "onrecord_came_with")] == [rest]
    assert list(SCHEMA.iter_errors(whole)) == []
    assert "redacted" not in whole
    assert not {"amended", "redacted"} & made().keys(), "nothing was before it"


# Odd calls -------------------------------------------------------------------------------------------------------


def test_a_call_in_which_nobody_speaks_has_a_transcript_without_a_word() -> None:
    vcon = made(silent_call(), CallDetails())
    body = analysis(vcon, "wtf_transcription")
    assert (body["segments"], body["transcript"]["language"]) == ([], "und")
    assert body["transcript"]["confidence"] == 0.0
    assert list(SCHEMA.iter_errors(vcon)) == []


def test_the_proof_carries_what_checking_the_record_takes() -> None:
    proof = Proof("log+key", "a note", (ProvenEntry(b"entry", 3, (bytes(32),)),), 1, bytes(32), b"{}")
    (found,) = attached(made(proof=proof), "onrecord_proof")
    assert found["body"]["entries"] == [
        {"entry": base64.b64encode(b"entry").decode(), "position": 3, "hashes": ["00" * 32]}
    ]
    assert found["body"]["record"]["number"] == 1
