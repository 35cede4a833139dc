"""Packages on both databases: asked for, made by one worker at a time, opened with a code, and gone when they end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from tests.handed_over import hand_over
from worker.core.errors import BrokenRecord, Invalid, NotFound
from worker.core.packages import MOST_TRIES, Ended, PackageState, Protection, Step
from worker.core.requests.values import LeftOut
from worker.record.package_files import PackageFiles
from worker.record.package_jobs import PackageJob
from worker.record.packages import Packages
from worker.record.sounds import SoundStore
from worker.record.store import Store
from worker.record.tables.packages import packages

NOW = datetime(2026, 3, 12, 9, 0, tzinfo=UTC)
MONTH = timedelta(days=30)


def call(store: Store, number: int = 1) -> str:
    return hand_over(store, sha256=f"{number:064x}").call_id


def taken(of: Packages, *, lease_s: float = 60.0) -> PackageJob:
    job = of.jobs.take(lease_s=lease_s)
    assert job is not None
    return job


def make(store: Store, sounds: SoundStore, package_id: str, said: bytes = b"PK all of it") -> None:
    job = taken(store.packages)
    assert job.id == package_id
    files = PackageFiles(sounds.blobs, store.packages.jobs)
    with files.writing(job.id) as writer:
        writer.write(said)
        made = writer.end()
    assert store.packages.jobs.ready(job, made, kept_for=MONTH)


def row(store: Store, package_id: str) -> sa.Row[tuple[object, ...]]:
    with store._database.reading() as connection:
        return connection.execute(sa.select(packages).where(packages.c.id == package_id)).one()


def test_a_package_is_asked_for_made_and_read_again(store: Store, sound_store: SoundStore):
    first, second = call(store, 1), call(store, 2)
    left_out = LeftOut(second, "t3", 2, 5, 10.0, 12.5)
    asked = store.packages.ask([second, first], for_person="p1", request_id="r1", leave_out=[left_out], language="de")
    assert (asked.call_ids, asked.state) == ((second, first), PackageState.WAITING)
    assert store.packages.of_request("r1") == asked
    assert store.packages.of_person("p1") == (asked,) == store.packages.of_call(first)
    job = taken(store.packages)
    assert (job.call_ids, job.leave_out, job.language, job.code) == ((second, first), (left_out,), "de", None)
    assert store.packages.jobs.beat(job, Step.PDF, 3, lease_s=60)
    assert store.packages.of(asked.id).progress.step is Step.PDF
    files = PackageFiles(sound_store.blobs, store.packages.jobs)
    with pytest.raises(NotFound):
        files.read(asked.id)
    with files.writing(asked.id) as writer:
        writer.write(b"PK" * 400_000)
        made = writer.end()
    assert store.packages.jobs.ready(job, made, kept_for=MONTH)
    ready = store.packages.of(asked.id)
    assert (ready.state, ready.progress.share, ready.size_bytes) == (PackageState.READY, 1.0, 800_000)
    assert ready.ready_at is not None
    assert ready.ends_at == ready.ready_at + MONTH
    assert b"".join(files.read(asked.id)) == b"PK" * 400_000


def test_the_same_request_asked_again_is_the_same_package_until_that_has_ended(store: Store):
    of = call(store)
    first = store.packages.ask([of], for_person="p1", request_id="r1")
    assert store.packages.ask([of], for_person="p1", request_id="r1").id == first.id
    store.packages.cancel(first.id)
    assert store.packages.ask([of], for_person="p1", request_id="r1").id != first.id


def test_a_package_needs_calls_that_are_there_and_somebody_it_is_for(store: Store):
    of = call(store)
    for calls in ([], [of, of]):
        with pytest.raises(Invalid):
            store.packages.ask(calls, for_person="p1")
    with pytest.raises(Invalid, match="needs a code"):
        store.packages.ask([of])
    with pytest.raises(NotFound):
        store.packages.ask([of, "0000000000000000"], for_person="p1")
    assert store.packages.of_call(of) == (), "nothing of what was refused is left"


def test_a_package_is_one_workers_at_a_time_and_the_nexts_when_its_lease_is_over(store: Store):
    asked = store.packages.ask([call(store)], for_person="p1")
    first = taken(store.packages, lease_s=0.0)
    second = taken(store.packages)
    assert second.id == first.id == asked.id
    assert store.packages.jobs.take(lease_s=60) is None
    assert not store.packages.jobs.beat(first, Step.LOG, 1, lease_s=60), "it was taken over"
    store.packages.jobs.failed(first, "Too late.", is_final=True)
    assert store.packages.of(asked.id).state is PackageState.MAKING


def test_what_cannot_be_made_is_tried_again_later_and_then_given_up_with_its_reason(store: Store):
    asked = store.packages.ask([call(store)], for_person="p1")
    store.packages.jobs.failed(taken(store.packages), "The disk is full.", is_final=False)
    waiting = store.packages.of(asked.id)
    assert (waiting.state, waiting.failure) == (PackageState.WAITING, "The disk is full.")
    assert store.packages.jobs.take(lease_s=60) is None, "not at once"
    with store._database.writing() as connection:
        connection.execute(sa.update(packages).values(due_at=NOW))
    store.packages.jobs.failed(taken(store.packages), "The record is broken.", is_final=True)
    failed = store.packages.of(asked.id)
    assert (failed.state, failed.failure) == (PackageState.FAILED, "The record is broken.")
    store.packages.again(asked.id)
    assert taken(store.packages).id == asked.id
    assert next(one.event.type for one in store.events.list()) == "package.failed"


def test_one_whose_makers_were_killed_each_time_is_given_up(store: Store):
    asked = store.packages.ask([call(store)], for_person="p1")
    for _ in range(MOST_TRIES):
        taken(store.packages, lease_s=0.0)
    assert store.packages.jobs.take(lease_s=60) is None
    assert store.packages.of(asked.id).state is PackageState.FAILED


def test_that_a_package_is_ready_is_an_event_of_its_call(store: Store, sound_store: SoundStore):
    of = call(store)
    asked = store.packages.ask([of], for_person="p1", request_id="r1")
    make(store, sound_store, asked.id)
    (event,) = [one.event for one in store.events.list() if one.event.type == "package.ready"]
    assert (event.call_id, dict(event.says)) == (of, {"package": asked.id, "request": "r1"})


def test_the_code_of_an_encrypted_package_is_shown_once_and_kept_no_longer_than_needed(
    store: Store, sound_store: SoundStore
):
    asked = store.packages.ask([call(store)], protection=Protection.CODE)
    assert asked.has_code
    code = store.packages.show_code(asked.id)
    assert len(code.replace("-", "")) == 20
    assert not store.packages.of(asked.id).has_code
    with pytest.raises(NotFound):
        store.packages.show_code(asked.id)
    with store._database.writing() as connection:
        connection.execute(sa.update(packages).values(due_at=NOW))
    assert row(store, asked.id).code is not None, "its zip is still to be encrypted"
    make(store, sound_store, asked.id)
    assert row(store, asked.id).code is None
    assert not store.packages.is_code(asked.id, code, now=NOW), "it opens the zip, and no link"


def test_a_link_opens_with_its_code_and_after_a_few_wrong_ones_not_even_with_that(
    store: Store, sound_store: SoundStore
):
    asked = store.packages.ask([call(store)], protection=Protection.LINK)
    make(store, sound_store, asked.id)
    code = store.packages.show_code(asked.id)
    assert row(store, asked.id).code is None
    assert store.packages.is_code(asked.id, f" {code.upper()} ", now=NOW)
    for _ in range(5):
        assert not store.packages.is_code(asked.id, "0000-0000", now=NOW)
    assert not store.packages.is_code(asked.id, code, now=NOW)
    assert store.packages.is_code(asked.id, code, now=NOW + timedelta(minutes=16))


def test_a_package_whose_time_is_over_is_gone_with_its_keys_and_its_bytes_are_noted_to_be_removed(
    store: Store, sound_store: SoundStore
):
    asked = store.packages.ask([call(store)], for_person="p1")
    make(store, sound_store, asked.id)
    assert store.packages.expire(datetime.now(UTC) + timedelta(days=29)) == 0
    assert store.packages.expire(datetime.now(UTC) + timedelta(days=31)) == 1
    ended = store.packages.of(asked.id)
    assert (ended.state, ended.ended_because) == (PackageState.ENDED, Ended.EXPIRED)
    assert (row(store, asked.id).sealed_key, row(store, asked.id).bytes_key) == (None, None)
    assert store.sound_keys.to_remove() == (f"packages/{asked.id}",)
    with pytest.raises(NotFound):
        PackageFiles(sound_store.blobs, store.packages.jobs).read(asked.id)


def test_erasing_one_call_ends_every_package_it_is_in_made_or_being_made(store: Store, sound_store: SoundStore):
    first, second = call(store, 1), call(store, 2)
    both = store.packages.ask([first, second], for_person="p1")
    make(store, sound_store, both.id)
    under_way = store.packages.ask([second], for_person="p1")
    job = taken(store.packages)
    other = store.packages.ask([first], for_person="p1")
    assert store.packages.erase(second) == 2
    assert store.packages.of(both.id).ended_because is Ended.ERASED
    assert not store.packages.jobs.beat(job, Step.ZIP, 4, lease_s=60), "whoever makes it stops"
    assert store.packages.of(other.id).state is PackageState.WAITING
    assert under_way.id == job.id


def test_erasing_the_key_of_a_call_is_enough_that_nothing_opens_a_package_of_it(store: Store, sound_store: SoundStore):
    first, second = call(store, 1), call(store, 2)
    asked = store.packages.ask([first, second], for_person="p1")
    make(store, sound_store, asked.id)
    store.log.erase(second)
    with pytest.raises(NotFound):
        PackageFiles(sound_store.blobs, store.packages.jobs).read(asked.id)


def test_a_package_whose_bytes_were_altered_is_not_given(store: Store, sound_store: SoundStore, tmp_path):
    asked = store.packages.ask([call(store)], for_person="p1")
    make(store, sound_store, asked.id)
    (lies_there,) = tmp_path.rglob(asked.id)
    assert b"PK all" not in lies_there.read_bytes()
    lies_there.write_bytes(lies_there.read_bytes()[:-1] + b"!")
    with pytest.raises(BrokenRecord):
        b"".join(PackageFiles(sound_store.blobs, store.packages.jobs).read(asked.id))
