"""Processes of ours that are started, killed and started again, each with a log of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.error import URLError

import psutil

from worker.running.child_process import ending_with_us

ROOT = Path(__file__).parents[2]
STOP_S = 20.0


class Process:
    """One program that is meant to run. ``name`` is its log's name; ``command`` begins with a program's path.

    It ends with this process, however this one ends. Start it from a thread that lives as long.
    """

    def __init__(
        self, name: str, command: Sequence[str | Path], *, environment: Mapping[str, str], folder: Path
    ) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self._command = [str(word) for word in command]
        self._environment = {**os.environ, **environment}
        self._process: subprocess.Popen[bytes] | None = None
        self.starts = 0

    @property
    def is_running(self) -> bool:
        """It was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """Its number, while it runs."""
        return self._process.pid if self._process is not None and self.is_running else None

    def start(self) -> None:
        """Starts it, unless it runs."""
        if self.is_running:
            return
        self.starts += 1
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                ending_with_us(self._command),
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def send(self, number: signal.Signals) -> None:
        """Sends a signal, if it runs."""
        if self._process is not None and self.is_running:
            self._process.send_signal(number)

    def kill(self) -> None:
        """Ends it as a power cut does."""
        self.send(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()

    def stop(self, within_s: float = STOP_S) -> None:
        """Asks it to end, and kills it if it does not."""
        self.send(signal.SIGCONT)
        self.send(signal.SIGTERM)
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(within_s)
        self.kill()

    @property
    def cpu_s(self) -> float:
        """Processor time that it has used since it was started last, in seconds."""
        try:
            times = psutil.Process(self.pid).cpu_times() if self.pid else None
        except psutil.NoSuchProcess:
            times = None
        return times.user + times.system if times else 0.0


def program(module: str, *arguments: str) -> list[str]:
    """The command that runs a module of ours with this Python."""
    return [sys.executable, "-m", module, *arguments]


def wait_until_served(address: str, *, within_s: float = 60.0) -> None:
    """Waits until somebody answers there, whatever it is. Raises TimeoutError."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    until = time.monotonic() + within_s
    while True:
        try:
            with opener.open(address, timeout=2):
                return
        except (URLError, OSError) as error:
            if getattr(error, "code", None):  # it answers, though with an error
                return
            if time.monotonic() > until:
                raise TimeoutError(f"Nobody answers at {address}.") from error
            time.sleep(0.1)
