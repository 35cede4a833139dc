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
from pathlib import Path
from types import FrameType
from urllib.error import URLError

from worker.bootstrap import Installation
from worker.console import StageProgress, out, print_record
from worker.core.call import CallDetails
from worker.core.errors import Unavailable
from worker.follow import follow
from worker.intake.accept import accept_file
from worker.web.access import PARTIES, Holder

START_WITHIN_S = 30.0
STOP_WITHIN_S = 20.0
WATCH_EVERY_S = 0.5
LONGEST_PAUSE_S = 30.0
PORTS_TO_TRY = 20


class Child:
    """One process of ours that is to run for as long as we do."""

    def __init__(self, name: str, arguments: list[str], *, environment: Mapping[str, str], log: Path) -> None:
        self.name, self.log = name, log
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
            self._process = subprocess.Popen(
                [sys.executable, "-m", "worker", *self._arguments],
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
            self._process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()  # its stage's lease runs out, and the next worker takes it
            self._process.wait()


def run_up(installation: Installation, *, sample: Path | None) -> None:
    """Starts everything, works the sample call if one is given, and serves until SIGINT or SIGTERM."""
    settings = installation.settings
    ending = threading.Event()

    def end(signum: int, frame: FrameType | None) -> None:
        ending.set()

    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGTERM, end)
    with ExitStack() as stack:
        redis_url = settings.redis_url or stack.enter_context(installation.embedded_redis())
        installation.store.call_count()  # the tables are made before two processes look at them
        port = free_port(settings.host, settings.port)
        environment = {"ONRECORD_REDIS_URL": redis_url, "ONRECORD_PORT": str(port)}
        logs = installation.run_dir
        children = [
            Child("worker", ["work"], environment=environment, log=logs / "worker.log"),
            Child("web server", ["web"], environment=environment, log=logs / "web.log"),
        ]
        for child in children:
            child.keep_running()
            stack.callback(child.stop)
        watcher = threading.Thread(target=_watch, args=(children, ending), name="watcher", daemon=True)
        watcher.start()
        stack.callback(watcher.join)
        _wait_until_served(settings.host, port, ending)
        base = settings.public_url or f"http://{settings.host}:{port}"
        out.print(f"On Record runs. Pages: {base}  Logs: {logs}", markup=False)
        if sample is not None:
            _show_sample(installation, sample, base, ending)
        out.print("Serving until Ctrl-C.")
        ending.wait()
        out.print("Finishing …")
        ending.set()


def record_links(installation: Installation, call_id: str, *, base: str | None = None) -> dict[str, str]:
    """The address of the record for each party of the call."""
    settings = installation.settings
    base = base or settings.public_url or f"http://{settings.host}:{settings.port}"
    return {party.value: f"{base}/r/{installation.links.token(Holder(call_id, party))}" for party in PARTIES}


def free_port(host: str, port: int) -> int:
    """The port if it is free, else the next that is; any free one for 0. Raises Unavailable if there is none."""
    for candidate in range(port, port + PORTS_TO_TRY) if port else (0,):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, candidate))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise Unavailable(f"No port from {port} on is free at {host}. Set ONRECORD_PORT.")


def _watch(children: list[Child], ending: threading.Event) -> None:
    while not ending.wait(WATCH_EVERY_S):
        for child in children:
            child.keep_running()


def _wait_until_served(host: str, port: int, ending: threading.Event) -> None:
    until = time.monotonic() + START_WITHIN_S
    while not ending.is_set():
        try:
            with urllib.request.urlopen(f"http://{host}:{port}/health/live", timeout=1):
                return
        except (URLError, ConnectionError, TimeoutError):
            if time.monotonic() > until:
                raise Unavailable("The pages did not come up in 30 s. See web.log in the run folder.") from None
            time.sleep(0.1)


def _show_sample(installation: Installation, sample: Path, base: str, ending: threading.Event) -> None:
    store = installation.store
    accepted = accept_file(
        sample, CallDetails(), store=store, sounds=installation.sounds, queue=installation.queue_if_any()
    )
    out.print(f"The sample call is {'on the queue' if accepted.is_new else 'already here'}: {accepted.call_id}")
    with StageProgress(out) as progress:
        ready = follow(store, accepted.call_id, progress.show, alive=lambda: not ending.is_set())
    record = store.record(accepted.call_id) if ready else None
    if record is None:
        out.print(f"The sample call is not ready: {store.call(accepted.call_id).standing}", markup=False)
        return
    print_record(record, turns=8)
    for party, address in record_links(installation, accepted.call_id, base=base).items():
        out.print(f"The record for the {party}: {address}", markup=False, soft_wrap=True)
