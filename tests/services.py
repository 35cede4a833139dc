"""Fixtures with real services behind them: a queue server, a PostgreSQL beside SQLite, a store of recordings.

Each test gets its own database and its own store of recordings. A missing need skips its tests with the reason on a
laptop and fails them where CI is set.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from scripts.postgres_server import postgres_database, postgres_server
from tests.keys import KEYS
from worker.core.errors import Unavailable
from worker.record.sounds import SoundStore
from worker.record.store import Store
from worker.running.redis_server import EmbeddedRedis


def missing(need: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(f"CI lacks a need of its tests: {need}")
    pytest.skip(need)


# The queue


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A queue server of this test run. A test that needs an empty one empties it."""
    server = EmbeddedRedis(tmp_path_factory.mktemp("queue"))
    try:
        url = server.start()
    except Unavailable as error:
        missing(error.message)
    yield url
    server.stop()


# The database


@pytest.fixture(scope="session")
def _postgres_socket() -> Iterator[Path]:
    """A PostgreSQL server of this test run, which does not wait for the disk."""
    try:
        with postgres_server(is_durable=False) as socket:
            yield socket
    except Unavailable as error:
        missing(error.message)


@pytest.fixture
def postgres_url(_postgres_socket: Path) -> Iterator[str]:
    """An empty PostgreSQL database for this test alone. Mark the test ``postgres``."""
    with postgres_database(_postgres_socket) as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database for this test alone; the test runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'onrecord.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """A store with its tables and no call, once on SQLite and once on PostgreSQL."""
    store = Store(store_url, KEYS)
    store.migrate()
    yield store
    store.close()


# The sound


@pytest.fixture
def sound_store(tmp_path: Path, store: Store) -> SoundStore:
    """An empty store of recordings in a folder."""
    return SoundStore(tmp_path / "sounds", store.sound_keys)
