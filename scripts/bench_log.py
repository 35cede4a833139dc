"""Measures the log: entries appended per second by several writers, the tree's growth, and how long reading takes.

Usage: ``python -m scripts.bench_log [--json] [--postgres URL | --own-postgres] [--seconds 5] [--writers 40]``. Writers
are threads of one process, 40 of them as a server of pages has; each waits until its entry is on the disk before it
writes the next. Without an address, SQLite in a new folder is measured; ``--own-postgres`` starts a server that waits
for the disk, as one in production does. The database of an address must be empty.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import TypeVar

from scripts.postgres_server import postgres_database, postgres_server
from worker.core.arrival import Arrived, Handover
from worker.core.dialogue.values import Act, Annotation, OnStatement
from worker.core.log.entry import Actor, Role
from worker.record.keys import Keys
from worker.record.store import Store

T = TypeVar("T")

CALLS = 200
READ_ENTRIES = 600
READINGS = 5
SAID = Annotation(Act.ADD, OnStatement("s3"), "The visit was moved to the Tuesday after, in the morning, by letter.")
WHO = Actor(Role.CUSTOMER, "7gk2m9q4t8w1x3yz")


@dataclass(frozen=True)
class Figures:
    """What was measured on one database."""

    database: str
    writers: int
    many_calls_per_s: float
    one_call_per_s: float
    slowest_append_ms: float
    included_per_s: float
    publish_ms: float
    open_600_items_ms: float
    prove_600_entries_ms: float


def measure(url: str, *, seconds: float, writers: int) -> Figures:
    """Measures a database that is empty."""
    store = Store(url, Keys.generate("bench.example.com/log"))
    store.migrate()
    try:
        calls = [_call(store, number) for number in range(CALLS)]
        one, read = _call(store, CALLS), _call(store, CALLS + 1)
        many_rate, slowest = _append(store, calls, seconds, writers)
        one_rate, _ = _append(store, [one], seconds, writers)
        _fill(store, read, writers)
        stored = _timed(store.log.include)
        published, publish_s = _once(lambda: store.log.publish(datetime.now(UTC)))
        if published is None:
            raise RuntimeError("Nothing was published.")
        return Figures(
            database=url.partition(":")[0],
            writers=writers,
            many_calls_per_s=round(many_rate),
            one_call_per_s=round(one_rate),
            slowest_append_ms=round(1000 * slowest, 1),
            included_per_s=round(stored),
            publish_ms=round(1000 * publish_s, 1),
            open_600_items_ms=round(1000 * _median(lambda: store.log.items(read)), 1),
            prove_600_entries_ms=round(1000 * _median(lambda: store.log.proofs(read, published.size)), 1),
        )
    finally:
        store.close()


def _call(store: Store, number: int) -> str:
    accepted = store.accept(Handover(), Arrived(f"{number:064x}", "call.wav", 1), first_stage="decode")
    return accepted.call_id


def _append(store: Store, calls: Sequence[str], seconds: float, writers: int) -> tuple[float, float]:
    """Entries per second over all writers, and the longest that one append took, in seconds."""
    until = time.perf_counter() + seconds
    counts, slowest = [0] * writers, [0.0] * writers

    def write(me: int) -> None:
        turn = me
        while (began := time.perf_counter()) < until:
            store.log.append(calls[turn % len(calls)], WHO, SAID, by="Maria Lopez")
            turn += writers
            counts[me] += 1
            slowest[me] = max(slowest[me], time.perf_counter() - began)

    took = _in_threads(write, writers)
    return sum(counts) / took, max(slowest)


def _fill(store: Store, call_id: str, writers: int) -> None:
    """Brings a call to the number of entries whose reading is measured."""
    each = -(-(READ_ENTRIES - 1) // writers)

    def write(_: int) -> None:
        for _ in range(each):
            store.log.append(call_id, WHO, SAID, by="Maria Lopez")

    _in_threads(write, writers)


def _in_threads(work: Callable[[int], None], number: int) -> float:
    threads = [threading.Thread(target=work, args=(me,)) for me in range(number)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - began


def _timed(work: Callable[[], int]) -> float:
    """Things done per second."""
    done, took = _once(work)
    return done / took


def _once(work: Callable[[], T]) -> tuple[T, float]:
    began = time.perf_counter()
    given = work()
    return given, time.perf_counter() - began


def _median(work: Callable[[], object]) -> float:
    return median(_once(work)[1] for _ in range(READINGS))


@contextmanager
def _database(given: argparse.Namespace) -> Iterator[str]:
    if given.postgres:
        yield given.postgres
    elif given.own_postgres:
        with postgres_server(is_durable=True) as socket, postgres_database(socket) as url:
            yield url
    else:
        with tempfile.TemporaryDirectory(prefix="onrecord-bench-", dir=given.folder) as folder:
            yield f"sqlite:///{Path(folder) / 'onrecord.db'}"


def main() -> None:
    """Reads the arguments, measures, prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--postgres", metavar="URL", help="address of an empty PostgreSQL database")
    parser.add_argument("--own-postgres", action="store_true", help="start a PostgreSQL server of its own")
    parser.add_argument("--folder", type=Path, help="where SQLite's file is made; it must be on a real disk")
    parser.add_argument("--seconds", type=float, default=5.0, help="how long each kind of writing is measured")
    parser.add_argument("--writers", type=int, default=40, help="threads that append at once")
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    given = parser.parse_args()
    with _database(given) as url:
        figures = asdict(measure(url, seconds=given.seconds, writers=given.writers))
    if given.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:24} {value}")


if __name__ == "__main__":
    main()
