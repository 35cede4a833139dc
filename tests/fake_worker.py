"""A real worker process with fake models, for tests that kill it. Run as ``python -m tests.fake_worker``.

Everything but the models is the real thing: RQ, Redis, the database, the stages. ``--linger STAGE:SECONDS`` makes one
model slow, so that a test can kill the worker while that stage is under way; ``--once STAGE:WHAT`` has one do something
odd, once for all processes that share a scratch folder; ``--time STAGE:SECONDS`` gives a stage less time.
``--script`` is what the transcriber hears.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import secrets
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from redis import Redis

from models.fakes import FakeDiarizer, FakeEntailment, FakeSummarizer, FakeTranscriber, FakeVoiceDetector
from tests.keys import KEYS
from worker.core.protection import Rules
from worker.core.transcript import Word
from worker.jobs import JobQueue, Scratch, Way, Work
from worker.logs import configure_logs
from worker.record.sounds import SoundStore
from worker.record.store import Store
from worker.running.work import Terms, run_worker
from worker.stages import STAGES

PORT_OF_STAGE = {"listen": "voice_detector", "transcribe": "transcriber", "summarise": "summarizer"}

LONG_S = 600
_kept: list[bytes] = []
_said: list[str] = []


def lingering(load, seconds: float):
    """A loader that takes its time, once per process."""
    waited = []

    def slow():
        if not waited:
            waited.append(True)
            time.sleep(seconds)
        return load()

    return slow


def hang() -> None:
    """As a library that waits for something that never comes: other threads run, and no signal is heard."""
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    ctypes.CDLL(None).sleep(LONG_S)


def hang_alone() -> None:
    """The same in a library that lets no other thread run."""
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    ctypes.PyDLL(None).sleep(LONG_S)


def grow() -> None:
    """As a library that leaks: 300 MB of this process's memory are never given back."""
    _kept.append(os.urandom(1) * 300_000_000)


def quote() -> None:
    """As a library whose error says what it was given."""
    raise ValueError(f"cannot align: {' '.join(_said)}")


ODD: dict[str, Callable[[], None]] = {"hang": hang, "hang_alone": hang_alone, "grow": grow, "quote": quote}


def odd_once(load, what: str, marker: Path):
    """A loader that does something odd the first time that any process of these calls it."""

    def loading():
        if not marker.exists():
            marker.touch()
            ODD[what]()
        return load()

    return loading


def fake_ports() -> dict[str, object]:
    return {
        "voice_detector": FakeVoiceDetector,
        "transcriber": FakeTranscriber,
        "diarizer": FakeDiarizer,
        "summarizer": FakeSummarizer,
        "entailment": FakeEntailment,
        "protection": Rules(),
    }


def no_fetcher():
    raise AssertionError("nothing was announced")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("database", "sounds", "redis", "scratch", "name"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--lease-s", type=float, default=1.0)
    parser.add_argument("--grace-s", type=float, default=15.0)
    parser.add_argument("--memory-limit-mb", type=int)
    parser.add_argument("--stage", action="append", default=[])
    parser.add_argument("--linger", default="")
    parser.add_argument("--once", default="")
    parser.add_argument("--time", default="")
    parser.add_argument("--script", type=Path, help="JSON: the words of the call, each with text, start_s and end_s")
    parser.add_argument("--clock-s", type=float, help="seconds by which this process's clock is ahead")
    given = parser.parse_args()
    ports = fake_ports()
    if given.script:
        words = tuple(Word(**one, confidence=0.9) for one in json.loads(given.script.read_text()))
        _said.extend(word.text for word in words)
        ports["transcriber"] = lambda: FakeTranscriber(words)
    if given.linger:
        stage, _, seconds = given.linger.partition(":")
        ports[PORT_OF_STAGE[stage]] = lingering(ports[PORT_OF_STAGE[stage]], float(seconds))
    if given.once:
        stage, _, what = given.once.partition(":")
        marker = Path(given.scratch).parent / f"{what}.done"
        ports[PORT_OF_STAGE[stage]] = odd_once(ports[PORT_OF_STAGE[stage]], what, marker)
    configure_logs("info")
    store = Store(given.database, KEYS)
    clock = None
    if given.clock_s is not None:
        clock = lambda: datetime.now(UTC) + timedelta(seconds=given.clock_s)  # noqa: E731
    run_worker(
        Work(
            store=store,
            sounds=SoundStore(given.sounds, store.sound_keys),
            queue=JobQueue(Redis.from_url(given.redis), "onrecord", way(given.time)),
            ports=ports,
            fetcher=no_fetcher,
            scratch=Scratch(Path(given.scratch)),
            worker=f"{given.name}.{secrets.token_hex(2)}",  # one that is replaced in its place is another
            code_revision="onrecord test",
            lease_s=given.lease_s,
            max_attempts=3,
            fetch_patience_s=60.0,
            clock=clock,
        ),
        Terms(
            stages=tuple(given.stage),
            grace_s=given.grace_s,
            memory_limit_bytes=given.memory_limit_mb and given.memory_limit_mb * 1_000_000,
        ),
    )


def way(times: str) -> Way:
    """The stages, one of them with less time, where that is asked for."""
    name, _, seconds = times.partition(":")
    return Way(tuple(replace(one, timeout_s=float(seconds)) if one.name == name else one for one in STAGES))


if __name__ == "__main__":
    main()
