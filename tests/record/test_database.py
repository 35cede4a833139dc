"""The database under the store: its tables, many who migrate at once, and every fault as one of our errors."""

from __future__ import annotations

import multiprocessing
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.handed_over import hand_over
from tests.keys import KEYS
from worker.core.call import CallDetails
from worker.core.errors import BrokenRecord, Invalid, Unavailable
from worker.record.database import Database
from worker.record.standing import CallState
from worker.record.store import Store
from worker.record.tables import metadata


@pytest.fixture
def engine(store_url: str) -> Iterator[sa.Engine]:
    """A way to look into the database past the store."""
    engine = sa.create_engine(sa.make_url(store_url.replace("postgresql:", "postgresql+psycopg:")))
    yield engine
    engine.dispose()


def _form(engine: sa.Engine) -> dict[str, object]:
    """All that the database says about its tables; the words of a search lie in one of the database's own kind."""
    look = sa.inspect(engine)
    return {
        name: {
            "columns": [{**column, "type": str(column["type"])} for column in look.get_columns(name)],
            "key": look.get_pk_constraint(name),
            "foreign keys": look.get_foreign_keys(name),
            "unique": sorted(look.get_unique_constraints(name), key=lambda one: str(one["name"])),
            "checks": look.get_check_constraints(name),
            "indexes": [
                {**index, "dialect_options": {key: str(value) for key, value in index["dialect_options"].items()}}
                for index in sorted(look.get_indexes(name), key=lambda one: str(one["name"]))
            ],
        }
        for name in look.get_table_names()
        if name != "alembic_version" and not name.startswith("search_words")
    }


def test_the_migrations_from_empty_give_exactly_the_tables_that_the_code_means(store_url, engine):
    database = Database(store_url)
    database.migrate()
    migrated = _form(engine)
    with database.writing() as connection:
        metadata.drop_all(connection)
        metadata.create_all(connection)
    meant = _form(engine)
    database.close()
    assert set(meant) == set(metadata.tables)
    assert migrated == meant


def test_migrating_again_changes_nothing(store):
    accepted = hand_over(store, CallDetails(), sha256="0" * 64, file_name="a", size_bytes=1, first_stage="decode")
    store.migrate()
    assert store.call(accepted.call_id).id == accepted.call_id


def _migrate(url: str, at_once) -> None:
    store = Store(url, KEYS)
    at_once.wait()
    store.migrate()


def test_processes_that_start_at_once_migrate_once(store_url):
    spawn = multiprocessing.get_context("spawn")
    at_once = spawn.Barrier(2)
    starting = [spawn.Process(target=_migrate, args=(store_url, at_once)) for _ in range(2)]
    for process in starting:
        process.start()
    for process in starting:
        process.join()
    assert [process.exitcode for process in starting] == [0, 0]


def test_threads_that_start_at_once_migrate_once(store_url):
    store = Store(store_url, KEYS)
    failed: list[BaseException] = []

    def migrate() -> None:
        try:
            store.migrate()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=migrate) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert store.calls() == ()
    store.close()


def test_a_call_cannot_stand_at_two_stages_or_at_one_that_belongs_to_nobody(store, engine):
    """The database refuses it by itself, whatever program writes."""
    call_id = hand_over(
        store, CallDetails(), sha256="0" * 64, file_name="a", size_bytes=1, first_stage="decode"
    ).call_id
    run = "INSERT INTO stage_runs (call_id, stage, position, state, attempts, waiting_since, progress) VALUES "
    rest = "0, '2026-03-10 09:14:00+00', 0)"
    refused = [f"('{call_id}', 'listen', 1, 'waiting', {rest}", f"('{call_id}', 'listen', 1, 'lost', {rest}"]
    if engine.dialect.name == "postgresql":  # on SQLite each connection asks for this by itself, as the store does
        refused.append(f"('nobody', 'listen', 1, 'waiting', {rest}")
    for values in refused:
        with pytest.raises(sa.exc.IntegrityError), engine.begin() as connection:
            connection.execute(sa.text(run + values))


def test_sqlite_is_set_up_so_that_what_was_accepted_survives_a_power_cut(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'a.db'}")
    database.migrate()
    with database.reading() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "secure_delete")
        }
    database.close()
    assert pragmas == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 30_000,
        "secure_delete": 1,
    }


def test_a_reader_does_not_wait_for_a_writer(tmp_path):
    store = Store(f"sqlite:///{tmp_path / 'a.db'}", KEYS)
    store.migrate()
    writer = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    assert store.calls() == ()
    writer.close()
    store.close()


@pytest.mark.parametrize(
    "url", ["", "nonsense", "mysql://host/name", "sqlite://", "sqlite:///:memory:", "redis://host"]
)
def test_an_address_that_is_no_database_of_ours_is_refused(url):
    with pytest.raises(Invalid):
        Store(url, KEYS)


@pytest.mark.parametrize("url", ["postgresql://host/name", "postgres://host/name", "postgresql+psycopg://host/name"])
def test_every_way_to_write_the_address_of_postgresql_is_understood(url):
    Store(url, KEYS).close()


def test_a_server_that_is_away_is_unavailable():
    store = Store("postgresql://onrecord:secret@127.0.0.1:1/name", KEYS)
    with pytest.raises(Unavailable) as caught:
        store.calls()
    assert "secret" not in str(caught.value)
    store.close()


@pytest.mark.postgres
def test_a_server_that_came_back_is_used_again(postgres_url):
    """Its old connections are dead; nobody has to restart a worker."""
    import psycopg

    store = Store(postgres_url, KEYS)
    store.migrate()
    with psycopg.connect(postgres_url, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )
    assert store.calls() == ()
    store.close()


def test_a_database_without_its_tables_is_unavailable(store_url):
    store = Store(store_url, KEYS)
    with pytest.raises(Unavailable):
        store.calls()
    store.close()


def test_a_file_that_is_no_database_is_a_broken_record(tmp_path):
    path = tmp_path / "a.db"
    path.write_bytes(b"this is no database" * 100)
    store = Store(f"sqlite:///{path}", KEYS)
    with pytest.raises(BrokenRecord):
        store.migrate()
    assert path.read_bytes() == b"this is no database" * 100
    store.close()


def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable):
        Store(f"sqlite:///{tmp_path / 'file' / 'a.db'}", KEYS)


def test_a_full_disk_is_named(tmp_path):
    store = Store(f"sqlite:///{tmp_path / 'a.db'}", KEYS)
    store.migrate()

    def accept_until_it_is_full() -> None:
        for number in range(100):
            details = CallDetails(agent="x" * 4096)
            hand_over(store, details, sha256=f"{number:064x}", file_name="a", size_bytes=1, first_stage="decode")

    # A limit on the file's pages is the same to SQLite as a full disk. It holds for the connection that sets it.
    sa.event.listen(sa.Engine, "begin", _allow_no_more_pages)
    try:
        with pytest.raises(Unavailable, match="full"):
            accept_until_it_is_full()
    finally:
        sa.event.remove(sa.Engine, "begin", _allow_no_more_pages)
    assert 0 < len(store.calls()) == store.counts()[CallState.RECEIVED], "what did not fit left nothing behind"
    store.close()


def _allow_no_more_pages(connection: sa.Connection) -> None:
    connection.exec_driver_sql("PRAGMA max_page_count = 200")


def test_what_people_said_is_readable_by_its_owner_alone(tmp_path):
    store = Store(f"sqlite:///{tmp_path / 'a.db'}", KEYS)
    store.migrate()
    files = list(tmp_path.iterdir())
    assert len(files) == 3, "the database, its log and the log's index"
    assert all(file.stat().st_mode & 0o077 == 0 for file in files)
    store.close()


def test_a_database_of_a_newer_version_is_left_alone(store, engine):
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Unavailable, match="newer"):
        store.migrate()


def test_the_same_file_is_meant_by_a_relative_address(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    store = Store("sqlite:///new/folder/a.db", KEYS)
    store.migrate()
    store.close()
    assert Path("new/folder/a.db").exists()
