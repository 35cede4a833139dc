"""What tests of several folders need: the fetched weights, the project's own sample call, and real services."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import soundfile
import soxr
import structlog

from worker.core.sound import SAMPLE_RATE_HZ, Samples

pytest_plugins = ["tests.services", "tests.installation"]

SAMPLE_CALL = Path(__file__).parent.parent / "scripts" / "sample_call" / "call.flac"


MEMORY_OF_ONE = 6 * 1024**3  # bytes: a process of tests may hold the real models, and a browser beside
MOST_AT_ONCE = 4


def pytest_xdist_auto_num_workers() -> int:
    """How many processes share the tests with ``-n auto``: each has servers of its own, and may load the models."""
    room = int(psutil.virtual_memory().available // MEMORY_OF_ONE)
    return max(1, min(os.cpu_count() or 1, room, MOST_AT_ONCE))


@pytest.fixture(autouse=True)
def _logs_as_they_were() -> Iterator[None]:
    """A command sets up the logs of its process, which in a test is that of all tests, and writes where nobody reads
    when the test has ended."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture(scope="session")
def weights() -> Callable[[str], Path]:
    """The folder of a fetched model, by its catalogue name; without it the test is skipped, and in CI it fails."""
    home = Path(os.environ.get("ONRECORD_MODELS_DIR") or Path.home() / ".cache" / "onrecord" / "models")

    def find(name: str) -> Path:
        folder = home / name
        if not folder.is_dir():
            reason = f"The model {name} is not fetched. Run `onrecord models fetch {name}`."
            if os.environ.get("CI"):
                pytest.fail(reason)
            pytest.skip(reason)
        return folder

    return find


@pytest.fixture(scope="session")
def sample_call() -> tuple[Samples, Samples]:
    """The agent's and the customer's track of the sample call, at 16 kHz."""
    tracks, rate_hz = soundfile.read(SAMPLE_CALL, dtype="float32")  # (samples, 2)
    heard = soxr.resample(tracks, rate_hz, SAMPLE_RATE_HZ)
    agent, customer = (memoryview(heard[:, channel].tobytes()).cast("f") for channel in (0, 1))
    return agent, customer
