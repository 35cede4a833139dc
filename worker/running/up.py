"""Everything on one machine: the queue's server, a worker and the pages, watched and started again if they die."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from urllib.error import URLError

from filelock import FileLock, Timeout
from redis import Redis

from worker.console import StageProgress, out, print_record, standing_text
from worker.core.arrival import Handover
from worker.core.call import CallDetails
from worker.core.errors import CallError, Unavailable
from worker.core.log.entry import SIDES
from worker.intake.accept import Intake
from worker.jobs import JobQueue
from worker.record.sounds import SoundStore
from worker.record.store import Store
from worker.running.child_process import ending_with_us
from worker.running.follow import follow
from worker.running.redis_server import EmbeddedRedis
from worker.settings import Settings
from worker.web.links import one_time_address

START_WITHIN_S = 30.0
STOP_WITHIN_S = 5.0
"""So long beyond its grace has each process to end."""
WEB_GRACE_S = 15.0  # for what is being received or delivered
WATCH_EVERY_S = 0.5
LONGEST_PAUSE_S = 30.0
PORTS_TO_TRY = 20
HIGHEST_PORT = 65535
ADDRESS_FILE = "web.url"


class Child:
    """One process of ours that is to run for as long as we do."""

    def __init__(
        self, name: str, arguments: list[str], *, environment: Mapping[str, str], log: Path, grace_s: float = 0.0
    ) -> None:
        self.name, self.log, self._grace_s = name, log, grace_s
        self._arguments, self._environment = arguments, environment
        self._process: subprocess.Popen[bytes] | None = None
        self._starts = 0
        self._start_at = 0.0

    def keep_running(self) -> None:
        """Starts the process if it does not run, with growing pauses if it keeps dying."""
        if self._process is not None and self._process.poll() is None:
            return
        if time.monotonic() < self._start_at:
            return
        if self._starts:
            out.print(f"The {self.name} ended and is started again; its log is {self.log}.", markup=False)
        self._start_at = time.monotonic() + min(LONGEST_PAUSE_S, 2.0**self._starts)
        self._starts += 1
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            # A session of its own: Ctrl-C reaches us alone, and we say when to stop.
            self._process = subprocess.Popen(  # noqa: S603 -- our own program, arguments of ours
                ending_with_us([sys.executable, "-m", "worker", *self._arguments]),
                env={**os.environ, **self._environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def stop(self) -> None:
        """Asks the process to finish what it is at; after a while it is ended."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(self._grace_s + STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()  # its stage's lease runs out, and the next worker takes it
            self._process.wait()


def run_up(
    *,
    settings: Settings,
    store: Store,
    sounds: SoundStore,
    run_dir: Path,
    sample: Path | None,
    details: CallDetails,
) -> None:
    """Starts everything, works the sample call if one is given, and serves until SIGINT or SIGTERM.

    Raises Unavailable if `onrecord up` already runs on this data folder.
    """
    ending = threading.Event()
    for stop_signal in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop_signal, lambda *_: ending.set())
    run_dir.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        try:
            stack.enter_context(FileLock(run_dir / "up.lock", timeout=0))
        except Timeout as error:
            raise Unavailable(
                "On Record already runs on this data folder. Set ONRECORD_DATA_DIR for another."
            ) from error
        queue_server = None if settings.redis_url else EmbeddedRedis(run_dir)
        redis_url = settings.redis_url or ""
        if queue_server is not None:
            redis_url = stack.enter_context(queue_server)
        port = free_port(settings.host, settings.port)
        base = settings.public_url or f"http://{settings.host}:{port}"
        environment = {"ONRECORD_REDIS_URL": redis_url, "ONRECORD_PORT": str(port)}
        children = [
            Child("worker", ["work"], environment=environment, log=run_dir / "worker.log", grace_s=settings.grace_s),
            Child("web server", ["web"], environment=environment, log=run_dir / "web.log", grace_s=WEB_GRACE_S),
        ]
        if settings.watch_folder is not None or settings.watch_bucket is not None:
            watcher = Child(
                "watcher", ["watch"], environment=environment, log=run_dir / "watch.log", grace_s=WEB_GRACE_S
            )
            children.append(watcher)
        for child in children:
            child.keep_running()
            stack.callback(child.stop)
        _wait_until_served(settings.host, port, ending)
        (run_dir / ADDRESS_FILE).write_text(base)
        stack.callback((run_dir / ADDRESS_FILE).unlink, missing_ok=True)
        out.print(f"On Record runs. Pages: {base}  Logs: {run_dir}", markup=False, soft_wrap=True)
        intake = Intake(store, sounds, JobQueue(Redis.from_url(redis_url), settings.queue))
        showing = threading.Thread(target=_show_and_serve, args=(sample, details, store, intake, base, ending))
        showing.start()
        stack.callback(showing.join)
        stack.callback(ending.set)
        # In this thread, which lives as long as the process does: the kernel ends a child with its thread.
        while not ending.wait(WATCH_EVERY_S):
            for child in children:
                child.keep_running()
            if queue_server is not None and EmbeddedRedis.find(run_dir) is None:
                out.print("The queue's server ended and is started again; waiting calls are put back on it.")
                queue_server.start_again()
        out.print(f"Finishing, which may take {settings.grace_s:g} s …")


def _show_and_serve(
    sample: Path | None,
    details: CallDetails,
    store: Store,
    intake: Intake,
    base: str,
    ending: threading.Event,
) -> None:
    """Puts the sample on the queue, if there is one, and shows its way and its record."""
    try:
        if sample is not None:
            accepted = intake.accept_file(sample, Handover(details))
            out.print(f"The sample call is {'on the queue' if accepted.is_new else 'already here'}: {accepted.call_id}")
            _show_work(store, accepted.call_id, ending)
            for role in SIDES:
                person, call_id = store.people.side(accepted.call_id, role), accepted.call_id
                address = one_time_address(store, person, only_call=call_id, base=base, now=datetime.now(UTC))
                out.print(f"The record for the {role}: {address}", markup=False, soft_wrap=True)
            out.print("Each of these links signs in once. `onrecord link` makes new ones.")
    except CallError as error:
        out.print(error.message, markup=False)
    if not ending.is_set():
        out.print("Serving until Ctrl-C.")


def address_in_use(run_dir: Path) -> str | None:
    """The address under which the `onrecord up` of this folder serves its pages; None if none runs."""
    try:
        return (run_dir / ADDRESS_FILE).read_text()
    except OSError:
        return None


def free_port(host: str, port: int) -> int:
    """The port if it is free, else the next that is; any free one for 0. Raises Unavailable if there is none."""
    for candidate in range(port, min(HIGHEST_PORT, port + PORTS_TO_TRY) + 1) if port else (0,):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, candidate))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise Unavailable(f"No port from {port} on is free at {host}. Set ONRECORD_PORT.")


def _wait_until_served(host: str, port: int, ending: threading.Event) -> None:
    # Straight to it, also where the environment names a proxy for everything else.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    until = time.monotonic() + START_WITHIN_S
    while not ending.is_set():
        try:
            with opener.open(f"http://{host}:{port}/health/live", timeout=1):
                return
        except (URLError, ConnectionError, TimeoutError):
            if time.monotonic() > until:
                raise Unavailable("The pages did not come up in 30 s. See web.log in the run folder.") from None
            time.sleep(0.1)


def _show_work(store: Store, call_id: str, ending: threading.Event) -> None:
    """Progress while the call is worked, then a short view of its record, or why there is none."""
    with StageProgress(out) as progress:
        ready = follow(store, call_id, progress.show, alive=lambda: not ending.is_set())
    if ready:
        print_record(store.record(call_id), turns=8)
    else:
        out.print(f"The call is {standing_text(store.call(call_id).standing)}", markup=False)
