"""Telling other systems of events: a real receiver that checks, refuses, sleeps, dies; couriers that are killed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from standardwebhooks.webhooks import Webhook
from structlog.testing import capture_logs

from tests.handed_over import hand_over
from tests.installation import wait_until
from tests.receiver import Got, Receiver, later, receiving
from worker.core.call import CallDetails
from worker.core.errors import Unavailable
from worker.core.events import EventType
from worker.core.log.entry import SYSTEM
from worker.core.now import now_utc
from worker.core.requests.values import Asked, By, CameBy, RequestKind, RequestState
from worker.courier import LEASE_S, STOP_WITHIN_S, TIMEOUT_S, Courier, Couriers
from worker.exchange.outside import Allowed, Outside
from worker.exchange.sending import Sending
from worker.exchange.standard_webhooks import new_secret
from worker.record.endpoints import Endpoint
from worker.record.store import Store
from worker.record.tables.events import deliveries, events

ROOT = Path(__file__).parent.parent.parent
HERE = Outside(Allowed.read(["127.0.0.1"]), timeout_s=2.0)
SECRET = new_secret()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


class Clock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.at = datetime.now(UTC) + timedelta(seconds=1)

    def __call__(self) -> datetime:
        return self.at

    def pass_(self, **time: float) -> None:
        self.at += timedelta(**time)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def courier(store: Store, clock: Callable[[], datetime], outside: Outside = HERE) -> Courier:
    return Courier(store, outside, "https://records.example/", timedelta(days=30), now=clock, chance=lambda: 0.0)


def listening(store: Store, receiver: Receiver, *types: EventType) -> Endpoint:
    return store.events.endpoints.add(receiver.url, SECRET, types=types, sender=None, now=datetime.now(UTC))


def accepted(store: Store, number: int = 1, **details: str) -> str:
    return hand_over(store, CallDetails(**details), sha256=f"{number:064x}").call_id  # type: ignore[arg-type]


def checked(got: Got, secret: str = SECRET) -> dict[str, object]:
    """What a message says, once the standard's own library has taken its signature."""
    body: dict[str, object] = Webhook(secret).verify(got.body, got.headers)
    return body


# What is told


def test_a_receiver_is_told_what_happened_signed_as_the_standard_has_it(store: Store, receiver: Receiver) -> None:
    endpoint = listening(store, receiver)
    call_id = accepted(store, external_id="7-42", agent="Daniel Price")
    assert courier(store, now_utc).tell_all(endpoint.id) == 1
    (got,) = receiver.got
    (told,) = store.events.list()
    assert checked(got) == {
        "type": "call.received",
        "timestamp": told.event.at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "data": {
            "call_id": call_id,
            "external_id": "7-42",
            "sender": "",
            "state": "received",
            "address": f"https://records.example/api/v1/arrivals/{call_id}",
        },
    }
    assert got.path == "/events?token=geheim"
    assert got.headers["content-type"] == "application/json"
    assert (got.id, told.delivered, told.waiting) == (told.event.id, 1, 0)


def test_a_failure_says_where_and_why_by_name(store: Store, receiver: Receiver) -> None:
    endpoint = listening(store, receiver, EventType.CALL_FAILED)
    call_id = accepted(store)
    store.begin(call_id, "decode", worker="w", lease_s=60.0, now=datetime.now(UTC))
    store.fail(call_id, "decode", worker="w", reason="BadRecording", message="This file is not sound.")
    courier(store, now_utc).tell_all(endpoint.id)
    data = json.loads(receiver.got[0].body)["data"]
    assert (data["state"], data["stage"], data["reason"]) == ("failed", "decode", "BadRecording")


def test_while_secrets_change_both_are_right_and_then_the_new_one_alone(
    store: Store, receiver: Receiver, clock: Clock
) -> None:
    endpoint, new = listening(store, receiver), new_secret()
    store.events.endpoints.rotate(endpoint.id, new, former_for=timedelta(seconds=30), now=clock())
    mine = courier(store, clock)
    for number in (1, 2):
        accepted(store, number)
        mine.tell_all(endpoint.id)
        clock.pass_(seconds=60)
    during, after = receiver.got
    for secret in (SECRET, new):
        checked(during, secret)
    assert len(after.headers["webhook-signature"].split()) == 1
    checked(after, new)


def test_an_endpoint_can_be_tested_without_an_event(store: Store, receiver: Receiver) -> None:
    endpoint = listening(store, receiver, EventType.RECORD_READY)
    assert courier(store, now_utc).test(endpoint.id).status == 204
    assert checked(receiver.got[0])["type"] == "endpoint.test"
    assert store.events.list() == ()


# What fails, and when it is tried again


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 404, 429, 500, 503])
def test_only_a_2xx_is_a_success_and_a_redirect_is_not_followed(
    store: Store, receiver: Receiver, clock: Clock, status: int
) -> None:
    receiver.answer = lambda _: status
    receiver.answer_headers = {"location": f"http://127.0.0.1:{receiver.port}/elsewhere"}
    endpoint = listening(store, receiver)
    accepted(store)
    mine = courier(store, clock)
    mine.tell_all(endpoint.id)
    assert len(receiver.got) == 1
    shown = store.events.endpoints.find(endpoint.id)
    assert (shown.last_failure, shown.waiting) == (f"It answered {status}.", 1)
    receiver.answer = lambda _: 200
    clock.pass_(seconds=4.9)
    mine.tell_all(endpoint.id)
    assert len(receiver.got) == 1, "it is not tried before its time"
    clock.pass_(seconds=0.2)
    mine.tell_all(endpoint.id)
    first, second = receiver.got
    assert first.id == second.id, "the receiver knows that it is the same"
    assert checked(second)["type"] == "call.received"
    assert store.events.endpoints.find(endpoint.id).failing_since is None


def test_it_is_tried_ten_times_in_three_days_and_then_given_up(store: Store, receiver: Receiver, clock: Clock) -> None:
    receiver.answer = lambda _: 500
    endpoint = listening(store, receiver)
    accepted(store)
    mine, began = courier(store, clock), clock()
    mine.tell_all(endpoint.id)
    while store.events.endpoints.find(endpoint.id).waiting:
        with store._database.reading() as connection:
            clock.at = connection.execute(sa.select(deliveries.c.due_at)).scalar_one()
        mine.tell_all(endpoint.id)
    assert len(receiver.got) == 10
    assert timedelta(days=3) < clock() - began < timedelta(days=3.5)
    shown = store.events.endpoints.find(endpoint.id)
    assert (shown.given_up, shown.failing_since) == (1, began)
    receiver.answer = lambda _: 200
    assert store.events.replay(now=clock(), since=began - timedelta(days=1)) == 1
    mine.tell_all(endpoint.id)
    assert len({got.id for got in receiver.got}) == 1, "a replay too is under the same id"
    assert store.events.list()[0].delivered == 1


def test_a_receiver_that_asks_for_time_is_given_it(store: Store, receiver: Receiver, clock: Clock) -> None:
    receiver.answer, receiver.answer_headers = lambda _: 429, {"retry-after": "120"}
    endpoint = listening(store, receiver)
    accepted(store)
    mine = courier(store, clock)
    for seconds, tries in ((0, 1), (119, 1), (2, 2)):
        clock.pass_(seconds=seconds)
        mine.tell_all(endpoint.id)
        assert len(receiver.got) == tries


def test_410_is_the_end_of_it(store: Store, receiver: Receiver, clock: Clock) -> None:
    receiver.answer = lambda _: 410
    endpoint = listening(store, receiver)
    accepted(store, 1)
    accepted(store, 2)
    mine = courier(store, clock)
    mine.tell_all(endpoint.id)
    accepted(store, 3)
    clock.pass_(days=2)
    mine.tell_all(endpoint.id)
    assert len(receiver.got) == 1
    assert store.events.endpoints.find(endpoint.id).disabled_because == "gone"


def test_a_receiver_that_does_not_answer_in_time_or_hangs_up_or_is_not_there_is_tried_again(
    store: Store, receiver: Receiver, clock: Clock
) -> None:
    hurried = Outside(Allowed.read(["127.0.0.1"]), timeout_s=0.3)
    endpoint = listening(store, receiver)
    accepted(store)
    mine = courier(store, clock, hurried)
    ways: tuple[Callable[[Got], int | None], ...] = (later(1.0), lambda _: None)
    for way in ways:
        receiver.answer = way
        began = time.monotonic()
        mine.tell_all(endpoint.id)
        assert time.monotonic() - began < 0.9
        shown = store.events.endpoints.find(endpoint.id)
        assert shown.waiting == 1
        assert (shown.last_failure or "").startswith("Unavailable: ")
        assert "geheim" not in (shown.last_failure or "")
        clock.pass_(days=1)
    receiver.answer = lambda _: 204
    mine.tell_all(endpoint.id)
    assert store.events.list()[0].delivered == 1


def test_a_receiver_that_was_down_gets_everything_when_it_is_up_again(store: Store, clock: Clock) -> None:
    with receiving() as receiver:
        endpoint, port = listening(store, receiver), receiver.port
    ids = [accepted(store, number) for number in range(5)]
    mine = courier(store, clock)
    mine.tell_all(endpoint.id)
    assert store.events.endpoints.find(endpoint.id).last_failure is not None
    clock.pass_(hours=1)
    with receiving(port) as receiver:
        mine.tell_all(endpoint.id)
        assert sorted(json.loads(got.body)["data"]["call_id"] for got in receiver.got) == sorted(ids)


def test_an_address_in_a_private_network_is_not_reached_unless_the_operator_allows_it(
    store: Store, receiver: Receiver, clock: Clock
) -> None:
    endpoint = listening(store, receiver)
    accepted(store)
    courier(store, clock, Outside()).tell_all(endpoint.id)
    assert receiver.got == []
    assert "ONRECORD_FETCH_ALLOW" in (store.events.endpoints.find(endpoint.id).last_failure or "")


# Many couriers, dead couriers, wrong clocks


def start(store_url: str, stack: ExitStack, log: Path) -> subprocess.Popen[bytes]:
    file = stack.enter_context(log.open("ab"))
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.fake_courier", store_url], cwd=ROOT, stdout=file, stderr=file
    )
    stack.callback(process.wait)
    stack.callback(process.kill)
    return process


def test_what_a_killed_courier_was_telling_another_tells_again_under_the_same_id(
    store: Store, store_url: str, receiver: Receiver, tmp_path: Path
) -> None:
    listening(store, receiver)
    call_id = accepted(store)
    receiver.answer = later(60.0)
    with ExitStack() as stack:
        first = start(store_url, stack, tmp_path / "log")
        wait_until(lambda: len(receiver.got) == 1, what="the first courier tells it")
        first.send_signal(signal.SIGKILL)
        first.wait()
        receiver.answer = lambda _: 204
        # A minute passes, as far as the row knows: the lease of the dead has run out.
        with store._database.writing() as connection:
            due_at = connection.execute(sa.select(deliveries.c.due_at)).scalar_one()
            assert timedelta(0) < due_at - datetime.now(UTC) <= timedelta(seconds=LEASE_S)
            connection.execute(sa.update(deliveries).values(due_at=datetime.now(UTC)))
        start(store_url, stack, tmp_path / "log")
        wait_until(lambda: store.events.list()[0].delivered == 1, what="the second courier tells it")
    first_got, second_got = receiver.got
    assert first_got.id == second_got.id
    assert json.loads(second_got.body)["data"]["call_id"] == call_id


def test_a_courier_that_is_asked_to_end_finishes_what_it_is_telling(
    store: Store, store_url: str, receiver: Receiver, tmp_path: Path
) -> None:
    listening(store, receiver)
    accepted(store, 1)
    accepted(store, 2)
    receiver.answer = later(1.0)
    with ExitStack() as stack:
        process = start(store_url, stack, tmp_path / "log")
        wait_until(lambda: len(receiver.got) == 1, what="it tells the first")
        process.terminate()
        assert process.wait(STOP_WITHIN_S) == 0
    assert len(receiver.got) == 1, "it begins nothing more"
    assert sorted(one.delivered for one in store.events.list()) == [0, 1]


def test_several_couriers_tell_everything_and_each_of_it_once(
    store: Store, store_url: str, receiver: Receiver, tmp_path: Path
) -> None:
    listening(store, receiver)
    ids = [accepted(store, number) for number in range(30)]
    with ExitStack() as stack:
        for _ in range(2):
            start(store_url, stack, tmp_path / "log")
        wait_until(lambda: all(one.delivered == 1 for one in store.events.list()), what="all is told")
    assert sorted(json.loads(got.body)["data"]["call_id"] for got in receiver.got) == sorted(ids)
    assert "geheim" not in (tmp_path / "log").read_text()


def test_an_endpoint_that_is_slow_keeps_no_other_waiting(store: Store, receiver: Receiver) -> None:
    receiver.answer = later(1.5)
    with receiving() as quick:
        listening(store, receiver)
        listening(store, quick)
        for number in range(5):
            accepted(store, number)
        couriers = Couriers(courier(store, now_utc), every_s=0.05)
        couriers.start()
        wait_until(lambda: len(quick.got) == 5, what="the quick one has all of it", within_s=5.0)
        assert len(receiver.got) <= 3
        couriers.stop()


def test_a_database_that_is_away_for_a_moment_ends_no_courier(
    store: Store, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    listening(store, receiver)
    accepted(store)
    asked = threading.Event()

    def away(**_: object) -> tuple[str, ...]:
        asked.set()
        raise Unavailable

    couriers = Couriers(courier(store, now_utc), every_s=0.02)
    with monkeypatch.context() as patched:
        patched.setattr(store.deliveries, "due", away)
        couriers.start()
        assert asked.wait(5.0)
    wait_until(lambda: len(receiver.got) == 1, what="it goes on")
    couriers.stop()


@pytest.mark.parametrize("jump", [timedelta(days=-400), timedelta(days=400)])
def test_a_clock_that_jumps_loses_nothing(store: Store, receiver: Receiver, clock: Clock, jump: timedelta) -> None:
    endpoint = listening(store, receiver)
    accepted(store)
    receiver.answer = lambda _: 500
    mine = courier(store, clock)
    right = clock()
    clock.at = right + jump
    mine.make_rounds()
    mine.tell_all(endpoint.id)
    clock.at = right + timedelta(hours=2)
    receiver.answer = lambda _: 204
    mine.make_rounds()
    mine.tell_all(endpoint.id)
    assert store.events.list()[0].delivered == 1


# Rounds


def test_rounds_make_late_promises_known_and_let_old_events_go_whoever_makes_them(
    store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[tuple[datetime | None, datetime]] = []
    monkeypatch.setattr(store.late_promises, "tell", lambda *, since, now: looked.append((since, now)) or 0)
    accepted(store)
    began = clock()
    for _ in range(3):
        courier(store, clock).make_rounds()
    clock.pass_(minutes=1)
    courier(store, clock).make_rounds()
    assert looked == [(None, began), (began, clock())], "one at a time, and from where the last one ended"
    clock.pass_(days=31)
    courier(store, clock).make_rounds()
    assert store.events.list() == (), "nobody waits for what is older than the days that it is kept"


def test_a_round_that_failed_is_made_again_from_where_the_last_good_one_ended(
    store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = courier(store, clock)
    mine.make_rounds()
    good = clock()

    def broken(**_: object) -> int:
        raise RuntimeError

    clock.pass_(minutes=1)
    with monkeypatch.context() as patched:
        patched.setattr(store.late_promises, "tell", broken)
        with pytest.raises(RuntimeError):
            mine.make_rounds()
    clock.pass_(minutes=1)
    looked: list[datetime | None] = []
    monkeypatch.setattr(store.late_promises, "tell", lambda *, since, now: looked.append(since) or 0)
    mine.make_rounds()
    assert looked == [good]


def test_a_lease_outlives_the_longest_telling() -> None:
    assert LEASE_S > 2 * TIMEOUT_S


# Letters


class MailThatComesBack:
    """A mail server that is away for a few tries."""

    def __init__(self, away_for: int) -> None:
        self.away_for, self.taken = away_for, list[tuple[str, str, str]]()

    def send(self, address: str, *, subject: str, text: str) -> None:
        self.away_for -= 1
        if self.away_for >= 0:
            raise Unavailable("The mail server did not take a message.")
        self.taken.append((address, subject, text))


def test_a_code_that_could_not_be_sent_comes_a_little_later_and_is_not_kept(store: Store, clock: Clock) -> None:
    outbox, mail = store.people.outbox, MailThatComesBack(away_for=1)
    until = clock() + timedelta(minutes=10)
    number = outbox.put("maria@example.com", subject="Your code", text="123456 is it", now=clock(), until=until)
    outbox.failed(number, Unavailable(), now=clock())
    mine = replace(courier(store, clock), sending=Sending(mail=mail))
    for seconds in (6, 16):
        clock.pass_(seconds=seconds)
        with capture_logs() as logs:
            mine.send_letters()
        assert "maria" not in str(logs)
        assert "123456" not in str(logs)
    assert mail.taken == [("maria@example.com", "Your code", "123456 is it")]
    (letter,) = outbox.letters()
    assert (letter.text, letter.failure, letter.sent_at) == ("", None, clock())
    clock.pass_(minutes=5)
    mine.send_letters()
    assert len(mail.taken) == 1


def test_letters_are_sent_beside_events_by_whoever_has_a_way_of_sending(store: Store) -> None:
    outbox, mail = store.people.outbox, MailThatComesBack(away_for=0)
    now = datetime.now(UTC)
    written = now - timedelta(minutes=2)  # by a web server that was killed before it could send it
    outbox.put("maria@example.com", subject="a", text="b", now=written, until=now + timedelta(minutes=8))
    without, having = (
        Couriers(replace(courier(store, now_utc), sending=sending), every_s=0.02)
        for sending in (Sending(), Sending(mail=mail))
    )
    without.start()
    time.sleep(0.2)
    without.stop()
    assert outbox.is_due(now=datetime.now(UTC)), "it is not spent by who can send nothing"
    having.start()
    wait_until(lambda: bool(mail.taken), what="the letter is sent")
    having.stop()


# Ten thousand waiting


def test_ten_thousand_events_that_wait_slow_no_accepting_down(store: Store, receiver: Receiver) -> None:
    """Beside each other, since the machine may be busy: accepting with none that wait, and with 10,000."""
    endpoint = listening(store, receiver)
    template = accepted(store, 1)

    def seconds(first: int) -> float:
        took = []
        for number in range(first, first + 40):
            began = time.perf_counter()
            accepted(store, number)
            took.append(time.perf_counter() - began)
        return min(took)  # what the machine is busy with besides only adds to it

    before = seconds(10)
    with store._database.writing() as connection:
        now = datetime.now(UTC)
        rows = [{"id": f"evt_{number:023d}", "at": now, "call_id": template} for number in range(10_000)]
        connection.execute(sa.insert(events).values(type="call.received", says="{}"), rows)
        connection.execute(
            sa.insert(deliveries).values(endpoint_id=endpoint.id, tries=1, is_delivered=False, due_at=now),
            [{"event_id": row["id"], "call_id": template} for row in rows],
        )
    after = seconds(100)
    assert after < before * 2 + 0.005
    began = time.perf_counter()
    assert store.deliveries.due(now=datetime.now(UTC)) == (endpoint.id,)
    assert store.deliveries.take(endpoint.id, lease_s=60.0, now=datetime.now(UTC)) is not None
    assert time.perf_counter() - began < 0.5


# Requests


def asked_by_letter(store: Store, now: datetime) -> str:
    by = By(SYSTEM)
    asked = Asked(RequestKind.ACCESS, CameBy.LETTER, address="maria@example.com", language="en")
    return store.requests.ask(asked, by=by, now=now).id


def test_who_asks_is_written_by_a_courier_that_sends_and_by_no_other(store: Store, clock: Clock) -> None:
    mail = MailThatComesBack(away_for=0)
    request = asked_by_letter(store, clock())
    courier(store, clock).write_letters()
    assert store.people.outbox.letters() == (), "it is left to one that has a way of sending"
    mine = replace(courier(store, clock), sending=Sending(mail=mail), complaints_to="the ICO")
    mine.write_letters()
    mine.write_letters()
    mine.send_letters()
    ((address, subject, text),) = mail.taken
    assert (address, subject) == ("maria@example.com", "We have your request")
    assert f"https://records.example/requests/{request}" in text


def test_where_nothing_is_sent_letters_about_requests_are_shown_and_stay(store: Store, clock: Clock) -> None:
    asked_by_letter(store, clock())
    replace(courier(store, clock), shows_letters=True).write_letters()
    (letter,) = store.people.outbox.letters()
    assert "at the latest" in letter.text
    assert not store.people.outbox.is_due(now=clock() + timedelta(days=1))


def test_rounds_tell_endpoints_that_a_request_of_no_call_is_due(store: Store, receiver: Receiver, clock: Clock) -> None:
    endpoint = listening(store, receiver, EventType.REQUEST_DUE)
    request = asked_by_letter(store, clock())
    for _ in range(40):
        clock.pass_(days=1)
        courier(store, clock).make_rounds()
        courier(store, clock).tell_all(endpoint.id)
    told = [json.loads(got.body) for got in receiver.got]
    assert [one["data"]["is_in"] for one in told] == ["week", "days", "late"]
    assert told[0]["data"]["address"] == f"https://records.example/requests/{request}"
    assert (told[0]["data"]["call_id"], told[0]["data"]["state"]) == (None, "open")


def test_what_nobody_proved_is_let_go_by_the_rounds(store: Store, clock: Clock) -> None:
    asked = Asked(RequestKind.ACCESS, CameBy.PUBLIC, address="maria@example.com")
    one = store.requests.ask(asked, by=By(SYSTEM), now=clock())
    clock.pass_(days=91)
    courier(store, clock).make_rounds()
    assert store.requests.get(one.id, now=clock()).state is RequestState.LAPSED
