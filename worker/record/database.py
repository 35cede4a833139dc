"""The database behind the record: SQLite in a file, or PostgreSQL. Connections, transactions, errors, migrations.

A writer's transaction on SQLite begins with BEGIN IMMEDIATE: two writers then wait for each other instead of failing
half-way. Everything the driver raises leaves here as one of our errors.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import ConnectionPoolEntry

from worker.core.errors import BrokenRecord, CallError, Invalid, Unavailable

BUSY_S = 30.0  # how long a writer on SQLite waits for the one before it
CONNECT_S = 10
HEARD_AGAIN = {"keepalives_idle": 15, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 30_000}
"""A connection that was cut without a word is given up after half a minute (seconds; the last in milliseconds). Else
who waits for its answer would wait for a quarter of an hour."""
GIVE_UP_ON_US = """SET tcp_keepalives_idle = 15; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3;
SET tcp_user_timeout = 30000"""
"""The same for the server. Else it would keep the locks of a host that was cut off in the middle of a transaction for
two hours, and everybody who comes to the same call would wait."""
KEYS = ("call_keys", "sounds", "packages")
"""Tables of PostgreSQL whose removed rows are cleared at once after an erasure."""
MIGRATIONS = Path(__file__).parent / "migrations"
MIGRATION_LOCK = 0x6F6E7265636F7264  # "onrecord": the number under which PostgreSQL lets one process migrate

_migrating = threading.Lock()  # alembic keeps the migration under way in variables of its modules


class Database:
    """One database, by its address: ``sqlite:///FILE`` or ``postgresql://…``.

    Raises Invalid for any other address, Unavailable if the driver for PostgreSQL is not installed.
    """

    def __init__(self, url: str) -> None:
        self._engine = _engine(url)
        self._writing = self._engine.execution_options(begin="BEGIN IMMEDIATE")
        os.register_at_fork(after_in_child=_forget_connections_of(self._engine))

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self._engine.dialect.name

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A transaction that only reads. Raises Unavailable if the database cannot be reached."""
        with _our_errors(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction that writes: kept when the block ends, undone when it raises."""
        with _our_errors(), self._writing.begin() as connection:
            yield connection

    def migrate(self) -> None:
        """Brings the tables to the newest form. Any number of processes may do so at once: one works, others wait.

        Raises Unavailable if a newer version has brought them further than this one knows.
        """
        from alembic import command
        from alembic.config import Config
        from alembic.util import CommandError

        if self.dialect == "sqlite":
            self._begin_write_ahead_log()
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        with _migrating, self._making_tables() as connection:
            config.attributes["connection"] = connection
            try:
                command.upgrade(config, "head")
            except CommandError as error:
                raise Unavailable("The database is of a newer On Record than this one. Update this one.") from error

    @contextmanager
    def _making_tables(self) -> Iterator[sa.Connection]:
        """A transaction in which tables may be changed, by one process at a time.

        SQLite makes a table anew where others would alter it, and rows that refer to it then refer to nothing for a
        moment: keys are not asked for meanwhile, and all of them in the end.
        """
        if self.dialect == "postgresql":
            with self.writing() as connection:
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(MIGRATION_LOCK)))
                yield connection
            return
        with _our_errors(), self._engine.execution_options(begin=None).connect() as connection:
            connection.detach()  # closed at the end, and not used again without its keys
            connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
            connection.commit()
            connection.execution_options(begin="BEGIN IMMEDIATE")
            with connection.begin():
                before = connection.exec_driver_sql("PRAGMA schema_version").scalar()
                yield connection
                if connection.exec_driver_sql("PRAGMA schema_version").scalar() == before:
                    return  # looking through all rows takes long where there are many, and nothing was changed
                if connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
                    raise BrokenRecord("Rows of the database refer to what is not there. Restore it from a copy.")

    def forget_removed(self, *, for_good: bool = False) -> None:
        """Clears from SQLite's files what was removed before, as far as no reader still sees it; on PostgreSQL its own
        vacuum does.

        ``for_good``: PostgreSQL is told to do so at once with ``KEYS``, and who still reads is waited for. Raises
        Unavailable where that took too long.
        """
        if self.dialect == "sqlite":
            if self._outside("PRAGMA wal_checkpoint(TRUNCATE)") and for_good:
                raise Unavailable("Somebody reads the database, so what was removed is in its files still. Try again.")
        elif for_good:
            self._outside(f"VACUUM {', '.join(KEYS)}")

    def _begin_write_ahead_log(self) -> None:
        """Once per file: readers and the writer then do not wait for each other."""
        self._outside("PRAGMA journal_mode = WAL")

    def _outside(self, statement: str) -> bool:
        """Runs what cannot be done within a transaction. Whether what it gives, if anything, says that it could not."""
        alone = self._engine.execution_options(begin=None)
        if self.dialect == "postgresql":
            alone = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        with _our_errors(), alone.connect() as connection:
            found = connection.exec_driver_sql(statement)
            row = found.first() if found.returns_rows else None
            return row is not None and row[0] == 1

    def close(self) -> None:
        """Closes what is open. The database may be used again after."""
        self._engine.dispose()


def now_in(connection: sa.Connection) -> datetime:
    """The time by the database's own clock: the one by which leases and waits are decided, whoever asks.

    SQLite has none of its own; it lies on the machine of all who use it.
    """
    if connection.dialect.name == "sqlite":
        return datetime.now(UTC)
    told: datetime = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
    return told


def _engine(url: str) -> sa.Engine:
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError:
        raise Invalid("The address of the database is none. Write sqlite:///FILE or postgresql://…") from None
    match parsed.get_backend_name():
        case "sqlite" if parsed.database and parsed.database != ":memory:":
            return _sqlite(parsed, Path(parsed.database))
        case "postgresql" | "postgres":
            return _postgresql(parsed.set(drivername="postgresql+psycopg"))
    raise Invalid("The database is a file of SQLite (sqlite:///FILE) or PostgreSQL (postgresql://…), nothing else.")


def _sqlite(url: sa.URL, file: Path) -> sa.Engine:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)  # it will hold what people said; SQLite gives the files beside it the same rights
    except OSError as error:
        raise Unavailable(f"The file of the database cannot be opened: {error.strerror}.") from error
    engine = sa.create_engine(
        url.set(drivername="sqlite+pysqlite"), connect_args={"timeout": BUSY_S}, hide_parameters=True
    )

    @sa.event.listens_for(engine, "connect")
    def connected(connection: Any, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # the driver begins no transaction of its own: ``begun`` does
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")  # a commit is on the disk when it returns
        connection.execute("PRAGMA secure_delete = ON")  # zeroes over what was removed, such as an erased key

    @sa.event.listens_for(engine, "begin")
    def begun(connection: sa.Connection) -> None:
        if (begin := connection.get_execution_options().get("begin", "BEGIN")) is not None:
            connection.exec_driver_sql(begin)

    return engine


def _postgresql(url: sa.URL) -> sa.Engine:
    try:
        patience = {"connect_timeout": CONNECT_S, **HEARD_AGAIN}
        engine = sa.create_engine(url, pool_pre_ping=True, connect_args=patience, hide_parameters=True)
    except ModuleNotFoundError as error:
        raise Unavailable(
            "The driver for PostgreSQL is missing. Install it: pip install 'onrecord[postgres]'"
        ) from error

    @sa.event.listens_for(engine, "connect")
    def connected(connection: Any, _entry: ConnectionPoolEntry) -> None:
        connection.execute(GIVE_UP_ON_US)
        connection.commit()

    return engine


def _forget_connections_of(engine: sa.Engine) -> Any:
    """A forked child must not use its parent's connections, nor close them: it opens its own."""
    known = weakref.ref(engine)

    def forget() -> None:
        if (still := known()) is not None:
            still.dispose(close=False)

    return forget


@contextmanager
def _our_errors() -> Iterator[None]:
    """Turns what SQLAlchemy raises into our errors. Its own message may show what was to be stored: it stays here."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        raise _ours(error) from error
    except sa.exc.TimeoutError as error:
        raise Unavailable("All connections to the database are in use. It is tried again.") from error


def _ours(error: sa.exc.DBAPIError) -> CallError:
    cause = error.orig
    name = getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None) or type(cause).__name__
    match error:
        case sa.exc.DataError():
            return Invalid(f"The database cannot hold a value of this call ({name}).")
        case sa.exc.IntegrityError():
            return BrokenRecord(f"The database refused what contradicts what it holds ({name}). Nothing was changed.")
    if name in ("SQLITE_FULL", "53100"):
        return Unavailable("The disk of the database is full. Make room; the work is tried again.")
    if name in ("SQLITE_NOTADB", "SQLITE_CORRUPT"):
        return BrokenRecord("The file of the database is damaged, or is no database. Restore it from a copy.")
    return Unavailable(f"The database cannot be reached, or cannot do this now ({name}). It is tried again.")
