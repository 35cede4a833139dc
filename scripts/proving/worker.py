"""A worker process with fakes for models: everything else is what ``onrecord work`` runs, from the same settings.

Usage: ``python -m scripts.proving.worker [--linger-s 0.05] [--slow transcriber 5] [--stage decode …]``. Time runs
faster in it: what is put off is tried again after parts of a second, where a real worker waits for seconds and minutes.
``--linger-s`` is how long a model takes at most, so that a worker can be killed in the middle of a stage.
"""

from __future__ import annotations

import argparse
import os
import random
import threading
import time
from collections.abc import Callable, Mapping

from models.fakes import FakeDiarizer, FakeEntailment, FakeSummarizer, FakeTranscriber, FakeVoiceDetector
from worker import failures
from worker.bootstrap import Installation
from worker.core.protection import Rules
from worker.courier import Couriers
from worker.logs import configure_logs
from worker.running.work import run_worker
from worker.settings import read_settings

FASTER_FIRST_WAIT_S, FASTER_LONGEST_WAIT_S = 0.25, 2.0


def fake_ports(linger_s: float) -> dict[str, object]:
    """A loader for each model port of the stages, which takes up to so many seconds each time, and the rules."""
    fakes: Mapping[str, Callable[[], object]] = {
        "voice_detector": FakeVoiceDetector,
        "transcriber": FakeTranscriber,
        "diarizer": FakeDiarizer,
        "summarizer": FakeSummarizer,
        "entailment": FakeEntailment,
    }
    return {"protection": Rules(), **{name: _lingering(fake, linger_s) for name, fake in fakes.items()}}


def _lingering(load: Callable[[], object], linger_s: float) -> Callable[[], object]:
    def slow() -> object:
        if linger_s:
            time.sleep(random.uniform(0, linger_s))  # noqa: S311 -- chance, no secret
        return load()

    return slow


def _lasting(load: Callable[[], object], seconds: float) -> Callable[[], object]:
    def slow() -> object:
        time.sleep(seconds)
        return load()

    return slow


def main() -> None:
    """Works until it is told to stop."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--linger-s", type=float, default=0.0)
    parser.add_argument(
        "--slow", nargs=2, metavar=("PORT", "SECONDS"), help="One model that takes this long each time."
    )
    parser.add_argument("--stage", action="append", default=[], help="Only these stages.")
    given = parser.parse_args()
    settings = read_settings()
    configure_logs(settings.log_level)
    failures.FIRST_WAIT_S, failures.LONGEST_WAIT_S = FASTER_FIRST_WAIT_S, FASTER_LONGEST_WAIT_S
    if "FAKETIME" in os.environ:
        # Under libfaketime 0.9.10 Python's own sleep fails, which waits until an instant of the clock that only counts.
        time.sleep = lambda seconds: threading.Event().wait(seconds) and None
    installation = Installation(settings)
    work = installation.work()
    ports = fake_ports(given.linger_s)
    if given.slow:
        port, seconds = given.slow
        ports[port] = _lasting(ports[port], float(seconds))
    work.ports = ports
    run_worker(work, installation.terms(given.stage), beside=[Couriers(installation.courier())])


if __name__ == "__main__":
    main()
