"""The copy that each of the two can take: it proves itself, with the public key and nothing else."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.handed_over import hand_over
from tests.web.conftest import WORKER, Site
from tests.web.records import MADE_BY, short_call
from worker.core.call import CallDetails, Party
from worker.core.dialogue.values import Act, Added, Annotation, KeptFile, Looked, OnStatement, Way
from worker.core.log.entry import Actor, Role
from worker.exchange.package import verify_package
from worker.record.signing import Verifier

RECORDING = b"RIFF and what follows it"
LETTER = b"%PDF-1.7 a letter"


@pytest.fixture
def call_id(site: Site, tmp_path: Path) -> str:
    """A call whose recording is kept, with a record, opened by its customer."""
    file = tmp_path / "call.wav"
    file.write_bytes(RECORDING)
    kept = site.sounds.keep(file)
    sent = {"sha256": kept.sha256, "file_name": file.name, "size_bytes": kept.size_bytes, "first_stage": "publish"}
    call_id = hand_over(site.store, CallDetails(), **sent).call_id
    record = replace(short_call(), recording=replace(short_call().recording, sha256=kept.sha256))
    site.store.begin(call_id, "publish", **WORKER, now=datetime.now(UTC))
    site.store.finish(call_id, "publish", worker="w", value=record, made_by=MADE_BY[0], next_stage=None)
    site.link(call_id)
    return call_id


def take(site: Site, call_id: str, to: Path) -> Path:
    response = site.client.get(f"/calls/{call_id}/copy.zip")
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/zip"
    assert call_id in response.headers["content-disposition"]
    to.write_bytes(response.content)
    return to


def test_the_copy_is_whole_and_holds_everything_up_to_the_taking_of_it(site, call_id, tmp_path):
    customer = site.store.people.side(call_id, Role.CUSTOMER)
    site.store.log.append(call_id, Actor(Role.CUSTOMER, customer.id), Annotation(Act.AGREE, OnStatement("s1")), by="M")
    copy = take(site, call_id, tmp_path / "copy.zip")
    key = site.client.get("/api/v1/log/key").text
    report = verify_package(copy, Verifier.from_key(key).open)
    assert report.findings == ()
    assert report.entries == 4
    with ZipFile(copy) as archive:
        (recording,) = [name for name in archive.namelist() if "call.wav" in name]
        assert archive.read(recording) == RECORDING
    assert site.store.log.items(call_id)[-1].content == Looked(Way.COPY)


def test_the_files_that_were_added_go_with_it(site, call_id, tmp_path):
    kept = site.parts.files.keep(call_id, io.BytesIO(LETTER))
    added = Added("The letter.", file=KeptFile(kept.sha256, "letter.pdf", "application/pdf", kept.size_bytes))
    agent = site.store.people.side(call_id, Role.AGENT)
    site.store.log.append(call_id, Actor(Role.AGENT, agent.id), added, by="Daniel Price")
    copy = take(site, call_id, tmp_path / "copy.zip")
    with ZipFile(copy) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith("letter.pdf")]
        assert archive.read(name) == LETTER
    key = site.client.get("/api/v1/log/key").text
    assert verify_package(copy, Verifier.from_key(key).open).findings == ()


def test_one_altered_byte_is_found_with_the_key_alone(site, call_id, tmp_path):
    copy = take(site, call_id, tmp_path / "copy.zip")
    altered = tmp_path / "altered.zip"
    with ZipFile(copy) as archive, ZipFile(altered, "w") as to:
        for name in archive.namelist():
            data = archive.read(name)
            to.writestr(name, data.replace(b"agree", b"agred").replace(b"leaks", b"lacks"))
    key = site.client.get("/api/v1/log/key").text
    assert verify_package(altered, Verifier.from_key(key).open).findings


def test_the_copy_is_for_the_two_whose_record_it_is(site, call_id):
    reviewer = site.store.people.add("paula@example.com", name="Paula", is_reviewer=True)
    site.store.people.give_role(call_id, reviewer.id, Role.REVIEWER)
    site.sign_in(reviewer)
    assert site.client.get(f"/calls/{call_id}/copy.zip").status_code == 403
    site.link(call_id, Party.AGENT)
    assert site.client.get(f"/calls/{call_id}/copy.zip").status_code == 200
