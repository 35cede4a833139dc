"""A package of a record from a real log and real stores, and the command that checks it."""

from __future__ import annotations

import io
import json
import sqlite3
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.handed_over import hand_over
from tests.keys import KEYS
from tests.web.records import short_call
from worker.cli import app
from worker.core.arrival import Handover
from worker.core.call import CallDetails
from worker.core.dialogue.values import Act, Added, Annotation, KeptFile, OnStatement, WholeCall
from worker.core.errors import NotFound
from worker.core.log.entry import SYSTEM, Actor, Role
from worker.exchange.package import Contents, form, verify_package, write_package
from worker.exchange.vcon.sealing import VconSigner, new_key
from worker.record.files import FileStore
from worker.record.signing import Verifier
from worker.record.sounds import SoundStore
from worker.record.store import Store
from worker.web.packing.gathering import Gatherer, Wanted

SIGNER = VconSigner.from_pem(new_key("a.example", datetime.now(UTC)))
ADA = Actor(Role.CUSTOMER, "ada")
RECORDING = b"RIFF" + bytes(5000)


class Desk:
    """A log with one call in it, and what is needed to copy it."""

    def __init__(self, folder: Path) -> None:
        self.store = Store(f"sqlite:///{folder / 'onrecord.db'}", KEYS)
        self.store.migrate()
        self.sounds = SoundStore(folder / "sounds", self.store.sound_keys)
        self.files = FileStore(self.sounds.blobs, self.store.log)
        kept = self.sounds.keep(io.BytesIO(RECORDING))
        details = CallDetails(agent="Ann", external_id="4711")
        self.sha256 = kept.sha256
        arrived = kept.arrived("call.wav")
        self.call_id = self.store.accept(Handover(details), arrived, first_stage="decode").call_id
        self.store.log.append(self.call_id, SYSTEM, short_call(), by=None)

    def say(self, content: Annotation | Added) -> None:
        self.store.log.append(self.call_id, ADA, content, by="Ada")

    def copy(self, since: int | None = None, call_id: str | None = None) -> Contents:
        gatherer = Gatherer(self.store, self.sounds, self.files, "https://a.example", lambda: SIGNER)
        wanted = Wanted([call_id or self.call_id], (), "en", datetime.now(UTC), since)
        return gatherer.gather(wanted, Path("/nowhere"))  # nothing is left out, so nothing is written there

    def write(self, path: Path, since: int | None = None) -> Path:
        write_package(self.copy(since), path, self.store.log.signer.sign)
        return path

    @property
    def key(self) -> str:
        return self.store.log.verifier_key


@pytest.fixture
def desk(tmp_path):
    desk = Desk(tmp_path)
    yield desk
    desk.store.close()


def test_a_copy_holds_everything_of_its_call_and_is_proven_without_the_installation(desk, tmp_path):
    listened = tmp_path / "listening.flac"
    listened.write_bytes(b"fLaC sound")
    desk.sounds.put_copy(desk.call_id, listened)
    kept = desk.files.keep(desk.call_id, io.BytesIO(b"%PDF an invoice"))
    desk.say(Added("The invoice.", file=KeptFile(kept.sha256, "Rechnung März.pdf", "application/pdf", kept.size_bytes)))
    desk.say(Annotation(Act.DISPUTE, OnStatement("s1"), "I said Tuesday."))
    report = verify_package(desk.write(tmp_path / "copy.zip"), Verifier.from_key(desk.key).open)
    assert report.findings == ()
    assert (report.call_id, report.entries) == (desk.call_id, 4)
    assert report.proven == ("files/0002-Rechnung_M_rz.pdf",)
    assert set(report.listed) == {*form.TEXTS, "sound.flac"}


def test_what_was_said_lies_in_it_as_web_annotations(desk, tmp_path):
    desk.say(Annotation(Act.DISPUTE, OnStatement("s1"), "I said Tuesday."))
    with zipfile.ZipFile(desk.write(tmp_path / "copy.zip")) as archive:
        collection = json.loads(archive.read("annotations.json"))
    assert collection["id"] == f"https://a.example/api/v1/calls/{desk.call_id}/annotations"
    assert "I said Tuesday." in json.dumps(collection)


def test_a_copy_is_tied_to_the_checkpoint_of_an_earlier_one(desk, tmp_path):
    first = desk.copy()
    desk.say(Annotation(Act.ADD, WholeCall(), "And then they came."))
    later = desk.write(tmp_path / "copy.zip", since=2)
    verifier = Verifier.from_key(desk.key)
    report = verify_package(later, verifier.open, since=first.checkpoint)
    assert report.findings == ()
    assert report.earlier is not None
    assert (report.earlier.size, report.entries) == (2, 3)


def test_a_copy_since_a_checkpoint_that_never_was_is_refused(desk):
    with pytest.raises(NotFound, match="no checkpoint of this size"):
        desk.copy(since=1)


def test_of_an_erased_call_there_is_nothing_to_hand_over(desk):
    desk.store.log.erase(desk.call_id)
    with pytest.raises(NotFound, match="was erased"):
        desk.copy()


def test_the_recording_as_it_arrived_is_in_no_package(desk, tmp_path):
    """It is sealed: what is handed over is what was protected."""
    with zipfile.ZipFile(desk.write(tmp_path / "copy.zip")) as archive:
        assert RECORDING not in [archive.read(name) for name in archive.namelist()]


def test_a_call_that_is_not_there_has_no_copy(desk):
    with pytest.raises(NotFound, match="no such call"):
        desk.copy(call_id="0000000000000000")


# The command


@pytest.fixture
def copy_and_key(desk, tmp_path) -> tuple[str, str]:
    (tmp_path / "key.pub").write_text(f"{desk.key}\n")
    return str(desk.write(tmp_path / "copy.zip")), str(tmp_path / "key.pub")


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.output


def test_the_command_says_what_a_copy_proves(copy_and_key, desk):
    copy, key = copy_and_key
    code, said = run("verify", copy, "--key", key)
    assert code == 0
    assert f"2 entries of call {desk.call_id}: everything holds." in said
    assert "As the company handed them out, and proven by no entry: annotations.json, captions.vtt, " in said


def test_the_command_names_what_was_altered_and_fails(copy_and_key, tmp_path):
    copy, key = copy_and_key
    with zipfile.ZipFile(copy) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["proof/contents/0001.json"] = parts["proof/contents/0001.json"].replace(b"Brightwater", b"Brackwater ", 1)
    with zipfile.ZipFile(tmp_path / "altered.zip", "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    code, said = run("verify", str(tmp_path / "altered.zip"), "--key", key)
    assert code == 1
    assert "entry 1: its content is not what was entered; expected " in said
    code, said = run("verify", str(tmp_path / "altered.zip"), "--key", key, "--json")
    assert code == 1
    assert any(one.get("number") == 1 for one in json.loads(said)["findings"])


def test_the_command_checks_this_installation(monkeypatch, tmp_path):
    monkeypatch.setenv("ONRECORD_DATA_DIR", str(tmp_path))
    code, said = run("verify")
    assert (code, said) == (0, "0 entries of 0 calls, 0 of them in the tree, 0 checkpoints: everything holds.\n")
    code, key = run("log", "key")
    assert (code, Verifier.from_key(key).key.name) == (0, "onrecord.local/log")


def test_the_command_prints_the_newest_checkpoint_and_takes_it_back(monkeypatch, tmp_path):
    from worker.bootstrap import Installation
    from worker.settings import read_settings

    monkeypatch.setenv("ONRECORD_DATA_DIR", str(tmp_path))
    store = Installation(read_settings()).store
    hand_over(store, CallDetails(), sha256="0" * 64, file_name="a.wav", size_bytes=1, first_stage="decode")
    store.log.include()
    store.log.publish(datetime.now(UTC))
    store.close()
    code, note = run("log", "checkpoint")
    assert code == 0
    (tmp_path / "kept.txt").write_text(note)
    code, said = run("verify", "--since", str(tmp_path / "kept.txt"))
    assert (code, "everything holds" in said) == (0, True)
    (tmp_path / "kept.txt").write_text(note.replace("\n1\n", "\n2\n", 1))
    code, said = run("verify", "--since", str(tmp_path / "kept.txt"))
    assert (code, "the checkpoint kept from before: the signature does not hold" in said) == (1, True)


@pytest.mark.parametrize("name", ["none.pub", "binary.pub"])
def test_a_key_that_cannot_be_read_is_said_to_be(copy_and_key, tmp_path, name):
    (tmp_path / "binary.pub").write_bytes(b"\xff\xfe")
    result = CliRunner().invoke(app, ["verify", copy_and_key[0], "--key", str(tmp_path / name)])
    assert result.exit_code == 1
    assert "file that was named" in str(result.exception)


def test_checking_writes_nothing_into_the_log(monkeypatch, tmp_path):
    """Starting takes calls of earlier versions into the log. Done before a check, that would hide what is missing."""
    from worker.bootstrap import Installation
    from worker.settings import read_settings

    monkeypatch.setenv("ONRECORD_DATA_DIR", str(tmp_path))
    store = Installation(read_settings()).store
    hand_over(store, CallDetails(), sha256="0" * 64, file_name="a.wav", size_bytes=1, first_stage="decode")
    store.log.include()
    store.log.publish(datetime.now(UTC))
    store.close()
    with sqlite3.connect(tmp_path / "onrecord.db") as database:
        for table in ("entries", "contents"):
            database.execute(f"DROP TRIGGER {table}_refuse_delete")
        for table in ("contents", "not_included", "entries"):
            database.execute(f"DELETE FROM {table}")
    code, said = run("verify")
    assert (code, "missing" in said) == (1, True)
    with sqlite3.connect(tmp_path / "onrecord.db") as database:
        assert database.execute("SELECT count(*) FROM entries").fetchone() == (0,)
