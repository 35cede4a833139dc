"""Somebody's own recording of a call: worked like any other, and no call of its own anywhere else."""

from __future__ import annotations

import hashlib
import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
import soundfile

from tests import made_files
from worker.core.arrival import Handover
from worker.core.call import CallDetails, Party
from worker.core.dialogue.values import Received
from worker.core.errors import BadRecording, Invalid
from worker.core.log.entry import Role
from worker.intake.accept import Intake
from worker.intake.own_recording import accept_own_recording
from worker.record.standing import CallState
from worker.stages import STAGES

OURS, THEIRS = made_files.wav(pitch_hz=180), made_files.wav(pitch_hz=220)
DETAILS = CallDetails(
    agent="Daniel Price",
    customer="Maria Lopez",
    started_at=datetime(2026, 3, 10, 10, 14, tzinfo=UTC),
    external_id="acd-1",
    language="en",
    party_of_channel={0: Party.AGENT},
    zone="Europe/London",
    agent_address="daniel@example.com",
    customer_address="maria@example.org",
)


@pytest.fixture
def door(store, sound_store):
    return Intake(store, sound_store)


@pytest.fixture
def call(store, door):
    return store.call(door.accept(io.BytesIO(OURS), "ours.wav", Handover(DETAILS)).call_id)


def add(call, door, recording: bytes = THEIRS):
    return accept_own_recording(io.BytesIO(recording), "mine.m4a", call, intake=door)


def test_it_is_kept_as_evidence_and_says_of_which_call_it_is(store, sound_store, door, call, tmp_path):
    accepted = add(call, door)
    own = store.call(accepted.call_id)
    assert accepted.is_new
    assert own.id != call.id
    assert own.own_recording_of == call.id
    assert own.legs[0].sha256 == hashlib.sha256(THEIRS).hexdigest()
    assert own.legs[0].file_name == "mine.m4a"
    sound_store.fetch(own.id, 1, tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == THEIRS
    (received,) = store.log.items(own.id)
    assert isinstance(received.content, Received)
    assert received.content.sha256 == own.legs[0].sha256


def test_what_was_said_of_the_call_holds_but_for_channels_and_addresses(store, door, call):
    own = store.call(add(call, door).call_id).details
    assert (own.agent, own.customer, own.language, own.zone) == ("Daniel Price", "Maria Lopez", "en", "Europe/London")
    assert own.started_at == DETAILS.started_at
    assert (own.external_id, own.party_of_channel, own.agent_address, own.customer_address) == (None, {}, None, None)


def test_it_waits_for_a_worker_like_any_call(store, door, call):
    own_id = add(call, door).call_id
    assert store.call(own_id).standing.state is CallState.RECEIVED
    assert own_id in store.waiting("decode", now=datetime.now(UTC), limit=10)


def test_it_is_in_no_list_and_counts_as_no_call(store, door, call):
    add(call, door)
    assert [one.id for one in store.calls()] == [call.id]
    assert store.counts()[CallState.RECEIVED] == 1


def test_one_that_failed_is_seen_by_those_who_have_to_see_to_it(store, door, call):
    own_id = add(call, door).call_id
    assert store.begin(own_id, "decode", worker="w", lease_s=60.0, now=datetime.now(UTC))
    store.fail(own_id, "decode", worker="w", reason="BadRecording", message="This is not sound.")
    assert [one.id for one in store.calls(state=CallState.FAILED)] == [own_id]
    assert store.counts()[CallState.FAILED] == 0


def test_nobody_has_a_way_in_of_their_own_to_it(store, door, call):
    own_id = add(call, door).call_id
    assert store.people.on_call(own_id) == ()
    agent = store.people.side(call.id, Role.AGENT)
    assert store.people.role(own_id, agent.id, now=datetime.now(UTC)) is None


def test_the_same_recording_twice_is_one(store, door, call):
    first, second = add(call, door), add(call, door)
    assert second.call_id == first.call_id
    assert not second.is_new


def test_the_same_recording_of_two_calls_is_worked_for_each(store, door, call):
    other = store.call(door.accept(io.BytesIO(made_files.wav(2.0)), "other.wav").call_id)
    assert add(call, door).call_id != add(other, door).call_id


def test_a_recording_that_is_here_as_a_call_is_still_somebodys_own_of_another(store, door, call):
    as_call = door.accept(io.BytesIO(THEIRS), "theirs.wav").call_id
    own = add(call, door)
    assert own.is_new
    assert own.call_id != as_call
    assert not door.accept(io.BytesIO(THEIRS), "theirs.wav").is_new


def test_the_very_file_that_is_here_is_refused_in_words_that_say_so(store, door, call):
    with pytest.raises(Invalid, match="byte for byte"):
        add(call, door, OURS)
    assert store.waiting("decode", now=datetime.now(UTC), limit=10) == (call.id,)


def test_an_empty_recording_is_refused(store, door, call):
    with pytest.raises(BadRecording, match="empty"):
        add(call, door, b"")


def test_a_recording_of_a_recording_is_refused(store, door, call):
    own = store.call(add(call, door).call_id)
    with pytest.raises(Invalid):
        add(own, door, made_files.wav(3.0))


def test_a_stream_is_kept_from_its_beginning(store, sound_store, door, call, tmp_path: Path):
    stream = io.BytesIO(THEIRS)
    stream.seek(100)
    own = store.call(accept_own_recording(stream, "mine.wav", call, intake=door).call_id)
    assert own.legs[0].sha256 == hashlib.sha256(THEIRS).hexdigest()


def test_it_goes_through_the_same_stages_to_a_record_of_its_own(installation, recording, tmp_path):
    """The same six seconds, recorded by one side from a second later on."""
    tracks, rate_hz = soundfile.read(recording)
    mine = tmp_path / "mine.wav"
    soundfile.write(mine, tracks[rate_hz:], rate_hz, subtype="PCM_16")
    door = Intake(installation.store, installation.sounds, installation.queue)
    call = installation.store.call(installation.accept(recording))
    with mine.open("rb") as file:
        own_id = accept_own_recording(file, "mine.wav", call, intake=door).call_id
    for call_id in (call.id, own_id):
        for stage in STAGES:
            installation.work().run(call_id, stage.name)
    assert installation.store.call(own_id).standing.state is CallState.READY
    theirs = installation.store.record(own_id)
    assert theirs.recording.sha256 == hashlib.sha256(mine.read_bytes()).hexdigest()
    assert installation.sounds.copy_size(own_id) > 0, "it can be heard"
    assert theirs.turns
