"""What a vCon brings besides its recordings: kept beside the call, protected, and going out with it again."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import pytest

from tests.web.records import short_call
from worker.core.dialogue.values import Added
from worker.core.log.entry import SYSTEM
from worker.intake.accept import Intake
from worker.intake.dropped import Dropbox
from worker.intake.vcon import opened, rest_of
from worker.intake.vcon.protecting import protected
from worker.record.sounds import SoundStore
from worker.record.store import Store
from worker.web.exporting import Exporter, Format

UUID = "0199e054-ed10-8035-b9a2-279e0d16bc46"
CARD = "4111 1111 1111 1111"
START = "2026-06-21T17:53:26Z"
SPOKEN = f"my card number is four {'one ' * 15}and the security code is three two one"


def b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def vcon(**changed: Any) -> dict[str, Any]:
    recording = {"type": "recording", "start": START, "parties": [0, 1], "encoding": "base64url"}
    return {
        "vcon": "0.4.0",
        "uuid": UUID,
        "created_at": START,
        "parties": [{"role": "agent", "name": "Ann"}, {"role": "customer", "name": "Bob"}],
        "dialog": [{**recording, "mediatype": "audio/x-wav", "body": b64url(b"RIFF a call")}],
        "attachments": [],
        **changed,
    }


FULL = vcon(
    subject="A card",
    parties=[{"role": "agent", "name": "Ann", "uuid": "a-1", "org": "Acme"}, {"role": "customer", "name": "Bob"}],
    dialog=[
        *vcon()["dialog"],
        {"type": "text", "start": START, "parties": 1, "body": f"It is {CARD}, thanks", "encoding": "none"},
        {"type": "transfer", "start": START, "transferee": 1, "transferor": 0, "transfer_target": 0},
    ],
    analysis=[{"type": "sentiment", "vendor": "acme", "dialog": 0, "body": {"score": 0.7}, "encoding": "json"}],
    attachments=[
        {"purpose": "contract", "start": START, "party": 0, "dialog": 0, "mediatype": "application/pdf",
         "encoding": "base64url", "body": b64url(b"%PDF")},
    ],
    x_acme={"ticket": "T-9"},
)  # fmt: skip


def rest(document: dict[str, Any]) -> dict[str, Any]:
    found = rest_of(opened(json.dumps(document)))
    assert found is not None
    read: dict[str, Any] = json.loads(found)
    return read


def test_a_vcon_that_says_nothing_but_its_call_leaves_nothing() -> None:
    assert rest_of(opened(json.dumps(vcon()))) is None
    basis = {"purpose": "lawful_basis", "body": {"lawful_basis": "consent"}, "encoding": "json"}
    assert rest_of(opened(json.dumps(vcon(attachments=[basis])))) is None


@pytest.mark.parametrize("name", ["dialog", "attachments", "analysis", "parties"])
@pytest.mark.parametrize("rubbish", [7, True, "a", {"a": 1}], ids=str)
def test_a_list_that_is_none_leaves_nothing_of_itself(name: str, rubbish: object) -> None:
    found = rest_of(opened(json.dumps(vcon(subject="A card", **{name: rubbish}))))
    assert json.loads(found or b"{}")["subject"] == "A card"


def test_everything_but_the_sound_is_kept_as_it_came() -> None:
    kept = rest(FULL)
    (recording, text, transfer) = kept.pop("dialog")
    assert "body" not in recording
    assert transfer == FULL["dialog"][2]
    assert text["body"] == "It is [card_number:1111] thanks"
    assert kept == {name: value for name, value in FULL.items() if name != "dialog"}


def test_no_sound_of_any_kind_and_no_key_that_was_pressed_is_kept() -> None:
    spoken = {"type": "tts", "vendor": "acme", "encoding": "base64url", "body": b64url(b"RIFF spoken")}
    message = {"purpose": "voicemail", "mediatype": "audio/mp3", "encoding": "base64url", "body": b64url(b"ID3")}
    keys = [{"party": 1, "time": START, "event": "keydown", "button": digit} for digit in "321"]
    kept = rest(vcon(analysis=[spoken], attachments=[message], dialog=[{**vcon()["dialog"][0], "party_history": keys}]))
    assert "body" not in kept["analysis"][0]
    assert "body" not in kept["attachments"][0]
    assert [one["event"] for one in kept["dialog"][0]["party_history"]] == ["keydown"] * 3
    assert "button" not in json.dumps(kept)


@pytest.mark.parametrize(
    "body",
    [
        {"text": f"my card is {CARD} and the code is 321"},
        {"words": [{"text": word, "at": 1.5} for word in f"my card is {CARD} and the code is 321".split()]},
        {"words": [{"w": word} for word in SPOKEN.split()]},
        {"card": 4111111111111111},
        ["my card is", CARD],
    ],
    ids=["in one text", "word by word", "as words", "as a number", "over several texts"],
)  # fmt: skip
def test_a_card_and_its_code_are_in_no_form_of_it(body: object) -> None:
    said = json.dumps(protected({"body": body}))
    assert "[card_number:1111]" in said
    for gone in ("4111", "1111 ", "321", "one one", "three two"):
        assert gone not in said.replace("card_number:1111", "")


@pytest.mark.parametrize("encoding", ["base64url", "base64"])
def test_a_text_that_stands_there_as_bytes_is_looked_into(encoding: str) -> None:
    body = base64.b64encode(f"my card is {CARD} and the code is 321".encode()).decode()
    kept = protected({"mediatype": "text/plain", "encoding": encoding, "body": body})["body"]
    text = base64.urlsafe_b64decode(kept + "=" * (-len(kept) % 4)).decode()
    assert text == "my card is [card_number:1111] and the code is [card_code]"
    other = {"encoding": encoding, "body": base64.b64encode(b"%PDF\xff").decode()}
    assert protected(dict(other)) == other


def test_a_code_that_only_its_name_says_to_be_one_is_kept_in_no_form() -> None:
    said = protected({"cvv": "321", "card": {"security_code": 321, "Card-Code": "9876", "note": "321"}})
    assert said == {
        "cvv": "[card_code]",
        "card": {"security_code": "[card_code]", "Card-Code": "[card_code]", "note": "321"},
    }


def test_a_long_transcript_is_looked_through_to_its_end() -> None:
    words = [{"text": "hello"}] * 3995 + [{"text": word} for word in f"card {CARD} thanks".split()]
    said = json.dumps(protected(words))
    assert "4111" not in said
    assert said.count("hello") == 3995
    assert "thanks" in said


def test_it_is_an_entry_of_the_call_once_and_goes_out_again(
    store: Store, sound_store: SoundStore, tmp_path: Path
) -> None:
    box = Dropbox(Intake(store, sound_store), "pbx")
    for _again in range(2):
        (accepted, *_rest) = box.hand_over_vcon(io.BytesIO(json.dumps(FULL).encode()))
    added = [one for one in store.log.items(accepted.call_id) if isinstance(one.content, Added)]
    assert [(one.actor, one.by) for one in added] == [(SYSTEM, None)]
    store.log.append(accepted.call_id, SYSTEM, short_call(), by=None)
    call = store.call(accepted.call_id)
    made = Exporter(store, sound_store, "http://localhost", _no_key).export(call, Format.VCON, now=call.received_at)
    out = json.loads(b"".join(made.blocks))
    assert out["amended"] == {"uuid": UUID}
    (with_it,) = [one["body"] for one in out["attachments"] if one["purpose"] == "onrecord_came_with"]
    assert with_it == rest(FULL)
    # And in another place, it is still there when it goes out once more.
    assert rest(out) == rest(FULL)


def test_a_vcon_that_was_made_here_brings_nothing_new(store: Store, sound_store: SoundStore) -> None:
    box = Dropbox(Intake(store, sound_store), "pbx")
    (accepted,) = box.hand_over_vcon(io.BytesIO(json.dumps(vcon()).encode()))
    store.log.append(accepted.call_id, SYSTEM, short_call(), by=None)
    call = store.call(accepted.call_id)
    made = Exporter(store, sound_store, "http://localhost", _no_key).export(call, Format.VCON, now=call.received_at)
    text = b"".join(made.blocks)
    (again,) = box.hand_over_vcon(io.BytesIO(text))
    assert (again.call_id, again.is_new) == (accepted.call_id, False)
    assert len(store.calls()) == 1


def _no_key() -> Any:
    raise AssertionError("nothing is signed here")
