"""A database of the version before legs: every call keeps its recording, its name, its stage and its entries."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from tests.handed_over import hand_over
from tests.keys import KEYS
from worker.core.call import CallDetails, Party
from worker.core.dialogue.values import Received
from worker.core.errors import BrokenRecord, NotFound
from worker.record.database import MIGRATIONS, Database
from worker.record.standing import Accepted, CallState, RunState
from worker.record.store import Store
from worker.record.tables.base import CALL_ID_LENGTH, Instant

NOW = datetime(2026, 3, 10, 9, 14, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)

OLD_CALLS = sa.table(
    "calls",
    *(sa.column(name) for name in ("id", "agent", "external_id", "sha256", "file_name", "own_recording_of")),
    *(sa.column(name) for name in ("party_of_channel", "started_offset_s", "size_bytes")),
    *(sa.column(name, Instant) for name in ("received_at", "started_at")),
)
OLD_RUNS = sa.table(
    "stage_runs",
    *(sa.column(name) for name in ("call_id", "stage", "position", "state", "attempts", "progress", "worker")),
    *(sa.column(name) for name in ("reason", "message", "result")),
    *(sa.column(name, Instant) for name in ("waiting_since", "lease_until", "not_before")),
)


def call_id(number: int) -> str:
    return f"{number:0{CALL_ID_LENGTH}}"


def sha256(number: int) -> str:
    return f"{number:064x}"


@pytest.fixture
def old(store_url: str) -> Iterator[sa.Connection]:
    """The tables as the version before had them; what is written there is kept when the test asks for the store."""
    database = Database(store_url)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with database._making_tables() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0008")
    with database.writing() as connection:
        yield connection
    database.close()


def add(old: sa.Connection, number: int, *, external_id: str = "", **other: object) -> None:
    row = {"id": call_id(number), "sha256": sha256(number), "external_id": external_id, "file_name": f"{number}.wav"}
    row |= {"size_bytes": 44, "party_of_channel": "{}", "received_at": NOW + timedelta(minutes=number)}
    old.execute(sa.insert(OLD_CALLS).values(row | other))


def run(old: sa.Connection, number: int, stage: str, state: RunState, *, position: int = 0, **other: object) -> None:
    row = {"call_id": call_id(number), "stage": stage, "position": position, "state": state.value, "attempts": 1}
    row |= {"progress": 0.0, "waiting_since": NOW - timedelta(minutes=number)}
    old.execute(sa.insert(OLD_RUNS).values(row | other))


def migrated(old: sa.Connection, url: str) -> Store:
    old.commit()
    store = Store(url, KEYS)
    store.migrate()
    return store


def test_a_call_keeps_its_recording_as_its_one_leg(old, store_url):
    began = datetime(2026, 3, 10, 10, 14, tzinfo=timezone(timedelta(hours=1)))
    add(
        old,
        1,
        external_id="PBX-7",
        agent="Ana",
        started_at=began,
        started_offset_s=3600,
        party_of_channel='{"0":"agent"}',
    )
    store = migrated(old, store_url)
    call = store.call(call_id(1))
    assert call.details == CallDetails("Ana", None, began, "PBX-7", party_of_channel={0: Party.AGENT})
    assert (call.sender, call.standing.state) == ("", CallState.READY)
    (leg,) = call.legs
    assert (leg.number, leg.sha256, leg.file_name, leg.size_bytes) == (1, sha256(1), "1.wav", 44)
    assert (leg.arrived_at, leg.started_at) == (call.received_at, began)
    assert call.sound_id == sha256(1), "its listening copy is found where it lies"
    (item,) = store.log.items(call_id(1))
    assert item.content == Received(sha256(1), "1.wav", 44, call.details)
    store.close()


def test_the_same_recording_is_the_same_call_as_before(old, store_url):
    add(old, 1)
    add(old, 2, external_id="PBX-7")
    add(old, 3, external_id=f"own recording of {call_id(2)}", own_recording_of=call_id(2))
    for number in (1, 2, 3):
        run(old, number, "decode", RunState.WAITING)
    store = migrated(old, store_url)
    same = (
        hand_over(store, sha256=sha256(1)),
        hand_over(store, CallDetails(external_id="PBX-7"), sha256=sha256(2)),
        hand_over(store, sha256=sha256(3), own_recording_of=call_id(2)),
    )
    assert same == tuple(Accepted(call_id(number), is_new=False) for number in (1, 2, 3))
    assert store.call(call_id(3)).details.external_id is None
    other = hand_over(store, CallDetails(external_id="PBX-7"), sha256=sha256(4))
    assert (other.call_id, other.leg, other.joined) == (call_id(2), 2, True)
    store.close()


def test_calls_that_had_one_external_id_stay_calls_of_their_own(old, store_url):
    """Then another recording under an external id was another call: the first of them is the one that it names."""
    for number in (2, 1, 3):
        add(old, number, external_id="PBX-7")
        run(old, number, "decode", RunState.WAITING)
    store = migrated(old, store_url)
    for number in (1, 2, 3):
        accepted = hand_over(store, CallDetails(external_id="PBX-7"), sha256=sha256(number))
        assert accepted == Accepted(call_id(number), is_new=False)
    assert store.people.call_known_as("PBX-7") == call_id(3)
    joined = hand_over(store, CallDetails(external_id="PBX-7"), sha256=sha256(4))
    assert (joined.call_id, joined.leg) == (call_id(1), 2)
    store.close()


def test_every_call_keeps_its_place_and_one_whose_stages_lay_in_the_clear_begins_anew(old, store_url):
    for number in range(1, 6):
        add(old, number)
    run(old, 1, "decode", RunState.DONE, result='{"said": "my card number"}')
    run(old, 1, "listen", RunState.WAITING, position=1, attempts=3)
    run(old, 2, "decode", RunState.RUNNING, worker="w", lease_until=LATER)
    run(old, 3, "decode", RunState.FAILED, reason="BadRecording", message="This is not sound.")
    run(old, 4, "decode", RunState.WAITING)
    run(old, 5, "decode", RunState.WAITING)
    store = migrated(old, store_url)
    waiting = (call_id(5), call_id(4), call_id(1))
    assert store.waiting("decode", now=NOW, limit=9) == waiting, "5 has waited longest"
    assert store.call(call_id(1)).standing.attempts == 0
    with pytest.raises(NotFound):
        store.value(call_id(1), "decode", str)
    assert store.call(call_id(2)).standing.worker == "w"
    beat = store.beat(call_id(2), "decode", worker="w", lease_s=60.0, progress=0.5, now=NOW)
    assert beat, "its worker still holds it"
    assert store.call(call_id(3)).standing.reason == "BadRecording"
    new = hand_over(store, sha256=sha256(9)).call_id
    assert store.waiting("decode", now=NOW, limit=9) == (*waiting, new)
    assert store.retry(call_id(3)) == ((call_id(3), "decode"),)
    store.close()


def test_the_log_still_refuses_to_be_changed_and_verifies(old, store_url):
    add(old, 1)
    store = migrated(old, store_url)
    store.log.include()
    store.log.publish(NOW)
    engine = sa.create_engine(sa.make_url(store_url.replace("postgresql:", "postgresql+psycopg:")))
    with pytest.raises(sa.exc.IntegrityError, match="never changed"), engine.begin() as connection:
        connection.execute(sa.text("UPDATE entries SET person = 'x'"))
    engine.dispose()
    assert store.log.audit().findings == ()
    store.close()


def test_rows_that_refer_to_no_call_stop_the_migration_and_change_nothing(old, store_url):
    if old.dialect.name == "postgresql":
        pytest.skip("It never takes such a row.")
    add(old, 1)
    run(old, 1, "decode", RunState.WAITING)
    old.commit()
    engine = sa.create_engine(store_url)
    with engine.begin() as connection:  # asks for no keys
        connection.execute(sa.text("DELETE FROM calls"))
    store = Store(store_url, KEYS)
    with pytest.raises(BrokenRecord, match="refer to what is not there"):
        store.migrate()
    assert "sha256" in {column["name"] for column in sa.inspect(engine).get_columns("calls")}
    engine.dispose()
    store.close()
