"""``onrecord erase``, ``hold`` and ``keep`` as somebody types them."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from worker.bootstrap import Installation
from worker.cli import app
from worker.core.arrival import Handover
from worker.core.call import CallDetails
from worker.core.errors import CallError, Invalid, NotAllowed, NotFound
from worker.intake.accept import Intake
from worker.settings import read_settings

BY = "olga@example.com"


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """An installation with one operator."""
    for name, value in {"DATA_DIR": tmp_path, "DATABASE_URL": f"sqlite:///{tmp_path / 'onrecord.db'}"}.items():
        monkeypatch.setenv(f"ONRECORD_{name}", str(value))
    installation = Installation(read_settings())
    installation.store.people.add(BY, name="Olga", is_operator=True)
    return installation


@pytest.fixture
def call_id(installed: Installation) -> str:
    door = Intake(installed.store, installed.sounds)
    details = CallDetails(customer="Maria Lopez", line="support")
    return door.accept(io.BytesIO(b"RIFF sound"), "maria.wav", Handover(details)).call_id


def onrecord(*arguments: str, exit_code: int = 0) -> str:
    ran = CliRunner().invoke(app, list(arguments), input="n\n")
    if isinstance(ran.exception, CallError):
        raise ran.exception
    assert ran.exit_code == exit_code, ran.output
    return ran.output


def test_erasing_prints_the_receipt_and_it_can_be_printed_again(installed, call_id):
    said = onrecord("erase", call_id[:6], "--by", BY, "--yes")
    assert f"Erased of call {call_id}" in said
    assert "every place has answered" in said
    assert "Maria" not in said
    assert onrecord("receipt", call_id).strip() == said.strip()
    with pytest.raises(NotFound, match="erased"):
        onrecord("show", call_id)
    read = json.loads(onrecord("receipt", call_id, "--json"))
    assert (read["why"], read["did_not_answer"], len(read["recordings"])) == ("command", [], 1)
    assert installed.store.log.items(call_id)[-1].by == "Olga"


def test_nothing_is_erased_where_it_was_not_meant_or_nobody_known_did_it(installed, call_id):
    onrecord("erase", call_id, "--by", BY, exit_code=1)
    with pytest.raises(NotFound):
        onrecord("erase", call_id, "--by", "nobody@example.com", "--yes")
    assert installed.sounds.exists(call_id, 1)


def test_the_sound_alone_can_be_erased(installed, call_id):
    assert "its sound" in onrecord("erase", call_id, "--by", BY, "--yes", "--sound")
    assert not installed.sounds.exists(call_id, 1)
    assert installed.store.call(call_id).details.customer == "Maria Lopez"


def test_a_hold_is_put_listed_and_released(installed, call_id):
    onrecord("hold", "put", call_id, "--by", BY, "--why", "A claim is before the court.")
    assert call_id in onrecord("hold", "list")
    assert call_id in json.loads(onrecord("hold", "list", "--json"))
    with pytest.raises(NotAllowed, match="legal hold"):
        onrecord("erase", call_id, "--by", BY, "--yes")
    with pytest.raises(Invalid, match="already a legal hold"):
        onrecord("hold", "put", call_id, "--by", BY, "--why", "Again.")
    onrecord("hold", "release", call_id, "--by", BY, "--why", "Settled.")
    assert onrecord("hold", "list") == ""
    onrecord("erase", call_id, "--by", BY, "--yes")


def test_the_daily_run_says_what_it_did_and_its_rules(installed, call_id, monkeypatch):
    assert "not set" in onrecord("keep", "rules")
    monkeypatch.setenv("ONRECORD_KEEP", "recording=180d;line:support:record=3y")
    assert onrecord("keep", "rules").splitlines() == [
        "all lines: recording for 180 days",
        "line support: record for 3 years",
    ]
    assert "Erased: 0 calls" in onrecord("keep", "run")
    assert json.loads(onrecord("keep", "run", "--json"))["left"] == []
    monkeypatch.setenv("ONRECORD_KEEP", "for ever")
    with pytest.raises(Invalid, match="A rule for keeping"):
        onrecord("keep", "run")


def test_a_run_that_left_something_fails_and_names_the_store(installed, call_id, monkeypatch):
    monkeypatch.setenv("ONRECORD_KEEP", "record=1d")
    with installed.store._database.writing() as connection:
        connection.exec_driver_sql("UPDATE calls SET received_at = '2020-01-01 00:00:00.000000'")
    from worker.core.errors import Unavailable
    from worker.record.blobs import Blobs

    def away(*_given: object) -> None:
        raise Unavailable("It is away.")

    with monkeypatch.context() as cut_off:
        cut_off.setattr(Blobs, "remove", away)
        assert "the store of recordings did not answer" in onrecord("keep", "run", exit_code=1)
    assert "Erased: 1 calls" in onrecord("keep", "run")
