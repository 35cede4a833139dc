"""An installation in a temporary folder with real stores, a real queue and fake models."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import soundfile
from redis import Redis

from tests.fake_worker import fake_ports
from worker.core.call import CallDetails
from worker.intake.accept import accept_file
from worker.jobs import JobQueue, Work
from worker.record.sounds import SoundStore
from worker.record.store import Store

ROOT = Path(__file__).parent.parent


@dataclass
class Installation:
    """The parts of one On Record, and the worker processes that a test started."""

    folder: Path
    store: Store
    store_url: str
    sounds: SoundStore
    queue: JobQueue
    redis_url: str
    stack: ExitStack = field(default_factory=ExitStack)

    def work(self, **changed: object) -> Work:
        """What a worker in this very process has in its hands."""
        parts = {
            "store": self.store,
            "sounds": self.sounds,
            "queue": self.queue,
            "ports": fake_ports(),
            "scratch": self.folder / "scratch",
            "worker": "here",
            "code_revision": "onrecord test",
            "lease_s": 5.0,
            "max_attempts": 3,
        }
        return Work(**{**parts, **changed})

    def accept(self, path: Path, details: CallDetails | None = None) -> str:
        """Hands a recording over; the id of its call."""
        details = details or CallDetails()
        return accept_file(path, details, store=self.store, sounds=self.sounds, queue=self.queue).call_id

    def start_worker(self, name: str, *, linger: str = "", lease_s: float = 1.0) -> subprocess.Popen[bytes]:
        """A worker process of its own, ended with the test if it still lives."""
        log = self.stack.enter_context((self.folder / f"{name}.log").open("wb"))
        command = [sys.executable, "-m", "tests.fake_worker", "--name", name, "--lease-s", str(lease_s)]
        for option, value in {
            "--database": self.store_url,
            "--sounds": str(self.folder / "sounds"),
            "--redis": self.redis_url,
            "--scratch": str(self.folder / "scratch"),
            "--linger": linger,
        }.items():
            command += [option, value]
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
        self.stack.callback(process.wait)
        self.stack.callback(process.kill)
        return process

    def log_of(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()


@pytest.fixture
def installation(tmp_path, store, store_url, redis_url) -> Iterator[Installation]:
    redis = Redis.from_url(redis_url)
    redis.flushall()
    parts = Installation(
        tmp_path, store, store_url, SoundStore(str(tmp_path / "sounds")), JobQueue(redis, "onrecord"), redis_url
    )
    with parts.stack:
        yield parts
    redis.close()


@pytest.fixture
def recording(tmp_path) -> Path:
    """Six seconds in which two parties take turns on two tracks: bursts that the fakes take for words."""
    rate_hz = 8000
    seconds = np.arange(6 * rate_hz) / rate_hz
    voice = 0.3 * np.sin(2 * np.pi * 180 * seconds) * (np.sin(2 * np.pi * 3 * seconds) > 0)
    tracks = np.stack([voice * (seconds % 2 < 0.9), voice * (seconds % 2 > 1.1)], axis=1)
    path = tmp_path / "call.wav"
    soundfile.write(path, tracks, rate_hz, subtype="PCM_16")
    return path


def wait_until(true: Callable[[], bool], *, what: str, within_s: float = 30.0) -> None:
    """Polls until it is so; a test that waits in vain names what never came true."""
    until = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < until, f"never came true within {within_s:.0f} s: {what}"
        time.sleep(0.05)
