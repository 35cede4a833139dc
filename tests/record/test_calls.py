"""The store's calls: accepted once, found by a few letters, and standing where their stages say."""

from __future__ import annotations

import io
import itertools
import multiprocessing
import os
import signal
import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa

from tests.handed_over import hand_over
from tests.keys import KEYS
from tests.web.records import short_call
from worker.core.arrival import Handover
from worker.core.call import CallDetails, Party
from worker.core.errors import Invalid, NotFound
from worker.core.record import MadeBy
from worker.core.transcript import Voices
from worker.record.ids import ID_LETTERS
from worker.record.sounds import SoundStore
from worker.record.standing import Accepted, CallState
from worker.record.store import Store

SHA256 = "ab" * 32
NOW = datetime(2026, 3, 10, 9, 14, tzinfo=UTC)
MADE = MadeBy("decode", None, "test", 0.5)
VALUE = Voices((), {})


def accept(store: Store, number: int = 0, details: CallDetails | None = None) -> Accepted:
    return hand_over(
        store,
        details or CallDetails(),
        sha256=f"{number:064x}",
        file_name="call.wav",
        size_bytes=44,
        first_stage="decode",
    )


def test_what_was_said_about_a_call_is_kept_as_it_was_said(store):
    details = CallDetails(
        agent="Ana Ruiz",
        customer="+49 30 123",
        started_at=datetime(2026, 3, 10, 10, 14, 0, 250, tzinfo=timezone(timedelta(hours=1))),
        external_id="PBX-7",
        language="de",
        party_of_channel={0: Party.CUSTOMER, 1: Party.AGENT},
    )
    accepted = hand_over(
        store, details, sha256=SHA256, file_name="Ü ☎.wav", size_bytes=5_000_000_000, first_stage="decode"
    )
    stored = store.call(accepted.call_id)
    assert stored.details == details
    assert stored.details.started_at.utcoffset() == timedelta(hours=1), "the sender's own zone is part of what was said"
    leg = stored.legs[0]
    assert (leg.sha256, leg.file_name, leg.size_bytes) == (SHA256, "Ü ☎.wav", 5_000_000_000)
    assert stored.sound_id == SHA256
    assert abs(stored.received_at - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_call_of_which_nothing_was_said_has_no_details(store):
    assert store.call(accept(store).call_id).details == CallDetails()


def test_the_same_recording_twice_is_one_call(store):
    first = accept(store, details=CallDetails(agent="Ana"))
    again = accept(store, details=CallDetails(agent="Ben"))
    assert first.is_new
    assert first.stage == "decode"
    assert again == Accepted(first.call_id, is_new=False)
    assert len(store.calls()) == 1
    assert store.call(first.call_id).details.agent == "Ana", "what was said the first time stands"


def test_the_same_recording_under_another_external_id_is_another_call(store):
    ids = {accept(store, details=CallDetails(external_id=external)).call_id for external in (None, "leg-1", "leg-2")}
    assert len(ids) == 3


def test_an_empty_external_id_is_none(store):
    assert not [accept(store, details=CallDetails(external_id=external)) for external in (None, "")][1].is_new


def test_many_who_hand_over_one_recording_at_once_get_one_call(store):
    accepted: list[Accepted] = []
    threads = [threading.Thread(target=lambda: accepted.append(accept(store))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({one.call_id for one in accepted}) == 1
    assert [one.is_new for one in accepted].count(True) == 1


@pytest.mark.parametrize("field", ["agent", "customer", "external_id", "language", "line", "continues"])
@pytest.mark.parametrize("text", ["a\0b", "a\nb", "a\x1bb", "a\x85b", "a\udcffb"])
def test_a_sign_that_is_none_of_a_text_is_refused_by_name(store, field, text):
    with pytest.raises(Invalid, match=field.replace("_", " ")):
        accept(store, details=CallDetails(**{field: text}))
    assert store.calls() == ()


def test_letters_that_need_a_sign_to_join_them_are_text(store):
    call_id = accept(store, details=CallDetails(customer="ماریا\u200cاورتگا")).call_id
    assert store.call(call_id).details.customer == "ماریا\u200cاورتگا"


def test_a_file_name_in_an_unknown_coding_does_not_keep_a_recording_out(store):
    accepted = hand_over(
        store, CallDetails(), sha256=SHA256, file_name="caf\udce9\0.wav", size_bytes=1, first_stage="decode"
    )
    assert store.call(accepted.call_id).legs[0].file_name.endswith(".wav")


def test_an_external_id_too_long_for_an_index_is_refused(store):
    with pytest.raises(Invalid, match="255"):
        accept(store, details=CallDetails(external_id="x" * 256))


def test_ids_are_short_and_cannot_be_misread(store):
    call_id = accept(store).call_id
    assert len(call_id) == 16
    assert set(call_id) <= set(ID_LETTERS)
    assert not set("ilou") & set(ID_LETTERS)


def test_a_call_is_found_by_the_first_letters_of_its_id_however_they_are_typed(store):
    call_id = accept(store).call_id
    for typed in (call_id, call_id[:4], call_id[:6].upper(), f"{call_id[:4]}-{call_id[4:8]} "):
        assert store.call(typed).id == call_id
    assert store.call(call_id[:5].replace("0", "O").replace("1", "l")).id == call_id


def test_letters_that_fit_several_calls_are_refused(store):
    ids = sorted(accept(store, number).call_id for number in range(33))  # more than there are first letters
    shared = next(one[0] for one, after in itertools.pairwise(ids) if one[0] == after[0])
    with pytest.raises(Invalid, match="Several calls"):
        store.call(shared)


@pytest.mark.parametrize("typed", ["", "-", "zzzz", "0" * 16, "0" * 17, "%", "_" * 16, "ab'; --", "ü"])
def test_an_id_that_is_none_finds_nothing(store, typed):
    accept(store)
    with pytest.raises(NotFound):
        store.call(typed)


def test_calls_are_listed_with_the_last_received_first(store):
    ids = [accept(store, number).call_id for number in range(5)]
    assert [call.id for call in store.calls()] == ids[::-1]
    assert [call.id for call in store.calls(limit=2)] == ids[:2:-1]


def test_where_a_call_stands_follows_from_its_stages(store):
    """One call in each state, and what is said about it."""
    received, waiting, running, failed, ready = (accept(store, number).call_id for number in range(5))
    for call_id in (waiting, running, failed, ready):
        store.begin(call_id, "decode", worker="w", lease_s=60, now=NOW)
    store.finish(waiting, "decode", worker="w", value=VALUE, made_by=MADE, next_stage="listen")
    store.beat(running, "decode", worker="w", lease_s=60, progress=0.25, now=NOW)
    store.fail(failed, "decode", worker="w", reason="BadRecording", message="This is not sound.")
    store.finish(ready, "decode", worker="w", value=short_call(), made_by=MADE, next_stage=None)

    standing = {call.standing.state: call for call in store.calls()}
    assert {state: call.id for state, call in standing.items()} == {
        CallState.RECEIVED: received,
        CallState.WAITING: waiting,
        CallState.RUNNING: running,
        CallState.FAILED: failed,
        CallState.READY: ready,
    }
    assert standing[CallState.WAITING].standing.stage == "listen"
    assert standing[CallState.RUNNING].standing.progress == 0.25
    assert standing[CallState.RUNNING].standing.worker == "w"
    assert standing[CallState.FAILED].standing.stage == "decode"
    assert standing[CallState.FAILED].standing.reason == "BadRecording"
    assert standing[CallState.FAILED].standing.message == "This is not sound."
    assert standing[CallState.READY].standing.stage is None
    for state, call in standing.items():
        assert store.calls(state=state) == (call,)
    assert store.counts() == dict.fromkeys(CallState, 1)


def test_an_empty_store_counts_nothing_in_every_state(store):
    assert store.counts() == dict.fromkeys(CallState, 0)


def _keep_accept_and_die(url: str, sounds: str, when: str) -> None:
    store = Store(url, KEYS)
    kept = SoundStore(sounds, store.sound_keys).keep(io.BytesIO(b"sound"))

    @sa.event.listens_for(sa.Engine, "before_cursor_execute")
    def about_to_execute(_connection, _cursor, statement: str, *_more) -> None:
        if statement.startswith({"before": "INSERT INTO calls", "within": "INSERT INTO stage_runs"}[when]):
            os.kill(os.getpid(), signal.SIGKILL)

    store.accept(Handover(), kept.arrived("call.wav"), first_stage="decode")


@pytest.mark.parametrize("when", ["before", "within"])
def test_a_kill_between_keeping_and_accepting_leaves_nothing_wrong(store, store_url, sound_store, tmp_path, when):
    """The bytes are kept, no call is half there, and handing it over again is an ordinary first time."""
    killed = multiprocessing.get_context("spawn").Process(
        target=_keep_accept_and_die, args=(store_url, str(tmp_path / "sounds"), when)
    )
    killed.start()
    killed.join()
    assert killed.exitcode == -signal.SIGKILL
    assert store.calls() == ()
    assert store.waiting("decode", now=NOW, limit=9) == ()
    again = tmp_path / "again.wav"
    again.write_bytes(b"sound")
    kept = sound_store.keep(again)
    accepted = store.accept(Handover(), kept.arrived("again.wav"), first_stage="decode")
    assert accepted.is_new
    assert b"".join(sound_store.read(accepted.call_id, 1)) == b"sound"


def test_the_zone_of_a_call_comes_back_with_it(store):
    details = CallDetails(started_at=datetime(2026, 3, 27, 15, 30, tzinfo=UTC), zone="Europe/Berlin")
    kept = store.call(accept(store, details=details).call_id).details
    assert kept == details
    assert kept.started_at is not None
    assert (kept.started_at + timedelta(days=3)).utcoffset() == timedelta(hours=2), "the zone knows of summer time"
