"""A real browser at a real server over real stores, with the record of the sample call and its sound.

What a page may not do (complain in the console, ask another host, break its own policy) fails the test that opened it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, sync_playwright

from tests.browser.sample import SOUND, sample_record
from tests.handed_over import hand_over
from tests.services import KEYS, missing
from tests.web.records import MADE_BY
from tests.web.serving import serving
from worker.core.call import CallDetails
from worker.core.dialogue.values import Content, Item
from worker.core.log.entry import Actor, Role
from worker.core.record import CallRecord
from worker.owed.answering import erase_as_asked
from worker.owed.erasing import Stores
from worker.record.people import Person
from worker.record.sounds import SoundStore
from worker.record.store import Store
from worker.running.up import free_port
from worker.web.app import create_app
from worker.web.parts import Parts

ARGUMENTS = (
    "--no-sandbox",  # the tests may run as root, who has none
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WIDE = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
WITHIN_MS = 10_000
WORKER, LAST = "w", "publish"

DANIEL, MARIA, PAULA = "daniel@example.com", "maria@example.com", "paula@example.com"
DETAILS = CallDetails(
    agent="Daniel Price",
    customer="Maria Lopez",
    started_at=datetime.fromisoformat("2026-03-10T10:14:00+00:00"),
    agent_address=DANIEL,
    customer_address=MARIA,
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs a browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


# The browser. Not for the whole session: while it runs, no other test of this thread can run an event loop of its own.


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        missing("There is no Chromium here. Install it: apt-get install chromium")
    browser = playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS), headless=True)
    yield browser
    browser.close()


# The place


@dataclass
class Place:
    """One installation that serves its pages, and what is put into it."""

    folder: Path
    store: Store
    parts: Parts

    @property
    def base(self) -> str:
        return self.parts.base_url

    def receive(self, details: CallDetails = DETAILS, *, sha256: str, stage: str = LAST) -> str:
        """A call that is at a stage."""
        sent = {"sha256": sha256, "file_name": SOUND.name, "size_bytes": SOUND.stat().st_size}
        call_id = hand_over(self.store, details, **sent, first_stage=stage).call_id
        self.begin(call_id, stage)
        return call_id

    def begin(self, call_id: str, stage: str) -> None:
        assert self.store.begin(call_id, stage, worker=WORKER, lease_s=3600.0, now=datetime.now(UTC))

    def finish(self, call_id: str, record: CallRecord, *, stage: str) -> None:
        """Gives a call that waits at a stage its record, as its last stage would."""
        self.begin(call_id, stage)
        self.store.finish(call_id, stage, worker=WORKER, value=record, made_by=MADE_BY[0], next_stage=None)

    def publish(self, record: CallRecord | None = None, details: CallDetails = DETAILS) -> str:
        """A call that is ready; with the sample call's record and sound where no other record is given."""
        if record is None:
            record = sample_record()
        call_id = self.receive(details, sha256=record.recording.sha256)
        self.store.finish(call_id, LAST, worker=WORKER, value=record, made_by=MADE_BY[0], next_stage=None)
        self.parts.sounds.put_copy(call_id, SOUND)
        return call_id

    def person(self, call_id: str, role: Role) -> Person:
        return self.store.people.side(call_id, role)

    def reviewer(self, call_id: str) -> Person:
        """Paula, who was asked to look at this call."""
        paula = self.store.people.add(PAULA, name="Paula Stein", is_reviewer=True)
        self.store.people.give_role(call_id, paula.id, Role.REVIEWER)
        return paula

    def say(self, call_id: str, role: Role, content: Content) -> Item:
        """What one side puts into the record elsewhere."""
        person = self.person(call_id, role)
        return self.store.log.append(call_id, Actor(role, person.id), content, by=person.name)

    def sign_in(self, context: BrowserContext, person: Person) -> None:
        """Signs somebody in as the ways in do in the end."""
        token = self.store.people.sessions.begin(
            person.id, only_call=None, lasts=timedelta(hours=1), now=datetime.now(UTC)
        )
        context.add_cookies([{"name": self.parts.access.cookie, "value": token, "url": self.base}])


@contextmanager
def new_place(folder: Path) -> Iterator[Place]:
    store = Store(f"sqlite:///{folder / 'onrecord.db'}", KEYS)
    store.migrate()
    port = free_port("127.0.0.1", 0)
    sounds = SoundStore(str(folder / "sounds"), store.sound_keys)
    stores = Stores(store, sounds)
    parts = Parts(
        store,
        sounds,
        secret="a secret",
        base_url=f"http://127.0.0.1:{port}",
        erase_as_asked=lambda request_id, by: erase_as_asked(request_id, by=by, stores=stores),
    )
    with serving(create_app(parts), port):
        yield Place(folder, store, parts)
    store.close()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A place for this test alone."""
    with new_place(tmp_path) as place:
        yield place


# Somebody at the browser


@dataclass
class Troubles:
    """What pages did that they may not do."""

    host: str
    found: list[str] = field(default_factory=list)
    expected: set[int] = field(default_factory=set)

    def watch(self, context: BrowserContext) -> None:
        context.on("console", lambda message: self._note(message))
        context.on("weberror", lambda error: self.found.append(f"script: {error.error}"))
        context.on("request", lambda request: self._asked(request.url))

    def _note(self, message: ConsoleMessage) -> None:
        is_expected = any(f"status of {status}" in message.text for status in self.expected)
        if message.type in ("error", "warning") and not is_expected:
            self.found.append(f"console {message.type}: {message.text} ({message.location.get('url')})")

    def _asked(self, url: str) -> None:
        if not url.startswith((self.host, "data:", "blob:")):
            self.found.append(f"asked another host: {url}")


@pytest.fixture
def troubles(place: Place) -> Iterator[Troubles]:
    """Looked at when the test is over."""
    troubles = Troubles(place.base)
    yield troubles
    assert troubles.found == []


@pytest.fixture
def open_browser(chromium: Browser, place: Place, troubles: Troubles) -> Iterator[Callable[..., Page]]:
    """Opens a window of somebody's own: signed in if a person is given, on a phone, in the dark, without script …"""
    with ExitStack() as stack:

        def open_one(person: Person | None = None, **settings: object) -> Page:
            options = {"viewport": WIDE, "base_url": place.base, "locale": "en-GB", "timezone_id": "Europe/Berlin"}
            context = stack.enter_context(chromium.new_context(**{**options, **settings}))
            context.set_default_timeout(WITHIN_MS)
            troubles.watch(context)
            if person is not None:
                place.sign_in(context, person)
            return context.new_page()

        yield open_one


def other_recording(record: CallRecord, number: int) -> CallRecord:
    """The same record of another recording, since one recording is one call."""
    return replace(record, recording=replace(record.recording, sha256=f"{number:02x}" * 32))
