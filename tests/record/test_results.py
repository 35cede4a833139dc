"""What stages gave: sealed under the key of their call while it is on its way, and gone with it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from tests.handed_over import hand_over
from tests.web.records import MADE_BY
from worker.core.errors import BrokenRecord, NotFound
from worker.record.store import Store
from worker.record.tables.calls import stage_runs

SAID = "my card number is four two four two"


@pytest.fixture
def call_id(store: Store) -> str:
    """A call whose first stage has given something."""
    call_id = hand_over(store, sha256="a" * 64).call_id
    assert store.begin(call_id, "decode", worker="w", lease_s=60.0, now=datetime.now(UTC))
    assert store.finish(call_id, "decode", worker="w", value=SAID, made_by=MADE_BY[0], next_stage="listen")
    return call_id


def kept(store: Store, call_id: str) -> bytes:
    of_call = sa.select(stage_runs.c.result).where(stage_runs.c.call_id == call_id, stage_runs.c.stage == "decode")
    with store._database.reading() as connection:
        return bytes(connection.execute(of_call).scalar_one())


def test_it_reads_back_and_lies_there_in_no_words(store, call_id):
    assert store.value(call_id, "decode", str) == SAID
    assert b"card" not in kept(store, call_id)


def test_without_the_key_of_the_call_it_opens_no_more(store, call_id):
    store.log.erase(call_id)
    with pytest.raises(NotFound):
        store.value(call_id, "decode", str)


def test_what_was_altered_or_belongs_elsewhere_is_found_out(store, call_id):
    other = hand_over(store, sha256="b" * 64).call_id
    assert store.begin(other, "decode", worker="w", lease_s=60.0, now=datetime.now(UTC))
    store.finish(other, "decode", worker="w", value=SAID, made_by=MADE_BY[0], next_stage="listen")
    first, second = kept(store, call_id), kept(store, other)
    for put in (second, first[:-1], first[:-1] + bytes([first[-1] ^ 1]), first[:4], first[:3]):
        with store._database.writing() as connection:
            this = sa.update(stage_runs).where(stage_runs.c.call_id == call_id, stage_runs.c.stage == "decode")
            connection.execute(this.values(result=put))
        with pytest.raises(BrokenRecord):
            store.value(call_id, "decode", str)
