"""A site with real stores, into which a test puts records as the last stage would, and a client in this process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.handed_over import hand_over
from tests.web.reading import Element, read
from tests.web.records import MADE_BY
from worker.core.call import CallDetails, Party
from worker.core.log.entry import Role
from worker.core.record import CallRecord
from worker.record.people import Person
from worker.record.sounds import SoundStore
from worker.record.store import Store
from worker.web.app import create_app
from worker.web.parts import Parts

AS_BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
SECRET = "a secret of this test"
BASE_URL = "http://localhost"
LASTS = timedelta(hours=12)
NOW = datetime.fromisoformat("2026-03-12T09:00:00+00:00")  # two days after the calls of tests.web.records
WORKER = {"worker": "w", "lease_s": 60.0}


@dataclass
class Site:
    """One installation's pages, and the stores behind them."""

    folder: Path
    store: Store
    sounds: SoundStore
    now: datetime = NOW  # what its clock says
    client: TestClient = field(init=False)
    parts: Parts = field(init=False)

    def __post_init__(self) -> None:
        self.parts = Parts(self.store, self.sounds, secret=SECRET, base_url=BASE_URL, now=lambda: self.now)

    def client_of(self, parts: Parts) -> TestClient:
        """Somebody's browser at the site; it says where its requests come from, as browsers do."""
        return TestClient(create_app(parts), base_url=parts.base_url, headers={"sec-fetch-site": "same-origin"})

    def receive(self, sha256: str, *, stage: str = "publish") -> str:
        """A call that waits at a stage; its id."""
        return hand_over(
            self.store, CallDetails(), sha256=sha256, file_name="call.wav", size_bytes=1, first_stage=stage
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
            self.sounds.put_copy(call_id, copy)
        return call_id

    def sign_in(self, person: Person, *, only_call: str | None = None, client: TestClient | None = None) -> None:
        """Signs somebody in, as the ways in do in the end; instead of whoever was signed in before."""
        client = client or self.client
        token = self.store.people.sessions.begin(person.id, only_call=only_call, lasts=LASTS, now=self.now)
        client.cookies.clear()
        client.cookies.set(self.parts.access.cookie, token)
        client.headers["X-CSRF-Token"] = self.parts.access.csrf_of(token)

    def sign_out(self) -> None:
        """Nobody is signed in any more."""
        self.client.cookies.clear()
        self.client.headers.pop("X-CSRF-Token", None)

    def link(self, call_id: str, party: Party = Party.CUSTOMER) -> str:
        """The address of a call's page, for its agent or its customer, who is signed in from now on."""
        self.sign_in(self.store.people.side(call_id, Role(party.value)))
        return f"/calls/{call_id}"

    def open(self, call_id: str, party: Party = Party.CUSTOMER) -> Element:
        """The page of a call as one of its parties reads it."""
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
    site = Site(tmp_path, store, sound_store)
    with site.client_of(site.parts) as site.client:
        yield site


@pytest.fixture
def with_hash():
    """The same record of another recording, since one recording is one call."""

    def change(record: CallRecord, sha256: str) -> CallRecord:
        return replace(record, recording=replace(record.recording, sha256=sha256))

    return change


@pytest.fixture
def persons(site: Site, call_id: str) -> dict[str, Person]:
    """Somebody for each role on the ``call_id`` of the file that asks; nobody is nobody."""
    people = site.store.people

    def with_role(name: str, role: Role) -> Person:
        person = people.add(f"{name}@brightwater.example", is_reviewer=role is Role.REVIEWER)
        until = site.now + timedelta(hours=1) if role is Role.NEXT_AGENT else None
        people.give_role(call_id, person.id, role, until=until)
        return person

    return {
        "agent": people.side(call_id, Role.AGENT),
        "customer": people.side(call_id, Role.CUSTOMER),
        "next agent": with_role("emma", Role.NEXT_AGENT),
        "reviewer": with_role("rosa", Role.REVIEWER),
        "desk": people.add("dora@brightwater.example", is_desk=True),
        "operator": people.add("ops@brightwater.example", is_operator=True),
        "stranger": people.add("sam@brightwater.example"),
    }
