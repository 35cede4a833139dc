"""The log of entries: numbered and linked per call whoever writes at once, taken into one tree, published, proved."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from tests.handed_over import hand_over
from tests.keys import KEYS
from tests.web.records import short_call
from worker.core.call import CallDetails, Party
from worker.core.dialogue.values import (
    Act,
    Added,
    Annotation,
    Content,
    KeptFile,
    LetIn,
    Looked,
    NewSpeaker,
    OnStatement,
    OnWords,
    Reason,
    Received,
    Way,
    WholeCall,
)
from worker.core.errors import Invalid, NotFound, Unavailable
from worker.core.log.checkpoint import read_checkpoint
from worker.core.log.entry import BEFORE_THE_FIRST, SYSTEM, Actor, EntryKind, Role, hash_of_content
from worker.core.log.merkle import check_consistency, check_inclusion, root_of
from worker.core.record import MadeBy
from worker.record.log import Publisher
from worker.record.log.append import _Waiting, draft
from worker.record.signing import Verifier
from worker.record.store import Store

NOW = datetime(2026, 3, 10, 9, 14, tzinfo=UTC)
ANN = Actor(Role.AGENT, "ann")
SAID = Annotation(Act.ADD, WholeCall(), "The visit was moved.")
CONTENTS: Sequence[Content] = (
    SAID,
    Annotation(Act.CORRECT, OnWords("t1", 0, 2, "an invoice", "", " of", 1.0, 1.5), None, NewSpeaker(Party.CUSTOMER)),
    Annotation(Act.AGREE, OnStatement("s1")),
    Added("Ünïcode 😀", None, KeptFile("0" * 64, "a.pdf", "application/pdf", 7)),
    Looked(Way.COPY),
    LetIn("bob", "Bob", Reason.ASSIGNED),
)


@pytest.fixture
def call_id(store) -> str:
    return accept(store)


def accept(store: Store, number: int = 0) -> str:
    return hand_over(
        store,
        CallDetails(agent="Ann"),
        sha256=f"{number:064x}",
        file_name="call.wav",
        size_bytes=44,
        first_stage="publish",
    ).call_id


def make_ready(store: Store, call_id: str) -> None:
    store.begin(call_id, "publish", worker="w", lease_s=60, now=NOW)
    made = MadeBy("publish", None, "1", 0.0)
    assert store.finish(call_id, "publish", worker="w", value=short_call(), made_by=made, next_stage=None)


def is_linked(store: Store, call_id: str, count: int) -> bool:
    """The entries are numbered without a gap, and each holds the hash of the one before and of its content."""
    held = store.log.held(call_id)
    before = BEFORE_THE_FIRST
    for number, one in enumerate(held):
        assert one.salt is not None
        assert one.body is not None
        assert (one.entry.number, one.entry.before) == (number, before)
        assert one.entry.content_hash == hash_of_content(one.salt, one.body)
        before = one.entry.hash
    return len(held) == count


def test_the_log_of_a_call_begins_with_what_was_handed_over(store, call_id):
    (item,) = store.log.items(call_id)
    assert (item.number, item.actor, item.kind, item.by) == (0, SYSTEM, EntryKind.RECEIVED, None)
    assert item.content == Received("0" * 64, "call.wav", 44, CallDetails(agent="Ann"))


def test_the_same_recording_again_adds_no_entry(store, call_id):
    assert accept(store) == call_id
    assert is_linked(store, call_id, 1)


def test_whatever_can_be_said_reads_back_as_it_was_said(store, call_id):
    appended = [store.log.append(call_id, ANN, content, by="Ann") for content in CONTENTS]
    assert store.log.items(call_id, since=1) == tuple(appended)
    assert [item.content for item in appended] == list(CONTENTS)
    assert {item.by for item in appended} == {"Ann"}
    assert is_linked(store, call_id, 1 + len(CONTENTS))


def test_entries_from_a_number_on_are_read_alone(store, call_id):
    for content in CONTENTS:
        store.log.append(call_id, ANN, content, by="Ann")
    assert [item.number for item in store.log.items(call_id, since=5)] == [5, 6]
    assert store.log.items(call_id, since=7) == ()


def test_the_record_of_a_ready_call_is_its_entry(store, call_id):
    with pytest.raises(NotFound):
        store.record(call_id)
    make_ready(store, call_id)
    received, made = store.log.items(call_id)
    assert (made.kind, made.actor, made.content) == (EntryKind.MADE, SYSTEM, short_call())
    assert store.record(call_id) == short_call()
    without = store.log.items(call_id, with_record=False)
    assert [item.content for item in without] == [received.content, None]
    assert [item.number for item in without] == [0, 1]


def test_an_entry_of_a_call_that_is_not_there_is_refused(store):
    with pytest.raises(NotFound):
        store.log.append("0" * 16, ANN, SAID, by="Ann")


def test_what_is_no_text_is_refused_before_anything_is_written(store, call_id):
    with pytest.raises(Invalid):
        store.log.append(call_id, ANN, Annotation(Act.ADD, WholeCall(), "half a letter: \ud83d"), by="Ann")
    with pytest.raises(Invalid) as caught:
        store.log.append(call_id, ANN, SAID, by="half a letter: \ud83d")
    assert caught.value.__cause__ is None, "it would quote the name"
    assert is_linked(store, call_id, 1)


def test_a_text_with_a_zero_byte_comes_back_with_it(store, call_id):
    """No column of text holds it; sealed bytes do."""
    said = Annotation(Act.ADD, WholeCall(), "a\0b")
    store.log.append(call_id, ANN, said, by="A\0nn")
    assert store.log.items(call_id)[1].content == said


def _append_in_threads(store: Store, ids: Sequence[str], threads: int, each: int) -> list[BaseException]:
    failed: list[BaseException] = []
    at_once = threading.Barrier(threads)

    def write(me: int) -> None:
        try:
            at_once.wait()
            for turn in range(each):
                store.log.append(ids[(me + turn) % len(ids)], ANN, SAID, by=f"Ann {me}")
        except BaseException as error:
            failed.append(error)

    writing = [threading.Thread(target=write, args=(me,)) for me in range(threads)]
    for thread in writing:
        thread.start()
    for thread in writing:
        thread.join()
    return failed


def test_many_threads_that_write_to_one_call_make_no_gap_and_no_fork(store, call_id):
    assert _append_in_threads(store, [call_id], threads=8, each=20) == []
    assert is_linked(store, call_id, 161)


def test_many_threads_that_write_to_many_calls_mix_up_nothing(store):
    ids = [accept(store, number) for number in range(5)]
    assert _append_in_threads(store, ids, threads=8, each=20) == []
    counts = [len(store.log.held(call_id)) for call_id in ids]
    assert sum(counts) == 5 + 160
    assert all(is_linked(store, call_id, count) for call_id, count in zip(ids, counts, strict=True))


def _write(url: str, ids: list[str], at_once) -> None:
    store = Store(url, KEYS)
    at_once.wait()
    failed = _append_in_threads(store, ids, threads=3, each=30)
    store.close()
    if failed:
        raise failed[0]


@pytest.mark.parametrize("calls", [1, 3])
def test_processes_that_write_at_once_make_no_gap_and_no_fork(store, store_url, calls):
    """Several calls in one transaction, locked in one order: nobody waits for ever, nobody is turned away."""
    ids = [accept(store, number) for number in range(calls)]
    spawn = multiprocessing.get_context("spawn")
    at_once = spawn.Barrier(2)
    writers = [spawn.Process(target=_write, args=(store_url, ids[::turn], at_once)) for turn in (1, -1)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert sum(len(store.log.held(call_id)) for call_id in ids) == calls + 180
    assert all(is_linked(store, call_id, len(store.log.held(call_id))) for call_id in ids)


def test_one_that_cannot_be_written_does_not_take_others_with_it(store, call_id):
    """All of them wait for the same transaction: a first writer holds it up until they are all there."""
    results: dict[str, object] = {}
    held_up, there = threading.Event(), threading.Event()
    write = store.log._group._writer.write

    def slowly(connection, drafts):
        held_up.set()
        there.wait(10)
        return write(connection, drafts)

    def append(name: str, to: str) -> None:
        try:
            results[name] = store.log.append(to, ANN, SAID, by=name)
        except NotFound as error:
            results[name] = error

    store.log._group._writer.write = slowly
    threads = [threading.Thread(target=append, args=("first", call_id))]
    threads[0].start()
    held_up.wait(10)
    for name, to in (("a", call_id), ("lost", "0" * 16), ("b", call_id), ("c", call_id)):
        threads.append(threading.Thread(target=append, args=(name, to)))
        threads[-1].start()
    while len(store.log._group._queue) < 4:
        time.sleep(0.01)
    there.set()
    for thread in threads:
        thread.join()
    assert isinstance(results.pop("lost"), NotFound)
    assert {item.by for item in store.log.items(call_id)[1:]} == set(results) == {"first", "a", "b", "c"}
    assert is_linked(store, call_id, 5)


def test_a_database_that_is_away_fails_those_who_wait_and_nobody_later(store, call_id, monkeypatch):
    write = store.log._group._writer.write

    def away(connection, drafts):
        raise Unavailable("away")

    monkeypatch.setattr(store.log._group._writer, "write", away)
    assert len(_append_in_threads(store, [call_id], threads=4, each=1)) == 4
    monkeypatch.setattr(store.log._group._writer, "write", write)
    assert store.log.append(call_id, ANN, SAID, by="Ann").number == 1


def test_one_whose_wait_is_ended_by_a_signal_holds_up_nobody(store, call_id):
    """As Ctrl-C, or the time limit of a job: what it waited to write is not written, and the others go on."""

    class EndedError(Exception):
        pass

    def end(*_):
        raise EndedError

    write = store.log._group._writer.write
    held_up, there = threading.Event(), threading.Event()

    def slowly(connection, drafts):
        held_up.set()
        there.wait(10)
        return write(connection, drafts)

    store.log._group._writer.write = slowly
    first = threading.Thread(target=store.log.append, args=(call_id, ANN, SAID), kwargs={"by": "first"})
    first.start()
    held_up.wait(10)
    before = signal.signal(signal.SIGALRM, end)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        with pytest.raises(EndedError):
            store.log.append(call_id, ANN, SAID, by="ended")
    finally:
        signal.signal(signal.SIGALRM, before)
    there.set()
    first.join()
    store.log.append(call_id, ANN, SAID, by="last")
    assert [item.by for item in store.log.items(call_id)] == [None, "first", "last"]


def test_who_is_called_to_write_and_gives_up_passes_the_pen_on(store, call_id):
    group = store.log._group
    called, next_one = (_Waiting(draft(call_id, ANN, SAID, name)) for name in ("called", "next"))
    group._queue, group._is_writing = [called, next_one], True

    def given_up():
        called.woken.set()
        raise KeyboardInterrupt

    called.woken.wait = given_up
    with pytest.raises(KeyboardInterrupt):
        group._wait(called)
    assert next_one.woken.is_set()
    assert group._queue == [next_one]


# Whether this process has threads depends on the tests that ran before.
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_writes_though_its_parent_was_writing(store, call_id):
    store.log._group._is_writing = True  # as a thread of the parent has it that the child has not
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if store.log.append(call_id, ANN, SAID, by="child").number == 1 else 1)
        finally:
            os._exit(2)
    store.log._group._is_writing = False
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert is_linked(store, call_id, 2)


# The tree


def fill(store: Store, entries: int, calls: int = 3) -> list[str]:
    ids = [accept(store, number) for number in range(calls)]
    for turn in range(entries - calls):
        store.log.append(ids[turn % calls], ANN, SAID, by="Ann")
    return ids


def test_what_is_stored_is_included_once_and_in_the_order_of_its_call(store):
    ids = fill(store, 23)
    assert store.log.include() == 23
    assert store.log.include() == 0
    store.log.append(ids[0], ANN, SAID, by="Ann")
    assert store.log.include() == 1
    leaves = store.log.leaves(0, 99)
    assert [leaf.position for leaf in leaves] == list(range(24))
    for call_id in ids:
        of_call = [leaf for leaf in leaves if leaf.call_id == call_id]
        assert [leaf.hash for leaf in of_call] == [one.entry.hash for one in store.log.held(call_id)]
        assert store.log.leaves_of(call_id) == tuple(of_call)
    assert store.log.leaves(4, 6) == leaves[4:6]


def test_a_backlog_larger_than_one_transaction_is_included(store, monkeypatch):
    monkeypatch.setattr("worker.record.log.tree.INCLUDED_AT_ONCE", 3)
    monkeypatch.setattr("worker.record.log.tree._WAITING", _limited(3))
    fill(store, 11)
    assert store.log.include() == 11
    assert len(store.log.leaves(0, 99)) == 11


def _limited(count: int):
    from worker.record.log.tree import _WAITING

    return _WAITING.limit(count)


def test_the_head_is_published_once_signed_and_opens_with_the_public_key_alone(store):
    assert store.log.publish(NOW) is None, "there is nothing to say"
    assert store.log.latest_checkpoint() is None
    fill(store, 7)
    store.log.include()
    published = store.log.publish(NOW)
    assert published is not None
    assert store.log.publish(NOW + timedelta(minutes=1)) is None, "nothing is new"
    read = read_checkpoint(Verifier.from_key(store.log.verifier_key).open(published.note))
    assert (read.origin, read.size, read.at) == (KEYS.origin, 7, NOW)
    assert read.root == published.root == root_of([leaf.hash for leaf in store.log.leaves(0, 7)])
    assert store.log.checkpoints() == (published,) == (store.log.checkpoint(7),)
    with pytest.raises(NotFound):
        store.log.checkpoint(6)


def test_a_clock_that_is_behind_publishes_nothing_earlier_than_before(store, call_id):
    store.log.include()
    store.log.publish(NOW)
    store.log.append(call_id, ANN, SAID, by="Ann")
    store.log.include()
    published = store.log.publish(NOW - timedelta(hours=1))
    assert published is not None
    assert published.at == NOW


def test_every_entry_is_proved_under_every_later_head(store):
    ids = fill(store, 4)
    for turn in range(12):
        store.log.append(ids[turn % 3], ANN, SAID, by="Ann")
        store.log.include()
        store.log.publish(NOW)
    heads = store.log.checkpoints()
    assert [head.size for head in heads] == list(range(5, 17))
    for head in heads:
        proofs = [proof for call_id in ids for proof in store.log.proofs(call_id, head.size)]
        assert len(proofs) == head.size
        for proof in proofs:
            check_inclusion(proof.leaf.hash, proof.leaf.position, head.size, proof.hashes, head.root)
        for later in heads:
            if later.size >= head.size:
                proof = store.log.consistency(head.size, later.size)
                check_consistency(head.size, head.root, later.size, later.root, proof)


def _include(url: str, at_once) -> None:
    store = Store(url, KEYS)
    at_once.wait()
    for _ in range(20):
        store.log.include()
        store.log.publish(datetime.now(UTC))
    store.close()


def test_processes_that_include_while_others_write_make_one_tree(store, store_url):
    ids = [accept(store, number) for number in range(3)]
    spawn = multiprocessing.get_context("spawn")
    at_once = spawn.Barrier(3)
    including = [spawn.Process(target=_include, args=(store_url, at_once)) for _ in range(2)]
    for process in including:
        process.start()
    at_once.wait()
    assert _append_in_threads(store, ids, threads=4, each=25) == []
    for process in including:
        process.join()
    assert [process.exitcode for process in including] == [0, 0]
    store.log.include()
    store.log.publish(datetime.now(UTC))
    leaves = [leaf.hash for leaf in store.log.leaves(0, 999)]
    assert len(leaves) == 103
    assert {head.root == root_of(leaves[: head.size]) for head in store.log.checkpoints()} == {True}


def test_the_publisher_publishes_by_itself_and_once_more_when_it_ends(store, call_id):
    publisher = Publisher(store.log, every_s=0.02)
    publisher.start()
    until = time.monotonic() + 10
    while store.log.latest_checkpoint() is None:
        assert time.monotonic() < until, "nothing was published"
        time.sleep(0.01)
    publisher.stop()
    publisher = Publisher(store.log, every_s=60)
    publisher.start()
    store.log.append(call_id, ANN, SAID, by="Ann")
    publisher.stop()
    assert [head.size for head in store.log.checkpoints()] == [1, 2]


def test_the_publisher_goes_on_after_a_database_that_was_away(store, call_id, monkeypatch):
    include, away = store.log.include, iter([Unavailable("away"), KeyError("a bug")])

    def sometimes() -> int:
        for error in away:
            raise error
        return include()

    monkeypatch.setattr(store.log, "include", sometimes)
    publisher = Publisher(store.log, every_s=0.01)
    publisher.start()
    until = time.monotonic() + 10
    while store.log.latest_checkpoint() is None:
        assert time.monotonic() < until, "nothing was published"
        time.sleep(0.01)
    publisher.stop()
