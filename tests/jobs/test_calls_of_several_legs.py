"""A call that was handed on, from its recordings to its record: one record, one sound, one copy."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import soundfile

from tests.installation import Installation
from worker.core.arrival import Handover
from worker.core.call import CallDetails, Party, sound_id
from worker.core.transcript import SoundKind
from worker.intake.accept import Intake
from worker.record.standing import CallState
from worker.stages import STAGES

TEN = datetime(2026, 3, 10, 10, 0, tzinfo=UTC)


def second_leg(recording: Path) -> Path:
    """The same talk with the sides on the other channels, as another switch would record it, and a little fainter."""
    tracks, rate_hz = soundfile.read(recording)
    path = recording.with_name("second.wav")
    soundfile.write(path, 0.8 * tracks[:, ::-1], rate_hz)
    return path


def test_two_legs_become_one_record_in_the_order_in_which_they_were_spoken(
    installation: Installation, recording: Path
) -> None:
    """The second leg comes in first, as webhooks do; the customer waits for twenty seconds in between."""
    intake = Intake(installation.store, installation.sounds, installation.queue)
    sides = {0: Party.AGENT, 1: Party.CUSTOMER}
    swapped = {0: Party.CUSTOMER, 1: Party.AGENT}
    later = CallDetails(external_id="4711", started_at=TEN.replace(second=26), party_of_channel=swapped)
    first = CallDetails(external_id="4711", started_at=TEN, party_of_channel=sides)
    call_id = intake.accept_file(second_leg(recording), Handover(later, "pbx", legs=2)).call_id
    assert intake.accept_file(recording, Handover(first, "pbx", legs=2)).call_id == call_id
    work = installation.work()
    for stage in STAGES:
        work.run(call_id, stage.name)
    call = installation.store.call(call_id)
    assert call.standing.state is CallState.READY, call.standing
    record = installation.store.record(call_id)
    assert [(leg.file_name, leg.start_s, leg.duration_s) for leg in record.legs] == [
        (recording.name, 0.0, 6.0),
        ("second.wav", 26.0, 6.0),
    ]
    assert record.recording.duration_s == 32.0
    assert record.recording.sha256 == call.sound_id == sound_id([leg.sha256 or "" for leg in call.legs])
    assert installation.sounds.copy_size(call.id) > 0, "there is one sound to listen to, of the whole call"
    waits = [hold for hold in record.holds if hold.kind is SoundKind.SILENCE]
    assert [(round(wait.start_s), round(wait.end_s)) for wait in waits] == [(6, 26)], "they waited, and it is counted"
    parties = {(one.speaker, one.party) for one in record.parties}
    agent_track = next(speaker for speaker, party in parties if party is Party.AGENT)
    spoken_at = {turn.start_s > 26.0 for turn in record.turns if turn.speaker == agent_track}
    assert spoken_at == {False, True}, "the agent's side is one track, whichever channel it was on"
