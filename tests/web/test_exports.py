"""Calls handed on to other programs by the API and the command: who may, what they get, and that both sides see it."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import soundfile
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from typer.testing import CliRunner

from tests.exchange.other_reader import Vcon
from tests.web.conftest import Site
from tests.web.records import said, short_call
from worker.bootstrap import Installation
from worker.cli import app
from worker.core.arrival import Arrived, Handover
from worker.core.call import CallDetails, Party
from worker.core.dialogue.values import Looked, Way
from worker.core.errors import Invalid, NotAllowed, NotFound
from worker.core.log.entry import SYSTEM, Role
from worker.exchange.package import verify_package
from worker.exchange.result_json import record_to_json
from worker.exchange.vcon import InlineSound, SoundAt, VconSigner
from worker.exchange.vcon.sealing import new_key
from worker.intake.vcon import opened, read_keys
from worker.record.requests.requests import Requests
from worker.record.signing import Verifier
from worker.settings import Settings
from worker.web import exporting

RATE_HZ = 8000


@pytest.fixture(scope="module")
def signer() -> VconSigner:
    return VconSigner.from_pem(new_key("records.example.com", datetime(2026, 3, 1, tzinfo=UTC)))


def flac() -> bytes:
    """Two channels with sounds of their own."""
    samples = np.random.default_rng(7).integers(-9000, 9000, (RATE_HZ, 2), dtype=np.int16)
    made = io.BytesIO()
    soundfile.write(made, samples, RATE_HZ, format="FLAC", subtype="PCM_16")
    return made.getvalue()


@pytest.fixture
def call_id(site: Site, signer: VconSigner) -> Iterator[str]:
    """A call with a record and its sound, opened by its customer."""
    call_id = site.publish(short_call(), sound=flac())
    site.parts = replace(site.parts, vcon_signer=lambda: signer)
    with site.client_of(site.parts) as site.client:
        site.link(call_id)
        yield call_id


def take(site: Site, call_id: str, status: int = 200, **asked: str) -> bytes:
    response = site.client.get(f"/api/v1/calls/{call_id}/export", params=asked)
    assert response.status_code == status, response.text
    if status == 200:
        assert response.headers["content-disposition"].startswith(f'attachment; filename="{call_id}.')
        assert "no-store" in response.headers["cache-control"]
    return response.content


# The API ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "begins"),
    [("vtt", b"WEBVTT\n"), ("srt", b"1\n00:00:00,800 --> "), ("txt", b"Transcript of a call\n")],
)
def test_a_call_is_taken_as_text_of_each_kind(site: Site, call_id: str, form: str, begins: bytes) -> None:
    assert take(site, call_id, format=form).startswith(begins)


def test_as_json_it_is_the_record_itself(site: Site, call_id: str) -> None:
    assert json.loads(take(site, call_id, format="json")) == json.loads(record_to_json(site.store.record(call_id)))


def test_as_a_vcon_it_has_the_sound_without_loss_and_the_proof(site: Site, call_id: str) -> None:
    vcon = json.loads(take(site, call_id, format="vcon"))
    assert Vcon(json.loads(json.dumps(vcon))).is_valid() == (True, [])
    (dialog,) = vcon["dialog"]
    sound = base64.urlsafe_b64decode(dialog["body"] + "=" * (-len(dialog["body"]) % 4))
    heard, rate_hz = soundfile.read(io.BytesIO(sound), dtype="int16")
    assert rate_hz == RATE_HZ
    assert np.array_equal(heard, soundfile.read(io.BytesIO(flac()), dtype="int16")[0])
    (proof,) = (one["body"] for one in vcon["attachments"] if one["purpose"] == "onrecord_proof")
    assert "log.example.com/tests" in Verifier.from_key(proof["key"]).open(proof["checkpoint"])
    held = json.loads(base64.b64decode(proof["record"]["content"]))
    assert "Brightwater" in json.dumps(held), "the record as it stands in the log"


def test_a_large_sound_stays_at_its_address_with_its_hash(
    site: Site, call_id: str, signer: VconSigner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "INLINE_MOST", 10)
    of_others = exporting.Exporter(site.store, site.sounds, "https://records.example.com", lambda: signer)
    sound = of_others.material(site.store.call(call_id), now=site.now).sound
    assert isinstance(sound, SoundAt)
    assert sound.address == f"https://records.example.com/calls/{call_id}/sound"
    assert sound.sha512 == hashlib.sha512(flac()).digest()
    on_this_machine = replace(of_others, base_url="http://localhost")  # where the drafts allow no address
    assert isinstance(on_this_machine.material(site.store.call(call_id), now=site.now).sound, InlineSound)


def test_each_taking_is_an_entry_that_both_sides_see(site: Site, call_id: str) -> None:
    take(site, call_id, format="srt")
    last = site.store.log.items(call_id)[-1]
    assert (last.content, last.actor.role) == (Looked(Way.COPY), Role.CUSTOMER)


def test_signed_and_encrypted_it_goes_to_who_is_named(site: Site, call_id: str, signer: VconSigner) -> None:
    vcon = opened(take(site, call_id, sign="true"), read_keys(signer.certificates))
    assert vcon.needed("vcon").text() == "0.4.0"
    reader = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    pem = reader.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    assert {"ciphertext", "recipients"} <= json.loads(take(site, call_id, encrypt_to=pem)).keys()
    assert b"2048 bits" in take(site, call_id, 422, encrypt_to="no key")
    assert b"A vCon is what can be signed" in take(site, call_id, 422, format="vtt", sign="true")


def test_a_form_that_there_is_none_of_is_refused_and_nothing_is_noted(site: Site, call_id: str) -> None:
    before = len(site.store.log.items(call_id))
    take(site, call_id, 422, format="docx")
    assert len(site.store.log.items(call_id)) == before


def test_a_customer_asks_the_desk_where_somebody_else_is_in_it_and_an_agent_takes_it(
    site: Site, signer: VconSigner
) -> None:
    named = said("t7", Party.CUSTOMER, "My husband Peter Miller was at home.", 42.4, 43.9)
    call_id = site.publish(replace(short_call(), turns=(*short_call().turns, named)))
    site.link(call_id)
    assert b"about another person" in take(site, call_id, 403, format="txt")
    site.link(call_id, Party.AGENT)
    assert b"Peter Miller" in take(site, call_id, format="txt")


def test_as_a_pdf_it_is_a_document(site: Site, call_id: str) -> None:
    assert take(site, call_id, format="pdf").startswith(b"%PDF-")


def test_as_a_package_it_checks_and_is_for_the_two_alone(site: Site, call_id: str, tmp_path: Path) -> None:
    package = tmp_path / "package.zip"
    package.write_bytes(take(site, call_id, format="package"))
    report = verify_package(package, Verifier.from_key(site.store.log.verifier_key).open)
    assert report.findings == ()
    reviewer = site.store.people.add("r@example.com", name="Rita", is_reviewer=True)
    site.store.people.give_role(call_id, reviewer.id, Role.REVIEWER)
    site.sign_in(reviewer)
    assert b"for the two sides" in take(site, call_id, 403, format="package")
    assert take(site, call_id, format="vtt").startswith(b"WEBVTT")


def test_a_call_without_a_record_is_not_found(site: Site) -> None:
    call_id = site.receive("6e" * 32)
    site.link(call_id)
    take(site, call_id, 404, format="vtt")


def test_another_customer_finds_no_such_call(site: Site, call_id: str) -> None:
    other = site.publish(replace(short_call(), recording=replace(short_call().recording, sha256="7e" * 32)))
    site.link(other, Party.CUSTOMER)
    take(site, call_id, 404, format="txt")


# The command -----------------------------------------------------------------------------------------------------


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Installation, str]:
    """An installation with one call that is ready."""
    monkeypatch.setenv("ONRECORD_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    installation = Installation(Settings(data_dir=tmp_path / "data"))
    arrived = Arrived("5e" * 32, "call.wav", 44)
    handover = Handover(CallDetails("Daniel Price", "Maria Lopez"))
    call_id = installation.store.accept(handover, arrived, first_stage="decode").call_id
    installation.store.log.append(call_id, SYSTEM, short_call(), by=None)
    return installation, call_id


def run(*arguments: str) -> None:
    result = CliRunner().invoke(app, ["export", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output


def test_the_command_writes_a_file_for_its_owner_alone_and_says_so_in_the_record(
    kept: tuple[Installation, str], tmp_path: Path
) -> None:
    installation, call_id = kept
    run(call_id[:8], "--format", "vtt")
    written = tmp_path / f"{call_id}.vtt"
    assert written.read_text().startswith("WEBVTT\n")
    assert written.stat().st_mode & 0o077 == 0
    last = installation.store.log.items(call_id)[-1]
    assert (last.actor, last.by, last.content) == (SYSTEM, "onrecord export", Looked(Way.COPY))


def test_the_command_signs_with_a_key_that_it_made_once(kept: tuple[Installation, str], tmp_path: Path) -> None:
    _installation, call_id = kept
    for name in ("a.json", "b.json"):
        run(call_id, "--format", "vcon", "--sign", "--out", name)
    chains = [
        json.loads((tmp_path / name).read_text())["signatures"][0]["header"]["x5c"] for name in ("a.json", "b.json")
    ]
    assert chains[0] == chains[1]
    key = tmp_path / "data" / "keys" / "vcon-signing.pem"
    assert key.stat().st_mode & 0o077 == 0
    opened((tmp_path / "a.json").read_bytes(), read_keys(VconSigner.from_pem(key.read_text()).certificates))


def test_the_command_hands_out_nothing_of_what_is_kept_and_not_used(
    kept: tuple[Installation, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    installation, call_id = kept
    monkeypatch.setattr(Requests, "restriction", lambda _self, one: one == call_id or None)
    before = len(installation.store.log.items(call_id))
    with pytest.raises(NotAllowed, match="contested"):
        run(call_id, "--format", "vtt")
    assert len(installation.store.log.items(call_id)) == before


def test_the_command_says_what_forms_there_are_and_writes_nothing_of_what_is_not_there(
    kept: tuple[Installation, str], tmp_path: Path
) -> None:
    _installation, call_id = kept
    with pytest.raises(Invalid, match="There are: vcon, vtt, srt, txt, pdf, json or package"):
        run(call_id, "--format", "docx")
    with pytest.raises(NotFound):
        run("zzzz", "--format", "vtt")
    assert [one.name for one in tmp_path.iterdir()] == ["data"]
