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

from tests.fake_worker import fake_ports, no_fetcher
from worker.core.arrival import Handover
from worker.core.call import CallDetails
from worker.intake.accept import Intake
from worker.jobs import Filler, JobQueue, Scratch, Sweeper, Work
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
            "fetcher": no_fetcher,
            "scratch": Scratch(self.folder / "scratch"),
            "worker": "here",
            "code_revision": "onrecord test",
            "lease_s": 5.0,
            "max_attempts": 3,
            "fetch_patience_s": 60.0,
        }
        return Work(**{**parts, **changed})

    def filler(self, *, most_begun: int = 200) -> Filler:
        """What puts calls into the windows of the queue."""
        return Filler(self.store, self.queue, most_begun, self.store.now)

    def sweeper(self) -> Sweeper:
        """What looks for all that is not on the queue and should be."""
        return Sweeper(self.filler(), Scratch(self.folder / "scratch"))

    def accept(self, path: Path, details: CallDetails | None = None) -> str:
        """Hands a recording over; the id of its call."""
        details = details or CallDetails()
        return Intake(self.store, self.sounds, self.queue).accept_file(path, Handover(details)).call_id

    def start_worker(self, name: str, *, lease_s: float = 1.0, **options: object) -> subprocess.Popen[bytes]:
        """A worker process of its own, ended with the test if it still lives; see ``tests.fake_worker``."""
        log = self.stack.enter_context((self.folder / f"{name}.log").open("wb"))
        command = [sys.executable, "-m", "tests.fake_worker", "--name", name, "--lease-s", str(lease_s)]
        for option, value in {
            "--database": self.store_url,
            "--sounds": str(self.folder / "sounds"),
            "--redis": self.redis_url,
            "--scratch": str(self.folder / "scratch"),
            **{f"--{name.replace('_', '-')}": value for name, value in options.items()},
        }.items():
            for one in value if isinstance(value, list) else [value]:
                command += [option, str(one)]
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
        tmp_path,
        store,
        store_url,
        SoundStore(str(tmp_path / "sounds"), store.sound_keys),
        JobQueue(redis, "onrecord"),
        redis_url,
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
