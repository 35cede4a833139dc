"""Proves that accepted means safe: calls come in while all that they depend on is killed, emptied, cut and filled.

Usage: ``python -m scripts.chaos --calls 2000 --seed 7 [--json] [--workers 4] [--keep-logs FOLDER]``. Real Redis, real
PostgreSQL, a real S3 server (moto), real web and worker processes; only the models are fakes. Calls come by four ways
at once: HTTP uploads, a watched folder, Python code, signed webhooks (Twilio, Standard Webhooks) that come twice and
out of order and whose recordings answer 404 at first. Some recordings are broken. At the end every call that was
accepted must be exactly one record or one failure that is shown, with its sound kept, and the log must verify; else
the exit status is 1.

The same seed hands over the same calls and disturbs in the same order. Which call a disturbance meets is the machine's
doing, and different each time. As root on Linux the disk has a real quota; with libfaketime workers have wrong clocks.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from random import Random
from threading import Event, Thread
from typing import TypeVar

import psycopg
from rich.console import Console
from rich.table import Table

from scripts.proving.audit import Outcome, audit
from scripts.proving.calls import Planned, Way, plan, with_repeats
from scripts.proving.senders import Ledger, PythonSender, Sender, senders
from scripts.proving.services import with_wrong_clock
from scripts.proving.world import World, to_json, world
from worker.core.errors import CallError, Unavailable
from worker.record.standing import CallState

T = TypeVar("T")

WORKERS = 4
LEASE_S = 4.0
LINGER_S = 0.05
MOST_ON_THE_WAY, FEWEST_ON_THE_WAY = 80, 12
"""Calls that are accepted and not ended, beyond which senders wait: so that they come in all through the run."""
MOST_BETWEEN, BETWEEN_S = 12, 8.0
"""Between two disturbances at most so many calls end, and so many seconds pass."""
DRAIN_S = 240.0
"""After the last call was accepted, so long may nothing move before the rest counts as lost."""
CLOCKS_S = (0.0, 0.0, 0.0, -90.0, 3600.0, -7200.0)
"""By how much the clock of a worker's machine is wrong; drawn each time one starts."""
WRONG_CLOCK = "worker with a wrong clock"
STARTED_AGAIN = "process that ended by itself, started again"


@dataclass
class Run:
    """One run: the installation, what was handed over, what was disturbed."""

    world: World
    random: Random
    most_on_the_way: int
    ledger: Ledger = field(default_factory=Ledger)
    done: Counter[str] = field(default_factory=Counter)
    workers_started: int = 0
    python: PythonSender | None = None

    def start_worker(self) -> None:
        """One more worker, on a machine whose clock may be wrong."""
        clock_s = self.random.choice(CLOCKS_S)
        self.done[WRONG_CLOCK] += bool(with_wrong_clock(clock_s))
        self.world.worker(self.workers_started, linger_s=LINGER_S, clock_s=clock_s).start()
        self.workers_started += 1

    def keep_up(self) -> None:
        """Starts what has ended by itself, as whoever runs processes in production does: a worker that finds no
        database when it starts says so and ends."""
        for process in (self.world.web, self.world.watch, *self.world.workers):
            if not process.is_running:
                process.start()
                self.done[STARTED_AGAIN] += 1

    def wait(self, low_s: float, high_s: float) -> None:
        """Waits for a while that the seed says."""
        time.sleep(self.random.uniform(low_s, high_s))


# What is done to it. Each leaves everything running again.


def kill_worker(run: Run) -> None:
    """One of them, chosen by chance."""
    workers = run.world.workers
    workers.pop(run.random.randrange(len(workers))).kill()
    run.start_worker()


def kill_all_workers(run: Run) -> None:
    """As a machine that loses its power."""
    killed, run.world.workers[:] = run.world.workers[:], []
    for worker in killed:
        worker.kill()
    for _ in killed:
        run.start_worker()


def stop_worker(run: Run) -> None:
    """Twice: the second signal hands the stage back at once."""
    workers = run.world.workers
    worker = workers.pop(run.random.randrange(len(workers)))
    worker.send(signal.SIGTERM)
    run.wait(0.05, 0.5)
    worker.stop()
    run.start_worker()


def freeze_worker(run: Run) -> None:
    """Longer than its lease: it comes back as a late twin of whoever has taken its stage."""
    worker = run.random.choice(run.world.workers)
    worker.send(signal.SIGSTOP)
    run.wait(LEASE_S + 0.5, LEASE_S + 1.5)
    worker.send(signal.SIGCONT)


def kill_web(run: Run) -> None:
    """In the middle of uploads."""
    run.world.web.kill()
    run.wait(0.1, 1.0)
    run.world.web.start()


def kill_watching(run: Run) -> None:
    """What watches the folder."""
    run.world.watch.kill()
    run.world.watch.start()


def kill_sending_program(run: Run) -> None:
    """The program that calls ``worker.enqueue``; its owner starts it again and hands over what was not answered."""
    if run.python is not None:
        run.python.kill()


def restart_redis(run: Run) -> None:
    """It comes back with nothing in it."""
    run.world.queue.restart(run.random.uniform(0.5, 3.0))


def empty_redis(run: Run) -> None:
    """Somebody typed FLUSHALL."""
    run.world.queue.empty()


def stop_postgres(run: Run) -> None:
    """As a machine that fails: open transactions are lost."""
    run.world.postgres.stop()
    run.wait(0.5, 3.0)
    run.world.postgres.start()


def hold_postgres(run: Run) -> None:
    """It answers nobody, with all connections open."""
    run.world.postgres.hold()
    run.wait(0.5, 3.0)
    run.world.postgres.go_on()


def fill_disk(run: Run) -> None:
    """The disk of scratch files, uploads on their way and data."""
    run.world.disk.fill()
    run.wait(1.0, 3.0)
    run.world.disk.free()


def cut_store(run: Run) -> None:
    """Connections to the store of recordings break, and new ones are refused."""
    run.world.to_objects.cut()
    run.wait(0.5, 3.0)
    run.world.to_objects.mend()


def stall_store(run: Run) -> None:
    """Connections to it stay open and silent."""
    run.world.to_objects.stall()
    run.wait(0.5, 3.0)
    run.world.to_objects.go_on()


DISTURBANCES: Mapping[str, tuple[Callable[[Run], None], int]] = {
    "worker killed (SIGKILL)": (kill_worker, 5),
    "all workers killed at once": (kill_all_workers, 1),
    "worker stopped (SIGTERM)": (stop_worker, 1),
    "worker frozen past its lease": (freeze_worker, 1),
    "web process killed": (kill_web, 1),
    "watching process killed": (kill_watching, 1),
    "sending program killed": (kill_sending_program, 1),
    "Redis restarted, empty": (restart_redis, 1),
    "Redis emptied": (empty_redis, 2),
    "PostgreSQL stopped at once": (stop_postgres, 1),
    "PostgreSQL held": (hold_postgres, 1),
    "disk filled": (fill_disk, 1),
    "store cut off": (cut_store, 1),
    "store silent": (stall_store, 1),
}
"""What is done, and how often in one round."""
ONE_ROUND = sum(times for _, times in DISTURBANCES.values())


def rounds(random: Random) -> Iterator[str]:
    """Names of disturbances without end: every one in each round, in another order."""
    while True:
        names = [name for name, (_, times) in DISTURBANCES.items() for _ in range(times)]
        random.shuffle(names)
        yield from names


# The run


@dataclass(frozen=True)
class Report:
    """What a run came to."""

    seed: int
    calls: int
    seconds: float
    deliveries: int
    answers: Mapping[str, int]
    disturbed: Mapping[str, int]
    outcome: Outcome
    wrong: Sequence[str]
    workers_started: int
    takeovers: int

    @property
    def holds(self) -> bool:
        """Nothing was lost, nothing doubled, nothing refused that was sound, and the log verifies."""
        return self.outcome.holds and not self.wrong

    def as_json(self) -> str:
        """For programs."""
        outcome = self.outcome
        return to_json(
            {
                "accepted": outcome.accepted,
                "records": outcome.records,
                "failures": outcome.failures,
                "lost": len(outcome.lost),
                "doubled": len(outcome.doubled),
                "verified": outcome.verified,
                "holds": self.holds,
                "calls": self.calls,
                "seed": self.seed,
                "seconds": round(self.seconds, 1),
                "deliveries": self.deliveries,
                "further_legs": outcome.further_legs,
                "failures_by_reason": outcome.reasons,
                "failed_though_sound": outcome.failed_though_sound,
                "log_entries": outcome.entries,
                "answers": self.answers,
                "disturbed": self.disturbed,
                "workers_started": self.workers_started,
                "takeovers": self.takeovers,
                "what": [*self.wrong, *outcome.lost, *outcome.doubled, *outcome.findings][:50],
            }
        )

    def show(self, console: Console) -> None:
        """For people."""
        outcome = self.outcome
        table = Table("what", "times", title=f"{self.calls} calls, seed {self.seed}, {self.seconds:.0f} s")
        table.columns[1].justify = "right"
        for name, number in self.disturbed.items():
            table.add_row(name, f"{number:,}")
        table.add_section()
        for name, number in sorted(self.answers.items()):
            table.add_row(f"senders were answered: {name}", f"{number:,}")
        table.add_section()
        for name, number in (
            ("deliveries, repeated ones among them", self.deliveries),
            ("workers started", self.workers_started),
            ("stages taken over from a silent worker", self.takeovers),
            ("further recordings of a call", outcome.further_legs),
        ):
            table.add_row(name, f"{number:,}")
        table.add_section()
        for name, number in (
            ("calls accepted", outcome.accepted),
            ("records", outcome.records),
            ("failures that are shown", outcome.failures),
            *((f"  {reason}", count) for reason, count in sorted(outcome.reasons.items())),
            ("  of these, of sound recordings", outcome.failed_though_sound),
            ("lost", len(outcome.lost)),
            ("doubled", len(outcome.doubled)),
        ):
            table.add_row(name, f"{number:,}")
        table.add_row(f"log of {outcome.entries:,} entries", "verifies" if outcome.verified else "DOES NOT VERIFY")
        console.print(table)
        for line in (*self.wrong, *outcome.lost, *outcome.doubled, *outcome.findings):
            console.print(line, markup=False)


def run_chaos(
    calls: int, seed: int, *, workers: int = WORKERS, keep: Path | None = None, say: Callable[[str], None]
) -> Report:
    """One run from a seed. Raises Unavailable where a service cannot be had."""
    began = time.monotonic()
    # Each has a sequence of its own: what is drawn for one must not depend on how far another has come.
    of_calls, of_disturbances, of_senders = (
        Random(f"{seed} {what}")  # noqa: S311 -- chance, no secret
        for what in ("calls", "disturbances", "senders")
    )
    planned = plan(of_calls, calls)
    deliveries = with_repeats(of_calls, planned)
    on_the_way = min(MOST_ON_THE_WAY, max(FEWEST_ON_THE_WAY, calls // 8))
    with world(lease_s=LEASE_S, most_waiting=2 * on_the_way, keep=keep) as made:
        made.open_door()
        made.watch.start()
        run = Run(made, of_disturbances, on_the_way)
        for _ in range(workers):
            run.start_worker()
        queues, threads = senders(made, run.ledger, of_senders)
        run.python = next(one for one in threads if isinstance(one, PythonSender))
        feeding = Feeding(run, deliveries, queues, threads)
        feeding.start()
        checkpoint = _disturb(run, feeding, len(planned), say)
        say("Everything is accepted. What waits is worked to its end.")
        _drain(run, say)
        for worker in made.workers:
            worker.send(signal.SIGTERM)
        for worker in made.workers:
            worker.stop()
        outcome = audit(
            run.ledger.told,
            store=made.store,
            database_url=made.database_url,
            objects=(made.objects.host, made.objects.port),
            since=checkpoint,
        )
        return Report(
            seed=seed,
            calls=calls,
            seconds=time.monotonic() - began,
            deliveries=len(deliveries),
            answers=run.ledger.answers,
            disturbed={**dict.fromkeys(DISTURBANCES, 0), WRONG_CLOCK: 0, STARTED_AGAIN: 0, **run.done},
            outcome=outcome,
            wrong=run.ledger.wrong,
            workers_started=run.workers_started,
            takeovers=_takeovers(made),
        )


class Feeding(Thread):
    """Gives the senders what they are to hand over, while not too much is on its way; then waits for them."""

    def __init__(
        self,
        run: Run,
        deliveries: Sequence[Planned],
        queues: Mapping[Way, SimpleQueue[Planned | None]],
        senders: Sequence[Sender],
    ) -> None:
        super().__init__(daemon=True)
        self._run, self._deliveries, self._queues, self._senders = run, deliveries, queues, senders
        self.may_go_on = Event()

    def run(self) -> None:
        """Feeds and waits."""
        for sender in self._senders:
            sender.start()
        for delivery in self._deliveries:
            self.may_go_on.wait()
            self._queues[delivery.way].put(delivery)
            while self._queues[delivery.way].qsize() > len(self._senders):
                time.sleep(0.02)
        for sender in self._senders:
            sender.todo.put(None)
        for sender in self._senders:
            sender.join()


def _disturb(run: Run, feeding: Feeding, recordings: int, say: Callable[[str], None]) -> str | None:
    """Disturbs until everything is accepted and everything was done once; a checkpoint of the log from on the way.

    In this thread, which lives as long as the process: Linux ends a child with the thread that started it.
    """
    checkpoint = None
    for step, name in enumerate(rounds(run.random)):
        _let_work(run, feeding, max(1, min(MOST_BETWEEN, recordings // ONE_ROUND)))
        if not feeding.is_alive() and step >= ONE_ROUND:
            break
        run.keep_up()
        DISTURBANCES[name][0](run)
        run.done[name] += 1
        if step % 10 == 0:
            newest = _patiently(run.world.store.log.latest_checkpoint)
            checkpoint = checkpoint if newest is None else newest.note
            say(f"{run.ledger.recordings} of {recordings} recordings accepted, {_ended(run.world)} calls ended")
    return checkpoint


def _let_work(run: Run, feeding: Feeding, calls: int) -> None:
    """Waits until about so many more calls have ended, but not for long; meanwhile senders go on, while not too much of
    what they sent is on its way."""
    until, enough = time.monotonic() + BETWEEN_S, _ended(run.world) + run.random.randint(1, calls)
    while True:
        ended = _ended(run.world)
        if run.ledger.calls - ended < run.most_on_the_way:
            feeding.may_go_on.set()
        else:
            feeding.may_go_on.clear()
        all_ended = not feeding.is_alive() and ended == run.ledger.calls
        if ended >= enough or time.monotonic() > until or all_ended:
            return
        run.keep_up()
        time.sleep(0.2)


def _ended(made: World) -> int:
    counts = _patiently(made.store.counts)
    return counts[CallState.READY] + counts[CallState.FAILED]


def _drain(run: Run, say: Callable[[str], None]) -> None:
    """Waits until every call has ended, or none has for a long time."""
    ended, moved_at = -1, time.monotonic()
    while time.monotonic() - moved_at < DRAIN_S:
        counts = _patiently(run.world.store.counts)
        run.keep_up()
        now = counts[CallState.READY] + counts[CallState.FAILED]
        if now == sum(counts.values()):
            return
        if now != ended:
            ended, moved_at = now, time.monotonic()
        time.sleep(1.0)
    say(f"Nothing has moved for {DRAIN_S:.0f} s.")


def _patiently(ask: Callable[[], T]) -> T:
    """What the database says, once it can be asked: it was stopped a moment ago."""
    until = time.monotonic() + DRAIN_S
    while True:
        try:
            return ask()
        except Unavailable:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


def _takeovers(made: World) -> int:
    with psycopg.connect(made.database_url) as connection:
        row = connection.execute("SELECT coalesce(sum(takeovers), 0) FROM stage_runs").fetchone()
    return int(row[0]) if row else 0


def main() -> int:
    """Runs it and says what it came to. Exit status 0 if everything holds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=WORKERS)
    parser.add_argument("--json", action="store_true", help="Print JSON for programs.")
    parser.add_argument("--keep-logs", type=Path, help="Folder into which the logs of all processes are copied.")
    given = parser.parse_args()
    aside = Console(stderr=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # with everything that was started
    try:
        report = run_chaos(
            given.calls, given.seed, workers=given.workers, keep=given.keep_logs, say=lambda line: aside.print(line)
        )
    except CallError as error:
        aside.print(error.message)
        return 2
    if given.json:
        print(report.as_json())
    else:
        report.show(Console())
    return 0 if report.holds else 1


if __name__ == "__main__":
    sys.exit(main())
