"""API keys: shown once, kept as a hash, opening what their scopes say, until they are revoked."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from fastapi import FastAPI, Request
from starlette.requests import Request as StarletteRequest
from typer.testing import CliRunner

from tests.web.conftest import NOW, Site
from worker.cli import app
from worker.core.errors import Invalid, NotAllowed, NotFound
from worker.record.senders import Scope
from worker.record.tables.senders import api_keys
from worker.web.access import NoKey


def asking(key: str | None = None, *, cookies: str = "") -> Request:
    headers = [(b"cookie", cookies.encode())] if cookies else []
    if key is not None:
        headers.append((b"authorization", f"Bearer {key}".encode()))
    return StarletteRequest({"type": "http", "method": "GET", "path": "/", "headers": headers, "app": FastAPI()})


def test_a_key_opens_what_its_scopes_say_in_the_name_of_its_sender(site: Site):
    key = site.store.senders.add("pbx-berlin", [Scope.WRITE, Scope.READ], now=NOW)
    caller = site.parts.access.caller(asking(key), Scope.WRITE)
    assert (caller.sender, caller.scopes) == ("pbx-berlin", {Scope.WRITE, Scope.READ})
    assert key.split("_")[1] in caller.by, "logs name the key"
    assert key.split("_", 2)[2] not in caller.by, "and not what opens it"
    for scope in (Scope.OPERATE, Scope.METRICS):
        with pytest.raises(NotAllowed, match=scope):
            site.parts.access.caller(asking(key), scope)


def test_the_database_holds_no_key_from_which_one_could_be_made(site: Site, store_url: str):
    key = site.store.senders.add("pbx-berlin", [Scope.WRITE], now=NOW)
    secret = key.split("_", 2)[2]
    engine = sa.create_engine(store_url)
    with engine.connect() as connection:
        (row,) = connection.execute(sa.select(api_keys)).mappings()
    engine.dispose()
    assert secret not in str(dict(row))
    assert secret.encode() not in row["secret_hash"]


@pytest.mark.parametrize("wrong", ["", "onr_", "onr_aaaaaaaaaa_" + "b" * 43, "bearer", "onr_%_%", "é" * 60])
def test_what_is_no_key_opens_nothing(site: Site, wrong: str):
    site.store.senders.add("pbx-berlin", list(Scope), now=NOW)
    assert site.store.senders.find(wrong, now=NOW) is None


def test_another_secret_under_the_id_of_a_key_opens_nothing(site: Site):
    key = site.store.senders.add("pbx-berlin", [Scope.WRITE], now=NOW)
    other = key[:-1] + ("A" if key[-1] != "A" else "B")
    with pytest.raises(NoKey):
        site.parts.access.caller(asking(other), Scope.WRITE)


def test_a_revoked_key_opens_nothing_from_then_on(site: Site):
    senders = site.store.senders
    key = senders.add("pbx-berlin", [Scope.WRITE], now=NOW)
    key_id = key.split("_")[1]
    senders.revoke(key_id, now=NOW)
    with pytest.raises(NoKey):
        site.parts.access.caller(asking(key), Scope.WRITE)
    with pytest.raises(NotFound, match="revoked already"):
        senders.revoke(key_id, now=NOW)
    assert senders.all()[0].revoked_at == NOW


def test_it_is_known_when_a_key_was_last_used_to_the_minute(site: Site):
    senders = site.store.senders
    key = senders.add("pbx-berlin", [Scope.WRITE], now=NOW)
    assert senders.all()[0].last_used_at is None
    for seconds, noted in ((0, 0), (30, 0), (61, 61)):
        senders.find(key, now=NOW + timedelta(seconds=seconds))
        assert senders.all()[0].last_used_at == NOW + timedelta(seconds=noted)


def test_a_key_is_for_somebody_and_for_something(site: Site):
    with pytest.raises(Invalid, match="scope"):
        site.store.senders.add("pbx-berlin", [], now=NOW)
    with pytest.raises(Invalid, match="name of a sender"):
        site.store.senders.add("x" * 65, [Scope.WRITE], now=NOW)


def test_a_signed_in_operator_may_do_what_operators_programs_do_and_hands_nothing_over(site: Site):
    operator = site.store.people.add("ops@brightwater.example", is_operator=True)
    site.sign_in(operator)
    request = asking(cookies=f"{site.parts.access.cookie}={next(iter(site.client.cookies.values()))}")
    for scope in (Scope.OPERATE, Scope.METRICS):
        assert site.parts.access.caller(request, scope).by == f"person {operator.id}"
    for scope in (Scope.WRITE, Scope.READ):
        with pytest.raises(NoKey):
            site.parts.access.caller(request, scope)


def test_nobody_else_who_is_signed_in_is_an_operator(site: Site):
    site.sign_in(site.store.people.add("sam@brightwater.example"))
    request = asking(cookies=f"{site.parts.access.cookie}={next(iter(site.client.cookies.values()))}")
    with pytest.raises(NotAllowed):
        site.parts.access.caller(request, Scope.OPERATE)
    with pytest.raises(NoKey):
        site.parts.access.caller(asking(), Scope.OPERATE)


# On the command line


@pytest.fixture
def onrecord(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("ONRECORD_DATA_DIR", str(tmp_path / "data"))
    return CliRunner()


def test_a_key_is_made_listed_and_revoked_on_the_command_line(onrecord: CliRunner):
    made = onrecord.invoke(app, ["keys", "add", "pbx-berlin"])
    assert made.exit_code == 0, made.output
    key = made.stdout.strip()
    assert key.startswith("onr_")
    assert "shown this once" in made.stderr
    key_id, secret = key.split("_", 2)[1:]
    listed = onrecord.invoke(app, ["keys", "list"], env={"COLUMNS": "200"}).output
    assert key_id in listed
    assert "calls:read" in listed
    assert "calls:write" in listed
    assert secret not in listed
    assert onrecord.invoke(app, ["keys", "revoke", key_id]).exit_code == 0
    again = onrecord.invoke(app, ["keys", "revoke", key_id])
    assert isinstance(again.exception, NotFound)


def test_a_scope_that_is_not_known_is_refused_on_the_command_line(onrecord: CliRunner):
    refused = onrecord.invoke(app, ["keys", "add", "pbx-berlin", "--scope", "everything"])
    assert isinstance(refused.exception, Invalid)
    assert "calls:write" in str(refused.exception)
