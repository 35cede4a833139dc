"""A real worker process with fake models, for tests that kill it. Run as ``python -m tests.fake_worker``.

Everything but the models is the real thing: RQ, Redis, the database, the stages. ``--linger STAGE:SECONDS`` makes one
model slow, so that a test can kill the worker while that stage is under way.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from redis import Redis

from models.fakes import FakeDiarizer, FakeEntailment, FakeSummarizer, FakeTranscriber, FakeVoiceDetector
from tests.keys import KEYS
from worker.jobs import JobQueue, Work
from worker.logs import configure_logs
from worker.record.sounds import SoundStore
from worker.record.store import Store
from worker.work import run_worker

PORT_OF_STAGE = {"listen": "voice_detector", "transcribe": "transcriber"}


def lingering(load, seconds: float):
    """A loader that takes its time, once per process."""
    waited = []

    def slow():
        if not waited:
            waited.append(True)
            time.sleep(seconds)
        return load()

    return slow


def fake_ports() -> dict[str, object]:
    return {
        "voice_detector": FakeVoiceDetector,
        "transcriber": FakeTranscriber,
        "diarizer": FakeDiarizer,
        "summarizer": FakeSummarizer,
        "entailment": FakeEntailment,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("database", "sounds", "redis", "scratch", "name"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--lease-s", type=float, default=1.0)
    parser.add_argument("--linger", default="")
    given = parser.parse_args()
    ports = fake_ports()
    if given.linger:
        stage, _, seconds = given.linger.partition(":")
        ports[PORT_OF_STAGE[stage]] = lingering(ports[PORT_OF_STAGE[stage]], float(seconds))
    configure_logs("info")
    run_worker(
        Work(
            store=Store(given.database, KEYS),
            sounds=SoundStore(given.sounds),
            queue=JobQueue(Redis.from_url(given.redis), "onrecord"),
            ports=ports,
            scratch=Path(given.scratch),
            worker=given.name,
            code_revision="onrecord test",
            lease_s=given.lease_s,
            max_attempts=3,
        )
    )


if __name__ == "__main__":
    main()
