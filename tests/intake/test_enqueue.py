"""Recordings handed over by Python code: safe when ``enqueue`` returns, on the queue last, and no call twice."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

import worker.enqueue
from tests import made_files
from worker.bootstrap import Installation
from worker.core.arrival import FETCH, Handover, Priority
from worker.core.call import CallDetails, Party
from worker.core.errors import BadRecording, Invalid, Unavailable
from worker.enqueue import enqueue
from worker.intake.limits import Busy
from worker.settings import read_settings

DETAILS = CallDetails(external_id="pbx-4711", party_of_channel={0: Party.AGENT})
FAR = "https://pbx.example.com/recordings/4711.wav?token=secret"


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    """The installation of this test's environment: no queue runs there."""
    monkeypatch.setenv("ONRECORD_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("ONRECORD_FREE_DISK_MB", "0")
    worker.enqueue._intake.cache_clear()
    installation = Installation(read_settings())
    yield installation
    installation.store.close()
    if worker.enqueue._intake.cache_info().currsize:
        worker.enqueue._intake()._store.close()
    worker.enqueue._intake.cache_clear()


def test_a_file_is_kept_and_its_call_waits_also_while_the_queue_is_away(installed: Installation, tmp_path: Path):
    path = tmp_path / "4711.wav"
    path.write_bytes(made_files.wav())
    accepted = enqueue(str(path), Handover(DETAILS, sender="pbx-berlin", priority=Priority.BULK))
    call = installed.store.call(accepted.call_id)
    assert (accepted.is_new, accepted.stage) == (True, "decode")
    assert (call.details, call.sender, call.legs[0].file_name) == (DETAILS, "pbx-berlin", "4711.wav")
    assert b"".join(installed.sounds.read(call.id, 1)) == made_files.wav()
    again = enqueue(path, Handover(DETAILS, sender="pbx-berlin"))
    assert (again.call_id, again.is_new) == (accepted.call_id, False)


def test_an_open_file_and_an_address_are_taken_too(installed: Installation):
    of_file = enqueue(io.BytesIO(made_files.wav()), file_name="live.wav")
    assert installed.store.call(of_file.call_id).legs[0].file_name == "live.wav"
    of_address = enqueue(FAR, access="twilio")
    assert of_address.stage == FETCH
    ((_number, announced),) = installed.store.announced(of_address.call_id)
    assert (announced.address, announced.file_name, announced.access) == (FAR, "4711.wav", "twilio")


def test_what_cannot_be_taken_is_refused(installed: Installation, tmp_path: Path):
    empty = tmp_path / "empty.wav"
    empty.touch()
    with pytest.raises(BadRecording):
        enqueue(empty)
    with pytest.raises(Invalid):
        enqueue(tmp_path / "not there.wav")
    with pytest.raises(Invalid, match="fetched from an address"):
        enqueue(io.BytesIO(b"x"), access="twilio")
    assert installed.store.calls() == ()


def test_what_there_is_no_room_for_is_refused_before_it_is_kept(
    installed: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("ONRECORD_FREE_DISK_MB", str(2**40))
    with pytest.raises(Busy) as busy:
        enqueue(io.BytesIO(made_files.wav()))
    assert isinstance(busy.value, Unavailable)
    assert busy.value.retry_after_s == 60
    assert installed.store.calls() == ()
