"""Checking the log as it lies in the database, SQLite and PostgreSQL alike."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa

from tests.handed_over import hand_over
from worker.core.call import CallDetails
from worker.core.dialogue.values import Act, Annotation, WholeCall
from worker.core.log.entry import Actor, Role
from worker.record.log import audit
from worker.record.store import Store

CUSTOMER = Actor(Role.CUSTOMER, "p1")


def fill(store: Store, *, calls: int, entries: int) -> list[str]:
    """Calls with one entry of their own and so many more each, all in the tree and published."""
    ids = []
    for number in range(calls):
        details = CallDetails(external_id=str(number))
        accepted = hand_over(
            store, details, sha256=f"{number:064x}", file_name="a.wav", size_bytes=1, first_stage="decode"
        )
        ids.append(accepted.call_id)
    for number in range(entries):
        for call_id in ids:
            store.log.append(call_id, CUSTOMER, Annotation(Act.ADD, WholeCall(), f"Text {number}."), by="Ada")
    publish(store)
    return ids


def publish(store: Store) -> None:
    store.log.include()
    store.log.publish(datetime.now(UTC))


def behind_its_back(url: str, *statements: str) -> None:
    """Runs plain SQL without the triggers that refuse it."""
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET session_replication_role = replica")
        else:
            select = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            for name in connection.exec_driver_sql(select).scalars().all():
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


def test_what_the_program_wrote_holds(store):
    fill(store, calls=3, entries=5)
    report = store.log.audit()
    assert report.findings == ()
    assert (report.calls, report.entries, report.leaves, report.unsigned) == (3, 18, 18, 0)


def test_more_calls_than_are_read_at_once_are_all_checked(store, monkeypatch):
    monkeypatch.setattr(audit, "CALLS_AT_ONCE", 2)
    monkeypatch.setattr(audit, "ROWS_AT_ONCE", 3)
    fill(store, calls=5, entries=4)
    counts: list[int] = []
    report = store.log.audit(counted=counts.append)
    assert (report.findings, report.calls, report.entries) == ((), 5, 25)
    assert counts == [5, 10, 15, 20, 25]


def test_what_is_not_taken_in_yet_is_counted_and_is_no_fault(store):
    (call_id,) = fill(store, calls=1, entries=1)
    store.log.append(call_id, CUSTOMER, Annotation(Act.ADD, WholeCall(), "New."), by="Ada")
    report = store.log.audit()
    assert (report.findings, report.unsigned) == ((), 1)


def test_what_was_erased_is_counted_and_is_no_fault(store):
    first, _ = fill(store, calls=2, entries=3)
    store.log.erase(first)
    report = store.log.audit()
    assert (report.findings, report.erased) == ((), 4)


def test_a_log_that_only_grew_fits_the_checkpoint_that_was_kept(store):
    (call_id,) = fill(store, calls=1, entries=3)
    kept = store.log.latest_checkpoint().note
    store.log.append(call_id, CUSTOMER, Annotation(Act.ADD, WholeCall(), "New."), by="Ada")
    publish(store)
    assert store.log.audit(since=kept).findings == ()


def test_an_altered_entry_is_named(store, store_url):
    first, _ = fill(store, calls=2, entries=3)
    behind_its_back(store_url, f"UPDATE entries SET person = 'p2' WHERE call_id = '{first}' AND number = 2")
    found = store.log.audit().findings
    assert (found[0].call, found[0].number) == (first, 2)


def test_a_removed_entry_is_named(store, store_url):
    first, _ = fill(store, calls=2, entries=3)
    where = f"WHERE call_id = '{first}' AND number = 2"
    behind_its_back(store_url, f"DELETE FROM contents {where}", f"DELETE FROM entries {where}")
    found = store.log.audit().findings
    assert ("an entry is missing", first, 2) in {(one.what, one.call, one.number) for one in found}


def test_a_content_that_was_removed_without_its_key_is_named(store, store_url):
    first, _ = fill(store, calls=2, entries=3)
    behind_its_back(store_url, f"DELETE FROM contents WHERE call_id = '{first}' AND number = 2")
    assert [one.sentence for one in store.log.audit().findings] == [f"call {first}, entry 2: its content is missing."]


def test_values_that_are_of_another_type_are_findings_and_no_crash(tmp_path):
    from tests.keys import KEYS

    url = f"sqlite:///{tmp_path / 'onrecord.db'}"
    store = Store(url, KEYS)
    store.migrate()
    first, second = fill(store, calls=2, entries=3)
    behind_its_back(
        url,
        f"UPDATE entries SET at = 'never', hash = 'none' WHERE call_id = '{first}' AND number = 1",
        f"UPDATE entries SET person = CAST(x'ff' AS TEXT) WHERE call_id = '{second}' AND number = 2",
        "UPDATE checkpoints SET at = 'never', note = 7",
        "UPDATE tree_nodes SET hash = 7 WHERE level = 1",
        "UPDATE leaves SET hash = 'x' WHERE position = 5",
    )
    found = store.log.audit().findings
    store.close()
    assert {(first, 1), (second, 2)} <= {(one.call, one.number) for one in found}
    assert any(one.checkpoint == 8 for one in found)
    assert any(one.leaf == 5 for one in found)
