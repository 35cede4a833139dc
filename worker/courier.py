"""The courier: tells the endpoints of other systems what happened, as Standard Webhooks 1.0 has it.

One runs in every worker and with every web server, any number at once; each telling is one courier's at a time, by a
lease in the database (``worker.record.deliveries``). An endpoint has a thread of its own in each courier, so that one
that is slow keeps no other waiting. Only an answer of 2xx is a success; a redirect is none; 410 says that the endpoint
wants nothing more. An event is told at least once: one whose answer was lost, because either side was killed, is told
again under the same id.

A courier also sends letters to people that could not be sent at once, for as long as they are valid; and every now and
then it makes a round for all: promises that are late become events, and old events go.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog

from worker.core.errors import CallError
from worker.core.events import TEST, EventType, wait_after
from worker.core.now import now_utc
from worker.exchange.outside import Answer, Outside
from worker.exchange.sending import Sending
from worker.exchange.standard_webhooks import signed_headers
from worker.record.deliveries import Delivery
from worker.record.endpoints import Destination
from worker.record.events import StoredEvent
from worker.record.ids import new_id
from worker.record.store import Store
from worker.web.request_letters import RequestLetters

log = structlog.get_logger()

TIMEOUT_S = 15.0
"""For one telling, from looking up the name to the status of the answer."""

LEASE_S = 60.0
LOOK_EVERY_S = 1.0
ROUNDS_EVERY_S = 15.0
STOP_WITHIN_S = TIMEOUT_S + 2.0

GONE = 410

LATE_EVERY = timedelta(minutes=1)
REQUESTS_EVERY = timedelta(seconds=15)
LETTERS_LAST = timedelta(days=30)
"""So long it is tried to send a letter about a request."""
TIDY_EVERY = timedelta(hours=1)

STATES = {
    EventType.CALL_RECEIVED: "received",
    EventType.CALL_FAILED: "failed",
    EventType.CALL_RETRIED: "waiting",
    EventType.CALL_HERE_ALREADY: "here_already",
}
"""Where the call stood when it happened; of everything else its record was ready."""

OF_REQUESTS = (EventType.REQUEST_RECEIVED, EventType.REQUEST_DUE, EventType.REQUEST_ANSWERED)
"""What is told of a request, which has a page of its own, and stands where what is told of it says."""


@dataclass(frozen=True)
class Courier:
    """Tells what is to be told. ``base_url`` is the address under which people and programs reach On Record, and
    ``complaints_to`` where those may complain whose request was answered. ``shows_letters``: nothing here is sent, and
    letters are shown on a page.

    ``outside`` gives up a post after ``TIMEOUT_S``; ``kept_for`` is for how long events can be told again.
    """

    store: Store
    outside: Outside
    base_url: str
    kept_for: timedelta
    sending: Sending = field(default_factory=Sending)
    complaints_to: str = ""
    shows_letters: bool = False
    now: Callable[[], datetime] = now_utc
    chance: Callable[[], float] = random.random
    ending: threading.Event = field(default_factory=threading.Event)

    def tell_all(self, endpoint: str) -> int:
        """Tells an endpoint what is due, one after another, until nothing is, or one fails; how many it has taken."""
        told = 0
        while not self.ending.is_set():
            one = self.store.deliveries.take(endpoint, lease_s=LEASE_S, now=self.now())
            if one is None or not self._tell(one):
                break
            told += 1
        return told

    def _tell(self, one: Delivery) -> bool:
        """One try, and what follows from it."""
        about = {"call": one.event.call_id, "event_id": one.event.id, "type": one.event.type}
        where = log.bind(**about, endpoint=one.endpoint, tries=one.tries + 1)
        asked_s = None
        try:
            answer = self.post(one.destination, one.event.id, message(one.event, base_url=self.base_url))
        except CallError as error:
            why = f"{type(error).__name__}: {error.message}"
        else:
            if 200 <= answer.status < 300:
                self.store.deliveries.delivered(one, now=self.now())
                where.info("event.delivered")
                return True
            if answer.status == GONE:
                self.store.deliveries.gone(one, now=self.now())
                where.warning("endpoint.gone")
                return False
            why, asked_s = f"It answered {answer.status}.", answer.retry_after_s
        wait = wait_after(one.tries + 1, chance=self.chance(), asked_s=asked_s)
        again_at = None if wait is None else self.now() + wait
        self.store.deliveries.failed(one, why, again_at=again_at, now=self.now())
        where.warning("event.given_up" if again_at is None else "event.put_off", error=why)
        return False

    def post(self, to: Destination, message_id: str, body: bytes) -> Answer:
        """Posts a signed message. Raises Unavailable or Invalid where the address cannot or may not be reached."""
        at = self.now()
        headers = {"Content-Type": "application/json", **signed_headers(message_id, at, body, to.secrets(at))}
        return self.outside.post(to.address, body, headers=headers)

    def test(self, endpoint: str) -> Answer:
        """Tells an endpoint of nothing, to see whether it hears. Raises as ``post`` and NotFound."""
        at = self.now()
        body = json.dumps({"type": TEST, "timestamp": _instant(at), "data": {}}).encode()
        return self.post(self.store.events.endpoints.destination(endpoint), f"msg_{new_id()}", body)

    def send_letters(self) -> None:
        """Sends the letters that are due, one after another."""
        outbox = self.store.people.outbox
        while not self.ending.is_set() and (letter := outbox.take(now=self.now())) is not None:
            try:
                self.sending.carrier(letter.address).send(letter.address, subject=letter.subject, text=letter.text)
            except CallError as error:
                log.warning("letter.not_sent", letter=letter.id, error=type(error).__name__)
                outbox.failed(letter.id, error, now=self.now())
            else:
                outbox.sent(letter.id, now=self.now())
                log.info("letter.sent", letter=letter.id)

    def write_letters(self) -> None:
        """Puts into the outbox what askers are to be told of their requests; it is left to others by who sends none."""
        if not (self.sending.is_set or self.shows_letters):
            return
        until = self.now() + LETTERS_LAST if self.sending.is_set else None
        letters = RequestLetters(self.base_url, self.complaints_to)
        if written := self.store.requests.write_letters(letters.letter, now=self.now(), until=until):
            log.info("requests.letters", written=written)

    def make_rounds(self) -> None:
        """What one courier at a time does for all, where it is due."""
        events, now = self.store.events, self.now()
        if events.begin_round("late promises", every=LATE_EVERY, now=now):
            told = self.store.late_promises.tell(since=events.seen_until("late promises"), now=now)
            events.end_round("late promises", seen_until=now)
            if told:
                log.info("promises.late", told=told)
        if events.begin_round("due requests", every=LATE_EVERY, now=now):
            self.store.requests.tell_due(now=now)
            self.store.requests.lapse(now=now)
            self.store.requests.forget_old(now=now)
        if events.begin_round("requests", every=REQUESTS_EVERY, now=now):
            self.store.requests.advance_all(now=now)
        if events.begin_round("old events", every=TIDY_EVERY, now=now):
            self.store.deliveries.mend_clocks(now=now)
            events.forget(before=now - self.kept_for)
            events.end_round("old events", seen_until=now)


def message(event: StoredEvent, *, base_url: str) -> bytes:
    """What an endpoint is told of an event, as JSON; the same bytes at each try, as long as the settings stay.

    ``address`` is the page of the record, or of what is no record yet where the call stands; of a request its own.
    """
    if event.type in OF_REQUESTS:
        state, path = event.says["state"], f"/requests/{event.says['request']}"
    elif event.type in STATES:
        state, path = STATES[EventType(event.type)], f"/api/v1/arrivals/{event.call_id}"
    else:
        state, path = "ready", f"/calls/{event.call_id}"
    data = {
        "call_id": event.call_id,
        "external_id": event.external_id,
        "sender": event.sender,
        "state": state,
        "address": f"{base_url.rstrip('/')}{path}",
        **event.says,
    }
    return json.dumps({"type": event.type, "timestamp": _instant(event.at), "data": data}, ensure_ascii=False).encode()


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


class Couriers:
    """The threads of one process: one that looks what is due, one for each endpoint that is told, one for letters."""

    def __init__(self, courier: Courier, *, every_s: float = LOOK_EVERY_S) -> None:
        self._courier, self._every_s = courier, every_s
        self._looking = threading.Thread(target=self._run, name="courier", daemon=True)
        self._telling: dict[str, threading.Thread] = {}
        self._rounds_at = 0.0

    def start(self) -> None:
        """Runs until ``stop``, or ends with the process."""
        self._looking.start()

    def stop(self, *, within_s: float = STOP_WITHIN_S) -> None:
        """Ends with what is being told just now. What is left then is told by others, once its lease has run out."""
        self._courier.ending.set()
        until = time.monotonic() + within_s
        for thread in (self._looking, *self._telling.values()):
            thread.join(max(0.0, until - time.monotonic()))

    def _run(self) -> None:
        while not self._courier.ending.wait(self._every_s):
            _safely("courier.look", self._look)
            if time.monotonic() >= self._rounds_at:
                self._rounds_at = time.monotonic() + ROUNDS_EVERY_S
                _safely("courier.rounds", self._courier.make_rounds)

    def _look(self) -> None:
        self._telling = {name: thread for name, thread in self._telling.items() if thread.is_alive()}
        store, now = self._courier.store, self._courier.now()
        self._courier.write_letters()
        for endpoint in store.deliveries.due(now=now):
            self._begin(endpoint, partial(self._courier.tell_all, endpoint))
        if self._courier.sending.is_set and store.people.outbox.is_due(now=now):
            self._begin("letters", self._courier.send_letters)

    def _begin(self, name: str, do: Callable[[], object]) -> None:
        if name not in self._telling:
            work = partial(_safely, "courier.tell", do)
            self._telling[name] = threading.Thread(target=work, name="telling", daemon=True)
            self._telling[name].start()


def _safely(what: str, do: Callable[[], object]) -> None:
    """What cannot be done now is done at the next look; one odd row must not keep everything else from being told."""
    try:
        do()
    except CallError as error:
        log.warning(f"{what}_put_off", error=error.message)
    except Exception as error:
        log.error(f"{what}_bug", error=type(error).__name__)
