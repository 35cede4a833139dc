"""One installation of On Record as it runs in production, on this machine: services, a web process, workers."""

from __future__ import annotations

import base64
import json
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import psycopg

from scripts.postgres_server import USER, PostgresServer
from scripts.proving.processes import Process, program, wait_until_served
from scripts.proving.services import (
    BUCKET,
    Elsewhere,
    ObjectStore,
    Queue,
    SmallDisk,
    free_port,
    store_environment,
    with_wrong_clock,
)
from scripts.proving.wire import Wire
from worker.record.keys import Keys
from worker.record.senders import Scope
from worker.record.store import Store

DATABASE = "proof"
WATCHED = "floor"
ORIGIN = "proof.example.com/log"
DISK_BYTES = 192_000_000
KEPT_FREE_MB = 24
TWILIO_ACCOUNT = "AC" + "0" * 32


@dataclass(frozen=True)
class Secrets:
    """What the two sides of each way in know."""

    standard: str = field(default_factory=lambda: "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode())
    twilio: str = field(default_factory=lambda: secrets.token_hex(16))


@dataclass
class World:
    """Everything that runs. Made by ``world``; ``settings`` is the environment of every process of On Record."""

    folder: Path
    postgres: PostgresServer
    queue: Queue
    objects: ObjectStore
    to_objects: Wire
    elsewhere: Elsewhere
    disk: SmallDisk
    keys: Keys
    secrets: Secrets
    settings: dict[str, str]
    port: int
    key: str = ""
    workers: list[Process] = field(default_factory=list)
    _stack: ExitStack = field(default_factory=ExitStack)

    @property
    def base(self) -> str:
        """The address of the pages and of the ways in."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def database_url(self) -> str:
        """The address of the database."""
        return self.settings["ONRECORD_DATABASE_URL"]

    @cached_property
    def web(self) -> Process:
        """What serves the pages and the ways in."""
        command = program("worker", "web", "--port", str(self.port))
        return Process("web", command, environment=self.settings, folder=self.folder)

    @cached_property
    def watch(self) -> Process:
        """What watches the folder ``arriving``."""
        settings = {
            **self.settings,
            "ONRECORD_WATCH_FOLDER": str(self.arriving),
            "ONRECORD_WATCH_SENDER": WATCHED,
            "ONRECORD_WATCH_EVERY_S": "0.3",
            "ONRECORD_WATCH_DETAILS": "true",
            "ONRECORD_WATCH_MARKER": ".done",
        }
        return Process("watch", program("worker", "watch"), environment=settings, folder=self.folder)

    @cached_property
    def arriving(self) -> Path:
        """The watched folder."""
        folder = self.folder / "arriving"
        folder.mkdir()
        return folder

    @cached_property
    def store(self) -> Store:
        """The database as this process sees it, under the installation's own keys."""
        store = Store(self.database_url, self.keys)
        self._stack.callback(store.close)
        return store

    def open_door(self) -> None:
        """Starts the web process and makes the key with which programs hand over."""
        self.store.migrate()
        self.key = self.store.senders.add("desk", (Scope.WRITE, Scope.READ), now=datetime.now(UTC))
        self.web.start()
        wait_until_served(f"{self.base}/health/live")

    def worker(self, number: int, *, linger_s: float = 0.0, clock_s: float = 0.0) -> Process:
        """A worker process, not yet started. Its clock is wrong by so many seconds, where that can be had."""
        command = program("scripts.proving.worker", "--linger-s", str(linger_s))
        environment = {**self.settings, **with_wrong_clock(clock_s)}
        made = Process(f"worker-{number}", command, environment=environment, folder=self.folder)
        self.workers.append(made)
        return made

    def close(self) -> None:
        """Ends every process and removes all that was held, whatever of it fails."""
        self._stack.close()


@contextmanager
def world(
    *, lease_s: float = 4.0, most_waiting: int | None = None, listen: str = "", keep: Path | None = None
) -> Iterator[World]:
    """Services that run and a web process and workers that do not yet; all of it ends with the block.

    ``listen`` is an address on which PostgreSQL answers too. ``keep`` is a folder into which the logs are copied at the
    end. Raises Unavailable where a service cannot be had.
    """
    # A short path: sockets lie in it.
    folder = Path(tempfile.mkdtemp(prefix="onrecord-proof-", dir="/tmp"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        if keep is not None:
            stack.callback(_keep_logs, folder, keep)
        disk = SmallDisk(folder / "disk", DISK_BYTES)
        stack.callback(disk.close)
        for name in ("data", "scratch", "tmp"):
            (disk.folder / name).mkdir()
        postgres = PostgresServer(is_durable=False, listen=listen)
        stack.callback(postgres.close)
        with psycopg.connect(host=str(postgres.socket), user=USER, dbname="postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {DATABASE}")
        queue = Queue(folder / "queue")
        stack.callback(queue.close)
        objects = ObjectStore(folder)
        stack.callback(objects.close)
        wire = Wire((objects.host, objects.port))
        stack.callback(wire.close)
        elsewhere = Elsewhere()
        stack.callback(elsewhere.close)
        keys, known, port = Keys.generate(ORIGIN), Secrets(), free_port()
        settings = {
            "ONRECORD_DATA_DIR": str(disk.folder / "data"),
            "ONRECORD_SCRATCH_DIR": str(disk.folder / "scratch"),
            "TMPDIR": str(disk.folder / "tmp"),
            "ONRECORD_DATABASE_URL": f"postgresql://{USER}@/{DATABASE}?host={postgres.socket}",
            "ONRECORD_REDIS_URL": queue.url,
            "ONRECORD_SOUNDS_URL": f"s3://{BUCKET}",
            "ONRECORD_PUBLIC_URL": f"http://127.0.0.1:{port}",
            "ONRECORD_LOG_NAME": ORIGIN,
            "ONRECORD_MASTER_KEY": base64.b64encode(keys.master).decode(),
            "ONRECORD_SIGNING_KEY": base64.b64encode(keys.signing).decode(),
            "ONRECORD_LINK_SECRET": secrets.token_urlsafe(48),
            "ONRECORD_LEASE_S": str(lease_s),
            "ONRECORD_MAX_ATTEMPTS": "40",  # of chaos alone no call is to fail
            "ONRECORD_FREE_DISK_MB": str(KEPT_FREE_MB),
            "ONRECORD_FETCH_ALLOW": "127.0.0.1",
            "ONRECORD_FETCH_PATIENCE_S": "8",
            "ONRECORD_INTAKE_SECRETS": f"pbx={known.standard}",
            "ONRECORD_TWILIO_ACCOUNT": TWILIO_ACCOUNT,
            "ONRECORD_TWILIO_TOKEN": known.twilio,
            "ONRECORD_WRITING_MODEL": "none",
            "OMP_NUM_THREADS": "1",
            **store_environment(wire.port),
        }
        if most_waiting is not None:
            settings["ONRECORD_MOST_WAITING"] = str(most_waiting)
        made = World(folder, postgres, queue, objects, wire, elsewhere, disk, keys, known, settings, port)
        stack.push(made._stack)
        stack.callback(lambda: _stop([made.web, made.watch, *made.workers]))
        yield made


def _stop(processes: Sequence[Process]) -> None:
    for process in processes:
        with suppress(OSError):
            process.kill()


def _keep_logs(folder: Path, keep: Path) -> None:
    keep.mkdir(parents=True, exist_ok=True)
    for log in folder.glob("*.log"):
        shutil.copy(log, keep / log.name)


def to_json(values: object) -> str:
    """JSON as a proof prints it."""
    return json.dumps(values, indent=2, default=str)
