"""What the database itself refuses, whatever program writes; and how calls from before the log come into it."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from tests.handed_over import hand_over
from tests.keys import KEYS
from tests.web.records import short_call
from worker.core.call import CallDetails, Party
from worker.core.dialogue.values import Looked, Received, Way
from worker.core.errors import BrokenRecord, NotFound
from worker.core.log.entry import Actor, EntryKind, Role
from worker.record import adoption
from worker.record.database import Database
from worker.record.standing import CallState
from worker.record.store import Store
from worker.record.tables.log import NEVER_CHANGED
from worker.record.values import to_json

NOW = datetime(2026, 3, 10, 9, 14, tzinfo=UTC)
ANN = Actor(Role.AGENT, "ann")


@pytest.fixture
def engine(store_url: str) -> Iterator[sa.Engine]:
    """A way into the database past the store."""
    engine = sa.create_engine(sa.make_url(store_url.replace("postgresql:", "postgresql+psycopg:")))
    yield engine
    engine.dispose()


@pytest.fixture
def call_id(store) -> str:
    """A call with entries that are included and published, so that every table of the log has rows."""
    accepted = hand_over(store, CallDetails(), sha256="0" * 64, file_name="a", size_bytes=1, first_stage="decode")
    for _ in range(3):
        store.log.append(accepted.call_id, ANN, Looked(Way.PAGE), by="Ann")
    store.log.include()
    store.log.publish(NOW)
    return accepted.call_id


def _rows(engine: sa.Engine, table: str) -> list[tuple]:
    with engine.connect() as connection:
        return sorted(map(tuple, connection.execute(sa.text(f"SELECT * FROM {table}"))))


def _refused(engine: sa.Engine, table: str) -> list[str]:
    """Every statement of this database that would change or remove rows of the table."""
    column = {"log_identity": "origin", "entries": "person", "contents": "sealed", "checkpoints": "root"}
    statements = [f"UPDATE {table} SET {column.get(table, 'hash')} = '0'", f"DELETE FROM {table}"]
    if engine.dialect.name == "postgresql":
        return [*statements, f"TRUNCATE {table} CASCADE"]
    statements.append(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")
    if table == "leaves":  # replacing removes also a row that is in the way of another rule than the key's
        statements.append(
            "INSERT OR REPLACE INTO leaves SELECT position + 100, call_id, number, hash FROM leaves WHERE position = 0"
        )
    return statements


@pytest.mark.parametrize("table", NEVER_CHANGED)
def test_the_database_refuses_to_change_or_remove_what_is_in_the_log(engine, call_id, table):
    before = _rows(engine, table)
    assert before
    for statement in _refused(engine, table):
        with pytest.raises(sa.exc.DBAPIError, match="never changed or removed"), engine.begin() as connection:
            connection.execute(sa.text(statement))
        assert _rows(engine, table) == before


def test_the_refusal_reaches_our_own_code_as_a_broken_record(store, store_url, call_id):
    database = Database(store_url)
    with pytest.raises(BrokenRecord, match="refused"), database.writing() as connection:
        connection.execute(sa.text("DELETE FROM entries"))
    database.close()
    assert len(store.log.items(call_id)) == 4


def test_a_call_with_entries_cannot_be_removed(store, store_url, call_id):
    database = Database(store_url)
    for table in ("stage_runs", "call_roles", "call_keys"):
        with database.writing() as connection:
            connection.execute(sa.text(f"DELETE FROM {table}"))
    with pytest.raises(BrokenRecord), database.writing() as connection:
        connection.execute(sa.text("DELETE FROM calls"))
    database.close()
    assert store.call(call_id).id == call_id


def test_an_entry_is_not_written_twice_under_one_number(engine, call_id):
    again = "INSERT INTO entries SELECT * FROM entries WHERE number = 1"
    with pytest.raises(sa.exc.IntegrityError), engine.begin() as connection:
        connection.execute(sa.text(again))


# Calls from before the log


def _database_of_before(url: str, calls: int) -> list[str]:
    """A database as version 0002 left it: ready calls with their results in the clear, and one on its way."""
    from alembic import command
    from alembic.config import Config

    from worker.record.database import MIGRATIONS

    database = Database(url)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
    ids = [f"{number:016}" for number in range(calls)]
    with database.writing() as connection:
        for number, call_id in enumerate(ids):
            connection.execute(sa.text(OLD_CALL), {"id": call_id, "sha256": f"{number:064x}", "at": str(NOW)})
            run = {"call": call_id, "at": str(NOW)}
            connection.execute(sa.text(OLD_RUN), run | {"stage": "decode", "position": 0, "result": '"clear"'})
            connection.execute(
                sa.text(OLD_RUN), run | {"stage": "publish", "position": 1, "result": to_json(short_call())}
            )
    database.close()
    return ids


OLD_CALL = (
    "INSERT INTO calls (id, agent, external_id, party_of_channel, sha256, file_name, size_bytes, received_at) "
    "VALUES (:id, 'Ann', '', '{\"0\": \"agent\"}', :sha256, 'a.wav', 44, :at)"
)
OLD_RUN = (
    "INSERT INTO stage_runs (call_id, stage, position, state, attempts, waiting_since, progress, revision, seconds, "
    "result) VALUES (:call, :stage, :position, 'done', 1, :at, 1.0, '1', 0.5, :result)"
)


def _change(url: str, statement: str, **values: object) -> None:
    database = Database(url)
    with database.writing() as connection:
        connection.execute(sa.text(statement), values)
    database.close()


def _clear_results(engine: sa.Engine) -> int:
    with engine.connect() as connection:
        return connection.execute(sa.text("SELECT count(*) FROM stage_runs WHERE result IS NOT NULL")).scalar_one()


def test_calls_from_before_the_log_are_taken_into_it_and_their_clear_copies_dropped(store_url, engine, monkeypatch):
    monkeypatch.setattr("worker.record.adoption.CALLS_AT_ONCE", 2)
    ids = _database_of_before(store_url, calls=5)
    store = Store(store_url, KEYS)
    store.migrate()
    store.migrate()
    for number, call_id in enumerate(ids):
        received, made = store.log.items(call_id)
        details = CallDetails(agent="Ann", party_of_channel={0: Party.AGENT})
        assert received.content == Received(f"{number:064x}", "a.wav", 44, details)
        assert (made.kind, made.content) == (EntryKind.MADE, short_call())
        assert store.record(call_id) == short_call()
        assert [made.stage for made in store.made_by(call_id)] == ["decode", "publish"]
    assert _clear_results(engine) == 0
    assert store.log.include() == 10
    store.close()


@pytest.mark.parametrize("state", ["waiting", "failed", "running"])
def test_a_call_that_was_on_its_way_begins_anew_since_what_its_stages_gave_lay_in_the_clear(store_url, engine, state):
    (call_id,) = _database_of_before(store_url, calls=1)
    run = "UPDATE stage_runs SET state = :state, lease_until = :at, worker = 'old', result = NULL"
    _change(store_url, f"{run} WHERE stage = 'publish'", state=state, at=str(NOW))
    store = Store(store_url, KEYS)
    try:
        store.migrate()
        assert [item.kind for item in store.log.items(call_id)] == [EntryKind.RECEIVED]
        assert _clear_results(engine) == 0
        assert store.begin(call_id, "publish", worker="new", lease_s=60, now=NOW) is None
        assert bool(store.retry(call_id)) is (state == "failed"), "what failed waits to be tried again"
        assert store.begin(call_id, "decode", worker="new", lease_s=60, now=datetime.now(UTC)) is not None
    finally:
        store.close()


def test_who_comes_upon_a_call_that_another_has_just_taken_in_leaves_it(store_url, monkeypatch):
    ids = _database_of_before(store_url, calls=2)
    first, second = Store(store_url, KEYS), Store(store_url, KEYS)
    some = adoption._some_to_take_in

    def seen_before_the_first_was_done(database, after):
        found = some(database, after)
        if database is second._database and found:
            monkeypatch.undo()
            first.migrate()
        return found

    monkeypatch.setattr(adoption, "_some_to_take_in", seen_before_the_first_was_done)
    second.migrate()
    assert [len(second.log.items(call_id)) for call_id in ids] == [2, 2]
    first.close()
    second.close()


def test_a_record_of_the_first_version_is_brought_up_to_this_one(store_url):
    (call_id,) = _database_of_before(store_url, calls=1)
    old = json.loads(to_json(short_call()))
    old = {"schema_version": 1} | {name: value for name, value in old.items() if name not in ("schema_version", "zone")}
    for statement in old["summary"]["statements"]:
        del statement["written_by"]
    text = json.dumps(old, separators=(",", ":"))
    _change(store_url, "UPDATE stage_runs SET result = :text WHERE stage = 'publish'", text=text)
    store = Store(store_url, KEYS)
    store.migrate()
    record = store.record(call_id)
    assert record.schema_version == 1, "it says under which version it was made"
    assert [one.text for one in record.summary.statements] == [one.text for one in short_call().summary.statements]
    store.close()


def test_one_damaged_record_does_not_keep_the_others_from_being_read(store_url, engine):
    damaged, good = _database_of_before(store_url, calls=2)
    _change(store_url, "UPDATE stage_runs SET result = '{}' WHERE stage = 'publish' AND call_id = :id", id=damaged)
    store = Store(store_url, KEYS)
    store.migrate()
    assert store.record(good) == short_call()
    assert store.call(damaged).standing.state is CallState.READY
    with pytest.raises(NotFound):
        store.record(damaged)
    assert _clear_results(engine) == 2, "what is damaged stays where it is, to be looked at"
    store.close()


def test_an_upgrade_that_was_cut_off_goes_on(store_url, engine, monkeypatch):
    monkeypatch.setattr("worker.record.adoption.CALLS_AT_ONCE", 1)
    ids = _database_of_before(store_url, calls=3)
    store, passes = Store(store_url, KEYS), iter(range(2))
    append_in = store.log.append_in

    def killed(*arguments, **named):
        if next(passes, None) is None:
            raise KeyboardInterrupt
        return append_in(*arguments, **named)

    monkeypatch.setattr(store.log, "append_in", killed)
    with pytest.raises(KeyboardInterrupt):
        store.migrate()
    assert [len(store.log.items(call_id)) for call_id in ids] == [2, 0, 0]
    monkeypatch.undo()
    store.migrate()
    assert [len(store.log.items(call_id)) for call_id in ids] == [2, 2, 2]
    assert _clear_results(engine) == 0
    store.close()


def _migrate(url: str, at_once) -> None:
    store = Store(url, KEYS)
    at_once.wait()
    store.migrate()
    store.close()


def test_processes_that_upgrade_at_once_take_each_call_in_once(store_url):
    ids = _database_of_before(store_url, calls=30)
    spawn = multiprocessing.get_context("spawn")
    at_once = spawn.Barrier(2)
    starting = [spawn.Process(target=_migrate, args=(store_url, at_once)) for _ in range(2)]
    for process in starting:
        process.start()
    for process in starting:
        process.join()
    assert [process.exitcode for process in starting] == [0, 0]
    store = Store(store_url, KEYS)
    assert {len(store.log.items(call_id)) for call_id in ids} == {2}
    store.close()
