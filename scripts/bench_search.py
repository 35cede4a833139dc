"""Measures a search: how long words are looked for among many calls, and what keeping their words costs.

Usage: ``python -m scripts.bench_search [--json] [--own-postgres] [--calls 3000] [--turns 100]``. Without
``--own-postgres``, SQLite in a new folder is measured. The words of the calls come as often as words of a language do
(Zipf), 12 to a turn. One agent took a tenth of the calls, one all of them, and each customer made three.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import accumulate
from pathlib import Path
from statistics import median, quantiles

from scripts.postgres_server import postgres_database, postgres_server
from worker.core.arrival import Arrived, Handover
from worker.core.call import CallDetails, Party
from worker.core.log.entry import Role
from worker.core.record import SCHEMA_VERSION, CallRecord, MadeBy, RecordingSummary
from worker.core.search.words import read_question
from worker.core.summary import Summary
from worker.core.transcript import Layout, Turn, Word
from worker.record.keys import Keys
from worker.record.people import Kind, Person
from worker.record.search import Looking
from worker.record.store import Store

WORDS_PER_TURN = 12
CALLS_OF_A_CUSTOMER = 3
SEARCHES = 60
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
SYLLABLES = ("ba", "kro", "ti", "lu", "se", "gra", "mo", "pi", "ve", "stu", "na", "fo", "ren", "dal", "mir", "tos")
VOCABULARY = tuple(f"{a}{b}{c}" for a in SYLLABLES for b in SYLLABLES for c in SYLLABLES)
SHARES = tuple(accumulate(1 / rank for rank in range(1, len(VOCABULARY) + 1)))


@dataclass(frozen=True)
class Asked:
    """How long one kind of question takes for one person, in milliseconds."""

    who: str
    question: str
    p50_ms: float
    p95_ms: float
    calls_found: int


@dataclass(frozen=True)
class Figures:
    """What was measured on one database."""

    database: str
    calls: int
    turns: int
    words_per_call_ms: float  # written out and kept with the record
    forget_ms: float
    asked: tuple[Asked, ...]


def measure(url: str, *, calls: int, turns: int) -> Figures:
    """Measures a database that is empty."""
    store = Store(url, Keys.generate("bench.example.com/log"))
    store.migrate()
    chance = random.Random(7)  # noqa: S311 -- no secret
    try:
        call_ids = [_publish(store, number, chance, turns) for number in range(calls)]
        kept_ms = [_timed(partial(_keep_again, store, one)) for one in call_ids[:20]]
        asked = [
            _ask(store, who, person, kind, chance)
            for who, person in _persons(store, call_ids).items()
            for kind in ("rare word", "usual word", "commonest word", "three words", "phrase of two")
        ]
        forget_ms = _timed(lambda: store.search.forget(call_ids[0]))
        return Figures(url.partition(":")[0], calls, turns, median(kept_ms), forget_ms, tuple(asked))
    finally:
        store.close()


def _publish(store: Store, number: int, chance: random.Random, turns: int) -> str:
    began = NOW - timedelta(minutes=number)
    details = CallDetails(customer_address=f"c{number // CALLS_OF_A_CUSTOMER}@example.com", started_at=began)
    arrived = Arrived(f"{number:064x}", "call.wav", 44)
    call_id = store.accept(Handover(details), arrived, first_stage="publish").call_id
    store.begin(call_id, "publish", worker="w", lease_s=600.0, now=datetime.now(UTC))
    made_by = MadeBy("publish", None, "1", 0.1)
    record = _record(f"{number:064x}", began, chance, turns)
    store.finish(call_id, "publish", worker="w", value=record, made_by=made_by, next_stage=None)
    return call_id


def _record(sha256: str, began: datetime, chance: random.Random, turns: int) -> CallRecord:
    spoken = tuple(_turn(number, chance) for number in range(turns))
    return CallRecord(
        schema_version=SCHEMA_VERSION,
        external_id=None,
        started_at=began,
        zone=None,
        recording=RecordingSummary(sha256, "call.wav", turns * 6.0, 2, 8000, "pcm"),
        layout=Layout.TRACK_PER_PARTY,
        language="en",
        language_confidence=0.99,
        parties=(),
        holds=(),
        turns=spoken,
        summary=Summary(()),
        warnings=(),
        made_by=(),
    )


def _turn(number: int, chance: random.Random) -> Turn:
    texts = chance.choices(VOCABULARY, cum_weights=SHARES, k=WORDS_PER_TURN)
    start_s = number * 6.0
    words = tuple(Word(text, start_s + at * 0.4, start_s + at * 0.4 + 0.3, 0.9) for at, text in enumerate(texts))
    party = (Party.AGENT, Party.CUSTOMER)[number % 2]
    return Turn(f"t{number}", party, f"track {number % 2}", number % 2, start_s, start_s + 5.0, " ".join(texts), words)


def _keep_again(store: Store, call_id: str) -> None:
    lines = store.search.lines(store.record(call_id))
    with store._database.writing() as connection:
        store.search.put_in(connection, call_id, lines)


def _persons(store: Store, call_ids: Sequence[str]) -> dict[str, Person]:
    busy, boss = store.people.add("busy@example.com"), store.people.add("all@example.com")
    for number, call_id in enumerate(call_ids):
        store.people.give_role(call_id, boss.id, Role.AGENT)
        if number % 10 == 0:
            store.people.give_role(call_id, busy.id, Role.AGENT)
    customer = store.people.find("c1@example.com", Kind.CUSTOMER)
    return {"customer, 3 calls": customer, f"agent, {len(call_ids) // 10} calls": busy, "agent, all calls": boss}


def _ask(store: Store, who: str, person: Person, kind: str, chance: random.Random) -> Asked:
    took, found = [], 0
    for _ in range(SEARCHES):
        terms = read_question(_question(kind, chance))
        began = time.perf_counter()
        found = max(found, store.search.find(terms, Looking(person.id), now=datetime.now(UTC)).total)
        took.append((time.perf_counter() - began) * 1000)
    return Asked(who, kind, median(took), quantiles(took, n=20)[-1], found)


def _question(kind: str, chance: random.Random) -> str:
    match kind:
        case "rare word":
            return chance.choice(VOCABULARY[2000:])
        case "usual word":
            return chance.choice(VOCABULARY[50:500])
        case "commonest word":
            return VOCABULARY[0]
        case "three words":
            return " ".join(chance.choices(VOCABULARY[50:500], k=3))
    return f'"{chance.choice(VOCABULARY[:20])} {chance.choice(VOCABULARY[:20])}"'


def _timed(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print figures for programs")
    parser.add_argument("--own-postgres", action="store_true", help="measure PostgreSQL, started for this")
    parser.add_argument("--calls", type=int, default=3000)
    parser.add_argument("--turns", type=int, default=100)
    chosen = parser.parse_args()
    if chosen.own_postgres:
        with postgres_server(is_durable=True) as socket, postgres_database(socket) as url:
            figures = measure(url, calls=chosen.calls, turns=chosen.turns)
    else:
        with tempfile.TemporaryDirectory() as folder:
            figures = measure(f"sqlite:///{Path(folder) / 'bench.db'}", calls=chosen.calls, turns=chosen.turns)
    if chosen.json:
        print(json.dumps(asdict(figures)))
        return
    print(f"{figures.database}, {figures.calls} calls of {figures.turns} turns")
    print(f"words of a call: {figures.words_per_call_ms:.1f} ms to keep, {figures.forget_ms:.0f} ms to forget")
    for one in figures.asked:
        times = f"p50 {one.p50_ms:7.1f} ms  p95 {one.p95_ms:7.1f} ms"
        print(f"  {one.who:20} {one.question:15} {times}  {one.calls_found} calls")


if __name__ == "__main__":
    main()
