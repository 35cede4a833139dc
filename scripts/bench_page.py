"""Measures the first view of a long call's page: how long the server takes for it, and how many bytes it is.

Usage: ``python -m scripts.bench_page [--turns 600] [--words 10200] [--annotations 40] [--times 20] [--json]``. A record
of that size is put into an installation of its own on SQLite, with statements, promises and annotations of both sides,
and its page is asked for again and again in this process, packed as browsers ask for it. Each view counts as a look, as
for everybody, so the time holds writing that down. What the page loads besides (styles, scripts) is counted apart; the
sound is not.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from pathlib import Path

from starlette.testclient import TestClient

from worker.core.arrival import Arrived, Handover
from worker.core.call import CallDetails, Party
from worker.core.dialogue.selecting import words_target
from worker.core.dialogue.values import Act, Annotation, NewWords, OnStatement
from worker.core.log.entry import SIDES, Actor
from worker.core.record import SCHEMA_VERSION, CallRecord, MadeBy, RecordingSummary
from worker.core.summary import Commitment, Due, Evidence, Statement, StatementKind, Summary
from worker.core.transcript import Layout, Participant, Turn, Word
from worker.record.keys import Keys
from worker.record.sounds import SoundStore
from worker.record.store import Store
from worker.web.app import create_app
from worker.web.garbage import collect_rarely
from worker.web.parts import Parts

SECONDS_A_WORD = 0.35
SYLLABLES = ("ba", "kro", "ti", "lu", "se", "gra", "mo", "pi", "ve", "stu", "na", "fo", "ring", "el", "ander", "ost")
ASKED_AS = {"accept": "text/html", "accept-encoding": "gzip", "sec-fetch-site": "same-origin"}
MADE = MadeBy("publish", None, "bench", 0.0)


@dataclass(frozen=True)
class View:
    """What one kind of page cost. Times are milliseconds on the server; bytes are of the page, and of what it loads.

    ``processor_ms`` is what the processors worked for one view, so that it can be compared on a busy machine.
    """

    turns: int
    words: int
    annotations: int
    median_ms: float
    slowest_ms: float
    processor_ms: float
    page_bytes: int
    page_packed_bytes: int
    loaded_bytes: int
    loaded_packed_bytes: int


def record_of(turns: int, words: int, draw: random.Random) -> CallRecord:
    """A talk of two people in words drawn at random, so that it packs no better than a real one."""
    vocabulary = ["".join(draw.choices(SYLLABLES, k=draw.choice((1, 2, 2, 3)))) for _ in range(3000)]
    parties = (Party.AGENT, Party.CUSTOMER)
    spoken, at_s = [], 0.0
    for number in range(turns):
        texts = draw.choices(vocabulary, k=words // turns)
        heard = []
        for text in texts:
            end_s = at_s + SECONDS_A_WORD * draw.uniform(0.5, 1.5)
            heard.append(Word(text, round(at_s, 3), round(end_s, 3), draw.choice((0.97, 0.97, 0.97, 0.4))))
            at_s = end_s
        channel = number % 2
        spoken.append(
            Turn(
                f"t{number + 1}",
                parties[channel],
                f"track {channel}",
                channel,
                heard[0].start_s,
                heard[-1].end_s,
                " ".join(texts),
                tuple(heard),
            )
        )
    return CallRecord(
        schema_version=SCHEMA_VERSION,
        external_id=None,
        started_at=datetime(2026, 3, 10, 10, 14, tzinfo=UTC),
        zone=None,
        recording=RecordingSummary("5e" * 32, "call.flac", at_s, 2, 8000, "flac"),
        layout=Layout.TRACK_PER_PARTY,
        language="en",
        language_confidence=0.98,
        parties=tuple(
            Participant(party, name, f"track {channel}", channel, "the sender of the call said so")
            for channel, (party, name) in enumerate(zip(parties, ("Daniel Price", "Maria Lopez"), strict=True))
        ),
        holds=(),
        turns=tuple(spoken),
        summary=_summary(spoken),
        warnings=(),
        made_by=(MADE,),
    )


def _summary(turns: Sequence[Turn]) -> Summary:
    evidence = [(Evidence(turn.id, turn.start_s, turn.end_s, turn.text),) for turn in turns[:13]]
    kinds = list(StatementKind)
    statements = [
        Statement(
            f"s{n}", kinds[n % len(kinds)], Party.AGENT, f"Sentence {n} about the call.", False, one, 0.9, "bench"
        )
        for n, one in enumerate(evidence)
    ]
    promises = [
        Commitment(f"p{n}", Party.AGENT, Party.CUSTOMER, f"do thing {n}", Due("by then", date(2026, 3, 13 + n)), one)
        for n, one in enumerate(evidence[:4])
    ]
    return Summary(tuple(statements[1:]), statements[0], commitments=tuple(promises))


def annotate(store: Store, call_id: str, record: CallRecord, count: int) -> None:
    """Both sides ask, dispute and correct, all over the call."""
    actors = [Actor(role, store.people.side(call_id, role).id) for role in SIDES]
    for number in range(count):
        turn = record.turns[number * len(record.turns) // count]
        words = words_target(record, turn.id, 0, 3)
        annotation = (
            Annotation(Act.ASK, words, f"What does number {number} mean, and why was it said then?"),
            Annotation(Act.CORRECT, words, correction=NewWords(f"other words {number}")),
            Annotation(Act.DISPUTE, OnStatement(f"s{1 + number % 12}"), f"It was otherwise, as number {number} says."),
            Annotation(Act.ADD, words, f"Number {number}: there was more to it than what was said here."),
        )[number % 4]
        actor = actors[number // 4 % 2]
        store.log.append(call_id, actor, annotation, by=("Daniel Price", "Maria Lopez")[number // 4 % 2])


def measure(record: CallRecord, annotations: int, times: int) -> View:
    """Asks for the page again and again. The first answer, for which templates are read, is not counted."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(f"sqlite:///{folder}/bench.db", Keys.generate("bench.example/log"))
        store.migrate()
        base_url = "http://testserver"
        sounds = SoundStore(Path(folder) / "sounds", store.sound_keys)
        parts = Parts(store, sounds, secret="bench" * 8, base_url=base_url)
        handover = Handover(CallDetails(agent="Daniel Price", customer="Maria Lopez"))
        arrived = Arrived(record.recording.sha256, "call.flac", 1)
        call_id = store.accept(handover, arrived, first_stage="publish").call_id
        store.begin(call_id, "publish", worker="bench", lease_s=60.0, now=datetime.now(UTC))
        store.finish(call_id, "publish", worker="bench", value=record, made_by=MADE, next_stage=None)
        annotate(store, call_id, record, annotations)
        customer = store.people.side(call_id, SIDES[1])
        token = store.people.sessions.begin(
            customer.id, only_call=None, lasts=timedelta(hours=1), now=datetime.now(UTC)
        )
        with TestClient(create_app(parts), base_url=base_url, headers=ASKED_AS) as client:
            client.cookies.set(parts.access.cookie, token)
            address = f"/calls/{call_id}"
            page = client.get(address)
            page.raise_for_status()
            collect_rarely()  # as the server does
            took, worked = [], []
            for _ in range(times):
                began, had_worked = time.perf_counter(), time.process_time()
                client.get(address).raise_for_status()
                took.append(1000 * (time.perf_counter() - began))
                worked.append(1000 * (time.process_time() - had_worked))
        store.close()
    loaded = _loaded(page.text)
    return View(
        turns=len(record.turns),
        words=sum(len(turn.words) for turn in record.turns),
        annotations=annotations,
        median_ms=round(statistics.median(took), 1),
        slowest_ms=round(max(took), 1),
        processor_ms=round(statistics.median(worked), 1),
        page_bytes=len(page.content),
        page_packed_bytes=int(page.headers["content-length"]),
        loaded_bytes=sum(map(len, loaded)),
        loaded_packed_bytes=sum(len(gzip.compress(one)) for one in loaded),
    )


def _loaded(html: str) -> list[bytes]:
    """The styles and scripts of the page, and what those import."""
    static = Path(str(files("worker.web")))
    waiting, found = re.findall(r'(?:href|src)="/(static/[^"]+)"', html), {}
    while waiting:
        path = waiting.pop()
        if path not in found:
            found[path] = (static / path).read_bytes()
            imports = re.findall(rb'(?:from|import) "(?:\./|/static/)([^"]+\.js)"', found[path])
            waiting += [f"static/{name.decode()}" for name in imports]
    return list(found.values())


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=600)
    parser.add_argument("--words", type=int, default=10_200)
    parser.add_argument("--annotations", type=int, default=40)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--json", action="store_true", help="one line of JSON")
    asked = parser.parse_args()
    draw = random.Random(7)  # noqa: S311 -- the same call each time
    view = asdict(measure(record_of(asked.turns, asked.words, draw), asked.annotations, asked.times))
    if asked.json:
        print(json.dumps(view))
    else:
        for name, value in view.items():
            print(f"{name.replace('_', ' '):>20}  {value}")


if __name__ == "__main__":
    main()
