"""Throws changed uploads and webhooks at the ways in, and lets real workers work what was accepted of them.

Usage: ``python -m scripts.fuzz_intake --cases 10000 [--seed 1] [--json] [--workers 2]``. The web process and the
workers are real, on PostgreSQL, Redis and an S3 server (moto); only the models are fakes. Multipart forms, JSON, tus
uploads, vCons and the webhooks of Standard Webhooks, Twilio and Genesys have values, bytes and headers changed, most of
them still signed. No answer may be a fault of ours (500; 503 says "later"), no process may die, nothing may end as a
bug, and what was accepted must end as a record or as a failure with its reason. Else the exit status is 1.
"""

from __future__ import annotations

import argparse
import http.client
import json
import signal
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from rich.console import Console
from rich.table import Table

from scripts.proving.mutations import Known, Request, request
from scripts.proving.services import Served
from scripts.proving.sounds import broken, recording
from scripts.proving.world import TWILIO_ACCOUNT, World, to_json, world
from worker.core.errors import CallError
from worker.record.standing import CallState

ANSWERS_WITHIN_S = 30.0
ENDS_WITHIN_S = 900.0
OURS = 500
LATER = 503
SHOWN = 20


@dataclass
class Found:
    """What came of it. ``wrong`` says of each case that went wrong which it was and how."""

    cases: int
    seed: int
    answers: Counter[int] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    accepted: int = 0
    records: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    unended: int = 0
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Nothing went wrong, and everything that was accepted ended."""
        return not self.wrong and not self.unended

    def as_json(self) -> str:
        """For programs."""
        return to_json(
            {
                "cases": self.cases,
                "seed": self.seed,
                "holds": self.holds,
                "answers": {str(status): number for status, number in sorted(self.answers.items())},
                "kinds": dict(sorted(self.kinds.items())),
                "calls": self.accepted,
                "records": self.records,
                "failures": dict(self.failures),
                "unended": self.unended,
                "seconds": round(self.seconds, 1),
                "wrong": self.wrong[:SHOWN],
            }
        )

    def show(self, console: Console) -> None:
        """For people."""
        table = Table("what", "times", title=f"{self.cases:,} changed requests, seed {self.seed}, {self.seconds:.0f} s")
        table.columns[1].justify = "right"
        for status, number in sorted(self.answers.items()):
            table.add_row(f"answered {status}" if status else "not answered, connection closed", f"{number:,}")
        table.add_section()
        table.add_row("calls accepted of these", f"{self.accepted:,}")
        table.add_row("records", f"{self.records:,}")
        for reason, number in sorted(self.failures.items()):
            table.add_row(f"failures: {reason}", f"{number:,}")
        table.add_row("neither", f"{self.unended:,}")
        table.add_row("went wrong", f"{len(self.wrong):,}")
        console.print(table)
        for line in self.wrong[:SHOWN]:
            console.print(line, markup=False)


def fuzz(cases: int, seed: int, *, workers: int, keep: Path | None, say: Callable[[str], None]) -> Found:
    """Sends so many requests one after the other, then waits for the workers. Raises Unavailable without a service."""
    began = time.monotonic()
    random = Random(seed)  # noqa: S311 -- chance, no secret
    found = Found(cases, seed)
    with world(lease_s=30.0, keep=keep) as made:
        made.settings["ONRECORD_GENESYS_SECRET"] = made.secrets.twilio
        made.settings["ONRECORD_FETCH_PATIENCE_S"] = "2"
        made.settings["ONRECORD_MAX_ATTEMPTS"] = "3"
        made.open_door()
        for number in range(workers):
            made.worker(number).start()
        known = _known(made, random)
        sending = Sending(made)
        for at in range(cases):
            one = request(random, known)
            _send(sending, one, at, found, known)
            _look_at_processes(made, at, found)
            if at % 500 == 499:
                say(f"{at + 1} of {cases} sent: {dict(sorted(found.answers.items()))}")
        _wait_for_workers(made, found, say)
        _look_at_processes(made, cases, found)
        _look_at_logs(made, found)
    found.seconds = time.monotonic() - began
    return found


def _known(made: World, random: Random) -> Known:
    for number in range(40):
        content = recording(random) if number % 4 else broken(random)
        made.elsewhere.serve(f"{number}.wav", Served(content, missing=-1 if number == 7 else 0))
    return Known(
        base=made.base,
        key=made.key,
        standard=made.secrets.standard,
        twilio=made.secrets.twilio,
        genesys=made.secrets.twilio,
        account=TWILIO_ACCOUNT,
        elsewhere=made.elsewhere.address,
    )


class Sending:
    """One connection after another: requests are written byte for byte, since a client would put them right."""

    def __init__(self, made: World) -> None:
        self._port = made.port

    def send(self, one: Request) -> http.client.HTTPResponse | None:
        """The answer, read whole; None if the connection was closed without one."""
        head = [f"{one.method} {one.path} HTTP/1.1", "Host: 127.0.0.1", "Connection: close"]
        head += [f"{name}: {value}" for name, value in one.headers.items()]
        head += [f"Content-Length: {len(one.body)}", "", ""]
        with socket.create_connection(("127.0.0.1", self._port), timeout=ANSWERS_WITHIN_S) as connection:
            try:
                connection.sendall("\r\n".join(head).encode("utf-8", "replace") + one.body)
                answer = http.client.HTTPResponse(connection, method=one.method)
                answer.begin()
                answer.read()
            except (http.client.HTTPException, ConnectionError):
                return None
            return answer


def _send(sending: Sending, one: Request, at: int, found: Found, known: Known) -> None:
    found.kinds[one.kind] += 1
    try:
        answer = sending.send(one)
    except OSError as error:
        found.wrong.append(f"case {at} ({one.kind}): {type(error).__name__}, no answer in {ANSWERS_WITHIN_S:.0f} s")
        return
    status = answer.status if answer is not None else 0
    found.answers[status] += 1
    if status >= OURS and status != LATER:
        found.wrong.append(f"case {at} ({one.kind}): {one.method} {one.path[:80]} was answered {status}")
    place = answer.getheader("Location") if answer is not None else None
    if one.kind == "tus" and place and status == http.HTTPStatus.CREATED:
        known.uploads.append(place)
        del known.uploads[:-20]


def _look_at_processes(made: World, at: int, found: Found) -> None:
    for process in (made.web, *made.workers):
        if not process.is_running:
            found.wrong.append(f"case {at}: {process.name} has ended")
            process.start()


def _wait_for_workers(made: World, found: Found, say: Callable[[str], None]) -> None:
    """Waits until all that was accepted has ended, and counts it."""
    say("All are sent. What was accepted is worked.")
    until = time.monotonic() + ENDS_WITHIN_S
    while True:
        counts = made.store.counts()
        ended = counts[CallState.READY] + counts[CallState.FAILED]
        found.accepted = sum(counts.values())
        if ended == found.accepted or time.monotonic() > until:
            break
        time.sleep(0.5)
    found.records, found.unended = counts[CallState.READY], found.accepted - ended
    for tally in made.store.tallies().values():
        found.failures.update(tally.failed)
    if found.failures["Bug"]:
        found.wrong.append(f"{found.failures['Bug']} calls ended as a bug of ours")


def _look_at_logs(made: World, found: Found) -> None:
    """A bug is logged by the type of its error and its places in the code."""
    for log in sorted(made.folder.glob("*.log")):
        for line in log.read_text(errors="replace").splitlines():
            if '"page.bug"' in line or "Traceback" in line:
                said = json.loads(line) if line.startswith("{") else {"line": line[:200]}
                found.wrong.append(
                    f"{log.name}: {said.get('event', 'traceback')} {said.get('error', '')} {said.get('at', '')}"
                )
            elif '"page.failed"' in line:
                said = json.loads(line)
                if said.get("error") not in ("Unavailable", "Busy"):
                    found.wrong.append(f"{log.name}: {said.get('route')} {said.get('error')} {said.get('message')}")


def main() -> int:
    """Runs it and says what came of it. Exit status 0 if everything holds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json", action="store_true", help="Print JSON for programs.")
    parser.add_argument("--keep-logs", type=Path, help="Folder into which the logs of all processes are copied.")
    given = parser.parse_args()
    aside = Console(stderr=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # with everything that was started
    try:
        found = fuzz(
            given.cases, given.seed, workers=given.workers, keep=given.keep_logs, say=lambda line: aside.print(line)
        )
    except CallError as error:
        aside.print(error.message)
        return 2
    if given.json:
        print(found.as_json())
    else:
        found.show(Console())
    return 0 if found.holds else 1


if __name__ == "__main__":
    sys.exit(main())
