"""``--zone`` says where a call took place: what was said is kept with the call, a name that is none is refused."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner

from tests.keys import KEYS
from worker.cli import app
from worker.core.errors import Invalid
from worker.record.store import Store


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The data folder of an installation without a queue. The command line sets up logs, for its own process."""
    for name in [name for name in os.environ if name.startswith("ONRECORD_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ONRECORD_DATA_DIR", str(tmp_path))
    yield tmp_path
    structlog.reset_defaults()


def test_the_zone_of_a_call_is_kept_with_it(data, tmp_path):
    file = tmp_path / "call.wav"
    file.write_bytes(b"RIFF")
    told = ["--started-at", "2026-03-28T23:30:00+00:00", "--zone", "Europe/Berlin"]
    result = CliRunner().invoke(app, ["add", str(file), *told])
    assert result.exit_code == 0, result.output
    (call,) = Store(f"sqlite:///{next(data.glob('*.db'))}", KEYS).calls()
    assert call.details.zone == "Europe/Berlin"
    began = call.details.started_at
    assert began == datetime.fromisoformat("2026-03-29T00:30:00+01:00")
    assert (began + timedelta(hours=12)).utcoffset() == timedelta(hours=2), "the clocks changed in that night"


def test_a_zone_that_nobody_knows_is_refused(data, tmp_path):
    result = CliRunner().invoke(app, ["add", str(tmp_path / "call.wav"), "--zone", "Europe/Atlantis"])
    assert isinstance(result.exception, Invalid)
    assert "Europe/Berlin" in result.exception.message
