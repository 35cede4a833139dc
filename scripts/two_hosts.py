"""Two worker hosts on a network, one of which is cut off in the middle of a stage and comes back too late.

Usage: ``python -m scripts.two_hosts [--calls 4] [--json] [--keep-logs FOLDER]``. Each host is a network namespace with
a cable to this machine, where one Redis, one PostgreSQL, one S3 server (moto) and one web process run. Calls are handed
over by HTTP, and both hosts work. While host A is in the middle of a stage, its cable is taken out: B must take over
what A had, and every call must end. Then the cable is put in again: what A made meanwhile is late and must be
discarded, and A must go on working. Last, A is cut off in the middle of a transaction: the call that it holds must
become free by itself. At the end every call has one record, and the log verifies; else the exit status is 1. Needs
root.
"""

from __future__ import annotations

import argparse
import hashlib
import http.client
import json
import signal
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import httpx2
import psycopg
from rich.console import Console
from rich.table import Table

from scripts.proving.audit import Outcome, Told, audit
from scripts.proving.calls import SENDER, Way
from scripts.proving.hosts import HERE, Host, hosts
from scripts.proving.processes import Process, program
from scripts.proving.sounds import recording
from scripts.proving.wire import Wire
from scripts.proving.world import DATABASE, World, store_environment, to_json, world
from worker.core.errors import CallError, Unavailable
from worker.record.standing import CallState

LEASE_S = 3.0
STAGE, PORT, STAGE_S = "transcribe", "transcriber", 6.0
"""The stage in which a host is cut off, and how long it takes there: longer than a lease."""
WITHIN_S = 120.0


@dataclass
class Result:
    """What came of it. Times are in seconds after the cable was taken out, or put in again."""

    calls: int
    held_when_cut: int = 0
    taken_over_after_s: float | None = None
    all_ended_after_s: float | None = None
    late_results_discarded: int = 0
    works_again_after_s: float | None = None
    lock_freed_after_s: float | None = None
    outcome: Outcome = field(default_factory=Outcome)

    @property
    def holds(self) -> bool:
        """Everything was as it must be."""
        times = (self.taken_over_after_s, self.all_ended_after_s, self.works_again_after_s, self.lock_freed_after_s)
        return (
            None not in times and self.late_results_discarded >= 1 and self.outcome.holds and not self.outcome.failures
        )

    def as_json(self) -> str:
        """For programs."""
        return to_json(
            {
                "accepted": self.outcome.accepted,
                "records": self.outcome.records,
                "failures": self.outcome.failures,
                "lost": len(self.outcome.lost),
                "doubled": len(self.outcome.doubled),
                "verified": self.outcome.verified,
                "holds": self.holds,
                "held_when_cut": self.held_when_cut,
                "taken_over_after_s": self.taken_over_after_s,
                "all_ended_after_s": self.all_ended_after_s,
                "late_results_discarded": self.late_results_discarded,
                "works_again_after_s": self.works_again_after_s,
                "lock_freed_after_s": self.lock_freed_after_s,
                "what": [*self.outcome.lost, *self.outcome.doubled, *self.outcome.findings],
            }
        )


def two_hosts(calls: int, *, keep: Path | None, say: Callable[[str], None]) -> Result:
    """Runs it. Raises Unavailable, saying why, where there can be no such hosts."""
    with ExitStack() as stack:
        a, b = stack.enter_context(hosts("a", "b"))
        made = stack.enter_context(world(lease_s=LEASE_S, listen=HERE, keep=keep))
        settings = _settings_of_hosts(made, stack)
        made.open_door()
        workers = {host.name: _worker(made, host, settings) for host in (a, b)}
        for worker in workers.values():
            made.workers.append(worker)
            worker.start()
        result = Result(calls)
        told = [_hand_over(made, number) for number in range(calls)]
        _until(lambda: _held_by(made, a), "host A begins a stage in the middle of which it can be cut off")
        a.cut()
        cut_at = time.monotonic()
        held = _held_by(made, a)
        result.held_when_cut = len(held)
        say(f"The cable of host A is out, in the middle of {STAGE}.")
        _until(lambda: not (set(held) & set(_held_by(made, a))), "host B takes over")
        result.taken_over_after_s = round(time.monotonic() - cut_at, 1)
        _until(lambda: _ended(made) == calls, "every call ends without host A")
        result.all_ended_after_s = round(time.monotonic() - cut_at, 1)
        time.sleep(max(0.0, STAGE_S - (time.monotonic() - cut_at)))  # by now A has a result, and nobody to give it to
        a.mend()
        back_at = time.monotonic()
        say("The cable is in again.")
        _until(lambda: _discarded(workers["a"]), "host A finds its result late")
        result.late_results_discarded = _discarded(workers["a"])
        workers["b"].stop()
        told.append(_hand_over(made, calls))
        _until(lambda: _ended(made) == calls + 1, "host A works again")
        result.works_again_after_s = round(time.monotonic() - back_at, 1)
        workers["a"].stop()
        result.lock_freed_after_s = _lock_freed_after_s(made, a, settings, str(told[0].call_id))
        result.outcome = audit(
            told,
            store=made.store,
            database_url=made.database_url,
            objects=(made.objects.host, made.objects.port),
            since=None,
        )
        return result


def _settings_of_hosts(made: World, stack: ExitStack) -> dict[str, str]:
    """What the hosts are told: the same installation, at addresses of the network."""
    redis = Wire(made.queue.socket, host=HERE)
    objects = Wire((made.objects.host, made.objects.port), host=HERE)
    for wire in (redis, objects):
        stack.callback(wire.close)
    return {
        **made.settings,
        "ONRECORD_DATABASE_URL": f"postgresql://onrecord@{HERE}/{DATABASE}",
        "ONRECORD_REDIS_URL": f"redis://{HERE}:{redis.port}/0",
        **store_environment(objects.port, host=HERE),
    }


def _worker(made: World, host: Host, settings: dict[str, str]) -> Process:
    """A worker on a host, with a data folder and a scratch disk of its own."""
    folder = made.disk.folder / host.name
    for name in ("data", "scratch", "tmp"):
        (folder / name).mkdir(parents=True)
    own = {
        "ONRECORD_DATA_DIR": str(folder / "data"),
        "ONRECORD_SCRATCH_DIR": str(folder / "scratch"),
        "TMPDIR": str(folder / "tmp"),
    }
    command = host.command(program("scripts.proving.worker", "--slow", PORT, str(STAGE_S)))
    return Process(f"worker-{host.name}", command, environment={**settings, **own}, folder=made.folder)


def _lock_freed_after_s(made: World, host: Host, settings: dict[str, str], call_id: str) -> float:
    """Cuts a host off in the middle of a transaction that holds a call; seconds until others come to that call."""
    command = host.command(program("scripts.proving.holding", settings["ONRECORD_DATABASE_URL"], call_id))
    holding = Process("holding", command, environment=settings, folder=made.folder)
    holding.start()
    try:
        _until(lambda: "held" in holding.log.read_text(), "host A is in the middle of a transaction")
        host.cut()
        began = time.monotonic()
        with psycopg.connect(made.database_url) as connection:
            connection.execute(f"SET lock_timeout = {int(1000 * WITHIN_S)}")
            try:
                connection.execute("UPDATE calls SET agent = agent WHERE id = %s", (call_id,))
            except psycopg.errors.LockNotAvailable as error:
                raise Unavailable(f"A host that is gone held a call for {WITHIN_S:.0f} s.") from error
        return round(time.monotonic() - began, 1)
    finally:
        holding.kill()
        host.mend()


def _hand_over(made: World, number: int) -> Told:
    content = recording(Random(number))  # noqa: S311 -- chance, no secret
    external_id = f"call-{number}"
    answer = httpx2.post(
        f"{made.base}/api/v1/calls",
        headers={"Authorization": f"Bearer {made.key}"},
        files={
            "recording": ("call.wav", content, "audio/wav"),
            "details": (None, json.dumps({"external_id": external_id}), "application/json"),
        },
        timeout=WITHIN_S,
        trust_env=False,
    )
    if answer.status_code != http.HTTPStatus.ACCEPTED:
        raise Unavailable(f"A call was not accepted: {answer.status_code}.")
    return Told(SENDER[Way.HTTP], external_id, hashlib.sha256(content).hexdigest(), answer.json()["id"])


def _until(happened: Callable[[], object], what: str) -> None:
    until = time.monotonic() + WITHIN_S
    while not happened():
        if time.monotonic() > until:
            raise Unavailable(f"It was waited {WITHIN_S:.0f} s until {what}.")
        time.sleep(0.1)


def _held_by(made: World, host: Host) -> list[str]:
    """Calls whose slow stage this host has in its hands."""
    with psycopg.connect(made.database_url) as connection:
        rows = connection.execute(
            "SELECT call_id FROM stage_runs WHERE state = 'running' AND stage = %s AND worker LIKE %s",
            (STAGE, f"{host.name}.%"),
        ).fetchall()
    return [row[0] for row in rows]


def _ended(made: World) -> int:
    counts = made.store.counts()
    return counts[CallState.READY] + counts[CallState.FAILED]


def _discarded(worker: Process) -> int:
    return worker.log.read_text().count('"stage.lost"')


def main() -> int:
    """Runs it and says what came of it. Exit status 0 if everything holds, 2 where there can be no such hosts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=4)
    parser.add_argument("--json", action="store_true", help="Print JSON for programs.")
    parser.add_argument("--keep-logs", type=Path, help="Folder into which the logs of all processes are copied.")
    given = parser.parse_args()
    aside = Console(stderr=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # with everything that was started
    try:
        result = two_hosts(given.calls, keep=given.keep_logs, say=lambda line: aside.print(line))
    except CallError as error:
        aside.print(error.message)
        return 2
    if given.json:
        print(result.as_json())
    else:
        table = Table("what", "came of it", title=f"Two hosts, {given.calls} calls, one cut off during {STAGE}")
        for name, value in json.loads(result.as_json()).items():
            table.add_row(name.replace("_", " "), str(value))
        Console().print(table)
    return 0 if result.holds else 1


if __name__ == "__main__":
    sys.exit(main())
