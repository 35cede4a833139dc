"""Packages as workers make them, on both databases: whole or not at all, for one call and for several."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import soundfile
import sqlalchemy as sa

from tests.browser.sample import sample_record
from tests.packed import Packing
from tests.web.records import short_call
from worker.core.dialogue.values import Act, Added, Annotation, KeptFile, Looked, OnStatement, Way
from worker.core.errors import Unavailable
from worker.core.packages import PackageState, Protection
from worker.core.requests.values import LeftOut
from worker.exchange.machine_made import SOURCE_TYPE
from worker.intake.accept import Intake
from worker.intake.own_recording import accept_own_recording
from worker.owed.packing import BUG, LEFT_S, Packers
from worker.record.sounds import SoundStore
from worker.record.store import Store
from worker.record.tables.packages import packages

ROOT = Path(__file__).parent.parent


@pytest.fixture
def packing(store: Store, sound_store: SoundStore, tmp_path: Path) -> Packing:
    return Packing(store, sound_store, tmp_path)


def test_a_package_of_one_call_holds_everything_and_proves_itself(packing: Packing, tmp_path: Path):
    call = packing.call()
    packing.store.log.append(
        call, packing.customer(call), Annotation(Act.DISPUTE, OnStatement("s2"), "It was to cost 20 euros."), by="Maria"
    )
    package = packing.made(call)
    assert package.state is PackageState.READY
    folder = packing.unpacked(package, tmp_path / "unpacked")
    assert {path.name for path in folder.iterdir()} == {
        "README.txt",
        "MANIFEST.txt",
        "verify.py",
        "index.html",
        "transcript.pdf",
        "transcript.txt",
        "captions.vtt",
        "record.json",
        "record.vcon.json",
        "annotations.json",
        "sound.flac",
        "proof",
    }
    report = packing.check(folder)
    assert (report.findings, report.call_id) == ((), call)
    for name in ("index.html", "annotations.json"):
        assert "It was to cost 20 euros." in (folder / name).read_text("utf-8"), "annotations of both sides"
    assert json.loads((folder / "record.json").read_text())["digital_source_type"] == SOURCE_TYPE
    assert f'content="{SOURCE_TYPE}"' in (folder / "index.html").read_text("utf-8")
    assert "whisper-base, ebe41f70d5b6" in (folder / "README.txt").read_text("utf-8"), "by which models it was made"
    assert not list((tmp_path / "scratch").iterdir())


def test_who_it_is_for_has_taken_a_copy_and_both_sides_see_that_once(packing: Packing):
    call = packing.call()
    package = packing.made(call)
    copies = [one for one in packing.store.log.items(call) if one.content == Looked(Way.COPY)]
    assert [(one.actor, one.by) for one in copies] == [(packing.customer(call), "Maria Lopez")]
    with packing.zip_of(package) as archive:
        assert "took a copy of it" in archive.read("index.html").decode()


def test_several_calls_have_a_folder_each_and_a_page_that_leads_to_them(packing: Packing, tmp_path: Path):
    other = short_call()
    other = replace(other, recording=replace(other.recording, sha256="b" * 64))
    calls = packing.call(), packing.call(other, sound=None)
    folder = packing.unpacked(packing.made(*calls), tmp_path / "unpacked")
    assert packing.check(folder).calls == calls
    assert packing.check(folder).findings == ()
    index = (folder / "index.html").read_text("utf-8")
    assert 'href="calls/1/index.html"' in index
    assert 'href="calls/2/index.html"' in index
    assert 'href="../../index.html"' in (folder / "calls/2/index.html").read_text("utf-8")
    assert "<audio" not in (folder / "calls/2/index.html").read_text("utf-8"), "of a call without its sound yet"


def test_what_another_person_said_is_in_no_file_and_the_sound_is_silent_there(packing: Packing, tmp_path: Path):
    record = sample_record()
    turn = next(one for one in record.turns if "mopping" in one.text)
    at = [word.text for word in turn.words].index("mopping")
    first, last = turn.words[at - 3], turn.words[at + 2]
    call = packing.call(record)
    stretch = LeftOut(call, turn.id, at - 3, at + 3, first.start_s, last.end_s)
    folder = packing.unpacked(packing.made(call, leave_out=[stretch]), tmp_path / "unpacked")
    for path in folder.rglob("*"):
        if path.is_file():
            assert b"mopping" not in path.read_bytes(), path
    report = packing.check(folder)
    assert (report.findings, report.withheld) == ((), 1)
    samples, rate = soundfile.read(folder / "sound.flac")
    before, _rate = soundfile.read(ROOT / "scripts" / "sample_call" / "call.flac")
    assert len(samples) == len(before)
    silent = samples[int(first.start_s * rate) : int(last.end_s * rate)]
    assert np.abs(silent).max() == 0
    assert np.array_equal(samples[: int((first.start_s - 1) * rate)], before[: int((first.start_s - 1) * rate)])
    assert "left out" in (folder / "index.html").read_text("utf-8")
    assert "stays out" in _verify(folder) or "other persons" in _verify(folder)


def test_a_recording_of_somebodys_own_is_not_handed_on_as_it_was_brought(packing: Packing, tmp_path: Path):
    call = packing.call()
    intake = Intake(packing.store, packing.sounds)
    brought = accept_own_recording(io.BytesIO(b"RIFF mine"), "mine.wav", packing.store.call(call), intake=intake)
    own = packing.store.call(brought.call_id)
    file = KeptFile(own.sound_id, "mine.wav", "audio/wav", 9)
    added = Added("My own recording.", None, file, recording_call=own.id)
    packing.store.log.append(call, packing.customer(call), added, by="Maria")
    folder = packing.unpacked(packing.made(call), tmp_path / "unpacked")
    assert not (folder / "files").exists()
    assert "My own recording." in (folder / "index.html").read_text("utf-8")
    assert packing.check(folder).findings == ()


def test_what_came_with_the_recording_stays_out_where_words_of_others_do(packing: Packing, tmp_path: Path):
    call = packing.call()
    Intake(packing.store, packing.sounds).keep_beside(call, b'{"text": "my husband Peter"}', "came.vcon.json")
    words = packing.store.record(call).turns[0].words
    left_out = LeftOut(call, packing.store.record(call).turns[0].id, 0, 2, words[0].start_s, words[1].end_s)
    whole = packing.unpacked(packing.made(call), tmp_path / "whole")
    assert [b"Peter" in one.read_bytes() for one in (whole / "files").iterdir()] == [True]
    less = packing.unpacked(packing.made(call, leave_out=[left_out]), tmp_path / "less")
    assert not (less / "files").exists()
    assert packing.check(less).findings == ()


def test_an_encrypted_package_opens_with_the_code_that_is_shown_once(packing: Packing, tmp_path: Path):
    import pyzipper

    call = packing.call()
    package = packing.store.packages.ask([call], protection=Protection.CODE)
    code = packing.store.packages.show_code(package.id)
    assert packing.packer().make_one()
    (tmp_path / "locked.zip").write_bytes(b"".join(packing.packages.read(package.id)))
    with pyzipper.AESZipFile(tmp_path / "locked.zip") as archive:
        archive.setpassword(code.encode())
        archive.extractall(tmp_path / "open")
    assert packing.check(tmp_path / "open").findings == ()


def test_at_rest_nothing_of_a_package_can_be_read(packing: Packing, tmp_path: Path):
    package = packing.made(packing.call())
    lies = list((tmp_path / "sounds" / "packages").iterdir())
    assert [path.name for path in lies] == [package.id]
    data = lies[0].read_bytes()
    assert not any(word in data for word in (b"PK\x03\x04", b"index.html", b"README.txt", b"fLaC"))


def test_a_call_without_a_record_makes_it_fail_for_good_and_says_why(packing: Packing):
    call = packing.call()
    package = packing.asked(call)
    packing.store.log.erase(call)
    packing.packer().make_one()
    failed = packing.store.packages.of(package.id)
    assert failed.state is PackageState.FAILED
    assert failed.failure is not None
    assert "erased" in failed.failure


def test_a_store_that_is_away_is_asked_again_later(packing: Packing, monkeypatch: pytest.MonkeyPatch):
    def away(*_args: object) -> int:
        raise Unavailable("The store of recordings cannot be reached.")

    call = packing.call()
    with monkeypatch.context() as patched:
        patched.setattr(packing.sounds, "copy_size", away)
        waiting = packing.made(call)
    assert (waiting.state, waiting.failure) == (PackageState.WAITING, "The store of recordings cannot be reached.")
    with packing.store._database.writing() as connection:
        connection.execute(sa.update(packages).values(due_at=datetime(2026, 1, 1, tzinfo=UTC)))
    assert packing.packer().make_one()
    assert packing.store.packages.of(waiting.id).state is PackageState.READY


def test_a_fault_of_the_program_is_said_without_what_it_was_about(packing: Packing, monkeypatch: pytest.MonkeyPatch):
    def fault(*_args: object) -> int:
        raise KeyError("Maria Lopez")

    monkeypatch.setattr(packing.sounds, "copy_size", fault)
    assert packing.made(packing.call()).failure == BUG


def test_a_package_that_is_ended_while_it_is_made_leaves_nothing(packing: Packing, tmp_path: Path):
    call = packing.call()
    package = packing.asked(call)
    packer = packing.packer()
    beat = packing.store.packages.jobs.beat

    def beat_and_erase(*args: object, **options: object) -> bool:
        packing.store.packages.erase(call)
        return beat(*args, **options)  # type: ignore[arg-type]

    packing.store.packages.jobs.beat = beat_and_erase  # type: ignore[method-assign]
    packer.make_one()
    assert packing.store.packages.of(package.id).state is PackageState.ENDED
    assert not packing.packages.exists(package.id)


def test_what_a_killed_worker_left_in_the_clear_is_removed_by_the_next_package(packing: Packing, tmp_path: Path):
    left, at_work = tmp_path / "scratch" / "package-left", tmp_path / "scratch" / "package-at-work"
    for folder in (left, at_work):
        folder.mkdir(parents=True)
        (folder / "sound.flac").write_bytes(b"sound")
    day_ago = time.time() - LEFT_S - 60
    os.utime(left, (day_ago, day_ago))
    packing.made(packing.call())
    assert not left.exists()
    assert at_work.exists()


def test_the_thread_of_a_worker_makes_what_is_asked_for(packing: Packing):
    call = packing.call()
    thread = Packers(packing.packer(), every_s=0.05)
    thread.start()
    package = packing.asked(call)
    until = time.monotonic() + 60
    while packing.store.packages.of(package.id).is_under_way and time.monotonic() < until:
        time.sleep(0.05)
    thread.stop()
    assert packing.store.packages.of(package.id).state is PackageState.READY


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.keys import KEYS
from tests.packed import Packing
from worker.record.sounds import SoundStore
from worker.record.store import Store

url, folder, step = sys.argv[1:]
store = Store(url, KEYS)
packing = Packing(store, SoundStore(Path(folder) / "sounds", store.sound_keys), Path(folder))
beat = store.packages.jobs.beat
ready = store.packages.jobs.ready

def killed(*args, **options):
    os.kill(os.getpid(), signal.SIGKILL)

def beaten(job, at, done, **options):
    return killed() if at.value == step else beat(job, at, done, **options)

store.packages.jobs.beat = beaten
if step == "ready":
    store.packages.jobs.ready = killed
packing.packer(lease_s=0.0).make_one()
"""


@pytest.mark.parametrize("step", ["log", "pdf", "zip", "ready"])
def test_a_worker_killed_at_any_step_leaves_nothing_half_and_the_next_one_makes_it(
    packing: Packing, store_url: str, tmp_path: Path, step: str
):
    package = packing.asked(packing.call())
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, store_url, str(tmp_path), step], cwd=ROOT, check=False, env={**os.environ}
    )
    assert killed.returncode == -signal.SIGKILL
    half = packing.store.packages.of(package.id)
    assert half.state is PackageState.MAKING
    assert half.sha256 is None
    assert packing.packer().make_one(), "its lease was over"
    ready = packing.store.packages.of(package.id)
    assert ready.state is PackageState.READY
    assert packing.check(packing.unpacked(ready, tmp_path / "unpacked")).findings == ()
    assert len(list((tmp_path / "sounds" / "packages").iterdir())) == 1


def _verify(folder: Path) -> str:
    """What the program in it says."""
    ran = subprocess.run([sys.executable, "-I", str(folder / "verify.py")], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout
