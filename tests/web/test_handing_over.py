"""The API's way in: what is answered with 202 is safe, the same again is the same call, and all else says why not."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from starlette.testclient import TestClient

from tests.web.conftest import Site
from tests.web.handing_over import Sender, sound
from worker.core.arrival import Handover, Priority
from worker.core.call import Direction, LawfulBasis, Party
from worker.core.errors import Unavailable
from worker.intake.accept import Intake
from worker.intake.limits import Limits
from worker.record.senders import Scope

ALL_DETAILS = {
    "agent": "Daniel Price",
    "customer": "Maria Lopez",
    "agent_address": "Daniel@Brightwater.example",
    "customer_address": "+49 30 123456",
    "started_at": "2026-03-10T10:14:00+01:00",
    "zone": "Europe/Berlin",
    "external_id": "pbx-4711",
    "continues": "pbx-4700",
    "language": "de",
    "parties": {"0": "agent", "1": "customer"},
    "direction": "inbound",
    "line": "repairs",
    "lawful_basis": "consent",
    "notice_given": True,
}
FAR = "https://pbx.example.com/recordings/4711.wav?token=secret"


@pytest.fixture
def pbx(site: Site) -> Sender:
    return Sender.at(site)


# Accepted means safe


def test_a_recording_in_a_form_is_kept_and_its_call_waits(site: Site, pbx: Sender):
    recording = sound()
    answer = pbx.send(recording, ALL_DETAILS)
    assert answer.status_code == 202, answer.text
    assert answer.json() == {
        "id": answer.json()["id"],
        "outcome": "new",
        "leg": 1,
        "standing": f"/api/v1/arrivals/{answer.json()['id']}",
    }
    assert answer.headers["location"] == answer.json()["standing"]
    call = site.store.call(answer.json()["id"])
    assert b"".join(site.sounds.read(call.id, 1)) == recording
    assert (call.sender, call.legs[0].file_name, call.priority) == ("pbx-berlin", "call.wav", Priority.NORMAL)
    said = call.details
    assert said.party_of_channel == {0: Party.AGENT, 1: Party.CUSTOMER}
    assert (said.direction, said.lawful_basis, said.notice_given) == (Direction.INBOUND, LawfulBasis.CONSENT, True)
    assert (said.line, said.continues, said.external_id) == ("repairs", "pbx-4700", "pbx-4711")
    assert (said.agent_address, said.customer_address) == ("daniel@brightwater.example", "+4930123456")
    assert said.started_at == datetime.fromisoformat("2026-03-10T10:14:00+01:00")
    assert (said.agent, said.customer, said.language, said.zone) == (
        "Daniel Price",
        "Maria Lopez",
        "de",
        "Europe/Berlin",
    )


def test_nothing_has_to_be_said_of_a_recording(pbx: Sender):
    assert pbx.send(sound()).json()["outcome"] == "new"


def test_details_may_come_as_a_part_with_a_type_of_its_own(site: Site, pbx: Sender):
    files = {
        "recording": ("call.wav", sound(), "audio/wav"),
        "details": (None, b'{"external_id": "pbx-1"}', "application/json"),
    }
    answer = pbx.ask("POST", "/calls", files=files)
    assert site.store.call(answer.json()["id"]).details.external_id == "pbx-1"
    files["details"] = ("details.json", b'{"external_id": "pbx-2"}', "application/json")
    answer = pbx.ask("POST", "/calls", files=files)
    assert site.store.call(answer.json()["id"]).details.external_id == "pbx-2"


def test_an_announced_recording_is_accepted_by_its_address_which_is_told_to_nobody(site: Site, pbx: Sender):
    answer = pbx.announce({"address": FAR, "external_id": "pbx-4711", "priority": "bulk"})
    assert (answer.status_code, answer.json()["outcome"]) == (202, "new")
    call = site.store.call(answer.json()["id"])
    assert (call.legs[0].sha256, call.legs[0].file_name) == (None, "4711.wav")
    assert call.priority is Priority.BULK
    ((number, announced),) = site.store.announced(call.id)
    assert (number, announced.address, announced.access) == (1, FAR, None)
    stands = pbx.ask("GET", f"/arrivals/{call.id}")
    assert "secret" not in stands.text + answer.text


def test_a_start_without_zone_is_read_in_the_zone_that_is_named(site: Site, pbx: Sender):
    answer = pbx.send(sound(), {"started_at": "2026-07-10T10:14:00", "zone": "Europe/London"})
    began = site.store.call(answer.json()["id"]).details.started_at
    assert began is not None
    assert began == datetime.fromisoformat("2026-07-10T10:14:00+01:00")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd.wav", "passwd.wav"),
        ("C:\\calls\\a.wav", "a.wav"),
        ("", "recording"),
        ("a\u202ewav.exe", "a wav.exe"),
    ],
)
def test_a_file_name_is_shown_and_leads_nowhere(site: Site, pbx: Sender, name: str, shown: str):
    answer = pbx.send(sound(), {"file_name": name} if name else {}, name=name or "x")
    kept = site.store.call(answer.json()["id"]).legs[0].file_name
    assert kept == (shown if name else "x")


# The same again


def test_the_same_recording_under_the_same_external_id_is_one_call(pbx: Sender):
    first = pbx.send(sound(), {"external_id": "pbx-1"}).json()
    again = pbx.send(sound(), {"external_id": "pbx-1", "agent": "Somebody Else"})
    assert again.status_code == 202
    assert again.json() == {**first, "outcome": "here_already"}
    assert pbx.calls() == 1


def test_without_an_external_id_the_same_bytes_are_one_call(pbx: Sender):
    first = pbx.send(sound()).json()
    assert pbx.send(sound(), name="other.wav").json() == {**first, "outcome": "here_already"}
    assert pbx.send(sound(seed=1)).json()["outcome"] == "new"
    assert pbx.calls() == 2


def test_the_same_address_is_one_call(pbx: Sender):
    first = pbx.announce({"address": FAR}).json()
    assert pbx.announce({"address": FAR}).json() == {**first, "outcome": "here_already"}
    assert pbx.calls() == 1


def test_another_recording_under_the_same_external_id_is_a_further_leg(pbx: Sender):
    first = pbx.send(sound(), {"external_id": "pbx-1"}).json()
    second = pbx.send(sound(seed=1), {"external_id": "pbx-1"}).json()
    assert (second["id"], second["outcome"], second["leg"]) == (first["id"], "further_leg", 2)
    assert pbx.ask("GET", f"/arrivals/{first['id']}").json()["legs"] == 2


def test_the_same_external_id_of_two_senders_is_two_calls(site: Site, pbx: Sender):
    other = Sender.at(site, "pbx-hamburg")
    ids = {one.send(sound(), {"external_id": "pbx-1"}).json()["id"] for one in (pbx, other)}
    assert len(ids) == 2


def test_the_same_idempotency_key_gives_the_same_answer(pbx: Sender):
    first = pbx.send(sound(), {"line": "a"}, idempotency_key='"8e03978e"').json()
    again = pbx.send(sound(), {"line": "a"}, idempotency_key='"8e03978e"')
    assert again.json() == {**first, "outcome": "here_already"}
    assert pbx.calls() == 1


def test_an_idempotency_key_for_something_else_is_refused(pbx: Sender):
    pbx.send(sound(), {"line": "a"}, idempotency_key="8e03978e")
    for answer in (
        pbx.send(sound(seed=1), {"line": "a"}, idempotency_key="8e03978e"),
        pbx.send(sound(), {"line": "b"}, idempotency_key="8e03978e"),
        pbx.announce({"address": FAR}, idempotency_key="8e03978e"),
    ):
        assert answer.status_code == 422
        assert "Something else was handed over under this Idempotency-Key" in answer.json()["detail"]
    assert pbx.calls() == 1


def test_the_same_idempotency_key_of_two_senders_is_two_keys(site: Site, pbx: Sender):
    other = Sender.at(site, "pbx-hamburg")
    for number, one in enumerate((pbx, other)):
        assert one.send(sound(seed=number), idempotency_key="1").json()["outcome"] == "new"


def test_a_key_whose_first_use_is_under_way_says_to_come_again(site: Site, pbx: Sender):
    assert site.store.said_before.begin("pbx-berlin", "1", now=site.now) is None
    answer = pbx.send(sound(), idempotency_key="1")
    assert (answer.status_code, answer.headers["retry-after"]) == (409, "2")
    site.now += timedelta(minutes=2)  # whoever began it is dead
    assert pbx.send(sound(), idempotency_key="1").json()["outcome"] == "new"


def test_a_key_under_which_nothing_was_accepted_is_free_again(pbx: Sender):
    assert pbx.send(b"", idempotency_key="1").status_code == 422
    assert pbx.send(sound(), idempotency_key="1").json()["outcome"] == "new"


# What is refused


@pytest.mark.parametrize(
    ("details", "pointer"),
    [
        ({"started_at": "2026-03-10T10:14:00"}, "/body/details/started_at"),
        ({"started_at": "yesterday"}, "/body/details/started_at"),
        ({"started_at": "1700-03-10T10:14:00Z"}, "/body/details/started_at"),
        ({"started_at": 1773134040}, "/body/details/started_at"),
        ({"zone": "Europe/Atlantis"}, "/body/details/zone"),
        ({"customer_address": "Maria"}, "/body/details/customer_address"),
        ({"agent_address": "12"}, "/body/details/agent_address"),
        ({"language": "german"}, "/body/details/language"),
        ({"parties": {"0": "seller"}}, "/body/details/parties/0"),
        ({"parties": {"left": "agent"}}, "/body/details/parties/left/[key]"),
        ({"direction": "sideways"}, "/body/details/direction"),
        ({"lawful_basis": "because"}, "/body/details/lawful_basis"),
        ({"notice_given": "yes"}, "/body/details/notice_given"),
        ({"legs": 0}, "/body/details/legs"),
        ({"priority": "now"}, "/body/details/priority"),
        ({"external_id": "x" * 256}, "/body/details/external_id"),
        ({"lenght": 3}, "/body/details/lenght"),
    ],
)
def test_what_does_not_fit_is_pointed_at(pbx: Sender, details: dict, pointer: str):
    answer = pbx.send(sound(), details)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]
    assert pbx.calls() == 0


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/body/address"),
        ({"address": "ftp://pbx.example.com/a.wav"}, "/body/address"),
        ({"address": "s3://bucket/a.wav"}, "/body/address"),
        ({"address": FAR, "content_hash": "md5-1"}, "/body/content_hash"),
        ({"address": FAR, "started_at": "2026-03-10T10:14:00"}, "/body/started_at"),
        ({"address": FAR, "upload": "x"}, "/body/address"),
    ],
)
def test_an_announcement_that_does_not_fit_is_pointed_at(pbx: Sender, body: dict, pointer: str):
    answer = pbx.announce(body)
    assert answer.status_code == 422
    assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]
    assert pbx.calls() == 0


def test_forms_that_lack_the_recording_or_have_more_are_refused(pbx: Sender):
    for files, pointer in (
        ({"details": (None, b"{}")}, "/body/recording"),
        ({"recording": (None, b"text")}, "/body/recording"),
        ({"recording": ("a.wav", sound()), "more": (None, b"x")}, "/body/more"),
        ({"recording": ("a.wav", sound()), "details": (None, b"{")}, "/body/details"),
    ):
        answer = pbx.ask("POST", "/calls", files=files)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == pointer
    cut = b'--b\r\nContent-Disposition: form-data; name="recording"; filename="a.wav"\r\n\r\nRIFF'
    for content, kind in (
        (cut, "multipart/form-data; boundary=b"),
        (cut, "multipart/form-data"),
        (b"", "multipart/form-data; boundary=b"),
    ):
        answer = pbx.ask("POST", "/calls", content=content, headers={"content-type": kind})
        assert answer.status_code == 422, answer.text
    assert pbx.calls() == 0


def test_other_kinds_of_body_are_refused(pbx: Sender):
    answer = pbx.ask("POST", "/calls", content=sound(), headers={"content-type": "audio/wav"})
    assert answer.status_code == 415
    assert pbx.ask("POST", "/calls").status_code == 415


def test_an_empty_recording_is_refused(pbx: Sender):
    answer = pbx.send(b"")
    assert (answer.status_code, pbx.calls()) == (422, 0)
    assert "empty" in answer.json()["detail"]


def test_without_a_key_that_may_do_it_nothing_is_read(site: Site, pbx: Sender):
    reader = Sender.at(site, "pbx-berlin", Scope.READ)
    nobody = replace(pbx, key="onr_nobody")
    assert (reader.send(sound()).status_code, nobody.send(sound()).status_code) == (403, 401)
    assert nobody.send(sound()).headers["www-authenticate"].startswith("Bearer")
    assert pbx.calls() == 0


def with_limits(site: Site, limits: Limits) -> TestClient:
    site.parts = replace(site.parts, limits=limits)
    return site.client_of(site.parts)


def test_what_is_larger_than_is_taken_is_refused(site: Site, pbx: Sender):
    with with_limits(site, Limits(largest_bytes=1000)) as site.client:
        for recording in (sound(0.1), b"x" * 3_000_000):
            answer = pbx.send(recording)
            assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")
    assert pbx.calls() == 0


# No room


@pytest.mark.parametrize("way", ["form", "address"])
def test_too_many_calls_that_wait_are_answered_with_when_to_come_again(site: Site, pbx: Sender, way: str):
    with with_limits(site, Limits(most_waiting=1)) as site.client:
        assert pbx.send(sound()).status_code == 202
        site.parts.intake.gate._counted_at = float("-inf")  # a moment later
        answer = pbx.send(sound(seed=1)) if way == "form" else pbx.announce({"address": FAR})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
    assert "Nothing was accepted" in answer.json()["detail"]
    assert pbx.calls() == 1


def test_a_full_disk_is_said_before_anything_is_kept(site: Site, pbx: Sender):
    with with_limits(site, Limits(free_bytes=2**60, folders=(site.folder / "sounds",))) as site.client:
        answer = pbx.send(sound())
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert pbx.calls() == 0
    assert list((site.folder / "sounds").rglob("*.*")) == []


def test_what_cannot_be_stored_is_never_said_to_be_accepted(site: Site, pbx: Sender, monkeypatch):
    def away(*_: object, **__: object) -> None:
        raise Unavailable("The database at db-3.internal cannot be reached.")

    monkeypatch.setattr(site.store, "accept", away)
    answer = pbx.send(sound())
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
    assert "not accepted" in answer.json()["detail"]
    assert "db-3" not in answer.text


# Where a call stands


def test_where_a_call_stands_is_told_to_its_sender_alone(site: Site, pbx: Sender):
    call_id = pbx.send(sound(), {"external_id": "pbx-1", "agent": "Daniel Price"}).json()["id"]
    stands = pbx.ask("GET", f"/arrivals/{call_id}")
    assert stands.json() == {
        "id": call_id,
        "external_id": "pbx-1",
        "legs": 1,
        "received_at": stands.json()["received_at"],
        "state": "received",
        "stage": "decode",
        "attempts": 0,
        "reason": None,
        "message": None,
        "next_try_at": None,
    }
    assert "Daniel" not in stands.text
    other = Sender.at(site, "pbx-hamburg")
    writer = Sender.at(site, "pbx-berlin", Scope.WRITE)
    assert (
        other.ask("GET", f"/arrivals/{call_id}").status_code,
        writer.ask("GET", f"/arrivals/{call_id}").status_code,
    ) == (404, 403)
    for unknown in ("0" * 16, call_id[:8], "%00", "x" * 400):
        assert pbx.ask("GET", f"/arrivals/{unknown}").status_code == 404


def test_a_key_opens_no_record(site: Site, pbx: Sender):
    call_id = pbx.send(sound()).json()["id"]
    for path in ("", "/record", "/page", "/entries", "/annotations", "/proof"):
        assert pbx.ask("GET", f"/calls/{call_id}{path}").status_code == 401
    assert pbx.ask("GET", "/calls").status_code == 401


def test_a_failure_is_told_with_its_reason_and_when_it_is_tried_again(site: Site, pbx: Sender):
    call_id = pbx.send(sound()).json()["id"]
    site.store.begin(call_id, "decode", worker="w", lease_s=60.0, now=site.now)
    later = site.now + timedelta(minutes=5)
    site.store.put_off(call_id, "decode", worker="w", error=Unavailable("A disk is away."), not_before=later)
    stands = pbx.ask("GET", f"/arrivals/{call_id}").json()
    assert (stands["state"], stands["attempts"], stands["reason"]) == ("waiting", 1, "Unavailable")
    assert datetime.fromisoformat(stands["next_try_at"]) == later


def test_one_door_for_all_ways_in(site: Site, pbx: Sender):
    """What came through the API and comes again from Python is the same call."""
    call_id = pbx.send(sound(), {"external_id": "pbx-1"}).json()["id"]
    path = site.folder / "again.wav"
    path.write_bytes(sound())
    call = site.store.call(call_id)
    again = Intake(site.store, site.sounds).accept_file(path, Handover(call.details, "pbx-berlin"))
    assert (again.call_id, again.is_new) == (call_id, False)


# A vCon


def test_a_vcon_is_the_legs_of_one_call(site: Site, pbx: Sender):
    parts = [sound(seed=seed) for seed in (0, 1)]
    vcon = {
        "vcon": "0.4.0",
        "uuid": "018e3f72-c3a8-8b8e-b468-6ebf2e2e8c14",
        "created_at": "2026-03-10T11:00:00Z",
        "parties": [{"name": "Daniel Price", "role": "agent"}, {"name": "Maria Lopez", "role": "customer"}],
        "dialog": [
            {
                "type": "recording",
                "start": f"2026-03-10T10:1{number}:00Z",
                "parties": [0, 1],
                "mediatype": "audio/wav",
                "filename": f"leg{number}.wav",
                "encoding": "base64url",
                "body": urlsafe_b64encode(part).decode().rstrip("="),
            }
            for number, part in enumerate(parts)
        ],
    }
    kind = {"content-type": "application/vcon+json"}
    answer = pbx.ask("POST", "/vcons", content=json.dumps(vcon), headers=kind)
    assert answer.status_code == 202, answer.text
    first, second = answer.json()["arrivals"]
    assert (first["outcome"], second["outcome"], second["leg"]) == ("new", "further_leg", 2)
    assert first["id"] == second["id"]
    call = site.store.call(first["id"])
    assert (call.sender, call.details.external_id) == ("pbx-berlin", vcon["uuid"])
    again = pbx.ask("POST", "/vcons", content=json.dumps(vcon), headers=kind).json()["arrivals"]
    assert [one["outcome"] for one in again] == ["here_already"] * 2
    for content, status in (("{}", 422), ("[", 422), ("", 422)):
        assert pbx.ask("POST", "/vcons", content=content, headers=kind).status_code == status
    assert pbx.ask("POST", "/vcons", content="{}", headers={"content-type": "text/plain"}).status_code == 415
    assert pbx.calls() == 1
