"""From one recorded call to the record that both of its parties open: the product, read from top to bottom.

Only the models are fake here. Start reading the tests with this file.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient

from models.fakes import FakeTranscriber
from tests.installation import Installation
from tests.story.conftest import SPOKEN
from worker.core.call import CallDetails, Party
from worker.record.standing import CallState
from worker.stages import STAGES
from worker.web.app import create_app

DETAILS = CallDetails(
    agent="Emily",
    customer="Sam",
    started_at=datetime(2026, 3, 10, 10, 14, tzinfo=UTC),
    external_id="pbx-1",
    party_of_channel={0: Party.AGENT, 1: Party.CUSTOMER},
)


@pytest.fixture
def worked(installation: Installation, recording, spoken_words) -> tuple[Installation, str]:
    """A call that was handed over and went through all of its stages."""
    call_id = installation.accept(recording, DETAILS)
    work = installation.work()
    ports = {**work.ports, "transcriber": lambda: FakeTranscriber(spoken_words)}
    for stage in STAGES:
        replace(work, ports=ports).run(call_id, stage.name)
    return installation, call_id


def test_accepted_means_that_the_bytes_are_safe(installation, recording):
    """The recording is kept unaltered before anybody is told "accepted"."""
    call_id = installation.accept(recording, DETAILS)
    stored = installation.store.call(call_id)
    again = installation.folder / "again.wav"
    installation.sounds.fetch(stored.id, 1, again)
    assert again.read_bytes() == recording.read_bytes()
    assert stored.standing.state is CallState.RECEIVED


def test_the_same_recording_twice_is_one_call(installation, recording):
    assert installation.accept(recording, DETAILS) == installation.accept(recording, DETAILS)


def test_each_party_speaks_on_its_own_track(worked):
    """What the telephony system said about the channels decides who is who, and the record says so."""
    installation, call_id = worked
    record = installation.store.record(call_id)
    assert {(part.party, part.channel, part.name) for part in record.parties} == {
        (Party.AGENT, 0, "Emily"),
        (Party.CUSTOMER, 1, "Sam"),
    }
    assert all(part.reason for part in record.parties)
    assert {turn.party for turn in record.turns} == {Party.AGENT, Party.CUSTOMER}


def test_turns_stand_in_the_order_in_which_they_began(worked):
    installation, call_id = worked
    turns = installation.store.record(call_id).turns
    assert [(turn.channel, turn.text) for turn in turns] == list(SPOKEN)
    assert [turn.start_s for turn in turns] == sorted(turn.start_s for turn in turns)


def test_no_statement_stands_without_the_words_it_rests_on(worked):
    """Every piece of evidence is the exact text of a turn, at the seconds where it was said."""
    installation, call_id = worked
    record = installation.store.record(call_id)
    turns = {turn.id: turn for turn in record.turns}
    assert record.summary.statements, "a call with a promise in it has something to state"
    for statement in record.summary.statements:
        for piece in statement.evidence:
            turn = turns[piece.turn]
            assert piece.quote in turn.text
            assert turn.start_s <= piece.start_s < piece.end_s <= turn.end_s


def test_the_record_says_what_made_it(worked):
    """A fake says that it is one: it never stands in for a real model silently."""
    installation, call_id = worked
    made = {one.stage: one for one in installation.store.record(call_id).made_by}
    assert made["transcribe"].model == "fake"
    assert made["separate"].model is None, "two tracks need no diarization, so none is claimed"


def test_both_sides_open_the_same_page_each_with_their_own_link(worked, readers):
    """What the two see differs in who "you" is, and in what each may do next; never in what happened."""
    installation, call_id = worked
    pages = {}
    for role, reader in readers(installation, call_id).items():
        answer = reader.get(f"/calls/{call_id}", headers={"accept": "text/html"})
        assert answer.status_code == 200
        pages[role] = answer.text
        sound = reader.get(f"/calls/{call_id}/sound", headers={"range": "bytes=0-3"})
        assert (sound.status_code, sound.content) == (206, b"fLaC")
    for turn in installation.store.record(call_id).turns:
        for page in pages.values():
            assert f'id="{turn.id}"' in page


def test_nobody_opens_it_without_being_let_in(worked, parts):
    installation, call_id = worked
    with TestClient(create_app(parts(installation))) as stranger:
        assert stranger.get(f"/calls/{call_id}").status_code == 401
