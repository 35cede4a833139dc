"""The command that takes in the words of records that were there before them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from tests.handed_over import hand_over
from tests.web.records import MADE_BY, short_call
from worker.bootstrap import Installation
from worker.cli import app
from worker.core.log.entry import Role
from worker.core.search.words import read_question
from worker.record.search import Looking
from worker.record.tables.search import search_calls, search_lines, search_words
from worker.settings import read_settings


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    monkeypatch.setenv("ONRECORD_DATA_DIR", str(tmp_path))
    installation = Installation(read_settings())
    yield installation
    installation.store.close()


def test_records_without_their_words_are_taken_in_once(installation: Installation) -> None:
    store = installation.store
    call_id = hand_over(store, sha256="5e" * 32, first_stage="publish").call_id
    store.begin(call_id, "publish", worker="w", lease_s=60.0, now=datetime.now(UTC))
    store.finish(call_id, "publish", worker="w", value=short_call(), made_by=MADE_BY[0], next_stage=None)
    with store._database.writing() as connection:
        for table in (search_words, search_lines, search_calls):
            connection.execute(sa.delete(table))
    first = CliRunner().invoke(app, ["search", "index"])
    again = CliRunner().invoke(app, ["search", "index"])
    assert (first.exit_code, again.exit_code) == (0, 0)
    assert "Taken in: 1." in first.stdout
    assert "Taken in: 0." in again.stdout
    looking = Looking(store.people.side(call_id, Role.CUSTOMER).id)
    assert store.search.find(read_question("leaks"), looking, now=datetime.now(UTC)).total == 1
