"""`onrecord add`: what is known of the call is said in options; several files under one id are its legs."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests import made_files
from worker.bootstrap import Installation
from worker.cli import app
from worker.core.arrival import Priority
from worker.core.call import Direction, LawfulBasis
from worker.core.errors import Invalid
from worker.settings import read_settings


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("ONRECORD_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("ONRECORD_FREE_DISK_MB", "0")
    paths = [tmp_path / f"{number}.wav" for number in (1, 2)]
    for number, path in enumerate(paths):
        path.write_bytes(made_files.wav(1.0 + number))
    return [str(path) for path in paths]


def test_all_that_the_api_takes_can_be_said_on_the_command_line(files: list[str]):
    said = ["--external-id", "pbx-1", "--line", "repairs", "--direction", "inbound", "--lawful-basis", "consent"]
    said += ["--notice-given", "--continues", "pbx-0", "--sender", "pbx-berlin", "--bulk"]
    done = CliRunner().invoke(app, ["add", *files, *said, "--started-at", "2026-03-10T10:14:00+01:00"])
    assert done.exit_code == 0, done.output
    assert "accepted as leg 2" in done.output
    store = Installation(read_settings()).store
    (call,) = store.calls()
    details = call.details
    assert (call.sender, call.priority, len(call.legs)) == ("pbx-berlin", Priority.BULK, 2)
    assert (details.direction, details.lawful_basis, details.notice_given) == (
        Direction.INBOUND,
        LawfulBasis.CONSENT,
        True,
    )
    assert (details.line, details.continues) == ("repairs", "pbx-0")
    assert [leg.started_at is None for leg in call.legs] == [False, True], "the start is that of the first leg"
    store.close()


def test_a_word_that_is_none_of_those_taken_is_refused(files: list[str]):
    done = CliRunner().invoke(app, ["add", files[0], "--direction", "sideways"])
    assert isinstance(done.exception, Invalid)
    assert "inbound, outbound" in str(done.exception)
