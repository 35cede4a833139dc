"""Pages that are open learn what happens, over a real connection: where a call stands, what the other side says."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, Queue

import httpx2
import pytest

from tests.installation import wait_until
from tests.web.conftest import Site
from tests.web.records import MADE_BY, short_call
from tests.web.serving import serving
from worker.core.dialogue.values import Act, Annotation, Looked, OnStatement, Way
from worker.core.errors import BadRecording
from worker.core.log.entry import Actor, Role
from worker.running.up import free_port
from worker.web.app import create_app

ROOT = Path(__file__).parent.parent.parent
SOON_S = 8.0
QUIET_S = 2.5  # more than two looks at the database
AGREE = Annotation(Act.AGREE, OnStatement("s1"))


class Listener:
    """One open page: the events that came, as pairs of their name and their data."""

    def __init__(self, response: httpx2.Response) -> None:
        self.response = response
        self._events: Queue[tuple[str, dict] | None] = Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        name = ""
        try:
            for line in self.response.iter_lines():
                field, _, value = line.partition(": ")
                if field == "event":
                    name = value
                elif field == "data":
                    self._events.put((name, json.loads(value)))
        except (httpx2.HTTPError, httpx2.StreamError):
            pass  # the test left, or the server did
        self._events.put(None)

    def next(self, within_s: float = SOON_S) -> tuple[str, dict] | None:
        """The next event; None when the stream has ended."""
        return self._events.get(timeout=within_s)

    def is_quiet(self) -> bool:
        try:
            self._events.get(timeout=QUIET_S)
        except Empty:
            return True
        return False


@pytest.fixture
def base(site: Site) -> Iterator[str]:
    """The address of the site on a real server."""
    port = free_port("127.0.0.1", 0)
    with serving(create_app(site.parts), port):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def listening(site: Site, base: str, call_id: str, role: Role, **more: str) -> Iterator[Listener]:
    site.sign_in(site.store.people.side(call_id, role))
    cookies = dict(site.client.cookies)
    query = {"after": more["after"]} if "after" in more else {}
    headers = {"accept-language": more.get("language", "en")}
    address = f"{base}/calls/{call_id}/events"
    with (
        httpx2.Client(cookies=cookies, timeout=SOON_S, trust_env=False) as client,
        client.stream("GET", address, params=query, headers=headers) as response,
    ):
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["cache-control"] == "no-store"
        yield Listener(response)
        # Closing alone would wait for the thread that reads. Where the stream has ended, there is nothing to close.
        with suppress(OSError):
            response.extensions["network_stream"].get_extra_info("socket").shutdown(socket.SHUT_RDWR)


def say(site: Site, call_id: str, role: Role, content: object = AGREE) -> int:
    person = site.store.people.side(call_id, role)
    return site.store.log.append(call_id, Actor(role, person.id), content, by="Daniel Price").number


def test_a_call_that_is_worked_shows_where_it_stands_until_its_record_is_there(site, base):
    call_id = site.begin("aa" * 32, stage="transcribe")
    with listening(site, base, call_id, Role.CUSTOMER) as page:
        name, standing = page.next()
        assert (name, standing["is_moving"]) == ("standing", True)
        assert any("writing down the words" in line for line in standing["lines"])
        site.store.beat(call_id, "transcribe", worker="w", lease_s=60.0, progress=0.5, now=datetime.now(UTC))
        _, standing = page.next()
        assert any("50%" in line for line in standing["lines"])
        site.store.finish(call_id, "transcribe", worker="w", value=short_call(), made_by=MADE_BY[0], next_stage=None)
        assert page.next() == ("ready", {})
        assert page.next() is None, "there is nothing more to be told, so the connection is let go"


def test_a_call_that_fails_says_so_as_its_page_does(site, base):
    call_id = site.begin("aa" * 32, stage="decode")
    with listening(site, base, call_id, Role.AGENT) as page:
        page.next()
        error = BadRecording()
        site.store.fail(call_id, "decode", worker="w", reason="BadRecording", message=error.message)
        name, standing = page.next()
        assert (name, standing["is_moving"]) == ("standing", False)
        assert error.message in standing["lines"]
        assert page.next() is None


def test_it_is_told_in_the_language_in_which_the_page_was_asked_for(site, base):
    call_id = site.begin("aa" * 32, stage="transcribe")
    site.store.beat(call_id, "transcribe", worker="w", lease_s=60.0, progress=0.5, now=datetime.now(UTC))
    with listening(site, base, call_id, Role.CUSTOMER, language="de") as page:
        _, standing = page.next()
        assert any("50\N{NO-BREAK SPACE}%" in line for line in standing["lines"]), "as it is written in German"


def test_an_open_record_is_told_what_the_other_side_says_and_nothing_else(site, base):
    call_id = site.publish(short_call())
    with listening(site, base, call_id, Role.CUSTOMER, after="1") as page:
        say(site, call_id, Role.CUSTOMER)
        say(site, call_id, Role.AGENT, Looked(Way.PAGE))
        assert page.is_quiet(), "what one says oneself is no news, and a look would only disturb the reading"
        number = say(site, call_id, Role.AGENT)
        assert page.next() == ("entry", {"number": number, "text": "Daniel Price agreed."})


def test_a_page_that_was_away_for_a_moment_is_told_what_it_missed(site, base):
    call_id = site.publish(short_call())
    numbers = [say(site, call_id, Role.AGENT), say(site, call_id, Role.AGENT)]
    with listening(site, base, call_id, Role.CUSTOMER, after=str(numbers[0])) as page:
        assert page.next()[1]["number"] == numbers[1]
    with listening(site, base, call_id, Role.CUSTOMER) as page:
        assert page.is_quiet(), "a page that does not say where it stands is told what is new from now on"


def test_whoever_leaves_is_not_listened_to_any_longer(site, base, monkeypatch):
    looks = []
    those = site.store.those
    monkeypatch.setattr(site.store, "those", lambda ids: looks.append(set(ids)) or those(ids))
    call_id = site.begin("aa" * 32, stage="decode")
    with listening(site, base, call_id, Role.AGENT) as first, listening(site, base, call_id, Role.CUSTOMER) as second:
        first.next(), second.next()
        before = len(looks)
        time.sleep(QUIET_S)
        assert len(looks) - before <= QUIET_S + 1, "two pages cost no more looks at the database than one"
        assert looks[-1] == {call_id}
    time.sleep(QUIET_S)
    before = len(looks)
    time.sleep(QUIET_S)
    assert len(looks) == before, "nobody listens, so nothing is looked at"


SERVER = """
import sys, uvicorn
from tests.services import KEYS
from tests.web.conftest import SECRET
from worker.record.sounds import SoundStore
from worker.record.store import Store
from worker.web.app import create_app
from worker.web.parts import Parts

store, folder, port = Store(sys.argv[1], KEYS), sys.argv[2], int(sys.argv[3])
parts = Parts(store, SoundStore(folder, store.sound_keys), secret=SECRET, base_url=f"http://127.0.0.1:{port}")
uvicorn.run(create_app(parts), port=port, log_level="error")
"""


def test_a_server_that_is_told_to_stop_does_not_wait_for_open_pages(site, store_url, tmp_path):
    call_id = site.begin("aa" * 32, stage="decode")
    site.now = datetime.now(UTC)
    port = free_port("127.0.0.1", 0)
    command = [sys.executable, "-c", SERVER, store_url, str(tmp_path / "sounds"), str(port)]
    base = f"http://127.0.0.1:{port}"
    server = subprocess.Popen(command, cwd=ROOT)
    try:
        wait_until(lambda: _is_served(base), what="the server answers")
        with listening(site, base, call_id, Role.AGENT) as page:
            page.next()
            server.terminate()
            assert page.next() is None
            server.wait(SOON_S)
    finally:
        server.kill()
        server.wait()


def _is_served(base: str) -> bool:
    try:
        return httpx2.get(f"{base}/health/live", trust_env=False).is_success
    except httpx2.TransportError:
        return False


def test_only_who_may_read_a_call_may_listen_to_it(site, base):
    call_id = site.publish(short_call())
    address = f"{base}/calls/{call_id}/events"
    assert httpx2.get(address, trust_env=False).status_code == 401
    stranger = site.store.people.add("paula@example.com")
    site.sign_in(stranger)
    assert httpx2.get(address, cookies=dict(site.client.cookies), trust_env=False).status_code == 404


@pytest.mark.parametrize("how", ["signed out", "no longer let in"])
def test_whoever_may_not_read_a_call_any_more_hears_nothing_more_of_it(site, base, how):
    call_id = site.publish(short_call())
    rosa = site.store.people.add("rosa@example.com", is_reviewer=True)
    site.store.people.give_role(call_id, rosa.id, Role.REVIEWER)
    site.sign_in(rosa)
    cookies = dict(site.client.cookies)
    address = f"{base}/calls/{call_id}/events"
    with (
        httpx2.Client(cookies=cookies, timeout=SOON_S, trust_env=False) as client,
        client.stream("GET", address) as response,
    ):
        page = Listener(response)
        assert page.is_quiet()
        if how == "signed out":
            site.store.people.sessions.end(cookies["onrecord"])
        else:
            site.store.people.add("rosa@example.com", is_reviewer=False)
        say(site, call_id, Role.AGENT)
        assert page.next() is None
