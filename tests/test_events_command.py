"""The commands about events: endpoints added and shown, secrets shown once, events listed and told again."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from standardwebhooks.webhooks import Webhook
from typer.testing import CliRunner, Result

from tests.handed_over import hand_over
from tests.installation import wait_until
from tests.receiver import Receiver, later, receiving
from worker.bootstrap import Installation
from worker.cli import app
from worker.core.errors import CallError, Invalid, NotFound, Unavailable
from worker.running.up import free_port
from worker.settings import read_settings

ROOT = Path(__file__).parent.parent


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    monkeypatch.setenv("ONRECORD_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("ONRECORD_FETCH_ALLOW", "127.0.0.1")
    monkeypatch.setenv("COLUMNS", "200")
    installation = Installation(read_settings())
    yield installation
    installation.store.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def typed(*arguments: str) -> Result:
    result = CliRunner().invoke(app, ["events", *arguments])
    if isinstance(result.exception, CallError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result


def endpoint_of(installation: Installation) -> str:
    (found,) = installation.store.events.endpoints.all()
    return found.id


def test_an_endpoint_is_added_tested_rotated_disabled_and_enabled(
    installation: Installation, receiver: Receiver
) -> None:
    secret = typed("endpoints", "add", receiver.url, "--types", "record.ready, call.failed").stdout.strip()
    name = endpoint_of(installation)
    shown = typed("endpoints", "list").stdout
    assert f"127.0.0.1:{receiver.port}" in shown
    assert "call.failed, record.ready · all senders · 0 waiting" in shown
    assert "geheim" not in shown
    assert secret not in shown
    assert "answered 204" in typed("test", name[:8]).stdout
    newer = typed("endpoints", "rotate", name, "--overlap-hours", "1").stdout.strip()
    typed("test", name)
    first, second = receiver.got
    Webhook(secret).verify(first.body, first.headers)
    for one in (secret, newer):
        Webhook(one).verify(second.body, second.headers)
    typed("endpoints", "disable", name)
    assert "disabled" in typed("endpoints", "list").stdout
    assert f"--endpoint {name}" in typed("endpoints", "enable", name).stdout
    assert "well" in typed("endpoints", "list").stdout


def test_an_endpoint_that_answers_otherwise_fails_its_test(installation: Installation, receiver: Receiver) -> None:
    typed("endpoints", "add", receiver.url)
    receiver.answer = lambda _: 401
    result = CliRunner().invoke(app, ["events", "test", endpoint_of(installation)])
    assert result.exit_code == 1
    assert "answered 401" in result.output


def test_a_test_that_cannot_reach_the_endpoint_says_so_without_its_address(installation: Installation) -> None:
    with receiving() as receiver:
        typed("endpoints", "add", receiver.url)
    with pytest.raises(Unavailable) as gone:
        typed("test", endpoint_of(installation))
    assert "geheim" not in gone.value.message


def test_events_are_listed_and_told_again_by_instant_or_by_id(installation: Installation, receiver: Receiver) -> None:
    call_id = hand_over(installation.store, sha256="5e" * 32).call_id
    typed("endpoints", "add", receiver.url)
    (line,) = typed("list", "--json", "--call", call_id[:6]).stdout.splitlines()
    event = json.loads(line)
    assert (event["type"], event["call_id"], event["waiting"]) == ("call.received", call_id, 0)
    assert event["id"] in typed("list", "--type", "call.received").stdout
    assert "Told again: 1." in typed("replay", "--since", "2026-01-01T00:00+01:00").stdout
    assert "Told again: 0." in typed("replay", "--since", "2026-01-01T00:00", "--type", "call.failed").stdout
    assert "Told again: 1." in typed("replay", "--event", event["id"], "--endpoint", endpoint_of(installation)).stdout
    assert installation.courier().tell_all(endpoint_of(installation)) == 1
    assert [got.id for got in receiver.got] == [event["id"]]
    assert json.loads(typed("list", "--json").stdout)["delivered"] == 1


def test_a_web_server_tells_events_too_and_ends_with_what_it_is_telling(
    installation: Installation, receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONRECORD_PORT", str(free_port("127.0.0.1", 0)))
    receiver.answer = later(1.0)
    typed("endpoints", "add", receiver.url)
    hand_over(installation.store, sha256="5e" * 32)
    with (tmp_path / "web.log").open("wb") as file:
        web = subprocess.Popen([sys.executable, "-m", "worker", "web"], cwd=ROOT, stdout=file, stderr=file)
    try:
        wait_until(lambda: len(receiver.got) == 1, what="the web server tells it", within_s=90.0)
        web.terminate()
        assert web.wait(30.0) == 0
    finally:
        web.kill()
        web.wait()
    assert installation.store.events.list()[0].delivered == 1
    assert "geheim" not in (tmp_path / "web.log").read_text()


def test_what_makes_no_sense_is_said_in_one_line(installation: Installation) -> None:
    for wrong in (
        ("replay",),
        ("replay", "--since", "yesterday"),
        ("replay", "--since", "2026-01-01", "--event", "evt_1"),
        ("list", "--type", "call.lost"),
        ("endpoints", "add", "crm.example/events"),
        ("endpoints", "add", "https://user:secret@crm.example/events"),
        ("endpoints", "add", "https://crm.example/", "--types", "everything"),
    ):
        with pytest.raises(Invalid):
            typed(*wrong)
    for unknown in (("replay", "--event", "evt_1"), ("test", "nobody"), ("endpoints", "rotate", "zzzz")):
        with pytest.raises(NotFound):
            typed(*unknown)
