"""A site with real stores, into which a test puts records as the last stage would, and a client in this process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.web.reading import Element, read
from tests.web.records import MADE_BY
from worker.core.call import CallDetails, Party
from worker.core.record import CallRecord
from worker.record.sounds import SoundStore
from worker.record.store import Store
from worker.web.access import Holder, Links
from worker.web.app import create_app

AS_BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
SECRET = "a secret of this test"
NOW = datetime.fromisoformat("2026-03-12T09:00:00+00:00")  # two days after the calls of tests.web.records
WORKER = {"worker": "w", "lease_s": 60.0}


@dataclass
class Site:
    """One installation's pages, and the stores behind them."""

    folder: Path
    store: Store
    sounds: SoundStore
    links: Links
    client: TestClient
    given: dict[Holder, str] = field(default_factory=dict)
    now: datetime = NOW  # what its clock says

    def receive(self, sha256: str, *, stage: str = "publish") -> str:
        """A call that waits at a stage; its id."""
        return self.store.accept(
            CallDetails(), sha256=sha256, file_name="call.wav", size_bytes=1, first_stage=stage
        ).call_id

    def begin(self, sha256: str, *, stage: str) -> str:
        """A call that is at a stage; its id."""
        call_id = self.receive(sha256, stage=stage)
        assert self.store.begin(call_id, stage, **WORKER, now=datetime.now(UTC))
        return call_id

    def publish(self, record: CallRecord, *, sound: bytes | None = None) -> str:
        """A call that is ready, with this record and this sound; its id."""
        sha256 = record.recording.sha256
        call_id = self.begin(sha256, stage="publish")
        self.store.finish(call_id, "publish", worker="w", value=record, made_by=MADE_BY[0], next_stage=None)
        if sound is not None:
            copy = self.folder / "copy.flac"
            copy.write_bytes(sound)
            self.sounds.put_copy(sha256, copy)
        return call_id

    def link(self, call_id: str, party: Party = Party.CUSTOMER) -> str:
        """A party's link, the same each time: a new one would carry a new time."""
        holder = Holder(call_id, party)
        return self.given.setdefault(holder, self.links.address(holder, base=""))

    def open(self, call_id: str, party: Party = Party.CUSTOMER) -> Element:
        """The page behind a party's link, as it is read."""
        response = self.client.get(self.link(call_id, party), headers=AS_BROWSER)
        assert response.status_code == 200, response.text
        return read(response.text)

    def show(self, record: CallRecord, party: Party = Party.CUSTOMER) -> Element:
        """The page of this record."""
        return self.open(self.publish(record), party)


@pytest.fixture
def store_url(tmp_path: Path) -> str:
    """SQLite alone: what the two databases could do differently is tested in tests/record."""
    return f"sqlite:///{tmp_path / 'onrecord.db'}"


@pytest.fixture
def site(tmp_path: Path, store: Store, sound_store: SoundStore) -> Iterator[Site]:
    links = Links(SECRET, valid_for=timedelta(days=1))
    site: Site
    with TestClient(create_app(store=store, sounds=sound_store, links=links, now=lambda: site.now)) as client:
        site = Site(tmp_path, store, sound_store, links, client)
        yield site


@pytest.fixture
def with_hash():
    """The same record of another recording, since one recording is one call."""

    def change(record: CallRecord, sha256: str) -> CallRecord:
        return replace(record, recording=replace(record.recording, sha256=sha256))

    return change
