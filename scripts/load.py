"""Measures what an installation takes in and what its queue costs: through the real HTTP door, on real databases.

Usage: ``python -m scripts.load [--json] [--only intake queue waiting] [--seconds 15] [--senders 8] [--waiting 10000]``.

intake   recordings of 1 MB by ``POST /api/v1/calls`` to a web process of its own, recordings kept in a folder: accepted
         per second and how long a sender waits (p50, p95, p99). No worker runs beside. The senders share the machine.
queue    what one job costs besides the work of its stage: one worker, calls of a second with fakes for models, wall
         clock from the first stage to the last record, less the seconds that the stages themselves took. Beside it an
         empty job of RQ alone on the same Redis.
waiting  the same few questions to the database while no call waits and while so many do: accepting one, the claim of a
         worker, the pass of the sweeper over one stage, the figures that are watched.

SQLite lies in a new folder of the temporary disk; PostgreSQL is a server of our own that waits for the disk at each
commit, as one in production does.
"""

from __future__ import annotations

import argparse
import hashlib
import http.client
import secrets
import shutil
import sys
import tempfile
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from statistics import median, quantiles

from redis import Redis
from rich.console import Console
from rich.table import Table
from rq import Queue, SimpleWorker

from scripts.postgres_server import postgres_database, postgres_server
from scripts.proving.processes import Process, program, wait_until_served
from scripts.proving.services import free_port
from scripts.proving.sounds import recording
from scripts.proving.world import to_json
from worker.core.arrival import Arrived, Handover
from worker.core.call import CallDetails
from worker.core.errors import CallError, Unavailable
from worker.intake.accept import Intake as Door
from worker.jobs import Filler, JobQueue
from worker.logs import configure_logs
from worker.record.keys import Keys
from worker.record.senders import Scope
from worker.record.sounds import SoundStore
from worker.record.standing import CallState
from worker.record.store import Store
from worker.running.redis_server import EmbeddedRedis
from worker.stages import STAGES

MEGABYTE = 1_000_000
WARM_UP = 20
QUEUE_CALLS = 60
EMPTY_JOBS = 1000
TRIES = 50
ENDS_WITHIN_S = 300.0
FIRST = STAGES[0].name


@dataclass(frozen=True)
class Intake:
    """Recordings of 1 MB through the HTTP door."""

    database: str
    senders: int
    accepted: int
    accepted_per_s: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    refused: int
    web_cpu_ms_each: float


@dataclass(frozen=True)
class QueueCost:
    """One stage job, without what the stage itself did."""

    database: str
    jobs: int
    wall_ms_each: float
    stage_ms_each: float
    queue_ms_each: float
    worker_cpu_ms_each: float
    empty_rq_job_ms: float


@dataclass(frozen=True)
class Waiting:
    """What questions take, as medians, while so many calls wait."""

    database: str
    waiting: int
    accept_ms: float
    claim_ms: float
    sweep_ms: float
    count_ms: float
    figures_ms: float


@dataclass(frozen=True)
class Place:
    """An installation to measure: its database, and the settings of its processes."""

    database: str
    url: str
    folder: Path
    keys: Keys
    settings: dict[str, str]
    redis_url: str

    @contextmanager
    def store(self) -> Iterator[Store]:
        """Its database, with all its tables."""
        store = Store(self.url, self.keys)
        store.migrate()
        try:
            yield store
        finally:
            store.close()


@contextmanager
def places() -> Iterator[Callable[[str], Place]]:
    """Makes empty installations, on "sqlite" or on "postgresql", that end with the block."""
    with ExitStack() as stack:
        socket: list[Path] = []

        def make(database: str) -> Place:
            folder = Path(tempfile.mkdtemp(prefix="onrecord-load-", dir="/tmp"))
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            if database == "sqlite":
                url = f"sqlite:///{folder / 'onrecord.db'}"
            else:
                if not socket:
                    socket.append(stack.enter_context(postgres_server(is_durable=True)))
                url = stack.enter_context(postgres_database(socket[0]))
            redis_url = stack.enter_context(EmbeddedRedis(folder / "queue"))
            keys = Keys.generate("load.example.com/log")
            settings = {
                "ONRECORD_DATA_DIR": str(folder / "data"),
                "ONRECORD_DATABASE_URL": url,
                "ONRECORD_REDIS_URL": redis_url,
                "ONRECORD_QUEUE": "load",
                "ONRECORD_SOUNDS_URL": str(folder / "sounds"),
                "ONRECORD_LOG_NAME": keys.origin,
                "ONRECORD_MASTER_KEY": _encoded(keys.master),
                "ONRECORD_SIGNING_KEY": _encoded(keys.signing),
                "ONRECORD_LINK_SECRET": secrets.token_urlsafe(48),
                "ONRECORD_FREE_DISK_MB": "0",
                "ONRECORD_WRITING_MODEL": "none",
                "ONRECORD_LOG_LEVEL": "error",
                "OMP_NUM_THREADS": "1",
            }
            return Place(database, url, folder, keys, settings, redis_url)

        yield make


def _encoded(key: bytes) -> str:
    return b64encode(key).decode()


# Intake


def measure_intake(place: Place, *, seconds: float, senders: int) -> Intake:
    """Recordings of 1 MB, by so many senders that each wait for their answer, for so many seconds."""
    with place.store() as store:
        key = store.senders.add("load", (Scope.WRITE,), now=datetime.now(UTC))
    port = free_port()
    web = Process("web", program("worker", "web", "--port", str(port)), environment=place.settings, folder=place.folder)
    web.start()
    try:
        wait_until_served(f"http://127.0.0.1:{port}/health/live")
        sending = Sending(port, key)
        for _ in range(WARM_UP):
            sending.send(0)
        before_s, began = web.cpu_s, time.perf_counter()
        until = began + seconds
        results: list[list[float]] = [[] for _ in range(senders)]
        refused = [0] * senders

        def send(me: int) -> None:
            mine = Sending(port, key)
            while (at := time.perf_counter()) < until:
                if mine.send(me):
                    results[me].append(time.perf_counter() - at)
                else:
                    refused[me] += 1

        _in_threads(send, senders)
        took_s, cpu_s = time.perf_counter() - began, web.cpu_s - before_s
    finally:
        web.stop()
    waits = [wait for one in results for wait in one]
    cuts = quantiles(waits, n=100)
    return Intake(
        database=place.database,
        senders=senders,
        accepted=len(waits),
        accepted_per_s=round(len(waits) / took_s, 1),
        p50_ms=_ms(cuts[49]),
        p95_ms=_ms(cuts[94]),
        p99_ms=_ms(cuts[98]),
        refused=sum(refused),
        web_cpu_ms_each=_ms(cpu_s / len(waits)),
    )


class Sending:
    """One sender with a connection of its own. Its body is made once: only a few bytes differ from call to call."""

    BOUNDARY = "onrecord-load"

    def __init__(self, port: int, key: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._headers = {
            "Authorization": f"Bearer {key}",
            "Content-Type": f"multipart/form-data; boundary={self.BOUNDARY}",
        }
        sound = recording(Random(0), size_bytes=MEGABYTE)  # noqa: S311 -- chance, no secret
        head = (
            f'--{self.BOUNDARY}\r\nContent-Disposition: form-data; name="recording"; filename="call.wav"\r\n'
            "Content-Type: audio/wav\r\n\r\n"
        ).encode()
        self._body = bytearray(head + sound + f"\r\n--{self.BOUNDARY}--\r\n".encode())
        self._at = len(head) + 44  # the first samples

    def send(self, _: int) -> bool:
        """Hands one over that nobody has had; whether it was accepted."""
        self._body[self._at : self._at + 16] = secrets.token_bytes(16)
        self._connection.request("POST", "/api/v1/calls", body=bytes(self._body), headers=self._headers)
        answer = self._connection.getresponse()
        answer.read()
        return answer.status == http.HTTPStatus.ACCEPTED


# The queue


def nothing() -> None:
    """The empty job."""


def measure_queue(place: Place) -> QueueCost:
    """One worker process, fakes for models."""
    chance = Random(0)  # noqa: S311 -- no secret
    with place.store() as store:
        queue = JobQueue(Redis.from_url(place.redis_url), place.settings["ONRECORD_QUEUE"])
        door = Door(store, SoundStore(place.folder / "sounds", store.sound_keys), queue)
        worker = Process("worker", program("scripts.proving.worker"), environment=place.settings, folder=place.folder)
        worker.start()
        try:
            _hand_over(place, door, chance, 3)
            _wait_for(store, 3)  # it is up, and has loaded what it loads once
            cpu_s = worker.cpu_s
            calls = _hand_over(place, door, chance, QUEUE_CALLS)
            began = time.perf_counter()
            _wait_for(store, 3 + QUEUE_CALLS)
            wall_s = time.perf_counter() - began
            cpu_s = worker.cpu_s - cpu_s
        finally:
            worker.stop()
        jobs = len(calls) * len(STAGES)
        stages_s = sum(made.seconds for call in calls for made in store.record(call).made_by)
    return QueueCost(
        database=place.database,
        jobs=jobs,
        wall_ms_each=_ms(wall_s / jobs),
        stage_ms_each=_ms(stages_s / jobs),
        queue_ms_each=_ms((wall_s - stages_s) / jobs),
        worker_cpu_ms_each=_ms(cpu_s / jobs),
        empty_rq_job_ms=_ms(_empty_job_s(place.redis_url)),
    )


def _hand_over(place: Place, door: Door, chance: Random, number: int) -> list[str]:
    accepted = []
    for _ in range(number):
        path = place.folder / "call.wav"
        path.write_bytes(recording(chance))
        accepted.append(door.accept_file(path).call_id)
    return accepted


def _wait_for(store: Store, ready: int) -> None:
    until = time.monotonic() + ENDS_WITHIN_S
    while store.counts()[CallState.READY] < ready:
        if time.monotonic() > until:
            raise Unavailable("The worker did not make the records in time.")
        time.sleep(0.02)


def _empty_job_s(redis_url: str) -> float:
    with Redis.from_url(redis_url) as redis:
        queue = Queue("empty", connection=redis)
        for _ in range(EMPTY_JOBS):
            queue.enqueue("scripts.load.nothing", result_ttl=0)
        worker = SimpleWorker([queue], connection=redis, log_job_description=False)
        began = time.perf_counter()
        worker.work(burst=True, logging_level="ERROR")
        return (time.perf_counter() - began) / EMPTY_JOBS


# Many that wait


def measure_waiting(place: Place, *, waiting: int) -> Waiting:
    """Questions to the database. The calls are accepted straight into it, without sound, on four lines."""
    with place.store() as store, Redis.from_url(place.redis_url) as redis:
        _fill(store, waiting)
        queue = JobQueue(redis, place.settings["ONRECORD_QUEUE"])
        filler = Filler(store, queue, most_begun=1_000_000, now=store.now)
        numbers = iter(range(10_000_000, 20_000_000))
        figures = Waiting(
            database=place.database,
            waiting=waiting,
            accept_ms=_timed(lambda: _accept(store, next(numbers))),
            claim_ms=_timed(lambda: _claim(store)),
            sweep_ms=_timed(lambda: filler.fill(FIRST)),
            count_ms=_timed(lambda: (store.waiting_count(), store.begun())),
            figures_ms=_timed(store.tallies),
        )
        queue.redis.flushall()
        return figures


def _fill(store: Store, number: int) -> None:
    senders = 8
    _in_threads(lambda me: [_accept(store, at) for at in range(me, number, senders)], senders)


def _accept(store: Store, number: int) -> None:
    details = CallDetails(external_id=str(number), line=str(number % 4))
    sha256 = hashlib.sha256(str(number).encode()).hexdigest()
    store.accept(Handover(details, sender="load"), Arrived(sha256, "call.wav", MEGABYTE), first_stage=FIRST)


def _claim(store: Store) -> None:
    """What a worker does about the next call: which it is, and taking it."""
    for call_id in store.waiting(FIRST, now=store.now(), limit=1):
        store.begin(call_id, FIRST, worker="load", lease_s=60, now=store.now())


def _timed(ask: Callable[[], object]) -> float:
    """The median of several times, in milliseconds."""
    took = []
    for _ in range(TRIES):
        began = time.perf_counter()
        ask()
        took.append(time.perf_counter() - began)
    return _ms(median(took))


def _in_threads(work: Callable[[int], object], number: int) -> None:
    threads = [threading.Thread(target=work, args=(me,)) for me in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _ms(seconds: float) -> float:
    return round(1000 * seconds, 2)


def main() -> int:
    """Measures what is asked for and shows it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds = ("intake", "queue", "waiting")
    parser.add_argument("--only", nargs="+", choices=kinds, default=kinds)
    parser.add_argument("--databases", nargs="+", choices=("sqlite", "postgresql"), default=("sqlite", "postgresql"))
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--senders", type=int, default=8)
    parser.add_argument("--waiting", type=int, default=10_000)
    parser.add_argument("--json", action="store_true", help="Print JSON for programs.")
    given = parser.parse_args()
    configure_logs("error")
    figures: dict[str, list[object]] = {kind: [] for kind in given.only}
    try:
        with places() as make:
            for database in given.databases:
                if "intake" in given.only:
                    figures["intake"].append(
                        measure_intake(make(database), seconds=given.seconds, senders=given.senders)
                    )
                if "queue" in given.only:
                    figures["queue"].append(measure_queue(make(database)))
                if "waiting" in given.only:
                    figures["waiting"] += [measure_waiting(make(database), waiting=n) for n in (0, given.waiting)]
    except CallError as error:
        print(error.message, file=sys.stderr)
        return 2
    if given.json:
        print(to_json({kind: [asdict(one) for one in found] for kind, found in figures.items()}))  # type: ignore[call-overload]
    else:
        _show(figures)
    return 0


def _show(figures: dict[str, list[object]]) -> None:
    for kind, found in figures.items():
        table = Table("", *("" for _ in found), title=kind, show_header=False)
        for name in vars(found[0]):
            values = (getattr(one, name) for one in found)
            table.add_row(name, *(f"{value:,}" if isinstance(value, int | float) else str(value) for value in values))
        Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
